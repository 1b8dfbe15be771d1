"""Tracing a file, measuring, the coordinate table, import and export, in the editor of boundaries."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
import shapely
from playwright.async_api import FilePayload, Page, Request, expect
from pyproj import Geod
from shapely.geometry import box, mapping, shape

from geo.areas import square_metres
from geo.importing import projecting
from geo.plane import Plane
from tests.browser.axe import violations
from tests.browser.boundary_editor import Drawn, areas, checked, choose, click, drawn_on, model, opened, row, tool
from tests.browser.conftest import Opening
from tests.ward import FIRST, SECOND, TILES

TENTH, EAST = "Tổ dân phố số 10", "Tổ dân phố Đông Hòa"
MIDDLE = (108.22, 16.0)
HOSTILE = '<img src=x onerror="alert(1)">{{ 7*7 }}'
OFF = ((6, -5), (-7, 4), (5, 6), (-5, -7))
_MODULE = """async ([file, given]) => {
  const main = document.querySelector('script[src$="boundaries/main.js"]').src;
  const module = await import(main.replace("main.js", file));
  return %s;
}"""


@pytest.fixture
async def drawn(database_url: str, tmp_path: Path) -> AsyncIterator[Drawn]:
    async with drawn_on(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def address(drawn: Drawn) -> str:
    """Where `opening` finds the application."""
    return drawn.address


async def within(page: Page, file: str, act: str, given: Any = None) -> Any:
    """What an expression gives about a module of the editor and what is `given`."""
    return await page.evaluate(_MODULE % act, [file, given])


def feature(name: str | None, area: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"name": name}, "geometry": mapping(area)}


def payload(name: str, content: str | bytes) -> FilePayload:
    return {
        "name": name,
        "mimeType": "application/octet-stream",
        "buffer": content if isinstance(content, bytes) else content.encode(),
    }


def collection(*features: dict[str, Any]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


async def panel(page: Page, name: str) -> None:
    await page.locator(f'.tool[data-panel="{name}"]').click()
    await expect(page.locator(f"#{name}-panel")).to_be_visible()


async def shape_of(page: Page, name: str) -> Any:
    return shape({"type": "MultiPolygon", "coordinates": (await areas(page))[name]["boundary"]})


async def removed(page: Page, name: str) -> None:
    await choose(page, name)
    await page.get_by_role("button", name="Bỏ", exact=True).click()
    await checked(page)


# The pure parts


async def test_positions_convert_as_the_server_converts_them_to_a_millimetre(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    points = np.array([[x, y] for x in np.linspace(107.2, 108.7, 12) for y in np.linspace(14.9, 16.35, 12)])
    for code in (5899, 5898, 9217, 5897):
        frame = projecting.frame(f"EPSG:{code}")
        metric = frame.from_wgs84(points)
        given = {"code": code, "points": points.tolist(), "metric": metric.tolist()}
        act = """(async () => {
          const way = await module.zone(given.code);
          return [given.points.map(way.fromWgs84), given.metric.map(way.toWgs84)];
        })()"""
        there, back = await within(page, "projecting.js", act, given)
        assert np.abs(np.array(there) - metric).max() < 0.001
        metres = (np.array(back) - points) * [107_000, 110_700]
        assert np.abs(metres).max() < 0.001


TYPED: list[tuple[bool, str, list[list[float]]]] = [
    # metric, text, positions
    (False, "108,2201\t15,9912", [[108.2201, 15.9912]]),
    (False, "15.9912, 108.2201", [[108.2201, 15.9912]]),
    (False, "108.2201,15.9912", [[108.2201, 15.9912]]),
    (False, "STT\tKinh độ\tVĩ độ\n1\t108,2201\t15,9912\n2\t108,23\t16", [[108.2201, 15.9912], [108.23, 16]]),
    (False, "15°59'28,32\"N 108°13'12,36\"E", [[108.2201, 15.9912]]),
    (False, "108 13 12.36; 15 59 28.32", [[108.2201, 15.9912]]),
    (True, "1769123,456\t550987,65", [[550987.65, 1769123.456]]),
    (True, "550987.65 1769123.456", [[550987.65, 1769123.456]]),
    (True, "1.769.123,456\t550.987,65", [[550987.65, 1769123.456]]),
    (True, "1,769,123.456;550,987.65", [[550987.65, 1769123.456]]),
    (True, "M1\t1769123\t550.987", [[550987, 1769123]]),
]


async def test_lines_are_read_however_people_write_them(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    for metric, text, positions in TYPED:
        told = await within(page, "typed.js", "module.rows(given.text, given.metric)", {"text": text, "metric": metric})
        assert told["wrong"] == [], text
        assert np.allclose(told["positions"], positions, atol=1e-9), text
    wrong = "108,22\t15,99\nkhông phải\n16\t16\n"
    told = await within(page, "typed.js", "module.rows(given, false)", wrong)
    assert len(told["positions"]) == 1
    assert [one["line"] for one in told["wrong"]] == [2, 3]


async def test_lengths_are_those_of_the_ellipsoid(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    way = [[108.20, 15.98], [108.24, 15.98], [108.24, 16.02], [108.21, 16.01]]
    longitudes, latitudes = zip(*way, strict=True)
    exact = Geod(ellps="WGS84").line_length(longitudes, latitudes)
    assert await within(page, "lengths.js", "module.metresAlong(given)", way) == pytest.approx(exact, rel=1e-4)


# The underlay


async def test_a_file_is_traced_in_the_browser_alone(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    sent: list[Request] = []
    await removed(page, FIRST)
    page.on("request", lambda request: sent.append(request))  # noqa: PLW0108 - which cannot be marked as wrapped
    await panel(page, "underlay")
    west, south, east, north = TILES[FIRST]
    traced = feature(HOSTILE, box(west, south, east, north))
    line = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "LineString", "coordinates": [[108.2, 16], MIDDLE]},
    }
    spot = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [108.21, 15.99]}}
    await page.locator("#underlay-file").set_input_files(payload("nền.geojson", collection(traced, line, spot)))
    await expect(page.locator("#underlay-state")).to_have_text("nền.geojson: 3 đối tượng.")
    await expect(page.locator(".underlay-line")).to_have_count(2)
    await expect(page.locator(".underlay-point")).to_have_count(1)
    await expect(page.locator(".underlay-label")).to_have_text(HOSTILE)
    assert await page.locator("img[src=x]").count() == 0
    # The page asks, at moments of its own, whether others have saved: nothing else leaves it, and that says nothing.
    posted = [one.post_data or "" for one in sent if one.method != "GET"]
    assert [one for one in posted if "query BoundariesVersions(" not in one] == []
    said = [unquote(f"{one.url} {one.post_data or ''}") for one in sent]
    assert not [one for one in said if "coordinates" in one or "img src=x" in one]
    await page.get_by_role("button", name=f"Lấy làm tổ dân phố: {HOSTILE}").click()
    await checked(page)
    assert (await shape_of(page, HOSTILE)).equals(box(west, south, east, north))
    await page.locator("#undo").click()
    assert HOSTILE not in await areas(page)
    await page.locator("#underlay-remove").click()
    await expect(page.locator(".underlay-line")).to_have_count(0)
    assert not any("nền" in unquote(f"{one.url} {one.post_data or ''}") for one in sent)


async def test_drawing_snaps_to_the_underlay(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await removed(page, FIRST)
    inner = box(108.2031234, 15.9831234, 108.2151234, 15.9951234)
    kml = (
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>Khu mới</name><Polygon><outerBoundaryIs>'
        "<LinearRing>"
        f"<coordinates>{' '.join(f'{x},{y},0' for x, y in inner.exterior.coords)}</coordinates>"
        "</LinearRing></outerBoundaryIs></Polygon></Placemark></kml>"
    )
    await panel(page, "underlay")
    await page.locator("#underlay-file").set_input_files(payload("khu.kml", kml))
    await expect(page.locator(".underlay-line")).to_have_count(1)
    await page.keyboard.press("Escape")
    await tool(page, "draw")
    corners = [(x, y) for x, y in inner.exterior.coords]
    for corner, off in zip(corners, (*OFF, (3, 3)), strict=True):
        await click(page, *corner, off)
    await page.locator("#naming-0").fill("Khu mới")
    await page.keyboard.press("Enter")
    assert (await shape_of(page, "Khu mới")).equals(inner)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.geojson", "{", "Tệp không phải là JSON đúng chuẩn"),
        ("a.json", '{"name": "không phải"}', "Tệp JSON này không phải là GeoJSON."),
        ("a.kml", "<kml><Placemark>", "Tệp KML bị hỏng"),
        ("a.kml", '<!DOCTYPE kml [<!ENTITY a "b">]><kml/>', "DOCTYPE"),
        ("a.kml", "<html><body/></html>", "không phải là KML"),
        ("a.geojson", '{"type":"Point","coordinates":[15.99,108.22]}', "Đối tượng 1: kinh độ và vĩ độ bị đổi chỗ"),
        ("a.geojson", '{"type":"Point","coordinates":[550123,1769123]}', "Đối tượng 1: tọa độ là mét"),
        ("a.geojson", '{"type":"LineString","coordinates":[[108.2,16],["x",16]]}', "Đối tượng 1: tọa độ"),
        ("a.geojson", '{"type":"Feature","properties":{},"geometry":null}', "Tệp không có hình nào."),
    ],
)
async def test_a_bad_underlay_is_told_in_words(
    opening: Opening, drawn: Drawn, name: str, content: str, told: str
) -> None:
    # The browser's own page about broken XML has a style within, which is blocked.
    page = (await opened(opening, drawn, expected="inline style")).page
    await panel(page, "underlay")
    await page.locator("#underlay-file").set_input_files(payload(name, content))
    await expect(page.locator("#underlay-problem")).to_contain_text(told)
    await expect(page.locator("#underlay-tools")).to_be_hidden()


# Measuring


async def test_a_way_and_its_ground_are_measured(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    before = await areas(page)
    await page.keyboard.press("d")
    await expect(page.locator("#guide")).to_contain_text("Bấm từng điểm để đo")
    corners = [(108.20, 15.98), (108.22, 15.98), MIDDLE]
    for corner, off in zip(corners, OFF, strict=False):
        await click(page, *corner, off)
    await page.locator("#guide").click()  # the focus is not in the map
    await page.keyboard.press("Enter")
    text = await page.locator("#guide").text_content() or ""
    found = re.search(r"Dài ([\d.,]+) m · khép kín: chu vi ([\d.,]+) m, diện tích ([\d.,]+) ha", text)
    assert found, text
    way, round_, ground = (float(one.replace(".", "").replace(",", ".")) for one in found.groups())
    triangle = shapely.Polygon(corners)
    flat = shapely.transform(triangle, Plane.around([triangle]).flat)
    assert round_ == pytest.approx(flat.length, rel=0.001)
    assert way == pytest.approx(flat.length - shapely.LineString([*flat.exterior.coords][2:]).length, rel=0.001)
    assert ground == pytest.approx(square_metres(triangle) / 10_000, rel=0.001)
    await page.keyboard.press("Escape")
    await expect(page.locator('[data-tool="choose"]')).to_have_attribute("aria-pressed", "true")
    await expect(page.locator(".measured-way")).to_have_count(0)
    assert await areas(page) == before


# The coordinate table


async def by_keyboard(page: Page, name: str) -> None:
    """Open the table and choose an area without a pointer."""
    await page.locator(f'.area:has(.area-name:text-is("{name}"))').focus()
    await page.keyboard.press("Enter")
    await page.locator('.tool[data-panel="coordinates"]').focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#coordinates-name")).to_have_text(name)


async def cell(page: Page, position: tuple[float, float]) -> Any:
    """The first field of the vertex at a position."""
    wanted = [f"{value:.7f}".replace(".", ",") for value in position]
    return page.locator("#coordinates-rows tr").filter(has=page.locator('input[data-column="0"]')).nth(
        await page.evaluate(
            """(wanted) => [...document.querySelectorAll("#coordinates-rows tr")].findIndex((row) =>
              [...row.querySelectorAll("input")].every((input, at) => input.value === wanted[at]))""",
            wanted,
        )
    ).locator("input").first  # fmt: skip


async def test_a_shared_vertex_is_moved_by_keyboard_in_all_neighbourhoods(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await by_keyboard(page, FIRST)
    field = await cell(page, MIDDLE)
    await field.focus()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("108,2205")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("16,0003")
    await page.keyboard.press("Tab")
    await checked(page)
    for name in (FIRST, SECOND, TENTH, EAST):
        corners = {tuple(one) for one in shapely.get_coordinates(await shape_of(page, name)).tolist()}
        assert (108.2205, 16.0003) in corners
        assert MIDDLE not in corners
    # One step, both numbers.
    await page.locator("#undo").click()
    assert not await model(page, "model.isDirty")


async def test_a_vertex_is_inserted_and_deleted_by_keyboard_in_both_neighbours(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await by_keyboard(page, FIRST)
    ring = (await areas(page))[FIRST]["boundary"][0][0]
    at = ring.index(list(MIDDLE))
    await page.get_by_role("button", name=f"Thêm đỉnh sau đỉnh {at + 1}", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(f'input[data-at="{at + 1}"][data-column="0"]')).to_be_focused()
    new = (await areas(page))[FIRST]["boundary"][0][0][at + 1]
    neighbours = [
        name for name, area in (await areas(page)).items() if any(new in ring for ring in area["boundary"][0])
    ]
    assert len(neighbours) == 2
    await page.get_by_role("button", name=f"Xóa đỉnh {at + 2}", exact=True).focus()
    await page.keyboard.press("Enter")
    assert (await areas(page))[FIRST]["boundary"][0][0] == ring
    # The ward's own corners stay.
    assert await page.locator("#coordinates-rows tr[data-fixed] input:not([readonly])").count() == 0


async def test_what_is_no_position_is_told_and_changes_nothing(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    before = await areas(page)
    await by_keyboard(page, FIRST)
    field = await cell(page, MIDDLE)
    await field.fill("hôm nay")
    await page.keyboard.press("Enter")
    await expect(page.locator("#coordinates-problem")).to_contain_text("không phải kinh độ, vĩ độ ở Việt Nam")
    await expect(page.locator('#coordinates-rows [aria-invalid="true"]')).to_have_count(1)
    assert await areas(page) == before


async def test_an_area_is_typed_in_vn2000_and_in_degrees(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await removed(page, FIRST)
    west, south, east, north = TILES[FIRST]
    vn2000 = projecting.frame("EPSG:5899")
    lower, upper = box(west, south, east, 15.99), box(west, 15.99, east, north)
    await panel(page, "coordinates")
    await page.locator("#coordinates-system").select_option("5899")
    corners = vn2000.from_wgs84(np.array(lower.exterior.coords[:-1]))
    lines = "\n".join(
        f"{number}\t{y:.4f}\t{x:.4f}".replace(".", ",") for number, (x, y) in enumerate(corners.tolist(), start=1)
    )
    await page.locator("#coordinates-new-name").fill("Tổ dân phố số 1A")
    await page.locator("#coordinates-lines").fill(lines)
    await expect(page.locator("#coordinates-typed")).to_contain_text("4 đỉnh, 236,")
    await page.locator("#coordinates-new button[type=submit]").click()
    await checked(page)
    await page.locator("#coordinates-system").select_option("wgs84")
    await page.locator("#coordinates-new-name").fill("Tổ dân phố số 1B")
    await page.locator("#coordinates-lines").fill("\n".join(f"{y} {x}" for x, y in upper.exterior.coords[:-1]))
    await page.locator("#coordinates-lines").press("Control+End")
    await page.locator("#coordinates-new button[type=submit]").click()
    await checked(page)
    assert (await shape_of(page, "Tổ dân phố số 1A")).equals(lower)
    assert (await shape_of(page, "Tổ dân phố số 1B")).equals(upper)
    await page.locator("#coordinates-lines").fill("108,2 15,98\nxin chào 12,5 3,5\n")
    await expect(page.locator("#coordinates-typed")).to_contain_text("Dòng 2 không phải là tọa độ")


# Files


async def test_a_file_is_reviewed_taken_in_one_step_and_undone(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    before = await areas(page)
    west, south, east, north = TILES[FIRST]
    bow_tie = shapely.Polygon([(108.201, 15.981), (108.21, 15.99), (108.21, 15.981), (108.201, 15.99)])
    file = collection(
        feature(FIRST, box(west, south, east, 15.99)),
        feature(HOSTILE, box(west, 15.99, east, north)),
        feature(SECOND, box(*TILES[SECOND])),
        feature("Nơ", bow_tie),
    )
    await panel(page, "files")
    await page.locator("#import-file").set_input_files(payload("tổ.geojson", file))
    await page.locator("#import-read").click()
    await expect(page.locator("#import-sum")).to_have_text(
        "4 vùng: 1 mới, 1 thay ranh giới đang có, 1 không thay đổi, 1 không nhận.", timeout=30_000
    )
    await expect(page.locator('#import-list [data-state="REFUSED"]')).to_contain_text("đường biên tự cắt")
    assert await page.locator("img[src=x]").count() == 0
    assert await areas(page) == before
    await page.locator("#import-take").click()
    await checked(page)
    after = await areas(page)
    assert set(after) == {*before, HOSTILE}
    assert after[FIRST]["state"] == "redrawn"
    await page.locator("#undo").click()
    assert set(await areas(page)) == set(before)
    assert not await model(page, "model.isDirty")


async def test_an_unnamed_system_is_asked_for(opening: Opening, drawn: Drawn) -> None:
    watched = await opened(opening, drawn, expected="422")
    page = watched.page
    vn2000 = projecting.frame("EPSG:5899")
    moved = shapely.transform(box(*TILES[FIRST]), vn2000.from_wgs84)
    await panel(page, "files")
    await page.locator("#import-file").set_input_files(payload("a.geojson", collection(feature(FIRST, moved))))
    await page.locator("#import-read").click()
    await expect(page.locator("#import-problem")).to_contain_text("kinh tuyến trục 107°45′", timeout=30_000)
    await expect(page.locator("#import-crs")).to_have_value("EPSG:5899")
    await page.locator("#import-read").click()
    await expect(page.locator("#import-sum")).to_contain_text("1 không thay đổi", timeout=30_000)


async def test_the_draft_is_given_out_and_read_again_as_it_was(opening: Opening, drawn: Drawn, tmp_path: Path) -> None:
    page = (await opened(opening, drawn)).page
    await panel(page, "files")
    async with page.expect_download() as downloading:
        await page.locator("#export-draft").click()
    download = await downloading.value
    path = tmp_path / download.suggested_filename
    await download.save_as(path)
    assert {one["properties"]["name"] for one in json.loads(path.read_text())["features"]} == set(TILES)
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Tải GeoPackage").click()
    package = tmp_path / "a.gpkg"
    await (await downloading.value).save_as(package)
    for one in (path, package):
        await page.locator("#import-file").set_input_files(one)
        await page.locator("#import-read").click()
        await expect(page.locator("#import-sum")).to_contain_text("4 không thay đổi", timeout=30_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_the_panels(opening: Opening, drawn: Drawn, scheme: Any) -> None:
    page = (await opened(opening, drawn, color_scheme=scheme)).page
    await row(page, FIRST).click()
    traced = collection(feature("Khu A", box(*TILES[FIRST])), feature("Nơ", box(*TILES[SECOND])))
    for name in ("underlay", "coordinates", "files"):
        await panel(page, name)
        if name == "underlay":
            await page.locator("#underlay-file").set_input_files(payload("a.geojson", traced))
            await expect(page.locator(".underlay-line")).to_have_count(2)
        if name == "files":
            await page.locator("#import-file").set_input_files(payload("a.geojson", traced))
            await page.locator("#import-read").click()
            await expect(page.locator("#import-result")).to_be_visible(timeout=30_000)
        assert await violations(page) == []
        await page.keyboard.press("Escape")
        await expect(page.locator(f"#{name}-panel")).to_be_hidden()


async def test_the_rail_is_one_stop_and_arrows_go_along_it(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await expect(page.locator("#rail [tabindex='0']")).to_have_count(1)
    await page.locator('#rail [data-tool="choose"]').focus()
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("#show-keys")).to_be_focused()
    await page.keyboard.press("Home")
    for _ in range(7):  # past undo and redo, which there is nothing for
        await page.keyboard.press("ArrowDown")
    await expect(page.locator('#rail [data-tool="measure"]')).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Shift+Tab")
    await expect(page.locator('#rail [data-panel="history"]')).to_be_focused()
    for _ in range(3):
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("#coordinates-panel")).to_be_visible()


async def test_typed_lines_split_a_neighbourhood_and_cut_a_hole(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await choose(page, FIRST)
    await panel(page, "coordinates")
    use, lines, told = (page.locator(f"#coordinates-{name}") for name in ("use", "lines", "typed"))
    submit = page.locator("#coordinates-new button[type=submit]")

    await use.select_option("split")
    await expect(page.locator("#coordinates-new-name")).to_be_hidden()
    await lines.fill("108,21\t15,99")
    await submit.press("Enter")
    await expect(told).to_have_text("Cần ít nhất 2 đỉnh, đang có 1.")
    await lines.fill("108,2\t15,992\n108,21\t15,991")
    await submit.press("Enter")
    await expect(told).to_contain_text("không cắt rời phần nào")
    await expect(lines).to_be_focused()
    frame = projecting.frame("EPSG:5899")
    way = frame.from_wgs84(np.array([[108.2, 15.992], [108.21, 15.991], [108.22, 15.994]]))
    await page.locator("#coordinates-system").select_option("5899")
    await lines.fill("\n".join(f"{north:.3f}\t{east:.3f}".replace(".", ",") for east, north in way))
    await expect(told).to_contain_text("Đường 3 đỉnh, dài 2.1")
    await expect(page.get_by_role("button", name="Tách theo đường này")).to_be_visible()
    await submit.press("Enter")
    await expect(page.locator("#naming-0")).to_be_focused()
    await page.keyboard.press("Enter")
    await checked(page)
    await expect(lines).to_be_focused()
    made = await areas(page)
    assert len(made) == 5
    assert made[FIRST]["areaSquareMetres"] < 3_000_000

    await use.select_option("hole")
    await page.locator("#coordinates-system").select_option("wgs84")
    await lines.fill("108,205\t15,985\n108,23\t15,985\n108,21\t15,99")
    await submit.press("Enter")
    await expect(told).to_have_text("Hãy chọn một tổ dân phố trong danh sách trước.")
    await choose(page, FIRST)
    await submit.press("Enter")
    await expect(told).to_contain_text("phải nằm hẳn bên trong tổ")
    await lines.fill("108,205\t15,985\n108,21\t15,985\n108,21\t15,989\n108,205\t15,985")
    await submit.press("Enter")
    await page.locator("#naming-0").fill("Khu tập thể")
    await page.keyboard.press("Enter")
    await checked(page)
    made = await areas(page)
    assert [len(ring) for ring in made[FIRST]["boundary"][0]][1:] == [4]
    assert made["Khu tập thể"]["state"] == "drawn"
    assert await violations(page) == []
