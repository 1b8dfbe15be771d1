"""What is not accepted in time goes on to the next crew, and what nobody takes is told to the ward, once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from geo import correcting, escalation, handling, stepping, tables
from geo.actor import Actor, Role
from geo.errors import InvalidTransition
from geo.lifecycle import Status
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import report_of, row_of, send, step, steps_of, until_waiting
from tests.geo.test_waiting import asked, forget, look

REMARKS = "SELECT crew_id, note, candidates FROM incident_event WHERE incident_id = :id AND NOT public ORDER BY at, id"
REFUSE = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never'; END $$"
SYSTEM = ("ASSIGNED", "ASSIGNED", "SYSTEM")


async def crews_of(laid: Laid, count: int, **values: Any) -> list[UUID]:
    """So many crews for food safety at one place: asked in this order."""
    async with laid.database.write() as connection:
        made = [await ward.crew(connection, f"Đội {uuid4()}", ["FOOD_SAFETY"], **values) for _ in range(count)]
    return sorted(made)


async def sent(laid: Laid) -> UUID:
    _, id_ = await send(laid, report_of(category="FOOD_SAFETY"))
    return id_


async def passes(laid: Laid, *ids: UUID) -> None:
    """The time to accept is over."""
    async with laid.database.write() as connection:
        which = sa.update(tables.incident).where(
            tables.incident.c.id.in_(ids), tables.incident.c.accept_by.is_not(None)
        )
        await connection.execute(which.values(accept_by=sa.func.now() - sa.text("interval '1 second'")))


async def escalate(laid: Laid) -> int:
    async with laid.database.write() as connection:
        return await escalation.escalate(connection)


def member(laid: Laid, crew_id: UUID) -> Actor:
    return Actor(Role.CREW_MEMBER, laid.ward.accounts["crew-clean"], ward_code=ward.CODE, crew_id=crew_id)


async def minutes_left(laid: Laid, id_: UUID) -> float | None:
    row = await laid.rows("SELECT extract(epoch FROM accept_by - now()) / 60 FROM incident WHERE id = :id", id=id_)
    return None if row[0][0] is None else float(row[0][0])


async def test_a_kind_that_is_corrected_gives_no_more_time_to_accept_than_it_has_nor_than_there_was(
    undone: Laid,
) -> None:
    _, id_ = await send(undone, report_of(category="ENVIRONMENT"))
    assert (await minutes_left(undone, id_) or 0) == pytest.approx(30, abs=1)
    staff = undone.actors["staff"]
    async with undone.database.write() as connection:
        security = sa.update(tables.category).where(tables.category.c.code == "SECURITY")
        await connection.execute(security.values(accept_minutes=5))
        for kind in ("SECURITY", "ENVIRONMENT"):
            row = await stepping.locked(connection, staff, ward.CODE, id_)
            await correcting.correct(connection, staff, row, category_code=kind, location=None, address=None)
            assert (await minutes_left(undone, id_) or 0) == pytest.approx(5, abs=1)
    assert (await row_of(undone, id_)).crew_id == undone.ward.crews[ward.CLEAN]


async def test_whoever_assigns_it_is_to_be_accepted_within_the_minutes_of_its_kind(undone: Laid) -> None:
    first, second = await crews_of(undone, 2)
    async with undone.database.write() as connection:
        kind = sa.update(tables.category).where(tables.category.c.code == "FOOD_SAFETY")
        await connection.execute(kind.values(accept_minutes=7))
    id_ = await sent(undone)
    assert await minutes_left(undone, id_) == pytest.approx(7, abs=0.2)
    await step(undone, member(undone, first), id_, handling.accept)
    assert await minutes_left(undone, id_) is None
    await step(undone, undone.actors["staff"], id_, handling.assign, second, None)
    assert await minutes_left(undone, id_) == pytest.approx(7, abs=0.2)
    await step(undone, undone.actors["staff"], id_, handling.reject, "Không thuộc phường")
    assert await minutes_left(undone, id_) is None


async def test_what_is_not_accepted_in_time_goes_to_the_next_crew(undone: Laid) -> None:
    first, second, third = await crews_of(undone, 3)
    id_ = await sent(undone)
    assert await escalate(undone) == 0
    await passes(undone, id_)
    await forget(undone)
    assert await escalate(undone) == 1
    assert await escalate(undone) == 0
    row = await row_of(undone, id_)
    assert (row.status, row.crew_id, row.attention) == ("ASSIGNED", second, None)
    assert await minutes_left(undone, id_) == pytest.approx(60, abs=60)
    assert (await steps_of(undone, id_))[2:] == [(*SYSTEM, first), (*SYSTEM, second)]
    assert await asked(undone) == [ward.CODE], "the first crew has room again"
    weighed = "SELECT candidates FROM incident_event WHERE incident_id = :id AND public AND to_status = 'ASSIGNED'"
    kept = [row.candidates for row in await undone.rows(weighed + " ORDER BY at, id", id=id_)]
    assert [one["crewId"] for one in kept[0]] == [str(first), str(second), str(third)]
    assert [one["crewId"] for one in kept[1]] == [str(second), str(third)], "who let it pass is not asked again"


async def test_without_another_crew_it_stays_and_that_is_told_once(undone: Laid) -> None:
    only, other = await crews_of(undone, 2)
    async with undone.database.write() as connection:
        await connection.execute(sa.update(tables.crew).where(tables.crew.c.id == other).values(capacity=0))
    id_ = await sent(undone)
    for _ in range(3):
        await passes(undone, id_)
        assert await escalate(undone) == 1
        assert await escalate(undone) == 0, "it has as long again"
    row = await row_of(undone, id_)
    assert (row.status, row.crew_id, row.attention) == ("ASSIGNED", only, "NOT_ACCEPTED")
    remarks = await undone.rows(REMARKS, id=id_)
    assert [(one.crew_id, one.note) for one in remarks] == [(None, escalation.NOT_ACCEPTED)]
    assert [one["why"] for one in remarks[0].candidates] == ["FULL"]
    async with undone.database.write() as connection:
        await connection.execute(sa.update(tables.crew).where(tables.crew.c.id == other).values(capacity=1))
    await passes(undone, id_)
    assert await escalate(undone) == 1
    row = await row_of(undone, id_)
    assert (row.crew_id, row.attention) == (other, None), "a crew that has room since takes it"


async def test_its_crew_may_still_accept_what_nobody_else_could_take(undone: Laid) -> None:
    (only,) = await crews_of(undone, 1)
    id_ = await sent(undone)
    await passes(undone, id_)
    await escalate(undone)
    await step(undone, member(undone, only), id_, handling.accept)
    row = await row_of(undone, id_)
    assert (row.status, row.attention, row.accept_by) == ("ACCEPTED", None, None)


async def test_what_all_declined_waits_for_a_person_and_is_solved_by_a_crew_that_comes(undone: Laid) -> None:
    first, second = await crews_of(undone, 2)
    id_ = await sent(undone)
    await step(undone, member(undone, first), id_, handling.decline, "Xe hỏng")
    assert ((await row_of(undone, id_)).crew_id, (await row_of(undone, id_)).attention) == (second, None)
    await step(undone, member(undone, second), id_, handling.decline, "Xe hỏng")
    row = await row_of(undone, id_)
    assert (row.status, row.attention) == ("RECEIVED", "NO_CREW")
    before = len(await steps_of(undone, id_))
    assert await look(undone) == 0
    assert len(await steps_of(undone, id_)) == before
    await crews_of(undone, 1)
    assert await look(undone) == 1
    row = await row_of(undone, id_)
    assert (row.status, row.attention) == ("ASSIGNED", None)


@pytest.mark.parametrize("how", ["assign", "reject"])
async def test_what_staff_do_with_it_is_the_answer(undone: Laid, how: str) -> None:
    id_ = await sent(undone)
    assert (await row_of(undone, id_)).attention == "NO_CREW"
    (crew_id,) = await crews_of(undone, 1)
    staff = undone.actors["staff"]
    if how == "assign":
        await step(undone, staff, id_, handling.assign, crew_id, None)
    else:
        await step(undone, staff, id_, handling.reject, "Không thuộc phường")
    assert (await row_of(undone, id_)).attention is None


async def test_reopened_those_who_let_it_pass_are_asked_again(undone: Laid) -> None:
    first, second = await crews_of(undone, 2)
    id_ = await sent(undone)
    await passes(undone, id_)
    await escalate(undone)
    await step(undone, undone.actors["staff"], id_, handling.reject, "Nhầm")
    await step(undone, undone.actors["staff"], id_, handling.reopen, "Vẫn còn")
    assert (await row_of(undone, id_)).crew_id == first
    await passes(undone, id_)
    await escalate(undone)
    assert (await row_of(undone, id_)).crew_id == second


async def test_many_are_passed_on_in_bites_and_no_crew_is_overfilled(undone: Laid) -> None:
    (first,) = await crews_of(undone, 1, capacity=50)
    ids = [await sent(undone) for _ in range(25)]
    (second,) = await crews_of(undone, 1, capacity=8)
    await passes(undone, *ids)
    assert [await escalate(undone) for _ in range(3)] == [20, 5, 0]
    count = "SELECT count(*) FROM incident WHERE crew_id = :id AND status = 'ASSIGNED'"
    assert [await undone.value(count, id=crew_id) for crew_id in (first, second)] == [17, 8]
    assert await undone.value("SELECT count(*) FROM incident WHERE attention = 'NOT_ACCEPTED'") == 17


async def test_two_workers_at_once_pass_each_on_once(laid: Laid) -> None:
    first, second = await crews_of(laid, 2, capacity=100)
    async with laid.database.write() as connection:
        await connection.execute(sa.update(tables.crew).where(tables.crew.c.id == second).values(on_duty=False))
    ids = [await sent(laid) for _ in range(30)]
    async with laid.database.write() as connection:
        await connection.execute(sa.update(tables.crew).where(tables.crew.c.id == second).values(on_duty=True))
    await passes(laid, *ids)

    async def work() -> int:
        done = 0
        while bite := await escalate(laid):
            done += bite
        return done

    done = await asyncio.gather(work(), work(), work())
    assert sum(done) >= len(ids)
    while await escalate(laid):
        pass
    for id_ in ids:
        assert (await row_of(laid, id_)).crew_id == second
        assert (await steps_of(laid, id_))[2:] == [(*SYSTEM, first), (*SYSTEM, second)]


@pytest.mark.parametrize("earlier", ["accept", "escalation"])
async def test_of_an_acceptance_and_an_escalation_one_wins(laid: Laid, earlier: str) -> None:
    first, second = await crews_of(laid, 2)
    id_ = await sent(laid)
    await passes(laid, id_)
    crew = member(laid, first)
    if earlier == "accept":
        async with laid.database.write() as connection:
            await handling.accept(connection, crew, await stepping.locked(connection, crew, ward.CODE, id_))
            assert await escalate(laid) == 0
        assert await escalate(laid) == 0
        assert (await row_of(laid, id_)).crew_id == first
        return
    async with laid.database.write() as connection:
        await escalation.escalate(connection)
        accepting = asyncio.create_task(step(laid, crew, id_, handling.accept))
        await until_waiting(laid)
    with pytest.raises(InvalidTransition):
        await accepting
    row = await row_of(laid, id_)
    assert (row.status, row.crew_id) == (Status.ASSIGNED, second)


async def test_one_incident_that_cannot_be_passed_on_keeps_no_other_from_it(laid: Laid) -> None:
    await crews_of(laid, 2)
    stuck, *others = [await sent(laid) for _ in range(3)]
    await passes(laid, stuck, *others)
    refusing = f"""
    CREATE TRIGGER refuse BEFORE INSERT ON incident_event FOR EACH ROW
      WHEN (NEW.incident_id = '{stuck}') EXECUTE FUNCTION refuse()"""
    async with laid.database.write() as connection:
        for statement in (REFUSE, refusing):
            await connection.execute(sa.text(statement))
    assert await escalate(laid) == 2
    assert await escalate(laid) == 0
    for id_ in others:
        assert (await steps_of(laid, id_))[-1][:3] == SYSTEM
    async with laid.database.write() as connection:
        await connection.execute(sa.text("DROP TRIGGER refuse ON incident_event"))
    assert await escalate(laid) == 1
