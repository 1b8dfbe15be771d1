"""Incidents that wait for a crew, and what makes it worth looking again: a crew that has room which it had not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import dispatch, jobs, suiting
from geo.incidents import URGENCY, in_hand
from geo.lifecycle import Status
from geo.tables import crew, incident

BITE = 20
"""Incidents a transaction: reports of the ward wait for the crews' locks meanwhile."""

JOB = "dispatch_waiting"
_SOON = timedelta(seconds=2)
_WARDS = 50
_FAILED = timedelta(hours=1)


async def look_again(connection: AsyncConnection, ward_code: str, *, at: datetime | None = None) -> None:
    """Have the ward's waiting incidents dispatched once the caller's transaction is committed."""
    await jobs.enqueue(connection, JOB, {"ward": ward_code}, at=at)


def takeable(ward_code: str, crews: Sequence[UUID]) -> sa.Select[Any]:
    """What waits in a ward and one of these crews could take, most urgent first; served by `ix_incident_waiting`."""
    columns = incident.c
    one_can = _one_can(crew.c.ward_code == ward_code, crew.c.id.in_(crews))
    return (
        sa.select(columns.id)
        .where(columns.ward_code == ward_code, columns.status == Status.RECEIVED, one_can)
        .order_by(URGENCY, columns.id)
        .limit(BITE)
    )


def _one_can(*which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether one of these crews could take the incident."""
    columns = incident.c
    spot = (columns.location, columns.neighbourhood_id)
    can = suiting.able(columns.ward_code, columns.id, columns.category_id, spot)
    return sa.exists().where(*which, can).correlate_except(crew)


async def look_for_forgotten(connection: AsyncConnection) -> int:
    """Have wards looked at where something waits that a crew with room could take; how many, a bounded bite.

    None waits so once every change that frees a crew was looked at: this is for what went wrong. Wards that are to be
    looked at already are left out, and those whose look failed within the hour.
    """
    asked = {jobs.payload_of(payload)["ward"] for payload in await jobs.asked(connection, JOB, _FAILED)}
    columns = incident.c
    has_room = crew.c.capacity > in_hand(crew.c.ward_code, crew.c.id)
    one_can = _one_can(crew.c.ward_code == columns.ward_code, crew.c.on_duty, has_room)
    found = await connection.scalars(
        sa.select(columns.ward_code)
        .where(columns.status == Status.RECEIVED, columns.ward_code.not_in(asked), one_can)
        .distinct()
        .order_by(columns.ward_code)
        .limit(_WARDS)
    )
    wards = found.all()
    for ward_code in wards:
        await look_again(connection, ward_code)
    return len(wards)


async def dispatch_waiting(connection: AsyncConnection, ward_code: str) -> int:
    """Give waiting incidents to crews that have room, most urgent first; how many found theirs.

    The crews on duty are locked first, in the order of their ids, as dispatch does it. Whoever counted a crew as full
    and left an incident waiting held that lock until the commit: so it is seen here, and none is left over between
    the two. Incidents that somebody is changing are passed by, for waiting for them with crews locked could be
    waiting for each other; they are looked at again a little later.
    """
    locked = list(await suiting.lock_on_duty(connection, ward_code))
    free = await connection.scalars(
        sa.select(crew.c.id).where(
            crew.c.ward_code == ward_code, crew.c.id.in_(locked), crew.c.capacity > in_hand(ward_code, crew.c.id)
        )
    )
    with_room = free.all()
    if not with_room:
        return 0
    found = (await connection.scalars(takeable(ward_code, with_room))).all()
    given, passed_by = 0, False
    for incident_id in found:
        if not await _still_waiting(connection, ward_code, incident_id):
            passed_by = True
        elif await dispatch.dispatch(connection, ward_code, incident_id, locked) is not None:
            given += 1
    if passed_by:
        await look_again(connection, ward_code, at=datetime.now(UTC) + _SOON)
    elif given and len(found) == BITE:
        await look_again(connection, ward_code)
    return given


async def _still_waiting(connection: AsyncConnection, ward_code: str, incident_id: UUID) -> bool:
    query = sa.select(incident.c.id).where(
        incident.c.ward_code == ward_code, incident.c.id == incident_id, incident.c.status == Status.RECEIVED
    )
    return await connection.scalar(query.with_for_update(skip_locked=True, key_share=True)) is not None
