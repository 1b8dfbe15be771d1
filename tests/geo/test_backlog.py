"""A ward's whole queue given as one plan: asked for by staff, made without locks, followed where it still can be."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
import sqlalchemy as sa

from geo import backlog, handling, waiting
from geo.assignments import Plan, Problem
from geo.errors import NotAllowed, NotFound
from geo.lifecycle import Status
from geo.planning import plan
from geo.tables import crew, incident
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import report_of, row_of, send, step

LATER = "SELECT execute_after >= created + interval '2 seconds' FROM jobs.pgqueuer"
QUEUED = "SELECT convert_from(payload, 'UTF8') FROM jobs.pgqueuer WHERE entrypoint = 'plan_backlog'"


async def planner(problem: Problem) -> Plan:
    return plan(problem)


async def planned(laid: Laid) -> int:
    async with laid.database.write() as connection:
        return await backlog.plan_waiting(connection, ward.CODE, planner)


async def on_duty(laid: Laid, on: bool, **values: int) -> None:
    """The cleaners, without anybody's being told; nothing is to be done for it."""
    async with laid.database.write() as connection:
        cleaners = sa.update(crew).where(crew.c.id == laid.ward.crews[ward.CLEAN])
        await connection.execute(cleaners.values(on_duty=on, **values))
        await connection.execute(sa.text("DELETE FROM jobs.pgqueuer"))


async def wait(laid: Laid, count: int, room: int) -> list[UUID]:
    """So many incidents wait, and the cleaners have begun their duty with room for so many."""
    await on_duty(laid, False)
    sent = [(await send(laid, report_of()))[1] for _ in range(count)]
    await on_duty(laid, True, capacity=room)
    return sent


async def statuses(laid: Laid, ids: list[UUID]) -> list[str]:
    return [(await row_of(laid, id_)).status for id_ in ids]


async def test_the_most_urgent_are_given_and_the_rest_waits(undone: Laid) -> None:
    ids = await wait(undone, 4, 3)
    async with undone.database.write() as connection:
        sooner = sa.update(incident).where(incident.c.id == ids[3])
        await connection.execute(sooner.values(due_at=incident.c.reported_at + sa.text("interval '1 minute'")))
    assert await planned(undone) == 3
    assert await statuses(undone, ids) == [Status.ASSIGNED, Status.ASSIGNED, Status.RECEIVED, Status.ASSIGNED]
    assert await undone.rows(QUEUED) == []
    assert await planned(undone) == 0


async def test_why_this_crew_is_kept_with_what_it_then_had_in_hand(undone: Laid) -> None:
    ids = await wait(undone, 2, 5)
    assert await planned(undone) == 2
    kept = await undone.rows(
        "SELECT candidates FROM incident_event WHERE to_status = 'ASSIGNED' AND incident_id = ANY(:ids)", ids=ids
    )
    best = [candidates[0] for (candidates,) in kept]
    assert sorted((one["chosen"], one["crewId"], one["inHand"], one["capacity"]) for one in best) == [
        (True, str(undone.ward.crews[ward.CLEAN]), held, 5) for held in (0, 1)
    ]
    assert None not in [(await row_of(undone, id_)).accept_by for id_ in ids]


NOT_THEIRS = {
    "off duty": "UPDATE crew SET on_duty = false",
    "full": "UPDATE crew SET capacity = 0",
    "another trade": "DELETE FROM crew_category",
    "elsewhere": "UPDATE crew SET coverage = ST_Multi(ST_Buffer(ST_Point(100, 10, 4326), 0.01))",
}


@pytest.mark.parametrize("why", NOT_THEIRS)
async def test_who_may_not_take_it_is_not_asked(undone: Laid, why: str) -> None:
    [id_] = await wait(undone, 1, 1)
    async with undone.database.write() as connection:
        await connection.execute(sa.text(NOT_THEIRS[why]))
    assert await planned(undone) == 0
    assert await statuses(undone, [id_]) == [Status.RECEIVED]


async def test_what_a_crew_gave_back_is_not_forced_on_it(undone: Laid) -> None:
    [id_] = await wait(undone, 1, 1)
    assert await planned(undone) == 1
    await step(undone, undone.actors["crew-clean"], id_, handling.decline, "Bận")
    assert await planned(undone) == 0
    assert await statuses(undone, [id_]) == [Status.RECEIVED]


async def test_a_long_queue_is_given_in_bites(undone: Laid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "MOST_PAIRS", 2)
    await wait(undone, 3, 3)
    async with undone.database.write() as connection:
        others = sa.update(crew).where(crew.c.id != undone.ward.crews[ward.CLEAN])
        await connection.execute(others.values(on_duty=False))
    assert await planned(undone) == 2
    assert len(await undone.rows(QUEUED)) == 1
    await on_duty(undone, True)
    assert await planned(undone) == 1
    assert await undone.rows(QUEUED) == []


async def test_what_somebody_changes_meanwhile_is_passed_by_and_planned_again(laid: Laid) -> None:
    first, second = await wait(laid, 2, 2)
    async with laid.database.write() as connection:
        held = sa.select(incident.c.id).where(incident.c.id == first)
        await connection.execute(held.with_for_update())
        assert await planned(laid) == 1
    assert await statuses(laid, [first, second]) == [Status.RECEIVED, Status.ASSIGNED]
    assert [row[0] for row in await laid.rows(LATER)] == [True]
    assert await planned(laid) == 1


async def test_a_crew_that_fills_up_while_the_plan_is_made_is_not_overfilled(laid: Laid) -> None:
    ids = await wait(laid, 3, 2)

    async def slow(problem: Problem) -> Plan:
        made = plan(problem)
        async with laid.database.write() as connection:  # a report finds its crew before the plan is followed
            await waiting.dispatch_waiting(connection, ward.CODE)
        return made

    async with laid.database.write() as connection:
        await backlog.plan_waiting(connection, ward.CODE, slow)
    assert sorted(await statuses(laid, ids)) == [Status.ASSIGNED, Status.ASSIGNED, Status.RECEIVED]


async def test_plans_and_reports_at_once_never_overfill_a_crew(laid: Laid) -> None:
    ids = await wait(laid, 6, 5)
    await asyncio.gather(*(planned(laid) for _ in range(3)), *(send(laid, report_of()) for _ in range(6)))
    held = "SELECT count(*) FROM incident WHERE crew_id = :crew AND status = 'ASSIGNED'"
    assert await laid.value(held, crew=laid.ward.crews[ward.CLEAN]) == 5
    assert len(ids) == 6


async def test_asked_twice_while_one_waits_it_is_done_once(laid: Laid) -> None:
    await wait(laid, 2, 0)

    async def ask() -> int:
        async with laid.database.write() as connection:
            return await backlog.ask(connection, laid.actors["staff"], ward.CODE)

    assert await asyncio.gather(*(ask() for _ in range(5))) == [2] * 5
    assert [row[0] for row in await laid.rows(QUEUED)] == [f'{{"ward":"{ward.CODE}"}}']
    async with laid.database.write() as connection:  # one that is being done may have looked already
        await connection.execute(sa.text("UPDATE jobs.pgqueuer SET status = 'picked'"))
    await ask()
    assert len(await laid.rows(QUEUED)) == 2


@pytest.mark.parametrize("who", ["anonymous", "crew-clean", "team-1", "staff-other"])
async def test_others_may_not_ask(undone: Laid, who: str) -> None:
    async with undone.database.write() as connection:
        with pytest.raises(NotAllowed):
            await backlog.ask(connection, undone.actors[who], ward.CODE)
    assert await undone.rows(QUEUED) == []


async def test_of_no_ward_there_is_no_queue(undone: Laid) -> None:
    async with undone.database.write() as connection:
        with pytest.raises(NotFound):
            await backlog.ask(connection, undone.actors["admin"], "00000")
