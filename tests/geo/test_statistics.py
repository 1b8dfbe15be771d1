"""How a ward does: what counts as what, for whom, and in which group."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import statistics
from geo.lifecycle import Status
from tests import ward
from tests.geo.conftest import Laid
from tests.ward import CLEAN, CODE, FIRST, REPORTED, ROADS, SECOND

LATE = REPORTED + timedelta(days=5)
"""Past the deadline of what was reported at `REPORTED`."""
LONG = datetime(2099, 1, 1, tzinfo=UTC)


async def figures(connection: AsyncConnection, laid: Laid, who: str = "anonymous", **period: Any) -> Any:
    rows = statistics.of_ward(laid.actors[who], CODE, **period)
    return (await connection.execute(rows)).one()


async def groups(connection: AsyncConnection, laid: Laid, name: str, who: str = "anonymous") -> list[Any]:
    """The rows of one kind of group, read from the whole ward's row as a query does."""
    whole = statistics.of_ward(laid.actors[who], CODE).subquery("whole")
    listed = sa.literal_column(f"whole.by_{name}")
    if name == "month":
        rows = statistics.in_months(listed)
    else:
        of = {"category_id": statistics.in_categories, "neighbourhood_id": statistics.in_neighbourhoods}
        rows = of[name](laid.actors[who], CODE, listed)
    group = rows.lateral("listed")
    return list((await connection.execute(sa.select(*group.c).select_from(whole.join(group, sa.true())))).all())


async def lay(connection: AsyncConnection, laid: Laid) -> None:
    """One of each: open in time and late, done in time and late, refused, a duplicate, and one of a private kind."""
    first, second = laid.ward.neighbourhoods[FIRST], laid.ward.neighbourhoods[SECOND]
    at_work: dict[str, Any] = {"crew_id": laid.ward.crews[CLEAN], "neighbourhood_id": first}
    roads: dict[str, Any] = {
        "crew_id": laid.ward.crews[ROADS],
        "category": "INFRASTRUCTURE",
        "neighbourhood_id": second,
    }
    original = await ward.report(connection, status=Status.ASSIGNED, due_at=LONG, **at_work)
    await ward.report(connection, due_at=REPORTED + timedelta(seconds=1), neighbourhood_id=first)
    await ward.report(connection, status=Status.CLOSED, satisfaction="SATISFIED", reopened_count=2, **roads)
    await ward.report(connection, status=Status.RESOLVED, resolved_at=LATE, **roads)
    await ward.report(connection, status=Status.REJECTED)
    await ward.report(connection, status=Status.DUPLICATE, duplicate_of_id=original.key, neighbourhood_id=second)
    await ward.report(connection, status=Status.CLOSED, category="SECURITY", **at_work)
    await ward.report(connection, code=ward.OTHER, at=ward.IN_OTHER)


async def test_each_incident_counts_once_by_how_it_stands(undone: Laid, connection: AsyncConnection) -> None:
    await lay(connection, undone)
    row = await figures(connection, undone)
    assert row.total == 6
    stands = (row.open_in_time, row.open_late, row.done_in_time, row.done_late, row.rejected, row.duplicate)
    assert stands == (1, 1, 1, 1, 1, 1)
    assert row.reopened == 1


async def test_what_is_open_and_late_counts_as_late_and_what_is_not_due_does_not(
    undone: Laid, connection: AsyncConnection
) -> None:
    await lay(connection, undone)
    row = await figures(connection, undone)
    assert row.share_in_time == pytest.approx(1 / 3)
    assert row.median_hours == pytest.approx((24 + 120) / 2)


async def test_a_ward_without_reports_has_noughts_and_no_shares(undone: Laid, connection: AsyncConnection) -> None:
    row = await figures(connection, undone)
    assert (row.total, row.share_in_time, row.median_hours) == (0, None, None)
    assert {group.total for group in await groups(connection, undone, "category_id")} == {0}
    assert await groups(connection, undone, "month") == []


async def test_private_kinds_are_counted_for_staff_alone(undone: Laid, connection: AsyncConnection) -> None:
    await lay(connection, undone)
    assert (await figures(connection, undone, "staff")).total == 7
    assert (await figures(connection, undone, "staff-other")).total == 6
    private = await connection.scalar(
        sa.text("SELECT id FROM category WHERE code = 'SECURITY' AND ward_code = '20314'")
    )
    shown = {who: await groups(connection, undone, "category_id", who) for who in ("anonymous", "team-1", "staff")}
    assert {who: private in {row.category_id for row in rows} for who, rows in shown.items()} == {
        "anonymous": False,
        "team-1": False,
        "staff": True,
    }


@pytest.mark.parametrize("name", ["category_id", "neighbourhood_id", "month"])
@pytest.mark.parametrize("who", ["anonymous", "crew-clean", "staff"])
async def test_groups_add_up_to_the_whole(undone: Laid, connection: AsyncConnection, name: str, who: str) -> None:
    await lay(connection, undone)
    whole = await figures(connection, undone, who)
    rows = await groups(connection, undone, name, who)
    for figure in ("total", "open_in_time", "open_late", "done_in_time", "done_late", "rejected", "duplicate"):
        assert sum(getattr(row, figure) for row in rows) == getattr(whole, figure), figure


async def test_every_neighbourhood_is_there_by_name_and_what_lies_in_none_comes_last(
    undone: Laid, connection: AsyncConnection
) -> None:
    await lay(connection, undone)
    ids = undone.ward.neighbourhoods
    rows = await groups(connection, undone, "neighbourhood_id")
    names = ["Tổ dân phố Đông Hòa", "Tổ dân phố số 1", "Tổ dân phố số 2", "Tổ dân phố số 10"]
    assert [row.neighbourhood_id for row in rows] == [*(ids[name] for name in names), None]
    assert [row.total for row in rows] == [0, 2, 3, 0, 1]
    assert rows[2].share_in_time == pytest.approx(0.5)


async def test_a_month_is_one_of_vietnam(undone: Laid, connection: AsyncConnection) -> None:
    for reported in (datetime(2026, 10, 31, 16, 59, tzinfo=UTC), datetime(2026, 10, 31, 17, 0, tzinfo=UTC)):
        await ward.report(connection, reported_at=reported, due_at=LONG)
    assert [(row.month, row.total) for row in await groups(connection, undone, "month")] == [
        ("2026-10", 1),
        ("2026-11", 1),
    ]


async def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(
    undone: Laid, connection: AsyncConnection
) -> None:
    await lay(connection, undone)
    second = timedelta(seconds=1)
    assert (await figures(connection, undone, since=REPORTED, until=REPORTED + second)).total == 6
    assert (await figures(connection, undone, until=REPORTED)).total == 0
    assert (await figures(connection, undone, since=REPORTED + second)).total == 0


async def test_few_verdicts_are_for_staff_alone(undone: Laid, connection: AsyncConnection) -> None:
    """Of a single report one would learn what its reporter said, which the public never reads."""
    done: dict[str, Any] = {"status": Status.CLOSED, "neighbourhood_id": undone.ward.neighbourhoods[FIRST]}
    for verdict in ("SATISFIED", "SATISFIED", "ACCEPTABLE", "DISSATISFIED"):
        await ward.report(connection, satisfaction=verdict, **done)
    public, staff = await figures(connection, undone), await figures(connection, undone, "staff")
    assert (public.rated, public.satisfied, public.acceptable, public.dissatisfied) == (None, None, None, None)
    assert (staff.rated, staff.satisfied, staff.acceptable, staff.dissatisfied) == (4, 2, 1, 1)
    await ward.report(connection, satisfaction="SATISFIED", **done)
    public = await figures(connection, undone)
    assert (public.rated, public.satisfied, public.acceptable, public.dissatisfied) == (5, 3, 1, 1)
    # Of two periods that differ by one report, the difference would be its reporter's verdict.
    for bounds in ({"since": REPORTED}, {"until": REPORTED + timedelta(days=1)}):
        within = await figures(connection, undone, **bounds)
        assert (within.total, within.rated, within.dissatisfied) == (5, None, None)
        assert (await figures(connection, undone, "staff", **bounds)).rated == 5


async def test_incidents_of_a_former_neighbourhood_are_still_counted(undone: Laid, connection: AsyncConnection) -> None:
    former = undone.ward.neighbourhoods[FIRST]
    await ward.report(connection, neighbourhood_id=former)
    ended = "UPDATE neighbourhood_boundary SET until = now() WHERE ward_code = '20314' AND neighbourhood_id = :id"
    await connection.execute(sa.text(ended), {"id": former})
    rows = await groups(connection, undone, "neighbourhood_id")
    assert (rows[-1].neighbourhood_id, rows[-1].total) == (former, 1)
