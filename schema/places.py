"""Places on the digital map."""

from __future__ import annotations

from enum import Enum
from typing import Any

import sqlalchemy as sa
import strawberry

from geo import places
from geo.actor import Actor
from geo.locating import geography
from geo.positions import Position
from schema.enums import PlaceKind
from schema.links import NeighbourhoodLink
from schema.relations import neighbourhood_of
from schema.relay import MOST, MOST_ON_MAP, Node, page
from schema.rows import Page, Row, Rows, column, field, node_id
from schema.scalars import GeoJSONPoint


@strawberry.enum(description="The order of a list of places.")
class PlaceOrder(Enum):
    NAME = strawberry.enum_value("NAME", description="By name, as Vietnamese people sort and count.")
    KIND = strawberry.enum_value("KIND", description="By kind, then by name.")
    NEIGHBOURHOOD = strawberry.enum_value(
        "NEIGHBOURHOOD", description="By neighbourhood, those in none first, then by name."
    )


_ORDERS = {
    PlaceOrder.NAME: places.BY_NAME,
    PlaceOrder.KIND: places.BY_KIND,
    PlaceOrder.NEIGHBOURHOOD: places.BY_NEIGHBOURHOOD,
}


def place_page(
    rows: sa.Select[Any],
    seen_by: Actor,
    near: Position | None,
    first: int,
    after: str | None,
    *,
    on_map: bool,
    order_by: PlaceOrder = PlaceOrder.NAME,
) -> Page:
    """A page of places: by distance where `near` is given, in the order asked for otherwise."""
    order = _ORDERS[order_by] if near is None else places.nearest_first(near)
    return page(Rows("Place", rows, seen_by, near=near), order, first, after, MOST_ON_MAP if on_map else MOST)


def distance(root: Row) -> sa.ColumnElement[Any]:
    """Metres on the spheroid from the position that the list was asked from, or NULL."""
    if root.near is None:
        return sa.cast(sa.null(), sa.Float)
    return sa.func.ST_Distance(root.geog, geography(root.near), type_=sa.Float)


def _directions(root: Row) -> sa.ColumnElement[Any]:
    where = sa.func.concat(sa.func.ST_Y(root.location), ",", sa.func.ST_X(root.location))
    return sa.func.concat("https://www.google.com/maps/dir/?api=1&destination=", where, type_=sa.Text)


@strawberry.type(description="A place on the digital map: a cultural house, an office, a school.")
class Place(Node):
    id: strawberry.ID = node_id("Place")
    kind: PlaceKind = column("What stands there.")
    name: str = column("Its name.")
    address: str | None = column("Its address.")
    location: GeoJSONPoint = column("Where it is.")
    phone: str | None = column("Its telephone number.")
    opening_hours: str | None = column("When it is open, in words.")
    public: bool = field(
        places.public, "Whether everybody sees it. An official's home is public only with recorded consent."
    )
    neighbourhood: NeighbourhoodLink | None = field(
        neighbourhood_of,
        "The neighbourhood that holds it.",
    )
    directions_url: str = field(_directions, "Directions to it in Google Maps.")
    distance_metres: float | None = field(distance, "How far it is from `near`, when asked with it.")
