"""What happened since a moment (`geo/moments.py`): each step of an incident and each saving of boundaries, once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import boundary_edits, crews, incidents, records, wards
from geo.actor import Actor, Role
from geo.lifecycle import Status
from geo.moments import SNAPSHOT, Cursor, Moment
from geo.tables import boundary_edit, incident, incident_event
from geo.tables.base import Xid8

MOST = 1_000
"""How many events are read at once; whoever missed more asks for everything anew."""

_LEAVES = (Status.RECEIVED, Status.REJECTED, Status.DUPLICATE)
"""In these statuses no crew has the incident."""


@dataclass(frozen=True, slots=True)
class Change:
    """One step of an incident: which, and the crews that it concerns; or one saving of boundaries."""

    cursor: Cursor
    ward_code: str
    incident_id: UUID | None
    """None for a saving of boundaries."""
    event_id: UUID
    """The step, or the saving."""
    crews: frozenset[UUID]
    """The crew that has the incident, the one that the step names, and the one that had it before the step."""
    crew_id: UUID | None
    """The crew that has the incident now."""


@dataclass(frozen=True, slots=True)
class News:
    """What came after a cursor, up to `now`.

    `too_much`: more than `MOST` came, or the cursor is not of this database; then `changes` are none.
    """

    now: Moment
    changes: tuple[Change, ...] = ()
    too_much: bool = False


async def after(connection: AsyncConnection, cursor: Cursor, until: Moment | None = None) -> News:
    """What came after `cursor`, in order, up to `until`, or else up to now: one statement has one snapshot."""
    rows = (await connection.execute(statement(cursor.since))).all()
    now = Moment.of(rows[0].snapshot)
    found = [row for row in rows if row.id is not None]
    if len(found) > MOST or not now.covers(cursor.until):
        return News(until or now, too_much=True)
    return News(until or now, tuple(_in_order(cursor, until or now, found)))


def _in_order(cursor: Cursor, until: Moment, rows: Iterable[Any]) -> Iterable[Change]:
    """First the rest of what the cursor stands in, then what came later."""
    earlier, later = [], []
    for row in sorted(rows, key=lambda row: row.id.bytes):
        xact = int(row.xact)
        if not cursor.until.holds(xact):
            if until.holds(xact):
                later.append(_change(Cursor(cursor.until, until, row.id), row))
        elif cursor.key is not None and row.id.bytes > cursor.key.bytes:
            earlier.append(_change(Cursor(cursor.since, cursor.until, row.id), row))
    return (*earlier, *later)


def _change(cursor: Cursor, row: Any) -> Change:
    concerned = frozenset(crew for crew in (row.has, row.named, row.had) if crew is not None)
    return Change(cursor, row.ward_code, row.incident_id, row.id, concerned, row.has)


def statement(since: Moment) -> sa.Select[Any]:
    """The events of the transactions that had not committed at `since`; one row without an event where there is none.

    Two scans each of `ix_incident_event_xact` and `ix_boundary_edit_xact`, which end after `MOST` + 1 events:
    transactions begun since, and those that ran then. The upper bound keeps out what a restored backup brought from a
    database that had counted further.
    """
    columns, edits = incident_event.c, boundary_edit.c
    step = sa.select(columns.ward_code, columns.incident_id, columns.id, columns.crew_id, columns.xact)
    none = sa.cast(sa.null(), sa.Uuid)
    edit = sa.select(edits.ward_code, none.label("incident_id"), edits.id, none.label("crew_id"), edits.xact)
    end = sa.literal(since.end, Xid8)
    below = sa.func.pg_snapshot_xmax(sa.func.pg_current_snapshot(), type_=Xid8)
    running = sa.func.any(sa.literal(list(since.running), sa.ARRAY(Xid8)))
    parts = []
    for row, xact in ((step, columns.xact), (edit, edits.xact)):
        parts += [row.where(xact >= end, xact < below), row.where(xact == running)]
    fresh = sa.union_all(*parts).limit(MOST + 1).subquery("fresh")
    one = sa.select(SNAPSHOT.label("snapshot")).subquery("one")
    had = had_before(fresh).lateral("before")
    # By its key: the planner, which expects as many rows as the limit allows, would rather read the whole table.
    has = (
        sa.select(incident.c.crew_id)
        .where(incident.c.ward_code == fresh.c.ward_code, incident.c.id == fresh.c.incident_id)
        .scalar_subquery()
    )
    return sa.select(
        one.c.snapshot,
        fresh.c.ward_code,
        fresh.c.incident_id,
        fresh.c.id,
        sa.cast(fresh.c.xact, sa.Text).label("xact"),
        fresh.c.crew_id.label("named"),
        has.label("has"),
        had.c.crew_id.label("had"),
    ).select_from(one.outerjoin(fresh, sa.true()).outerjoin(had, sa.true()))


def had_before(fresh: sa.Subquery) -> sa.Select[Any]:
    """The crew that had the incident before the event: as the last earlier step that says so; served by the key."""
    earlier = incident_event.alias("earlier")
    leaves = earlier.c.to_status.in_(_LEAVES)
    return (
        sa.select(sa.case((leaves, None), else_=earlier.c.crew_id).label("crew_id"))
        .where(
            earlier.c.ward_code == fresh.c.ward_code,
            earlier.c.incident_id == fresh.c.incident_id,
            earlier.c.id < fresh.c.id,
            sa.or_(leaves, earlier.c.crew_id.is_not(None)),
        )
        .order_by(earlier.c.id.desc())
        .limit(1)
    )


@dataclass(frozen=True, slots=True)
class Interest:
    """Whose changes are followed: a ward's, a crew's, or those of one incident; or a ward's `boundaries`."""

    ward_code: str
    crew_id: UUID | None = None
    incident_id: UUID | None = None
    boundaries: bool = False

    def concerned_by(self, change: Change) -> bool:
        if self.ward_code != change.ward_code or self.boundaries != (change.incident_id is None):
            return False
        if self.crew_id is not None:
            return self.crew_id in change.crews
        return self.incident_id in (None, change.incident_id)

    def left_by(self, change: Change) -> bool:
        """Whether the crew that follows has the incident no longer: then it is told so, whatever it may still see."""
        return self.crew_id is not None and change.crew_id != self.crew_id


async def of_ward(connection: AsyncConnection, actor: Actor, ward_code: str) -> Interest | None:
    """A ward's incidents: everybody may follow what they may see of them. None for a ward that is not kept here."""
    rows = wards.with_code(actor, ward_code).subquery()
    known = await connection.scalar(sa.select(rows.c.code))
    return None if known is None else Interest(ward_code)


async def of_boundaries(connection: AsyncConnection, actor: Actor, ward_code: str) -> Interest | None:
    """The savings of a ward's boundaries, for its staff; None for everybody else."""
    interest = await of_ward(connection, actor, ward_code) if actor.runs(ward_code) else None
    return None if interest is None else Interest(ward_code, boundaries=True)


async def of_crew(connection: AsyncConnection, actor: Actor, ward_code: str, crew_id: UUID) -> Interest | None:
    """A crew's incidents, for its members and its ward's staff; None for everybody else."""
    member = actor.role is Role.CREW_MEMBER and (actor.ward_code, actor.crew_id) == (ward_code, crew_id)
    if not member and not actor.runs(ward_code):
        return None
    rows = crews.with_id(actor, ward_code, crew_id).subquery()
    known = await connection.scalar(sa.select(rows.c.id))
    return None if known is None else Interest(ward_code, crew_id=crew_id)


async def of_report(connection: AsyncConnection, actor: Actor, tracking_code: str) -> Interest | None:
    """One incident, by its tracking code; None where this caller may not see it."""
    rows = incidents.with_tracking_code(actor, tracking_code).subquery()
    row = (await connection.execute(sa.select(rows.c.ward_code, rows.c.id))).one_or_none()
    return None if row is None else Interest(row.ward_code, incident_id=row.id)


def told(
    actor: Actor, cursor: Any, ward_code: Any, incident_id: Any, event_id: Any, crew_id: Any, left: Any
) -> sa.Select[Any]:
    """What this caller is told of a change: one row, or none where the incident or the step is not for them.

    `crew_id` where a crew's changes are followed, and then `left` says that it has the incident no longer. All are SQL.
    """
    step = event_of(actor, ward_code, incident_id, event_id)
    return sa.select(
        cursor.label("cursor"),
        ward_code.label("ward_code"),
        incident_id.label("incident_key"),
        event_id.label("event_key"),
        crew_id.label("crew_key"),
        sa.false().label("refetch"),
    ).where(sa.or_(left, step.exists()))


def boundaries_told(actor: Actor, cursor: Any, ward_code: Any, edit_id: Any) -> sa.Select[Any]:
    """What this caller is told of a saving of boundaries: one row, or none where it is not for them. All are SQL."""
    return sa.select(
        cursor.label("cursor"),
        ward_code.label("ward_code"),
        edit_id.label("edit_key"),
        sa.false().label("refetch"),
    ).where(boundary_edits.with_id(actor, ward_code, edit_id).exists())


def incident_of(actor: Actor, ward_code: Any, incident_id: Any, crew_id: Any) -> sa.Select[Any]:
    """The incident as it is now; where a crew's changes are followed, while the crew has it."""
    rows = incidents.with_id(actor, ward_code, incident_id)
    return rows.where(sa.or_(crew_id.is_(None), incident.c.crew_id == crew_id))


def event_of(actor: Actor, ward_code: Any, incident_id: Any, event_id: Any) -> sa.Select[Any]:
    """The step itself."""
    columns = incident_event.c
    return records.event_readable(actor).where(
        columns.ward_code == ward_code, columns.incident_id == incident_id, columns.id == event_id
    )


CHANNEL = "incident_changed"
RING = f"NOTIFY {CHANNEL}"
"""Wakes all who listen. Outside a transaction, for NOTIFY makes those commit one after the other; it tells nothing."""
