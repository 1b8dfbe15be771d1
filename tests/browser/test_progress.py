"""A report's progress in real Chromium: live, by keyboard, on a small phone, with large text, without JavaScript."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
import uvicorn
from PIL import Image
from playwright.async_api import BrowserContext, Page, expect

from geo.database import Database
from geo.lifecycle import IN_HAND, Status
from server.reporters import COOKIE
from tests import ward
from tests.browser.axe import LOOKS, by_day_and_night
from tests.browser.conftest import PHONE, Opening, application
from tests.browser.test_report import AWAY, eventually
from tests.ward import CLEAN, FIRST, Reported

LONG = "Bao rác to chất đống trước cổng trường, bốc mùi ba ngày nay. " + "rất" * 40


@dataclass
class Scene:
    """The ward of `tests/ward.py` in this test's database, with a crew that acts by the API."""

    database: Database
    laid: ward.Ward
    token: str
    address: str

    async def report(self, status: Status = Status.RECEIVED, **values: Any) -> Reported:
        now = datetime.now(UTC)
        row: dict[str, Any] = {"reported_at": now - timedelta(days=1), "due_at": now + timedelta(days=1)}
        if status in (Status.RESOLVED, Status.CLOSED):
            row["resolved_at"] = now - timedelta(hours=1)
        if status in (*IN_HAND, Status.RESOLVED, Status.CLOSED):
            row["crew_id"] = self.laid.crews[CLEAN]
        row |= {"description": LONG, "address": "Hẻm 12", "neighbourhood_id": self.laid.neighbourhoods[FIRST]}
        async with self.database.write() as connection:
            return await ward.report(connection, status=status, **(row | values))

    async def step(self, of: Reported, mutation: str, **values: Any) -> None:
        name = mutation[0].upper() + mutation[1:]
        query = f"mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{ __typename }} }}"
        body = {"query": query, "variables": {"input": {"incidentId": of.id, **values}}}
        async with httpx.AsyncClient(base_url=self.address) as http:
            answer = await http.post("/graphql", json=body, headers={"Authorization": f"Bearer {self.token}"})
        assert answer.json()["data"][mutation]["__typename"] == f"{name}Payload", answer.text


@pytest.fixture
async def scene(database: Database, address: str) -> Scene:
    async with database.write() as connection:
        laid = await ward.build(connection)
        token = await ward.token(connection, laid, "crew-clean")
    return Scene(database, laid, token, address)


async def hold(context: BrowserContext, address: str, *reports: Reported) -> None:
    """Let the browser hold these reports."""
    for one in reports:
        name, value = f"{COOKIE}{one.tracking_code}", f"1.{one.secret}"
        await context.add_cookies([{"name": name, "value": value, "url": address, "httpOnly": True}])


async def held(opening: Opening, scene: Scene, one: Reported, query: str = "", **options: Any) -> Page:
    """The report's page in the browser of its reporter."""
    page = (await opening("/r", **options)).page
    await hold(page.context, scene.address, one)
    await page.goto(f"/r/{one.tracking_code}{query}")
    return page


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
async def test_axe_finds_nothing(opening: Opening, scene: Scene, viewport: Any, scheme: Any) -> None:
    one = await scene.report(Status.RESOLVED)
    look = {"viewport": viewport, "color_scheme": scheme, "reduced_motion": "reduce"}
    page = await held(opening, scene, one, "?new=1", **look)
    await page.locator("#reopen summary").click()
    assert await by_day_and_night(page) == []
    late = await scene.report(Status.IN_PROGRESS, due_at=datetime.now(UTC) - timedelta(hours=1))
    await page.goto(f"/r/{late.tracking_code}")
    assert await by_day_and_night(page) == []


@pytest.mark.parametrize("options", [{"viewport": {"width": 320, "height": 640}}, {"viewport": PHONE, "large": True}])
async def test_nothing_is_lost_on_a_small_phone_or_with_large_text(
    opening: Opening, scene: Scene, options: dict[str, Any]
) -> None:
    large = options.pop("large", False)
    one = await scene.report(Status.RESOLVED)
    page = await held(opening, scene, one, "?new=1", **options)
    for path in (f"/r/{one.tracking_code}?new=1", "/r"):
        await page.goto(path)
        if large:
            await page.evaluate("document.documentElement.style.fontSize = '34px'")
        width = options["viewport"]["width"]
        assert await page.evaluate("document.documentElement.scrollWidth") == width
        cut = await page.evaluate(
            """() => [...document.querySelectorAll("main *")]
                 .filter((element) => element.clientWidth && element.scrollWidth > element.clientWidth + 1)
                 .filter((element) => getComputedStyle(element).overflowX !== "visible")
                 .filter((element) => !element.matches("textarea, input"))
                 .map((element) => element.outerHTML.slice(0, 100))"""
        )
        assert cut == []


async def test_targets_are_large_enough_for_a_thumb(opening: Opening, scene: Scene) -> None:
    one = await scene.report(Status.RESOLVED)
    page = await held(opening, scene, one, "?new=1", viewport=PHONE)
    small = await page.evaluate(
        """() => [...document.querySelectorAll("main button, main a, main summary, main label.tile, main textarea")]
             .filter((element) => element.checkVisibility())
             .map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
             .filter(([, box]) => box.height < 44 || box.width < 44).map(([html]) => html)"""
    )
    assert small == []


async def test_a_step_appears_without_reloading(opening: Opening, scene: Scene) -> None:
    one = await scene.report(Status.ASSIGNED)
    page = await held(opening, scene, one)
    await expect(page.locator(".standing-word")).to_have_text("Đã phân công")
    await following(page)
    await page.evaluate("window.kept = true")
    for mutation, values, word in (
        ("acceptIncident", {}, "Đội đã nhận"),
        ("startIncident", {}, "Đang xử lý"),
        ("resolveIncident", {"note": "Đã dọn sạch"}, "Đã xử lý"),
    ):
        await scene.step(one, mutation, **values)
        await expect(page.locator(".standing-word")).to_have_text(word)
        await expect(page.locator("#news")).to_have_text(f"Vừa cập nhật: {word}.")
        await expect(page.locator(".step").last).to_contain_text(word)
    await expect(page.locator(".step").last).to_contain_text("Đã dọn sạch")
    await expect(page.get_by_role("radio", name="Hài lòng", exact=True)).to_be_visible()
    assert await page.evaluate("window.kept")


async def following(page: Page) -> None:
    """Wait until the page's stream is open: it then looks once at what happened before."""
    looked = "performance.getEntriesByType('resource').some((one) => one.name.includes('part=body'))"
    await eventually(lambda: page.evaluate(looked))


async def test_a_stranger_sees_the_step_but_no_words(opening: Opening, scene: Scene) -> None:
    one = await scene.report(Status.IN_PROGRESS)
    page = (await opening(f"/r/{one.tracking_code}")).page
    await following(page)
    await scene.step(one, "resolveIncident", note="Đã dọn sạch")
    await expect(page.locator(".standing-word")).to_have_text("Đã xử lý")
    assert "Đã dọn sạch" not in await page.content()
    assert LONG not in await page.content()
    await expect(page.get_by_role("radio")).to_have_count(0)


async def test_what_is_being_written_and_the_focus_stay(opening: Opening, scene: Scene) -> None:
    one = await scene.report(Status.RESOLVED)
    page = await held(opening, scene, one)
    await following(page)
    await page.get_by_text("Việc chưa xong?").click()
    reason = page.get_by_label("Còn gì chưa ổn?")
    await reason.fill("Vẫn còn rác")
    async with scene.database.write() as connection:
        staff = await ward.token(connection, scene.laid, "staff")
    scene.token = staff
    await scene.step(one, "noteIncident", note="Sẽ kiểm tra lại", public=True)
    await expect(page.locator(".step").last).to_contain_text("Sẽ kiểm tra lại")
    await expect(reason).to_have_value("Vẫn còn rác")
    await expect(reason).to_be_focused()


async def test_the_page_finds_back_after_the_stream_was_cut(opening: Opening, scene: Scene) -> None:
    one = await scene.report(Status.ASSIGNED)
    page = (await opening("/r", expected=AWAY)).page
    await hold(page.context, scene.address, one)
    await page.goto(f"/r/{one.tracking_code}")
    await following(page)
    await page.context.set_offline(True)
    await expect(page.locator("#offline")).to_be_visible()
    await scene.step(one, "acceptIncident")
    await page.context.set_offline(False)
    await expect(page.locator(".standing-word")).to_have_text("Đội đã nhận")
    await expect(page.locator("#offline")).to_be_hidden()
    await scene.step(one, "startIncident")
    await expect(page.locator(".standing-word")).to_have_text("Đang xử lý")


async def test_the_page_finds_back_after_the_server_was_restarted(
    opening: Opening, scene: Scene, database_url: str
) -> None:
    one = await scene.report(Status.ASSIGNED)
    page = (await opening("/r", expected=AWAY)).page
    async with another_server(database_url) as first:
        await hold(page.context, first, one)
        await page.goto(f"{first}/r/{one.tracking_code}")
        await following(page)
    unreached = page.locator("#offline")
    since = r"Trang đang hiện tình trạng lúc \d\d:\d\d( \d\d/\d\d/\d{4})?\.$"  # with its day, once that is over
    await expect(unreached).to_have_text(re.compile(since), timeout=60_000)
    await scene.step(one, "acceptIncident")
    async with another_server(database_url, int(first.rpartition(":")[2])):
        await expect(page.locator(".standing-word")).to_have_text("Đội đã nhận", timeout=60_000)
        await expect(unreached).to_be_hidden()
        await scene.step(one, "startIncident")
        await expect(page.locator(".standing-word")).to_have_text("Đang xử lý")
        await page.goto("about:blank")


class another_server:  # noqa: N801 - a context manager, as small as a function
    """A second process' worth of the application, to be stopped and started again at the same port."""

    def __init__(self, database_url: str, port: int = 0) -> None:
        self.app = application(database_url)
        config = uvicorn.Config(self.app, port=port, log_level="error", ws="none", timeout_graceful_shutdown=2)
        self.server = uvicorn.Server(config)

    async def __aenter__(self) -> str:
        self.serving = asyncio.create_task(self.server._serve())
        while not self.server.started:  # noqa: ASYNC110 - uvicorn offers no event to wait for
            await asyncio.sleep(0.01)
        return f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self.app.state.live.hub.stop()
        self.server.should_exit = True
        await self.serving


async def test_rating_and_reopening_by_keyboard(opening: Opening, scene: Scene) -> None:
    one = await scene.report(Status.RESOLVED)
    page = await held(opening, scene, one)
    choice = page.get_by_role("radio", name="Hài lòng", exact=True)
    await choice.focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("radio", name="Không hài lòng")).to_be_checked()
    await page.keyboard.press("Tab")
    await page.keyboard.type("Còn một ít")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Phường đã ghi nhận là chưa hài lòng")).to_be_visible()
    await page.get_by_label("Còn gì chưa ổn?").focus()
    await page.keyboard.type("Còn rác ở cuối hẻm")
    await page.get_by_role("button", name="Mở lại phản ánh").press("Enter")
    await expect(page.get_by_text("Phản ánh đã được mở lại với hạn xử lý mới.")).to_be_visible()
    await expect(page.locator(".steps")).to_contain_text("Còn rác ở cuối hẻm")
    steps = page.locator(".step-text")
    await expect(steps.first).to_contain_text("Đã tiếp nhận")
    await expect(steps.first).not_to_contain_text("Người phản ánh")  # the ward received it
    await expect(steps.filter(has_text="Còn rác ở cuối hẻm")).to_contain_text(
        re.compile("Đã mở lại.*Người phản ánh", re.S)
    )


async def test_rating_and_reopening_without_javascript(opening: Opening, scene: Scene) -> None:
    one = await scene.report(Status.RESOLVED)
    page = await held(opening, scene, one, "?new=1", viewport=PHONE, java_script_enabled=False)
    await expect(page.get_by_text(f"/r/{one.tracking_code}?key=")).to_be_visible()
    await page.get_by_role("radio", name="Không hài lòng").check()
    await page.get_by_role("button", name="Gửi đánh giá").click()
    await expect(page.get_by_text("Phường đã ghi nhận là chưa hài lòng")).to_be_visible()
    await page.get_by_label("Còn gì chưa ổn?").fill("Còn rác")
    await page.get_by_role("button", name="Mở lại phản ánh").click()
    await expect(page.get_by_text("Phản ánh đã được mở lại với hạn xử lý mới.")).to_be_visible()
    await expect(page.get_by_text("Số lần đã mở lại: 1")).to_be_visible()


async def test_what_is_wrong_is_a_link_that_a_thumb_can_hit(opening: Opening, scene: Scene) -> None:
    one = await scene.report(Status.RESOLVED)
    page = await held(opening, scene, one, viewport=PHONE, expected="422")
    await page.get_by_text("Việc chưa xong?").click()
    await page.get_by_label("Còn gì chưa ổn?").fill(" ")
    await page.get_by_role("button", name="Mở lại phản ánh").click()
    link = page.get_by_role("alert").get_by_role("link", name="Hãy viết còn gì chưa ổn.")
    box = await link.bounding_box()
    assert box is not None
    assert box["height"] >= 44


async def test_the_next_step_stays_true_while_the_confirmation_is_open(opening: Opening, scene: Scene) -> None:
    one = await scene.report(Status.ASSIGNED)
    page = await held(opening, scene, one, "?new=1", viewport=PHONE)
    following_step = page.locator('.sent [data-part="next"]')
    await expect(following_step).to_contain_text("Việc đã được giao cho đội")
    await following(page)
    await scene.step(one, "acceptIncident")
    await expect(following_step).to_contain_text("Đội đã nhận việc và sẽ tới nơi.")
    await expect(page.get_by_text("Việc đã được giao cho đội")).to_have_count(0)


async def test_the_browsers_own_file_button_is_not_seen(opening: Opening, scene: Scene) -> None:
    one = await scene.report(Status.RESOLVED)
    page = await held(opening, scene, one, viewport=PHONE)
    await page.get_by_text("Việc chưa xong?").click()
    whole, field = await page.locator(".pick").bounding_box(), await page.locator(".pick input").bounding_box()
    assert whole is not None
    assert field is not None
    assert field["height"] >= whole["height"] - 4
    assert await page.locator(".pick input").evaluate("one => getComputedStyle(one).opacity") == "0"


async def test_photos_are_made_small_and_sent_with_the_reason(opening: Opening, scene: Scene) -> None:
    one = await scene.report(Status.RESOLVED)
    page = await held(opening, scene, one, viewport=PHONE)
    await page.get_by_text("Việc chưa xong?").click()
    await page.get_by_label("Còn gì chưa ổn?").fill("Còn rác")
    drawn = BytesIO()
    Image.effect_noise((2400, 1800), 60).save(drawn, "JPEG", quality=95)
    file = {"name": "anh.jpg", "mimeType": "image/jpeg", "buffer": drawn.getvalue()}
    await page.get_by_label("Chụp hoặc chọn ảnh").set_input_files([file])  # type: ignore[list-item]
    await expect(page.get_by_text("Đã chọn 1 ảnh.")).to_be_visible()
    send = page.get_by_role("button", name="Mở lại phản ánh")
    await expect(send).to_be_enabled()
    size = await page.evaluate("document.getElementById('photo').files[0].size")
    assert size < len(drawn.getvalue()) / 2
    await send.click()
    await expect(page.get_by_text("Phản ánh đã được mở lại với hạn xử lý mới.")).to_be_visible()
    photo = page.locator(".step .photos img")
    await expect(photo).to_have_count(1)
    await expect(photo).to_have_js_property("complete", True)
    assert await photo.evaluate("(image) => image.naturalWidth") > 0


async def test_a_private_link_opens_on_another_device_and_leaves_the_address_bar(
    opening: Opening, scene: Scene
) -> None:
    one = await scene.report(category="SECURITY")
    page = (await opening(f"/r/{one.tracking_code}?key={one.secret}")).page
    await expect(page).to_have_url(re.compile(rf"/r/{one.tracking_code}\?told=opened$"))
    await expect(page.get_by_text(LONG[:40])).to_be_visible()
    assert one.secret not in await page.content()
    assert one.secret not in await page.evaluate("document.cookie")


async def test_the_code_can_be_copied(opening: Opening, scene: Scene) -> None:
    one = await scene.report()
    page = await held(opening, scene, one, "?new=1")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Sao chép mã").click()
    await expect(page.locator("#copied")).to_have_text("Đã sao chép.")
    assert await page.evaluate("navigator.clipboard.readText()") == one.tracking_code
    await page.get_by_role("button", name="Sao chép liên kết", exact=True).click()

    async def is_copied() -> bool:
        return str(await page.evaluate("navigator.clipboard.readText()")).endswith(f"/r/{one.tracking_code}")

    await eventually(is_copied)  # and so without the secret, which would follow


async def test_a_typed_code_leads_to_the_report(opening: Opening, scene: Scene) -> None:
    one = await scene.report()
    page = (await opening("/r", viewport=PHONE)).page
    await page.get_by_label("Mã phản ánh").fill(one.tracking_code.lower().replace("-", " "))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Rác thải, môi trường")).to_be_visible()
    await expect(page).to_have_title(re.compile(one.tracking_code))
