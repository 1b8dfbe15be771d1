"""Personal data: who is found however they are written, what is deleted and what stays, and that the history holds."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from geo import consents, disclosing, erasing, personal, places, privacy, retention, tables, team_keeping
from geo.errors import InvalidInput
from geo.ids import new_id
from geo.language import Language
from geo.lifecycle import Party, Status
from geo.positions import Position
from geo.tables import Ending, metadata
from tests.geo.conftest import Laid
from tests.geo.desk import until_waiting
from tests.ward import CLEAN, CODE, FIRST, IN_FIRST, Reported, report

PHONE, EMAIL, NAME = "0905123456", "hoa.le+phuong@vidu.vn", "Lê Thị Hoa"
WRITTEN = ("0905123456", "0905 123 456", "0905.123.456", "+84905123456", "84 905 123 456", "+84 (0)905-123-456",
           "0084905123456", "(090) 512\u00a03456", "0905/123/456", "0905,123,456", "0905_123_456",
           "090\u200b512\u20603456", "０９０５１２３４５６", "＋84 905 123 456")  # fmt: skip
OTHERS = ("0905123457", "10905123456", "09051234567", "905123456")
ROOT = Path(__file__).parent.parent.parent


async def add(laid: Laid, table: sa.Table, **values: Any) -> None:
    async with laid.database.write() as connection:
        await connection.execute(sa.insert(table).values(**values))


async def reported(laid: Laid, status: Status = Status.CLOSED, phone: str | None = PHONE, **values: Any) -> Reported:
    """An incident of the resident, with their words."""
    async with laid.database.write() as connection:
        row = {"description": "Cây đổ trước nhà tôi", "address": "12 Mẹ Suốt", **values}
        made = await report(connection, status=status, phone=phone, **row)
        if phone is not None:
            await connection.execute(
                sa.update(tables.reporter)
                .where(tables.reporter.c.incident_id == made.key)
                .values(name=NAME, email=EMAIL)
            )
    return made


async def note(laid: Laid, made: Reported, text: str, party: Party = Party.REPORTER) -> UUID:
    step = new_id()
    await add(
        laid, tables.incident_event, ward_code=CODE, incident_id=made.key, id=step, from_status="CLOSED",
        to_status="CLOSED", note=text, public=True, party=party,
    )  # fmt: skip
    return step


async def picture(laid: Laid, made: Reported, party: Party, copy: UUID | None = None) -> UUID:
    """A photograph of the first step that this party took."""
    steps = tables.incident_event.c
    query = sa.select(steps.id).where(steps.incident_id == made.key, steps.party == party).order_by(steps.at)
    step = await laid.value(query.limit(1))
    key = new_id()
    blurred = {} if copy is None else {"redacted_id": copy, "rectangles": [[0, 0, 1, 1]]}
    await add(
        laid, tables.photo, ward_code=CODE, id=key, incident_id=made.key, event_id=step, width=4, height=3, **blurred
    )
    return key


async def erase(laid: Laid, dry_run: bool = False, **who: str) -> privacy.Erased:
    async with laid.database.write() as connection:
        return await privacy.erase(connection, personal.person(**who), dry_run=dry_run)


async def test_a_number_is_found_however_it_is_written(undone: Laid) -> None:
    pattern = erasing.phone_pattern(PHONE)
    for text in WRITTEN:
        for around in ("{}", "gọi {}, gặp Hoa", "số:{}."):
            assert await undone.value(sa.select(erasing.says(sa.literal(around.format(text)), pattern))), text
    for text in ("+84905-123-456", "0905.123.456", "(090) 512 3456"):
        assert personal.person(phone=text).phone == PHONE
    for text in OTHERS:
        assert not await undone.value(sa.select(erasing.says(sa.literal(text), pattern))), text


async def test_a_report_is_found_by_its_code_however_it_is_written(undone: Laid) -> None:
    mine = await reported(undone)
    for written in (mine.tracking_code.lower(), f" {mine.tracking_code} "):
        assert (await erase(undone, dry_run=True, tracking_code=written)).counts["contacts"] == 1, written


async def test_who_is_asked_for_by_number_is_found_by_the_address_that_they_told_too(undone: Laid) -> None:
    await reported(undone)
    other = await reported(undone, phone="0905999999", description=f"Nhờ báo {EMAIL.upper()}, chị {NAME}")
    namesake = await reported(undone, phone=None, description=f"Chị {NAME} cũng thấy")
    async with undone.database.write() as connection:
        found = await disclosing.export(connection, personal.person(phone=PHONE))
    (mention,) = found.document["mentions"]
    assert other.tracking_code in mention["where"]
    await erase(undone, phone=PHONE)
    words = "SELECT description FROM incident WHERE id = :key"
    assert await undone.value(words, key=other.key) == f"Nhờ báo {erasing.MARK}, chị {erasing.MARK}"
    assert await undone.value(words, key=namesake.key) == f"Chị {NAME} cũng thấy"


def test_one_person_is_asked_for_at_a_time() -> None:
    for wrong in ({}, {"phone": PHONE, "email": EMAIL}, {"phone": "12345"}, {"email": "hoa"}):
        with pytest.raises(InvalidInput):
            personal.person(**wrong)


async def test_what_a_person_told_is_deleted_and_the_wards_record_stays(undone: Laid) -> None:
    mine, other = await reported(undone), await reported(undone, phone="0905999999")
    await note(undone, mine, "Vẫn chưa xong, gọi tôi nhé")
    by_staff = await note(undone, mine, f"Đã gọi chị {NAME.upper()} số 0905.123.456, hẹn 100%_xong", Party.STAFF)
    theirs = await note(undone, other, "Người báo cùng là 84 905 123 456 đó", Party.STAFF)
    copy = new_id()
    sent, after = await picture(undone, mine, Party.REPORTER, copy), await picture(undone, mine, Party.SYSTEM)
    kept = (
        "SELECT tracking_code, status, category_id, location::text, reported_at, due_at FROM incident WHERE id = :key"
    )
    before = await undone.rows(kept, key=mine.key)

    would = await erase(undone, dry_run=True, phone="+84 905 123 456")
    assert await undone.value("SELECT count(*) FROM reporter WHERE phone = :phone", phone=PHONE) == 1
    erased = await erase(undone, phone="+84 905 123 456")
    assert erased.counts == would.counts == {
        "photographs": 2, "contacts": 1, "texts": 1, "mentions": 2, "members": 0, "places": 0,
    }  # fmt: skip
    assert set(erased.pictures) == {sent, copy}

    assert await undone.rows(kept, key=mine.key) == before
    row = "SELECT description, address, satisfaction_comment, erased_at IS NOT NULL FROM incident WHERE id = :key"
    assert list(await undone.rows(row, key=mine.key)) == [(None, None, None, True)]
    assert [one[0] for one in await undone.rows(row, key=other.key)] == ["Cây đổ trước nhà tôi"]
    words = "SELECT note FROM incident_event WHERE id = :key"
    assert await undone.value(words, key=by_staff) == f"Đã gọi chị {erasing.MARK} số {erasing.MARK}, hẹn 100%_xong"
    assert await undone.value(words, key=theirs) == f"Người báo cùng là {erasing.MARK} đó"
    notes = "SELECT note FROM incident_event WHERE incident_id = :key AND party = 'REPORTER' AND note IS NOT NULL"
    assert [one.note for one in await undone.rows(notes, key=mine.key)] == [erasing.MARK]
    assert [one.id for one in await undone.rows("SELECT id FROM photo WHERE incident_id = :key", key=mine.key)] == [
        after
    ]
    jobs = "SELECT convert_from(payload, 'UTF8') AS said FROM jobs.pgqueuer WHERE entrypoint = 'remove_pictures'"
    (job,) = await undone.rows(jobs)
    assert str(sent) in job.said
    assert str(copy) in job.said
    assert str(after) not in job.said
    logged = await undone.rows("SELECT action, details::text FROM audit_entry")
    assert [one.action for one in logged] == ["erasePersonalData"]
    assert "0905" not in str(logged)

    again = await erase(undone, phone=PHONE)
    assert again.nothing
    assert again.pictures == []
    assert len(await undone.rows("SELECT 1 FROM audit_entry")) == 1


async def test_one_report_is_deleted_by_its_code_and_one_ward_alone(undone: Laid) -> None:
    first, second = await reported(undone), await reported(undone)
    assert (await erase(undone, email=EMAIL.upper(), ward_code="20320")).nothing
    assert (await erase(undone, tracking_code=first.tracking_code)).counts["contacts"] == 1
    left = [one.incident_id for one in await undone.rows("SELECT incident_id FROM reporter")]
    assert left == [second.key]
    assert (await erase(undone, email=EMAIL.upper())).counts["contacts"] == 1


async def test_a_teams_member_and_an_officials_home_are_known_no_more_by_their_number(undone: Laid) -> None:
    one = "(SELECT min(id::text)::uuid FROM team_member)"
    member = f"UPDATE team_member SET phone = :phone, consented_at = now() WHERE id = {one}"  # noqa: S608
    home = "UPDATE place SET phone = '0905 123 456' WHERE kind = 'OFFICIAL_HOME'"
    async with undone.database.write() as connection:
        await connection.execute(sa.text(member), {"phone": PHONE})
        homes = (await connection.execute(sa.text(home))).rowcount
    counts = (await erase(undone, phone=PHONE)).counts
    assert (counts["members"], counts["places"]) == (1, homes)
    assert homes
    assert await undone.value("SELECT count(*) FROM team_member WHERE phone = :phone", phone=PHONE) == 0
    assert await undone.value("SELECT count(*) FROM place WHERE kind = 'OFFICIAL_HOME'") == 0


async def test_all_that_is_kept_is_given_with_its_names_in_vietnamese(undone: Laid) -> None:
    mine, other = await reported(undone), await reported(undone, phone=None, description="Hỏi số 0905 123 456")
    sent = await picture(undone, mine, Party.REPORTER)
    async with undone.database.write() as connection:
        found = await disclosing.export(connection, personal.person(phone=PHONE))
    (told,) = found.document["reports"]
    assert told["trackingCode"] == mine.tracking_code
    assert (told["contact"]["name"], told["contact"]["email"]) == (NAME, EMAIL)
    assert told["description"] == "Cây đổ trước nhà tôi"
    assert found.pictures == {f"{mine.tracking_code}-1.jpg": sent}
    (mention,) = found.document["mentions"]
    assert other.tracking_code in mention["where"]
    assert "0905 123 456" in mention["text"]

    def names(part: Any) -> set[str]:
        if isinstance(part, dict):
            return set(part).union(*map(names, part.values()))
        return set().union(*map(names, part)) if isinstance(part, list) else set()

    document = {name: part for name, part in found.document.items() if name != "labels"}
    assert names(document) <= set(disclosing.LABELS)


@pytest.mark.parametrize(
    "change",
    [
        "SET note = 'Khác hẳn'",
        "SET note = note || ' thêm'",
        f"SET note = 'Đã hẹn {erasing.MARK}'",
        "SET note = NULL",
        f"SET note = '{erasing.MARK}', public = false",
        "SET at = at + interval '1 second'",
    ],
)
async def test_the_history_loses_words_and_nothing_else(undone: Laid, change: str) -> None:
    step = await note(undone, await reported(undone), "Đã gọi 0905123456", Party.STAFF)
    with pytest.raises(DBAPIError, match="never edited"):
        async with undone.database.write() as connection:
            await connection.execute(sa.text(f"UPDATE incident_event {change} WHERE id = :key"), {"key": step})
    async with undone.database.write() as connection:
        less = f"UPDATE incident_event SET note = 'Đã gọi {erasing.MARK}' WHERE id = :key"  # noqa: S608
        assert (await connection.execute(sa.text(less), {"key": step})).rowcount == 1


async def test_a_report_that_is_worked_on_is_waited_for(laid: Laid) -> None:
    """The note of a step that is under way when the report is deleted is found as well."""
    mine = await reported(laid, Status.ASSIGNED, crew_id=laid.ward.crews[CLEAN])
    async with laid.database.write() as connection:
        lock = sa.select(tables.incident.c.id).where(tables.incident.c.id == mine.key)
        await connection.execute(lock.with_for_update(key_share=True))
        deleting = asyncio.create_task(erase(laid, phone=PHONE))
        await until_waiting(laid)
        step = {"from_status": "ASSIGNED", "to_status": "ASSIGNED", "party": "CREW", "public": False}
        words = {"ward_code": CODE, "incident_id": mine.key, "id": new_id(), "note": "Gọi 0905123456"}
        await connection.execute(sa.insert(tables.incident_event).values(**step, **words))
    erased = await deleting
    assert erased.open_reports == 1
    assert erased.counts["mentions"] == 1
    assert await laid.value("SELECT count(*) FROM incident_event WHERE note ~ '0905'") == 0


# ------------------------------------------------------------------------------------------------------- retention


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


async def aged(laid: Laid, days: float, status: Status = Status.CLOSED, **values: Any) -> Reported:
    """An incident that came ten days before it ended, so many days ago."""
    at: dict[str, Any] = {"reported_at": ago(days + 10), "due_at": ago(days + 9)}
    if status is Status.CLOSED:
        at |= {"resolved_at": ago(days), "closed_at": ago(days)}
    made = await reported(laid, status, **at, **values)
    # What ended it, as late as it did: the history that `report` writes is of the day it came.
    if status is not Status.RECEIVED:
        step = {"from_status": "RECEIVED", "to_status": status, "party": "STAFF", "public": True, "at": ago(days)}
        await add(laid, tables.incident_event, ward_code=CODE, incident_id=made.key, id=new_id(), **step)
    async with laid.database.write() as connection:
        came = sa.update(tables.reporter).where(tables.reporter.c.incident_id == made.key)
        await connection.execute(came.values(consented_at=ago(days + 10)))
    return made


async def bite(laid: Laid, forget: Any, days: float) -> int:
    async with laid.database.write() as connection:
        done: int = await forget(connection, timedelta(days=days))
        return done


async def test_contacts_go_so_long_after_the_end_and_not_before(undone: Laid) -> None:
    old = await aged(undone, 181)
    for days, status in ((175, Status.CLOSED), (400, Status.RECEIVED)):
        await aged(undone, days, status)
    assert await bite(undone, retention.forget_contacts, 180) == 1
    assert await bite(undone, retention.forget_contacts, 180) == 0
    gone = "SELECT count(*) FROM reporter WHERE incident_id = :key"
    assert await undone.value(gone, key=old.key) == 0
    assert await undone.value("SELECT count(*) FROM reporter") == 2


async def test_words_go_so_long_after_the_end_and_not_before(undone: Laid) -> None:
    old, young = await aged(undone, 101), await aged(undone, 95)
    await aged(undone, 200, Status.REJECTED)
    assert await bite(undone, retention.forget_words, 100) == 1
    assert await bite(undone, retention.forget_words, 100) == 0
    rows = await undone.rows("SELECT id FROM incident WHERE description IS NULL AND erased_at IS NOT NULL")
    assert [one.id for one in rows] == [old.key]
    assert await undone.value("SELECT address FROM incident WHERE id = :key", key=young.key) == "12 Mẹ Suốt"


async def test_what_was_refused_goes_with_all_that_was_sent(undone: Laid) -> None:
    old, _ = await aged(undone, 31, Status.REJECTED), await aged(undone, 25, Status.REJECTED)
    await picture(undone, old, Party.REPORTER)
    assert await bite(undone, retention.forget_refused, 30) == 1
    assert await bite(undone, retention.forget_refused, 30) == 0
    assert await undone.value("SELECT count(*) FROM photo WHERE incident_id = :key", key=old.key) == 0
    assert await undone.value("SELECT count(*) FROM reporter") == 1


async def test_photographs_go_so_long_after_the_end_and_not_before(undone: Laid) -> None:
    old, young = await aged(undone, 51), await aged(undone, 45)
    for made in (old, young):
        for party in (Party.REPORTER, Party.STAFF):
            await picture(undone, made, party)
    async with undone.database.write() as connection:
        await connection.execute(sa.update(tables.photo).values(created_at=ago(60)))
    assert await bite(undone, retention.forget_pictures, 50) == 1
    assert await bite(undone, retention.forget_pictures, 50) == 0
    assert {one.incident_id for one in await undone.rows("SELECT incident_id FROM photo")} == {young.key}


async def test_positions_and_the_evidence_of_ended_consents_go(undone: Laid) -> None:
    crew = "UPDATE crew SET on_duty = true, position = base, position_at = now() - interval '3 hours' WHERE id = :key"
    subject, young = new_id(), new_id()
    for key, days in ((subject, 31), (young, 5)):
        words = {"wording": "contact/1/vi", "channel": "WEB", "ended_at": ago(days), "ended_why": Ending.ERASED}
        await add(undone, tables.consent, ward_code=CODE, id=new_id(), subject_id=key, given_at=ago(90), **words)
    async with undone.database.write() as connection:
        await connection.execute(sa.text(crew), {"key": undone.ward.crews[CLEAN]})
    assert await bite(undone, retention.forget_positions, 4 / 24) == 0
    assert await bite(undone, retention.forget_positions, 2 / 24) == 1
    assert await bite(undone, retention.forget_positions, 2 / 24) == 0
    assert await bite(undone, retention.forget_consents, 30) == 1
    assert [one.subject_id for one in await undone.rows("SELECT subject_id FROM consent")] == [young]


# --------------------------------------------------------------------------------------------------------- consent


async def test_the_words_that_are_shown_are_those_that_are_stored(undone: Laid) -> None:
    """A changed wording needs its next version, in `geo.consents` and in a new migration."""
    stored = {row.key: row.text for row in await undone.rows("SELECT key, text FROM consent_wording")}
    shown = {one.key(language): one.text.to(language) for one in consents.WORDINGS for language in Language}
    assert stored == shown
    with pytest.raises(DBAPIError, match="never changed"):
        async with undone.database.write() as connection:
            await connection.execute(sa.text("UPDATE consent_wording SET text = 'x'"))


async def test_a_members_and_an_officials_consent_is_recorded_with_its_words_and_its_end(undone: Laid) -> None:
    staff, own = undone.actors["staff"], consents.current(consents.MEMBER_OWN).key(Language.EN)
    team = undone.ward.teams[FIRST]
    said: dict[str, Any] = {"role": tables.TeamRole.MEMBER, "name": "Võ Thị Mới"}
    home: dict[str, Any] = {"name": "Nhà ông Bảy", "kind": tables.PlaceKind.OFFICIAL_HOME}
    async with undone.database.write() as connection:
        key = await team_keeping.add_member(connection, staff, CODE, team, consent=None, **said)
        for consent in (True, None, True, False, True):
            await team_keeping.save_member(connection, staff, CODE, key, consent=consent, wording=own, **said)
        await team_keeping.remove_member(connection, staff, CODE, key)
        at = await places.save(connection, staff, CODE, None, Position(*IN_FIRST), consent=True, **home)
        # Of no official any more: what was agreed to holds no more.
        other = {**home, "kind": tables.PlaceKind.OTHER}
        await places.save(connection, staff, CODE, at, Position(*IN_FIRST), **other)
    kept = "SELECT wording, channel, account_id, ended_why FROM consent WHERE subject_id = :key"
    ended = (own, "STAFF", staff.account_id, "WITHDRAWN")
    assert [tuple(one) for one in await undone.rows(kept, key=key)] == [ended, ended]
    assert [tuple(one)[::3] for one in await undone.rows(kept, key=at)] == [("home/1/vi", "WITHDRAWN")]


async def test_what_was_agreed_to_before_words_were_kept_is_not_given_words(undone: Laid) -> None:
    """The ward's members agreed on a day of the past; what they were shown then, nobody can say."""
    async with undone.database.write() as connection:
        await consents.settle_members(connection, CODE, tables.ConsentChannel.FILE, wording="member-told/1/vi")
    assert await undone.rows("SELECT 1 FROM consent") == []


# ------------------------------------------------------------------------------------------------------- the document


def test_every_column_is_said_to_be_personal_or_not() -> None:
    text = (ROOT / "docs/privacy.md").read_text()
    listed = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", text))
    for line in re.findall(r"^\| `([a-z_]+)` \| ((?:`[a-z_]+`,? ?)+)\|", text, re.MULTILINE):
        listed |= {f"{line[0]}.{column}" for column in re.findall(r"`([a-z_]+)`", line[1])}
    there = {f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.c}
    assert there - listed == set()
    assert {one for one in listed - there if one.partition(".")[0] in metadata.tables} == set()


def test_every_file_that_the_document_names_is_there() -> None:
    text = (ROOT / "docs/privacy.md").read_text()
    named = set(
        re.findall(r"`((?:geo|schema|server|tests|maps|docs)/[a-z_/0-9]+\.(?:py|js|html|md))(?:::(\w+))?`", text)
    )
    assert len(named) > 20
    for path, name in named:
        assert (ROOT / path).is_file(), path
        assert not name or name in (ROOT / path).read_text(), (path, name)
