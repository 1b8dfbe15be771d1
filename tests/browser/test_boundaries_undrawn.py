"""Ground that nobody has drawn, in the editor of boundaries: each piece leads to its place and goes to a neighbour."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import shapely
import sqlalchemy as sa
from playwright.async_api import Page, expect
from shapely.geometry import MultiPolygon, Polygon, box, mapping, shape

from geo import tables
from geo.areas import square_metres
from geo.database import Database
from tests.browser.axe import violations
from tests.browser.boundary_editor import Drawn, areas, at, checked, drawn_on, model, opened
from tests.browser.conftest import Opening
from tests.ward import CODE, FIRST

TENTH, EAST = "Tổ dân phố số 10", "Tổ dân phố Đông Hòa"
TINY = Polygon([(108.20, 15.99), (108.20, 15.99002), (108.19997, 15.99001)])
"""Some 3.6 square metres that the ward has beyond the first neighbourhood's edge."""
NORTH = box(108.20, 16.02, 108.24, 16.021)
_PIECES = """async (given) => {
  const main = document.querySelector('script[src$="boundaries/main.js"]').src;
  const { pieces, joined } = await import(main.replace("main.js", "pieces.js"));
  const found = pieces(given.outline, given.areas);
  return [found, given.areas.length ? joined(given.areas[0].boundary, found[0].boundary) : null];
}"""

_TOGETHER = """async ([held, ours, theirs]) => {
  const main = document.querySelector('script[src$="boundaries/main.js"]').src;
  const each = (turn) => (shape) => shape.map((rings) => rings.map((ring) => ring.map((spot) => spot.map(turn))));
  const { together } = await import(main.replace("main.js", "pieces.js"));
  const made = together(...[held, ours, theirs].map(each((value) => value / 1000)));
  return made && each((value) => Math.round(value * 1e6) / 1e3)(made);
}"""

_OVERLAP = """async ([one, other]) => {
  const main = document.querySelector('script[src$="boundaries/main.js"]').src;
  return (await import(main.replace("main.js", "pieces.js"))).overlap(one, other);
}"""

_MERGED = """async ([held, ours, theirs]) => {
  const main = document.querySelector('script[src$="boundaries/main.js"]').src;
  const { merged } = await import(main.replace("main.js", "merging.js"));
  const { area, conflict } = merged(...[held, ours, theirs].map((boundary) => ({ name: "Tổ 1", boundary })));
  return conflict ? null : area.boundary;
}"""


@pytest.fixture
async def drawn(database_url: str, tmp_path: Path) -> AsyncIterator[Drawn]:
    """The ward with ground beyond its neighbourhoods, which its outline meets between its own vertices."""
    async with drawn_on(database_url, tmp_path) as made:
        database = Database(database_url)
        outline = shapely.union_all([box(108.20, 15.98, 108.24, 16.021), TINY])
        wider = f"SRID=4326;{shapely.to_wkt(shapely.multipolygons([outline]), 7)}"
        async with database.write() as connection:
            await connection.execute(sa.update(tables.ward).where(tables.ward.c.code == CODE).values(boundary=wider))
        await database.close()
        yield made


@pytest.fixture
def address(drawn: Drawn) -> str:
    """Where `opening` finds the application."""
    return drawn.address


def coordinates(area: Any) -> Any:
    return mapping(area if area.geom_type == "MultiPolygon" else MultiPolygon([area]))["coordinates"]


async def left_of(page: Page, outline: Any, held: list[Any]) -> tuple[list[Any], Any]:
    """The pieces that areas leave of an outline, and the first area with the largest of them."""
    given = {
        "outline": coordinates(outline),
        "areas": [{"key": str(n), "boundary": coordinates(area)} for n, area in enumerate(held)],
    }
    found, joined = await page.evaluate(_PIECES, given)
    made = [shape({"type": "MultiPolygon", "coordinates": one["boundary"]}) for one in found]
    return made, joined and shape({"type": "MultiPolygon", "coordinates": joined})


async def test_pieces_are_what_the_areas_leave_of_the_outline(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    ward = box(108.20, 15.98, 108.24, 16.02)
    island = box(108.21, 15.99, 108.22, 16.0)
    leaning = Polygon([(108.20, 15.98), (108.23, 15.99), (108.21, 16.01)])  # meets the outline in one corner
    holed = box(108.205, 15.985, 108.235, 16.015) - island
    cases: tuple[list[Any], ...] = (
        [],
        [island],  # a hole
        [leaning],
        [holed],  # a piece inside, and one around
        [island, box(108.22, 16.0, 108.23, 16.01)],  # two that meet in a corner, within a hole of which they are two
        [box(108.20, 15.98, 108.22, 16.02), box(108.22, 15.98, 108.24, 16.0)],
        [box(108.20, 15.98, 108.22, 16.0), box(108.22, 16.0, 108.24, 16.02)],  # two pieces that meet in a corner
    )
    for held in cases:
        made, joined = await left_of(page, ward, held)
        left = shapely.difference(ward, shapely.union_all(held))
        assert len(made) == len(shapely.get_parts(left))
        assert all(piece.is_valid for piece in made)
        assert shapely.union_all(made).equals(left)
        if joined is not None:
            assert joined.is_valid
            assert joined.equals(shapely.union(held[0], made[0]))


async def test_what_two_people_did_to_one_neighbourhood_apart_is_put_together(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    held = box(0, 0, 10, 10) - box(4, 4, 6, 6)
    east, north, nook = box(10, 2, 12, 5), box(2, 10, 5, 11), box(0, 0, 1, 1)
    apart = (
        (held | east, held | north),
        (held | east, held - nook),
        (held - nook, held - box(9, 9, 10, 10)),
        (held | box(4, 4, 6, 6), held | north),  # its hole is filled
        (held - box(7, 7, 8, 8), held | east),  # it has another hole
        (held - box(0, 0, 10, 2), held | box(0, 10, 10, 11)),
    )
    for ours, theirs in apart:
        made = await page.evaluate(_TOGETHER, [coordinates(one) for one in (held, ours, theirs)])
        wanted = (ours - held) | (theirs - held) | (held & ours & theirs)
        assert shape({"type": "MultiPolygon", "coordinates": made}).equals(wanted)
    both = (
        (held | east, held | box(10, 3, 11, 6)),
        (held | box(0, 10, 10, 11), held | box(0, 10, 10, 12)),
        (held - box(7, 7, 9, 9), held - box(8, 8, 9.5, 9.5)),
        (held - box(7, 7, 9, 9), held - box(7.5, 7.5, 8, 8)),
        (held | east, held - box(8, 2, 10, 5)),
    )
    for ours, theirs in both:
        assert await page.evaluate(_TOGETHER, [coordinates(one) for one in (held, ours, theirs)]) is None

    here = box(108.20, 15.98, 108.21, 15.99) - box(108.203, 15.983, 108.206, 15.986)
    slanted = Polygon(
        [(108.195, 15.975), (108.2045, 15.9845), (108.2172, 15.9814), (108.2041, 15.9953), (108.2, 15.99)]
    )
    for other in (slanted, box(108.21, 15.98, 108.22, 15.99), box(108.204, 15.984, 108.205, 15.985), here):
        found = await page.evaluate(_OVERLAP, [coordinates(one) for one in (here, other)])
        held_by_both = here & other
        wanted = square_metres(held_by_both) if held_by_both.area else 0
        assert found == pytest.approx(wanted, rel=1e-4, abs=0.01)

    whole = box(108.20, 15.98, 108.21, 15.99)  # a kilometre wide
    small = whole | Polygon([(108.20, 15.984), (108.20, 15.98402), (108.19997, 15.98401)])  # by 3.6 square metres
    large = whole | box(108.21, 15.982, 108.2101, 15.983)
    for ours, theirs, wanted in ((small, large, small | large), (large, small, small | large), (small, whole, small)):
        made = await page.evaluate(_MERGED, [coordinates(one) for one in (whole, ours, theirs)])
        assert shape({"type": "MultiPolygon", "coordinates": made}).equals(wanted)


async def test_a_tiny_piece_is_found_and_given_to_its_neighbour(opening: Opening, drawn: Drawn) -> None:
    page = (await opened(opening, drawn)).page
    await page.get_by_role("button", name="Xem từng chỗ").click()
    rows = page.locator(".piece")
    await expect(rows).to_have_count(2)
    await expect(page.locator("#undrawn-state")).to_contain_text("2 chỗ chưa thuộc tổ nào, tổng cộng 47,")
    await expect(rows.nth(0)).to_contain_text(f"Giáp {TENTH}, {EAST}")
    tiny = rows.nth(1)
    await expect(tiny).to_contain_text("3,6 m²")
    await expect(page.locator(".undrawn-piece")).to_have_count(2)
    await expect(page.locator(".undrawn-ring")).to_have_count(1)  # the other one is seen without
    await tiny.focus()
    await page.keyboard.press("Enter")
    west, north = await at(page, TINY.bounds[0], TINY.bounds[3])
    east, south = await at(page, TINY.bounds[2], TINY.bounds[1])
    assert max(east - west, south - north) > 8  # as near as the map goes
    assert west > 0
    assert await violations(page) == []
    taker = page.get_by_label("Giao cho")
    assert await taker.locator("option").all_inner_texts() == [f"{FIRST} (giáp 2,2 m)"]
    before = (await areas(page))[FIRST]["areaSquareMetres"]
    await page.get_by_role("button", name="Giao 3,6 m² này").click()
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_be_focused()
    await expect(page.locator("#told")).to_have_text(f"Đã giao 3,6 m² cho {FIRST}. Bấm Hoàn tác để bỏ.")
    await checked(page)
    made = (await areas(page))[FIRST]
    assert made["areaSquareMetres"] - before == pytest.approx(square_metres(MultiPolygon([TINY])), abs=0.01)
    await rows.first.click()
    await taker.select_option(label=f"{EAST} (giáp 2.140,5 m)")
    await page.get_by_role("button", name="Giao 47").click()
    await expect(page.locator("#undrawn-state")).to_be_focused()
    await expect(page.locator("#undrawn-state")).to_have_text("Đã vẽ kín phường")
    await checked(page)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Xem từng chỗ")).to_be_hidden()
    await page.locator("#undo").click()
    await page.locator("#undo").click()
    await checked(page, "clean")
    assert not await model(page, "model.isDirty")
