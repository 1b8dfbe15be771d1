"""Community digital teams and their members."""

from __future__ import annotations

from datetime import datetime

import strawberry

from geo import account_lists, neighbourhoods, teams
from schema.accounts import Account
from schema.enums import TeamRole
from schema.links import NeighbourhoodLink
from schema.relations import neighbourhood_of
from schema.relay import Node
from schema.rows import Boundary, Row, Rows, column, field, node_id
from schema.scalars import GeoJSONMultiPolygon


def _coverage(root: Row) -> Boundary:
    of = (root.seen_by, root.ward_code, root.neighbourhood_id)
    shape = neighbourhoods.boundary_now(*of, neighbourhoods.SHAPE)
    return Boundary(root.ward_code, neighbourhoods.boundary_now(*of), shape)


@strawberry.type(description="A member of a team. Who it is, is told only with the member's recorded consent.")
class TeamMember(Node):
    id: strawberry.ID = node_id("TeamMember")
    name: str | None = column("The member's name, where the caller may know it.")
    role: TeamRole = column("The member's part in the team.")
    organisation: str | None = column(
        "Where the member comes from (the Youth Union, the police, a firm), where the caller may know it."
    )
    phone: str | None = column("The member's telephone number, where the caller may know it.")
    consented_at: datetime | None = column(
        "Since when the member agrees to being named in public; to the ward's staff and the team itself."
    )
    mine: bool = column("Whether this is the caller's own entry.")


@strawberry.type(description="A community digital team (Tổ công nghệ số cộng đồng): exactly one a neighbourhood.")
class Team(Node):
    id: strawberry.ID = node_id("Team")
    name: str = column("Its name.")
    neighbourhood: NeighbourhoodLink = field(neighbourhood_of, "The neighbourhood it serves.")
    coverage_area: GeoJSONMultiPolygon | None = field(
        _coverage,
        "The ground it serves: the boundary of its neighbourhood.",
    )
    accounts: list[Account] = field(
        lambda root: Rows(
            "Account", account_lists.of_team(root.seen_by, root.ward_code, root.id), root.seen_by, weight=5
        ),
        "The accounts of its members, by name; to the ward's staff.",
    )
    member_count: int = column("How many members it has; seven at least are called for.")
    leader_count: int = column("How many of them lead it; there should be one.")
    consenting_count: int = column("How many of them agree to being named in public.")
    members: list[TeamMember] = field(
        lambda root: Rows(
            "TeamMember", teams.members_of(root.seen_by, root.ward_code, root.id), root.seen_by, weight=10
        ),
        "Its members, the leader first.",
    )
