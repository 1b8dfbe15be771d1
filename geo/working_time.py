"""When a ward's offices work, and the moment at which so many of their hours have passed.

Deadlines of some kinds count working hours only. The working hours of some years stand in a table, one row for each
stretch of work, with the seconds worked before it: the moment at which a deadline falls is then two look-ups, which
`due_after`, a function of the database (migration 0009), does inside the statements that store incidents. This module
works out what the table holds, keeps it so, and has the same rule in Python.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from holidays.countries.vietnam import Vietnam
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.clock import VIETNAM
from geo.tables import working_time

HOURS = ((time(7, 30), time(11, 30)), (time(13, 0), time(17, 0)))
"""The hours of a ward's offices on a working day, in Vietnam's time: what most of the country's publish."""

YEARS_BACK, YEARS_AHEAD = 1, 2
"""Deadlines of reports that are corrected count from last year at most; those of new ones end years ahead."""


class Stretch(NamedTuple):
    """Work without a break, and the seconds worked since the table's beginning when it begins."""

    opens: datetime
    closes: datetime
    worked_before: int


def years_around(today: date) -> range:
    """The years that the table holds."""
    return range(today.year - YEARS_BACK, today.year + YEARS_AHEAD + 1)


def working_days(years: Iterable[int]) -> Iterator[date]:
    """The days on which offices work: Monday to Friday without public holidays and the days given for them.

    A Saturday that the government has swapped for a day off between holidays is one. Source: the `holidays` package,
    which follows article 112 of the Labour Code of 2019 and each year's announcements of the government.
    """
    for year in sorted(years):
        calendar = Vietnam(years=year)
        day = date(year, 1, 1)
        while day.year == year:
            if calendar.is_working_day(day):
                yield day
            day += timedelta(days=1)


@lru_cache(maxsize=8)
def stretches(years: range) -> tuple[Stretch, ...]:
    """The working time of these years, in order; about five hundred stretches a year."""
    found: list[Stretch] = []
    worked = timedelta()
    for day in working_days(years):
        for opens, closes in HOURS:
            begin, end = (datetime.combine(day, at, VIETNAM).astimezone(UTC) for at in (opens, closes))
            found.append(Stretch(begin, end, int(worked.total_seconds())))
            worked += end - begin
    return tuple(found)


def due_after(at: datetime, hours: int, worked: Sequence[Stretch]) -> datetime:
    """The moment at which `hours` of work have passed since `at`: the database's `due_after`, in Python.

    Work that is done exactly when the offices close is due then, not when they open again. Where `worked` begins after
    `at` or ends too soon the hours are counted by the clock, for a report is never refused for want of a calendar.
    """
    n = bisect_right(worked, at, key=attrgetter("opens")) - 1
    if n >= 0:
        here = worked[n]
        done = timedelta(seconds=here.worked_before, hours=hours) + min(at, here.closes) - here.opens
        there = worked[bisect_left(worked, done, key=_before) - 1]
        due = there.opens + (done - _before(there))
        if due <= there.closes:
            return due
    return at + timedelta(hours=hours)


def _before(stretch: Stretch) -> timedelta:
    return timedelta(seconds=stretch.worked_before)


def due(at: Any, hours: Any, working: Any) -> sa.ColumnElement[datetime]:
    """As SQL, when what is to be done within `hours` after `at` is due; `working` says which hours count."""
    return sa.func.due_after(at, hours, working, type_=sa.DateTime(timezone=True))


async def fill(connection: AsyncConnection, today: date | None = None) -> int:
    """Have the table hold the years around `today`, as they are now known; how many rows were written.

    Nothing is written where it does already. Holidays still to come are announced late and change, and the package
    with them: what changed counts for deadlines that are set from then on.
    """
    wanted = stretches(years_around(today or datetime.now(VIETNAM).date()))
    # Readers are not kept waiting: they see the old rows until the commit.
    await connection.execute(sa.text("LOCK TABLE working_time IN SHARE ROW EXCLUSIVE MODE"))
    columns = working_time.c
    query = sa.select(columns.opens, columns.closes, columns.worked_before).order_by(columns.opens)
    if tuple(Stretch(*row) for row in await connection.execute(query)) == wanted:
        return 0
    await connection.execute(sa.delete(working_time))
    await connection.execute(sa.insert(working_time), [stretch._asdict() for stretch in wanted])
    return len(wanted)
