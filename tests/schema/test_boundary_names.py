"""Names belong to the draft: saved with the shapes or not at all, with versions, and kept in the history."""

from __future__ import annotations

from typing import Any

from tests.asking import Desk
from tests.schema.drafts import area, check, edit, id_of, moved, polygon, removal, save, standing
from tests.ward import CODE, FIRST, SECOND, TILES

EAST = "Tổ dân phố Đông Hòa"
RENAME = """
mutation($input: RenameNeighbourhoodInput!) { renameNeighbourhood(input: $input) {
  __typename
  ... on UserError { path }
  ... on VersionConflict { conflicts { neighbourhoodId currentVersion } }
  ... on RenameNeighbourhoodPayload { neighbourhood { name version } }
} }
"""
CHANGES = """
query($code: String!) { ward(code: $code) { boundaryChanges(first: 10) {
  nodes { author reason drawn redrawn removed renamed neighbourhoods { name } }
} } }
"""


def named(desk: Desk, of: str, name: str, version: int = 1) -> dict[str, Any]:
    return {"neighbourhoodId": id_of(desk, of), "name": name, "expectedVersion": version}


async def changes(desk: Desk) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = (await desk.data(CHANGES, "staff", code=CODE))["ward"]["boundaryChanges"]["nodes"]
    return nodes


async def test_names_are_saved_with_the_shapes_and_kept_in_the_history(desk: Desk) -> None:
    answer = await save(desk, redraw=moved(desk), rename=[named(desk, FIRST, "Khu phố 1")], reason="Theo nghị quyết")
    assert answer["__typename"] == "SaveBoundariesPayload", answer
    now = await standing(desk)
    # One saving is one version more, of both what it draws and what it names.
    assert (now["Khu phố 1"]["id"], now["Khu phố 1"]["version"], now[SECOND]["version"]) == (id_of(desk, FIRST), 2, 2)
    (latest,) = await changes(desk)
    assert (latest["reason"], latest["author"]) == ("Theo nghị quyết", "Người dùng staff")
    assert latest["renamed"] == [id_of(desk, FIRST)]
    assert sorted(latest["redrawn"]) == sorted([id_of(desk, FIRST), id_of(desk, SECOND)])


async def test_a_name_alone_is_a_draft_too(desk: Desk) -> None:
    assert (await check(desk, rename=[named(desk, FIRST, "Khu phố 1")]))["__typename"] == "CheckBoundariesPayload"
    answer = await save(desk, rename=[named(desk, FIRST, "  Khu phố 1 ")], reason="Đổi tên")
    assert [(one["name"], one["version"]) for one in answer["neighbourhoods"]] == [("Khu phố 1", 2)]
    (latest,) = await changes(desk)
    assert (latest["redrawn"], latest["renamed"]) == ([], [id_of(desk, FIRST)])
    assert [one["name"] for one in latest["neighbourhoods"]] == ["Khu phố 1"]
    # What it is called already changes nothing.
    await save(desk, rename=[named(desk, FIRST, "Khu phố 1", 2)])
    assert len(await changes(desk)) == 1


async def test_two_change_names_at_once(desk: Desk) -> None:
    answer = await save(desk, rename=[named(desk, FIRST, SECOND), named(desk, SECOND, FIRST)])
    assert {one["id"]: one["name"] for one in answer["neighbourhoods"]} == {
        id_of(desk, FIRST): SECOND,
        id_of(desk, SECOND): FIRST,
    }


async def test_a_name_that_cannot_be_had_keeps_the_shapes_from_being_saved(desk: Desk) -> None:
    before = await standing(desk)
    for rename, path in (
        ([named(desk, FIRST, EAST)], ["input", "rename", "0", "name"]),
        ([named(desk, FIRST, " ")], ["input", "rename", "0", "name"]),
        ([named(desk, FIRST, "Một"), named(desk, SECOND, "Một")], ["input", "rename", "1", "name"]),
        ([named(desk, FIRST, "Một"), named(desk, FIRST, "Hai")], ["input", "rename", "1", "neighbourhoodId"]),
    ):
        refused = await save(desk, redraw=moved(desk), rename=rename)
        assert [problem["path"] for problem in refused["problems"]] == [path]
    gone = await save(desk, remove=[removal(desk, EAST)], rename=[named(desk, EAST, "Một")])
    assert [problem["path"] for problem in gone["problems"]] == [["input", "rename", "0", "neighbourhoodId"]]
    assert await standing(desk) == before


async def test_who_names_what_another_has_named_meanwhile_is_told(desk: Desk) -> None:
    await save(desk, by="admin", rename=[named(desk, FIRST, "1 Bắc")])
    late = await save(desk, redraw=[edit(desk, FIRST, area(TILES[FIRST]), 2)], rename=[named(desk, FIRST, "1 Nam")])
    assert (late["__typename"], late["path"]) == ("VersionConflict", ["input", "rename", "0", "expectedVersion"])
    assert late["conflicts"] == [{"neighbourhoodId": id_of(desk, FIRST), "currentVersion": 2}]
    given = {"neighbourhoodId": id_of(desk, FIRST), "name": "1 Nam", "expectedVersion": 1}
    told = (await desk.data(RENAME, "staff", input=given))["renameNeighbourhood"]
    assert (told["__typename"], told["path"]) == ("VersionConflict", ["input", "expectedVersion"])
    assert (await standing(desk))["1 Bắc"]["version"] == 2
    anyway = {"neighbourhoodId": id_of(desk, FIRST), "name": "1 Nam"}
    assert (await desk.data(RENAME, "staff", input=anyway))["renameNeighbourhood"]["neighbourhood"] == {
        "name": "1 Nam",
        "version": 3,
    }


async def test_one_that_comes_back_has_its_name_again_where_that_is_free(desk: Desk) -> None:
    east, key = area(TILES[EAST]), id_of(desk, EAST)
    made = await save(desk, remove=[removal(desk, EAST)], draw=[{"name": EAST, "boundary": east}])
    (new,) = [one["id"] for one in made["neighbourhoods"] if one["name"] == EAST]
    back = {"neighbourhoodId": key, "boundary": east, "expectedVersion": 3}
    # Giving it up was a version, and so was being called by the day of it.
    current = await desk.data("query($id: ID!) { node(id: $id) { ... on Neighbourhood { version name } } }", id=key)
    back["expectedVersion"] = current["node"]["version"]
    assert current["node"]["name"].startswith(f"{EAST} (đã bỏ ")
    removed = {"neighbourhoodId": new, "expectedVersion": 1}
    (again,) = (await save(desk, redraw=[back], remove=[removed]))["neighbourhoods"]
    assert (again["id"], again["name"]) == (key, EAST)

    west, south, far, north = TILES[EAST]
    middle = (west + far) / 2
    halves = [polygon((a, south), (b, south), (b, north), (a, north)) for a, b in ((west, middle), (middle, far))]
    await save(desk, remove=[{"neighbourhoodId": key, "expectedVersion": again["version"]}])
    version = again["version"] + 1
    await save(desk, draw=[{"name": EAST, "boundary": halves[0]}])
    stays = {"neighbourhoodId": key, "boundary": halves[1], "expectedVersion": version}
    (beside,) = [one for one in (await save(desk, redraw=[stays]))["neighbourhoods"] if one["id"] == key]
    assert beside["name"].startswith(f"{EAST} (đã bỏ ")


async def test_a_team_of_nobody_and_of_no_ground_is_not_the_wards_any_more(desk: Desk) -> None:
    query = "query($code: String!) { ward(code: $code) { teams(first: 50) { totalCount nodes { name } } } }"
    drawn = {"name": "Tổ mới", "boundary": area(TILES[EAST])}
    made = await save(desk, remove=[removal(desk, EAST)], draw=[drawn])
    (new,) = [one["id"] for one in made["neighbourhoods"] if one["name"] == "Tổ mới"]
    before = (await desk.data(query, code=CODE))["ward"]["teams"]
    assert "Tổ công nghệ số cộng đồng Tổ mới" in [one["name"] for one in before["nodes"]]
    await save(desk, remove=[{"neighbourhoodId": new, "expectedVersion": 1}])
    after = (await desk.data(query, code=CODE))["ward"]["teams"]
    assert "Tổ công nghệ số cộng đồng Tổ mới" not in [one["name"] for one in after["nodes"]]
    assert after["totalCount"] == before["totalCount"] - 1 == len(after["nodes"])
    # One with members is still to be formed anew: it is there, and so are those who are in it.
    await save(desk, remove=[removal(desk, FIRST)])
    assert (await desk.data(query, code=CODE))["ward"]["teams"] == after
