"""Every step of an incident: by whom it may be taken, what it leaves behind, and what it says when sent again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import handling, records, stepping
from geo.actor import Actor
from geo.errors import InvalidInput, InvalidTransition, NotAllowed, NotFound
from geo.lifecycle import IN_HAND, Party, Status
from geo.secrets import digest
from geo.tables import Satisfaction, incident, incident_event
from tests import ward
from tests.geo.conftest import Laid

S = Status
Take = Callable[[AsyncConnection, Actor, Any], Awaitable[None]]

EVERYBODY = ("reporter", "stranger", "anonymous", "team-1", "crew-clean", "crew-roads", "crew-other", "staff", "admin")
"""`crew-clean` is the incident's crew; a stranger holds the secret of another report; `staff-other` is tried apart."""

STEPS: dict[str, tuple[Status, Status, str, Take]] = {
    "accept": (S.ASSIGNED, S.ACCEPTED, "crew-clean", handling.accept),
    "start": (S.ACCEPTED, S.IN_PROGRESS, "crew-clean", handling.start),
    "decline": (S.ACCEPTED, S.RECEIVED, "crew-clean staff admin", lambda c, a, r: handling.decline(c, a, r, "Bận")),
    "resolve": (S.IN_PROGRESS, S.RESOLVED, "crew-clean staff admin", lambda c, a, r: handling.resolve(c, a, r, "Xong")),
    "reject": (S.RECEIVED, S.REJECTED, "staff admin", lambda c, a, r: handling.reject(c, a, r, "Ngoài địa bàn")),
    "close": (S.RESOLVED, S.CLOSED, "staff admin reporter", handling.close),
    "reopen": (S.REJECTED, S.RECEIVED, "staff admin reporter", lambda c, a, r: handling.reopen(c, a, r, "Vẫn còn")),
    "rate": (
        S.RESOLVED,
        S.CLOSED,
        "reporter",
        lambda c, a, r: handling.rate(c, a, r, Satisfaction.SATISFIED, "Cảm ơn"),
    ),
}
"""Step: from, to, by whom, how. No crew is on duty, so nothing is dispatched on the way."""


def caller(laid: Laid, who: str, secret: str) -> Actor:
    if who == "reporter":
        return laid.actors["anonymous"].holding(digest(secret))
    if who == "stranger":
        return laid.actors["anonymous"].holding(digest("of another report"))
    return laid.actors[who]


async def reported(laid: Laid, connection: AsyncConnection, status: Status, **values: Any) -> ward.Reported:
    await connection.execute(sa.update(ward.tables.crew).values(on_duty=False))
    crew_id = laid.ward.crews[ward.CLEAN] if status in (*IN_HAND, S.RESOLVED, S.CLOSED) else None
    return await ward.report(connection, status=status, **{"crew_id": crew_id, **values})


async def row_of(connection: AsyncConnection, id_: UUID) -> Any:
    return (await connection.execute(sa.select(*incident.c).where(incident.c.id == id_))).one()


async def steps_of(connection: AsyncConnection, id_: UUID) -> list[Any]:
    columns = incident_event.c
    query = sa.select(*columns).where(columns.incident_id == id_).order_by(columns.at, columns.id)
    return list((await connection.execute(query)).all())


async def take(connection: AsyncConnection, actor: Actor, made: ward.Reported, step: Any, *arguments: Any) -> None:
    row = await stepping.locked(connection, actor, made.code, made.key)
    await step(connection, actor, row, *arguments)


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("name", STEPS)
async def test_each_step_is_taken_by_its_party_and_by_nobody_else(
    standing: Laid, connection: AsyncConnection, name: str, who: str
) -> None:
    before, after, parties, step = STEPS[name]
    made = await reported(standing, connection, before)
    actor = caller(standing, who, made.secret)
    count = len(await steps_of(connection, made.key))
    if who in parties.split():
        await take(connection, actor, made, step)
        assert (await row_of(connection, made.key)).status == after
        last = [step for step in await steps_of(connection, made.key) if step.public][-1]
        assert (last.from_status, last.to_status, last.account_id) == (before, after, actor.account_id)
        assert last.party == {"reporter": "REPORTER", "crew-clean": "CREW"}.get(who, "STAFF")
    else:
        with pytest.raises((NotAllowed, InvalidTransition, NotFound)):
            await take(connection, actor, made, step)
        assert (await row_of(connection, made.key)).status == before
        assert len(await steps_of(connection, made.key)) == count


async def test_staff_of_another_ward_may_do_nothing(standing: Laid, connection: AsyncConnection) -> None:
    for before, _, _, step in STEPS.values():
        made = await reported(standing, connection, before)
        with pytest.raises(NotAllowed):
            await take(connection, standing.actors["staff-other"], made, step)


@pytest.mark.parametrize("secret", ["of another report", ""])
@pytest.mark.parametrize("who", ["crew-clean", "staff"])
async def test_who_works_on_an_incident_is_not_its_reporter_with_a_made_up_secret(
    standing: Laid, connection: AsyncConnection, who: str, secret: str
) -> None:
    made = await reported(standing, connection, S.RESOLVED)
    actor = standing.actors[who].holding(digest(secret))
    with pytest.raises(NotAllowed):
        await take(connection, actor, made, handling.rate, Satisfaction.SATISFIED, None)
    if who == "crew-clean":
        with pytest.raises(InvalidTransition):
            await take(connection, actor, made, handling.reopen, "Vẫn còn")
    assert (await row_of(connection, made.key)).status == S.RESOLVED


@pytest.mark.parametrize("name", STEPS)
async def test_a_step_sent_again_answers_as_the_first_and_changes_nothing(
    standing: Laid, connection: AsyncConnection, name: str
) -> None:
    before, after, parties, step = STEPS[name]
    made = await reported(standing, connection, before)
    actor = caller(standing, parties.split()[0], made.secret)
    await take(connection, actor, made, step)
    row, steps = await row_of(connection, made.key), await steps_of(connection, made.key)
    await take(connection, actor, made, step)
    assert await row_of(connection, made.key) == row
    assert row.status == after
    assert await steps_of(connection, made.key) == steps


@pytest.mark.parametrize("name", ["accept", "start", "decline", "resolve", "reject", "close", "reopen"])
async def test_a_step_from_elsewhere_is_refused_with_both_statuses(
    standing: Laid, connection: AsyncConnection, name: str
) -> None:
    before, after, parties, step = STEPS[name]
    wrong = S.CLOSED if before is not S.CLOSED and name not in ("close", "reopen") else S.ASSIGNED
    made = await reported(standing, connection, wrong)
    with pytest.raises(InvalidTransition) as refused:
        await take(connection, standing.actors[parties.split()[0]], made, step)
    assert (refused.value.current, refused.value.to) == (wrong, after)


@pytest.mark.parametrize("who", ["reporter", "staff"])
@pytest.mark.parametrize("status", [S.RECEIVED, S.ASSIGNED])
async def test_what_is_not_finished_cannot_be_reopened(
    standing: Laid, connection: AsyncConnection, who: str, status: Status
) -> None:
    made = await reported(standing, connection, status)
    with pytest.raises(InvalidTransition):
        await take(connection, caller(standing, who, made.secret), made, handling.reopen, "Nhanh lên")


async def test_why_a_crew_declined_stays_within_the_ward(standing: Laid, connection: AsyncConnection) -> None:
    made = await reported(standing, connection, S.ACCEPTED)
    await take(connection, standing.actors["crew-clean"], made, handling.decline, "Xe hỏng")
    for who, told in (("reporter", False), ("anonymous", False), ("team-1", False), ("staff", True)):
        rows = await connection.execute(records.events_of(caller(standing, who, made.secret), ward.CODE, made.key))
        assert ("Xe hỏng" in [row.note for row in rows]) is told
    row = await row_of(connection, made.key)
    assert (row.status, row.crew_id) == (S.RECEIVED, None)


async def test_staff_assign_once_and_a_retry_never_takes_work_out_of_a_crews_hands(
    standing: Laid, connection: AsyncConnection
) -> None:
    made = await reported(standing, connection, S.RECEIVED)
    crew_id = standing.ward.crews[ward.CLEAN]
    await connection.execute(sa.update(ward.tables.crew).values(on_duty=True, capacity=1))
    staff, crew = standing.actors["staff"], standing.actors["crew-clean"]
    await take(connection, staff, made, handling.assign, crew_id, "Nhanh nhé")
    for status, step in ((S.ASSIGNED, None), (S.ACCEPTED, handling.accept), (S.IN_PROGRESS, handling.start)):
        if step is not None:
            await take(connection, crew, made, step)
        count = len(await steps_of(connection, made.key))
        await take(connection, staff, made, handling.assign, crew_id, "Nhanh nhé")
        assert (await row_of(connection, made.key)).status == status
        assert len(await steps_of(connection, made.key)) == count


@pytest.mark.parametrize("who", ["anonymous", "reporter", "team-1", "crew-roads", "staff-other"])
async def test_only_the_wards_staff_and_the_crew_assign(standing: Laid, connection: AsyncConnection, who: str) -> None:
    made = await reported(standing, connection, S.ASSIGNED)
    with pytest.raises((NotAllowed, InvalidTransition)):
        await take(
            connection, caller(standing, who, made.secret), made, handling.assign, standing.ward.crews[ward.ROADS], None
        )


@pytest.mark.parametrize("status", [S.REJECTED, S.DUPLICATE, S.RESOLVED, S.CLOSED])
@pytest.mark.parametrize(
    ("who", "days", "may"), [("reporter", 29, True), ("reporter", 31, False), ("staff", 31, True), ("staff", 999, True)]
)
async def test_the_reporter_reopens_within_thirty_days_and_staff_always(
    standing: Laid, connection: AsyncConnection, status: Status, who: str, days: int, may: bool
) -> None:
    now = await connection.scalar(sa.select(sa.func.now()))
    assert now is not None
    ago = {"reported_at": now - timedelta(days=days), "due_at": None}
    if status in (S.RESOLVED, S.CLOSED):
        ago["resolved_at"] = ago["reported_at"]
    root = await reported(standing, connection, S.RECEIVED)
    of = {"duplicate_of_id": root.key} if status is S.DUPLICATE else {}
    made = await reported(standing, connection, status, **ago, **of)
    actor = caller(standing, who, made.secret)
    if not may:
        with pytest.raises(InvalidInput):
            await take(connection, actor, made, handling.reopen, "Vẫn còn")
        assert (await row_of(connection, made.key)).status == status
        return
    await take(connection, actor, made, handling.reopen, "Vẫn còn")
    row = await row_of(connection, made.key)
    assert (row.status, row.crew_id, row.duplicate_of_id, row.reopened_count) == (S.RECEIVED, None, None, 1)
    assert (row.resolved_at, row.closed_at, row.satisfaction) == (None, None, None)
    assert row.due_at - now == timedelta(hours=48)


async def test_reopened_work_goes_to_a_crew_at_once(standing: Laid, connection: AsyncConnection) -> None:
    made = await reported(standing, connection, S.CLOSED)
    await connection.execute(sa.update(ward.tables.crew).values(on_duty=True))
    await take(connection, caller(standing, "reporter", made.secret), made, handling.reopen, "Vẫn còn")
    row = await row_of(connection, made.key)
    assert (row.status, row.crew_id) == (S.ASSIGNED, standing.ward.crews[ward.CLEAN])


@pytest.mark.parametrize("verdict", Satisfaction)
async def test_a_content_reporter_closes_it_and_a_discontent_one_may_reopen(
    standing: Laid, connection: AsyncConnection, verdict: Satisfaction
) -> None:
    made = await reported(standing, connection, S.RESOLVED)
    reporter = caller(standing, "reporter", made.secret)
    for _ in range(2):
        await take(connection, reporter, made, handling.rate, verdict, "Lời bình")
        row = await row_of(connection, made.key)
        assert (row.satisfaction, row.satisfaction_comment) == (verdict, "Lời bình")
        assert row.status == (S.RESOLVED if verdict is Satisfaction.DISSATISFIED else S.CLOSED)
        assert [step.note for step in await steps_of(connection, made.key)].count("Lời bình") == 1
    await take(connection, reporter, made, handling.reopen, "Vẫn còn")


async def test_a_resolution_is_commented_on_once_however_often_the_verdict_changes(
    standing: Laid, connection: AsyncConnection
) -> None:
    made = await reported(standing, connection, S.IN_PROGRESS)
    crew, reporter = standing.actors["crew-clean"], caller(standing, "reporter", made.secret)
    for resolution in (1, 2):
        if resolution == 2:
            await take(connection, reporter, made, handling.reopen, "Vẫn còn")
            await connection.execute(sa.update(ward.tables.crew).values(on_duty=True))
            await take(connection, standing.actors["staff"], made, handling.assign, crew.crew_id, None)
            await take(connection, crew, made, handling.accept)
        await take(connection, crew, made, handling.resolve, "Xong")
        for verdict, comment in (("DISSATISFIED", "Chưa"), ("SATISFIED", "Được"), ("ACCEPTABLE", "Tạm")) * 2:
            await take(connection, reporter, made, handling.rate, Satisfaction(verdict), comment)
            row = await row_of(connection, made.key)
            assert (row.satisfaction, row.satisfaction_comment) == (verdict, comment)
        notes = [step.note for step in await steps_of(connection, made.key) if step.party == "REPORTER"]
        assert notes.count("Chưa") == resolution
        assert not {"Được", "Tạm"} & set(notes)


@pytest.mark.parametrize(("days", "may"), [(29, True), (31, False)])
async def test_a_verdict_is_given_within_thirty_days(
    standing: Laid, connection: AsyncConnection, days: int, may: bool
) -> None:
    now = await connection.scalar(sa.select(sa.func.now()))
    assert now is not None
    ago = now - timedelta(days=days)
    made = await reported(standing, connection, S.CLOSED, reported_at=ago, resolved_at=ago, due_at=None)
    reporter = caller(standing, "reporter", made.secret)
    if not may:
        with pytest.raises(InvalidInput) as refused:
            await take(connection, reporter, made, handling.rate, Satisfaction.DISSATISFIED, "Muộn")
        assert refused.value.path == ("trackingCode",)
        return
    await take(connection, reporter, made, handling.rate, Satisfaction.DISSATISFIED, "Kịp")
    assert (await row_of(connection, made.key)).satisfaction == "DISSATISFIED"


@pytest.mark.parametrize("status", [S.RECEIVED, S.ASSIGNED, S.IN_PROGRESS, S.REJECTED])
async def test_what_is_not_resolved_is_not_rated(standing: Laid, connection: AsyncConnection, status: Status) -> None:
    made = await reported(standing, connection, status)
    with pytest.raises(InvalidTransition):
        await take(
            connection, caller(standing, "reporter", made.secret), made, handling.rate, Satisfaction.SATISFIED, None
        )


@pytest.mark.parametrize(
    ("who", "party"), [("staff", "STAFF"), ("crew-clean", "CREW"), ("reporter", "REPORTER"), ("crew-roads", None)]
)
async def test_a_note_is_kept_by_who_has_part_in_it(
    standing: Laid, connection: AsyncConnection, who: str, party: str | None
) -> None:
    made = await reported(standing, connection, S.ACCEPTED)
    actor = caller(standing, who, made.secret)
    if party is None:
        with pytest.raises(NotAllowed):
            await take(connection, actor, made, handling.note, "Ghi", False)
        return
    await take(connection, actor, made, handling.note, "Ghi", False)
    last = (await steps_of(connection, made.key))[-1]
    assert (last.from_status, last.to_status, last.party, last.note) == (S.ACCEPTED, S.ACCEPTED, party, "Ghi")


@pytest.mark.parametrize("who", ["staff", "crew-clean", "reporter"])
async def test_a_note_sent_again_is_kept_once(standing: Laid, connection: AsyncConnection, who: str) -> None:
    made = await reported(standing, connection, S.ACCEPTED)
    actor = caller(standing, who, made.secret)
    count = len(await steps_of(connection, made.key))
    for text, public, kept in (
        ("Ghi", False, 1),
        ("Ghi", False, 1),
        ("Ghi", True, 2),
        ("Khác", True, 3),
        ("Ghi", True, 4),
    ):
        await take(connection, actor, made, handling.note, text, public)
        assert len(await steps_of(connection, made.key)) == count + kept
    await take(connection, standing.actors["admin"], made, handling.note, "Ghi", True)
    assert len(await steps_of(connection, made.key)) == count + 5, "another's is another's"


async def test_no_step_is_written_that_the_life_cycle_does_not_know(
    standing: Laid, connection: AsyncConnection
) -> None:
    made = await reported(standing, connection, S.RECEIVED)
    steps = await steps_of(connection, made.key)
    row = await stepping.locked(connection, standing.actors["staff"], made.code, made.key)
    with pytest.raises(InvalidTransition):
        await stepping.move(connection, standing.actors["staff"], row, S.CLOSED, Party.STAFF)
    assert (await row_of(connection, made.key)).status == S.RECEIVED
    assert await steps_of(connection, made.key) == steps


async def test_only_staff_publish(standing: Laid, connection: AsyncConnection) -> None:
    made = await reported(standing, connection, S.ASSIGNED)
    for who in ("anonymous", "reporter", "team-1", "crew-clean", "staff-other"):
        with pytest.raises(NotAllowed):
            await take(connection, caller(standing, who, made.secret), made, handling.publish, True)
    await take(connection, standing.actors["staff"], made, handling.publish, True)
    assert (await row_of(connection, made.key)).published


@pytest.mark.parametrize("who", ["anonymous", "stranger", "team-1", "crew-roads", "staff-other"])
async def test_a_private_incident_is_not_found_by_who_may_not_see_it(
    standing: Laid, connection: AsyncConnection, who: str
) -> None:
    made = await reported(standing, connection, S.ASSIGNED, category="SECURITY")
    with pytest.raises(NotFound):
        await take(connection, caller(standing, who, made.secret), made, handling.note, "x", True)


@pytest.mark.parametrize("text", ["", "  ", "a\x00", "x" * 2_001])
def test_a_reason_is_needed_and_has_an_end(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        stepping.note_of(text, "reason", required=True)
    assert refused.value.path == ("reason",)
