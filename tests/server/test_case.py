"""The page of one incident at the desk: who opens it, what it offers in each status, and its forms without a script."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from geo import tables
from geo.language import Language
from geo.lifecycle import OPEN, Status
from geo.rejection_seeds import REJECTIONS, seed_rejections
from server.pages import case_view, static
from server.pages.case_words import ACTS, TOLD, WORDS
from tests import ward
from tests.asking import URL, Desk
from tests.ward import CLEAN, CODE, IN_FIRST, ROADS, Reported


async def laid(desk: Desk, status: Status = Status.RECEIVED, **values: Any) -> Reported:
    if status in (Status.ASSIGNED, Status.ACCEPTED, Status.IN_PROGRESS, Status.RESOLVED, Status.CLOSED):
        values["crew_id"] = desk.ward.crews[CLEAN]
    if status is Status.DUPLICATE:
        values["duplicate_of_id"] = (await laid(desk)).key
    async with desk.database.write() as connection:
        return await ward.report(connection, status=status, **values)


async def get(desk: Desk, path: str, by: str | None = "staff", **options: Any) -> httpx.Response:
    headers = {"Accept": "text/html"} | ({} if by is None else {"Authorization": f"Bearer {desk.tokens[by]}"})
    return await desk.http.get(path, headers=headers, **options)


async def post(desk: Desk, one: Reported, act: str, by: str | None = "staff", /, **fields: str) -> httpx.Response:
    query = fields.pop("query", "")
    headers = {"Accept": "text/html", "Origin": URL}
    headers |= {} if by is None else {"Authorization": f"Bearer {desk.tokens[by]}"}
    return await desk.http.post(
        f"/staff/incidents/{one.tracking_code}/{act}{query}", data=fields or {"empty": ""}, headers=headers
    )


async def stored(desk: Desk, one: Reported) -> Any:
    async with desk.database.read() as connection:
        return (await connection.execute(sa.select(tables.incident).where(tables.incident.c.id == one.key))).one()


async def last_note(desk: Desk, one: Reported) -> Any:
    columns = tables.incident_event.c
    query = sa.select(columns.note, columns.public).where(columns.incident_id == one.key)
    async with desk.database.read() as connection:
        return tuple((await connection.execute(query.order_by(columns.at.desc(), columns.id.desc()).limit(1))).one())


async def test_only_staff_of_the_ward_open_it(desk: Desk) -> None:
    one = await laid(desk, description="Lời của người báo", phone="0905000222")
    path = f"/staff/incidents/{one.tracking_code}"
    for by in ("staff", "admin"):
        text = (await get(desk, path, by)).text
        assert "Lời của người báo" in text
        assert 'href="tel:0905000222"' in text
    assert (await get(desk, path, "staff-other")).status_code == 404
    for by in ("crew-clean", "team-1"):
        assert (await get(desk, path, by)).status_code == 403
        assert (await post(desk, one, "note", by, note="x")).status_code == 403
    stranger = await get(desk, path, None)
    assert (stranger.status_code, stranger.headers["Location"][:14]) == (303, "/sign-in?next=")
    for code in (f"{CODE}-ZZZZZZ", "x", "%00"):
        assert (await get(desk, f"/staff/incidents/{code}")).status_code == 404
    typed = await get(desk, f"/staff/incidents/{one.tracking_code.lower()}?ward={CODE}")
    assert (typed.status_code, typed.headers["Location"]) == (303, f"{path}?ward={CODE}")


@pytest.mark.parametrize("status", Status)
async def test_what_may_be_done_follows_the_life_cycle(desk: Desk, status: Status) -> None:
    one = await laid(desk, status)
    text = (await get(desk, f"/staff/incidents/{one.tracking_code}")).text
    offered = {name for name in ACTS if f'action="/staff/incidents/{one.tracking_code}/{name}"' in text}
    expected = {"note", "correct"}
    expected |= {"assign"} if status in OPEN else {"reopen"}
    expected |= {"reject"} if status in (Status.RECEIVED, Status.ASSIGNED) else set()
    expected |= {"resolve"} if status in (Status.ACCEPTED, Status.IN_PROGRESS) else set()
    expected |= {"close"} if status is Status.RESOLVED else set()
    assert offered == expected == set(case_view.acts(status))


async def test_each_form_does_what_it_says_and_leads_back(desk: Desk) -> None:
    async with desk.database.write() as connection:
        await seed_rejections(connection, CODE)
    one = await laid(desk)
    crew = f"Crew:{CODE}:{desk.ward.crews[CLEAN]}"
    answer = await post(desk, one, "assign", crew=crew, note="Đi ngay")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/staff/incidents/{one.tracking_code}?told=assign",
    )
    assert TOLD["assign"] in (await get(desk, answer.headers["Location"])).text
    assert (await stored(desk, one)).status == "ASSIGNED"
    seed = REJECTIONS[0]
    offered = re.findall(r'value="(RejectionTemplate:[^"]+)" data-text="([^"]+)"', await page_of(desk, one))
    template = next(id_ for id_, text in offered if unescape(text) == seed.text.vi)
    await post(desk, one, "reject", template=template, reason="", english="1")
    assert (await stored(desk, one)).status == "REJECTED"
    assert await last_note(desk, one) == (f"{seed.text.vi}\n\n{seed.text.en}", True)
    await post(desk, one, "reopen", reason="Nhầm")
    assert (await stored(desk, one)).reopened_count == 1
    await post(desk, one, "note", note="Chỉ cán bộ đọc")
    assert await last_note(desk, one) == ("Chỉ cán bộ đọc", False)
    await post(desk, one, "note", note="Ai cũng đọc", public="1")
    assert await last_note(desk, one) == ("Ai cũng đọc", True)
    await post(desk, one, "publish", published="1")
    assert (await stored(desk, one)).published
    await post(desk, one, "publish", published="0")
    assert not (await stored(desk, one)).published
    at = "15.990000, 108.230000"
    await post(desk, one, "correct", category="TRAFFIC", place=at, address="Số 7")
    row = await stored(desk, one)
    assert (row.address, row.neighbourhood_id) == ("Số 7", desk.ward.neighbourhoods[ward.SECOND])
    working = await laid(desk, Status.IN_PROGRESS)
    await post(desk, working, "resolve", note="Đã dọn")
    assert (await stored(desk, working)).status == "RESOLVED"
    await post(desk, working, "close")
    assert (await stored(desk, working)).status == "CLOSED"


async def page_of(desk: Desk, one: Reported, by: str = "staff") -> str:
    return (await get(desk, f"/staff/incidents/{one.tracking_code}", by)).text


async def test_a_place_that_was_not_touched_is_not_moved(desk: Desk) -> None:
    one = await laid(desk, at=(108.21000004, 15.98650003), address="Số 1")
    before = (await stored(desk, one)).location
    text = await page_of(desk, one)
    [place] = re.findall(r'name="place"[^>]*value="([^"]+)"', text)
    await post(desk, one, "correct", category="ENVIRONMENT", place=place, address="Số 1")
    assert (await stored(desk, one)).location == before
    assert await last_note(desk, one) == (None, True)  # nothing was corrected, and nothing is said of it


@pytest.mark.parametrize(
    ("act", "fields", "field"),
    [
        ("assign", {}, "case-assign-crew"),
        ("assign", {"crew": "Crew:20314:x"}, "case-assign-crew"),
        ("assign", {"crew": "roads"}, "case-assign-crew"),
        ("reject", {"reason": "  "}, "case-reject-reason"),
        ("note", {"note": ""}, "case-note-note"),
        ("note", {"note": "x" * 2_001}, "case-note-note"),
        ("correct", {"place": "ở đâu đó"}, "case-correct-place"),
        ("correct", {"place": "108.21, 15.98"}, "case-correct-place"),
        ("correct", {"place": "16.0, 108.6"}, "case-correct-place"),
        ("correct", {"category": "NOTHING"}, "case-correct-category"),
        ("close", {}, "case-close"),
        ("photo", {"photo": "Photo:20314:x"}, "case-photo"),
        ("duplicate", {}, "case-duplicate"),
        ("duplicate", {"other": "x"}, "case-duplicate"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_changes_nothing(
    desk: Desk, act: str, fields: dict[str, str], field: str
) -> None:
    one = await laid(desk, description="Nội dung")
    if fields.get("crew") == "roads":
        fields = {"crew": f"Crew:{CODE}:{desk.ward.crews[ROADS]}"}
        async with desk.database.write() as connection:
            await connection.execute(sa.update(tables.crew).values(capacity=0))
    before = await desk.dump()
    for query in ("", "?panel=1"):
        answer = await post(desk, one, act, query=query, **fields)
        assert answer.status_code == 422
        assert f'id="{field}-problem"' in answer.text
        assert f'href="#{field}"' in answer.text
        assert ("<html" in answer.text) is (not query)
        written = [fields[name] for name in ("note", "reason", "place") if name in fields]
        assert all(text in unescape(answer.text) for text in written)
    assert await desk.dump() == before


async def test_a_form_of_another_site_and_an_unknown_act_do_nothing(desk: Desk) -> None:
    one = await laid(desk)
    before = await desk.dump()
    headers = {"Accept": "text/html", "Origin": "https://elsewhere.test", "Sec-Fetch-Site": "cross-site"}
    cookies = {"session": desk.tokens["staff"]}
    path = f"/staff/incidents/{one.tracking_code}"
    desk.http.cookies.update(cookies)
    refused = await desk.http.post(f"{path}/note", data={"note": "x"}, headers=headers)
    assert refused.status_code in (303, 403)
    desk.http.cookies.clear()
    assert (await post(desk, one, "explode")).status_code == 404
    assert (await post(desk, one, "note", "staff-other", note="x")).status_code == 404
    assert await desk.dump() == before
    opened = await get(desk, f"{path}/note")
    assert (opened.status_code, opened.headers["Location"]) == (303, path)


async def test_the_later_of_two_becomes_the_copy_where_it_may(desk: Desk) -> None:
    now = datetime.now(UTC)
    first = await laid(desk, reported_at=now - timedelta(hours=4), due_at=now + timedelta(days=1), description="Kia")
    second = await laid(desk, reported_at=now - timedelta(hours=1), due_at=now + timedelta(days=1), description="Này")
    for one, other, copy in ((first, second, "other"), (second, first, "this")):
        text = await page_of(desk, one)
        assert re.search(rf'name="other" value="{other.id}">\s*<input type="hidden" name="copy" value="{copy}"', text)
        assert "Kia" in text
        assert "Này" in text
    await post(desk, first, "duplicate", other=second.id, copy="other")
    assert (await stored(desk, second)).duplicate_of_id == first.key
    assert f'href="/staff/incidents/{second.tracking_code}"' in await page_of(desk, first)
    assert f'href="/staff/incidents/{first.tracking_code}"' in await page_of(desk, second)
    # One whose crew is at work becomes no copy, so the earlier report is joined to it.
    working = await laid(desk, Status.IN_PROGRESS, reported_at=now, due_at=now + timedelta(days=1))
    text = await page_of(desk, first)
    assert re.search(rf'name="other" value="{working.id}">\s*<input type="hidden" name="copy" value="this"', text)


async def test_beside_the_queue_there_is_no_frame(desk: Desk) -> None:
    one = await laid(desk)
    panel = (await get(desk, f"/staff/incidents/{one.tracking_code}?panel=1")).text
    assert panel.startswith("<article")
    assert "<h1" not in panel
    renewed = (await get(desk, f"/staff/incidents/{one.tracking_code}?panel=page")).text
    assert renewed.startswith("<article")
    assert "<h1" in renewed
    done = await post(desk, one, "note", note="Từ bên cạnh hàng chờ", query="?panel=1")
    assert done.status_code == 200
    assert "Từ bên cạnh hàng chờ" in done.text
    assert TOLD["note"] in done.text


async def test_what_people_write_is_text(desk: Desk) -> None:
    hostile = """</script><script>alert(1)</script>{{ 7*7 }}" onload="x"""
    one = await laid(desk, description=hostile, address=hostile)
    await laid(desk, description=hostile, address=hostile)
    await post(desk, one, "note", note=hostile)
    text = await page_of(desk, one)
    assert "<script>alert" not in text
    assert 'onload="x' not in text
    assert text.count("{{ 7*7 }}") >= 5


async def test_crews_stand_by_how_well_they_suit(desk: Desk) -> None:
    async with desk.database.write() as connection:
        await ward.crew(connection, "Đội Đầy", ["ENVIRONMENT"], base=IN_FIRST, capacity=0)
        await ward.crew(connection, "Đội Gần", ["ENVIRONMENT"], base=IN_FIRST)
        await ward.crew(connection, "Đội Nghỉ", ["ENVIRONMENT"], base=IN_FIRST, on_duty=False)
    one = await laid(desk)
    text = await page_of(desk, one)
    names = re.findall(r'class="candidate-name">([^<]+)<', text)
    assert names == ["Đội Gần", CLEAN, "Đội Đầy", ROADS, "Đội Nghỉ"]
    pressed = re.findall(r'<button class="candidate[^>]*type="(submit|button)"( disabled)?', text)
    assert pressed == [("submit", "")] * 2 + [("button", " disabled")] * 3
    above, below = text.split("Chưa giao được cho các đội sau:")
    assert (above.count('class="candidate-name"'), below.count('class="candidate-name"')) == (2, 3)
    async with desk.database.write() as connection:
        await connection.execute(sa.update(tables.crew).values(on_duty=False))
    text = await page_of(desk, one)
    assert "Hiện chưa có đội nào phù hợp để giao. Lý do ghi ở từng đội." in text
    assert "Bấm vào một đội là giao ngay." not in text
    assert 'name="crew"' not in text


async def test_a_private_kind_offers_no_publishing(desk: Desk) -> None:
    one = await laid(desk, category="SECURITY")
    text = await page_of(desk, one)
    assert "/publish" not in text
    assert "Lĩnh vực này không bao giờ hiện công khai." in text


async def test_it_speaks_english_too(desk: Desk) -> None:
    one = await laid(desk, Status.ASSIGNED)
    text = (await get(desk, f"/staff/incidents/{one.tracking_code}?lang={Language.EN}")).text
    for word in ("Waste and environment", "History", "Reject", "Seen by the reporter"):
        assert word in text


def test_the_module_says_only_words_that_it_is_given_and_all_of_them() -> None:
    modules = [(static.FOLDER / "staff" / name).read_text() for name in ("case.js", "case_blur.js")]
    said = {word for text in modules for word in re.findall(r'tell\("(\w+)"', text)}
    assert said == set(WORDS)
