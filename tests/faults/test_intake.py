"""Reports through crashes: what was acknowledged is there once, and what was tried again is one report."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg

from tests.faults.crowd import clients, settled
from tests.faults.house import House, Process, loaded
from tests.faults.ledger import Ledger, broken_promises

EACH = 8
"""Reports acknowledged before each fault."""


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
    assert ledger.steps, "no crew did anything"
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
        "waits though a crew has room": "UPDATE incident SET status = 'RECEIVED', crew_id = NULL, accept_by = NULL",
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
