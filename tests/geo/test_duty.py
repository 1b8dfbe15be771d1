"""Who leaves duty leaves nothing behind that nobody looks after, whatever happens in the same moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from geo import duty, handling, tables
from geo.actor import ANONYMOUS
from geo.errors import InvalidInput, InvalidTransition, OffDuty
from geo.lifecycle import IN_HAND
from geo.positions import Position
from geo.receiving import receive
from geo.secrets import reporter_secret
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import report_of, row_of, step, steps_of, until_waiting
from tests.geo.test_dispatch import OVERFULL
from tests.geo.test_escalation import crews_of, member, sent
from tests.geo.test_waiting import look

REMARKS = "SELECT note FROM incident_event WHERE incident_id = :id AND NOT public ORDER BY at, id"
HANDED = "SELECT convert_from(payload, 'UTF8')::jsonb ->> 'crew' FROM jobs.pgqueuer WHERE entrypoint = 'hand_over'"


async def sets(laid: Laid, crew_id: UUID, on_duty: bool) -> None:
    async with laid.database.write() as connection:
        await duty.set_duty(connection, laid.actors["staff"], ward.CODE, crew_id, on_duty)


async def notes(laid: Laid, id_: UUID) -> list[str]:
    return [row.note for row in await laid.rows(REMARKS, id=id_)]


async def test_what_it_had_not_begun_goes_to_the_next_crew_at_once(undone: Laid) -> None:
    first, second = await crews_of(undone, 2, capacity=1)
    assigned = await sent(undone)
    await sets(undone, first, False)
    assert (await row_of(undone, assigned)).crew_id == second
    assert (await steps_of(undone, assigned))[-1] == ("ASSIGNED", "ASSIGNED", "SYSTEM", second)
    assert await notes(undone, assigned) == [duty.LEFT]
    await sets(undone, first, True)
    await step(undone, member(undone, second), assigned, handling.accept)
    await sets(undone, second, False)
    row = await row_of(undone, assigned)
    assert (row.status, row.crew_id) == ("ASSIGNED", first), "who left it may have it again"
    assert row.accept_by is not None
    kept = await undone.rows(
        "SELECT candidates FROM incident_event WHERE incident_id = :id AND candidates IS NOT NULL ORDER BY at, id",
        id=assigned,
    )
    assert [[one["crewId"] for one in row.candidates] for row in kept] == [
        [str(first), str(second)],
        [str(second)],
        [str(first)],
    ]


async def test_without_another_crew_it_is_received_again_and_staff_are_told(undone: Laid) -> None:
    (only,) = await crews_of(undone, 1)
    id_ = await sent(undone)
    await step(undone, member(undone, only), id_, handling.accept)
    await sets(undone, only, False)
    row = await row_of(undone, id_)
    assert (row.status, row.crew_id, row.attention, row.accept_by) == ("RECEIVED", None, "NO_CREW", None)
    assert (await steps_of(undone, id_))[-2:] == [
        ("ACCEPTED", "RECEIVED", "SYSTEM", only),
        ("RECEIVED", "RECEIVED", "SYSTEM", None),
    ]
    await sets(undone, only, True)
    assert await look(undone) == 1
    row = await row_of(undone, id_)
    assert (row.crew_id, row.attention) == (only, None)


async def test_what_it_is_in_the_middle_of_stays_and_is_told_once_until_it_is_back(undone: Laid) -> None:
    first, _ = await crews_of(undone, 2)
    id_ = await sent(undone)
    await step(undone, member(undone, first), id_, handling.accept)
    await step(undone, member(undone, first), id_, handling.start)
    for _ in range(2):
        await sets(undone, first, False)
        row = await row_of(undone, id_)
        assert (row.status, row.crew_id, row.attention) == ("IN_PROGRESS", first, "CREW_OFF_DUTY")
        assert await notes(undone, id_) == [duty.LEFT_IN_THE_MIDDLE]
    await sets(undone, first, True)
    assert (await row_of(undone, id_)).attention is None
    assert await notes(undone, id_) == [duty.LEFT_IN_THE_MIDDLE, duty.IS_BACK]
    await sets(undone, first, False)
    await step(undone, member(undone, first), id_, handling.resolve, "Xong")
    assert (await row_of(undone, id_)).attention is None


async def test_a_crew_of_nothing_leaves_and_its_position_is_forgotten(undone: Laid) -> None:
    (only,) = await crews_of(undone, 1)
    async with undone.database.write() as connection:
        await duty.report_position(connection, ward.CODE, only, Position(*ward.IN_SECOND))
    await sets(undone, only, False)
    query = sa.select(tables.crew).where(tables.crew.c.id == only)
    (row,) = await undone.rows(query)
    assert (row.on_duty, row.position, row.position_at) == (False, None, None)


async def test_what_it_is_given_while_it_leaves_is_handed_over_too(laid: Laid) -> None:
    """The report has its crew and is not committed; the crew's leaving waits for it."""
    first, second = await crews_of(laid, 2)
    report = report_of(category="FOOD_SAFETY")
    async with laid.database.write() as connection:
        _, id_ = await receive(connection, ANONYMOUS, report, reporter_secret(b"key", report.request_key))
        leaving = asyncio.create_task(sets(laid, first, False))
        await until_waiting(laid)
    await leaving
    assert (await row_of(laid, id_)).crew_id == second


async def test_what_somebody_is_changing_then_is_handed_over_by_a_job(
    laid: Laid, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await crews_of(laid, 2)
    report = report_of(category="FOOD_SAFETY")
    held = duty._held
    async with laid.database.engine.connect() as other:

        async def contended(*arguments: Any, **named: Any) -> list[Any]:
            if named:
                row = sa.select(tables.incident.c.id).where(tables.incident.c.id == id_)
                await other.execute(row.with_for_update(key_share=True))
            return await held(*arguments, **named)

        monkeypatch.setattr(duty, "_held", contended)
        async with laid.database.write() as connection:
            _, id_ = await receive(connection, ANONYMOUS, report, reporter_secret(b"key", report.request_key))
            leaving = asyncio.create_task(sets(laid, first, False))
            await until_waiting(laid)
        await leaving
    monkeypatch.undo()
    assert (await row_of(laid, id_)).crew_id == first
    assert [row[0] for row in await laid.rows(HANDED)] == [str(first)]
    async with laid.database.write() as connection:
        await duty.hand_over(connection, ward.CODE, first)
    assert (await row_of(laid, id_)).crew_id == second


async def test_the_job_leaves_a_crew_alone_that_is_back(undone: Laid) -> None:
    first, _ = await crews_of(undone, 2)
    id_ = await sent(undone)
    async with undone.database.write() as connection:
        await duty.hand_over(connection, ward.CODE, first)
    assert (await row_of(undone, id_)).crew_id == first
    (row,) = await undone.rows(sa.select(tables.crew.c.on_duty).where(tables.crew.c.id == first))
    assert row.on_duty


async def test_leaving_in_a_storm_of_acceptances_and_reports_loses_nothing(laid: Laid) -> None:
    first, second, third = await crews_of(laid, 3, capacity=30)
    ids = [await sent(laid) for _ in range(12)]
    seen: Counter[str] = Counter()

    async def accepts(id_: UUID) -> None:
        crew_id = (await row_of(laid, id_)).crew_id
        try:
            await step(laid, member(laid, crew_id), id_, handling.accept)
            seen["accepted"] += 1
        except InvalidTransition:
            seen["too late"] += 1

    storm = [accepts(id_) for id_ in ids] + [sent(laid) for _ in range(8)]
    await asyncio.wait_for(
        asyncio.gather(*storm[:10], sets(laid, first, False), *storm[10:], sets(laid, second, False)), 120
    )
    async with laid.database.write() as connection:
        for crew_id in (first, second):
            await duty.hand_over(connection, ward.CODE, crew_id)
    rows = await laid.rows("SELECT id, status, crew_id FROM incident")
    assert {row.crew_id for row in rows} == {third}
    assert {row.status for row in rows} <= set(IN_HAND)
    for row in rows:
        moves = [one for one in await steps_of(laid, row.id) if one[0] != one[1] or one[3] is not None]
        assert moves[-1][1] == row.status
        assert moves[-1][3] == third
    assert await laid.rows(OVERFULL) == []
    assert sum(seen.values()) == 12


async def test_a_position_is_kept_on_duty_only_and_only_the_latest(undone: Laid) -> None:
    (only,) = await crews_of(undone, 1)
    before = await undone.value("SELECT count(*) FROM incident_event")
    async with undone.database.write() as connection:
        await duty.report_position(connection, ward.CODE, only, Position(*ward.IN_FIRST))
        await duty.report_position(connection, ward.CODE, only, Position(*ward.IN_SECOND))
    where = "SELECT ST_X(position), ST_Y(position), position_at IS NOT NULL FROM crew WHERE id = :id"
    assert [tuple(row) for row in await undone.rows(where, id=only)] == [(*ward.IN_SECOND, True)]
    assert await undone.value("SELECT count(*) FROM incident_event") == before
    await sets(undone, only, False)
    with pytest.raises(OffDuty):
        async with undone.database.write() as connection:
            await duty.report_position(connection, ward.CODE, only, Position(*ward.IN_FIRST))
    assert (await undone.rows(where, id=only))[0][0] is None


async def test_a_position_a_hundred_kilometres_away_is_not_believed(undone: Laid) -> None:
    (only,) = await crews_of(undone, 1)
    async with undone.database.write() as connection:
        await duty.report_position(connection, ward.CODE, only, Position(108.22, 16.8))
    with pytest.raises(InvalidInput) as refused:
        async with undone.database.write() as connection:
            await duty.report_position(connection, ward.CODE, only, Position(108.22, 17.2))
    assert refused.value.path == ("position",)
