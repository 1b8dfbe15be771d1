"""The small ward, laid once and copied for each test that changes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import engines, pools
from geo.actor import ANONYMOUS, Actor, Role
from geo.database import Database
from tests import ward
from tests.conftest import Copying

PATIENCE_SECONDS = 60
"""How long tests of several at once wait for a connection or a lock: it only ends what stands still."""


@dataclass
class Laid:
    """A database of one's own with the wards of `tests/ward.py`, and who calls there."""

    database: Database
    ward: ward.Ward
    actors: dict[str, Actor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        here, there = ward.CODE, ward.OTHER
        crews, accounts = self.ward.crews, self.ward.accounts
        first = {"team_id": self.ward.teams[ward.FIRST], "neighbourhood_id": self.ward.neighbourhoods[ward.FIRST]}
        self.actors = {
            "anonymous": ANONYMOUS,
            "admin": Actor(Role.ADMIN, accounts["admin"]),
            "staff": Actor(Role.STAFF, accounts["staff"], ward_code=here),
            "staff-other": Actor(Role.STAFF, accounts["staff-other"], ward_code=there),
            "crew-clean": Actor(Role.CREW_MEMBER, accounts["crew-clean"], ward_code=here, crew_id=crews[ward.CLEAN]),
            "crew-roads": Actor(Role.CREW_MEMBER, accounts["crew-roads"], ward_code=here, crew_id=crews[ward.ROADS]),
            "crew-other": Actor(Role.CREW_MEMBER, accounts["crew-other"], ward_code=there, crew_id=crews[ward.FAR]),
            "team-1": Actor(Role.TEAM_MEMBER, accounts["team-1"], ward_code=here, **first),
        }

    async def rows(self, statement: sa.Executable | str, **values: Any) -> list[Any]:
        """What a statement gives, in a snapshot of its own."""
        query = sa.text(statement) if isinstance(statement, str) else statement
        async with self.database.read() as connection:
            return list((await connection.execute(query, values)).all())

    async def value(self, statement: sa.Executable | str, **values: Any) -> Any:
        rows = await self.rows(statement, **values)
        return rows[0][0]


class OneTransaction(Database):
    """A database's readings and writings on one connection, in one transaction that is never committed."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        yield self._connection

    @asynccontextmanager
    async def write(self, *, silent: bool = False) -> AsyncIterator[AsyncConnection]:
        async with self._connection.begin_nested():
            yield self._connection


@pytest.fixture(scope="session")
async def laid_template(copying: Copying, template: str) -> AsyncIterator[tuple[str, ward.Ward]]:
    """The name of a database with the small ward, and its ids."""
    async with copying(template) as url:
        database = Database(url)
        async with database.write() as connection:
            made = await ward.build(connection)
        await database.close()
        yield make_url(url).database or "", made


@pytest.fixture(scope="session")
async def standing(copying: Copying, laid_template: tuple[str, ward.Ward]) -> AsyncIterator[Laid]:
    """The small ward in one database for all tests that change nothing in it."""
    name, made = laid_template
    async with copying(name) as url:
        database = Database(url)
        yield Laid(database, made)
        await database.close()


@pytest.fixture
async def connection(standing: Laid) -> AsyncIterator[AsyncConnection]:
    """One transaction in the small ward, never committed."""
    async with standing.database.engine.connect() as opened:
        yield opened


@pytest.fixture
def undone(standing: Laid, connection: AsyncConnection) -> Laid:
    """The small ward for tests that do one thing after another: all of it is undone afterwards."""
    return Laid(OneTransaction(connection), standing.ward)


@pytest.fixture
async def laid(
    copying: Copying, laid_template: tuple[str, ward.Ward], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Laid]:
    """The small ward in a database of this test's own, with sixteen connections, for tests of several at once.

    Two hundred who come together wait for those connections and for each other's locks, on a slow machine for longer
    than a server lets anybody wait: here they wait until they have them.
    """
    for of in (engines, pools):
        monkeypatch.setattr(of, "WAIT_SECONDS", PATIENCE_SECONDS)
    name, made = laid_template
    async with copying(name) as url:
        database = Database(url, pool_size=16, statement_timeout_ms=2_000 * PATIENCE_SECONDS)
        yield Laid(database, made)
        await database.close()
