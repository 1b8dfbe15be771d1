"""Writing what a draft of boundaries comes to: periods, versions, new neighbourhoods with their team, the outline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from shapely.geometry import MultiPolygon
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import audit, boundaries, boundary_edits, boundary_names, crew_ground, rerouting
from geo.actor import Actor
from geo.areas import same_area
from geo.boundaries import Plan
from geo.boundary_drafts import Wanted
from geo.coverage import Settled
from geo.database import Database
from geo.ids import new_id
from geo.seeds import team_name
from geo.tables import SRID, neighbourhood, neighbourhood_boundary, team, ward

NODED = "Thêm đỉnh chung với tổ dân phố bên cạnh; đất không đổi."
"""The reason of a period that gained nothing but vertices inside its edges."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved: the neighbourhoods by what became of them, and how many incidents are another's now."""

    ward_code: str
    drawn: tuple[UUID, ...]
    redrawn: tuple[UUID, ...]
    removed: tuple[UUID, ...]
    noded: tuple[UUID, ...]
    reassigned: int
    plan: Plan

    @property
    def settled(self) -> Settled:
        return self.plan.settled

    @property
    def standing(self) -> list[UUID]:
        """The neighbourhoods drawn, redrawn and renamed, and the neighbours that got a vertex."""
        wanted = self.plan.wanted
        edited = dict.fromkeys([one.id for one in wanted.redraw] + [one.id for one in wanted.rename])
        return [*self.drawn, *edited, *self.noded]


_TRIES = 3
"""Times that a draft is planned beside a ward that others are changing; the last time while they wait."""


async def save(database: Database, actor: Actor, wanted: Wanted, action: str = "saveBoundaries") -> Saved:
    """Save a draft, all or nothing. Raises as `boundaries.look` and `boundaries.planned`, and `TimeoutError`.

    It is planned before others are kept waiting, and written where the ward is the same then. What is sent as it is
    already changes nothing. Open incidents and places in ground that changed hands find their neighbourhood again.
    """
    async with database.read() as connection:
        sketch = await boundaries.look(connection, actor, wanted)
    tries = 0
    while True:
        plan = await boundaries.planned(sketch)
        tries += 1
        async with database.turns.of(wanted.ward_code), database.write() as connection:
            await boundaries.lock(connection, wanted.ward_code)
            before, sketch = sketch, await boundaries.look(connection, actor, wanted)
            if sketch != before and tries < _TRIES:
                continue
            if sketch != before:
                plan = await boundaries.planned(sketch)
            return await _write(connection, actor, plan, action)


async def _write(connection: AsyncConnection, actor: Actor, plan: Plan, action: str) -> Saved:
    """Write what a draft comes to, by `action`; the ward is held as it was planned for. READ COMMITTED."""
    wanted, settled = plan.wanted, plan.settled
    code = wanted.ward_code
    drawn = {n: new_id() for n in range(len(wanted.draw))}
    noded = [key for key in settled.noded if isinstance(key, UUID)]
    redrawn = [one.id for one in wanted.redraw if _moved(plan, one.id)]
    removed = [one.id for one in wanted.remove]
    renamed = [*plan.names]
    if not (drawn or redrawn or removed or renamed):
        return Saved(code, (), (), (), (), 0, plan)
    at = await boundary_edits.next_moment(connection, code, *(one.since for one in plan.standing.values()))
    await boundary_names.write(connection, wanted, plan.standing, plan.names, at)
    if drawn:
        await _add(connection, wanted, drawn)
        if wanted.parts_of is not None:
            await crew_ground.share(connection, code, wanted.parts_of, [*drawn.values()])
    await _end(connection, code, [*redrawn, *removed, *noded], at)
    shapes = {id_: settled.areas[n] for n, id_ in drawn.items()}
    shapes |= {key: area for key, area in settled.areas.items() if isinstance(key, UUID)}
    why = {"drawn_by": actor.account_id, "reason": wanted.reason}
    rows = [
        *(_period(code, id_, shapes[id_], at, **why) for id_ in (*drawn.values(), *redrawn)),
        *(_period(code, id_, shapes[id_], at, drawn_by=None, reason=NODED) for id_ in noded),
    ]
    if rows:
        await connection.execute(sa.insert(neighbourhood_boundary).values(boundary=_SHAPE), rows)
    await _count(connection, code, [*redrawn, *removed, *renamed])
    if settled.outline is not plan.coverage.outline:
        outline = sa.func.ST_GeomFromWKB(settled.outline.wkb, SRID)
        await connection.execute(sa.update(ward).where(ward.c.code == code).values(boundary=outline))
    edit = await boundary_edits.write(
        connection, code, at, actor.account_id, wanted.reason, [*drawn.values()], redrawn, removed, renamed
    )
    counts = {"drawn": len(drawn), "redrawn": len(redrawn), "removed": len(removed), "renamed": len(renamed)}
    told = {name: count for name, count in counts.items() if count}
    await audit.record(connection, actor, action, f"BoundaryEdit:{code}:{edit}", code, told)
    # Now, not at the commit: what the database refuses is then refused before anything is told.
    await connection.execute(sa.text("SET CONSTRAINTS neighbourhood_boundary_no_overlap IMMEDIATE"))
    changed = [*drawn.values(), *redrawn, *removed]
    reassigned = 0
    if changed:
        reassigned = await rerouting.follow(connection, code, changed, [*shapes, *_neighbours(plan)])
        await rerouting.later(connection, code, edit)
    return Saved(code, tuple(drawn.values()), tuple(redrawn), tuple(removed), tuple(noded), reassigned, plan)


_SHAPE = sa.func.ST_GeomFromWKB(sa.bindparam("wkb", type_=sa.LargeBinary), SRID)


def _moved(plan: Plan, id_: UUID) -> bool:
    before = plan.coverage.areas.get(id_)
    return before is None or not same_area(before, plan.settled.areas[id_])


def _neighbours(plan: Plan) -> list[UUID]:
    return [key for key in plan.coverage.areas if isinstance(key, UUID)]


async def _add(connection: AsyncConnection, wanted: Wanted, drawn: dict[int, UUID]) -> None:
    code = wanted.ward_code
    rows = [{"ward_code": code, "id": drawn[n], "name": one.name} for n, one in enumerate(wanted.draw)]
    await connection.execute(sa.insert(neighbourhood), rows)
    teams = [
        {"ward_code": code, "id": new_id(), "neighbourhood_id": drawn[n], "name": team_name(one.name)}
        for n, one in enumerate(wanted.draw)
    ]
    await connection.execute(sa.insert(team), teams)


async def _end(connection: AsyncConnection, ward_code: str, ids: Sequence[UUID], at: datetime) -> None:
    columns = neighbourhood_boundary.c
    given = sa.literal(list(ids), sa.ARRAY(sa.Uuid))
    ending = sa.update(neighbourhood_boundary).where(
        columns.ward_code == ward_code, columns.neighbourhood_id == sa.any_(given), columns.until.is_(None)
    )
    await connection.execute(ending.values(until=at))


def _period(ward_code: str, id_: UUID, area: MultiPolygon, since: datetime, **why: Any) -> dict[str, Any]:
    row = {"ward_code": ward_code, "id": new_id(), "neighbourhood_id": id_, "since": since}
    return {**row, **why, "wkb": area.wkb}


async def _count(connection: AsyncConnection, ward_code: str, ids: Sequence[UUID]) -> None:
    """One version more for each."""
    given = sa.literal(list(ids), sa.ARRAY(sa.Uuid))
    counting = sa.update(neighbourhood).where(
        neighbourhood.c.ward_code == ward_code, neighbourhood.c.id == sa.any_(given)
    )
    await connection.execute(counting.values(version=neighbourhood.c.version + 1))
