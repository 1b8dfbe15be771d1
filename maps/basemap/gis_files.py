"""Reading what a base map draws from files of geodata (GeoPackage, Shapefile, GeoJSON, KML).

What a feature is, its columns tell as OpenStreetMap's tags do (`highway`, `building`, …), or `fclass` as in Geofabrik's
Shapefiles; or all of a file is one layer of the map, which the command is told as LAYER=FILE.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import shapely

from geo.importing.features import FileProblem
from geo.importing.files import read_features
from geo.language import Language
from geo.positions import Box
from maps.basemap import kinds
from maps.basemap.kinds import Drawn
from maps.basemap.shapes import Counts, Shape, SourceProblem, shaped

_USUAL = {
    "landuse": Drawn("landuse", "park", None, 10),
    "water": Drawn("water", "water", None, 8),
    "buildings": Drawn("buildings", "building", None, 14),
    "roads": Drawn("roads", "minor_road", None, 12),
    "places": Drawn("places", "locality", "village", 11),
}
"""What a feature of a layer is where its columns do not tell."""

_NAMES = ("name", "ten", "tên")
_KIND_OF: dict[str, Callable[[Mapping[str, str]], Drawn | None]] = {
    "Point": kinds.point,
    "MultiPoint": kinds.point,
    "LineString": kinds.line,
    "MultiLineString": kinds.line,
    "Polygon": kinds.area,
    "MultiPolygon": kinds.area,
}


def read(path: Path, layer: str | None, bounds: Box | None, counts: Counts) -> Iterator[Shape]:
    """What there is to draw within `bounds`, or in all of the file. Raises `SourceProblem`."""
    try:
        found = read_features(path)
    except FileProblem as problem:
        raise SourceProblem(path, f"{problem.message(Language.VI)} / {problem.message(Language.EN)}") from problem
    except OSError as error:
        raise SourceProblem(path, error.strerror or "cannot be read") from error
    for feature in found.features:
        tags = _tags({key.lower(): str(value) for key, value in feature.properties.items() if value not in (None, "")})
        geometry = feature.geometry
        if geometry is None or geometry.is_empty or not shapely.is_valid(geometry):
            counts.left_out += 1
            continue
        kind_of = _KIND_OF.get(geometry.geom_type)
        drawn = kind_of(tags) if kind_of else None
        if layer is not None:
            drawn = drawn if drawn is not None and drawn.layer == layer else _USUAL[layer]
        if drawn is None:
            counts.left_out += 1
            continue
        yield from shaped(drawn, geometry, tags, bounds)


def _tags(properties: dict[str, str]) -> dict[str, str]:
    """The columns as tags: a name under its usual headings, and Geofabrik's `fclass` under every key it may mean."""
    tags = dict(properties)
    if (name := next((properties[key] for key in _NAMES if key in properties), None)) is not None:
        tags["name"] = name
    if (kind := properties.get("fclass")) is not None:
        tags = {
            **dict.fromkeys(("highway", "railway", "waterway", "natural", "place", "landuse", "leisure"), kind),
            **tags,
        }
    return tags
