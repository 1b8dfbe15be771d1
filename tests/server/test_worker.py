"""What the worker does by itself, on a real database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from geo import housekeeping, sessions
from geo.database import Database
from geo.lifecycle import Status
from geo.tables import crew, incident, incident_event, session
from server.work.registry import CHORES
from server.work.running import Hands, Pace
from server.worker import Worker
from tests import ward
from tests.ward import Ward

OURS = tuple(chore for chore in CHORES if chore.name != "clusters")
"""What the map counts has tests of its own."""


async def work_once(url: str) -> int:
    """Do every chore now, whenever it is due, until nothing is left of it; how many things were done."""
    database = Database(url, pool_size=1)
    try:
        hands = Hands(database, 1, Pace())
        return sum([await hands.finish(chore, lambda: False) for chore in OURS])
    finally:
        await database.close()


async def laid(database: Database) -> Ward:
    async with database.write() as connection:
        return await ward.build(connection)


async def resolved(database: Database, days: int) -> UUID:
    """An incident that was resolved so many days ago."""
    async with database.write() as connection:
        made = await ward.report(connection, status=Status.RESOLVED)
        ago = sa.func.now() - timedelta(days=days)
        values = {"reported_at": ago - timedelta(hours=3), "resolved_at": ago, "due_at": ago}
        await connection.execute(sa.update(incident).where(incident.c.id == made.key).values(**values))
        return made.key


async def status_of(database: Database, key: UUID) -> str:
    async with database.read() as connection:
        return str(await connection.scalar(sa.select(incident.c.status).where(incident.c.id == key)))


async def test_seven_days_of_silence_close_what_is_resolved(database: Database) -> None:
    await laid(database)
    old, young = await resolved(database, 8), await resolved(database, 6)
    assert await work_once(database.url) == 1
    assert [await status_of(database, key) for key in (old, young)] == [Status.CLOSED, Status.RESOLVED]
    async with database.read() as connection:
        steps = await connection.execute(
            sa.select(incident_event.c.from_status, incident_event.c.party).where(
                incident_event.c.incident_id == old, incident_event.c.to_status == Status.CLOSED
            )
        )
        assert steps.all() == [(Status.RESOLVED, "SYSTEM")]
    assert await work_once(database.url) == 0


async def test_two_workers_close_an_incident_once(database: Database) -> None:
    await laid(database)
    keys = [await resolved(database, 9) for _ in range(8)]
    done = await asyncio.gather(*(work_once(database.url) for _ in range(4)))
    assert sum(done) == len(keys)
    async with database.read() as connection:
        count = sa.select(sa.func.count()).where(
            incident_event.c.incident_id.in_(keys), incident_event.c.to_status == Status.CLOSED
        )
        assert await connection.scalar(count) == len(keys)


async def test_ended_sessions_are_forgotten_and_others_kept(database: Database) -> None:
    here = await laid(database)
    async with database.write() as connection:
        account = here.accounts["staff"]
        await connection.execute(sa.delete(session))
        await sessions.begin(connection, account, timedelta(seconds=-1))
        token = await sessions.begin(connection, account, timedelta(days=1))
        assert await housekeeping.end_expired_sessions(connection) == 1
        assert await sessions.actor_of(connection, token) is not None


async def test_the_worker_stops_when_asked(database: Database) -> None:
    stop = asyncio.Event()
    working = asyncio.create_task(Worker(database.url).work(stop))
    await asyncio.sleep(0.5)
    stop.set()
    await asyncio.wait_for(working, 15)  # a chore that it is at may go on for eight


async def test_a_deadline_is_told_by_the_worker(database: Database) -> None:
    await laid(database)
    async with database.write() as connection:
        made = await ward.report(connection)
        ago = sa.func.now() - timedelta(hours=1)
        await connection.execute(sa.update(incident).values(reported_at=ago - timedelta(days=1), due_at=ago))
        await connection.execute(sa.update(crew).values(on_duty=False))  # else it would be found to wait without need
    assert await work_once(database.url) == 1
    assert await work_once(database.url) == 0
    async with database.read() as connection:
        of = incident_event.c.incident_id == made.key
        notes = await connection.scalars(sa.select(incident_event.c.note).where(of, incident_event.c.party == "SYSTEM"))
        assert [(note or "").partition(":")[0] for note in notes] == ["Đã quá hạn xử lý"]
