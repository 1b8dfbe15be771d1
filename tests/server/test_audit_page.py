"""`/staff/audit`: what was done, in a clerk's words; narrowed down, paged, taken as a table, for staff alone."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape

import httpx
import pytest
import sqlalchemy as sa

from geo import audit, tables
from geo.actor import Actor, Role
from geo.clock import VIETNAM
from geo.ids import new_id
from server.pages import settings_audit
from tests import ward
from tests.asking import Desk, Opening
from tests.ward import CLEAN, CODE, FIRST

AT = "/staff/audit"


async def get(desk: Desk, path: str, by: str | None = "staff") -> httpx.Response:
    cookies = {} if by is None else {"Cookie": f"session={desk.tokens[by]}"}
    return await desk.http.get(path, headers={"Accept": "text/html", **cookies})


def words(page: httpx.Response) -> str:
    assert page.status_code == 200, page.text
    inside = page.text[page.text.index("<main") : page.text.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", inside)).split())


@pytest.fixture(scope="module")
async def shown(opening: Opening) -> AsyncIterator[Desk]:
    """A desk where some things were done, the first of them long ago."""
    async with opening() as desk:
        laid = desk.ward
        staff = Actor(Role.STAFF, laid.accounts["staff"], "Nguyễn <b>Thị</b> Văn Phòng", CODE)
        member = Actor(Role.TEAM_MEMBER, laid.accounts["team-1"], "Trần Tổ Trưởng", CODE)
        place = laid.places["Nhà văn hóa số 1"]
        async with desk.database.write() as connection:
            desk.incidents["one"] = await ward.report(connection)
            row = {"ward_code": CODE, "id": new_id(), "at": sa.func.now() - timedelta(days=40)}
            row |= {"role": audit.COMMAND_LINE, "name": "vanhanh", "action": "importPlaces", "details": {"added": 7}}
            await connection.execute(sa.insert(tables.audit_entry).values(**row))
            fields = {"changed": ["name", "phone"]}
            await audit.record(connection, member, "savePlace", f"Place:{CODE}:{place}", details=fields)
            await audit.record(connection, member, "removePlace", f"Place:{CODE}:{new_id()}", details={"removed": True})
            step = {"from": {"status": "RECEIVED"}, "to": {"status": "REJECTED"}, "changed": ["history", "status"]}
            await audit.record(connection, staff, "rejectIncident", desk.incidents["one"].id, details=step)
            crew = f"Crew:{CODE}:{laid.crews[CLEAN]}"
            await audit.record(connection, staff, "setDuty", crew, details={"to": {"onDuty": False}})
            await audit.record(connection, staff, "signIn", f"Account:{CODE}:{laid.accounts['staff']}")
        yield desk


async def test_it_says_who_did_what_when_and_to_what(shown: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with shown.database.read() as connection:
        at = await connection.scalar(sa.select(sa.func.max(tables.audit_entry.c.at)))
    assert at is not None
    # Though it may be midnight by now.
    monkeypatch.setattr(settings_audit, "today", lambda: at.astimezone(VIETNAM).date())
    page = await get(shown, AT)
    text = words(page)
    assert "Hôm nay, " in text
    assert "Nguyễn <b>Thị</b> Văn Phòng Cán bộ phường Từ chối phản ánh Đã tiếp nhận → Không thuộc phạm vi" in text
    assert "Cho đội trực hoặc nghỉ trực Nghỉ trực Đội phản ứng Đội Môi trường" in text
    assert "Thêm hoặc sửa địa điểm Đổi: tên, điện thoại Địa điểm Nhà văn hóa số 1" in text
    assert "Gỡ địa điểm Địa điểm Hiện không còn" in text
    assert "vanhanh Dòng lệnh Nhập địa điểm từ tệp Thêm: 7" in text
    assert text.index("Đăng nhập") < text.index("Từ chối phản ánh") < text.index("vanhanh")
    for way in (
        f"/staff/incidents/{shown.incidents['one'].tracking_code}",
        f"/staff/crews/Crew:{CODE}:{shown.ward.crews[CLEAN]}",
        f"/staff/places/{shown.ward.places['Nhà văn hóa số 1']}",
    ):
        assert f'href="{way}"' in page.text
        assert (await get(shown, way)).status_code == 200
    assert "<b>Thị</b>" not in page.text
    english = words(await get(shown, f"{AT}?lang=en"))
    assert "Rejected an incident Received → " in english
    assert "Changed: name, phone" in english


async def test_it_is_narrowed_down_by_person_kind_and_day(shown: Desk) -> None:
    by_member = words(await get(shown, f"{AT}?account={shown.ward.accounts['team-1']}"))
    assert "Nhà văn hóa số 1" in by_member
    assert "Đội Môi trường" not in by_member
    by_kind = words(await get(shown, f"{AT}?action=setDuty"))
    assert "Đội Môi trường" in by_kind
    assert "Nhà văn hóa số 1" not in by_kind
    assert "Không có việc nào khớp" in words(await get(shown, f"{AT}?to=2020-01-01"))
    assert "vanhanh" not in words(await get(shown, f"{AT}?from=2026-11-20&action=setDuty"))
    subject = f"Crew:{CODE}:{shown.ward.crews[CLEAN]}"
    assert "Từ chối phản ánh Đã" not in words(await get(shown, f"{AT}?subject={subject}"))
    refused = await get(shown, f"{AT}?from=30/11/2026")
    assert refused.status_code == 400
    assert "Ngày phải có thật" in refused.text
    for nonsense in ("account=x", "action=%00", "after=zzz", "subject=%00"):
        assert (await get(shown, f"{AT}?{nonsense}")).status_code == 200


async def test_a_ward_where_nothing_was_done_says_so_and_pages_lead_on(desk: Desk) -> None:
    assert "Chưa có việc nào được ghi" in words(await get(desk, AT))
    staff = Actor(Role.STAFF, desk.ward.accounts["staff"], "Cán bộ", CODE)
    async with desk.database.write() as connection:
        for n in range(51):
            await audit.record(connection, staff, "saveTeam", f"Team:{CODE}:{desk.ward.teams[FIRST]}", details={"n": n})
    page = await get(desk, AT)
    assert page.text.count("entry-time") == 50
    onward = re.search(r'href="(/staff/audit\?after=[^"]+)"', page.text)
    assert onward is not None
    last = await get(desk, unescape(onward[1]))
    assert last.text.count("entry-time") == 1
    assert "Về đầu danh sách" in last.text


async def test_the_table_holds_the_same_and_taking_it_is_told(shown: Desk) -> None:
    answer = await get(shown, f"{AT}.csv?action=savePlace")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "no-store" in answer.headers["cache-control"]
    head, row = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert head[:4] == ["Lúc", "Người làm", "Vai trò", "Việc"]
    assert row[1:5] == ["Trần Tổ Trưởng", "TEAM_MEMBER", "Thêm hoặc sửa địa điểm", "savePlace"]
    assert "Tải nhật ký" in words(await get(shown, AT))


@pytest.mark.parametrize(
    ("path", "action"), [("/staff/teams.csv", "exportTeams"), ("/export/incidents.csv", "exportIncidents")]
)
async def test_who_takes_a_file_with_more_than_everybody_sees_is_told(shown: Desk, path: str, action: str) -> None:
    async def taken() -> int:
        async with shown.database.read() as connection:
            one = tables.audit_entry.c.action == action
            return await connection.scalar(sa.select(sa.func.count()).where(one)) or 0

    before = await taken()
    assert (await get(shown, path)).status_code == 200
    assert await taken() == before + 1
    if action == "exportIncidents":
        async with shown.database.read() as connection:
            log = tables.audit_entry.c
            details = await connection.scalar(
                sa.select(log.details).where(log.action == action).order_by(log.at.desc())
            )
            assert details["reports"] == await connection.scalar(
                sa.select(sa.func.count()).select_from(tables.incident).where(tables.incident.c.ward_code == "20314")
            )
    await get(shown, path, None)
    assert await taken() == before + 1


async def test_nobody_but_the_wards_staff_reads_it(shown: Desk) -> None:
    for path in (AT, f"{AT}.csv"):
        for stranger in (None, "crew-clean", "team-1"):
            answer = await get(shown, path, stranger)
            assert answer.status_code in (303, 403), (path, stranger)
            assert "Văn Phòng" not in answer.text
        other = await get(shown, path, "staff-other")
        assert other.status_code == 200
        assert "Văn Phòng" not in other.text
        assert "Văn Phòng" in (await get(shown, path, "admin")).text
