"""What waits for a crew finds one when a crew has room that it had not; most urgent first, and never too many."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from geo import crews, duty, handling, stepping, tables, waiting
from geo.actor import ANONYMOUS
from geo.lifecycle import Status
from geo.positions import Position
from geo.receiving import receive
from geo.secrets import reporter_secret
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import report_of, row_of, send, step, until_waiting

QUEUED = (
    "SELECT convert_from(payload, 'UTF8')::jsonb ->> 'ward' FROM jobs.pgqueuer WHERE entrypoint = 'dispatch_waiting'"
)


async def fill(laid: Laid, capacity: int = 1, count: int = 1) -> tuple[list[UUID], list[UUID]]:
    """The cleaners have this capacity, so many incidents in hand, and two more wait: those in hand, those that wait."""
    async with laid.database.write() as connection:
        room = sa.update(tables.crew).where(tables.crew.c.id == laid.ward.crews[ward.CLEAN])
        await connection.execute(room.values(capacity=capacity))
    sent = [(await send(laid, report_of()))[1] for _ in range(count + 2)]
    taken = [id_ for id_ in sent if (await row_of(laid, id_)).status == Status.ASSIGNED]
    assert len(taken) == count
    return taken, [id_ for id_ in sent if id_ not in taken]


async def look(laid: Laid, code: str = ward.CODE) -> int:
    async with laid.database.write() as connection:
        return await waiting.dispatch_waiting(connection, code)


async def asked(laid: Laid) -> list[str]:
    """The wards whose waiting incidents are to be looked at."""
    return [row[0] for row in await laid.rows(QUEUED)]


async def forget(laid: Laid) -> None:
    async with laid.database.write() as connection:
        await connection.execute(sa.text("DELETE FROM jobs.pgqueuer"))


async def sets_duty(laid: Laid, crew: str, on: bool) -> None:
    async with laid.database.write() as connection:
        await duty.set_duty(connection, laid.actors["staff"], ward.CODE, laid.ward.crews[crew], on)


async def accepted(laid: Laid, id_: UUID) -> None:
    await step(laid, laid.actors["crew-clean"], id_, handling.accept)


async def test_a_crew_that_resolves_one_takes_the_most_urgent_that_waits(undone: Laid) -> None:
    [taken], [first, second] = await fill(undone)
    async with undone.database.write() as connection:
        sooner = sa.update(tables.incident).where(tables.incident.c.id == second)
        await connection.execute(sooner.values(due_at=tables.incident.c.due_at - timedelta(minutes=1)))
    await accepted(undone, taken)
    assert await asked(undone) == []
    await step(undone, undone.actors["crew-clean"], taken, handling.resolve, "Xong")
    assert await asked(undone) == [ward.CODE]
    assert await look(undone) == 1
    assert [(await row_of(undone, id_)).status for id_ in (first, second)] == [Status.RECEIVED, Status.ASSIGNED]
    assert await look(undone) == 0


@pytest.mark.parametrize("how", ["resolve", "decline", "reject", "duplicate", "another crew"])
async def test_whatever_frees_a_crew_is_looked_at(undone: Laid, how: str) -> None:
    [taken], [other, _] = await fill(undone)
    staff = undone.actors["staff"]
    await forget(undone)
    if how == "resolve":
        await accepted(undone, taken)
        await step(undone, staff, taken, handling.resolve, "Xong")
    elif how == "decline":
        await step(undone, undone.actors["crew-clean"], taken, handling.decline, "Bận")
    elif how == "reject":
        await step(undone, staff, taken, handling.reject, "Ngoài địa bàn")
    elif how == "duplicate":
        await step(undone, staff, taken, handling.mark_duplicate, other)
    else:
        async with undone.database.write() as connection:
            second = await ward.crew(connection, "Đội hai", ["ENVIRONMENT"])
        await step(undone, staff, taken, handling.assign, second, None)
    assert await asked(undone) == [ward.CODE]


async def test_steps_that_free_nobody_ask_for_nothing(undone: Laid) -> None:
    [taken], [other, _] = await fill(undone)
    await accepted(undone, taken)
    await step(undone, undone.actors["crew-clean"], taken, handling.start)
    await step(undone, undone.actors["staff"], other, handling.reject, "Ngoài địa bàn")
    await sets_duty(undone, ward.ROADS, False)
    assert await asked(undone) == []


async def test_a_crew_that_begins_its_duty_takes_what_waits(undone: Laid) -> None:
    await sets_duty(undone, ward.CLEAN, False)
    waits = [(await send(undone, report_of()))[1] for _ in range(3)]
    assert {(await row_of(undone, id_)).status for id_ in waits} == {Status.RECEIVED}
    await sets_duty(undone, ward.CLEAN, True)
    assert await asked(undone) == [ward.CODE]
    assert await look(undone) == 3
    assert {(await row_of(undone, id_)).crew_id for id_ in waits} == {undone.ward.crews[ward.CLEAN]}


async def test_a_crew_that_is_changed_takes_what_it_can_now(undone: Laid) -> None:
    _, waits = await fill(undone)
    async with undone.database.write() as connection:
        await crews.save(
            connection,
            ward.CODE,
            undone.ward.crews[ward.CLEAN],
            name=ward.CLEAN,
            capacity=3,
            base=Position(*ward.IN_FIRST),
            coverage=None,
            categories=["ENVIRONMENT"],
            members=None,
        )
    assert await asked(undone) == [ward.CODE]
    assert await look(undone) == len(waits)


async def test_what_a_crew_gave_back_is_not_forced_on_it(undone: Laid) -> None:
    [taken], waits = await fill(undone)
    await step(undone, undone.actors["crew-clean"], taken, handling.decline, "Bận")
    assert await look(undone) == 1
    assert (await row_of(undone, taken)).status == Status.RECEIVED
    assert sorted([(await row_of(undone, id_)).status for id_ in waits]) == [Status.ASSIGNED, Status.RECEIVED]


async def test_other_wards_are_left_alone(undone: Laid) -> None:
    await sets_duty(undone, ward.CLEAN, False)
    await send(undone, report_of())
    await sets_duty(undone, ward.CLEAN, True)
    assert await look(undone, ward.OTHER) == 0


async def test_many_are_taken_in_bites(undone: Laid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "BITE", 2)
    await sets_duty(undone, ward.CLEAN, False)
    for _ in range(3):
        await send(undone, report_of())
    await sets_duty(undone, ward.CLEAN, True)
    await forget(undone)
    assert await look(undone) == 2
    assert await asked(undone) == [ward.CODE]
    await forget(undone)
    assert await look(undone) == 1
    assert await asked(undone) == []


async def test_what_somebody_is_changing_is_passed_by_and_looked_at_later(laid: Laid) -> None:
    await sets_duty(laid, ward.CLEAN, False)
    _, id_ = await send(laid, report_of())
    await sets_duty(laid, ward.CLEAN, True)
    await forget(laid)
    async with laid.database.write() as connection:
        held = sa.select(tables.incident.c.id).where(tables.incident.c.id == id_)
        await connection.execute(held.with_for_update())
        assert await look(laid) == 0
    later = "SELECT execute_after >= created + interval '2 seconds' FROM jobs.pgqueuer"
    assert [row[0] for row in await laid.rows(later)] == [True]
    assert await look(laid) == 1


async def test_none_is_left_between_a_report_and_a_crew_that_becomes_free(laid: Laid) -> None:
    """The report found the crew full and is not committed; the crew becomes free and is looked at meanwhile."""
    [taken], waits = await fill(laid)
    await accepted(laid, taken)
    for id_ in waits:
        await step(laid, laid.actors["staff"], id_, handling.reject, "Ngoài địa bàn")
    report = report_of()
    async with laid.database.write() as connection:
        _, id_ = await receive(connection, ANONYMOUS, report, reporter_secret(b"key", report.request_key))
        await step(laid, laid.actors["crew-clean"], taken, handling.resolve, "Xong")
        looking = asyncio.create_task(look(laid))
        await until_waiting(laid)
    assert await looking == 1
    assert (await row_of(laid, id_)).status == Status.ASSIGNED


async def test_many_who_look_at_once_never_overfill_a_crew(laid: Laid) -> None:
    await sets_duty(laid, ward.CLEAN, False)
    for _ in range(12):
        await send(laid, report_of())
    async with laid.database.write() as connection:
        room = sa.update(tables.crew).where(tables.crew.c.id == laid.ward.crews[ward.CLEAN])
        await connection.execute(room.values(capacity=5))
    await sets_duty(laid, ward.CLEAN, True)
    assert sum(await asyncio.gather(*(look(laid) for _ in range(6)))) == 5


async def test_the_job_is_undone_with_the_step(laid: Laid) -> None:
    [taken], _ = await fill(laid)
    await accepted(laid, taken)
    crew = laid.actors["crew-clean"]

    async def undone_later() -> None:
        async with laid.database.write() as connection:
            await handling.resolve(connection, crew, await stepping.locked(connection, crew, ward.CODE, taken), "Xong")
            assert await connection.scalar(sa.text(QUEUED)) == ward.CODE
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone_later()
    assert await asked(laid) == []
    assert (await row_of(laid, taken)).status == Status.ACCEPTED


async def test_a_crew_whose_duty_begins_meanwhile_makes_no_circle(laid: Laid, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look has locked the crews on duty; a report has locked a lower one since, and waits for those."""
    low, high = sorted((laid.ward.crews[ward.CLEAN], laid.ward.crews[ward.ROADS]))
    async with laid.database.write() as connection:
        of_first = sa.select(tables.crew_category.c.category_id).where(
            tables.crew_category.c.crew_id == laid.ward.crews[ward.CLEAN]
        )
        kinds = (await connection.scalars(of_first)).all()
        for category_id in kinds:
            row = {"ward_code": ward.CODE, "crew_id": laid.ward.crews[ward.ROADS], "category_id": category_id}
            await connection.execute(sa.insert(tables.crew_category).values(**row))
        await connection.execute(sa.update(tables.crew).values(on_duty=tables.crew.c.id == high))
        waits = (await ward.report(connection, category="ENVIRONMENT")).key
    at, go = asyncio.Event(), asyncio.Event()
    still_waiting = waiting._still_waiting

    async def paused(*arguments: object) -> bool:
        at.set()
        await go.wait()
        return await still_waiting(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(waiting, "_still_waiting", paused)
    looking = asyncio.create_task(look(laid))
    await at.wait()
    async with laid.database.write() as connection:
        await duty.set_duty(connection, laid.actors["staff"], ward.CODE, low, True)
    reporting = asyncio.create_task(send(laid, report_of()))
    await until_waiting(laid)
    go.set()
    given, (_, reported) = await asyncio.gather(looking, reporting)
    assert given == 1
    assert (await row_of(laid, waits)).crew_id == high
    assert (await row_of(laid, reported)).status == Status.ASSIGNED


async def sweep(laid: Laid) -> int:
    async with laid.database.write() as connection:
        return await waiting.look_for_forgotten(connection)


async def test_what_was_forgotten_is_found_once(undone: Laid) -> None:
    await sets_duty(undone, ward.CLEAN, False)
    await send(undone, report_of())
    assert await sweep(undone) == 0
    await sets_duty(undone, ward.CLEAN, True)
    await forget(undone)
    assert await sweep(undone) == 1
    assert await asked(undone) == [ward.CODE]
    assert await sweep(undone) == 0
    assert await look(undone) == 1
    await forget(undone)
    assert await sweep(undone) == 0


async def test_what_no_crew_has_room_for_is_not_looked_at(undone: Laid) -> None:
    await fill(undone)
    await forget(undone)
    assert await sweep(undone) == 0
    assert await asked(undone) == []
