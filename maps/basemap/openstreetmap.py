"""Reading an extract of OpenStreetMap (.osm.pbf or .osm), in the order of the file and in bounded memory.

The positions of all nodes go to a file that is thrown away, 16 bytes each: an extract of all Vietnam needs some GB of
disk, not of memory. Only the `phuongso basemap` command loads this module.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import shapely
from shapely.geometry.base import BaseGeometry

from geo.positions import Box
from maps.basemap import kinds
from maps.basemap.kinds import Drawn
from maps.basemap.shapes import Counts, Shape, SourceProblem, shaped

_ASIDE = 1e-6
"""Degrees, a decimetre: how far beside a coast the sea is looked for."""


def format_of(path: Path) -> str | None:
    """What kind of extract a file is, by its beginning; None where it is none. Raises `OSError`."""
    with path.open("rb") as file:
        start = file.read(512)
    if b"OSMHeader" in start[:64]:
        return "pbf"
    return "osm" if b"<osm" in start else None


def read(path: Path, form: str, bounds: Box | None, counts: Counts) -> Iterator[Shape]:
    """What there is to draw within `bounds`, or in all of the file. Raises `SourceProblem`.

    The sea is no object of OpenStreetMap: it is what lies right of the coast. It is drawn where `bounds` say how far.
    """
    coast: list[BaseGeometry] = []
    factory = osmium.geom.WKBFactory()
    with tempfile.TemporaryDirectory(prefix="phuongso-") as folder:
        found = (
            osmium.FileProcessor(osmium.io.File(str(path), form))
            .with_locations(f"sparse_file_array,{folder}/nodes")
            .with_areas(osmium.filter.KeyFilter(*kinds.KEYS))
            .with_filter(osmium.filter.KeyFilter(*kinds.KEYS))
        )
        try:
            for thing in found:
                yield from _drawn(thing, factory, bounds, counts, coast)
        except RuntimeError as error:
            raise SourceProblem(path, f"cannot be read to its end; copy or download it again ({error})") from error
    if bounds is not None and coast:
        for part in sea(coast, bounds):
            yield Shape(Drawn("water", "ocean", None, 0), part)


def _drawn(thing: Any, factory: Any, bounds: Box | None, counts: Counts, coast: list[BaseGeometry]) -> Iterator[Shape]:
    tags = {tag.k: tag.v for tag in thing.tags}
    if thing.is_node():
        drawn, make = kinds.point(tags), factory.create_point
    elif thing.is_way():
        drawn, make = kinds.line(tags), factory.create_linestring
    elif thing.is_area():
        drawn, make = kinds.area(tags) or kinds.point(tags), factory.create_multipolygon
    else:
        return
    is_coast = thing.is_way() and tags.get("natural") == "coastline"
    if drawn is None and not is_coast:
        return
    try:
        geometry = shapely.from_wkb(make(thing))
    except (RuntimeError, osmium.InvalidLocationError):
        counts.left_out += 1
        return
    if drawn is not None:
        yield from shaped(drawn, geometry, tags, bounds)
    if is_coast and bounds is not None:
        coast.append(geometry)


def sea(coast: list[BaseGeometry], bounds: Box) -> list[BaseGeometry]:
    """The ground within `bounds` that lies right of the coast's lines: land lies on their left.

    Source: https://wiki.openstreetmap.org/wiki/Tag:natural%3Dcoastline
    """
    box = shapely.box(bounds.west, bounds.south, bounds.east, bounds.north)
    pieces = shapely.get_parts(shapely.get_parts(shapely.intersection(coast, box)))
    lines = [piece for piece in pieces if piece.geom_type == "LineString" and not piece.is_empty]
    if not lines:
        return []
    edge = shapely.LineString(box.exterior.coords)
    edges = shapely.get_parts(shapely.union_all([*lines, edge, *_to_the_edge(lines, bounds)]))
    faces = shapely.get_parts(shapely.polygonize(edges))
    ends = [shapely.get_coordinates(one) for one in lines]
    starts, stops = np.concatenate([one[:-1] for one in ends]), np.concatenate([one[1:] for one in ends])
    along = stops - starts
    length = np.hypot(along[:, 0], along[:, 1])[:, None]
    long = length[:, 0] > 0
    right = np.column_stack([along[:, 1], -along[:, 0]])[long] / length[long] * _ASIDE
    beside = (starts + stops)[long] / 2
    tree = shapely.STRtree(faces)
    votes = np.zeros(len(faces))
    for way, side in ((1, beside + right), (-1, beside - right)):
        _, hit = tree.query(shapely.points(side), predicate="within")
        np.add.at(votes, hit, way)
    return [face for face, vote in zip(faces, votes, strict=True) if vote > 0]


def _to_the_edge(lines: list[Any], bounds: Box) -> list[BaseGeometry]:
    """What closes a coast that ends within `bounds`, as at the end of an extract: straight to the nearest edge."""
    closing: list[BaseGeometry] = []
    for coast in shapely.get_parts(shapely.line_merge(shapely.union_all(lines))):
        if coast.is_ring:
            continue
        for x, y in (coast.coords[0], coast.coords[-1]):
            ways = ((bounds.west, y), (bounds.east, y), (x, bounds.south), (x, bounds.north))
            nearest = min((abs(to_x - x) + abs(to_y - y), (to_x, to_y)) for to_x, to_y in ways)
            if nearest[0] > 0:
                closing.append(shapely.LineString([(x, y), nearest[1]]))
    return closing
