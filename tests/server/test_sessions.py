"""Who is calling: signing in and out, tokens and cookies, and what opens nothing any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from geo import accounts, tables
from geo.passwords import _THREADS, MOST_WAITING, hash_password
from server.app import create_app
from server.settings import Settings
from tests.asking import SERVER_KEY, URL, Desk, close
from tests.ward import CODE, PASSWORD

VIEWER = {"query": "{ viewer { role name ward { code } crew { name } } }"}
FORM = {"username": "staff", "password": PASSWORD}
CLOSE = {"query": 'mutation { closeIncident(input: {incidentId: "x"}) { __typename } }'}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def role(desk: Desk, headers: dict[str, str] | None = None) -> str:
    response = await desk.http.post("/graphql", json=VIEWER, headers=headers)
    assert response.status_code == 200
    found: str = response.json()["data"]["viewer"]["role"]
    return found


async def all_but_delays(desk: Desk) -> dict[str, tuple[int, str | None]]:
    """What is stored, but for who was wrong how often (`tests/server/test_sign_in_delays.py`)."""
    return {name: held for name, held in (await desk.dump()).items() if name != "sign_in_delay"}


async def signed_in(desk: Desk, username: str = "staff") -> str:
    response = await desk.http.post("/token", data={**FORM, "username": username})
    assert response.status_code == 200
    token: str = response.json()["access_token"]
    return token


async def test_the_right_password_gives_a_token_that_opens_the_account(desk: Desk) -> None:
    response = await desk.http.post("/token", data=FORM)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    given = response.json()
    assert (given["token_type"], given["expires_in"]) == ("bearer", 30 * 24 * 3600)
    found = await desk.http.post("/graphql", json=VIEWER, headers=bearer(given["access_token"]))
    expected = {"role": "STAFF", "name": "Người dùng staff", "ward": {"code": CODE}, "crew": None}
    assert found.json()["data"]["viewer"] == expected
    as_json = await desk.http.post("/token", json=FORM)
    assert as_json.json()["access_token"] != given["access_token"]


async def test_every_role_is_told_who_it_is(desk: Desk) -> None:
    roles = {"admin": "ADMIN", "staff": "STAFF", "crew-clean": "CREW_MEMBER", "team-1": "TEAM_MEMBER"}
    for username, expected in roles.items():
        assert await role(desk, bearer(await signed_in(desk, username))) == expected
    assert await role(desk) == "ANONYMOUS"


async def test_only_the_hash_of_a_token_is_stored(desk: Desk) -> None:
    token = await signed_in(desk)
    async with desk.database.read() as connection:
        stored = (await connection.scalars(sa.select(tables.session.c.token_hash))).all()
    assert token.encode() not in stored
    assert {len(kept) for kept in stored} == {32}


WRONG: list[dict[str, Any]] = [
    {"data": {**FORM, "password": PASSWORD + "x"}},
    {"data": {**FORM, "password": ""}},
    {"data": {**FORM, "username": "nobody"}},
    {"data": {**FORM, "username": "staff\x00"}},
    {"data": {**FORM, "username": "' OR 1=1 --"}},
    {"data": {**FORM, "password": "x" * 100_000}},
    {"data": {"username": "staff"}},
    {"data": {}},
    {"json": {"username": ["staff"], "password": {"$ne": ""}}},
    {"json": [FORM]},
    {"json": None},
    {"content": b"{", "headers": {"Content-Type": "application/json"}},
    {"content": b"\xff\xfe", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    {"content": b"username=staff", "headers": {"Content-Type": "text/plain"}},
    {"params": FORM},
]


@pytest.mark.parametrize("path", ["/token", "/session"])
async def test_what_is_not_right_opens_nothing_and_all_of_it_is_told_alike(desk: Desk, path: str) -> None:
    before = await all_but_delays(desk)
    told = set()
    for wrong in WRONG:
        response = await desk.http.post(path, **wrong)
        assert response.status_code in (400, 401)
        assert "set-cookie" not in response.headers
        assert "Tên đăng nhập hoặc mật khẩu chưa đúng." in response.text
        told.add(response.content)
    assert len(told) == 1
    assert await all_but_delays(desk) == before
    english = await desk.http.post(path, data={}, headers={"Accept-Language": "en"})
    assert "The user name or the password is not right." in english.text


@contextmanager
def no_password_compared() -> Iterator[None]:
    """Both threads that compare passwords are busy for the length of a block: whoever signs in waits for them."""
    gate = threading.Event()
    for _ in range(2):
        _THREADS.submit(gate.wait)
    try:
        yield
    finally:
        gate.set()


async def test_a_burst_of_wrong_sign_ins_leaves_the_database_to_the_others(desk: Desk) -> None:
    # Each of another name: one name would have to wait after a few.
    wrong = [{"username": f"nobody-{n}", "password": "wrong"} for n in range(40)]
    async with asyncio.timeout(60):
        with no_password_compared():
            paths = ("/token", "/session") * 20
            burst = [
                asyncio.ensure_future(desk.http.post(path, data=data)) for path, data in zip(paths, wrong, strict=True)
            ]
            answered = asyncio.as_completed(burst)
            for _ in range(40 - MOST_WAITING):
                assert (await next(answered)).status_code == 429
            assert await role(desk, bearer(desk.tokens["staff"])) == "STAFF", "the others wait for no password"
        responses = await asyncio.gather(*burst)
    busy = [response for response in responses if response.status_code == 429]
    assert {response.status_code for response in responses} == {400, 401, 429}
    assert len(busy) == 40 - MOST_WAITING
    for response in busy:
        assert int(response.headers["retry-after"]) > 0
        assert "Hệ thống đang bận" in response.text
    assert (await desk.http.post("/token", data=FORM)).status_code == 200, "and afterwards all is as before"


@pytest.mark.parametrize("token", ["x", "", "0" * 10_000, "é", "staff"])
async def test_a_token_that_opens_nothing_is_refused(desk: Desk, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode()}
    response = await desk.http.post("/graphql", json=VIEWER, headers=httpx.Headers(headers))
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "UNAUTHENTICATED"}
    assert error["message"] == "Phiên đăng nhập đã hết hạn. Hãy đăng nhập lại."


async def test_another_scheme_is_no_bearer(desk: Desk) -> None:
    assert await role(desk, {"Authorization": "Basic c3RhZmY6c3RhZmY="}) == "ANONYMOUS"


async def test_an_ended_session_opens_nothing(desk: Desk) -> None:
    token = desk.tokens["staff"]
    assert await role(desk, bearer(token)) == "STAFF"
    async with desk.database.write() as connection:
        ended = sa.func.now() - sa.func.make_interval(0, 0, 0, 0, 0, 0, 1)
        await connection.execute(sa.update(tables.session).values(expires_at=ended))
    assert (await desk.http.post("/graphql", json=VIEWER, headers=bearer(token))).status_code == 401
    desk.http.cookies.set("session", token)
    assert await role(desk) == "ANONYMOUS"


async def test_a_disabled_account_is_signed_out_and_cannot_sign_in(desk: Desk) -> None:
    token = desk.tokens["staff"]
    async with desk.database.write() as connection:
        # By the flag alone, with the session still there: the flag must suffice.
        await connection.execute(
            sa.update(tables.account).where(tables.account.c.username == "staff").values(disabled_at=sa.func.now())
        )
    assert (await desk.http.post("/graphql", json=VIEWER, headers=bearer(token))).status_code == 401
    assert (await desk.http.post("/token", data=FORM)).status_code == 400
    assert (await desk.http.post("/session", data=FORM)).status_code == 401


async def test_a_new_password_signs_out_everywhere(desk: Desk) -> None:
    async with desk.database.write() as connection:
        await accounts.set_password(connection, "staff", hash_password("a new password"))
    response = await desk.http.post("/graphql", json=VIEWER, headers=bearer(desk.tokens["staff"]))
    assert response.status_code == 401
    assert (await desk.http.post("/token", data=FORM)).status_code == 400
    assert (await desk.http.post("/token", data={**FORM, "password": "a new password"})).status_code == 200


async def test_a_cookie_signs_in_and_out(desk: Desk) -> None:
    response = await desk.http.post("/session", data=FORM)
    assert (response.status_code, response.content) == (204, b"")
    cookie = response.headers["set-cookie"].lower()
    assert cookie.startswith("session=")
    for attribute in ("httponly", "samesite=lax", "path=/", "max-age=2592000"):
        assert attribute in cookie
    assert "; secure" not in cookie
    assert await role(desk) == "STAFF"
    token = desk.http.cookies["session"]
    assert (await desk.http.delete("/session")).status_code == 204
    assert "session" not in desk.http.cookies
    desk.http.cookies.set("session", token)
    assert await role(desk) == "ANONYMOUS", "the token is dead, not only forgotten by the browser"


async def test_signing_out_with_a_token_kills_that_token_only(desk: Desk) -> None:
    one, other = await signed_in(desk), await signed_in(desk)
    assert (await desk.http.delete("/session", headers=bearer(one))).status_code == 204
    assert (await desk.http.post("/graphql", json=VIEWER, headers=bearer(one))).status_code == 401
    assert await role(desk, bearer(other)) == "STAFF"
    assert (await desk.http.delete("/session")).status_code == 204, "signing out without a session is no error"


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": URL},
    {"Origin": "https://evil.example"},
    {"Origin": "http://phuongso.test.evil.example"},
    {"Origin": "http://phuongso.test:8001"},
    {"Origin": "null"},
    {"Origin": "http://["},
]
OWN = [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": URL}, {}]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_cookie_counts_for_no_change_from_another_site(desk: Desk, headers: dict[str, str]) -> None:
    desk.http.cookies.set("session", desk.tokens["staff"])
    before = await desk.dump()
    for response in (
        await desk.http.post("/graphql", json=CLOSE, headers=headers),
        await desk.http.post("/session", data=FORM, headers=headers),
        await desk.http.delete("/session", headers=headers),
    ):
        assert response.status_code == 403
        assert response.json()["errors"][0]["extensions"] == {"code": "FOREIGN_ORIGIN"}
        assert "trang web khác" in response.json()["errors"][0]["message"]
        assert "set-cookie" not in response.headers
    assert await desk.dump() == before


async def test_nobody_is_signed_in_by_another_site(desk: Desk) -> None:
    """Also one who has no cookie yet: else a visitor would act in a stranger's account unawares."""
    for headers in FOREIGN:
        response = await desk.http.post("/session", data=FORM, headers=headers)
        assert response.status_code == 403
        assert "set-cookie" not in response.headers


@pytest.mark.parametrize("headers", OWN)
async def test_a_cookie_counts_from_our_own_pages_and_from_programs(desk: Desk, headers: dict[str, str]) -> None:
    desk.http.cookies.set("session", desk.tokens["staff"])
    response = await desk.http.post("/graphql", json=CLOSE, headers=headers)
    assert response.json()["data"] == {"closeIncident": {"__typename": "NotFound"}}


async def test_a_bearer_token_is_no_browsers_to_lend_and_counts_from_anywhere(desk: Desk) -> None:
    headers = {**bearer(desk.tokens["staff"]), "Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}
    assert await role(desk, headers) == "STAFF"


async def test_a_bearer_token_goes_before_a_cookie(desk: Desk) -> None:
    desk.http.cookies.set("session", desk.tokens["staff"])
    assert await role(desk, bearer(desk.tokens["crew-clean"])) == "CREW_MEMBER"
    response = await desk.http.post("/graphql", json=VIEWER, headers=bearer("x"))
    assert response.status_code == 401


async def test_over_https_the_cookie_is_bound_to_host_and_https(desk: Desk) -> None:
    settings = Settings(database_url=desk.database.url, secret_key=SERVER_KEY, secure_cookies=True)
    app = create_app(settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://phuongso.test") as client:
        response = await client.post("/session", data=FORM)
        assert response.headers["set-cookie"].startswith("__Host-session=")
        assert "; Secure" in response.headers["set-cookie"]
        assert (await client.post("/graphql", json=VIEWER)).json()["data"]["viewer"]["role"] == "STAFF"
        plain = {"Cookie": f"session={desk.tokens['staff']}"}
        client.cookies.clear()
        assert (await client.post("/graphql", json=VIEWER, headers=plain)).json()["data"]["viewer"][
            "role"
        ] == "ANONYMOUS"
    await close(app)
