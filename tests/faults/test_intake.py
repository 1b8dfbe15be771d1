"""Reports through crashes: what was acknowledged is there once, and what was tried again is one report."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from tests.faults.clients import Reporter, Worker
from tests.faults.house import House, Process, loaded
from tests.faults.ledger import Ledger, broken_promises
from tests.ward import CLEAN

REPORTERS = 4
SETTLED_SECONDS = 60
EACH = 8
"""Reports acknowledged before each fault."""


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


async def test_every_acknowledged_report_is_there_once_after_crashes_of_server_worker_and_database(
    house: House,
) -> None:
    database, ledger = await house.new_database(), Ledger()
    url = house.cluster.url(database)
    async with house.running("serve", url, **loaded({})) as server, house.running("worker", url) as worker:

        async def killed(process: Process) -> None:
            await process.kill()
            await process.start()

        faults: tuple[Callable[[], Awaitable[None]], ...] = (
            lambda: killed(server),
            house.restart_database,
            lambda: killed(worker),
            house.restart_database,
        )
        # What happens before a worker first looks at the history is told to nobody.
        await house.eventually("SELECT FROM bookmark", database)
        async with clients(server.site, house, database, ledger):
            for fault in faults:
                before = ledger.acknowledged
                while ledger.acknowledged < before + EACH:
                    await asyncio.sleep(0.05)
                await fault()
        assert await settled(house, database, ledger) == []
    assert ledger.acknowledged >= EACH * len(faults)
    await _is_noticed(house, database, ledger)


async def _is_noticed(house: House, database: str, ledger: Ledger) -> None:
    """The look at what is stored finds what it is for: each of these is wrong in a way of its own."""
    connection = await asyncpg.connect(house.cluster.administrator_url(database))
    one = "(SELECT id FROM incident ORDER BY id LIMIT 1)"
    spoilt = {
        "is there 0 times": f"DELETE FROM incident WHERE id = {one}",
        "acknowledged as another": f"UPDATE incident SET tracking_code = '20314-XXXXXX' WHERE id = {one}",
        "its history ends with None": f"DELETE FROM incident_event WHERE incident_id = {one}",
        "by nobody": "UPDATE incident SET request_key_hash = sha256('other') WHERE id = " + one,
        "was told 0 times": "DELETE FROM notice",
        "jobs failed": "INSERT INTO jobs.pgqueuer (priority, entrypoint, status) VALUES (0, 'lost', 'failed')",
        "waits though a crew has room": f"UPDATE incident SET status = 'RECEIVED', crew_id = NULL WHERE id = {one}",
        "is not with its report": "DELETE FROM photo",
    }
    try:
        for said, statement in spoilt.items():
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(statement)
            wrong = await broken_promises(connection, ledger, house.folder / "photos")
            await transaction.rollback()
            assert any(said in one for one in wrong), (said, wrong)
        assert any("has lost its" in one for one in await broken_promises(connection, ledger, Path("/nowhere")))
    finally:
        await connection.close()
