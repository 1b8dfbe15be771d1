"""The second factor: asked for at every door, demanded where the setting says so, given up only with a code."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import pyotp
import pytest
import sqlalchemy as sa

from geo import second_factor, tables
from geo.second_factor import Need
from server.app import create_app
from server.settings import Settings
from tests.asking import SERVER_KEY, URL, Desk, close
from tests.server.test_sessions import FORM, VIEWER, bearer, role
from tests.ward import CODE, PASSWORD

KEY = SERVER_KEY.encode()
SET_UP = re.compile(r'name="set_up" value="([0-9a-f]+)"')


async def account_id(desk: Desk, username: str = "staff") -> UUID:
    async with desk.database.read() as connection:
        found = await connection.scalar(sa.select(tables.account.c.id).where(tables.account.c.username == username))
    return UUID(str(found))


async def switched_on(desk: Desk, username: str = "staff") -> tuple[pyotp.TOTP, list[str]]:
    """The account has a second factor, none of whose present codes was used; and its recovery codes."""
    whose = await account_id(desk, username)
    async with desk.database.read() as connection:
        stands = await second_factor.standing(connection, KEY, whose)
    earlier = time.time() - 300
    set_up = second_factor.new_set_up(KEY, whose, stands)
    salt = second_factor.salt_in(KEY, whose, set_up)
    assert salt is not None
    totp = pyotp.TOTP(second_factor.secret_of(KEY, whose, salt))
    async with desk.database.write() as connection:
        code = totp.at(int(earlier))
        codes = await second_factor.switch_on(connection, KEY, whose, set_up, code, earlier)
    return totp, list(codes)


@asynccontextmanager
async def with_need(desk: Desk, need: Need, **more: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Another process on the same database, where the second factor is needed so."""
    settings = Settings(
        database_url=desk.database.url, secret_key=SERVER_KEY, default_ward=CODE, second_factor=need, **more
    )
    app = create_app(settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as client:
        yield client
    await close(app)


async def role_of(client: httpx.AsyncClient, headers: dict[str, str] | None = None) -> str:
    response = await client.post("/graphql", json=VIEWER, headers=headers)
    return str(response.json()["data"]["viewer"]["role"])


async def test_apps_send_the_code_with_the_password(desk: Desk) -> None:
    totp, codes = await switched_on(desk)
    without = await desk.http.post("/token", data=FORM)
    assert (without.status_code, without.json()["error"]) == (400, "otp_required")
    wrong = await desk.http.post("/token", data={**FORM, "otp": "000000"})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "otp_wrong")
    code = totp.now()
    given = await desk.http.post("/token", data={**FORM, "otp": f"{code[:3]} {code[3:]}"})
    assert await role(desk, bearer(given.json()["access_token"])) == "STAFF"
    again = await desk.http.post("/session", data={**FORM, "otp": code})
    assert (again.status_code, again.json()["errors"][0]["extensions"]["code"]) == (401, "OTP_WRONG")
    assert (await desk.http.post("/session", data={**FORM, "otp": codes[0].upper()})).status_code == 204
    assert (await desk.http.post("/session", data={**FORM, "otp": codes[0]})).status_code == 401, "each counts once"
    bare = await desk.http.post("/session", data={**FORM, "password": "wrong", "otp": codes[1]})
    assert bare.json()["errors"][0]["extensions"]["code"] == "SIGN_IN_FAILED", "a code alone tells nothing"


async def test_the_page_asks_for_the_code_and_until_then_nothing_is_open(desk: Desk) -> None:
    totp, _ = await switched_on(desk)
    first = await desk.http.post("/sign-in", data={**FORM, "next": "/staff/places"})
    assert (first.status_code, first.headers["location"]) == (303, "/sign-in/code?next=%2Fstaff%2Fplaces")
    half = desk.http.cookies["sign-in"]
    assert "session" not in desk.http.cookies
    shown = await desk.http.get(first.headers["location"])
    assert 'autocomplete="one-time-code"' in shown.text
    assert shown.headers["cache-control"] == "no-store"
    # The half is no session: by no cookie, no header, on no door.
    desk.http.cookies.set("session", half)
    assert await role(desk) == "ANONYMOUS"
    assert (await desk.http.get("/staff")).headers["location"].startswith("/sign-in")
    assert (await desk.http.get("/account")).headers["location"].startswith("/sign-in")
    assert (await desk.http.post("/graphql", json=VIEWER, headers=bearer(half))).status_code == 401
    desk.http.cookies.delete("session")
    wrong = await desk.http.post("/sign-in/code", data={"code": "000000", "next": "/staff/places"})
    assert wrong.status_code == 422
    assert 'id="code-problem"' in wrong.text
    assert 'value="/staff/places"' in wrong.text
    right = await desk.http.post("/sign-in/code", data={"code": totp.now(), "next": "/staff/places"})
    assert (right.status_code, right.headers["location"]) == (303, "/staff/places")
    assert desk.http.cookies["session"] != half
    assert "sign-in" not in desk.http.cookies
    assert await role(desk) == "STAFF"
    desk.http.cookies.set("sign-in", half)
    late = await desk.http.post("/sign-in/code", data={"code": totp.at(int(time.time()) + 30)})
    assert late.headers["location"] == "/sign-in", "the half is used up"


async def test_where_it_is_demanded_staff_set_it_up_and_do_nothing_before(desk: Desk) -> None:
    async with with_need(desk, Need.STAFF) as client:
        assert (await client.post("/graphql", json=VIEWER, headers=bearer(desk.tokens["staff"]))).status_code == 401
        assert await role_of(client, bearer(desk.tokens["crew-clean"])) == "CREW_MEMBER", "crews may, staff must"
        refused = await client.post("/token", data=FORM)
        assert refused.json()["error"] == "second_factor_not_set_up"
        first = await client.post("/sign-in", data=FORM)
        assert first.headers["location"] == "/sign-in/second-factor"
        client.cookies.set("session", client.cookies["sign-in"])
        for path in ("/staff", "/account", "/staff/accounts", "/crew"):
            assert (await client.get(path)).headers["location"].startswith("/sign-in"), path
        assert await role_of(client) == "ANONYMOUS"
        client.cookies.delete("session")
        page = await client.get("/sign-in/second-factor")
        set_up = SET_UP.search(page.text)
        assert set_up is not None
        assert "<svg" in page.text
        key = re.search(r'class="sample key"[^>]*>([A-Z2-7 ]+)<', page.text)
        assert key is not None
        totp = pyotp.TOTP(key[1].replace(" ", ""))
        forged = await client.post("/sign-in/second-factor", data={"set_up": "00" * 40, "code": totp.now()})
        assert forged.status_code == 422
        done = await client.post("/sign-in/second-factor", data={"set_up": set_up[1], "code": totp.now()})
        assert done.status_code == 200
        assert len(re.findall(r"<li><strong", done.text)) == second_factor.CODES
        assert await role_of(client) == "STAFF"
        refused_off = await client.post("/account/second-factor/off", data={"code": totp.at(int(time.time()) + 30)})
        assert refused_off.status_code == 422, "and is not switched off again"
        # What another process opened without it does not count here.
    assert await role(desk, bearer(desk.tokens["admin"])) == "ADMIN"
    async with with_need(desk, Need.OFF) as client:
        assert (await client.post("/session", data=FORM)).status_code == 204, "off asks nobody"


async def test_ones_own_is_switched_on_with_the_password_and_off_with_a_code(desk: Desk) -> None:
    await desk.http.post("/sign-in", data=FORM)
    before = desk.http.cookies["session"]
    refused = await desk.http.post("/account/second-factor/begin", data={"current": "wrong"})
    assert refused.status_code == 422
    own = second_factor.new_set_up(b"another key", await account_id(desk), bytes(16))
    assert SET_UP.search((await desk.http.post("/account/second-factor", data={"set_up": own})).text) is None
    begun = await desk.http.post("/account/second-factor/begin", data={"current": PASSWORD})
    set_up, key = SET_UP.search(begun.text), re.search(r'class="sample key"[^>]*>([A-Z2-7 ]+)<', begun.text)
    assert set_up is not None
    assert key is not None
    totp = pyotp.TOTP(key[1].replace(" ", ""))
    wrong = await desk.http.post("/account/second-factor", data={"set_up": set_up[1], "code": "1"})
    assert wrong.status_code == 422
    assert set_up[1] in wrong.text, "the same picture to scan"
    on = await desk.http.post("/account/second-factor", data={"set_up": set_up[1], "code": totp.now()})
    codes = re.findall(r'translate="no">([a-z0-9-]{11})<', on.text)
    assert len(codes) == second_factor.CODES
    assert desk.http.cookies["session"] != before, "a session that may do more has another token"
    assert await role(desk) == "STAFF"
    assert (await desk.http.post("/graphql", json=VIEWER, headers=bearer(before))).status_code == 401
    assert (await desk.http.post("/graphql", json=VIEWER, headers=bearer(desk.tokens["staff"]))).status_code == 401
    assert "Mã khôi phục chưa dùng: 10." in (await desk.http.get("/account")).text
    new = await desk.http.post("/account/second-factor/codes", data={"code": codes[0]})
    assert codes[1] not in new.text
    assert (await desk.http.post("/account/second-factor/off", data={"code": codes[1]})).status_code == 422
    fresh = re.findall(r'translate="no">([a-z0-9-]{11})<', new.text)
    off = await desk.http.post("/account/second-factor/off", data={"code": fresh[0]})
    assert off.headers["location"] == "/account?done=off"
    assert (await desk.http.post("/token", data=FORM)).status_code == 200


async def test_of_many_who_set_it_up_at_once_one_is_signed_in(desk: Desk) -> None:
    async with with_need(desk, Need.STAFF) as client:
        begun = []
        for _ in range(4):
            client.cookies.clear()
            await client.post("/sign-in", data=FORM)
            page = (await client.get("/sign-in/second-factor")).text
            set_up, key = SET_UP.search(page), re.search(r'class="sample key"[^>]*>([A-Z2-7 ]+)<', page)
            assert set_up is not None
            assert key is not None
            code = pyotp.TOTP(key[1].replace(" ", "")).now()
            begun.append((client.cookies["sign-in"], {"set_up": set_up[1], "code": code}))
        client.cookies.clear()
        answers = await asyncio.gather(
            *(
                client.post("/sign-in/second-factor", data=data, headers={"Cookie": f"sign-in={half}"})
                for half, data in begun
            )
        )
    assert sorted(one.status_code for one in answers) == [200, 303, 303, 303]
    async with desk.database.read() as connection:
        for table in (tables.session, tables.pending_sign_in):
            held = table.c.account_id == await account_id(desk)
            left = await connection.scalar(sa.select(sa.func.count()).select_from(table).where(held))
            assert left == (1 if table is tables.session else 0)


PREPARE = """mutation ($i: PrepareSecondFactorInput!) { done: prepareSecondFactor(input: $i) { __typename
  ... on PrepareSecondFactorPayload { setUp key } ... on InvalidInput { problems { path } } } }"""
ENABLE = """mutation ($i: EnableSecondFactorInput!) { done: enableSecondFactor(input: $i) { __typename } }"""


async def test_it_is_replaced_with_one_of_its_own_codes_and_not_by_what_was_begun_before(desk: Desk) -> None:
    async def prepared(**more: str) -> dict[str, Any]:
        answer: dict[str, Any] = (await desk.data(PREPARE, "staff", i={"currentPassword": PASSWORD, **more}))["done"]
        return answer

    async def enabled(begun: dict[str, Any]) -> str:
        given = {"setUp": begun["setUp"], "code": pyotp.TOTP(begun["key"]).now()}
        return str((await desk.data(ENABLE, "staff", i=given))["done"]["__typename"])

    early = await prepared()
    _, codes = await switched_on(desk)
    assert await prepared() == {"__typename": "InvalidInput", "problems": [{"path": ["input", "code"]}]}
    assert (await prepared(code="000000"))["__typename"] == "InvalidInput"
    assert await enabled(early) == "InvalidInput", "begun while there was none"
    begun = await prepared(code=codes[0])
    async with desk.database.write() as connection:
        whose = tables.account.c.id == await account_id(desk)
        kept = await connection.scalar(sa.select(tables.account.c.password_hash).where(whose))
        await connection.execute(sa.update(tables.account).where(whose).values(password_hash="another"))
    assert await enabled(begun) == "InvalidInput", "begun under another password"
    async with desk.database.write() as connection:
        await connection.execute(sa.update(tables.account).where(whose).values(password_hash=kept))
    assert await enabled(begun) == "EnableSecondFactorPayload"


async def test_staff_forget_the_second_factor_of_those_they_keep(desk: Desk) -> None:
    await switched_on(desk, "crew-clean")
    crew, staff = await account_id(desk, "crew-clean"), await account_id(desk, "staff")
    mutation = """mutation ($id: ID!) { resetSecondFactor(input: {accountId: $id}) {
        __typename ... on ResetSecondFactorPayload { account { hasSecondFactor } } } }"""
    for by, whose, told in (
        ("team-1", crew, "NotAllowed"),
        ("staff", staff, "NotAllowed"),
        ("staff", crew, "ResetSecondFactorPayload"),
    ):
        answer = await desk.data(mutation, by, id=f"Account:{CODE}:{whose}")
        assert answer["resetSecondFactor"]["__typename"] == told
    assert (await desk.http.post("/graphql", json=VIEWER, headers=bearer(desk.tokens["crew-clean"]))).status_code == 401
    assert (await desk.http.post("/token", data={**FORM, "username": "crew-clean"})).status_code == 200


@pytest.mark.parametrize("off", [-2, 2, 40])
async def test_a_code_of_another_time_counts_not(desk: Desk, off: int) -> None:
    totp, _ = await switched_on(desk)
    whose, now = await account_id(desk), 1_800_000_015.0
    async with desk.database.write() as connection:
        await connection.execute(sa.update(tables.account).values(second_factor_step=None))
        assert not await second_factor.passed(connection, KEY, whose, totp.at(int(now) + 30 * off), now)
        for near in (-1, 0, 1):
            assert await second_factor.passed(connection, KEY, whose, totp.at(int(now) + 30 * near), now)
            assert not await second_factor.passed(connection, KEY, whose, totp.at(int(now) + 30 * near), now)
        assert not await second_factor.passed(connection, KEY, whose, totp.at(int(now)), now), "nor an older one"
