"""The caller as a row, so that who is asking is read like everything else."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from geo.actor import Actor


def row(actor: Actor) -> sa.Select[Any]:
    """One row: `role`, `name`, `ward_code`, `crew_id`."""
    return sa.select(
        sa.literal(actor.role.value, sa.Text).label("role"),
        sa.literal(actor.name, sa.Text).label("name"),
        sa.literal(actor.ward_code, sa.Text).label("ward_code"),
        sa.literal(actor.crew_id, sa.Uuid).label("crew_id"),
    )
