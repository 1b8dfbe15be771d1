"""Uploads are claimed once, by a report or a step, in its own transaction; what nobody claims is let go."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from geo import handling, photos
from geo.actor import ANONYMOUS
from geo.database import Database, within
from geo.errors import InvalidInput, OutsideWard, Refusal
from geo.ids import new_id, new_unguessable_id
from geo.intake import Intake
from geo.lifecycle import Status
from geo.photos import problems_of, upload_id
from geo.plans import Given, Plan
from geo.positions import Position
from geo.receiving import Outcome, Submission, receive_all
from geo.reports import Report
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import report_of, send, step, until_waiting

SEA = Position(*ward.IN_THE_SEA)


async def uploaded(laid: Laid, count: int = 1) -> list[str]:
    """The ids of new uploads."""
    keys = sorted(new_unguessable_id() for _ in range(count))  # as if each had come a moment after the other
    async with laid.database.write() as connection:
        for key in keys:
            await photos.record(connection, key, 1_600, 1_200, ward.REPORTED)
    return [upload_id(key) for key in keys]


async def photos_of(laid: Laid, incident_id: UUID) -> list[str]:
    found = await laid.rows("SELECT id FROM photo WHERE incident_id = :id ORDER BY id", id=incident_id)
    return [upload_id(row.id) for row in found]


async def unclaimed(laid: Laid) -> set[str]:
    return {upload_id(row.id) for row in await laid.rows("SELECT id FROM photo_upload")}


def paths(refused: Any) -> list[tuple[str, ...]]:
    assert isinstance(refused, InvalidInput)
    return [problem.path for problem in refused.problems]


async def together(laid: Laid, *reports: Report) -> list[Outcome]:
    """What becomes of reports that are stored in one batch."""
    async with laid.database.write() as connection:
        submissions = [Submission(ANONYMOUS, report, "secret") for report in reports]
        return await receive_all(within(connection), submissions)


async def test_a_report_claims_its_photographs_with_the_step_that_it_is(undone: Laid) -> None:
    ids = await uploaded(undone, 3)
    _, key = await send(undone, report_of(photo_ids=tuple(ids[:2])))
    assert await photos_of(undone, key) == ids[:2]
    assert await unclaimed(undone) == {ids[2]}
    (row,) = await undone.rows(
        "SELECT p.width, p.height, p.taken_at, p.published, e.from_status, p.created_at <= now() AS earlier"
        " FROM photo p JOIN incident_event e ON e.incident_id = p.incident_id AND e.id = p.event_id LIMIT 1"
    )
    assert tuple(row) == (1_600, 1_200, ward.REPORTED, False, None, True)


async def test_the_same_report_again_answers_the_same(undone: Laid) -> None:
    ids = await uploaded(undone, 2)
    report = report_of(photo_ids=tuple(ids))
    assert await send(undone, report) == await send(undone, report)
    first, again = await together(undone, report, report)
    assert first == again
    assert (await undone.value("SELECT count(*) FROM photo"), await unclaimed(undone)) == (2, set())


async def test_the_same_report_twice_in_one_batch_has_its_photographs_once(undone: Laid) -> None:
    ids = await uploaded(undone, 2)
    report = report_of(photo_ids=tuple(ids))
    first, again = await together(undone, report, report)
    assert first == again
    assert not isinstance(first, Refusal)
    assert await photos_of(undone, first[1]) == ids


async def test_of_two_reports_with_one_photograph_the_first_has_it(undone: Laid) -> None:
    shared, own, other = await uploaded(undone, 3)
    first, second = report_of(photo_ids=(shared, own)), report_of(photo_ids=(other, shared))
    made, refused = await together(undone, first, second)
    assert not isinstance(made, Refusal)
    assert paths(refused) == [("photoIds", "1")]
    assert await photos_of(undone, made[1]) == sorted([shared, own])
    assert await unclaimed(undone) == {other}
    assert await undone.value("SELECT count(*) FROM incident") == 1


async def test_who_is_refused_takes_no_photograph_from_who_comes_after(undone: Laid) -> None:
    (shared,) = await uploaded(undone)
    at_sea, on_land = report_of(photo_ids=(shared,), location=SEA), report_of(photo_ids=(shared,))
    refused, made = await together(undone, at_sea, on_land)
    assert isinstance(refused, OutsideWard)
    assert not isinstance(made, Refusal)
    assert await photos_of(undone, made[1]) == [shared]


async def test_what_is_wrong_with_one_list_is_no_matter_for_others_in_the_batch(undone: Laid) -> None:
    (good,) = await uploaded(undone)
    lists = [(good,), ("nonsense", upload_id(uuid4())), (), (upload_id(uuid4()),)]
    outcomes = await together(undone, *(report_of(photo_ids=one) for one in lists))
    assert [isinstance(one, Refusal) for one in outcomes] == [False, True, False, True]
    assert paths(outcomes[1]) == [("photoIds", "0")]  # of malformed ones the stored are not looked for
    assert paths(outcomes[3]) == [("photoIds", "0")]


async def test_two_reports_at_once_over_one_photograph(laid: Laid) -> None:
    for _ in range(3):
        (shared,) = await uploaded(laid)
        attempts = [send(laid, report_of(photo_ids=(shared,))) for _ in range(6)]
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        made = [outcome for outcome in outcomes if isinstance(outcome, tuple)]
        assert len(made) == 1
        assert all(paths(one) == [("photoIds", "0")] for one in outcomes if not isinstance(one, tuple))
        assert await photos_of(laid, made[0][1]) == [shared]
    assert await laid.value("SELECT count(*) FROM incident") == 3


async def test_batches_that_cross_over_photographs_do_not_wait_for_each_other_for_ever(laid: Laid) -> None:
    ids = await uploaded(laid, 12)
    intakes = [Intake(laid.database) for _ in range(3)]
    reports = [report_of(photo_ids=(ids[n % 12], ids[(n * 5 + 3) % 12])) for n in range(36)]
    reports = [one for one in reports if one.photo_ids[0] != one.photo_ids[1]]
    async with asyncio.timeout(60):
        outcomes = await asyncio.gather(
            *(intakes[n % 3].receive(Submission(ANONYMOUS, one, "s")) for n, one in enumerate(reports)),
            return_exceptions=True,
        )
    assert all(isinstance(one, tuple | InvalidInput) for one in outcomes)
    claimed = sum(2 for one in outcomes if isinstance(one, tuple))
    assert claimed == await laid.value("SELECT count(*) FROM photo")
    assert len(await unclaimed(laid)) == 12 - claimed


async def test_the_same_report_at_once_is_one_incident_with_its_photographs_once(laid: Laid) -> None:
    ids = await uploaded(laid, 2)
    report = report_of(photo_ids=tuple(ids))
    outcomes = await asyncio.gather(*(send(laid, report) for _ in range(6)))
    assert len(set(outcomes)) == 1
    assert await photos_of(laid, outcomes[0][1]) == ids


class Counting:
    """A transaction that counts what it is asked."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.count = 0

    async def rows(self, plan: Plan, given: Given) -> Any:
        self.count += 1
        return await self.inner.rows(plan, given)


async def test_photographs_cost_two_statements_for_a_whole_batch_and_none_without(undone: Laid) -> None:
    async def cost(*reports: Report) -> int:
        async with undone.database.write() as connection:
            counting = Counting(within(connection))
            await receive_all(counting, [Submission(ANONYMOUS, one, "s") for one in reports])
            return counting.count

    ids = await uploaded(undone, 10)
    without = await cost(*(report_of() for _ in range(5)))
    with_them = await cost(*(report_of(photo_ids=tuple(ids[2 * n : 2 * n + 2])) for n in range(5)))
    assert with_them == without + 2
    assert await undone.value("SELECT count(*) FROM photo") == 10


async def test_a_step_claims_once_and_a_refused_step_claims_nothing(undone: Laid) -> None:
    crew = undone.actors["crew-clean"]
    async with undone.database.write() as connection:
        made = await ward.report(connection, status=Status.IN_PROGRESS, crew_id=crew.crew_id)
    good, other = await uploaded(undone, 2)
    missing = upload_id(new_id())
    with pytest.raises(InvalidInput) as refused:
        await step(undone, crew, made.key, handling.resolve, "Xong", [good, missing])
    assert paths(refused.value) == [("photoIds", "1")]
    assert await unclaimed(undone) == {good, other}
    for _ in range(2):
        await step(undone, crew, made.key, handling.resolve, "Xong", [good])
    assert await photos_of(undone, made.key) == [good]
    staff = undone.actors["staff"]
    with pytest.raises(InvalidInput):
        await step(undone, staff, made.key, handling.reopen, "Vẫn còn", [good])
    await step(undone, staff, made.key, handling.reopen, "Vẫn còn", [other])
    steps = "SELECT e.to_status FROM photo p JOIN incident_event e ON e.id = p.event_id ORDER BY e.at"
    assert [row.to_status for row in await undone.rows(steps)] == ["RESOLVED", "RECEIVED"]


async def test_a_crew_needs_a_photograph_where_the_category_asks_and_staff_do_not(undone: Laid) -> None:
    crew, staff = undone.actors["crew-clean"], undone.actors["staff"]
    async with undone.database.write() as connection:
        one = await ward.report(connection, status=Status.IN_PROGRESS, crew_id=crew.crew_id)
        other = await ward.report(connection, status=Status.IN_PROGRESS, crew_id=crew.crew_id)
    await step(undone, crew, one.key, handling.resolve, "Xong")  # nobody asks yet
    await step(undone, staff, one.key, handling.reopen, "Vẫn còn")
    await undone.rows("UPDATE category SET photo_required = true RETURNING 1")
    with pytest.raises(InvalidInput) as refused:
        await step(undone, crew, other.key, handling.resolve, "Xong")
    assert paths(refused.value) == [("photoIds",)]
    await step(undone, staff, other.key, handling.resolve, "Xong")


async def test_what_is_too_old_is_not_claimed_long_before_it_is_removed(undone: Laid) -> None:
    young, old, oldest = await uploaded(undone, 3)
    for id_, hours in ((young, 23), (old, 25), (oldest, 27)):
        age = "UPDATE photo_upload SET created_at = now() - make_interval(hours => :h) WHERE id = :id RETURNING 1"
        await undone.rows(age, h=hours, id=photos.key_of_upload(id_))
    outcomes = await together(undone, *(report_of(photo_ids=(id_,)) for id_ in (young, old, oldest)))
    assert [isinstance(one, Refusal) for one in outcomes] == [False, True, True]
    async with undone.database.write() as connection:
        assert [upload_id(key) for key in await photos.unclaimed(connection)] == [oldest]


async def test_what_is_being_removed_is_passed_by_and_never_claimed(laid: Laid) -> None:
    (id_,) = await uploaded(laid)
    key = photos.key_of_upload(id_)
    assert key is not None
    other = Database(laid.database.url, pool_size=1)
    try:
        async with other.write() as removing:
            await photos.forget(removing, [key])
            claiming = asyncio.create_task(send(laid, report_of(photo_ids=(id_,))))
            await until_waiting(laid)
        with pytest.raises(InvalidInput):
            await claiming
    finally:
        await other.close()
    assert await laid.value("SELECT count(*) FROM incident") == 0


@pytest.mark.parametrize(
    ("ids", "wrong"),
    [
        ([], []),
        ([upload_id(UUID(int=1))], []),
        ([upload_id(UUID(int=1)).upper()], [0]),
        ([f" {upload_id(UUID(int=1))}"], [0]),
        ([f"Upload:{UUID(int=1).hex}"], [0]),
        ([f"Photo:20314:{UUID(int=1)}", str(UUID(int=1))], [0, 1]),
        ([upload_id(UUID(int=1)), upload_id(UUID(int=2)), upload_id(UUID(int=1))], [2]),
    ],
)
def test_an_uploads_id_is_written_in_one_way(ids: list[str], wrong: list[int]) -> None:
    assert [problem.path for problem in problems_of(ids)] == [("photoIds", str(n)) for n in wrong]


def test_there_are_five_at_most() -> None:
    ids = [upload_id(UUID(int=n)) for n in range(6)]
    assert problems_of(ids[:5]) == []
    assert [problem.path for problem in problems_of(ids)] == [("photoIds",)]
