"""Drawing boundaries in a browser: sloppily yet exactly, shared vertices, split, merge, holes, undo, the network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import shapely
from playwright.async_api import Page, expect
from shapely.geometry import shape

from tests.browser.axe import violations
from tests.browser.boundary_editor import (
    Drawn,
    areas,
    at,
    checked,
    choose,
    click,
    drag,
    drawn_on,
    model,
    opened,
    row,
    tool,
)
from tests.browser.conftest import PHONE, Opening
from tests.ward import FIRST, SECOND

TENTH, EAST = "Tổ dân phố số 10", "Tổ dân phố Đông Hòa"
MIDDLE = (108.22, 16.0)
"""The corner that all four neighbourhoods share."""
OFF = ((6, -5), (-7, 4), (5, 6), (-5, -7), (8, 2))
"""Pixels that a hand misses by."""


@pytest.fixture
async def drawn(database_url: str, tmp_path: Path) -> AsyncIterator[Drawn]:
    async with drawn_on(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def address(drawn: Drawn) -> str:
    """Where `opening` finds the application."""
    return drawn.address


async def shapes(page: Page) -> dict[str, Any]:
    return {
        name: shape({"type": "MultiPolygon", "coordinates": area["boundary"]})
        for name, area in (await areas(page)).items()
        if area["boundary"]
    }


async def covers(page: Page) -> None:
    """The areas are a coverage whose union is the ward's outline, exactly."""
    found = list((await shapes(page)).values())
    outline = shape({"type": "MultiPolygon", "coordinates": await model(page, "model.outline")})
    assert shapely.coverage_is_valid(found)
    assert shapely.coverage_union_all(found).equals(outline)


async def gives_up(page: Page, name: str) -> None:
    await choose(page, name)
    await page.get_by_role("button", name="Bỏ", exact=True).click()
    await checked(page)


async def names(page: Page, name: str) -> None:
    await page.locator("#naming-0").fill(name)
    await page.keyboard.press("Enter")


async def test_the_list_says_what_the_map_shows(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    rows = page.locator(".area-list .area")
    await expect(rows).to_have_count(4)
    await expect(row(page, SECOND)).to_contain_text("473,79 ha")
    await expect(page.locator("#undrawn")).to_have_text("Đã vẽ kín phường")
    await expect(page.locator("#draft-state")).to_have_text("Chưa sửa gì")
    await click(page, 108.21, 15.99)
    await expect(row(page, FIRST)).to_have_attribute("aria-pressed", "true")
    areas_told = {name: area["areaSquareMetres"] for name, area in (await areas(page)).items()}
    held = await model(page, "model.areas().map(({ id, name }) => [name, model.base(id).areaSquareMetres])")
    for name, square_metres in held:
        assert areas_told[name] == pytest.approx(square_metres, rel=1e-6)


async def test_a_long_list_is_searched_without_diacritics(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    search, rows = page.get_by_role("searchbox", name="Tìm tổ dân phố"), page.locator(".area:visible")
    await expect(search).to_be_hidden()
    ring = [[108.201, 15.981], [108.202, 15.981], [108.202, 15.982]]
    more = [{"name": f"Khu {number}", "boundary": [[ring]]} for number in range(7)]
    await model(page, "model.apply('Vẽ', { draw: given })", more)
    await expect(rows).to_have_count(11)
    await search.fill(" dong hoa")
    await expect(rows).to_have_count(1)
    await expect(page.locator("#area-found")).to_have_text("Tìm thấy 1 trên 11 tổ")
    await search.press("Enter")
    await expect(row(page, EAST)).to_have_attribute("aria-pressed", "true")
    await search.fill("khu pho")
    await expect(page.locator("#area-found")).to_contain_text("Không có tổ nào tên như vậy")
    await expect(rows).to_have_count(1)  # what is chosen stays to be seen
    assert await violations(page) == []
    await search.press("Escape")
    await expect(rows).to_have_count(11)
    await expect(row(page, EAST)).to_have_attribute("aria-pressed", "true")


async def test_a_phone_shows_the_list_the_history_and_two_moments(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn, PHONE, has_touch=True)).page
    await expect(page.get_by_text("Vẽ ranh giới cần màn hình rộng hơn")).to_be_visible()
    await expect(page.locator("#rail")).to_be_hidden()
    await row(page, EAST).tap()
    await expect(row(page, EAST)).to_have_attribute("aria-pressed", "true")
    map_box = await page.locator(".folium-map").bounding_box()
    row_box = await row(page, EAST).bounding_box()
    assert map_box is not None
    assert row_box is not None
    assert 0 <= map_box["y"] < map_box["y"] + map_box["height"] <= row_box["y"] + 1  # both are to be seen
    history = page.get_by_role("button", name="Lịch sử và so sánh")
    await history.tap()
    await page.get_by_label("Từ lúc").fill("2026-11-01T00:00")
    await page.get_by_role("button", name="So sánh", exact=True).tap()
    await expect(page.locator("#comparing-title")).to_contain_text("so với hiện nay", timeout=15_000)
    sheet, map_box = await page.locator("#history-panel").bounding_box(), await page.locator(".drawing").bounding_box()
    assert sheet is not None
    assert map_box is not None
    assert (sheet["x"], sheet["width"]) == (0, PHONE["width"])
    assert sheet["y"] >= map_box["y"] + map_box["height"] - 1  # the map is seen above it
    assert await violations(page) == []
    await page.get_by_role("button", name="Đóng lịch sử").tap()
    await expect(history).to_be_focused()


async def test_a_shape_drawn_sloppily_has_its_neighbours_vertices(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await gives_up(page, FIRST)
    await expect(page.locator("#undrawn")).to_contain_text("473,79 ha")
    await tool(page, "draw")
    corners = ((108.20, 15.98), (108.22, 15.98), (108.22, 16.0), (108.20, 16.0))
    for corner, off in zip(corners, OFF, strict=False):
        await click(page, *corner, off)
    await click(page, *corners[0], OFF[4])
    await names(page, "Tổ dân phố số 3")
    await checked(page)
    await covers(page)
    assert set(await areas(page)) == {"Tổ dân phố số 3", SECOND, TENTH, EAST}
    await expect(page.locator("#draft-state")).to_contain_text("Bản nháp: 2 thay đổi chưa lưu")
    await page.locator("#save").click()
    await page.locator("#saving-submit").click()
    await expect(page.locator("#draft-state")).to_have_text("Chưa sửa gì", timeout=20_000)
    await page.reload()
    await expect(page.locator('html[data-editor="ready"]')).to_be_attached(timeout=15_000)
    assert {area["state"] for area in (await areas(page)).values()} == {"kept"}
    await covers(page)


async def test_fingers_draw_and_move_as_exactly_as_a_mouse(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn, {"width": 1024, "height": 768}, has_touch=True)).page
    await gives_up(page, FIRST)
    await tool(page, "draw")
    corners = ((108.20, 15.98), (108.22, 15.98), (108.22, 16.0), (108.20, 16.0), (108.20, 15.98))
    for corner, off in zip(corners, OFF, strict=True):
        x, y = await at(page, *corner)
        await page.touchscreen.tap(x + off[0], y + off[1])
    await names(page, FIRST)
    await checked(
        page, "clean"
    )  # every corner was met: it is the neighbourhood that it was, and nothing is to be saved
    await covers(page)
    await tool(page, "vertices")
    asking = await page.context.new_cdp_session(page)
    start, end = await at(page, *MIDDLE), await at(page, 108.223, 16.003)
    for kind, places in (("touchStart", [start]), ("touchMove", [end]), ("touchMove", [end]), ("touchEnd", [])):
        points = [{"x": x, "y": y} for x, y in places]
        await asking.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    await expect(page.locator("#told")).to_have_text("Đã dời đỉnh ở 4 tổ.")
    await checked(page)
    await covers(page)
    await page.get_by_role("button", name="Xóa đỉnh").click()
    await expect(page.locator("#told")).to_have_text("Đã xóa đỉnh ở 4 tổ.")


async def test_a_shape_drawn_along_a_curved_border_follows_it(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    bend = [[108.22 + 0.002 * (1 - ((step - 10) / 10) ** 2), 15.98 + 0.001 * step] for step in range(1, 20)]
    ring = [[108.24, 15.98], [108.24, 16.0], [*MIDDLE], *reversed(bend), [108.22, 15.98], [108.24, 15.98]]
    await gives_up(page, FIRST)
    change = {"redraw": [{"key": drawn.id_of(SECOND), "boundary": [[ring]]}]}
    await model(page, "model.apply('', given)", change)
    await checked(page)
    await tool(page, "draw")
    corners = ((108.20, 15.98), (108.22, 15.98), (108.22, 16.0), (108.20, 16.0), (108.20, 15.98))
    for corner, off in zip(corners, OFF, strict=True):
        await click(page, *corner, off)
    await names(page, FIRST)
    await checked(page)
    await covers(page)
    shared = (await shapes(page))[FIRST].intersection((await shapes(page))[SECOND])
    assert shapely.get_num_coordinates(shared) >= len(bend)


async def test_a_corner_shared_by_four_moves_in_all_and_undo_brings_it_back(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    before = await areas(page)
    await choose(page, FIRST)
    await tool(page, "vertices")
    await drag(page, (108.22, 16.0), (108.223, 16.003))
    await checked(page)
    after = await areas(page)
    spot = next(one for one in after[FIRST]["boundary"][0][0] if one[0] > 108.221)
    assert all(spot in area["boundary"][0][0] and [*MIDDLE] not in area["boundary"][0][0] for area in after.values())
    await covers(page)
    await page.keyboard.press("Control+z")
    await checked(page, "clean")
    assert await areas(page) == before
    await page.keyboard.press("Control+Shift+z")
    await checked(page)
    assert (await shapes(page))[FIRST].equals(shape({"type": "MultiPolygon", "coordinates": after[FIRST]["boundary"]}))
    await expect(page.locator("#told")).to_contain_text("Đã làm lại")


async def test_a_vertex_of_the_ward_stays_where_it_is_and_says_why(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await choose(page, FIRST)
    await tool(page, "vertices")
    await drag(page, (108.20, 15.98), (108.203, 15.983))
    await expect(page.locator("#guide")).to_contain_text("thuộc đường bao của phường")
    assert not await model(page, "model.isDirty")


async def test_a_vertex_is_put_into_and_taken_out_of_an_edge_of_both(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await choose(page, FIRST)
    await tool(page, "vertices")
    await drag(page, (108.22, 15.99), (108.2215, 15.991))
    await checked(page)
    both = await areas(page)
    added = [one for one in both[FIRST]["boundary"][0][0] if one[0] > 108.2201]
    assert len(added) == 1
    assert added[0] in both[SECOND]["boundary"][0][0]
    assert both[TENTH]["state"] == both[EAST]["state"] == "kept"
    await covers(page)
    await click(page, *added[0])
    await page.keyboard.press("Delete")
    await checked(page, "clean")
    assert added[0] not in (await areas(page))[SECOND]["boundary"][0][0]


async def test_a_vertex_dragged_to_another_is_that_vertex(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await choose(page, FIRST)
    await tool(page, "vertices")
    await drag(page, (108.22, 15.99), (108.2215, 15.997))
    await checked(page)
    spot = next(one for one in (await areas(page))[FIRST]["boundary"][0][0] if one[0] > 108.2201)
    await drag(page, (spot[0], spot[1]), (108.22, 16.0), OFF[0])
    await checked(page, "clean")
    await covers(page)


async def test_a_neighbourhood_is_split_by_a_line_and_its_parts_are_named(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await choose(page, FIRST)
    await tool(page, "split")
    await expect(page.locator("#guide")).to_contain_text(f"Chạm vào đường bao của {FIRST} để bắt đầu cắt")
    await click(page, 108.20, 15.992, OFF[0])
    await click(page, 108.213, 15.991)
    await click(page, 108.22, 15.994, OFF[1])
    await page.keyboard.press("Enter")
    await expect(page.locator("#naming-title")).to_have_text("Tên các phần")
    await expect(page.locator("#naming-0")).to_have_value(FIRST)
    await page.locator("#naming-1").fill(SECOND)
    await page.keyboard.press("Enter")
    await expect(page.locator("#naming-problem")).to_have_text(f"Phường đã có {SECOND}. Hãy đặt tên khác.")
    await page.locator("#naming-1").fill("Tổ dân phố số 11")
    await page.keyboard.press("Enter")
    await checked(page)
    await covers(page)
    made = await areas(page)
    assert made["Tổ dân phố số 11"]["state"] == "drawn"
    assert made[FIRST]["areaSquareMetres"] > made["Tổ dân phố số 11"]["areaSquareMetres"]
    await page.locator("#undo").click()
    await checked(page, "clean")
    assert set(await areas(page)) == {FIRST, SECOND, TENTH, EAST}


async def test_a_cuts_end_slides_along_the_wards_outline_and_not_off_it(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await choose(page, FIRST)
    await tool(page, "split")
    for corner in ((108.20, 15.992), (108.22, 15.994)):
        await click(page, *corner)
    await page.keyboard.press("Enter")
    await page.locator("#naming-confirm").click()
    await checked(page)
    await choose(page, FIRST)
    await tool(page, "vertices")
    end = next(one for one in (await areas(page))[FIRST]["boundary"][0][0] if 15.991 < one[1] < 15.993)
    await drag(page, (end[0], end[1]), (108.203, 15.989))
    await checked(page)
    await covers(page)
    moved = (await areas(page))[FIRST]["boundary"][0][0]
    assert any(one[0] == 108.2 and one[1] == pytest.approx(15.989, abs=2e-4) for one in moved)


async def test_a_line_that_cuts_nothing_off_is_told(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await choose(page, FIRST)
    await tool(page, "split")
    await click(page, 108.205, 15.992)
    await click(page, 108.213, 15.991)
    await page.keyboard.press("Enter")
    await expect(page.locator("#guide")).to_contain_text("không cắt rời phần nào")
    assert not await model(page, "model.isDirty")


async def test_two_clicks_merge_two_neighbourhoods(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await tool(page, "merge")
    await click(page, 108.21, 15.985)
    await expect(page.locator("#guide")).to_contain_text(f"Chạm vào tổ dân phố gộp với {FIRST}")
    await click(page, 108.23, 15.985)
    await page.get_by_label(SECOND, exact=True).check()
    await page.locator("#naming-confirm").click()
    await checked(page)
    await covers(page)
    left = await areas(page)
    assert set(left) == {SECOND, TENTH, EAST}
    assert left[SECOND]["id"] == drawn.id_of(SECOND)


async def test_a_hole_in_a_neighbourhood_is_another_one(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await choose(page, FIRST)
    await tool(page, "hole")
    hole = ((108.205, 15.985), (108.213, 15.985), (108.213, 15.993))
    for corner in hole:
        await click(page, *corner)
    await choose(page, SECOND)  # which is looked at meanwhile, and not cut
    await click(page, *hole[0])
    await names(page, "Khu tập thể")
    await checked(page)
    area = (await areas(page))[FIRST]
    assert area["id"] == drawn.id_of(FIRST)
    assert [len(ring) for ring in area["boundary"][0]] == [5, 4]
    assert (await areas(page))["Khu tập thể"]["state"] == "drawn"
    await covers(page)


async def test_what_overlaps_is_told_with_its_size_and_leads_to_its_place(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await tool(page, "draw")
    corners = ((108.212, 15.987), (108.229, 15.987), (108.229, 15.993))
    for corner in (*corners, corners[0]):
        await click(page, *corner)
    await names(page, "Tổ dân phố số 12")
    await checked(page, "wrong")
    fault = page.locator(".fault").first
    await expect(fault).to_contain_text("m²")
    await expect(page.locator(".fault-shape").first).to_be_attached()
    await fault.focus()
    await page.keyboard.press("Enter")
    assert await model(page, "model.selected.length")
    assert await violations(page) == []
    await page.keyboard.press("Control+z")
    await checked(page, "clean")
    await expect(page.locator(".fault")).to_have_count(0)


async def test_without_a_network_drawing_goes_on_and_is_checked_later(opening: Opening, drawn: Drawn) -> None:
    watched = await opened(opening, drawn, expected="ERR_INTERNET_DISCONNECTED|Failed to fetch|fetching the script")
    page = watched.page
    await choose(page, FIRST)
    await page.context.set_offline(True)
    await tool(page, "vertices")
    await drag(page, (108.22, 16.0), (108.223, 16.003))
    await checked(page, "unknown")
    await expect(page.locator("#guide")).to_contain_text("Vẫn vẽ tiếp được")
    await page.context.set_offline(False)
    await checked(page)
    await expect(page.locator("#guide")).to_contain_text("Kéo ô vuông để dời đỉnh")
    await covers(page)


async def test_a_name_changes_and_comes_back(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await choose(page, FIRST)
    await page.get_by_role("button", name="Đổi tên").click()
    await names(page, "Tổ dân phố An Hòa")
    await expect(row(page, "Tổ dân phố An Hòa")).to_contain_text("Đổi tên")
    assert (await model(page, "model.draft()"))["input"]["rename"] == [
        {"neighbourhoodId": drawn.id_of(FIRST), "name": "Tổ dân phố An Hòa", "expectedVersion": 1}
    ]
    await page.locator("#undo").click()
    await expect(row(page, FIRST)).to_be_attached()


async def test_what_is_given_up_and_drawn_again_is_the_same_neighbourhood(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await gives_up(page, FIRST)
    given_up = page.locator("#given-up li")
    await expect(given_up).to_contain_text(FIRST)
    ground = [[[[108.2, 15.98], [108.219, 15.98], [108.219, 16.0], [108.2, 16.0], [108.2, 15.98]]]]
    draw = "model.apply('Vẽ', { draw: [{ name: given.name, boundary: given.ground }] })"
    assert await model(page, draw, {"name": f" {FIRST.upper()} ", "ground": ground}) == [drawn.id_of(FIRST)]
    await expect(given_up).to_have_count(0)
    sent = (await model(page, "model.draft()"))["input"]
    assert (sent["draw"], sent["remove"]) == ([], [])
    assert [one["neighbourhoodId"] for one in sent["redraw"]] == [drawn.id_of(FIRST)]
    await page.locator("#undo").click()
    await given_up.get_by_role("button", name="Lấy lại").click()
    await expect(page.locator("#draft-state")).to_contain_text("Chưa sửa gì")
    await gives_up(page, FIRST)
    await model(page, draw, {"name": "Tổ dân phố mới", "ground": ground})
    await page.get_by_role("button", name="Lưu…").click()
    await expect(page.locator(".change-warning")).to_contain_text(f"nằm trên đất của {FIRST} đã bỏ")


async def test_escape_leaves_what_is_drawn_and_letters_take_tools(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await page.keyboard.press("n")
    await expect(page.locator('[data-tool="draw"]')).to_have_attribute("aria-pressed", "true")
    await click(page, 108.21, 15.99)
    await page.keyboard.press("Escape")
    await expect(page.locator('[data-tool="choose"]')).to_have_attribute("aria-pressed", "true")
    assert not await model(page, "model.isDirty")
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await page.get_by_label("Dùng phím một chữ cái").uncheck()
    await page.keyboard.press("Escape")
    await page.keyboard.press("n")
    await expect(page.locator('[data-tool="draw"]')).to_have_attribute("aria-pressed", "false")


async def test_a_draft_that_was_kept_is_the_same_with_its_steps(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await choose(page, FIRST)
    await tool(page, "vertices")
    await drag(page, (108.22, 16.0), (108.223, 16.003))
    await checked(page)
    kept = await model(page, "JSON.parse(JSON.stringify(model.serialise()))")
    before = await model(page, "model.draft()")
    await page.keyboard.press("Control+z")
    assert not await model(page, "model.isDirty")
    assert await model(page, "model.restore(given)", kept)
    assert await model(page, "model.draft()") == before
    assert await model(page, "model.canUndo")
