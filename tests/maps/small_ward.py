"""A ward of a few rows, for tests of the map: two neighbourhoods, hostile names, incidents of every visibility."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from geo import tables
from geo.database import Database
from geo.ids import new_id, new_tracking_code
from geo.seeds import seed_categories
from tests.ward import square

CODE = "20314"
HOSTILE = ("{{ 12347*98765 }}", "{% raw", "<script>alert(1)</script>")
"""Names that a template engine or a browser would run, were they ever taken for anything but text."""
PRODUCT = str(12347 * 98765)

REPORTED = datetime(2026, 11, 20, 2, 5, tzinfo=UTC)
"""09:05 on 20/11/2026 in Vietnam."""


def spot(longitude: float, latitude: float) -> str:
    return f"SRID=4326;POINT({longitude} {latitude})"


async def build(database: Database, *, code: str = CODE, demo: bool = True) -> dict[str, UUID]:
    """Lay the ward; gives the ids of what tests ask about by name."""
    ids: dict[str, UUID] = {}
    async with database.write() as connection:
        await connection.execute(
            sa.insert(tables.ward).values(
                code=code, name="Phường Thử", boundary=square(108.2, 15.98, 108.24, 16.02), demo=demo
            )
        )
        await seed_categories(connection, code)
        for name, west, east in (("Tổ dân phố số 10", 108.2, 108.22), ("Tổ dân phố số 2", 108.22, 108.24)):
            ids[name] = new_id()
            neighbourhood = {"ward_code": code, "neighbourhood_id": ids[name]}
            await connection.execute(sa.insert(tables.neighbourhood).values(ward_code=code, id=ids[name], name=name))
            await connection.execute(
                sa.insert(tables.neighbourhood_boundary).values(
                    **neighbourhood, id=new_id(), boundary=square(west, 15.98, east, 16.02), since=REPORTED
                )
            )
            await connection.execute(
                sa.insert(tables.team).values(**neighbourhood, id=new_id(), name=f"Tổ công nghệ số {name}")
            )
        places = [
            ("CULTURAL_HOUSE", "Nhà văn hóa số 2", 108.23, 16.0, ids["Tổ dân phố số 2"]),
            ("PEOPLES_COMMITTEE", "Ủy ban nhân dân phường", 108.215, 16.005, ids["Tổ dân phố số 10"]),
            ("OFFICIAL_HOME", "Nhà riêng", 108.205, 15.99, ids["Tổ dân phố số 10"]),
            *(("OTHER", name, 108.21 + 0.004 * n, 15.985, None) for n, name in enumerate(HOSTILE)),
        ]
        for kind, name, longitude, latitude, neighbourhood_id in places:
            ids[name] = new_id()
            await connection.execute(
                sa.insert(tables.place).values(
                    ward_code=code,
                    id=ids[name],
                    kind=kind,
                    name=name,
                    address="12 Đường Thử",
                    phone="0236 3000 111",
                    opening_hours="7:30-17:00",
                    location=spot(longitude, latitude),
                    neighbourhood_id=neighbourhood_id,
                )
            )
    return ids


async def report(
    database: Database,
    longitude: float,
    latitude: float,
    *,
    category: str = "ENVIRONMENT",
    code: str = CODE,
    **values: object,
) -> UUID:
    """One incident, RECEIVED unless `values` say otherwise."""
    incident_id = new_id()
    row = {"status": "RECEIVED", "channel": "WEB", "description": "Rác trước ngõ", "reported_at": REPORTED}
    row |= {"due_at": REPORTED + timedelta(days=3), **values}
    kind = sa.select(tables.category.c.id).where(
        tables.category.c.ward_code == code, tables.category.c.code == category
    )
    async with database.write() as connection:
        await connection.execute(
            sa.insert(tables.incident).values(
                ward_code=code,
                id=incident_id,
                tracking_code=new_tracking_code(code),
                category_id=kind.scalar_subquery(),
                location=spot(longitude, latitude),
                request_key_hash=hashlib.sha256(incident_id.bytes).digest(),
                reporter_secret_hash=hashlib.sha256(b"secret" + incident_id.bytes).digest(),
                **row,
            )
        )
    return incident_id
