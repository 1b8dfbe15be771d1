"""A database that is away, full, locked, stalled or slow: 503 in ten seconds, and when to come again, then all well."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx

from tests import ward
from tests.faults.served import ANSWERED_SECONDS, Served, is_unavailable, refused_in_time
from tests.server.live import eventually

AT_ONCE = 24
OURS = "datname = '{}' AND usename = 'phuongso'"


async def test_a_steady_reader_meets_errors_for_a_second_at_most_after_the_database_is_back(served: Served) -> None:
    asked: list[tuple[float, httpx.Response]] = []
    back = 0.0

    async def one() -> None:
        began = time.monotonic()
        asked.append((began, await served.name()))

    async def read() -> None:
        under_way: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as requests:
            while not back or time.monotonic() < back + 2.5:
                # Who asks for more at once than one caller may is refused for that.
                if len(under_way) < AT_ONCE:
                    under_way.add(asking := requests.create_task(one()))
                    asking.add_done_callback(under_way.discard)
                await asyncio.sleep(0.02)

    async def meets(status: int) -> None:
        await eventually(lambda: any(answer.status_code == status for _, answer in asked))

    reading = asyncio.create_task(read())
    try:
        await meets(200)
        await served.house.stop_database()
        await meets(503)
        starting = asyncio.create_task(served.house.start_database())
        while not back:
            try:
                connection = await asyncpg.connect(served.house.cluster.administrator_url(served.database))
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.01)
            else:
                back = time.monotonic()
                await connection.close()
        await starting
        await reading
    finally:
        reading.cancel()
    for _, answer in asked:
        if answer.status_code != 200:
            is_unavailable(answer)
    wrong = [began for began, answer in asked if answer.status_code != 200]
    assert wrong, "the outage was not felt: nothing was tried"
    assert max(wrong) - back < 1.0
    # Nor is anybody kept waiting: with all asks under way none began so late.
    assert any(answer.status_code == 200 and began - back > 1.0 for began, answer in asked)


async def test_readiness_follows_the_database_and_its_version_and_life_does_not(served: Served) -> None:
    await served.house.stop_database()
    began = time.monotonic()
    is_unavailable(await served.http.get("/health/ready"))
    assert (await served.http.get("/health/live")).status_code == 200
    assert time.monotonic() - began < ANSWERED_SECONDS
    await served.house.start_database()
    assert (await served.http.get("/health/ready")).status_code == 200
    (found,) = await served.house.execute("SELECT version_num FROM alembic_version", served.database)
    for other in ("0001", "9999"):
        await served.house.execute("UPDATE alembic_version SET version_num = $1", served.database, other)
        answer = await served.http.get("/health/ready")
        is_unavailable(answer)
        assert answer.json()["database"] == "another version"
        assert (await served.http.get("/health/live")).status_code == 200
    await served.house.execute("UPDATE alembic_version SET version_num = $1", served.database, found[0])
    assert (await served.http.get("/health/ready")).status_code == 200


async def test_who_waits_for_a_lock_is_told_to_come_again_and_keeps_nobody_else_waiting(served: Served) -> None:
    key = uuid4()
    holder = await asyncpg.connect(served.house.cluster.administrator_url(served.database))
    async with holder.transaction():
        await holder.execute("SELECT FROM ward WHERE code = $1 FOR UPDATE", ward.CODE)
        waiting = [
            asyncio.create_task(refused_in_time(served.report(one))) for one in (key, *(uuid4() for _ in range(9)))
        ]
        waits = f"SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND {OURS.format(served.database)}"
        await served.house.eventually(waits, "postgres")
        began = time.monotonic()
        assert (await served.name()).status_code == 200
        assert time.monotonic() - began < 2
        await asyncio.gather(*waiting)
    await holder.close()
    assert await served.stored(key) == 0
    assert (await served.report(key)).status_code == 200
    assert await served.stored(key) == 1


async def test_connections_that_are_all_taken_are_told_as_such(served: Served) -> None:
    await served.house.execute("ALTER ROLE phuongso CONNECTION LIMIT 0")
    try:
        await _hang_up(served)
        await refused_in_time(served.name())
        await refused_in_time(served.report())
        await refused_in_time(served.http.get("/health/ready"))
        await refused_in_time(served.http.get("/map/ward.geojson"))
        await refused_in_time(served.http.get("/", headers={"Accept": "text/html"}))
    finally:
        await served.house.execute("ALTER ROLE phuongso CONNECTION LIMIT -1")


async def test_a_database_that_stalls_is_given_up_in_time(served: Served) -> None:
    key = uuid4()
    # Every kind of connection is open by then: one that is opened later does not sleep.
    ready = (served.http.get("/health/ready") for _ in range(4))
    await asyncio.gather(*(served.name() for _ in range(8)), *ready, served.report())
    async with served.house.asleep(OURS.format(served.database)) as asleep:
        assert asleep
        asking = [
            served.name(),
            served.report(key),
            served.http.get("/map/ward.geojson"),
            served.http.get("/health/ready"),
        ]
        await asyncio.gather(*(refused_in_time(one) for one in asking))
        assert (await served.http.get("/health/live")).status_code == 200
    await served.is_well()
    assert (await served.report(key)).status_code == 200
    assert await served.stored(key) == 1


async def test_a_slow_way_to_the_database_is_slow_and_no_fault(served: Served) -> None:
    key = uuid4()
    served.link.delay = 0.1
    try:
        began = time.monotonic()
        assert (await served.report(key)).status_code == 200
        assert time.monotonic() - began < ANSWERED_SECONDS
    finally:
        served.link.delay = 0
    assert await served.stored(key) == 1


@asynccontextmanager
async def full(served: Served, table: str) -> AsyncIterator[None]:
    """A table, empty so far, on a full disk: its file is `/dev/full`, where the kernel lets no write succeed."""
    await served.house.execute("CHECKPOINT")
    (found,) = await served.house.execute(f"SELECT pg_relation_filepath('{table}')", served.database)
    file: Path = served.house.cluster.data / found[0]
    assert file.stat().st_size == 0, f"{table} is not empty"
    kept = file.with_name(f"{file.name}.kept")
    file.rename(kept)
    file.symlink_to("/dev/full")
    try:
        await _hang_up(served)
        yield
    finally:
        file.unlink()
        kept.rename(file)
        await _hang_up(served)


async def _hang_up(served: Served) -> None:
    """End the server's sessions: each keeps the files open that it has used."""
    for number in await served.house.backends(OURS.format(served.database)):
        await served.house.execute("SELECT pg_terminate_backend($1)", "postgres", number)


async def test_a_full_disk_under_the_database_is_told_as_such_and_stores_nothing(served: Served) -> None:
    key = uuid4()
    given = {"reporter": {"name": "Lê Thị Phản Ánh", "phone": "0905000111", "consent": True}}
    async with full(served, "reporter"):
        await refused_in_time(served.report(key, **given))
        assert (await served.name()).status_code == 200
        assert await served.stored(key) == 0
    assert (await served.report(key, **given)).status_code == 200
    assert await served.stored(key) == 1
