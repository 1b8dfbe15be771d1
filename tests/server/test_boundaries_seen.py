"""What a saving of boundaries leads to beyond its answer: followers hear of it, and nothing kept outlives it."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Awaitable, Callable
from html import unescape
from typing import Any

import httpx
import mapbox_vector_tile
import orjson
import pytest
import sqlalchemy as sa

from geo import tables
from geo.lifecycle import Status
from tests import ward
from tests.asking import Desk
from tests.schema.drafts import area, moved, save
from tests.server.live import Socket, Station
from tests.ward import CODE, FIRST, SECOND, TILES

FOLLOW = """
subscription($ward: String, $after: String) {
  boundariesChanged(wardCode: $ward, after: $after) {
    cursor refetch edit { author reason redrawn removed neighbourhoods { name version } }
  }
}
"""
SAVE = "mutation($input: SaveBoundariesInput!) { saveBoundaries(input: $input) { __typename } }"
LOCATE = "query($at: GeoJSONPoint!) { locate(position: $at) { neighbourhood { name } team { name } } }"
BESIDE = (108.219, 15.99)
"""In the first neighbourhood; in the second after `moved`."""


def draft(live: Station, at: float, version: int = 1) -> dict[str, Any]:
    """The edge between the first two neighbourhoods goes to this meridian."""
    shapes = {FIRST: (108.20, 15.98, at, 16.00), SECOND: (at, 15.98, 108.24, 16.00)}
    ids = live.ward.neighbourhoods
    redraw = [
        {"neighbourhoodId": f"Neighbourhood:{CODE}:{ids[name]}", "boundary": area(box), "expectedVersion": version}
        for name, box in shapes.items()
    ]
    return {"wardCode": CODE, "redraw": redraw, "reason": "Đường mới"}


async def saved(live: Station, by: str, at: float, version: int = 1) -> None:
    headers = {"Authorization": f"Bearer {live.tokens[by]}"}
    async with httpx.AsyncClient(base_url=f"http://{live.host}") as http:
        body = {"query": SAVE, "variables": {"input": draft(live, at, version)}}
        answer = (await http.post("/graphql", json=body, headers=headers)).json()
    assert answer["data"]["saveBoundaries"]["__typename"] == "SaveBoundariesPayload", answer


async def follow(socket: Socket, **variables: Any) -> None:
    await socket.send(type="subscribe", id="1", payload={"query": FOLLOW, "variables": variables})


async def told(socket: Socket) -> Any:
    message = await socket.receive()
    assert message["type"] == "next", message
    return message["payload"]["data"]["boundariesChanged"]


async def test_other_staff_hear_of_a_saving_within_a_second(live: Station) -> None:
    async with live.socket("staff") as socket, live.socket("admin") as other:
        await follow(socket, ward=CODE)
        await follow(other, ward=CODE)
        await live.followers(2)
        began = time.monotonic()
        await saved(live, "admin", 108.215)
        answered = time.monotonic()
        change = await told(socket)
        assert time.monotonic() - answered < 1.0
        assert answered - began < 10
        assert change == {
            "cursor": change["cursor"],
            "refetch": False,
            "edit": {
                "author": "Người dùng admin",
                "reason": "Đường mới",
                "redrawn": change["edit"]["redrawn"],
                "removed": [],
                "neighbourhoods": [{"name": FIRST, "version": 2}, {"name": SECOND, "version": 2}],
            },
        }
        assert await told(other) == change
    # What was missed meanwhile comes first.
    await saved(live, "staff", 108.217, version=2)
    async with live.socket("staff") as socket:
        await follow(socket, ward=CODE, after=change["cursor"])
        again = await told(socket)
        assert [one["version"] for one in again["edit"]["neighbourhoods"]] == [3, 3]
        assert again["edit"]["author"] == "Người dùng staff"


@pytest.mark.parametrize("caller", [None, "team-1", "crew-clean", "staff-other"])
async def test_only_the_wards_staff_follow_its_boundaries(live: Station, caller: str | None) -> None:
    async with live.socket(caller) as socket:
        await follow(socket, ward=CODE)
        refused = await socket.receive()
        assert refused["type"] == "error"
        assert refused["payload"][0]["extensions"] == {"code": "NOT_FOUND", "path": ["wardCode"]}


async def test_who_follows_incidents_hears_of_those_that_moved_and_of_no_boundaries(live: Station) -> None:
    held = await live.report(at=BESIDE, neighbourhood_id=live.ward.neighbourhoods[FIRST])
    query = 'subscription { incidentChanged(wardCode: "20314") { incidentId incident { neighbourhood { name } } } }'
    async with live.socket("staff") as socket:
        await socket.send(type="subscribe", id="1", payload={"query": query})
        await live.followers(1)
        await saved(live, "admin", 108.215)
        message = await socket.receive()
        assert message["payload"]["data"]["incidentChanged"] == {
            "incidentId": held.id,
            "incident": {"neighbourhood": {"name": SECOND}},
        }


def tile_at(at: tuple[float, float], zoom: int = 14) -> str:
    """The address of the tile that holds a position."""
    x = int((at[0] + 180) / 360 * 2**zoom)
    y = int((1 - math.asinh(math.tan(math.radians(at[1]))) / math.pi) / 2 * 2**zoom)
    return f"/tiles/neighbourhoods/{zoom}/{x}/{y}.mvt"


async def test_nothing_kept_outlives_a_saving(desk: Desk) -> None:
    """Each is read twice before, so that whatever keeps it has it, and by a browser's way of asking again after."""
    async with desk.database.write() as connection:
        first = desk.ward.neighbourhoods[FIRST]
        await ward.report(connection, at=BESIDE, status=Status.RECEIVED, neighbourhood_id=first)
        await connection.execute(sa.update(tables.crew).values(coverage=None))
        crew = {"ward_code": CODE, "crew_id": desk.ward.crews[ward.CLEAN], "neighbourhood_id": first}
        await connection.execute(sa.insert(tables.crew_neighbourhood).values(crew))
    readers: dict[str, Callable[[Desk], Awaitable[Any]]] = {
        "layer": layer,
        "tile": tile,
        "export": export,
        "locate": locate,
        "statistics": statistics,
        "boundary": boundary,
        "coverage": coverage,
    }
    before = {}
    for name, read in readers.items():
        await read(desk)
        before[name] = await read(desk)
    assert (await save(desk, redraw=moved(desk)))["__typename"] == "SaveBoundariesPayload"
    after = {name: await read(desk) for name, read in readers.items()}
    assert [name for name in readers if after[name] == before[name]] == []
    assert before["locate"] == FIRST
    assert after["locate"] == SECOND


async def fetched(desk: Desk, address: str) -> bytes:
    """A body as a browser has it: what is kept, where the server says that it still holds."""
    key = f"{id(desk)} {address}"
    kept = _bodies.get(key)
    headers = {} if kept is None else {"If-None-Match": kept[0]}
    answer = await desk.http.get(address, headers=headers)
    how = answer.headers["cache-control"]
    assert "no-cache" in how or "no-store" in how, (address, how)
    if answer.status_code == 304:
        assert kept is not None
        return kept[1]
    assert answer.status_code == 200, (address, answer.text)
    if "etag" in answer.headers:
        _bodies[key] = (answer.headers["etag"], answer.content)
    return answer.content


_bodies: dict[str, tuple[str, bytes]] = {}


async def layer(desk: Desk) -> Any:
    found = orjson.loads(await fetched(desk, f"/map/neighbourhoods.geojson?ward={CODE}"))
    return {one["properties"]["name"]: one["geometry"] for one in found["features"]}


async def tile(desk: Desk) -> Any:
    decoded = mapbox_vector_tile.decode(await fetched(desk, tile_at(BESIDE)))["neighbourhoods"]["features"]
    return sorted(str(one["geometry"]) for one in decoded)


async def export(desk: Desk) -> bytes:
    return await fetched(desk, f"/export/neighbourhoods.geojson?ward={CODE}")


async def locate(desk: Desk) -> Any:
    at = {"type": "Point", "coordinates": list(BESIDE)}
    return (await desk.data(LOCATE, at=at))["locate"]["neighbourhood"]["name"]


async def statistics(desk: Desk) -> list[str]:
    """The lines of the neighbourhoods on the page of figures, which strangers are shown for a minute."""
    answer = await desk.http.get(f"/stats?ward={CODE}")
    assert answer.status_code == 200
    lines = re.findall(r"<tr\b.*?</tr>", answer.text, re.DOTALL)
    told = [" ".join(unescape(re.sub(r"<[^>]*>", " ", line)).split()) for line in lines]
    assert [line for line in told if FIRST in line]
    return told


async def boundary(desk: Desk) -> Any:
    query = "query($code: String!) { ward(code: $code) { neighbourhoods { nodes { name boundary } } } }"
    return (await desk.data(query, code=CODE))["ward"]["neighbourhoods"]["nodes"]


async def coverage(desk: Desk) -> Any:
    query = "query($code: String!) { ward(code: $code) { crews { nodes { name coverageArea } } } }"
    return (await desk.data(query, "staff", code=CODE))["ward"]["crews"]["nodes"]


async def test_two_who_follow_and_save_at_once_lose_nothing(live: Station) -> None:
    async with live.socket("staff") as socket:
        await follow(socket, ward=CODE)
        await live.followers(1)
        (west, south, _, north), (_, _, east, _) = TILES["Tổ dân phố số 10"], TILES["Tổ dân phố Đông Hòa"]
        ids = live.ward.neighbourhoods
        boxes = {"Tổ dân phố số 10": (west, south, 108.21, north), "Tổ dân phố Đông Hòa": (108.21, south, east, north)}
        redraw = [
            {"neighbourhoodId": f"Neighbourhood:{CODE}:{ids[name]}", "boundary": area(box), "expectedVersion": 1}
            for name, box in boxes.items()
        ]
        north_draft = {"wardCode": CODE, "redraw": redraw}
        headers = {"Authorization": f"Bearer {live.tokens['admin']}"}
        async with httpx.AsyncClient(base_url=f"http://{live.host}", headers=headers) as http:
            drafts = [{"query": SAVE, "variables": {"input": one}} for one in (draft(live, 108.215), north_draft)]
            answers = await asyncio.gather(*(http.post("/graphql", json=one) for one in drafts))
        assert [one.json()["data"]["saveBoundaries"]["__typename"] for one in answers] == ["SaveBoundariesPayload"] * 2
        names = [{n["name"] for n in (await told(socket))["edit"]["neighbourhoods"]} for _ in range(2)]
        assert {FIRST, SECOND} in names
        assert set(boxes) in names
