"""Incidents counted from the pyramid: the same as counted one by one, for every caller, after every kind of change."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from geo import cells, clusters, correcting, counting, handling, incidents
from geo.actor import ANONYMOUS, Actor
from geo.cells import Cells, covering
from geo.incidents import Filter
from geo.lifecycle import OPEN, Status
from geo.positions import Box, Position
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import report_of, send, step, until_waiting

EVERYWHERE = Box(108.19, 15.97, 108.29, 16.03)
BOXES = (EVERYWHERE, Box(108.213, 15.985, 108.227, 16.004))
LEVELS = (3, 12, 16, 19)
FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"statuses": OPEN},
    {"statuses": [Status.CLOSED]},
    {"kinds": ["ENVIRONMENT", "SECURITY"]},
    {"statuses": OPEN, "kinds": ["TRAFFIC"]},
)

CROWD = sa.text("""
INSERT INTO incident (ward_code, id, tracking_code, category_id, status, crew_id, location, channel,
    reported_at, request_key_hash, reporter_secret_hash, resolved_at)
SELECT :ward, gen_random_uuid(), :ward || '-' || :first || '-' || n, kinds.ids[1 + n % cardinality(kinds.ids)],
    (ARRAY['RECEIVED', 'ASSIGNED', 'CLOSED'])[1 + n % 3], CASE WHEN n % 3 = 1 THEN CAST(:crew AS uuid) END,
    ST_SetSRID(ST_MakePoint(CAST(:west AS float8) + random() / 25, 15.98 + random() / 25), 4326), 'WEB', now(),
    sha256((:first || n)::bytea), sha256((:first || n)::bytea), now()
FROM generate_series(1, CAST(:count AS integer)) AS n,
    (SELECT array_agg(id ORDER BY code) AS ids FROM category WHERE ward_code = :ward) AS kinds
""").bindparams(*(sa.bindparam(name, type_=sa.Text) for name in ("ward", "first")))


async def crowd(laid: Laid, count: int, first: str = "a", code: str = ward.CODE) -> None:
    """So many incidents at once, of every kind, some of them with the cleaning crew."""
    crew = laid.ward.crews[ward.CLEAN if code == ward.CODE else ward.FAR]
    values = {"ward": code, "first": first, "count": count, "crew": crew, "west": ward.GROUND[code][0]}
    async with laid.database.write() as connection:
        await connection.execute(CROWD, values)


async def refresh(laid: Laid) -> int:
    async with laid.database.write() as connection:
        return await clusters.refresh(connection)


async def from_pyramid(laid: Laid, actor: Actor, asked: Cells, code: str | None, wanted: dict[str, Any]) -> Any:
    rows = await laid.rows(counting.counted(actor, asked, code, **wanted))
    return {(row.x, row.y): tuple(row)[2:] for row in rows}


async def one_by_one(laid: Laid, actor: Actor, code: str | None, wanted: dict[str, Any]) -> list[Any]:
    """The incidents that the caller may read: `id`, `x`, `y`."""
    filter_ = Filter(statuses=wanted.get("statuses"), categories=wanted.get("kinds"))
    seen = incidents.matching(actor, filter_, ward_code=code).subquery("seen")
    x, y = sa.func.ST_X(seen.c.location), sa.func.ST_Y(seen.c.location)
    return await laid.rows(sa.select(seen.c.id, x.label("x"), y.label("y")))


def sorted_into(asked: Cells, found: list[Any]) -> dict[tuple[int, int], Any]:
    """What the cells hold, counted here."""
    members: dict[tuple[int, int], list[tuple[int, int, UUID]]] = {}
    for row in found:
        at = covering(Box(row.x, row.y, row.x, row.y), asked.level)
        units = (round(row.x * cells.UNITS), round(row.y * cells.UNITS), row.id)
        members.setdefault((at.west, at.north), []).append(units)
    return {
        key: _cell(found)
        for key, found in members.items()
        if asked.west <= key[0] <= asked.east and asked.north <= key[1] <= asked.south
    }


def _cell(found: list[tuple[int, int, UUID]]) -> tuple[Any, ...]:
    n = len(found)
    xs, ys = [one[0] for one in found], [one[1] for one in found]
    numbers = (sum(xs) / n, sum(ys) / n, min(xs), min(ys), max(xs), max(ys))
    return (n, *(pytest.approx(number / cells.UNITS, abs=1e-9) for number in numbers), found[0][2] if n == 1 else None)


def callers(laid: Laid) -> Iterator[Actor]:
    yield from laid.actors.values()
    secret = hashlib.sha256(b"a7").digest()
    yield ANONYMOUS.holding(secret)
    yield laid.actors["team-1"].holding(secret)


async def agree(
    laid: Laid, actors: Any, levels: Any = LEVELS, codes: Any = (ward.CODE, None), *, boxes: bool = True
) -> None:
    """For each caller and filter, at every other level; without `boxes`, these may be larger than they need be."""
    for turn, actor in enumerate(actors):
        for code in codes:
            for number, wanted in enumerate(FILTERS):
                found = await one_by_one(laid, actor, code, wanted)
                for level in levels[(turn + number) % 2 :: 2]:
                    asked = covering(BOXES[(turn + level) % 2], level)
                    counted = await from_pyramid(laid, actor, asked, code, wanted)
                    expected = sorted_into(asked, found)
                    if not boxes:
                        assert all(holds(counted[key], expected[key]) for key in expected)
                        counted, expected = (
                            {key: (*cell[:3], cell[-1]) for key, cell in cells_.items()}
                            for cells_ in (counted, expected)
                        )
                    assert counted == expected, (actor, level, code, wanted)


def holds(cell: Any, expected: Any) -> bool:
    """Whether a cell's box holds its members."""
    west, south, east, north = cell[3:7]
    least = [one.expected for one in expected[3:7]]
    slack = 1e-9
    return bool(
        west <= least[0] + slack
        and south <= least[1] + slack
        and east >= least[2] - slack
        and north >= least[3] - slack
    )


async def test_the_pyramid_counts_as_one_by_one_for_every_caller_level_and_filter(laid: Laid) -> None:
    await crowd(laid, 400)
    await crowd(laid, 300, "b")
    await crowd(laid, 60, "c", ward.OTHER)
    await agree(laid, callers(laid), levels=(9, 14))  # before the first refresh: changes alone
    await clusters.refresh_all(laid.database)
    assert await refresh(laid) == 0
    assert await laid.value("SELECT count(*) FROM incident_cell_change") == 0
    await agree(laid, callers(laid))


async def tallies_agree(laid: Laid) -> None:
    for actor in callers(laid):
        for code in (ward.CODE, ward.OTHER):
            rows = await laid.rows(counting.tallied(actor, code))
            seen = incidents.matching(actor, ward_code=code).subquery("seen")
            columns = (seen.c.category_id, seen.c.status)
            expected = await laid.rows(sa.select(*columns, sa.func.count()).group_by(*columns))
            assert {tuple(row) for row in rows} == {tuple(row) for row in expected}, (actor, code)


async def test_kinds_and_statuses_are_tallied_as_one_by_one_for_every_caller(laid: Laid) -> None:
    await crowd(laid, 400)
    await crowd(laid, 60, "c", ward.OTHER)
    await tallies_agree(laid)  # from changes alone
    await clusters.refresh_all(laid.database)
    await tallies_agree(laid)
    await crowd(laid, 3000, "d")
    assert await laid.value("SELECT count(*) FROM incident_cell_ward WHERE stale") == 1
    await tallies_agree(laid)


async def test_very_many_at_once_are_counted_live_until_they_are_counted_anew(laid: Laid) -> None:
    await crowd(laid, 3000)
    assert await laid.value("SELECT count(*) FROM incident_cell_change") == 0
    assert await laid.value("SELECT stale FROM incident_cell_ward") is True
    few = (ANONYMOUS, laid.actors["staff"])
    await agree(laid, few, levels=(9, 16), codes=(ward.CODE,))
    assert await refresh(laid) > 0
    assert await laid.value("SELECT depth FROM incident_cell_ward") > cells.BASE
    await agree(laid, few)


async def test_a_ward_that_grows_is_kept_counted_more_finely(laid: Laid) -> None:
    for n in range(6):
        await crowd(laid, 500, f"{n}-")
        await refresh(laid)
    assert await laid.value("SELECT depth FROM incident_cell_ward") > cells.BASE
    await agree(laid, [laid.actors["staff"]])


async def shown(laid: Laid, actor: Actor = ANONYMOUS, **wanted: Any) -> int:
    rows = await laid.rows(counting.counted(actor, covering(EVERYWHERE, 12), ward.CODE, **wanted))
    return sum(row.n for row in rows)


@pytest.mark.parametrize("brought_in", [False, True])
async def test_every_kind_of_change_is_seen_at_once(laid: Laid, brought_in: bool) -> None:
    """Each change is looked at right after its commit; whether the worker was there in between makes no difference."""
    staff = laid.actors["staff"]

    async def seen(*expected: int, actor: Actor = ANONYMOUS) -> None:
        kinds = {"kinds": ["TRAFFIC"]}
        counts = [await shown(laid, actor, **wanted) for wanted in ({}, {"statuses": [Status.REJECTED]}, kinds)]
        assert counts == list(expected)
        for brought in (False, True)[: 1 + brought_in]:
            if brought:
                await refresh(laid)
            await agree(laid, (ANONYMOUS, staff), levels=(9, 14), codes=(ward.CODE,), boxes=brought)

    await seen(0, 0, 0)
    _, first = await send(laid, report_of())
    await seen(1, 0, 0)
    _, second = await send(laid, report_of(location=Position(*ward.IN_SECOND)))
    await seen(2, 0, 0)
    await step(laid, staff, first, handling.reject, "Không thuộc phường")
    await seen(2, 1, 0)

    async def correct(connection: Any, actor: Actor, row: Any, **values: Any) -> None:
        given: dict[str, Any] = {"category_code": None, "location": None, "address": None} | values
        await correcting.correct(connection, actor, row, **given)

    async def to_traffic(connection: Any, actor: Actor, row: Any) -> None:
        await correct(connection, actor, row, category_code="TRAFFIC")

    async def elsewhere(connection: Any, actor: Actor, row: Any) -> None:
        await correct(connection, actor, row, location=Position(108.235, 16.015))

    await step(laid, staff, second, to_traffic)
    await seen(2, 1, 1)
    await step(laid, staff, second, elsewhere)
    await seen(2, 1, 1)
    async with laid.database.write() as connection:
        await connection.execute(sa.text("UPDATE incident SET published = true"))
    await seen(2, 1, 1)
    async with laid.database.write() as connection:
        await connection.execute(sa.text("UPDATE category SET public = false WHERE code = 'TRAFFIC'"))
    await seen(1, 1, 0)
    await seen(2, 1, 1, actor=staff)
    async with laid.database.write() as connection:
        moved = ward.square(108.1999, 15.98, 108.24, 16.02)
        await connection.execute(sa.text("UPDATE ward SET boundary = :b WHERE code = '20314'"), {"b": moved})
    await seen(1, 1, 0)
    await crowd(laid, 50)
    await crowd(laid, 1200, "b")
    await agree(laid, (ANONYMOUS, staff), levels=(9, 14), codes=(ward.CODE,))
    if brought_in:
        await refresh(laid)
    async with laid.database.write() as connection:
        await connection.execute(sa.text("DELETE FROM incident WHERE tracking_code LIKE '20314-%-%'"))
    await seen(1, 1, 0)


async def test_without_incidents_nothing_is_counted(laid: Laid) -> None:
    await crowd(laid, 700)
    await refresh(laid)
    async with laid.database.write() as connection:
        await connection.execute(sa.text("TRUNCATE incident CASCADE"))
    assert await shown(laid, laid.actors["staff"]) == 0


async def test_a_change_that_is_undone_is_not_counted(laid: Laid) -> None:
    await crowd(laid, 20)
    before = await shown(laid)
    async with laid.database.engine.connect() as connection:
        await connection.execute(sa.text("UPDATE incident SET status = 'REJECTED', crew_id = NULL"))
        await connection.rollback()
    assert await shown(laid) == before
    assert await shown(laid, statuses=[Status.REJECTED]) == 0


async def test_readers_meet_each_incident_once_while_it_is_brought_in(laid: Laid) -> None:
    """The refresh stands between its steps while others read and report."""
    await crowd(laid, 600)
    staff = laid.actors["staff"]
    async with laid.database.write() as connection:
        await clusters.refresh(connection)
        assert await shown(laid, staff) == 600
        await send(laid, report_of())
        assert await shown(laid, staff) == 601
    assert await shown(laid, staff) == 601
    await crowd(laid, 100, "b")
    async with laid.database.write() as connection:
        await clusters.refresh(connection)
        assert await shown(laid, staff) == 701
        await send(laid, report_of())
        assert await shown(laid, staff) == 702
    await refresh(laid)
    await agree(laid, [staff])


async def test_two_workers_bring_in_each_change_once(laid: Laid) -> None:
    await crowd(laid, 400)
    await crowd(laid, 400, "c", ward.OTHER)
    await asyncio.gather(*(refresh(laid) for _ in range(4)))
    await clusters.refresh_all(laid.database)
    assert await laid.value("SELECT sum(n) FROM incident_cell WHERE level = 9 AND status = ''") == 800
    await agree(laid, [laid.actors["admin"]], levels=(9, 12))


async def test_many_come_while_a_ward_is_counted_anew(laid: Laid) -> None:
    """The second load waits for the count; what it says, that the ward is to be counted anew, is not lost."""
    await crowd(laid, 600)
    async with laid.database.write() as connection:
        await clusters.refresh(connection)
        loading = asyncio.create_task(crowd(laid, 600, "b"))
        await until_waiting(laid)
    await loading
    assert await laid.value("SELECT stale FROM incident_cell_ward") is True
    await agree(laid, [laid.actors["staff"]], levels=(9, 12))
    await refresh(laid)
    await agree(laid, [laid.actors["staff"]], levels=(9, 14))


async def test_what_moves_within_its_cell_moves_the_cells_middle_and_box(laid: Laid) -> None:
    """A box is drawn again around those who stayed."""
    await crowd(laid, 300)
    await refresh(laid)
    async with laid.database.write() as connection:
        to = {"to": ward.spot((108.22, 16.0))}
        await connection.execute(sa.text("UPDATE incident SET location = :to WHERE tracking_code LIKE '%7'"), to)
    assert await refresh(laid) > 0
    await agree(laid, [laid.actors["staff"]])


async def test_all_of_it_is_brought_in_by_bites(laid: Laid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_CHANGES", 64)
    await crowd(laid, 90)
    async with laid.database.write() as connection:
        await connection.execute(sa.text("UPDATE incident SET status = 'CLOSED' WHERE status = 'ASSIGNED'"))
    async with laid.database.write() as connection:
        assert await clusters.refresh(connection) == 64
    await agree(laid, [ANONYMOUS], levels=(9, 12), boxes=False)
    await clusters.refresh_all(laid.database)
    assert await laid.value("SELECT count(*) FROM incident_cell_change") == 0
    await agree(laid, [laid.actors["staff"]])
