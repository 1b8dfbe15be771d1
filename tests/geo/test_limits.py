"""Limits that hold for all processes together: exact in a burst, kind to who waits, counted only for what is done."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest
import sqlalchemy as sa

from geo import admitting, limits
from geo.actor import ANONYMOUS
from geo.admitting import Bound
from geo.database import Database
from geo.errors import InvalidInput, Refusal, TooManyRequests
from geo.intake import Intake
from geo.limits import Allowance, Count
from geo.positions import Position
from geo.receiving import Submission, receive_all
from geo.reports import Report
from geo.secrets import reporter_secret
from tests.geo.conftest import Laid
from tests.geo.desk import report_of

FIVE = Allowance(b"a device", 5, 2_000_000_000)
"""In a period that does not end while tests run."""


def bounded(report: Report, *allowances: Allowance) -> Submission:
    bounds = tuple(Bound(one, lambda seconds: TooManyRequests(seconds, challenge=True)) for one in allowances)
    return Submission(ANONYMOUS, report, reporter_secret(b"key", report.request_key), bounds)


async def outcome(intake: Intake, submission: Submission) -> object:
    try:
        return await intake.receive(submission)
    except Refusal as refusal:
        return refusal


def stored(outcomes: list[object]) -> int:
    return sum(isinstance(one, tuple) for one in outcomes)


async def counted(database: Database, allowance: Allowance) -> Count:
    async with database.together() as statements:
        found = await limits.add(statements, {(allowance.key, allowance.seconds): 0})
    return found[allowance.key]


async def test_of_a_hundred_at_once_from_one_device_exactly_five_get_in(laid: Laid) -> None:
    others = Database(laid.database.url)
    intakes = [Intake(laid.database), Intake(others)]
    sent = [bounded(report_of(), FIVE) for _ in range(100)]
    outcomes = await asyncio.gather(*(outcome(intakes[n % 2], one) for n, one in enumerate(sent)))
    assert stored(outcomes) == 5
    refused = [one for one in outcomes if isinstance(one, TooManyRequests)]
    assert len(refused) == 95
    assert all(one.challenge and 1 <= one.retry_after <= 2 * FIVE.seconds for one in refused)
    # Who asks again for what is stored already is answered, with no room left.
    again = await asyncio.gather(*(outcome(intakes[n % 2], one) for n, one in enumerate(sent)))
    assert [(one if isinstance(one, tuple) else None) for one in again] == [
        (one if isinstance(one, tuple) else None) for one in outcomes
    ]
    await others.close()


async def test_fifty_replays_of_a_key_count_once(laid: Laid) -> None:
    intakes = [Intake(laid.database), Intake(laid.database)]
    sent = bounded(report_of(), FIVE)
    outcomes = await asyncio.gather(*(outcome(intakes[n % 2], sent) for n in range(50)))
    assert len(set(outcomes)) == 1
    assert stored(outcomes) == 50
    assert (await counted(laid.database, FIVE)).hits == 1


async def test_what_is_refused_takes_no_room_from_what_comes_with_it(laid: Laid) -> None:
    wrong = [replace(report_of(), category="no such kind") for _ in range(3)]
    outside = [replace(report_of(), location=Position(105.0, 21.0)) for _ in range(3)]
    good = [report_of() for _ in range(6)]
    submissions = [bounded(one, FIVE) for one in (*wrong, *outside, *good)]
    async with laid.database.together() as statements:
        outcomes = await receive_all(statements, submissions)
    assert [isinstance(one, InvalidInput) for one in outcomes[:3]] == [True] * 3
    assert [isinstance(one, tuple) for one in outcomes[6:]] == [True] * 5 + [False]
    assert isinstance(outcomes[-1], TooManyRequests)
    assert (await counted(laid.database, FIVE)).hits == 5


async def test_a_transaction_that_fails_has_counted_nothing(laid: Laid) -> None:
    async def fails() -> None:
        async with laid.database.together() as statements:
            await receive_all(statements, [bounded(report_of(), FIVE)])
            raise asyncpg.RaiseError

    with pytest.raises(asyncpg.RaiseError):
        await fails()
    assert (await counted(laid.database, FIVE)).hits == 0


async def test_what_bounds_longest_is_told_and_nothing_is_counted_by_halves(database: Database) -> None:
    short, long = Allowance(b"short", 2, 1_000_000_000), Allowance(b"long", 1, FIVE.seconds)
    bounds = (Bound(short, TooManyRequests), Bound(long, TooManyRequests))
    async with database.together() as statements:
        refused = await admitting.admit(statements, {1: bounds, 2: bounds, 3: (bounds[0],), 4: (bounds[0],)})
    assert refused.keys() == {2, 4}
    waits = {n: one.retry_after for n, one in refused.items() if isinstance(one, TooManyRequests)}
    assert waits[4] < waits[2] <= 2 * long.seconds
    assert waits[4] <= 2 * short.seconds
    assert (await counted(database, short)).hits == 2
    assert (await counted(database, long)).hits == 1


@pytest.mark.parametrize(
    ("slot", "hits", "before", "at", "wait"),
    [
        (10, 0, 0, 600.0, 0),
        (10, 4, 0, 600.0, 0),
        (10, 5, 0, 600.0, 72),  # the period's end, and then until a fifth of it counts no more
        (10, 5, 0, 659.0, 13),
        (9, 5, 0, 600.0, 12),
        (9, 5, 0, 612.0, 0),
        (10, 2, 5, 612.0, 24),
        (8, 5, 5, 600.0, 0),
        (10, 9, 0, 600.0, 94),  # when others counted more than was allowed here
    ],
)
def test_the_wait_is_until_one_more_fits_in(slot: int, hits: int, before: int, at: float, wait: int) -> None:
    assert limits.wait(5, 60, slot, hits, before, at) == wait
    if wait:
        assert limits.wait(5, 60, slot, hits, before, at + wait) == 0
        assert limits.wait(5, 60, slot, hits, before, at + wait - 1.1) > 0
    assert (limits.room(5, 60, slot, hits, before, at) > 0) == (wait == 0)


async def test_what_says_nothing_any_more_is_removed(database: Database) -> None:
    now, past = Allowance(uuid4().bytes, 5, 3600), Allowance(uuid4().bytes, 5, 3600)
    async with database.together() as statements:
        await limits.add(statements, {(now.key, 3600): 1, (past.key, 3600): 1})
    async with database.write() as connection:
        await connection.execute(
            sa.text("UPDATE tally SET ends_at = now() - interval '1 second' WHERE key = :key"), {"key": past.key}
        )
        assert await limits.forget_old(connection) == 1
        assert await limits.forget_old(connection) == 0
        assert [row.key for row in await connection.execute(sa.text("SELECT key FROM tally"))] == [now.key]
