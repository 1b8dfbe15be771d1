"""Accounts of those who work for a ward: created, given a password, disabled, found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import account_links, passwords, sessions
from geo.errors import InvalidInput, NotFound, Problem
from geo.ids import new_id
from geo.language import Text
from geo.tables import AccountRole, TeamRole, account, crew, crew_member, team, team_member, ward

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
_WARD_CODE = re.compile(r"[0-9]{5}", re.ASCII)

_BAD_USERNAME = Text(
    "Tên đăng nhập gồm 2 đến 64 chữ cái không dấu, chữ số, dấu chấm, gạch ngang hoặc gạch dưới.",
    "A user name has 2 to 64 plain letters, digits, dots, hyphens or underscores.",
)
_TAKEN = Text("Tên đăng nhập này đã có người dùng.", "This user name is taken.")
_BAD_NAME = Text("Họ tên dài từ 1 đến 200 ký tự.", "A name has 1 to 200 characters.")
_NO_SUCH_ACCOUNT = Text("Không có tài khoản này.", "There is no such account.")
_NO_SUCH_WARD = Text("Không có phường này.", "There is no such ward.")
_NO_SUCH_CREW = Text("Phường không có đội này.", "The ward has no such crew.")
_NO_SUCH_TEAM = Text("Phường không có tổ này.", "The ward has no such team.")
_WARD_NEEDED = Text("Tài khoản này phải thuộc một phường.", "This account must belong to a ward.")
_CREW_NEEDED = Text("Thành viên đội phản ứng phải thuộc một đội.", "A crew member must belong to a crew.")
_TEAM_NEEDED = Text("Thành viên tổ công nghệ số phải thuộc một tổ.", "A team member must belong to a team.")


@dataclass(frozen=True, slots=True)
class Account:
    """One account, without its password."""

    id: UUID
    username: str
    name: str
    role: AccountRole
    ward_code: str | None
    demo: bool
    disabled: bool
    crew_id: UUID | None
    crew_name: str | None
    team_id: UUID | None
    neighbourhood_id: UUID | None
    email: str | None
    second_factor: bool


async def create(
    connection: AsyncConnection,
    *,
    username: str,
    password_hash: str,
    name: str,
    role: AccountRole,
    ward_code: str | None = None,
    crew_id: UUID | None = None,
    team_id: UUID | None = None,
    email: str | None = None,
    demo: bool = False,
) -> UUID:
    """A new account; its id. `password_hash` comes from `geo.passwords`; `NONE_YET` for who is sent an invitation.

    A crew member joins `crew_id`. A team member joins `team_id`: as the member of the same name who has no account yet,
    else as a new one. Raises `InvalidInput` with the path of each input that is wrong, and stores nothing then.
    """
    username, name = plain_username(username), _clean(name)
    problems = _problems(username, name, role, ward_code, crew_id, team_id)
    if problems:
        raise InvalidInput(*problems)
    await _check_exists(connection, "ward", _NO_SUCH_WARD, ward.c.code == ward_code, ward_code)
    await _check_exists(
        connection, "crew", _NO_SUCH_CREW, (crew.c.ward_code == ward_code) & (crew.c.id == crew_id), crew_id
    )
    await _check_exists(
        connection, "team", _NO_SUCH_TEAM, (team.c.ward_code == ward_code) & (team.c.id == team_id), team_id
    )
    account_id = new_id()
    stored = await connection.execute(
        insert(account)
        .values(
            id=account_id,
            username=username,
            password_hash=password_hash,
            name=name,
            role=role,
            ward_code=ward_code,
            email=email,
            demo=demo,
        )
        .on_conflict_do_nothing(index_elements=[account.c.username])
        .returning(account.c.id)
    )
    if stored.first() is None:
        raise InvalidInput(Problem(("username",), _TAKEN))
    if crew_id is not None:
        await connection.execute(
            insert(crew_member).values(ward_code=ward_code, crew_id=crew_id, account_id=account_id)
        )
    if team_id is not None and ward_code is not None:
        await _join_team(connection, ward_code, team_id, account_id, name)
    return account_id


async def set_password(connection: AsyncConnection, username: str, password_hash: str) -> None:
    """Replace the password and sign the account out everywhere. Raises `NotFound`."""
    account_id = await _change(connection, username, password_hash=password_hash)
    await account_links.end_all(connection, account_id)


async def disable(connection: AsyncConnection, username: str) -> None:
    """No sign-in and no link from now on, and signed out everywhere; what the account did stays on record.

    Raises `NotFound`.
    """
    since = sa.func.coalesce(account.c.disabled_at, sa.func.now())
    await account_links.end_all(connection, await _change(connection, username, disabled_at=since))


async def find(connection: AsyncConnection, username: str) -> Account | None:
    """The account of that name, disabled or not."""
    rows = await connection.execute(_accounts().where(account.c.username == _key(username)))
    row = rows.first()
    return None if row is None else _account(row)


async def named(connection: AsyncConnection, username: str) -> Account:
    """The account of that name, disabled or not. Raises `NotFound`."""
    found = await find(connection, username)
    if found is None:
        raise NotFound(_NO_SUCH_ACCOUNT, ("username",))
    return found


async def with_id(connection: AsyncConnection, account_id: UUID) -> Account | None:
    """The account with this id, disabled or not."""
    row = (await connection.execute(_accounts().where(account.c.id == account_id))).first()
    return None if row is None else _account(row)


async def every(connection: AsyncConnection, ward_code: str | None = None) -> Sequence[Account]:
    """All accounts, or those of one ward, by username."""
    query = _accounts().order_by(account.c.username)
    if ward_code is not None:
        query = query.where(account.c.ward_code == ward_code)
    return [_account(row) for row in await connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Lock:
    """What a password has to open: an account with its hash, or nothing at all."""

    account: Account | None
    password_hash: str | None

    async def opened_by(self, password: str) -> Account | None:
        """The account, when this is its password. Needs no connection. Raises `TooManyRequests`.

        A wrong name, a wrong password and a disabled account are not told apart, nor do they take different times.
        """
        return self.account if await passwords.matches(self.password_hash, password) else None

    async def holds(self, connection: AsyncConnection) -> bool:
        """Whether it is still so; and so it stays until the transaction ends: an account that was disabled, or given
        another password, while the password was compared, is signed in nowhere."""
        if self.account is None:
            return False
        query = sa.select(account.c.id).where(
            account.c.id == self.account.id,
            account.c.disabled_at.is_(None),
            account.c.password_hash == self.password_hash,
        )
        return await connection.scalar(query.with_for_update(read=True)) is not None


async def lock_of(connection: AsyncConnection, username: str) -> Lock:
    """What the password of this name is compared with, to be compared once the connection is given back."""
    rows = await connection.execute(
        _accounts().add_columns(account.c.password_hash).where(account.c.username == _key(username))
    )
    row = rows.first()
    if row is None or row.disabled_at is not None:
        return Lock(None, None)
    return Lock(_account(row), row.password_hash)


async def crew_named(connection: AsyncConnection, ward_code: str, name: str) -> UUID:
    """The crew of that name. Raises `InvalidInput` when the ward has none."""
    found = await connection.scalar(
        sa.select(crew.c.id).where(crew.c.ward_code == ward_code, crew.c.name == _clean(name))
    )
    if found is None:
        raise InvalidInput(Problem(("crew",), _NO_SUCH_CREW))
    return UUID(str(found))


async def team_named(connection: AsyncConnection, ward_code: str, name: str) -> UUID:
    """The community digital team of that name. Raises `InvalidInput` when the ward has none."""
    found = await connection.scalar(
        sa.select(team.c.id).where(team.c.ward_code == ward_code, team.c.name == _clean(name)).order_by(team.c.id)
    )
    if found is None:
        raise InvalidInput(Problem(("team",), _NO_SUCH_TEAM))
    return UUID(str(found))


def plain_username(given: str) -> str:
    """A user name as it is stored and compared, however it was typed; perhaps one that none can have."""
    return _clean(given).lower()


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _key(username: str) -> str:
    """How the name is stored; a name that none can have becomes the empty one, which none has."""
    plain = plain_username(username)
    return plain if _USERNAME.fullmatch(plain) else ""


def _problems(
    username: str, name: str, role: AccountRole, ward_code: str | None, crew_id: UUID | None, team_id: UUID | None
) -> list[Problem]:
    checks = (
        (bool(_USERNAME.fullmatch(username)), "username", _BAD_USERNAME),
        (1 <= len(name) <= 200 and name.isprintable(), "name", _BAD_NAME),
        (ward_code is not None or role is AccountRole.ADMIN, "ward", _WARD_NEEDED),
        (ward_code is None or bool(_WARD_CODE.fullmatch(ward_code)), "ward", _NO_SUCH_WARD),
        ((crew_id is not None) == (role is AccountRole.CREW_MEMBER), "crew", _CREW_NEEDED),
        ((team_id is not None) == (role is AccountRole.TEAM_MEMBER), "team", _TEAM_NEEDED),
    )
    return [Problem((path,), text) for ok, path, text in checks if not ok]


async def _check_exists(
    connection: AsyncConnection, path: str, otherwise: Text, row: sa.ColumnElement[bool], named: object
) -> None:
    """Whether the `row` that was `named` is there; nothing to check where none was."""
    if named is not None and not await connection.scalar(sa.select(sa.exists().where(row))):
        raise InvalidInput(Problem((path,), otherwise))


async def _join_team(connection: AsyncConnection, ward_code: str, team_id: UUID, account_id: UUID, name: str) -> None:
    mine = (
        sa.select(team_member.c.id)
        .where(team_member.c.ward_code == ward_code, team_member.c.team_id == team_id)
        .where(team_member.c.name == name, team_member.c.account_id.is_(None))
        .order_by(team_member.c.id)
        .limit(1)
        .with_for_update()
        .scalar_subquery()
    )
    joined = await connection.execute(
        sa.update(team_member)
        .where(team_member.c.ward_code == ward_code, team_member.c.id == mine)
        .values(account_id=account_id)
    )
    if joined.rowcount == 0:
        await connection.execute(
            insert(team_member).values(
                ward_code=ward_code,
                id=new_id(),
                team_id=team_id,
                name=name,
                role=TeamRole.MEMBER,
                account_id=account_id,
            )
        )


async def _change(connection: AsyncConnection, username: str, **values: Any) -> UUID:
    changed = await connection.scalar(
        sa.update(account).where(account.c.username == _key(username)).values(**values).returning(account.c.id)
    )
    if changed is None:
        raise NotFound(_NO_SUCH_ACCOUNT, ("username",))
    await sessions.end_all(connection, changed)
    return UUID(str(changed))


def _accounts() -> sa.Select[Any]:
    return (
        sa.select(
            account.c.id,
            account.c.username,
            account.c.name,
            account.c.role,
            account.c.ward_code,
            account.c.demo,
            account.c.disabled_at,
            account.c.email,
            account.c.second_factor_since,
            crew_member.c.crew_id,
            crew.c.name.label("crew_name"),
            team_member.c.team_id,
            team.c.neighbourhood_id,
        )
        .outerjoin_from(account, crew_member, crew_member.c.account_id == account.c.id)
        .outerjoin(crew, (crew.c.ward_code == crew_member.c.ward_code) & (crew.c.id == crew_member.c.crew_id))
        .outerjoin(team_member, team_member.c.account_id == account.c.id)
        .outerjoin(team, (team.c.ward_code == team_member.c.ward_code) & (team.c.id == team_member.c.team_id))
    )


def _account(row: sa.Row[Any]) -> Account:
    return Account(
        id=row.id,
        username=row.username,
        name=row.name,
        role=AccountRole(row.role),
        ward_code=row.ward_code,
        demo=row.demo,
        disabled=row.disabled_at is not None,
        crew_id=row.crew_id,
        crew_name=row.crew_name,
        team_id=row.team_id,
        neighbourhood_id=row.neighbourhood_id,
        email=row.email,
        second_factor=row.second_factor_since is not None,
    )
