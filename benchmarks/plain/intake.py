"""A report comes in, the usual way: look up, insert, dispatch, one statement after the other in one transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.plain.models import Boundary, Category, Crew, CrewCategory, Incident, IncidentEvent, Ward
from geo import tables
from geo.ids import new_id, new_tracking_code
from geo.lifecycle import IN_HAND
from geo.secrets import digest


async def receive(
    session: AsyncSession, key: UUID, kind: str, longitude: float, latitude: float, secret: str, **words: str | None
) -> Incident | None:
    """The incident made with this key, now or before; None where the place or the kind is not ours."""
    hashed = digest(str(key))
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(int.from_bytes(hashed[:8], "big", signed=True))))
    known = await session.scalar(sa.select(Incident).where(tables.incident.c.request_key_hash == hashed))
    if known is not None:
        return known
    at = sa.func.ST_SetSRID(sa.func.ST_MakePoint(longitude, latitude), 4326)
    ward = await session.scalar(
        sa.select(Ward).where(sa.func.ST_Covers(tables.ward.c.boundary, at)).order_by(Ward.code).limit(1)
    )
    if ward is None:
        return None
    neighbourhood_id = await session.scalar(
        sa.select(Boundary.neighbourhood_id)
        .where(
            Boundary.ward_code == ward.code,
            Boundary.until.is_(None),
            sa.func.ST_Covers(tables.neighbourhood_boundary.c.boundary, at),
        )
        .order_by(Boundary.neighbourhood_id)
        .limit(1)
    )
    category = await session.scalar(sa.select(Category).where(Category.ward_code == ward.code, Category.code == kind))
    if category is None:
        return None
    now = await session.scalar(sa.select(sa.func.now()))
    assert now is not None
    incident_id = new_id()
    await session.execute(
        sa.insert(tables.incident).values(
            ward_code=ward.code,
            id=incident_id,
            tracking_code=new_tracking_code(ward.code),
            category_id=category.id,
            status="RECEIVED",
            location=at,
            neighbourhood_id=neighbourhood_id,
            channel="GRAPHQL",
            due_at=now + timedelta(hours=category.deadline_hours),
            request_key_hash=hashed,
            reporter_secret_hash=digest(secret),
            **words,
        )
    )
    session.add(_step(ward.code, incident_id, None, "RECEIVED", "REPORTER", now))
    await session.flush()
    crew = await _crew(session, ward.code, category.id, at)
    if crew is not None:
        await session.execute(
            sa.update(tables.incident)
            .where(tables.incident.c.ward_code == ward.code, tables.incident.c.id == incident_id)
            .values(status="ASSIGNED", crew_id=crew.id)
        )
        session.add(_step(ward.code, incident_id, "RECEIVED", "ASSIGNED", "SYSTEM", now, crew.id))
    await session.flush()
    return await session.get(Incident, (ward.code, incident_id))


def _step(
    ward: str, incident_id: UUID, before: str | None, after: str, party: str, at: Any, crew: Any = None
) -> IncidentEvent:
    return IncidentEvent(
        ward_code=ward,
        incident_id=incident_id,
        id=new_id(),
        at=at,
        from_status=before,
        to_status=after,
        party=party,
        public=True,
        crew_id=crew,
    )


async def _crew(session: AsyncSession, ward: str, category_id: Any, at: Any) -> Crew | None:
    """The nearest crew on duty, of the trade, that covers the place and has room. Locked in the order of the ids."""
    crew, trade, incident = tables.crew, tables.crew_category, tables.incident
    candidates = (
        sa.select(Crew)
        .join(CrewCategory, sa.and_(trade.c.ward_code == crew.c.ward_code, trade.c.crew_id == crew.c.id))
        .where(
            crew.c.ward_code == ward,
            crew.c.on_duty,
            trade.c.category_id == category_id,
            sa.or_(crew.c.coverage.is_(None), sa.func.ST_Covers(crew.c.coverage, at)),
        )
        .order_by(crew.c.id)
        .with_for_update(of=crew, key_share=True)
    )
    found = {row.id: row for row in await session.scalars(candidates)}
    if not found:
        return None
    counted = (
        sa.select(incident.c.crew_id, sa.func.count())
        .where(incident.c.ward_code == ward, incident.c.crew_id.in_(found), incident.c.status.in_(IN_HAND))
        .group_by(incident.c.crew_id)
    )
    held = {row[0]: row[1] for row in await session.execute(counted)}
    distance = sa.func.ST_Distance(crew.c.geog, sa.cast(at, tables.crew.c.geog.type))
    free = [key for key, row in found.items() if held.get(key, 0) < row.capacity]
    nearest = await session.scalar(
        sa.select(crew.c.id).where(crew.c.ward_code == ward, crew.c.id.in_(free)).order_by(distance, crew.c.id).limit(1)
    )
    return found.get(nearest)
