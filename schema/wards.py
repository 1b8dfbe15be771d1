"""A ward, and all that it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated

import strawberry

from geo import (
    account_lists,
    categories,
    counting,
    crews,
    failed_jobs,
    neighbourhoods,
    places,
    rejections,
    statistics,
    teams,
)
from schema.accounts import AccountConnection
from schema.audit import AuditConnection, audited
from schema.boundary_history import BoundaryEditConnection, BoundaryThen, boundaries_at, boundary_changes
from schema.categories import Category
from schema.enums import Role
from schema.failed_jobs import FailedJob, failed_in
from schema.incident_lists import Among, IncidentOrder, Newest, Wanted, keys_of, listed
from schema.inputs import Kinds, Near, Within, distinct, key_named
from schema.links import (
    CrewConnection,
    IncidentConnection,
    NeighbourhoodConnection,
    PlaceConnection,
    TeamConnection,
)
from schema.places import PlaceOrder, place_page
from schema.rejections import RejectionTemplate
from schema.relay import After, First, FirstOnMap, Node, Search, page
from schema.rows import Page, Row, Rows, answers, column, field, node_id
from schema.scalars import GeoJSONMultiPolygon
from schema.statistics import STATISTICS, WardStatistics


def _neighbourhoods(root: Row, search: Search = None, first: First = 20, after: After = None) -> Page:
    rows = neighbourhoods.of_ward(root.seen_by, root.code, search)
    return page(Rows("Neighbourhood", rows, root.seen_by), neighbourhoods.BY_NAME, first, after)


def _places(
    root: Row,
    kinds: Kinds = None,
    within: Within = None,
    near: Near = None,
    search: Search = None,
    neighbourhood_id: Annotated[
        strawberry.ID | None, strawberry.argument(description="Only those in this neighbourhood.")
    ] = None,
    in_neighbourhood: Annotated[
        bool | None, strawberry.argument(description="Only those that lie in a neighbourhood, or in none.")
    ] = None,
    order_by: Annotated[
        PlaceOrder, strawberry.argument(description="In which order, without `near`.")
    ] = PlaceOrder.NAME,
    first: FirstOnMap = 20,
    after: After = None,
) -> Page:
    box = within.box("within") if within is not None else None
    rows = places.matching(
        root.seen_by,
        root.code,
        kinds=distinct(kinds, "kinds"),
        within=box,
        search=search,
        neighbourhood_id=key_named(neighbourhood_id, "Neighbourhood"),
        in_neighbourhood=in_neighbourhood,
    )
    return place_page(rows, root.seen_by, near, first, after, on_map=box is not None, order_by=order_by)


def _teams(root: Row, search: Search = None, first: First = 20, after: After = None) -> Page:
    return page(Rows("Team", teams.of_ward(root.seen_by, root.code, search), root.seen_by), teams.BY_NAME, first, after)


def _accounts(
    root: Row,
    search: Search = None,
    role: Annotated[Role | None, strawberry.argument(description="Only those of this role.")] = None,
    first: First = 20,
    after: After = None,
) -> Page:
    rows = account_lists.of_ward(root.seen_by, root.code, search, role)
    return page(Rows("Account", rows, root.seen_by), account_lists.BY_NAME, first, after)


def _crews(
    root: Row,
    on_duty: Annotated[bool | None, strawberry.argument(description="Only those on duty, or off.")] = None,
    first: First = 20,
    after: After = None,
) -> Page:
    return page(
        Rows("Crew", crews.of_ward(root.seen_by, root.code, on_duty), root.seen_by), crews.BY_NAME, first, after
    )


def _incidents(
    root: Row,
    filter: Wanted = None,
    order_by: Newest = IncidentOrder.NEWEST_FIRST,
    first: FirstOnMap = 20,
    after: After = None,
    ids: Among = None,
) -> Page:
    found = listed(root, filter, order_by, first, after, ward_code=root.code, keys=keys_of(ids))
    return (
        found
        if filter is not None or ids is not None
        else replace(found, total=counting.number(root.seen_by, root.code))
    )


def _rejection_templates(
    root: Row,
    category: Annotated[
        str | None,
        strawberry.argument(description="Only those for this kind of incident (its code) or for every kind."),
    ] = None,
) -> Rows:
    rows = rejections.of_ward(root.seen_by, root.code, category)
    return Rows("RejectionTemplate", rows, root.seen_by, weight=20)


def _statistics(
    root: Row,
    from_: Annotated[
        datetime | None, strawberry.argument(name="from", description="Reported at this moment or later.")
    ] = None,
    to: Annotated[datetime | None, strawberry.argument(description="Reported before this moment.")] = None,
) -> Rows:
    select = statistics.of_ward(root.seen_by, root.code, from_, to)
    return Rows("WardStatistics", select, root.seen_by, effort=STATISTICS)


@strawberry.type(description="A ward, commune or special zone: the unit that keeps its map and its incident desk.")
class Ward(Node):
    id: strawberry.ID = node_id("Ward")
    code: str = column("The official five digits, such as 20314.")
    name: str = column("Its official name.")
    boundary: GeoJSONMultiPolygon = column("Its outline.")
    demo: bool = column("Whether this is the demonstration ward, whose people and incidents are made up.")
    neighbourhoods: NeighbourhoodConnection = answers(
        _neighbourhoods, "Its neighbourhoods (tổ dân phố, thôn), by name."
    )
    places: PlaceConnection = answers(_places, "The places on its digital map; by distance with `near`.")
    boundary_changes: BoundaryEditConnection = answers(
        boundary_changes, "What was done to its neighbourhoods' boundaries, the latest first; to its staff."
    )
    boundaries_at: list[BoundaryThen] = answers(
        boundaries_at,
        "The boundaries that its neighbourhoods had at a moment, by name, those given up since included. To restore "
        "them, send a draft: `redraw` what differs, `remove` what was not there then.",
    )
    teams: TeamConnection = answers(_teams, "Its community digital teams, by name.")
    crews: CrewConnection = answers(_crews, "Its rapid-response crews, by name; to who works in the ward.")
    accounts: AccountConnection = answers(_accounts, "The accounts of those who work for it, by name; to its staff.")
    audit: AuditConnection = answers(
        audited, "What those who work for it did, the latest first, whoever did it; to its staff."
    )
    failed_jobs: list[FailedJob] = field(
        failed_in,
        "Background jobs for it that were given up, the latest 200; to its staff. "
        "An administrator of every ward sees those of all wards.",
    )
    waiting_jobs: int | None = field(
        lambda root: failed_jobs.waiting_in(root.seen_by, root.code),
        "How many background jobs of those wait or are being done; to its staff.",
    )
    categories: list[Category] = field(
        lambda root: Rows("Category", categories.of_ward(root.seen_by, root.code), root.seen_by, weight=10),
        "The kinds of incident that it handles.",
    )
    rejection_templates: list[RejectionTemplate] = answers(
        _rejection_templates, "The texts that reports are rejected with; to its staff."
    )
    incidents: IncidentConnection = answers(_incidents, "Its incidents, as far as the caller may see them.")
    statistics: WardStatistics = answers(_statistics, "How many incidents, and how fast they were dealt with.")
