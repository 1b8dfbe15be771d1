"""Boundaries over the API: drafts saved whole or not at all, and what is said of those that cannot be."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import shapely
from shapely.geometry import shape

from geo.areas import overlaps
from tests.asking import Desk
from tests.schema import drafts
from tests.schema.drafts import area, check, edit, id_of, moved, polygon, removal, save, standing
from tests.ward import CODE, FIRST, GROUND, OTHER, SECOND, TILES

TENTH, EAST = "Tổ dân phố số 10", "Tổ dân phố Đông Hòa"


async def holds(desk: Desk) -> None:
    """The boundaries in force share their edges, and are the ward's outline wherever they are drawn."""
    found = await desk.data(drafts.NOW, "staff", code=CODE)
    outline = shape(found["ward"]["boundary"])
    areas = [shape(node["boundary"]) for node in found["ward"]["neighbourhoods"]["nodes"]]
    assert overlaps(areas, 0) == []
    assert shapely.coverage_is_valid(areas)
    assert shapely.union_all(areas).difference(outline).is_empty


async def test_a_draft_moves_an_edge_in_both_neighbours_at_once(desk: Desk) -> None:
    answer = await save(desk, redraw=moved(desk), reason="Theo đường mới")
    assert answer["__typename"] == "SaveBoundariesPayload", answer
    saved = {one["name"]: one for one in answer["neighbourhoods"]}
    assert (saved[FIRST]["version"], saved[SECOND]["version"]) == (2, 2)
    assert shape(saved[FIRST]["boundary"]).bounds == (108.20, 15.98, 108.215, 16.00)
    # Their northern neighbours got the edge's new end as a vertex, and keep their version.
    assert saved[TENTH]["version"] == 1
    assert [108.215, 16.0] in saved[TENTH]["boundary"]["coordinates"][0][0]
    assert EAST not in saved
    now = await standing(desk)
    assert {name: node["version"] for name, node in now.items()} == {FIRST: 2, SECOND: 2, TENTH: 1, EAST: 1}
    await holds(desk)


async def test_a_new_neighbourhood_gets_its_team_and_ground_given_up_stays_nobodys(desk: Desk) -> None:
    given = await save(desk, remove=[removal(desk, EAST)], reason="Sắp xếp lại")
    assert (given["removed"], given["neighbourhoods"]) == ([id_of(desk, EAST)], [])
    assert EAST not in await standing(desk)
    west, south, east, north = TILES[EAST]
    drawn = [
        {"name": " Tổ dân phố số 11 ", "boundary": area((west, south, east, 16.01))},
        {"name": "Tổ dân phố số 12", "boundary": area((west, 16.01, east, north))},
    ]
    made = await save(desk, draw=drawn)
    names = {one["name"]: one["team"]["name"] for one in made["neighbourhoods"] if "số 1" in one["name"]}
    assert names["Tổ dân phố số 11"] == "Tổ công nghệ số cộng đồng Tổ dân phố số 11"
    assert set(names) >= {"Tổ dân phố số 11", "Tổ dân phố số 12"}
    await holds(desk)


async def test_what_overlaps_is_refused_with_its_ground_in_words(desk: Desk) -> None:
    wide = area((108.20, 15.98, 108.2202, 16.00))  # some 21 m into its neighbour
    answer = await save(desk, redraw=[edit(desk, FIRST, wide)])
    assert (answer["__typename"], answer["kind"]) == ("BoundaryProblem", "OVERLAP")
    assert answer["path"] == ["input", "redraw", "0", "boundary"]
    assert answer["code"] == "BOUNDARY_PROBLEM"
    common = shape(answer["geometry"])
    assert common.bounds == (108.22, 15.98, 108.2202, 16.00)
    assert answer["squareMetres"] == pytest.approx(47_400, rel=0.01)
    assert answer["neighbourhoodIds"] == [id_of(desk, FIRST), id_of(desk, SECOND)]
    assert answer["message"].startswith("Tổ dân phố số 1 chồng lên Tổ dân phố số 2 khoảng 47.")
    assert answer["message"].endswith(" m².")
    english = await save(desk, language="en", redraw=[edit(desk, FIRST, wide)])
    assert english["message"].startswith("Tổ dân phố số 1 overlaps Tổ dân phố số 2 by some 47,")
    assert (await check(desk, redraw=[edit(desk, FIRST, wide)]))["problems"] == answer["problems"]


async def test_what_reaches_beyond_the_ward_is_refused(desk: Desk) -> None:
    far = area((108.199, 15.98, 108.22, 16.00))
    answer = await save(desk, redraw=[edit(desk, FIRST, far)])
    assert (answer["kind"], answer["neighbourhoodIds"]) == ("OUTSIDE_WARD", [id_of(desk, FIRST)])
    assert "vượt ra ngoài ranh giới phường" in answer["message"]


async def test_a_sliver_is_closed_and_told(desk: Desk) -> None:
    await save(desk, remove=[removal(desk, EAST)])
    # Ten metres of edge, a metre and a half off: within the snap.
    close = polygon((108.220008, 16.000005), (108.24, 16.0), (108.24, 16.02), (108.22, 16.02))
    answer = await save(desk, draw=[{"name": "Tổ dân phố số 13", "boundary": close}])
    assert answer["__typename"] == "SaveBoundariesPayload", answer
    await holds(desk)


async def test_checking_says_what_saving_would_and_stores_nothing(desk: Desk) -> None:
    before = await desk.dump()
    checked = await check(desk, redraw=moved(desk))
    assert await desk.dump() == before
    assert checked["__typename"] == "CheckBoundariesPayload"
    told = {one["name"]: one for one in checked["areas"]}
    assert {name: one["noded"] for name, one in told.items()} == {FIRST: False, SECOND: False, TENTH: True}
    saved = {one["name"]: one for one in (await save(desk, redraw=moved(desk)))["neighbourhoods"]}
    assert {name: one["boundary"] for name, one in saved.items()} == {
        name: one["boundary"] for name, one in told.items()
    }
    for name, one in told.items():
        assert one["areaSquareMetres"] == pytest.approx(saved[name]["areaSquareMetres"], rel=1e-3)
        assert one["drawIndex"] is None


async def test_who_saw_another_version_is_told_of_all_that_changed(desk: Desk) -> None:
    assert (await save(desk, redraw=moved(desk)))["__typename"] == "SaveBoundariesPayload"
    again = await save(desk, redraw=moved(desk, 108.218), remove=[removal(desk, EAST)])
    assert (again["__typename"], again["code"]) == ("VersionConflict", "VERSION_CONFLICT")
    assert again["path"] == ["input", "redraw", "0", "expectedVersion"]
    assert again["conflicts"] == [
        {"neighbourhoodId": id_of(desk, FIRST), "currentVersion": 2},
        {"neighbourhoodId": id_of(desk, SECOND), "currentVersion": 2},
    ]
    assert (again["neighbourhoodId"], again["currentVersion"]) == (id_of(desk, FIRST), 2)
    assert "Tổ dân phố số 1" in again["message"]
    assert EAST in await standing(desk)


async def test_a_draft_sent_twice_doubles_nothing(desk: Desk) -> None:
    """The answer to the first was lost on its way."""
    draft: dict[str, Any] = {
        "remove": [removal(desk, EAST)],
        "draw": [{"name": "Tổ dân phố số 14", "boundary": area(TILES[EAST])}],
    }
    assert (await save(desk, **draft))["__typename"] == "SaveBoundariesPayload"
    before = await desk.dump()
    assert (await save(desk, **draft))["__typename"] == "VersionConflict"
    only_drawn = await save(desk, draw=draft["draw"])
    assert only_drawn["__typename"] == "InvalidInput"
    assert only_drawn["problems"] == [
        {"path": ["input", "draw", "0", "name"], "message": "Phường đã có tổ dân phố tên “Tổ dân phố số 14”."}
    ]
    assert await desk.dump() == before


async def test_of_two_at_once_on_the_same_ground_one_conflicts(desk: Desk) -> None:
    answers = await asyncio.gather(
        save(desk, redraw=moved(desk, 108.215)), save(desk, by="admin", redraw=moved(desk, 108.217))
    )
    assert sorted(one["__typename"] for one in answers) == ["SaveBoundariesPayload", "VersionConflict"]
    await holds(desk)


async def test_two_at_once_on_different_ground_both_succeed(desk: Desk) -> None:
    north = [
        edit(desk, TENTH, area((108.20, 16.00, 108.21, 16.02))),
        edit(desk, EAST, area((108.21, 16.00, 108.24, 16.02))),
    ]
    answers = await asyncio.gather(save(desk, redraw=moved(desk)), save(desk, by="admin", redraw=north))
    assert [one["__typename"] for one in answers] == ["SaveBoundariesPayload"] * 2, answers
    now = await standing(desk)
    assert {node["version"] for node in now.values()} == {2}
    await holds(desk)


async def test_what_the_input_itself_gets_wrong_is_told_all_at_once(desk: Desk) -> None:
    tile = area(TILES[EAST])
    answer = await save(
        desk,
        draw=[{"name": " ", "boundary": tile}, {"name": "Một", "boundary": tile}, {"name": "Một", "boundary": tile}],
        redraw=[edit(desk, EAST, tile)],
        remove=[removal(desk, EAST)],
        reason="x" * 501,
    )
    assert [problem["path"][1:] for problem in answer["problems"]] == [
        ["draw", "0", "name"],
        ["reason"],
        ["draw", "2", "name"],
        ["remove", "0", "neighbourhoodId"],
    ]
    assert (await save(desk))["__typename"] == "InvalidInput"


async def test_other_wards_and_strangers_are_not_found(desk: Desk) -> None:
    theirs = f"Neighbourhood:{OTHER}:{desk.ward.neighbourhoods[FIRST]}"
    tile = area(TILES[FIRST])
    for id_ in (theirs, "Neighbourhood:20314:nonsense", id_of(desk, FIRST)[:-1] + "0"):
        answer = await save(desk, redraw=[{"neighbourhoodId": id_, "boundary": tile, "expectedVersion": 1}])
        if answer["__typename"] == "SaveBoundariesPayload":
            raise AssertionError(id_)
        assert (answer["__typename"], answer["path"]) == ("NotFound", ["input", "redraw", "0", "neighbourhoodId"])
    nowhere = await desk.data(drafts.SAVE, "admin", input={"wardCode": "99999", "remove": []})
    assert nowhere["saveBoundaries"]["__typename"] == "NotFound"
    elsewhere = await save(desk, by="staff-other", redraw=moved(desk))
    assert elsewhere["__typename"] == "NotAllowed"


@pytest.mark.parametrize("caller", [None, "team-1", "crew-clean"])
async def test_only_staff_may_ask_while_drawing(desk: Desk, caller: str | None) -> None:
    assert (await check(desk, by=caller, redraw=moved(desk)))["__typename"] == "NotAllowed"
    shape_ = area(TILES[FIRST])
    line = {"type": "LineString", "coordinates": [[108.21, 15.9], [108.21, 16.1]]}
    split = "query($a: GeoJSONMultiPolygon!, $l: GeoJSONLineString!) { splitShape(boundary: $a, line: $l) }"
    merge = "query($a: [GeoJSONMultiPolygon!]!) { mergeShapes(boundaries: $a) }"
    for refused in (await desk.ask(split, caller, a=shape_, l=line), await desk.ask(merge, caller, a=[shape_])):
        assert refused["errors"][0]["extensions"]["code"] == "NOT_ALLOWED"


async def test_shapes_in_hand_are_split_and_merged(desk: Desk) -> None:
    line = {"type": "LineString", "coordinates": [[108.205, 15.9], [108.205, 16.1]]}
    split = "query($a: GeoJSONMultiPolygon!, $l: GeoJSONLineString!) { splitShape(boundary: $a, line: $l) }"
    parts = (await desk.data(split, "staff", a=area(TILES[FIRST]), l=line))["splitShape"]
    assert [shape(part).bounds for part in parts] == [(108.205, 15.98, 108.22, 16.0), (108.20, 15.98, 108.205, 16.0)]
    merge = "query($a: [GeoJSONMultiPolygon!]!) { mergeShapes(boundaries: $a) }"
    merged = (await desk.data(merge, "staff", a=parts))["mergeShapes"]
    assert shapely.equals(shape(merged), shape(area(TILES[FIRST])))
    bow = polygon((108.20, 15.98), (108.22, 16.00), (108.22, 15.98), (108.20, 16.00))
    crossed = await desk.ask(merge, "staff", a=[bow])
    assert crossed["errors"][0]["extensions"] == {"code": "SELF_INTERSECTION", "path": ["boundaries"]}
    assert (await desk.ask(merge, "staff", a=[]))["errors"][0]["extensions"]["code"] == "BAD_INPUT"


async def test_a_ward_without_neighbourhoods_is_drawn_from_nothing(desk: Desk) -> None:
    west, south, _, north = GROUND[OTHER]
    only = f"Neighbourhood:{OTHER}:" + str(
        (await desk.data('{ ward(code: "20320") { neighbourhoods { nodes { id } } } }'))["ward"]["neighbourhoods"][
            "nodes"
        ][0]["id"].split(":")[2]
    )
    draft: dict[str, Any] = {
        "wardCode": OTHER,
        "remove": [{"neighbourhoodId": only, "expectedVersion": 1}],
        "draw": [{"name": "Thôn Một", "boundary": area((west, south, 108.26, north))}],
    }
    answer = (await desk.data(drafts.SAVE, "staff-other", input=draft))["saveBoundaries"]
    assert [one["name"] for one in answer["neighbourhoods"]] == ["Thôn Một"]
