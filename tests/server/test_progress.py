"""A report's progress as pages: looked up, shown to each reader as far as theirs, rated, reopened, followed."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta
from html import escape, unescape
from io import BytesIO
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import zxingcpp
from PIL import Image

from geo import tables
from geo.ids import new_id
from geo.lifecycle import IN_HAND, Status
from server import reporters
from server.pages import codes
from server.pages.words import STATUSES
from server.storage import Photographs, StoreUnavailable
from tests.asking import Desk
from tests.pictures import encoded
from tests.server.live import Station
from tests.ward import CLEAN, CODE, OTHER, Reported, report

HOSTILE = "<script>alert(1)</script>{{ 12347*98765 }}\n\"'&"
NOW = datetime.now(UTC)
"""One moment for what is stored and what is looked for: pages tell the minute, which may turn between the two."""


def recently(status: Status = Status.RECEIVED, days: float = 2) -> dict[str, Any]:
    """The columns of a report of some days ago, not due yet."""
    reported = NOW - timedelta(days=days)
    values: dict[str, Any] = {"reported_at": reported, "due_at": NOW + timedelta(days=1), "status": status}
    if status in (Status.RESOLVED, Status.CLOSED):
        values["resolved_at"] = reported + timedelta(minutes=1)
    return values


async def made(desk: Desk, status: Status = Status.RECEIVED, days: float = 2, **values: Any) -> Reported:
    crew = {"crew_id": desk.ward.crews[CLEAN]} if status in (*IN_HAND, Status.RESOLVED, Status.CLOSED) else {}
    async with desk.database.write() as connection:
        return await report(connection, **(recently(status, days) | crew | values))


def holding(*reports: Reported) -> dict[str, str]:
    """The header of a browser that holds these reports."""
    held = [f"{reporters.COOKIE}{one.tracking_code}={1_800_000_000 - n}.{one.secret}" for n, one in enumerate(reports)]
    return {"Cookie": "; ".join(held)}


def let_go(answer: httpx.Response) -> list[str]:
    """The reports that the browser is told to forget."""
    told = answer.headers.get_list("set-cookie")
    return [one.removeprefix("report-").partition("=")[0] for one in told if "Max-Age=0" in one]


async def opened(desk: Desk, one: Reported, query: str = "", *, held: bool = False, status: int = 200) -> str:
    answer = await desk.http.get(f"/r/{one.tracking_code}{query}", headers=holding(one) if held else {})
    assert answer.status_code == status, answer.text
    return answer.text


def shown(moment: datetime) -> str:
    return (moment.astimezone(UTC) + timedelta(hours=7)).strftime("%d/%m/%Y %H:%M")


@pytest.mark.parametrize(
    "typed",
    [
        "20314-7K3F9Q",
        "20314-7k3f9q",
        " 20314 7K3 F9Q ",
        "203147k3f9q",
        "20314–7K3F9Q",
        "２０３１４－７Ｋ３Ｆ９Ｑ",
        "2O3I4-7K3F9Q",
        "7k3f9q",
        "Mã của tôi: 20314-7K3F9Q nhé",
        "https://phuong.example/r/20314-7K3F9Q?told=rated#top",
        "phuong.example/r/20314-7k3f9q",
    ],
)
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert codes.read(typed, CODE) == codes.Typed("20314-7K3F9Q")


@pytest.mark.parametrize("typed", ["", "xin chào", "20314", "20314-7K3F9", "20314-7K3F9QX", "\x00", "7K3F9Q"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert codes.read(typed) is None


def test_a_private_link_is_read_whole() -> None:
    link = "https://phuong.example/r/20314-7K3F9Q?key=ab_C-9"
    assert codes.read(link) == codes.Typed("20314-7K3F9Q", "ab_C-9")
    assert codes.read("20314-7K3F9Q?key=ab_C-9") == codes.Typed("20314-7K3F9Q")


async def test_looking_up_leads_to_the_report(desk: Desk) -> None:
    one = await made(desk)
    answer = await desk.http.get("/r", params={"code": one.tracking_code.lower().replace("-", " ")})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/r/{one.tracking_code}")
    answer = await desk.http.get(f"/r/{one.tracking_code.lower()}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/r/{one.tracking_code}")


async def test_an_unknown_code_is_told_kindly_and_kept_in_the_field(desk: Desk) -> None:
    for path in ("/r/20314-AAAAAA", "/r?code=kh%C3%B4ng%20nh%E1%BB%9B"):
        answer = await desk.http.get(path)
        assert answer.status_code == 404
        assert "Chưa tìm thấy phản ánh này" in answer.text
        assert "tổ công nghệ số cộng đồng" in answer.text
    assert 'value="không nhớ"' in answer.text


@pytest.mark.parametrize("path", ["/r/%00", "/r/{{7*7}}", "/r/<b>", "/r/" + "9" * 3000, "/r?code=" + "9" * 3000])
async def test_a_strange_address_is_a_page_too(desk: Desk, path: str) -> None:
    answer = await desk.http.get(path)
    assert answer.status_code == 404
    assert "<b>" not in answer.text


async def test_the_browsers_own_reports_are_listed_and_lost_ones_let_go(desk: Desk) -> None:
    older, newer = await made(desk, Status.RESOLVED, days=5), await made(desk, category="SECURITY")
    lost = Reported(new_id(), "20314-ZZZZZZ", "gone")
    forged = Reported(older.key, older.tracking_code, "not-the-secret")
    answer = await desk.http.get("/r", headers=holding(older, newer, lost))
    listed = re.findall(r'class="report" href="/r/([^"]+)"', answer.text)
    assert listed == [newer.tracking_code, older.tracking_code]
    assert "Đã xử lý" in answer.text
    assert "An ninh trật tự" in answer.text
    assert let_go(answer) == [lost.tracking_code]
    answer = await desk.http.get("/r", headers=holding(forged))
    assert 'class="report"' not in answer.text


@pytest.mark.parametrize("status", list(Status))
async def test_every_status_says_how_it_stands_and_when(desk: Desk, status: Status) -> None:
    values: dict[str, Any] = {}
    if status is Status.DUPLICATE:
        original = await made(desk)
        values["duplicate_of_id"] = original.key
    one = await made(desk, status, **values)
    for held in (False, True):
        text = await opened(desk, one, held=held)
        assert f'data-status="{status}" data-word="{STATUSES[status].word}"' in text
        assert '<span class="step-mark">' in text
        assert shown(recently(status)["reported_at"]) in text
        assert "nội bộ" not in text
        due = shown(recently(status)["due_at"]) in text
        assert due is (status in (Status.RECEIVED, *IN_HAND))
        assert ("Ghi chú công khai" in text) is (held and status is not Status.RECEIVED)
        assert (CLEAN in text) is (held and status in (*IN_HAND, Status.RESOLVED, Status.CLOSED))
        if status is Status.DUPLICATE:
            assert f'href="/r/{original.tracking_code}"' in text


async def test_a_late_report_is_said_to_be_late(desk: Desk) -> None:
    one = await made(desk, Status.IN_PROGRESS, due_at=NOW - timedelta(hours=1))
    text = await opened(desk, one)
    assert "Đã quá hạn" in text
    assert shown(NOW - timedelta(hours=1))[:10] in text


async def test_what_is_private_is_shown_to_its_reporter_alone(desk: Desk) -> None:
    one = await made(desk, Status.RESOLVED, description="Rác trước ngõ", address="Hẻm 12")
    public, private = await opened(desk, one), await opened(desk, one, held=True)
    for words in ("Rác trước ngõ", "Hẻm 12", "Gửi đánh giá", "Mở lại phản ánh", "trên máy khác"):
        assert words not in public
        assert words in private
    for query in ("", "?new=1", "?link=1"):
        assert one.secret not in await opened(desk, one, query)
    assert one.secret not in private
    hidden = await made(desk, category="SECURITY", description="Mật")
    text = await opened(desk, hidden, status=404)
    assert "liên kết riêng" in text
    assert "Mật" not in text
    text = await opened(desk, hidden, held=True)
    assert "Mật" in text
    assert "Sao chép liên kết" not in text


async def test_after_sending_come_code_deadline_and_a_qr_code_of_the_private_link(desk: Desk) -> None:
    one = await made(desk)
    text = await opened(desk, one, "?new=1", held=True)
    assert "Đã gửi tới phường" in text
    assert re.search(rf'<p class="code" id="code">{one.tracking_code}</p>', text)
    assert shown(recently()["due_at"]) in text
    link = f"http://phuongso.test/r/{one.tracking_code}?key={one.secret}"
    assert escape(link) in text
    drawing = re.search(r'<svg[^>]*class="qr".*?</svg>', text, re.DOTALL)
    assert drawing is not None
    assert "style=" not in drawing[0]
    assert scanned(drawing[0]) == link


def scanned(drawing: str) -> str:
    """What a reader of QR codes sees in segno's drawing: strokes of the dark modules, row by row."""
    size = int(re.findall(r'viewBox="0 0 (\d+)', drawing)[0])
    path = re.findall(r'd="(M[^"]*h[^"]*m[^"]*)"', drawing)[-1]
    image, x, y = Image.new("L", (size, size), 255), 0.0, 0.0
    for command, arguments in re.findall(r"([Mmhv])([-0-9. ]*)", path):
        numbers = [float(number) for number in re.findall(r"-?[0-9.]+", arguments)]
        if command == "h":
            for step in range(int(numbers[0])):
                image.putpixel((int(x) + step, int(y)), 0)
            x += numbers[0]
        else:
            x, y = (numbers[0], numbers[1]) if command == "M" else (x + numbers[0], y + numbers[1])
    found = zxingcpp.read_barcode(image.resize((size * 6, size * 6), Image.Resampling.NEAREST))
    assert found is not None
    return str(found.text)


async def test_the_confirmation_is_for_who_sent_it(desk: Desk) -> None:
    one = await made(desk)
    text = await opened(desk, one, "?new=1")
    assert "Đã gửi tới phường" not in text
    assert 'class="qr"' not in text


async def test_a_private_link_is_held_and_leaves_the_address(desk: Desk) -> None:
    one = await made(desk, category="SECURITY")
    answer = await desk.http.get(f"/r/{one.tracking_code}?key={one.secret}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/r/{one.tracking_code}?told=opened")
    assert answer.headers["referrer-policy"] == "no-referrer"
    cookie = answer.headers["set-cookie"]
    assert re.match(rf"report-{one.tracking_code}=\d+\.{one.secret};", cookie)
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    page = await desk.http.get(answer.headers["location"])
    assert page.status_code == 200
    assert "Máy này đã mở được đầy đủ phản ánh." in page.text
    desk.http.cookies.clear()


@pytest.mark.parametrize("key", ["wrong", "", "a b", "\x00", "x" * 5000, "../.."])
async def test_a_wrong_key_opens_what_a_stranger_sees_and_says_so(desk: Desk, key: str) -> None:
    one = await made(desk, description="Rác trước ngõ")
    answer = await desk.http.get(f"/r/{one.tracking_code}", params={"key": key})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/r/{one.tracking_code}?told=unopened")
    assert "set-cookie" not in answer.headers
    page = (await desk.http.get(answer.headers["location"])).text
    assert "Liên kết riêng không đúng" in page
    assert "Rác trước ngõ" not in page


async def test_hostile_words_are_text(desk: Desk) -> None:
    one = await made(desk, Status.RESOLVED, description=HOSTILE, address=HOSTILE)
    data = {"satisfaction": "DISSATISFIED", "comment": HOSTILE}
    await desk.http.post(f"/r/{one.tracking_code}/rate", data=data, headers=holding(one))
    text = await opened(desk, one, held=True)
    assert "<script>alert" not in text
    assert str(12347 * 98765) not in text
    assert text.count(escape("<script>alert(1)</script>{{ 12347*98765 }}")) == 3


async def test_rating_without_script_closes_it_and_a_repeat_changes_nothing(desk: Desk) -> None:
    one = await made(desk, Status.RESOLVED)
    path, data = f"/r/{one.tracking_code}/rate", {"satisfaction": "SATISFIED", "comment": "Sạch rồi"}
    answer = await desk.http.post(path, data=data, headers=holding(one))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/r/{one.tracking_code}?told=rated")
    text = await opened(desk, one, "?told=rated", held=True)
    assert "Phường đã ghi nhận đánh giá" in text
    assert 'data-status="CLOSED"' in text
    assert "Sạch rồi" in text
    assert "Đã đánh giá:" in text
    assert "Sạch rồi" not in await opened(desk, one)
    before = await desk.dump()
    again = await desk.http.post(path, data=data, headers=holding(one))
    assert again.status_code == 303
    assert await desk.dump() == before


async def test_who_is_not_content_is_led_to_reopening(desk: Desk) -> None:
    one = await made(desk, Status.RESOLVED)
    answer = await desk.http.post(
        f"/r/{one.tracking_code}/rate", data={"satisfaction": "DISSATISFIED"}, headers=holding(one)
    )
    assert answer.headers["location"] == f"/r/{one.tracking_code}?told=discontent#reopen"
    text = await opened(desk, one, "?told=discontent", held=True)
    assert re.search(r'id="reopen" open', text)
    assert 'data-status="RESOLVED"' in text


async def test_a_rating_without_a_choice_keeps_what_was_written(desk: Desk) -> None:
    one = await made(desk, Status.RESOLVED)
    answer = await desk.http.post(f"/r/{one.tracking_code}/rate", data={"comment": "Chưa rõ"}, headers=holding(one))
    assert answer.status_code == 422
    assert '<a class="link" href="#satisfaction">Hãy chọn một mức đánh giá.</a>' in answer.text
    assert 'id="satisfaction-problem"' in answer.text
    assert ">Chưa rõ</textarea>" in answer.text
    long = await desk.http.post(
        f"/r/{one.tracking_code}/rate", data={"satisfaction": "SATISFIED", "comment": "x" * 2001}, headers=holding(one)
    )
    assert long.status_code == 422
    assert 'href="#comment"' in long.text
    assert 'value="SATISFIED" id="satisfaction" checked' in long.text


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED, Status.REJECTED, Status.DUPLICATE])
async def test_reopening_without_script(desk: Desk, status: Status) -> None:
    values = {"duplicate_of_id": (await made(desk)).key} if status is Status.DUPLICATE else {}
    one = await made(desk, status, **values)
    path = f"/r/{one.tracking_code}/reopen"
    empty = await desk.http.post(path, data={"reason": "  "}, headers=holding(one))
    assert empty.status_code == 422
    assert '<a class="link" href="#reason">Hãy viết còn gì chưa ổn.</a>' in empty.text
    assert "Cần điền mục này." not in empty.text
    assert re.search(r'id="reopen" open', empty.text)
    answer = await desk.http.post(path, data={"reason": "Vẫn còn rác"}, headers=holding(one))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/r/{one.tracking_code}?told=reopened")
    text = await opened(desk, one, held=True)
    assert "Vẫn còn rác" in text
    assert "Số lần đã mở lại: 1" in unescape(text)
    assert 'data-status="RESOLVED"' not in text
    before = await desk.dump()
    assert (await desk.http.post(path, data={"reason": "Vẫn còn rác"}, headers=holding(one))).status_code == 303
    assert await desk.dump() == before


def picture(colour: str) -> bytes:
    made = BytesIO()
    Image.new("RGB", (40, 30), colour).save(made, "JPEG")
    return made.getvalue()


async def test_reopening_with_photos_which_a_wrong_form_does_not_lose(desk: Desk) -> None:
    one = await made(desk, Status.RESOLVED)
    path = f"/r/{one.tracking_code}/reopen"
    files = [("photo", ("a.jpg", picture("red"), "image/jpeg")), ("photo", ("b.jpg", b"no picture", "image/jpeg"))]
    answer = await desk.http.post(path, data={"reason": "Còn rác"}, files=files, headers=holding(one))
    assert answer.status_code == 422
    assert 'href="#photo"' in answer.text
    assert ">Còn rác</textarea>" in answer.text
    kept = re.findall(r'name="photoIds" value="([^"]+)" checked', answer.text)
    assert len(kept) == 1
    again = await desk.http.post(
        path,
        data={"reason": "Còn rác", "photoIds": kept[0]},
        files={"photo": ("c.jpg", picture("blue"), "image/jpeg")},
        headers=holding(one),
    )
    assert again.headers.get("location") == f"/r/{one.tracking_code}?told=reopened", again.text
    text = await opened(desk, one, held=True)
    pictures = re.findall(r'<img src="(/photos/[^"]+)"', text)
    assert len(pictures) == 4  # each among the photos, and at its step
    for address in set(pictures):
        assert (await desk.http.get(unescape(address), headers=holding(one))).headers["content-type"] == "image/jpeg"
        assert (await desk.http.get(unescape(address))).status_code == 404


@pytest.mark.parametrize("name", ["Photo:x", "<script>", "Photo:20314:01a206e5-3c7f-77db-b1a5-000000000000"])
async def test_photos_that_are_not_there_are_told(desk: Desk, name: str) -> None:
    one = await made(desk, Status.RESOLVED)
    data = {"reason": "Còn rác", "photoIds": name}
    answer = await desk.http.post(f"/r/{one.tracking_code}/reopen", data=data, headers=holding(one))
    assert answer.status_code == 422
    assert 'href="#photo"' in answer.text
    assert "<script>alert" not in answer.text


async def test_a_form_that_is_too_large_or_comes_at_a_bad_time_is_told_with_its_status(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await made(desk, Status.RESOLVED)
    for form, name in (("rate", "comment"), ("reopen", "reason")):
        path = f"/r/{one.tracking_code}/{form}"
        long = await desk.http.post(path, data={name: "a" * 70_000}, headers=holding(one))
        assert long.status_code == 413
        assert "Retry-After" not in long.headers
        assert 'class="summary"' in long.text

    async def away(*_: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(Photographs, "put", away)
    path = f"/r/{one.tracking_code}/reopen"
    files = {"photo": ("a.jpg", encoded(), "image/jpeg")}
    later = await desk.http.post(path, data={"reason": "Còn rác"}, files=files, headers=holding(one))
    assert later.status_code == 503
    assert int(later.headers["Retry-After"]) > 0
    assert "Còn rác</textarea>" in later.text


async def test_what_cannot_be_stored_is_left_out(desk: Desk) -> None:
    one = await made(desk, Status.RESOLVED)
    data = {"reason": "Còn\x00 rác", "photoIds": "\x00"}
    answer = await desk.http.post(f"/r/{one.tracking_code}/reopen", data=data, headers=holding(one))
    assert answer.status_code == 303
    assert "Còn rác" in await opened(desk, one, held=True)


async def test_thirty_days_after_the_end_nothing_is_offered_and_nothing_taken(desk: Desk) -> None:
    one = await made(desk, Status.CLOSED, days=40)
    text = await opened(desk, one, held=True)
    assert 'action="/r/' not in text
    for form, data in (("rate", {"satisfaction": "SATISFIED"}), ("reopen", {"reason": "Còn rác"})):
        answer = await desk.http.post(f"/r/{one.tracking_code}/{form}", data=data, headers=holding(one))
        assert answer.status_code == 422
        assert f'href="#{form}"' in answer.text
        assert f'id="{form}"' in answer.text
        assert "30 ngày" in answer.text


async def test_a_form_that_comes_too_late_in_the_life_of_a_report_is_told(desk: Desk) -> None:
    one = await made(desk, Status.IN_PROGRESS)
    answer = await desk.http.post(
        f"/r/{one.tracking_code}/rate", data={"satisfaction": "SATISFIED"}, headers=holding(one)
    )
    assert answer.status_code == 422
    assert "vừa chuyển sang bước khác" in answer.text


async def test_who_does_not_hold_the_secret_changes_nothing(desk: Desk) -> None:
    one = await made(desk, Status.RESOLVED)
    other = Reported(one.key, one.tracking_code, "not-the-secret")
    before = await desk.dump()
    for form, data in (("rate", {"satisfaction": "SATISFIED"}), ("reopen", {"reason": "Còn rác"})):
        path = f"/r/{one.tracking_code}/{form}"
        assert (await desk.http.post(path, data=data)).status_code == 404
        assert (await desk.http.post(path, data=data, headers=holding(other))).status_code == 422
        foreign = {"Origin": "https://other.example", "Sec-Fetch-Site": "cross-site"}
        assert (await desk.http.post(path, data=data, headers=holding(one) | foreign)).status_code == 403
        assert (await desk.http.post(path, content=b"{}", headers=holding(one))).status_code == 415
        assert (await desk.http.get(path)).headers["location"] == f"/r/{one.tracking_code}"
    assert await desk.dump() == before


async def test_english(desk: Desk) -> None:
    one = await made(desk, Status.RESOLVED)
    text = await opened(desk, one, "?lang=en&new=1", held=True)
    assert "Sent to the ward" in text
    assert "Is the result in order?" in text
    assert "Waste and environment" in text
    desk.http.cookies.clear()


async def test_links_of_another_wards_report_stay_in_that_ward(desk: Desk) -> None:
    one = await made(desk, code=OTHER)
    text = await opened(desk, one)
    assert f'href="/report?ward={OTHER}"' in text
    assert 'href="/report"' in await opened(desk, await made(desk))


async def test_a_page_is_kept_by_nobody_else_and_says_nothing_to_other_sites(desk: Desk) -> None:
    one = await made(desk)
    answer = await desk.http.get(f"/r/{one.tracking_code}?new=1", headers=holding(one))
    assert "private" in answer.headers["cache-control"]
    assert answer.headers["referrer-policy"] in ("no-referrer", "same-origin")
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(r'\son[a-z]+="|style="|javascript:', answer.text)
    assert '<meta name="robots" content="noindex">' in answer.text


async def test_photos_of_before_and_after_carry_the_code_of_who_may_see_them(desk: Desk) -> None:
    one = await made(desk, Status.RESOLVED)
    columns = tables.incident_event.c
    async with desk.database.write() as connection:
        query = sa.select(columns.id).where(columns.incident_id == one.key).order_by(columns.at)
        for event in (await connection.scalars(query)).all():
            photo = {"ward_code": CODE, "id": new_id(), "incident_id": one.key, "event_id": event}
            await connection.execute(sa.insert(tables.photo).values(**photo, width=4, height=3))
    text = await opened(desk, one, held=True)
    before, after = re.findall(r"<figure>(.*?)</figure>", text, re.DOTALL)
    assert "Trước khi xử lý" in before
    assert "Sau khi xử lý" in after
    for part in (before, after):
        assert re.search(rf'href="/photos/[^"?]+\?report={one.tracking_code}"', part)
        assert re.search(rf'src="/photos/[^"?]+\?size=thumbnail&amp;report={one.tracking_code}"', part)
    assert "/photos/" not in await opened(desk, one)


async def with_photo(desk: Desk, one: Reported, to: Status) -> None:
    """A photograph of the latest step that led to this status."""
    columns = tables.incident_event.c
    latest = sa.select(columns.id).where(columns.incident_id == one.key, columns.to_status == to)
    async with desk.database.write() as connection:
        event = (await connection.scalars(latest.order_by(columns.at.desc()))).first()
        photo = {"ward_code": CODE, "id": new_id(), "incident_id": one.key, "event_id": event, "width": 4, "height": 3}
        await connection.execute(sa.insert(tables.photo).values(**photo))


async def test_photos_of_reopening_are_no_photos_of_the_report(desk: Desk) -> None:
    one = await made(desk, Status.RESOLVED)
    await with_photo(desk, one, Status.RECEIVED)
    await with_photo(desk, one, Status.RESOLVED)
    files = {"photo": ("a.jpg", picture("red"), "image/jpeg")}
    path = f"/r/{one.tracking_code}/reopen"
    answer = await desk.http.post(path, data={"reason": "Còn rác"}, files=files, headers=holding(one))
    told = await opened(desk, one, answer.headers["location"].removeprefix(f"/r/{one.tracking_code}"), held=True)
    figures = re.findall(r"<figure><figcaption>([^<]+)</figcaption>(.*?)</figure>", told, re.DOTALL)
    assert [(title, figure.count("<img")) for title, figure in figures] == [
        ("Trước khi xử lý", 1),
        ("Sau khi xử lý", 1),
        ("Ảnh lúc mở lại", 1),
    ]
    assert "Phản ánh đã được mở lại với hạn xử lý mới." in told
    assert "đang tìm đội" not in told


async def test_both_dates_after_a_resolution_are_told_in_one_sentence(desk: Desk) -> None:
    one = await made(desk, Status.RESOLVED)
    ended = recently(Status.RESOLVED)["resolved_at"]
    closes, until = (shown(ended + timedelta(days=days))[:10] for days in (7, 30))
    told = await opened(desk, one, held=True)
    assert f"Việc đã xử lý xong. Phản ánh tự đóng ngày {closes}; vẫn mở lại được đến {until}." in told
    assert f">{until}</time>" in told
    stranger = await opened(desk, one)
    assert f"Việc đã xử lý xong. Phản ánh tự đóng ngày {closes}." in stranger


async def test_right_after_sending_nothing_is_said_twice_and_the_next_step_comes_first(desk: Desk) -> None:
    one = await made(desk)
    await with_photo(desk, one, Status.RECEIVED)
    due = shown(recently()["due_at"])
    text = await opened(desk, one, "?new=1", held=True)
    assert text.count("Phường đang chọn đội") == text.count(due) == 1
    assert text.count("<img") == 1
    assert text.index("Tiếp theo:") < text.index("Sao chép mã")
    part = await opened(desk, one, "?new=1&part=body", held=True)
    assert part.count("Phường đang chọn đội") == 1
    assert part.index('data-part="next"') < part.index('data-part="standing"')
    assert (await opened(desk, one, held=True)).count("Phường đang chọn đội") == 1


async def test_a_note_says_whose_it_is(desk: Desk) -> None:
    one = await made(desk, Status.IN_PROGRESS)
    note = "mutation ($input: NoteIncidentInput!) { noteIncident(input: $input) { __typename } }"
    for by in ("crew-clean", "staff"):
        values = {"input": {"incidentId": one.id, "note": f"Lời của {by}", "public": True}}
        headers = {"Authorization": f"Bearer {desk.tokens[by]}"}
        answer = await desk.http.post("/graphql", json={"query": note, "variables": values}, headers=headers)
        assert answer.json()["data"]["noteIncident"]["__typename"] == "NoteIncidentPayload", answer.text
    text = await opened(desk, one, held=True)
    steps = re.findall(r'<p class="step-word">([^<]+)</p>.*?</li>', text, re.DOTALL)
    assert steps[-2:] == ["Đội ghi chú", "Phường ghi chú"]
    by_staff = await desk.http.get(
        f"/r/{one.tracking_code}", headers=holding(one) | {"Authorization": f"Bearer {desk.tokens['staff']}"}
    )
    assert re.findall(r'<p class="step-word">([^<]+)</p>', by_staff.text)[-2:] == ["Ghi chú", "Ghi chú"]


async def test_a_step_is_told_to_the_page_by_the_cookies_right(live: Station) -> None:
    crew = live.ward.crews[CLEAN]
    one = await live.report(status=Status.ASSIGNED, crew_id=crew, category="SECURITY")
    base = f"http://{live.host}"
    async with httpx.AsyncClient(base_url=base, timeout=30) as http:
        assert (await http.get(f"/r/{one.tracking_code}/live")).status_code == 204
        async with http.stream("GET", f"/r/{one.tracking_code}/live", headers=holding(one)) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            await live.followers(1)
            await live.step(one, "crew-clean", "acceptIncident")
            lines: list[str] = []
            async with asyncio.timeout(30):
                async for line in answer.aiter_lines():
                    lines.append(line)
                    if line.startswith("data:"):
                        break
    assert "event: next" in lines
    assert one.secret not in "".join(lines)
    resume = next(line.removeprefix("id: ") for line in lines if line.startswith("id: "))
    await live.step(one, "crew-clean", "startIncident")
    async with (
        httpx.AsyncClient(base_url=base, timeout=30) as http,
        http.stream("GET", f"/r/{one.tracking_code}/live", headers={**holding(one), "Last-Event-ID": resume}) as missed,
    ):
        async with asyncio.timeout(30):
            async for line in missed.aiter_lines():
                if line.startswith("data:"):
                    break


async def test_made_up_reports_cost_no_more_than_a_few(desk: Desk) -> None:
    one = await made(desk)
    many = [Reported(one.key, f"20314-X{n:05}", "made-up") for n in range(500)]
    await desk.http.get("/r", headers=holding(one))  # what is made at the first request is made
    began = time.monotonic()
    answer = await desk.http.get("/r", headers=holding(one, *many))
    assert time.monotonic() - began < 1
    assert re.findall(r'class="report" href="/r/([^"]+)"', answer.text) == [one.tracking_code]
    assert len(let_go(answer)) == reporters.MOST - 1


async def test_the_oldest_are_let_go_for_a_new_one(desk: Desk) -> None:
    older = [Reported(new_id(), f"20314-X{n:05}", "kept") for n in range(reporters.MOST)]
    one = await made(desk)
    answer = await desk.http.get(f"/r/{one.tracking_code}?key={one.secret}", headers=holding(*older))
    assert let_go(answer) == [older[-1].tracking_code]
    desk.http.cookies.clear()


def test_what_is_held_fits_into_the_head_of_a_request() -> None:
    assert reporters.MOST * len("report-20314-7K3F9Q=1795415000.; " + "s" * 43) < 4000


async def test_a_private_link_may_lead_to_the_confirmation(desk: Desk) -> None:
    one = await made(desk)
    answer = await desk.http.get(f"/r/{one.tracking_code}?key={one.secret}&new=1")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/r/{one.tracking_code}?new=1")
    desk.http.cookies.clear()
