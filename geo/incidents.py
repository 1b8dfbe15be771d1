"""Incidents as each caller may see them: the one place where visibility of a report is decided.

The public sees an incident's kind, place, status and times; its text and photographs only once staff publish them;
never who reported it, and never an incident of a private category at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import False_, True_

from geo.actor import Actor, Role
from geo.lifecycle import IN_HAND, OPEN, Status
from geo.ordering import Order, by_distance, by_time
from geo.plans import LateText, bound, change
from geo.positions import Box, Position
from geo.reading import Condition, any_of, contains_text, inside, masked, staff_of, within_metres
from geo.tables import category, crew, incident

Rows = sa.Select[Any]

URGENCY = sa.func.coalesce(incident.c.due_at, sa.literal_column("'infinity'"), type_=sa.DateTime(timezone=True))
"""When an incident is due, those without a deadline last: the expression of `ix_incident_urgent`."""


def _works_on(actor: Actor) -> Condition:
    """Staff of the ward, the crew at work on it, and who changed it a moment ago."""
    return any_of(staff_of(actor, incident.c.ward_code), _at_work(actor))


def _at_work(actor: Actor) -> Condition:
    """The crew at work on it, and who changed it a moment ago."""
    rules = []
    if actor.role is Role.CREW_MEMBER and actor.crew_id is not None:
        rules.append(sa.and_(incident.c.ward_code == actor.ward_code, incident.c.crew_id == actor.crew_id))
    if actor.witnessed is not None and actor.witnessed_until is None:
        rules.append(incident.c.id == actor.witnessed)
    return any_of(*rules)


def _recalled(actor: Actor) -> Condition:
    """Whether this caller, who worked on it once, asks again what came of it: that it is there, and its status."""
    return incident.c.id == actor.witnessed if actor.witnessed_until is not None else sa.false()


def _reported(actor: Actor) -> Condition:
    return incident.c.reporter_secret_hash == actor.secret_hash if actor.secret_hash is not None else sa.false()


def _follows(actor: Actor) -> Condition:
    """A team member follows the incidents of the own neighbourhood, private ones excepted."""
    if actor.role is not Role.TEAM_MEMBER or actor.neighbourhood_id is None:
        return sa.false()
    return sa.and_(
        incident.c.ward_code == actor.ward_code,
        incident.c.neighbourhood_id == actor.neighbourhood_id,
        category.c.public,
    )


def readable(actor: Actor) -> Rows:
    """The incidents that this caller may see, with NULL where a column is not for them.

    Beside the table's columns: `working` (staff, its crew), `reported` (holds its secret), `full` (either) and `told`
    (those, its team, and everybody once published) say how far this caller may see into each row.
    """
    working = _works_on(actor)
    reported = _reported(actor)
    full = any_of(working, reported)
    told = any_of(full, _follows(actor), sa.and_(incident.c.published, category.c.public))
    columns = incident.c
    return (
        sa.select(
            columns.ward_code,
            columns.id,
            columns.tracking_code,
            columns.category_id,
            columns.status,
            columns.location,
            columns.geog,
            columns.neighbourhood_id,
            columns.channel,
            columns.published,
            columns.reported_at,
            columns.due_at,
            columns.resolved_at,
            columns.closed_at,
            columns.reopened_count,
            columns.duplicate_of_id,
            columns.erased_at,
            masked(told, columns.description),
            masked(told, columns.address),
            masked(any_of(full, _follows(actor)), columns.crew_id),
            masked(full, columns.satisfaction),
            masked(working, columns.accept_by),
            masked(working, columns.attention),
            _search(told),
            URGENCY.label("urgency"),
            overdue().label("overdue"),
            sa.label("working", working),
            sa.label("full", full),
            sa.label("reported", reported),
            sa.label("told", told),
        )
        .select_from(
            incident.join(
                category, sa.and_(category.c.ward_code == columns.ward_code, category.c.id == columns.category_id)
            )
        )
        .where(any_of(category.c.public, full, _recalled(actor)))
    )


def beyond_public(actor: Actor) -> Rows | None:
    """Of private categories, the incidents that this caller sees for their own sake, not as staff of the ward.

    None where there can be none. With what is public, or all of the ward for its staff, this is all of `readable`.
    """
    own = any_of(_at_work(actor), _reported(actor), _recalled(actor))
    if isinstance(own, False_):
        return None
    return readable(actor).where(own, sa.not_(any_of(category.c.public, staff_of(actor, incident.c.ward_code))))


def _search(told: Condition) -> sa.Label[str]:
    """What a search may look into: the text where the caller reads it, else the tracking code alone."""
    if isinstance(told, True_):
        return incident.c.search.label("search")
    return sa.case((told, incident.c.search), else_=sa.func.fold(incident.c.tracking_code)).label("search")


def overdue() -> Condition:
    """Open beyond the deadline, or finished after it."""
    columns = incident.c
    late_now = sa.and_(columns.status.in_(OPEN), columns.due_at < sa.func.now())
    late_then = sa.and_(columns.resolved_at.is_not(None), columns.due_at < columns.resolved_at)
    return sa.func.coalesce(sa.or_(late_now, late_then), sa.false(), type_=sa.Boolean)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which incidents; everything given must hold. `radius_metres` goes with `near`."""

    statuses: Sequence[Status] | None = None
    categories: Sequence[str] | None = None
    within: Box | None = None
    near: Position | None = None
    radius_metres: float | None = None
    reported_from: datetime | None = None
    reported_to: datetime | None = None
    due_before: datetime | None = None
    overdue: bool | None = None
    attention: bool | None = None
    crew_id: UUID | None = None
    neighbourhood_id: UUID | None = None
    search: str | None = None


EVERYTHING = Filter()


def matching(
    actor: Actor,
    wanted: Filter = EVERYTHING,
    *,
    ward_code: Any = None,
    neighbourhood_id: Any = None,
    crew_id: Any = None,
    keys: Any = None,
) -> Rows:
    """The readable incidents of a ward, a neighbourhood or a crew that `wanted` describes; of `keys`, if any, alone.

    What a filter asks of a masked column is asked of what the caller may see, so a search finds nothing hidden.
    """
    rows = readable(actor)
    columns = incident.c
    if ward_code is not None:
        rows = rows.where(columns.ward_code == ward_code)
    if neighbourhood_id is not None:
        rows = rows.where(columns.neighbourhood_id == neighbourhood_id)
    if crew_id is not None:
        rows = rows.where(columns.crew_id == crew_id, any_of(_works_on(actor), _reported(actor)))
    if keys is not None:
        rows = rows.where(columns.id == sa.func.any(bound(keys, sa.ARRAY(sa.Uuid()))))
    if wanted.statuses is not None:
        rows = rows.where(columns.status.in_(wanted.statuses))
    if wanted.categories is not None:
        rows = rows.where(category.c.code.in_(wanted.categories))
    if wanted.within is not None:
        rows = rows.where(inside(columns.location, wanted.within))
    if wanted.near is not None and wanted.radius_metres is not None:
        rows = rows.where(within_metres(columns.geog, wanted.near, wanted.radius_metres))
    if wanted.reported_from is not None:
        rows = rows.where(columns.reported_at >= wanted.reported_from)
    if wanted.reported_to is not None:
        rows = rows.where(columns.reported_at < wanted.reported_to)
    if wanted.due_before is not None:
        rows = rows.where(wanted.due_before > URGENCY)
    if wanted.neighbourhood_id is not None:
        rows = rows.where(columns.neighbourhood_id == wanted.neighbourhood_id)
    if wanted.crew_id is not None:
        rows = rows.where(columns.crew_id == wanted.crew_id, any_of(_works_on(actor), _reported(actor)))
    if wanted.overdue is not None:
        rows = rows.where(overdue() if wanted.overdue else sa.not_(overdue()))
    if wanted.attention is not None:
        needed = rows.selected_columns["attention"].is_not(None)
        # As for a search: what is seen is part of the whole, whose index, `ix_incident_attention`, finds it.
        rows = rows.where(columns.attention.is_not(None), needed) if wanted.attention else rows.where(sa.not_(needed))
    if wanted.search:
        seen = rows.selected_columns["search"]
        # What is seen is part of the whole, whose index finds the candidates.
        rows = rows.where(contains_text(columns.search, wanted.search), contains_text(seen, wanted.search))
    return rows


def with_id(actor: Actor, ward_code: Any, incident_id: Any) -> Rows:
    return readable(actor).where(incident.c.ward_code == ward_code, incident.c.id == incident_id)


def with_tracking_code(actor: Actor, tracking_code: str | LateText) -> Rows:
    """By the code a resident holds: its first part is the ward."""
    ward_code: Any = change(tracking_code, "ward", lambda code: code.partition("-")[0])
    tracking_code = change(tracking_code, "code", str)
    return readable(actor).where(incident.c.ward_code == ward_code, incident.c.tracking_code == tracking_code)


def similar_to(
    actor: Actor, ward_code: Any, incident_id: Any, category_id: Any, geog: Any, radius_metres: float, first: int
) -> Rows:
    """Open incidents of the same kind nearby, the nearest first: candidates for being the same problem.

    Served by `ix_incident_open_geog` (KNN): the index yields the nearest of a box, ties and all; the ties are put in
    order outside. The radius is asked outside too: asked within, it makes PostgreSQL expect a single row, for which it
    would rather sort all of them.
    """
    distance = sa.type_coerce(incident.c.geog.op("<->")(geog), sa.Float)
    nearest = (
        readable(actor)
        .add_columns(distance.label("apart"))
        .where(
            incident.c.ward_code == ward_code,
            incident.c.id != incident_id,
            incident.c.category_id == category_id,
            incident.c.status.in_(OPEN),
            incident.c.geog.bool_op("&&")(sa.func._ST_Expand(geog, radius_metres)),
        )
        .order_by(distance)
        .fetch(first, with_ties=True)
        .subquery("nearest")
    )
    close = sa.func.ST_DWithin(nearest.c.geog, geog, radius_metres)
    return sa.select(*nearest.c).where(close).order_by(nearest.c.apart, nearest.c.id).limit(first)


def duplicates_of(actor: Actor, ward_code: Any, incident_id: Any, first: int) -> Rows:
    """The later reports of the same problem, the oldest first; served by `ix_incident_duplicate_of_id`."""
    rows = readable(actor).where(incident.c.ward_code == ward_code, incident.c.duplicate_of_id == incident_id)
    return rows.order_by(incident.c.reported_at, incident.c.id).limit(first)


def in_hand(ward_code: Any, crew_id: Any) -> sa.ScalarSelect[int]:
    """How many incidents a crew has in hand; served by `ix_incident_crew_urgent`."""
    held = incident.alias("in_hand")
    return (
        sa.select(sa.func.count())
        .select_from(held)
        .where(held.c.ward_code == ward_code, held.c.crew_id == crew_id, held.c.status.in_(IN_HAND))
        .correlate_except(held)
        .scalar_subquery()
    )


def position_of_crew(ward_code: Any, crew_id: UUID) -> sa.ScalarSelect[Any]:
    """Where a crew is, as geography: its last position, or its base."""
    return sa.select(crew.c.geog).where(crew.c.ward_code == ward_code, crew.c.id == crew_id).scalar_subquery()


NEWEST_FIRST = by_time("newest", incident, incident.c.reported_at, descending=True)
OLDEST_FIRST = by_time("oldest", incident, incident.c.reported_at)
MOST_URGENT_FIRST = by_time("most urgent", incident, URGENCY)


def nearest_first(to: sa.ColumnElement[Any]) -> Order:
    """By distance from a geography, the nearest first; served by `ix_incident_geog` (KNN)."""
    return by_distance(incident, sa.type_coerce(incident.c.geog.op("<->")(to), sa.Float))
