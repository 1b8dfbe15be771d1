"""A base map of our own in real Chromium: made by the command, drawn in the page's colours, named in Vietnamese."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from geo.database import Database
from tests.archives import tile, write_archive
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE, Opening
from tests.extracts import town
from tests.maps.small_ward import build
from tests.server.test_basemap_commands import run

LISTEN = """() => {
    window.written = [];
    const write = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
        window.written.push(text);
        return write.call(this, text, ...rest);
    };
}"""
PAINTED = """(colour) => {
    const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(colour).trim();
    probe.fillRect(0, 0, 1, 1);
    const wanted = probe.getImageData(0, 0, 1, 1).data.slice(0, 3).join();
    return [...document.querySelectorAll("canvas.leaflet-tile")].some((canvas) => {
        if (!canvas.width) return false;
        const { width, height } = Object.assign(probe.canvas, { width: canvas.width, height: canvas.height });
        probe.drawImage(canvas, 0, 0);
        const { data } = probe.getImageData(0, 0, width, height);
        for (let at = 0; at < data.length; at += 4)
            if (data.slice(at, at + 3).join() === wanted) return true;
        return false;
    });
}"""


async def until(page: Page, script: str, argument: object = None) -> None:
    for _ in range(600):
        if await page.evaluate(script, argument):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"never came: {script[:80]} {argument}")


@pytest.fixture
async def made(database: Database, database_url: str, tmp_path: Path) -> Path:
    """The ward, and its base map where the server looks."""
    await build(database)
    (tmp_path / "in").mkdir()
    extract = town().write(tmp_path / "in/town.osm.pbf")
    result = await run(database_url, tmp_path, extract, "--ward", "20314")
    assert result.exit_code == 0, result.output
    return tmp_path / "basemap.pmtiles"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_roads_water_and_their_names_are_drawn_in_the_pages_colours(opening: Opening, made, scheme):
    page = (await opening(color_scheme=scheme)).page
    await expect(page.locator("canvas.leaflet-tile").first).to_be_visible()
    for colour in ("--chart-water", "--chart-road-major", "--chart-land"):
        await until(page, PAINTED, colour)
    await page.evaluate(LISTEN)
    await page.evaluate("window.ward_map.setView([16.0, 108.222], 16)")
    for name in ("Đường Trần Nam Trung", "Đường Cồn Dầu"):
        await until(page, "(name) => window.written.includes(name)", name)
    await until(page, PAINTED, "--chart-road")
    credit = page.locator(".leaflet-control-attribution")
    await expect(credit).to_have_text("© những người đóng góp OpenStreetMap")
    await expect(credit.get_by_role("link")).to_have_attribute("href", "https://www.openstreetmap.org/copyright")
    await expect(page.get_by_text("Chưa có nền bản đồ")).to_have_count(0)


async def test_the_ground_lies_under_everything_and_changes_with_the_theme(opening: Opening, made):
    page = (await opening(color_scheme="light")).page
    await until(page, PAINTED, "--chart-water")
    order = "(name) => Number(getComputedStyle(document.querySelector(`.leaflet-${name}-pane`)).zIndex)"
    ground, ward, marks = [await page.evaluate(order, name) for name in ("tile", "ward", "marker")]
    assert ground < ward < marks
    await page.emulate_media(color_scheme="dark")
    await until(page, PAINTED, "--chart-water")
    light = "() => getComputedStyle(document.documentElement).getPropertyValue('--chart-water')"
    assert (await page.evaluate(light)).strip() == "#0f3145"


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_a_map_with_a_ground(opening: Opening, made, viewport, scheme):
    page = (await opening(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")).page
    await until(page, PAINTED, "--chart-water")
    assert await violations(page) == []


async def test_without_a_base_map_the_drawing_library_is_never_asked_for(opening: Opening, database: Database):
    await build(database)
    asked: list[str] = []
    page = (await opening()).page
    page.on("request", lambda request: asked.append(request.url))
    await page.reload()
    await expect(page.locator(".leaflet-marker-pane .place").first).to_be_visible()
    await page.wait_for_load_state("networkidle")
    assert asked
    assert not [url for url in asked if "protomaps" in url or "ground.js" in url or "basemap" in url]


async def test_in_the_disputed_sea_only_vietnamese_names_are_shown_whoever_made_the_file(
    opening: Opening, database: Database, tmp_path: Path
):
    await build(database)
    point = {"geometry": "POINT(2048 2048)"}
    islands = [
        {"geometry": "POINT(1000 1000)", "properties": {"kind": "island", "name": "Paracel Islands"}},
        {"geometry": "POINT(3000 3000)", "properties": {"kind": "island", "name": "X", "name:vi": "Đảo Phú Lâm"}},
    ]
    land = [{**point, "properties": {"kind": "locality", "kind_detail": "town", "name": "Đà Nẵng"}}]
    # Tiles of zoom 9: one over Đà Nẵng, one over Hoàng Sa.
    write_archive(tmp_path / "basemap.pmtiles", {(9, 409, 232): tile(places=land), (9, 415, 232): tile(places=islands)})
    page = (await opening()).page
    await expect(page.locator("canvas.leaflet-tile").first).to_be_visible()
    await page.evaluate(LISTEN)
    await page.evaluate(
        "() => window.ward_map.setMaxBounds(null).setMinZoom(9).setView([16.3, 110], 10, {animate: false}) && true"
    )
    await until(page, "() => document.querySelectorAll('canvas.leaflet-tile-loaded').length > 4")
    await page.evaluate("() => window.ward_map.setView([16.3, 112.2], 10, {animate: false})")
    await until(page, "() => window.written.includes('Đảo Phú Lâm')")
    await page.evaluate("() => window.ward_map.setView([16.3, 107.9], 10, {animate: false})")
    await until(page, "() => window.written.includes('Đà Nẵng')")
    assert set(await page.evaluate("window.written")) == {"Đảo Phú Lâm", "Đà Nẵng"}
