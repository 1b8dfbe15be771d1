"""A draft of a ward's boundaries as staff send it, and what is wrong with it before any geometry is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from shapely.geometry import MultiPolygon

from geo.contact import Checked
from geo.coverage import Key
from geo.errors import Problem
from geo.language import Text

NAME_LENGTH = 200
REASON_LENGTH = 500
MOST = 1_000
"""Neighbourhoods that one draft may name: more than any ward has."""

NOTHING = Text("Bản vẽ không thay đổi gì.", "The draft changes nothing.")
NAMED_TWICE = Text("Tên này được dùng hai lần trong bản vẽ.", "The draft uses this name twice.")
GIVEN_TWICE = Text("Bản vẽ nhắc đến tổ dân phố này hai lần.", "The draft names this neighbourhood twice.")
TOO_MANY = Text("Nhiều nhất {most} mục.", "At most {most} of them.")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A new neighbourhood."""

    name: str
    boundary: MultiPolygon


@dataclass(frozen=True, slots=True)
class Redrawn:
    """A neighbourhood that is to have this boundary; one that was given up comes back by it."""

    id: UUID
    boundary: MultiPolygon
    expected_version: int


@dataclass(frozen=True, slots=True)
class Removed:
    """A neighbourhood that is to have no boundary any more."""

    id: UUID
    expected_version: int


@dataclass(frozen=True, slots=True)
class Renamed:
    """A neighbourhood that is to be called otherwise; without a version whatever it was called meanwhile."""

    id: UUID
    name: str
    expected_version: int | None = None


Named = tuple[tuple[str, ...], Redrawn | Removed | Renamed]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to change in a ward, all or nothing. `reason` is kept with each new boundary.

    What is drawn may be parts of a neighbourhood: crews whose ground is that one by name have the parts as well.
    """

    ward_code: str
    draw: Sequence[Drawn] = ()
    redraw: Sequence[Redrawn] = ()
    remove: Sequence[Removed] = ()
    reason: str | None = None
    rename: Sequence[Renamed] = ()
    parts_of: UUID | None = None

    def named(self) -> Iterator[Named]:
        """Each neighbourhood that the draft names, with the path to it: twice where it is redrawn and renamed."""
        yield from self.reshaped()
        for n, renamed in enumerate(self.rename):
            yield ("rename", str(n)), renamed

    def reshaped(self) -> Iterator[tuple[tuple[str, ...], Redrawn | Removed]]:
        """Each neighbourhood whose boundary the draft changes, with the path to it."""
        for n, redrawn in enumerate(self.redraw):
            yield ("redraw", str(n)), redrawn
        for n, removed in enumerate(self.remove):
            yield ("remove", str(n)), removed

    def path_of(self, key: Key) -> tuple[str, ...]:
        """The path to an area of the draft: a new one by its place in `draw`, any other by its id; none of others."""
        if isinstance(key, int):
            return ("draw", str(key), "boundary")
        return next(((*path, "boundary") for path, edit in self.reshaped() if edit.id == key), ())


def checked(wanted: Wanted) -> tuple[Wanted, list[Problem]]:
    """The draft with its names in NFC and without white space around them, and all that is wrong with it."""
    check = Checked([])
    fields: tuple[tuple[str, Sequence[object]], ...] = (
        ("draw", wanted.draw),
        ("redraw", wanted.redraw),
        ("remove", wanted.remove),
        ("rename", wanted.rename),
    )
    for field, items in fields:
        if len(items) > MOST:
            check.problems.append(Problem((field,), TOO_MANY, {"most": MOST}))
    if not any(items for _, items in fields):
        check.problems.append(Problem((), NOTHING))
    draw = [
        Drawn(check.needed(one.name, ("draw", str(n), "name"), NAME_LENGTH), one.boundary)
        for n, one in enumerate(wanted.draw)
    ]
    rename = [
        Renamed(one.id, check.needed(one.name, ("rename", str(n), "name"), NAME_LENGTH), one.expected_version)
        for n, one in enumerate(wanted.rename)
    ]
    reason = check.text(wanted.reason, ("reason",), REASON_LENGTH)
    names: set[str] = set()
    called = [("draw", str(n), new.name) for n, new in enumerate(draw)]
    called += [("rename", str(n), old.name) for n, old in enumerate(rename)]
    for field, place, name in called:
        if name and name in names:
            check.problems.append(Problem((field, place, "name"), NAMED_TWICE))
        names.add(name)
    wanted = Wanted(wanted.ward_code, draw, wanted.redraw, wanted.remove, reason, rename, wanted.parts_of)
    return wanted, check.problems + _given_twice(wanted)


def _given_twice(wanted: Wanted) -> list[Problem]:
    """What a draft says twice: one that is redrawn may be renamed as well, but none that is removed."""
    problems = []
    reshaped: set[UUID] = set()
    called = {one.id for one in wanted.remove}
    for path, edit in wanted.named():
        seen = called if isinstance(edit, Renamed) else reshaped
        if edit.id in seen:
            problems.append(Problem((*path, "neighbourhoodId"), GIVEN_TWICE))
        seen.add(edit.id)
    return problems
