"""The crew's page through ASGI: who may open it, its forms, what waited on a phone, its shell, its live stream."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from geo import tables
from geo.language import Language
from geo.lifecycle import Status
from server.limits import FORM, limit_of
from server.pages import crew_view, offline, static
from server.pages.languages import translations
from tests import ward
from tests.asking import Desk
from tests.photographs import photograph
from tests.server.live import Station
from tests.server.test_pages import imported
from tests.ward import CLEAN, CODE, FIRST, ROADS, Reported

JSON = {"Accept": "application/json"}
STEPS = ("accept", "decline", "start", "resolve", "duty")


def by(desk: Desk, name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {desk.tokens[name]}"}


async def job(desk: Desk, status: Status = Status.ASSIGNED, crew: str = CLEAN, **values: Any) -> Reported:
    now = datetime.now(UTC)
    row: dict[str, Any] = {"reported_at": now - timedelta(hours=3), "due_at": now + timedelta(hours=5)}
    row |= {"description": "Rác trước ngõ", "address": "12 Trần Nam Trung", "phone": "0905123456"}
    row |= {"crew_id": desk.ward.crews[crew], "neighbourhood_id": desk.ward.neighbourhoods[FIRST]}
    async with desk.database.write() as connection:
        return await ward.report(connection, status=status, **(row | values))


async def state(desk: Desk, one: Reported) -> tuple[str, int]:
    """Its status, and how many steps the crew's account took."""
    incident, event = tables.incident.c, tables.incident_event.c
    taken = sa.select(sa.func.count()).where(
        event.incident_id == one.key,
        event.account_id == desk.ward.accounts["crew-clean"],
        event.from_status != event.to_status,
    )
    async with desk.database.read() as connection:
        status = await connection.scalar(sa.select(incident.status).where(incident.id == one.key))
        return str(status), await connection.scalar(taken) or 0


async def send(desk: Desk, step: str, name: str = "crew-clean", *pictures: bytes, **fields: Any) -> httpx.Response:
    """What a phone sends that waited."""
    files = [("photo", (f"{n}.jpg", picture, "image/jpeg")) for n, picture in enumerate(pictures)]
    account = str(desk.ward.accounts[name])
    sent = {"account": account} | fields
    return await desk.http.post(f"/crew/{step}", data=sent, files=files or None, headers=JSON | by(desk, name))


async def test_a_stranger_signs_in_first_and_nobody_else_gets_in(desk: Desk) -> None:
    stranger = await desk.http.get("/crew")
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/sign-in?next=%2Fcrew")
    for name in ("staff", "team-1", "admin"):
        assert (await desk.http.get("/crew", headers=by(desk, name))).status_code == 403
        assert (await desk.http.get("/crew/list", headers=by(desk, name))).json() == {"otherAccount": True}
    answer = await desk.http.get("/crew/list")
    assert (answer.status_code, answer.json()) == (401, {"signedOut": True})


async def test_the_list_is_the_crews_own_the_most_urgent_first(desk: Desk) -> None:
    now = datetime.now(UTC)
    later = await job(desk, due_at=now + timedelta(days=2))
    late = await job(desk, Status.IN_PROGRESS, due_at=now - timedelta(hours=2))
    await job(desk, crew=ROADS)
    await job(desk, Status.RESOLVED, resolved_at=now)
    listed = (await desk.http.get("/crew/list", headers=by(desk, "crew-clean"))).json()["list"]
    assert [one["id"] for one in listed["jobs"]] == [late.id, later.id]
    assert listed["crew"] == {"id": f"Crew:{CODE}:{desk.ward.crews[CLEAN]}", "name": CLEAN, "onDuty": True}
    assert listed["account"] == str(desk.ward.accounts["crew-clean"])
    [first, _] = listed["jobs"]
    assert (first["phone"], first["street"], first["kind"]) == (
        "0905123456",
        "12 Trần Nam Trung",
        "Rác thải, môi trường",
    )
    assert first["metres"] == pytest.approx(2_174, rel=0.01)  # from where the crew is, as the server knows it
    assert first["directions"].startswith("https://www.google.com/maps/dir/?api=1&destination=")


async def test_the_page_says_it_all_without_a_script(desk: Desk) -> None:
    await job(desk, due_at=datetime.now(UTC) - timedelta(hours=2, minutes=5))
    answer = await desk.http.get("/crew", headers=by(desk, "crew-clean"))
    assert answer.headers["cache-control"] == "private, no-store"
    for words in ("Đội Môi trường", "Rác trước ngõ", "12 Trần Nam Trung", "Trễ 2 giờ", "cách 2,2 km", "Nhận việc"):
        assert words in answer.text
    assert 'href="tel:0905123456"' in answer.text
    assert 'href="/crew/manifest.webmanifest"' in answer.text


async def test_a_member_without_a_crew_is_told_what_to_do(desk: Desk) -> None:
    async with desk.database.write() as connection:
        await connection.execute(sa.delete(tables.crew_member))
    desk.app.state.callers.forget()
    answer = await desk.http.get("/crew", headers=by(desk, "crew-clean"))
    assert answer.status_code == 200
    assert "Tài khoản chưa thuộc đội nào" in answer.text
    assert "crew/main.js" not in answer.text.partition("<body")[2]
    listed = (await desk.http.get("/crew/list", headers=by(desk, "crew-clean"))).json()["list"]
    assert (listed["crew"], listed["jobs"]) == (None, [])
    assert (await desk.http.get("/crew/live", headers=by(desk, "crew-clean"))).status_code == 204


async def test_forms_take_a_job_from_its_assignment_to_its_end(desk: Desk) -> None:
    one = await job(desk)
    for step, status in (("accept", "ACCEPTED"), ("start", "IN_PROGRESS")):
        answer = await desk.http.post(f"/crew/{step}", data={"incident": one.id}, headers=by(desk, "crew-clean"))
        assert (answer.status_code, answer.headers["location"]) == (303, f"/crew?told={step}")
        assert (await state(desk, one))[0] == status
    sent = {"incident": one.id, "ready": "Đã dọn sạch.", "note": "Xong lúc trưa."}
    files = [("photo", ("a.jpg", photograph(640, 480), "image/jpeg"))]
    answer = await desk.http.post("/crew/resolve", data=sent, files=files, headers=by(desk, "crew-clean"))
    assert answer.status_code == 303
    assert await state(desk, one) == ("RESOLVED", 3)
    event = tables.incident_event.c
    async with desk.database.read() as connection:
        note = await connection.scalar(sa.select(event.note).where(event.to_status == "RESOLVED"))
        assert note == "Đã dọn sạch. Xong lúc trưa."
        assert await connection.scalar(sa.select(sa.func.count()).select_from(tables.photo)) == 1
    page = await desk.http.get("/crew?told=resolve", headers=by(desk, "crew-clean"))
    assert "Đã báo xử lý xong." in page.text
    assert (await desk.http.get("/crew/resolve")).headers["location"] == "/crew"


async def test_a_form_without_what_it_needs_says_so_and_keeps_the_words(desk: Desk) -> None:
    one = await job(desk, Status.IN_PROGRESS)
    async with desk.database.write() as connection:
        await connection.execute(sa.update(tables.category).values(photo_required=True))
    headers = by(desk, "crew-clean")
    bare = await desk.http.post("/crew/resolve", data={"incident": one.id}, headers=headers)
    assert bare.status_code == 422
    assert "Hãy cho biết đội đã làm gì." in bare.text
    no_photo = await desk.http.post("/crew/resolve", data={"incident": one.id, "note": "Xong </b>"}, headers=headers)
    assert no_photo.status_code == 422
    assert "cần ít nhất một ảnh" in no_photo.text
    assert "Xong &lt;/b&gt;</textarea>" in no_photo.text
    for sent in ({}, {"reason": "other"}, {"reason": "none such"}):
        answer = await desk.http.post("/crew/decline", data={"incident": one.id, **sent}, headers=headers)
        assert answer.status_code == 422
        assert "Hãy chọn lý do" in answer.text
    assert await state(desk, one) == ("IN_PROGRESS", 0)


async def test_a_reason_is_for_the_ward_in_words(desk: Desk) -> None:
    one = await job(desk)
    answer = await send(desk, "decline", incident=one.id, reason="far", more="Đang ở bên kia cầu.")
    assert answer.status_code == 200
    assert answer.json()["list"]["jobs"] == []
    event = tables.incident_event.c
    async with desk.database.read() as connection:
        said = sa.select(event.note, event.public).where(event.account_id.is_not(None), event.note.is_not(None))
        assert [tuple(row) for row in await connection.execute(said)] == [
            ("Đang ở xa, không đến kịp. Đang ở bên kia cầu.", False)
        ]


async def test_a_step_sent_twice_is_taken_once(desk: Desk) -> None:
    one = await job(desk)
    photo = (await desk.http.post("/photos", files={"photo": ("a.jpg", photograph(320, 240), "image/jpeg")})).json()
    steps: list[tuple[str, dict[str, Any]]] = [("accept", {}), ("start", {})]
    steps.append(("resolve", {"note": "Đã dọn sạch.", "photoIds": photo["id"]}))
    for step, more in steps:
        answers = [await send(desk, step, incident=one.id, **more) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 200], answers[-1].text
    assert await state(desk, one) == ("RESOLVED", 3)


async def test_what_waited_and_was_reassigned_is_refused_with_the_list_as_it_is(desk: Desk) -> None:
    one, other = await job(desk, crew=ROADS), await job(desk)
    answer = await send(desk, "accept", incident=one.id)
    assert answer.status_code == 409
    problem = answer.json()["problem"]
    assert (problem["code"], problem["from"]) == ("INVALID_TRANSITION", "ASSIGNED")
    assert [found["id"] for found in answer.json()["list"]["jobs"]] == [other.id]
    unknown = await send(desk, "start", incident=f"Incident:{CODE}:{uuid4()}")
    assert (unknown.status_code, unknown.json()["problem"]["code"]) == (409, "NOT_FOUND")
    assert await state(desk, one) == ("ASSIGNED", 0)


async def test_what_somebody_else_tapped_is_not_sent_in_ones_own_name(desk: Desk) -> None:
    one = await job(desk)
    account = str(desk.ward.accounts["crew-roads"])
    for step in STEPS:
        answer = await send(desk, step, incident=one.id, account=account, onDuty="no", note="x", reason="far")
        assert (answer.status_code, answer.json()) == (409, {"otherAccount": True})
    for headers, status in ((JSON, 401), (JSON | by(desk, "staff"), 403)):
        answer = await desk.http.post("/crew/accept", data={"incident": one.id}, headers=headers)
        assert answer.status_code == status
    assert await state(desk, one) == ("ASSIGNED", 0)
    crew = tables.crew.c
    async with desk.database.read() as connection:
        assert await connection.scalar(sa.select(crew.on_duty).where(crew.id == desk.ward.crews[CLEAN]))


async def test_another_sites_form_is_refused(desk: Desk) -> None:
    one = await job(desk)
    cookies = {"Cookie": f"session={desk.tokens['crew-clean']}", "Sec-Fetch-Site": "cross-site"}
    for headers in (cookies, cookies | JSON):
        answer = await desk.http.post("/crew/accept", data={"incident": one.id}, headers=headers)
        assert answer.status_code == 403
    assert await state(desk, one) == ("ASSIGNED", 0)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"incident=%00&account=%00"])
async def test_a_form_that_is_none_is_refused_kindly(desk: Desk, body: bytes) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for headers in (kind, kind | JSON):
        answer = await desk.http.post("/crew/accept", content=body, headers=headers | by(desk, "crew-clean"))
        assert 400 <= answer.status_code < 500


async def test_duty_is_changed_by_form_and_by_phone(desk: Desk) -> None:
    answer = await desk.http.post("/crew/duty", data={"onDuty": "no"}, headers=by(desk, "crew-clean"))
    assert answer.headers["location"] == "/crew?told=duty"
    text = (await desk.http.get("/crew", headers=by(desk, "crew-clean"))).text
    assert re.search(r'role="switch"[^>]* value="yes" aria-checked="false"', text)
    assert (await send(desk, "duty", onDuty="yes")).json()["list"]["crew"]["onDuty"] is True


async def test_the_shell_is_the_same_for_everybody(desk: Desk) -> None:
    await job(desk)
    pages = [await desk.http.get("/crew/shell", headers=headers) for headers in ({}, by(desk, "crew-clean"))]
    texts = [re.sub(r"[\w-]{22}", "", page.text) for page in pages]  # without the nonce
    assert texts[0] == texts[1]
    told = json.loads(re.search(r'id="page-data">(.*?)</script>', pages[0].text, re.DOTALL)[1])  # type: ignore[index]
    assert told["list"] is None
    for words in ("Rác trước ngõ", "0905123456", CLEAN, "Người dùng"):
        assert words not in pages[1].text


async def test_the_worker_keeps_every_file_that_the_page_imports(desk: Desk) -> None:
    script = (await desk.http.get("/sw.js")).text
    _, crew_files = re.findall(r"\[\n.*?\n\]", script, re.DOTALL)
    files = json.loads(crew_files)
    for address in files:
        assert (await desk.http.get(address)).status_code == 200, address
    kept = {(static.FOLDER / path.partition("/~")[2].partition("/")[2]).resolve() for path in files}
    assert imported(static.FOLDER / "crew/main.js", later=True) <= kept
    at_once = {(static.FOLDER / path).resolve() for path in offline.CREW_MODULES}
    assert at_once == imported(static.FOLDER / "crew/main.js")
    text = (await desk.http.get("/crew/shell")).text
    named = set(re.findall(r'(?:href|src)="(/static/~[^"#]+\.(?:js|css))"', text))
    assert named <= set(files) | {static.asset("icon.svg")}


async def test_the_installed_application_begins_at_the_crews_page_under_the_wards_name(desk: Desk) -> None:
    told = (await desk.http.get("/crew/manifest.webmanifest", headers=by(desk, "crew-clean"))).json()
    assert (told["name"], told["start_url"], told["id"]) == ("Đội phản ứng – Phường Hòa Xuân", "/crew", "/crew")
    for icon in told["icons"]:
        assert (await desk.http.get(icon["src"])).headers["content-type"] == "image/png"
    assert (await desk.http.get("/crew/manifest.webmanifest")).json()["name"] == "Đội phản ứng"


async def first_event(answer: httpx.Response) -> list[str]:
    lines: list[str] = []
    async with asyncio.timeout(30):
        async for line in answer.aiter_lines():
            lines.append(line)
            if line.startswith("data:"):
                break
    return lines


async def test_word_of_the_crews_changes_comes_over_the_stream_and_goes_on_after_a_gap(live: Station) -> None:
    one = await live.report(crew_id=live.ward.crews[CLEAN], status=Status.ASSIGNED, description="Chuyện riêng")
    headers = {"Authorization": f"Bearer {live.tokens['crew-clean']}"}
    async with httpx.AsyncClient(base_url=f"http://{live.host}", timeout=30) as http:
        assert (await http.get("/crew/live")).status_code == 204
        assert (
            await http.get("/crew/live", headers={"Authorization": f"Bearer {live.tokens['staff']}"})
        ).status_code == 204
        async with http.stream("GET", "/crew/live", headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            await live.followers(1)
            await live.step(one, "crew-clean", "acceptIncident")
            lines = await first_event(answer)
        assert "event: next" in lines
        assert "Chuyện riêng" not in "".join(lines)
        resume = next(line.removeprefix("id: ") for line in lines if line.startswith("id: "))
        await live.step(one, "crew-clean", "startIncident")
        async with http.stream("GET", "/crew/live", headers=headers | {"Last-Event-ID": resume}) as missed:
            assert "event: next" in await first_event(missed)


def test_a_form_with_photographs_may_be_as_large_as_a_report() -> None:
    assert limit_of("POST", "/crew/resolve") is FORM
    assert limit_of("POST", "/crew/accept") is not FORM


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (30, "Còn dưới 1 phút"),
        (-90, "Trễ 1 phút"),
        (3600, "Còn 1 giờ"),
        (-47 * 3600, "Trễ 47 giờ"),
        (172_800, "Còn 2 ngày"),
    ],
)
def test_how_late_it_is_is_said_in_one_unit(seconds: int, words: str) -> None:
    now = datetime(2026, 11, 23, 3, tzinfo=UTC)
    gettext = translations(Language.VI).gettext
    assert crew_view.due((now + timedelta(seconds=seconds)).isoformat(), now, gettext) == words


@pytest.mark.parametrize(("metres", "words"), [(3, "cách 10 m"), (347, "cách 350 m"), (1_240, "cách 1,2 km")])
def test_how_far_it_is(metres: float, words: str) -> None:
    assert crew_view.distance(metres, translations(Language.VI).gettext, Language.VI) == words
