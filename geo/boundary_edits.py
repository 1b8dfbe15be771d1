"""What was done to a ward's boundaries: each saving, by whom, when and why; and the boundaries of any moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import neighbourhoods
from geo.actor import Actor
from geo.ids import new_id
from geo.ordering import by_time, natural
from geo.reading import staff_of
from geo.tables import account, boundary_edit, neighbourhood, neighbourhood_boundary

Rows = sa.Select[Any]

LATEST = by_time("latest first", boundary_edit, boundary_edit.c.at, descending=True)


def readable(actor: Actor) -> Rows:
    """The savings of boundaries in the wards that this caller is staff of; `author` is who did it, by name."""
    columns = boundary_edit.c
    author = sa.select(account.c.name).where(account.c.id == columns.account_id).scalar_subquery()
    return sa.select(
        columns.ward_code,
        columns.id,
        columns.at,
        columns.reason,
        columns.drawn,
        columns.redrawn,
        columns.removed,
        columns.renamed,
        author.label("author"),
    ).where(staff_of(actor, columns.ward_code))


def of_ward(actor: Actor, ward_code: Any) -> Rows:
    return readable(actor).where(boundary_edit.c.ward_code == ward_code)


def with_id(actor: Actor, ward_code: Any, edit_id: Any) -> Rows:
    return of_ward(actor, ward_code).where(boundary_edit.c.id == edit_id)


def changed(actor: Actor, ward_code: Any, *ids: Any) -> Rows:
    """The neighbourhoods in these lists of ids, by name, as they are now."""
    columns = neighbourhood.c
    among = sa.or_(*(columns.id == sa.any_(some) for some in ids))
    rows = neighbourhoods.readable(actor).where(columns.ward_code == ward_code, among)
    return rows.order_by(natural(columns.name), columns.id)


def held_at(_actor: Actor, ward_code: Any, at: Any) -> Rows:
    """The boundaries that a ward had at a moment, those included that were given up since, by neighbourhood's name.

    `in_force` says whether it is so now as well.
    """
    columns = neighbourhood_boundary.c
    return (
        sa.select(
            columns.ward_code,
            columns.neighbourhood_id,
            columns.id.label("boundary_id"),
            columns.boundary,
            columns.until.is_(None).label("in_force"),
        )
        .select_from(
            neighbourhood_boundary.join(
                neighbourhood,
                sa.and_(neighbourhood.c.ward_code == columns.ward_code, neighbourhood.c.id == columns.neighbourhood_id),
            )
        )
        .where(columns.ward_code == ward_code, columns.since <= at)
        .where(sa.or_(columns.until.is_(None), columns.until > at))
        .order_by(natural(neighbourhood.c.name), neighbourhood.c.id)
    )


async def last(connection: AsyncConnection, ward_code: str | None) -> datetime | None:
    """When the ward's boundaries were saved last; without a code, those of any ward. Served by the moments' index."""
    query = sa.select(sa.func.max(boundary_edit.c.at))
    if ward_code is not None:
        query = query.where(boundary_edit.c.ward_code == ward_code)
    moment: datetime | None = await connection.scalar(query)
    return moment


async def next_moment(connection: AsyncConnection, ward_code: str, *begun: datetime | None) -> datetime:
    """The moment of a saving: now, but later than the last one and than what has `begun`, whatever two clocks say."""
    now: datetime = (await connection.execute(sa.select(sa.func.clock_timestamp()))).scalar_one()
    known = [moment for moment in (*begun, await last(connection, ward_code)) if moment is not None]
    return max(now, max(known, default=now - timedelta(days=1)) + timedelta(microseconds=1))


async def write(
    connection: AsyncConnection,
    ward_code: str,
    at: datetime,
    account_id: UUID | None,
    reason: str | None,
    drawn: Sequence[UUID],
    redrawn: Sequence[UUID],
    removed: Sequence[UUID],
    renamed: Sequence[UUID],
) -> UUID:
    """Take down a saving; `at` is later than the ward's last one. Gives its id."""
    id_ = new_id()
    row = {"ward_code": ward_code, "id": id_, "at": at, "account_id": account_id, "reason": reason}
    lists = {"drawn": list(drawn), "redrawn": list(redrawn), "removed": list(removed)}
    lists["renamed"] = list(renamed)
    await connection.execute(sa.insert(boundary_edit).values(**row, **lists))
    return id_
