"""Accounts of those who work for a ward."""

from __future__ import annotations

from datetime import datetime

import strawberry

from geo import teams
from schema.enums import Role
from schema.links import CrewLink, TeamLink
from schema.relations import crew_of
from schema.relay import Connection, Node
from schema.rows import Row, Rows, column, field, node_id


def _team_of(root: Row) -> Rows:
    return Rows("Team", teams.with_id(root.seen_by, root.ward_code, root.team_id), root.seen_by)


@strawberry.type(description="An account of somebody who works for a ward; to the ward's staff.")
class Account(Node):
    id: strawberry.ID = node_id("Account")
    username: str = column("The name to sign in with.")
    name: str = column("Whose account it is.")
    role: Role = column("What it may do.")
    crew: CrewLink | None = field(crew_of, "The crew that a crew member belongs to.")
    team: TeamLink | None = field(_team_of, "The community digital team that a team member belongs to.")
    disabled: bool = column("Whether it can sign in no more.")
    demo: bool = column("Whether it was made up for the demonstration.")
    email: str | None = column("Where one-time links may be mailed; none: nowhere.")
    invited: bool = column("Whether it still has no password: its holder has not used the invitation.")
    has_second_factor: bool = column("Whether its holder has switched a second factor on.")
    changeable: bool = column(
        "Whether the caller may reset, lock or move it: never their own, nor one that may do as much as theirs."
    )
    created_at: datetime = column("Since when there is this account.")


AccountConnection = Connection[Account]
