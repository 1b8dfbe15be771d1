"""Blurring, publishing and hiding a photograph."""

from __future__ import annotations

from typing import Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import records, redacting
from schema.auditing import recorded
from schema.context import Context
from schema.errors import InvalidInput, NotAllowed, NotFound, TooManyRequests
from schema.incidents import Photo
from schema.links import IncidentLink
from schema.mutating import STAFF, incident_found, key_of, mutation_by
from schema.rows import Found


@strawberry.input(description="How a photograph is shown to everybody; what is not given stays as it is.")
class RedactPhotoInput:
    photo_id: strawberry.ID = strawberry.field(description="The photograph.")
    rectangles: list[list[float]] | None = strawberry.field(
        default=None,
        description="The parts to make unrecognisable: each left, top, width and height as fractions (0 to 1) of the "
        "picture, 50 at most. An empty list: none; null: as it is.",
    )
    published: bool | None = strawberry.field(
        default=None, description="Show it to everybody, or hide it; null: as it is."
    )


@strawberry.type(description="The photograph is shown so from now on.")
class RedactPhotoPayload:
    photo: Photo = strawberry.field(description="The photograph as it is now.")
    incident: IncidentLink = strawberry.field(description="Its incident as it is now.")


async def _redact(context: Context, input: RedactPhotoInput) -> Any:
    """The copy is made while no transaction is open; until a row names it, it is nobody's."""
    actor = context.actor
    ward_code, key = key_of(input.photo_id, "Photo", "photoId")
    rectangles = None if input.rectangles is None else redacting.rectangles_of(input.rectangles)
    async with context.database.read() as connection:
        await redacting.check(connection, actor, ward_code, key)
    copy = await context.blurring.blurred(key, rectangles) if rectangles else None

    async def keep(connection: AsyncConnection) -> RedactPhotoPayload:
        incident_id = await redacting.keep(
            connection, actor, ward_code, key, rectangles=rectangles, copy=copy, published=input.published
        )
        return RedactPhotoPayload(
            photo=Found("Photo", records.photo_with_id, actor, ward_code, key),  # type: ignore[arg-type]
            incident=incident_found(actor, ward_code, incident_id),  # type: ignore[arg-type]
        )

    return await recorded(context, "RedactPhoto", input, keep)


@strawberry.type
class RedactingMutation:
    redact_photo = mutation_by(
        "RedactPhoto",
        RedactPhotoPayload,
        RedactPhotoInput,
        _redact,
        STAFF,
        "Make parts of a photograph unrecognisable, and publish it or hide it.",
        NotFound,
        NotAllowed,
        InvalidInput,
        TooManyRequests,
    )
