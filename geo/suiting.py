"""Which crew suits an incident, as SQL, and the locks of those on duty: dispatch, waiting and planning ask alike."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from geoalchemy2 import Geography
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import journal
from geo.arrival import FRESH
from geo.crew_ground import covers
from geo.tables import SRID, crew, crew_category

Spot = tuple[Any, Any]
"""Where an incident is: its location, and its neighbourhood or NULL."""


def handles(ward_code: Any, category_id: Any) -> sa.ColumnElement[bool]:
    """Whether a crew of the FROM clause handles a kind."""
    return (
        sa.exists()
        .where(
            crew_category.c.ward_code == ward_code,
            crew_category.c.crew_id == crew.c.id,
            crew_category.c.category_id == category_id,
        )
        .correlate_except(crew_category)
    )


def passed(ward_code: Any, incident_id: Any) -> sa.ColumnElement[bool]:
    """Whether it declined the incident or let its time pass: then it is not asked again."""
    return crew.c.id.in_(journal.passed_by(ward_code, incident_id))


def able(ward_code: Any, incident_id: Any, category_id: Any, at: Spot) -> sa.ColumnElement[bool]:
    """Whether it could take an incident, were it on duty and had it room."""
    return sa.and_(handles(ward_code, category_id), covers(*at), sa.not_(passed(ward_code, incident_id)))


def whereabouts() -> sa.ColumnElement[Any]:
    """Where it is expected, as geography: its position while that is fresh, else its base."""
    minutes = sa.func.make_interval(0, 0, 0, 0, 0, FRESH // timedelta(minutes=1))
    fresh = sa.case((crew.c.position_at > sa.func.now() - minutes, crew.c.position))
    return sa.cast(sa.func.coalesce(fresh, crew.c.base), Geography(srid=SRID, spatial_index=False))


async def lock_on_duty(connection: AsyncConnection, ward_code: str, also: UUID | None = None) -> dict[UUID, bool]:
    """Lock the ward's crews on duty, and this one in any case, in the order of their ids; whether each is on duty."""
    wanted = crew.c.on_duty if also is None else sa.or_(crew.c.on_duty, crew.c.id == also)
    locked = await connection.execute(
        sa.select(crew.c.id, crew.c.on_duty)
        .where(crew.c.ward_code == ward_code, wanted)
        .order_by(crew.c.id)
        .with_for_update(of=crew, key_share=True)
    )
    return {row.id: row.on_duty for row in locked}
