"""Every answer of every address tells browsers what it may do, refusals and faults included."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Any

import httpx
import pytest
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message

from server.app import ROUTES, create_app
from server.events import Hub
from server.pages.render import FONT_FILES, security_policy
from server.pages.static import asset
from server.security_headers import NOTHING
from server.settings import Settings
from tests import ward
from tests.asking import SERVER_KEY, Desk, close

ALWAYS = {
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
}
DEVICES = re.compile(r"camera=\((self)?\), geolocation=\((self)?\), microphone=\(\), payment=\(\), usb=\(\)")
REFERRERS = {"same-origin", "no-referrer", "strict-origin"}
ALSO = ("/nowhere", "/metrics", "/static/nothing.js", "/r/", "//evil.example", "/?embed", "/graphql?query={__typename}")
KNOWN = {"ward": "20314", "form": "csv", "subject": "places", "layer": "places", "z": "12", "x": "3281", "y": "1863"}


async def begun(
    app: ASGIApp, path: str, token: str | None, html: bool, method: str = "GET"
) -> tuple[int, dict[str, str]]:
    """Status and headers of an answer, without waiting for its end: some have none."""
    loop = asyncio.get_running_loop()
    started: asyncio.Future[Message] = loop.create_future()
    asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        if (message := next(asked, None)) is not None:
            return message
        await started
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start" and not started.done():
            started.set_result(message)

    headers = [(b"host", b"phuongso.test"), (b"accept", b"text/html" if html else b"*/*")]
    if token is not None:
        headers.append((b"cookie", f"session={token}".encode()))
    address, _, query = path.partition("?")
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": address, "raw_path": address.encode()}
    scope |= {"query_string": query.encode(), "headers": headers, "scheme": "http", "server": ("phuongso.test", 80)}
    scope |= {"client": ("127.0.0.1", 1), "http_version": "1.1", "root_path": "", "asgi": {"version": "3.0"}}
    answering = asyncio.ensure_future(app(scope, receive, send))
    async with asyncio.timeout(20):
        await asyncio.wait((answering, started), return_when=asyncio.FIRST_COMPLETED)
        message = await started
        await asyncio.wait((answering,))
    names = [name for name, _ in message["headers"]]
    assert names.count(b"content-security-policy") == 1
    return message["status"], {name.decode(): value.decode() for name, value in message["headers"]}


def wrong(path: str, headers: dict[str, str]) -> Iterable[str]:
    """What is missing, or more than it should be."""
    for name, value in ALWAYS.items():
        if headers.get(name) != value:
            yield f"{path}: {name} {headers.get(name)}"
    if headers.get("referrer-policy") not in REFERRERS:
        yield f"{path}: referrer-policy {headers.get('referrer-policy')}"
    if not DEVICES.fullmatch(headers.get("permissions-policy", "")):
        yield f"{path}: permissions-policy {headers.get('permissions-policy')}"
    embedded = path.endswith("?embed")
    if headers.get("cross-origin-resource-policy") != ("cross-origin" if embedded else "same-origin"):
        yield f"{path}: cross-origin-resource-policy {headers.get('cross-origin-resource-policy')}"
    if "strict-transport-security" in headers:
        yield f"{path}: not by TLS"
    policy = headers["content-security-policy"]
    if headers.get("content-type", "").startswith("text/html"):
        shown = re.sub(r"'nonce-[\w-]+'", "'nonce-x'", policy)
        if shown != security_policy("x", embedded=embedded):
            yield f"{path}: {policy}"
    elif (
        "default-src 'none'" not in policy
        or "unsafe" in policy
        or (policy != NOTHING and not path.startswith("/sw.js"))
    ):
        yield f"{path}: {policy}"
    if not headers.get("x-request-id"):
        yield f"{path}: no id"


async def test_every_route_answers_with_every_header_to_strangers_and_to_staff(desk: Desk) -> None:
    async with desk.database.write() as connection:
        incident = await ward.report(connection, description="Rác")
    known = KNOWN | {"code": incident.tracking_code, "id": incident.id, "id:str": "x"}
    paths = [route.path for route in ROUTES if isinstance(route, Route | Mount)]
    assert len(paths) > 60
    found: list[str] = []
    seen: set[int] = set()
    hub: Hub = desk.app.state.live.hub
    hub.start()  # streams begin when it has looked
    for template in dict.fromkeys([*paths, *ALSO]):
        path = re.sub(r"\{([^}]+)\}", lambda match: known.get(match[1], "x"), template)
        for token in (None, desk.tokens["staff"]):
            status, headers = await begun(desk.app, path, token, html=token is not None or template == "/")
            seen.add(status)
            found += wrong(path, headers)
    await hub.close()
    assert found == []
    assert seen >= {200, 303, 404, 405}


async def test_refusals_and_faults_have_them_as_well(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = httpx.ASGITransport(desk.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://phuongso.test") as http:
        answers = {
            413: await http.post("/graphql", content=b"x", headers={"Content-Length": "99999999"}),
            401: await http.get("/", headers={"Authorization": "Bearer nobody"}),
            403: await http.post("/sign-out", headers={"Cookie": "session=x", "Sec-Fetch-Site": "cross-site"}),
            415: await http.post("/graphql", content=b"x"),
            400: await http.post("/photos", content=b"x", headers={"Content-Type": "multipart/form-data; boundary=x"}),
        }

        def away(*_: object, **__: object) -> None:
            raise TimeoutError

        def fails(*_: object, **__: object) -> None:
            raise LookupError

        monkeypatch.setattr("server.pages.report.page", away)
        answers[503] = await http.get("/report", headers={"Accept": "text/html"})
        monkeypatch.setattr("server.pages.report.page", fails)
        answers[500] = await http.get("/report", headers={"Accept": "text/html"})
    assert {status: answer.status_code for status, answer in answers.items()} == {status: status for status in answers}
    assert [problem for status, one in answers.items() for problem in wrong(str(status), dict(one.headers))] == []


async def test_what_is_only_part_of_a_page_has_what_concerns_it_and_no_more(desk: Desk) -> None:
    for path in (asset("common/dom.js"), asset("css/design.css"), FONT_FILES[0]):
        headers = (await desk.http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert not {"content-security-policy", "permissions-policy", "referrer-policy"} & set(headers)
    icon = (await desk.http.get(asset("icon.svg"))).headers
    assert icon["content-security-policy"] == NOTHING
    assert icon["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("settings", "scheme"), [({"secure_cookies": True}, "http"), ({}, "https")])
async def test_behind_tls_browsers_are_told_to_stay_there(desk: Desk, settings: dict[str, Any], scheme: str) -> None:
    app = create_app(Settings(database_url=desk.database.url, secret_key=SERVER_KEY, worker=False, **settings))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"{scheme}://x") as http:
        for path in ("/health/live", "/nowhere", "/"):
            answer = await http.get(path)
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
    await close(app)
