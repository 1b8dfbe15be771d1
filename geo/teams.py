"""Community digital teams: one a neighbourhood, whose boundary is its coverage area."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from geo.actor import Actor, Role
from geo.ordering import by_name
from geo.reading import Condition, any_of, contains_text, masked, staff_of
from geo.tables import TeamRole, neighbourhood_boundary, team, team_member

Rows = sa.Select[Any]

BY_NAME = by_name(team)


LEAST_MEMBERS = 7
"""How many a team has at least, by the city's rule."""


class Want(StrEnum):
    """What a neighbourhood's team is short of."""

    TEAM = "TEAM"  # there is none
    GROUND = "GROUND"  # its neighbourhood is the ward's no more: the team is to be formed anew
    MEMBERS = "MEMBERS"  # fewer than seven
    LEADER = "LEADER"
    ONE_LEADER = "ONE_LEADER"  # more than one
    CONSENT = "CONSENT"  # residents cannot be told whom to call


def wants(members: int | None, leaders: int, consenting: int, *, ground: bool = True) -> tuple[Want, ...]:
    """What a team of so many is short of, of whom so many lead and agree to being named; without a team, that.

    `ground`: whether its neighbourhood is one that the ward has now.
    """
    if members is None:
        return (Want.TEAM,)
    if not ground:  # it has no ground to be enough for
        return (Want.GROUND,)
    short = (
        (Want.MEMBERS, members < LEAST_MEMBERS),
        (Want.LEADER, leaders == 0),
        (Want.ONE_LEADER, leaders > 1),
        (Want.CONSENT, consenting < members),
    )
    return tuple(want for want, holds in short if holds)


def _counted(name: str, *which: Condition) -> sa.Label[int]:
    """How many of a team's members `which` holds for. A subquery: it costs nothing where it is not asked for."""
    theirs = (team_member.c.ward_code == team.c.ward_code, team_member.c.team_id == team.c.id)
    counted = sa.select(sa.func.count()).select_from(team_member).where(*theirs, *which)
    return counted.correlate(team).scalar_subquery().label(name)


def readable(_actor: Actor) -> Rows:
    """Every team: that a neighbourhood has one, its name, and how many are in it, is public."""
    return sa.select(
        *team.c,
        _counted("member_count"),
        _counted("leader_count", team_member.c.role == TeamRole.LEADER),
        _counted("consenting_count", team_member.c.consented_at.is_not(None)),
    )


def of_ward(actor: Actor, ward_code: Any, search: str | None = None) -> Rows:
    """The teams of a ward: not those without members whose neighbourhood was given up, of whom nothing is left."""
    ground, members = neighbourhood_boundary.c, team_member.c
    current = sa.exists().where(
        ground.ward_code == team.c.ward_code,
        ground.neighbourhood_id == team.c.neighbourhood_id,
        ground.until.is_(None),
    )
    peopled = sa.exists().where(members.ward_code == team.c.ward_code, members.team_id == team.c.id)
    rows = readable(actor).where(team.c.ward_code == ward_code, sa.or_(current, peopled))
    return rows.where(contains_text(team.c.search, search)) if search else rows


def with_id(actor: Actor, ward_code: Any, team_id: Any) -> Rows:
    return readable(actor).where(team.c.ward_code == ward_code, team.c.id == team_id)


def of_neighbourhood(actor: Actor, ward_code: Any, neighbourhood_id: Any) -> Rows:
    return readable(actor).where(team.c.ward_code == ward_code, team.c.neighbourhood_id == neighbourhood_id)


def member_readable(actor: Actor) -> Rows:
    """Every member's part in a team; who they are, and where from, and their phone only with their recorded consent.

    Staff of the ward and the team itself see all, and alone since when somebody consents. `mine` is the caller's own.
    """
    columns = team_member.c
    own: Condition = sa.false()
    if actor.role is Role.TEAM_MEMBER:
        own = sa.and_(columns.ward_code == actor.ward_code, columns.team_id == actor.team_id)
    keeping = any_of(staff_of(actor, columns.ward_code), own)
    seen = any_of(columns.consented_at.is_not(None), keeping)
    mine = sa.false() if actor.account_id is None else sa.func.coalesce(columns.account_id == actor.account_id, False)
    rank = sa.case({TeamRole.LEADER: 0, TeamRole.DEPUTY: 1}, value=columns.role, else_=2)
    return sa.select(
        columns.ward_code,
        columns.id,
        columns.team_id,
        columns.role,
        masked(seen, columns.organisation),
        masked(seen, columns.name),
        masked(seen, columns.phone),
        masked(keeping, columns.consented_at),
        sa.label("mine", mine),
        rank.label("rank"),
    )


def member_with_id(actor: Actor, ward_code: Any, member_id: Any) -> Rows:
    return member_readable(actor).where(team_member.c.ward_code == ward_code, team_member.c.id == member_id)


def members_of(actor: Actor, ward_code: Any, team_id: Any) -> Rows:
    """A team's members, the leader first."""
    rows = member_readable(actor).where(team_member.c.ward_code == ward_code, team_member.c.team_id == team_id)
    return rows.order_by(sa.text("rank"), team_member.c.id)
