"""What a copy of the digital map holds beside its layers: incidents in one piece, and whom to call in each team."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from geo import incidents, teams
from geo.actor import Actor
from geo.lifecycle import OPEN
from maps.layers import Statement, collection, incident_feature


def latest_incidents(actor: Actor, ward_code: str, most: int) -> Statement:
    """At most so many incidents, those still open before the others, the newest first; `total` says of how many."""
    every = incidents.matching(actor, ward_code=ward_code).subquery("every")
    is_open = every.c.status.in_(OPEN)
    row = sa.select(*every.c).order_by(is_open.desc(), every.c.reported_at.desc()).limit(most).subquery("i")
    feature, source = incident_feature(actor, row)
    shown = sa.select(feature.label("feature")).select_from(source).order_by(row.c.reported_at.desc()).subquery("shown")
    total = sa.select(sa.func.count()).select_from(every).scalar_subquery()
    columns: list[Any] = [collection(shown.c.feature), total.label("total")]
    return sa.select(*columns)


def contacts(actor: Actor, ward_code: str) -> Statement:
    """Whom to call, of those who allowed it: rows of `neighbourhood_id`, `name`, `role`, `phone`, the leaders first."""
    team = teams.of_ward(actor, ward_code).subquery("t")
    member = teams.member_readable(actor).subquery("m")
    columns: list[Any] = [team.c.neighbourhood_id, member.c.name, member.c.role, member.c.phone]
    same = sa.and_(team.c.ward_code == member.c.ward_code, team.c.id == member.c.team_id)
    rows = sa.select(*columns).select_from(team.join(member, same)).where(member.c.name.is_not(None))
    return rows.order_by(team.c.neighbourhood_id, member.c.rank, member.c.name)
