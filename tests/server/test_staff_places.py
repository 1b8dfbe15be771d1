"""A ward's places at the desk: the table, the form, and a spreadsheet that is applied as it was previewed."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
from openpyxl import Workbook

from geo import tables
from geo.tables import PlaceKind
from tests.asking import Desk
from tests.ward import CODE, FIRST, IN_FIRST, IN_OTHER, IN_SECOND, IN_THE_SEA, SECOND

AT = "/staff/places"
HOUSE = "Nhà văn hóa số 1"
PLACE = {"kind": "MARKET", "name": "Chợ Hòa Xuân", "position": f"{IN_SECOND[1]}, {IN_SECOND[0]}"}
HOSTILE = ("=1+2", "+84 905", "-x", "@SUM(A1)", "＝cmd", "<b>&\"'</b>", "{{ 7*7 }}", 'a"b,c;d', "'=x")


DOWNLOADS = "audit_entry"
"""The table where it stands who took a file."""


async def get(desk: Desk, path: str, by: str | None = "staff") -> httpx.Response:
    cookies = {} if by is None else {"Cookie": f"session={desk.tokens[by]}"}
    return await desk.http.get(path, headers={"Accept": "text/html", **cookies})


async def post(desk: Desk, path: str, form: dict[str, Any], by: str | None = "staff", **headers: str) -> httpx.Response:
    own = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    cookies = {} if by is None else {"Cookie": f"session={desk.tokens[by]}"}
    return await desk.http.post(path, data=form or {"x": ""}, headers={**own, **cookies, **headers})


async def sent(desk: Desk, raw: bytes | str, by: str | None = "staff", at: str = AT) -> httpx.Response:
    """The answer to a file that is sent to be previewed."""
    cookies = {} if by is None else {"Cookie": f"session={desk.tokens[by]}"}
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", **cookies}
    content = raw if isinstance(raw, bytes) else raw.encode()
    return await desk.http.post(f"{at}/import", files={"file": ("bang.csv", content)}, headers=headers)


async def applied(desk: Desk, preview: httpx.Response, by: str | None = "staff", **other: Any) -> httpx.Response:
    """The answer to the form of a preview."""
    found = re.findall(r'<input type="hidden" name="(digest|lines)" value="([^"]*)">', preview.text)
    form: dict[str, Any] = {"lines": [value for name, value in found if name == "lines"]}
    form["digest"] = next((value for name, value in found if name == "digest"), "")
    cookies = {} if by is None else {"Cookie": f"session={desk.tokens[by]}"}
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", **cookies}
    body = {**form, **other}
    parts = [
        (name, (None, one)) for name, value in body.items() for one in (value if isinstance(value, list) else [value])
    ]
    return await desk.http.post(f"{AT}/import/apply", files=parts, headers=headers)


def said(answer: httpx.Response) -> str:
    """The words of a page."""
    main = answer.text[answer.text.index("<main") :]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def counts(answer: httpx.Response) -> list[int]:
    """Of a preview: how many are added, changed, removed, unchanged, wrong."""
    assert answer.status_code in (200, 409), said(answer)
    return [int(one) for one in re.findall(r"<strong>(\d+)</strong> \S", answer.text)]


async def stored(desk: Desk, code: str = CODE) -> dict[str, Any]:
    """The places of a ward by name."""
    query = sa.select(
        tables.place, sa.func.ST_X(tables.place.c.location).label("x"), sa.func.ST_Y(tables.place.c.location).label("y")
    ).where(tables.place.c.ward_code == code)
    async with desk.database.read() as connection:
        return {row.name: row for row in await connection.execute(query)}


async def table_of(desk: Desk, query: str = "") -> list[dict[str, str]]:
    """The rows of the table that is downloaded."""
    answer = await get(desk, f"{AT}.csv{query}")
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def written(rows: list[dict[str, str]], delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


async def add_many(desk: Desk, count: int, **columns: Any) -> None:
    rows = [
        {
            "ward_code": CODE,
            "id": uuid4(),
            "kind": "MARKET",
            "name": f"Chợ số {n}",
            "location": "SRID=4326;POINT(108.21 15.99)",
        }
        | columns
        for n in range(count)
    ]
    async with desk.database.write() as connection:
        await connection.execute(sa.insert(tables.place), rows)


# ------------------------------------------------------------------------------------------------------ who may


async def test_places_are_kept_by_the_desk_alone(desk: Desk) -> None:
    house = f"{AT}/{desk.ward.places[HOUSE]}"
    before = await desk.dump(but=DOWNLOADS)
    for path in (AT, f"{AT}.csv", f"{AT}/import", f"{AT}/new", house):
        assert (await get(desk, path, None)).headers["location"].startswith("/sign-in?next=%2Fstaff%2Fplaces")
        for by in ("crew-clean", "team-1", "team-other"):
            assert (await get(desk, path, by)).status_code == 403, (path, by)
        for by in ("staff", "admin"):
            assert (await get(desk, path, by)).status_code == 200, (path, by)
    for by in ("crew-clean", "team-1"):
        for path in (f"{AT}/new", house, f"{house}/remove", f"{AT}/import/apply"):
            assert (await post(desk, path, PLACE, by)).status_code == 403
        assert (await sent(desk, "Loại,Tên\nChợ,A\n", by)).status_code == 403
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for path in (f"{AT}/new", house, f"{house}/remove", f"{AT}/import", f"{AT}/import/apply"):
        assert (await post(desk, path, PLACE, **foreign)).status_code == 403, path
    assert await desk.dump(but=DOWNLOADS) == before


async def test_another_wards_staff_find_and_change_nothing_here(desk: Desk) -> None:
    house = f"{AT}/{desk.ward.places[HOUSE]}"
    preview = await sent(desk, "Mã,Loại,Tên,Gỡ bỏ\n" + f"{desk.ward.places[HOUSE]},Chợ,Khác,x\n", "staff-other")
    assert counts(preview) == [0, 0, 0, 0, 1]
    assert "Phường không có địa điểm mang mã này" in said(preview)
    mine = await sent(desk, f"Mã,Loại,Tên,Gỡ bỏ\n{desk.ward.places[HOUSE]},Chợ,Khác,x\n")
    assert counts(mine) == [0, 0, 1, 0, 0]
    before = await desk.dump(but=DOWNLOADS)
    assert (await get(desk, house, "staff-other")).status_code == 404
    assert (await post(desk, house, PLACE, "staff-other")).status_code == 404
    assert (await post(desk, f"{house}/remove", {}, "staff-other")).status_code == 303
    # A preview that staff of this ward were shown is nothing to the staff of another.
    assert (await applied(desk, mine, "staff-other")).status_code == 409
    assert HOUSE not in (await get(desk, f"{AT}.csv", "staff-other")).text
    assert await desk.dump(but=DOWNLOADS) == before


# ------------------------------------------------------------------------------------------------------ the table


async def test_the_table_is_searched_filtered_and_sorted_by_its_address(desk: Desk) -> None:
    await add_many(desk, 2, neighbourhood_id=desk.ward.neighbourhoods[FIRST])
    await add_many(desk, 1, name="Trạm lẻ", kind="HEALTH_STATION")
    assert "2 địa điểm" in said(await get(desk, f"{AT}?q=cho+so"))
    text = said(await get(desk, f"{AT}?area=none"))
    assert "Trạm lẻ" in text
    assert "Chợ số 1" not in text
    text = said(await get(desk, f"{AT}?area={desk.ward.neighbourhoods[FIRST]}&kind=MARKET"))
    assert "Chợ số 0" in text
    assert HOUSE not in text
    by_area = (await get(desk, f"{AT}?sort=area")).text
    assert by_area.index("Trạm lẻ</a>") < by_area.index("Chợ số 0</a>")
    by_kind = (await get(desk, f"{AT}?sort=kind")).text
    assert by_kind.index(f"{HOUSE}</a>") < by_kind.index("Trạm lẻ</a>") < by_kind.index("Chợ số 0</a>")
    for odd in ("?kind=NOTHING", "?area=x", "?sort=x", "?after=x", "?q=%00", "?after=WyJwbGFjZSJd"):
        assert (await get(desk, AT + odd)).status_code == 200, odd
    assert (await get(desk, f"{AT}?ward=99999", "admin")).status_code == 404


@pytest.mark.parametrize("sort", ["name", "kind", "area"])
async def test_pages_follow_each_other_and_miss_none(desk: Desk, sort: str) -> None:
    await add_many(desk, 110)
    seen: list[str] = []
    path: str | None = f"{AT}?sort={sort}&q=cho+so"
    for _ in range(3):
        assert path is not None
        text = (await get(desk, path)).text
        seen += re.findall(r">(Chợ số \d+)</a>", text)
        found = re.search(r'href="(/staff/places\?[^"]*after=[^"]*)"', text)
        path = unescape(found[1]) if found else None
    assert path is None
    assert seen == [f"Chợ số {n}" for n in range(110)]


async def test_hostile_names_are_shown_as_text_and_come_back_from_the_table(desk: Desk) -> None:
    for name in HOSTILE:
        await add_many(desk, 1, name=name)
    page = await get(desk, f"{AT}?kind=MARKET")
    assert "<b>&" not in page.text
    assert "49" not in said(page).replace("490", "")
    rows = await table_of(desk, "?kind=MARKET")
    for row in rows:
        assert not re.match(r"\s*[=+\-@＝＋－＠]", row["Tên"])
    preview = await sent(desk, written(rows))
    assert counts(preview) == [0, 0, 0, len(HOSTILE), 0], said(preview)


# ------------------------------------------------------------------------------------------------------- the form


async def test_a_place_is_added_changed_and_removed_without_a_script(desk: Desk) -> None:
    answer = await post(desk, f"{AT}/new", PLACE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{AT}?done=added")
    row = (await stored(desk))["Chợ Hòa Xuân"]
    assert row.neighbourhood_id == desk.ward.neighbourhoods[SECOND]
    assert f"Thuộc {SECOND}." in said(await get(desk, f"{AT}/{row.id}"))
    moved = {**PLACE, "position": f"{IN_FIRST[1]} ; {IN_FIRST[0]}", "phone": "0236 3123456", "name": "Chợ mới"}
    assert (await post(desk, f"{AT}/{row.id}", moved)).headers["location"] == f"{AT}?done=saved"
    changed = (await stored(desk))["Chợ mới"]
    assert (changed.id, changed.phone) == (row.id, "0236 3123456")
    assert changed.neighbourhood_id == desk.ward.neighbourhoods[FIRST]
    assert (await post(desk, f"{AT}/{row.id}/remove", {})).headers["location"] == f"{AT}?done=removed"
    assert "Chợ mới" not in await stored(desk)
    assert (await get(desk, f"{AT}/{row.id}")).status_code == 404
    assert (await post(desk, f"{AT}/{row.id}/remove", {})).headers["location"] == f"{AT}?done=gone"


async def test_the_same_form_sent_twice_adds_one_place(desk: Desk) -> None:
    page = (await get(desk, f"{AT}/new")).text
    key = re.search(r'name="request_key" value="([^"]+)"', page)
    assert key is not None
    for _ in range(2):
        assert (await post(desk, f"{AT}/new", {**PLACE, "request_key": key[1]})).status_code == 303
    async with desk.database.read() as connection:
        query = sa.select(sa.func.count()).where(tables.place.c.name == PLACE["name"])
        assert await connection.scalar(query) == 1
    save = """mutation ($input: SavePlaceInput!) {
        savePlace(input: $input) { ... on SavePlacePayload { place { id name } } }
    }"""
    given = {"kind": "MARKET", "name": "Chợ B", "location": {"type": "Point", "coordinates": list(IN_FIRST)}}
    given |= {"requestKey": key[1], "wardCode": CODE}
    # The key of another account is another key; and what is there under a key stays as it is.
    first = (await desk.data(save, "admin", input=given))["savePlace"]["place"]
    again = (await desk.data(save, "admin", input={**given, "name": "Chợ C"}))["savePlace"]["place"]
    assert first == again
    assert first["name"] == "Chợ B"


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"name": ""}, "name", "Cần điền mục này."),
        ({"kind": "CASTLE"}, "kind", "Hãy chọn loại địa điểm."),
        ({"position": ""}, "position", "Hãy cho biết địa điểm ở đâu"),
        ({"position": "gần chợ"}, "position", "Tọa độ gồm vĩ độ và kinh độ"),
        ({"position": f"{IN_THE_SEA[1]}, {IN_THE_SEA[0]}"}, "position", "nằm ngoài địa bàn phường"),
        ({"position": f"{IN_OTHER[1]}, {IN_OTHER[0]}"}, "position", "nằm ngoài địa bàn phường"),
        ({"phone": "1" * 60}, "phone", "Nội dung quá dài"),
    ],
)
async def test_what_is_wrong_is_told_at_its_field_and_nothing_is_stored(
    desk: Desk, given: dict[str, str], field: str, words: str
) -> None:
    before = await desk.dump()
    answer = await post(desk, f"{AT}/new", {**PLACE, **given})
    assert answer.status_code == 422
    problem = re.search(rf'id="{field}-problem">(.*?)</p>', answer.text, re.DOTALL)
    assert problem is not None
    assert words in problem[1]
    assert await desk.dump() == before


async def test_consent_is_recorded_and_withdrawn_on_the_form(desk: Desk) -> None:
    home = {**PLACE, "kind": "OFFICIAL_HOME", "name": "Nhà ông Tổ trưởng"}
    await post(desk, f"{AT}/new", home)
    row = (await stored(desk))["Nhà ông Tổ trưởng"]
    assert row.consented_at is None
    assert "Chưa công khai" in said(await get(desk, f"{AT}/{row.id}"))
    await post(desk, f"{AT}/{row.id}", {**home, "consent": "yes", "consent_seen": ""})
    agreed = (await stored(desk))["Nhà ông Tổ trưởng"].consented_at
    assert agreed is not None
    # A form that was opened before changes nothing of it.
    await post(desk, f"{AT}/{row.id}", {**home, "consent": "", "consent_seen": ""})
    assert (await stored(desk))["Nhà ông Tổ trưởng"].consented_at == agreed
    await post(desk, f"{AT}/{row.id}", {**home, "consent": "", "consent_seen": "yes"})
    assert (await stored(desk))["Nhà ông Tổ trưởng"].consented_at is None


# -------------------------------------------------------------------------------------------------- spreadsheets


async def test_what_is_downloaded_and_sent_back_changes_nothing(desk: Desk) -> None:
    before = await desk.dump(but=DOWNLOADS)
    rows = await table_of(desk)
    assert {row["Tên"] for row in rows} == set(await stored(desk))
    for raw in (written(rows), "﻿" + written(rows, ";"), written(rows, "\t").encode("utf-16")):
        preview = await sent(desk, raw)
        assert counts(preview) == [0, 0, 0, len(rows), 0]
        assert 'id="apply"' not in preview.text
    assert await desk.dump(but=DOWNLOADS) == before


async def test_a_preview_says_what_changes_and_exactly_that_is_applied(desk: Desk) -> None:
    async with desk.database.write() as connection:
        where = tables.place.c.id == desk.ward.places[HOUSE]
        await connection.execute(sa.update(tables.place).where(where).values(phone="0900000001", source_key="osm:7"))
    await add_many(desk, 1, name="Chợ cũ")
    rows = await table_of(desk)
    for row in rows:
        if row["Tên"] == HOUSE:
            row |= {"Tên": "Nhà văn hóa Số Một", "Vị trí (vĩ độ, kinh độ)": f"{IN_SECOND[1]}, {IN_SECOND[0]}"}
        if row["Tên"] == "Chợ cũ":
            row["Gỡ bỏ"] = "x"
    empty = dict.fromkeys(rows[0], "")
    rows += [
        {**empty, "Tên": "Trạm y tế mới", "Loại": "tram y te", "Vị trí (vĩ độ, kinh độ)": "15,9865; 108,21"},
        {**empty, "Tên": "Ở biển", "Loại": "Chợ", "Vị trí (vĩ độ, kinh độ)": "16, 108.6"},
        {**empty, "Tên": "", "Loại": "Lâu đài", "Vị trí (vĩ độ, kinh độ)": "đâu đó", "Mã": "abc"},
    ]
    before = await desk.dump()
    preview = await sent(desk, written(rows, ";"))
    text = said(preview)
    assert counts(preview)[:4] == [1, 1, 1, len(rows) - 5]
    assert await desk.dump() == before
    assert f"Dòng {len(rows)} Ở biển Vị trí 16.0000000, 108.6000000 nằm ngoài địa bàn phường." in text
    assert f"Dòng {len(rows) + 1} abc" in text
    assert "Mã “abc” không phải là mã địa điểm" in text
    assert f"{HOUSE} thành Nhà văn hóa Số Một" in text
    assert f"{FIRST} thành {SECOND}" in text
    answer = await applied(desk, preview)
    assert answer.headers["location"] == f"{AT}?done=imported&added=1&changed=1&removed=1"
    assert "Đã áp dụng bảng: thêm 1, sửa 1, gỡ 1." in said(await get(desk, answer.headers["location"]))
    now = await stored(desk)
    assert "Chợ cũ" not in now
    house = now["Nhà văn hóa Số Một"]
    assert (house.id, house.phone, house.source_key) == (desk.ward.places[HOUSE], "0900000001", "osm:7")
    assert house.neighbourhood_id == desk.ward.neighbourhoods[SECOND]
    new = now["Trạm y tế mới"]
    assert (new.kind, new.x, new.y) == (PlaceKind.HEALTH_STATION, 108.21, 15.9865)
    assert new.neighbourhood_id == desk.ward.neighbourhoods[FIRST]
    # Sent once more, by a second tap or by Back: nothing is left to do.
    after = await desk.dump()
    assert (await applied(desk, preview)).status_code in (200, 409)
    assert await desk.dump() == after
    assert counts(await sent(desk, 'Loại,Tên,Vị trí\nTrạm y tế,Trạm y tế mới,"15.9865, 108.21"\n')) == [0, 0, 0, 1, 0]


async def test_a_change_made_meanwhile_stops_all_of_it(desk: Desk) -> None:
    house = desk.ward.places[HOUSE]
    table = f"Mã,Loại,Tên,Địa chỉ\n{house},Nhà văn hóa,{HOUSE},Số 5\n"
    table += ",Chợ,Chợ mới,\n"
    preview = await sent(
        desk,
        table.replace("Địa chỉ", "Địa chỉ,Vị trí")
        .replace("Số 5", 'Số 5,"15.9865, 108.21"')
        .replace("mới,", 'mới,,"15.99, 108.21"'),
    )
    assert counts(preview) == [1, 1, 0, 0, 0]
    async with desk.database.write() as connection:
        await connection.execute(sa.update(tables.place).where(tables.place.c.id == house).values(address="Số 9"))
    before = await desk.dump()
    answer = await applied(desk, preview)
    assert answer.status_code == 409
    assert "Dữ liệu đã có người thay đổi sau khi bạn xem trước" in said(answer)
    assert "Số 9 thành Số 5" in said(answer)
    assert await desk.dump() == before
    # The new preview is as good as any.
    assert (await applied(desk, answer)).status_code == 303
    assert (await stored(desk))[HOUSE].address == "Số 5"


async def test_a_ward_changed_on_the_ground_meanwhile_stops_it_too(desk: Desk) -> None:
    preview = await sent(desk, 'Loại,Tên,Vị trí\nChợ,Chợ mới,"15.9865, 108.21"\n')
    async with desk.database.write() as connection:
        of = tables.neighbourhood_boundary
        first = of.c.neighbourhood_id == desk.ward.neighbourhoods[FIRST]
        await connection.execute(sa.update(of).where(first).values(until=sa.func.now()))
    before = await desk.dump()
    answer = await applied(desk, preview)
    assert answer.status_code == 409
    assert "Chưa" in said(answer) or "In no" in said(answer)
    assert await desk.dump() == before


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (',Chợ,"A","15, 108",,', "nằm ngoài địa bàn phường"),
        (',,A,"15.9865, 108.21",,', "Thiếu loại địa điểm."),
        (',Chợ,,"15.9865, 108.21",,', "Thiếu tên địa điểm."),
        (",Chợ,A,,,", "Thiếu vị trí"),
        (',Chợ,A,"15.9865, 108.21",có,', "Sự đồng ý của cán bộ chỉ ghi nhận"),
        (',Chợ,A,"15.9865, 108.21",,x', "dòng phải có mã của địa điểm"),
        (',Chợ,A,"15.9865, 108.21",,có thể', "ghi x hoặc để trống"),
        (f',Chợ,{"A" * 201},"15.9865, 108.21",,', "“Tên” dài quá 200 ký tự."),
        (f'{UUID(int=5)},Chợ,A,"15.9865, 108.21",,', "Phường không có địa điểm mang mã này"),
        (',Chợ,Nhà v?n hóa,"15.9865, 108.21",,', "bị mất chữ"),
        (',Chợ,HÃ²a XuÃ¢n,"15.9865, 108.21",,', "hỏng bảng mã"),
        (",Chợ,A", "Dòng có 3 ô, tiêu đề có 6."),
    ],
)
async def test_a_row_is_refused_with_its_number_and_why(desk: Desk, row: str, words: str) -> None:
    heading = "Mã,Loại,Tên,Vị trí,Đồng ý công khai,Gỡ bỏ\n"
    preview = await sent(desk, f'{heading},Chợ,Đúng,"15.9865, 108.21",,\n{row}\n')
    assert counts(preview)[0] == 1, said(preview)
    assert re.search(rf"Dòng 3 .*{re.escape(words)}", said(preview)), said(preview)


async def test_the_same_place_twice_in_a_file_and_a_key_that_is_taken_are_refused(desk: Desk) -> None:
    async with desk.database.write() as connection:
        where = tables.place.c.id == desk.ward.places[HOUSE]
        await connection.execute(sa.update(tables.place).where(where).values(source_key="osm:7"))
    await add_many(desk, 1)
    other = (await stored(desk))["Chợ số 0"].id
    table = 'Mã,Loại,Tên,Vị trí,Khóa nguồn\n,Chợ,A,"15.99, 108.21",\n,cho,A,"15.99, 108.21",\n'
    table += f'{other},Chợ,Chợ số 0,"15.99, 108.21",osm:7\n,Nhà văn hóa,{HOUSE} B,"15.9865, 108.21",osm:7\n'
    preview = await sent(desk, table)
    text = said(preview)
    assert counts(preview) == [1, 1, 0, 0, 2], text
    assert "Trùng với dòng 2." in text
    assert f"Khóa nguồn “osm:7” đã là của địa điểm “{HOUSE}”." in text
    assert (await applied(desk, preview)).status_code == 303
    assert (await stored(desk))[f"{HOUSE} B"].id == desk.ward.places[HOUSE]


def in_windows_1258(text: str) -> bytes:
    """As Excel on a Vietnamese machine writes: marks of tone after their letters."""
    raw = b""
    for letter in text:
        try:
            raw += letter.encode("cp1258")
        except UnicodeEncodeError:
            apart = unicodedata.normalize("NFD", letter)
            tone = next(mark for mark in "\u0300\u0301\u0303\u0309\u0323" if mark in apart)
            raw += unicodedata.normalize("NFC", apart.replace(tone, "")).encode("cp1258") + tone.encode("cp1258")
    return raw


async def test_what_excel_here_saves_is_read(desk: Desk) -> None:
    table = "Loại;Tên;Vĩ độ;Kinh độ;Điện thoại;Ghi chú\r\nTrạm y tế;Trạm Hòa Xuân;15,9865;108,21;2363123456;tạm\r\n"
    for raw in (in_windows_1258(table), table.encode("utf-16"), table.replace(";", "\t").encode("utf-16")):
        preview = await sent(desk, raw)
        text = said(preview)
        assert counts(preview) == [1, 0, 0, 0, 0], text
        assert "Trạm Hòa Xuân" in text
        assert "15.9865000, 108.2100000" in text
        assert "02363123456" in text
        assert "Không dùng đến các cột: Ghi chú." in text
    assert "cp1258" in said(await sent(desk, in_windows_1258(table)))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "không có dòng nào"),
        (b"\x00\x01\x02\x03", "không phải là bảng CSV hay Excel"),
        ("Loại,Tên\nChợ,A\x00B\n".encode(), "không phải là bảng CSV hay Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "lưu lại dạng .xlsx"),
        (b"PK\x03\x04not a zip", "Tệp nén bị hỏng"),
        ("Tên\nChợ\n".encode(), "Bảng thiếu cột “Loại”"),
        ("Loại,Tên,Ten\nChợ,A,B\n".encode(), "nói cùng một điều"),
        ("Loại,Tên\n".encode(), "không có dòng nào"),
        (("Loại,Tên\n" + "Chợ,A\n" * 20_001).encode(), "quá 20000 dòng"),
    ],
)
async def test_a_file_that_is_no_table_is_refused_in_words(desk: Desk, raw: bytes, words: str) -> None:
    answer = await sent(desk, raw)
    assert answer.status_code == 422
    assert words in said(answer)


async def test_a_form_without_a_file_asks_for_one(desk: Desk) -> None:
    answer = await post(desk, f"{AT}/import", {})
    assert answer.status_code == 422
    assert "Hãy chọn một tệp" in said(answer)


async def test_an_excel_file_is_read_where_it_has_one_sheet(desk: Desk) -> None:
    book = Workbook()
    book.active.append(["Loại", "Tên", "Vĩ độ", "Kinh độ"])
    book.active.append(["Chợ", "Chợ Hòa Xuân", 15.9865, 108.21])
    raw = io.BytesIO()
    book.save(raw)
    assert counts(await sent(desk, raw.getvalue())) == [1, 0, 0, 0, 0]
    book.create_sheet("Khác").append(["Loại"])
    book.save(raw := io.BytesIO())
    answer = await sent(desk, raw.getvalue())
    assert (answer.status_code, "Hãy chỉ giữ lại một trang" in said(answer)) == (422, True)


async def test_too_large_a_file_is_refused(desk: Desk) -> None:
    answer = await sent(desk, b"x" * (8 * 1024 * 1024 + 1))
    assert answer.status_code == 413


@pytest.mark.parametrize("lines", ["", "!", "AAAA", "eJyrVkrLz1eyUkpKLFKqBQAdegQ0", "x" * 40_000])
async def test_a_form_that_no_preview_made_changes_nothing(desk: Desk, lines: str) -> None:
    before = await desk.dump()
    preview = await sent(desk, 'Loại,Tên,Vị trí\nChợ,A,"15.9865, 108.21"\n')
    for other in ({"lines": lines}, {"digest": "x"}, {"lines": lines, "digest": "0" * 64}):
        assert (await applied(desk, preview, **other)).status_code in (409, 413, 422)
    assert await desk.dump() == before


async def test_ten_thousand_rows_are_previewed_and_applied_in_seconds(desk: Desk) -> None:
    rows = "".join(
        f"Chợ,Chợ số {n} đường {n * 7919 % 10_007},{15.98 + n % 200 / 5_000:.4f},{108.20 + n // 200 / 1_250 / 2:.4f},\n"
        for n in range(10_000)
    )
    preview = await sent(desk, f"Loại,Tên,Vĩ độ,Kinh độ,Địa chỉ\n{rows}")
    assert counts(preview) == [10_000, 0, 0, 0, 0]
    assert len(preview.content) < 2_000_000
    assert (await applied(desk, preview)).status_code == 303
    assert len(await stored(desk)) > 10_000
    again = await sent(desk, f"Loại,Tên,Vĩ độ,Kinh độ,Địa chỉ\n{rows}")
    assert counts(again) == [0, 0, 0, 10_000, 0]
