"""Which crew takes an incident: on duty, handling its kind, covering its place, with capacity left; the nearest.

Safe under any concurrency: the crews that could take it are locked in the order of their ids, and only then is
counted what each has in hand, by a statement whose snapshot is younger than the locks. Two reports at once therefore
never both take a crew's last place, and never leave it empty.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import journal
from geo.errors import CrewUnavailable, NotFound
from geo.incidents import in_hand
from geo.lifecycle import Party, Status
from geo.tables import crew, crew_category, incident


def _handles(ward_code: str, category_id: Any) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        crew_category.c.ward_code == ward_code,
        crew_category.c.crew_id == crew.c.id,
        crew_category.c.category_id == category_id,
    )


def _covers(location: Any) -> sa.ColumnElement[bool]:
    return sa.or_(crew.c.coverage.is_(None), sa.func.ST_Covers(crew.c.coverage, location, type_=sa.Boolean))


def _of(ward_code: str, incident_id: UUID, column: sa.Column[Any]) -> sa.ScalarSelect[Any]:
    return sa.select(column).where(incident.c.ward_code == ward_code, incident.c.id == incident_id).scalar_subquery()


async def suits(connection: AsyncConnection, ward_code: str, incident_id: UUID, crew_id: UUID) -> bool:
    """Whether a crew handles an incident's kind and covers its place."""
    category_id = _of(ward_code, incident_id, incident.c.category_id)
    location = _of(ward_code, incident_id, incident.c.location)
    query = sa.select(crew.c.id).where(
        crew.c.ward_code == ward_code, crew.c.id == crew_id, _handles(ward_code, category_id), _covers(location)
    )
    return await connection.scalar(query) is not None


async def choose(connection: AsyncConnection, ward_code: str, incident_id: UUID) -> UUID | None:
    """The crew for an incident, locked until the transaction ends; None when it has to wait in the queue."""
    category_id = _of(ward_code, incident_id, incident.c.category_id)
    location = _of(ward_code, incident_id, incident.c.location)
    candidates = (
        sa.select(crew.c.id)
        .where(
            crew.c.ward_code == ward_code,
            crew.c.on_duty,
            _handles(ward_code, category_id),
            _covers(location),
            crew.c.id.not_in(journal.declined_by(ward_code, incident_id)),
        )
        .order_by(crew.c.id)
        .with_for_update(of=crew, key_share=True)
    )
    locked = (await connection.scalars(candidates)).all()
    if not locked:
        return None
    distance = sa.func.ST_Distance(crew.c.geog, _of(ward_code, incident_id, incident.c.geog))
    nearest = (
        sa.select(crew.c.id)
        .where(crew.c.ward_code == ward_code, crew.c.id.in_(locked), crew.c.capacity > in_hand(ward_code, crew.c.id))
        .order_by(distance, crew.c.id)
        .limit(1)
    )
    chosen: UUID | None = await connection.scalar(nearest)
    return chosen


async def reserve(connection: AsyncConnection, ward_code: str, incident_id: UUID, crew_id: UUID) -> None:
    """Lock the crew that staff named, if it can take the incident; raises `NotFound` or `CrewUnavailable`.

    Staff may send a crew outside its coverage: they know why.
    """
    row = (
        await connection.execute(
            sa.select(crew.c.on_duty, crew.c.capacity)
            .where(crew.c.ward_code == ward_code, crew.c.id == crew_id)
            .with_for_update(key_share=True)
        )
    ).one_or_none()
    if row is None:
        raise NotFound(path=("crewId",))
    handles = await connection.scalar(
        sa.select(crew.c.id).where(
            crew.c.ward_code == ward_code,
            crew.c.id == crew_id,
            _handles(ward_code, _of(ward_code, incident_id, incident.c.category_id)),
        )
    )
    held = await connection.scalar(sa.select(in_hand(ward_code, crew_id)))
    if not row.on_duty or handles is None or held is None or held >= row.capacity:
        raise CrewUnavailable(path=("crewId",))


async def dispatch(connection: AsyncConnection, ward_code: str, incident_id: UUID) -> UUID | None:
    """Give a received incident to the crew that suits it best, if there is one; gives the crew's id."""
    crew_id = await choose(connection, ward_code, incident_id)
    if crew_id is None:
        return None
    await connection.execute(
        sa.update(incident)
        .where(incident.c.ward_code == ward_code, incident.c.id == incident_id)
        .values(status=Status.ASSIGNED, crew_id=crew_id)
    )
    await journal.write(
        connection, ward_code, incident_id, Status.RECEIVED, Status.ASSIGNED, Party.SYSTEM, crew_id=crew_id
    )
    return crew_id
