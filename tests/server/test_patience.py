"""What takes too long is given up, whoever goes away is not worked for, and nobody's slow query is everybody's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
import sqlalchemy as sa

from geo.database import Database
from geo.language import Language
from server.answers import later
from tests.server.live import Station, Stations, eventually
from tests.ward import CODE

SLOW = "{ ward { places(first: 1) { nodes { name } } } }"
CHEAP = {"query": "{ ward { name } }"}


@asynccontextmanager
async def held(station: Station, table: str = "place") -> AsyncIterator[asyncpg.Connection]:
    """While one table may not be read: whatever reads it takes as long as it may."""
    connection = await asyncpg.connect(station.database.url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    try:
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()


async def waiting(connection: asyncpg.Connection) -> int:
    """How many statements of ours wait for the lock."""
    await connection.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees the same for ever
    count: int = await connection.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return count


async def comes_to(connection: asyncpg.Connection, count: int) -> None:
    for _ in range(500):
        if await waiting(connection) == count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{await waiting(connection)} statements wait, not {count}")


def ask(http: httpx.AsyncClient, query: str = SLOW, address: str = "192.0.2.1", **options: Any) -> Any:
    return http.post("/graphql", json={"query": query}, headers={"X-Forwarded-For": address}, **options)


@asynccontextmanager
async def warmed(station: Station, http: httpx.AsyncClient) -> AsyncIterator[None]:
    """With all connections open: after a second of waiting for one, what holds another is given up."""
    pool = await station.database.pools.of("force_custom_plan")
    async with AsyncExitStack() as connections:
        for _ in range(pool.get_max_size()):
            await connections.enter_async_context(pool.acquire())
    assert (await ask(http)).json()["data"]
    yield


@pytest.fixture(scope="module")
async def hurried(stations: Stations) -> AsyncIterator[Station]:
    """A server that gives an operation up after half a second."""
    async with (
        stations(operation_seconds=0.5, statement_seconds=60) as opened,
        httpx.AsyncClient(base_url=f"http://{opened.host}") as http,
    ):
        # What is made at the first request is made: on a slow machine that alone may take half a second.
        async with asyncio.timeout(60):
            while (await http.post("/graphql", json=CHEAP)).status_code != 200:
                pass
        yield opened


@pytest.fixture(scope="module")
async def patient(stations: Stations) -> AsyncIterator[Station]:
    """A server behind a proxy, where an operation may take a minute."""
    async with stations(operation_seconds=60, statement_seconds=120, proxies=1) as opened:
        yield opened


async def test_what_takes_too_long_is_told_in_time_and_its_sql_cancelled(hurried: Station) -> None:
    async with held(hurried) as lock, httpx.AsyncClient(base_url=f"http://{hurried.host}") as http:
        for language, words in (("vi", "quá nhiều thời gian"), ("en", "took too long")):
            began = time.monotonic()
            response = await http.post("/graphql", json={"query": SLOW}, headers={"Accept-Language": language})
            assert time.monotonic() - began < 5
            assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
            (error,) = response.json()["errors"]
            assert error["extensions"] == {"code": "TIMEOUT"}
            assert words in error["message"]
        events = await http.post("/graphql", json={"query": SLOW}, headers={"Accept": "text/event-stream"})
        assert '"code":"TIMEOUT"' in events.text
        async with hurried.socket() as socket:
            await socket.follow(query=SLOW)
            answer = await socket.receive()
            assert (answer["type"], answer["payload"][0]["extensions"]) == ("error", {"code": "TIMEOUT"})
        await comes_to(lock, 0)
        assert (await http.post("/graphql", json=CHEAP)).json()["data"]["ward"]["name"]


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_who_goes_away_is_not_worked_for(patient: Station, method: str, accept: str) -> None:
    async with held(patient) as lock, httpx.AsyncClient(base_url=f"http://{patient.host}") as http:
        given: Any = {"params": {"query": SLOW}} if method == "GET" else {"json": {"query": SLOW}}
        asking = asyncio.create_task(http.request(method, "/graphql", headers={"Accept": accept}, **given))
        await comes_to(lock, 1)
        asking.cancel()
        await comes_to(lock, 0)


async def test_a_socket_that_is_cut_or_completes_is_not_worked_for(patient: Station) -> None:
    async with held(patient) as lock, patient.socket() as cut, patient.socket() as completing:
        await cut.follow(query=SLOW)
        await completing.follow(query=SLOW)
        await comes_to(lock, 2)
        await completing.send(id="1", type="complete")
        await comes_to(lock, 1)
        cut.connection.transport.abort()
        await comes_to(lock, 0)


async def test_slow_queries_of_many_callers_leave_room_for_others(stations: Stations) -> None:
    """Twelve callers at once ask what takes a minute, of a server with four connections."""
    async with (
        stations(operation_seconds=60, statement_seconds=120, proxies=1) as station,
        httpx.AsyncClient(base_url=f"http://{station.host}", timeout=60) as http,
        warmed(station, http),
        held(station) as lock,
    ):
        slow = [asyncio.create_task(ask(http, address=f"192.0.2.{number}")) for number in range(12)]
        await comes_to(lock, 4)
        began = time.monotonic()
        assert (await ask(http, "{ __typename }", "198.51.100.1")).json() == {"data": {"__typename": "Query"}}
        assert time.monotonic() - began < 1
        assert (await ask(http, "{ ward { name } }", "198.51.100.1")).json()["data"]
        assert time.monotonic() - began < 6
        # Now it is known to be slow, and those who wait for theirs wait on.
        began = time.monotonic()
        for number in range(5):
            assert (await ask(http, "{ ward { name } }", f"198.51.100.{number}")).json()["data"]
        assert time.monotonic() - began < 1
        assert await waiting(lock) in (2, 3)
        done, _ = await asyncio.wait(slow, timeout=0)
        assert {task.result().status_code for task in done} <= {503}
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        await comes_to(lock, 0)


async def test_one_caller_has_only_so_much_under_way(stations: Stations) -> None:
    async with (
        stations(operation_seconds=60, statement_seconds=120, proxies=1, max_operations_per_caller=3) as station,
        held(station) as lock,
        httpx.AsyncClient(base_url=f"http://{station.host}", timeout=60) as http,
    ):
        slow = [asyncio.create_task(ask(http)) for _ in range(3)]
        await comes_to(lock, 3)
        response = await ask(http, "{ ward { name } }")
        assert (response.status_code, response.headers["Retry-After"]) == (429, "5")
        assert response.json()["errors"][0]["extensions"] == {"code": "TOO_MANY_REQUESTS"}
        assert (await ask(http, "{ ward { name } }", "198.51.100.1")).json()["data"]
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)


async def test_a_change_waits_for_what_another_holds_and_not_for_long(stations: Stations) -> None:
    close = 'mutation { publishIncident(input: {incidentId: "%s", published: true}) { __typename } }'
    async with stations(statement_seconds=1, pool_size=2) as station:
        reported = await station.report()
        async with station.database.write() as connection, httpx.AsyncClient(base_url=f"http://{station.host}") as http:
            await connection.execute(sa.text("SELECT 1 FROM incident FOR UPDATE"))
            began = time.monotonic()
            headers = {"Authorization": f"Bearer {station.tokens['staff']}"}
            response = await http.post("/graphql", json={"query": close % reported.id}, headers=headers)
            assert time.monotonic() - began < 5
        assert response.status_code == 503, response.text
        assert int(response.headers["Retry-After"]) > 0


async def test_a_statement_given_up_by_the_database_is_told_as_such(database: Database) -> None:
    hurried = Database(database.url, statement_timeout_ms=500)  # which holds for what a new connection asks, too
    try:
        async with hurried.read() as connection:
            with pytest.raises(sa.exc.DBAPIError) as by_engine:
                await connection.execute(sa.text("SELECT pg_sleep(5)"))
        pool = await hurried.pools.of("force_custom_plan")
        async with pool.acquire() as bare:
            with pytest.raises(asyncpg.QueryCanceledError) as by_plan:
                await bare.fetch("SELECT pg_sleep(5)")
        for error in (by_engine.value, by_plan.value):
            told = later(error)
            assert told is not None
            assert (told.status, told.error(Language.EN).extensions) == (503, {"code": "TIMEOUT"})
    finally:
        await hurried.close()


async def test_nothing_stays_behind(patient: Station) -> None:
    await eventually(lambda: not patient.live.reading.taken and not patient.live.writing.taken)
    async with httpx.AsyncClient(base_url=f"http://{patient.host}") as http:
        assert (await ask(http, f'{{ ward(code: "{CODE}") {{ name }} }}')).status_code == 200
    await eventually(lambda: not patient.live.reading.taken)
