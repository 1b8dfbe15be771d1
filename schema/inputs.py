"""Inputs that several fields share, and the arguments that go with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import sqlalchemy as sa
import strawberry
from graphql import GraphQLError

from geo import incidents as geo_incidents
from geo import positions
from geo.language import Text
from geo.positions import Box, PositionError
from schema.enums import IncidentStatus, PlaceKind
from schema.relay import identity
from schema.scalars import GeoJSONPoint
from schema.texts import language

T = TypeVar("T")

RADIUS = Text("Bán kính cần có vị trí `near` để đo từ đó.", "A radius needs a position, `near`, to measure from.")

MOST_METRES = 50_000.0
MOST_VALUES = 100

TOO_MANY = Text("Nhiều nhất {most} giá trị khác nhau.", "At most {most} different values.")


_NOTHING = UUID(int=0)
"""The key of no row: what an id names that is none of ours."""


def key_named(id_: str | None, type_name: str) -> UUID | None:
    """The key of what an id of this type names; that of no row where it names something else."""
    if id_ is None:
        return None
    named = identity(id_)
    return named.key if named is not None and named.type_name == type_name and named.key is not None else _NOTHING


def distinct(values: Sequence[T] | None, *path: str) -> list[T] | None:
    """Each value once; refuses more than PostgreSQL should be asked to compare with."""
    if values is None:
        return None
    found = list(dict.fromkeys(values))
    if len(found) > MOST_VALUES:
        message = TOO_MANY.to(language.get(), most=MOST_VALUES)
        raise GraphQLError(message, extensions={"code": "BAD_INPUT", "path": list(path)})
    return found


@strawberry.input(description="A box in WGS 84 degrees; it does not cross the antimeridian.")
class BoundingBox:
    west: float = strawberry.field(description="Its least longitude.")
    south: float = strawberry.field(description="Its least latitude.")
    east: float = strawberry.field(description="Its greatest longitude.")
    north: float = strawberry.field(description="Its greatest latitude.")

    def box(self, *path: str) -> Box:
        if isinstance(self.west, sa.ColumnElement):  # slots, whose values are checked before they are read
            return Box(self.west, self.south, self.east, self.north)
        try:
            return positions.box(self.west, self.south, self.east, self.north)
        except PositionError as error:
            where = [*path, *error.path]
            message = error.text.to(language.get())
            raise GraphQLError(message, extensions={"code": "BAD_INPUT", "path": where}) from error


Kinds = Annotated[list[PlaceKind] | None, strawberry.argument(description="Only these kinds.")]
Within = Annotated[
    BoundingBox | None, strawberry.argument(description="Only what lies in this box, its edges included.")
]
Near = Annotated[GeoJSONPoint | None, strawberry.argument(description="The nearest to this position first.")]


@strawberry.input(description="Which incidents; everything given must hold.")
class IncidentFilter:
    statuses: list[IncidentStatus] | None = strawberry.field(default=None, description="In one of these statuses.")
    categories: list[str] | None = strawberry.field(default=None, description="Of one of these categories, by code.")
    within: BoundingBox | None = strawberry.field(default=None, description="In this box, its edges included.")
    near: GeoJSONPoint | None = strawberry.field(
        default=None, description="What `NEAREST_FIRST`, `distanceMetres` and `radiusMetres` measure from."
    )
    radius_metres: float | None = strawberry.field(default=None, description="At most so far from `near`.")
    reported_from: datetime | None = strawberry.field(default=None, description="Reported at this moment or later.")
    reported_to: datetime | None = strawberry.field(default=None, description="Reported before this moment.")
    due_before: datetime | None = strawberry.field(default=None, description="To be dealt with before this moment.")
    overdue: bool | None = strawberry.field(default=None, description="Late, or not late.")
    attention: bool | None = strawberry.field(
        default=None, description="Needing a person of the ward, as far as the caller knows, or not."
    )
    crew_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this crew, as far as the caller may know which crew has it."
    )
    neighbourhood_id: strawberry.ID | None = strawberry.field(default=None, description="In this neighbourhood.")
    search: str | None = strawberry.field(
        default=None,
        description="In the tracking code, the description and the address, as far as the caller reads them.",
    )

    def meaning(self) -> geo_incidents.Filter:
        if self.radius_metres is not None and self.near is None:
            path = ["filter", "near"]
            raise GraphQLError(RADIUS.to(language.get()), extensions={"code": "BAD_INPUT", "path": path})
        return geo_incidents.Filter(
            statuses=distinct(self.statuses, "filter", "statuses"),
            categories=distinct(self.categories, "filter", "categories"),
            within=self.within.box("filter", "within") if self.within is not None else None,
            near=self.near,
            radius_metres=None if self.radius_metres is None else min(max(self.radius_metres, 0.0), MOST_METRES),
            reported_from=self.reported_from,
            reported_to=self.reported_to,
            due_before=self.due_before,
            overdue=self.overdue,
            attention=self.attention,
            crew_id=key_named(self.crew_id, "Crew"),
            neighbourhood_id=key_named(self.neighbourhood_id, "Neighbourhood"),
            search=self.search,
        )
