"""Figures as people read them: lines of a table, shades of the map, bars of the chart. Pure: no request, no SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import floor
from typing import Any

from geo.language import Language
from maps.choropleth_map import bounds, shade_of
from schema.relay import identity
from server.pages.words import N_

Gettext = Callable[[str], str]
Figures = dict[str, Any]

MOST_MONTHS = 36
_DAYS_FROM = 48
"""Hours from which on people count in days."""

_NUMBERED = re.compile(r"(Tổ dân phố|Khu phố|Thôn|Tổ)( số)? \d+")

NO_NEIGHBOURHOOD = N_("Ngoài các tổ dân phố")
_HOURS = N_("{n} giờ")
_ONE_HOUR = N_("1 giờ")
_DAYS = N_("{n} ngày")
_SHORT = N_("dưới 1 giờ")


@dataclass(frozen=True, slots=True)
class Speech:
    """A language, and its words."""

    language: Language
    gettext: Gettext

    def number(self, n: int) -> str:
        text = f"{n:,}"
        return text.replace(",", ".") if self.language is Language.VI else text

    def hours(self, hours: float | None) -> str | None:
        """A length of time, None where there is none."""
        if hours is None:
            return None
        if hours < _DAYS_FROM:
            whole = round(hours)
            if whole < 1:
                return self.gettext(_SHORT)
            return self.gettext(_ONE_HOUR) if whole == 1 else self.gettext(_HOURS).format(n=whole)
        days = f"{hours / 24:.1f}"
        return self.gettext(_DAYS).format(n=days.replace(".", ",") if self.language is Language.VI else days)


def unbroken(name: str) -> str:
    """A name in which "Tổ dân phố số 58" stays on one line."""
    return _NUMBERED.sub(lambda found: found[0].replace(" ", "\u00a0"), name)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table, in words; `bar` and `late_bar` are lengths in per cent of the longest."""

    name: str
    icon: str
    key: str
    total: int
    total_said: str
    late_said: str
    in_time: int | None
    """Of a hundred whose time has come, how many were dealt with in time: rounded down, so 100 means all."""
    hours_said: str | None
    bar: float
    late_bar: float
    shade: int | None = None
    """From 1 to 5; 0 for a nought; None where there is nothing to measure."""
    shown: str = ""
    """The measure, as the map writes it."""


def in_time(figures: Figures) -> int | None:
    share = figures["shareInTime"]
    return None if share is None else floor(share * 100 + 1e-9)


def late(figures: Figures) -> int:
    """Open and late, or dealt with late."""
    return int(figures["openLate"] + figures["doneLate"])


def line(figures: Figures, speech: Speech, longest: int, name: str, icon: str = "", key: str = "") -> Line:
    total, behind = figures["total"], late(figures)
    scale = 100 / max(longest, 1)
    return Line(
        name=name,
        icon=icon,
        key=key,
        total=total,
        total_said=speech.number(total),
        late_said=speech.number(behind),
        in_time=in_time(figures),
        hours_said=speech.hours(figures["medianHours"]),
        bar=round(total * scale, 2),
        late_bar=round(behind * scale, 2),
    )


def kinds(groups: Sequence[Figures], speech: Speech) -> list[Line]:
    """A line for each kind of incident, in the ward's order."""
    longest = max((group["total"] for group in groups), default=0)
    name = "name" if speech.language is Language.VI else "nameEn"
    return [
        line(group, speech, longest, group["category"][name], group["category"]["icon"], group["category"]["code"])
        for group in groups
    ]


@dataclass(frozen=True, slots=True)
class Class:
    """A line of the map's legend: its shade, the measure from the least to the most in it, and how many areas."""

    shade: int | None
    least: str
    most: str
    areas: int


def areas(groups: Sequence[Figures], measure: str, speech: Speech) -> tuple[list[Line], list[Class]]:
    """A line for each neighbourhood, the one with the highest measure first, and the legend, the least first."""
    longest = max((group["total"] for group in groups), default=0)
    measured = [(group, _measured(group, measure)) for group in groups]
    values = [value for group, value in measured if value and group["neighbourhood"] is not None]
    upper = bounds(values)
    lines: list[tuple[int, Line]] = []
    for group, value in measured:
        around = group["neighbourhood"]
        found = None if around is None else identity(around["id"])
        name = speech.gettext(NO_NEIGHBOURHOOD) if around is None else unbroken(around["name"])
        made = line(group, speech, longest, name, key="" if found is None else str(found.key))
        shade = shade_of(value, upper) if value and upper else value
        shown = "–" if value is None else _shown(value, measure, speech)
        lines.append((-1 if value is None else value, replace(made, shade=shade, shown=shown)))
    # Sorting is stable: equal ones stay in the order of their names.
    lines.sort(key=lambda pair: pair[0], reverse=True)
    return [made for _, made in lines], _legend([pair for pair in lines if pair[1].key], measure, speech)


def _measured(figures: Figures, measure: str) -> int | None:
    if measure == "reports":
        return int(figures["total"])
    kept = in_time(figures)
    return None if kept is None else 100 - kept


def _shown(value: int, measure: str, speech: Speech) -> str:
    return speech.number(value) if measure == "reports" else f"{value}%"


def _legend(lines: Sequence[tuple[int, Line]], measure: str, speech: Speech) -> list[Class]:
    by_shade: dict[int | None, list[int]] = {}
    for value, made in lines:
        by_shade.setdefault(made.shade, []).append(value)
    ordered = sorted(by_shade.items(), key=lambda pair: -1 if pair[0] is None else pair[0])
    return [
        Class(shade, _shown(min(values), measure, speech), _shown(max(values), measure, speech), len(values))
        for shade, values in ordered
    ]


@dataclass(frozen=True, slots=True)
class Bar:
    """A month of the chart, in per cent of its width and height, beside its line in the table."""

    line: Line
    x: float
    width: float
    height: float
    late_height: float
    middle: float
    label: str
    """The month under the bar; empty where labels would touch."""


def months(groups: Sequence[Figures], speech: Speech) -> list[Bar]:
    """A bar for each month from the first to the last in which something was reported, the last `MOST_MONTHS`."""
    if not groups:
        return []
    known = {group["month"]: group for group in groups}
    names = _from_to(min(known), max(known))[-MOST_MONTHS:]
    longest = max(known[name]["total"] for name in names if name in known)
    slot = 100 / len(names)
    every = -(-len(names) // 4)
    made = []
    for n, name in enumerate(names):
        year, month = name.split("-")
        told = line(known.get(name, NOTHING), speech, longest, f"{month}/{year}", key=name)
        label = f"{int(month)}/{year[2:]}" if (len(names) - 1 - n) % every == 0 else ""
        left, width = round(n * slot + slot * 0.12, 3), round(slot * 0.76, 3)
        made.append(Bar(told, left, width, told.bar, told.late_bar, round((n + 0.5) * slot, 3), label))
    return made


NOTHING: Figures = {"total": 0, "openLate": 0, "doneLate": 0, "shareInTime": None, "medianHours": None}


def _from_to(first: str, last: str) -> list[str]:
    def count(name: str) -> int:
        year, month = name.split("-")
        return int(year) * 12 + int(month) - 1

    return [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(count(first), count(last) + 1)]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many reporters gave a verdict, and of a hundred how many."""

    word: str
    said: str
    part: int


VERDICTS = {
    "satisfied": N_("Hài lòng"),
    "acceptable": N_("Chấp nhận được"),
    "dissatisfied": N_("Không hài lòng"),
}


def verdicts(figures: Figures, speech: Speech) -> list[Verdict]:
    """What reporters said; nothing where too few did to be told."""
    if not figures["rated"]:
        return []
    parts = shares([figures[name] for name in VERDICTS])
    return [
        Verdict(speech.gettext(word), speech.number(figures[name]), part)
        for (name, word), part in zip(VERDICTS.items(), parts, strict=True)
    ]


def shares(numbers: Sequence[int]) -> list[int]:
    """Each one's part of a hundred, exactly a hundred together: what rounding leaves goes to the largest remainders."""
    whole = sum(numbers)
    parts = [100 * number // whole for number in numbers]
    by_remainder = sorted(range(len(numbers)), key=lambda n: 100 * numbers[n] % whole, reverse=True)
    for n in by_remainder[: 100 - sum(parts)]:
        parts[n] += 1
    return parts
