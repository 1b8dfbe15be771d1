"""Rapid-response crews."""

from __future__ import annotations

from datetime import datetime

import strawberry

from geo import account_lists, categories, crew_ground
from schema.accounts import Account
from schema.categories import Category
from schema.enums import Covers
from schema.incident_lists import IncidentOrder, Newest, Wanted, listed
from schema.links import IncidentConnection, NeighbourhoodLink
from schema.relay import After, FirstOnMap, Node
from schema.rows import Page, Row, Rows, answers, column, field, node_id
from schema.scalars import GeoJSONMultiPolygon, GeoJSONPoint


def _incidents(
    root: Row,
    filter: Wanted = None,
    order_by: Newest = IncidentOrder.MOST_URGENT_FIRST,
    first: FirstOnMap = 20,
    after: After = None,
) -> Page:
    return listed(root, filter, order_by, first, after, ward_code=root.ward_code, crew_id=root.id)


@strawberry.type(description="A rapid-response crew.")
class Crew(Node):
    id: strawberry.ID = node_id("Crew")
    name: str = column("Its name.")
    categories: list[Category] = field(
        lambda root: Rows(
            "Category", categories.of_crew(root.seen_by, root.ward_code, root.id), root.seen_by, weight=10
        ),
        "The kinds of incident that it handles.",
    )
    covers: Covers = column("How its ground is said.")
    coverage_area: GeoJSONMultiPolygon | None = column(
        "The ground it covers, by the boundaries in force where it covers `neighbourhoods`; null for the whole ward.",
        "coverage",
    )
    neighbourhoods: list[NeighbourhoodLink] = field(
        lambda root: Rows(
            "Neighbourhood",
            crew_ground.neighbourhoods_of(root.seen_by, root.ward_code, root.id),
            root.seen_by,
            weight=5,
        ),
        "The neighbourhoods that it covers, where these are named one by one, by name: one whose `boundary` is null "
        "is the ward's no more, and nothing comes to the crew from there.",
    )
    on_duty: bool = column("Whether it takes incidents now.")
    capacity: int = column("How many incidents it can have in hand.")
    in_hand: int | None = column("How many incidents it has in hand now; for staff and the ward's crews.")
    position: GeoJSONPoint | None = column("Where it last was, for staff and the crew itself.")
    position_at: datetime | None = column("When it was there; for staff and the crew itself.")
    base: GeoJSONPoint | None = column("Where it starts from, for staff and the crew itself.")
    members: list[Account] = field(
        lambda root: Rows(
            "Account", account_lists.of_crew(root.seen_by, root.ward_code, root.id), root.seen_by, weight=5
        ),
        "The accounts of its members, by name; to the ward's staff.",
    )
    incidents: IncidentConnection = answers(
        _incidents, "The incidents assigned to it, as far as the caller may see them."
    )
