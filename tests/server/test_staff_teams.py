"""The desk's pages of community digital teams, without a script: every neighbourhood, what is lacking, the members."""

from __future__ import annotations

import csv
import re
from html import unescape
from io import StringIO
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from geo import tables
from geo.ids import new_id
from geo.tables import TeamRole
from tests.asking import Desk
from tests.server.test_settings_pages import get, post
from tests.ward import CLEAN, CODE, FIRST, OTHER, SECOND

AT = "/staff/teams"
MEMBER = {"name": "Võ Thị Mới", "role": "MEMBER", "organisation": "Hội Phụ nữ", "phone": "0905 000 222"}


def team_at(desk: Desk, name: str = FIRST) -> str:
    return f"{AT}/{desk.ward.teams[name]}"


async def entry(desk: Desk, name: str) -> Any:
    async with desk.database.read() as connection:
        rows = await connection.execute(sa.select(*tables.team_member.c).where(tables.team_member.c.name == name))
        return rows.one_or_none()


async def fill(desk: Desk, name: str, count: int, **values: Any) -> None:
    """So many more members of a neighbourhood's team."""
    row = {"ward_code": CODE, "team_id": desk.ward.teams[name], "role": TeamRole.MEMBER, **values}
    async with desk.database.write() as connection:
        for number in range(count):
            member = {**row, "id": new_id(), "name": f"Thành viên {number} {name}"}
            await connection.execute(sa.insert(tables.team_member).values(**member))


async def without_team(desk: Desk, name: str) -> None:
    async with desk.database.write() as connection:
        await connection.execute(sa.delete(tables.team).where(tables.team.c.id == desk.ward.teams[name]))


def rows_of(page: str) -> dict[str, str]:
    """What each row of the table says, by its neighbourhood."""
    found = re.findall(r"<tr data-narrowed>(.*?)</tr>", page, re.DOTALL)
    texts = [re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", row))).strip() for row in found]
    heads = [unescape(re.sub(r"<[^>]+>", "", re.search(r'scope="row">(?:<a[^>]*>)?([^<]+)', row)[1])) for row in found]  # type: ignore[index]
    return dict(zip(heads, texts, strict=True))


async def test_every_neighbourhood_is_there_with_its_team_and_what_is_lacking(desk: Desk) -> None:
    await fill(desk, FIRST, 4)
    await fill(desk, SECOND, 7, consented_at=sa.func.now())
    await without_team(desk, "Tổ dân phố số 10")
    rows = rows_of((await get(desk, AT)).text)
    assert list(rows) == ["Tổ dân phố Đông Hòa", FIRST, SECOND, "Tổ dân phố số 10"]
    assert "Nguyễn Thị Công Khai 7 1/7 Đủ" in rows[FIRST]
    assert "7 7/7 Chưa có tổ trưởng" in rows[SECOND]
    assert "Chưa đủ 7" not in rows[SECOND]
    assert rows["Tổ dân phố Đông Hòa"].endswith("– 0 0/0 Chưa đủ 7 thành viên Chưa có tổ trưởng")
    assert rows["Tổ dân phố số 10"].endswith("Lập tổ Tổ dân phố số 10 Chưa có tổ")


async def test_the_list_narrows_to_what_is_searched_and_to_what_is_lacking(desk: Desk) -> None:
    await fill(desk, FIRST, 4)
    assert list(rows_of((await get(desk, f"{AT}?q=dong+hoa")).text)) == ["Tổ dân phố Đông Hòa"]
    lacking = (await get(desk, f"{AT}?show=wanting")).text
    assert FIRST not in rows_of(lacking)
    assert len(rows_of(lacking)) == 3
    assert re.search(r'show=wanting" aria-current="true">Cần bổ sung <span[^>]*>3<', lacking)
    assert list(rows_of((await get(desk, f"{AT}?show=consent")).text)) == [FIRST]
    assert "Không có tổ nào khớp." in (await get(desk, f"{AT}?q=%00zzz&show=x")).text


async def test_a_team_whose_neighbourhood_is_no_more_stays_in_sight(desk: Desk) -> None:
    now = tables.neighbourhood_boundary
    async with desk.database.write() as connection:
        gone = now.c.neighbourhood_id == desk.ward.neighbourhoods[FIRST]
        await connection.execute(sa.update(now).where(gone).values(until=sa.func.now()))
    page = (await get(desk, AT)).text
    assert list(rows_of(page).values())[-1].endswith("Tổ dân phố không còn: cần kiện toàn lại")
    assert "3 tổ dân phố ·" in page
    team = (await get(desk, team_at(desk))).text
    assert "Tổ dân phố không còn" in team
    assert "Chưa đủ 7" not in team
    assert "Cần thêm" not in team
    async with desk.database.write() as connection:
        own = tables.team_member.c.team_id == desk.ward.teams[FIRST]
        await connection.execute(sa.delete(tables.team_member).where(own))
    assert FIRST not in rows_of((await get(desk, AT)).text)


async def test_a_neighbourhood_is_given_its_team_once(desk: Desk) -> None:
    await without_team(desk, SECOND)
    form = {"neighbourhood": f"Neighbourhood:{CODE}:{desk.ward.neighbourhoods[SECOND]}", "name": SECOND}
    answer = await post(desk, AT, form)
    assert (answer.status_code, answer.headers["location"].endswith("?done=made")) == (303, True)
    page = (await get(desk, answer.headers["location"])).text
    assert f"Tổ công nghệ số cộng đồng {SECOND}" in page
    assert "Hãy thêm thành viên, trước hết là tổ trưởng." in page
    again = await post(desk, AT, form)
    assert (again.status_code, "đã có tổ công nghệ số cộng đồng" in again.text) == (422, True)
    unknown = await post(desk, AT, {**form, "neighbourhood": "x"})
    assert (unknown.status_code, unknown.text.count('role="alert"')) == (422, 1)


async def test_members_are_added_changed_and_removed_on_the_teams_page(desk: Desk) -> None:
    page = (await get(desk, team_at(desk))).text
    assert f'href="{team_at(desk)}/members/new"' in page
    assert "Cần thêm 4 người" in page
    added = await post(desk, f"{team_at(desk)}/members/new", {**MEMBER, "consent": "yes"})
    assert added.headers["location"] == f"{team_at(desk)}?done=member#people"
    row = await entry(desk, "Võ Thị Mới")
    assert (row.role, row.organisation, row.phone, row.consented_at is not None) == (
        "MEMBER",
        "Hội Phụ nữ",
        "0905000222",
        True,
    )
    at = f"{team_at(desk)}/members/{row.id}"
    form = (await get(desk, at)).text
    assert f'action="{at}"' in form
    assert f'action="{at}/remove"' in form
    assert f'href="{team_at(desk)}#people"' in form
    changed = {**MEMBER, "role": "LEADER", "consent_seen": "yes"}
    assert (await post(desk, at, changed)).status_code == 303
    row = await entry(desk, "Võ Thị Mới")
    assert (row.role, row.consented_at) == ("LEADER", None)
    assert "Có hơn một tổ trưởng" in (await get(desk, team_at(desk))).text
    assert (await post(desk, f"{at}/remove")).headers["location"] == f"{team_at(desk)}?done=member-removed#people"
    assert await entry(desk, "Võ Thị Mới") is None


async def test_the_teams_name_is_changed(desk: Desk) -> None:
    answer = await post(desk, f"{team_at(desk)}/name", {"name": "Tổ \u202eCNSCĐ số 1"})
    assert answer.headers["location"] == f"{team_at(desk)}?done=name#people"
    assert "<h1>Tổ CNSCĐ số 1</h1>" in (await get(desk, team_at(desk))).text
    wrong = await post(desk, f"{team_at(desk)}/name", {"name": " "})
    assert (wrong.status_code, f'action="{team_at(desk)}/name"' in wrong.text) == (422, True)


@pytest.mark.parametrize("by", ["team-1", "crew-clean"])
async def test_only_the_desk_has_these_pages(desk: Desk, by: str) -> None:
    at = team_at(desk)
    for path in (AT, at, f"{at}/name", f"{at}/members/new"):
        assert (await get(desk, path, by)).status_code == 403
    for path in (AT, f"{at}/name", f"{at}/members/new"):
        assert (await post(desk, path, MEMBER, by)).status_code == 403
    assert await entry(desk, "Võ Thị Mới") is None
    stranger = await get(desk, at, None)
    assert stranger.headers["location"] == f"/sign-in?next={at.replace('/', '%2F')}"


async def test_another_wards_staff_find_nothing_and_change_nothing(desk: Desk) -> None:
    at = team_at(desk)
    for path in (at, f"{at}/name", f"{at}/members/new", f"{AT}/x"):
        assert (await get(desk, path, "staff-other")).status_code == 404, path
    assert (await post(desk, f"{at}/members/new", MEMBER, "staff-other")).status_code == 404
    assert await entry(desk, "Võ Thị Mới") is None
    assert FIRST in rows_of((await get(desk, f"{AT}?ward={OTHER}", "admin")).text)


async def test_a_form_from_elsewhere_is_refused(desk: Desk) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for path in (AT, f"{team_at(desk)}/members/new", f"{team_at(desk)}/name"):
        answer = await post(desk, path, {**MEMBER, "neighbourhood": "x"}, **foreign)
        assert answer.status_code in (403, 422), path
    assert await entry(desk, "Võ Thị Mới") is None


async def test_staff_are_led_from_the_teams_own_page_to_the_list(desk: Desk) -> None:
    answer = await get(desk, "/team?ward=20314")
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/teams?ward=20314")


# ---------------------------------------------------------------------------------------------------------- tables


def cells_of(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.parametrize("noun", ["teams", "crews"])
async def test_what_is_downloaded_is_taken_in_again_and_changes_nothing(desk: Desk, noun: str) -> None:
    await fill(desk, SECOND, 2, organisation="=1+1", phone="0905000333")
    await without_team(desk, "Tổ dân phố số 10")
    assert f'href="/staff/{noun}.csv"' in (await get(desk, f"/staff/{noun}/import")).text
    answer = await get(desk, f"/staff/{noun}.csv")
    assert answer.headers["cache-control"] == "private, no-store"
    assert f"-{CODE}-" in answer.headers["content-disposition"]
    rows = cells_of(answer.text)
    assert len(rows) == (1 + 3 + 2 + 2 if noun == "teams" else 1 + 2)
    preview = await upload(desk, f"/staff/{noun}/import", answer.content)
    assert "Không có gì để áp dụng." in preview.text
    assert "có lỗi" in preview.text
    assert f"<strong>{len(rows) - 1}</strong> giữ nguyên" in preview.text


async def upload(desk: Desk, path: str, content: bytes, by: str = "staff") -> httpx.Response:
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", "Cookie": f"session={desk.tokens[by]}"}
    return await desk.http.post(path, files={"file": ("bang.csv", content, "text/csv")}, headers=headers)


async def test_a_table_is_previewed_and_then_applied(desk: Desk) -> None:
    table = f"Tổ dân phố,Họ và tên,Vai trò,Điện thoại\n{SECOND},Võ Thị Mới,Tổ trưởng,0905000222\n".encode()
    preview = await upload(desk, f"{AT}/import", table)
    assert preview.status_code == 200
    assert "Võ Thị Mới" in preview.text
    assert await entry(desk, "Võ Thị Mới") is None, "nothing is stored by looking"
    kept = {name: re.findall(rf'name="{name}" value="([^"]*)"', preview.text) for name in ("digest", "lines")}
    applied = await post(desk, f"{AT}/import/apply", {**kept})
    assert applied.headers["location"] == f"{AT}?done=imported&added=1&changed=0&removed=0"
    row = await entry(desk, "Võ Thị Mới")
    assert (row.role, row.team_id, row.consented_at) == ("LEADER", desk.ward.teams[SECOND], None)
    assert "Đã áp dụng bảng: thêm 1, sửa 0, gỡ 0." in (await get(desk, applied.headers["location"])).text


async def test_crews_are_taken_in_from_a_table(desk: Desk) -> None:
    table = f"Tên đội;Địa bàn;Số việc cùng lúc\n{CLEAN};{FIRST};4\n".encode()
    preview = await upload(desk, "/staff/crews/import", table)
    kept = {name: re.findall(rf'name="{name}" value="([^"]*)"', preview.text) for name in ("digest", "lines")}
    applied = await post(desk, "/staff/crews/import/apply", {**kept})
    assert applied.headers["location"] == "/staff/crews?done=imported&added=0&changed=1&removed=0"
    async with desk.database.read() as connection:
        named = await connection.scalars(sa.select(tables.crew_neighbourhood.c.neighbourhood_id))
        assert list(named) == [desk.ward.neighbourhoods[FIRST]]


@pytest.mark.parametrize("path", [f"{AT}.csv", f"{AT}/import", "/staff/crews.csv"])
async def test_tables_of_people_are_for_the_wards_staff(desk: Desk, path: str) -> None:
    for by in ("team-1", "crew-clean"):
        answer = await get(desk, path, by)
        assert (answer.status_code, "Công Khai" in answer.text) == (403, False)
    assert (await get(desk, path, None)).status_code == 303
    assert "Kín Đáo" not in (await get(desk, path, "staff-other")).text
