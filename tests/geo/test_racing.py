"""Two people at one incident at the same moment: one wins, the other is told, and nothing is left half done."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from geo import correcting, handling, stepping, tables
from geo.actor import Actor
from geo.errors import InvalidInput, InvalidTransition, NotAllowed, NotFound, OutsideWard, Refusal
from geo.lifecycle import Status
from geo.positions import Position
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import row_of, step, steps_of, until_waiting

S = Status


async def laid_out(laid: Laid, status: Status = S.RECEIVED, count: int = 1, **values: Any) -> list[UUID]:
    async with laid.database.write() as connection:
        return [(await ward.report(connection, status=status, **values)).key for _ in range(count)]


async def outcome(laid: Laid, actor: Actor, id_: UUID, take: Any, *arguments: Any) -> type[Refusal] | None:
    try:
        await step(laid, actor, id_, take, *arguments)
    except Refusal as refusal:
        return type(refusal)
    return None


async def second_of(laid: Laid, first: tuple[Any, ...], second: tuple[Any, ...]) -> type[Refusal] | None:
    """`second` begins while `first` holds the incident; gives how it ended. Each: actor, id, step, arguments."""
    actor, id_, take, *arguments = first
    async with laid.database.write() as connection:
        row = await stepping.locked(connection, actor, ward.CODE, id_)
        await take(connection, actor, row, *arguments)
        waiting = asyncio.create_task(outcome(laid, *second))
        await until_waiting(laid)
    return await waiting


async def test_accepting_after_a_reassignment_is_refused(laid: Laid) -> None:
    clean, roads = laid.ward.crews[ward.CLEAN], laid.ward.crews[ward.ROADS]
    [id_] = await laid_out(laid, S.ASSIGNED, crew_id=clean, category="SECURITY")
    await _handles(laid, roads, "SECURITY")
    crew, staff = laid.actors["crew-clean"], laid.actors["staff"]
    ended = await second_of(laid, (staff, id_, handling.assign, roads, None), (crew, id_, handling.accept))
    assert ended is NotFound, "a private incident is none of the former crew's any more"
    assert ((await row_of(laid, id_)).status, (await row_of(laid, id_)).crew_id) == (S.ASSIGNED, roads)


async def test_accept_racing_a_reassignment_has_one_of_two_outcomes(laid: Laid) -> None:
    clean, roads = laid.ward.crews[ward.CLEAN], laid.ward.crews[ward.ROADS]
    await _handles(laid, roads, "ENVIRONMENT")
    crew, staff = laid.actors["crew-clean"], laid.actors["staff"]
    for id_ in await laid_out(laid, S.ASSIGNED, 8, crew_id=clean):
        before = len(await steps_of(laid, id_))
        accepted, assigned = await asyncio.gather(
            outcome(laid, crew, id_, handling.accept), outcome(laid, staff, id_, handling.assign, roads, None)
        )
        row, steps = await row_of(laid, id_), (await steps_of(laid, id_))[before:]
        assert (assigned, row.status, row.crew_id) == (None, S.ASSIGNED, roads)
        if accepted is None:
            assert [step[:2] for step in steps] == [("ASSIGNED", "ACCEPTED"), ("ACCEPTED", "ASSIGNED")]
        else:
            assert accepted is InvalidTransition
            assert [step[:2] for step in steps] == [("ASSIGNED", "ASSIGNED")]


async def test_in_either_order_the_second_sees_what_the_first_did(laid: Laid) -> None:
    clean = laid.ward.crews[ward.CLEAN]
    crew, staff = laid.actors["crew-clean"], laid.actors["staff"]
    accept, decline = (crew, handling.accept), (crew, handling.decline, "Bận")
    reject, resolve = (staff, handling.reject, "Không"), (staff, handling.resolve, "Xong")
    for first, second, ended in (
        (reject, accept, InvalidTransition),
        (accept, reject, InvalidTransition),
        (accept, resolve, None),
        (accept, decline, None),
        (reject, decline, InvalidTransition),
        (accept, accept, None),
    ):
        [id_] = await laid_out(laid, S.ASSIGNED, crew_id=clean)
        (one, *take), (other, *then) = first, second
        assert await second_of(laid, (one, id_, *take), (other, id_, *then)) is ended


async def test_a_step_that_waited_for_a_correction_of_the_kind_is_taken(laid: Laid) -> None:
    """The crew handles both kinds, so the incident stays with it; the waiting crew must not be told "not found"."""
    [id_] = await laid_out(laid, S.ASSIGNED, crew_id=laid.ward.crews[ward.CLEAN])

    async def to_security(connection: Any, actor: Actor, row: Any) -> None:
        await correcting.correct(connection, actor, row, category_code="SECURITY", location=None, address=None)

    crew, staff = laid.actors["crew-clean"], laid.actors["staff"]
    assert await second_of(laid, (staff, id_, to_security), (crew, id_, handling.accept)) is None
    row = await row_of(laid, id_)
    kind = await laid.value("SELECT code FROM category WHERE id = :id", id=row.category_id)
    assert (kind, row.status) == ("SECURITY", S.ACCEPTED)


async def test_the_same_step_many_times_at_once_is_one_step(laid: Laid) -> None:
    crew = laid.actors["crew-clean"]
    [id_] = await laid_out(laid, S.ASSIGNED, crew_id=laid.ward.crews[ward.CLEAN])
    before = len(await steps_of(laid, id_))
    assert set(await asyncio.gather(*(outcome(laid, crew, id_, handling.accept) for _ in range(12)))) == {None}
    assert len(await steps_of(laid, id_)) == before + 1


async def test_an_incident_is_declined_once_however_often_it_is_sent(laid: Laid) -> None:
    second = await _second_crew(laid)
    [id_] = await laid_out(laid, S.ASSIGNED, crew_id=laid.ward.crews[ward.CLEAN])
    crew = laid.actors["crew-clean"]
    tries = (outcome(laid, crew, id_, handling.decline, "Bận") for _ in range(12))
    assert set(await asyncio.gather(*tries)) == {None}
    assert (await row_of(laid, id_)).crew_id == second
    assert [step[:2] for step in await steps_of(laid, id_)].count(("ASSIGNED", "RECEIVED")) == 1


# ------------------------------------------------------------------------------------------------------ duplicates


async def test_a_duplicate_leads_to_the_root_and_those_that_led_to_it_follow(undone: Laid) -> None:
    staff = undone.actors["staff"]
    a, b, c, d = await laid_out(undone, count=4)
    await step(undone, staff, b, handling.mark_duplicate, a)
    await step(undone, staff, c, handling.mark_duplicate, b)
    assert (await row_of(undone, c)).duplicate_of_id == a
    await step(undone, staff, a, handling.mark_duplicate, d)
    assert [(await row_of(undone, id_)).duplicate_of_id for id_ in (a, b, c)] == [d, d, d]
    assert await outcome(undone, staff, d, handling.mark_duplicate, c) is InvalidInput
    assert await outcome(undone, staff, d, handling.mark_duplicate, d) is InvalidInput
    assert (await row_of(undone, d)).status == S.RECEIVED


async def test_marking_again_is_the_same_only_for_the_same_original(undone: Laid) -> None:
    staff = undone.actors["staff"]
    a, b, c = await laid_out(undone, count=3)
    await step(undone, staff, c, handling.mark_duplicate, a)
    steps = await steps_of(undone, c)
    assert await outcome(undone, staff, c, handling.mark_duplicate, a) is None
    assert await outcome(undone, staff, c, handling.mark_duplicate, b) is InvalidTransition
    assert (await row_of(undone, c)).duplicate_of_id == a
    assert await steps_of(undone, c) == steps


async def test_an_original_of_another_ward_or_none_is_not_found(undone: Laid) -> None:
    [a] = await laid_out(undone)
    [far] = await laid_out(undone, code=ward.OTHER, at=ward.IN_OTHER)
    for original in (far, undone.ward.crews[ward.CLEAN]):
        assert await outcome(undone, undone.actors["staff"], a, handling.mark_duplicate, original) is NotFound


async def test_two_marked_duplicates_of_each_other_at_once_make_no_circle(laid: Laid) -> None:
    staff = laid.actors["staff"]
    for _ in range(5):
        a, b = await laid_out(laid, count=2)
        ended = await asyncio.gather(
            outcome(laid, staff, a, handling.mark_duplicate, b), outcome(laid, staff, b, handling.mark_duplicate, a)
        )
        assert sorted(ended, key=str) == [InvalidInput, None]


async def test_while_one_is_being_marked_the_other_way_round_waits_and_is_refused(laid: Laid) -> None:
    staff = laid.actors["staff"]
    a, b = await laid_out(laid, count=2)
    ended = await second_of(laid, (staff, a, handling.mark_duplicate, b), (staff, b, handling.mark_duplicate, a))
    assert ended is InvalidInput


async def test_duplicates_marked_crosswise_at_once_make_no_chain(laid: Laid) -> None:
    """Every pair of five, both ways, all at once: whoever wins, a duplicate never leads to a duplicate."""
    staff = laid.actors["staff"]
    for _ in range(3):
        ids = await laid_out(laid, count=5)
        pairs = itertools.permutations(ids, 2)
        await asyncio.wait_for(
            asyncio.gather(*(outcome(laid, staff, one, handling.mark_duplicate, other) for one, other in pairs)), 120
        )
        rows = {id_: await row_of(laid, id_) for id_ in ids}
        roots = [id_ for id_, row in rows.items() if row.duplicate_of_id is None]
        assert len(roots) == 1
        assert {row.duplicate_of_id for id_, row in rows.items() if id_ not in roots} == set(roots)


# ------------------------------------------------------------------------------------------------------ correcting


async def test_a_corrected_kind_is_routed_again_and_its_deadline_follows(undone: Laid) -> None:
    [id_] = await laid_out(undone, S.ACCEPTED, crew_id=undone.ward.crews[ward.CLEAN])
    await correct(undone, id_, category_code="TRAFFIC")
    row = await row_of(undone, id_)
    assert (row.status, row.crew_id) == (S.ASSIGNED, undone.ward.crews[ward.ROADS])
    assert (row.due_at - row.reported_at).total_seconds() == 24 * 3600
    assert [step[:3] for step in await steps_of(undone, id_)][-3:] == [
        ("ACCEPTED", "ACCEPTED", "STAFF"),
        ("ACCEPTED", "RECEIVED", "STAFF"),
        ("RECEIVED", "ASSIGNED", "SYSTEM"),
    ]


async def test_a_corrected_place_finds_its_neighbourhood_and_keeps_a_crew_that_suits(undone: Laid) -> None:
    clean = undone.ward.crews[ward.CLEAN]
    [id_] = await laid_out(undone, S.IN_PROGRESS, crew_id=clean)
    await correct(undone, id_, location=Position(*ward.IN_SECOND), address="Ngõ 5")
    row = await row_of(undone, id_)
    assert (row.status, row.crew_id, row.address) == (S.IN_PROGRESS, clean, "Ngõ 5")
    assert row.neighbourhood_id == undone.ward.neighbourhoods[ward.SECOND]


async def test_a_correction_sent_again_leaves_no_second_trace(undone: Laid) -> None:
    [id_] = await laid_out(undone, S.IN_PROGRESS, crew_id=undone.ward.crews[ward.CLEAN])
    given = {"location": Position(*ward.IN_SECOND), "address": "Ngõ 5", "category_code": "SECURITY"}
    await correct(undone, id_, **given)
    row, steps = await row_of(undone, id_), await steps_of(undone, id_)
    await correct(undone, id_, **given)
    assert (await row_of(undone, id_), await steps_of(undone, id_)) == (row, steps)
    await correct(undone, id_, **(given | {"address": "Ngõ 6"}))
    last = await undone.value("SELECT note FROM incident_event WHERE incident_id = :id ORDER BY at DESC", id=id_)
    assert last == "Đã sửa: địa chỉ."


async def test_a_place_beyond_the_crews_ground_is_routed_again(undone: Laid) -> None:
    clean = undone.ward.crews[ward.CLEAN]
    first = ward.square(*ward.TILES[ward.FIRST])
    async with undone.database.write() as connection:
        await connection.execute(sa.update(tables.crew).where(tables.crew.c.id == clean).values(coverage=first))
    [id_] = await laid_out(undone, S.ASSIGNED, crew_id=clean)
    await correct(undone, id_, location=Position(*ward.IN_SECOND))
    row = await row_of(undone, id_)
    assert (row.status, row.crew_id) == (S.RECEIVED, None)


async def test_a_reopened_incident_counts_its_corrected_deadline_from_the_reopening(undone: Laid) -> None:
    [id_] = await laid_out(undone, S.RESOLVED, crew_id=undone.ward.crews[ward.CLEAN])
    await step(undone, undone.actors["staff"], id_, handling.reopen, "Vẫn còn")
    reopened = await undone.value("SELECT max(at) FROM incident_event WHERE from_status = 'RESOLVED'")
    await correct(undone, id_, category_code="TRAFFIC")
    assert ((await row_of(undone, id_)).due_at - reopened).total_seconds() == 24 * 3600


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"category_code": "NO_SUCH"}, InvalidInput),
        ({"location": Position(*ward.IN_OTHER)}, OutsideWard),
        ({"location": Position(*ward.IN_THE_SEA)}, OutsideWard),
    ],
)
async def test_a_wrong_correction_changes_nothing(undone: Laid, values: dict[str, Any], refusal: type[Refusal]) -> None:
    [id_] = await laid_out(undone)
    before = await row_of(undone, id_)
    with pytest.raises(refusal):
        await correct(undone, id_, **values)
    assert await row_of(undone, id_) == before


@pytest.mark.parametrize("who", ["crew-clean", "team-1", "staff-other", "anonymous"])
async def test_only_staff_correct(undone: Laid, who: str) -> None:
    [id_] = await laid_out(undone, S.ASSIGNED, crew_id=undone.ward.crews[ward.CLEAN])
    with pytest.raises(NotAllowed):
        await correct(undone, id_, who, address="Ngõ 5")


async def correct(laid: Laid, id_: UUID, who: str = "staff", **values: Any) -> None:
    async def take(connection: Any, actor: Actor, row: Any) -> None:
        given = {"category_code": None, "location": None, "address": None} | values
        await correcting.correct(connection, actor, row, **given)

    await step(laid, laid.actors[who], id_, take)


async def _handles(laid: Laid, crew_id: UUID, category: str) -> None:
    kind = sa.select(tables.category.c.id).where(
        tables.category.c.ward_code == ward.CODE, tables.category.c.code == category
    )
    async with laid.database.write() as connection:
        await connection.execute(
            sa.insert(tables.crew_category).values(
                ward_code=ward.CODE, crew_id=crew_id, category_id=kind.scalar_subquery()
            )
        )


async def _second_crew(laid: Laid) -> UUID:
    async with laid.database.write() as connection:
        return await ward.crew(connection, "Đội Môi trường 2", ["ENVIRONMENT"])
