"""How staff keep the accounts of their ward: create, reset, lock and move them.

Who may do what to whom is `account_lists.kept_by`. An account of another ward, or of none, is not found; one's own is
refused, for nobody should lock themselves out or give themselves another role by a slip.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import account_links, account_lists, accounts, audit, second_factor, sessions
from geo.account_links import Link
from geo.actor import Actor
from geo.errors import InvalidInput, NotAllowed, NotFound, Problem
from geo.ids import new_id
from geo.language import Text
from geo.tables import AccountRole, LinkPurpose, TeamRole, account, crew, crew_member, team, team_member

ABOVE = Text(
    "Chỉ quản trị viên tạo và sửa được tài khoản này.", "Only an administrator can create or change this account."
)
OWN = Text(
    "Đây là tài khoản đang dùng. Hãy nhờ người khác làm việc này.",
    "This is the account in use. Please ask somebody else to do this.",
)
NO_EMAIL = Text("Tài khoản này chưa có email.", "This account has no e-mail address.")
OTHER_ROLE = Text(
    "Tài khoản thuộc vai trò khác: thành viên đội chuyển sang đội khác, thành viên tổ chuyển sang tổ khác.",
    "The account has another role: members of a crew move to a crew, members of a team to a team.",
)


async def create(
    connection: AsyncConnection,
    actor: Actor,
    ward_code: str,
    *,
    username: str,
    password_hash: str,
    name: str,
    role: AccountRole,
    crew_id: UUID | None,
    team_id: UUID | None,
    email: str | None = None,
) -> UUID:
    """A new account of the ward; its id. Raises `NotAllowed`, and `InvalidInput` as `accounts.create` does."""
    if not actor.runs(ward_code):
        raise NotAllowed(path=("wardCode",))
    if role not in account_lists.kept_by(actor):
        raise NotAllowed(ABOVE, ("role",))
    return await accounts.create(
        connection,
        username=username,
        password_hash=password_hash,
        name=name,
        role=role,
        ward_code=ward_code,
        crew_id=crew_id,
        team_id=team_id,
        email=email,
    )


async def reset_password(
    connection: AsyncConnection, actor: Actor, ward_code: str, account_id: UUID, password_hash: str
) -> None:
    """Replace the password and sign the account out everywhere. Raises `NotFound`, `NotAllowed`."""
    await _locked(connection, actor, ward_code, account_id)
    await _change(connection, account_id, password_hash=password_hash)
    await account_links.end_all(connection, account_id)
    await sessions.end_all(connection, account_id)


async def make_link(
    connection: AsyncConnection, actor: Actor, ward_code: str, account_id: UUID, purpose: LinkPurpose
) -> Link:
    """A one-time link to an account that `actor` keeps. Raises `NotFound`, `NotAllowed`."""
    await _locked(connection, actor, ward_code, account_id)
    await _tell_link(connection, actor, ward_code, account_id, purpose)
    return await account_links.make(connection, account_id, purpose)


async def mail_link(
    connection: AsyncConnection, actor: Actor, ward_code: str, account_id: UUID, purpose: LinkPurpose
) -> None:
    """Have one mailed: made by a worker, it is in nobody's hands before. Raises `NotFound`, `NotAllowed`, and
    `InvalidInput` where the account has no address."""
    await _locked(connection, actor, ward_code, account_id)
    if await connection.scalar(sa.select(account.c.email).where(account.c.id == account_id)) is None:
        raise InvalidInput(Problem(("mail",), NO_EMAIL))
    await _tell_link(connection, actor, ward_code, account_id, purpose)
    await account_links.send(connection, account_id, purpose)


async def set_email(
    connection: AsyncConnection, actor: Actor, ward_code: str, account_id: UUID, email: str | None
) -> None:
    """Where links to the account may be mailed; None: nowhere. Another one than before ends all links.

    Raises `NotFound`, `NotAllowed`.
    """
    await _locked(connection, actor, ward_code, account_id)
    if email != await connection.scalar(sa.select(account.c.email).where(account.c.id == account_id)):
        await _change(connection, account_id, email=email)
        await account_links.end_all(connection, account_id)  # what was mailed went to the earlier address


async def reset_second_factor(connection: AsyncConnection, actor: Actor, ward_code: str, account_id: UUID) -> None:
    """Forget the second factor of who lost it, and sign the account out everywhere. Raises `NotFound`, `NotAllowed`."""
    await _locked(connection, actor, ward_code, account_id)
    await second_factor.switch_off(connection, account_id)
    await sessions.end_all(connection, account_id)


async def set_disabled(
    connection: AsyncConnection, actor: Actor, ward_code: str, account_id: UUID, disabled: bool
) -> None:
    """Let the account sign in no more, end its links and sign it out everywhere; or let it sign in again.

    Its crew, its team and all that it did stay as they are. Raises `NotFound`, `NotAllowed`.
    """
    await _locked(connection, actor, ward_code, account_id)
    since = sa.func.coalesce(account.c.disabled_at, sa.func.now()) if disabled else sa.null()
    await _change(connection, account_id, disabled_at=since)
    if disabled:
        await account_links.end_all(connection, account_id)
        await sessions.end_all(connection, account_id)


async def move(
    connection: AsyncConnection,
    actor: Actor,
    ward_code: str,
    account_id: UUID,
    *,
    crew_id: UUID | None,
    team_id: UUID | None,
) -> None:
    """Move a crew's member to another crew, or a team's to another team, where they are a plain member.

    Raises `NotFound`, `NotAllowed`, and `InvalidInput` where the account has the other role or none of the two.
    """
    role = await _locked(connection, actor, ward_code, account_id)
    asked = AccountRole.CREW_MEMBER if crew_id is not None else AccountRole.TEAM_MEMBER
    field = "crewId" if crew_id is not None else "teamId"
    if (crew_id is None) == (team_id is None) or role is not asked:
        raise InvalidInput(Problem((field,), OTHER_ROLE))
    if crew_id is not None:
        await _check(connection, crew, ward_code, crew_id, field)
        await _join_crew(connection, ward_code, account_id, crew_id)
    if team_id is not None:
        await _check(connection, team, ward_code, team_id, field)
        await _join_team(connection, ward_code, account_id, team_id)


async def _tell_link(
    connection: AsyncConnection, actor: Actor, ward_code: str, account_id: UUID, purpose: LinkPurpose
) -> None:
    subject = audit.account_subject(ward_code, account_id)
    await audit.record(connection, actor, "createAccountLink", subject, ward_code, {"purpose": purpose.value})


async def _locked(connection: AsyncConnection, actor: Actor, ward_code: str, account_id: UUID) -> AccountRole:
    """The role of an account that `actor` may change, its row locked."""
    if not actor.runs(ward_code):
        raise NotFound(path=("accountId",))
    found = await connection.scalar(
        sa.select(account.c.role)
        .where(account.c.ward_code == ward_code, account.c.id == account_id)
        .with_for_update(key_share=True)
    )
    if found is None:
        raise NotFound(path=("accountId",))
    if account_id == actor.account_id:
        raise NotAllowed(OWN, ("accountId",))
    role = AccountRole(found)
    if role not in account_lists.kept_by(actor):
        raise NotAllowed(ABOVE, ("accountId",))
    return role


async def _change(connection: AsyncConnection, account_id: UUID, **values: Any) -> None:
    await connection.execute(sa.update(account).where(account.c.id == account_id).values(**values))


async def _check(connection: AsyncConnection, table: sa.Table, ward_code: str, key: UUID, field: str) -> None:
    row = sa.select(table.c.id).where(table.c.ward_code == ward_code, table.c.id == key)
    if await connection.scalar(row.with_for_update(read=True, key_share=True)) is None:
        raise NotFound(path=(field,))


async def _join_crew(connection: AsyncConnection, ward_code: str, account_id: UUID, crew_id: UUID) -> None:
    await connection.execute(
        sa.delete(crew_member).where(crew_member.c.ward_code == ward_code, crew_member.c.account_id == account_id)
    )
    row = {"ward_code": ward_code, "crew_id": crew_id, "account_id": account_id}
    await connection.execute(sa.insert(crew_member).values(**row))


async def _join_team(connection: AsyncConnection, ward_code: str, account_id: UUID, team_id: UUID) -> None:
    """Their entry among the members goes with them, but a leader of one team is not the leader of the next."""
    columns = team_member.c
    held = sa.and_(columns.ward_code == ward_code, columns.account_id == account_id)
    moved = sa.update(team_member).where(held, columns.team_id != team_id)
    await connection.execute(moved.values(team_id=team_id, role=TeamRole.MEMBER))
    if not await connection.scalar(sa.select(sa.exists().where(held))):
        name = sa.select(account.c.name).where(account.c.id == account_id).scalar_subquery()
        row = {"ward_code": ward_code, "id": new_id(), "team_id": team_id, "account_id": account_id}
        await connection.execute(sa.insert(team_member).values(**row, name=name, role=TeamRole.MEMBER))
