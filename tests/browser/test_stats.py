"""The page of figures in real Chromium: its map of shades, and all of it without one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, Response, expect

from geo.database import Database
from geo.lifecycle import Status
from tests import ward
from tests.browser.axe import LOOKS, by_day_and_night, violations
from tests.browser.conftest import DESKTOP, PHONE, Opening
from tests.ward import CLEAN, FIRST, SECOND, TILES, Ward

HOSTILE = "<img src=x onerror=alert(1)>{{ 7*7 }}"
NORTH = "Tổ dân phố Đông Hòa"
NARROW = {"width": 320, "height": 640}


@pytest.fixture(autouse=True)
async def laid(database: Database) -> Ward:
    """Reports of the last months in three of four neighbourhoods, one of which has a hostile name."""
    now = datetime.now(UTC)
    async with database.write() as connection:
        made = await ward.build(connection)
        for place, (name, number) in enumerate(((FIRST, 6), (SECOND, 3), (NORTH, 1))):
            for n in range(number):
                reported = now - timedelta(days=20 * n + 2)
                row: dict[str, Any] = {"reported_at": reported, "due_at": reported + timedelta(days=1)}
                row["neighbourhood_id"] = made.neighbourhoods[name]
                if n:
                    row |= {"status": Status.CLOSED, "crew_id": made.crews[CLEAN], "satisfaction": "SATISFIED"}
                    row["resolved_at"] = reported + timedelta(hours=20 + 10 * (place > 0))
                await ward.report(connection, **row)
        rename = sa.text("UPDATE neighbourhood SET name = :name WHERE id = :id")
        await connection.execute(rename, {"name": HOSTILE, "id": made.neighbourhoods[SECOND]})
    return made


async def with_map(page: Page) -> None:
    """Scroll to the map, until it is drawn."""
    await page.locator("#area-box").scroll_into_view_if_needed()
    await expect(page.locator("path.area")).to_have_count(len(TILES), timeout=15_000)
    await expect(page.locator("#area-told")).to_have_text("Chạm vào một tổ dân phố để xem số liệu.")


async def open_all(page: Page) -> None:
    """Unfold everything."""
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
async def test_axe_finds_nothing(opening: Opening, viewport: Any, scheme: Any) -> None:
    page = (await opening("/stats", viewport, color_scheme=scheme, reduced_motion="reduce")).page
    await with_map(page)
    await open_all(page)
    await page.locator("path.area").first.click()
    assert await by_day_and_night(page) == []


async def test_axe_finds_nothing_where_a_day_is_none_or_nothing_was_reported(opening: Opening) -> None:
    watched = await opening("/stats?from=2020-01-01&to=2020-01-02", PHONE)
    assert await violations(watched.page) == []
    await watched.page.goto("/stats?from=2020-01-02&to=2020-01-01")
    await expect(watched.page.get_by_role("alert")).to_contain_text("Ngày cuối không được trước ngày đầu.")
    assert await violations(watched.page) == []
    # The refusal is what was asked for.
    watched.complaints[:] = [one for one in watched.complaints if "400 (Bad Request)" not in one]


async def fill_of(page: Page, shade: str) -> str:
    return str(await page.locator(f"path.area.shade-{shade}").first.evaluate("one => getComputedStyle(one).fill"))


async def grey(page: Page, shade: str) -> float:
    """How light a shade is where there is no colour."""
    red, green, blue = map(int, re.findall(r"\d+", await fill_of(page, shade))[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_areas_are_coloured_as_the_table_says(opening: Opening, laid: Ward, scheme: Any) -> None:
    page = (await opening("/stats", color_scheme=scheme)).page
    await with_map(page)
    shades = await page.locator("tr[data-area]").evaluate_all("all => all.map(one => one.dataset.shade)")
    assert shades == ["5", "3", "1", "0"]
    lightness = [await grey(page, shade) for shade in shades]
    assert lightness == sorted(lightness, reverse=scheme == "dark")
    assert min(abs(one - other) for one, other in pairwise(lightness)) > 8
    numbers = await page.locator(".area-number span").all_inner_texts()
    assert sorted(numbers) == ["0", "1", "3", "5"]
    legend = page.get_by_role("list", name="Chú giải màu").get_by_role("listitem")
    assert [re.sub(r"\s+", " ", one) for one in await legend.all_inner_texts()] == [
        "0 (1 tổ)",
        "1 (1 tổ)",
        "3 (1 tổ)",
        "5 (1 tổ)",
    ]
    swatch = page.locator('tr[data-shade="5"] .swatch')
    assert await swatch.evaluate("one => getComputedStyle(one).backgroundColor") == await fill_of(page, "5")


async def test_another_measure_is_a_link_away(opening: Opening) -> None:
    page = (await opening("/stats")).page
    await page.get_by_role("link", name="Tỷ lệ trễ hạn").click()
    await expect(page).to_have_url(re.compile(r"measure=late"))
    await expect(page.get_by_role("link", name="Tỷ lệ trễ hạn")).to_have_attribute("aria-current", "true")
    await with_map(page)
    numbers = await page.locator(".area-number span").all_inner_texts()
    assert sorted(numbers) == ["100%", "100%", "20%", "–"]


async def test_a_hostile_name_is_text_wherever_it_stands(opening: Opening) -> None:
    page = (await opening("/stats")).page
    await with_map(page)
    row = page.locator("tr[data-area]").nth(1)
    await expect(row.locator(".area-name")).to_have_text(HOSTILE)
    number = page.locator(".area-number span").get_by_text("3", exact=True)
    spot = await number.bounding_box()
    assert spot is not None
    await page.mouse.click(spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)
    await expect(page.locator("#area-told")).to_contain_text(f"{HOSTILE}. Phản ánh: 3 · Đúng hạn:")
    await expect(row).to_have_class(re.compile("is-chosen"))
    await expect(page.locator("main img")).to_have_count(0)


async def test_the_map_is_loaded_only_by_who_comes_near(opening: Opening) -> None:
    page = (await opening("/stats?from=2020-01-01&to=2020-01-02", PHONE)).page
    arrived: list[Response] = []

    def arrives(response: Response) -> None:
        arrived.append(response)

    page.on("response", arrives)
    await page.goto("/stats")
    await page.wait_for_load_state("networkidle")
    assert not [one.url for one in arrived if "leaflet" in one.url or "geojson" in one.url]
    await with_map(page)
    await page.wait_for_load_state("networkidle")
    assert [one.url for one in arrived if one.url.endswith("leaflet.js")]
    assert sum([(await one.request.sizes())["responseBodySize"] for one in arrived]) < 300_000


async def test_a_map_that_cannot_be_loaded_leaves_the_table(opening: Opening) -> None:
    # Past a service worker, which would fetch it by itself.
    watched = await opening("/stats?period=30d", service_workers="block", expected="blocked by Playwright")
    await watched.page.route("**/map/neighbourhoods.geojson*", lambda route: route.abort())
    await watched.page.reload()
    await watched.page.locator("#area-box").scroll_into_view_if_needed()
    await expect(watched.page.locator("#area-told")).to_have_text("Chưa tải được bản đồ. Bảng bên dưới có đủ số liệu.")
    await expect(watched.page.locator("#area-box .folium-map")).to_be_hidden()
    watched.complaints[:] = [one for one in watched.complaints if "ERR_FAILED" not in one]


@pytest.mark.parametrize(("viewport", "size"), [(NARROW, "17px"), (PHONE, "34px"), (DESKTOP, "32px")])
async def test_nothing_is_lost_on_a_small_screen_or_in_large_letters(
    opening: Opening, viewport: Any, size: str
) -> None:
    page = (await opening("/stats", viewport)).page
    await page.evaluate(f"document.documentElement.style.setProperty('font-size', '{size}')")
    await with_map(page)
    await open_all(page)
    wide = await page.evaluate(
        """[...document.querySelectorAll("body *")]
        .filter(one => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".scroll-x, .folium-map"))
        .map(one => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 40)}`)"""
    )
    assert wide == []
    assert await page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    cut = await page.evaluate(
        """[...document.querySelectorAll("main h1, main h2, main p, main a, main dd, main dt, main button, main label")]
        .filter(one => one.checkVisibility() && !one.closest(".scroll-x, .folium-map, .visually-hidden"))
        .filter(one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
        .map(one => one.textContent.trim())"""
    )
    assert cut == []
    await page.locator("#take-status").scroll_into_view_if_needed()
    small = await page.locator("main a.button, main button, main summary, main .leaflet-bar a").evaluate_all(
        "all => all.filter(one => one.getBoundingClientRect().height < 43.5).map(one => one.textContent)"
    )
    assert small == []


async def test_the_keyboard_reaches_the_periods_the_tables_and_the_files(opening: Opening) -> None:
    page = (await opening("/stats")).page
    await with_map(page)
    reached: list[str] = []
    for _ in range(60):
        await page.keyboard.press("Tab")
        reached.append(
            await page.evaluate(
                "(() => { const at = document.activeElement;"
                " return (at.getAttribute('aria-label') || at.textContent || at.name || '').trim() })()"
            )
        )
    for name in ("30 ngày", "Chọn ngày khác", "Chúng tôi đếm thế nào", "Tỷ lệ trễ hạn", "Phóng to", "KML"):
        assert name in reached, reached
    summary = page.get_by_text("Chọn ngày khác")
    await summary.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Từ ngày", exact=True)).to_be_visible()


async def test_without_javascript_all_figures_are_there_and_days_can_be_chosen(opening: Opening) -> None:
    page = (await opening("/stats", PHONE, java_script_enabled=False)).page
    await expect(page.locator("#area-box")).to_be_hidden()
    await expect(page.get_by_role("row", name=re.compile("Rác thải"))).to_be_visible()
    await expect(page.get_by_role("row", name=re.compile("Tổ dân phố số 1 "))).to_be_visible()
    await page.get_by_role("link", name="12 tháng").click()
    await expect(page.locator(".lead")).to_contain_text("Trong 12 tháng qua: 10 phản ánh")
    await page.get_by_text("Chọn ngày khác").click()
    await page.get_by_label("Từ ngày", exact=True).fill("2026-01-01")
    await page.get_by_label("Đến hết ngày").first.fill("2026-01-31")
    await page.get_by_role("button", name="Xem số liệu").click()
    await expect(page.locator(".lead")).to_contain_text("Từ ngày 01/01/2026 đến hết ngày 31/01/2026")


async def test_incidents_are_taken_along_by_kind_and_day(opening: Opening) -> None:
    page = (await opening("/stats")).page
    await page.get_by_label("Loại", exact=True).select_option(label="Rác thải, môi trường")
    await page.get_by_label("Trạng thái", exact=True).select_option(label="Chưa xong")
    form = page.locator("form.take")
    async with page.expect_download() as taken:
        await form.get_by_role("button", name="CSV").click()
    download = await taken.value
    lines = (await download.path()).read_text().splitlines()
    assert len(lines) == 4
    assert all("ENVIRONMENT" in line for line in lines[1:])
    assert download.suggested_filename.endswith(".csv")
