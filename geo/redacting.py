"""Blurring and publishing a photograph: what may be asked of it, and what is stored of it.

The copy with parts made unrecognisable is another picture with an id of its own, made before (`Redactor`, which the
schema's context carries); here its id and the rectangles become the photograph's, in one step with whether it is
published. The copy before that belongs to nobody from then on, and is removed as every stray is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import records
from geo.actor import Actor
from geo.errors import InvalidInput, NotAllowed, NotFound, Problem
from geo.language import Text
from geo.tables import photo

MOST_RECTANGLES = 50
_SLACK = 1e-6
"""What a client's arithmetic may add to a rectangle that ends at the picture's edge."""

TOO_MANY = Text("Tối đa {most} vùng làm mờ.", "{most} rectangles at most.")
FOUR = Text("Mỗi vùng gồm bốn số: trái, trên, rộng, cao.", "A rectangle is four numbers: left, top, width and height.")
OUTSIDE = Text("Vùng này nằm ngoài ảnh.", "This rectangle reaches outside the picture.")
EMPTY = Text("Vùng này không có diện tích.", "This rectangle is empty.")


class Rectangle(NamedTuple):
    """A part of a picture, in fractions of its width and height from the top left corner."""

    left: float
    top: float
    width: float
    height: float


def rectangles_of(given: Sequence[Sequence[float]]) -> list[Rectangle]:
    """The rectangles that were asked for. Raises `InvalidInput` naming each that is none, by its index."""
    if len(given) > MOST_RECTANGLES:
        raise InvalidInput(Problem(("rectangles",), TOO_MANY, {"most": MOST_RECTANGLES}))
    problems = [
        Problem(("rectangles", str(index)), text)
        for index, sides in enumerate(given)
        if (text := _wrong(sides)) is not None
    ]
    if problems:
        raise InvalidInput(*problems)
    return [Rectangle(*map(float, sides)) for sides in given]


def _wrong(sides: Sequence[float]) -> Text | None:
    if len(sides) != 4 or not all(map(math.isfinite, sides)):
        return FOUR
    left, top, width, height = sides
    if width <= 0 or height <= 0:
        return EMPTY
    most = 1 + _SLACK
    inside = left >= 0 and top >= 0 and left + width <= most and top + height <= most
    return None if inside else OUTSIDE


async def check(connection: AsyncConnection, actor: Actor, ward_code: str, photo_id: UUID) -> None:
    """Raises `NotFound` for a photograph that the caller may not see, `NotAllowed` where they are not its staff."""
    if (await connection.execute(records.photo_with_id(actor, ward_code, photo_id))).first() is None:
        raise NotFound(path=("photoId",))
    if not actor.runs(ward_code):
        raise NotAllowed(path=("photoId",))


async def keep(
    connection: AsyncConnection,
    actor: Actor,
    ward_code: str,
    photo_id: UUID,
    *,
    rectangles: Sequence[Rectangle] | None,
    copy: UUID | None,
    published: bool | None,
) -> UUID:
    """Store how a photograph is shown; gives its incident's key. What is None stays as it is.

    `copy` is the id of the picture in which `rectangles` are unrecognisable: None exactly where there are none of them.
    Raises as `check` does.
    """
    await check(connection, actor, ward_code, photo_id)
    values: dict[str, Any] = {}
    if rectangles is not None:
        listed = [list(one) for one in rectangles]
        values = {"redacted_id": copy, "rectangles": listed if listed else sa.null()}
    if published is not None:
        values["published"] = published
    named = sa.and_(photo.c.ward_code == ward_code, photo.c.id == photo_id)
    if values:
        await connection.execute(sa.update(photo).where(named).values(**values))
    incident_id: UUID = (await connection.execute(sa.select(photo.c.incident_id).where(named))).scalar_one()
    return incident_id
