"""Crews whose ground is neighbourhoods by name: what comes to them, also once a boundary is drawn anew."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import shapely
import sqlalchemy as sa
from shapely.geometry import MultiPolygon, box
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import crew_ground, crews, waiting
from geo.errors import InvalidInput
from geo.ids import new_id
from geo.positions import Position
from geo.tables import crew, crew_neighbourhood, incident, neighbourhood_boundary
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import report_of, row_of, send
from tests.ward import CODE, FIRST, IN_FIRST, IN_SECOND, SECOND, TILES

HERE = Position(*IN_FIRST)
ALL_KINDS = ["FOOD_SAFETY"]


async def save(connection: AsyncConnection, crew_id: UUID | None = None, **values: Any) -> UUID:
    given: dict[str, Any] = {"name": "Đội tổ", "capacity": 100, "base": HERE, "coverage": None, "categories": ALL_KINDS}
    return await crews.save(connection, CODE, crew_id, **({**given, "members": None} | values))


async def composed(laid: Laid, *names: str, **values: Any) -> UUID:
    """A crew on duty that covers these neighbourhoods."""
    async with laid.database.write() as connection:
        named = [laid.ward.neighbourhoods[name] for name in names]
        key = await save(connection, neighbourhoods=named, **values)
        await connection.execute(sa.update(crew).where(crew.c.id == key).values(on_duty=True))
    return key


async def redraw(connection: AsyncConnection, laid: Laid, name: str, area: MultiPolygon | None) -> None:
    """A neighbourhood's boundary from now on; none: the ward has it no more."""
    key, now = laid.ward.neighbourhoods[name], datetime.now(UTC)
    columns = neighbourhood_boundary.c
    held = (columns.neighbourhood_id == key, columns.until.is_(None))
    await connection.execute(sa.update(neighbourhood_boundary).where(*held).values(until=now))
    if area is not None:
        row = {"ward_code": CODE, "neighbourhood_id": key, "id": new_id(), "since": now}
        row["boundary"] = sa.func.ST_GeomFromWKB(area.wkb, 4326)
        await connection.execute(sa.insert(neighbourhood_boundary).values(**row))


async def taker(laid: Laid, at: tuple[float, float]) -> UUID | None:
    """The crew of a new report there."""
    _, id_ = await send(laid, report_of(category="FOOD_SAFETY", location=Position(*at)))
    crew_id: UUID | None = (await row_of(laid, id_)).crew_id
    return crew_id


async def ground(laid: Laid, crew_id: UUID) -> Any:
    async with laid.database.read() as connection:
        rows = crews.with_id(laid.actors["staff"], CODE, crew_id).subquery()
        stored = await connection.scalar(sa.select(sa.func.ST_AsBinary(rows.c.coverage)))
        return None if stored is None else shapely.from_wkb(bytes(stored))


async def test_an_incident_goes_to_the_crew_of_its_neighbourhood_alone(undone: Laid) -> None:
    first, second = await composed(undone, FIRST), await composed(undone, SECOND, name="Đội hai")
    assert (await taker(undone, IN_FIRST), await taker(undone, IN_SECOND)) == (first, second)
    assert await taker(undone, (108.21, 16.01)) is None, "nobody has this neighbourhood"
    edge = (108.22, 15.99)  # between both, so of the one that it is filed under
    filed = {undone.ward.neighbourhoods[FIRST]: first, undone.ward.neighbourhoods[SECOND]: second}
    assert await taker(undone, edge) == filed[min(filed)]


async def test_an_incident_outside_every_neighbourhood_is_no_composed_crews(undone: Laid) -> None:
    await composed(undone, *TILES)
    async with undone.database.write() as connection:
        await redraw(connection, undone, FIRST, None)
    assert await taker(undone, IN_FIRST) is None
    async with undone.database.write() as connection:
        whole = await ward.crew(connection, "Đội cả phường", ALL_KINDS)
    assert await taker(undone, IN_FIRST) == whole


async def test_a_boundary_drawn_anew_moves_the_ground_of_the_crew_with_it(undone: Laid) -> None:
    """Without a second saving: what comes, what waits, and the ground that is shown."""
    key = await composed(undone, FIRST)
    assert await taker(undone, IN_SECOND) is None
    wide, narrow = box(108.20, 15.98, 108.235, 16.00), box(108.235, 15.98, 108.24, 16.00)
    async with undone.database.write() as connection:
        await redraw(connection, undone, SECOND, MultiPolygon([narrow]))
        await redraw(connection, undone, FIRST, MultiPolygon([wide]))
    assert await taker(undone, IN_SECOND) == key
    assert (await ground(undone, key)).equals(wide)


async def test_what_waits_finds_the_crew_once_it_lies_in_its_neighbourhood(undone: Laid) -> None:
    key = await composed(undone, FIRST)
    _, id_ = await send(undone, report_of(category="FOOD_SAFETY", location=Position(*IN_SECOND)))
    async with undone.database.write() as connection:
        assert await waiting.dispatch_waiting(connection, CODE) == 0
        assert await waiting.look_for_forgotten(connection) == 0
        moved = {"neighbourhood_id": undone.ward.neighbourhoods[FIRST]}
        await connection.execute(sa.update(incident).where(incident.c.id == id_).values(**moved))
    async with undone.database.write() as connection:
        assert await waiting.dispatch_waiting(connection, CODE) == 1
    assert (await row_of(undone, id_)).crew_id == key


async def test_the_ground_shown_is_drawn_composed_whole_or_nowhere(undone: Laid) -> None:
    key = await composed(undone, FIRST, SECOND)
    assert (await ground(undone, key)).equals(box(108.20, 15.98, 108.24, 16.00))
    area = MultiPolygon([box(108.2, 15.98, 108.21, 16.0)])
    async with undone.database.write() as connection:
        await save(connection, key, coverage=area)
        left = sa.select(sa.func.count()).select_from(crew_neighbourhood)
        assert await connection.scalar(left) == 0
    assert await ground(undone, key) == area
    async with undone.database.write() as connection:
        await save(connection, key)
    assert await ground(undone, key) is None
    async with undone.database.write() as connection:
        await save(connection, key, neighbourhoods=[undone.ward.neighbourhoods[FIRST]])
        await redraw(connection, undone, FIRST, None)
    assert (await ground(undone, key)).is_empty


async def test_a_neighbourhood_that_was_removed_stays_named_and_is_not_named_anew(undone: Laid) -> None:
    key = await composed(undone, FIRST, SECOND)
    gone = undone.ward.neighbourhoods[FIRST]
    both = [gone, undone.ward.neighbourhoods[SECOND]]
    async with undone.database.write() as connection:
        await redraw(connection, undone, FIRST, None)
        await save(connection, key, neighbourhoods=both)
        rows = (await connection.execute(crew_ground.neighbourhoods_of(undone.actors["staff"], CODE, key))).all()
        assert [(row.name, row.boundary is None) for row in rows] == [(FIRST, True), (SECOND, False)]
        with pytest.raises(InvalidInput) as refused:
            await save(connection, name="Đội khác", neighbourhoods=[both[1], gone])
    assert refused.value.path == ("neighbourhoodIds", "1")


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"neighbourhoods": []}, ("neighbourhoodIds",)),
        ({"neighbourhoods": [UUID(int=1)]}, ("neighbourhoodIds", "0")),
        ({"neighbourhoods": [UUID(int=1)], "coverage": MultiPolygon([box(*TILES[FIRST])])}, ("neighbourhoodIds",)),
    ],
    ids=["none", "unknown", "both ways"],
)
async def test_ground_that_cannot_be_composed_is_refused(
    standing: Laid, connection: AsyncConnection, values: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await save(connection, **values)
    assert refused.value.path == path
