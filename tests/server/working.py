"""A worker as a process of its own, with jobs that only tests have: `python -m tests.server.working URL`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import jobs
from geo.database import Database
from server.work.registry import EACH_MINUTE, Chore
from server.work.running import Pace
from server.worker import Worker, run

ROOT = Path(__file__).parent.parent.parent
PACE = Pace(
    poll=timedelta(seconds=0.1),
    takeover=timedelta(seconds=3),
    tries=3,
    first_delay=timedelta(seconds=0.1),
    grace=timedelta(seconds=1),
)
TABLES = """
CREATE TABLE begun (job integer NOT NULL, process integer NOT NULL);
CREATE TABLE done (job integer NOT NULL, process integer NOT NULL);
CREATE TABLE ticked (process integer NOT NULL);
"""
_NOTE = sa.text("INSERT INTO done VALUES (:job, :process)")


async def _note(connection: AsyncConnection, payload: dict[str, Any]) -> None:
    await connection.execute(_NOTE, {"job": payload["job"], "process": os.getpid()})


async def _linger(connection: AsyncConnection, payload: dict[str, Any]) -> None:
    """Its work done, but not committed for `seconds`; it says elsewhere that it began."""
    await _note(connection, payload)
    beside = await asyncpg.connect(sys.argv[1])
    await beside.execute("INSERT INTO begun VALUES ($1, $2)", payload["job"], os.getpid())
    await beside.close()
    await asyncio.sleep(payload["seconds"])


async def _fail(connection: AsyncConnection, payload: dict[str, Any]) -> None:
    await _note(connection, payload)
    raise ValueError("Nguyễn Văn A, 0905000111")


async def _tick(connection: AsyncConnection) -> int:
    await connection.execute(sa.text("INSERT INTO ticked VALUES (:process)"), {"process": os.getpid()})
    await asyncio.sleep(0.5)
    return 0


JOBS = {"note": _note, "linger": _linger, "fail": _fail}
CHORES = (Chore("tick", EACH_MINUTE, _tick),)


class Process:
    """A worker that runs until it is killed or asked to stop."""

    def __init__(self, url: str, grace: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.server.working", url, str(grace)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def number(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=20)

    def stop(self) -> str:
        """Ask it to stop, which it does within a minute; what it had said."""
        self.process.terminate()
        _, said = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, said
        return said


@contextmanager
def processes(url: str, count: int, grace: int = 1) -> Iterator[list[Process]]:
    """So many workers, killed at the end if they still run. What one does as it is stopped may go on for `grace` s."""
    started = [Process(url, grace) for _ in range(count)]
    try:
        yield started
    finally:
        for one in started:
            if one.process.returncode is None:
                one.kill()


async def enqueue(database: Database, name: str, *numbers: int, **payload: int) -> list[int]:
    async with database.write() as connection:
        return [await jobs.enqueue(connection, name, {"job": number, **payload}) for number in numbers]


async def rows(database: Database, query: str) -> list[Any]:
    async with database.read() as connection:
        return list((await connection.execute(sa.text(query))).all())


async def until(database: Database, query: str, expected: Any, seconds: float = 40) -> None:
    """Wait until the query's only value is the expected one."""
    deadline = time.monotonic() + seconds
    while (found := (await rows(database, query))[0][0]) != expected:
        assert time.monotonic() < deadline, f"{query}: {found}, not {expected}"
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    pace = replace(PACE, grace=timedelta(seconds=int(sys.argv[2])))
    asyncio.run(run(Worker(sys.argv[1], jobs=JOBS, chores=CHORES, pace=pace)))
