"""`make soak`: reports and a crew's work for minutes, while random faults happen in random order.

    python -m tests.faults.soak [--minutes 10] [--seed 20261123] [--careless]

Prints its seed, each fault as it happens, and in the end how much of what was counted; ends with 1 where a promise was
not kept. `--careless` has PostgreSQL acknowledge before it has written, and kills what would write: it must end with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import asyncpg

from tests import ward
from tests.faults.crowd import clients, settled
from tests.faults.house import House, Process, house, loaded
from tests.faults.ledger import Ledger
from tests.faults.link import Link, linked

OUTAGE_SECONDS = 3.0
LATE_SECONDS = 90


@dataclass
class Trouble:
    """What can go wrong in a house, each ending with all parts there again."""

    house: House
    database: str
    link: Link
    server: Process
    worker: Process

    def all(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            "kill -9 of the server": lambda: self._killed(self.server),
            "kill -9 of the worker": lambda: self._killed(self.worker),
            "SIGTERM of the server": lambda: self._ended(self.server),
            "SIGTERM of the worker": lambda: self._ended(self.worker),
            "immediate restart of PostgreSQL": self.house.restart_database,
            "fast restart of PostgreSQL": lambda: self.house.restart_database("fast"),
            "PostgreSQL away for seconds": self._away,
            "every session terminated": self._terminated,
            "the link cut": self._cut,
            "the link silent": self._silent,
            "no connections left": self._no_connections,
            "the ward's row held": self._held,
            "every session asleep": self._asleep,
        }

    async def _killed(self, process: Process) -> None:
        await process.kill()
        await process.start()

    async def _ended(self, process: Process) -> None:
        process.signal(signal.SIGTERM)
        code = await process.ended()
        assert code == 0, f"it ended with {code}"
        await process.start()

    async def _away(self) -> None:
        await self.house.stop_database()
        await asyncio.sleep(OUTAGE_SECONDS)
        await self.house.start_database()

    async def _terminated(self) -> None:
        await self.house.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = 'phuongso'",
            "postgres",
            self.database,
        )

    async def _cut(self) -> None:
        self.link.cut()

    async def _silent(self) -> None:
        self.link.silence()
        await asyncio.sleep(OUTAGE_SECONDS)
        self.link.speak()

    async def _no_connections(self) -> None:
        await self.house.execute("ALTER ROLE phuongso CONNECTION LIMIT 0")
        await self._terminated()
        await asyncio.sleep(OUTAGE_SECONDS)
        await self.house.execute("ALTER ROLE phuongso CONNECTION LIMIT -1")

    async def _held(self) -> None:
        holder = await asyncpg.connect(self.house.cluster.administrator_url(self.database))
        async with holder.transaction():
            await holder.execute("SELECT FROM ward WHERE code = $1 FOR UPDATE", ward.CODE)
            await asyncio.sleep(OUTAGE_SECONDS)
        await holder.close()

    async def _asleep(self) -> None:
        async with self.house.asleep(f"datname = '{self.database}' AND usename = 'phuongso'"):
            await asyncio.sleep(OUTAGE_SECONDS)


async def be_careless(opened: House) -> None:
    """Have PostgreSQL acknowledge what it has not written."""
    await opened.execute("ALTER SYSTEM SET synchronous_commit = off")
    await opened.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
    await opened.restart_database("fast")


async def lose_what_is_not_written(opened: House) -> None:
    """Keep what would write from writing for a moment, then let PostgreSQL crash."""
    (writer,) = await opened.backends("backend_type = 'walwriter'")
    os.kill(writer, signal.SIGSTOP)
    await asyncio.sleep(1)
    os.kill(writer, signal.SIGKILL)
    for _ in range(300):
        await asyncio.sleep(0.1)
        with suppress(OSError, asyncpg.PostgresError):
            await opened.execute("SELECT")
            return


async def soak(minutes: float, seed: int, careless: bool) -> bool:
    """Whether every promise was kept."""
    chance, ledger, faults = random.Random(seed), Ledger(), Counter[str]()
    print(f"seed {seed}", flush=True)
    async with house() as opened:
        if careless:
            await be_careless(opened)
        database = await opened.new_database()
        async with (
            linked(opened.cluster.url(database)) as link,
            opened.running("serve", link.url(), **loaded({})) as server,
            opened.running("worker", link.url()) as worker,
        ):
            await opened.eventually("SELECT FROM bookmark", database)
            trouble = Trouble(opened, database, link, server, worker).all()
            if careless:
                trouble = {"what would write is killed": lambda: lose_what_is_not_written(opened)}
            began = time.monotonic()
            async with clients(server.site, opened, database, ledger, seed):
                while time.monotonic() < began + 60 * minutes:
                    await asyncio.sleep(chance.uniform(0.5, 6))
                    name = chance.choice(sorted(trouble))
                    print(f"{time.monotonic() - began:6.1f} s, {ledger.acknowledged} reports: {name}", flush=True)
                    faults[name] += 1
                    await trouble[name]()
            wrong = await settled(opened, database, ledger, 5 if careless else LATE_SECONDS)
            if not ledger.steps:
                wrong.append("no crew did anything")
            took = time.monotonic() - began
    print(f"\n{took:.0f} seconds, seed {seed}")
    print(f"{sum(faults.values())} faults:")
    for name, times in sorted(faults.items()):
        print(f"  {times:4} {name}")
    tries = sum(sent.tries for sent in ledger.reports.values())
    photographs = sum(len(sent.photos) for sent in ledger.reports.values())
    steps = sum(len(steps) for steps in ledger.steps.values())
    print(f"{ledger.acknowledged} reports acknowledged in {tries} tries, {photographs} photographs, {steps} steps")
    print("answers: " + ", ".join(f"{count} {what}" for what, count in sorted(ledger.counts.items())))
    print(f"{len(wrong)} promises not kept" + "".join(f"\n  {one}" for one in wrong[:50]))
    return not wrong


def main() -> None:
    parser = argparse.ArgumentParser(description="Random faults in random order, for minutes.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**8))
    parser.add_argument("--careless", action="store_true", help="acknowledge what is not written: it must be noticed")
    given = parser.parse_args()
    sys.exit(0 if asyncio.run(soak(given.minutes, given.seed, given.careless)) else 1)


if __name__ == "__main__":
    main()
