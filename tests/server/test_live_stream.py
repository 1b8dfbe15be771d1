"""Server-sent events: the same subscription over plain HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest

from geo.lifecycle import Status
from server import sse
from tests.server.live import FOLLOW, Station, Stations, eventually
from tests.ward import CLEAN, CODE, Reported

ACCEPT = {"Accept": "text/event-stream"}


@dataclass
class Event:
    name: str | None = None
    data: str | None = None
    id: str | None = None

    @property
    def change(self) -> Any:
        assert self.name == "next"
        assert self.data is not None
        body = orjson.loads(self.data)
        assert "errors" not in body, body
        return body["data"]["incidentChanged"]


@dataclass
class Stream:
    response: httpx.Response
    lines: AsyncIterator[str]

    async def event(self, seconds: float = 30) -> Event | None:
        """The next event; None at the end of the stream. Comments are passed over."""
        found = Event()
        async with asyncio.timeout(seconds):
            async for line in self.lines:
                if not line and found != Event():
                    return found
                name, _, value = line.partition(": ")
                if name == "event":
                    found.name = value
                elif name == "id":
                    found.id = value
                elif name.rstrip(":") == "data":
                    found.data = value
        return None

    async def next(self) -> Event:
        event = await self.event()
        assert event is not None
        return event


@asynccontextmanager
async def stream(
    live: Station,
    query: str = FOLLOW,
    by: str | None = None,
    method: str = "POST",
    headers: dict[str, str] | None = None,
    **variables: Any,
) -> AsyncIterator[Stream]:
    sent = ACCEPT | ({"Authorization": f"Bearer {live.tokens[by]}"} if by else {}) | (headers or {})
    body: dict[str, Any] = {"query": query, "variables": variables}
    if method == "POST":
        given: dict[str, Any] = {"json": body}
    else:
        given = {"params": {"query": query, "variables": orjson.dumps(variables).decode()}}
    async with (
        httpx.AsyncClient(base_url=f"http://{live.host}", timeout=20) as http,
        http.stream(method, "/graphql", headers=sent, **given) as response,
    ):
        yield Stream(response, lines(response))


async def lines(response: httpx.Response) -> AsyncIterator[str]:
    """As an EventSource splits them: httpx would take U+2028 for the end of a line too."""
    rest = ""
    async for text in response.aiter_text():
        *whole, rest = (rest + text).split("\n")
        for line in whole:
            yield line


async def held(live: Station, **values: Any) -> Reported:
    return await live.report(status=Status.ASSIGNED, crew_id=live.ward.crews[CLEAN], **values)


async def test_changes_come_as_events_with_their_cursor(live: Station) -> None:
    made = await held(live, description="Hai\ndòng \u2028 và \r nữa")
    async with stream(live, by="staff", wardCode=CODE) as followed:
        headers = followed.response.headers
        assert headers["content-type"].startswith("text/event-stream")
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"
        assert "content-length" not in headers
        await live.followers(1)
        await live.step(made, "crew-clean", "acceptIncident")
        event = await followed.next()
        assert event.change["incidentId"] == made.id
        assert event.change["incident"]["description"] == "Hai\ndòng \u2028 và \r nữa"
        assert event.id == event.change["cursor"]
    await live.followers(0)


async def test_a_browser_resumes_by_the_last_id_it_saw(live: Station) -> None:
    made = await held(live)
    own = {"Cookie": f"session={live.tokens['staff']}", "Sec-Fetch-Site": "same-origin"}
    async with stream(live, method="GET", headers=own, wardCode=CODE) as followed:
        await live.followers(1)
        await live.step(made, "crew-clean", "acceptIncident")
        last = (await followed.next()).id
    assert last is not None
    await live.step(made, "crew-clean", "startIncident")
    again = own | {"Last-Event-ID": last}
    async with stream(live, method="GET", headers=again, wardCode=CODE) as followed:
        assert (await followed.next()).change["event"]["to"] == "IN_PROGRESS"
    async with stream(live, method="GET", headers=own | {"Last-Event-ID": "?"}, wardCode=CODE) as followed:
        event = await followed.next()
        assert event.data is not None
        assert orjson.loads(event.data)["errors"][0]["extensions"] == {"code": "BAD_INPUT", "path": ["after"]}
        assert (await followed.next()).name == "complete"
        assert await followed.event() is None


async def test_a_query_and_a_refusal_are_events_too(live: Station) -> None:
    for query, part in (("{ viewer { role } }", '"STAFF"'), ("{ nothing }", '"errors"'), ("{", '"errors"')):
        async with stream(live, query, by="staff") as answered:
            event = await answered.next()
            assert (event.name, event.id) == ("next", None)
            assert event.data is not None
            assert part in event.data
            assert (await answered.next()).name == "complete"
            assert await answered.event() is None


async def test_who_takes_json_too_gets_a_stream_only_of_what_needs_one(live: Station) -> None:
    both = {"Accept": "application/graphql-response+json, application/json, text/event-stream, multipart/mixed"}
    async with stream(live, "{ viewer { role } }", by="staff", headers=both) as answered:
        assert answered.response.headers["content-type"].startswith("application/graphql-response+json")
    async with stream(live, by="staff", headers=both, wardCode=CODE) as followed:
        assert followed.response.headers["content-type"].startswith("text/event-stream")


async def test_what_a_foreign_page_could_make_a_browser_send_is_refused(live: Station) -> None:
    cookie = {"Cookie": f"session={live.tokens['staff']}", "Sec-Fetch-Site": "cross-site"}
    async with stream(live, method="GET", headers=cookie, wardCode=CODE) as refused:
        assert refused.response.status_code == 403
    mutation = 'mutation { acceptIncident(input: {incidentId: "Incident:20314:0"}) { __typename } }'
    async with stream(live, mutation, by="staff", method="GET") as refused:
        assert refused.response.status_code == 405
    async with stream(live, method="GET", headers={"Authorization": "Bearer none"}) as refused:
        assert refused.response.status_code == 401


async def test_a_quiet_stream_is_kept_alive(live: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "_PING_SECONDS", 0.05)
    async with stream(live, by="staff", wardCode=CODE) as followed:
        async with asyncio.timeout(30):
            pings = 0
            async for line in followed.lines:
                pings += line == ":"
                if pings == 4:
                    break
        made = await held(live)
        await live.step(made, "crew-clean", "acceptIncident")
        assert (await followed.next()).change["incidentId"] == made.id


async def test_who_is_signed_out_is_told_that_it_is_over(live: Station) -> None:
    made = await held(live)
    async with stream(live, by="staff", wardCode=CODE) as followed:
        await live.followers(1)
        await live.execute("DELETE FROM session WHERE account_id = :id", id=live.ward.accounts["staff"])
        await live.step(made, "crew-clean", "acceptIncident")
        assert (await followed.next()).name == "complete"
        assert await followed.event() is None
    await live.followers(0)


async def test_a_stopping_server_ends_the_stream_without_completing_it(stations: Stations) -> None:
    async with stations() as live, stream(live, by="staff", wardCode=CODE) as followed:
        await live.followers(1)
        live.hub.stop()
        assert await followed.event() is None


async def test_two_hundred_abrupt_departures_leave_nothing_behind(stations: Stations) -> None:
    async with stations() as live:
        made = await held(live)
        await live.step(made, "crew-clean", "acceptIncident")
        before = len(asyncio.all_tasks())
        host, port = live.host.split(":")
        body = orjson.dumps({"query": FOLLOW, "variables": {"wardCode": CODE}})
        head = (
            "POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {live.tokens['staff']}\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        for _ in range(10):
            writers = []
            for _ in range(20):
                _, writer = await asyncio.open_connection(host, int(port))
                writer.write(head + body)
                await writer.drain()
                writers.append(writer)
            await eventually(lambda: len(live.hub) > 0)
            for writer in writers:
                writer.transport.abort()
        await eventually(lambda: len(live.hub) == 0 and live.hub.groups == 0)
        await eventually(lambda: len(asyncio.all_tasks()) <= before)
