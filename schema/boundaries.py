"""Staff change the boundaries of their ward: a whole draft, a split, a merger, a name."""

from __future__ import annotations

from typing import Any

import strawberry

from geo import boundary_edits, boundary_keeping, boundary_reshaping, neighbourhoods
from geo.boundary_drafts import Removed, Renamed
from geo.boundary_keeping import Saved
from geo.errors import InvalidInput as TooFew
from geo.errors import Problem
from schema.boundary_checks import ClosedSliver, slivers_of
from schema.boundary_inputs import NeighbourhoodRemoval, SaveBoundariesInput, removals, wanted_of
from schema.context import Context
from schema.errors import BoundaryProblem, InvalidInput, NotAllowed, NotFound, VersionConflict
from schema.links import NeighbourhoodLink
from schema.mutating import STAFF, key_of, mutation_by
from schema.rows import Found, Rows
from schema.scalars import GeoJSONLineString


@strawberry.input(description="Which neighbourhood to split, and by which line.")
class SplitNeighbourhoodInput:
    neighbourhood_id: strawberry.ID = strawberry.field(description="The neighbourhood.")
    line: GeoJSONLineString = strawberry.field(
        description="The line to split it by; both its ends lie outside or on the boundary."
    )
    new_names: list[str] = strawberry.field(
        description="What the parts are called, the larger ones first, but for the largest: it keeps id and name."
    )
    expected_version: int = strawberry.field(description="The version that the caller has seen.")
    reason: str | None = strawberry.field(default=None, description="Why, for the history.")


@strawberry.input(description="Which neighbourhoods to make one.")
class MergeNeighbourhoodsInput:
    neighbourhoods: list[NeighbourhoodRemoval] = strawberry.field(
        description="Two or more of one ward. The first keeps its id and its team, the others are given up."
    )
    name: str = strawberry.field(description="What the whole is called.")
    reason: str | None = strawberry.field(default=None, description="Why, for the history.")


@strawberry.input(description="What a neighbourhood is to be called.")
class RenameNeighbourhoodInput:
    neighbourhood_id: strawberry.ID = strawberry.field(description="The neighbourhood.")
    name: str = strawberry.field(description="Its name, which no other of the ward has; 200 characters at most.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version that the caller has seen; without it the name is changed in any case."
    )


def _payload(name: str, description: str) -> Any:
    """The payload of a change of boundaries."""

    class Payload:
        neighbourhoods: list[NeighbourhoodLink] = strawberry.field(
            description="Those drawn, redrawn and renamed, and neighbours that got a vertex into an edge; as they are."
        )
        removed: list[strawberry.ID] = strawberry.field(description="Those that were given up.")
        reassigned_incidents: int = strawberry.field(description="How many open incidents are another's now.")
        drift_square_metres: float = strawberry.field(
            description="How much ground the ward's outline gained and lost by the rounding of a cut's ends."
        )
        slivers: list[ClosedSliver] = strawberry.field(description="Narrow gaps and overlaps that were closed.")

    Payload.__name__ = Payload.__qualname__ = f"{name}Payload"
    return strawberry.type(Payload, description=description)


SaveBoundariesPayload = _payload("SaveBoundaries", "The draft was saved, all of it.")
SplitNeighbourhoodPayload = _payload("SplitNeighbourhood", "The neighbourhood was split.")
MergeNeighbourhoodsPayload = _payload("MergeNeighbourhoods", "The neighbourhoods are one now.")


@strawberry.type(description="The neighbourhood has its name.")
class RenameNeighbourhoodPayload:
    neighbourhood: NeighbourhoodLink = strawberry.field(description="The neighbourhood as it is now.")


def _saved(payload: Any, context: Context, saved: Saved) -> Any:
    code, ids = saved.ward_code, saved.standing
    rows = boundary_edits.changed(context.actor, code, ids)
    return payload(
        neighbourhoods=Rows("Neighbourhood", rows, context.actor, weight=max(len(ids), 1)),
        removed=[strawberry.ID(f"Neighbourhood:{code}:{one}") for one in saved.removed],
        reassigned_incidents=saved.reassigned,
        drift_square_metres=saved.settled.drift_square_metres,
        slivers=slivers_of(saved.plan, context.language),
    )


async def _save(context: Context, input: SaveBoundariesInput) -> Any:
    saved = await boundary_keeping.save(context.database, context.actor, wanted_of(input))
    return _saved(SaveBoundariesPayload, context, saved)


async def _split(context: Context, input: SplitNeighbourhoodInput) -> Any:
    ward_code, key = key_of(input.neighbourhood_id, "Neighbourhood", "neighbourhoodId")
    edit = Removed(key, input.expected_version)
    saved = await boundary_reshaping.split(
        context.database, context.actor, ward_code, edit, input.line, input.new_names, input.reason
    )
    return _saved(SplitNeighbourhoodPayload, context, saved)


async def _merge(context: Context, input: MergeNeighbourhoodsInput) -> Any:
    if not input.neighbourhoods:
        raise TooFew(Problem(("neighbourhoods",), boundary_reshaping.TWO_AT_LEAST))
    ward_code, _ = key_of(input.neighbourhoods[0].neighbourhood_id, "Neighbourhood", "neighbourhoods")
    edits = removals(input.neighbourhoods, ward_code, "neighbourhoods")
    saved = await boundary_reshaping.merge(context.database, context.actor, ward_code, edits, input.name, input.reason)
    return _saved(MergeNeighbourhoodsPayload, context, saved)


async def _rename(context: Context, input: RenameNeighbourhoodInput) -> Any:
    ward_code, key = key_of(input.neighbourhood_id, "Neighbourhood", "neighbourhoodId")
    edit = Renamed(key, input.name, input.expected_version)
    await boundary_reshaping.rename(context.database, context.actor, ward_code, edit)
    found = Found("Neighbourhood", neighbourhoods.with_id, context.actor, ward_code, key)
    return RenameNeighbourhoodPayload(neighbourhood=found)  # type: ignore[arg-type]


_REFUSALS = (BoundaryProblem, VersionConflict, NotFound, NotAllowed, InvalidInput)


@strawberry.type
class BoundaryMutation:
    save_boundaries = mutation_by(
        "SaveBoundaries",
        SaveBoundariesPayload,
        SaveBoundariesInput,
        _save,
        STAFF,
        "Save a draft of a ward's boundaries, all of it or nothing. What is open in changed ground finds its "
        "neighbourhood again.",
        *_REFUSALS,
    )
    split_neighbourhood = mutation_by(
        "SplitNeighbourhood",
        SplitNeighbourhoodPayload,
        SplitNeighbourhoodInput,
        _split,
        STAFF,
        "Split a neighbourhood by a line.",
        *_REFUSALS,
    )
    merge_neighbourhoods = mutation_by(
        "MergeNeighbourhoods",
        MergeNeighbourhoodsPayload,
        MergeNeighbourhoodsInput,
        _merge,
        STAFF,
        "Make neighbourhoods one.",
        *_REFUSALS,
    )
    rename_neighbourhood = mutation_by(
        "RenameNeighbourhood",
        RenameNeighbourhoodPayload,
        RenameNeighbourhoodInput,
        _rename,
        STAFF,
        "Call a neighbourhood otherwise; its team too, where that is called after it.",
        VersionConflict,
        NotFound,
        NotAllowed,
        InvalidInput,
    )
