"""Deadlines are told when they draw near and when they have passed: once each, to staff and crew only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from geo import changes, correcting, deadlines, handling, moments, records, stepping
from geo.lifecycle import Party, Status
from geo.moments import Cursor
from geo.secrets import digest
from geo.tables import incident, incident_event
from tests import ward
from tests.geo.conftest import Laid

SOON, PASSED = "Sắp đến hạn xử lý", "Đã quá hạn xử lý"


async def due_in(laid: Laid, left: timedelta, *, since: timedelta = timedelta(days=30), **values: Any) -> ward.Reported:
    """An incident reported so long ago, whose deadline is so far ahead."""
    async with laid.database.write() as connection:
        made = await ward.report(connection, category="ENVIRONMENT", **values)
        now = sa.func.now()
        times: dict[str, Any] = {"reported_at": now - since, "due_at": now + left}
        if values.get("status") in (Status.RESOLVED, Status.CLOSED):
            times["resolved_at"] = now
        await connection.execute(sa.update(incident).where(incident.c.id == made.key).values(**times))
        return made


async def told(laid: Laid) -> tuple[int, int]:
    """Tell what there is to tell: how many were near, how many had passed."""
    async with laid.database.write() as connection:
        passed = await deadlines.tell_passed(connection)
        return await deadlines.tell_near(connection), passed


async def notes_of(laid: Laid, made: ward.Reported) -> list[str]:
    columns = incident_event.c
    query = sa.select(columns.note).where(
        columns.incident_id == made.key, columns.party == Party.SYSTEM, ~columns.public
    )
    return [row.note.partition(":")[0] for row in await laid.rows(query.order_by(columns.at))]


async def test_a_deadline_is_near_in_its_last_quarter_but_no_more_than_a_day_before(undone: Laid) -> None:
    short, long = timedelta(hours=6), timedelta(days=30)
    early = [await due_in(undone, timedelta(hours=2, minutes=1), since=short)]
    early += [await due_in(undone, timedelta(hours=24, minutes=1), since=long)]
    near = [await due_in(undone, timedelta(hours=1, minutes=59), since=short)]
    near += [await due_in(undone, timedelta(hours=23, minutes=59), since=long)]
    assert await told(undone) == (2, 0)
    assert [await notes_of(undone, made) for made in early + near] == [[], [], [SOON], [SOON]]


async def test_after_a_reopening_the_last_quarter_is_that_of_the_time_since(undone: Laid) -> None:
    made, staff = await due_in(undone, timedelta(hours=5)), undone.actors["staff"]
    async with undone.database.write() as connection:
        row = await stepping.locked(connection, staff, ward.CODE, made.key)
        await handling.reject(connection, staff, row, "Ngoài địa bàn")
        row = await stepping.locked(connection, staff, ward.CODE, made.key)
        await handling.reopen(connection, staff, row, "Vẫn còn")
        soon = sa.update(incident).where(incident.c.id == made.key)
        await connection.execute(soon.values(due_at=sa.func.now() + timedelta(hours=5)))
    assert await told(undone) == (0, 0)


async def test_each_is_told_once(undone: Laid) -> None:
    near, late = await due_in(undone, timedelta(minutes=5)), await due_in(undone, -timedelta(minutes=5))
    assert await told(undone) == (1, 1)
    assert await told(undone) == (0, 0)
    assert [await notes_of(undone, made) for made in (near, late)] == [[SOON], [PASSED]]


async def test_what_was_near_is_told_again_when_it_has_passed(undone: Laid) -> None:
    made = await due_in(undone, timedelta(minutes=5))
    await told(undone)
    async with undone.database.write() as connection:
        passing = sa.update(incident).where(incident.c.id == made.key)
        await connection.execute(passing.values(due_at=incident.c.due_at - timedelta(minutes=10)))
    assert await told(undone) == (0, 1)
    assert await notes_of(undone, made) == [SOON, PASSED]


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.DUPLICATE])
async def test_only_what_is_open_is_told(undone: Laid, status: Status) -> None:
    idle = status in (Status.RECEIVED, Status.REJECTED)
    crew: dict[str, Any] = {} if idle else {"crew_id": undone.ward.crews[ward.CLEAN]}
    await due_in(undone, -timedelta(minutes=5), status=status, **crew)
    is_open = status in (Status.RECEIVED, Status.ASSIGNED, Status.ACCEPTED, Status.IN_PROGRESS)
    assert await told(undone) == (0, int(is_open))


async def test_what_has_no_deadline_is_left_alone(undone: Laid) -> None:
    async with undone.database.write() as connection:
        await ward.report(connection, due_at=None)
    assert await told(undone) == (0, 0)


async def test_a_reopened_incident_has_a_deadline_of_its_own(undone: Laid) -> None:
    made = await due_in(undone, -timedelta(minutes=5))
    staff = undone.actors["staff"]
    assert await told(undone) == (0, 1)
    async with undone.database.write() as connection:
        row = await stepping.locked(connection, staff, ward.CODE, made.key)
        await handling.reject(connection, staff, row, "Ngoài địa bàn")
        row = await stepping.locked(connection, staff, ward.CODE, made.key)
        await handling.reopen(connection, staff, row, "Vẫn còn")
        passing = sa.update(incident).where(incident.c.id == made.key)
        await connection.execute(passing.values(due_at=sa.func.now() - timedelta(minutes=1)))
    assert await told(undone) == (0, 1)
    assert await notes_of(undone, made) == [PASSED, PASSED]


async def test_another_kind_brings_another_deadline(undone: Laid) -> None:
    made = await due_in(undone, -timedelta(minutes=5))
    staff = undone.actors["staff"]
    assert await told(undone) == (0, 1)
    async with undone.database.write() as connection:
        row = await stepping.locked(connection, staff, ward.CODE, made.key)
        await correcting.correct(connection, staff, row, category_code="TRAFFIC", location=None, address=None)
    assert await told(undone) == (0, 1)


async def test_what_is_told_is_for_those_who_work_on_it(undone: Laid) -> None:
    made = await due_in(undone, -timedelta(minutes=5), status=Status.ACCEPTED, crew_id=undone.ward.crews[ward.CLEAN])
    await told(undone)
    for who, sees in (("staff", True), ("crew-clean", True), ("anonymous", False), ("team-1", False)):
        actor = undone.actors[who]
        notes = [row.note for row in await undone.rows(records.events_of(actor, ward.CODE, made.key))]
        assert any(note and note.startswith(PASSED) for note in notes) is sees, who


async def test_a_reporter_who_takes_a_step_later_reads_nothing_of_it(undone: Laid) -> None:
    """A reporter has no account, and neither has who told of the deadline."""
    made = await due_in(undone, -timedelta(minutes=5))
    staff, reporter = undone.actors["staff"], undone.actors["anonymous"].holding(digest(made.secret))
    assert await told(undone) == (0, 1)
    async with undone.database.write() as connection:
        row = await stepping.locked(connection, staff, ward.CODE, made.key)
        await handling.reject(connection, staff, row, "Ngoài địa bàn")
        row = await stepping.locked(connection, reporter, ward.CODE, made.key)
        await handling.reopen(connection, reporter, row, "Vẫn còn")
        witness = await stepping.witness_of(connection, reporter, row)
    steps = await undone.rows(records.events_of(witness, ward.CODE, made.key))
    assert "Vẫn còn" in [step.note for step in steps]
    assert all(step.public for step in steps)


async def test_telling_changes_nothing_of_a_step_that_is_repeated(undone: Laid) -> None:
    crew = undone.actors["crew-clean"]
    made = await due_in(undone, -timedelta(minutes=5), status=Status.ASSIGNED, crew_id=undone.ward.crews[ward.CLEAN])
    async with undone.database.write() as connection:
        row = await stepping.locked(connection, crew, ward.CODE, made.key)
        await handling.accept(connection, crew, row)
        await handling.note(connection, crew, row, "Đang trên đường", public=False)
    assert await told(undone) == (0, 1)
    before = await undone.value("SELECT count(*) FROM incident_event")
    async with undone.database.write() as connection:
        row = await stepping.locked(connection, crew, ward.CODE, made.key)
        await handling.accept(connection, crew, row)
        await handling.note(connection, crew, row, "Đang trên đường", public=False)
    assert await undone.value("SELECT count(*) FROM incident_event") == before


async def test_two_workers_tell_of_a_deadline_once(laid: Laid) -> None:
    made = await due_in(laid, -timedelta(minutes=5))
    async with laid.database.write() as first, laid.database.write() as second:
        assert await deadlines.tell_passed(first) == 1
        assert await deadlines.tell_passed(second) == 0
    assert await told(laid) == (0, 0)
    assert await notes_of(laid, made) == [PASSED]


async def test_who_follows_the_ward_or_the_crew_hears_of_it_live(laid: Laid) -> None:
    clean = laid.ward.crews[ward.CLEAN]
    near = await due_in(laid, timedelta(minutes=5), status=Status.ACCEPTED, crew_id=clean)
    late = await due_in(laid, -timedelta(minutes=5), status=Status.ACCEPTED, crew_id=clean)
    async with laid.database.read() as connection:
        since = Cursor.at(await moments.moment(connection))
    assert await told(laid) == (1, 1)
    async with laid.database.read() as connection:
        news = await changes.after(connection, since)
    assert {(change.incident_id, change.crews) for change in news.changes} == {
        (made.key, frozenset({clean})) for made in (near, late)
    }
