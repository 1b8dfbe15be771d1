"""A ward's boundaries edited as one draft, all or nothing: what it comes to, and saving it.

Editors of a ward take turns by the lock that the database's own rule against overlaps takes as well. Whoever looked at
another version of a neighbourhood that the draft names is told so. Those who edit different neighbourhoods both
succeed, also side by side: a neighbour that only gets a vertex into an edge keeps its version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import shapely
import sqlalchemy as sa
from shapely.geometry import MultiPolygon
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import locks, topology
from geo.actor import Actor
from geo.boundary_drafts import Wanted, checked
from geo.boundary_names import Standing, new_names, taken
from geo.boundary_refusals import BoundaryProblem
from geo.coverage import (
    CUT_SQUARE_METRES,
    BoundaryFault,
    Coverage,
    Draft,
    Fault,
    FaultKind,
    Key,
    Settled,
)
from geo.errors import Conflict, InvalidInput, NotAllowed, NotFound, Problem, VersionConflict
from geo.language import Text
from geo.tables import SRID, neighbourhood, neighbourhood_boundary, ward

NO_BOUNDARY = Text("Tổ dân phố này hiện không có ranh giới.", "This neighbourhood has no boundary now.")

LOCK_SECONDS = 3
"""How long a saving waits for the ward's other editors, on a connection of its own."""
_LOCK_NOT_AVAILABLE = "55P03"
_NEAR_DEGREES = 0.0001
"""Some eleven metres: what lies further from the draft's areas has no part in it."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """A draft in which nothing is wrong but perhaps its shapes, and what it was looked at beside: equal where that is.

    `coverage` holds what lies near.
    """

    wanted: Wanted
    standing: Mapping[UUID, Standing]
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Plan:
    """What a draft comes to: everything that saving it writes. `coverage` holds what lies near, as it is now.

    `names` are those of the neighbourhoods that are called otherwise by it.
    """

    wanted: Wanted
    standing: Mapping[UUID, Standing]
    names: Mapping[UUID, str]
    coverage: Coverage
    settled: Settled

    def name_of(self, key: Key) -> str:
        if isinstance(key, UUID) and key in self.names:
            return self.names[key]
        return _name_of(self.wanted, self.standing, key)


async def look(connection: AsyncConnection, actor: Actor, wanted: Wanted) -> Sketch:
    """The draft beside the ward as it is now. Raises `NotAllowed`, `NotFound`, `InvalidInput` and `VersionConflict`,
    each with the path.
    """
    if not actor.runs(wanted.ward_code):
        raise NotAllowed(path=("wardCode",))
    wanted, problems = checked(wanted)
    standing = await standing_in(connection, wanted.ward_code)
    _find(wanted, standing)
    _compare(wanted, standing)
    problems += taken(wanted, standing)
    problems += [
        Problem(("remove", str(n), "neighbourhoodId"), NO_BOUNDARY)
        for n, one in enumerate(wanted.remove)
        if standing[one.id].since is None
    ]
    if problems:
        raise InvalidInput(*problems)
    return Sketch(wanted, standing, await _coverage(connection, wanted))


async def planned(sketch: Sketch) -> Plan:
    """What a draft comes to: work for the processor, for which no connection is needed. Raises `BoundaryProblem`."""
    wanted, standing, coverage = sketch.wanted, sketch.standing, sketch.coverage
    draft = Draft(
        {n: one.boundary for n, one in enumerate(wanted.draw)},
        {one.id: one.boundary for one in wanted.redraw},
        frozenset(one.id for one in wanted.remove),
    )
    try:
        settled = await asyncio.to_thread(_settle, coverage, draft)
    except BoundaryFault as fault:
        raise BoundaryProblem(
            fault, lambda key: _name_of(wanted, standing, key), wanted.path_of, wanted.ward_code
        ) from fault
    return Plan(wanted, standing, new_names(wanted, standing), coverage, settled)


def _settle(coverage: Coverage, draft: Draft) -> Settled:
    """As `topology.settle`; refuses an outline that would bend more than the rounding of cuts' ends can explain."""
    settled = topology.settle(coverage, draft)
    gained = int(shapely.get_num_coordinates(settled.outline) - shapely.get_num_coordinates(coverage.outline))
    if settled.drift_square_metres > CUT_SQUARE_METRES * max(gained, 1):
        bent = shapely.symmetric_difference(settled.outline, coverage.outline)
        keys = (*draft.drawn, *draft.redrawn)
        raise BoundaryFault(Fault(FaultKind.OUTSIDE_WARD, bent, settled.drift_square_metres, keys))
    return settled


async def lock(connection: AsyncConnection, ward_code: str) -> None:
    """Wait for other editors of the ward, and keep them waiting until the transaction ends.

    Raises `TimeoutError`, as a database does that is too busy, after `LOCK_SECONDS`.
    """
    await connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
    try:
        await locks.take(connection, locks.BOUNDARIES, ward_code)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise TimeoutError from error
    await connection.execute(sa.text("SET LOCAL lock_timeout TO DEFAULT"))


def _name_of(wanted: Wanted, standing: Mapping[UUID, Standing], key: Key) -> str:
    if isinstance(key, int):
        return wanted.draw[key].name
    return standing[key].name if isinstance(key, UUID) and key in standing else ""


async def standing_in(connection: AsyncConnection, ward_code: str) -> dict[UUID, Standing]:
    """The ward's neighbourhoods, also those given up. Raises `NotFound` for a ward that is not kept here."""
    columns, now = neighbourhood.c, neighbourhood_boundary.c
    in_force = sa.and_(now.ward_code == columns.ward_code, now.neighbourhood_id == columns.id, now.until.is_(None))
    rows = await connection.execute(
        sa.select(columns.id, columns.name, columns.version, now.since)
        .select_from(neighbourhood.outerjoin(neighbourhood_boundary, in_force))
        .where(columns.ward_code == ward_code)
    )
    found = {row.id: Standing(*row) for row in rows}
    if not found and await connection.scalar(sa.select(ward.c.code).where(ward.c.code == ward_code)) is None:
        raise NotFound(path=("wardCode",))
    return found


def _find(wanted: Wanted, standing: Mapping[UUID, Standing]) -> None:
    for path, edit in wanted.named():
        if edit.id not in standing:
            raise NotFound(path=(*path, "neighbourhoodId"))


def _compare(wanted: Wanted, standing: Mapping[UUID, Standing]) -> None:
    changed = [
        (path, standing[edit.id])
        for path, edit in wanted.named()
        if edit.expected_version not in (None, standing[edit.id].version)
    ]
    if changed:
        told = {one.id: Conflict(wanted.ward_code, one.id, one.name, one.version) for _, one in changed}
        conflicts = [*told.values()]
        raise VersionConflict(conflicts, (*changed[0][0], "expectedVersion"))


async def _coverage(connection: AsyncConnection, wanted: Wanted) -> Coverage:
    """The ward's outline and the areas that lie near what the draft changes."""
    outline = await connection.scalar(
        sa.select(sa.func.ST_AsBinary(ward.c.boundary)).where(ward.c.code == wanted.ward_code)
    )
    areas = await areas_of(connection, wanted.ward_code, [edit.id for _, edit in wanted.reshaped()])
    near = [*areas.values(), *(one.boundary for one in wanted.draw), *(one.boundary for one in wanted.redraw)]
    areas |= await _areas_near(connection, wanted.ward_code, near)
    return Coverage(_multi(outline), areas)


async def areas_of(connection: AsyncConnection, ward_code: str, ids: Iterable[UUID]) -> dict[Key, MultiPolygon]:
    """The boundaries in force of these neighbourhoods, by id."""
    columns = neighbourhood_boundary.c
    given = sa.literal(list(ids), sa.ARRAY(sa.Uuid))
    query = _in_force(ward_code).where(columns.neighbourhood_id == sa.any_(given))
    return {row.neighbourhood_id: _multi(row.shape) for row in await connection.execute(query)}


async def _areas_near(
    connection: AsyncConnection, ward_code: str, shapes: Iterable[MultiPolygon]
) -> dict[Key, MultiPolygon]:
    """The boundaries in force whose box is near one of these; found by the partial GiST index."""
    bounds = [shape.bounds for shape in shapes if not shape.is_empty]
    sides = [
        [value + (_NEAR_DEGREES if side > 1 else -_NEAR_DEGREES) for value in values]
        for side, values in enumerate(zip(*bounds, strict=True))
    ]
    if not sides:
        return {}
    arrays = [sa.literal(values, sa.ARRAY(sa.Float)) for values in sides]
    names = ("west", "south", "east", "north")
    boxes = sa.func.unnest(*arrays).table_valued(*(sa.column(name, sa.Float) for name in names))
    boxes = boxes.render_derived(name="boxes")
    box = sa.func.ST_MakeEnvelope(*(boxes.c[name] for name in names), SRID)
    here = neighbourhood_boundary.alias("here")
    touched = (
        sa.select(here.c.neighbourhood_id)
        .select_from(boxes.join(here, here.c.boundary.bool_op("&&")(box)))
        .where(here.c.ward_code == ward_code, here.c.until.is_(None))
    )
    query = _in_force(ward_code).where(neighbourhood_boundary.c.neighbourhood_id.in_(touched))
    return {row.neighbourhood_id: _multi(row.shape) for row in await connection.execute(query)}


def _in_force(ward_code: str) -> sa.Select[Any]:
    columns = neighbourhood_boundary.c
    shape = sa.func.ST_AsBinary(columns.boundary).label("shape")
    return sa.select(columns.neighbourhood_id, shape).where(columns.ward_code == ward_code, columns.until.is_(None))


def _multi(binary: Any) -> MultiPolygon:
    shape: Any = shapely.from_wkb(bytes(binary))
    return MultiPolygon(shape)
