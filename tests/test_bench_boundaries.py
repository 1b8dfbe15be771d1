"""The benchmark of boundaries still runs: on a small wall each edit is saved, and its rows are written by bare SQL."""

from __future__ import annotations

from typing import Any

import asyncpg
import shapely

from benchmarks import boundaries
from benchmarks.boundary_ward import wall
from geo.areas import square_metres


def test_the_wall_is_a_coverage_of_many_vertices_with_corners_of_three() -> None:
    drawn = wall(4, 5, 500)
    assert len(drawn.areas) == 20
    assert shapely.coverage_is_valid(drawn.areas)
    assert all(area.is_valid for area in drawn.areas)
    assert {len(area.geoms[0].exterior.coords) for area in drawn.areas} == {375, 499, 623}
    assert shapely.get_num_interior_rings(drawn.outline.geoms[0]) == 0
    assert all(len(whose) == 3 for _, whose in drawn.corners)
    assert square_metres(drawn.outline) > 9e6


async def test_each_edit_is_saved_and_its_rows_are_written_bare(copying: Any, template: str) -> None:
    async with copying(template) as url, copying(template) as floor_url:
        timed = await boundaries.measure(url, floor_url, wall(3, 3, 40), rounds=2, incidents=5)
        for each in (timed.ours, timed.worked, timed.floor):
            assert {name: len(times) for name, times in each.items()} == dict.fromkeys(boundaries.EDITS, 2)
            assert min(boundaries.together(each)) > 0
        text = boundaries.table(timed)
        assert all(f"| {name} |" in text for name in boundaries.EDITS)
        counts = [await _periods(at) for at in (url, floor_url)]
        assert counts[0] == counts[1]


async def _periods(url: str) -> int:
    connection = await asyncpg.connect(url)
    count: int = await connection.fetchval("SELECT count(*) FROM neighbourhood_boundary WHERE until IS NULL")
    await connection.close()
    return count
