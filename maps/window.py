"""What a map shows at a moment: a zoom level and a box of ground, and the grid in which incidents are counted there.

Web maps are 256 * 2^zoom pixels around the equator (Web Mercator). Near the ward a degree of latitude is taken as
1/cos(latitude) degrees of longitude on the screen, rounded to whole degrees so that cells do not move while panning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from geo.language import Text
from geo.positions import Box, PositionError, box

MAX_ZOOM = 22
CELL_PIXELS = 88
MAX_CELLS = 64
"""Cells along one side at most: a window of the whole world at zoom 22 is counted coarsely, not refused."""

SINGLES_ZOOM = 17
"""From this zoom on each incident stands for itself, unless there are too many."""

MISSING = Text("Thiếu tham số {name}.", "The parameter {name} is missing.")
ZOOM = Text(
    f"zoom phải là số nguyên từ 0 đến {MAX_ZOOM}.",
    f"zoom is a whole number from 0 to {MAX_ZOOM}.",
)
FOUR_NUMBERS = Text("bbox gồm đúng bốn số: tây,nam,đông,bắc.", "bbox is exactly four numbers: west,south,east,north.")


class ParameterError(ValueError):
    """A parameter of the request that cannot be accepted: `name` says which, `text` says why."""

    def __init__(self, name: str, text: Text) -> None:
        self.name = name
        self.text = text
        super().__init__(f"{name}: {text.en}")


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells of `width` by `height` degrees, counted from longitude 0, latitude 0."""

    width: float
    height: float

    def whole(self, part: Box) -> Box:
        """The smallest box of whole cells around `part`: so a cell's count does not depend on the window's edge."""
        return Box(
            math.floor(part.west / self.width) * self.width,
            math.floor(part.south / self.height) * self.height,
            (math.floor(part.east / self.width) + 1) * self.width,
            (math.floor(part.north / self.height) + 1) * self.height,
        )


@dataclass(frozen=True, slots=True)
class Window:
    """A zoom level and a box of ground."""

    zoom: int
    box: Box

    @property
    def grid(self) -> Grid:
        pixel = 360 / (256 * 2**self.zoom)
        middle = min(abs(round((self.box.south + self.box.north) / 2)), 80)
        shrink = math.cos(math.radians(middle))
        width = max(CELL_PIXELS * pixel, _coarse(self.box.east - self.box.west))
        height = max(CELL_PIXELS * pixel * shrink, _coarse(self.box.north - self.box.south))
        return Grid(width, height)


def _coarse(extent: float) -> float:
    """A cell at least `extent / MAX_CELLS` wide, to the next power of two: steady while the window's size wavers."""
    return 2.0 ** math.ceil(math.log2(extent / MAX_CELLS)) if extent > 0 else 0.0


def read_window(zoom: str | None, bbox: str | None) -> Window:
    """A window from a request's `zoom` and `bbox` (west,south,east,north); raises `ParameterError`."""
    return Window(_zoom(zoom), _box(bbox))


def _zoom(text: str | None) -> int:
    if text is None:
        raise ParameterError("zoom", MISSING)
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and int(text) <= MAX_ZOOM):
        raise ParameterError("zoom", ZOOM)
    return int(text)


def _box(text: str | None) -> Box:
    if text is None:
        raise ParameterError("bbox", MISSING)
    parts = text.split(",", 4) if len(text) <= 200 else []
    if len(parts) != 4:
        raise ParameterError("bbox", FOUR_NUMBERS)
    try:
        return box(*(float(part) for part in parts))
    except PositionError as error:
        raise ParameterError("bbox", error.text) from None
    except ValueError:
        raise ParameterError("bbox", FOUR_NUMBERS) from None
