"""What boundaries drawn anew do to incidents, places, crews and teams."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from shapely.geometry import MultiPolygon, box

from geo import boundary_keeping, handling, notices, rerouting, tables
from geo.boundary_drafts import Drawn, Redrawn, Removed, Wanted
from geo.boundary_keeping import Saved
from geo.ids import new_id
from geo.importing import drawing
from geo.importing.matching import Found, Stored
from geo.lifecycle import FINISHED, OPEN, Status
from geo.positions import Position
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import report_of as report
from tests.geo.desk import row_of, send, step
from tests.ward import CLEAN, CODE, FIRST, ROADS, SECOND, TILES

TENTH, EAST = "Tổ dân phố số 10", "Tổ dân phố Đông Hòa"
BESIDE = (108.219, 15.99)
"""In the first neighbourhood, near the second: what `moved` gives to the second."""


def area(west: float, south: float, east: float, north: float) -> MultiPolygon:
    return MultiPolygon([box(west, south, east, north)])


def moved(laid: Laid, at: float = 108.215, version: int = 1) -> Wanted:
    """The edge between the first and the second neighbourhood goes to this meridian."""
    first, second = laid.ward.neighbourhoods[FIRST], laid.ward.neighbourhoods[SECOND]
    redraw = [
        Redrawn(first, area(108.20, 15.98, at, 16.00), version),
        Redrawn(second, area(at, 15.98, 108.24, 16.00), version),
    ]
    return Wanted(CODE, redraw=redraw, reason="Đường mới")


async def save(laid: Laid, wanted: Wanted) -> Saved:
    return await boundary_keeping.save(laid.database, laid.actors["staff"], wanted)


async def report_at(laid: Laid, at: tuple[float, float], status: Status, **values: Any) -> ward.Reported:
    async with laid.database.write() as connection:
        return await ward.report(connection, at=at, status=status, **values)


async def neighbourhood_of(laid: Laid, id_: UUID) -> UUID | None:
    found: UUID | None = (await row_of(laid, id_)).neighbourhood_id
    return found


async def route(laid: Laid) -> int:
    """What the worker does after a saving."""
    edit = await laid.value("SELECT id FROM boundary_edit ORDER BY at DESC LIMIT 1")
    async with laid.database.write() as connection:
        return await rerouting.route(connection, CODE, edit)


async def test_what_is_open_follows_its_ground_and_what_is_finished_keeps_that_of_its_day(laid: Laid) -> None:
    first, second = laid.ward.neighbourhoods[FIRST], laid.ward.neighbourhoods[SECOND]
    made = {}
    original = await report_at(laid, ward.IN_SECOND, Status.RECEIVED, neighbourhood_id=second)
    for status in Status:
        values: dict[str, Any] = {"neighbourhood_id": first}
        if status not in (Status.RECEIVED, Status.REJECTED, Status.DUPLICATE):
            values["crew_id"] = laid.ward.crews[CLEAN]
        if status is Status.DUPLICATE:
            values["duplicate_of_id"] = original.key
        made[status] = await report_at(laid, BESIDE, status, **values)
    stays = await report_at(laid, ward.IN_FIRST, Status.RECEIVED, neighbourhood_id=first)
    saved = await save(laid, moved(laid))
    assert saved.reassigned == len(OPEN)
    for status, one in made.items():
        assert await neighbourhood_of(laid, one.key) == (second if status in OPEN else first), status
    assert await neighbourhood_of(laid, stays.key) == first
    steps = await laid.rows("SELECT * FROM incident_event WHERE about = 'REROUTED'")
    assert {row.incident_id for row in steps} == {made[status].key for status in OPEN}
    for row in steps:
        assert (row.public, row.party, row.from_status) == (False, "SYSTEM", row.to_status)
        assert row.note == "Ranh giới tổ dân phố được vẽ lại: phản ánh nay thuộc Tổ dân phố số 2."


async def test_what_is_reopened_is_of_who_has_its_ground_now(laid: Laid) -> None:
    first = laid.ward.neighbourhoods[FIRST]
    held = {"neighbourhood_id": first, "crew_id": laid.ward.crews[CLEAN]}
    done = [await report_at(laid, BESIDE, status, **held) for status in (Status.RESOLVED, Status.CLOSED)]
    await save(laid, moved(laid))
    for one in done:
        await step(laid, laid.actors["staff"], one.key, handling.reopen, "Chưa xong")
        assert await neighbourhood_of(laid, one.key) == laid.ward.neighbourhoods[SECOND]
    assert len(FINISHED) == 4


async def test_ground_given_up_is_nobodys_and_new_ground_takes_what_lies_in_it(laid: Laid) -> None:
    east = laid.ward.neighbourhoods[EAST]
    at = (108.23, 16.01)
    waiting = await report_at(laid, at, Status.RECEIVED, neighbourhood_id=east)
    edge = await report_at(laid, (108.23, 16.00), Status.RECEIVED, neighbourhood_id=laid.ward.neighbourhoods[SECOND])
    assert (await save(laid, Wanted(CODE, remove=[Removed(east, 1)]))).reassigned == 1
    assert await neighbourhood_of(laid, waiting.key) is None
    note = await laid.value("SELECT note FROM incident_event WHERE about = 'REROUTED'")
    assert note.endswith("nay thuộc phần đất chưa có tổ dân phố.")
    drawn = Drawn("Khu mới", area(*TILES[EAST]))
    saved = await save(laid, Wanted(CODE, draw=[drawn]))
    assert (saved.reassigned, await neighbourhood_of(laid, waiting.key)) == (1, saved.drawn[0])
    # On an edge that several share the lowest id has it: the new one's is the highest.
    assert await neighbourhood_of(laid, edge.key) == laid.ward.neighbourhoods[SECOND]


async def test_places_follow_their_ground(laid: Laid) -> None:
    place = new_id()
    async with laid.database.write() as connection:
        row = {"ward_code": CODE, "id": place, "kind": "OTHER", "name": "Chòi", "location": ward.spot(BESIDE)}
        await connection.execute(
            sa.insert(tables.place).values(neighbourhood_id=laid.ward.neighbourhoods[FIRST], **row)
        )
    await save(laid, moved(laid))
    found = await laid.value("SELECT neighbourhood_id FROM place WHERE id = :id", id=place)
    assert found == laid.ward.neighbourhoods[SECOND]


async def test_teams_and_crews_are_told_once_however_much_moved(laid: Laid) -> None:
    first = laid.ward.neighbourhoods[FIRST]
    held = {"neighbourhood_id": first, "crew_id": laid.ward.crews[CLEAN]}
    for _ in range(3):
        await report_at(laid, BESIDE, Status.ASSIGNED, **held)
    await save(laid, moved(laid))
    told = await laid.rows("SELECT * FROM notice WHERE kind = 'BOUNDARIES' ORDER BY audience, team_id")
    teams = sorted([laid.ward.teams[FIRST], laid.ward.teams[SECOND]])
    assert [(row.audience, row.crew_id, row.team_id) for row in told] == [
        ("CREW", laid.ward.crews[CLEAN], None),
        *(("TEAM", None, one) for one in teams),
    ]
    for name, count in (("team-1", 1), ("crew-clean", 1), ("crew-roads", 0), ("staff", 0), ("anonymous", 0)):
        rows = await laid.rows(notices.readable(laid.actors[name]))
        assert [row.kind for row in rows] == ["BOUNDARIES"] * count, name
        assert all(row.text.startswith("Ranh giới được vẽ lại") for row in rows)


async def test_a_crew_of_named_neighbourhoods_loses_what_it_has_not_begun(laid: Laid) -> None:
    first, second = laid.ward.neighbourhoods[FIRST], laid.ward.neighbourhoods[SECOND]
    clean, roads = laid.ward.crews[CLEAN], laid.ward.crews[ROADS]
    async with laid.database.write() as connection:
        await connection.execute(sa.update(tables.crew).values(coverage=None, on_duty=True, capacity=50))
        names = [
            {"ward_code": CODE, "crew_id": one, "neighbourhood_id": of} for one, of in ((clean, first), (roads, second))
        ]
        await connection.execute(sa.insert(tables.crew_neighbourhood), names)
        kinds = sa.select(tables.category.c.ward_code, sa.literal(roads), tables.category.c.id).where(
            tables.category.c.ward_code == CODE, tables.category.c.code == "ENVIRONMENT"
        )
        columns = ["ward_code", "crew_id", "category_id"]
        await connection.execute(sa.insert(tables.crew_category).from_select(columns, kinds))
    held = {"neighbourhood_id": first, "crew_id": clean}
    begun = await report_at(laid, BESIDE, Status.IN_PROGRESS, **held)
    waits = [await report_at(laid, BESIDE, status, **held) for status in (Status.ASSIGNED, Status.ACCEPTED)]
    elsewhere = await report_at(laid, ward.IN_FIRST, Status.ASSIGNED, **held)
    assert await save(laid, moved(laid))
    assert await laid.value("SELECT count(*) FROM jobs.pgqueuer WHERE entrypoint = 'follow_boundaries'") == 1
    assert await route(laid) == 2
    for one in waits:
        row = await row_of(laid, one.key)
        assert (row.status, row.crew_id) == ("ASSIGNED", roads)
    assert (await row_of(laid, begun.key)).crew_id == clean
    assert (await row_of(laid, elsewhere.key)).crew_id == clean
    # Done twice, as a worker that died may, it changes nothing more.
    assert await route(laid) == 0


async def test_a_report_taken_in_while_boundaries_were_saved_is_found_by_the_worker(laid: Laid) -> None:
    await save(laid, moved(laid))
    _, late = await send(laid, report(location=Position(*BESIDE)))
    async with laid.database.write() as connection:  # as it stands where it was located before the saving
        old = laid.ward.neighbourhoods[FIRST]
        await connection.execute(
            sa.update(tables.incident).where(tables.incident.c.id == late).values(neighbourhood_id=old)
        )
    await route(laid)
    assert await neighbourhood_of(laid, late) == laid.ward.neighbourhoods[SECOND]


async def test_what_a_file_draws_anew_is_followed_and_taken_down_as_well(laid: Laid) -> None:
    waiting = await report_at(laid, BESIDE, Status.RECEIVED, neighbourhood_id=laid.ward.neighbourhoods[FIRST])
    stored = {row.id: row for row in await laid.rows("SELECT id, name FROM neighbourhood WHERE ward_code = :c", c=CODE)}
    changed = [
        Found(n, CODE, None, stored[one.id].name, one.boundary, Stored(one.id, None, stored[one.id].name, None, None))
        for n, one in enumerate(moved(laid).redraw, start=1)
    ]
    async with laid.database.write() as connection:
        await drawing.write(connection, [], changed, "ranh-gioi.geojson", lambda *_: None)
    assert await neighbourhood_of(laid, waiting.key) == laid.ward.neighbourhoods[SECOND]
    (edit,) = await laid.rows("SELECT * FROM boundary_edit")
    assert (edit.reason, edit.account_id) == ("Nhập từ tệp ranh-gioi.geojson", None)
    assert set(edit.redrawn) == {one.id for one in moved(laid).redraw}
