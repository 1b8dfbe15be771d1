"""A crowd of clients for the length of a block, and the wait until what they caused is done."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.faults.clients import Reporter, Worker
from tests.faults.house import House
from tests.faults.ledger import Ledger, broken_promises
from tests.ward import CLEAN

REPORTERS = 4
SETTLED_SECONDS = 60


@asynccontextmanager
async def clients(site: str, house: House, database: str, ledger: Ledger, seed: int = 1) -> AsyncIterator[None]:
    """Reporters and a crew at work for the length of a block; each ends what it has begun."""
    stop = asyncio.Event()
    url = house.cluster.administrator_url(database)
    reporters = [Reporter(site, ledger, random.Random(seed + n)) for n in range(REPORTERS)]
    crew = Worker(site, ledger, random.Random(seed), house.tokens["crew-clean"], url, house.ward.crews[CLEAN])
    everybody = [*reporters, crew]
    async with asyncio.TaskGroup() as tasks:
        for one in everybody:
            tasks.create_task(one.work(stop))
        try:
            yield
        finally:
            stop.set()
    for one in everybody:
        await one.close()


async def settled(house: House, database: str, ledger: Ledger, seconds: float = SETTLED_SECONDS) -> list[str]:
    """What is still wrong once the work in the background has had its time."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        connection = await asyncpg.connect(house.cluster.administrator_url(database))
        try:
            wrong = await broken_promises(connection, ledger, house.folder / "photos")
        finally:
            await connection.close()
        if not wrong or asyncio.get_running_loop().time() > deadline:
            return wrong
        await asyncio.sleep(0.5)
