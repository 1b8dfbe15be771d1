"""Staff correct what a resident could not know: another kind, another place, a better address."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import handling, journal
from geo.actor import Actor
from geo.categories import UNKNOWN_CATEGORY
from geo.errors import InvalidInput, NotAllowed, OutsideWard, Problem
from geo.giving import accept_by
from geo.lifecycle import Party, Status
from geo.locating import locate_within, point
from geo.positions import Position
from geo.tables import category, incident
from geo.working_time import due


async def correct(
    connection: AsyncConnection,
    actor: Actor,
    row: Any,
    *,
    category_code: str | None,
    location: Position | None,
    address: str | None,
) -> None:
    """Change what is given and not so already; the deadlines follow the kind, neighbourhood and crew follow the place.

    Raises `NotAllowed`, `InvalidInput` for an unknown category, `OutsideWard` for a place in another ward.
    """
    if not actor.runs(row.ward_code):
        raise NotAllowed(path=("incidentId",))
    values: dict[str, Any] = {}
    corrected = []
    if category_code is not None:
        kind = (
            await connection.execute(
                sa.select(category.c.id, category.c.deadline_hours, category.c.working_hours).where(
                    category.c.ward_code == row.ward_code, category.c.code == category_code
                )
            )
        ).one_or_none()
        if kind is None:
            raise InvalidInput(Problem(("category",), UNKNOWN_CATEGORY))
        if kind.id != row.category_id:
            corrected.append("loại phản ánh")
            values["category_id"] = kind.id
            since = sa.func.coalesce(journal.reopened_at(row.ward_code, row.id), incident.c.reported_at)
            values["due_at"] = due(since, kind.deadline_hours, kind.working_hours)
            if row.status == Status.ASSIGNED:
                # Its crew has been asked for a while: never longer than before, and no longer than this kind has.
                values["accept_by"] = sa.func.least(incident.c.accept_by, accept_by(row.ward_code, kind.id))
    if location is not None:
        inside, neighbourhood_id = await locate_within(connection, row.ward_code, location)
        if not inside:
            raise OutsideWard(path=("location",))
        if not await _stands_at(connection, row, location):
            corrected.append("vị trí")
            values |= {"location": point(location), "neighbourhood_id": neighbourhood_id}
    if address is not None and address != row.address:
        corrected.append("địa chỉ")
        values["address"] = address
    if not values:
        return
    await connection.execute(
        sa.update(incident).where(incident.c.ward_code == row.ward_code, incident.c.id == row.id).values(**values)
    )
    await journal.write(
        connection,
        row.ward_code,
        row.id,
        row.status,
        row.status,
        Party.STAFF,
        actor=actor,
        note=f"Đã sửa: {', '.join(corrected)}.",
        public=False,
    )
    await handling.route_again(connection, actor, row)


async def _stands_at(connection: AsyncConnection, row: Any, location: Position) -> bool:
    here = sa.func.ST_Equals(incident.c.location, point(location), type_=sa.Boolean)
    query = sa.select(here).where(incident.c.ward_code == row.ward_code, incident.c.id == row.id)
    return bool(await connection.scalar(query))
