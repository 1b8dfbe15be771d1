"""Proposing a first partition of a ward's ground that is not drawn yet, for its staff. Nothing is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

import shapely
import sqlalchemy as sa
from shapely.geometry import MultiPolygon
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import neighbourhoods, partition, places, wards
from geo.actor import Actor
from geo.errors import InvalidInput, NotAllowed, NotFound, Problem, Refusal
from geo.language import Text
from geo.partition import FEWEST_PARTS, MOST_PARTS, House, Part
from geo.positions import MAX_VERTICES, Position
from geo.tables import PlaceKind

HOW_MANY = Text("Cần số phần từ {fewest} đến {most}.", "A number of parts from {fewest} to {most} is needed.")
NO_ROOM = Text(
    "Chỗ chưa vẽ chỉ đủ cho nhiều nhất {most} phần.", "The ground not yet drawn has room for {most} parts at most."
)
MOST_HOUSES = 400
"""Cultural houses that count, by name: more than any ward has."""
MOST_VERTICES = 8 * MAX_VERTICES
"""Vertices of ground that are divided while somebody waits; real wards have up to 4,400."""


class Way(StrEnum):
    """By what ground is divided."""

    CULTURAL_HOUSES = "CULTURAL_HOUSES"
    EQUAL_AREAS = "EQUAL_AREAS"


class NoCulturalHouses(Refusal):
    """No cultural house stands on the ground."""

    text = Text(
        "Chưa có nhà văn hóa nào trên phần đất chưa vẽ. Hãy thêm ở trang Địa điểm, hoặc chia đều.",
        "No cultural house stands on the ground not yet drawn. Add them at Places, or divide the ground evenly.",
    )


class NoGroundLeft(Refusal):
    """The ward is drawn to its edges."""

    text = Text("Phường đã vẽ kín, không còn chỗ để chia.", "The whole ward is drawn; there is no ground to divide.")


async def propose(
    connection: AsyncConnection, actor: Actor, ward_code: str, way: Way, count: int | None
) -> Callable[[], Sequence[Part]]:
    """The work of dividing the ward's ground that is not drawn yet, to be done elsewhere: it takes up to seconds.

    `count` is how many equal parts. Raises `NotAllowed`, `NotFound`, `InvalidInput`; the work raises `InvalidInput`,
    `NoCulturalHouses` and `NoGroundLeft`.
    """
    if not actor.runs(ward_code):
        raise NotAllowed(path=("wardCode",))
    if way is Way.EQUAL_AREAS and (count is None or not FEWEST_PARTS <= count <= MOST_PARTS):
        raise InvalidInput(Problem(("parts",), HOW_MANY, {"fewest": FEWEST_PARTS, "most": MOST_PARTS}))
    ward = wards.with_code(actor, ward_code).subquery()
    outline = await connection.scalar(sa.select(sa.func.ST_AsBinary(ward.c.boundary)))
    if outline is None:
        raise NotFound(path=("wardCode",))
    drawn = neighbourhoods.drawn(actor, ward_code).subquery()
    rows = await connection.execute(sa.select(drawn.c.name, sa.func.ST_AsBinary(drawn.c.boundary)))
    names, shapes = [], []
    for name, shape in rows:
        names.append(name)
        shapes.append(bytes(shape))
    houses = await _houses(connection, actor, ward_code) if way is Way.CULTURAL_HOUSES else []

    def divide() -> Sequence[Part]:
        ground = partition.undrawn(_shape(bytes(outline)), [_shape(shape) for shape in shapes])
        if ground.is_empty or shapely.get_num_coordinates(ground) > MOST_VERTICES:
            raise NoGroundLeft(path=("wardCode",))
        try:
            if way is Way.CULTURAL_HOUSES:
                return partition.by_houses(ground, houses, names)
            return partition.into_equal_parts(ground, count or FEWEST_PARTS, names)
        except partition.NoHouses:
            raise NoCulturalHouses(path=("by",)) from None
        except partition.TooSmall as small:
            raise InvalidInput(Problem(("parts",), NO_ROOM, {"most": small.most})) from None

    return divide


async def _houses(connection: AsyncConnection, actor: Actor, ward_code: str) -> list[House]:
    rows = places.matching(actor, ward_code, kinds=[PlaceKind.CULTURAL_HOUSE]).subquery()
    query = (
        sa.select(rows.c.name, sa.func.ST_X(rows.c.location), sa.func.ST_Y(rows.c.location))
        .order_by(rows.c.name, rows.c.id)
        .limit(MOST_HOUSES)
    )
    return [House(name, Position(x, y)) for name, x, y in await connection.execute(query)]


def _shape(binary: Any) -> MultiPolygon:
    shape = shapely.from_wkb(binary)
    return shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])


async def divided(work: Callable[[], Sequence[Part]]) -> Sequence[Part]:
    """The work done beside the server's own."""
    return await asyncio.to_thread(work)
