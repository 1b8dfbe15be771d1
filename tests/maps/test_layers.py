"""What each layer shows, on real PostGIS: the right rows, as valid GeoJSON, counted as often as they are."""

from datetime import timedelta
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from geo.actor import ANONYMOUS, Actor, Role
from geo.database import Database
from geo.lifecycle import Status
from geo.positions import Box
from maps import layers
from maps.window import Window
from tests.maps.small_ward import CODE, HOSTILE, REPORTED, build, report

STAFF = Actor(role=Role.STAFF, ward_code=CODE)
EVERYWHERE = Box(108.19, 15.97, 108.25, 16.03)


@pytest.fixture
async def ids(database: Database) -> dict[str, UUID]:
    return await build(database)


async def read(database: Database, statement: sa.Select) -> dict:
    async with database.read() as connection:
        return orjson.loads((await connection.execute(statement)).one().body)


async def test_the_ward_is_one_feature(database, ids):
    found = await read(database, layers.ward(ANONYMOUS, CODE))
    assert [feature["properties"] for feature in found["features"]] == [{"code": CODE, "name": "Phường Thử"}]
    assert found["features"][0]["geometry"]["type"] == "MultiPolygon"


async def test_neighbourhoods_come_in_natural_order_with_team_and_label_inside(database, ids):
    found = await read(database, layers.neighbourhood_areas(ANONYMOUS, CODE))
    first, second = found["features"]
    assert (first["properties"]["name"], second["properties"]["name"]) == ("Tổ dân phố số 2", "Tổ dân phố số 10")
    assert first["properties"]["team"] == "Tổ công nghệ số Tổ dân phố số 2"
    longitude, latitude = first["properties"]["label"]["coordinates"]
    assert 108.22 < longitude < 108.24
    assert 15.98 < latitude < 16.02


async def test_a_boundary_that_no_longer_holds_is_not_shown(database, ids):
    async with database.write() as connection:
        await connection.execute(
            sa.text("UPDATE neighbourhood_boundary SET until = since + interval '1 day' WHERE neighbourhood_id = :id"),
            {"id": ids["Tổ dân phố số 10"]},
        )
    found = await read(database, layers.neighbourhood_areas(ANONYMOUS, CODE))
    assert [feature["properties"]["name"] for feature in found["features"]] == ["Tổ dân phố số 2"]


async def test_kinds_are_told_with_their_numbers_and_private_ones_only_to_who_may_see_them(database, ids):
    await report(database, 108.21, 16.0)
    await report(database, 108.22, 16.0, status="REJECTED")
    await report(database, 108.22, 16.0, category="SECURITY")

    async def kinds(actor: Actor) -> dict[str, dict[str, int]]:
        return {kind["code"]: kind["counts"] for kind in await read(database, layers.incident_kinds(actor, CODE))}

    public, all_ = await kinds(ANONYMOUS), await kinds(STAFF)
    assert public["ENVIRONMENT"] == {"RECEIVED": 1, "REJECTED": 1}
    assert public["TRAFFIC"] == {}
    assert "SECURITY" not in public
    assert all_ == {**public, "SECURITY": {"RECEIVED": 1}}


async def test_heat_is_where_incidents_are_and_as_many(database, ids):
    for n in range(4):
        await report(database, 108.21 + n * 1e-6, 16.0)
    await report(database, 108.23, 16.0, category="TRAFFIC")
    await report(database, 108.23, 16.0, category="SECURITY")
    window = Window(14, EVERYWHERE)
    cells = await read(database, layers.incident_heat(ANONYMOUS, CODE, window))
    assert sorted(cells) == [[108.21, 16.0, 4], [108.23, 16.0, 1]]
    assert await read(database, layers.incident_heat(ANONYMOUS, CODE, window, None, ["TRAFFIC"])) == [[108.23, 16.0, 1]]
    assert await read(database, layers.incident_heat(ANONYMOUS, CODE, window, [Status.CLOSED])) == []


async def test_hostile_names_are_plain_text_in_the_data(database, ids):
    found = await read(database, layers.place_points(ANONYMOUS, CODE))
    assert {feature["properties"]["name"] for feature in found["features"]} >= set(HOSTILE)


async def test_an_officials_home_without_consent_is_for_those_who_work_there(database, ids):
    public = await read(database, layers.place_points(ANONYMOUS, CODE))
    inside = await read(database, layers.place_points(STAFF, CODE))
    assert "Nhà riêng" not in {feature["properties"]["name"] for feature in public["features"]}
    assert "Nhà riêng" in {feature["properties"]["name"] for feature in inside["features"]}


async def test_another_ward_shows_nothing_of_this_one(database, ids):
    for statement in layers.LAYERS.values():
        assert (await read(database, statement(ANONYMOUS, "00001")))["features"] == []


async def test_clusters_count_every_incident_once(database, ids):
    for n in range(30):
        await report(database, 108.201 + 0.0012 * n, 15.981 + 0.0012 * n)
    for zoom in range(10, 19):
        found = await read(database, layers.incident_clusters(ANONYMOUS, CODE, Window(zoom, EVERYWHERE)))
        assert sum(feature["properties"]["n"] for feature in found["features"]) == 30 == found["total"]


async def test_clusters_split_as_the_map_comes_nearer(database, ids):
    for n in range(12):
        await report(database, 108.205 + 0.002 * n, 16.0)
    counts = [
        len((await read(database, layers.incident_clusters(ANONYMOUS, CODE, Window(zoom, EVERYWHERE))))["features"])
        for zoom in (10, 13, 15, 17)
    ]
    assert counts == sorted(counts)
    assert counts[0] == 1
    assert counts[-1] == 12


async def test_a_clusters_box_holds_its_members(database, ids):
    await report(database, 108.21, 16.0)
    await report(database, 108.211, 16.001)
    found = await read(database, layers.incident_clusters(ANONYMOUS, CODE, Window(10, EVERYWHERE)))
    assert found["features"][0]["bbox"] == [108.21, 16.0, 108.211, 16.001]
    assert found["features"][0]["geometry"]["coordinates"] == [108.2105, 16.0005]


async def test_a_cells_number_does_not_depend_on_where_the_window_ends(database, ids):
    for n in range(40):
        await report(database, 108.2005 + 0.0009 * n, 15.9805 + 0.0009 * n)
    zoom = 15
    shown: dict[str, int] = {}
    for west in (108.20, 108.2037, 108.2111, 108.2185):
        window = Window(zoom, Box(west, 15.985, west + 0.018, 16.015))
        found = await read(database, layers.incident_clusters(ANONYMOUS, CODE, window))
        for feature in found["features"]:
            if feature["properties"]["n"] > 1:
                key, n = feature["properties"]["id"], feature["properties"]["n"]
                assert shown.setdefault(key, n) == n


async def test_a_lone_incident_shows_itself_at_any_zoom(database, ids):
    incident_id = await report(database, 108.21, 16.0)
    for statement in (layers.incident_clusters, layers.incident_points):
        found = await read(database, statement(ANONYMOUS, CODE, Window(12, EVERYWHERE)))
        (feature,) = found["features"]
        assert feature["properties"]["id"] == str(incident_id)
        assert feature["properties"]["name"] == "Rác thải, môi trường"
        assert feature["properties"]["status"] == "RECEIVED"
        assert feature["properties"]["n"] == 1


async def test_the_public_sees_no_text_until_staff_publish_it(database, ids):
    await report(database, 108.21, 16.0)
    await report(database, 108.23, 15.99, published=True)
    statement = layers.incident_points(ANONYMOUS, CODE, Window(17, EVERYWHERE))
    public = await read(database, statement)
    assert sorted(feature["properties"]["description"] or "" for feature in public["features"]) == ["", "Rác trước ngõ"]
    inside = await read(database, layers.incident_points(STAFF, CODE, Window(17, EVERYWHERE)))
    assert {feature["properties"]["description"] for feature in inside["features"]} == {"Rác trước ngõ"}


@pytest.mark.parametrize("statement", [layers.incident_clusters, layers.incident_points])
async def test_security_incidents_are_never_public_not_even_as_a_number(database, ids, statement):
    await report(database, 108.21, 16.0, category="SECURITY", published=True)
    await report(database, 108.21, 16.0)
    public = await read(database, statement(ANONYMOUS, CODE, Window(12, EVERYWHERE)))
    inside = await read(database, statement(STAFF, CODE, Window(12, EVERYWHERE)))
    assert public["total"] == 1
    assert public["features"][0]["properties"]["category"] == "ENVIRONMENT"
    assert inside["total"] == 2


async def test_incidents_are_filtered_by_status_and_kind(database, ids):
    await report(database, 108.21, 16.0)
    await report(database, 108.22, 16.0, category="TRAFFIC")
    await report(database, 108.23, 16.0, status="REJECTED")
    window = Window(17, EVERYWHERE)
    opened = await read(database, layers.incident_points(ANONYMOUS, CODE, window, statuses=[Status.RECEIVED]))
    traffic = await read(database, layers.incident_clusters(ANONYMOUS, CODE, window, kinds=["TRAFFIC"]))
    assert opened["total"] == 2
    assert [feature["properties"]["category"] for feature in traffic["features"]] == ["TRAFFIC"]


async def test_an_incident_past_its_deadline_says_so(database, ids):
    await report(database, 108.21, 16.0, due_at=REPORTED + timedelta(hours=1))
    found = await read(database, layers.incident_points(ANONYMOUS, CODE, Window(17, EVERYWHERE)))
    assert found["features"][0]["properties"]["overdue"] is True


async def test_too_many_single_incidents_are_noticed(database, ids, monkeypatch):
    monkeypatch.setattr(layers, "SINGLES", 3)
    for n in range(5):
        await report(database, 108.21, 16.0 + 0.0001 * n)
    async with database.read() as connection:
        row = (await connection.execute(layers.incident_points(ANONYMOUS, CODE, Window(18, EVERYWHERE)))).one()
    assert row.total == 4
