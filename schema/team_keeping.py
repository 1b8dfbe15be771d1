"""Keeping community digital teams: their names, their members, and who of these is named in public."""

from __future__ import annotations

from typing import Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import consents, team_keeping, teams
from geo.contact import Checked
from geo.errors import InvalidInput as InvalidInputRefusal
from geo.errors import Problem
from geo.language import Text
from schema.context import Context
from schema.enums import TeamRole
from schema.errors import InvalidInput, NotAllowed, NotFound
from schema.links import TeamLink
from schema.mutating import KEEPERS, key_of, mutation
from schema.rows import Found
from schema.teams import TeamMember

NEIGHBOURHOOD_NEEDED = Text(
    "Tổ mới cần thuộc một tổ dân phố.", "A new team needs the neighbourhood that it is to serve."
)
TEAM_NEEDED = Text("Thành viên mới cần thuộc một tổ.", "A new member needs a team.")


@strawberry.input(description="A team to name anew with `teamId`, or to add to a neighbourhood that has none.")
class SaveTeamInput:
    name: str = strawberry.field(description="Its name; 200 characters at most.")
    team_id: strawberry.ID | None = strawberry.field(default=None, description="The team to name anew.")
    neighbourhood_id: strawberry.ID | None = strawberry.field(
        default=None, description="For a new team: the neighbourhood that it serves, for good. Staff only."
    )


@strawberry.input(description="A member to add to a team, or with `memberId` to change.")
class SaveTeamMemberInput:
    name: str = strawberry.field(description="The member's name; 200 characters at most.")
    role: TeamRole = strawberry.field(description="The member's part in the team.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description="The member to change.")
    team_id: strawberry.ID | None = strawberry.field(default=None, description="For a new member: the team.")
    organisation: str | None = strawberry.field(default=None, description="Where the member comes from.")
    phone: str | None = strawberry.field(default=None, description="The member's mobile number, however it is spaced.")
    consent: bool | None = strawberry.field(
        default=None,
        description="Whether the member agrees to name and telephone being public; withdrawn, both are hidden at once. "
        "Without it, what was recorded stays.",
    )
    consent_wording: str | None = strawberry.field(
        default=None,
        description="The key of the words that were agreed to, where our pages showed them; see docs/privacy.md.",
    )


@strawberry.input(description="A member to take out of a team, with all that is kept of them there.")
class RemoveTeamMemberInput:
    member_id: strawberry.ID = strawberry.field(description="The member.")


@strawberry.type(description="The team was saved.")
class SaveTeamPayload:
    team: TeamLink = strawberry.field(description="The team as it is now.")


@strawberry.type(description="The member was saved.")
class SaveTeamMemberPayload:
    member: TeamMember = strawberry.field(description="The member as they are now.")


@strawberry.type(description="The member is in the team no more.")
class RemoveTeamMemberPayload:
    member_id: strawberry.ID = strawberry.field(description="The id that the member had.")


def _refuse(check: Checked) -> None:
    if check.problems:
        raise InvalidInputRefusal(*check.problems)


async def _save_team(connection: AsyncConnection, context: Context, input: SaveTeamInput) -> Any:
    actor, team_id, neighbourhood_id = context.actor, None, None
    check = Checked([])
    name = check.needed(input.name, ("name",), 200)
    if input.team_id is not None:
        ward_code, team_id = key_of(input.team_id, "Team", "teamId")
    elif input.neighbourhood_id is not None:
        ward_code, neighbourhood_id = key_of(input.neighbourhood_id, "Neighbourhood", "neighbourhoodId")
    else:
        raise InvalidInputRefusal(*check.problems, Problem(("neighbourhoodId",), NEIGHBOURHOOD_NEEDED))
    _refuse(check)
    values: dict[str, Any] = {"name": name, "neighbourhood_id": neighbourhood_id}
    key = await team_keeping.save_team(connection, actor, ward_code, team_id, **values)
    return SaveTeamPayload(team=Found("Team", teams.with_id, actor, ward_code, key))  # type: ignore[arg-type]


async def _save_member(connection: AsyncConnection, context: Context, input: SaveTeamMemberInput) -> Any:
    actor = context.actor
    check = Checked([])
    values: dict[str, Any] = {
        "name": check.needed(input.name, ("name",), 200),
        "organisation": check.text(input.organisation, ("organisation",), 200),
        "phone": check.phone(input.phone, ("phone",)),
        "role": input.role,
        "consent": input.consent,
        "wording": consents.agreed(
            input.consent_wording, consents.MEMBERS, consents.MEMBER_TOLD, context.language, ("consent",)
        ),
    }
    if input.member_id is not None:
        ward_code, key = key_of(input.member_id, "TeamMember", "memberId")
        _refuse(check)
        await team_keeping.save_member(connection, actor, ward_code, key, **values)
    elif input.team_id is not None:
        ward_code, team_id = key_of(input.team_id, "Team", "teamId")
        _refuse(check)
        key = await team_keeping.add_member(connection, actor, ward_code, team_id, **values)
    else:
        raise InvalidInputRefusal(*check.problems, Problem(("teamId",), TEAM_NEEDED))
    found = Found("TeamMember", teams.member_with_id, actor, ward_code, key)
    return SaveTeamMemberPayload(member=found)  # type: ignore[arg-type]


async def _remove_member(connection: AsyncConnection, context: Context, input: RemoveTeamMemberInput) -> Any:
    ward_code, key = key_of(input.member_id, "TeamMember", "memberId")
    await team_keeping.remove_member(connection, context.actor, ward_code, key)
    return RemoveTeamMemberPayload(member_id=input.member_id)


@strawberry.type
class TeamMutation:
    save_team = mutation(
        "SaveTeam",
        SaveTeamPayload,
        SaveTeamInput,
        _save_team,
        KEEPERS,
        "Name a team anew: staff, its leader and its deputies; or give a neighbourhood its team: staff.",
        NotFound,
        NotAllowed,
        InvalidInput,
    )
    save_team_member = mutation(
        "SaveTeamMember",
        SaveTeamMemberPayload,
        SaveTeamMemberInput,
        _save_member,
        KEEPERS,
        "Add a member to a team or change one: staff, its leader and its deputies; every member the own entry, "
        "but for the own part in the team.",
        NotFound,
        NotAllowed,
        InvalidInput,
    )
    remove_team_member = mutation(
        "RemoveTeamMember",
        RemoveTeamMemberPayload,
        RemoveTeamMemberInput,
        _remove_member,
        KEEPERS,
        "Take a member out of a team: staff, its leader and its deputies; every member the own entry.",
        NotFound,
        NotAllowed,
    )
