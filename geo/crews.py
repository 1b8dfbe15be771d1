"""Rapid-response crews: who sees them, and how staff keep them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from geoalchemy2 import Geography
from shapely.geometry import MultiPolygon
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import crew_ground, locks, waiting
from geo.actor import Actor, Role
from geo.categories import UNKNOWN_CATEGORY
from geo.errors import InvalidInput, NotFound, Problem
from geo.ids import new_id
from geo.incidents import in_hand
from geo.language import Text
from geo.locating import point
from geo.ordering import by_name
from geo.positions import Position
from geo.reading import Condition, any_of, masked, staff_of, within_metres, works_in
from geo.tables import SRID, account, category, crew, crew_category, crew_member, incident, ward

Rows = sa.Select[Any]

BY_NAME = by_name(crew)

BASE_METRES = 5_000
"""How far outside the ward a crew may start from: its depot may stand next door."""

FAR_BASE = Text(
    "Điểm xuất phát phải nằm trong phường hoặc cách phường không quá 5 km.",
    "A crew starts from within the ward, or no more than 5 km from it.",
)
UNKNOWN_MEMBER = Text(
    "Không có tài khoản đội phản ứng nhanh nào tên như vậy trong phường.", "The ward has no crew account of this name."
)


def readable(actor: Actor) -> Rows:
    """A ward's crews, to who works in the ward; a reporter sees the one that has the report.

    Where a crew is, is personal data: only for staff and the crew itself. How much it has in hand is for them and for
    the ward's other crews.
    """
    columns = crew.c
    seen = works_in(actor, columns.ward_code)
    own: Condition = sa.false()
    if actor.role is Role.CREW_MEMBER:
        own = sa.and_(columns.ward_code == actor.ward_code, columns.id == actor.crew_id)
    if actor.secret_hash is not None:
        theirs = sa.exists().where(
            incident.c.reporter_secret_hash == actor.secret_hash,
            incident.c.ward_code == columns.ward_code,
            incident.c.crew_id == columns.id,
        )
        seen = any_of(seen, theirs)
    colleagues: Condition = any_of(
        staff_of(actor, columns.ward_code),
        columns.ward_code == actor.ward_code if actor.role is Role.CREW_MEMBER else sa.false(),
    )
    whereabouts = any_of(staff_of(actor, columns.ward_code), own)
    return sa.select(
        columns.ward_code,
        columns.id,
        columns.name,
        columns.capacity,
        columns.on_duty,
        crew_ground.way().label("covers"),
        crew_ground.area().label("coverage"),
        masked(whereabouts, columns.base),
        masked(whereabouts, columns.position),
        masked(whereabouts, columns.position_at),
        masked(colleagues, in_hand(columns.ward_code, columns.id).label("in_hand")),
    ).where(seen)


def of_ward(actor: Actor, ward_code: Any, on_duty: bool | None = None) -> Rows:
    rows = readable(actor).where(crew.c.ward_code == ward_code)
    return rows if on_duty is None else rows.where(crew.c.on_duty == on_duty)


def with_id(actor: Actor, ward_code: Any, crew_id: Any) -> Rows:
    return readable(actor).where(crew.c.ward_code == ward_code, crew.c.id == crew_id)


async def save(
    connection: AsyncConnection,
    ward_code: str,
    crew_id: UUID | None,
    *,
    name: str,
    capacity: int,
    base: Position,
    coverage: MultiPolygon | None,
    categories: Sequence[str],
    members: Sequence[str] | None,
    neighbourhoods: Sequence[UUID] | None = None,
) -> UUID:
    """Add a crew, or change the one with `crew_id`. `categories` are codes, `members` usernames (None: as they are).

    Its ground is `coverage` or the named `neighbourhoods`; the whole ward with neither. Raises `NotFound`,
    `InvalidInput` for an unknown category or member, a name that another crew has, a base or a ground that is not the
    ward's.
    """
    handled, people = await check(
        connection, ward_code, crew_id, name, base, coverage, neighbourhoods, categories, members
    )
    values = {"name": name, "capacity": capacity, "base": point(base), "coverage": crew_ground.shape(coverage)}
    if crew_id is None:
        crew_id = new_id()
        await connection.execute(sa.insert(crew).values(ward_code=ward_code, id=crew_id, on_duty=False, **values))
    else:
        changed = await connection.execute(
            sa.update(crew).where(crew.c.ward_code == ward_code, crew.c.id == crew_id).values(**values)
        )
        if changed.rowcount == 0:
            raise NotFound(path=("crewId",))
    await _replace(connection, crew_category, ward_code, crew_id, "category_id", handled)
    await crew_ground.name_all(connection, ward_code, crew_id, neighbourhoods)
    if people is not None:
        # An account belongs to one crew: joining this one leaves the other.
        await connection.execute(sa.delete(crew_member).where(crew_member.c.account_id.in_(people)))
        await _replace(connection, crew_member, ward_code, crew_id, "account_id", people)
    await waiting.look_again(connection, ward_code)
    return crew_id


async def check(
    connection: AsyncConnection,
    ward_code: str,
    crew_id: UUID | None,
    name: str,
    base: Position,
    coverage: MultiPolygon | None,
    neighbourhoods: Sequence[UUID] | None,
    categories: Sequence[str],
    members: Sequence[str] | None,
) -> tuple[list[UUID], list[UUID] | None]:
    """The ids of a crew's categories and of its members, if all that is told of it could be stored; raises as `save`.

    Nothing is written; from here on the ward's other crews wait with their names until the transaction ends.
    """
    await _check_ground(connection, ward_code, crew_id, base, coverage, neighbourhoods)
    handled = await _known(connection, _categories(ward_code, categories), categories, "categories", UNKNOWN_CATEGORY)
    await _check_name(connection, ward_code, crew_id, name)
    if members is None:
        return handled, None
    who = _members(ward_code, crew_id, members)
    return handled, await _known(connection, who, members, "members", UNKNOWN_MEMBER)


async def _check_ground(
    connection: AsyncConnection,
    ward_code: str,
    crew_id: UUID | None,
    base: Position,
    coverage: MultiPolygon | None,
    neighbourhoods: Sequence[UUID] | None,
) -> None:
    outline = sa.cast(ward.c.boundary, Geography(srid=SRID, spatial_index=False))
    near = await connection.execute(
        sa.select(within_metres(outline, base, BASE_METRES)).where(ward.c.code == ward_code)
    )
    row = near.one_or_none()
    if row is None:
        raise NotFound(path=("wardCode",))
    problems = [] if row[0] else [Problem(("base",), FAR_BASE)]
    problems += await crew_ground.problems(connection, ward_code, crew_id, coverage, neighbourhoods)
    if problems:
        raise InvalidInput(*problems)


def _categories(ward_code: str, codes: Sequence[str]) -> sa.Select[Any]:
    return sa.select(category.c.code, category.c.id).where(
        category.c.ward_code == ward_code, category.c.code.in_(codes)
    )


def _members(ward_code: str, crew_id: UUID | None, usernames: Sequence[str]) -> sa.Select[Any]:
    """Who may be a member: a locked account only where it is one already, to be there when it is opened again."""
    theirs = sa.exists().where(crew_member.c.crew_id == crew_id, crew_member.c.account_id == account.c.id)
    return sa.select(account.c.username, account.c.id).where(
        account.c.ward_code == ward_code,
        account.c.role == Role.CREW_MEMBER,
        sa.or_(account.c.disabled_at.is_(None), theirs),
        account.c.username.in_(usernames),
    )


async def _known(
    connection: AsyncConnection, query: sa.Select[Any], names: Sequence[str], field: str, text: Text
) -> list[UUID]:
    found: dict[str, UUID] = {row[0]: row[1] for row in await connection.execute(query)}
    problems = [Problem((field, str(i)), text) for i, name in enumerate(names) if name not in found]
    if problems:
        raise InvalidInput(*problems)
    return list(dict.fromkeys(found[name] for name in names))


async def _check_name(connection: AsyncConnection, ward_code: str, crew_id: UUID | None, name: str) -> None:
    """Two crews of a ward do not share a name; the unique constraint holds it, this says so kindly."""
    await locks.take(connection, "crew", ward_code)
    taken = await connection.scalar(
        sa.select(crew.c.id).where(
            crew.c.ward_code == ward_code, crew.c.name == name, crew.c.id != (crew_id or new_id())
        )
    )
    if taken is not None:
        text = Text("Phường đã có đội tên này.", "The ward already has a crew of this name.")
        raise InvalidInput(Problem(("name",), text))


async def _replace(
    connection: AsyncConnection, table: sa.Table, ward_code: str, crew_id: UUID, column: str, ids: Sequence[UUID]
) -> None:
    await connection.execute(sa.delete(table).where(table.c.ward_code == ward_code, table.c.crew_id == crew_id))
    if ids:
        rows = [{"ward_code": ward_code, "crew_id": crew_id, column: id_} for id_ in ids]
        await connection.execute(sa.insert(table), rows)
