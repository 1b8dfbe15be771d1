"""A ward's crews as a table in a spreadsheet: a row for each.

A row is known by its id; without one, by the crew's name; any other is a new crew, which is not on duty. No row takes
a crew away, for its history names it. A drawn ground is kept where the row says so, and drawn on the crew's page alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import shapely
import sqlalchemy as sa
from shapely.geometry import MultiPolygon
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import crews, neighbourhoods
from geo.actor import Actor
from geo.crew_ground import Covers
from geo.crew_rows import COLUMNS, DRAWN, SEPARATOR, WHOLE, Crews, Stored, Words
from geo.errors import InvalidInput, NotAllowed
from geo.exporting.writing import Document, table
from geo.ordering import natural
from geo.positions import DECIMALS, Position
from geo.tables import account, category, crew, crew_category, crew_member, crew_neighbourhood, neighbourhood
from geo.tabular import Change, Line, Plan, Said, Wrong


def exported(actor: Actor, ward_code: str) -> Document:
    """A ward's crews as a table that can be edited and taken in again."""
    row = crews.of_ward(actor, ward_code).subquery("c")
    latitude, longitude = (
        sa.cast(sa.func.round(sa.cast(of(row.c.base), sa.Numeric), DECIMALS), sa.Text)
        for of in (sa.func.ST_Y, sa.func.ST_X)
    )
    ground = sa.case({Covers.WARD: WHOLE, Covers.AREA: DRAWN}, value=row.c.covers, else_=_names(row, _GROUNDS))
    cells = {
        "id": sa.cast(row.c.id, sa.Text),
        "name": row.c.name,
        "capacity": row.c.capacity,
        "categories": _names(row, _KINDS),
        "ground": ground,
        "base": sa.func.concat(latitude, ", ", longitude, type_=sa.Text),
        "members": _names(row, _PEOPLE),
    }
    return table([one.label.vi for one in COLUMNS], [cells[one.name] for one in COLUMNS], row, (natural(row.c.name),))


def _through(link: sa.Table, to: sa.Table, key: str) -> sa.Join:
    return link.join(to, link.c[key] == to.c.id)


_KINDS = (_through(crew_category, category, "category_id"), crew_category, natural(category.c.name), category.c.name)
_GROUNDS = (
    _through(crew_neighbourhood, neighbourhood, "neighbourhood_id"),
    crew_neighbourhood,
    natural(neighbourhood.c.name),
    neighbourhood.c.name,
)
_PEOPLE = (_through(crew_member, account, "account_id"), crew_member, account.c.username, account.c.username)


def _names(row: Any, linked: tuple[sa.Join, sa.Table, Any, Any]) -> sa.ScalarSelect[str]:
    joined, link, order, name = linked
    names = sa.func.string_agg(name, aggregate_order_by(sa.literal(SEPARATOR), order), type_=sa.Text)
    of_it = (link.c.ward_code == row.c.ward_code, link.c.crew_id == row.c.id)
    return sa.select(names).select_from(joined).where(*of_it).correlate(row).scalar_subquery()


async def compare(
    connection: AsyncConnection, actor: Actor, ward_code: str, lines: Sequence[Line], *, lock: bool
) -> Plan:
    """What these lines would change of a ward's crews, for its staff. With `lock`, the crews stay as they are until
    the transaction ends. Raises `NotAllowed`."""
    if not actor.runs(ward_code):
        raise NotAllowed
    stored = await _stored(connection, ward_code, lock)
    kinds = sa.select(category.c.code, category.c.name).where(category.c.ward_code == ward_code)
    names = sa.select(neighbourhood.c.id, neighbourhood.c.name).where(neighbourhood.c.ward_code == ward_code)
    words = Words(
        {row.code: row.name for row in await connection.execute(kinds)},
        {row.id: row.name for row in await connection.execute(names)},
    )
    there = neighbourhoods.of_ward(actor, ward_code).with_only_columns(neighbourhood.c.id)
    comparing = Crews(stored, words, list(await connection.scalars(there)))
    plan = comparing.plan(lines)
    return await _possible(connection, ward_code, plan)


async def write(connection: AsyncConnection, actor: Actor, ward_code: str, plan: Plan) -> None:
    """Do what a plan says, which was made in this transaction and under lock."""
    if not actor.runs(ward_code):
        raise NotAllowed
    for change in plan.changes:
        told = {"capacity": change.row["capacity"], **_kept(change)}
        key = None if change.key is None else UUID(change.key)
        await crews.save(connection, ward_code, key, **told)


def _kept(change: Change) -> dict[str, Any]:
    row = change.row
    longitude, latitude = row["base"]
    return {
        "name": row["name"],
        "base": Position(longitude, latitude),
        "coverage": shapely.from_wkb(row["area"]) if row["covers"] == Covers.AREA else None,
        "neighbourhoods": [UUID(one) for one in row["named"]] if row["covers"] == Covers.NEIGHBOURHOODS else None,
        "categories": row["categories"],
        "members": row["members"],
    }


async def _possible(connection: AsyncConnection, ward_code: str, plan: Plan) -> Plan:
    """The plan without what the ward's own rules refuse."""
    changes, wrong = [], list(plan.wrong)
    for change in plan.changes:
        try:
            await crews.check(connection, ward_code, None if change.key is None else UUID(change.key), **_kept(change))
        except InvalidInput as refused:
            wrong += [Wrong(change.line.number, change.label, Said(one.text, one.values)) for one in refused.problems]
        else:
            changes.append(change)
    return Plan(tuple(changes), plan.unchanged, tuple(wrong))


async def _stored(connection: AsyncConnection, ward_code: str, lock: bool) -> list[Stored]:
    columns = crew.c
    query = sa.select(
        columns.id,
        columns.name,
        columns.capacity,
        sa.func.ST_X(columns.base).label("x"),
        sa.func.ST_Y(columns.base).label("y"),
        sa.func.ST_AsBinary(columns.coverage).label("area"),
        _all(_KINDS, category.c.code).label("codes"),
        _all(_GROUNDS, neighbourhood.c.id).label("named"),
        _all(_PEOPLE, account.c.username).label("people"),
    )
    query = query.where(columns.ward_code == ward_code).order_by(columns.id)
    if lock:
        # Before what is read of them, which a statement of its own then sees as it is.
        await connection.execute(
            sa.select(columns.id).where(columns.ward_code == ward_code).order_by(columns.id).with_for_update()
        )
    return [
        Stored(
            row.id,
            row.name,
            row.capacity,
            (round(row.x, DECIMALS), round(row.y, DECIMALS)),
            None if row.area is None else cast(MultiPolygon, shapely.from_wkb(bytes(row.area))),
            tuple(row.codes or ()),
            tuple(row.named or ()),
            tuple(row.people or ()),
        )
        for row in await connection.execute(query)
    ]


def _all(linked: tuple[sa.Join, sa.Table, Any, Any], what: Any) -> sa.ScalarSelect[Any]:
    joined, link, order, _ = linked
    of_it = (link.c.ward_code == crew.c.ward_code, link.c.crew_id == crew.c.id)
    found = sa.select(sa.func.array_agg(aggregate_order_by(what, order))).select_from(joined).where(*of_it)
    return found.correlate(crew).scalar_subquery()
