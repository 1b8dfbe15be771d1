"""Accounts: what is stored of them, what is refused, and who gets in."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import accounts, sessions, tables
from geo.database import Database
from geo.errors import InvalidInput, NotFound
from geo.passwords import hash_password
from geo.tables import AccountRole
from tests.ward import CLEAN, CODE, FIRST, OTHER, PASSWORD, Ward, authenticate, build, password_hash, token


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[AsyncConnection]:
    """One transaction on a ward of a few rows."""
    async with database.write() as opened:
        yield opened


@pytest.fixture
async def ward(connection: AsyncConnection) -> Ward:
    return await build(connection)


async def count(connection: AsyncConnection, table: sa.Table, **having: Any) -> int:
    query = sa.select(sa.func.count()).select_from(table).filter_by(**having)
    return int(await connection.scalar(query) or 0)


async def create(connection: AsyncConnection, **changes: Any) -> accounts.Account:
    """A member of staff, with `changes`; read again."""
    given = {"username": "lan", "name": "Nguyễn Thị Lan", "role": AccountRole.STAFF, "ward_code": CODE} | changes
    made = await accounts.create(connection, password_hash=password_hash(), **given)
    found = await accounts.find(connection, given["username"])
    assert found is not None
    assert found.id == made
    return found


def test_a_password_is_kept_as_an_argon2id_hash_with_a_salt() -> None:
    first, second = (hash_password("mật khẩu đủ dài") for _ in range(2))
    assert first.startswith("$argon2id$")
    assert first != second


@pytest.mark.parametrize("password", ["", "ngắn", "x" * 9, "x" * 1025])
def test_a_password_too_short_or_too_long_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        hash_password(password)
    assert refused.value.path == ("password",)


async def test_staff_sign_in_with_their_password(connection: AsyncConnection, ward: Ward) -> None:
    made = await create(connection)
    assert (made.role, made.ward_code, made.crew_id, made.team_id) == (AccountRole.STAFF, CODE, None, None)
    assert await authenticate(connection, "lan", PASSWORD) == made


@pytest.mark.usefixtures("ward")
async def test_letters_case_and_composition_of_a_username_do_not_matter(connection: AsyncConnection) -> None:
    made = await create(connection, username=" LAN ")
    assert made.username == "lan"
    assert await authenticate(connection, "Lan", PASSWORD) == made


@pytest.mark.usefixtures("ward")
async def test_a_password_may_be_typed_composed_or_decomposed(connection: AsyncConnection) -> None:
    await create(connection)
    composed, decomposed = (unicodedata.normalize(form, "đường số một") for form in ("NFC", "NFD"))
    assert composed != decomposed
    await accounts.set_password(connection, "lan", hash_password(decomposed))
    assert await authenticate(connection, "lan", composed) is not None


@pytest.mark.usefixtures("ward")
@pytest.mark.parametrize(
    ("username", "password"),
    [("lan", "sai mật khẩu rồi"), ("lan", ""), ("lan", "x" * 100_000), ("lan", "\ud800 \0"), ("nobody", PASSWORD)],
)
async def test_what_does_not_match_opens_nothing(connection: AsyncConnection, username: str, password: str) -> None:
    await create(connection)
    assert await authenticate(connection, username, password) is None


@pytest.mark.usefixtures("ward")
@pytest.mark.parametrize("username", ["", "\0", "\ud800", "lan'; --", "ả", "x" * 100_000, "*"])
async def test_a_name_that_nobody_can_have_is_nobodys(connection: AsyncConnection, username: str) -> None:
    assert await authenticate(connection, username, PASSWORD) is None
    assert await accounts.find(connection, username) is None


@pytest.mark.usefixtures("ward")
async def test_an_unknown_name_takes_as_long_as_a_wrong_password(connection: AsyncConnection) -> None:
    await create(connection)

    async def seconds(username: str) -> float:
        # The processor's, which others that are at work on this machine do not lengthen.
        start = time.process_time()
        await authenticate(connection, username, "sai mật khẩu rồi")
        return time.process_time() - start

    # By turns, for the machine may be slower now than a moment ago.
    times = [(await seconds("nobody"), await seconds("lan")) for _ in range(4)]
    unknown, wrong = (min(some) for some in zip(*times, strict=True))
    assert unknown > 0.3 * wrong


async def test_a_crew_member_joins_the_crew(connection: AsyncConnection, ward: Ward) -> None:
    crew_id = await accounts.crew_named(connection, CODE, CLEAN)
    made = await create(connection, role=AccountRole.CREW_MEMBER, crew_id=crew_id)
    assert (made.crew_id, made.crew_name) == (ward.crews[CLEAN], CLEAN)


async def test_a_team_member_known_by_name_gets_that_account(connection: AsyncConnection, ward: Ward) -> None:
    team_id = await accounts.team_named(connection, CODE, f"Tổ công nghệ số {FIRST}")
    before = await count(connection, tables.team_member, team_id=team_id)
    made = await create(connection, role=AccountRole.TEAM_MEMBER, team_id=team_id, name="Nguyễn Thị Công Khai")
    assert (made.team_id, made.neighbourhood_id) == (ward.teams[FIRST], ward.neighbourhoods[FIRST])
    assert await count(connection, tables.team_member, team_id=team_id) == before
    # Another of that name is another person.
    await create(
        connection, username="lan-2", role=AccountRole.TEAM_MEMBER, team_id=team_id, name="Nguyễn Thị Công Khai"
    )
    assert await count(connection, tables.team_member, team_id=team_id) == before + 1


CREW, TEAM = uuid4(), uuid4()


@pytest.mark.usefixtures("ward")
@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"username": "l"}, ["username"]),
        ({"username": "nguyễn"}, ["username"]),
        ({"username": "-lan"}, ["username"]),
        ({"username": "x" * 65}, ["username"]),
        ({"username": "lan\0"}, ["username"]),
        ({"username": "staff"}, ["username"]),
        ({"username": "STAFF"}, ["username"]),
        ({"name": " "}, ["name"]),
        ({"name": "x" * 201}, ["name"]),
        ({"name": "Lan\0"}, ["name"]),
        ({"name": "Lan\ud800"}, ["name"]),
        ({"ward_code": None}, ["ward"]),
        ({"ward_code": "99999"}, ["ward"]),
        ({"ward_code": "\0"}, ["ward"]),
        ({"crew_id": CREW}, ["crew"]),
        ({"team_id": TEAM}, ["team"]),
        ({"role": AccountRole.CREW_MEMBER}, ["crew"]),
        ({"role": AccountRole.CREW_MEMBER, "crew_id": CREW}, ["crew"]),
        ({"role": AccountRole.TEAM_MEMBER}, ["team"]),
        ({"role": AccountRole.TEAM_MEMBER, "team_id": TEAM}, ["team"]),
        ({"role": AccountRole.ADMIN, "ward_code": None, "crew_id": CREW}, ["crew"]),
        ({"username": "", "name": "", "ward_code": None}, ["username", "name", "ward"]),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_stored(
    connection: AsyncConnection, changes: dict[str, Any], paths: list[str]
) -> None:
    before = await count(connection, tables.account)
    with pytest.raises(InvalidInput) as refused:
        await create(connection, **changes)
    assert [problem.path for problem in refused.value.problems] == [(path,) for path in paths]
    assert await count(connection, tables.account) == before


async def test_a_crew_or_team_of_another_ward_is_refused(connection: AsyncConnection, ward: Ward) -> None:
    for role, place in (
        (AccountRole.CREW_MEMBER, {"crew_id": ward.crews[CLEAN]}),
        (AccountRole.TEAM_MEMBER, {"team_id": ward.teams[FIRST]}),
    ):
        with pytest.raises(InvalidInput):
            await create(connection, role=role, ward_code=OTHER, **place)
    assert await accounts.find(connection, "lan") is None


@pytest.mark.usefixtures("ward")
async def test_crews_and_teams_are_sought_in_their_ward_only(connection: AsyncConnection) -> None:
    with pytest.raises(InvalidInput):
        await accounts.crew_named(connection, OTHER, CLEAN)
    with pytest.raises(InvalidInput):
        await accounts.team_named(connection, CODE, "Tổ công nghệ số không có")


@pytest.mark.usefixtures("ward")
async def test_an_administrator_of_every_ward_has_none(connection: AsyncConnection) -> None:
    assert (await create(connection, role=AccountRole.ADMIN, ward_code=None)).ward_code is None


async def test_a_new_password_replaces_the_old_and_signs_out(connection: AsyncConnection, ward: Ward) -> None:
    opened = await token(connection, ward, "staff")
    assert await sessions.actor_of(connection, opened) is not None
    await accounts.set_password(connection, "staff", hash_password("một mật khẩu mới"))
    assert await authenticate(connection, "staff", PASSWORD) is None
    assert await authenticate(connection, "staff", "một mật khẩu mới") is not None
    assert await sessions.actor_of(connection, opened) is None


async def test_a_disabled_account_is_signed_out_for_good_and_stays_on_record(
    connection: AsyncConnection, ward: Ward
) -> None:
    opened = await token(connection, ward, "staff")
    kept = await token(connection, ward, "crew-clean")
    await accounts.disable(connection, "staff")
    assert await authenticate(connection, "staff", PASSWORD) is None
    assert await sessions.actor_of(connection, opened) is None
    assert await sessions.actor_of(connection, kept) is not None
    found = await accounts.find(connection, "staff")
    assert found is not None
    assert found.disabled


@pytest.mark.usefixtures("ward")
@pytest.mark.parametrize("username", ["nobody", "", "\0"])
async def test_only_an_account_that_exists_can_be_changed(connection: AsyncConnection, username: str) -> None:
    with pytest.raises(NotFound):
        await accounts.disable(connection, username)
    with pytest.raises(NotFound):
        await accounts.set_password(connection, username, password_hash())


@pytest.mark.usefixtures("ward")
async def test_accounts_are_listed_by_username_for_one_ward_or_all(connection: AsyncConnection) -> None:
    every = [account.username for account in await accounts.every(connection)]
    assert every == sorted(every)
    assert {"admin", "staff", "staff-other"} <= set(every)
    assert {account.ward_code for account in await accounts.every(connection, OTHER)} == {OTHER}


@given(st.text())
def test_a_cleaned_username_is_what_the_database_accepts(text: str) -> None:
    key = accounts._key(text)
    assert key == "" or (key == key.lower() and key.isascii() and 2 <= len(key) <= 64)


async def test_a_sign_in_under_way_ends_with_the_account_or_its_password(connection: AsyncConnection) -> None:
    await build(connection)
    found = await create(connection)
    lock = await accounts.lock_of(connection, found.username)
    assert await lock.opened_by(PASSWORD) == found
    assert await lock.holds(connection)
    await accounts.set_password(connection, found.username, hash_password("một mật khẩu khác"))
    assert not await lock.holds(connection)
    again = await accounts.lock_of(connection, found.username)
    assert await again.holds(connection)
    await accounts.disable(connection, found.username)
    assert not await again.holds(connection)
    assert not await (await accounts.lock_of(connection, "khong-ai")).holds(connection)
