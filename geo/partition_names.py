"""What proposed neighbourhoods are called: after their cultural house where it names one, else by number. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

NUMBERED = "Tổ dân phố số {number}"

_KINDS = {
    "tổ dân phố": "Tổ dân phố",
    "tdp": "Tổ dân phố",
    "tổ dp": "Tổ dân phố",
    "khu dân cư": "Khu dân cư",
    "khu phố": "Khu phố",
    "thôn": "Thôn",
}
_KIND = re.compile(rf"(?<!\w)({'|'.join(re.escape(kind) for kind in _KINDS)})(?!\w)", re.IGNORECASE)
_END = re.compile(r"[,;:()\[\]/–—]| - |(?<!\w)(?:phường|xã|quận|huyện)(?!\w)", re.IGNORECASE)
_NUMBER = re.compile(r"^số\s+", re.IGNORECASE)
_LONGEST = 60


def name_in(house: str) -> str | None:
    """The neighbourhood in a house's name, or None: "Nhà văn hóa thôn Phong Nam, xã …" -> "Thôn Phong Nam"."""
    text = " ".join(unicodedata.normalize("NFC", house).split())
    found = _KIND.search(text)
    if found is None:
        return None
    rest = _END.split(text[found.end() :], maxsplit=1)[0].strip(" .-")
    if not rest or len(rest) > _LONGEST:
        return None
    if text.isupper():
        rest = rest.title()
    return f"{_KINDS[found[1].lower()]} {_NUMBER.sub('số ', rest)}"


def named(houses: Sequence[str | None], taken: Collection[str] = ()) -> list[str]:
    """A name for each area, no two alike and none in `taken`: after its house (None: it has none), else by number.

    Numbers run in the order of the areas, over those that a house already has.
    """
    used = {name.casefold() for name in taken}
    names: list[str | None] = []
    for house in houses:
        name = None if house is None else name_in(house)
        if name is not None and name.casefold() in used:
            name = None
        if name is not None:
            used.add(name.casefold())
        names.append(name)
    numbers = (number for number in range(1, len(houses) + len(used) + 1))
    free = (name for name in (NUMBERED.format(number=number) for number in numbers) if name.casefold() not in used)
    return [name or next(free) for name in names]
