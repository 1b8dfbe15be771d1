"""Vector tiles through ASGI: who may keep them, what is refused, who sees what."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import mapbox_vector_tile
import pytest

from geo.database import Database
from server.settings import Settings
from server.tiles import MEDIA_TYPE
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import report_of, send
from tests.maps.small_ward import build, report
from tests.server.test_pages import KEY, serving

AT_13 = "13/6558/3727"
"""The tile of the small ward's south; `AT_17` is that of (108.21, 15.9865)."""
AT_17 = "17/104934/59638"


@pytest.fixture
async def client(database_url: str, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    await build(database)
    await report(database, 108.21, 15.99)
    async with serving(Settings(database_url=database_url, secret_key=KEY)) as opened:
        yield opened


async def test_a_tile_is_fresh_for_a_moment_and_then_asked_about_and_boundaries_always(client):
    kept = {"wards": "no-cache", "neighbourhoods": "no-cache", "places": "max-age=60", "incidents": "max-age=5"}
    for layer, how in kept.items():
        answer = await client.get(f"/tiles/{layer}/{AT_13}.mvt")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert answer.headers["cache-control"] == f"public, {how}"
        assert "Cookie" in answer.headers["vary"]
        assert "Authorization" in answer.headers["vary"]
        assert mapbox_vector_tile.decode(answer.content)[layer]["features"]
        etag = answer.headers["etag"]
        again = await client.get(f"/tiles/{layer}/{AT_13}.mvt", headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
        assert again.headers["cache-control"] == answer.headers["cache-control"]


async def test_a_tile_that_has_changed_is_sent_again(client, database):
    first = await client.get(f"/tiles/incidents/{AT_13}.mvt")
    await report(database, 108.211, 15.99)
    again = await client.get(f"/tiles/incidents/{AT_13}.mvt", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 200
    assert again.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("path", ["wards/13/0/0", "incidents/13/0/0", "places/12/3279/1863", "neighbourhoods/5/25/14"])
async def test_an_empty_tile_is_an_empty_body(client, path):
    answer = await client.get(f"/tiles/{path}.mvt")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert (
        await client.get(f"/tiles/{path}.mvt", headers={"If-None-Match": answer.headers["etag"]})
    ).status_code == 304


@pytest.mark.parametrize(
    ("path", "parameter", "status"),
    [
        ("wards/23/0/0", "z", 400),
        ("wards/-1/0/0", "z", 400),
        ("wards/٣/0/0", "z", 400),
        ("wards/1e1/0/0", "z", 400),
        ("wards/13/8192/0", "x", 400),
        ("wards/13/0/8192", "y", 400),
        ("wards/0/1/0", "x", 400),
        ("wards/13/-1/0", "x", 400),
        ("wards/13/0/1.5", "y", 400),
        ("wards/13/" + "9" * 5000 + "/0", "x", 400),
        ("wards/13/0/%00", "y", 400),
        ("roads/13/0/0", "layer", 404),
        ("wards/13/0/0.mvt?ward=1%00", "ward", 404),
        ("wards/13/0/0.mvt?ward=2031", "ward", 404),
        ("incidents/13/0/0.mvt?status=LOST", "status", 400),
        ("incidents/13/0/0.mvt?category=%00", "category", 400),
    ],
)
async def test_what_is_wrong_is_named(client, path, parameter, status):
    answer = await client.get(f"/tiles/{path}" + ("" if ".mvt" in path else ".mvt"))
    assert answer.status_code == status
    assert answer.json()["error"]["parameter"] == parameter
    assert answer.json()["error"]["message"]
    assert answer.headers["cache-control"] == "no-store"


async def test_a_large_tile_is_compressed(client, database):
    for n in range(30):
        await report(database, 108.21 + n * 0.00001, 15.9865)
    plain = await client.get(f"/tiles/incidents/{AT_17}.mvt", headers={"Accept-Encoding": "identity"})
    small = await client.get(f"/tiles/incidents/{AT_17}.mvt", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["vary"]
    assert small.content == plain.content


@pytest.fixture
async def own(database_url: str, database: Database) -> AsyncIterator[tuple[httpx.AsyncClient, Laid]]:
    """The small ward of the desk's tests, served."""
    async with database.write() as connection:
        made = await ward.build(connection)
    async with serving(Settings(database_url=database_url, secret_key=KEY)) as client:
        yield client, Laid(database, made)


async def test_each_caller_sees_in_a_tile_what_they_may(own):
    client, laid = own
    await send(laid, report_of())
    await send(laid, report_of(category="SECURITY"))
    counts = {}
    for username in (None, "staff", "staff-other", "crew-clean", "crew-roads", "team-1", "admin"):
        headers = {}
        if username is not None:
            form = {"username": username, "password": ward.PASSWORD, "grant_type": "password"}
            token = (await client.post("/token", data=form)).json()["access_token"]
            headers["Authorization"] = f"Bearer {token}"
        for at in (AT_13, AT_17):
            answer = await client.get(f"/tiles/incidents/{at}.mvt", headers=headers)
            features = mapbox_vector_tile.decode(answer.content)["incidents"]["features"]
            counts[username, at] = sum(feature["properties"]["n"] for feature in features)
            private = "public, max-age=5" if username is None else "private, no-cache"
            assert answer.headers["cache-control"] == private
    expected = {None: 1, "staff": 2, "staff-other": 1, "crew-clean": 2, "crew-roads": 1, "team-1": 1, "admin": 2}
    assert counts == {(username, at): n for username, n in expected.items() for at in (AT_13, AT_17)}
