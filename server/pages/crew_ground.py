"""A crew's ground on its form: the whole ward, neighbourhoods by name, or an area as lines of coordinates.

The lines are the keyboard's way to draw and what the map's module writes: a vertex a line, latitude first as people
here say it, an empty line between rings. A ring that lies in another is a hole in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from shapely.geometry import Polygon

from geo.crew_ground import Covers
from geo.language import Text
from geo.place_rows import read_position
from geo.positions import MAX_VERTICES, TOO_MANY_VERTICES, PositionError, multi_polygon

WHOLE, NAMED, DRAWN = "all", "neighbourhoods", "drawn"
WAYS = (WHOLE, NAMED, DRAWN)

NO_AREA = Text("Hãy vẽ vùng trên bản đồ, hoặc ghi tọa độ các đỉnh.", "Draw the area on the map, or write its vertices.")
BAD_LINE = Text(
    "Dòng {line} không đọc được: mỗi dòng một đỉnh, vĩ độ rồi kinh độ, ví dụ 15.9865, 108.2100.",
    "Line {line} cannot be read: one vertex a line, latitude and longitude, such as 15.9865, 108.2100.",
)
FEW_VERTICES = Text("Mỗi vùng cần ít nhất ba đỉnh.", "An area has three vertices at least.")

Ring = list[list[float]]


class GroundError(ValueError):
    """What is wrong with the lines."""

    def __init__(self, text: Text, **values: object) -> None:
        super().__init__(text.en)
        self.text, self.values = text, values


@dataclass(frozen=True, slots=True)
class Ground:
    """The ground as the form has it: one of `WAYS`, the ids of neighbourhoods, the lines."""

    way: str
    named: tuple[str, ...]
    lines: str

    def as_input(self) -> dict[str, Any]:
        """The part of `SaveCrewInput` that says it. Raises `GroundError`."""
        if self.way == NAMED:
            return {"neighbourhoodIds": list(self.named)}
        return {"coverageArea": read(self.lines)} if self.way == DRAWN else {}


def ground_of(crew: dict[str, Any] | None) -> Ground:
    """The ground that a crew has; a new one's is the whole ward."""
    if crew is None or crew["covers"] == Covers.WARD:
        return Ground(WHOLE, (), "")
    if crew["covers"] == Covers.NEIGHBOURHOODS:
        return Ground(NAMED, tuple(one["id"] for one in crew["neighbourhoods"]), "")
    return Ground(DRAWN, (), written(crew["coverageArea"]))


def written(area: dict[str, Any]) -> str:
    """A GeoJSON MultiPolygon as lines."""
    rings = [ring[:-1] for part in area["coordinates"] for ring in part]
    return "\n\n".join("\n".join(f"{latitude:.7f}, {longitude:.7f}" for longitude, latitude in ring) for ring in rings)


def read(lines: str) -> dict[str, Any]:
    """The GeoJSON MultiPolygon that the lines say. Raises `GroundError`."""
    rings = _rings(lines.splitlines())
    if not rings:
        raise GroundError(NO_AREA)
    if sum(map(len, rings)) > MAX_VERTICES:
        raise GroundError(TOO_MANY_VERTICES)
    if any(len(ring) < 4 for ring in rings):
        raise GroundError(FEW_VERTICES)
    parts: list[list[Ring]] = []
    for ring in rings:
        around = next((part for part in parts if _within(ring, part[0])), None)
        if around is None:
            parts.append([ring])
        else:
            around.append(ring)
    area = {"type": "MultiPolygon", "coordinates": parts}
    try:
        multi_polygon(area)
    except PositionError as error:
        raise GroundError(error.text) from error
    return area


def _rings(lines: Sequence[str]) -> list[Ring]:
    """Closed rings, longitude first, of the lines between empty ones."""
    rings = []
    for is_said, block in groupby(enumerate(lines, start=1), key=lambda one: bool(one[1].strip())):
        if is_said:
            ring = [_vertex(number, line) for number, line in block]
            rings.append(ring if ring[0] == ring[-1] else [*ring, ring[0]])
    return rings


def _vertex(number: int, line: str) -> list[float]:
    at = read_position(line)
    if at is None:
        raise GroundError(BAD_LINE, line=number)
    return list(at)


def _within(ring: Ring, shell: Ring) -> bool:
    """Whether a ring lies in another; of what is no ring, the whole shape's validity is told."""
    one, other = Polygon(ring), Polygon(shell)
    return one.is_valid and other.is_valid and other.contains(one)
