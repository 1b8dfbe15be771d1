"""Every field of every object, as every kind of caller: told, told of one's own, or not told."""

from __future__ import annotations

from typing import Any

import pytest

from geo.audiences import Caller, Cell
from schema.permissions import FIELDS, fields_of
from tests.permissions import reading
from tests.permissions.callers import Scene

FOLLOWED = ("IncidentChange", "BoundaryChange")
"""Read by who follows: `test_live.py`."""
BLOCKS = [block for block in FIELDS if block not in FOLLOWED]


def test_every_block_has_a_reader() -> None:
    lacking = [block for block in BLOCKS if block not in reading.READERS]
    assert lacking == [], "tests/permissions/reading.py, READERS: say where such an object is found in the scene"


@pytest.mark.parametrize("caller", Caller)
@pytest.mark.parametrize("block", BLOCKS)
async def test_a_caller_reads_exactly_the_fields_of_the_table(scene: Scene, block: str, caller: Caller) -> None:
    wrong = []
    for name, audience in fields_of(block).items():
        if name in reading.ABSENT.get(block, "").split():
            continue
        reader = reading.ELSEWHERE.get((block, name), reading.READERS[block])
        cell = audience.cell(caller)
        for which in ("own", "foreign"):
            whole = await scene.read(Caller.ADMIN, block, which, reader)
            if (reader.own if which == "own" else reader.foreign) is None:
                continue
            if caller is Caller.OTHER_CREW and which == "foreign" and cell is not Cell.YES:
                continue  # it is theirs
            told = await scene.read(caller, block, which, reader)
            wanted = cell is Cell.YES or (cell is Cell.OWN and which == "own")
            if problem := _judged(name, wanted, told, whole, block):
                wrong.append(f"{block}.{name} to {caller}, {which}: the table says {cell}, but {problem}")
    assert wrong == [], "\n" + "\n".join(wrong)


def _judged(name: str, wanted: bool, told: Any, whole: Any, block: str) -> str | None:
    """What is wrong with what was told of a field, beside what the administrator is told of the same object."""
    value = None if told is None else told[name]
    if not wanted:
        return None if told is None or reading.is_hidden(value) else f"it says {value!r}"
    if told is None:
        return "the object is not there"
    if reading.is_hidden(value):
        return "it says nothing"
    if whole is None or name in reading.SEEN_DIFFERENTLY or "Statistics" in block or isinstance(value, list | dict):
        return None
    return None if value == whole[name] else f"it says {value!r} and not {whole[name]!r}"


@pytest.mark.parametrize("block", BLOCKS)
async def test_the_scene_has_something_to_hide_in_every_field(scene: Scene, block: str) -> None:
    """A field that is empty for everybody would pass for hidden."""
    for name, audience in fields_of(block).items():
        if name in reading.ABSENT.get(block, "").split():
            continue
        reader = reading.ELSEWHERE.get((block, name), reading.READERS[block])
        entitled = [caller for caller in Caller if audience.cell(caller) is not Cell.NO]
        assert entitled, f"{block}.{name} is told to nobody: take it out of the API"
        told = [await scene.read(caller, block, "own", reader) for caller in entitled]
        assert any(one is not None and not reading.is_hidden(one[name]) for one in told), (
            f"tests/permissions/scene.py: give {block}.{name} something to tell"
        )
