"""A server whose way to the database can be spoilt, and how to ask it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.faults.clients import REPORT
from tests.faults.house import House, Process, loaded
from tests.faults.link import Link, linked
from tests.ward import IN_FIRST

ANSWERED_SECONDS = 10.0
"""Within which anybody has an answer, whatever fails."""
NAME = {"query": "{ ward { name } }"}


@dataclass
class Served:
    """A server that reaches its database by `link`, and a client of it."""

    house: House
    database: str
    link: Link
    server: Process
    http: httpx.AsyncClient

    async def report(self, key: UUID | None = None, **more: Any) -> httpx.Response:
        """Report something; the same `key` is the same report."""
        place = {"type": "Point", "coordinates": list(IN_FIRST)}
        given = {"requestKey": str(key or uuid4()), "category": "ENVIRONMENT", "location": place, "description": "Rác"}
        return await self.http.post("/graphql", json={"query": REPORT, "variables": {"input": given | more}})

    async def name(self) -> httpx.Response:
        """Ask for the ward's name."""
        return await self.http.post("/graphql", json=NAME)

    async def is_well(self, seconds: float = 60) -> None:
        """Wait until it is ready and answers."""
        deadline = time.monotonic() + seconds
        while True:
            answers = [await self.http.get("/health/ready"), await self.name()]
            if all(answer.status_code == 200 for answer in answers):
                return
            assert time.monotonic() < deadline, [answer.text for answer in answers]
            await asyncio.sleep(0.1)

    async def stored(self, key: UUID) -> int:
        """How many incidents there are of this report."""
        count = "SELECT count(*) AS n FROM incident WHERE request_key_hash = sha256(convert_to($1, 'UTF8'))"
        return int((await self.house.execute(count, self.database, str(key)))[0]["n"])


@asynccontextmanager
async def served(house: House) -> AsyncIterator[Served]:
    database = await house.new_database()
    async with (
        linked(house.cluster.url(database)) as link,
        house.running("serve", link.url(), **loaded({})) as server,
        httpx.AsyncClient(base_url=server.site, timeout=30) as http,
    ):
        yield Served(house, database, link, server, http)


async def refused_in_time(asking: Any) -> float:
    """That an answer is 503 within ten seconds, says when to come again and nothing of our inner workings."""
    began = time.monotonic()
    answer: httpx.Response = await asking
    took = time.monotonic() - began
    is_unavailable(answer)
    assert took < ANSWERED_SECONDS, took
    return took


def is_unavailable(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert "Traceback" not in answer.text
    assert "asyncpg" not in answer.text
