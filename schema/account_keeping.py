"""How staff keep the accounts of their ward.

A password is made here, shown in one answer and nowhere else. It is hashed before a connection is held: that takes
long, and connections are few.
"""

from __future__ import annotations

from typing import Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import account_keeping
from geo import passwords as geo_passwords
from geo.contact import Checked
from geo.errors import InvalidInput as InvalidInputRefusal
from geo.errors import NotAllowed as NotAllowedRefusal
from geo.errors import Problem
from geo.language import Text
from geo.tables import AccountRole
from schema.account_links import AccountLink, account_of, link_of
from schema.accounts import Account
from schema.auditing import recorded
from schema.context import Context
from schema.enums import LinkPurpose, Role
from schema.errors import InvalidInput, NotAllowed, NotFound, TooManyRequests
from schema.meant import refuse
from schema.mutating import STAFF, key_of, mutation, mutation_by

ROLE = Text(
    "Chọn vai trò: tổ công nghệ số cộng đồng, đội phản ứng nhanh hoặc cán bộ phường.",
    "Choose a role: community digital team, rapid-response crew or staff of the ward.",
)
_CREATED = (Role.TEAM_MEMBER, Role.CREW_MEMBER, Role.STAFF)
_FIELDS = {"ward": "wardCode", "crew": "crewId", "team": "teamId"}
"""What `geo.accounts` calls an input -> what it is called here."""


@strawberry.input(description="An account to create.")
class CreateAccountInput:
    ward_code: str = strawberry.field(description="The ward that it works for.")
    username: str = strawberry.field(description="The name to sign in with: plain letters, digits, dots, hyphens.")
    name: str = strawberry.field(description="Whose account it is; 200 characters at most.")
    role: Role = strawberry.field(description="TEAM_MEMBER, CREW_MEMBER or STAFF; the last by administrators only.")
    crew_id: strawberry.ID | None = strawberry.field(default=None, description="The crew of a crew member.")
    team_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The team of a team member: joined as the member of the same name who has no account, or anew.",
    )
    email: str | None = strawberry.field(default=None, description="Where one-time links to it may be mailed.")
    invite: bool = strawberry.field(
        default=False, description="Whether its holder sets the password by an invitation, which the answer has."
    )


@strawberry.input(description="An account to give a new password.")
class ResetPasswordInput:
    account_id: strawberry.ID = strawberry.field(description="The account; not one's own.")


@strawberry.input(description="An account to lock, or to let sign in again.")
class SetAccountDisabledInput:
    account_id: strawberry.ID = strawberry.field(description="The account; not one's own.")
    disabled: bool = strawberry.field(description="Whether it may sign in no more.")


@strawberry.input(description="An account to move: a crew member to a crew, a team member to a team.")
class MoveAccountInput:
    account_id: strawberry.ID = strawberry.field(description="The account; not one's own.")
    crew_id: strawberry.ID | None = strawberry.field(default=None, description="Where a crew member goes.")
    team_id: strawberry.ID | None = strawberry.field(default=None, description="Where a team member goes.")


@strawberry.type(description="The account was created.")
class CreateAccountPayload:
    account: Account = strawberry.field(description="The account.")
    password: str | None = strawberry.field(description="Its password: shown now, and never again; not with `invite`.")
    link: AccountLink | None = strawberry.field(description="With `invite`: where its holder sets a password.")


@strawberry.type(description="The account has a new password and is signed out everywhere.")
class ResetPasswordPayload:
    account: Account = strawberry.field(description="The account.")
    password: str = strawberry.field(description="Its new password: shown now, and never again.")


@strawberry.type(description="The account was locked, or may sign in again.")
class SetAccountDisabledPayload:
    account: Account = strawberry.field(description="The account as it is now.")


@strawberry.type(description="The account was moved.")
class MoveAccountPayload:
    account: Account = strawberry.field(description="The account as it is now.")


async def _create(context: Context, input: CreateAccountInput) -> Any:
    if not context.actor.runs(input.ward_code):
        raise NotAllowedRefusal(path=("wardCode",))
    if input.role not in _CREATED:
        raise InvalidInputRefusal(Problem(("role",), ROLE))
    crew_id = None if input.crew_id is None else key_of(input.crew_id, "Crew", "crewId", input.ward_code)[1]
    team_id = None if input.team_id is None else key_of(input.team_id, "Team", "teamId", input.ward_code)[1]
    check = Checked([])
    email = check.email(input.email, ("email",))
    refuse(check)
    password = None if input.invite else geo_passwords.new_password()
    password_hash = geo_passwords.NONE_YET if password is None else await geo_passwords.hashed(password)

    async def create(connection: AsyncConnection) -> CreateAccountPayload:
        try:
            key = await account_keeping.create(
                connection,
                context.actor,
                input.ward_code,
                username=input.username,
                password_hash=password_hash,
                name=input.name,
                role=AccountRole(input.role),
                crew_id=crew_id,
                team_id=team_id,
                email=email,
            )
        except InvalidInputRefusal as refused:
            raise InvalidInputRefusal(*map(_as_asked, refused.problems)) from refused
        link = None
        if input.invite:
            kept = (connection, context.actor, input.ward_code, key, LinkPurpose.INVITATION)
            link = link_of(context, await account_keeping.make_link(*kept))
        account = account_of(context, input.ward_code, key)
        return CreateAccountPayload(account=account, password=password, link=link)

    return await recorded(context, "CreateAccount", input, create)


def _as_asked(problem: Problem) -> Problem:
    return Problem(tuple(_FIELDS.get(step, step) for step in problem.path), problem.text, problem.values)


async def _reset(context: Context, input: ResetPasswordInput) -> Any:
    ward_code, key = key_of(input.account_id, "Account", "accountId")
    password = geo_passwords.new_password()
    password_hash = await geo_passwords.hashed(password)

    async def reset(connection: AsyncConnection) -> ResetPasswordPayload:
        await account_keeping.reset_password(connection, context.actor, ward_code, key, password_hash)
        return ResetPasswordPayload(account=account_of(context, ward_code, key), password=password)

    return await recorded(context, "ResetPassword", input, reset)


async def _set_disabled(connection: AsyncConnection, context: Context, input: SetAccountDisabledInput) -> Any:
    ward_code, key = key_of(input.account_id, "Account", "accountId")
    await account_keeping.set_disabled(connection, context.actor, ward_code, key, input.disabled)
    return SetAccountDisabledPayload(account=account_of(context, ward_code, key))


async def _move(connection: AsyncConnection, context: Context, input: MoveAccountInput) -> Any:
    ward_code, key = key_of(input.account_id, "Account", "accountId")
    crew_id = None if input.crew_id is None else key_of(input.crew_id, "Crew", "crewId", ward_code)[1]
    team_id = None if input.team_id is None else key_of(input.team_id, "Team", "teamId", ward_code)[1]
    await account_keeping.move(connection, context.actor, ward_code, key, crew_id=crew_id, team_id=team_id)
    return MoveAccountPayload(account=account_of(context, ward_code, key))


@strawberry.type
class AccountMutation:
    create_account = mutation_by(
        "CreateAccount",
        CreateAccountPayload,
        CreateAccountInput,
        _create,
        STAFF,
        "Create an account: staff for crews and teams, administrators for staff as well. Answers with its password.",
        NotFound,
        NotAllowed,
        InvalidInput,
        TooManyRequests,
    )
    reset_password = mutation_by(
        "ResetPassword",
        ResetPasswordPayload,
        ResetPasswordInput,
        _reset,
        STAFF,
        "Give an account a new password, which the answer shows, and sign it out everywhere.",
        NotFound,
        NotAllowed,
        TooManyRequests,
    )
    set_account_disabled = mutation(
        "SetAccountDisabled",
        SetAccountDisabledPayload,
        SetAccountDisabledInput,
        _set_disabled,
        STAFF,
        "Lock an account and sign it out everywhere, or let it sign in again.",
        NotFound,
        NotAllowed,
    )
    move_account = mutation(
        "MoveAccount",
        MoveAccountPayload,
        MoveAccountInput,
        _move,
        STAFF,
        "Move an account to another crew or another team.",
        NotFound,
        NotAllowed,
        InvalidInput,
    )
