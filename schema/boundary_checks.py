"""What the editor of boundaries asks while somebody draws: what a draft would come to, split and merged shapes.

Nothing is stored, and all of it is for staff.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Union
from uuid import UUID

import strawberry
from graphql import GraphQLError
from shapely.geometry import MultiPolygon

from geo import boundaries, topology
from geo.areas import square_metres
from geo.boundaries import Plan
from geo.boundary_refusals import SHAPE, fault_text, sliver_text
from geo.coverage import BoundaryFault
from geo.errors import NotAllowed as NotAllowedRefusal
from geo.errors import Refusal
from geo.language import Language, Text
from schema.boundary_inputs import SaveBoundariesInput, wanted_of
from schema.context import Context, Info
from schema.enums import BoundaryFaultKind
from schema.errors import BoundaryProblem, InvalidInput, NotAllowed, NotFound, VersionConflict, shown
from schema.mutating import STAFF
from schema.scalars import GeoJSONLineString, GeoJSONMultiPolygon

MOST_SHAPES = 100
TOO_MANY_SHAPES = Text("Mỗi lần nhiều nhất {most} hình.", "At most {most} shapes at once.")


@strawberry.type(description="An area of a draft as it would be kept.")
class DraftArea:
    neighbourhood_id: strawberry.ID | None = strawberry.field(description="The neighbourhood; none for a new one.")
    name: str = strawberry.field(description="Its name.")
    boundary: GeoJSONMultiPolygon = strawberry.field(description="The boundary that it would get.")
    area_square_metres: float = strawberry.field(description="The area inside.")
    noded: bool = strawberry.field(
        description="Whether it is a neighbour outside the draft that would only get a vertex into an edge."
    )
    draw_index: int | None = strawberry.field(description="For a new one, its place in the draft's `draw`.")


@strawberry.type(description="A gap or overlap, narrow and small, that was closed.")
class ClosedSliver:
    kind: BoundaryFaultKind = strawberry.field(description="What it was.")
    square_metres: float = strawberry.field(description="How much ground it was.")
    message: str = strawberry.field(description="The same in words, in the caller's language.")
    neighbourhood_ids: list[strawberry.ID] = strawberry.field(
        description="The neighbourhoods it was about; not the new ones of the draft, which have no id yet."
    )


@strawberry.type(description="What a draft would come to if it were saved now.")
class CheckBoundariesPayload:
    areas: list[DraftArea] = strawberry.field(description="Every area that would get another boundary row.")
    outline: GeoJSONMultiPolygon | None = strawberry.field(
        description="The ward's outline, where it would get vertices at a cut's ends; else none."
    )
    slivers: list[ClosedSliver] = strawberry.field(description="What was closed.")
    drift_square_metres: float = strawberry.field(
        description="How much ground the outline would gain and lose by the rounding of a cut's ends."
    )


_RESULT = strawberry.union("CheckBoundariesResult", description="What checking a draft answers with.")
CheckBoundariesResult = Annotated[
    Union[  # noqa: UP007 - Strawberry reads the annotation
        CheckBoundariesPayload, BoundaryProblem, VersionConflict, NotFound, NotAllowed, InvalidInput
    ],
    _RESULT,
]


def slivers_of(plan: Plan, language: Language) -> list[ClosedSliver]:
    """What was closed, for the answer."""
    return [
        ClosedSliver(
            kind=one.kind,
            square_metres=one.square_metres,
            message=sliver_text(one.kind, one.square_metres, [plan.name_of(key) for key in one.keys], language),
            neighbourhood_ids=[_id(plan, key) for key in one.keys if isinstance(key, UUID)],
        )
        for one in plan.settled.slivers
    ]


def _id(plan: Plan, key: UUID) -> strawberry.ID:
    return strawberry.ID(f"Neighbourhood:{plan.wanted.ward_code}:{key}")


def _payload(plan: Plan, language: Language) -> CheckBoundariesPayload:
    settled = plan.settled
    changed = settled.outline is not plan.coverage.outline
    return CheckBoundariesPayload(
        areas=[
            DraftArea(
                neighbourhood_id=_id(plan, key) if isinstance(key, UUID) else None,
                name=plan.name_of(key),
                boundary=GeoJSONMultiPolygon(area),
                area_square_metres=square_metres(area),
                noded=key in settled.noded,
                draw_index=key if isinstance(key, int) else None,
            )
            for key, area in settled.areas.items()
        ],
        outline=GeoJSONMultiPolygon(settled.outline) if changed else None,
        slivers=slivers_of(plan, language),
        drift_square_metres=settled.drift_square_metres,
    )


async def _check(
    info: Info, input: Annotated[SaveBoundariesInput, strawberry.argument(description="The draft.")]
) -> Any:
    context: Context = info.context
    if context.actor.role not in STAFF:
        return shown(NotAllowedRefusal(), context.language)
    await context.release()
    try:
        wanted = wanted_of(input)
        async with context.database.read() as connection:
            sketch = await boundaries.look(connection, context.actor, wanted)
        plan = await boundaries.planned(sketch)
    except Refusal as refusal:
        return shown(refusal, context.language)
    return _payload(plan, context.language)


async def _split(
    info: Info,
    boundary: Annotated[GeoJSONMultiPolygon, strawberry.argument(description="The shape to split.")],
    line: Annotated[GeoJSONLineString, strawberry.argument(description="The line to split it by.")],
) -> list[GeoJSONMultiPolygon]:
    _for_staff(info)
    try:
        parts = await asyncio.to_thread(_split_sound, boundary, line)
    except BoundaryFault as fault:
        raise _refused(info, fault, "boundary") from fault
    return [GeoJSONMultiPolygon(part) for part in parts]


def _split_sound(boundary: MultiPolygon, line: Any) -> list[MultiPolygon]:
    return topology.split(topology.check(boundary), line)


async def _merge(
    info: Info,
    boundaries: Annotated[
        list[GeoJSONMultiPolygon], strawberry.argument(description="The shapes to merge; 100 at most.")
    ],
) -> GeoJSONMultiPolygon:
    _for_staff(info)
    if not 0 < len(boundaries) <= MOST_SHAPES:
        message = TOO_MANY_SHAPES.to(info.context.language, most=MOST_SHAPES)
        raise GraphQLError(message, extensions={"code": "BAD_INPUT", "path": ["boundaries"]})
    try:
        merged = await asyncio.to_thread(_merge_sound, boundaries)
    except BoundaryFault as fault:
        raise _refused(info, fault, "boundaries") from fault
    return GeoJSONMultiPolygon(merged)


def _merge_sound(shapes: list[Any]) -> MultiPolygon:
    return topology.merge([topology.check(shape) for shape in shapes])


def _for_staff(info: Info) -> None:
    if info.context.actor.role not in STAFF:
        message = NotAllowedRefusal.text.to(info.context.language)
        raise GraphQLError(message, extensions={"code": "NOT_ALLOWED"})


def _refused(info: Info, fault: BoundaryFault, argument: str) -> GraphQLError:
    language = info.context.language
    message = fault_text(fault.faults[0], lambda _: SHAPE.to(language), language)
    return GraphQLError(message, extensions={"code": fault.faults[0].kind.value, "path": [argument]})


@strawberry.type
class BoundaryQuery:
    check_boundaries: CheckBoundariesResult = strawberry.field(
        resolver=_check,
        graphql_type=CheckBoundariesResult,
        description="What a draft of boundaries would come to if it were saved now, or what stands against it. "
        "For staff; nothing is stored.",
    )
    split_shape: list[GeoJSONMultiPolygon] = strawberry.field(
        resolver=_split,
        description="A shape split by a line, the largest part first; one part where the line cuts nothing off. "
        "For staff; nothing is stored.",
    )
    merge_shapes: GeoJSONMultiPolygon = strawberry.field(
        resolver=_merge, description="Shapes side by side as one. For staff; nothing is stored."
    )
