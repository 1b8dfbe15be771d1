"""Teams and crews at the desk in real Chromium: narrowing lists, a crew's ground chosen, drawn, written; its base."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from geo import tables
from geo.database import Database
from tests import ward
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE, Opening
from tests.browser.test_every_page import BESIDE, SMALL
from tests.browser.test_settings_pages import Laid, at_desk
from tests.ward import CLEAN, CODE, FIRST, SECOND, TILES


@pytest.fixture
async def laid(database: Database) -> Laid:
    async with database.write() as connection:
        made = Laid(**vars(await ward.build(connection)))
        made.token = await ward.token(connection, made, "staff")
    return made


def crew_at(laid: Laid) -> str:
    return f"/staff/crews/Crew:{CODE}:{laid.crews[CLEAN]}"


async def crew_page(opening: Opening, laid: Laid, viewport: Any = DESKTOP, **options: Any) -> Page:
    page = await at_desk(opening, laid, crew_at(laid), viewport, **options)
    await expect(page.locator("html[data-ground=ready]")).to_be_attached(timeout=15_000)
    await page.locator(".ground-frame").scroll_into_view_if_needed()
    return page


async def pixel(page: Page, longitude: float, latitude: float) -> tuple[float, float]:
    """Where a position of the ground is on the screen."""
    at = await page.evaluate(
        """([x, y]) => { const map = window.crew_ground_map, point = map.latLngToContainerPoint([y, x]);
        const box = map.getContainer().getBoundingClientRect(); return [box.x + point.x, box.y + point.y]; }""",
        [longitude, latitude],
    )
    return at[0], at[1]


async def stored(database: Database, what: Any) -> Any:
    async with database.read() as connection:
        return await connection.scalar(sa.select(what).where(tables.crew.c.name == CLEAN))


async def save(page: Page) -> None:
    await page.get_by_role("button", name="Lưu đội").click()
    await expect(page.locator(".told[data-tone=done]")).to_contain_text("Đã lưu đội.")


async def test_the_list_of_teams_narrows_as_one_types(opening: Opening, laid: Laid) -> None:
    page = await at_desk(opening, laid, "/staff/teams")
    rows = page.locator("tr[data-narrowed]:visible")
    await expect(rows).to_have_count(4)
    await page.get_by_label("Tìm tổ").fill("cong khai")
    await expect(rows).to_have_count(1)
    await expect(page.locator("#teams-found")).to_have_text("Đang hiện 1 trong 4.")
    await page.get_by_label("Tìm tổ").fill("không có đâu")
    await expect(page.locator("#teams-none")).to_be_visible()
    await page.get_by_label("Tìm tổ").fill("")
    await expect(rows).to_have_count(4)


async def test_no_button_in_a_table_is_broken_into_letters(opening: Opening, laid: Laid, database: Database) -> None:
    values = {"organisation": "Hội Liên hiệp Phụ nữ, Mặt trận Tổ quốc Việt Nam phường", "phone": "0905000222"}
    async with database.write() as connection:
        await connection.execute(sa.update(tables.team_member).values(values))
    page = await at_desk(opening, laid, f"/staff/teams/{laid.teams[FIRST]}")
    for width in (1366, 1280, 920, 768, 360):
        await page.set_viewport_size({"width": width, "height": 740})
        buttons = page.locator(".keeping .button:visible")
        heights = await buttons.evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
        assert heights, width
        assert max(heights) < 60, (width, heights)
        sideways = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert sideways <= 0, width


async def test_neighbourhoods_are_chosen_by_box_and_by_map(opening: Opening, laid: Laid, database: Database) -> None:
    page = await crew_page(opening, laid)
    await page.get_by_label("Theo tổ dân phố").check()
    await page.get_by_label("Tìm tổ dân phố").fill("so 2")
    await expect(page.locator("#grounds label:visible")).to_have_count(1)
    await page.get_by_label(SECOND, exact=True).check()
    await page.get_by_label("Tìm tổ dân phố").fill("")
    await page.locator(".ground-frame").scroll_into_view_if_needed()
    await page.mouse.click(*await pixel(page, 108.205, 15.985))
    await expect(page.get_by_label(FIRST, exact=True)).to_be_checked()
    await expect(page.locator("path.is-covered")).to_have_count(2)
    await expect(page.locator("#ground-said")).to_have_text("Đội nhận việc trong 2 tổ dân phố đã chọn.")
    await save(page)
    async with database.read() as connection:
        named = set(await connection.scalars(sa.select(tables.crew_neighbourhood.c.neighbourhood_id)))
    assert named == {laid.neighbourhoods[FIRST], laid.neighbourhoods[SECOND]}


async def test_an_area_is_drawn_sloppily_and_meets_the_neighbourhoods_corner(
    opening: Opening, laid: Laid, database: Database
) -> None:
    page = await crew_page(opening, laid)
    await page.get_by_label("Vẽ trên bản đồ").check()
    await page.locator("[data-tool=draw]").click()
    await page.locator(".ground-frame").scroll_into_view_if_needed()
    west, south, east, north = TILES[FIRST]
    corners = [(west, south), (east, south), (east, north), (west, north)]
    for longitude, latitude in (*corners, corners[0]):
        x, y = await pixel(page, longitude, latitude)
        await page.mouse.move(x + 4, y + 4)
        await page.mouse.move(x + 5, y + 5, steps=3)
        await page.mouse.click(x + 5, y + 5)
    await expect(page.locator("#ground-said")).to_have_text("Đội nhận việc trong vùng đã vẽ (1 mảnh).")
    written = await page.locator("#area").input_value()
    assert len(written.splitlines()) == 4
    await save(page)
    drawn = sa.func.ST_Equals(tables.crew.c.coverage, sa.func.ST_GeomFromEWKT(ward.square(*TILES[FIRST])))
    assert await stored(database, drawn) is True, written


async def test_vertices_are_moved_and_an_area_is_cleared(opening: Opening, laid: Laid, database: Database) -> None:
    page = await crew_page(opening, laid)
    await page.get_by_label("Vẽ trên bản đồ").check()
    box = "15.985, 108.205\n15.985, 108.215\n15.995, 108.215\n15.995, 108.205"
    await page.locator("#area").fill(box)
    await page.locator("#area").blur()
    await expect(page.locator("path.ground-drawn")).to_have_count(1)
    await page.locator("[data-tool=shape]").click()
    await page.locator(".ground-frame").scroll_into_view_if_needed()
    x, y = await pixel(page, 108.215, 15.995)
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 60, y - 50, steps=6)
    await page.mouse.up()
    moved = await page.locator("#area").input_value()
    assert len(set(moved.splitlines()) & {"15.9850000, 108.2050000", "15.9850000, 108.2150000"}) == 2
    assert "15.9950000, 108.2150000" not in moved
    await save(page)
    assert await stored(database, sa.func.ST_XMax(tables.crew.c.coverage)) > 108.2151
    page = await crew_page(opening, laid, expected="422")
    await page.get_by_role("button", name="Xóa vùng đã vẽ").click()
    await expect(page.locator("#ground-said")).to_have_text("Chưa chọn nơi nào.")
    await page.get_by_role("button", name="Lưu đội").click()
    await expect(page.locator("#summary")).to_contain_text("Hãy vẽ vùng trên bản đồ")


async def test_the_base_is_put_on_the_map(opening: Opening, laid: Laid, database: Database) -> None:
    page = await crew_page(opening, laid)
    await page.get_by_role("button", name="Đặt trên bản đồ").click()
    await expect(page.locator(".ground-frame")).to_have_class("ground-frame is-aiming")
    await page.mouse.click(*await pixel(page, 108.23, 16.01))
    await expect(page.locator('[name=base][value="point"]')).to_be_checked()
    await save(page)
    assert await stored(database, sa.func.ST_X(tables.crew.c.base)) == pytest.approx(108.23, abs=2e-4)
    assert await stored(database, sa.func.ST_Y(tables.crew.c.base)) == pytest.approx(16.01, abs=2e-4)


@pytest.mark.parametrize("way", ["neighbourhoods", "drawn"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_each_way_of_ground_is_right_for_everybody(opening: Opening, laid: Laid, viewport: Any, way: str) -> None:
    page = await crew_page(opening, laid, viewport)
    await page.locator(f'[name=coverage][value="{way}"]').check()
    assert await violations(page) == []
    assert await page.evaluate(SMALL) == []
    assert await page.evaluate(BESIDE) == {"width": 0, "beside": []}


async def test_without_javascript_all_of_it_is_a_form(opening: Opening, laid: Laid, database: Database) -> None:
    page = await at_desk(opening, laid, crew_at(laid), java_script_enabled=False)
    await page.get_by_label("Theo tổ dân phố").check()
    await page.get_by_label(SECOND, exact=True).check()
    await save(page)
    await page.goto(crew_at(laid))
    await page.get_by_label("Vẽ trên bản đồ").check()
    await page.locator("#area").fill("15.985, 108.205\n15.985, 108.215\n15.995, 108.215")
    await save(page)
    assert await stored(database, sa.func.ST_NPoints(tables.crew.c.coverage)) == 4
    await page.goto("/staff/teams?show=wanting")
    await page.get_by_role("link", name=FIRST, exact=True).click()
    await page.get_by_role("link", name="Thêm thành viên").click()
    await page.get_by_label("Họ và tên").fill("Võ Thị Mới")
    await page.get_by_role("button", name="Lưu thông tin").click()
    await expect(page.locator("table")).to_contain_text("Võ Thị Mới")
