"""The GraphQL types, field by field, as Strawberry's documentation has them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, NewType

import orjson
import strawberry
from strawberry.types.scalar import ScalarDefinition

from benchmarks.plain import models
from benchmarks.plain.loaders import Caller, Loaders, Sessions


@dataclass
class Context:
    """What a resolver needs."""

    sessions: Sessions
    loaders: Loaders
    caller: Caller
    secret_key: bytes


Info = strawberry.Info[Context, None]

GeoJSONPoint = NewType("GeoJSONPoint", object)
GeoJSONMultiPolygon = NewType("GeoJSONMultiPolygon", object)
SCALARS: dict[object, ScalarDefinition] = {
    GeoJSONPoint: strawberry.scalar(
        name="GeoJSONPoint", serialize=lambda value: value, parse_value=lambda value: value
    ),
    GeoJSONMultiPolygon: strawberry.scalar(name="GeoJSONMultiPolygon", serialize=lambda value: value),
}


@strawberry.enum
class IncidentStatus(Enum):
    RECEIVED = "RECEIVED"
    ASSIGNED = "ASSIGNED"
    ACCEPTED = "ACCEPTED"
    IN_PROGRESS = "IN_PROGRESS"
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"
    REJECTED = "REJECTED"
    DUPLICATE = "DUPLICATE"


@strawberry.enum
class IncidentOrder(Enum):
    NEWEST_FIRST = "NEWEST_FIRST"
    MOST_URGENT_FIRST = "MOST_URGENT_FIRST"


@strawberry.input
class BoundingBox:
    west: float
    south: float
    east: float
    north: float


@strawberry.input
class IncidentFilter:
    statuses: list[IncidentStatus] | None = None
    within: BoundingBox | None = None


@strawberry.type
class Category:
    code: str
    name: str
    icon: str
    colour: str


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.type
class Team(Node):
    name: str


@strawberry.type
class IncidentCount:
    total_count: int


@strawberry.type
class Neighbourhood(Node):
    name: str
    row: strawberry.Private[models.Neighbourhood]

    @classmethod
    def of(cls, row: models.Neighbourhood) -> Neighbourhood:
        return cls(id=strawberry.ID(f"Neighbourhood:{row.ward_code}:{row.id}"), name=row.name, row=row)

    @strawberry.field
    async def boundary(self, info: Info) -> GeoJSONMultiPolygon | None:
        found = await info.context.loaders.boundary.load((self.row.ward_code, self.row.id))
        return GeoJSONMultiPolygon(orjson.loads(found.geojson)) if found is not None else None

    @strawberry.field
    async def team(self, info: Info) -> Team | None:
        found = await info.context.loaders.team.load((self.row.ward_code, self.row.id))
        if found is None:
            return None
        return Team(id=strawberry.ID(f"Team:{found.ward_code}:{found.id}"), name=found.name)

    @strawberry.field
    async def incidents(self, info: Info, filter: IncidentFilter | None = None, first: int = 20) -> IncidentCount:
        statuses = tuple(status.value for status in (filter.statuses if filter else None) or IncidentStatus)
        return IncidentCount(
            total_count=await info.context.loaders.count(statuses).load((self.row.ward_code, self.row.id))
        )


@strawberry.type
class Incident(Node):
    tracking_code: str
    status: IncidentStatus
    description: str | None
    location: GeoJSONPoint
    row: strawberry.Private[models.Incident]

    @classmethod
    def of(cls, row: models.Incident, told: bool) -> Incident:
        """`told`: whether the caller may read the text."""
        return cls(
            id=strawberry.ID(f"Incident:{row.ward_code}:{row.id}"),
            tracking_code=row.tracking_code,
            status=IncidentStatus(row.status),
            description=row.description if told else None,
            location=GeoJSONPoint(orjson.loads(row.geojson)),
            row=row,
        )

    @strawberry.field
    async def category(self, info: Info) -> Category:
        found = await info.context.loaders.category.load((self.row.ward_code, self.row.category_id))
        assert found is not None
        return Category(code=found.code, name=found.name, icon=found.icon, colour=found.colour)

    @strawberry.field
    async def neighbourhood(self, info: Info) -> Neighbourhood | None:
        if self.row.neighbourhood_id is None:
            return None
        found = await info.context.loaders.neighbourhood.load((self.row.ward_code, self.row.neighbourhood_id))
        return Neighbourhood.of(found) if found is not None else None


@strawberry.type
class IncidentConnection:
    nodes: list[Incident]


@strawberry.type
class ReportIncidentPayload:
    incident: Incident
    reporter_secret: str


@strawberry.interface
class UserError:
    code: str
    message: str


@strawberry.type
class OutsideWard(UserError):
    pass


@strawberry.type
class InvalidInput(UserError):
    pass


ReportIncidentResult = Annotated[
    ReportIncidentPayload | OutsideWard | InvalidInput, strawberry.union("ReportIncidentResult")
]

Position = dict[str, Any]
