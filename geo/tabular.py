"""A table that people keep in a spreadsheet, beside what is stored: what would be added, changed, removed. Pure.

A file's rows become `Line`s under the names of known columns; the rules of a noun compare them with what is stored and
make a `Plan`. Its `digest` says whether a plan made later, after somebody else's change, is still the one seen before.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from geo.errors import Refusal
from geo.language import Language, Text

MOST_LINES = 20_000
LABEL_LENGTH = 80

_NO_COLUMN = Text(
    "Bảng thiếu cột “{wanted}”. Các cột có trong tệp: {found}.",
    "The table lacks the column “{wanted}”. Its columns: {found}.",
)
_SAME_COLUMN = Text(
    "Hai cột “{first}” và “{second}” nói cùng một điều.", "The columns “{first}” and “{second}” say the same thing."
)
UNKNOWN = Text("Không dùng đến các cột: {names}.", "These columns are not used: {names}.")
_FORMULA = re.compile(r"\s*[=+\-@\t\r\n＝＋－＠]")
_YES = frozenset({"co", "x", "1", "yes", "y", "true", "dung", "v", "✓", "✔"})
_NO = frozenset({"", "khong", "0", "no", "n", "false", "sai"})


class SheetProblem(Refusal):
    """The table as a whole cannot be compared."""


class Action(StrEnum):
    """What becomes of a row."""

    ADD = "ADD"
    CHANGE = "CHANGE"
    REMOVE = "REMOVE"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in rules, its heading in files that we write, and what else it may be called there."""

    name: str
    label: Text
    also: tuple[str, ...] = ()
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a file: its number there, and its cells by the names of columns, trimmed and in NFC, `""` where empty.

    A column that the file does not have is not among them.
    """

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence with what is filled in."""

    text: Text
    values: Mapping[str, object] = field(default_factory=dict)

    def message(self, language: Language) -> str:
        return self.text.to(language, **self.values)


@dataclass(frozen=True, slots=True)
class Difference:
    """One column of a row, before and after, as people read it."""

    column: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """A row to add, change or remove. `key` is what it is stored under, `row` what the rules will write."""

    action: Action
    line: Line
    label: str
    differences: tuple[Difference, ...]
    key: str | None
    row: Mapping[str, Any]
    remark: Said | None = None
    """What the reader should look at, though nothing stands against it."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that is refused, and why."""

    number: int
    label: str
    said: Said


@dataclass(frozen=True, slots=True)
class Plan:
    """What a table would change, and which of its rows it leaves out for what is wrong with them."""

    changes: tuple[Change, ...] = ()
    unchanged: int = 0
    wrong: tuple[Wrong, ...] = ()

    def of(self, action: Action) -> list[Change]:
        return [change for change in self.changes if change.action is action]

    @property
    def digest(self) -> str:
        """The same for two plans that change the same rows from the same to the same."""
        told = [
            [one.action, one.line.number, one.key, [[d.column, d.old, d.new] for d in one.differences], dict(one.row)]
            for one in self.changes
        ]
        text = json.dumps(told, ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


class Comparing(ABC):
    """Lines beside what is stored, one after the other."""

    names: tuple[str, ...] = ("name",)
    """The columns of which the first that is filled in names a line."""

    def __init__(self) -> None:
        self.seen: dict[object, int] = {}
        self.wrong: list[Wrong] = []

    def plan(self, lines: Sequence[Line]) -> Plan:
        """What the lines would change, with all that is wrong with them."""
        changes, unchanged = [], 0
        for line in lines:
            change = self.change(line)
            if self.refused(line):
                continue
            if change is None:
                unchanged += 1
            else:
                changes.append(change)
        return Plan(tuple(changes), unchanged, tuple(self.wrong))

    @abstractmethod
    def change(self, line: Line) -> Change | None:
        """What becomes of a line; None where nothing does, or what is wrong with it was noted."""

    def refuse(self, line: Line, text: Text, **values: object) -> None:
        """Note what is wrong with a line."""
        label = next(filter(None, (line.cells.get(name) for name in self.names)), "")
        self.wrong.append(Wrong(line.number, labelled(label), Said(text, values)))

    def refused(self, line: Line) -> bool:
        """Whether something is wrong with the line that is looked at."""
        return bool(self.wrong) and self.wrong[-1].number == line.number

    def once(self, line: Line, what: object, twice: Text) -> None:
        """Refuse a line that is about the same as an earlier one."""
        other = self.seen.setdefault(what, line.number)
        if other != line.number:
            self.refuse(line, twice, other=other)


def lines_of(
    columns: Sequence[Column], headings: Sequence[str], rows: Sequence[tuple[int, Sequence[str | None]]]
) -> tuple[list[Line], list[str]]:
    """The rows under the columns that we know, and the headings of those that we do not.

    Headings are found without regard to diacritics, case and signs. Raises `SheetProblem`.
    """
    known = {plain(called): column for column in columns for called in (column.name, *column.label, *column.also)}
    places: dict[str, int] = {}
    unknown = []
    for index, heading in enumerate(headings):
        found = known.get(plain(heading))
        if found is None:
            unknown.append(heading)
        elif found.name in places:
            raise SheetProblem(_SAME_COLUMN, first=headings[places[found.name]], second=heading)
        else:
            places[found.name] = index
    for column in columns:
        if column.needed and column.name not in places:
            raise SheetProblem(_NO_COLUMN, wanted=column.label.vi, found=", ".join(headings))
    lines = [Line(number, {name: tidy(cells[at]) for name, at in places.items()}) for number, cells in rows]
    return lines, unknown


def plain(text: str) -> str:
    """A heading or a word to be compared: no diacritics, no case, no signs."""
    letters = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(letter for letter in letters if letter.isalnum())


def tidy(cell: str | None) -> str:
    return unicodedata.normalize("NFC", cell or "").strip()


def guarded(text: str) -> str:
    """A cell as files have it: what a spreadsheet would take for a formula gets a ' before it."""
    return f"'{text}" if _FORMULA.match(text) else text


def as_read(stored: str | None, cell: str) -> str:
    """The cell, or what is stored where the cell only shows it: guarded, or as a number without its leading zero."""
    kept = stored or ""
    shown = {kept, guarded(kept), guarded(kept).removeprefix("'")}
    if kept.startswith("0") and kept.isdigit():
        shown.add(kept.lstrip("0"))
    return kept if cell in {tidy(one) for one in shown} else cell


def yes(cell: str) -> bool | None:
    """Whether a cell says yes; None where it says neither yes nor no."""
    said = "x" if cell.strip() in ("✓", "✔") else plain(cell)
    return True if said in _YES else False if said in _NO else None


def labelled(text: str) -> str:
    """How a row is named beside its number."""
    return text if len(text) <= LABEL_LENGTH else f"{text[: LABEL_LENGTH - 1]}…"
