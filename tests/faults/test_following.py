"""Those who follow, through a database that restarts, a listener that is ended and a link that falls silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import connect

from geo.database import Database
from tests import ward
from tests.faults.served import Served
from tests.server.live import FOLLOW, PROTOCOL, eventually

BACK_SECONDS = 5.0
LISTENS = "application_name = 'phuongso-listener' AND datname = '{}' AND pid <> ALL('{{{}}}')"


async def by_stream(served: Served, seen: list[Any], begun: asyncio.Event) -> None:
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {served.house.tokens['staff']}"}
    body = {"query": FOLLOW, "variables": {"wardCode": ward.CODE}}
    async with (
        httpx.AsyncClient(timeout=60) as http,
        http.stream("POST", f"{served.server.site}/graphql", json=body, headers=headers) as stream,
    ):
        begun.set()
        async for line in stream.aiter_lines():
            if line.startswith("data: {"):
                seen.append(orjson.loads(line.removeprefix("data: ")))


async def by_socket(served: Served, seen: list[Any], begun: asyncio.Event) -> None:
    site = served.server.site.replace("http", "ws", 1)
    async with connect(f"{site}/graphql", subprotocols=[PROTOCOL]) as socket:
        token = f"Bearer {served.house.tokens['staff']}"
        await socket.send(orjson.dumps({"type": "connection_init", "payload": {"authorization": token}}).decode())
        await socket.recv()
        asked = {"query": FOLLOW, "variables": {"wardCode": ward.CODE}}
        await socket.send(orjson.dumps({"type": "subscribe", "id": "1", "payload": asked}).decode())
        begun.set()
        async for text in socket:
            seen.append(orjson.loads(text)["payload"])


@asynccontextmanager
async def following(served: Served) -> AsyncIterator[tuple[list[Any], list[Any]]]:
    """What a follower by stream and one by socket are told meanwhile."""
    told: tuple[list[Any], list[Any]] = ([], [])
    begun = [asyncio.Event(), asyncio.Event()]
    tasks = [
        asyncio.create_task(by_stream(served, told[0], begun[0])),
        asyncio.create_task(by_socket(served, told[1], begun[1])),
    ]
    try:
        await eventually(lambda: all(one.is_set() for one in begun), 20)
        yield told
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def last_of(told: list[Any]) -> str | None:
    """Which incident a follower was told of last."""
    return told[-1]["data"]["incidentChanged"]["incidentId"] if told else None


async def test_followers_miss_no_step_and_listening_is_back_within_five_seconds(served: Served) -> None:
    house, clock = served.house, asyncio.get_running_loop().time
    database = Database(house.cluster.url(served.database), pool_size=1)
    expected: list[str] = []

    async def step() -> None:
        """Something happens that nobody is called for: who follows looks by themselves, or is called anew."""
        async with database.write() as connection:
            expected.append((await ward.report(connection)).id)

    async def listens_again(than: list[int]) -> None:
        others = LISTENS.format(served.database, ",".join(map(str, than)))
        assert await house.eventually(f"SELECT FROM pg_stat_activity WHERE {others}", "postgres") < BACK_SECONDS

    async with following(served) as told:

        async def all_told() -> None:
            await eventually(lambda: all(len(one) >= len(expected) for one in told), 20)

        # A subscription begins a moment after it was asked for.
        deadline = clock() + 20
        while not all(told) and clock() < deadline:
            await step()
            await asyncio.sleep(0.1)
        await eventually(lambda: all(last_of(one) == expected[-1] for one in told), 20)
        for one in told:
            one.clear()
        expected.clear()

        await step()
        await all_told()
        await house.restart_database()
        await step()
        await listens_again([])
        await all_told()

        listening = await house.backends(LISTENS.format(served.database, ""))
        await step()
        for number in listening:
            await house.execute("SELECT pg_terminate_backend($1)", "postgres", number)
        await step()
        await listens_again(listening)
        await all_told()

        listening = await house.backends(LISTENS.format(served.database, ""))
        heard = served.server.said.count("listening was interrupted")
        served.link.silence()
        began = clock()
        await step()
        await eventually(lambda: served.server.said.count("listening was interrupted") > heard, BACK_SECONDS)
        noticed = clock() - began
        await step()
        served.link.speak()
        await listens_again(listening)
        await step()
        await all_told()
    await database.close()
    assert noticed < BACK_SECONDS
    for one in told:
        changes = [payload["data"]["incidentChanged"] for payload in one]
        assert not any(change["refetch"] for change in changes)
        assert [change["incidentId"] for change in changes] == expected
