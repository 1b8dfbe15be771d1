"""Every address, as every kind of caller: let in, let in to one's own, or refused, and then nothing is changed."""

from __future__ import annotations

import httpx
import pytest
from starlette.routing import Mount, Route

from geo.audiences import Caller, Cell
from server.app import ROUTES
from server.permissions import names_of, route_audience
from tests.permissions.addresses import paths_of
from tests.permissions.callers import Scene
from tests.permissions.conftest import Staging
from tests.permissions.digests import changed, digest
from tests.permissions.streams import begun

ADDRESSES = [route for route in ROUTES if isinstance(route, Route)]
NOT_THERE = {"/basemap/{version}.pmtiles", "/r/{code}/letters", "/link/{token:str}", "/forgot"}
"""Nobody has it in the scene: a file of the ground, the key of a letter, a link to an account; letters are not sent."""
LAST = ("/account", "/sign-out", "/session")
"""Whoever has done this is somebody else after it."""


def _is_stream(route: Route) -> bool:
    return route.path.endswith("/live") and not route.path.startswith("/health")


@pytest.mark.parametrize("caller", Caller)
async def test_a_caller_is_shown_exactly_the_pages_of_the_table(scene: Scene, caller: Caller) -> None:
    wrong = []
    for route in ADDRESSES:
        if "GET" not in (route.methods or ()) or _is_stream(route):
            continue
        asked, audience = paths_of(route, scene.laid), route_audience(route)
        for which in ("own", "foreign"):
            path = asked.own if which == "own" else asked.foreign
            cell = audience.cell(caller)
            if path is None or (caller is Caller.OTHER_CREW and which == "foreign" and cell is not Cell.YES):
                continue  # what is not the others' is theirs
            response = await scene.page(caller, path)
            wanted = cell is Cell.YES or (cell is Cell.OWN and which == "own")
            right = _is_let_in(response) or route.path in NOT_THERE if wanted else response.status_code != 200
            if not right:
                wrong.append(
                    f"GET {route.path} to {caller}, {which}: the table says {cell}, but {response.status_code}"
                )
    assert wrong == [], "\n" + "\n".join(wrong)


def _is_let_in(response: httpx.Response) -> bool:
    """Shown, or led on to another page of theirs: not to signing in, and not back from what is not there."""
    if response.status_code == 303:
        return not response.headers["location"].startswith("/sign-in?next")
    return response.status_code == 200


@pytest.mark.parametrize("caller", Caller)
async def test_a_caller_follows_exactly_what_the_table_says(staging: Staging, caller: Caller) -> None:
    wrong = []
    async with staging() as scene:
        scene.desk.app.state.live.hub.start()
        for route in filter(_is_stream, ADDRESSES):
            asked, audience = paths_of(route, scene.laid), route_audience(route)
            for which in ("own", "foreign"):
                path = asked.own if which == "own" else asked.foreign
                cell = audience.cell(caller)
                if path is None or (caller is Caller.OTHER_CREW and which == "foreign"):
                    continue
                status, _ = await begun(scene, "GET", path, scene.headers(caller) | {"Accept": "text/event-stream"})
                wanted = cell is Cell.YES or (cell is Cell.OWN and which == "own")
                if (status == 200) is not wanted:
                    wrong.append(f"GET {route.path} to {caller}, {which}: the table says {cell}, but {status}")
        await scene.desk.app.state.live.hub.close()
    assert wrong == [], "\n" + "\n".join(wrong)


@pytest.mark.parametrize("caller", Caller)
async def test_a_caller_sends_forms_exactly_where_the_table_says(staging: Staging, caller: Caller) -> None:
    """A form that says nothing: whoever may send it is told what is missing, and whoever may not changes nothing."""
    wrong = []
    async with staging() as scene:
        database = scene.desk.database
        before = await digest(database)
        waiting = []
        for route in ADDRESSES:
            for method in (route.methods or set()) - {"GET", "HEAD"}:
                asked, cell = paths_of(route, scene.laid), route_audience(route).cell(caller)
                if cell is not Cell.NO:
                    last = [number for number, start in enumerate(LAST) if route.path.startswith(start)]
                    rank = last[0] + 2 if last else int(route.path.endswith("/remove"))
                    waiting.append((rank, method, route, asked.own))
                for path in [asked.own] if cell is Cell.NO else []:
                    response = await scene.send(caller, method, path, data={"nothing": "said"})
                    if response.is_success:
                        wrong.append(f"{method} {route.path} to {caller}: the table says {cell}, but it was answered")
        after = await digest(database)
        assert changed(before, after) == [], f"changed by forms that {caller} may not send"
        for _, method, route, path in sorted(waiting, key=lambda one: one[0]):
            response = await scene.send(caller, method, path, data={"nothing": "said"})
            refused = response.status_code in (401, 403, 404) or (
                response.headers.get("location", "").startswith("/sign-in?next")
            )
            if refused and route.path not in NOT_THERE | OPEN_REFUSALS:
                wrong.append(f"{method} {route.path} to {caller}: the table lets them, but {response.status_code}")
    assert wrong == [], "\n" + "\n".join(wrong)


OPEN_REFUSALS = {"/token", "/session", "/sign-in"}
"""Addresses that are open to everybody and refuse a wrong password."""


def test_files_are_the_only_addresses_that_are_mounted() -> None:
    mounted = {names_of(route) for route in ROUTES if isinstance(route, Mount)}
    assert mounted == {"GET /static", "GET /static/vendor"}
