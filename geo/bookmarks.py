"""How far a reader of the history has come: every step is met once, in order, in bites, whatever is restarted.

The place is a cursor (`geo/moments.py`) in a row of `bookmark`. Whoever reads holds the row until the transaction ends,
so one reads at a time, and what is made of the steps is written together with the place behind them, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import changes, moments
from geo.moments import BadCursor, Cursor
from geo.tables import bookmark, incident_event, reporter
from geo.tables.base import Xid8

MOST = 500
"""How many steps make a bite."""
OLD = timedelta(days=1)
"""What happened longer ago, as what is imported did, is passed over: nobody waits to be told of it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an incident, and what of the incident decides who is told."""

    ward_code: str
    incident_id: UUID
    event_id: UUID
    at: datetime
    from_status: str | None
    to_status: str
    note: str | None
    public: bool
    party: str
    crew_id: UUID | None
    """The crew that the step names."""
    had: UUID | None
    """The crew that had the incident before it."""
    about: str | None
    """What it was written for, where it keeps the status (`About`)."""
    by_mail: bool
    """Whether its reporter left an e-mail address."""


async def read_on(connection: AsyncConnection, name: str, most: int = MOST) -> Sequence[Step]:
    """The next steps behind the bookmark `name`, which moves behind them when the transaction commits.

    None while somebody else reads. A bookmark that is new, or of another database, begins with what happens from now.
    """
    place = await _held(connection, name)
    if place is None:
        return ()
    now = await moments.moment(connection)
    if not now.covers(place.until):  # a backup of a database that had counted less far
        await _move(connection, name, Cursor.at(now))
        return ()
    window = Cursor(place.until, now) if place.key is None else place
    steps = [Step(*row) for row in await connection.execute(_steps(window, most))]
    if len(steps) == most:
        await _move(connection, name, Cursor(window.since, window.until, steps[-1].event_id))
    elif steps or place.key is not None or await connection.scalar(sa.select(_of(window).exists())):
        await _move(connection, name, Cursor.at(window.until))
    return steps


async def _held(connection: AsyncConnection, name: str) -> Cursor | None:
    query = sa.select(bookmark.c.moment).where(bookmark.c.name == name)
    text = await connection.scalar(query.with_for_update(skip_locked=True))
    if text is None and await connection.scalar(query) is not None:
        return None  # somebody else reads; an INSERT would wait for them
    if text is None:
        here = str(Cursor.at(await moments.moment(connection)))
        await connection.execute(insert(bookmark).values(name=name, moment=here).on_conflict_do_nothing())
        return None
    try:
        return Cursor.read(text)
    except BadCursor:
        await _move(connection, name, Cursor.at(await moments.moment(connection)))
        return None


async def _move(connection: AsyncConnection, name: str, place: Cursor) -> None:
    await connection.execute(sa.update(bookmark).where(bookmark.c.name == name).values(moment=str(place)))


def _of(window: Cursor) -> sa.Select[Any]:
    """The steps of the transactions that ended between the window's moments: two scans of `ix_incident_event_xact`."""
    columns = incident_event.c
    since, until = window.since, window.until
    ended = sa.and_(
        columns.xact < sa.literal(until.end, Xid8),
        columns.xact != sa.func.all(sa.literal(list(until.running), sa.ARRAY(Xid8))),
    )
    begun = columns.xact >= sa.literal(since.end, Xid8)
    ran = columns.xact == sa.func.any(sa.literal(list(since.running), sa.ARRAY(Xid8)))
    return sa.select(incident_event).where(sa.or_(begun, ran), ended)


def _steps(window: Cursor, most: int) -> sa.Select[Any]:
    """The window's first steps that are not old; their order is the one in which they were written."""
    recent = _of(window).where(incident_event.c.at > sa.func.now() - OLD)
    if window.key is not None:
        recent = recent.where(incident_event.c.id > window.key)
    fresh = recent.order_by(incident_event.c.id).limit(most).subquery("fresh")
    had = changes.had_before(fresh).lateral("before")
    by_mail = sa.exists().where(
        reporter.c.ward_code == fresh.c.ward_code,
        reporter.c.incident_id == fresh.c.incident_id,
        reporter.c.email.is_not(None),
    )
    return (
        sa.select(
            fresh.c.ward_code,
            fresh.c.incident_id,
            fresh.c.id,
            fresh.c.at,
            fresh.c.from_status,
            fresh.c.to_status,
            fresh.c.note,
            fresh.c.public,
            fresh.c.party,
            fresh.c.crew_id,
            had.c.crew_id,
            fresh.c.about,
            by_mail,
        )
        .select_from(fresh.outerjoin(had, sa.true()))
        .order_by(fresh.c.id)
    )
