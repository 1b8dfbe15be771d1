"""Signing in and out by pages, without a script."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from geo import tables
from geo.demo import PASSWORD as DEMO_PASSWORD
from geo.passwords import MOST_WAITING
from server.pages import sign_in
from tests.asking import Desk
from tests.server.test_sessions import FOREIGN, all_but_delays, no_password_compared, role
from tests.ward import CODE, OTHER, PASSWORD

FORM = {"username": "staff", "password": PASSWORD}


async def demo(desk: Desk) -> None:
    async with desk.database.write() as connection:
        await connection.execute(sa.update(tables.ward).where(tables.ward.c.code == CODE).values(demo=True))


@pytest.mark.parametrize(
    ("username", "home"), [("staff", "/staff"), ("admin", "/staff"), ("crew-clean", "/crew"), ("team-1", "/team")]
)
async def test_who_signs_in_comes_to_where_their_work_begins(desk: Desk, username: str, home: str) -> None:
    response = await desk.http.post("/sign-in", data={**FORM, "username": username})
    assert (response.status_code, response.headers["location"]) == (303, home)
    cookie = response.headers["set-cookie"].lower()
    for attribute in ("session=", "httponly", "samesite=lax", "path=/", "max-age="):
        assert attribute in cookie
    assert await role(desk) == {"/staff": username.upper(), "/crew": "CREW_MEMBER", "/team": "TEAM_MEMBER"}[home]


async def test_an_administrator_of_every_ward_stays_in_the_one_that_was_asked(desk: Desk) -> None:
    response = await desk.http.post(f"/sign-in?ward={OTHER}", data={**FORM, "username": "admin"})
    assert response.headers["location"] == f"/staff?ward={OTHER}"
    response = await desk.http.post(f"/sign-in?ward={OTHER}", data=FORM)
    assert response.headers["location"] == "/staff", "others have a ward of their own"


async def test_the_page_that_asked_to_sign_in_is_come_back_to(desk: Desk) -> None:
    asked = await desk.http.get("/sign-in", params={"next": "/team?ward=20314&place=new"})
    assert asked.status_code == 200
    assert 'name="next" value="/team?ward=20314&amp;place=new"' in asked.text
    assert asked.headers["cache-control"] == "no-store"
    response = await desk.http.post("/sign-in", data={**FORM, "next": "/team?ward=20314&place=new"})
    assert response.headers["location"] == "/team?ward=20314&place=new"


OWN_PATHS = [
    "/",
    "/crew",
    "/staff/incidents/20314-7K3F9Q?tab=1#notes",
    "/staff?search=%C4%91%C3%A8n",
    "/.//evil.example",
]
HOSTILE = [
    None,
    "",
    "crew",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "/\x00",
    "/\u2028/evil.example",
    "/\u202egnp.",
    "https://evil.example/crew",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "//[",
    "/crew\r\nSet-Cookie: session=x",
    "/" + "x" * 2_000,
    "/sign-in?next=/crew",
    "/sign-out",
]


@pytest.mark.parametrize("path", OWN_PATHS)
def test_an_address_of_our_own_may_follow(path: str) -> None:
    assert sign_in.own_path(path) == path


@pytest.mark.parametrize("path", HOSTILE)
async def test_nobody_is_led_elsewhere_by_signing_in(desk: Desk, path: str | None) -> None:
    response = await desk.http.post("/sign-in", data=FORM if path is None else {**FORM, "next": path})
    assert (response.status_code, response.headers["location"]) == (303, "/staff")
    desk.http.cookies.clear()
    shown = await desk.http.get("/sign-in", params={} if path is None else {"next": path})
    assert 'name="next"' not in shown.text


async def test_where_it_leads_is_on_this_host(desk: Desk) -> None:
    for path in OWN_PATHS:
        response = await desk.http.post("/sign-in", data={**FORM, "next": path})
        assert response.next_request is not None
        assert urlsplit(str(response.next_request.url)).hostname == "phuongso.test"


@pytest.mark.parametrize(
    ("given", "field", "told"),
    [
        ({"username": "nobody", "password": PASSWORD}, "username", "chưa khớp"),
        ({"username": "staff", "password": "wrong"}, "username", "chưa khớp"),
        ({"username": '"><script>', "password": "wrong"}, "username", "chưa khớp"),
        ({"username": "staff\x00", "password": PASSWORD}, "username", "chưa khớp"),
        ({"username": "", "password": PASSWORD}, "username", "Hãy điền tên đăng nhập."),
        ({"username": "staff", "password": ""}, "password", "Hãy điền mật khẩu."),
    ],
)
async def test_what_does_not_fit_is_told_kindly_and_the_name_is_kept(
    desk: Desk, given: dict[str, str], field: str, told: str
) -> None:
    before = await all_but_delays(desk)
    response = await desk.http.post("/sign-in", data={**given, "next": "/crew"})
    assert response.status_code == 422
    assert "set-cookie" not in response.headers
    assert f'id="{field}-problem"' in response.text
    assert f'href="#{field}"' in response.text
    assert told in response.text
    assert 'name="next" value="/crew"' in response.text
    assert PASSWORD not in response.text
    assert "<script>" not in response.text
    if given["username"] == "staff":
        assert 'value="staff"' in response.text
    assert await all_but_delays(desk) == before


async def test_who_must_wait_is_told_how_long(desk: Desk) -> None:
    with no_password_compared():
        # Each of another name: one name would have to wait after a few.
        forms = [{"username": f"nobody-{n}", "password": PASSWORD} for n in range(MOST_WAITING + 1)]
        waiting = [asyncio.ensure_future(desk.http.post("/sign-in", data=form)) for form in forms]
        async with asyncio.timeout(60):
            response = await next(asyncio.as_completed(waiting))
    assert response.status_code == 429
    assert f"thử lại sau {response.headers['retry-after']} giây" in response.text
    assert 'value="nobody-' in response.text
    assert [other.status_code for other in await asyncio.gather(*waiting)].count(422) == MOST_WAITING


@pytest.mark.parametrize("headers", FOREIGN)
async def test_no_other_site_signs_anybody_in_or_out(desk: Desk, headers: dict[str, str]) -> None:
    response = await desk.http.post("/sign-in", data=FORM, headers=headers)
    assert response.status_code == 403
    assert "set-cookie" not in response.headers
    desk.http.cookies.set("session", desk.tokens["staff"])
    before = await desk.dump()
    assert (await desk.http.post("/sign-out", headers=headers)).status_code == 403
    assert await desk.dump() == before


@pytest.mark.parametrize(
    "sent",
    [
        {"content": b"username=staff", "headers": {"Content-Type": "text/plain"}},
        {"content": b"username=%ff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"json": FORM},
    ],
)
async def test_what_is_no_form_is_told_so_on_the_page(desk: Desk, sent: dict[str, object]) -> None:
    response = await desk.http.post("/sign-in", **sent)  # type: ignore[arg-type]
    assert response.status_code in (400, 415)
    assert '<form class="form box" id="sign-in"' in response.text
    assert "set-cookie" not in response.headers


async def test_who_is_signed_in_already_sees_who_and_where_to_go(desk: Desk) -> None:
    desk.http.cookies.set("session", desk.tokens["crew-clean"])
    assert "Bạn đã đăng xuất." not in (await desk.http.get("/sign-in?done=signed-out")).text
    response = await desk.http.get("/sign-in?next=/crew?incident=1")
    assert "Người dùng crew-clean" in response.text
    assert 'href="/crew?incident=1"' in response.text
    assert 'href="/crew"' in response.text
    assert 'action="/sign-out"' in response.text
    assert 'type="password"' not in response.text


async def test_signing_out_ends_the_session_and_leaves_what_residents_keep(desk: Desk) -> None:
    await desk.http.post("/sign-in", data=FORM)
    token = desk.http.cookies["session"]
    response = await desk.http.post("/sign-out")
    assert (response.status_code, response.headers["location"]) == (303, "/sign-in?done=signed-out")
    assert "Bạn đã đăng xuất." in (await desk.http.get(response.headers["location"])).text
    assert "Bạn đã đăng xuất." not in (await desk.http.get(response.headers["location"])).text, "told once"
    assert "clear-site-data" not in response.headers
    assert "session" not in desk.http.cookies
    desk.http.cookies.set("session", token)
    assert await role(desk) == "ANONYMOUS"
    assert (await desk.http.post("/sign-out")).status_code == 303, "a second time is no error"


async def test_a_link_signs_nobody_out(desk: Desk) -> None:
    desk.http.cookies.set("session", desk.tokens["staff"])
    response = await desk.http.get("/sign-out")
    assert (response.status_code, response.headers["location"]) == (303, "/sign-in")
    assert await role(desk) == "STAFF"


async def test_only_a_demo_tells_its_accounts(desk: Desk) -> None:
    assert sign_in.DEMO_PASSWORD == DEMO_PASSWORD
    assert DEMO_PASSWORD not in (await desk.http.get("/sign-in")).text
    await demo(desk)
    shown = (await desk.http.get("/sign-in")).text
    assert DEMO_PASSWORD in shown
    for username in ("staff", "crew-1", "team-1", "admin"):
        assert f">{username}<" in shown
    assert DEMO_PASSWORD not in (await desk.http.get(f"/sign-in?ward={OTHER}")).text


@pytest.mark.parametrize("path", ["/", "/report", "/stats"])
async def test_every_public_page_leads_quietly_to_it(desk: Desk, path: str) -> None:
    assert 'href="/sign-in"' in (await desk.http.get(path)).text


async def test_an_unknown_ward_has_no_sign_in(desk: Desk) -> None:
    assert (await desk.http.get("/sign-in?ward=99999")).status_code == 404
    assert (await desk.http.get("/sign-in?ward=x")).status_code == 404


async def test_it_is_english_for_who_reads_english(desk: Desk) -> None:
    shown = await desk.http.post("/sign-in?lang=en", data={**FORM, "password": "wrong"})
    assert "do not match" in shown.text
    assert "Đăng nhập" not in shown.text
