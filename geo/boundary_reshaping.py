"""Splitting and merging neighbourhoods, and naming them: each makes a draft of boundaries and saves it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from shapely.geometry import LineString, MultiPolygon

from geo import boundaries, topology
from geo.actor import Actor
from geo.boundaries import NO_BOUNDARY
from geo.boundary_drafts import GIVEN_TWICE, TOO_MANY, Drawn, Redrawn, Removed, Renamed, Wanted
from geo.boundary_keeping import Saved, save
from geo.boundary_names import Standing
from geo.boundary_refusals import BoundaryProblem
from geo.coverage import BoundaryFault
from geo.database import Database
from geo.errors import InvalidInput, NotAllowed, NotFound, Problem, VersionConflict
from geo.language import Text

Path = tuple[str, ...]

MOST_MERGED = 100
"""Neighbourhoods that one merger may name."""

CUTS_NOTHING = Text(
    "Đường cắt không chia tổ dân phố này ra. Hãy kéo hai đầu đường vượt qua ranh giới.",
    "The line does not divide this neighbourhood. Let both its ends reach beyond the boundary.",
)
WRONG_COUNT = Text(
    "Đường cắt chia thành {parts} phần: cần {needed} tên mới, xếp theo phần lớn trước.",
    "The line makes {parts} parts: {needed} new names are needed, the larger part's first.",
)
TWO_AT_LEAST = Text("Hãy chọn ít nhất hai tổ dân phố để gộp.", "Choose two neighbourhoods at least to merge.")


async def split(
    database: Database,
    actor: Actor,
    ward_code: str,
    edit: Removed,
    line: LineString,
    names: Sequence[str],
    reason: str | None,
) -> Saved:
    """Split a neighbourhood by a line: the largest part keeps its id, name and team, the others get `names` by size.

    Raises as `save`, and `InvalidInput` for a line that cuts nothing off or another number of names.
    """
    ((old, area),) = await _areas(database, actor, ward_code, {edit.id: ()})
    try:
        parts = await asyncio.to_thread(topology.split, area, line)
    except BoundaryFault as fault:
        raise BoundaryProblem(fault, lambda _: old.name, lambda _: ("line",), ward_code) from fault
    if len(parts) < 2:
        raise InvalidInput(Problem(("line",), CUTS_NOTHING))
    if len(names) != len(parts) - 1:
        raise InvalidInput(Problem(("newNames",), WRONG_COUNT, {"parts": len(parts), "needed": len(parts) - 1}))
    drawn = [Drawn(name, part) for name, part in zip(names, parts[1:], strict=True)]
    redrawn = Redrawn(edit.id, parts[0], edit.expected_version)

    def path(path: Path) -> Path:
        match path:
            case ("draw", n, "name"):
                return ("newNames", n)
            case (("draw" | "redraw"), _, "boundary"):
                return ("line",)
            case ("redraw", _, field):
                return (field,)
        return path

    with _told_at(path):
        return await save(
            database, actor, Wanted(ward_code, drawn, [redrawn], (), reason, parts_of=edit.id), "splitNeighbourhood"
        )


async def merge(
    database: Database, actor: Actor, ward_code: str, edits: Sequence[Removed], name: str, reason: str | None
) -> Saved:
    """Merge neighbourhoods: the first keeps its id, its team and its history, and is called `name`; the others are
    given up. Their teams stay with them, so that they are there again where the others come back.

    Raises as `save`.
    """
    if len(edits) < 2:
        raise InvalidInput(Problem(("neighbourhoods",), TWO_AT_LEAST))
    if len(edits) > MOST_MERGED:
        raise InvalidInput(Problem(("neighbourhoods",), TOO_MANY, {"most": MOST_MERGED}))
    ids = [edit.id for edit in edits]
    twice = [n for n, id_ in enumerate(ids) if id_ in ids[:n]]
    if twice:
        raise InvalidInput(*(Problem(("neighbourhoods", str(n), "neighbourhoodId"), GIVEN_TWICE) for n in twice))
    first, *others = edits
    places = {edit.id: ("neighbourhoods", str(n)) for n, edit in enumerate(edits)}
    found = await _areas(database, actor, ward_code, places)
    names = [one.name for one, _ in found]
    try:
        merged = await asyncio.to_thread(topology.merge, [area for _, area in found])
    except BoundaryFault as fault:
        # What it is said of: one of them, or the whole.
        raise BoundaryProblem(
            fault,
            lambda key: names[key] if isinstance(key, int) else name.strip() or names[0],
            lambda _: ("neighbourhoods",),
            ward_code,
        ) from fault
    redrawn = Redrawn(first.id, merged, first.expected_version)
    renamed = Renamed(first.id, name, first.expected_version)

    def path(path: Path) -> Path:
        match path:
            case (("redraw" | "remove"), _, "boundary"):
                return ("neighbourhoods",)
            case ("rename", _, "name"):
                return ("name",)
            case (("redraw" | "rename"), _, field):
                return ("neighbourhoods", "0", field)
            case ("remove", n, field):
                return ("neighbourhoods", str(int(n) + 1), field)
        return path

    with _told_at(path):
        return await save(
            database, actor, Wanted(ward_code, (), [redrawn], others, reason, [renamed]), "mergeNeighbourhoods"
        )


async def rename(database: Database, actor: Actor, ward_code: str, edit: Renamed) -> Saved:
    """Call a neighbourhood otherwise; its team too, where that was called after it. Raises as `save`.

    The name of one that was given up may be had: that one is then called by it and the day.
    """
    with _told_at(lambda path: path[2:] if path[:1] == ("rename",) else path):
        return await save(database, actor, Wanted(ward_code, rename=[edit]), "renameNeighbourhood")


async def _areas(
    database: Database, actor: Actor, ward_code: str, ids: Mapping[UUID, Path]
) -> list[tuple[Standing, MultiPolygon]]:
    """Neighbourhoods of the ward with their boundaries in force, in the order of `ids`, which has the paths to them.

    Raises `NotAllowed`, `NotFound`, and `InvalidInput` where one has no boundary.
    """
    if not actor.runs(ward_code):
        raise NotAllowed
    async with database.read() as connection:
        standing = await boundaries.standing_in(connection, ward_code)
        areas = await boundaries.areas_of(connection, ward_code, ids)
    for id_, path in ids.items():
        if id_ not in standing:
            raise NotFound(path=(*path, "neighbourhoodId"))
    without = [Problem((*path, "neighbourhoodId"), NO_BOUNDARY) for id_, path in ids.items() if id_ not in areas]
    if without:
        raise InvalidInput(*without)
    return [(standing[id_], areas[id_]) for id_ in ids]


@contextmanager
def _told_at(path: Callable[[Path], Path]) -> Iterator[None]:
    """What is refused of the draft, told of the input that the draft was made from."""
    try:
        yield
    except InvalidInput as refusal:
        problems: list[Any] = [Problem(path(one.path), one.text, one.values) for one in refusal.problems]
        raise InvalidInput(*problems) from refusal
    except (BoundaryProblem, VersionConflict, NotFound) as refusal:
        refusal.path = path(refusal.path)
        raise
