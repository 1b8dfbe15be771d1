"""Neighbourhoods and the boundaries they have had."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
import strawberry

from geo import neighbourhoods, places, teams
from schema.incident_lists import IncidentOrder, Newest, Wanted, listed
from schema.inputs import Kinds, distinct
from schema.links import IncidentConnection, PlaceConnection, TeamLink, WardLink
from schema.places import place_page
from schema.relations import ward_of
from schema.relay import After, First, FirstOnMap, Node
from schema.rows import Boundary, Page, Row, Rows, answers, column, field, node_id
from schema.scalars import GeoJSONMultiPolygon


@strawberry.type(description="A boundary and the period in which it held.")
class BoundaryPeriod:
    id: strawberry.ID = field(
        lambda root: sa.func.concat("BoundaryPeriod:", root.ward_code, ":", root.boundary_id, type_=sa.Text),
        "Identifies this period; it never changes but for its end.",
    )
    boundary: GeoJSONMultiPolygon = field(
        lambda root: Boundary(root.ward_code, root.boundary_id, root.boundary), "The boundary."
    )
    since: datetime = column("When it came into force.")
    until: datetime | None = column("When another took its place.")
    reason: str | None = column("Why it was drawn.")
    author: str | None = column("Who drew it, by name; to the ward's staff.")


def _boundary(
    root: Row,
    at: Annotated[
        datetime | None, strawberry.argument(description="As it was at this moment; now, without one.")
    ] = None,
) -> Boundary:
    if at is None:
        return Boundary(root.ward_code, root.boundary_id, root.boundary)
    of = (root.seen_by, root.ward_code, root.id, at)
    shape = neighbourhoods.boundary_at(*of, neighbourhoods.SHAPE)
    return Boundary(root.ward_code, neighbourhoods.boundary_at(*of), shape)


def _places(root: Row, kinds: Kinds = None, first: First = 20, after: After = None) -> Page:
    rows = places.matching(root.seen_by, root.ward_code, kinds=distinct(kinds, "kinds"), neighbourhood_id=root.id)
    return place_page(rows, root.seen_by, None, first, after, on_map=False)


def _incidents(
    root: Row,
    filter: Wanted = None,
    order_by: Newest = IncidentOrder.NEWEST_FIRST,
    first: FirstOnMap = 20,
    after: After = None,
) -> Page:
    return listed(root, filter, order_by, first, after, ward_code=root.ward_code, neighbourhood_id=root.id)


def _area(root: Row) -> sa.ColumnElement[Any]:
    return sa.func.ST_Area(sa.func.geography(root.boundary), type_=sa.Float)


@strawberry.type(description="A neighbourhood of a ward (tổ dân phố, thôn).")
class Neighbourhood(Node):
    id: strawberry.ID = node_id("Neighbourhood")
    name: str = column("Its name.")
    ward: WardLink = field(
        ward_of,
        "The ward it belongs to.",
    )
    boundary: GeoJSONMultiPolygon | None = answers(_boundary, "Its boundary; none where none was in force.")
    area_square_metres: float | None = field(_area, "The area inside its boundary, on the spheroid.")
    version: int = column("Counts its changes: what an edit must name as `expectedVersion`.")
    boundary_history: list[BoundaryPeriod] = field(
        lambda root: Rows(
            "BoundaryPeriod",
            neighbourhoods.boundaries_of(root.seen_by, root.ward_code, root.id),
            root.seen_by,
            weight=5,
        ),
        "Every boundary it ever had, the oldest first.",
    )
    team: TeamLink | None = field(
        lambda root: Rows("Team", teams.of_neighbourhood(root.seen_by, root.ward_code, root.id), root.seen_by),
        "Its community digital team.",
    )
    places: PlaceConnection = answers(_places, "The places in it, by name.")
    incidents: IncidentConnection = answers(_incidents, "The incidents in it, as far as the caller may see them.")
