"""Kinds of incident: everyone may read them, for a resident must choose one, also a private one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.actor import Actor
from geo.ids import new_id
from geo.language import Text
from geo.tables import category, crew_category

Rows = sa.Select[Any]

UNKNOWN_CATEGORY = Text("Phường không có loại phản ánh này.", "The ward has no such kind of incident.")


def readable(_actor: Actor) -> Rows:
    """Every category, with every column."""
    return sa.select(*category.c)


def of_ward(actor: Actor, ward_code: Any) -> Rows:
    """A ward's categories in the order the ward gives them."""
    return readable(actor).where(category.c.ward_code == ward_code).order_by(category.c.position, category.c.code)


def with_id(actor: Actor, ward_code: Any, category_id: Any) -> Rows:
    return readable(actor).where(category.c.ward_code == ward_code, category.c.id == category_id)


def of_crew(actor: Actor, ward_code: Any, crew_id: Any) -> Rows:
    """What a crew handles."""
    handled = sa.select(crew_category.c.category_id).where(
        crew_category.c.ward_code == ward_code, crew_category.c.crew_id == crew_id
    )
    return of_ward(actor, ward_code).where(category.c.id.in_(handled))


async def save(connection: AsyncConnection, ward_code: str, code: str, **values: Any) -> UUID:
    """Add a category, the last of its ward, or change the one with this code; gives its id."""
    last = sa.select(sa.func.coalesce(sa.func.max(category.c.position) + 1, 0)).where(category.c.ward_code == ward_code)
    statement = insert(category).values(
        ward_code=ward_code, id=new_id(), code=code, position=last.scalar_subquery(), **values
    )
    statement = statement.on_conflict_do_update(index_elements=["ward_code", "code"], set_=values)
    saved: UUID = (await connection.execute(statement.returning(category.c.id))).scalar_one()
    return saved
