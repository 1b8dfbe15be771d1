"""The pages of a community digital team, without a script."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from geo import tables
from geo.lifecycle import Status
from geo.place_rows import read_position
from tests import ward
from tests.asking import Desk
from tests.ward import FIRST, IN_FIRST, IN_SECOND, OTHER, SECOND

PERSON = {"Accept": "text/html"}
HOUSE, ELSEWHERE = "Nhà văn hóa số 1", "Nhà văn hóa số 2"
HERE = f"{IN_FIRST[1]}, {IN_FIRST[0]}"
PLACE = {"kind": "CULTURAL_HOUSE", "name": "Nhà văn hóa mới", "position": HERE}


def enter(desk: Desk, by: str = "team-1") -> None:
    desk.http.cookies.set("session", desk.tokens[by])


def place(desk: Desk, name: str = HOUSE) -> str:
    return f"/team/places/{desk.ward.places[name]}"


async def stored(desk: Desk, name: str) -> Any:
    async with desk.database.read() as connection:
        rows = await connection.execute(sa.select(*tables.place.c).where(tables.place.c.name == name))
        return rows.one_or_none()


async def entry(desk: Desk, name: str) -> Any:
    async with desk.database.read() as connection:
        rows = await connection.execute(sa.select(*tables.team_member.c).where(tables.team_member.c.name == name))
        return rows.one_or_none()


async def lead(desk: Desk) -> None:
    mine = tables.team_member.c.account_id == desk.ward.accounts["team-1"]
    async with desk.database.write() as connection:
        await connection.execute(sa.update(tables.team_member).where(mine).values(role="LEADER"))


# ------------------------------------------------------------------------------------------------------- who may


async def test_a_stranger_is_asked_to_sign_in_first_and_comes_back(desk: Desk) -> None:
    answer = await desk.http.get("/team/places/new?ward=20314", headers=PERSON)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/sign-in?next=%2Fteam%2Fplaces%2Fnew%3Fward%3D20314",
    )


@pytest.mark.parametrize("path", ["/team", "/team/places/new", "/team/name", "/team/live", "/team/members/new"])
async def test_a_crew_has_no_team(desk: Desk, path: str) -> None:
    enter(desk, "crew-clean")
    assert (await desk.http.get(path, headers=PERSON)).status_code == 403


async def test_staff_choose_a_team_and_keep_it(desk: Desk) -> None:
    enter(desk, "staff")
    address = f"/team?team={desk.ward.teams[SECOND]}"
    chosen = await desk.http.get(f"/staff/teams/{desk.ward.teams[SECOND]}")
    assert f'href="{address}"' in chosen.text
    page = await desk.http.get(address)
    assert ELSEWHERE in page.text
    assert f'href="/team/places/new?team={desk.ward.teams[SECOND]}"' in page.text
    query = f"?team={desk.ward.teams[SECOND]}"
    saved = await desk.http.post(f"{place(desk, ELSEWHERE)}{query}", data={**PLACE, "position": f"{IN_SECOND}"[1:-1]})
    assert saved.headers["location"] == f"{address}&done=place#places"


async def test_staff_of_another_ward_and_made_up_teams_find_nothing(desk: Desk) -> None:
    enter(desk, "staff-other")
    assert (await desk.http.get(f"/team?team={desk.ward.teams[FIRST]}", headers=PERSON)).status_code == 404
    enter(desk, "staff")
    for named in ("x", "../..", str(desk.ward.crews[ward.CLEAN]), "%00"):
        assert (await desk.http.get(f"/team?team={named}", headers=PERSON)).status_code == 404


async def test_an_administrator_of_every_ward_keeps_to_the_one_that_the_address_names(desk: Desk) -> None:
    enter(desk, "admin")
    page = await desk.http.get(f"/team?ward={OTHER}")
    assert (page.status_code, page.headers["location"]) == (303, f"/staff/teams?ward={OTHER}")
    assert (await desk.http.get("/team?ward=99999", headers=PERSON)).status_code == 404


async def test_who_is_in_no_team_is_told_what_to_do(desk: Desk) -> None:
    async with desk.database.write() as connection:
        mine = tables.team_member.c.account_id == desk.ward.accounts["team-1"]
        await connection.execute(sa.delete(tables.team_member).where(mine))
    enter(desk)
    page = await desk.http.get("/team")
    assert page.status_code == 200
    assert "chưa thuộc tổ công nghệ số nào" in page.text
    assert (await desk.http.get("/team/places/new", headers=PERSON)).status_code == 404


# ------------------------------------------------------------------------------------------------------- the page


async def test_the_page_shows_places_incidents_and_contacts_of_the_own_neighbourhood(desk: Desk) -> None:
    here: dict[str, Any] = {"neighbourhood_id": desk.ward.neighbourhoods[FIRST]}
    there: dict[str, Any] = {"neighbourhood_id": desk.ward.neighbourhoods[SECOND]}
    async with desk.database.write() as connection:
        late = await ward.report(connection, category="TRAFFIC", **here)
        done = await ward.report(connection, status=Status.CLOSED, **here)
        private = await ward.report(connection, category="SECURITY", **here)
        far = await ward.report(connection, at=IN_SECOND, **there)
    enter(desk)
    page = (await desk.http.get("/team")).text
    assert f'href="/r/{late.tracking_code}"' in page
    assert "Quá hạn" in page
    assert f'href="/r/{done.tracking_code}"' in page
    assert private.tracking_code not in page
    assert far.tracking_code not in page
    assert HOUSE in page
    assert ELSEWHERE not in page
    assert "Nhà riêng chưa đồng ý" in page
    assert "Nguyễn Thị Công Khai" in page
    assert "Trần Văn Kín Đáo" in page
    assert "đồng ý từ" in page
    part = (await desk.http.get("/team?part=incidents")).text
    assert late.tracking_code in part
    assert HOUSE not in part


async def test_a_member_is_offered_the_own_entry_only_and_a_leader_all(desk: Desk) -> None:
    enter(desk)
    own = (await entry(desk, "Người dùng team-1")).id
    page = (await desk.http.get("/team")).text
    assert f"/team/members/{own}" in page
    assert "/team/members/new" not in page
    assert page.count('href="/team/members/') == 1
    await lead(desk)
    page = (await desk.http.get("/team")).text
    assert page.count('href="/team/members/') == 4
    assert 'href="/team/name"' in page


# --------------------------------------------------------------------------------------------------------- places


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("15.9865, 108.21", (108.21, 15.9865)),
        ("108.21 15.9865", (108.21, 15.9865)),
        ("15.9865°; 108.21°", (108.21, 15.9865)),
        ("", None),
        ("15.9865", None),
        ("15.9865, 108.21, 3", None),
        ("15,9865; 108,21", (108.21, 15.9865)),
        ("15,9865 108,21", (108.21, 15.9865)),
        ("15.98x, 108.21", None),
        ("nan, inf", None),
        ("95.0, 108.2", None),
        ("15.98, 181", None),
        ("1e5, 108", None),
    ],
)
def test_coordinates_are_read_as_people_write_them(text: str, read: tuple[float, float] | None) -> None:
    assert read_position(text) == read


async def test_a_place_is_changed_and_the_map_shows_it_at_once(desk: Desk) -> None:
    enter(desk)
    form = (await desk.http.get(place(desk))).text
    assert f'value="{HOUSE}"' in form
    assert 'value="15.986500, 108.210000"' in form
    given = {**PLACE, "address": "5 Mới", "phone": "0236 3 888 888", "opening_hours": "Cả ngày"}
    saved = await desk.http.post(place(desk), data=given)
    assert (saved.status_code, saved.headers["location"]) == (303, "/team?done=place#places")
    row = await stored(desk, "Nhà văn hóa mới")
    assert (row.address, row.phone, row.opening_hours) == ("5 Mới", "0236 3 888 888", "Cả ngày")
    assert row.id == desk.ward.places[HOUSE]
    assert "Đã lưu địa điểm" in (await desk.http.get(saved.headers["location"])).text
    desk.http.cookies.clear()
    assert "Nhà văn hóa mới" in (await desk.http.get("/")).text


async def test_a_place_is_added_and_removed(desk: Desk) -> None:
    enter(desk)
    saved = await desk.http.post("/team/places/new", data=PLACE)
    assert saved.status_code == 303
    row = await stored(desk, "Nhà văn hóa mới")
    assert row.neighbourhood_id == desk.ward.neighbourhoods[FIRST]
    asked = await desk.http.get(f"/team/places/{row.id}/remove")
    assert asked.status_code == 200
    assert await stored(desk, "Nhà văn hóa mới") is not None, "an address that is opened removes nothing"
    removed = await desk.http.post(f"/team/places/{row.id}/remove")
    assert removed.headers["location"] == "/team?done=place-removed#places"
    assert await stored(desk, "Nhà văn hóa mới") is None
    assert (await desk.http.post(f"/team/places/{row.id}/remove", headers=PERSON)).status_code == 404


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"phone": "1" * 51}, "phone"),
        ({"opening_hours": "x" * 201}, "opening-hours"),
        ({"address": "x" * 301}, "address"),
        ({"position": ""}, "position"),
        ({"position": "gần chợ"}, "position"),
        ({"position": f"{IN_SECOND[1]}, {IN_SECOND[0]}"}, "position"),
        ({"position": "16.0, 108.6"}, "position"),
        ({"position": "95.0, 108.2"}, "position"),
        ({"kind": "CASTLE"}, "kind"),
    ],
)
async def test_what_is_wrong_is_told_at_its_field_and_nothing_is_lost(
    desk: Desk, given: dict[str, str], field: str
) -> None:
    enter(desk)
    before = await desk.dump()
    sent = {**PLACE, "address": "5 Mới", **given}
    for path in (place(desk), "/team/places/new"):
        answer = await desk.http.post(path, data=sent)
        assert answer.status_code == 422
        assert f'id="{field}-problem"' in answer.text
        assert f'href="#{field}"' in answer.text
        assert f'value="{sent["address"]}"' in answer.text
    assert await desk.dump() == before


async def test_places_of_other_neighbourhoods_are_not_the_teams(desk: Desk) -> None:
    enter(desk)
    before = await desk.dump()
    for path in (place(desk, ELSEWHERE), "/team/places/x", f"/team/places/{desk.ward.crews[ward.CLEAN]}"):
        assert (await desk.http.get(path, headers=PERSON)).status_code == 404
        assert (await desk.http.post(path, data=PLACE, headers=PERSON)).status_code == 404
        assert (await desk.http.post(f"{path}/remove", headers=PERSON)).status_code == 404
    assert await desk.dump() == before


async def test_an_officials_home_is_public_only_while_that_is_agreed_to(desk: Desk) -> None:
    enter(desk)
    private = "Nhà riêng chưa đồng ý"
    given = {"kind": "OFFICIAL_HOME", "name": private, "position": HERE, "consent_seen": ""}
    await desk.http.post(place(desk, private), data=given)
    assert (await stored(desk, private)).consented_at is None
    await desk.http.post(place(desk, private), data={**given, "consent": "yes"})
    assert (await stored(desk, private)).consented_at is not None
    assert "checked" in (await desk.http.get(place(desk, private))).text
    await desk.http.post(place(desk, private), data={**given, "consent_seen": "yes"})
    assert (await stored(desk, private)).consented_at is None


# -------------------------------------------------------------------------------------------------------- members


async def test_a_member_agrees_and_withdraws_on_the_page(desk: Desk) -> None:
    enter(desk)
    own = (await entry(desk, "Người dùng team-1")).id
    form = (await desk.http.get(f"/team/members/{own}")).text
    assert 'name="role"' not in form
    assert "Tôi đồng ý" in form
    assert "checked" not in form
    given = {"name": "Người dùng team-1", "phone": "0905 000 333", "role": "LEADER", "consent_seen": ""}
    saved = await desk.http.post(f"/team/members/{own}", data={**given, "consent": "yes"})
    assert saved.headers["location"] == "/team?done=member#people"
    row = await entry(desk, "Người dùng team-1")
    assert (row.role, row.phone) == ("MEMBER", "0905000333")
    assert row.consented_at is not None
    assert "checked" in (await desk.http.get(f"/team/members/{own}")).text
    await desk.http.post(f"/team/members/{own}", data={**given, "consent": "yes", "consent_seen": "yes"})
    assert (await entry(desk, "Người dùng team-1")).consented_at == row.consented_at
    await desk.http.post(f"/team/members/{own}", data={**given, "consent_seen": "yes"})
    assert (await entry(desk, "Người dùng team-1")).consented_at is None


async def test_a_form_that_was_opened_before_takes_no_withdrawal_back(desk: Desk) -> None:
    """A leader corrects a number on a form that still shows a consent; its owner withdrew it meanwhile."""
    await lead(desk)
    enter(desk)
    other = (await entry(desk, "Nguyễn Thị Công Khai")).id
    columns = tables.team_member.c
    async with desk.database.write() as connection:
        await connection.execute(sa.update(tables.team_member).where(columns.id == other).values(consented_at=None))
    stale = {"name": "Nguyễn Thị Công Khai", "role": "LEADER", "phone": "0905000444", "consent": "yes"}
    await desk.http.post(f"/team/members/{other}", data={**stale, "consent_seen": "yes"})
    row = await entry(desk, "Nguyễn Thị Công Khai")
    assert (row.phone, row.consented_at) == ("0905000444", None)


async def test_a_leader_adds_changes_and_removes_members_and_renames_the_team(desk: Desk) -> None:
    await lead(desk)
    enter(desk)
    given = {"name": "Võ Thị Mới", "role": "DEPUTY", "organisation": "Đoàn Thanh niên"}
    assert (await desk.http.post("/team/members/new", data=given)).status_code == 303
    row = await entry(desk, "Võ Thị Mới")
    assert (row.role, row.organisation, row.consented_at) == ("DEPUTY", "Đoàn Thanh niên", None)
    wrong = await desk.http.post(f"/team/members/{row.id}", data={**given, "phone": "12"})
    assert wrong.status_code == 422
    assert 'id="phone-problem"' in wrong.text
    assert 'value="12"' in wrong.text
    unknown = await desk.http.post(f"/team/members/{row.id}", data={**given, "role": "KING"})
    assert 'id="role-problem"' in unknown.text
    removed = await desk.http.post(f"/team/members/{row.id}/remove")
    assert removed.headers["location"] == "/team?done=member-removed#people"
    assert await entry(desk, "Võ Thị Mới") is None
    assert (await desk.http.post("/team/name", data={"name": ""})).status_code == 422
    assert (await desk.http.post("/team/name", data={"name": "Tổ số Một"})).status_code == 303
    assert "Tổ số Một" in (await desk.http.get("/team")).text


async def test_a_member_reaches_no_other_entry_and_no_name(desk: Desk) -> None:
    enter(desk)
    before = await desk.dump()
    other = (await entry(desk, "Trần Văn Kín Đáo")).id
    given = {"name": "x", "role": "LEADER"}
    for path in (f"/team/members/{other}", "/team/members/new", "/team/members/x", "/team/name"):
        assert (await desk.http.get(path, headers=PERSON)).status_code == 404
        assert (await desk.http.post(path, data=given, headers=PERSON)).status_code == 404
    assert (await desk.http.post(f"/team/members/{other}/remove", headers=PERSON)).status_code == 404
    assert await desk.dump() == before


async def test_nothing_is_changed_from_another_site(desk: Desk) -> None:
    enter(desk)
    own = (await entry(desk, "Người dùng team-1")).id
    before = await desk.dump()
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for path in (place(desk), f"{place(desk)}/remove", f"/team/members/{own}", f"/team/members/{own}/remove"):
        answer = await desk.http.post(path, data={**PLACE, "role": "MEMBER"}, headers=foreign)
        assert answer.status_code == 403
    assert await desk.dump() == before


async def test_the_pages_are_english_for_who_reads_english(desk: Desk) -> None:
    enter(desk)
    assert "Places on the digital map" in (await desk.http.get("/team?lang=en")).text
    assert "Position: latitude, longitude" in (await desk.http.get("/team/places/new?lang=en")).text


async def test_a_deputy_is_not_offered_what_only_the_leader_and_staff_decide(desk: Desk) -> None:
    mine = tables.team_member.c.account_id == desk.ward.accounts["team-1"]
    async with desk.database.write() as connection:
        await connection.execute(sa.update(tables.team_member).where(mine).values(role="DEPUTY"))
    enter(desk)
    leader = await entry(desk, "Nguyễn Thị Công Khai")
    page = (await desk.http.get(f"/team/members/{leader.id}")).text
    assert '<select class="input" id="role"' not in page
    assert "Gỡ khỏi tổ" not in page
    other = (await desk.http.get("/team/members/new")).text
    assert 'value="DEPUTY"' in other
    assert 'value="LEADER"' not in other
    form = {"name": "Nguyễn Thị Công Khai", "role": "MEMBER"}
    await desk.http.post(f"/team/members/{leader.id}", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert (await entry(desk, "Nguyễn Thị Công Khai")).role == "LEADER"
    appointed = await desk.http.post("/team/members/new", data={"name": "Kẻ Tự Phong", "role": "LEADER"})
    assert appointed.status_code == 422
    removed = await desk.http.post(f"/team/members/{leader.id}/remove", headers={"Sec-Fetch-Site": "same-origin"})
    assert removed.status_code == 422
    assert await entry(desk, "Nguyễn Thị Công Khai") is not None
    assert await entry(desk, "Kẻ Tự Phong") is None
