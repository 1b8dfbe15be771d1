"""Cutting shapes into vector tiles with PostGIS, and writing them as one .pmtiles file.

Shapes go into a temporary table as they are read, so memory holds a batch of them and one tile; the table goes with
the transaction. PostGIS simplifies, clips and encodes each tile (ST_AsMVTGeom, ST_AsMVT).
"""

from __future__ import annotations

import gzip
import math
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import shapely
import sqlalchemy as sa
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import write as archive_writer
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.positions import Box
from maps.basemap.kinds import LAYERS, OURS, Drawn
from maps.basemap.shapes import Counts, Shape

EXTENT = 4096
_WORLD = 2 * math.pi * 6_378_137
"""The side of the web map's square world (EPSG:3857), in its metres."""
_BUFFER = 80
"""How far beyond a tile shapes are kept, in its units: lines and names do not end at its edge."""
_FINE = 4
"""What simplifying may move, in a tile's units: half a pixel of the screen."""
_SMALLEST = 24
"""The side of the smallest ground that is drawn before the last zoom, in a tile's units: three pixels."""
_BATCH = 5_000
_AFAR = 11
MOST_TILES = 500_000
"""Some hours of work, and more than a province has."""

_TABLE = sa.text(
    """
    CREATE TEMPORARY TABLE basemap_shape (
        layer text NOT NULL,
        kind text NOT NULL,
        kind_detail text,
        name text,
        vietnamese boolean NOT NULL,
        ref text,
        min_zoom integer NOT NULL,
        wkb bytea,
        shape geometry(Geometry, 3857)
    ) ON COMMIT DROP
    """
)
_COLUMNS = ("layer", "kind", "kind_detail", "name", "vietnamese", "ref", "min_zoom", "wkb")
_PLACE = sa.text(
    # Mercator's own latitudes end at 85 degrees.
    "UPDATE basemap_shape SET shape = ST_Transform(ST_SetSRID(ST_ClipByBox2D(ST_GeomFromWKB(wkb),"
    " ST_MakeEnvelope(-180, -85, 180, 85)), 4326), 3857), wkb = NULL WHERE wkb IS NOT NULL"
)
_INDEX = sa.text("CREATE INDEX ON basemap_shape USING gist (shape)")
_ANALYZE = sa.text("ANALYZE basemap_shape")
_EXTENT = sa.text(
    "SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b)"
    " FROM (SELECT ST_Transform(ST_SetSRID(ST_Extent(shape)::geometry, 3857), 4326) AS b FROM basemap_shape) AS e"
)
_ROWS = """
    SELECT ST_AsMVT(row, '{layer}', {extent}, 'geom') AS part FROM (
        SELECT kind, kind_detail, name, CASE WHEN vietnamese THEN name END AS "name:vi", ref, min_zoom, geom
        FROM cut WHERE layer = '{layer}' AND geom IS NOT NULL ORDER BY min_zoom, name
    ) AS row
"""
_PARTS = " UNION ALL ".join(_ROWS.format(layer=layer, extent=EXTENT) for layer in LAYERS)
_TILE = sa.text(
    f"""
    WITH tile AS (
        SELECT ST_TileEnvelope(:z, :x, :y) AS box, ST_TileEnvelope(:z, :x, :y, margin => {_BUFFER / EXTENT}) AS wide
    ),
    cut AS MATERIALIZED (
        SELECT s.*, ST_AsMVTGeom(
            CASE WHEN ST_Dimension(shape) = 0 THEN shape ELSE ST_Simplify(shape, :fine, true) END,
            box, {EXTENT}, {_BUFFER}, true
        ) AS geom
        FROM tile JOIN basemap_shape AS s ON s.shape && wide AND s.min_zoom <= :z
        WHERE ST_Dimension(shape) < 2 OR ST_Area(shape) >= :least
    )
    SELECT string_agg(part, '') FROM ({_PARTS}) AS p
    """  # noqa: S608  # nosec B608 - our own names of layers
)

Progress = Callable[[int, int], None]
"""Is told how many tiles are done, and of how many."""


class NothingToDraw(Exception):
    """Nothing that was read lies where the map is to be."""


class TooManyTiles(Exception):
    """The map would have more tiles than are written."""


@dataclass(slots=True)
class Summary:
    """What was written."""

    bounds: Box
    counts: Counts
    tiles: dict[int, int] = field(default_factory=dict)
    """Of each zoom."""
    size: int = 0
    """Of the file, in bytes."""


async def write(
    connection: AsyncConnection,
    path: Path,
    shapes: Iterable[Shape],
    counts: Counts,
    *,
    bounds: Box | None,
    zooms: tuple[int, int],
    attribution: str,
    progress: Progress,
) -> Summary:
    """Write the file; without `bounds` the map is as large as what was read.

    Raises `NothingToDraw`, `TooManyTiles`, and what reading the shapes raises.
    """
    await connection.execute(_TABLE)
    await _store(connection, shapes, counts)
    if not counts.drawn:
        raise NothingToDraw
    await connection.execute(_PLACE)
    if bounds is None:
        bounds = Box(*(await connection.execute(_EXTENT)).one())
    await _store(connection, _names_of_ours(), Counts())
    for statement in (_PLACE, _INDEX, _ANALYZE):
        await connection.execute(statement)
    first, last = zooms
    levels = range(first, last + 1)
    number = sum(how_many(bounds, zoom) for zoom in levels)
    if number > MOST_TILES:
        raise TooManyTiles(number)
    wanted = [tile for zoom in levels for tile in tiles_over(bounds, zoom)]
    wanted.sort(key=lambda tile: zxy_to_tileid(*tile))
    summary = Summary(bounds, counts)
    # Its own temporary file the writer closes only when all went well.
    with archive_writer(path) as writer, closing(writer.tile_f):
        for done, (z, x, y) in enumerate(wanted, 1):
            body = await _tile(connection, z, x, y, all_of_it=z == last)
            if body:
                writer.write_tile(zxy_to_tileid(z, x, y), gzip.compress(body, mtime=0))
                summary.tiles[z] = summary.tiles.get(z, 0) + 1
            progress(done, number)
        if not summary.tiles:
            raise NothingToDraw
        writer.finalize(_header(bounds), _metadata(attribution))
    summary.size = os.stat(path).st_size
    return summary


async def _store(connection: AsyncConnection, shapes: Iterable[Shape], counts: Counts) -> None:
    driver: Any = (await connection.get_raw_connection()).driver_connection
    waiting = iter(shapes)
    while batch := list(islice(waiting, _BATCH)):
        for one in batch:
            counts.layers[one.drawn.layer] += 1
        counts.drawn += len(batch)
        await driver.copy_records_to_table("basemap_shape", records=[_row(one) for one in batch], columns=_COLUMNS)


def _row(one: Shape) -> tuple[object, ...]:
    drawn = one.drawn
    wkb = shapely.to_wkb(shapely.force_2d(one.geometry))
    return drawn.layer, drawn.kind, drawn.detail, one.name, one.vietnamese, one.ref, drawn.min_zoom, wkb


def _names_of_ours() -> Iterator[Shape]:
    for name, longitude, latitude in OURS:
        yield Shape(Drawn("places", "island", "archipelago", 0), shapely.Point(longitude, latitude), name, True)


async def _tile(connection: AsyncConnection, z: int, x: int, y: int, *, all_of_it: bool) -> bytes:
    """One tile. The last zoom is enlarged for nearer views, so it holds the smallest ground, and finely."""
    unit = _WORLD / 2**z / EXTENT
    asked = {
        "z": z,
        "x": x,
        "y": y,
        "fine": unit * (1 if all_of_it else _FINE),
        "least": 0.0 if all_of_it else (unit * _SMALLEST) ** 2,
    }
    return bytes((await connection.execute(_TILE, asked)).scalar_one() or b"")


def tiles_over(bounds: Box, zoom: int) -> Iterator[tuple[int, int, int]]:
    """The tiles (zoom, column, row) that hold a piece of `bounds`."""
    west, north = _tile_at(bounds.west, bounds.north, zoom)
    east, south = _tile_at(bounds.east, bounds.south, zoom)
    return ((zoom, x, y) for x in range(west, east + 1) for y in range(north, south + 1))


def how_many(bounds: Box, zoom: int) -> int:
    """How many tiles that is."""
    west, north = _tile_at(bounds.west, bounds.north, zoom)
    east, south = _tile_at(bounds.east, bounds.south, zoom)
    return (east - west + 1) * (south - north + 1)


def seen_from_afar(bounds: Box) -> Box:
    """What the tiles of zoom 11 over `bounds` hold: a tall screen shows that much around a ward, from afar."""
    west, north = _tile_at(bounds.west, bounds.north, _AFAR)
    east, south = _tile_at(bounds.east, bounds.south, _AFAR)
    return Box(*_corner(west, south + 1), *_corner(east + 1, north))


def _corner(x: int, y: int) -> tuple[float, float]:
    """Where the north-western corner of a tile of zoom 11 lies."""
    side = 2**_AFAR
    return x / side * 360 - 180, math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / side))))


def _tile_at(longitude: float, latitude: float, zoom: int) -> tuple[int, int]:
    """Source: https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames"""
    side = 2**zoom
    angle = math.radians(max(-85.0511, min(85.0511, latitude)))
    x = (longitude + 180) / 360 * side
    y = (1 - math.asinh(math.tan(angle)) / math.pi) / 2 * side
    return min(side - 1, max(0, math.floor(x))), min(side - 1, max(0, math.floor(y)))


def _header(bounds: Box) -> dict[str, Any]:
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": round(bounds.west * 1e7),
        "min_lat_e7": round(bounds.south * 1e7),
        "max_lon_e7": round(bounds.east * 1e7),
        "max_lat_e7": round(bounds.north * 1e7),
    }


def _metadata(attribution: str) -> dict[str, Any]:
    fields = {"kind": "String", "kind_detail": "String", "name": "String", "name:vi": "String", "min_zoom": "Number"}
    layers = [{"id": layer, "fields": fields | ({"ref": "String"} if layer == "roads" else {})} for layer in LAYERS]
    return {"name": "Phường Số", "type": "baselayer", "attribution": attribution, "vector_layers": layers}
