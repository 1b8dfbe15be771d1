"""Workers as real processes on a real database: each job is done once, whatever becomes of a worker."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import jobs
from geo.database import Database
from server.work.registry import Chore
from server.worker import Worker, working
from tests.server.working import JOBS, PACE, TABLES, enqueue, processes, rows, until

QUEUED = "SELECT count(*) FROM jobs.pgqueuer"
DONE = "SELECT count(*) FROM done"
WORKERS = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'phuongso worker'
"""


@pytest.fixture(autouse=True)
async def tables(database: Database) -> None:
    async with database.write() as connection:
        for statement in TABLES.strip().splitlines():
            await connection.execute(sa.text(statement))


async def test_two_workers_do_each_job_once(database: Database) -> None:
    count = 400
    with processes(database.url, 2) as workers:
        await until(database, WORKERS, 2)
        for first in range(0, count, 50):
            await enqueue(database, "note", *range(first, first + 50))
        await until(database, QUEUED, 0)
        for worker in workers:
            worker.stop()
    assert [row.job for row in await rows(database, "SELECT job FROM done ORDER BY job")] == list(range(count))
    shares = await rows(database, "SELECT process, count(*) FROM done GROUP BY process")
    assert {row.process for row in shares} == {worker.number for worker in workers}


async def test_a_job_whose_worker_is_killed_is_done_by_another(database: Database) -> None:
    with processes(database.url, 1) as [first]:
        await enqueue(database, "linger", 7, seconds=60)
        await until(database, "SELECT count(*) FROM begun", 1)
        first.kill()
    # What the killed one had done is undone with its transaction; shorter now, so that another comes to its end.
    assert await rows(database, "SELECT * FROM done") == []
    async with database.write() as connection:
        payload = b'{"job":7,"seconds":0}'
        await connection.execute(sa.text("UPDATE jobs.pgqueuer SET payload = :payload"), {"payload": payload})
    with processes(database.url, 1) as [second]:
        await until(database, QUEUED, 0)
        assert await rows(database, "SELECT job, process FROM done") == [(7, second.number)]
        second.stop()


async def test_a_job_that_lasts_longer_than_the_takeover_is_left_to_who_has_it(database: Database) -> None:
    with processes(database.url, 2) as workers:
        await enqueue(database, "linger", 1, seconds=7)
        await until(database, QUEUED, 0)
        for worker in workers:
            worker.stop()
    assert len(await rows(database, "SELECT * FROM begun")) == 1
    assert len(await rows(database, "SELECT * FROM done")) == 1


async def test_a_worker_that_was_held_up_leaves_the_job_to_who_took_it_over(database: Database) -> None:
    [number] = await enqueue(database, "note", 1)
    stop = asyncio.Event()
    worker = Worker(database.url, jobs=JOBS, chores=(), pace=PACE)
    async with database.write() as connection:
        # Somebody else's, and alive: no job of this worker's, whatever it may have thought.
        await connection.execute(
            sa.text("UPDATE jobs.pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid(),"
                    " heartbeat = now() + interval '1 hour'")
        )  # fmt: skip
    working_on = asyncio.create_task(worker.work(stop))
    await asyncio.sleep(1)
    stop.set()
    await working_on
    assert await rows(database, "SELECT id FROM jobs.pgqueuer") == [(number,)]
    assert await rows(database, "SELECT * FROM done") == []


async def test_a_worker_that_is_stopped_gives_back_what_it_breaks_off(database: Database) -> None:
    with processes(database.url, 1) as [worker]:
        await enqueue(database, "linger", 3, seconds=600)
        await until(database, "SELECT count(*) FROM begun", 1)
        worker.stop()  # long before the job would have come to its end
    assert await rows(database, "SELECT status::text, attempts FROM jobs.pgqueuer") == [("queued", 0)]
    assert await rows(database, "SELECT * FROM done") == []


async def test_an_idle_worker_stops_at_once(database: Database) -> None:
    with processes(database.url, 1, grace=600) as [worker]:
        await enqueue(database, "note", 1)
        await until(database, DONE, 1)
        worker.stop()  # waiting for nothing: whatever it waited for would have its grace


async def test_what_fails_is_tried_again_and_then_kept_for_a_person(database: Database) -> None:
    with processes(database.url, 1) as [worker]:
        [number] = await enqueue(database, "fail", 5)
        await until(database, "SELECT status::text FROM jobs.pgqueuer", "failed")
        async with database.read() as connection:
            [dead] = await jobs.dead(connection)
        assert (dead.id, dead.name, dead.payload, dead.tries) == (number, "fail", {"job": 5}, PACE.tries)
        assert dead.error == "ValueError"
        async with database.write() as connection:
            assert await jobs.retry(connection, [number]) == 1
        await until(database, "SELECT count(*) FROM jobs.pgqueuer_log WHERE status = 'picked'", PACE.tries)
        await until(database, "SELECT status::text FROM jobs.pgqueuer", "failed")
        said = worker.stop()
    assert await rows(database, "SELECT * FROM done") == []
    assert "ValueError" in said
    everywhere = "SELECT coalesce(string_agg(log::text, ''), '') FROM jobs.pgqueuer_log AS log"
    for told in (said, (await rows(database, everywhere))[0][0]):
        assert "Nguyễn" not in told
        assert "0905000111" not in told


async def test_a_job_that_workers_die_of_is_not_begun_for_ever(database: Database) -> None:
    [number] = await enqueue(database, "note", 1)
    async with database.write() as connection:
        log = sa.text(
            "INSERT INTO jobs.pgqueuer_log (job_id, status, entrypoint, priority) VALUES (:id, 'picked', '', 0)"
        )
        await connection.execute(log, [{"id": number}] * PACE.tries)
    async with working(Worker(database.url, jobs=JOBS, chores=(), pace=PACE)):
        await until(database, "SELECT status::text FROM jobs.pgqueuer", "failed")
    async with database.read() as connection:
        assert [job.error for job in await jobs.dead(connection)] == ["Abandoned"]
    assert await rows(database, "SELECT * FROM done") == []


async def test_the_delays_grow_and_differ() -> None:
    delays = [[PACE.delay(attempts) for _ in range(50)] for attempts in range(6)]
    for attempts, drawn in enumerate(delays):
        whole = PACE.first_delay * 2**attempts
        assert whole / 2 <= min(drawn) < max(drawn) <= whole * 1.5
    assert PACE.delay(500) <= PACE.longest_delay * 1.5


async def test_a_job_for_later_waits(database: Database) -> None:
    async with database.write() as connection:
        number = await jobs.enqueue(connection, "note", {"job": 1}, at=datetime.now(UTC) + timedelta(hours=1))
        await jobs.enqueue(connection, "note", {"job": 2})
    async with working(Worker(database.url, jobs=JOBS, chores=(), pace=PACE)):
        await until(database, DONE, 1)
        assert await rows(database, "SELECT job FROM done") == [(2,)]
        at = datetime.now(UTC) + timedelta(seconds=0.5)
        async with database.write() as connection:
            sooner = sa.text("UPDATE jobs.pgqueuer SET execute_after = :at WHERE id = :number")
            await connection.execute(sooner, {"at": at, "number": number})
        await until(database, DONE, 2)
        assert datetime.now(UTC) >= at


async def test_a_chore_is_done_by_one_of_two_workers(database: Database) -> None:
    async with database.write() as connection:
        due = (
            "INSERT INTO jobs.pgqueuer_schedules (expression, entrypoint, next_run) VALUES ('* * * * *', 'tick', now())"
        )
        await connection.execute(sa.text(due))
    before = datetime.now(UTC)
    with processes(database.url, 2) as workers:
        await until(database, WORKERS, 2)
        await until(database, "SELECT count(*) > 0 FROM ticked", True)
        await asyncio.sleep(1.5)
        for worker in workers:
            worker.stop()
    ticks = 1 + (datetime.now(UTC).minute - before.minute) % 60
    assert (await rows(database, "SELECT count(*) FROM ticked"))[0][0] in range(1, ticks + 1)


async def test_a_worker_outlives_its_connections(database: Database) -> None:
    async with working(Worker(database.url, jobs=JOBS, chores=(), pace=PACE)):
        await enqueue(database, "note", 1)
        await until(database, DONE, 1)
        async with database.write() as connection:
            ended = sa.text(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert await connection.scalar(ended) >= 2
        await enqueue(database, "note", 2)
        await until(database, DONE, 2)


async def test_a_worker_waits_for_tables_that_are_not_there_yet(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(sa.text("ALTER SCHEMA jobs RENAME TO elsewhere"))
    async with working(Worker(database.url, jobs=JOBS, chores=(), pace=PACE)):
        await asyncio.sleep(0.5)
        async with database.write() as connection:
            await connection.execute(sa.text("ALTER SCHEMA elsewhere RENAME TO jobs"))
        await enqueue(database, "note", 1)
        await until(database, DONE, 1)


async def _never_ends(_: AsyncConnection, __: dict[str, Any]) -> None:
    await asyncio.Event().wait()


async def test_jobs_that_never_end_are_broken_off_and_fail(database: Database) -> None:
    await enqueue(database, "endless", 1, 2)
    await enqueue(database, "note", 3)
    # The note has as long as they, and a worker that has just begun has a connection to open: one try, of two seconds.
    pace = replace(PACE, longest=timedelta(seconds=2), tries=1)
    async with working(Worker(database.url, jobs={**JOBS, "endless": _never_ends}, chores=(), pace=pace)):
        await until(database, DONE, 1)
        await until(database, "SELECT count(*) FROM jobs.pgqueuer WHERE status = 'failed'", 2)
    async with database.read() as connection:
        assert {job.error for job in await jobs.dead(connection)} == {"TimeoutError"}


async def test_chores_go_on_while_jobs_never_end(database: Database) -> None:
    async def tick(connection: AsyncConnection) -> int:
        await connection.execute(sa.text("INSERT INTO ticked VALUES (1)"))
        return 0

    await enqueue(database, "endless", 1, 2, 3)
    chore = Chore("tick", "* * * * * *", tick)
    async with working(Worker(database.url, jobs={"endless": _never_ends}, chores=(chore,), pace=PACE)):
        await until(database, "SELECT count(*) FROM jobs.pgqueuer WHERE status = 'picked'", 3)
        async with database.write() as connection:
            await connection.execute(sa.text("DELETE FROM ticked"))
        await until(database, "SELECT count(*) > 0 FROM ticked", True)
