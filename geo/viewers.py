"""The caller as a row, so that who is asking is read like everything else."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from geo import own_account
from geo.actor import Actor
from geo.plans import bound


def row(actor: Actor) -> sa.Select[Any]:
    """One row: `role`, `name`, `ward_code`, `crew_id`, `team_id`, and what `own_account.state` tells."""
    return sa.select(
        sa.literal(actor.role.value, sa.Text).label("role"),
        bound(actor.name, sa.Text()).label("name"),
        bound(actor.ward_code, sa.Text()).label("ward_code"),
        bound(actor.crew_id, sa.Uuid()).label("crew_id"),
        bound(actor.team_id, sa.Uuid()).label("team_id"),
        *(value.label(name) for name, value in own_account.state(actor).items()),
    )
