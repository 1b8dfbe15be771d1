"""Photographs: sent first, and claimed by the report or the step that they are for.

An upload belongs to nobody and is known by an id that cannot be guessed. A claim moves it to the incident's
photographs in the transaction of the report itself, so it is claimed once or not at all. What nobody claims within a
day can be claimed no more, and is removed after that: so nothing is removed that is being claimed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.actor import ANONYMOUS
from geo.database import within
from geo.errors import InvalidInput, Problem
from geo.ids import as_id, moment_of
from geo.language import Text
from geo.plans import Given, Plan, Statements, array_of
from geo.tables import photo, photo_upload

MOST_PHOTOS = 5
CLAIMABLE = timedelta(hours=24)
REMOVED_AFTER = timedelta(hours=26)
"""Later than they can be claimed: a claim that began in time has long ended."""
BITE = 100
_TYPE = "Upload"

UNKNOWN_PHOTO = Text("Không tìm thấy ảnh này. Hãy gửi lại ảnh.", "There is no such photo. Please send it again.")
TOO_MANY_PHOTOS = Text("Tối đa {most} ảnh.", "{most} photos at most.")
TWICE = Text("Ảnh này được gửi hai lần.", "This photo is named twice.")


def upload_id(key: UUID) -> str:
    """What clients call an upload."""
    return f"{_TYPE}:{key}"


def key_of_upload(id_: str) -> UUID | None:
    """The key in an upload's id; None for any other text."""
    name, _, text = id_.partition(":")
    key = as_id(text)
    return key if name == _TYPE and str(key) == text else None


def problems_of(photo_ids: Sequence[str]) -> list[Problem]:
    """What is wrong with a list of uploads' ids, whatever is stored; each named by its index."""
    if len(photo_ids) > MOST_PHOTOS:
        return [Problem(("photoIds",), TOO_MANY_PHOTOS, {"most": MOST_PHOTOS})]
    problems = []
    for index, id_ in enumerate(photo_ids):
        if key_of_upload(id_) is None:
            problems.append(_problem(index, UNKNOWN_PHOTO))
        elif id_ in photo_ids[:index]:
            problems.append(_problem(index, TWICE))
    return problems


def _problem(index: int, text: Text) -> Problem:
    return Problem(("photoIds", str(index)), text)


def keys_named(photo_ids: Sequence[str]) -> list[UUID]:
    """The keys of the uploads that a list names; none where anything is wrong with it."""
    keys = [key for id_ in photo_ids[: MOST_PHOTOS + 1] if (key := key_of_upload(id_)) is not None]
    return [] if problems_of(photo_ids) else keys


def missing(photo_ids: Sequence[str], there: Collection[UUID]) -> list[Problem]:
    """The problems of the ids that are not among the uploads that are there."""
    return [_problem(n, UNKNOWN_PHOTO) for n, id_ in enumerate(photo_ids) if key_of_upload(id_) not in there]


async def record(connection: AsyncConnection, key: UUID, width: int, height: int, taken_at: datetime | None) -> None:
    """An upload whose objects are stored. Its size is in pixels."""
    row = {"id": key, "width": width, "height": height, "taken_at": taken_at}
    await connection.execute(sa.insert(photo_upload).values(row))


def upload_with_key(key: UUID) -> sa.Select[Any]:
    """An upload that nobody has claimed: whoever knows its id may see it."""
    return sa.select(photo_upload.c.id).where(photo_upload.c.id == key)


@dataclass(frozen=True, slots=True)
class Claim:
    """An upload, and the step of an incident that it is for."""

    upload: UUID
    ward_code: str
    incident_id: UUID
    event_id: UUID


async def held(statements: Statements, keys: Collection[UUID]) -> set[UUID]:
    """Those of these uploads that can be claimed, locked for the rest of the transaction; in order, as everywhere."""
    return {row.id for row in await statements.rows(_HOLD, Given(ANONYMOUS, {"uploads": sorted(keys)}))}


async def place(statements: Statements, claims: Sequence[Claim]) -> int:
    """Move uploads that are `held` to the steps that claim them; how many were moved."""
    values = {
        "uploads": [claim.upload for claim in claims],
        "wards": [claim.ward_code for claim in claims],
        "incidents": [claim.incident_id for claim in claims],
        "events": [claim.event_id for claim in claims],
    }
    return len(await statements.rows(_PLACE, Given(ANONYMOUS, values)))


async def claim(
    connection: AsyncConnection, ward_code: str, incident_id: UUID, event_id: UUID, photo_ids: Sequence[str]
) -> None:
    """Claim uploads for one step. Raises `InvalidInput` naming what cannot be had; nothing is claimed then."""
    statements = within(connection)
    keys = keys_named(photo_ids)
    if problems := problems_of(photo_ids) or missing(photo_ids, await held(statements, keys)):
        raise InvalidInput(*problems)
    await place(statements, [Claim(key, ward_code, incident_id, event_id) for key in keys])


def _hold() -> sa.Select[Any]:
    given = sa.func.unnest(array_of("uploads", sa.Uuid())).table_valued(sa.column("id", sa.Uuid))
    given = given.render_derived(name="given")
    return (
        sa.select(photo_upload.c.id)
        .where(
            photo_upload.c.id.in_(sa.select(given.c.id)),
            photo_upload.c.created_at
            > sa.func.now() - sa.literal_column(f"interval '{CLAIMABLE.total_seconds()} seconds'"),
        )
        .order_by(photo_upload.c.id)
        .with_for_update(of=photo_upload)
    )


def _place() -> sa.Select[Any]:
    columns: dict[str, Any] = {"uploads": sa.Uuid(), "wards": sa.Text(), "incidents": sa.Uuid(), "events": sa.Uuid()}
    arrays = [array_of(name, of_type) for name, of_type in columns.items()]
    given = sa.func.unnest(*arrays).table_valued(*(sa.column(name, of_type) for name, of_type in columns.items()))
    given = given.render_derived(name="given")
    upload = photo_upload.c
    taken = (
        sa.delete(photo_upload)
        .where(upload.id == given.c.uploads)
        .returning(*upload, given.c.wards, given.c.incidents, given.c.events)
        .cte("taken")
    )
    values: dict[str, Any] = {
        "ward_code": taken.c.wards,
        "id": taken.c.id,
        "incident_id": taken.c.incidents,
        "event_id": taken.c.events,
        "width": taken.c.width,
        "height": taken.c.height,
        "taken_at": taken.c.taken_at,
        "created_at": taken.c.created_at,
    }
    placed = sa.insert(photo).from_select(list(values), sa.select(*values.values())).returning(photo.c.id).cte("placed")
    return sa.select(placed.c.id)


_HOLD = Plan(_hold())
_PLACE = Plan(_place())


async def unclaimed(connection: AsyncConnection) -> list[UUID]:
    """A bite of uploads that nobody claimed in time, locked until they are forgotten."""
    query = (
        sa.select(photo_upload.c.id)
        .where(photo_upload.c.created_at < sa.func.now() - REMOVED_AFTER)
        .order_by(photo_upload.c.created_at)
        .limit(BITE)
        .with_for_update(skip_locked=True)
    )
    return list(await connection.scalars(query))


async def forget(connection: AsyncConnection, keys: Collection[UUID]) -> None:
    """Forget uploads, once their objects are removed."""
    await connection.execute(sa.delete(photo_upload).where(photo_upload.c.id.in_(keys)))


async def nobodys(connection: AsyncConnection, keys: Collection[UUID], now: datetime) -> set[UUID]:
    """Of these objects in the store, those that no row knows and none ever will: their upload died long ago."""
    old = {key for key in keys if moment_of(key) < now - REMOVED_AFTER}
    if not old:
        return set()
    known = sa.union_all(
        sa.select(photo.c.id).where(photo.c.id.in_(old)),
        sa.select(photo.c.redacted_id).where(photo.c.redacted_id.in_(old)),
        sa.select(photo_upload.c.id).where(photo_upload.c.id.in_(old)),
    )
    return old - set(await connection.scalars(known))
