"""A window is read strictly, and its grid does not move."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.cells import covering
from geo.positions import Box
from maps.window import CELL_PIXELS, MAX_CELLS, ParameterError, Window, read_window


@pytest.mark.parametrize(("zoom", "finer"), [(9, 3), (13, 3), (14, 3), (15, 2), (17, 1), (19, 1)])
def test_density_is_told_by_finer_cells_as_far_down_as_they_are_kept(zoom, finer):
    seen = Window(zoom, Box(108.2, 15.99, 108.201, 15.991))
    assert seen.fine.level == zoom + finer
    wide = Window(zoom, Box(-180, -85, 180, 85)).fine
    assert wide.east - wide.west < MAX_CELLS


def test_a_window_is_read():
    assert read_window("13", "108.1,15.9,108.3,16.1") == Window(13, Box(108.1, 15.9, 108.3, 16.1))


@pytest.mark.parametrize(
    ("zoom", "bbox", "name"),
    [
        (None, "1,2,3,4", "zoom"),
        ("", "1,2,3,4", "zoom"),
        ("-1", "1,2,3,4", "zoom"),
        ("23", "1,2,3,4", "zoom"),
        ("1.5", "1,2,3,4", "zoom"),
        ("NaN", "1,2,3,4", "zoom"),
        ("1e400", "1,2,3,4", "zoom"),
        ("9" * 5000, "1,2,3,4", "zoom"),
        ("٣", "1,2,3,4", "zoom"),
        ("1\x00", "1,2,3,4", "zoom"),
        ("13", None, "bbox"),
        ("13", "", "bbox"),
        ("13", "1,2,3", "bbox"),
        ("13", "1,2,3,4,5", "bbox"),
        ("13", "NaN,2,3,4", "bbox"),
        ("13", "1,inf,3,4", "bbox"),
        ("13", "1,2,1e400,4", "bbox"),
        ("13", "3,2,1,4", "bbox"),
        ("13", "1,4,3,2", "bbox"),
        ("13", "1,2,3,91", "bbox"),
        ("13", "-181,2,3,4", "bbox"),
        ("13", "1,2,3,4\x00", "bbox"),
        ("13", "a,b,c,d", "bbox"),
        ("13", "1," * 100_000, "bbox"),
    ],
)
def test_a_bad_parameter_is_named(zoom, bbox, name):
    with pytest.raises(ParameterError) as refused:
        read_window(zoom, bbox)
    assert refused.value.name == name


@given(st.text(), st.text())
def test_any_text_is_read_or_refused(zoom, bbox):
    with suppress(ParameterError):
        assert read_window(zoom, bbox).zoom == int(zoom)


boxes = st.tuples(
    st.floats(-179, 178), st.floats(-85, 84), st.floats(1e-6, 1.0), st.floats(1e-6, 1.0), st.integers(0, 22)
)


@given(boxes)
def test_whole_cells_cover_the_window_and_not_too_many(given_box):
    west, south, width, height, zoom = given_box
    window = Window(zoom, Box(west, south, west + width, south + height))
    whole, cells = window.cells.box, window.cells
    slack = 1e-9
    assert whole.west <= window.box.west + slack
    assert whole.south <= window.box.south + slack
    assert whole.east >= window.box.east - slack
    assert whole.north >= window.box.north - slack
    assert cells.east - cells.west < MAX_CELLS
    assert cells.south - cells.north < MAX_CELLS


def test_a_window_to_the_ends_of_the_earth_is_whole_cells_too():
    assert Window(0, Box(-180, -90, 180, 90)).cells.box == Box(-180, -90, 180, 90)


def test_the_grid_stays_while_the_map_is_panned():
    here = Window(14, Box(108.2, 15.98, 108.25, 16.02)).cells
    there = Window(14, Box(108.213, 15.99, 108.263, 16.03)).cells
    assert here.level == there.level


def test_a_cell_is_as_wide_on_the_screen_as_it_says():
    cells = Window(14, Box(108.2, 15.98, 108.25, 16.02)).cells
    assert 256 * 2**14 / 2**cells.level == CELL_PIXELS


@given(st.floats(-180, 180), st.floats(-90, 90), st.integers(1, 22))
def test_a_cell_is_a_quarter_of_the_one_above_it(longitude, latitude, level):
    fine, coarse = (covering(Box(longitude, latitude, longitude, latitude), one) for one in (level, level - 1))
    assert (fine.west // 2, fine.north // 2) == (coarse.west, coarse.north)
