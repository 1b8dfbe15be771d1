"""Incidents of every visibility, for the tests of who may see what."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import tables
from geo.ids import new_id
from geo.lifecycle import Status
from tests import ward
from tests.ward import CLEAN, FIRST, ROADS, SECOND, Reported, Ward


async def lay(connection: AsyncConnection, made: Ward) -> dict[str, Reported]:
    """Each has a reporter, text that holds the word `mậtngữ` and its own name, a verdict, and two photographs."""
    laid: dict[str, Reported] = {}

    async def add(name: str, *, near: tuple[float, float] = ward.IN_FIRST, **values: object) -> None:
        laid[name] = await ward.report(
            connection,
            at=near,
            phone="0905000222",
            description=f"mậtngữ {name}",
            address=f"Số nhà {name}",
            satisfaction="ACCEPTABLE",
            **values,  # type: ignore[arg-type]
        )
        await _photographs(connection, laid[name])

    first, second = made.neighbourhoods[FIRST], made.neighbourhoods[SECOND]
    clean, roads = made.crews[CLEAN], made.crews[ROADS]
    held = {"status": Status.ASSIGNED, "crew_id": clean, "neighbourhood_id": first}
    await add("held", **held)
    await add("waiting", neighbourhood_id=first)
    await add(
        "published",
        near=ward.IN_SECOND,
        category="INFRASTRUCTURE",
        status=Status.RESOLVED,
        crew_id=roads,
        neighbourhood_id=second,
        published=True,
    )
    # Published by mistake or on purpose: a private kind stays private.
    await add("private", category="SECURITY", published=True, **held)
    await add("private twin", category="SECURITY", **held)
    await add("copy", status=Status.DUPLICATE, duplicate_of_id=laid["private"].key, neighbourhood_id=first)
    await add("elsewhere", near=ward.IN_OTHER, code=ward.OTHER)
    return laid


async def _photographs(connection: AsyncConnection, of: Reported) -> None:
    """One published, one not; both taken for the report itself."""
    columns = tables.incident_event.c
    step = sa.select(columns.id).where(columns.incident_id == of.key, columns.from_status.is_(None)).scalar_subquery()
    for published in (True, False):
        row = {"ward_code": of.code, "incident_id": of.key, "event_id": step, "width": 4, "height": 3}
        await connection.execute(sa.insert(tables.photo).values(id=new_id(), published=published, **row))
