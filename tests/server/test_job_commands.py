"""`phuongso jobs`, and the worker inside `phuongso serve`."""

from __future__ import annotations

import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import jobs, waiting
from server.console import in_transaction
from server.settings import Settings
from tests.server.test_cli import Environment, Served, phuongso, quiet, served, settings, signals_as_before

__all__ = ["quiet", "settings", "signals_as_before"]

Read = TypeVar("Read")
MOST_BYTES = 200_000_000


def do(url: str, work: Callable[[AsyncConnection], Awaitable[Read]]) -> Read:
    return in_transaction(Settings(database_url=url), work)


async def dead_job(connection: AsyncConnection) -> int:
    number = await jobs.enqueue(connection, "clean", {"ward": "20314"})
    failed = sa.text(
        "UPDATE jobs.pgqueuer SET status = 'failed', attempts = 7, headers = '{\"error\": \"ValueError\"}'"
    )
    await connection.execute(failed)
    return number


async def statuses(connection: AsyncConnection) -> list[tuple[str, int]]:
    query = sa.text("SELECT status::text, attempts FROM jobs.pgqueuer ORDER BY id")
    return [tuple(row) for row in await connection.execute(query)]


def test_dead_jobs_are_listed_and_tried_anew(settings: Environment, database_url: str) -> None:
    assert "No job" in phuongso(settings, "jobs").stdout
    number = do(database_url, dead_job)
    listed = phuongso(settings, "jobs").stdout
    for words in (str(number), "clean", '{"ward": "20314"}', "ValueError", "8 tries"):
        assert words in listed
    assert phuongso(settings, "jobs", "retry").exit_code == 2
    assert phuongso(settings, "jobs", "retry", str(number), "--all").exit_code == 2
    assert ": 0." in phuongso(settings, "jobs", "retry", str(number + 1)).stdout
    assert do(database_url, statuses) == [("failed", 7)]
    assert ": 1." in phuongso(settings, "jobs", "retry", str(number)).stdout
    assert do(database_url, statuses) == [("queued", 0)]
    do(database_url, dead_job)
    assert ": 2." in phuongso(settings, "jobs", "retry", "--all").stdout


def wait_for(url: str, expected: list[tuple[str, int]]) -> None:
    deadline = time.monotonic() + 60
    while do(url, statuses) != expected:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def resident(process: Served) -> int:
    """Bytes of memory that the process holds."""
    pages = Path(f"/proc/{process.process.pid}/statm").read_text().split()[1]
    return int(pages) * 4096


def test_a_server_does_the_work_too_and_stops_soon(settings: Environment, database_url: str) -> None:
    do(database_url, lambda connection: waiting.look_again(connection, "20314"))
    with served(settings, "serve") as process:
        process.wait_for("Serving on")
        wait_for(database_url, [])
        assert resident(process) < MOST_BYTES
        asked = time.monotonic()
        assert process.end(signal.SIGTERM) == 0
        assert time.monotonic() - asked < 10
    assert "Traceback" not in process.said


def test_a_server_leaves_the_work_to_a_worker_where_it_is_told_so(settings: Environment, database_url: str) -> None:
    do(database_url, lambda connection: waiting.look_again(connection, "20314"))
    with served(settings | {"PHUONGSO_WORKER": "false"}, "serve") as process:
        process.wait_for("Serving on")
        time.sleep(3)
        assert do(database_url, statuses) == [("queued", 0)]
        with served(settings, "worker") as worker:
            worker.wait_for("Working")
            wait_for(database_url, [])
            assert worker.end(signal.SIGTERM) == 0
        assert process.end(signal.SIGTERM) == 0
