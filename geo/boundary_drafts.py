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
class Wanted:
    """What is to change in a ward, all or nothing. `reason` is kept with each new boundary."""

    ward_code: str
    draw: Sequence[Drawn] = ()
    redraw: Sequence[Redrawn] = ()
    remove: Sequence[Removed] = ()
    reason: str | None = None

    def named(self) -> Iterator[tuple[tuple[str, ...], Redrawn | Removed]]:
        """Each neighbourhood that the draft names, with the path to it."""
        for n, redrawn in enumerate(self.redraw):
            yield ("redraw", str(n)), redrawn
        for n, removed in enumerate(self.remove):
            yield ("remove", str(n)), removed

    def path_of(self, key: Key) -> tuple[str, ...]:
        """The path to an area of the draft: a new one by its place in `draw`, any other by its id."""
        if isinstance(key, int):
            return ("draw", str(key), "boundary")
        return next((*path, "boundary") for path, edit in self.named() if edit.id == key)


def checked(wanted: Wanted) -> tuple[Wanted, list[Problem]]:
    """The draft with its names in NFC and without white space around them, and all that is wrong with it."""
    check = Checked([])
    for field, items in (("draw", wanted.draw), ("redraw", wanted.redraw), ("remove", wanted.remove)):
        if len(items) > MOST:
            check.problems.append(Problem((field,), TOO_MANY, {"most": MOST}))
    if not (wanted.draw or wanted.redraw or wanted.remove):
        check.problems.append(Problem((), NOTHING))
    draw = [
        Drawn(check.needed(one.name, ("draw", str(n), "name"), NAME_LENGTH), one.boundary)
        for n, one in enumerate(wanted.draw)
    ]
    reason = check.text(wanted.reason, ("reason",), REASON_LENGTH)
    names: set[str] = set()
    for n, new in enumerate(draw):
        if new.name and new.name in names:
            check.problems.append(Problem(("draw", str(n), "name"), NAMED_TWICE))
        names.add(new.name)
    ids: set[UUID] = set()
    for path, edit in wanted.named():
        if edit.id in ids:
            check.problems.append(Problem((*path, "neighbourhoodId"), GIVEN_TWICE))
        ids.add(edit.id)
    return Wanted(wanted.ward_code, draw, wanted.redraw, wanted.remove, reason), check.problems
