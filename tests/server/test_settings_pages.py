"""The desk's settings by plain forms: what is shown, what is taken, what is refused and changes nothing."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from geo import jobs, rejections, tables
from geo.colours import LEAST, contrast_on_white
from geo.lifecycle import Status
from maps import vendor
from server.pages.settings_accounts import ROLES
from server.pages.settings_categories import COLOURS, ICONS
from tests import ward
from tests.asking import Desk
from tests.ward import CLEAN, CODE, FIRST, ROADS, authenticate

PATHS = ("/staff/categories", "/staff/rejections", "/staff/accounts", "/staff/crews", "/staff/jobs")
FORMS = (*(f"{path}/new" for path in PATHS[:4]), "/staff/categories/ENVIRONMENT")
KIND = {
    "name": "Cây xanh", "name_en": "Street trees", "icon": "trees", "colour": "#2e7d4f", "other_colour": "#4f5b66",
    "deadline": "24", "working": "yes", "accept": "45", "public": "yes",
}  # fmt: skip

ANSWER = {"category": "TRAFFIC", "text": "Sở Xây dựng giải quyết việc này.", "text_en": "The city decides on this."}


async def get(desk: Desk, path: str, by: str | None = "staff", **headers: str) -> httpx.Response:
    cookies = {} if by is None else {"Cookie": f"session={desk.tokens[by]}"}
    return await desk.http.get(path, headers={"Accept": "text/html", **cookies, **headers})


async def post(
    desk: Desk, path: str, form: dict[str, Any] | None = None, by: str | None = "staff", **headers: str
) -> httpx.Response:
    own = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    cookies = {} if by is None else {"Cookie": f"session={desk.tokens[by]}"}
    # An empty form is a form, too.
    return await desk.http.post(path, data=form or {"x": ""}, headers={**own, **cookies, **headers})


async def one(desk: Desk, query: sa.Select[Any]) -> Any:
    async with desk.database.read() as connection:
        return (await connection.execute(query)).one_or_none()


def kind_of(code: str) -> sa.Select[Any]:
    return sa.select(tables.category).where(tables.category.c.ward_code == CODE, tables.category.c.code == code)


def account_at(desk: Desk, username: str) -> str:
    return f"/staff/accounts/Account:{CODE}:{desk.ward.accounts[username]}"


def crew_at(desk: Desk, name: str) -> str:
    return f"/staff/crews/Crew:{CODE}:{desk.ward.crews[name]}"


async def template_of(desk: Desk, code: str | None = None) -> str:
    """The id of a text that the ward rejects with, made for this, for a kind of incident or for every kind."""
    async with desk.database.write() as connection:
        key = await rejections.save(connection, CODE, None, code, "Không đủ thông tin.", "It does not say enough.")
    return f"RejectionTemplate:{CODE}:{key}"


async def test_the_settings_are_the_desks_alone(desk: Desk) -> None:
    text_at = f"/staff/rejections/{await template_of(desk)}"
    paths = (*PATHS, *FORMS, account_at(desk, "crew-clean"), crew_at(desk, CLEAN), text_at)
    for path in paths:
        assert (await get(desk, path, None)).headers["location"].startswith("/sign-in?next=%2Fstaff%2F")
        for by in ("crew-clean", "team-1"):
            assert (await get(desk, path, by)).status_code == 403, (path, by)
        for by in ("staff", "admin"):
            assert (await get(desk, path, by)).status_code == 200, (path, by)


async def test_nobody_else_changes_a_setting(desk: Desk) -> None:
    template = await template_of(desk)
    before = await desk.dump()
    forms: dict[str, dict[str, str]] = {
        "/staff/categories/new": KIND,
        "/staff/categories/ENVIRONMENT": KIND,
        "/staff/rejections/new": ANSWER,
        f"/staff/rejections/{template}": ANSWER,
        f"/staff/rejections/{template}/remove": {},
        "/staff/accounts/new": {"name": "A", "username": "moi", "role": "CREW_MEMBER"},
        f"{account_at(desk, 'crew-clean')}/password": {},
        f"{account_at(desk, 'crew-clean')}/disabled": {"disabled": "yes"},
        f"{account_at(desk, 'crew-clean')}/move": {"crew": f"Crew:{CODE}:{desk.ward.crews[ROADS]}"},
        "/staff/crews/new": {"name": "Đội", "capacity": "3", "base": "point", "latitude": "16", "longitude": "108.2"},
        f"{crew_at(desk, CLEAN)}/duty": {"on": "no"},
        "/staff/jobs": {"all": "yes"},
    }
    for path, form in forms.items():
        assert (await post(desk, path, form, None)).status_code == 303
        assert (await post(desk, path, form, "crew-clean")).status_code == 403
        # A form on another web site, sent with the cookie of staff.
        assert (await post(desk, path, form, **{"Sec-Fetch-Site": "cross-site"})).status_code == 403
    foreign = {path: form for path, form in forms.items() if f":{CODE}:" in path}
    for path, form in foreign.items():
        assert (await post(desk, path, form, "staff-other")).status_code in (404, 422), path
    assert await desk.dump() == before


async def test_an_unknown_ward_kind_account_or_crew_is_not_found(desk: Desk) -> None:
    for path in (
        "/staff/categories/NOTHING",
        "/staff/rejections/x",
        "/staff/accounts/x",
        "/staff/crews/x",
        account_at(desk, "staff-other"),
    ):
        assert (await get(desk, path)).status_code == 404, path
    for path in PATHS:
        assert (await get(desk, f"{path}?ward=99999", "admin")).status_code == 404
        assert (await get(desk, f"{path}?ward=x", "admin")).status_code == 404


async def test_an_administrator_of_every_ward_stays_in_the_ward_of_the_address(desk: Desk) -> None:
    text = (await get(desk, f"/staff/categories?ward={ward.OTHER}", "admin")).text
    assert f'href="/staff/categories/new?ward={ward.OTHER}"' in text
    answer = await post(desk, f"/staff/categories/new?ward={ward.OTHER}", KIND, "admin")
    assert answer.headers["location"] == f"/staff/categories?ward={ward.OTHER}&done=added"
    assert await one(desk, kind_of("STREET_TREES")) is None


async def test_a_kind_is_added_and_changed_without_a_script(desk: Desk) -> None:
    answer = await post(desk, "/staff/categories/new", KIND)
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/categories?done=added")
    row = await one(desk, kind_of("STREET_TREES"))
    assert (row.name, row.icon, row.colour, row.deadline_hours) == ("Cây xanh", "trees", "#2e7d4f", 24)
    assert (row.working_hours, row.accept_minutes, row.public, row.photo_required) == (True, 45, True, False)
    listed = (await get(desk, answer.headers["location"])).text
    assert "24 giờ làm việc" in listed
    assert "(3 ngày làm việc)" in listed
    assert "Đã thêm lĩnh vực." in listed
    changed = {**KIND, "working": "no", "deadline": "8", "colour": "other", "other_colour": "#123456", "photo": "yes"}
    changed.pop("public")
    assert (await post(desk, "/staff/categories/STREET_TREES", changed)).status_code == 303
    row = await one(desk, kind_of("STREET_TREES"))
    assert (row.working_hours, row.deadline_hours, row.colour) == (False, 8, "#123456")
    assert (row.public, row.photo_required) == (False, True)


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"name": ""}, "name", "Cần điền mục này."),
        ({"name_en": "123"}, "name-en", "Tên tiếng Anh cần có chữ cái"),
        ({"name_en": "Environment"}, "name-en", "Phường đã có lĩnh vực với tên tiếng Anh này."),
        ({"icon": "skull"}, "icon", "Hãy chọn một biểu tượng"),
        ({"colour": ""}, "colour", "Hãy chọn một màu."),
        ({"colour": "other", "other_colour": "#ffee00"}, "colour", "Màu này nhạt nên khó đọc trên nền trắng"),
        ({"colour": "red"}, "colour", "Màu ghi dạng #rrggbb."),
        ({"deadline": "hai"}, "deadline", "Hãy ghi bằng số"),
        ({"deadline": "0"}, "deadline", "Thời hạn từ 1 đến 8.760 giờ."),
        ({"accept": "9999"}, "accept", "Thời gian nhận việc từ 1 đến 1.440 phút."),
    ],
)
async def test_what_is_wrong_with_a_kind_is_told_at_its_field(
    desk: Desk, given: dict[str, str], field: str, words: str
) -> None:
    before = await desk.dump()
    answer = await post(desk, "/staff/categories/new", {**KIND, **given})
    assert answer.status_code == 422
    text = unescape(answer.text)
    assert f'<a class="link" href="#{field}">{words}' in text
    assert f'id="{field}-problem"' in text
    assert re.search(rf'id="{field}"', text)
    assert 'value="Cây xanh"' in text or "name" in given
    assert await desk.dump() == before


def test_what_a_kind_is_chosen_from_can_be_seen_and_is_on_every_page() -> None:
    assert {one.icon for one in ICONS} <= set(vendor.ICON_NAMES)
    assert all(contrast_on_white(one.icon) >= LEAST for one in COLOURS)
    assert {sign.icon for sign in ROLES.values()} <= set(vendor.DESK_ICON_NAMES)
    assert contrast_on_white("#ffffff") == pytest.approx(1)
    assert contrast_on_white("#000000") == pytest.approx(21)


async def test_a_text_to_reject_with_is_added_changed_and_removed_without_a_script(desk: Desk) -> None:
    general = await template_of(desk)
    answer = await post(desk, "/staff/rejections/new", ANSWER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/rejections?done=added")
    listed = unescape((await get(desk, answer.headers["location"])).text)
    assert "Đã thêm mẫu trả lời." in listed
    own, for_all = (listed.index(f'id="kind-{name}"') for name in ("TRAFFIC", "all"))
    assert own < listed.index(ANSWER["text"]) < for_all < listed.index("Không đủ thông tin.")
    assert 'href="/staff/rejections/new?category=OTHER"' in listed
    assert "/staff/rejections/new?category=TRAFFIC" not in listed
    at = f"/staff/rejections/{general}"
    changed = await post(desk, at, {**ANSWER, "text": "Việc này\nđã có đơn vị khác lo.", "category": "OTHER"})
    assert changed.headers["location"] == "/staff/rejections?done=saved"
    form = (await get(desk, at)).text
    assert '<option value="OTHER" selected>' in form
    assert "Việc này\nđã có đơn vị khác lo.</textarea>" in form
    assert (await post(desk, f"{at}/remove")).headers["location"] == "/staff/rejections?done=removed"
    assert (await get(desk, at)).status_code == 404
    assert (await post(desk, f"{at}/remove")).status_code == 404
    log = (await get(desk, "/staff/audit?action=saveRejectionTemplate")).text
    assert re.search(rf'href="/staff/rejections/RejectionTemplate:{CODE}:[0-9a-f-]+"[^>]*>', log)


async def test_what_is_wrong_with_a_text_to_reject_with_is_told_at_its_field(desk: Desk) -> None:
    await template_of(desk)
    before = await desk.dump()
    for given, field, words in (
        ({"text": " "}, "text", "Cần điền mục này."),
        ({"text_en": ""}, "text-en", "Cần điền mục này."),
        ({"text": "a" * 2001}, "text", ""),
        ({"category": "NOTHING"}, "category", ""),
        ({"category": "", "text": "Không đủ thông tin."}, "text", "Đã có mẫu này"),
    ):
        answer = await post(desk, "/staff/rejections/new", {**ANSWER, **given})
        assert answer.status_code == 422, given
        text = unescape(answer.text)
        assert f'<a class="link" href="#{field}">{words}' in text, given
        assert f'id="{field}-problem"' in text, given
        assert ANSWER["text_en"] in text or "text_en" in given
    unknown = await get(desk, "/staff/rejections/new?category=NOTHING")
    assert (unknown.status_code, 'id="category-problem"' in unknown.text) == (422, True)
    assert await desk.dump() == before


def password_in(text: str) -> str:
    found = re.search(r'id="password"[^>]*>([^<]+)<', text)
    assert found is not None
    return found[1]


async def test_an_account_is_created_and_its_password_shown_once(desk: Desk) -> None:
    form = {"name": "Lê Văn Mới", "username": "le.moi", "role": "CREW_MEMBER"}
    answer = await post(desk, "/staff/accounts/new", {**form, "crew": f"Crew:{CODE}:{desk.ward.crews[CLEAN]}"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    password = password_in(answer.text)
    async with desk.database.read() as connection:
        assert await authenticate(connection, "le.moi", password) is not None
    listed = (await get(desk, "/staff/accounts?q=le+van+moi")).text
    assert "le.moi" in listed
    assert "crew-clean" not in listed
    assert password not in listed


async def test_what_is_wrong_with_an_account_is_told_at_its_field(desk: Desk) -> None:
    before = await desk.dump()
    crew = f"Crew:{CODE}:{desk.ward.crews[CLEAN]}"
    right = {"name": "Lê Văn Mới", "username": "le.moi", "role": "CREW_MEMBER", "crew": crew}
    for given, field in (
        ({"username": "crew-clean"}, "username"),
        ({"name": ""}, "name"),
        ({"role": ""}, "role"),
        ({"role": "ADMIN"}, "role"),
        ({"role": "STAFF"}, "role"),
        ({"crew": ""}, "crew"),
        ({"role": "TEAM_MEMBER"}, "team"),
    ):
        answer = await post(desk, "/staff/accounts/new", {**right, **given})
        assert answer.status_code == 422
        assert f'<a class="link" href="#{field}">' in answer.text, given
        assert f'id="{field}-problem"' in answer.text, given
    assert await desk.dump() == before


async def test_an_account_gets_a_new_password_is_moved_locked_and_opened(desk: Desk) -> None:
    at = account_at(desk, "crew-clean")
    answer = await post(desk, f"{at}/password")
    assert answer.headers["cache-control"] == "no-store"
    async with desk.database.read() as connection:
        assert await authenticate(connection, "crew-clean", password_in(answer.text)) is not None
        assert await authenticate(connection, "crew-clean", ward.PASSWORD) is None
    moved = await post(desk, f"{at}/move", {"crew": f"Crew:{CODE}:{desk.ward.crews[ROADS]}"})
    assert (moved.status_code, moved.headers["location"]) == (303, f"{at}?done=moved")
    assert ROADS in (await get(desk, at)).text
    locked = await post(desk, f"{at}/disabled", {"disabled": "yes"})
    assert "Đã khóa tài khoản." in (await get(desk, locked.headers["location"])).text
    assert "Mở khóa" in (await get(desk, at)).text
    assert (await post(desk, f"{at}/disabled", {"disabled": "no"})).headers["location"] == f"{at}?done=enabled"


async def test_ones_own_account_offers_nothing_to_press(desk: Desk) -> None:
    text = (await get(desk, account_at(desk, "staff"))).text
    assert "Đây là tài khoản đang dùng." in text
    assert "/password" not in text
    assert (await post(desk, f"{account_at(desk, 'staff')}/disabled", {"disabled": "yes"})).status_code == 422


async def test_who_has_no_account_is_named_and_leads_to_the_form(desk: Desk) -> None:
    text = (await get(desk, "/staff/accounts")).text
    team = f"Team:{CODE}:{desk.ward.teams[ward.SECOND]}"
    assert f"/staff/accounts/new?team={team.replace(':', '%3A')}" in text
    assert f"team=Team%3A{CODE}%3A{desk.ward.teams[FIRST]}" not in text
    form = (await get(desk, f"/staff/accounts/new?team={team}")).text
    assert f'<option value="{team}" selected>' in form
    assert 'value="TEAM_MEMBER" checked' in form


async def test_the_list_of_accounts_outlives_an_address_that_cannot_be(desk: Desk) -> None:
    for query in ("role=NOBODY", "after=xyz", "q=%00", "role=STAFF&q=%25"):
        assert (await get(desk, f"/staff/accounts?{query}")).status_code == 200, query


async def test_crews_show_their_load_their_people_and_when_they_were_seen(desk: Desk) -> None:
    async with desk.database.write() as connection:
        held = {"status": Status.ASSIGNED, "crew_id": desk.ward.crews[CLEAN]}
        for _ in range(3):
            await ward.report(connection, **held)
        await connection.execute(
            sa.text("UPDATE crew SET position_at = now() - interval '5 minutes' WHERE id = :id"),
            {"id": desk.ward.crews[CLEAN]},
        )
    text = (await get(desk, "/staff/crews")).text
    assert "<strong>3/10</strong> việc đang làm" in text
    assert '<rect class="bar-held" width="30"' in text
    assert "cách đây 5 phút" in text
    assert "Người dùng crew-clean" in text
    assert "2 trong 2 đội đang trực." in text
    english = (await get(desk, "/staff/crews?lang=en")).text
    assert "5 minutes ago" in english


async def test_staff_begin_and_end_a_crews_duty(desk: Desk) -> None:
    duty = sa.select(tables.crew.c.on_duty).where(tables.crew.c.id == desk.ward.crews[CLEAN])
    for on, done in (("no", "off"), ("yes", "on")):
        answer = await post(desk, f"{crew_at(desk, CLEAN)}/duty", {"on": on})
        assert answer.headers["location"] == f"/staff/crews?done={done}"
        assert (await one(desk, duty)).on_duty is (on == "yes")


async def test_a_crew_is_added_at_a_place_and_changed_without_losing_what_was_drawn(desk: Desk) -> None:
    place = f"Place:{CODE}:{desk.ward.places['Ủy ban nhân dân phường']}"
    form = {"name": "Đội Mới", "capacity": "4", "categories": ["TRAFFIC", "OTHER"], "base": "place", "place": place}
    assert (await post(desk, "/staff/crews/new", form)).headers["location"] == "/staff/crews?done=added"
    known = sa.select(tables.crew, sa.func.ST_X(tables.crew.c.base).label("x")).where(tables.crew.c.name == "Đội Mới")
    row = await one(desk, known)
    assert (row.capacity, row.on_duty, row.x) == (4, False, 108.232)
    area = ward.square(108.20, 15.98, 108.22, 16.0)
    async with desk.database.write() as connection:
        of_it = tables.crew.c.id == row.id
        await connection.execute(sa.update(tables.crew).where(of_it).values(coverage=area))
        await connection.execute(
            sa.update(tables.account).where(tables.account.c.username == "crew-roads").values(disabled_at=sa.func.now())
        )
    at = f"/staff/crews/Crew:{CODE}:{row.id}"
    page = (await get(desk, at)).text
    assert re.search(r'value="drawn" checked', page)
    area_lines = unescape(re.search(r'name="area"[^>]*>([^<]*)</textarea>', page)[1])  # type: ignore[index]
    assert area_lines.splitlines()[0] == "15.9800000, 108.2000000"
    changed = {"name": "Đội Mới", "capacity": "6", "categories": ["OTHER"], "base": "keep", "coverage": "drawn"}
    changed["area"] = area_lines
    assert (await post(desk, at, {**changed, "members": ["crew-clean"]})).status_code == 303
    row = await one(desk, known.add_columns(sa.func.ST_Area(tables.crew.c.coverage).label("area")))
    assert (row.capacity, row.x) == (6, 108.232)
    assert row.area == pytest.approx(0.0004)
    assert "Người dùng crew-clean" in (await get(desk, at)).text
    # A locked member stays one where the form names them, and joins no other crew.
    refused = await post(desk, at, {**changed, "members": ["crew-roads"]})
    assert refused.status_code == 422
    roads = {"name": ROADS, "capacity": "5", "categories": ["TRAFFIC"], "base": "keep", "members": ["crew-roads"]}
    assert (await post(desk, crew_at(desk, ROADS), roads)).status_code == 303


async def test_a_crews_ground_is_chosen_by_neighbourhoods_drawn_or_whole(desk: Desk) -> None:
    at = crew_at(desk, CLEAN)
    form = {"name": CLEAN, "capacity": "10", "categories": ["ENVIRONMENT"], "base": "keep"}
    both = [f"Neighbourhood:{CODE}:{desk.ward.neighbourhoods[name]}" for name in (FIRST, ward.SECOND)]

    async def covered(**given: Any) -> tuple[str, str]:
        """What the list says of it afterwards, and which way its form shows."""
        assert (await post(desk, at, {**form, **given})).headers["location"] == "/staff/crews?done=saved"
        listed = (await get(desk, "/staff/crews")).text.split(f"<h2>{CLEAN}</h2>")[1]
        words = re.search(r"<dt>Địa bàn</dt><dd>(.*?)</dd>", listed, re.DOTALL)
        way = re.search(r'name="coverage" value="(\w+)" checked', (await get(desk, at)).text)
        return unescape(re.sub("<[^>]+>", " ", words[1])).strip(), way[1]  # type: ignore[index]

    assert await covered(coverage="neighbourhoods", neighbourhoods=both) == (
        f"{FIRST}, {ward.SECOND}",
        "neighbourhoods",
    )
    page = (await get(desk, at)).text
    assert [one for one in both if f'value="{one}" checked' in page] == both
    ring = "15.98, 108.20\n15.98, 108.22\n16.00, 108.22\n16.00, 108.20"
    hole = "15.985, 108.205\n15.985, 108.215\n15.995, 108.215\n15.995, 108.205"
    assert await covered(coverage="drawn", area=f"{ring}\n\n{hole}") == ("Vùng vẽ riêng", "drawn")
    crew = tables.crew
    row = await one(desk, sa.select(sa.func.ST_Area(crew.c.coverage)).where(crew.c.id == desk.ward.crews[CLEAN]))
    assert row[0] == pytest.approx(0.0003)
    assert await covered(coverage="all", neighbourhoods=both) == ("Cả phường", "all")
    assert (await one(desk, sa.select(tables.crew_neighbourhood))) is None


async def test_a_neighbourhood_that_is_no_more_is_told_with_the_crews_that_named_it(desk: Desk) -> None:
    at, gone = crew_at(desk, CLEAN), desk.ward.neighbourhoods[FIRST]
    names = [f"Neighbourhood:{CODE}:{desk.ward.neighbourhoods[name]}" for name in (FIRST, ward.SECOND)]
    form = {"name": CLEAN, "capacity": "10", "base": "keep", "coverage": "neighbourhoods", "neighbourhoods": names}
    await post(desk, at, form)
    async with desk.database.write() as connection:
        now = tables.neighbourhood_boundary
        await connection.execute(sa.update(now).where(now.c.neighbourhood_id == gone).values(until=sa.func.now()))
    assert f"không còn tổ dân phố: {FIRST}" in (await get(desk, "/staff/crews")).text
    page = (await get(desk, at)).text
    assert f"Không còn trong phường: {FIRST}." in page
    assert f'value="{names[0]}" checked' in page
    assert (await post(desk, at, {**form, "neighbourhoods": names[1]})).status_code == 303
    assert "Không còn trong phường" not in (await get(desk, at)).text


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": CLEAN}, "name"),
        ({"capacity": "nhiều"}, "capacity"),
        ({"capacity": "1001"}, "capacity"),
        ({"position": "x"}, "base"),
        ({"base": "place", "place": "x"}, "base"),
        ({"position": "10, 108.21"}, "base"),
        ({"coverage": "neighbourhoods"}, "coverage"),
        ({"coverage": "neighbourhoods", "neighbourhoods": ["x"]}, "coverage"),
        ({"coverage": "drawn"}, "area"),
        ({"coverage": "drawn", "area": "15.98, 108.2\nđâu đó"}, "area"),
        ({"coverage": "drawn", "area": "15.98, 108.2\n15.98, 108.21"}, "area"),
        ({"coverage": "drawn", "area": "15.98, 108.2\n16, 108.22\n15.98, 108.22\n16, 108.2"}, "area"),
        ({"coverage": "drawn", "area": "10, 108.2\n10, 108.22\n10.1, 108.22"}, "coverage"),
        ({"categories": ["NOTHING"]}, "categories"),
        ({"members": ["nobody"]}, "members"),
    ],
)
async def test_what_is_wrong_with_a_crew_is_told_at_its_field(desk: Desk, given: dict[str, Any], field: str) -> None:
    before = await desk.dump()
    right = {"name": "Đội Mới", "capacity": "4", "base": "point", "position": "16,0; 108.21"}
    answer = await post(desk, "/staff/crews/new", {**right, **given})
    assert answer.status_code == 422
    assert f'<a class="link" href="#{field}">' in answer.text
    assert f'id="{field}-problem"' in answer.text
    assert await desk.dump() == before


async def test_failed_jobs_are_told_in_words_and_tried_again(desk: Desk) -> None:
    calm = (await get(desk, "/staff/jobs")).text
    assert "Mọi việc đều chạy tốt" in calm
    assert "Chạy lại" not in calm
    async with desk.database.write() as connection:
        numbers = [await jobs.enqueue(connection, "dispatch_waiting", {"ward": CODE}) for _ in range(3)]
        failed = "UPDATE jobs.pgqueuer SET status = 'failed', headers = '{\"error\": \"TimeoutError\"}' WHERE id = :id"
        await connection.execute(sa.text(failed), [{"id": number} for number in numbers[:2]])
    text = (await get(desk, "/staff/jobs")).text
    assert text.count("Tìm đội cho các phản ánh đang chờ</h2>") == 2
    assert "Làm quá lâu nên bị dừng." in text
    assert "1 việc đang chờ hoặc đang chạy." in text
    assert "Find crews for the reports that wait" in (await get(desk, "/staff/jobs?lang=en")).text
    one_of = await post(desk, "/staff/jobs", {"job": str(numbers[0])})
    assert one_of.headers["location"] == "/staff/jobs?done=retried"
    again = await post(desk, "/staff/jobs", {"job": str(numbers[0])})
    assert again.status_code == 422
    assert "không còn trong danh sách" in again.text
    assert (await post(desk, "/staff/jobs")).status_code == 303  # none was named: nothing to do
    async with desk.database.read() as connection:
        assert len(await jobs.dead(connection)) == 1
    assert (await post(desk, "/staff/jobs", {"all": "yes"})).status_code == 303
    async with desk.database.read() as connection:
        assert await jobs.dead(connection) == []
