"""One-time links: they count once, until they expire, only the hash is kept, and looking uses nothing up."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import account_links, accounts, sessions, sign_in_delays, tables
from geo.secrets import digest
from geo.tables import LinkPurpose
from server.app import create_app
from server.notifying.account_links import LinkMail
from server.notifying.mail import Mail
from server.settings import Settings
from server.work.registry import telling_with
from tests.asking import SERVER_KEY, URL, Desk, close
from tests.server.test_second_factor import account_id, switched_on
from tests.server.test_sessions import FOREIGN, FORM, VIEWER, bearer, role
from tests.server.test_sign_in_delays import longer
from tests.ward import CODE

NEW = "một câu dễ nhớ"
NOTHING = {"": ""}
"""A form without a field."""
CREATE = """mutation ($input: CreateAccountInput!) { createAccount(input: $input) { __typename
  ... on CreateAccountPayload { password account { id invited } link { url purpose } } ... on UserError { path } } }"""
LINK = """mutation ($input: CreateAccountLinkInput!) { createAccountLink(input: $input) { __typename
  ... on CreateAccountLinkPayload { link { url } } ... on InvalidInput { problems { path } } } }"""


async def made(desk: Desk, username: str, purpose: LinkPurpose = LinkPurpose.PASSWORD_RESET) -> str:
    """The path of a new link to this account."""
    whose = await account_id(desk, username)
    async with desk.database.write() as connection:
        return f"/link/{(await account_links.make(connection, whose, purpose)).token}"


def chosen(password: str = NEW, again: str | None = None) -> dict[str, str]:
    return {"password": password, "again": password if again is None else again}


async def test_staff_invite_somebody_who_then_sets_the_first_password(desk: Desk) -> None:
    given = {"wardCode": CODE, "username": "moi", "name": "Trần Thị Mới", "role": "CREW_MEMBER", "invite": True}
    crew = await desk.data("{ viewer { crew { id } } }", "crew-clean")
    result = await desk.data(CREATE, "staff", input={**given, "crewId": crew["viewer"]["crew"]["id"]})
    payload = result["createAccount"]
    assert (payload["password"], payload["account"]["invited"]) == (None, True)
    assert payload["link"]["url"].startswith(f"{URL}/link/")
    for password in ("", "nobody has this password"):
        refused = await desk.http.post("/token", data={"username": "moi", "password": password})
        assert refused.status_code == 400, "no password fits an account that has none"
    path = payload["link"]["url"].removeprefix(URL)
    page = await desk.http.get(path)
    assert "Chào Trần Thị Mới" in page.text
    response = await desk.http.post(path, data=chosen())
    assert (response.status_code, response.headers["location"]) == (303, "/crew")
    assert await role(desk) == "CREW_MEMBER"
    assert (await desk.http.post("/token", data={"username": "moi", "password": NEW})).status_code == 200
    assert (await desk.http.get(path)).status_code == 410


async def test_it_counts_once_ends_all_sessions_and_looking_uses_nothing_up(desk: Desk) -> None:
    path = await made(desk, "staff")
    before = await desk.dump()
    for method in ("GET", "HEAD", "GET"):
        page = await desk.http.request(method, path)
        assert (page.status_code, page.headers["referrer-policy"]) == (200, "strict-origin")
        assert (page.headers["cache-control"], page.headers["x-robots-tag"]) == ("no-store", "noindex")
        assert path.removeprefix("/link/") not in page.text
    short = await desk.http.post(path, data=chosen("short"))
    assert (short.status_code, 'id="password-problem"' in short.text) == (422, True)
    differing = await desk.http.post(path, data=chosen(NEW, NEW + "x"))
    assert (differing.status_code, 'id="again-problem"' in differing.text) == (422, True)
    for headers in FOREIGN:
        assert (await desk.http.post(path, data=chosen(), headers=headers)).status_code == 403
    assert await desk.dump() == before
    used = await asyncio.gather(*(desk.http.post(path, data=chosen()) for _ in range(2)))
    assert sorted(one.status_code for one in used) == [303, 410]
    old = await desk.http.post("/graphql", json=VIEWER, headers=bearer(desk.tokens["staff"]))
    assert old.status_code == 401
    assert (await desk.http.post("/token", data=FORM)).status_code == 400
    assert (await desk.http.post("/token", data={**FORM, "password": NEW})).status_code == 200


async def test_who_has_a_second_factor_needs_it_after_a_link_too(desk: Desk) -> None:
    await switched_on(desk)
    response = await desk.http.post(await made(desk, "staff"), data=chosen())
    assert response.headers["location"] == "/sign-in/code"
    assert "session" not in desk.http.cookies
    assert await role(desk) == "ANONYMOUS"


CHANGES = {
    "it has expired": "UPDATE account_link SET expires_at = now() - interval '1 s'",
    "the account is disabled": "UPDATE account SET disabled_at = now() WHERE username = 'staff'",
}


@pytest.mark.parametrize("change", [*CHANGES, "another was made", "the password was changed", "it is another"])
async def test_a_link_that_counts_no_more_says_so_and_does_nothing(desk: Desk, change: str) -> None:
    path = await made(desk, "staff")
    if change in CHANGES:
        async with desk.database.write() as connection:
            await connection.execute(sa.text(CHANGES[change]))
    elif change == "another was made":
        await made(desk, "staff")
    elif change == "it is another":
        path = "/link/" + "x" * 43
    else:
        said = {"currentPassword": FORM["password"], "newPassword": NEW}
        mutation = "mutation ($i: ChangePasswordInput!) { changePassword(input: $i) { __typename } }"
        assert await desk.data(mutation, "staff", i=said) == {"changePassword": {"__typename": "ChangePasswordPayload"}}
    before = await desk.dump()
    for response in (await desk.http.get(path), await desk.http.post(path, data=chosen("another new one"))):
        assert response.status_code == 410
        assert "không còn dùng được" in response.text
    assert await desk.dump() == before


AGAINST: dict[str, tuple[str, dict[str, Any]] | None] = {
    "another address": ("setAccountEmail", {"email": "other@example.vn"}),
    "disabled and enabled": ("setAccountDisabled", {"disabled": True}),
    "by the command": None,
}


@pytest.mark.parametrize("change", AGAINST)
async def test_what_staff_do_against_a_link_ends_it_for_good(desk: Desk, change: str) -> None:
    paths = [await made(desk, "crew-clean", purpose) for purpose in LinkPurpose]
    whose = f"Account:{CODE}:{await account_id(desk, 'crew-clean')}"

    async def said(mutation: str, **input: Any) -> None:
        kind = mutation[0].upper() + mutation[1:]
        document = f"mutation ($i: {kind}Input!) {{ done: {mutation}(input: $i) {{ __typename }} }}"
        answer = await desk.data(document, "staff", i={"accountId": whose, **input})
        assert answer["done"]["__typename"] == f"{kind}Payload"

    step = AGAINST[change]
    if step is None:
        async with desk.database.write() as connection:
            await accounts.disable(connection, "crew-clean")
    else:
        await said(step[0], **step[1])
    if change != "another address":
        await said("setAccountDisabled", disabled=False)
    assert [(await desk.http.get(path)).status_code for path in paths] == [410, 410]
    if change == "another address":
        path = await made(desk, "crew-clean")
        await said("setAccountEmail", email="other@example.vn")
        assert (await desk.http.get(path)).status_code == 200, "the same address was given once more"


async def test_an_invitation_outlives_a_reset_that_somebody_asked_for(desk: Desk) -> None:
    invitation = await made(desk, "staff", LinkPurpose.INVITATION)
    await made(desk, "staff", LinkPurpose.PASSWORD_RESET)
    assert (await desk.http.get(invitation)).status_code == 200


async def test_only_the_hash_of_a_link_is_stored_and_old_ones_are_forgotten(desk: Desk) -> None:
    token = (await made(desk, "staff")).removeprefix("/link/")
    async with desk.database.write() as connection:
        links = tables.account_link.c
        assert (await connection.scalars(sa.select(links.token_hash))).all() == [digest(token)]
        assert await account_links.forget_old(connection) == 0
        old = links.expires_at - timedelta(days=2)
        await connection.execute(sa.update(tables.account_link).values(expires_at=old))
        assert await account_links.forget_old(connection) == 1


@pytest.mark.parametrize(
    ("by", "whose", "told"),
    [
        ("staff", "admin", "NotFound"),
        ("staff", "staff", "NotAllowed"),
        ("team-1", "crew-clean", "NotAllowed"),
        ("staff-other", "crew-clean", "NotFound"),
        ("staff", "crew-clean", "CreateAccountLinkPayload"),
    ],
)
async def test_links_are_made_by_who_keeps_the_account(desk: Desk, by: str, whose: str, told: str) -> None:
    key = await account_id(desk, whose)
    said = {"accountId": f"Account:{CODE}:{key}", "purpose": "PASSWORD_RESET"}
    before = await desk.dump()
    result = await desk.data(LINK, by, input=said)
    assert result["createAccountLink"]["__typename"] == told
    if told != "CreateAccountLinkPayload":
        assert await desk.dump() == before
    mailed = await desk.data(LINK, "staff", input={**said, "mail": True})
    assert "Payload" not in mailed["createAccountLink"]["__typename"], "no mail is sent from here"


MAIL = {"smtp_url": "smtp://127.0.0.1:2525", "mail_from": "phuong@vidu.vn", "public_url": "https://phuong.vidu.vn"}


@pytest.fixture
async def mailing(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Another process on the same database, which sends mail."""
    settings = Settings(database_url=desk.database.url, secret_key=SERVER_KEY, default_ward=CODE, **MAIL)  # type: ignore[arg-type]
    app = create_app(settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as client:
        yield client
    await close(app)


async def test_who_forgot_the_password_is_mailed_a_link_and_strangers_learn_nothing(
    desk: Desk, mailing: httpx.AsyncClient
) -> None:
    assert (await desk.http.get("/forgot")).status_code == 404, "without a mail server there is no such page"
    assert "Quên mật khẩu?" in (await mailing.get("/sign-in")).text
    async with desk.database.write() as connection:
        await connection.execute(
            sa.update(tables.account).where(tables.account.c.username == "staff").values(email="an@vidu.vn")
        )
    told = set()
    for name in ("staff", "nobody-of-that-name", "crew-clean"):
        answer = await mailing.post("/forgot", data={"username": name})
        told.add((answer.status_code, answer.headers["location"]))
    assert told == {(303, "/forgot?done=sent")}
    for _ in range(sign_in_delays.FORGOTTEN.here.free):
        await mailing.post("/forgot", data={"username": "staff"})
    await longer(desk)
    assert (await mailing.post("/forgot", data={"username": "staff"})).status_code == 429
    async with desk.database.write() as connection:
        written = await _letters(connection, LinkMail("phuong@vidu.vn", "https://phuong.vidu.vn"))
    assert len(written) == 1, "asked again while it waited, it is sent once"
    (envelope,) = written
    assert envelope.address == "an@vidu.vn"
    assert "List-Unsubscribe" not in envelope.mail
    body = envelope.mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"https://phuong\.vidu\.vn(/link/[\w-]{43})", body.get_content())
    assert found is not None
    assert (await mailing.get(found[1])).status_code == 410, "it counts when it is handed over"
    async with desk.database.write() as connection:
        assert await envelope.entry.note(connection)
    assert (await mailing.get(found[1])).status_code == 200
    async with desk.database.write() as connection:
        await envelope.entry.take_back(connection)
        assert await account_links.sent_lately(connection, envelope.entry.account_id) == 0
    assert (await mailing.get(found[1])).status_code == 410, "the mail server did not take it"


async def _letters(connection: AsyncConnection, links: LinkMail) -> list[Any]:
    rows = await connection.execute(
        sa.text("SELECT convert_from(payload, 'UTF8')::json FROM jobs.pgqueuer WHERE entrypoint = :name"),
        {"name": account_links.JOB},
    )
    made = [await links.write(connection, payload) for (payload,) in rows.all()]
    return [envelope for envelope in made if envelope is not None]


async def test_a_worker_knows_the_job_with_mail_and_without(desk: Desk) -> None:
    settings = Settings(database_url=desk.database.url, secret_key=SERVER_KEY)
    for one in (settings, settings.model_copy(update={**MAIL, "smtp_url": None})):
        assert Mail.of(one) is None
        async with desk.database.write() as connection:
            await telling_with(one).jobs[account_links.JOB](connection, {"account": str(UUID(int=0))})


async def test_a_session_is_told_by_its_device_and_ended_from_another(desk: Desk) -> None:
    phone = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"}
    await desk.http.post("/session", data=FORM, headers=phone)
    other = (await desk.http.post("/token", data=FORM, headers={"User-Agent": "curl/8"})).json()["access_token"]
    page = (await desk.http.get("/account")).text
    assert "Chrome trên Android" in page
    assert "Máy không rõ loại" in page
    listed = await desk.data("{ viewer { username sessions { id browser system current } } }", "staff")
    assert listed["viewer"]["username"] == "staff"
    assert [one["current"] for one in listed["viewer"]["sessions"]] == [True, False, False]
    (strange,) = [one for one in listed["viewer"]["sessions"] if not one["current"] and one["browser"] is None]
    crews = await desk.data(
        "mutation ($i: EndSessionInput!) { endSession(input: $i) { __typename } }",
        "crew-clean",
        i={"sessionId": strange["id"]},
    )
    assert crews["endSession"]["__typename"] == "NotFound", "others' sessions are nobody's business"
    ended = await desk.http.post(f"/account/sessions/{strange['id']}/end", data=NOTHING)
    assert ended.headers["location"] == "/account?done=ended"
    assert (await desk.http.post("/graphql", json=VIEWER, headers=bearer(other))).status_code == 401
    assert (await desk.http.post("/account/sessions/end-others", data=NOTHING)).headers[
        "location"
    ] == "/account?done=others"
    assert (await desk.http.post("/graphql", json=VIEWER, headers=bearer(desk.tokens["staff"]))).status_code == 401
    assert await role(desk) == "STAFF"
    desk.http.cookies.clear()
    assert (await desk.data("{ viewer { sessions { id } username } }"))["viewer"] == {"sessions": [], "username": None}


async def test_a_password_is_changed_with_the_old_one(desk: Desk) -> None:
    await desk.http.post("/session", data=FORM)
    before = desk.http.cookies["session"]
    for given, field in (
        ({"current": "wrong", **_new()}, "current"),
        ({"current": FORM["password"], **_new("short")}, "new"),
        ({"current": FORM["password"], "new": NEW, "again": "x"}, "again"),
    ):
        refused = await desk.http.post("/account/password", data=given)
        assert (refused.status_code, f'id="{field}-problem"' in refused.text) == (422, True)
    changed = await desk.http.post("/account/password", data={"current": FORM["password"], **_new()})
    assert changed.headers["location"] == "/account?done=password"
    assert desk.http.cookies["session"] != before
    assert await role(desk) == "STAFF"
    for token in (before, desk.tokens["staff"]):
        assert (await desk.http.post("/graphql", json=VIEWER, headers=bearer(token))).status_code == 401
    desk.http.cookies.clear()
    assert (await desk.http.post("/token", data={**FORM, "password": NEW})).status_code == 200


def _new(password: str = NEW) -> dict[str, str]:
    return {"new": password, "again": password}


@pytest.mark.parametrize(
    "change",
    ["role = 'ADMIN'", "ward_code = '20320'", "disabled_at = now()"],
)
async def test_another_role_ward_or_a_lock_ends_every_session_whoever_makes_the_change(desk: Desk, change: str) -> None:
    async with desk.database.write() as connection:
        half = await sessions.begin_pending(connection, await account_id(desk))
        await connection.execute(sa.text(f"UPDATE account SET {change} WHERE username = 'staff'"))  # noqa: S608
        assert await sessions.pending(connection, half) is None
        left = await connection.scalar(
            sa.text("SELECT count(*) FROM session JOIN account ON account.id = account_id WHERE username = 'staff'")
        )
    assert left == 0


async def test_when_a_session_was_seen_is_written_down_now_and_then(desk: Desk) -> None:
    seen = tables.session.c.seen_at
    mine = tables.session.c.token_hash == digest(desk.tokens["staff"])
    async with desk.database.write() as connection:
        await connection.execute(sa.update(tables.session).values(seen_at=sa.func.now() - timedelta(minutes=6)))
    times = []
    for _ in range(2):
        await role(desk, bearer(desk.tokens["staff"]))
        async with desk.database.read() as connection:
            times.append(await connection.scalar(sa.select(seen).where(mine)))
    assert times[0] == times[1]
    async with desk.database.read() as connection:
        assert await connection.scalar(sa.select(sa.func.now() - seen < timedelta(minutes=1)).where(mine))


async def test_over_https_every_cookie_of_a_sign_in_is_bound_to_the_host(desk: Desk) -> None:
    await switched_on(desk)
    settings = Settings(database_url=desk.database.url, secret_key=SERVER_KEY, default_ward=CODE, secure_cookies=True)
    app = create_app(settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://phuongso.test") as client:
        response = await client.post("/sign-in", data=FORM)
        cookie = response.headers["set-cookie"].lower()
        assert cookie.startswith("__host-sign-in=")
        for attribute in ("secure", "httponly", "samesite=lax", "path=/"):
            assert f"; {attribute}" in cookie
        assert "domain" not in cookie
    await close(app)
