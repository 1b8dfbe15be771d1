"""No other site makes a visitor's browser change anything here: not with a session, and not without one either."""

from __future__ import annotations

import re

import pytest
from starlette.routing import Route

from server.app import ROUTES
from tests.asking import Desk
from tests.server.test_sessions import FOREIGN

CHANGING = sorted(
    (method, route.path)
    for route in ROUTES
    if isinstance(route, Route)
    for method in (route.methods or set()) - {"GET", "HEAD", "OPTIONS"}
)
FOR_PROGRAMS = {
    ("POST", "/graphql"): "JSON, which no form of another site can send",
    ("POST", "/token"): "gives its answer to who can read it, and sets no cookie",
    ("DELETE", "/session"): "ends the session of whoever holds one, and here nobody does",
}
"""What anybody may ask who has no cookie of ours, and why no browser is misled by it."""
NOTHING_THERE = {404, 410}


def path_of(pattern: str) -> str:
    return re.sub(r"\{[^}]*\}", "x", pattern)


@pytest.fixture(scope="module")
def foreign() -> dict[str, str]:
    return {**FOREIGN[0], "Content-Type": "application/x-www-form-urlencoded"}


async def test_every_changing_route_refuses_another_site_with_a_session(desk: Desk, foreign: dict[str, str]) -> None:
    desk.http.cookies.set("session", desk.tokens["admin"])
    before = await desk.dump()
    for method, path in CHANGING:
        response = await desk.http.request(method, path_of(path), content=b"a=b", headers=foreign)
        assert response.status_code == 403, (method, path)
        assert "set-cookie" not in response.headers, (method, path)
    assert await desk.dump() == before


async def test_and_without_one_wherever_a_browser_could_be_misled(desk: Desk, foreign: dict[str, str]) -> None:
    before = await desk.dump()
    assert len(CHANGING) > 40
    for method, path in CHANGING:
        response = await desk.http.request(method, path_of(path), content=b"a=b", headers=foreign)
        assert "set-cookie" not in response.headers or (method, path) in FOR_PROGRAMS, (method, path)
        led = response.status_code == 303 and response.headers["location"].startswith("/sign-in")
        told = (method, path) in FOR_PROGRAMS or response.status_code in NOTHING_THERE
        assert response.status_code == 403 or led or told, (method, path, response.status_code)
    assert await desk.dump() == before
