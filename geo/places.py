"""Places on the digital map: who sees them, and how staff and teams keep them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import consents
from geo.actor import Actor, Role
from geo.errors import NotAllowed, NotFound, OutsideWard
from geo.ids import new_id
from geo.locating import geography, locate_within, point
from geo.ordering import Order, by_distance, by_name, by_names
from geo.positions import Box, Position
from geo.reading import any_of, contains_text, inside, works_in
from geo.tables import PlaceKind, neighbourhood, place

Rows = sa.Select[Any]

BY_NAME = by_name(place)
BY_KIND = by_names(place, "by kind", place.c.kind, place.c.name)
_AROUND = (
    sa.select(neighbourhood.c.name)
    .where(neighbourhood.c.ward_code == place.c.ward_code, neighbourhood.c.id == place.c.neighbourhood_id)
    .correlate(place)
    .scalar_subquery()
)
BY_NEIGHBOURHOOD = by_names(place, "by neighbourhood", sa.func.coalesce(_AROUND, "", type_=sa.Text), place.c.name)
"""Those in no neighbourhood first: they are what somebody has to look at."""


def public(columns: Any) -> sa.ColumnElement[bool]:
    """Whether everybody sees the place with these columns: an official's home only with recorded consent."""
    return sa.or_(columns.kind != PlaceKind.OFFICIAL_HOME, columns.consented_at.is_not(None))


def readable(actor: Actor) -> Rows:
    """Every place but the homes of officials who have not agreed: those only to who works in the ward."""
    return sa.select(*place.c).where(any_of(public(place.c), works_in(actor, place.c.ward_code)))


def matching(
    actor: Actor,
    ward_code: Any,
    *,
    kinds: Sequence[PlaceKind] | None = None,
    within: Box | None = None,
    search: str | None = None,
    neighbourhood_id: Any = None,
    in_neighbourhood: bool | None = None,
) -> Rows:
    """A ward's places, narrowed by what is given; `in_neighbourhood`: those that lie in one, or in none."""
    rows = readable(actor).where(place.c.ward_code == ward_code)
    if kinds is not None:
        rows = rows.where(place.c.kind.in_(kinds))
    if within is not None:
        rows = rows.where(inside(place.c.location, within))
    if search:
        rows = rows.where(contains_text(place.c.search, search))
    if neighbourhood_id is not None:
        rows = rows.where(place.c.neighbourhood_id == neighbourhood_id)
    if in_neighbourhood is not None:
        nowhere = place.c.neighbourhood_id.is_(None)
        rows = rows.where(sa.not_(nowhere) if in_neighbourhood else nowhere)
    return rows


def nearest_first(to: Position) -> Order:
    """By distance from a position, the nearest first; served by `ix_place_geog` (KNN)."""
    return by_distance(place, sa.type_coerce(place.c.geog.op("<->")(geography(to)), sa.Float))


def with_id(actor: Actor, ward_code: Any, place_id: Any) -> Rows:
    return readable(actor).where(place.c.ward_code == ward_code, place.c.id == place_id)


async def save(
    connection: AsyncConnection,
    actor: Actor,
    ward_code: str,
    place_id: UUID | None,
    location: Position,
    *,
    consent: bool | None = None,
    wording: str | None = None,
    request_key: UUID | None = None,
    **values: Any,
) -> UUID:
    """Add a place, or change the one with `place_id`; its neighbourhood follows from `location`.

    A place added with a `request_key` is that key's: sent again by the same account it changes nothing. `values` are
    columns of the table. `consent` true records that an official agreed, once, to the words that `wording` names
    (`geo.consents`); false withdraws it; None leaves it as it was. Raises `OutsideWard`, `NotFound`, and `NotAllowed`
    for a team member outside their own neighbourhood, before and after the change alike.
    """
    at = point(location)
    covered, neighbourhood_id = await locate_within(connection, ward_code, location)
    if not covered:
        raise OutsideWard(path=("location",))
    _check_ground(actor, ward_code, neighbourhood_id)
    row = {"location": at, "neighbourhood_id": neighbourhood_id, **values}
    if consent is not None:
        row["consented_at"] = sa.func.now() if consent else None
    if place_id is None:
        place_id = new_id() if request_key is None else _id_of(actor, ward_code, request_key)
        added = insert(place).values(ward_code=ward_code, id=place_id, **row)
        await connection.execute(added.on_conflict_do_nothing(index_elements=[place.c.ward_code, place.c.id]))
        await _settle(connection, actor, ward_code, wording)
        return place_id
    await _lock(connection, actor, ward_code, place_id)
    if consent:
        row["consented_at"] = sa.func.coalesce(place.c.consented_at, sa.func.now())
    await connection.execute(
        sa.update(place).where(place.c.ward_code == ward_code, place.c.id == place_id).values(**row)
    )
    await _settle(connection, actor, ward_code, wording)
    return place_id


async def _settle(connection: AsyncConnection, actor: Actor, ward_code: str, wording: str | None) -> None:
    await consents.settle_homes(connection, ward_code, consents.channel_of(actor), actor.account_id, wording=wording)


async def remove(connection: AsyncConnection, actor: Actor, ward_code: str, place_id: UUID) -> None:
    """Take a place off the map for good. Raises `NotFound`, `NotAllowed`."""
    await _lock(connection, actor, ward_code, place_id)
    await connection.execute(sa.delete(place).where(place.c.ward_code == ward_code, place.c.id == place_id))
    await _settle(connection, actor, ward_code, None)


def _id_of(actor: Actor, ward_code: str, request_key: UUID) -> UUID:
    """The id of what an account adds under a key of its own: no other account can name it by that key."""
    return uuid5(actor.account_id or request_key, f"{ward_code}:{request_key}")


async def _lock(connection: AsyncConnection, actor: Actor, ward_code: str, place_id: UUID) -> None:
    row = (await connection.execute(with_id(actor, ward_code, place_id).with_for_update(key_share=True))).one_or_none()
    if row is None:
        raise NotFound(path=("placeId",))
    _check_ground(actor, ward_code, row.neighbourhood_id)


def _check_ground(actor: Actor, ward_code: str, neighbourhood_id: UUID | None) -> None:
    own = (
        actor.role is Role.TEAM_MEMBER
        and actor.ward_code == ward_code
        and actor.neighbourhood_id is not None
        and actor.neighbourhood_id == neighbourhood_id
    )
    if not (own or actor.runs(ward_code)):
        raise NotAllowed
