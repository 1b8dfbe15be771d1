"""How the tests of the desk send a report, take a step and look at what stands afterwards."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

from geo import stepping
from geo.actor import ANONYMOUS, Actor
from geo.positions import Position
from geo.receiving import receive
from geo.reports import Report
from geo.secrets import reporter_secret
from tests import ward
from tests.geo.conftest import Laid

FIRST = Position(*ward.IN_FIRST)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def report_of(**values: Any) -> Report:
    return Report(**({"request_key": uuid4(), "category": "ENVIRONMENT", "location": FIRST} | values))


async def send(laid: Laid, report: Report, actor: Actor = ANONYMOUS) -> tuple[str, UUID]:
    async with laid.database.write() as connection:
        return await receive(connection, actor, report, reporter_secret(b"key", report.request_key))


async def row_of(laid: Laid, id_: UUID) -> Any:
    return (await laid.rows("SELECT * FROM incident WHERE id = :id", id=id_))[0]


async def steps_of(laid: Laid, id_: UUID) -> list[tuple[Any, ...]]:
    query = "SELECT from_status, to_status, party, crew_id FROM incident_event WHERE incident_id = :id ORDER BY at, id"
    return [tuple(row) for row in await laid.rows(query, id=id_)]


async def step(laid: Laid, actor: Actor, id_: UUID, take: Any, *arguments: Any, code: str = ward.CODE) -> None:
    """One step in a transaction of its own, as a mutation takes it."""
    async with laid.database.write() as connection:
        row = await stepping.locked(connection, actor, code, id_)
        await take(connection, actor, row, *arguments)


async def until_waiting(laid: Laid, count: int = 1) -> None:
    """Until so many sessions of this database wait for a lock; fails after a while."""
    async with asyncio.timeout(30):
        while await laid.value(WAITING) < count:  # noqa: ASYNC110 - a lock tells nothing
            await asyncio.sleep(0.01)
