"""What a map shows at a moment: a zoom level and a box of ground, and the cells in which incidents are counted there.

Web maps are 256 * 2^zoom pixels around the equator (Web Mercator), and so are the cells of `geo.cells`.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from geo.cells import FINEST, TOP, Cells, LateCells, covering
from geo.language import Text
from geo.plans import late_box
from geo.positions import Box, PositionError, box

MAX_ZOOM = 22
FINER = 1
CELL_PIXELS = 256 >> FINER
"""As wide as two fingers: so two clusters beside each other can both be touched."""
FINE = 2
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
class Window:
    """A zoom level and a box of ground."""

    zoom: int
    box: Box

    @property
    def cells(self) -> Cells:
        """The cells in which the window's incidents are counted: `CELL_PIXELS` wide on the screen, or wider."""
        return self._covering(max(self.zoom + FINER, TOP))

    @property
    def fine(self) -> Cells:
        """The cells in which their density is told: a quarter as wide, as far down as crowded wards are counted."""
        kept = min(self.zoom + FINER + FINE, FINEST - 1)
        return self._covering(max(self.zoom + FINER, kept, TOP))

    def _covering(self, level: int) -> Cells:
        cells = covering(self.box, level)
        while max(cells.east - cells.west, cells.south - cells.north) >= MAX_CELLS:
            cells = covering(self.box, cells.level - 1)
        return cells


@dataclass(frozen=True, slots=True)
class LateWindow:
    """What stands for every window of a zoom whose cells are of a level: the window itself is given as `window`."""

    zoom: int
    level: int
    fine_level: int

    @property
    def box(self) -> Box:
        return late_box("window", lambda given: given.values["window"].box, sa.Float())

    @property
    def cells(self) -> LateCells:
        return LateCells(self.level, lambda given: given.values["window"].cells)

    @property
    def fine(self) -> LateCells:
        return LateCells(self.fine_level, lambda given: given.values["window"].fine)


def late(window: Window) -> LateWindow:
    return LateWindow(window.zoom, window.cells.level, window.fine.level)


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
