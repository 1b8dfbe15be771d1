"""What a base map draws of OpenStreetMap's tags, and what it calls that: a small part of Protomaps' basemap schema.

Layers and kinds are named as in https://docs.protomaps.com/basemaps/layers, so a style made for those files shows ours
and ours shows them. Borders and military grounds are left out: docs/decisions/0029 says why.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from geo.positions import Box

LAYERS = ("landuse", "water", "buildings", "roads", "places")
"""In the order in which they lie on each other."""

SEA = Box(109.5, 6.0, 118.0, 18.0)
"""The sea of Hoàng Sa and Trường Sa, east of every coast of Vietnam; `static/common/ground.js` has the same."""

OURS = (
    ("Đặc khu Hoàng Sa (thành phố Đà Nẵng)", 111.9, 16.5),
    ("Đặc khu Trường Sa (tỉnh Khánh Hòa)", 113.9, 9.6),
)
"""Written on every base map that holds them: name, longitude, latitude."""

_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Drawn:
    """What something is drawn as. `detail` is OpenStreetMap's own value; it is in the tiles from `min_zoom` on."""

    layer: str
    kind: str
    detail: str | None
    min_zoom: int


_ROADS = {
    "motorway": ("highway", 6),
    "motorway_link": ("highway", 11),
    "trunk": ("major_road", 7),
    "trunk_link": ("major_road", 11),
    "primary": ("major_road", 8),
    "primary_link": ("major_road", 12),
    "secondary": ("major_road", 10),
    "secondary_link": ("major_road", 12),
    "tertiary": ("major_road", 11),
    "tertiary_link": ("major_road", 13),
    "unclassified": ("minor_road", 12),
    "residential": ("minor_road", 13),
    "living_street": ("minor_road", 13),
    "road": ("minor_road", 13),
    "service": ("minor_road", 14),
    "pedestrian": ("path", 14),
    "track": ("path", 14),
    "path": ("path", 14),
    "footway": ("path", 14),
    "cycleway": ("path", 14),
    "steps": ("path", 15),
}
_RAILWAYS = {"rail": 10, "light_rail": 11, "subway": 12, "narrow_gauge": 11}
_WATERWAYS = {"river": 9, "canal": 12, "stream": 13, "ditch": 14, "drain": 14}
_WATERS = {"river", "lake", "pond", "reservoir", "canal", "basin", "lagoon", "stream_pool", "wastewater"}
_LANDUSES = {
    "leisure": {"park", "garden", "pitch", "playground", "golf_course", "nature_reserve"},
    "natural": {"wood", "grassland", "scrub", "beach", "sand", "wetland"},
    "landuse": {
        "forest", "grass", "meadow", "farmland", "orchard", "cemetery", "industrial", "commercial", "retail", "railway",
    },
    "amenity": {"school", "university", "college", "hospital"},
    "aeroway": {"aerodrome"},
}  # fmt: skip
_PLACES = {
    "city": ("locality", 6),
    "town": ("locality", 8),
    "village": ("locality", 11),
    "suburb": ("neighbourhood", 11),
    "quarter": ("neighbourhood", 12),
    "neighbourhood": ("neighbourhood", 13),
    "hamlet": ("locality", 13),
    "archipelago": ("island", 8),
    "island": ("island", 10),
    "islet": ("island", 13),
}

KEYS = ("highway", "railway", "waterway", "natural", "building", "place", "landuse", "leisure", "amenity", "aeroway")
"""The keys that decide; what has none of them is not drawn."""


def line(tags: Mapping[str, str]) -> Drawn | None:
    """What a line is drawn as."""
    highway = tags.get("highway", "")
    if highway in _ROADS and tags.get("area") != "yes":
        kind, zoom = _ROADS[highway]
        return Drawn("roads", kind, highway, zoom)
    railway = tags.get("railway", "")
    if railway in _RAILWAYS and "service" not in tags:
        return Drawn("roads", "rail", railway, _RAILWAYS[railway])
    waterway = tags.get("waterway", "")
    if waterway in _WATERWAYS and tags.get("tunnel", "no") == "no":
        return Drawn("water", waterway, waterway, _WATERWAYS[waterway])
    return None


def area(tags: Mapping[str, str]) -> Drawn | None:
    """What ground is drawn as."""
    if tags.get("building", "no") != "no":
        return Drawn("buildings", "building", None, 14)
    if tags.get("natural") == "water" or tags.get("waterway") == "riverbank":
        detail = tags.get("water", "river" if "waterway" in tags else "water")
        return Drawn("water", detail if detail in _WATERS else "water", detail, 8)
    if tags.get("landuse") in ("reservoir", "basin"):
        return Drawn("water", tags["landuse"], None, 8)
    for key, kinds in _LANDUSES.items():
        if (kind := tags.get(key, "")) in kinds:
            return Drawn("landuse", kind, None, 10)
    return None


def point(tags: Mapping[str, str]) -> Drawn | None:
    """What a named point is written as; an island may come as ground, and is written at its middle."""
    place = tags.get("place", "")
    if place not in _PLACES:
        return None
    kind, zoom = _PLACES[place]
    return Drawn("places", kind, place, zoom)


def name(tags: Mapping[str, str], longitude: float, latitude: float) -> tuple[str | None, bool]:
    """What to write, and whether it is surely Vietnamese: `name:vi` before `name`, in the disputed sea nothing else."""
    vietnamese = _clean(tags.get("name:vi"))
    if vietnamese is not None:
        return vietnamese, True
    at_sea = SEA.west <= longitude <= SEA.east and SEA.south <= latitude <= SEA.north
    return (None if at_sea else _clean(tags.get("name"))), False


def _clean(text: str | None) -> str | None:
    """A name in NFC, on one line, of a length that fits a map."""
    if text is None:
        return None
    printable = "".join(" " if unicodedata.category(sign)[0] == "C" else sign for sign in text)
    return " ".join(unicodedata.normalize("NFC", printable).split())[:_LONGEST_NAME] or None
