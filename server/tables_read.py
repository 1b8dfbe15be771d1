"""Tables are read by a program of their own, `geo/importing/tabulating.py`, started for each file: no serving process
ever loads what reads spreadsheets, and a hostile one takes only that program with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from geo.language import Text
from geo.tabular import SheetProblem
from server.programs import ProgramFailed, answer_of
from server.room import Room

PROGRAM = "geo.importing.tabulating"
SECONDS = 30.0
AT_ONCE = 2

UNREADABLE = Text(
    "Không đọc được tệp này. Hãy lưu lại dạng CSV UTF-8.", "This file cannot be read. Save it as CSV UTF-8."
)
BUSY = Text(
    "Đang đọc tệp của người khác. Hãy thử lại sau ít giây.", "Others' files are being read. Please try again shortly."
)
_room = Room(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file under its headings, numbered as a spreadsheet numbers them."""

    headings: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str | None]]]
    troubles: Sequence[tuple[int, Text]]
    """What is wrong with cells, by the row's number."""
    remarks: Sequence[Text]


async def read_table(raw: bytes) -> Table:
    """The table in a file: CSV in what Excel saves, or XLSX. Raises `SheetProblem`."""
    if not _room.enter():
        raise SheetProblem(BUSY)
    try:
        said = await answer_of(PROGRAM, raw, seconds=SECONDS)
    except ProgramFailed as failed:
        raise SheetProblem(UNREADABLE) from failed
    finally:
        _room.leave()
    told = orjson.loads(said)
    if told["problem"] is not None:
        raise SheetProblem(Text(*(_literal(one) for one in told["problem"])))
    return Table(
        told["headings"],
        [(number, cells) for number, cells in told["rows"]],
        [(number, Text(_literal(vi), _literal(en))) for number, vi, en in told["troubles"]],
        [Text(_literal(vi), _literal(en)) for vi, en in told["remarks"]],
    )


def _literal(sentence: str) -> str:
    """A finished sentence as a `Text` has it, in which braces are filled in."""
    return sentence.replace("{", "{{").replace("}", "}}")
