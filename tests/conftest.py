"""Databases for the tests: real PostGIS, one fresh database a test, copied from a migrated template.

The server is a private cluster, shared by all test processes and stopped by the last; or the one that
TEST_DATABASE_URL names (a superuser's address).
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy import make_url

from geo.database import Database
from geo.demo import load as load_demo
from geo.migrating import upgrade
from server.cluster import USER, private_cluster
from tests.memory import roomy_folder

# Looking for garbage less often: collecting the tests and making statements both make objects by the million, and to
# look among them each time was up to two fifths of the processor's time.
gc.set_threshold(50_000, 20, 20)

hypothesis_settings.register_profile("local", deadline=None)
hypothesis_settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis_settings.load_profile("ci" if os.environ.get("CI") else "local")

_GIVEN = os.environ.get("TEST_DATABASE_URL")
_OURS = f"test_{os.getpid()}_"

_MOST_SPARE = 2

Copying = Callable[[str], AbstractAsyncContextManager[str]]


def at_database(url: str, database: str, user: str | None = None) -> str:
    """`database` on the same server, as `user` where one is named."""
    parts = make_url(url).set(database=database)
    return (parts.set(username=user) if user else parts).render_as_string(hide_password=False)


def pytest_collection_finish() -> None:
    """Never look for garbage among all that was collected."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def cluster_url() -> Iterator[str]:
    """A superuser's address on a PostGIS server that is there for tests."""
    if _GIVEN is not None:
        yield _GIVEN
        return
    with (
        roomy_folder(Path(__file__).parent.parent / "var" / "test") as folder,
        private_cluster(folder, durable=False) as cluster,
    ):
        yield cluster.administrator_url()


@pytest.fixture(scope="session")
async def copying(cluster_url: str) -> AsyncIterator[Copying]:
    """`copying(template)` is a copy for the length of a block: its address, as the application's own role."""
    async with asyncpg.create_pool(at_database(cluster_url, "postgres"), min_size=1, max_size=4) as server:
        if _GIVEN is None:
            await _drop_forgotten(server)
        else:
            await _make_role(server)
        copies = Copies(server)

        @asynccontextmanager
        async def copy(template: str) -> AsyncIterator[str]:
            name = await copies.take(template)
            try:
                yield at_database(cluster_url, name, USER)
            finally:
                await copies.give_back(template, name)

        yield copy
        await copies.close()


_LEFT = """
SELECT tup_inserted + tup_updated + tup_deleted > 0 OR NOT current_setting('track_counts')::boolean AS touched,
       EXISTS (SELECT FROM pg_stat_activity WHERE datname = $1) AS busy
FROM pg_stat_database WHERE datname = $1"""
"""Whether a row was ever written in a database, in its catalogue or in what was rolled back too; and whether anybody is
there still, for a session tells what it did when it leaves."""


class Copies:
    """Copies of databases: each takes PostgreSQL a twentieth of a second to make and to drop.

    One in which nothing was written serves the next test as well. Else the next copy of a template that was copied
    twice is made while a test runs, and what a test leaves is dropped while others do.
    """

    def __init__(self, server: asyncpg.Pool) -> None:
        self._server = server
        self._numbers = itertools.count()
        self._known: set[str] = set()
        self._spare: dict[str, list[asyncio.Task[str]]] = {}
        self._dropping: set[asyncio.Task[None]] = set()

    async def take(self, template: str) -> str:
        """The name of a copy of `template`."""
        spare = self._spare.setdefault(template, [])
        name = await (spare.pop() if spare else self._make(template))
        if template in self._known and not spare:
            spare.append(asyncio.create_task(self._make(template)))
        self._known.add(template)
        return name

    async def give_back(self, template: str, name: str) -> None:
        """Keep a copy in which nothing was written; drop any other before long, with the spare copies made of it."""
        spare = self._spare.get(template, [])
        if len(spare) < _MOST_SPARE and await self._is_untouched(name):
            spare.append(asyncio.create_task(_at_hand(name)))
            return
        dropping = asyncio.create_task(self._drop(name, self._spare.pop(name, [])))
        self._dropping.add(dropping)
        dropping.add_done_callback(self._dropping.discard)

    async def close(self) -> None:
        """Wait until all is dropped."""
        await asyncio.gather(*self._dropping)

    async def _make(self, template: str) -> str:
        name = f"{_OURS}{next(self._numbers)}"
        await self._server.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {USER} STRATEGY FILE_COPY")
        return name

    async def _is_untouched(self, name: str) -> bool:
        """Whether nothing was written there, and nobody is there any more who might have."""
        quiet = 0
        for _ in range(40):
            left = await self._server.fetchrow(_LEFT, name)
            if left is None or left["touched"]:
                return False
            # Asked once more: somebody may have left, and told it, between the two things asked for.
            quiet = 0 if left["busy"] else quiet + 1
            if quiet > 1:
                return True
            if left["busy"]:
                await asyncio.sleep(0.005)
        return False

    async def _drop(self, name: str, spare: list[asyncio.Task[str]]) -> None:
        for one in spare:
            await self._drop(await one, [])
        await self._server.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def _at_hand(name: str) -> str:
    return name


async def _make_role(server: asyncpg.Pool) -> None:
    """Make the application's role where it is missing: no superuser, for what a superuser may proves little."""
    with suppress(asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        await server.execute(f"CREATE ROLE {USER} LOGIN CREATEDB")


async def _drop_forgotten(server: asyncpg.Pool) -> None:
    """Drop what killed test runs left: databases carry the number of the process that made them."""
    for row in await server.fetch("SELECT datname FROM pg_database WHERE datname ~ '^test_[0-9]+_'"):
        if not _lives(row["datname"].split("_")[1]):
            # Another process of this run may have dropped it meanwhile.
            await server.execute(f"DROP DATABASE IF EXISTS {row['datname']} WITH (FORCE)")


def _lives(process: str) -> bool:
    return Path(f"/proc/{process}").exists()


@pytest.fixture(scope="session")
async def empty_template(cluster_url: str, copying: Copying) -> AsyncIterator[str]:
    """The name of a database with PostGIS and nothing else."""
    async with copying("template0") as url:
        name = make_url(url).database or ""
        connection = await asyncpg.connect(at_database(cluster_url, name))
        await connection.execute("CREATE EXTENSION postgis")
        await connection.close()
        yield name


@pytest.fixture(scope="session")
async def template(copying: Copying, empty_template: str) -> AsyncIterator[str]:
    """The name of a migrated database without a ward."""
    async with copying(empty_template) as url:
        await asyncio.to_thread(upgrade, url)
        yield make_url(url).database or ""


@pytest.fixture
async def empty_url(copying: Copying, empty_template: str) -> AsyncIterator[str]:
    """The address of a database of this test's own, not migrated yet."""
    async with copying(empty_template) as url:
        yield url


@pytest.fixture
async def database_url(copying: Copying, template: str) -> AsyncIterator[str]:
    """The address of a migrated database of this test's own."""
    async with copying(template) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database of this test's own, opened."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
async def demo_template(copying: Copying, template: str) -> AsyncIterator[str]:
    """The name of a database with the demo ward."""
    async with copying(template) as url:
        loading = Database(url, statement_timeout_ms=0)
        async with loading.write() as connection:
            await load_demo(connection, lambda *_: None)
        await loading.close()
        yield make_url(url).database or ""


@pytest.fixture
async def demo_url(copying: Copying, demo_template: str) -> AsyncIterator[str]:
    """The address of a demo ward of this test's own."""
    async with copying(demo_template) as url:
        yield url


@pytest.fixture
async def demo(demo_url: str) -> AsyncIterator[Database]:
    """A demo ward of this test's own, opened."""
    opened = Database(demo_url)
    yield opened
    await opened.close()
