"""What a draft of boundaries is sent as, and who sends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import strawberry

from geo.boundary_drafts import Drawn, Redrawn, Removed, Renamed, Wanted
from geo.errors import NotFound
from schema.mutating import key_of
from schema.scalars import GeoJSONMultiPolygon


@strawberry.input(description="A new neighbourhood.")
class NewNeighbourhood:
    name: str = strawberry.field(description="Its name, which no other of the ward has; 200 characters at most.")
    boundary: GeoJSONMultiPolygon = strawberry.field(description="Its boundary.")


@strawberry.input(description="A neighbourhood that is to have another boundary.")
class NeighbourhoodEdit:
    neighbourhood_id: strawberry.ID = strawberry.field(
        description="The neighbourhood; one that was given up comes back by it."
    )
    boundary: GeoJSONMultiPolygon = strawberry.field(description="The boundary it is to have.")
    expected_version: int = strawberry.field(description="The version that the caller has seen.")


@strawberry.input(description="A neighbourhood that is to be given up: it keeps its name and its history.")
class NeighbourhoodRemoval:
    neighbourhood_id: strawberry.ID = strawberry.field(description="The neighbourhood.")
    expected_version: int = strawberry.field(description="The version that the caller has seen.")


@strawberry.input(description="A neighbourhood that is to be called otherwise; its team too, where called after it.")
class NeighbourhoodRename:
    neighbourhood_id: strawberry.ID = strawberry.field(
        description="The neighbourhood; it may be among those with another boundary as well."
    )
    name: str = strawberry.field(description="Its name, which no other of the ward has; 200 characters at most.")
    expected_version: int = strawberry.field(description="The version that the caller has seen.")


@strawberry.input(description="A draft of a ward's boundaries: all of it is saved, or nothing.")
class SaveBoundariesInput:
    ward_code: str = strawberry.field(description="The ward.")
    draw: list[NewNeighbourhood] | None = strawberry.field(default=None, description="New neighbourhoods.")
    redraw: list[NeighbourhoodEdit] | None = strawberry.field(default=None, description="Those with another boundary.")
    remove: list[NeighbourhoodRemoval] | None = strawberry.field(default=None, description="Those to be given up.")
    rename: list[NeighbourhoodRename] | None = strawberry.field(default=None, description="Those with another name.")
    reason: str | None = strawberry.field(
        default=None, description="Why, for the history; 500 characters at most. Everybody may read it."
    )


def wanted_of(input: SaveBoundariesInput) -> Wanted:
    """The draft that is meant. Raises `NotFound`, with the path, for what is no neighbourhood of the ward."""
    code = input.ward_code
    return Wanted(
        code,
        [Drawn(one.name, one.boundary) for one in input.draw or ()],
        [
            Redrawn(_key(one, code, "redraw", n), one.boundary, one.expected_version)
            for n, one in enumerate(input.redraw or ())
        ],
        removals(input.remove or (), code, "remove"),
        input.reason,
        [
            Renamed(_key(one, code, "rename", n), one.name, one.expected_version)
            for n, one in enumerate(input.rename or ())
        ],
    )


def removals(given: Sequence[NeighbourhoodRemoval], ward_code: str, field: str) -> list[Removed]:
    """Neighbourhoods with the versions that the caller has seen. Raises `NotFound`."""
    return [Removed(_key(one, ward_code, field, n), one.expected_version) for n, one in enumerate(given)]


def _key(
    given: NeighbourhoodEdit | NeighbourhoodRemoval | NeighbourhoodRename, ward_code: str, field: str, n: int
) -> Any:
    try:
        return key_of(given.neighbourhood_id, "Neighbourhood", "neighbourhoodId", ward_code)[1]
    except NotFound as refusal:
        raise NotFound(path=(field, str(n), "neighbourhoodId")) from refusal
