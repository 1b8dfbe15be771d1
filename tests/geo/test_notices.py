"""What is told to whom: read off the history, each step once, whoever wrote it and whenever it was committed."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import deadlines, handling, journal, moments, notices, telling
from geo.actor import ANONYMOUS, Actor
from geo.bookmarks import Step, read_on
from geo.database import Database
from geo.ids import new_id
from geo.lifecycle import Party, Status
from geo.moments import Cursor
from geo.notices import NewNotice
from geo.reports import Contact
from geo.tables import About, NoticeKind, incident, incident_event, notice
from geo.telling import Told, Who, due, to_reporters, to_workers
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import report_of, send, step
from tests.geo.test_plans import Explain
from tests.ward import CLEAN, CODE, OTHER, ROADS

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CREW, SECOND_CREW = new_id(), new_id()


def taken(from_status: str | None, to_status: str, **values: Any) -> Step:
    given: dict[str, Any] = {"note": None, "public": True, "party": "STAFF", "crew_id": None, "had": None}
    given |= {"about": None, "by_mail": True} | values
    return Step("20314", UUID(int=7), new_id(), NOW, from_status, to_status, **given)


@pytest.mark.parametrize(
    ("a_step", "told"),
    [
        (taken("RECEIVED", "ASSIGNED", party="SYSTEM", crew_id=CREW), [("CREW", "ASSIGNED", CREW)]),
        (
            taken("ASSIGNED", "ASSIGNED", crew_id=SECOND_CREW, had=CREW),
            [("CREW", "TAKEN_BACK", CREW), ("CREW", "ASSIGNED", SECOND_CREW)],
        ),
        (
            taken("IN_PROGRESS", "ASSIGNED", party="SYSTEM", crew_id=SECOND_CREW, had=CREW),
            [("CREW", "TAKEN_BACK", CREW), ("CREW", "ASSIGNED", SECOND_CREW)],
        ),
        (taken("ACCEPTED", "ASSIGNED", crew_id=CREW, had=CREW), [("CREW", "ASSIGNED", CREW)]),
        (taken("ASSIGNED", "ASSIGNED", crew_id=CREW, had=CREW, public=False, party="SYSTEM"), []),
        (taken("ASSIGNED", "RECEIVED", party="CREW", crew_id=CREW, had=CREW), []),
        (taken("ASSIGNED", "RECEIVED", party="SYSTEM", crew_id=CREW, had=CREW), [("CREW", "TAKEN_BACK", CREW)]),
        (taken("ASSIGNED", "REJECTED", had=CREW), [("CREW", "TAKEN_BACK", CREW)]),
        (taken("ASSIGNED", "DUPLICATE", had=CREW), [("CREW", "TAKEN_BACK", CREW)]),
        (taken("RECEIVED", "REJECTED"), []),
        (taken("IN_PROGRESS", "RESOLVED", crew_id=CREW, had=CREW), [("CREW", "TAKEN_BACK", CREW)]),
        (taken("ASSIGNED", "ACCEPTED", party="CREW", crew_id=CREW, had=CREW), []),
        (taken("IN_PROGRESS", "RESOLVED", party="CREW", crew_id=CREW, had=CREW), []),
        (
            taken("RESOLVED", "RECEIVED", party="REPORTER", had=CREW),
            [("CREW", "REOPENED", CREW), ("STAFF", "REOPENED", None)],
        ),
        (taken("CLOSED", "RECEIVED", had=CREW), [("CREW", "REOPENED", CREW)]),
        (taken("REJECTED", "RECEIVED", party="REPORTER"), [("STAFF", "REOPENED", None)]),
        (
            taken("RECEIVED", "RECEIVED", party="SYSTEM", public=False, about="ATTENTION", note="Chưa có đội"),
            [("STAFF", "ATTENTION", None)],
        ),
        (taken("RECEIVED", "RECEIVED", party="SYSTEM", public=False, note="Đã có đội"), []),
        (taken("RECEIVED", "RECEIVED", public=False, note="của cán bộ"), []),
        (
            taken("ASSIGNED", "ASSIGNED", public=False, about="DUE_SOON", had=CREW),
            [("STAFF", "DUE_SOON", None), ("CREW", "DUE_SOON", CREW)],
        ),
        (
            taken("IN_PROGRESS", "IN_PROGRESS", public=False, about="OVERDUE", had=CREW),
            [("STAFF", "OVERDUE", None), ("CREW", "OVERDUE", CREW)],
        ),
        (taken("ASSIGNED", "ASSIGNED", public=False, about="ATTENTION", had=CREW), [("STAFF", "ATTENTION", None)]),
        (taken("ASSIGNED", "ASSIGNED", public=False, about="LET_PASS", crew_id=CREW, had=CREW), []),
        # Words alone, whatever they say, tell nothing.
        (taken("RECEIVED", "RECEIVED", party="SYSTEM", public=False, note=f"{deadlines.PASSED} 17:00"), []),
        (
            taken(
                "RECEIVED",
                "RECEIVED",
                party="SYSTEM",
                public=False,
                about="OVERDUE",
                note="Lời nào cũng được",
            ),
            [("STAFF", "OVERDUE", None)],
        ),
        (taken(None, "RECEIVED", party="REPORTER"), []),
    ],
)
def test_staff_and_crews_are_told_what_concerns_them(a_step: Step, told: list[tuple[Any, ...]]) -> None:
    assert [(one.who, one.kind, one.crew_id) for one in to_workers(a_step)] == told


@pytest.mark.parametrize(
    ("a_step", "hears"),
    [
        (taken(None, "RECEIVED", party="REPORTER"), True),
        (taken("RECEIVED", "ASSIGNED", party="SYSTEM", crew_id=CREW), True),
        (taken("RECEIVED", "REJECTED", note="Không thuộc phường"), True),
        (taken("ASSIGNED", "ASSIGNED", note="Mai đội tới"), True),
        (taken("ASSIGNED", "ASSIGNED", note="nội bộ", public=False), False),
        (taken("RESOLVED", "RESOLVED", note="Cảm ơn", party="REPORTER"), False),
        (taken("RESOLVED", "CLOSED", party="REPORTER"), False),
        (taken("RESOLVED", "CLOSED", party="SYSTEM"), True),
        (taken("CLOSED", "RECEIVED", party="REPORTER", note="Vẫn hỏng"), True),
        (taken("RECEIVED", "ASSIGNED", by_mail=False), False),
    ],
)
def test_the_reporter_hears_of_public_steps_but_not_of_their_own_words(a_step: Step, hears: bool) -> None:
    assert bool(to_reporters([a_step])) is hears


def test_steps_that_were_read_together_are_told_together() -> None:
    first, second = taken(None, "RECEIVED", party="REPORTER"), taken("RECEIVED", "ASSIGNED", crew_id=CREW)
    (told,) = to_reporters([first, taken("RECEIVED", "RECEIVED", public=False), second])
    assert told.steps == (first.event_id, second.event_id)


def test_many_steps_of_a_report_are_told_by_several_letters_each_step_once() -> None:
    steps = [taken("ASSIGNED", "ASSIGNED", note=f"Tin {n}") for n in range(telling.MOST_STEPS + 3)]
    told = to_reporters(steps)
    assert [len(one.steps) for one in told] == [telling.MOST_STEPS, 3]
    assert [id_ for one in told for id_ in one.steps] == [one.event_id for one in steps]


async def begun(laid: Laid) -> None:
    """The bookmark is set: what comes is new."""
    assert await read(laid) == []


async def read(laid: Laid) -> list[Told]:
    async with laid.database.write() as connection:
        return list((await due(connection))[1])


async def test_what_happened_before_the_first_look_is_not_told(laid: Laid) -> None:
    await send(laid, report_of())
    await begun(laid)
    assert await read(laid) == []


async def test_each_step_is_told_once_and_none_where_the_transaction_is_undone(laid: Laid) -> None:
    await begun(laid)
    _, made = await send(laid, report_of())
    async with laid.database.engine.connect() as connection:
        assert (await due(connection))[1]
        await connection.rollback()
    (told,) = await read(laid)
    crew = await laid.value("SELECT crew_id FROM incident WHERE id = :id", id=made)
    assert (told.who, told.kind, told.crew_id, told.incident_id) == (Who.CREW, NoticeKind.ASSIGNED, crew, made)
    assert await read(laid) == []


async def test_what_commits_late_is_told(laid: Laid) -> None:
    await begun(laid)
    late = laid.database.engine.connect()
    async with late as connection, connection.begin() as transaction:
        made = await ward.report(connection, status=Status.ASSIGNED, crew_id=laid.ward.crews[CLEAN])
        await connection.execute(assigned(made.key, laid.ward.crews[CLEAN]))
        _, other = await send(laid, report_of())
        assert {one.incident_id for one in await read(laid)} == {other}
        assert await read(laid) == []
        await transaction.commit()
    assert [one.incident_id for one in await read(laid)] == [made.key]
    assert await read(laid) == []


def assigned(incident_id: UUID, crew_id: UUID, at: Any = None, id_: UUID | None = None) -> sa.Insert:
    """That it was given to this crew, now or then."""
    return sa.insert(incident_event).values(
        ward_code=CODE,
        incident_id=incident_id,
        id=id_ or new_id(),
        at=at if at is not None else sa.func.clock_timestamp(),
        from_status="RECEIVED",
        to_status="ASSIGNED",
        public=True,
        party="SYSTEM",
        crew_id=crew_id,
    )


async def test_a_great_load_is_read_in_bites_and_what_is_old_is_passed_over(laid: Laid) -> None:
    await begun(laid)
    async with laid.database.write() as connection:
        made = await ward.report(connection)
        ids = sorted((new_id() for _ in range(25)), key=lambda one: one.bytes)
        old = datetime.now(UTC) - timedelta(days=2)
        for number, id_ in enumerate(ids):
            await connection.execute(assigned(made.key, laid.ward.crews[CLEAN], old if number % 5 == 0 else None, id_))
    seen: list[UUID] = []
    sizes = []
    while bite := await bite_of(laid, 8):
        seen += bite
        sizes.append(len(bite))
    assert seen == [id_ for number, id_ in enumerate(ids) if number % 5]
    assert sizes == [8, 8, 4]


async def bite_of(laid: Laid, most: int) -> list[UUID]:
    async with laid.database.write() as connection:
        return [one.event_id for one in await read_on(connection, telling.BOOKMARK, most)]


async def test_a_bookmark_does_not_move_while_nothing_happens_and_passes_over_what_is_only_old(laid: Laid) -> None:
    await begun(laid)
    before = await laid.value("SELECT moment FROM bookmark")
    assert await bite_of(laid, 10) == []
    assert await laid.value("SELECT moment FROM bookmark") == before
    async with laid.database.write() as connection:
        made = await ward.report(connection)
        long_ago = datetime.now(UTC) - timedelta(days=3)
        await connection.execute(assigned(made.key, laid.ward.crews[CLEAN], long_ago))
    assert await bite_of(laid, 10) == []
    assert await laid.value("SELECT moment FROM bookmark") != before


async def test_one_reads_at_a_time(laid: Laid) -> None:
    await begun(laid)
    await send(laid, report_of())
    async with laid.database.write() as connection:
        assert (await due(connection))[0] == 2
        assert await read(laid) == []
    assert await read(laid) == []


async def test_readers_at_once_tell_each_step_once(laid: Laid) -> None:
    await begun(laid)
    found: list[Told] = []
    sending = True

    async def keep_reading() -> None:
        while sending:
            found.extend(await read(laid))
            await asyncio.sleep(0.005)

    readers = [asyncio.create_task(keep_reading()) for _ in range(3)]
    made = await asyncio.gather(
        *(send(laid, report_of(contact=Contact(email="lan@vidu.vn", consent=True))) for _ in range(30))
    )
    sending = False
    await asyncio.gather(*readers)
    found += await read(laid)
    letters = [(one.incident_id, one.steps[0]) for one in found if one.who is Who.REPORTER]
    assert {incident_id for incident_id, _ in letters} == {id_ for _, id_ in made}
    assert len(set(letters)) == len(letters)
    at_crews = [one.steps[0] for one in found if one.kind is NoticeKind.ASSIGNED]
    assert len(set(at_crews)) == len(at_crews)
    assert len(at_crews) == await laid.value("SELECT count(*) FROM incident_event WHERE to_status = 'ASSIGNED'")


@pytest.mark.parametrize("moment", ["nonsense", str(Cursor.at(moments.Moment(2**60)))])
async def test_a_bookmark_of_another_database_begins_anew(laid: Laid, moment: str) -> None:
    await begun(laid)
    async with laid.database.write() as connection:
        await connection.execute(sa.text("UPDATE bookmark SET moment = :moment"), {"moment": moment})
    await send(laid, report_of())
    assert await read(laid) == []
    await send(laid, report_of())
    assert await read(laid)


async def test_a_taken_step_tells_who_had_it_before(laid: Laid) -> None:
    clean, roads = laid.ward.crews[CLEAN], laid.ward.crews[ROADS]
    async with laid.database.write() as connection:
        made = await ward.report(connection, status=Status.ASSIGNED, crew_id=clean)
        await connection.execute(sa.text("UPDATE crew SET on_duty = true"))
    await begun(laid)
    await step(laid, laid.actors["staff"], made.key, handling.reject, "Không thuộc phường")
    assert [(one.who, one.kind, one.crew_id) for one in await read(laid)] == [(Who.CREW, NoticeKind.TAKEN_BACK, clean)]
    assert roads != clean


async def test_a_deadline_that_passes_is_told_to_staff(laid: Laid) -> None:
    async with laid.database.write() as connection:
        made = await ward.report(connection)
    await begun(laid)
    async with laid.database.write() as connection:
        past = sa.func.now() - timedelta(hours=1)
        values = {"reported_at": past - timedelta(hours=1), "due_at": past}
        await connection.execute(sa.update(incident).where(incident.c.id == made.key).values(**values))
        assert await deadlines.tell_passed(connection) == 1
    assert [(one.who, one.kind) for one in await read(laid)] == [(Who.STAFF, NoticeKind.OVERDUE)]


async def test_an_incident_that_needs_a_person_is_told_to_staff(laid: Laid) -> None:
    await begun(laid)
    async with laid.database.write() as connection:
        made = await ward.report(connection, attention="NO_CREW")
        remarks = [(CODE, made.key, Status.RECEIVED, "Chưa có đội nhận")]
        await journal.remark(connection, remarks, Party.SYSTEM, About.ATTENTION)
    assert [(one.who, one.kind) for one in await read(laid)] == [(Who.STAFF, NoticeKind.ATTENTION)]


async def test_a_late_reader_tells_each_remark_once_and_for_what_it_was_written(laid: Laid) -> None:
    async with laid.database.write() as connection:
        clean = laid.ward.crews[CLEAN]
        made = await ward.report(connection, status=Status.IN_PROGRESS, crew_id=clean)
        await connection.execute(assigned(made.key, clean))
    await begun(laid)
    async with laid.database.write() as connection:
        remarked = [
            ("Một lời không nói gì về hạn", About.DUE_SOON),
            (f"{deadlines.NEAR} hôm qua", None),
            ("Hết giờ", About.OVERDUE),
            ("Cần người xem", About.ATTENTION),
            ("Đã có người lo", None),
        ]
        for words, about in remarked:
            remarks = [(CODE, made.key, Status.IN_PROGRESS, words)]
            await journal.remark(connection, remarks, Party.SYSTEM, about)
        # By the time they are read the incident is another's, needs nobody, or needs somebody for something else.
        values = {"attention": "NOT_ACCEPTED", "status": Status.ASSIGNED}
        await connection.execute(sa.update(incident).where(incident.c.id == made.key).values(**values))
    assert [(one.who, one.kind, one.crew_id) for one in await read(laid)] == [
        (Who.STAFF, NoticeKind.DUE_SOON, None),
        (Who.CREW, NoticeKind.DUE_SOON, clean),
        (Who.STAFF, NoticeKind.OVERDUE, None),
        (Who.CREW, NoticeKind.OVERDUE, clean),
        (Who.STAFF, NoticeKind.ATTENTION, None),
    ]
    assert await read(laid) == []


async def noted(connection: AsyncConnection, laid: Laid) -> ward.Reported:
    """A notice to the staff, one to each of two crews, and one to the other ward's staff."""
    made = await ward.report(connection)
    await notices.write(
        connection,
        [
            NewNotice(CODE, NoticeKind.OVERDUE, None, made.key),
            NewNotice(CODE, NoticeKind.ASSIGNED, laid.ward.crews[CLEAN], made.key),
            NewNotice(CODE, NoticeKind.TAKEN_BACK, laid.ward.crews[ROADS], made.key),
            NewNotice(OTHER, NoticeKind.JOB_FAILED),
        ],
    )
    return made


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        ("anonymous", []),
        ("team-1", []),
        ("staff", ["OVERDUE"]),
        ("staff-other", ["JOB_FAILED"]),
        ("crew-clean", ["ASSIGNED"]),
        ("crew-roads", ["TAKEN_BACK"]),
        ("crew-other", []),
        ("admin", ["JOB_FAILED", "OVERDUE"]),
    ],
)
async def test_everybody_reads_their_own(undone: Laid, connection: AsyncConnection, who: str, kinds: list[str]) -> None:
    await noted(connection, undone)
    found = await connection.execute(notices.readable(undone.actors[who]))
    assert sorted(row.kind for row in found) == kinds


async def test_what_was_seen_is_not_new_and_what_comes_later_is(undone: Laid, connection: AsyncConnection) -> None:
    staff, colleague = undone.actors["staff"], undone.actors["admin"]
    await noted(connection, undone)
    assert await count(connection, staff) == 1
    (row,) = (await connection.execute(notices.readable(staff))).all()
    assert (row.seen, row.text, row.text_en) == (False, "Đã quá hạn xử lý", "Overdue")
    await notices.mark_seen(connection, staff, row.at)
    assert (await count(connection, staff), await count(connection, colleague)) == (0, 2)
    await notices.mark_seen(connection, staff, row.at - timedelta(days=1))
    assert await count(connection, staff) == 0
    # Nobody has seen what is yet to come.
    await notices.mark_seen(connection, staff, datetime.now(UTC) + timedelta(days=400))
    await notices.write(connection, [NewNotice(CODE, NoticeKind.DUE_SOON)])
    assert await count(connection, staff) == 1


async def count(connection: AsyncConnection, actor: Actor) -> int:
    return int((await connection.execute(sa.select(notices.unseen(actor)))).scalar_one())


async def test_nobody_counts_further_than_a_hundred(undone: Laid, connection: AsyncConnection) -> None:
    await notices.write(connection, [NewNotice(CODE, NoticeKind.OVERDUE)] * 103)
    assert await count(connection, undone.actors["staff"]) == notices.MOST_COUNTED
    assert await count(connection, ANONYMOUS) == 0


async def test_why_it_needs_somebody_is_told_as_it_is_now(undone: Laid, connection: AsyncConnection) -> None:
    made = await ward.report(connection, attention="NO_CREW")
    await notices.write(connection, [NewNotice(CODE, NoticeKind.ATTENTION, None, made.key)])
    rows = notices.readable(undone.actors["staff"])
    assert (await connection.execute(rows)).one().text == "Chưa có đội nào nhận được"
    await connection.execute(sa.update(incident).where(incident.c.id == made.key).values(attention=None))
    assert (await connection.execute(rows)).one().text == "Cần cán bộ xem"


async def test_work_that_failed_is_told_once_an_hour(undone: Laid, connection: AsyncConnection) -> None:
    for code in (CODE, CODE, OTHER, "99999"):
        await notices.tell_job_failed(connection, code)
    found = await connection.execute(sa.select(notice.c.ward_code).order_by(notice.c.ward_code))
    assert list(found.scalars()) == [CODE, OTHER]


async def test_old_notices_are_forgotten(database: Database) -> None:
    async with database.write() as connection:
        await ward.build(connection)
        await notices.write(connection, [NewNotice(CODE, NoticeKind.OVERDUE)] * 3)
        ages = sa.text(
            "UPDATE notice SET at = now() - interval '91 days' WHERE id <> (SELECT max(id::text)::uuid FROM notice)"
        )
        await connection.execute(ages)
        assert [await notices.forget_old(connection), await notices.forget_old(connection)] == [2, 0]


@pytest.mark.parametrize("who", ["staff", "crew-clean"])
async def test_a_page_and_the_count_are_read_by_an_index(undone: Laid, connection: AsyncConnection, who: str) -> None:
    """Among many that were seen long ago, neither reads them all."""
    await noted(connection, undone)
    many = (
        "INSERT INTO notice SELECT ward_code, gen_random_uuid(), at - n * interval '1 minute', audience, crew_id, kind"
    )
    await connection.execute(sa.text(f"{many}, incident_id, event_id FROM notice, generate_series(1, 5000) AS n"))
    await connection.execute(sa.text("ANALYZE notice"))
    actor = undone.actors[who]
    await connection.execute(sa.text("UPDATE account SET notices_seen_at = now() - interval '1 hour'"))
    for query in (
        sa.select(notices.LATEST.page(notices.readable(actor), 20, None)),
        sa.select(notices.unseen(actor)),
    ):
        plan = json.dumps((await connection.execute(Explain(query))).scalar_one())
        assert '"Index Name": "ix_notice_' in plan
        assert '"Seq Scan", "Parallel Aware": false, "Async Capable": false, "Relation Name": "notice"' not in plan
