"""A ward's ground as it stands, in words that travel to a program of its own: shapes as hexadecimal WKB."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import neighbourhoods, wards
from geo.actor import Actor


async def standing(connection: AsyncConnection, actor: Actor, ward_code: str | None) -> dict[str, Any] | None:
    """The ward with this code, or the default one: `code`, `name`, `outline`, and `neighbourhoods` as lists of id,
    code, name and shape. None where there is none."""
    ward = wards.chosen(actor, ward_code).subquery("w")
    query = sa.select(ward.c.code, ward.c.name, _hex(ward.c.boundary))
    found = (await connection.execute(query)).one_or_none()
    if found is None:
        return None
    code, name, outline = found
    row = neighbourhoods.of_ward(actor, code).subquery("n")
    areas = sa.select(sa.cast(row.c.id, sa.Text), row.c.code, row.c.name, _hex(row.c.boundary)).order_by(row.c.id)
    held = [list(one) for one in await connection.execute(areas)]
    return {"code": code, "name": name, "outline": outline, "neighbourhoods": held}


def _hex(shape: Any) -> Any:
    return sa.func.encode(sa.func.ST_AsBinary(shape), "hex")
