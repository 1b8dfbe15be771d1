"""What neighbourhoods are called by a draft: no two that have a boundary alike, and those given up make room."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.boundary_drafts import NAME_LENGTH, Wanted
from geo.errors import Problem
from geo.language import Text
from geo.seeds import team_name
from geo.tables import neighbourhood, team

NAME_TAKEN = Text("Phường đã có tổ dân phố tên “{name}”.", "The ward has a neighbourhood called “{name}” already.")

_GIVEN_UP = re.compile(r"(.+) \(đã bỏ \d\d/\d\d/\d{4}(?:, \d+)?\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Standing:
    """A neighbourhood as the ward has it; `since` is when its boundary came into force, None where it has none."""

    id: UUID
    name: str
    version: int
    since: datetime | None


def taken(wanted: Wanted, standing: Mapping[UUID, Standing]) -> list[Problem]:
    """New names that a neighbourhood keeps which will have a boundary. One that is given up gives its name too."""
    held = _held(wanted, standing)
    new = [("draw", str(n), one.name) for n, one in enumerate(wanted.draw)]
    new += [("rename", str(n), one.name) for n, one in enumerate(wanted.rename)]
    return [Problem((field, n, "name"), NAME_TAKEN, {"name": name}) for field, n, name in new if name in held]


def _held(wanted: Wanted, standing: Mapping[UUID, Standing]) -> set[str]:
    """The names of those that will have a boundary, and are not called otherwise by the draft."""
    freed = {one.id for one in wanted.remove} | {one.id for one in wanted.rename}
    back = {one.id for one in wanted.redraw}
    return {one.name for one in standing.values() if one.id not in freed and (one.since is not None or one.id in back)}


def new_names(wanted: Wanted, standing: Mapping[UUID, Standing]) -> dict[UUID, str]:
    """What neighbourhoods are called otherwise by a draft in which nothing is wrong.

    One that comes back is called as it was before it was given up, where nobody has that name.
    """
    named = {one.id: one.name for one in wanted.rename}
    wished = _held(wanted, standing) | set(named.values()) | {one.name for one in wanted.draw}
    for redrawn in wanted.redraw:
        one = standing[redrawn.id]
        before = _GIVEN_UP.fullmatch(one.name)
        if one.since is None and one.id not in named and before is not None and before[1] not in wished:
            named[one.id] = before[1]
            wished.add(before[1])
    return {id_: name for id_, name in named.items() if name != standing[id_].name}


async def write(
    connection: AsyncConnection,
    wanted: Wanted,
    standing: Mapping[UUID, Standing],
    names: Mapping[UUID, str],
    at: datetime,
) -> None:
    """Call neighbourhoods so, and their teams where those are called after them.

    Those without a boundary whose names are wanted are called by them and the day of `at`.
    """
    ward_code = wanted.ward_code
    # All names at once may go round in a circle; no two may be the same in between.
    await _call(connection, ward_code, {id_: f"{id_}" for id_ in names})
    others = {one.name for id_, one in standing.items() if id_ not in names}
    for name in sorted({*names.values(), *(one.name for one in wanted.draw)} & others):
        other, n = _given_up(name, _day(at)), 1
        while other in others:
            n += 1
            other = _given_up(name, f"{_day(at)}, {n}")
        others.add(other)
        given_up = next(one.id for id_, one in standing.items() if one.name == name and id_ not in names)
        await _call(connection, ward_code, {given_up: other})
    await _call(connection, ward_code, names)
    await _call_teams(connection, ward_code, {id_: (standing[id_].name, name) for id_, name in names.items()})


def _given_up(name: str, when: str) -> str:
    suffix = f" (đã bỏ {when})"
    return name[: NAME_LENGTH - len(suffix)] + suffix


def _day(at: datetime) -> str:
    return (at + timedelta(hours=7)).strftime("%d/%m/%Y")


async def _call(connection: AsyncConnection, ward_code: str, names: Mapping[UUID, str]) -> None:
    if not names:
        return
    lists = (sa.literal([*names], sa.ARRAY(sa.Uuid)), sa.literal([*names.values()], sa.ARRAY(sa.Text)))
    given = sa.func.unnest(*lists).table_valued(sa.column("id", sa.Uuid), sa.column("name", sa.Text))
    rows = given.render_derived(name="given")
    columns = neighbourhood.c
    calling = sa.update(neighbourhood).where(columns.ward_code == ward_code, columns.id == rows.c.id)
    await connection.execute(calling.values(name=rows.c.name))


async def _call_teams(connection: AsyncConnection, ward_code: str, names: Mapping[UUID, tuple[str, str]]) -> None:
    columns = team.c
    calling = (
        sa.update(team)
        .where(columns.ward_code == ward_code, columns.neighbourhood_id == sa.bindparam("of"))
        .where(columns.name == sa.bindparam("before"))
        .values(name=sa.bindparam("after"))
    )
    rows = [
        {"of": id_, "before": team_name(before), "after": team_name(after)} for id_, (before, after) in names.items()
    ]
    if rows:
        await connection.execute(calling, rows)
