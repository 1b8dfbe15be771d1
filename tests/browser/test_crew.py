"""A crew's page in real Chromium: by thumb, without a network, live, with a position that is shared on duty alone."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from playwright.async_api import Page, Response, expect

from geo import sessions, tables
from geo.database import Database
from geo.lifecycle import Status
from tests import ward
from tests.browser.axe import LOOKS, by_day_and_night
from tests.browser.conftest import DESKTOP, PHONE, Opening
from tests.browser.test_report import AWAY, eventually, picture, position
from tests.ward import CLEAN, CODE, FIRST, IN_FIRST, IN_SECOND, Reported

SIGNED_OUT = rf"{AWAY}|401"
SPY = """() => {
    window.shakes = [];
    navigator.vibrate = (pattern) => { window.shakes.push(pattern); return true; };
}"""

STORES = """async () => {
    const database = await new Promise((resolve) => {
        const asked = indexedDB.open("phuongso-crew");
        asked.onsuccess = () => resolve(asked.result);
    });
    const all = (name) => new Promise((resolve) => {
        const asked = database.transaction(name).objectStore(name).getAll();
        asked.onsuccess = () => resolve(asked.result);
    });
    const found = { actions: await all("actions"), kept: await all("kept") };
    database.close();
    return found;
}"""
WATCHES = """
    window.watches = new Set();
    const { geolocation } = navigator;
    const [watch, clear] = ["watchPosition", "clearWatch"].map((name) => geolocation[name].bind(geolocation));
    geolocation.watchPosition = (...given) => { const id = watch(...given); watches.add(id); return id; };
    geolocation.clearWatch = (id) => { watches.delete(id); clear(id); };
"""


@dataclass
class Scene:
    """The ward of `tests/ward.py`; work for the crew, and staff who act by the API."""

    database: Database
    laid: ward.Ward
    address: str
    crew_token: str
    staff_token: str
    roads: str
    """Another crew that takes the same kinds."""

    async def job(self, status: Status = Status.ASSIGNED, text: str = "Rác trước ngõ", **values: Any) -> Reported:
        now = datetime.now(UTC)
        row: dict[str, Any] = {"reported_at": now - timedelta(hours=3), "due_at": now + timedelta(hours=5)}
        row |= {"description": text, "address": "12 Trần Nam Trung", "phone": "0905123456"}
        row |= {"crew_id": self.laid.crews[CLEAN], "neighbourhood_id": self.laid.neighbourhoods[FIRST]}
        if status is Status.ASSIGNED:
            row["accept_by"] = now + timedelta(minutes=30)
        async with self.database.write() as connection:
            return await ward.report(connection, status=status, **(row | values))

    async def assign(self, job: Reported, crew_id: str | None = None) -> None:
        """Staff give it to a crew, the page's own without `crew_id`."""
        query = "mutation ($input: AssignIncidentInput!) { assignIncident(input: $input) { __typename } }"
        crew_id = crew_id or f"Crew:{CODE}:{self.laid.crews[CLEAN]}"
        body = {"query": query, "variables": {"input": {"incidentId": job.id, "crewId": crew_id}}}
        async with httpx.AsyncClient(base_url=self.address) as http:
            answer = await http.post("/graphql", json=body, headers={"Authorization": f"Bearer {self.staff_token}"})
        assert answer.json()["data"]["assignIncident"]["__typename"] == "AssignIncidentPayload", answer.text

    async def rows(self, query: Any) -> list[Any]:
        async with self.database.read() as connection:
            return list(await connection.execute(query))

    async def status(self, job: Reported) -> str:
        [row] = await self.rows(sa.select(tables.incident.c.status).where(tables.incident.c.id == job.key))
        return str(row.status)

    async def steps(self, job: Reported | None = None) -> list[str]:
        """What the crew's account did, in the order of the history."""
        event = tables.incident_event.c
        query = sa.select(event.to_status).where(event.account_id == self.laid.accounts["crew-clean"])
        query = query.where(event.from_status != event.to_status).order_by(event.at, event.id)
        return [
            row.to_status
            for row in await self.rows(query if job is None else query.where(event.incident_id == job.key))
        ]

    async def photos(self, job: Reported) -> int:
        query = sa.select(sa.func.count()).where(tables.photo.c.incident_id == job.key)
        return int((await self.rows(query))[0][0])

    async def crew(self) -> Any:
        at = [sa.func.ST_X(tables.crew.c.position).label("x"), sa.func.ST_Y(tables.crew.c.position).label("y")]
        query = sa.select(tables.crew.c.on_duty, *at).where(tables.crew.c.id == self.laid.crews[CLEAN])
        return (await self.rows(query))[0]

    async def end_sessions(self) -> None:
        async with self.database.write() as connection:
            await sessions.end(connection, self.crew_token)


@pytest.fixture
async def scene(database: Database, address: str) -> Scene:
    async with database.write() as connection:
        laid = await ward.build(connection)
        roads = await ward.crew(connection, "Đội Cơ động", ["ENVIRONMENT", "SECURITY"])
        crew_token = await ward.token(connection, laid, "crew-clean")
        staff_token = await ward.token(connection, laid, "staff")
    return Scene(database, laid, address, crew_token, staff_token, f"Crew:{CODE}:{roads}")


async def opened(opening: Opening, scene: Scene, viewport: Any = PHONE, **options: Any) -> Page:
    """The page of who is signed in as the first crew's member, drawn by its modules and kept by its worker."""
    cookie: dict[str, Any] = {"name": "session", "value": scene.crew_token, "domain": "127.0.0.1", "path": "/"}
    cookie |= {"expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}
    usual: dict[str, Any] = {"expected": AWAY, "storage_state": {"cookies": [cookie], "origins": []}}
    page = (await opening("/crew", viewport, **(usual | options))).page
    if options.get("java_script_enabled", True):
        await page.locator("html.keeps").wait_for()
        kept = "caches.match('/crew/shell').then((found) => Boolean(found && navigator.serviceWorker.controller))"
        await eventually(lambda: page.evaluate(kept))
    return page


def act(page: Page, name: str) -> Any:
    return page.locator("#list").get_by_role("button", name=name, exact=True)


def sent_steps(page: Page) -> list[str]:
    """The steps that leave the phone from now on, in their order; not tries that get nowhere for want of a network."""
    found: list[str] = []

    def heard(response: Response) -> None:
        step = re.search(r"/crew/(accept|start|resolve|decline|duty)$", response.url)
        if response.request.method == "POST" and step:
            found.append(step[1])

    page.context.on("response", heard)
    return found


async def resolve(page: Page, *pictures: Any) -> None:
    await act(page, "Đã xử lý xong").click()
    if pictures:
        await page.set_input_files("#resolve-file", list(pictures))
        await expect(page.locator("#resolve-photos img")).to_have_count(len(pictures))
    await page.get_by_role("checkbox", name="Đã dọn sạch.").check()
    await page.get_by_role("button", name="Báo đã xử lý xong").click()


async def test_a_whole_job_is_done_by_touch(opening: Opening, scene: Scene) -> None:
    job = await scene.job()
    page = await opened(opening, scene, has_touch=True, is_mobile=True)
    card = page.locator(".job")
    await expect(card).to_contain_text("Rác thải, môi trường")
    for words in ("Đã phân công", "Còn 4 giờ", "12 Trần Nam Trung", "Rác trước ngõ", "Cần nhận trong 29 phút"):
        await expect(card).to_contain_text(words)
    await expect(card.get_by_role("link", name="Gọi 0905 123 456")).to_have_attribute("href", "tel:0905123456")
    directions = card.get_by_role("link", name="Chỉ đường")
    await expect(directions).to_have_attribute(
        "href", re.compile(r"google\.com/maps/dir/\?api=1&destination=15\.9865,108\.21$")
    )
    await act(page, "Nhận việc").tap()
    await expect(card).to_contain_text("Đội đã nhận")
    await expect(page.locator(".primary:visible")).to_have_count(1)
    await act(page, "Bắt đầu xử lý").tap()
    await expect(card).to_contain_text("Đang xử lý")
    await act(page, "Đã xử lý xong").tap()
    await page.get_by_role("button", name="Báo đã xử lý xong").tap()
    await expect(page.locator("#resolve-note-problem")).to_have_text("Hãy cho biết đội đã làm gì.")
    await page.set_input_files("#resolve-file", [picture(), picture("hai.jpg")])
    await page.get_by_role("checkbox", name="Đã dọn sạch.").tap()
    await page.get_by_label("Ghi thêm cho người báo").fill("Đã nhắc hộ bên cạnh.")
    await page.get_by_role("button", name="Báo đã xử lý xong").tap()
    await expect(page.get_by_role("heading", name="Chưa có việc nào")).to_be_visible()
    await eventually(lambda: _is(scene, job, "RESOLVED"))
    assert await scene.steps(job) == ["ACCEPTED", "IN_PROGRESS", "RESOLVED"]
    assert await scene.photos(job) == 2
    event = tables.incident_event.c
    [told] = await scene.rows(sa.select(event.note).where(event.incident_id == job.key, event.to_status == "RESOLVED"))
    assert told.note == "Đã dọn sạch. Đã nhắc hộ bên cạnh."


async def _is(scene: Scene, job: Reported, status: str) -> bool:
    return await scene.status(job) == status


async def test_the_most_urgent_comes_first_with_how_late_it_is(opening: Opening, scene: Scene) -> None:
    now = datetime.now(UTC)
    await scene.job(text="Còn lâu", due_at=now + timedelta(days=3))
    await scene.job(Status.IN_PROGRESS, text="Đã trễ", due_at=now - timedelta(hours=2))
    page = await opened(opening, scene)
    first, second = (page.locator(".job").nth(n) for n in (0, 1))
    await expect(first).to_contain_text("Đã trễ")
    await expect(first).to_contain_text("Trễ 2 giờ")
    await expect(second).to_contain_text("Còn 2 ngày")
    await expect(first.locator(".job-body")).to_be_visible()
    await second.locator(".job-head").click()
    await expect(second.get_by_role("button", name="Nhận việc")).to_be_visible()
    await expect(page.locator("#list .primary:visible")).to_have_count(1)


async def test_a_kind_that_wants_a_photo_is_not_done_without_one(opening: Opening, scene: Scene) -> None:
    job = await scene.job(Status.IN_PROGRESS)
    async with scene.database.write() as connection:
        await connection.execute(sa.update(tables.category).values(photo_required=True))
    page = await opened(opening, scene)
    await resolve(page)
    await expect(page.locator("#resolve-photo-problem")).to_contain_text("cần ít nhất một ảnh")
    await page.set_input_files("#resolve-file", [picture()])
    await page.get_by_role("button", name="Báo đã xử lý xong").click()
    await eventually(lambda: _is(scene, job, "RESOLVED"))
    assert await scene.photos(job) == 1


async def test_a_job_is_given_back_with_a_reason(opening: Opening, scene: Scene) -> None:
    job = await scene.job()
    page = await opened(opening, scene)
    await act(page, "Từ chối việc này").click()
    await page.get_by_role("button", name="Trả việc").click()
    await expect(page.locator("#decline-problem")).to_have_text("Hãy chọn lý do, hoặc viết lý do khác.")
    await page.get_by_role("radio", name="Lý do khác").check()
    await page.get_by_role("button", name="Trả việc").click()
    await expect(page.locator("#decline-problem")).to_be_visible()
    await page.get_by_label("Nói thêm với phường").fill("Đường đang cấm xe.")
    await page.get_by_role("button", name="Trả việc").click()
    await expect(page.locator(".job")).to_have_count(0)

    async def is_given_on() -> bool:
        [row] = await scene.rows(sa.select(tables.incident.c.crew_id).where(tables.incident.c.id == job.key))
        return row.crew_id is not None and row.crew_id != scene.laid.crews[CLEAN]

    await eventually(is_given_on)
    event = tables.incident_event.c
    notes = await scene.rows(
        sa.select(event.note, event.public).where(event.incident_id == job.key, event.note.is_not(None))
    )
    assert ("Đường đang cấm xe.", False) in [tuple(row) for row in notes]


async def test_without_a_network_work_goes_on_and_leaves_later_in_order_and_once(
    opening: Opening, scene: Scene
) -> None:
    job, other = (
        await scene.job(text="Việc một"),
        await scene.job(text="Việc hai", due_at=datetime.now(UTC) + timedelta(days=2)),
    )
    page = await opened(opening, scene, whole=True)
    await page.context.set_offline(True)
    await expect(page.locator("#away")).to_contain_text("Mất mạng")
    await act(page, "Nhận việc").click()
    await expect(page.locator(".job").first).to_contain_text("Chờ gửi")
    await act(page, "Bắt đầu xử lý").click()
    await expect(page.locator(".job").first).to_contain_text("Đang xử lý")
    await page.reload()
    await page.locator("html.keeps").wait_for()
    await expect(page.locator("#crew-name")).to_have_text(CLEAN)
    await expect(page.locator(".job").first).to_contain_text("Đang xử lý")
    await resolve(page, picture())
    await expect(page.locator(".job")).to_have_count(1)
    await act(page, "Nhận việc").click()
    await expect(page.get_by_role("heading", name="4 thao tác chờ gửi")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="4 thao tác chờ gửi")).to_be_visible()
    assert await scene.steps() == []
    steps = sent_steps(page)
    await page.context.set_offline(False)
    await expect(page.locator("#outbox")).to_be_hidden(timeout=60_000)
    assert await scene.steps() == ["ACCEPTED", "IN_PROGRESS", "RESOLVED", "ACCEPTED"]
    assert await scene.photos(job) == 1
    assert await scene.status(other) == "ACCEPTED"
    assert steps == ["accept", "start", "resolve", "accept"]


async def test_it_leaves_with_the_page_closed(opening: Opening, scene: Scene) -> None:
    job = await scene.job(Status.IN_PROGRESS)
    page = await opened(opening, scene, whole=True, permissions=["background-sync"])
    await page.context.set_offline(True)
    await resolve(page, picture())
    await expect(page.locator("#outbox-list")).to_contain_text("Chờ gửi")
    tags = "navigator.serviceWorker.ready.then((it) => it.sync.getTags()).then((tags) => tags.includes('crew'))"
    await eventually(lambda: page.evaluate(tags))
    context = page.context
    await page.close()
    await context.set_offline(False)
    await eventually(lambda: _is(scene, job, "RESOLVED"), 120)  # after as long a pause as the tries before had made it
    assert await scene.photos(job) == 1


async def test_an_answer_that_is_lost_changes_nothing_twice(opening: Opening, scene: Scene) -> None:
    job = await scene.job(Status.IN_PROGRESS)
    page = await opened(opening, scene, whole=True)
    lost: list[str] = []

    async def lose(route: Any) -> None:
        if not lost:
            await route.fetch()  # the server has it, and nobody hears of it
        lost.append(route.request.url)
        await route.abort()

    await page.route("**/crew/resolve", lose)
    await resolve(page, picture())
    await eventually(lambda: _is(scene, job, "RESOLVED"))
    await expect(page.locator("#outbox-list")).to_contain_text("Chờ gửi")
    await page.unroute("**/crew/resolve")
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator("#outbox")).to_be_hidden()
    await expect(page.locator("#refused")).to_be_empty()
    assert await scene.steps(job) == ["RESOLVED"]
    assert await scene.photos(job) == 1


async def test_what_was_given_to_others_meanwhile_is_told_and_holds_up_nothing(opening: Opening, scene: Scene) -> None:
    taken, kept = (
        await scene.job(text="Bị chuyển"),
        await scene.job(text="Vẫn của đội", due_at=datetime.now(UTC) + timedelta(days=2)),
    )
    page = await opened(opening, scene, whole=True)
    await page.context.set_offline(True)
    await act(page, "Nhận việc").click()
    await expect(page.locator(".job").first).to_contain_text("Chờ gửi")
    await page.locator(".job-head").nth(1).click()
    await act(page, "Nhận việc").click()
    await expect(page.get_by_role("heading", name="2 thao tác chờ gửi")).to_be_visible()
    await scene.assign(taken, scene.roads)
    await page.context.set_offline(False)
    await expect(page.locator("#refused")).to_contain_text("Chưa ghi nhận: Nhận việc")
    await expect(page.locator("#refused")).to_contain_text("đã chuyển cho đội khác")
    await expect(page.locator("#refused")).to_contain_text("12 Trần Nam Trung")
    await eventually(lambda: _is(scene, kept, "ACCEPTED"))
    await expect(page.locator(".job")).to_have_count(1)
    assert await scene.status(taken) == "ASSIGNED"
    await page.get_by_role("button", name="Đã hiểu").click()
    await expect(page.locator("#refused")).to_be_empty()


async def test_a_new_assignment_appears_within_a_second_and_is_felt(opening: Opening, scene: Scene) -> None:
    jobs = [await scene.job(Status.RECEIVED, crew_id=None, text=f"Việc vừa giao {n}") for n in range(3)]
    page = await opened(opening, scene)
    await page.evaluate(SPY)
    await page.get_by_role("heading", name="Chưa có việc nào").click()  # before a touch browsers let no page vibrate
    asked = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/crew/list')).length > 0"
    await eventually(lambda: page.evaluate(asked))  # which follows the stream's opening
    took = []
    for number, job in enumerate(jobs):
        began = time.monotonic()
        await scene.assign(job)
        await expect(page.locator(".job")).to_have_count(number + 1)
        took.append(time.monotonic() - began)
        await expect(page.get_by_role("alert").filter(has_text="Việc mới: Rác thải, môi trường")).to_be_visible()
        assert await page.evaluate("window.shakes.length") == number + 1
    assert min(took) < 1, took  # others use this machine too
    await page.locator("#news").get_by_role("button", name="Chi tiết").click()
    await expect(page.locator("#news")).to_be_hidden()
    await expect(page.locator(".job.is-open .job-text")).to_have_text("Việc vừa giao 2")


async def test_a_job_that_is_given_to_others_is_said_to_be_gone(opening: Opening, scene: Scene) -> None:
    job = await scene.job(Status.ACCEPTED)
    page = await opened(opening, scene)
    await expect(page.locator(".job")).to_have_count(1)
    await scene.assign(job, scene.roads)
    news = page.get_by_role("alert").filter(
        has_text="Không còn trong tay đội: Rác thải, môi trường, 12 Trần Nam Trung."
    )
    await expect(news).to_be_visible()
    await expect(page.locator(".job")).to_have_count(0)
    await news.get_by_role("button", name="Đã hiểu").click()
    await expect(news).to_be_hidden()


async def test_the_sound_is_on_only_after_a_tap_and_the_page_says_so(opening: Opening, scene: Scene) -> None:
    page = await opened(opening, scene)
    sound = page.locator("#sound")
    await expect(sound).to_have_text("Bật âm báo")
    await sound.click()
    await expect(sound).to_have_text("Đang bật âm báo")
    await page.reload()
    await expect(sound).to_have_text("Bật âm báo")
    await page.locator("#jobs-title").click()
    await expect(sound).to_have_text("Đang bật âm báo")


async def test_where_the_crew_is_reaches_the_ward_on_duty_only_and_only_the_latest(
    opening: Opening, scene: Scene
) -> None:
    await scene.job(Status.IN_PROGRESS)
    page = await opened(opening, scene, **position(IN_FIRST))
    await page.context.add_init_script(WATCHES)
    await page.reload()

    async def at(place: tuple[float, float] | None) -> bool:
        row = await scene.crew()
        return (row.x, row.y) == (place or (None, None))

    await eventually(lambda: at(IN_FIRST))
    await expect(page.locator("#position")).to_have_text("Đang chia sẻ vị trí với phường.")
    await expect(page.locator(".job")).to_contain_text("cách 10 m")
    await page.locator("#duty-switch").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Nghỉ trực khi còn 1 việc trong tay?")
    await expect(page.get_by_role("dialog")).to_contain_text("Việc đang xử lý: vẫn là của đội")
    await page.get_by_role("dialog").get_by_role("button", name="Nghỉ trực").click()
    await expect(page.locator("#duty-switch")).to_have_attribute("aria-checked", "false")
    await expect(page.locator("#position")).to_have_text("Nghỉ trực: không chia sẻ vị trí.")
    await eventually(lambda: at(None))
    assert await page.evaluate("window.watches.size") == 0
    await page.context.set_geolocation({"longitude": IN_SECOND[0], "latitude": IN_SECOND[1]})
    async with page.expect_response("**/crew/list"):
        await page.evaluate("dispatchEvent(new Event('online'))")
    assert await at(None)
    await page.locator("#duty-switch").click()
    await expect(page.locator("#duty-switch")).to_have_attribute("aria-checked", "true")
    await eventually(lambda: at(IN_SECOND))


async def test_after_the_session_has_ended_steps_wait_for_the_next_sign_in(opening: Opening, scene: Scene) -> None:
    job = await scene.job()
    page = await opened(opening, scene, expected=SIGNED_OUT, whole=True)
    await scene.end_sessions()
    await page.context.clear_cookies()
    await act(page, "Nhận việc").click()
    await expect(page.locator("#signed-out")).to_contain_text("Phiên đăng nhập đã hết.")
    await expect(page.get_by_role("link", name="Đăng nhập lại")).to_have_attribute("href", "/sign-in?next=/crew")
    await expect(page.get_by_role("heading", name="1 thao tác chờ gửi")).to_be_visible()
    assert await scene.status(job) == "ASSIGNED"
    async with scene.database.write() as connection:
        other = await ward.token(connection, scene.laid, "crew-roads")
        again = await ward.token(connection, scene.laid, "crew-clean")
    await page.context.add_cookies([{"name": "session", "value": other, "url": scene.address}])
    await page.goto("/crew")
    await expect(page.locator("#others")).to_contain_text("Máy này còn 1 thao tác của người đăng nhập trước")
    await expect(page.locator(".job")).to_have_count(0)
    assert await scene.status(job) == "ASSIGNED"
    await page.context.add_cookies([{"name": "session", "value": again, "url": scene.address}])
    await page.goto("/crew")
    await eventually(lambda: _is(scene, job, "ACCEPTED"))
    await expect(page.locator("#outbox")).to_be_hidden()
    await expect(page.locator("#others")).to_be_hidden()


async def test_signing_out_clears_the_phone_but_for_what_waits(opening: Opening, scene: Scene) -> None:
    job = await scene.job(text="Chuyện riêng của nhà tôi")
    page = await opened(opening, scene, whole=True)
    await page.route("**/crew/accept", lambda route: route.abort())
    await act(page, "Nhận việc").click()
    await expect(page.locator("#outbox-list")).to_contain_text("Chờ gửi")
    page.once("dialog", lambda dialog: dialog.accept())
    await page.locator(".desk-me > summary").click()
    await expect(page.locator(".desk-me .desk-name")).to_have_text("Người dùng crew-clean")
    await page.get_by_role("button", name="Đăng xuất").click()
    await page.wait_for_url("**/sign-in?done=signed-out")
    stores = await page.evaluate(STORES)
    assert stores["kept"] == []
    assert [(one["step"], one["incident"]) for one in stores["actions"]] == [("accept", job.id)]
    assert await scene.status(job) == "ASSIGNED"
    await page.unroute("**/crew/accept")
    async with scene.database.write() as connection:
        again = await ward.token(connection, scene.laid, "crew-clean")
    await page.context.add_cookies([{"name": "session", "value": again, "url": scene.address}])
    await page.goto("/crew")
    await eventually(lambda: _is(scene, job, "ACCEPTED"))
    await expect(page.locator("#outbox")).to_be_hidden()
    await page.locator(".desk-me > summary").click()
    await page.get_by_role("button", name="Đăng xuất").click()
    await page.wait_for_url("**/sign-in?done=signed-out")
    # Whoever still has it open, such as the worker at the end of its sending, lets go first.
    await eventually(lambda: page.evaluate("indexedDB.databases().then((all) => all.length === 0)"))


async def test_a_stream_that_was_refused_once_is_asked_for_again(opening: Opening, scene: Scene) -> None:
    page = await opened(opening, scene)
    await page.route("**/crew/live", lambda route: route.fulfill(status=204))
    async with page.expect_response(lambda answer: answer.status == 204):
        await page.evaluate("dispatchEvent(new Event('online'))")
    await page.unroute("**/crew/live")
    async with page.expect_request("**/crew/live"):
        await page.evaluate("dispatchEvent(new Event('online'))")


async def test_nothing_of_the_crew_is_in_the_workers_cache(opening: Opening, scene: Scene) -> None:
    await scene.job(text="Chuyện riêng của nhà tôi")
    page = await opened(opening, scene)
    kept = await page.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async (name) => {
            const cache = await caches.open(name);
            return Promise.all((await cache.keys()).map(async (key) => [
                key.url.slice(location.origin.length), await (await cache.match(key)).text()]));
        }))).flat()"""
    )
    paths = sorted(path for path, _ in kept if not path.startswith("/static/"))
    assert paths == ["/crew/shell", "/offline", "/report"]
    for words in ("Chuyện riêng", "0905123456", CLEAN, "crew-clean", str(scene.laid.accounts["crew-clean"])):
        assert not [path for path, text in kept if words in text], words


async def test_the_map_shows_the_numbers_of_the_list_and_leads_to_each(opening: Opening, scene: Scene) -> None:
    await scene.job(text="Gấp nhất")
    await scene.job(text="Sau đó", at=IN_SECOND, due_at=datetime.now(UTC) + timedelta(days=2))
    page = await opened(opening, scene, **position((108.22, 15.99)))
    await page.get_by_role("button", name="Bản đồ").click()
    await expect(page.locator(".pin")).to_have_text(["1", "2"])
    await expect(page.locator("path.me")).to_be_attached()
    await page.locator(".pin", has_text="2").click()
    told = page.locator("#map-told")
    await expect(told).to_contain_text("2. Rác thải, môi trường")
    await expect(told.get_by_role("link", name="Chỉ đường")).to_have_attribute(
        "href", re.compile("destination=15.99,108.23")
    )
    await told.get_by_role("button", name="Chi tiết").click()
    await expect(page.locator(".job").nth(1).locator(".job-text")).to_have_text("Sau đó")


async def test_the_whole_job_by_keyboard(opening: Opening, scene: Scene) -> None:
    job = await scene.job()
    page = await opened(opening, scene, DESKTOP)

    async def press(name: str, key: str = "Enter") -> None:
        for _ in range(40):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement?.innerText?.trim() ?? ''") == name:
                await page.keyboard.press(key)
                return
        raise AssertionError(f"{name} was not reached")

    await press("Nhận việc")
    await expect(act(page, "Bắt đầu xử lý")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(act(page, "Đã xử lý xong")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement?.type === 'checkbox'"):
            break
    await page.keyboard.press("Space")
    await press("Báo đã xử lý xong")
    await eventually(lambda: _is(scene, job, "RESOLVED"))


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
async def test_axe_finds_nothing(opening: Opening, scene: Scene, viewport: Any, scheme: str) -> None:
    await scene.job(Status.IN_PROGRESS, due_at=datetime.now(UTC) - timedelta(hours=2))
    taken = await scene.job(due_at=datetime.now(UTC) + timedelta(days=2))
    options = {"color_scheme": scheme, "reduced_motion": "reduce", **position(IN_FIRST)}
    page = await opened(opening, scene, viewport, **options)
    assert await by_day_and_night(page) == []
    await page.context.set_offline(True)
    await page.locator(".job-head").nth(1).click()
    await act(page, "Nhận việc").click()
    await scene.assign(taken, scene.roads)
    await expect(page.locator("#outbox")).to_be_visible()
    assert await by_day_and_night(page) == []
    await page.context.set_offline(False)
    await expect(page.locator("#refused")).to_contain_text("Chưa ghi nhận")
    assert await by_day_and_night(page) == []
    for name in ("Đã xử lý xong", "Trả lại việc này"):
        await act(page, name).click()
        assert await by_day_and_night(page) == []
        await page.keyboard.press("Escape")


@pytest.mark.parametrize("width", [320, 360])
async def test_twice_the_letters_need_no_scrolling_sideways(opening: Opening, scene: Scene, width: int) -> None:
    await scene.job(Status.IN_PROGRESS, text="Bao rác to " + "rất" * 40)
    page = await opened(opening, scene, {"width": width, "height": 640})
    for size in ("17px", "34px"):
        await page.evaluate("(size) => document.documentElement.style.setProperty('font-size', size)", size)
        assert await page.evaluate("document.documentElement.scrollWidth") == width
    await act(page, "Đã xử lý xong").click()
    assert await page.evaluate("document.querySelector('#resolve-sheet').scrollWidth <= innerWidth")
    assert await page.evaluate("document.documentElement.scrollWidth") == width


async def test_what_is_tapped_is_large_enough_for_a_glove(opening: Opening, scene: Scene) -> None:
    await scene.job(Status.IN_PROGRESS)
    page = await opened(opening, scene)
    small = """(within) => [...document.querySelectorAll(`${within} button, ${within} a[href], ${within} label.choice`)]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 55.5)
        .map((one) => one.outerHTML.slice(0, 90))"""
    assert await page.evaluate(small, "main") == []
    await act(page, "Đã xử lý xong").click()
    assert await page.evaluate(small, "#resolve-sheet") == []


DRAWN_WHILE_PRESSED = """async () => {
    const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
    const { draw } = await import(loaded.find((name) => name.includes("crew/cards.js")));
    const button = document.querySelector("#list .job-next button");
    button.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    draw([]);
    const stays = button.isConnected;
    document.dispatchEvent(new PointerEvent("pointerup"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    return [stays, button.isConnected];
}"""


async def test_a_button_stays_as_long_as_a_finger_is_on_it(opening: Opening, scene: Scene) -> None:
    await scene.job()
    page = await opened(opening, scene)
    await expect(act(page, "Nhận việc")).to_be_visible()
    assert await page.evaluate(DRAWN_WHILE_PRESSED) == [True, False]


async def test_without_javascript_the_forms_do_the_work(opening: Opening, scene: Scene) -> None:
    job = await scene.job()
    page = await opened(opening, scene, java_script_enabled=False)
    await page.get_by_role("button", name="Nhận việc").click()
    await expect(page.get_by_text("Đã nhận việc.")).to_be_visible()
    await page.get_by_role("button", name="Bắt đầu xử lý").click()
    await page.locator("input[type=file][name=photo]").set_input_files([picture()])
    await page.get_by_role("radio", name="Đã dọn sạch.").check()
    await page.get_by_role("button", name="Đã xử lý xong").click()
    await expect(page.get_by_text("Đã báo xử lý xong.")).to_be_visible()
    assert await scene.steps(job) == ["ACCEPTED", "IN_PROGRESS", "RESOLVED"]
    assert await scene.photos(job) == 1
    await page.get_by_role("switch").click()

    async def is_off() -> bool:
        return (await scene.crew()).on_duty is False

    await eventually(is_off)
