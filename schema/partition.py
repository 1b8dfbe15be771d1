"""A first partition of a ward's ground, proposed to those who draw its boundaries: nothing is stored."""

from __future__ import annotations

from typing import Annotated, Any, Union

import strawberry

from geo import proposing
from geo.areas import square_metres
from geo.errors import InvalidInput as InvalidInputRefusal
from geo.errors import NotAllowed as NotAllowedRefusal
from geo.errors import Refusal
from geo.language import Language
from geo.proposing import Way
from schema.context import Context, Info
from schema.errors import InvalidInput, NotAllowed, NotFound, UserError, shown
from schema.mutating import STAFF
from schema.scalars import GeoJSONMultiPolygon

strawberry.enum(Way, name="PartitionWay", description="By what ground is divided.")
_DESCRIPTIONS = {
    Way.CULTURAL_HOUSES: "Each spot goes to the cultural house that is nearest to it.",
    Way.EQUAL_AREAS: "Compact parts of equal area, within 1 %.",
}
for _value in Way.__strawberry_definition__.values:  # type: ignore[attr-defined]
    _value.description = _DESCRIPTIONS[Way(_value.name)]


@strawberry.type(description="A neighbourhood as proposed.")
class ProposedArea:
    name: str = strawberry.field(
        description="After its cultural house, where that names one, else by number from the north-west to the "
        "south-east; no other neighbourhood of the ward is called so."
    )
    boundary: GeoJSONMultiPolygon = strawberry.field(description="The boundary proposed.")
    area_square_metres: float = strawberry.field(description="The area inside.")


@strawberry.type(description="A first partition: together the areas are the ground that is not drawn yet, exactly.")
class ProposePartitionPayload:
    areas: list[ProposedArea] = strawberry.field(description="From the north-west to the south-east.")


@strawberry.type(description="No cultural house stands on the ground that is not drawn yet.")
class NoCulturalHouses(UserError):
    pass


@strawberry.type(description="The whole ward is drawn: there is no ground to divide.")
class NoGroundLeft(UserError):
    pass


_RESULT = strawberry.union("ProposePartitionResult", description="What proposePartition answers with.")
ProposePartitionResult = Annotated[
    Union[  # noqa: UP007 - Strawberry reads the annotation
        ProposePartitionPayload, NoCulturalHouses, NoGroundLeft, NotFound, NotAllowed, InvalidInput
    ],
    _RESULT,
]


async def _propose(
    info: Info,
    ward_code: Annotated[str, strawberry.argument(description="The ward.")],
    by: Annotated[Way, strawberry.argument(description="By what to divide.")],
    parts: Annotated[
        int | None, strawberry.argument(description="For equal areas: into how many parts, 2 to 200.")
    ] = None,
) -> Any:
    context: Context = info.context
    if context.actor.role not in STAFF:
        return _told(NotAllowedRefusal(), context.language)
    await context.release()
    try:
        async with context.database.read() as connection:
            work = await proposing.propose(connection, context.actor, ward_code, by, parts)
        areas = await proposing.divided(work)
    except Refusal as refusal:
        return _told(refusal, context.language)
    return ProposePartitionPayload(
        areas=[
            ProposedArea(
                name=part.name,
                boundary=GeoJSONMultiPolygon(part.area),
                area_square_metres=square_metres(part.area),
            )
            for part in areas
        ]
    )


def _told(refusal: Refusal, language: Language) -> UserError:
    """The refusal as data; its path begins at the query's own arguments."""
    path, message = list(refusal.path) or None, refusal.message(language)
    if isinstance(refusal, proposing.NoCulturalHouses):
        return NoCulturalHouses(code="NO_CULTURAL_HOUSES", message=message, path=path)
    if isinstance(refusal, proposing.NoGroundLeft):
        return NoGroundLeft(code="NO_GROUND_LEFT", message=message, path=path)
    told = shown(refusal, language)
    told.path = path
    if isinstance(told, InvalidInput) and isinstance(refusal, InvalidInputRefusal):
        for problem, item in zip(told.problems, refusal.problems, strict=True):
            problem.path = list(item.path)
    return told


@strawberry.type
class PartitionQuery:
    propose_partition: ProposePartitionResult = strawberry.field(
        resolver=_propose,
        graphql_type=ProposePartitionResult,
        description="Divide a ward's ground that is not drawn yet into neighbourhoods to begin from: each spot to its "
        "nearest cultural house, or parts of equal area. For staff. Nothing is stored: what is kept of it goes through "
        "saveBoundaries.",
    )
