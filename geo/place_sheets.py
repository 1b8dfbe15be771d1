"""A ward's places as a table in a spreadsheet: what a file would change, and doing just that.

A row is known by its id; without one, by the key of the import that it came from; without either, a row that says what
and where a stored place is, is that place, and any other is a new one. Ward and neighbourhood follow from the position.
Consent to show an official's home is given by people, never by a file. Only what a row asks to remove is removed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import consents, locks, neighbourhoods, places
from geo.actor import Actor
from geo.errors import NotAllowed
from geo.exporting.subjects import spoken
from geo.exporting.writing import Document, table
from geo.ids import new_id
from geo.importing.kinds import KIND_CALLED
from geo.locating import neighbourhood_at, ward_at
from geo.ordering import natural
from geo.place_rows import (
    COLUMNS,
    NO_NEIGHBOURHOOD,
    OUTSIDE,
    SAME_NAME,
    WRITTEN,
    Home,
    Stored,
    Understood,
    understood,
    written,
)
from geo.positions import DECIMALS
from geo.tables import SRID, ConsentChannel, PlaceKind, neighbourhood, place
from geo.tabular import Action, Change, Difference, Line, Plan, Said, Wrong, labelled, plain


def exported(actor: Actor, rows: sa.Select[Any]) -> Document:
    """These places of `geo.places` as a table that can be edited and taken in again."""
    row = rows.subquery("p")
    around = neighbourhoods.readable(actor).subquery("n")
    latitude, longitude = (
        sa.cast(sa.func.round(sa.cast(of(row.c.location), sa.Numeric), DECIMALS), sa.Text)
        for of in (sa.func.ST_Y, sa.func.ST_X)
    )
    cells = {
        **{name: row.c[name] for name in WRITTEN},
        "id": sa.cast(row.c.id, sa.Text),
        "kind": spoken("kind", row.c.kind),
        "position": sa.func.concat(latitude, ", ", longitude, type_=sa.Text),
        "neighbourhood": around.c.name,
        "consent": sa.case((row.c.consented_at.is_not(None), sa.literal("có", sa.Text))),
        "remove": sa.cast(sa.null(), sa.Text),
    }
    columns = [column for column in COLUMNS if column.name in cells]
    same = sa.and_(around.c.ward_code == row.c.ward_code, around.c.id == row.c.neighbourhood_id)
    return table(
        [column.label.vi for column in columns],
        [cells[column.name] for column in columns],
        row.outerjoin(around, same),
        (natural(row.c.name), row.c.id),
    )


async def compare(
    connection: AsyncConnection, actor: Actor, ward_code: str, lines: Sequence[Line], *, lock: bool
) -> Plan:
    """What these lines would change of a ward's places, for its staff. With `lock`, the places stay as they are
    until the transaction ends. Raises `NotAllowed`."""
    if not actor.runs(ward_code):
        raise NotAllowed
    stored = await _stored(connection, actor, ward_code, lock)
    read, wrong = await asyncio.to_thread(understood, lines, stored)
    moved = {one.at for one in read if one.known is None or one.at != one.known.at}
    return await asyncio.to_thread(_planned, read, wrong, stored, await _homes(connection, ward_code, moved))


async def write(connection: AsyncConnection, actor: Actor, ward_code: str, plan: Plan) -> None:
    """Do what a plan says, which was made in this transaction and under lock."""
    if not actor.runs(ward_code):
        raise NotAllowed
    of_ward = place.c.ward_code == ward_code
    removed = [UUID(change.key) for change in plan.of(Action.REMOVE) if change.key is not None]
    if removed:
        await connection.execute(sa.delete(place).where(of_ward, place.c.id == sa.any_(sa.literal(removed, _IDS))))
    changed = [(change.key, change.row) for change in plan.of(Action.CHANGE)]
    if changed:
        # As an insert that meets them all: many rows in a few statements.
        rows = [{"id": UUID(key), **_columns(ward_code, row)} for key, row in changed if key is not None]
        await _upsert(connection, rows)
    added = [{"id": new_id(), **_columns(ward_code, change.row)} for change in plan.of(Action.ADD)]
    if added:
        await _upsert(connection, added)
    await consents.settle_homes(connection, ward_code, ConsentChannel.FILE, actor.account_id)


_IDS = ARRAY(sa.Uuid())
_BATCH = 1_000


async def _upsert(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows that are new, or in place of those with their ids; consent and what else they do not say stays."""
    names = [name for name in rows[0] if name not in ("ward_code", "id")]
    for start in range(0, len(rows), _BATCH):
        adding = insert(place).values(list(rows[start : start + _BATCH]))
        to = {name: adding.excluded[name] for name in names}
        await connection.execute(adding.on_conflict_do_update(index_elements=["ward_code", "id"], set_=to))


def _columns(ward_code: str, row: Mapping[str, Any]) -> dict[str, Any]:
    longitude, latitude = row["at"]
    home = row["neighbourhood_id"]
    return {
        "ward_code": ward_code,
        "location": f"SRID={SRID};POINT({longitude:.7f} {latitude:.7f})",
        "neighbourhood_id": None if home is None else UUID(home),
        **{name: row[name] for name in WRITTEN},
    }


async def _stored(connection: AsyncConnection, actor: Actor, ward_code: str, lock: bool) -> list[Stored]:
    if lock:  # as imports do, so that they and tables take turns
        await locks.take(connection, locks.PLACES)
    rows = places.matching(actor, ward_code).order_by(place.c.id)
    if lock:
        rows = rows.with_for_update()
    row = rows.cte("p")
    query = sa.select(
        row.c.id,
        *(row.c[name] for name in WRITTEN),
        sa.func.ST_X(row.c.location).label("x"),
        sa.func.ST_Y(row.c.location).label("y"),
        neighbourhood.c.id.label("home"),
        neighbourhood.c.name.label("around"),
        row.c.consented_at.is_not(None).label("agreed"),
    ).select_from(
        row.outerjoin(
            neighbourhood,
            sa.and_(neighbourhood.c.ward_code == row.c.ward_code, neighbourhood.c.id == row.c.neighbourhood_id),
        )
    )
    return [
        Stored(
            one.id,
            {name: getattr(one, name) for name in WRITTEN},
            (round(one.x, DECIMALS), round(one.y, DECIMALS)),
            (None if one.home is None else str(one.home), one.around or ""),
            one.agreed,
        )
        for one in await connection.execute(query)
    ]


async def _homes(
    connection: AsyncConnection, ward_code: str, positions: Iterable[tuple[float, float]]
) -> dict[tuple[float, float], Home]:
    """The neighbourhood of each position that lies in the ward, by the rule of `geo.locating`."""
    given = sorted(positions)
    numbers = sa.func.unnest(
        sa.bindparam("longitudes", [x for x, _ in given], ARRAY(sa.Double)),
        sa.bindparam("latitudes", [y for _, y in given], ARRAY(sa.Double)),
    )
    rows = numbers.table_valued("x", "y", with_ordinality="number", joins_implicitly=True).render_derived("given")
    at = sa.func.ST_SetSRID(sa.func.ST_MakePoint(rows.c.x, rows.c.y), SRID)
    found = sa.select(rows.c.number, at.label("at"), ward_at(at).label("home")).offset(0).subquery("found")
    homes = sa.select(found.c.number, neighbourhood_at(found.c.home, found.c.at).label("id")).where(
        found.c.home == ward_code
    )
    home = homes.offset(0).subquery("home")
    query = sa.select(home.c.number, home.c.id, neighbourhood.c.name).select_from(
        home.outerjoin(neighbourhood, sa.and_(neighbourhood.c.ward_code == ward_code, neighbourhood.c.id == home.c.id))
    )
    return {
        given[number - 1]: (None if id_ is None else str(id_), name or "")
        for number, id_, name in await connection.execute(query)
    }


def _planned(
    read: Sequence[Understood],
    wrong: Sequence[Wrong],
    stored: Sequence[Stored],
    homes: Mapping[tuple[float, float], Home],
) -> Plan:
    refused = list(wrong)
    changes: list[Change] = []
    named = {(one.values["kind"], plain(one.values["name"])) for one in stored}
    unchanged = 0
    for one in read:
        label = labelled(one.values["name"])
        still = one.known is not None and one.at == one.known.at
        home = one.known.home if one.known is not None and still else homes.get(one.at)
        if home is None:
            refused.append(Wrong(one.line.number, label, Said(OUTSIDE, {"given": written(one.at)})))
            continue
        row = {**one.values, "at": list(one.at), "neighbourhood_id": home[0]}
        key = None if one.known is None else str(one.known.id)
        if one.remove:
            told = _told(one.known, None, None, one.known.home if one.known else home)
            changes.append(Change(Action.REMOVE, one.line, label, told, key, row))
            continue
        remark = None if home[0] is not None else Said(NO_NEIGHBOURHOOD)
        told = _told(one.known, one.values, one.at, home)
        if one.known is None:
            if (one.values["kind"], plain(one.values["name"])) in named:
                remark = Said(SAME_NAME)
            changes.append(Change(Action.ADD, one.line, label, told, None, row, remark))
        elif told:
            changes.append(Change(Action.CHANGE, one.line, label, told, key, row, None if still else remark))
        else:
            unchanged += 1
    return Plan(tuple(changes), unchanged, tuple(sorted(refused, key=lambda one: one.number)))


def _told(
    known: Stored | None, values: Mapping[str, Any] | None, at: tuple[float, float] | None, home: Home
) -> tuple[Difference, ...]:
    """What differs, column by column, in the order of the table."""
    old = {} if known is None else _shown(known.values, known.at, known.home)
    new = {} if values is None or at is None else _shown(values, at, home)
    names = [column.name for column in COLUMNS]
    return tuple(
        Difference(name, old.get(name, ""), new.get(name, ""))
        for name in names
        if old.get(name, "") != new.get(name, "")
    )


def _shown(values: Mapping[str, Any], at: tuple[float, float], home: Home) -> dict[str, str]:
    texts = {name: values[name] or "" for name in WRITTEN}
    return {**texts, "kind": KIND_CALLED[PlaceKind(values["kind"])], "position": written(at), "neighbourhood": home[1]}
