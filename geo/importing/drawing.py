"""Write imported neighbourhoods: new ones with their team, new boundaries as new periods, new names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import boundary_edits, rerouting
from geo.ids import new_id
from geo.importing.features import FileProblem
from geo.importing.matching import Found, Stored
from geo.importing.wards import Progress
from geo.language import Text
from geo.seeds import team_name
from geo.tables import SRID, neighbourhood, neighbourhood_boundary, team

_REASON = "Nhập từ tệp {}"
_REFUSED = Text("Cơ sở dữ liệu không nhận: {reason}", "The database refuses it: {reason}")


async def write(
    connection: AsyncConnection, new: Sequence[Found], changed: Sequence[Found], source: str, progress: Progress
) -> None:
    """Write what is new and what has changed. Raises `FileProblem` where the database's own rules refuse it."""
    wards = sorted({one.ward_code for one in (*new, *changed)})
    begun = {code: [one.stored.since for one in changed if one.stored and one.ward_code == code] for code in wards}
    moments = {code: await boundary_edits.next_moment(connection, code, *begun[code]) for code in wards}
    drawn: dict[str, list[UUID]] = {code: [] for code in wards}
    redrawn: dict[str, list[UUID]] = {code: [] for code in wards}
    renamed = [one for one in changed if one.renamed]
    for one in renamed:  # names may be changing hands: first out of each other's way
        await connection.execute(_renewed(one).values(name=one.key, code=None))
    for one in renamed:
        # What is drawn anew as well is one version more by that; a code is no matter of versions.
        version = neighbourhood.c.version + (1 if _called(one) and not one.moved else 0)
        await connection.execute(_renewed(one).values(name=one.name, code=one.final_code, version=version))
    everything = len(new) + len(changed)
    for done, one in enumerate([*changed, *new], start=1):
        code = one.ward_code
        if one.stored is None:
            drawn[code].append(await _add(connection, one, moments[code], source))
        elif one.moved:
            await _redraw(connection, one, one.stored, moments[code], source)
            redrawn[code].append(one.stored.id)
        progress("Ghi vào cơ sở dữ liệu", done, everything)
    try:
        await connection.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
    except IntegrityError as error:
        raise FileProblem(_REFUSED, reason=str(error.orig).partition("\n")[0]) from error
    for code in wards:
        called = [one.stored.id for one in renamed if one.stored and _called(one) and one.ward_code == code]
        if drawn[code] or redrawn[code] or called:
            why = _REASON.format(source)
            edit = await boundary_edits.write(
                connection, code, moments[code], None, why, drawn[code], redrawn[code], [], called
            )
        if drawn[code] or redrawn[code]:
            await rerouting.follow(connection, code, [*drawn[code], *redrawn[code]])
            await rerouting.later(connection, code, edit)


def _called(one: Found) -> bool:
    """Whether it is called otherwise than before."""
    return one.stored is not None and one.stored.name != one.name


def _renewed(one: Found) -> sa.Update:
    return sa.update(neighbourhood).where(
        neighbourhood.c.ward_code == one.ward_code, neighbourhood.c.id == sa.cast(one.key, sa.Uuid)
    )


async def _add(connection: AsyncConnection, one: Found, since: datetime, source: str) -> UUID:
    id_ = new_id()
    row = {"ward_code": one.ward_code, "id": id_, "code": one.code, "name": one.name}
    await connection.execute(sa.insert(neighbourhood).values(**row))
    await _draw(connection, one, id_, since, source)
    row = {"ward_code": one.ward_code, "id": new_id(), "neighbourhood_id": id_, "name": team_name(one.name)}
    await connection.execute(sa.insert(team).values(**row))
    return id_


async def _redraw(connection: AsyncConnection, one: Found, stored: Stored, since: datetime, source: str) -> None:
    boundary = neighbourhood_boundary
    await connection.execute(
        sa.update(boundary)
        .where(
            boundary.c.ward_code == one.ward_code, boundary.c.neighbourhood_id == stored.id, boundary.c.until.is_(None)
        )
        .values(until=since)
    )
    await _draw(connection, one, stored.id, since, source)
    await connection.execute(_renewed(one).values(version=neighbourhood.c.version + 1))


async def _draw(connection: AsyncConnection, one: Found, id_: UUID, since: datetime, source: str) -> None:
    await connection.execute(
        sa.insert(neighbourhood_boundary).values(
            ward_code=one.ward_code,
            id=new_id(),
            neighbourhood_id=id_,
            boundary=sa.func.ST_GeomFromWKB(one.area.wkb, SRID),
            since=since,
            reason=_REASON.format(source),
        )
    )
