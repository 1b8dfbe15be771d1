"""What governs a position: the one rule by which a point finds its ward and its neighbourhood.

A boundary holds its own edge (`ST_Covers`), so a point on a shared edge is held by several; the lowest code, or the
lowest id, has it. Served by the GiST indexes of `ward.boundary` and of the boundaries in force.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from geoalchemy2 import Geography
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.positions import Position
from geo.tables import SRID, neighbourhood_boundary, ward

Point = sa.ColumnElement[Any]


def point(position: Position) -> Point:
    """A position as a geometry, its ordinates bound as parameters."""
    return sa.func.ST_SetSRID(sa.func.ST_MakePoint(position.longitude, position.latitude), SRID)


def geography(position: Position) -> Point:
    """A position as a geography, for distances in metres."""
    return sa.cast(point(position), Geography("POINT", srid=SRID, dimension=2, spatial_index=False))


def ward_at(at: Point) -> sa.ScalarSelect[str]:
    """The code of the ward that holds `at`, or NULL."""
    return (
        sa.select(ward.c.code)
        .where(sa.func.ST_Covers(ward.c.boundary, at))
        .order_by(ward.c.code)
        .limit(1)
        .scalar_subquery()
    )


def neighbourhood_at(ward_code: sa.ColumnElement[str] | str, at: Point) -> sa.ScalarSelect[UUID]:
    """The id of the neighbourhood of `ward_code` that holds `at`, or NULL."""
    boundary = neighbourhood_boundary
    return (
        sa.select(boundary.c.neighbourhood_id)
        .where(
            boundary.c.ward_code == ward_code,
            boundary.c.until.is_(None),
            sa.func.ST_Covers(boundary.c.boundary, at),
        )
        .order_by(boundary.c.neighbourhood_id)
        .limit(1)
        .scalar_subquery()
    )


def locality(at: Point) -> sa.Select[Any]:
    """One row (`ward_code`, `neighbourhood_id`) for a point in a ward kept here; no row elsewhere."""
    found = sa.select(ward_at(at).label("ward_code")).offset(0).subquery("found")
    return sa.select(found.c.ward_code, neighbourhood_at(found.c.ward_code, at).label("neighbourhood_id")).where(
        found.c.ward_code.is_not(None)
    )


async def locate(connection: AsyncConnection, position: Position) -> tuple[str, UUID | None] | None:
    """The ward's code and the neighbourhood's id of a position, or None outside every ward."""
    row = (await connection.execute(locality(point(position)))).one_or_none()
    return (row.ward_code, row.neighbourhood_id) if row else None


async def locate_within(connection: AsyncConnection, ward_code: str, position: Position) -> tuple[bool, UUID | None]:
    """Whether a named ward holds a position, its edge included, and the neighbourhood there."""
    at = point(position)
    covers = sa.exists().where(ward.c.code == ward_code, sa.func.ST_Covers(ward.c.boundary, at))
    row = (await connection.execute(sa.select(covers, neighbourhood_at(ward_code, at)))).one()
    return bool(row[0]), row[1]
