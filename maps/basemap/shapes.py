"""What a source gives to be drawn: shapes with what they are and what they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from geo.positions import Box
from maps.basemap import kinds
from maps.basemap.kinds import Drawn


class SourceProblem(Exception):
    """A file cannot be read; the message names it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


@dataclass(frozen=True, slots=True)
class Shape:
    """One thing to draw, in WGS 84."""

    drawn: Drawn
    geometry: BaseGeometry
    name: str | None = None
    vietnamese: bool = False
    """Whether the name is given as Vietnamese, not merely as what things are called there."""
    ref: str | None = None


@dataclass(slots=True)
class Counts:
    """What became of what was read."""

    drawn: int = 0
    left_out: int = 0
    """Of what should be drawn: without a whole shape, such as a road whose points the extract does not hold."""
    layers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(kinds.LAYERS, 0))


def shaped(drawn: Drawn, geometry: BaseGeometry, tags: Mapping[str, str], bounds: Box | None) -> Iterator[Shape]:
    """The shape, where it is within `bounds`; named ground is also written at its middle."""
    if bounds is not None and not _meets(geometry.bounds, bounds):
        return
    middle = shapely.point_on_surface(geometry)
    name, vietnamese = kinds.name(tags, middle.x, middle.y)
    if drawn.layer == "places":
        if name is not None:
            yield Shape(drawn, middle, name, vietnamese)
        return
    ground = geometry.geom_type in ("Polygon", "MultiPolygon")
    # The name of ground stands at its middle, not in every tile that holds a piece of it.
    yield Shape(drawn, geometry, None if ground else name, vietnamese, tags.get("ref") if not ground else None)
    if ground and name is not None and drawn.layer == "water":
        yield Shape(Drawn("water", drawn.kind, drawn.detail, 12), middle, name, vietnamese)


def _meets(sides: tuple[float, float, float, float], box: Box) -> bool:
    west, south, east, north = sides
    return west <= box.east and east >= box.west and south <= box.north and north >= box.south
