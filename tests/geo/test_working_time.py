"""Deadlines that count working hours: the calendar of ward offices, in Python and in the database alike."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import correcting, handling, stepping, working_time
from geo.clock import VIETNAM
from geo.database import Database
from geo.tables import category, incident
from geo.working_time import due_after, stretches, years_around
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import report_of, send

BEGAN = datetime.now(VIETNAM).date()
"""The day on which this process began its tests, before it migrated any database."""
YEARS = range(2025, 2029)
TET = datetime(2026, 2, 13, 16, 0, tzinfo=VIETNAM)
"""The last Friday afternoon before Tết Bính Ngọ, whose days off are the next week."""

moments = st.one_of(
    st.datetimes(datetime(2024, 12, 1), datetime(2029, 2, 1)),
    st.datetimes(datetime(2026, 2, 10), datetime(2026, 2, 26)),
    st.sampled_from([datetime(2026, 2, 13, hour, minute) for hour, minute in ((7, 30), (11, 30), (13, 0), (17, 0))]),
).map(lambda local: local.replace(tzinfo=VIETNAM))


def at(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("since", "hours", "due"),
    [
        (at(2026, 11, 18, 8), 2, at(2026, 11, 18, 10)),
        (at(2026, 11, 18, 10, 30), 2, at(2026, 11, 18, 14)),  # over the midday break
        (at(2026, 11, 18, 6), 4, at(2026, 11, 18, 11, 30)),  # what is done as they close is due then
        (at(2026, 11, 18, 12), 4, at(2026, 11, 18, 17)),
        (at(2026, 11, 20, 16), 2, at(2026, 11, 23, 8, 30)),  # over a weekend
        (at(2026, 11, 23, 16), 2, at(2026, 11, 25, 8, 30)),  # over the Day of Vietnamese Culture
        (TET, 9, at(2026, 2, 23, 17)),  # over Tết
        (at(2026, 4, 24, 16), 2, at(2026, 4, 28, 8, 30)),  # the ancestors' day on a Sunday is made up for on Monday
        (at(2026, 8, 21, 16), 2, at(2026, 8, 22, 8, 30)),  # a Saturday worked for the day off of 31 August
    ],
)
def test_only_the_hours_of_offices_count(since: datetime, hours: int, due: datetime) -> None:
    assert due_after(since, hours, stretches(YEARS)) == due


def test_where_the_calendar_ends_the_clock_counts() -> None:
    for since in (at(2024, 12, 1, 9), at(2030, 1, 1, 9)):
        assert due_after(since, 5, stretches(YEARS)) == since + timedelta(hours=5)
    late = at(2028, 12, 29, 16)
    assert due_after(late, 1, stretches(YEARS)) == late + timedelta(hours=1)
    assert due_after(late, 2, stretches(YEARS)) == late + timedelta(hours=2)
    assert due_after(late, 2, ()) == late + timedelta(hours=2)


def test_stretches_follow_each_other_and_add_up() -> None:
    found = stretches(YEARS)
    worked = timedelta()
    for before, stretch in zip((None, *found), found, strict=False):
        assert before is None or before.closes < stretch.opens < stretch.closes
        assert stretch.worked_before == worked.total_seconds()
        worked += stretch.closes - stretch.opens
    assert {stretch.opens.astimezone(VIETNAM).year for stretch in found} == set(YEARS)
    assert 245 * 8 <= worked.total_seconds() / 3600 / len(YEARS) <= 255 * 8


async def refilled(connection: AsyncConnection) -> None:
    await working_time.fill(connection, date(2026, 6, 1))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(since=moments, hours=st.integers(1, 8760))
async def test_the_database_counts_as_python_does(connection: AsyncConnection, since: datetime, hours: int) -> None:
    await refilled(connection)
    asked = sa.select(working_time.due(since, hours, sa.true()), working_time.due(since, hours, sa.false()))
    worked, passed = (await connection.execute(asked)).one()
    assert worked == due_after(since, hours, stretches(YEARS))
    assert passed == since + timedelta(hours=hours)


@given(since=moments, hours=st.integers(1, 2000))
def test_a_deadline_is_later_than_the_hours_and_grows_with_them(since: datetime, hours: int) -> None:
    years = range(2024, 2032)
    due = due_after(since, hours, stretches(years))
    assert since + timedelta(hours=hours) <= due < due_after(since, hours + 1, stretches(years))


async def test_migrating_fills_the_years_around_today(database: Database) -> None:
    # A year may have ended since the database was migrated.
    years = {years_around(today) for today in (BEGAN, datetime.now(VIETNAM).date())}
    async with database.read() as connection:
        opens = (await connection.scalars(sa.text("SELECT opens FROM working_time ORDER BY opens"))).all()
    assert opens in [[stretch.opens for stretch in stretches(around)] for around in years]


async def test_the_table_is_written_when_something_changed_and_only_then(connection: AsyncConnection) -> None:
    await refilled(connection)
    assert await working_time.fill(connection, date(2026, 12, 31)) == 0
    # A day off that was announced since.
    await connection.execute(sa.text("DELETE FROM working_time WHERE opens >= '2027-12-31' AND opens < '2028-01-01'"))
    assert await working_time.fill(connection, date(2026, 12, 31)) == len(stretches(YEARS))
    assert await working_time.fill(connection, date(2027, 1, 1)) == len(stretches(years_around(date(2027, 1, 1))))


async def deadline(laid: Laid, incident_id: object) -> tuple[datetime, datetime]:
    query = sa.select(incident.c.reported_at, incident.c.due_at).where(incident.c.id == incident_id)
    [(reported_at, due_at)] = await laid.rows(query)
    return reported_at, due_at


async def count_work(laid: Laid, hours: int) -> None:
    """Road safety alone counts working hours: so many."""
    async with laid.database.write() as connection:
        kinds = sa.update(category).where(category.c.code == "TRAFFIC")
        await connection.execute(kinds.values(working_hours=True, deadline_hours=hours))


def of_work(since: datetime, hours: int) -> datetime:
    today = datetime.now(VIETNAM).date()
    return due_after(since, hours, stretches(years_around(today)))


async def test_a_report_is_due_by_the_hours_that_its_kind_counts(undone: Laid) -> None:
    await count_work(undone, 100)
    (_, by_work), (_, by_clock) = await send(undone, report_of(category="TRAFFIC")), await send(undone, report_of())
    reported_at, due_at = await deadline(undone, by_work)
    assert due_at == of_work(reported_at, 100)
    reported_at, due_at = await deadline(undone, by_clock)
    assert due_at == reported_at + timedelta(hours=48)


async def test_another_kind_and_a_reopening_count_as_the_kind_does(undone: Laid) -> None:
    await count_work(undone, 50)
    staff = undone.actors["staff"]
    _, id_ = await send(undone, report_of())
    async with undone.database.write() as connection:
        row = await stepping.locked(connection, staff, ward.CODE, id_)
        await correcting.correct(connection, staff, row, category_code="TRAFFIC", location=None, address=None)
    reported_at, due_at = await deadline(undone, id_)
    assert due_at == of_work(reported_at, 50)
    async with undone.database.write() as connection:
        row = await stepping.locked(connection, staff, ward.CODE, id_)
        await handling.reject(connection, staff, row, "Ngoài địa bàn")
        row = await stepping.locked(connection, staff, ward.CODE, id_)
        await handling.reopen(connection, staff, row, "Vẫn còn")
        now = await connection.scalar(sa.select(sa.func.now()))
    _, due_at = await deadline(undone, id_)
    assert due_at == of_work(now or datetime.now(UTC), 50)


async def test_a_report_is_taken_in_without_a_calendar(undone: Laid) -> None:
    await count_work(undone, 50)
    async with undone.database.write() as connection:
        await connection.execute(sa.text("DELETE FROM working_time"))
    _, id_ = await send(undone, report_of(category="TRAFFIC"))
    reported_at, due_at = await deadline(undone, id_)
    assert due_at == reported_at + timedelta(hours=50)
