"""`dispatchBacklog`: staff ask, the worker plans, and the queue is given to crews within seconds."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from geo.lifecycle import Status
from geo.tables import crew, incident
from server.work.registry import JOBS
from server.work.running import Pace
from server.worker import Worker, working
from tests import ward
from tests.asking import Desk
from tests.ward import CODE

ASK = """
mutation($input: DispatchBacklogInput!) { dispatchBacklog(input: $input) {
  __typename ... on UserError { code message path } ... on DispatchBacklogPayload { wardCode waiting }
} }
"""
QUEUED = sa.text("SELECT count(*) FROM jobs.pgqueuer WHERE entrypoint = 'plan_backlog'")


async def ask(desk: Desk, by: str | None, code: str = CODE) -> Any:
    return (await desk.data(ASK, by, input={"wardCode": code}))["dispatchBacklog"]


async def value(desk: Desk, statement: Any) -> Any:
    async with desk.database.read() as connection:
        return await connection.scalar(statement)


async def waiting(desk: Desk) -> int:
    here = sa.and_(incident.c.ward_code == CODE, incident.c.status == Status.RECEIVED)
    count: int = await value(desk, sa.select(sa.func.count()).where(here))
    return count


@pytest.mark.parametrize("by", [None, "crew-clean", "team-1", "staff-other"])
async def test_others_are_refused_and_nothing_is_planned(desk: Desk, by: str | None) -> None:
    assert (await ask(desk, by))["code"] == "NOT_ALLOWED"
    assert await value(desk, QUEUED) == 0


async def test_a_ward_that_is_not_kept_is_not_found(desk: Desk) -> None:
    assert (await ask(desk, "admin", "00000"))["path"] == ["input", "wardCode"]


async def test_the_worker_gives_the_queue_to_crews(desk: Desk) -> None:
    async with desk.database.write() as connection:
        for _ in range(3):
            await ward.report(connection, category="ENVIRONMENT")
        room = sa.update(crew).where(crew.c.id == desk.ward.crews[ward.CLEAN])
        await connection.execute(room.values(on_duty=True, capacity=100, coverage=None))
    before = await waiting(desk)
    assert before >= 3
    expected = {"__typename": "DispatchBacklogPayload", "wardCode": CODE, "waiting": before}
    assert await ask(desk, "staff") == await ask(desk, "staff") == expected
    assert await value(desk, QUEUED) == 1
    jobs = {"plan_backlog": JOBS["plan_backlog"]}
    async with working(Worker(desk.database.url, jobs=jobs, chores=(), pace=Pace(poll=timedelta(seconds=0.1)))):
        for _ in range(600):
            if not await value(desk, QUEUED):
                break
            await asyncio.sleep(0.1)
    assert await waiting(desk) <= before - 3
