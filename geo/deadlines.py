"""Deadlines: told to staff and crew when they draw near and when they have passed, once for each deadline.

A deadline is near in the last quarter of the time from the report, or from its last reopening, and never more than a
day ahead; by the clock, whichever hours the deadline itself counts.
What was told is the deadline itself (`due_soon_told`, `due_passed_told`), so an incident with a new one, reopened or
of another kind, is told of again without anybody having to remember it. Each function takes a bounded bite: call
until it has done none.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import journal
from geo.clock import VIETNAM
from geo.lifecycle import OPEN, Party
from geo.tables import About, incident

BITE = 200
QUARTER = 0.25
AT_MOST = timedelta(hours=24)

PASSED = "Đã quá hạn xử lý: hạn là"
NEAR = "Sắp đến hạn xử lý: hạn là"
"""How these remarks begin in the history; what they are about stands beside them (`About`)."""

_columns = incident.c
_open = sa.and_(
    _columns.status.in_(OPEN),
    _columns.due_passed_told.is_distinct_from(_columns.due_at),
)


def passed() -> sa.Select[Any]:
    """Open incidents past a deadline that nobody was told to be over, locked; served by `ix_incident_deadline`.

    Rows that someone else holds are left for the next time.
    """
    return _untold().where(_columns.due_at <= sa.func.now())


def near() -> sa.Select[Any]:
    """Open incidents near a deadline that nobody was told of, locked; served by `ix_incident_deadline`."""
    since = sa.func.coalesce(journal.reopened_at(_columns.ward_code, _columns.id), _columns.reported_at)
    left = sa.extract("epoch", _columns.due_at - sa.func.now())
    return _untold().where(
        _columns.due_at > sa.func.now(),
        _columns.due_at <= sa.func.now() + AT_MOST,
        # A reopening is later than the report: what is not near by that needs no look into the history.
        left <= sa.extract("epoch", _columns.due_at - _columns.reported_at) * QUARTER,
        left <= sa.extract("epoch", _columns.due_at - since) * QUARTER,
        _columns.due_soon_told.is_distinct_from(_columns.due_at),
    )


def _untold() -> sa.Select[Any]:
    return (
        sa.select(_columns.ward_code, _columns.id, _columns.status, _columns.due_at)
        .where(_open)
        .order_by(_columns.due_at)
        .limit(BITE)
        .with_for_update(of=incident, skip_locked=True, key_share=True)
    )


async def tell_passed(connection: AsyncConnection) -> int:
    """Write into the history of what is late that it is; of how many incidents."""
    return await _tell(connection, passed(), _columns.due_passed_told, PASSED, About.OVERDUE)


async def tell_near(connection: AsyncConnection) -> int:
    """Write into the history of what will soon be late that it will; of how many incidents."""
    return await _tell(connection, near(), _columns.due_soon_told, NEAR, About.DUE_SOON)


async def _tell(
    connection: AsyncConnection, due: sa.Select[Any], told: sa.Column[Any], words: str, about: About
) -> int:
    rows = (await connection.execute(due)).all()
    if rows:
        keys = [(row.ward_code, row.id) for row in rows]
        of_these = sa.tuple_(_columns.ward_code, _columns.id).in_(keys)
        await connection.execute(sa.update(incident).where(of_these).values({told: _columns.due_at}))
        await journal.remark(
            connection,
            [(row.ward_code, row.id, row.status, f"{words} {_clock(row.due_at)}.") for row in rows],
            Party.SYSTEM,
            about,
        )
    return len(rows)


def _clock(moment: Any) -> str:
    return f"{moment.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}"
