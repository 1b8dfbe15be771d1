"""Deadlines: told to staff and crew when they draw near and when they have passed, once for each deadline.

A deadline is near in the last quarter of the time that the incident's kind allows, and never more than a day ahead.
What was told is the deadline itself (`due_soon_told`, `due_passed_told`), so an incident with a new one, reopened or
of another kind, is told of again without anybody having to remember it. Each function takes a bounded bite: call
until it has done none.
"""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import journal
from geo.lifecycle import OPEN, Party
from geo.tables import category, incident

BITE = 200
QUARTER = 0.25
AT_MOST = timedelta(hours=24)
_VIETNAM = timezone(timedelta(hours=7))

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
    allowed = sa.func.make_interval(0, 0, 0, 0, category.c.deadline_hours) * QUARTER
    return (
        _untold()
        .join(category, sa.and_(category.c.ward_code == _columns.ward_code, category.c.id == _columns.category_id))
        .where(
            _columns.due_at > sa.func.now(),
            _columns.due_at <= sa.func.now() + AT_MOST,
            _columns.due_at <= sa.func.now() + allowed,
            _columns.due_soon_told.is_distinct_from(_columns.due_at),
        )
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
    return await _tell(connection, passed(), _columns.due_passed_told, "Đã quá hạn xử lý: hạn là")


async def tell_near(connection: AsyncConnection) -> int:
    """Write into the history of what will soon be late that it will; of how many incidents."""
    return await _tell(connection, near(), _columns.due_soon_told, "Sắp đến hạn xử lý: hạn là")


async def _tell(connection: AsyncConnection, due: sa.Select[Any], told: sa.Column[Any], words: str) -> int:
    rows = (await connection.execute(due)).all()
    if rows:
        keys = [(row.ward_code, row.id) for row in rows]
        of_these = sa.tuple_(_columns.ward_code, _columns.id).in_(keys)
        await connection.execute(sa.update(incident).where(of_these).values({told: _columns.due_at}))
        await journal.remark(
            connection,
            [(row.ward_code, row.id, row.status, f"{words} {_clock(row.due_at)}.") for row in rows],
            Party.SYSTEM,
        )
    return len(rows)


def _clock(moment: Any) -> str:
    return f"{moment.astimezone(_VIETNAM):%H:%M ngày %d/%m/%Y}"
