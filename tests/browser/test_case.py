"""One incident at the desk in real Chromium: blurring by pointer and by keyboard, deciding, comparing; no scripts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from geo.database import Database
from geo.lifecycle import IN_HAND, Status
from geo.rejection_seeds import REJECTIONS, seed_rejections
from geo.tables import photo
from tests import ward
from tests.browser.axe import LOOKS, by_day_and_night
from tests.browser.conftest import DESKTOP, PHONE, Opening
from tests.photographs import photograph
from tests.ward import CLEAN, CODE, FIRST, IN_FIRST, ROADS, Reported

LONG = "Bao rác to chất đống trước cổng trường, bốc mùi ba ngày nay, " + "rất" * 40
NEXT_DOOR = (IN_FIRST[0] + 0.0004, IN_FIRST[1])


@dataclass
class Scene:
    """The ward of `tests/ward.py` in this test's database, and a member of its staff."""

    database: Database
    laid: ward.Ward
    address: str
    token: str

    async def report(self, status: Status = Status.RECEIVED, **values: Any) -> Reported:
        now = datetime.now(UTC)
        row: dict[str, Any] = {"reported_at": now - timedelta(hours=3), "due_at": now + timedelta(days=1)}
        if status in (Status.RESOLVED, Status.CLOSED):
            row["resolved_at"] = now - timedelta(hours=1)
        if status in (*IN_HAND, Status.RESOLVED, Status.CLOSED):
            row["crew_id"] = self.laid.crews[CLEAN]
        row |= {"description": LONG, "address": "Hẻm 12 Trần Nam Trung", "phone": "0905000222"}
        row["neighbourhood_id"] = self.laid.neighbourhoods[FIRST]
        async with self.database.write() as connection:
            return await ward.report(connection, status=status, **(row | values))

    async def photographed(self) -> tuple[str, str]:
        """The id and the tracking code of a report with a photograph, sent as residents send it."""
        async with httpx.AsyncClient(base_url=self.address) as http:
            kept = (await http.post("/photos", files={"photo": ("a.jpg", photograph(1200, 900))})).json()
            place = {"type": "Point", "coordinates": list(IN_FIRST)}
            given = {"requestKey": str(uuid4()), "category": "ENVIRONMENT", "location": place, "photoIds": [kept["id"]]}
            query = """mutation ($input: ReportIncidentInput!) { done: reportIncident(input: $input) {
                ... on ReportIncidentPayload { incident { id trackingCode } } } }"""
            answer = await http.post("/graphql", json={"query": query, "variables": {"input": given}})
        found = answer.json()["data"]["done"]["incident"]
        return found["id"], found["trackingCode"]

    async def photo(self) -> Any:
        """The one photograph's row."""
        async with self.database.read() as connection:
            return (await connection.execute(sa.select(photo))).one()

    async def status(self, of: Reported) -> str:
        query = sa.text("SELECT status FROM incident WHERE id = :id")
        async with self.database.read() as connection:
            return str(await connection.scalar(query, {"id": of.key}))


@pytest.fixture
async def scene(database: Database, address: str) -> Scene:
    async with database.write() as connection:
        laid = await ward.build(connection)
        await seed_rejections(connection, CODE)
        token = await ward.token(connection, laid, "staff")
    return Scene(database, laid, address, token)


async def at_desk(opening: Opening, scene: Scene, code: str, viewport: Any = DESKTOP, **options: Any) -> Page:
    """The page of an incident in the browser of a member of the staff."""
    cookie = {"name": "session", "value": scene.token, "domain": "127.0.0.1", "path": "/", "expires": -1}
    cookie |= {"httpOnly": True, "secure": False, "sameSite": "Lax"}
    state = {"cookies": [cookie], "origins": []}
    path = f"/staff/incidents/{code}"
    # A form that is refused, and the icon that browsers look for beside what is no whole page, are told on the console.
    told = "status of (422|404)"
    page = (await opening(path, viewport, storage_state=state, reduced_motion="reduce", expected=told, **options)).page
    await expect(page.locator("article.case")).to_be_visible()
    return page


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
async def test_axe_finds_nothing(opening: Opening, scene: Scene, viewport: Any, scheme: Any) -> None:
    await scene.report(at=NEXT_DOOR)
    _, code = await scene.photographed()
    page = await at_desk(opening, scene, code, viewport, color_scheme=scheme)
    for summary in await page.locator(".case-act > summary").all():
        await summary.click()
    assert await by_day_and_night(page) == []
    await page.locator(".case-blur > summary").click()
    await page.get_by_role("button", name="Thêm vùng").click()
    assert await by_day_and_night(page) == []


@pytest.mark.parametrize(("size", "viewport"), [("17px", {"width": 320, "height": 640}), ("34px", PHONE)])
async def test_nothing_is_cut_off_when_narrow_or_large(
    opening: Opening, scene: Scene, size: str, viewport: Any
) -> None:
    await scene.report(at=NEXT_DOOR)
    _, code = await scene.photographed()
    page = await at_desk(opening, scene, code, viewport)
    await page.evaluate("(size) => { document.documentElement.style.fontSize = size }", size)
    for summary in await page.locator(".case-act > summary").all():
        await summary.click()
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    await page.locator(".case-blur > summary").click()
    stage = page.locator(".case-stage")
    await expect(stage).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    box = await stage.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= viewport["width"]


async def test_a_part_is_drawn_with_the_pointer_and_saved(opening: Opening, scene: Scene) -> None:
    _, code = await scene.photographed()
    page = await at_desk(opening, scene, code)
    await page.locator(".case-blur > summary").click()
    picture = page.locator(".case-stage img")
    await picture.evaluate("(image) => image.decode()")
    await page.locator(".case-stage").scroll_into_view_if_needed()
    box = await picture.bounding_box()
    assert box is not None
    x, y, width, height = (box[side] for side in ("x", "y", "width", "height"))
    await page.mouse.move(x + width * 0.2, y + height * 0.3)
    await page.mouse.down()
    await page.mouse.move(x + width * 0.4, y + height * 0.4, steps=3)
    await page.mouse.move(x + width * 0.6, y + height * 0.7, steps=3)
    await page.mouse.up()
    await expect(page.locator(".case-rect")).to_have_count(1)
    # Moved by its middle, then made smaller by its corner.
    await page.mouse.move(x + width * 0.4, y + height * 0.5)
    await page.mouse.down()
    await page.mouse.move(x + width * 0.5, y + height * 0.5, steps=3)
    await page.mouse.up()
    await page.mouse.move(x + width * 0.7 - 3, y + height * 0.7 - 3)
    await page.mouse.down()
    await page.mouse.move(x + width * 0.6 - 3, y + height * 0.6 - 3, steps=3)
    await page.mouse.up()
    # A tap is no part.
    await page.mouse.click(x + width * 0.1, y + height * 0.1)
    await expect(page.locator(".case-rect")).to_have_count(1)
    await page.get_by_label("Công khai ảnh này").check()
    await page.get_by_role("button", name="Lưu ảnh").click()
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.get_by_role("link", name="bản làm mờ")).to_be_visible()
    row = await scene.photo()
    assert row.published
    [rectangle] = row.rectangles
    assert rectangle == pytest.approx([0.3, 0.3, 0.3, 0.3], abs=0.02)
    await expect(page.locator(".case-news")).to_have_text("Đã lưu cách hiện ảnh.")


async def test_a_part_is_placed_by_keyboard_alone(opening: Opening, scene: Scene) -> None:
    _, code = await scene.photographed()
    page = await at_desk(opening, scene, code)
    press = page.keyboard.press
    await page.locator(".case-blur > summary").focus()
    await press("Enter")
    await page.get_by_role("button", name="Thêm vùng").focus()
    await press("Enter")
    rect = page.locator(".case-rect")
    await expect(rect).to_be_focused()
    await expect(rect).to_have_accessible_name("Vùng 1: trái 40%, trên 40%, rộng 20%, cao 20%")
    for key in ["ArrowLeft"] * 10 + ["ArrowDown"] * 5 + ["Shift+ArrowRight"] * 4 + ["Shift+ArrowUp"] * 3:
        await press(key)
    await expect(rect).to_have_accessible_name("Vùng 1: trái 30%, trên 45%, rộng 24%, cao 17%")
    await page.get_by_role("button", name="Thêm vùng").press("Enter")
    await expect(rect).to_have_count(2)
    await press("Delete")
    await expect(rect).to_have_count(1)
    await expect(rect).to_be_focused()
    await page.get_by_role("button", name="Xem thử").press("Enter")
    await expect(page.locator(".case-stage.is-preview")).to_be_visible()
    await page.get_by_role("button", name="Lưu ảnh").press("Enter")
    await expect(page.get_by_role("link", name="bản làm mờ")).to_be_visible()
    [rectangle] = (await scene.photo()).rectangles
    assert rectangle == pytest.approx([0.3, 0.45, 0.24, 0.17], abs=0.001)
    # Opened again it shows what is kept, and Escape leaves all as it was.
    await page.locator(".case-blur > summary").press("Enter")
    await expect(rect).to_have_count(1)
    await page.get_by_role("button", name="Bỏ vùng 1").press("Enter")
    await press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.locator(".case-blur > summary")).to_be_focused()
    assert (await scene.photo()).rectangles == [rectangle]


async def test_a_report_is_rejected_with_a_text_that_is_changed(opening: Opening, scene: Scene) -> None:
    one = await scene.report()
    page = await at_desk(opening, scene, one.tracking_code)
    await page.locator("#case-reject summary").click()
    options = page.locator("#case-reject-template option")
    kinds = [seed for seed in REJECTIONS if seed.category in (None, "ENVIRONMENT")]
    await expect(options).to_have_count(len(kinds) + 1)
    await page.get_by_label("Mẫu trả lời").select_option(index=1)
    reason = page.locator("#case-reject-reason")
    await expect(reason).to_have_value(kinds[0].text.vi)
    await expect(page.locator(".case-english")).to_have_text(kinds[0].text.en)
    await reason.fill("")
    await page.get_by_label("Mẫu trả lời").select_option(index=0)
    await page.get_by_role("button", name="Từ chối phản ánh này").click()
    await expect(page.locator("#case-reject .problem:visible")).to_have_text("Hãy ghi lý do, người báo sẽ đọc được.")
    await expect(reason).to_be_focused()
    await page.get_by_label("Mẫu trả lời").select_option(index=2)
    await reason.press_sequentially(" Cảm ơn đã báo.")
    await page.evaluate(
        """() => {
            window.changed = new Promise((done) => {
                document.addEventListener("case-changed", ({ detail }) => done(detail));
            });
        }"""
    )
    await page.get_by_role("button", name="Từ chối phản ánh này").click()
    await expect(page.locator(".case-standing")).to_contain_text("Không thuộc phạm vi xử lý")
    assert await page.evaluate("window.changed") == {"code": one.tracking_code, "act": "reject", "status": "REJECTED"}
    note = page.locator(".case-note").first
    await expect(note).to_contain_text("Cảm ơn đã báo.")
    await expect(page.locator("#case-reject")).to_be_hidden()
    await expect(page.locator("#case-reopen")).to_be_visible()
    assert await scene.status(one) == "REJECTED"


async def test_the_later_of_two_reports_is_marked_as_the_duplicate(opening: Opening, scene: Scene) -> None:
    earlier = await scene.report(at=NEXT_DOOR, reported_at=datetime.now(UTC) - timedelta(hours=5))
    later = await scene.report()
    page = await at_desk(opening, scene, earlier.tracking_code)
    other = page.locator(".case-other")
    await expect(other.locator(".case-side-by")).to_have_count(2)
    await expect(other.locator("summary")).to_contain_text(later.tracking_code)
    await expect(other.locator("summary")).to_contain_text("cách 40 m")
    await other.get_by_role("button", name="Đây là trùng").click()
    await expect(page.locator(".case-copies")).to_contain_text(later.tracking_code)
    assert (await scene.status(later), await scene.status(earlier)) == ("DUPLICATE", "RECEIVED")
    await page.locator(".case-copies a").click()
    await expect(page.locator("[data-part=others] .told")).to_contain_text(earlier.tracking_code)


async def test_notes_are_internal_until_said_otherwise(opening: Opening, scene: Scene) -> None:
    one = await scene.report(Status.ACCEPTED)
    page = await at_desk(opening, scene, one.tracking_code)
    for text, public in (("Đã gọi cho đội", False), ("Phường đang xử lý", True)):
        if not await page.locator("#case-note").evaluate("(one) => one.open"):
            await page.locator("#case-note summary").click()
        await page.locator("#case-note-note").fill(text)
        if public:
            await page.get_by_label("Gửi cả người báo").check()
        await page.get_by_role("button", name="Thêm ghi chú").click()
        step = page.locator(".case-step").first
        await expect(step).to_contain_text(text)
        await expect(step).to_contain_text("Người báo thấy" if public else "Nội bộ")
    await expect(page.locator("#case-note-note")).to_have_value("")


async def test_a_crew_is_chosen_from_the_most_suitable_on(opening: Opening, scene: Scene) -> None:
    async with scene.database.write() as connection:
        await ward.crew(connection, "Đội Gần", ["ENVIRONMENT"], base=IN_FIRST)
        await ward.crew(connection, "Đội Nghỉ", ["ENVIRONMENT"], base=IN_FIRST, on_duty=False)
    one = await scene.report()
    page = await at_desk(opening, scene, one.tracking_code)
    await page.locator("#case-assign > summary").click()
    names = page.locator("#case-assign .candidate-name")
    await expect(names).to_have_text(["Đội Gần", CLEAN, ROADS, "Đội Nghỉ"])
    reasons = ["phù hợp", "phù hợp", "không làm lĩnh vực này", "hết ca"]
    await expect(page.locator("#case-assign .candidate-why")).to_have_text(reasons)
    for refused in (ROADS, "Đội Nghỉ"):
        await expect(page.get_by_role("button", name=refused)).to_be_disabled()
    async with scene.database.write() as connection:
        await connection.execute(sa.text("UPDATE crew SET on_duty = false WHERE name = :name"), {"name": CLEAN})
    await page.get_by_role("button", name=CLEAN).click()
    await expect(page.locator("#case-assign .problem:visible")).to_have_text("Đội này đang ngoài ca trực.")
    await page.locator("#case-assign .assign-note summary").click()
    await page.get_by_label("Lời nhắn").fill("Mang theo xe cuốn")
    await page.get_by_role("button", name="Đội Gần").click()
    await expect(page.locator("[data-part=head]")).to_contain_text("Đội Gần")
    await expect(page.locator(".case-note").first).to_have_text("Mang theo xe cuốn")
    await page.locator("#case-assign > summary").click()
    await expect(page.get_by_role("button", name="Đội Gần")).to_be_disabled()
    assert await scene.status(one) == "ASSIGNED"


async def test_what_others_do_appears_by_itself_and_takes_no_words_away(opening: Opening, scene: Scene) -> None:
    one = await scene.report(Status.ASSIGNED)
    page = await at_desk(opening, scene, one.tracking_code)
    await page.locator("#case-note summary").click()
    await page.locator("#case-note-note").fill("Đang viết dở")
    query = "mutation ($input: AcceptIncidentInput!) { done: acceptIncident(input: $input) { __typename } }"
    async with scene.database.write() as connection:
        crew = await ward.token(connection, scene.laid, "crew-clean")
    async with httpx.AsyncClient(base_url=scene.address, headers={"Authorization": f"Bearer {crew}"}) as http:
        await http.post("/graphql", json={"query": query, "variables": {"input": {"incidentId": one.id}}})
    await expect(page.locator(".case-standing")).to_contain_text("Đội đã nhận", timeout=15_000)
    await expect(page.locator("#case-note-note")).to_have_value("Đang viết dở")
    await expect(page.locator("#case-reject")).to_be_hidden()
    await expect(page.locator("#case-resolve")).to_be_visible()


async def test_a_list_that_is_open_moves_for_nobody_and_catches_up_when_closed(opening: Opening, scene: Scene) -> None:
    one = await scene.report()
    page = await at_desk(opening, scene, one.tracking_code)
    await page.locator("#case-assign > summary").click()
    why = page.locator("#case-assign .candidate", has_text=CLEAN).locator(".candidate-why")
    await expect(why).to_have_text("phù hợp")
    query = "mutation ($input: AssignIncidentInput!) { done: assignIncident(input: $input) { __typename } }"
    given = {"incidentId": one.id, "crewId": f"Crew:{CODE}:{scene.laid.crews[CLEAN]}"}
    async with httpx.AsyncClient(base_url=scene.address, headers={"Authorization": f"Bearer {scene.token}"}) as http:
        answer = await http.post("/graphql", json={"query": query, "variables": {"input": given}})
    assert answer.json() == {"data": {"done": {"__typename": "AssignIncidentPayload"}}}
    await expect(page.locator("[data-part=head]")).to_contain_text(CLEAN)
    await expect(why).to_have_text("phù hợp")
    await page.locator("#case-assign > summary").click()
    await expect(why).not_to_have_text("phù hợp")


async def test_without_scripts_every_form_is_there(opening: Opening, scene: Scene) -> None:
    _, code = await scene.photographed()
    page = await at_desk(opening, scene, code, java_script_enabled=False)
    await page.locator(".case-blur > summary").click()
    await page.get_by_role("textbox", name="Vùng làm mờ").fill("10 20 30 40\n50,50,10,10")
    await page.get_by_role("button", name="Lưu ảnh").click()
    await expect(page.locator(".case-news")).to_have_text("Đã lưu cách hiện ảnh.")
    assert (await scene.photo()).rectangles == [[0.1, 0.2, 0.3, 0.4], [0.5, 0.5, 0.1, 0.1]]
    await page.locator(".case-blur > summary").click()
    await page.get_by_role("textbox", name="Vùng làm mờ").fill("10 20 30")
    await page.get_by_role("button", name="Lưu ảnh").click()
    await expect(page.locator(".summary")).to_be_visible()
    await expect(page.get_by_role("textbox", name="Vùng làm mờ")).to_have_value("10 20 30")
    await page.locator("#case-note summary").click()
    await page.locator("#case-note-note").fill("Không cần mã lệnh")
    await page.get_by_role("button", name="Thêm ghi chú").click()
    await expect(page.locator(".case-step").first).to_contain_text("Không cần mã lệnh")


async def test_beside_the_queue_it_is_the_same_without_a_frame(opening: Opening, scene: Scene) -> None:
    one = await scene.report()
    page = await at_desk(opening, scene, f"{one.tracking_code}?panel=1")
    assert await page.locator("body > article.case").count() == 1
    assert await page.locator("header.desk-bar, h1").count() == 0
