"""Which neighbourhood a feature of a file is: that of its id, else of its code, else of its name. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shapely.geometry import MultiPolygon

from geo.areas import same_area
from geo.importing import troubles
from geo.importing.troubles import Trouble, TroubleKind
from geo.language import Text

CODE_LENGTH = 50

_TWICE = Text("Trùng với đối tượng {other} của tệp.", "The same neighbourhood as feature {other} of the file.")

Sound = tuple[int, str, str | None, str, MultiPolygon, UUID | None]
"""A feature that is sound by itself: its number, the ward it lies in, its code, name, area, and the id it names."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A neighbourhood that is there already; `area` and `since` are None while it has no boundary in force."""

    id: UUID
    code: str | None
    name: str
    area: MultiPolygon | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """A sound feature, and the neighbourhood it renews, if any."""

    number: int
    ward_code: str
    code: str | None
    name: str
    area: MultiPolygon
    stored: Stored | None

    @property
    def key(self) -> str:
        """One for each neighbourhood, stored or to be."""
        return f"new:{self.number}" if self.stored is None else str(self.stored.id)

    @property
    def moved(self) -> bool:
        """Whether a stored one gets another boundary."""
        return self.stored is not None and (self.stored.area is None or not same_area(self.area, self.stored.area))

    @property
    def renamed(self) -> bool:
        """Whether a stored one gets another name or code."""
        return self.stored is not None and (self.stored.name, self.stored.code) != (self.name, self.final_code)

    @property
    def final_code(self) -> str | None:
        """A code is never lost by a file that has none."""
        return self.code if self.code is not None or self.stored is None else self.stored.code


def matched(sound: Iterable[Sound], stored: Mapping[str, list[Stored]]) -> tuple[list[Found], list[Trouble]]:
    """Each feature with the neighbourhood it renews, if any: that of its id, else of its code, else of its name."""
    found: list[Found] = []
    wrong: list[Trouble] = []
    seen: dict[tuple[str, str, str], int] = {}
    for number, ward_code, code, name, area, known in sound:
        here = stored[ward_code]
        match = next((one for one in here if known is not None and one.id == known), None)
        if match is None:
            match = next((one for one in here if code is not None and one.code == code), None)
        if match is None:
            match = next((one for one in here if one.name == name and (code is None or one.code is None)), None)
        marks = [("name", name, troubles.NAME_TWICE), ("code", code, troubles.CODE_TWICE)]
        marks.append(("id", str(match.id) if match else None, _TWICE))
        for what, value, text in marks:
            if value is None:
                continue
            other = seen.setdefault((ward_code, what, value), number)
            if other != number:
                kind = TroubleKind.NAME if what == "name" else TroubleKind.CODE
                wrong.append(Trouble(number, name, kind, text, {"name": name, "code": code, "other": other}))
                break
        else:
            found.append(Found(number, ward_code, code, name, area, match))
    return found, wrong
