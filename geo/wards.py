"""Wards: public ground, the same for every caller."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.actor import Actor
from geo.ordering import by_text
from geo.reading import contains_text
from geo.tables import ward

Rows = sa.Select[Any]


class Ward(NamedTuple):
    """What a ward is called."""

    code: str
    name: str


BY_CODE = by_text(ward.c.code)


def readable(_actor: Actor) -> Rows:
    """Every ward, with every column."""
    return sa.select(*ward.c)


def with_code(actor: Actor, code: Any) -> Rows:
    return readable(actor).where(ward.c.code == code)


def chosen(actor: Actor, code: Any | None) -> Rows:
    """The ward with this code; where none is named, the first by code."""
    return readable(actor).order_by(ward.c.code).limit(1) if code is None else with_code(actor, code)


async def named(connection: AsyncConnection, actor: Actor, code: str | None) -> Ward | None:
    """What that ward is called."""
    row = chosen(actor, code).subquery("w")
    found = (await connection.execute(sa.select(row.c.code, row.c.name))).one_or_none()
    return None if found is None else Ward(*found)


def matching(actor: Actor, search: str | None = None) -> Rows:
    rows = readable(actor)
    return rows.where(contains_text(ward.c.search, search)) if search else rows
