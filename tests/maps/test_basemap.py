"""What a base map draws and what it writes: pure rules, an extract, files of geodata, and the tiles PostGIS makes."""

import asyncio
import gzip
from pathlib import Path

import mapbox_vector_tile
import pytest
import shapely
from pmtiles.reader import MemorySource, Reader, all_tiles

from geo.database import Database
from geo.positions import Box
from maps.basemap import gis_files, kinds, openstreetmap, tiling
from maps.basemap.kinds import SEA, Drawn
from maps.basemap.shapes import Counts, Shape, SourceProblem
from maps.ground import read_archive
from server.pages import static
from tests.extracts import ring, town
from tests.geo.gis_files import layer
from tests.real_data import WARDS

AROUND = Box(108.19, 15.97, 108.25, 16.03)


def by_layer(shapes: list[Shape]) -> dict[str, list[Shape]]:
    found: dict[str, list[Shape]] = {}
    for one in shapes:
        found.setdefault(one.drawn.layer, []).append(one)
    return found


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    return town().write(tmp_path / "town.osm.pbf")


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"highway": "trunk"}, "major_road"),
        ({"highway": "residential"}, "minor_road"),
        ({"highway": "steps"}, "path"),
        ({"highway": "pedestrian", "area": "yes"}, None),
        ({"highway": "proposed"}, None),
        ({"railway": "rail"}, "rail"),
        ({"railway": "rail", "service": "yard"}, None),
        ({"waterway": "canal"}, "canal"),
        ({"waterway": "drain", "tunnel": "culvert"}, None),
        ({"boundary": "administrative", "admin_level": "2"}, None),
    ],
)
def test_lines_are_drawn_as_what_they_are(tags, kind):
    drawn = kinds.line(tags)
    assert (drawn.kind if drawn else None) == kind


@pytest.mark.parametrize(
    ("tags", "layer", "kind"),
    [
        ({"building": "house"}, "buildings", "building"),
        ({"building": "no", "leisure": "park"}, "landuse", "park"),
        ({"natural": "water", "water": "lake"}, "water", "lake"),
        ({"natural": "water"}, "water", "water"),
        ({"landuse": "cemetery"}, "landuse", "cemetery"),
        ({"amenity": "hospital"}, "landuse", "hospital"),
    ],
)
def test_ground_is_drawn_as_what_it_is(tags, layer, kind):
    drawn = kinds.area(tags)
    assert drawn is not None
    assert (drawn.layer, drawn.kind) == (layer, kind)


def test_military_grounds_are_not_drawn():
    assert kinds.area({"landuse": "military", "name": "Doanh trại"}) is None
    assert kinds.area({"military": "barracks"}) is None


@pytest.mark.parametrize(
    ("tags", "spot", "name"),
    [
        ({"name": "Hoa Xuan", "name:vi": "Hòa Xuân"}, (108.2, 16.0), ("Hòa Xuân", True)),
        ({"name": "Hòa Xuân"}, (108.2, 16.0), ("Hòa Xuân", False)),
        ({"name": "Hoà\nXuân\u202e"}, (108.2, 16.0), ("Hoà Xuân", False)),
        ({}, (108.2, 16.0), (None, False)),
        # The islands of Hoàng Sa and Trường Sa: in Vietnamese, or not at all.
        ({"name": "西沙群岛", "name:en": "Paracel Islands"}, (112.0, 16.5), (None, False)),
        ({"name": "永兴岛", "name:vi": "Đảo Phú Lâm"}, (112.34, 16.83), ("Đảo Phú Lâm", True)),
        ({"name": "Spratly Islands"}, (114.0, 9.6), (None, False)),
        # Lý Sơn and Phú Quý lie nearer.
        ({"name": "Lý Sơn"}, (109.12, 15.38), ("Lý Sơn", False)),
    ],
)
def test_names_are_vietnamese_and_at_sea_nothing_else(tags, spot, name):
    assert kinds.name(tags, *spot) == name


def test_the_page_keeps_the_same_sea():
    text = (static.FOLDER / "common/ground.js").read_text()
    west, south, east, north = (f"{side:g}" for side in (SEA.west, SEA.south, SEA.east, SEA.north))
    assert f"const SEA = {{ west: {west}, south: {south}, east: {east}, north: {north} }};" in text


def test_an_extract_gives_roads_water_houses_and_places(extract):
    counts = Counts()
    assert openstreetmap.format_of(extract) == "pbf"
    found = by_layer(list(openstreetmap.read(extract, "pbf", AROUND, counts)))
    assert {(one.name, one.ref) for one in found["roads"]} == {
        ("Đường Trần Nam Trung", "QL1"),
        ("Đường Cồn Dầu", None),
        (None, None),
    }
    assert {one.name for one in found["places"]} == {"Hòa Xuân", "Cồn Dầu"}
    assert len(found["buildings"]) == 1
    assert [one.drawn.kind for one in found["landuse"]] == ["park"]
    assert counts.left_out == 1  # the torn way
    ground = next(one for one in found["water"] if one.drawn.kind == "river" and one.geometry.area)
    assert not ground.geometry.covers(shapely.Point(108.212, 16.01))  # the island
    assert ground.geometry.covers(shapely.Point(108.22, 16.01))


def test_the_sea_lies_right_of_the_coast(extract):
    found = list(openstreetmap.read(extract, "pbf", AROUND, Counts()))
    (sea,) = [one.geometry for one in found if one.drawn.kind == "ocean"]
    assert sea.covers(shapely.Point(108.249, 16.0))
    assert not sea.covers(shapely.Point(108.22, 16.0))


def test_islands_in_the_sea_stay_land():
    box = Box(0, 0, 10, 10)
    # Land is left of the line: around an island, against the clock.
    island = shapely.LineString(ring(4, 4, 6, 6))
    (water,) = openstreetmap.sea([island], box)
    assert water.area == pytest.approx(96)
    assert openstreetmap.sea([shapely.LineString([(20, 0), (20, 5)])], box) == []


def test_outside_the_bounds_nothing_is_taken(extract):
    assert list(openstreetmap.read(extract, "pbf", Box(100, 10, 101, 11), Counts())) == []


@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_cut_off_extract_is_refused_by_name(extract, kept):
    raw = extract.read_bytes()
    extract.write_bytes(raw[: int(len(raw) * kept)])
    with pytest.raises(SourceProblem, match=r"town\.osm\.pbf: cannot be read to its end"):
        list(openstreetmap.read(extract, "pbf", AROUND, Counts()))


ROWS = [
    {
        "geometry": {"type": "LineString", "coordinates": [[108.2, 16.0], [108.24, 16.0]]},
        "properties": {"fclass": "secondary", "name": "Đường Thăng Long"},
    },
    {
        "geometry": {"type": "LineString", "coordinates": [[108.2, 15.99], [108.24, 15.99]]},
        "properties": {"fclass": "unknown", "name": "Đường chưa rõ"},
    },
]


@pytest.mark.parametrize(
    ("name", "driver"), [("a.gpkg", "GPKG"), ("a.shp", "ESRI Shapefile"), ("a.geojson", "GeoJSON")]
)
def test_files_of_geodata_are_read_by_their_columns_or_as_one_layer(tmp_path, name, driver):
    path = layer(tmp_path / name, driver, ROWS, **({"encoding": "UTF-8"} if driver == "ESRI Shapefile" else {}))
    counts = Counts()
    (road,) = gis_files.read(path, None, AROUND, counts)
    assert (road.drawn, road.name) == (Drawn("roads", "major_road", "secondary", 10), "Đường Thăng Long")
    assert counts.left_out == 1
    as_roads = list(gis_files.read(path, "roads", AROUND, Counts()))
    assert [one.drawn.kind for one in as_roads] == ["major_road", "minor_road"]


def test_a_file_that_is_no_geodata_is_refused_by_name(tmp_path):
    wrong = tmp_path / "anh.jpg"
    wrong.write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    with pytest.raises(SourceProblem, match=r"anh\.jpg: "):
        list(gis_files.read(wrong, None, None, Counts()))


async def cut(
    database: Database, path: Path, shapes: list[Shape], bounds: Box | None = AROUND, **more: object
) -> Reader:
    options = {"zooms": (9, 15), "attribution": "© thử", "progress": lambda *_: None, **more}
    async with database.write() as connection:
        await tiling.write(connection, path, shapes, Counts(), bounds=bounds, **options)
    return Reader(MemorySource(await asyncio.to_thread(path.read_bytes)))


def decoded(reader: Reader, zoom: int, column: int, row: int) -> dict[str, list[dict[str, object]]]:
    body = gzip.decompress(reader.get(zoom, column, row))
    return {name: one["features"] for name, one in mapbox_vector_tile.decode(body).items()}


async def test_tiles_hold_what_is_there_from_its_zoom_on(database, extract, tmp_path):
    shapes = list(openstreetmap.read(extract, "pbf", AROUND, Counts()))
    out = tmp_path / "a.pmtiles"
    reader = await cut(database, out, shapes)
    ((_, x, y),) = tiling.tiles_over(Box(108.222, 16.0001, 108.222, 16.0001), 15)
    near = decoded(reader, 15, x, y)
    names = {one["properties"].get("name") for one in near["roads"]}
    assert {"Đường Trần Nam Trung", "Đường Cồn Dầu"} <= names
    ((_, x, y),) = tiling.tiles_over(Box(108.222, 16.0001, 108.222, 16.0001), 10)
    far = decoded(reader, 10, x, y)
    assert [one["properties"]["name"] for one in far["roads"]] == ["Đường Trần Nam Trung"]
    assert "buildings" not in far
    said = read_archive(out)
    assert (said.min_zoom, said.max_zoom, said.attribution) == (9, 15, "© thử")
    assert said.bounds == AROUND


async def test_a_narrow_house_is_in_the_last_zoom_which_nearer_views_enlarge(database, tmp_path):
    house = shapely.box(108.22, 16.0, 108.22004, 16.00011)  # four metres by twelve
    road = shapely.LineString([(108.21, 16.0), (108.23, 16.0)])
    shapes = [Shape(Drawn("buildings", "building", None, 14), house), Shape(Drawn("roads", "path", "path", 9), road)]
    reader = await cut(database, tmp_path / "a.pmtiles", shapes)
    for zoom, there in ((14, False), (15, True)):
        ((_, x, y),) = tiling.tiles_over(Box(108.22, 16.0, 108.22, 16.0), zoom)
        assert ("buildings" in decoded(reader, zoom, x, y)) is there


async def test_the_tiles_of_a_table_cover_every_piece_and_no_tile_is_empty(database, tmp_path):
    line = Shape(Drawn("roads", "highway", "motorway", 6), shapely.LineString([(108.19, 15.97), (108.25, 16.03)]), "A")
    reader = await cut(database, tmp_path / "a.pmtiles", [line], bounds=None, zooms=(12, 13))
    tiles = dict(all_tiles(reader.get_bytes))
    assert {zoom for zoom, _, _ in tiles} == {12, 13}
    assert all(mapbox_vector_tile.decode(gzip.decompress(body))["roads"]["features"] for body in tiles.values())


async def test_hoang_sa_and_truong_sa_are_written_on_a_map_that_holds_them(database, tmp_path):
    box = Box(107.5, 9, 115, 17)
    island = Shape(Drawn("places", "island", "islet", 9), shapely.Point(108.5, 15.95), "Cù Lao Chàm")
    reader = await cut(database, tmp_path / "a.pmtiles", [island], bounds=box, zooms=(5, 5))
    found = {}
    for body in dict(all_tiles(reader.get_bytes)).values():
        for one in mapbox_vector_tile.decode(gzip.decompress(body))["places"]["features"]:
            found[one["properties"]["name"]] = one["properties"]["name:vi"]
    assert found == {name: name for name, _, _ in kinds.OURS}


async def test_nothing_and_too_much_are_told_apart(database, tmp_path):
    point = Shape(Drawn("places", "locality", "town", 8), shapely.Point(108.2, 16.0), "A")
    with pytest.raises(tiling.NothingToDraw):
        await cut(database, tmp_path / "a.pmtiles", [])
    with pytest.raises(tiling.NothingToDraw):
        await cut(database, tmp_path / "a.pmtiles", [point], bounds=Box(10, 10, 10.1, 10.1))
    with pytest.raises(tiling.TooManyTiles):
        await cut(database, tmp_path / "a.pmtiles", [point], bounds=Box(100, 0, 120, 20))


@pytest.mark.skipif(not WARDS.exists(), reason="the real outlines are not here")
async def test_real_outlines_are_cut(database, tmp_path):
    counts = Counts()
    shapes = list(gis_files.read(WARDS, "landuse", Box(108.1, 15.9, 108.3, 16.1), counts))
    assert len(shapes) > 5
    reader = await cut(database, tmp_path / "a.pmtiles", shapes, zooms=(10, 12))
    assert len(dict(all_tiles(reader.get_bytes))) > 3
