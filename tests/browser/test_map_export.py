"""The digital map as one file, opened in real Chromium from the disk with the network cut."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result
from playwright.async_api import Browser, Page, expect

from geo import tables
from geo.database import Database
from server.console import Commands
from server.map_commands import map_group
from tests.archives import tile, write_archive
from tests.browser.axe import LOOKS, by_day_and_night
from tests.browser.conftest import DESKTOP
from tests.browser.test_basemap import LISTEN, PAINTED, run, until
from tests.extracts import town
from tests.maps.small_ward import HOSTILE, PRODUCT, build, report

COMMANDS = Commands("phuongso", commands=[map_group])
SEPARATOR = "Nhà\u2028hàng <!-- <script> & bạn"

Showing = Callable[..., Awaitable[Page]]


async def export(url: str, var: Path, *arguments: object) -> Result:
    environment = {"DATABASE_URL": url, "PHUONGSO_SECRET_KEY": "k" * 40, "PHUONGSO_VAR": str(var)}
    words = ["map", "export", *map(str, arguments)]
    return await asyncio.to_thread(CliRunner().invoke, COMMANDS, words, env=environment)


@pytest.fixture
async def ward(database: Database) -> None:
    ids = await build(database)
    for n in range(9):
        await report(database, 108.2300 + 0.0004 * n, 16.012)
    await report(database, 108.204, 15.99, category="TRAFFIC")
    await report(database, 108.205, 15.991, category="SECURITY")
    hostile = "</script><img src=x onerror=alert(1)>{{7*7}}"
    async with database.write() as connection:
        await connection.execute(tables.place.update().where(tables.place.c.id == ids[HOSTILE[0]]).values(name=hostile))
        await connection.execute(
            tables.place.update().where(tables.place.c.id == ids[HOSTILE[1]]).values(name=SEPARATOR)
        )


@pytest.fixture
async def file(ward: None, database_url: str, tmp_path: Path) -> Path:
    out = tmp_path / "ban-do.html"
    result = await export(database_url, tmp_path, "--output", out)
    assert result.exit_code == 0, result.output
    return out


@pytest.fixture
async def showing(chromium: Browser) -> AsyncIterator[Showing]:
    """`await showing(path, …)` is the file opened without a network; it may ask for nothing and complain of nothing."""
    wrong: list[str] = []
    async with AsyncExitStack() as contexts:

        async def show(path: Path, viewport: dict[str, int] = DESKTOP, **options: Any) -> Page:
            context = await chromium.new_context(viewport=viewport, locale="vi-VN", offline=True, **options)
            contexts.push_async_callback(context.close)
            page = await context.new_page()
            own = path.as_uri()
            page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("dialog", lambda dialog: wrong.append(dialog.message))
            context.on("request", lambda request: None if _inside(request.url, own) else wrong.append(request.url))
            await page.goto(own)
            return page

        yield show
    assert wrong == []


def _inside(url: str, own: str) -> bool:
    return url == own or urlsplit(url).scheme in ("data", "blob")


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
async def test_the_file_shows_the_ward_without_a_network_and_axe_finds_nothing(
    showing: Showing, file, viewport, scheme
):
    page = await showing(file, viewport, color_scheme=scheme, reduced_motion="reduce")
    await expect(page.locator("path.ward-edge")).to_have_count(1)
    await expect(page.locator("path.neighbourhood")).to_have_count(2)
    await expect(page.locator(".leaflet-marker-pane .place")).to_have_count(5)
    await expect(page.locator(".cluster").first).to_be_visible()
    await expect(page.get_by_text("Chưa có nền bản đồ")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    ids = await page.locator("[id]").evaluate_all("found => found.map((one) => one.id)")
    assert len(ids) == len(set(ids)), "the icons' names are ids, too"
    assert await page.evaluate("document.fonts.check('600 16px \"Be Vietnam Pro\"')")
    assert await by_day_and_night(page) == []


async def test_cards_tell_hours_phone_and_the_way(showing: Showing, file):
    page = await showing(file)
    await page.locator('.place[data-kind="CULTURAL_HOUSE"]').click()
    card = page.locator("#card")
    await expect(card.get_by_role("heading")).to_have_text("Nhà văn hóa số 2")
    await expect(card).to_contain_text("7:30-17:00")
    await expect(card.get_by_role("link", name="Gọi 0236 3000 111")).to_have_attribute("href", "tel:02363000111")
    way = card.get_by_role("link", name=re.compile("Chỉ đường"))
    await expect(way).to_have_attribute("href", "https://www.google.com/maps/dir/?api=1&destination=16,108.23")
    await page.keyboard.press("Escape")
    await expect(card).to_be_hidden()
    await page.locator('.group[data-layer="neighbourhoods"] summary').click()
    await page.get_by_role("link", name="Tổ dân phố số 2", exact=True).click()
    await expect(card).to_contain_text("Tổ công nghệ số Tổ dân phố số 2")
    await card.get_by_role("button", name="Nhà văn hóa số 2").click()
    await expect(card.get_by_role("heading")).to_have_text("Nhà văn hóa số 2")


async def test_search_needs_no_diacritics_and_layers_can_be_hidden(showing: Showing, file):
    page = await showing(file)
    await page.locator("#find").fill("nha van hoa so 2")
    await expect(page.locator(".items > li:visible")).to_have_count(1)
    await page.locator("#find").fill("2 van hoa")  # as on the page, in any order and with words left out
    await expect(page.locator(".items > li:visible")).to_have_count(1)
    await page.locator("#find").fill("khong co gi")
    await expect(page.locator("#no-match")).to_contain_text("khong co gi")
    await page.locator("#find").fill("")
    await expect(page.locator("#no-match")).to_be_hidden()
    await page.locator('[data-switch="cultural-houses"]').uncheck()
    await expect(page.locator(".leaflet-marker-pane .place")).to_have_count(4)


async def test_incidents_gather_and_open_and_private_ones_are_nowhere(showing: Showing, file):
    page = await showing(file)
    await page.locator('.group[data-layer="incidents"] summary').click()
    await expect(page.locator("#incident-list > li")).to_have_count(10)
    await page.locator(".cluster").first.click()
    await page.locator("#incident-list button").first.click()
    card = page.locator("#card")
    await expect(card.get_by_role("heading")).to_have_text("Rác thải, môi trường")
    await expect(card).to_contain_text("20/11/2026 09:05")
    content = file.read_text()
    assert "An ninh trật tự" not in content
    assert "SECURITY" not in content
    assert "Rác trước ngõ" not in content  # not published
    assert "Nhà riêng" not in content


async def test_hostile_names_are_text(showing: Showing, file):
    page = await showing(file)
    await page.locator('.group[data-layer="others"] summary').click()
    names = await page.locator('.group[data-layer="others"] .item').all_inner_texts()
    assert "</script><img src=x onerror=alert(1)>{{7*7}}" in names
    assert "<script>alert(1)</script>" in names
    row = page.locator('.group[data-layer="others"] .item', has_text="onerror")
    await row.click()
    await expect(page.locator("#card h2")).to_have_text("</script><img src=x onerror=alert(1)>{{7*7}}")
    assert await page.locator("img[src='x']").count() == 0
    titles = await page.locator(".leaflet-marker-pane .place").evaluate_all("pins => pins.map((pin) => pin.title)")
    assert SEPARATOR in titles
    content = file.read_text()
    assert PRODUCT not in content
    assert "onerror=alert(1)>{{" not in content


async def test_without_javascript_the_list_is_there(showing: Showing, file):
    page = await showing(file, java_script_enabled=False)
    await page.locator('.group[data-layer="cultural-houses"] summary').click()
    await expect(page.get_by_text("Nhà văn hóa số 2")).to_be_visible()
    await expect(page.get_by_text("Đây là bản sao lúc")).to_be_visible()


async def test_the_base_map_goes_along_when_asked(showing: Showing, ward, database_url, tmp_path):
    (tmp_path / "in").mkdir()
    assert (
        await run(database_url, tmp_path, town().write(tmp_path / "in/a.osm.pbf"), "--ward", "20314")
    ).exit_code == 0
    out = tmp_path / "co-nen.html"
    result = await export(database_url, tmp_path, "--output", out, "--with-basemap", "--lang", "en")
    assert result.exit_code == 0, result.output
    page = await showing(out)
    for colour in ("--chart-water", "--chart-road-major"):
        await until(page, PAINTED, colour)
    await page.evaluate(LISTEN)
    await page.evaluate("window.ward_map.setView([16.0, 108.222], 16)")
    await until(page, "() => window.written.includes('Đường Trần Nam Trung')")
    await expect(page.locator(".leaflet-control-attribution")).to_contain_text("OpenStreetMap")
    await expect(page.get_by_text("This is a copy made at")).to_be_visible()


async def test_a_base_map_elsewhere_leaves_the_ground_plain(showing: Showing, ward, database_url, tmp_path):
    write_archive(tmp_path / "basemap.pmtiles", {(9, 100, 100): tile(water=[])})
    out = tmp_path / "a.html"
    result = await export(database_url, tmp_path, "--output", out, "--with-basemap")
    assert "the ground is plain" in " ".join(result.output.split())
    page = await showing(out)
    await expect(page.get_by_text("Chưa có nền bản đồ")).to_be_visible()
