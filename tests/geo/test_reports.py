"""A report comes in: once, however often it is sent; or not at all."""

from __future__ import annotations

import asyncio
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from geo import receiving
from geo.errors import InvalidInput, OutsideWard, Refusal
from geo.positions import Position
from geo.reports import Contact
from geo.secrets import digest, reporter_secret
from geo.tables import Channel
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import report_of, row_of, send, steps_of

STORED = (
    "SELECT (SELECT count(*) FROM incident), (SELECT count(*) FROM incident_event), (SELECT count(*) FROM reporter)"
)


async def test_a_report_finds_its_ward_neighbourhood_and_crew(undone: Laid) -> None:
    report = report_of(description="  Rác trước ngõ\n", address=unicodedata.normalize("NFD", "Đường Thử"))
    code, id_ = await send(undone, report)
    row = await row_of(undone, id_)
    assert (code, row.status, row.channel) == (ward.CODE, "ASSIGNED", "WEB")
    assert (row.neighbourhood_id, row.crew_id) == (
        undone.ward.neighbourhoods[ward.FIRST],
        undone.ward.crews[ward.CLEAN],
    )
    assert (row.description, row.address) == ("Rác trước ngõ", "Đường Thử")
    assert (row.due_at - row.reported_at).total_seconds() == 48 * 3600
    assert row.tracking_code.startswith(ward.CODE + "-")
    assert row.request_key_hash == digest(str(report.request_key))
    assert row.reporter_secret_hash == digest(reporter_secret(b"key", report.request_key))
    assert await steps_of(undone, id_) == [
        (None, "RECEIVED", "REPORTER", None),
        ("RECEIVED", "ASSIGNED", "SYSTEM", undone.ward.crews[ward.CLEAN]),
    ]


async def test_without_a_crew_it_waits_in_the_queue_and_staff_are_told(undone: Laid) -> None:
    _, id_ = await send(undone, report_of(category="FOOD_SAFETY"))
    row = await row_of(undone, id_)
    assert (row.status, row.crew_id, row.attention) == ("RECEIVED", None, "NO_CREW")
    assert await steps_of(undone, id_) == [
        (None, "RECEIVED", "REPORTER", None),
        ("RECEIVED", "RECEIVED", "SYSTEM", None),
    ]
    told = await undone.rows("SELECT public FROM incident_event WHERE incident_id = :id ORDER BY at", id=id_)
    assert [row.public for row in told] == [True, False], "what nobody could take is for the ward to know"


async def test_staff_report_as_staff_in_their_own_ward_only(undone: Laid) -> None:
    for who, party in (("staff", "STAFF"), ("staff-other", "REPORTER"), ("crew-clean", "REPORTER")):
        _, id_ = await send(undone, report_of(channel=Channel.STAFF), undone.actors[who])
        assert (await steps_of(undone, id_))[0][2] == party
    accounts = await undone.rows("SELECT account_id FROM incident_event WHERE from_status IS NULL AND party = 'STAFF'")
    assert [row.account_id for row in accounts] == [undone.ward.accounts["staff"]]


async def test_the_same_key_again_is_the_same_report_and_changes_nothing(undone: Laid) -> None:
    report = report_of(description="một", contact=Contact("Bà Ân", "0905123456", consent=True))
    first = await send(undone, report)
    before = await undone.rows(STORED)
    elsewhere = replace(report, location=Position(*ward.IN_OTHER), description="hai", ward_code=ward.OTHER)
    nonsense = replace(report, category="NO_SUCH", location=Position(*ward.IN_THE_SEA), description="x" * 9_999)
    for again in (report, elsewhere, nonsense):
        assert await send(undone, again) == first
    assert await undone.rows(STORED) == before
    assert (await row_of(undone, first[1])).description == "một"


async def test_fifty_at_once_with_one_key_are_one_report(laid: Laid) -> None:
    report = report_of(contact=Contact("Bà Ân", "0905123456", consent=True))
    elsewhere = replace(report, location=Position(*ward.IN_OTHER))
    answers = await asyncio.gather(*(send(laid, elsewhere if n % 2 else report) for n in range(50)))
    assert len(set(answers)) == 1
    assert await laid.rows(STORED) == [(1, 2, 1)]


async def test_a_refused_report_may_be_mended_and_sent_again_with_its_key(undone: Laid) -> None:
    report = report_of(category="NO_SUCH")
    with pytest.raises(InvalidInput):
        await send(undone, report)
    await send(undone, replace(report, category="ENVIRONMENT"))
    assert (await undone.rows(STORED))[0][0] == 1


@pytest.mark.parametrize(
    ("values", "refusal", "paths"),
    [
        ({"location": Position(*ward.IN_THE_SEA)}, OutsideWard, ["location"]),
        ({"location": Position(15.9865, 75.0)}, OutsideWard, ["location"]),
        ({"ward_code": ward.OTHER}, OutsideWard, ["location"]),
        ({"ward_code": "99999"}, OutsideWard, ["location"]),
        ({"ward_code": ""}, OutsideWard, ["location"]),
        ({"category": "NO_SUCH"}, InvalidInput, ["category"]),
        ({"category": "environment"}, InvalidInput, ["category"]),
        ({"description": "x" * 5_001}, InvalidInput, ["description"]),
        ({"description": "a\x00", "address": "\ud800"}, InvalidInput, ["description", "address"]),
        ({"photo_ids": ("a", "b")}, InvalidInput, ["photoIds.0", "photoIds.1"]),
        ({"contact": Contact("Bà Ân")}, InvalidInput, ["reporter.consent"]),
        ({"contact": Contact(phone="0905123456")}, InvalidInput, ["reporter.consent"]),
        ({"contact": Contact(email="a@b.vn")}, InvalidInput, ["reporter.consent"]),
        ({"contact": Contact(phone="12", email="a", consent=True)}, InvalidInput, ["reporter.phone", "reporter.email"]),
    ],
)
async def test_what_cannot_be_taken_leaves_no_trace(
    standing: Laid, values: dict[str, Any], refusal: type[Refusal], paths: list[str]
) -> None:
    with pytest.raises(refusal) as raised:
        await send(standing, report_of(**values))
    problems = getattr(raised.value, "problems", None)
    found = [problem.path for problem in problems] if problems is not None else [raised.value.path]
    assert [".".join(path) for path in found] == paths
    assert await standing.rows(STORED) == [(0, 0, 0)]


@pytest.mark.parametrize(
    ("contact", "kept"),
    [
        (None, []),
        (Contact(), []),
        (Contact("  ", " ", "", consent=False), []),
        (Contact(consent=True), []),
        (Contact("Bà Ân", "+84 905 123 456", "a@b.vn", consent=True), [("Bà Ân", "0905123456", "a@b.vn")]),
        (Contact(phone="0905.123.456", consent=True), [(None, "0905123456", None)]),
    ],
)
async def test_who_reported_is_kept_only_with_consent_and_if_told(
    undone: Laid, contact: Contact | None, kept: list[Any]
) -> None:
    await send(undone, report_of(contact=contact))
    assert await undone.rows("SELECT name, phone, email FROM reporter WHERE consented_at IS NOT NULL") == kept


async def test_on_the_edge_of_two_wards_the_named_one_takes_it(undone: Laid) -> None:
    edge = Position(108.24, 15.99)
    for named, taken in ((None, ward.CODE), (ward.OTHER, ward.OTHER), (ward.CODE, ward.CODE)):
        code, id_ = await send(undone, report_of(location=edge, ward_code=named))
        assert code == taken
        row = await row_of(undone, id_)
        owner = await undone.value("SELECT ward_code FROM neighbourhood WHERE id = :id", id=row.neighbourhood_id)
        assert owner == row.ward_code == taken


async def test_a_tracking_code_that_is_taken_is_drawn_again(undone: Laid, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["AAAAAA", "AAAAAA", "AAAAAA", "BBBBBB"])
    monkeypatch.setattr(receiving, "new_tracking_suffix", lambda: next(drawn))
    _, first = await send(undone, report_of())
    _, second = await send(undone, report_of())
    codes = await undone.rows("SELECT id, tracking_code FROM incident ORDER BY tracking_code")
    assert codes == [(first, "20314-AAAAAA"), (second, "20314-BBBBBB")]
    assert next(drawn, None) is None


async def test_the_same_code_drawn_by_two_at_once_ends_well(laid: Laid, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["AAAAAA"] * 6 + [f"BBBBB{n}" for n in range(20)])
    monkeypatch.setattr(receiving, "new_tracking_suffix", lambda: next(drawn))
    await asyncio.gather(*(send(laid, report_of()) for _ in range(6)))
    assert (await laid.value("SELECT count(DISTINCT tracking_code) FROM incident")) == 6


async def test_a_report_that_fails_half_way_leaves_nothing(undone: Laid, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("the dispatcher is down")

    monkeypatch.setattr(receiving, "dispatch_all", fail)
    report = report_of(contact=Contact("Bà Ân", consent=True))
    with pytest.raises(RuntimeError):
        await send(undone, report)
    assert await undone.rows(STORED) == [(0, 0, 0)]
    monkeypatch.undo()
    await send(undone, report)
    assert await undone.rows(STORED) == [(1, 2, 1)]


async def test_a_ward_without_categories_takes_no_report(undone: Laid) -> None:
    async with undone.database.write() as connection:
        await connection.execute(
            sa.insert(ward.tables.ward).values(code="20999", name="P", boundary=ward.square(109, 16, 110, 17))
        )
    with pytest.raises(InvalidInput):
        await send(undone, report_of(location=Position(109.5, 16.5)))
