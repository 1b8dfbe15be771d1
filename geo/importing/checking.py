"""Whether a feature's shape and words can be stored: pure, no database. Nothing is ever repaired.

`ST_MakeValid` and its kin are never used: on a hostile ring they run for minutes, and a repaired boundary is one that
nobody drew.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.contact import visible
from geo.importing import troubles
from geo.importing.features import Feature
from geo.importing.troubles import Trouble, TroubleKind
from geo.language import Text
from geo.positions import DECIMALS

_REASONS = {
    "Self-intersection": "đường biên tự cắt",
    "Ring Self-intersection": "đường biên tự chạm",
    "Hole lies outside shell": "lỗ nằm ngoài đường biên",
    "Holes are nested": "lỗ nằm trong lỗ",
    "Interior is disconnected": "phần trong bị cắt rời",
    "Nested shells": "mảnh nằm trong mảnh",
    "Duplicate Rings": "hai vòng trùng nhau",
    "Too few points in geometry component": "vòng có quá ít điểm",
}
_REASON = re.compile(r"(.+?)\[(\S+) (\S+)\]")


# Letters of TCVN3 (the .Vn fonts) as they look when taken for Latin-1: "Hoµ Xu©n". Signs that Vietnamese does not need
# within a word.
_LETTER = r"[^\W\d_]"
_TCVN3 = re.compile(
    rf"(?<={_LETTER})[\u00a8-\u00aa\u00ac-\u00ae\u00b5-\u00b9\u00bc-\u00be](?={_LETTER})|(?<={_LETTER})\u00b5"
)
# UTF-8 taken for Latin-1 or windows-1252: "HÃ²a", "XuÃ¢n", "Ä‘", "áº", "á»".
_TWICE_ENCODED = re.compile(r"Ã[\u0080-\u00bf]|Ä[\u0080-\u00bf‘’“”ƒ]|Æ[\u0080-\u00bf]|á[º»]")


def mangled(text: str) -> bool:
    """Whether letters were lost, or text was read in another encoding than it was written in."""
    return "\ufffd" in text or bool(_TCVN3.search(text) or _TWICE_ENCODED.search(text))


@dataclass(slots=True)
class Check:
    """Gathers what is wrong with one feature while it is being read."""

    feature: Feature
    label: str = ""
    troubles: list[Trouble] = field(default_factory=list)
    unfit: set[str] = field(default_factory=set)
    """The properties that are there, but hold no text that can be stored."""

    def add(self, kind: TroubleKind, text: Text, **values: object) -> None:
        self.troubles.append(Trouble(self.feature.number, self.label, kind, text, values))

    def words(self, name: str | None, most: int) -> str | None:
        """A property as text in NFC without blanks around it; None where it is absent, empty or unfit."""
        value = self.feature.properties.get(name) if name is not None else None
        if value is None:
            return None
        text = unicodedata.normalize("NFC", value if isinstance(value, str) else str(value)).strip()
        told = len(self.troubles)
        if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
            self.add(TroubleKind.TEXT, troubles.BAD_TEXT, field=name)
        text = visible(text).strip()
        if mangled(text):
            self.add(TroubleKind.TEXT, troubles.MANGLED, field=name, words=text[:60])
        if len(text) > most:
            self.add(TroubleKind.TEXT, troubles.TOO_LONG, field=name, most=most)
        if len(self.troubles) > told:
            self.unfit.add(name or "")
            return None
        return text or None

    def lacks(self, name: str | None, value: str | None) -> bool:
        """Whether there is nothing under `name`, of which `words` gave `value`: not even something unfit."""
        return value is None and (name or "") not in self.unfit

    def area(self, most_vertices: int) -> MultiPolygon | None:
        """The feature's shape as a valid MultiPolygon on the grid of 7 decimals, or None with the reason noted."""
        shape = self._shape("Polygon, MultiPolygon", (Polygon, MultiPolygon))
        if shape is None:
            return None
        count = int(shapely.get_num_coordinates(shape))
        if count > most_vertices:
            self.add(TroubleKind.TOO_MANY_VERTICES, troubles.TOO_MANY, count=count, most=most_vertices)
            return None
        rounded: Any = shapely.transform(shape, lambda points: np.round(points, DECIMALS))
        if not rounded.is_valid:
            self._invalid(rounded)
            return None
        return rounded if isinstance(rounded, MultiPolygon) else MultiPolygon([rounded])

    def point(self) -> tuple[float, float] | None:
        """The feature's longitude and latitude on the grid, or None with the reason noted."""
        shape = self._shape("Point", (Point,))
        return (round(shape.x, DECIMALS), round(shape.y, DECIMALS)) if isinstance(shape, Point) else None

    def _shape(self, wanted: str, types: tuple[type[BaseGeometry], ...]) -> BaseGeometry | None:
        shape = self.feature.geometry
        if shape is None and self.feature.fault is not None:
            self.add(TroubleKind.GEOMETRY, troubles.FAULT, told_vi=self.feature.fault.vi, told_en=self.feature.fault.en)
        elif shape is None:
            text = troubles.UNREADABLE if self.feature.unreadable else troubles.NO_GEOMETRY
            self.add(TroubleKind.GEOMETRY, text)
        elif not isinstance(shape, types):
            self.add(TroubleKind.GEOMETRY, troubles.WRONG_TYPE, wanted=wanted, found=shape.geom_type)
        elif shape.is_empty:
            self.add(TroubleKind.GEOMETRY, troubles.EMPTY)
        elif (stray := _stray(shape)) is not None:
            longitude, latitude = stray
            self.add(TroubleKind.GEOMETRY, troubles.NOT_ON_EARTH, longitude=longitude, latitude=latitude)
        else:
            return shape
        return None

    def _invalid(self, shape: BaseGeometry) -> None:
        reason = str(shapely.is_valid_reason(shape))
        found = _REASON.fullmatch(reason)
        what, longitude, latitude = found.groups() if found else (reason, "?", "?")
        self.add(
            TroubleKind.INVALID,
            troubles.INVALID,
            reason=what,
            reason_vi=_REASONS.get(what, what),
            longitude=longitude,
            latitude=latitude,
        )


def _stray(shape: BaseGeometry) -> tuple[float, float] | None:
    """The first position that is not finite or not on Earth."""
    points = shapely.get_coordinates(shape)
    fine = np.isfinite(points).all(axis=1) & (np.abs(points[:, 0]) <= 180) & (np.abs(points[:, 1]) <= 90)
    if fine.all():
        return None
    x, y = points[int(np.argmin(fine))]
    return float(x), float(y)
