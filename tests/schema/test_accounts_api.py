"""Accounts over the API: who reads them, who keeps them, and that a refusal changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from geo import account_lists, accounts, passwords, tables
from geo.actor import Actor, Role
from geo.passwords import new_password
from geo.tables import AccountRole
from tests import ward
from tests.asking import Desk
from tests.ward import CLEAN, CODE, FAR, FIRST, OTHER, ROADS, SECOND, authenticate

LIST = """
query($code: String!, $search: String, $role: Role, $after: String, $first: Int! = 50) {
  ward(code: $code) {
    accounts(search: $search, role: $role, first: $first, after: $after) {
      totalCount pageInfo { endCursor hasNextPage }
      nodes { id username name role disabled changeable createdAt crew { name } team { name } }
    }
  }
}
"""
TOLD = "__typename ... on UserError { code message path }"
PROBLEMS = "... on InvalidInput { problems { path message } }"
ACCOUNT = "account { id username name role disabled crew { name } team { name } }"


async def listed(desk: Desk, by: str | None, code: str = CODE, **given: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = (await desk.data(LIST, by, code=code, **given))["ward"]["accounts"]["nodes"]
    return nodes


async def change(desk: Desk, by: str | None, field: str, **given: Any) -> Any:
    kind = field[0].upper() + field[1:]
    secret = "password" if field in ("createAccount", "resetPassword") else ""
    problems = PROBLEMS if field in ("createAccount", "moveAccount") else ""
    answer = f"{{ {TOLD} {problems} ... on {kind}Payload {{ {ACCOUNT} {secret} }} }}"
    query = f"mutation($input: {kind}Input!) {{ {field}(input: $input) {answer} }}"
    return (await desk.data(query, by, input=given))[field]


def account_id(desk: Desk, username: str, code: str = CODE) -> str:
    return f"Account:{code}:{desk.ward.accounts[username]}"


def crew_id(desk: Desk, name: str, code: str = CODE) -> str:
    return f"Crew:{code}:{desk.ward.crews[name]}"


def team_id(desk: Desk, neighbourhood: str) -> str:
    return f"Team:{CODE}:{desk.ward.teams[neighbourhood]}"


async def opens(desk: Desk, username: str, password: str) -> bool:
    async with desk.database.read() as connection:
        return await authenticate(connection, username, password) is not None


async def sessions_of(desk: Desk, username: str) -> int:
    async with desk.database.read() as connection:
        held = tables.session.c.account_id == desk.ward.accounts[username]
        count: int = (await connection.execute(sa.select(sa.func.count()).where(held))).scalar_one()
        return count


async def test_accounts_are_read_by_the_staff_of_their_ward_alone(desk: Desk) -> None:
    own = {"staff", "crew-clean", "crew-roads", "team-1"}
    sees = {"staff": own, "admin": own}
    for by in (None, *ward.USERNAMES):
        assert {one["username"] for one in await listed(desk, by)} == sees.get(by or "", set()), by
    # Of no ward: nobody reads it among a ward's.
    assert "admin" not in {one["username"] for one in await listed(desk, "admin", OTHER)}
    query = "query($id: ID!) { node(id: $id) { ... on Account { username } } }"
    for by in (None, *ward.USERNAMES):
        found = (await desk.data(query, by, id=account_id(desk, "crew-clean")))["node"]
        assert found == ({"username": "crew-clean"} if by in ("staff", "admin") else None), by


async def test_an_account_tells_its_crew_or_team(desk: Desk) -> None:
    by_name = {one["username"]: one for one in await listed(desk, "staff")}
    assert by_name["crew-clean"]["crew"] == {"name": CLEAN}
    assert by_name["team-1"]["team"] == {"name": f"Tổ công nghệ số {FIRST}"}
    assert by_name["staff"]["crew"] is by_name["staff"]["team"] is None
    query = """query($code: String!) { ward(code: $code) {
      crews { nodes { name members { username } } } teams { nodes { name accounts { username } } } } }"""
    found = (await desk.data(query, "staff", code=CODE))["ward"]
    assert {crew["name"]: [one["username"] for one in crew["members"]] for crew in found["crews"]["nodes"]} == {
        CLEAN: ["crew-clean"],
        ROADS: ["crew-roads"],
    }
    assert [team["accounts"] for team in found["teams"]["nodes"] if team["accounts"]] == [[{"username": "team-1"}]]
    assert all(
        not crew["members"] for crew in (await desk.data(query, "crew-clean", code=CODE))["ward"]["crews"]["nodes"]
    )


async def test_accounts_are_searched_without_diacritics_filtered_and_paged(desk: Desk) -> None:
    made = await change(
        desk, "staff", "createAccount", wardCode=CODE, username="dinh.an", name="Đinh Thị Ân", role="CREW_MEMBER",
        crewId=crew_id(desk, CLEAN),
    )  # fmt: skip
    assert made["__typename"] == "CreateAccountPayload"
    assert [one["username"] for one in await listed(desk, "staff", search="dinh thi an")] == ["dinh.an"]
    assert [one["username"] for one in await listed(desk, "staff", search="DINH.A")] == ["dinh.an"]
    assert await listed(desk, "staff", search="%") == []
    crews = [one["username"] for one in await listed(desk, "staff", role="CREW_MEMBER")]
    assert set(crews) == {"dinh.an", "crew-clean", "crew-roads"}
    assert await listed(desk, "staff", role="ANONYMOUS") == []
    paged, after = [], None
    while True:
        page = (await desk.data(LIST, "staff", code=CODE, first=2, after=after))["ward"]["accounts"]
        assert page["totalCount"] == 5
        paged += [one["username"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert paged == [one["username"] for one in await listed(desk, "staff")]


async def test_changeable_says_what_may_be_done(desk: Desk) -> None:
    for by in ("staff", "admin"):
        for one in await listed(desk, by):
            asked = await change(desk, by, "setAccountDisabled", accountId=one["id"], disabled=False)
            assert (asked["__typename"] == "SetAccountDisabledPayload") is one["changeable"], (by, one)


async def test_a_created_account_signs_in_with_the_password_that_is_shown(desk: Desk) -> None:
    made = await change(
        desk, "staff", "createAccount", wardCode=CODE, username=" Doi.Moi ", name="Lê Văn Mới", role="CREW_MEMBER",
        crewId=crew_id(desk, CLEAN),
    )  # fmt: skip
    assert made["account"]["username"] == "doi.moi"
    assert (made["account"]["role"], made["account"]["crew"]) == ("CREW_MEMBER", {"name": CLEAN})
    assert await opens(desk, "doi.moi", made["password"])
    async with desk.database.read() as connection:
        stored = await connection.scalar(
            sa.select(tables.account.c.password_hash).where(tables.account.c.username == "doi.moi")
        )
    assert made["password"] not in str(stored)


async def test_a_new_team_member_takes_the_place_that_waits_for_them(desk: Desk) -> None:
    members = sa.select(tables.team_member).where(tables.team_member.c.team_id == desk.ward.teams[FIRST])
    async with desk.database.read() as connection:
        before = len((await connection.execute(members)).all())
    made = await change(
        desk, "staff", "createAccount", wardCode=CODE, username="cong.khai", name="Nguyễn Thị Công Khai",
        role="TEAM_MEMBER", teamId=team_id(desk, FIRST),
    )  # fmt: skip
    async with desk.database.read() as connection:
        rows = (await connection.execute(members)).all()
    assert len(rows) == before
    assert {row.name for row in rows if f"Account:{CODE}:{row.account_id}" == made["account"]["id"]} == {
        "Nguyễn Thị Công Khai"
    }


async def test_staff_make_no_staff_and_nobody_makes_an_administrator(desk: Desk) -> None:
    before = await desk.dump()
    given = {"wardCode": CODE, "username": "moi", "name": "Người Mới"}
    refused = await change(desk, "staff", "createAccount", **given, role="STAFF")
    assert (refused["code"], refused["path"]) == ("NOT_ALLOWED", ["input", "role"])
    for by in ("staff", "admin"):
        for role in ("ADMIN", "ANONYMOUS", "REPORTER"):
            refused = await change(desk, by, "createAccount", **given, role=role)
            assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "role"])
    assert await desk.dump() == before
    made = await change(desk, "admin", "createAccount", **given, role="STAFF")
    assert made["account"]["role"] == "STAFF"


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ({"username": "crew-clean"}, ["username"]),
        ({"username": "có dấu", "name": ""}, ["username", "name"]),
        ({"crewId": None}, ["crewId"]),
        ({"role": "TEAM_MEMBER"}, ["crewId", "teamId"]),
        ({"name": "x\ud800"}, None),
    ],
)
async def test_what_is_wrong_with_a_new_account_is_told_at_its_input(
    desk: Desk, given: dict[str, Any], paths: list[str] | None
) -> None:
    before = await desk.dump()
    right = {"wardCode": CODE, "username": "moi", "name": "Người Mới", "role": "CREW_MEMBER"}
    asked = {**right, "crewId": crew_id(desk, CLEAN), **given}
    if paths is None:
        query = "mutation($input: CreateAccountInput!) { createAccount(input: $input) { __typename } }"
        body = b'{"query": "%s", "variables": {"input": {"wardCode": "%s", "username": "moi", "name": "x\\ud800",' % (
            query.encode(),
            CODE.encode(),
        )
        answer = (await desk.post(body + b'"role": "STAFF"}}}', "admin")).json()
        assert answer["errors"]
    else:
        refused = await change(desk, "staff", "createAccount", **asked)
        assert [problem["path"] for problem in refused["problems"]] == [["input", path] for path in paths]
        assert all(problem["message"] for problem in refused["problems"])
    assert await desk.dump() == before


async def test_a_crew_of_another_ward_is_not_found(desk: Desk) -> None:
    before = await desk.dump()
    given = {"wardCode": CODE, "username": "moi", "name": "Người Mới", "role": "CREW_MEMBER"}
    refused = await change(desk, "staff", "createAccount", **given, crewId=crew_id(desk, FAR, OTHER))
    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "crewId"])
    other = {"accountId": account_id(desk, "crew-clean"), "crewId": crew_id(desk, FAR, OTHER)}
    assert (await change(desk, "staff", "moveAccount", **other))["code"] == "NOT_FOUND"
    there = {"accountId": account_id(desk, "crew-clean"), "crewId": f"Crew:{CODE}:{desk.ward.crews[FAR]}"}
    assert (await change(desk, "staff", "moveAccount", **there))["path"] == ["input", "crewId"]
    assert await desk.dump() == before


async def test_a_reset_password_is_a_new_one_and_ends_every_session(desk: Desk) -> None:
    assert await sessions_of(desk, "crew-clean") == 1
    done = await change(desk, "staff", "resetPassword", accountId=account_id(desk, "crew-clean"))
    assert await sessions_of(desk, "crew-clean") == 0
    assert not await opens(desk, "crew-clean", ward.PASSWORD)
    assert await opens(desk, "crew-clean", done["password"])
    assert await sessions_of(desk, "crew-roads") == 1


async def test_a_locked_account_signs_in_no_more_until_it_is_opened(desk: Desk) -> None:
    mine = account_id(desk, "team-1")
    done = await change(desk, "staff", "setAccountDisabled", accountId=mine, disabled=True)
    assert done["account"]["disabled"] is True
    assert done["account"]["team"] is not None
    assert await sessions_of(desk, "team-1") == 0
    assert not await opens(desk, "team-1", ward.PASSWORD)
    done = await change(desk, "staff", "setAccountDisabled", accountId=mine, disabled=False)
    assert done["account"]["disabled"] is False
    assert await opens(desk, "team-1", ward.PASSWORD)


async def test_a_crew_member_moves_to_a_crew_and_a_team_member_to_a_team(desk: Desk) -> None:
    done = await change(
        desk, "staff", "moveAccount", accountId=account_id(desk, "crew-clean"), crewId=crew_id(desk, ROADS)
    )
    assert done["account"]["crew"] == {"name": ROADS}
    moved = {"accountId": account_id(desk, "team-1"), "teamId": team_id(desk, SECOND)}
    done = await change(desk, "staff", "moveAccount", **moved)
    assert done["account"]["team"] == {"name": f"Tổ công nghệ số {SECOND}"}
    async with desk.database.read() as connection:
        mine = sa.select(tables.team_member).where(tables.team_member.c.account_id == desk.ward.accounts["team-1"])
        [row] = (await connection.execute(mine)).all()
    assert row.role == "MEMBER"
    before = await desk.dump()
    for wrong in (
        {"accountId": account_id(desk, "crew-clean"), "teamId": team_id(desk, FIRST)},
        {"accountId": account_id(desk, "team-1"), "crewId": crew_id(desk, CLEAN)},
        {"accountId": account_id(desk, "team-1"), "teamId": team_id(desk, FIRST), "crewId": crew_id(desk, CLEAN)},
        {"accountId": account_id(desk, "crew-clean")},
    ):
        assert (await change(desk, "staff", "moveAccount", **wrong))["code"] == "INVALID_INPUT", wrong
    assert await desk.dump() == before


async def test_nobody_reaches_an_account_that_may_do_as_much_or_their_own(desk: Desk) -> None:
    async with desk.database.write() as connection:
        for username, role in (
            ("staff-2", AccountRole.STAFF),
            ("chief", AccountRole.ADMIN),
            ("chief-2", AccountRole.ADMIN),
        ):
            desk.ward.accounts[username] = await accounts.create(
                connection, username=username, password_hash=ward.password_hash(), name=username, role=role,
                ward_code=CODE,
            )  # fmt: skip
        desk.tokens["chief"] = await ward.token(connection, desk.ward, "chief")
    reached = {
        "staff": {"crew-clean", "team-1"},
        "chief": {"crew-clean", "team-1", "staff", "staff-2"},
        "admin": {"crew-clean", "team-1", "staff", "staff-2", "chief", "chief-2"},
    }
    targets = ("crew-clean", "team-1", "staff", "staff-2", "chief", "chief-2", "admin")
    for by, mine in reached.items():
        for username in targets:
            if username in mine:
                continue
            before = await desk.dump()
            for field, given in (("resetPassword", {}), ("setAccountDisabled", {"disabled": True})):
                refused = await change(desk, by, field, accountId=account_id(desk, username), **given)
                expected = "NOT_FOUND" if username == "admin" else "NOT_ALLOWED"
                assert (refused["code"], refused["path"]) == (expected, ["input", "accountId"]), (by, username)
            assert await desk.dump() == before
    for username in sorted(reached["admin"]):
        done = await change(desk, "admin", "setAccountDisabled", accountId=account_id(desk, username), disabled=True)
        assert done["__typename"] == "SetAccountDisabledPayload", username


async def test_when_many_passwords_wait_to_be_hashed_more_are_asked_to_come_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "MOST_WAITING", 0)
    before = await desk.dump()
    given = {"wardCode": CODE, "username": "moi", "name": "Người Mới", "role": "STAFF"}
    assert (await change(desk, "admin", "createAccount", **given))["code"] == "TOO_MANY_REQUESTS"
    reset = await change(desk, "staff", "resetPassword", accountId=account_id(desk, "crew-clean"))
    assert reset["code"] == "TOO_MANY_REQUESTS"
    assert await desk.dump() == before


def test_a_made_password_is_long_readable_and_never_the_same() -> None:
    made = [new_password() for _ in range(500)]
    assert len(set(made)) == 500
    letters = set("".join(made)) - {"-"}
    assert not letters & set("il1o0s5z2gq9v")
    assert len(letters) ** 16 >= 2**70
    assert {len(one) for one in made} == {19}


def test_who_keeps_which_accounts_is_known_for_every_role() -> None:
    for role in Role:
        actor = Actor(role, ward_code=CODE)
        assert bool(account_lists.kept_by(actor)) is (role in (Role.STAFF, Role.ADMIN)), role
