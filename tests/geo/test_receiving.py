"""Reports stored together: each has the outcome that it would have alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest
import sqlalchemy as sa

from geo import intake, receiving
from geo.actor import ANONYMOUS, Actor
from geo.database import Database
from geo.errors import InvalidInput, OutsideWard, Refusal
from geo.intake import Intake
from geo.positions import Position
from geo.receiving import Submission, receive_all
from geo.reports import Contact, Report
from geo.secrets import reporter_secret
from geo.tables import Channel
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import report_of, row_of, send, steps_of

EVERYTHING = (
    "SELECT i.ward_code, i.status, i.description, i.address, i.channel, i.neighbourhood_id, i.crew_id, i.category_id,"
    " i.location, i.due_at - i.reported_at, i.reporter_secret_hash, r.name, r.phone, r.email,"
    " (SELECT array_agg((e.from_status, e.to_status, e.party, e.account_id, e.crew_id, e.note, e.public)::text"
    "   ORDER BY e.at, e.id) FROM incident_event e WHERE e.incident_id = i.id)"
    " FROM incident i LEFT JOIN reporter r ON r.incident_id = i.id WHERE i.request_key_hash = ANY(:keys)"
    " ORDER BY array_position(:keys, i.request_key_hash)"
)


def submission(report: Report, actor: Actor = ANONYMOUS) -> Submission:
    return Submission(actor, report, reporter_secret(b"key", report.request_key))


def various(laid: Laid) -> list[Submission]:
    """Reports of every sort, sound and not."""
    edge, sea = Position(108.24, 15.99), Position(*ward.IN_THE_SEA)
    contact = Contact("Bà Ân", "0905 123 456", "an@example.com", consent=True)
    return [
        submission(report_of(description="Rác", address="Ngõ 1", contact=contact)),
        submission(report_of(location=sea)),
        submission(report_of(category="NOTHING")),
        submission(report_of(category="SECURITY", location=Position(*ward.IN_SECOND))),
        submission(report_of(contact=Contact("Ông Bình"))),
        submission(report_of(location=edge)),
        submission(report_of(location=edge, ward_code=ward.OTHER)),
        submission(report_of(location=Position(*ward.IN_OTHER), ward_code=ward.CODE)),
        submission(report_of(channel=Channel.STAFF), laid.actors["staff"]),
        submission(report_of(), laid.actors["staff-other"]),
        submission(report_of(), laid.actors["admin"]),
        submission(report_of(category="FOOD_SAFETY")),
        submission(report_of(ward_code="99999")),
    ]


async def together(laid: Laid, submissions: list[Submission]) -> list[receiving.Outcome]:
    async with laid.database.together() as statements:
        return await receive_all(statements, submissions)


async def stored(laid: Laid, submissions: list[Submission]) -> list[tuple[object, ...]]:
    keys = [one.key for one in submissions]
    statement = sa.text(EVERYTHING).bindparams(sa.bindparam("keys", keys, sa.ARRAY(sa.LargeBinary)))
    return [tuple(row) for row in await laid.rows(statement)]


async def test_reports_stored_together_are_stored_as_each_alone(laid: Laid) -> None:
    await laid.rows("UPDATE crew SET capacity = 1000 RETURNING id")
    alone = various(laid)
    outcomes: list[object] = []
    for one in alone:
        try:
            outcomes.append((await send(laid, one.report, one.actor))[0])
        except Refusal as refusal:
            outcomes.append((type(refusal), refusal.path))
    same = [replace(one, report=replace(one.report, request_key=uuid4()), secret=one.secret) for one in alone]
    found = await together(laid, same)
    assert [(type(one), one.path) if isinstance(one, Refusal) else one[0] for one in found] == outcomes
    assert {type(one) for one in found} == {tuple, OutsideWard, InvalidInput}
    assert await stored(laid, same) == await stored(laid, alone)


async def test_a_key_that_is_known_or_comes_twice_gives_one_incident(laid: Laid) -> None:
    known, twice = report_of(), report_of()
    first = await send(laid, known)
    wrong = replace(known, category="NOTHING", location=Position(*ward.IN_THE_SEA))
    sent = [submission(twice), submission(wrong), submission(replace(twice, description="Lần hai"))]
    found = await together(laid, sent)
    assert found[1] == first
    assert found[0] == found[2]
    assert await laid.value("SELECT count(*) FROM incident") == 2
    assert await laid.value("SELECT count(*) FROM incident WHERE description IS NOT NULL") == 0


async def test_a_key_whose_first_report_is_unsound_is_stored_with_its_second(laid: Laid) -> None:
    sound = report_of()
    sent = [submission(replace(sound, category="NOTHING")), submission(sound), submission(sound)]
    refused, one, other = await together(laid, sent)
    assert isinstance(refused, InvalidInput)
    assert one == other
    assert await laid.value("SELECT count(*) FROM incident") == 1


async def test_a_report_that_waited_in_a_circle_is_tried_again(laid: Laid, monkeypatch: pytest.MonkeyPatch) -> None:
    reports, tries = Intake(laid.database), 0

    async def circular(*arguments: object) -> list[receiving.Outcome]:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise asyncpg.DeadlockDetectedError("deadlock detected")
        return await receive_all(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(intake, "receive_all", circular)
    assert (await reports.receive(submission(report_of())))[0] == ward.CODE
    assert tries == 3


async def test_a_batch_fills_a_crew_to_its_capacity_and_no_further(laid: Laid) -> None:
    found = await together(laid, [submission(report_of()) for _ in range(14)])
    statuses = [(await row_of(laid, one[1])).status for one in found if not isinstance(one, Refusal)]
    assert statuses == ["ASSIGNED"] * 10 + ["RECEIVED"] * 4


async def test_a_hundred_at_once_are_each_stored_once(laid: Laid) -> None:
    reports = Intake(laid.database)
    sent = [submission(report_of()) for _ in range(50)] * 2
    found = await asyncio.gather(*(reports.receive(one) for one in sent))
    assert found[:50] == found[50:]
    assert len(set(found)) == 50
    assert await laid.rows("SELECT status, count(*) FROM incident GROUP BY status ORDER BY status") == [
        ("ASSIGNED", 10),
        ("RECEIVED", 40),
    ]


async def test_a_key_that_another_process_is_storing_gives_the_same_incident(laid: Laid) -> None:
    sent, elsewhere = submission(report_of()), Database(laid.database.url)
    async with laid.database.together() as first:
        [stored_first] = await receive_all(first, [sent])
        asked = asyncio.create_task(Intake(elsewhere).receive(sent))
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        for _ in range(500):
            if asked.done() or await laid.value(waits):
                break
            await asyncio.sleep(0.01)
        assert not asked.done()
    assert await asked == stored_first
    assert await laid.value("SELECT count(*) FROM incident") == 1
    await elsewhere.close()


async def test_a_refusal_in_a_batch_concerns_nobody_else(laid: Laid) -> None:
    reports = Intake(laid.database)
    sent = various(laid)
    found = await asyncio.gather(*(reports.receive(one) for one in sent), return_exceptions=True)
    assert [type(one) for one in found] == [type(one) for one in await together(laid, sent)]
    assert await laid.value("SELECT count(*) FROM incident") == sum(isinstance(one, tuple) for one in found)


async def test_where_a_batch_fails_each_report_is_tried_by_itself(laid: Laid, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report that the database itself would not take: here a name of a channel that it does not know."""
    reports = Intake(laid.database)
    poison = submission(report_of())
    object.__setattr__(poison.report, "channel", "PIGEON")
    sent = [submission(report_of()) for _ in range(5)] + [poison] + [submission(report_of()) for _ in range(5)]
    tried: list[int] = []

    async def counted(statements: object, batch: list[Submission]) -> list[receiving.Outcome]:
        tried.append(len(batch))
        return await receive_all(statements, batch)  # type: ignore[arg-type]

    monkeypatch.setattr(intake, "receive_all", counted)
    found = await asyncio.gather(*(reports.receive(one) for one in sent), return_exceptions=True)
    assert [isinstance(one, tuple) for one in found] == [True] * 5 + [False] + [True] * 5
    assert max(tried) > 1
    assert await laid.value("SELECT count(*) FROM incident") == 10


async def test_who_goes_away_holds_nobody_up(laid: Laid) -> None:
    reports = Intake(laid.database)
    waiting = [asyncio.create_task(reports.receive(submission(report_of()))) for _ in range(20)]
    await asyncio.sleep(0)
    for task in waiting[::2]:
        task.cancel()
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(one, tuple) for one in done[1::2])
    assert all(isinstance(one, asyncio.CancelledError) for one in done[::2])


async def test_an_answer_comes_after_the_commit(laid: Laid) -> None:
    reports = Intake(laid.database)
    seen = []
    laid.database.committed.append(lambda: seen.append("committed"))
    _, id_ = await reports.receive(submission(report_of()))
    assert seen == ["committed"]
    assert [step[1] for step in await steps_of(laid, id_)] == ["RECEIVED", "ASSIGNED"]
