"""Which crew takes an incident; and that no rush of reports overfills a crew, leaves it idle, or stands still."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from geo import correcting, crews, dispatch, duty, escalation, handling, stepping, tables, waiting
from geo.actor import ANONYMOUS, Actor, Role
from geo.arrival import expected_seconds
from geo.errors import CrewUnavailable, InvalidTransition, NotFound, OffDuty
from geo.giving import NO_CREW_FOUND
from geo.language import Text
from geo.lifecycle import IN_HAND, Status
from geo.plans import Given, Plan, Statements
from geo.positions import Position
from geo.receiving import Submission, receive_all
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import report_of, row_of, send, step, steps_of, until_waiting

NEAR, FAR = (108.2101, 15.9866), (108.239, 16.019)
OVERFULL = """
SELECT crew.name, crew.capacity, count(*) FROM crew JOIN incident ON incident.ward_code = crew.ward_code
AND incident.crew_id = crew.id AND incident.status IN ('ASSIGNED', 'ACCEPTED', 'IN_PROGRESS')
GROUP BY crew.name, crew.capacity HAVING count(*) > crew.capacity
"""

KINDS = ["report", "decline", "accept", "assign", "duplicate", "reopen", "resolve", "save"]
KINDS += ["pass", "escalate", "wait", "position", "duty"]
CHAINED = "SELECT a.id FROM incident a JOIN incident b ON b.id = a.duplicate_of_id WHERE b.duplicate_of_id IS NOT NULL"


async def add_crew(laid: Laid, name: str, at: tuple[float, float] = NEAR, **values: Any) -> UUID:
    handled = values.pop("categories", ["FOOD_SAFETY"])
    async with laid.database.write() as connection:
        return await ward.crew(connection, name, handled, base=at, **values)


async def chosen(laid: Laid, category: str = "FOOD_SAFETY") -> UUID | None:
    """The crew of a new report in the first neighbourhood."""
    _, id_ = await send(laid, report_of(category=category))
    crew_id: UUID | None = (await row_of(laid, id_)).crew_id
    return crew_id


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"on_duty": False}, id="off duty"),
        pytest.param({"categories": ["TRAFFIC"]}, id="another kind"),
        pytest.param({"categories": []}, id="no kind"),
        pytest.param({"coverage": ward.square(*ward.TILES[ward.SECOND])}, id="outside its ground"),
        pytest.param({"capacity": 0}, id="full"),
        pytest.param({"code": ward.OTHER}, id="another ward"),
    ],
)
async def test_a_crew_that_cannot_take_it_is_never_chosen(undone: Laid, values: dict[str, Any]) -> None:
    await add_crew(undone, "Đội gần", **values)
    assert await chosen(undone) is None
    able = await add_crew(undone, "Đội xa", FAR)
    assert await chosen(undone) == able


async def test_a_crew_on_the_edge_of_its_ground_takes_it(undone: Laid) -> None:
    edge = ward.square(108.21, 15.98, 108.22, 16.0)  # the report lies on its western edge
    able = await add_crew(undone, "Đội", coverage=edge)
    assert await chosen(undone) == able


async def stands(laid: Laid, crew_id: UUID, at: tuple[float, float], ago: timedelta) -> None:
    """A crew told this position so long ago."""
    told = {"position": ward.spot(at), "position_at": sa.func.now() - ago}
    async with laid.database.write() as connection:
        await connection.execute(sa.update(tables.crew).where(tables.crew.c.id == crew_id).values(**told))


async def test_the_crew_that_is_there_first_wins_by_its_fresh_position_or_else_its_base(undone: Laid) -> None:
    far = await add_crew(undone, "Đội xa", FAR, capacity=100)
    assert await chosen(undone) == far
    near = await add_crew(undone, "Đội gần", (108.212, 15.988), capacity=100)
    assert await chosen(undone) == near
    await stands(undone, far, ward.IN_FIRST, timedelta(minutes=29))
    assert await chosen(undone) == far, "each has one in hand, and it is the nearer now"
    assert await chosen(undone) == near, "it has two in hand"
    await stands(undone, far, ward.IN_FIRST, timedelta(minutes=31))
    assert await chosen(undone) == near, "where it was then says nothing; it is expected at its base"


async def test_a_crew_at_work_is_passed_over_for_one_that_is_free_and_not_too_far(undone: Laid) -> None:
    near, far = await add_crew(undone, "Đội gần"), await add_crew(undone, "Đội cách 2,6 km", (108.23, 16.0))
    assert [await chosen(undone) for _ in range(4)] == [near, far, near, far]


async def test_crews_equally_near_take_it_by_their_ids(undone: Laid) -> None:
    same = [await add_crew(undone, f"Đội {n}", NEAR, capacity=1) for n in range(3)]
    assert [await chosen(undone) for _ in range(4)] == [*sorted(same), None]


async def test_who_declined_is_not_asked_again_until_it_is_reopened(undone: Laid) -> None:
    crew_ids = [await add_crew(undone, f"Đội {n}", NEAR) for n in range(2)]
    _, id_ = await send(undone, report_of(category="FOOD_SAFETY"))
    staff = undone.actors["staff"]
    for crew_id in sorted(crew_ids):
        assert (await row_of(undone, id_)).crew_id == crew_id
        crew = Actor(Role.CREW_MEMBER, undone.ward.accounts["crew-clean"], ward_code=ward.CODE, crew_id=crew_id)
        await step(undone, crew, id_, handling.decline, "Xe hỏng")
    assert (await row_of(undone, id_)).status == "RECEIVED"
    await step(undone, staff, id_, handling.assign, crew_ids[0], None)  # staff may insist
    assert (await row_of(undone, id_)).crew_id == crew_ids[0]
    await step(undone, staff, id_, handling.reject, "Không thuộc phường")
    await step(undone, staff, id_, handling.reopen, "Vẫn còn")
    assert (await row_of(undone, id_)).crew_id == min(crew_ids), "what kept them then may have passed"
    first = Actor(Role.CREW_MEMBER, undone.ward.accounts["crew-clean"], ward_code=ward.CODE, crew_id=min(crew_ids))
    await step(undone, first, id_, handling.decline, "Xe lại hỏng")
    assert (await row_of(undone, id_)).crew_id == max(crew_ids), "since the reopening, only one has declined"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"on_duty": False}, dispatch.OFF_DUTY),
        ({"capacity": 0}, dispatch.FULL),
        ({"categories": ["TRAFFIC"]}, dispatch.OTHER_KIND),
    ],
    ids=["off duty", "full", "kind"],
)
async def test_staff_cannot_send_a_crew_that_cannot_take_it(undone: Laid, values: dict[str, Any], why: Text) -> None:
    crew_id = await add_crew(undone, "Đội", **values)
    _, id_ = await send(undone, report_of(category="FOOD_SAFETY"))
    before = await steps_of(undone, id_)
    with pytest.raises(CrewUnavailable) as refused:
        await step(undone, undone.actors["staff"], id_, handling.assign, crew_id, None)
    assert refused.value.text == why
    for foreign in (undone.ward.crews[ward.FAR], id_):
        with pytest.raises(NotFound):
            await step(undone, undone.actors["staff"], id_, handling.assign, foreign, None)
    assert (await row_of(undone, id_)).status == "RECEIVED"
    assert await steps_of(undone, id_) == before


async def test_staff_may_send_a_crew_beyond_its_ground(undone: Laid) -> None:
    crew_id = await add_crew(undone, "Đội", coverage=ward.square(*ward.TILES[ward.SECOND]))
    _, id_ = await send(undone, report_of(category="FOOD_SAFETY"))
    await step(undone, undone.actors["staff"], id_, handling.assign, crew_id, "Đi giúp")
    assert (await row_of(undone, id_)).crew_id == crew_id


async def test_two_hundred_reports_at_once_fill_ten_places_exactly(laid: Laid) -> None:
    for n, capacity in enumerate((1, 2, 3, 4)):
        await add_crew(laid, f"Đội {n}", (108.205 + n / 100, 15.99), capacity=capacity)
    await add_crew(laid, "Đội nghỉ", on_duty=False)
    rng = random.Random(3)
    places = [Position(rng.uniform(108.201, 108.239), rng.uniform(15.981, 16.019)) for _ in range(200)]
    await asyncio.gather(*(send(laid, report_of(category="FOOD_SAFETY", location=place)) for place in places))
    statuses = {row[0]: row[1] for row in await laid.rows("SELECT status, count(*) FROM incident GROUP BY status")}
    assert statuses == {"ASSIGNED": 10, "RECEIVED": 190}
    filled = await laid.rows("SELECT count(*) FROM incident WHERE crew_id IS NOT NULL GROUP BY crew_id ORDER BY 1")
    assert [row[0] for row in filled] == [1, 2, 3, 4]
    assert await laid.value("SELECT count(*) FROM incident_event WHERE to_status = 'ASSIGNED'") == 10


async def test_staff_and_reports_at_once_never_overfill_a_crew(laid: Laid) -> None:
    crew_id = await add_crew(laid, "Đội", capacity=5)
    async with laid.database.write() as connection:
        waits = [(await ward.report(connection, category="FOOD_SAFETY")).key for _ in range(12)]

    async def assigned(id_: UUID) -> bool:
        try:
            await step(laid, laid.actors["staff"], id_, handling.assign, crew_id, None)
        except CrewUnavailable:
            return False
        return True

    reports = (send(laid, report_of(category="FOOD_SAFETY")) for _ in range(12))
    await asyncio.gather(*(assigned(id_) for id_ in waits), *reports)
    assert await laid.value("SELECT count(*) FROM incident WHERE crew_id = :id", id=crew_id) == 5


async def test_a_crew_leaving_duty_while_a_report_comes_in_gets_nothing_afterwards(laid: Laid) -> None:
    """The report waits for the crew's row and then sees that it is off duty."""
    crew_id = await add_crew(laid, "Đội")
    async with laid.database.write() as connection:
        await duty.set_duty(connection, laid.actors["staff"], ward.CODE, crew_id, False)
        coming = asyncio.create_task(send(laid, report_of(category="FOOD_SAFETY")))
        await until_waiting(laid)
    _, id_ = await coming
    assert (await row_of(laid, id_)).crew_id is None


async def test_everything_at_once_neither_stands_still_nor_breaks_a_rule(laid: Laid) -> None:
    """Every kind of change at once, on few crews and few incidents: no deadlock, and no crew over its capacity."""
    crew_ids = [await add_crew(laid, f"Đội {n}", (108.205 + n / 100, 15.99), capacity=3) for n in range(4)]
    members = {
        id_: Actor(Role.CREW_MEMBER, laid.ward.accounts["crew-clean"], ward_code=ward.CODE, crew_id=id_)
        for id_ in crew_ids
    }
    staff = laid.actors["staff"]
    known: list[UUID] = []
    seen: Counter[str] = Counter()

    async def one(rng: random.Random) -> None:
        what = rng.choice(KINDS)
        if what == "report" or not known:
            _, id_ = await send(laid, report_of(category="FOOD_SAFETY"))
            known.append(id_)
            seen["report"] += 1
            return
        id_, crew_id = rng.choice(known), rng.choice(crew_ids)
        holder = (await row_of(laid, id_)).crew_id
        member = members[holder or crew_id]
        match what:
            case "decline":
                await step(laid, member, id_, handling.decline, "Bận")
            case "accept":
                await step(laid, member, id_, handling.accept)
            case "resolve":
                await step(laid, member, id_, handling.resolve, "Xong")
            case "assign":
                await step(laid, staff, id_, handling.assign, crew_id, None)
            case "reopen":
                await step(laid, staff, id_, handling.reopen, "Vẫn còn")
            case "duplicate":
                await step(laid, staff, id_, handling.mark_duplicate, rng.choice(known))
            case "save":
                async with laid.database.write() as connection:
                    await crews.save(
                        connection,
                        ward.CODE,
                        crew_id,
                        name=f"Đội {rng.random()}",
                        capacity=3,
                        base=Position(*NEAR),
                        coverage=None,
                        categories=["FOOD_SAFETY"],
                        members=None,
                    )
            case _:
                await by_itself(laid, what, crew_id, rng)
        seen[what] += 1

    async def many(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(30):
            try:
                await one(rng)
            except (InvalidTransition, CrewUnavailable, OffDuty, handling.InvalidInput) as refusal:
                seen[type(refusal).__name__] += 1

    await asyncio.wait_for(asyncio.gather(*(many(seed) for seed in range(14))), 300)
    assert len(seen) >= 12, f"nearly every kind of step was taken, and refused: {seen}"
    await nothing_is_amiss(laid)


async def by_itself(laid: Laid, what: str, crew_id: UUID, rng: random.Random) -> None:
    """What a worker or a crew's telephone does."""
    async with laid.database.write() as connection:
        match what:
            case "pass":
                left = tables.incident.c.accept_by
                of_crew = sa.and_(tables.incident.c.crew_id == crew_id, left.is_not(None))
                locked = sa.select(tables.incident.c.id).where(of_crew).with_for_update(skip_locked=True)
                late = sa.update(tables.incident).where(tables.incident.c.id.in_(locked))
                await connection.execute(late.values(accept_by=sa.func.now()))
            case "escalate":
                await escalation.escalate(connection)
            case "wait":
                await waiting.dispatch_waiting(connection, ward.CODE)
            case "position":
                await duty.report_position(connection, ward.CODE, crew_id, Position(*NEAR))
            case "duty":
                await duty.set_duty(connection, laid.actors["staff"], ward.CODE, crew_id, rng.random() < 0.8)


async def nothing_is_amiss(laid: Laid) -> None:
    assert await laid.rows(OVERFULL) == []
    assert await laid.rows(CHAINED) == []
    of, crews_on = tables.incident.c, sa.select(tables.crew.c.id).where(tables.crew.c.on_duty)
    if await laid.value("SELECT count(*) FROM jobs.pgqueuer WHERE entrypoint = 'hand_over'") == 0:
        left_behind = sa.and_(of.crew_id.not_in(crews_on), of.status.in_(["ASSIGNED", "ACCEPTED"]))
        assert await laid.rows(sa.select(of.id).where(left_behind)) == []
    assert await laid.value("SELECT count(*) FROM incident WHERE (status = 'ASSIGNED') <> (accept_by IS NOT NULL)") == 0
    assert await laid.value("SELECT count(*) FROM incident WHERE status = 'RECEIVED' AND attention IS NULL") == 0
    for id_, status in await laid.rows(sa.select(of.id, of.status).where(of.status.in_(IN_HAND))):
        assert (await steps_of(laid, id_))[-1][1] == status, "the history ends where the incident stands"


async def test_dispatch_leaves_what_nobody_suits_waiting_and_says_so_once(undone: Laid) -> None:
    async with undone.database.write() as connection:
        made = await ward.report(connection, category="OTHER")
        for _ in range(2):
            assert await dispatch.dispatch(connection, ward.CODE, made.key) is None
    row = await row_of(undone, made.key)
    assert (row.status, row.attention) == (Status.RECEIVED, "NO_CREW")
    told = "SELECT note FROM incident_event WHERE incident_id = :id AND NOT public"
    assert [row.note for row in await undone.rows(told, id=made.key)] == [NO_CREW_FOUND]


async def test_why_this_crew_is_kept_with_the_step(undone: Laid) -> None:
    full = await add_crew(undone, "Đội kín", capacity=0)
    near, far = await add_crew(undone, "Đội gần", (108.212, 15.988)), await add_crew(undone, "Đội xa", FAR)
    await add_crew(undone, "Đội nghỉ", on_duty=False)
    _, id_ = await send(undone, report_of(category="FOOD_SAFETY"))
    kept = "SELECT to_status, public, candidates FROM incident_event WHERE incident_id = :id ORDER BY at, id"
    received, assigned = await undone.rows(kept, id=id_)
    assert received.candidates is None
    assert (assigned.to_status, assigned.public) == ("ASSIGNED", True)
    told = [(one["crewId"], one["chosen"], one.get("why")) for one in assigned.candidates]
    assert told == [(str(near), True, None), (str(far), False, None), (str(full), False, "FULL")]
    metres = await undone.value(
        "SELECT ST_Distance(ST_MakePoint(108.212, 15.988)::geography, geog) FROM incident WHERE id = :id", id=id_
    )
    assert assigned.candidates[0] == {
        "crewId": str(near),
        "metres": round(metres, 1),
        "inHand": 0,
        "capacity": 10,
        "seconds": round(expected_seconds(metres, 0)),
        "chosen": True,
    }


async def test_of_what_nobody_can_take_is_kept_who_was_full(undone: Laid) -> None:
    full = await add_crew(undone, "Đội kín", capacity=0)
    _, id_ = await send(undone, report_of(category="FOOD_SAFETY"))
    kept = "SELECT candidates FROM incident_event WHERE incident_id = :id AND NOT public"
    (told,) = await undone.rows(kept, id=id_)
    assert [(one["crewId"], one["chosen"], one["why"]) for one in told.candidates] == [(str(full), False, "FULL")]


@pytest.mark.parametrize("how", ["category", "place"])
async def test_what_staff_correct_is_given_with_its_reasons(undone: Laid, how: str) -> None:
    here = await add_crew(undone, "Đội tổ 1", coverage=ward.square(*ward.TILES[ward.FIRST]))
    values = {"categories": ["TRAFFIC"]} if how == "category" else {"coverage": ward.square(*ward.TILES[ward.SECOND])}
    there = await add_crew(undone, "Đội khác", **values)
    if how == "category":
        async with undone.database.write() as connection:
            roads = sa.update(tables.crew).where(tables.crew.c.id == undone.ward.crews[ward.ROADS])
            await connection.execute(roads.values(on_duty=False))
    _, id_ = await send(undone, report_of(category="FOOD_SAFETY"))
    assert (await row_of(undone, id_)).crew_id == here
    changed = {"category_code": "TRAFFIC"} if how == "category" else {"location": Position(*ward.IN_SECOND)}
    async with undone.database.write() as connection:
        staff = undone.actors["staff"]
        row = await stepping.locked(connection, staff, ward.CODE, id_)
        given = {"category_code": None, "location": None, "address": None} | changed
        await correcting.correct(connection, staff, row, **given)
    assert (await row_of(undone, id_)).crew_id == there
    kept = "SELECT candidates FROM incident_event WHERE incident_id = :id AND candidates IS NOT NULL ORDER BY at, id"
    assert [row.candidates[0]["crewId"] for row in await undone.rows(kept, id=id_)] == [str(here), str(there)]


async def test_a_batch_costs_the_same_few_statements_however_many_reports(laid: Laid) -> None:
    """Half find a crew, half find none: neither costs a statement of its own."""
    await add_crew(laid, "Đội", capacity=10)
    counts = []
    for size in (2, 20):
        seen: list[object] = []

        class Counted:
            def __init__(self, statements: Statements) -> None:
                self.statements = statements

            async def rows(self, plan: Plan, given: Given) -> Sequence[Any]:
                seen.append(plan)  # noqa: B023
                return await self.statements.rows(plan, given)

        reports = [report_of(category="FOOD_SAFETY" if n % 2 else "OTHER") for n in range(size)]
        async with laid.database.together() as statements:
            await receive_all(Counted(statements), [Submission(ANONYMOUS, one, "secret") for one in reports])
        counts.append(len(seen))
    assert counts[0] == counts[1] == 5
    by_attention = "SELECT attention, status, count(*) FROM incident GROUP BY attention, status ORDER BY 2"
    assert [tuple(row) for row in await laid.rows(by_attention)] == [
        (None, "ASSIGNED", 10),
        ("NO_CREW", "RECEIVED", 12),
    ]
