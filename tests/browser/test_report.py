"""Reporting in real Chromium: in a minute by thumb, by keyboard, without JavaScript, and without a network."""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from PIL import Image
from playwright.async_api import BrowserContext, FilePayload, Page, Route, expect

from geo import tables
from geo.database import Database
from tests import ward
from tests.browser.axe import LOOKS, by_day_and_night
from tests.browser.conftest import DESKTOP, PHONE, Opening, held_back
from tests.photographs import photograph
from tests.ward import IN_FIRST, IN_OTHER, IN_SECOND, IN_THE_SEA

HOSTILE = "{{ 12347*98765 }}<script>alert(1)</script><img src=x onerror=alert(2)>"
WAITING = "Đang chờ gửi"
AWAY = r"net::ERR_|Failed to load resource|Failed to fetch|service worker|fetching the script"
"""What Chromium complains of by itself while there is no network, or no good answer."""
DRAFT_IS_KEPT = """async ([description, photos]) => {
    const database = await new Promise((resolve) => {
        const asked = indexedDB.open("phuong-so");
        asked.onsuccess = () => resolve(asked.result);
    });
    const all = (name) => new Promise((resolve) => {
        const asked = database.transaction(name).objectStore(name).getAll();
        asked.onsuccess = () => resolve(asked.result);
    });
    const [drafts, pictures] = [await all("reports"), await all("photos")];
    database.close();
    return drafts.some(({ key, fields }) => fields.description === description
        && pictures.filter(({ report }) => report === key).length === photos);
}"""
STORED = "Đã lưu trên máy này. Máy sẽ tự gửi lại, không cần làm gì thêm."


@pytest.fixture(autouse=True)
async def laid(database: Database) -> ward.Ward:
    async with database.write() as connection:
        return await ward.build(connection)


def picture(name: str = "anh.jpg", **options: Any) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": photograph(**options)}


def position(at: tuple[float, float]) -> dict[str, Any]:
    """A phone at a place, whose owner lets pages ask for it."""
    return {"geolocation": {"longitude": at[0], "latitude": at[1]}, "permissions": ["geolocation", "background-sync"]}


def syncing(at: tuple[float, float]) -> dict[str, Any]:
    """The same, in a browser that sends by itself what it kept, beside the page: it must not arrive twice."""
    return {**position(at), "whole": True}


async def stored(database: Database) -> list[Any]:
    """The incidents, each with the number of its photographs."""
    incident, photo = tables.incident.c, tables.photo.c
    photos = sa.select(sa.func.count()).where(photo.incident_id == incident.id).scalar_subquery()
    query = sa.select(
        incident.tracking_code,
        incident.description,
        incident.address,
        sa.func.ST_X(incident.location).label("longitude"),
        sa.func.ST_Y(incident.location).label("latitude"),
        photos.label("photos"),
    ).order_by(incident.reported_at)
    async with database.read() as connection:
        return list(await connection.execute(query))


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < until, "it did not come to hold"
        await asyncio.sleep(0.1)


async def ready(page: Page) -> None:
    """Until the modules run, and the service worker has the page."""
    await page.locator("html.keeps").wait_for()
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await eventually(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))


async def at_rest(page: Page) -> None:
    """Until the map neither moves nor is zoomed: while it does, it takes no next key."""
    await page.wait_for_timeout(400)  # a wheel is heeded a while later
    # What is to move begins in the next frame, however late that is.
    await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    moving = "document.querySelector('#map .leaflet-pan-anim, #map .leaflet-zoom-anim') === null"
    await eventually(lambda: page.evaluate(moving))


async def draft_is_kept(page: Page, description: str, photos: int = 0) -> None:
    """Until what is being written is on the phone, with so many photographs."""
    await eventually(lambda: page.evaluate(DRAFT_IS_KEPT, [description, photos]))


async def fill(page: Page, description: str = "Rác trước ngõ") -> None:
    """What a report needs, by hand and without a network."""
    await page.locator("html.keeps").wait_for()
    await page.get_by_role("radio", name="Rác thải, môi trường").check()
    await page.get_by_label("Nói thêm").fill(description)
    await page.get_by_role("button", name="Vị trí của tôi").click()
    await expect(page.locator("#place-told")).to_contain_text("Theo vị trí của điện thoại.")


async def only_by_hand(page: Page) -> None:
    """From now on nothing is tried again by itself: the page's clock stands, an hour ahead of the worker's."""
    await page.clock.set_fixed_time(datetime.now(UTC) + timedelta(hours=1))


async def send(page: Page) -> None:
    await page.get_by_role("button", name="Gửi", exact=True).click()


async def test_a_report_takes_a_few_taps(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, **position(IN_FIRST))).page
    await page.set_input_files("#photos", [picture(at=IN_SECOND)])
    await expect(page.locator("#place-told")).to_contain_text("Tổ dân phố số 2, Phường Hòa Xuân")
    await expect(page.locator("#place-told")).to_contain_text("Theo vị trí ghi trong ảnh.")
    await expect(page.locator(".thumb")).to_contain_text("Chụp 20/11/2026 09:05")
    await expect(page.locator("#photo-button")).to_contain_text("Thêm ảnh")
    await page.get_by_role("radio", name="Rác thải, môi trường").check()
    began = time.monotonic()
    await send(page)
    await page.wait_for_url("**/r/*new=1*")
    assert time.monotonic() - began < 10
    [found] = await stored(database)
    assert found.tracking_code in page.url
    assert (found.longitude, found.latitude) == pytest.approx(IN_SECOND, abs=1e-5)
    assert found.photos == 1


@pytest.mark.parametrize(("kind", "type_"), [("WEBP", "image/webp"), ("PNG", "image/png"), ("HEIF", "image/heic")])
async def test_every_kind_of_photograph_tells_place_and_time(opening: Opening, database: Database, kind, type_):
    page = (await opening("/report", PHONE, expected=AWAY)).page
    await ready(page)
    await page.context.set_offline(True)
    taken = photograph(320, 240, at=IN_SECOND, kind=kind)
    await page.set_input_files("#photos", [{"name": "anh", "mimeType": type_, "buffer": taken}])
    await expect(page.locator("#place-told")).to_contain_text("Theo vị trí ghi trong ảnh.")
    await expect(page.locator(".thumb")).to_contain_text("Chụp 20/11/2026 09:05")
    await page.context.set_offline(False)
    await page.get_by_role("radio", name="Rác thải, môi trường").check()
    await send(page)
    await page.wait_for_url("**/r/*new=1*")
    [found] = await stored(database)
    assert (found.longitude, found.latitude) == pytest.approx(IN_SECOND, abs=1e-5)
    async with database.read() as connection:
        assert await connection.scalar(sa.select(tables.photo.c.taken_at)) == datetime(2026, 11, 20, 2, 5, tzinfo=UTC)


async def test_a_whole_report_by_keyboard_alone(opening: Opening, database: Database):
    page = (await opening("/report", DESKTOP)).page
    await page.locator("html.keeps").wait_for()

    async def reach(role: Any, name: str) -> None:
        control = page.get_by_role(role, name=name, exact=True)
        for _ in range(40):
            await page.keyboard.press("Tab")
            if await control.evaluate("(one) => one === document.activeElement"):
                return
        pytest.fail(f"{name} is not reached by Tab")

    await reach("combobox", "Tổ dân phố")
    chosen = page.get_by_role("combobox", name="Tổ dân phố", exact=True).locator("option:checked")
    for _ in range(10):
        await page.keyboard.press("ArrowDown")
        if await chosen.inner_text() == "Tổ dân phố số 2":
            break
    await expect(page.get_by_role("status").filter(has_text="Tổ dân phố số 2")).to_be_visible()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("radio", name="Hạ tầng đô thị")).to_be_checked()
    await reach("textbox", "Nói thêm (không bắt buộc)")
    await page.keyboard.type("Nắp cống vỡ")
    await reach("button", "Gửi")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/r/*new=1*")
    [found] = await stored(database)
    assert found.description == "Nắp cống vỡ"
    assert 108.22 < found.longitude < 108.24


async def test_the_secret_is_held_and_the_page_shows_the_report(opening: Opening):
    page = (await opening("/report", PHONE, **position(IN_FIRST))).page
    await fill(page, "Ngập trước cổng trường")
    await send(page)
    await page.wait_for_url("**/r/*new=1*")
    await expect(page.get_by_text("Ngập trước cổng trường")).to_be_visible()


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
async def test_axe_finds_nothing(opening: Opening, viewport, scheme):
    options = position(IN_FIRST)
    page = (await opening("/report", viewport, color_scheme=scheme, reduced_motion="reduce", **options)).page
    await ready(page)
    await send(page)
    await expect(page.locator("#summary")).to_be_focused()
    assert await by_day_and_night(page) == []
    await page.set_input_files("#photos", [picture(at=IN_SECOND)])
    await expect(page.locator(".thumb img")).to_be_visible()
    await page.get_by_role("button", name="Chọn trên bản đồ").click()
    await expect(page.locator(".leaflet-container path").and_(page.locator(":visible")).first).to_be_visible()
    await page.get_by_text("Tôi đồng ý").click()
    await page.get_by_label("Địa chỉ hoặc nơi gần đó").press_sequentially("to dan pho")
    await expect(page.locator("#address-offers").get_by_role("option").first).to_be_visible()
    assert await by_day_and_night(page) == []


@pytest.mark.parametrize("width", [320, 360])
async def test_nothing_is_lost_on_a_small_phone_or_with_large_text(opening: Opening, width):
    page = (await opening("/report", {"width": width, "height": 640})).page
    await page.locator("html.keeps").wait_for()
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    await page.evaluate("document.documentElement.style.setProperty('font-size', '34px')")
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    clipped = await page.evaluate(
        """[...document.querySelectorAll('.button, .tile, label:not(.visually-hidden), legend, .hint, h1')]
            .filter((one) => one.offsetParent && one.scrollWidth > one.clientWidth + 1)
            .map((one) => one.textContent)"""
    )
    assert clipped == []


async def test_targets_are_large_enough_for_a_thumb(opening: Opening):
    page = (await opening("/report", PHONE)).page
    await page.locator("html.keeps").wait_for()
    small = await page.evaluate(
        """[...document.querySelectorAll('main :is(a, button, select, textarea, input:not([type=hidden]))')]
            .map((one) => [one.outerHTML.slice(0, 90), (one.closest('label') ?? one).getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.height < 44 || box.width < 44)).map(([text]) => text)"""
    )
    assert small == []


async def test_what_is_missing_is_said_and_leads_there(opening: Opening, database: Database):
    page = (await opening("/report", PHONE)).page
    await page.locator("html.keeps").wait_for()
    await send(page)
    summary = page.locator("#summary")
    await expect(summary).to_be_focused()
    await expect(summary.get_by_role("link")).to_have_text(
        ["Hãy cho biết sự cố ở đâu: bằng vị trí, bản đồ hoặc tổ dân phố.", "Hãy chọn loại sự cố."]
    )
    await summary.get_by_role("link", name="Hãy chọn loại sự cố.").click()
    await expect(page.get_by_role("radio").first).to_be_focused()
    assert await stored(database) == []


async def test_a_place_outside_the_ward_is_said_at_once(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, **position(IN_OTHER))).page
    await page.locator("html.keeps").wait_for()
    await page.get_by_role("button", name="Vị trí của tôi").click()
    told = page.locator("#place-told")
    await expect(told).to_contain_text("Chỗ này nằm ngoài Phường Hòa Xuân.")
    await expect(told.get_by_role("link", name="Báo cho Phường Cẩm Lệ")).to_have_attribute(
        "href", re.compile(r"/report\?ward=20320&lat=16\.0")
    )
    await page.get_by_role("radio", name="Rác thải, môi trường").check()
    await send(page)
    await expect(page.locator("#summary")).to_contain_text("Chỗ đã chọn nằm ngoài Phường Hòa Xuân.")
    assert await stored(database) == []


async def test_a_photograph_of_somewhere_else_tells_no_place(opening: Opening):
    page = (await opening("/report", PHONE)).page
    await page.set_input_files("#photos", [picture(at=IN_THE_SEA)])
    await expect(page.locator("#place-told")).to_contain_text("Ảnh này được chụp ngoài Phường Hòa Xuân.")
    assert await page.locator("#latitude").input_value() == ""


async def test_a_typed_place_is_found_without_diacritics_by_keyboard(opening: Opening, database: Database):
    page = (await opening("/report", DESKTOP)).page
    await page.locator("html.keeps").wait_for()
    address = page.get_by_role("combobox", name="Địa chỉ hoặc nơi gần đó")
    await address.press_sequentially("to dan pho so 2")
    await expect(page.locator("#address-offers").get_by_role("option")).to_have_count(1)
    await address.press("ArrowDown")
    await expect(page.locator("#address-offers").get_by_role("option", selected=True)).to_contain_text(
        "Tổ dân phố số 2"
    )
    await address.press("Enter")
    await expect(address).to_have_value("Tổ dân phố số 2")
    await expect(page.locator("#place-told")).to_contain_text("Tổ dân phố số 2")
    await address.fill("Đối diện nhà văn hóa")
    await page.get_by_role("radio", name="Hạ tầng đô thị").focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Gửi", exact=True).focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/r/*new=1*")
    [found] = await stored(database)
    assert found.address == "Đối diện nhà văn hóa"
    assert 108.22 < found.longitude < 108.24
    assert 15.98 < found.latitude < 16.00


async def test_the_map_comes_when_it_is_asked_for_and_is_moved_by_arrow_keys(opening: Opening):
    page = (await opening("/report", PHONE, expected=AWAY)).page
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    await page.locator("html.keeps").wait_for()
    assert await page.evaluate("typeof L") == "undefined"
    await page.get_by_role("button", name="Chọn trên bản đồ").click()
    await expect(page.locator("#map")).to_be_focused()
    assert any("leaflet.js" in url for url in loaded)
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#place-told")).to_contain_text("Theo điểm chọn trên bản đồ.")
    first = await page.locator("#longitude").input_value()
    await at_rest(page)
    await page.keyboard.press("ArrowRight")
    await eventually(lambda: _is_other(page, first))
    await page.locator("#map").click(position={"x": 60, "y": 90})
    await expect(page.locator("#place-told")).to_contain_text("Phường Hòa Xuân")


async def _is_other(page: Page, first: str) -> bool:
    return float(await page.locator("#longitude").input_value()) > float(first)


REPORTED = """mutation ($input: ReportIncidentInput!) { reportIncident(input: $input) { ... on ReportIncidentPayload {
  incident { trackingCode } } ... on UserError { message } } }"""


async def near_with_photo(database: Database, address: str, at: tuple[float, float]) -> str:
    """The tracking code of a report with a photograph, both shown to everybody."""
    async with httpx.AsyncClient(base_url=address) as http:
        photo = (await http.post("/photos", files={"photo": photograph(320, 240)})).json()["id"]
        given = {
            "requestKey": str(uuid4()),
            "category": "ENVIRONMENT",
            "location": {"type": "Point", "coordinates": list(at)},
            "photoIds": [photo],
        }
        answer = await http.post("/graphql", json={"query": REPORTED, "variables": {"input": given}})
    async with database.write() as connection:
        await connection.execute(sa.update(tables.photo).values(published=True))
        await connection.execute(sa.update(tables.incident).values(published=True))
    code: str = answer.json()["data"]["reportIncident"]["incident"]["trackingCode"]
    return code


async def test_similar_reports_are_shown_before_sending(opening: Opening, database: Database, address: str):
    async with database.write() as connection:
        await ward.report(connection, at=(IN_FIRST[0] + 0.004, IN_FIRST[1]))
    near = await near_with_photo(database, address, (IN_FIRST[0] + 0.0004, IN_FIRST[1]))
    page = (await opening("/report", PHONE, **position(IN_FIRST))).page
    await page.get_by_role("button", name="Vị trí của tôi").click()
    await expect(page.locator("#place-told")).to_contain_text("Tổ dân phố số 1")
    await expect(page.locator("#similar")).to_be_hidden()
    await page.get_by_role("radio", name="Rác thải, môi trường").check()
    card = page.locator("#similar-list > li")
    await expect(card).to_have_count(1)
    await expect(card).to_contain_text("cách 43 m")
    await expect(card).to_contain_text(re.compile("Đã tiếp nhận|Đã phân công"))
    await eventually(lambda: card.locator("img").evaluate("(one) => one.complete && one.naturalWidth > 0"))
    follow = card.get_by_role("link", name="Đã có người báo: theo dõi phản ánh này")
    await expect(follow).to_have_attribute("href", re.compile(f"^/r/{near}"))
    await page.get_by_role("button", name="Không phải, vẫn gửi phản ánh của tôi").click()
    await expect(page.locator("#similar")).to_be_hidden()
    await send(page)
    await page.wait_for_url("**/r/*new=1*")
    assert len(await stored(database)) == 3


async def test_a_large_photograph_is_shrunk_and_stands_upright(opening: Opening):
    large = photograph(4000, 3000, orientation=6, quality=97)
    assert len(large) > 8_000_000
    page = (await opening("/report", PHONE, **position(IN_FIRST))).page
    sent: list[bytes] = []

    async def watch(route: Route) -> None:
        sent.append(route.request.post_data_buffer or b"")
        await route.continue_()

    await page.route("**/photos", watch)
    await page.set_input_files("#photos", [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": large}])
    await expect(page.locator(".thumb img")).to_be_visible(timeout=60_000)
    await fill(page)
    await send(page)
    await page.wait_for_url("**/r/*new=1*")
    [body] = sent
    assert len(body) < 1_000_000
    made = Image.open(io.BytesIO(body[body.index(b"\xff\xd8") :]))
    assert made.size == (1200, 1600)
    grey = made.convert("L")
    assert grey.getpixel((600, 20)) < grey.getpixel((600, 1580))  # what was left is above now


async def test_a_photograph_chosen_before_the_page_is_ready_is_taken(opening: Opening) -> None:
    # Past a service worker, which has the modules itself.
    page = (await opening("/report", PHONE, service_workers="block", expected="blocked by Playwright")).page
    come = await held_back(page, "**/report/main.js")
    await page.reload(wait_until="commit")
    await page.set_input_files("#photos", [picture()])
    come.set()
    await expect(page.locator(".thumb")).to_have_count(1)


async def test_a_photograph_can_be_taken_out_and_five_are_enough(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, **position(IN_FIRST))).page
    await page.locator("html.keeps").wait_for()
    await page.set_input_files("#photos", [picture(width=64, height=48) for _ in range(6)])
    await expect(page.locator(".thumb")).to_have_count(5)
    await expect(page.locator("#photos-told")).to_have_text("Tối đa 5 ảnh.")
    await page.get_by_role("button", name="Bỏ ảnh 2").click()
    await expect(page.locator(".thumb")).to_have_count(4)
    await fill(page)
    await send(page)
    await page.wait_for_url("**/r/*new=1*")
    assert [found.photos for found in await stored(database)] == [4]


async def test_without_a_network_it_is_kept_and_sent_once_afterwards(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected=AWAY)).page
    await ready(page)
    await page.context.set_offline(True)
    await page.set_input_files("#photos", [picture(), picture("hai.jpg")])
    await expect(page.locator(".thumb")).to_have_count(2)
    await fill(page)
    await send(page)
    await expect(page.locator("#kept")).to_be_focused()
    await expect(page.locator("#kept")).to_contain_text(STORED)
    await expect(page.locator("#kept-list")).to_contain_text(WAITING)
    await page.reload()
    await expect(page.locator("#kept-list")).to_contain_text(WAITING)
    await expect(page.locator("#kept-list")).to_contain_text("2 ảnh")
    assert await stored(database) == []
    await page.context.set_offline(False)
    await expect(page.locator("#kept-list")).to_contain_text("Đã gửi, mã", timeout=60_000)
    await page.reload()
    await page.locator("html.keeps").wait_for()
    await asyncio.sleep(1)
    [found] = await stored(database)
    assert found.photos == 2
    await page.get_by_role("link", name="Xem").click()
    await page.wait_for_url(f"**/r/{found.tracking_code}?*new=1*")


async def test_it_is_sent_with_the_page_closed(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected=AWAY)).page
    await ready(page)
    await page.context.set_offline(True)
    await page.set_input_files("#photos", [picture()])
    await expect(page.locator(".thumb")).to_have_count(1)
    await fill(page)
    await send(page)
    await expect(page.locator("#kept-list")).to_contain_text(WAITING)
    await eventually(
        lambda: page.evaluate(
            "navigator.serviceWorker.ready.then((it) => it.sync.getTags()).then((tags) => tags.includes('reports'))"
        )
    )
    context = page.context
    await page.close()
    await asyncio.sleep(0.5)
    await context.set_offline(False)

    async def arrived() -> bool:
        return [found.photos for found in await stored(database)] == [1]

    await eventually(arrived, 120)  # after as long a pause as the tries before had made it


async def test_an_answer_that_was_lost_makes_no_second_report(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected=AWAY)).page
    lost: list[int] = []

    async def lose(route: Route) -> None:
        if route.request.method != "POST":
            await route.fallback()
            return
        answer = await route.fetch()
        lost.append(answer.status)
        await route.abort("connectionreset")

    await page.set_input_files("#photos", [picture()])
    await expect(page.locator(".thumb")).to_have_count(1)
    await page.route("**/report?*", lose)
    await fill(page)
    await only_by_hand(page)
    await send(page)
    await expect(page.locator("#kept-list")).to_contain_text(WAITING)
    assert lost == [201]
    assert len(await stored(database)) == 1
    await page.unroute("**/report?*")
    await page.get_by_role("button", name="Gửi ngay").click()
    await expect(page.locator("#kept-list")).to_contain_text("Đã gửi, mã")
    [found] = await stored(database)
    assert found.photos == 1
    await expect(page.locator("#kept-list")).to_contain_text(found.tracking_code)


async def test_a_broken_upload_goes_on_where_it_broke(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected=AWAY)).page
    uploads: list[str] = []

    async def second_fails(route: Route) -> None:
        uploads.append(route.request.url)
        if len(uploads) == 2:
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.route("**/photos", second_fails)
    await page.set_input_files("#photos", [picture(), picture("hai.jpg")])
    await expect(page.locator(".thumb")).to_have_count(2)
    await fill(page)
    await only_by_hand(page)
    await send(page)
    await expect(page.locator("#kept-list")).to_contain_text(WAITING)
    await page.get_by_role("button", name="Gửi ngay").click()
    await expect(page.locator("#kept-list")).to_contain_text("Đã gửi, mã")
    assert len(uploads) == 3  # the first was not sent again
    assert [found.photos for found in await stored(database)] == [2]


async def test_photographs_that_the_server_forgot_are_sent_anew(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected=AWAY)).page
    await page.route("**/report?*", lambda route: route.abort("connectionreset"))
    await page.set_input_files("#photos", [picture()])
    await expect(page.locator(".thumb")).to_have_count(1)
    await fill(page)
    await only_by_hand(page)
    await send(page)
    await expect(page.locator("#kept-list")).to_contain_text(WAITING)
    async with database.write() as connection:
        forgotten = await connection.execute(sa.delete(tables.photo_upload))
        assert forgotten.rowcount == 1
    await page.unroute("**/report?*")
    await page.get_by_role("button", name="Gửi ngay").click()
    await expect(page.locator("#kept-list")).to_contain_text("Đã gửi, mã")
    assert [found.photos for found in await stored(database)] == [1]


async def test_two_tabs_at_once_send_one_report(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected=AWAY)).page
    await ready(page)
    other = await page.context.new_page()
    await other.goto("/report")
    await other.locator("html.keeps").wait_for()
    await page.context.set_offline(True)
    await page.set_input_files("#photos", [picture()])
    await expect(page.locator(".thumb")).to_have_count(1)
    await fill(page)
    await send(page)
    await expect(other.locator("#kept-list")).to_contain_text(WAITING)
    posted: list[str] = []
    page.context.on("response", lambda sent: posted.append(sent.url) if sent.request.method == "POST" else None)
    await page.context.set_offline(False)
    await asyncio.gather(
        *(tab.evaluate("window.dispatchEvent(new Event('online'))") for tab in (page, other) for _ in range(3))
    )
    for tab in (page, other):
        await expect(tab.locator("#kept-list")).to_contain_text("Đã gửi, mã", timeout=60_000)
    await asyncio.sleep(0.5)
    assert [found.photos for found in await stored(database)] == [1]
    assert len([url for url in posted if "/report" in url]) <= 1  # the service worker may have been the one


async def test_two_reports_at_once_are_both_held(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected=AWAY)).page
    await ready(page)
    other = await page.context.new_page()
    await other.goto("/report")
    await other.locator("html.keeps").wait_for()
    both = asyncio.Event()
    posted: list[str] = []

    async def together(route: Route) -> None:
        if route.request.method != "POST":
            await route.fallback()
            return
        posted.append(route.request.url)
        if len(posted) == 2:
            both.set()
        async with asyncio.timeout(60):
            await both.wait()
        await route.continue_()

    await page.context.route("**/report?*", together)
    for tab, words in ((page, "Rác trước ngõ"), (other, "Cây đổ")):
        await fill(tab, words)
    await asyncio.gather(*(send(tab) for tab in (page, other)))
    for tab in (page, other):
        await tab.wait_for_url("**/r/*new=1*")
    await other.goto("/r")
    listed = [await one.get_attribute("href") for one in await other.locator("a.report").all()]
    assert sorted(listed) == sorted(f"/r/{found.tracking_code}" for found in await stored(database))
    assert len(listed) == 2


async def test_what_waits_is_sent_beside_a_new_report_and_both_are_held(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected=AWAY)).page
    await ready(page)
    await page.context.set_offline(True)
    for words in ("Rác trước ngõ", "Cây đổ"):
        await fill(page, words)
        await send(page)
        await expect(page.locator("#kept-list")).to_contain_text(words)
    await page.context.set_offline(False)
    await expect(page.locator("#kept-list").get_by_text("Đã gửi, mã")).to_have_count(2, timeout=60_000)
    await page.goto("/r")
    await expect(page.locator("a.report")).to_have_count(2)
    assert len(await stored(database)) == 2


async def test_a_refused_report_is_kept_and_mended(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected=AWAY)).page
    await ready(page)
    await page.context.set_offline(True)
    await fill(page)
    await page.get_by_text("Tôi đồng ý").click()
    await page.get_by_role("textbox", name="Số điện thoại").fill("123")
    await send(page)
    await expect(page.locator("#kept-list")).to_contain_text(WAITING)
    await page.context.set_offline(False)
    await expect(page.locator("#kept-list")).to_contain_text("Chưa gửi được, cần sửa", timeout=60_000)
    await expect(page.locator("#kept-list")).to_contain_text("Số điện thoại gồm 10 chữ số")
    assert await stored(database) == []
    await page.get_by_role("button", name="Sửa và gửi lại").click()
    phone = page.get_by_role("textbox", name="Số điện thoại")
    await expect(phone).to_have_value("123")
    await expect(phone).to_have_attribute("aria-invalid", "true")
    await phone.fill("0905 123 456")
    await send(page)
    await page.wait_for_url("**/r/*new=1*")
    assert len(await stored(database)) == 1


async def write_and_leave(opening: Opening) -> Page:
    """A page beside which a report was being written, on the same phone."""
    page = (await opening("/report", PHONE, **position(IN_FIRST))).page
    await ready(page)
    await page.get_by_label("Nói thêm").fill("Cây đổ chắn đường")
    await page.set_input_files("#photos", [picture()])
    await expect(page.locator(".thumb")).to_have_count(1)
    context = page.context
    await draft_is_kept(page, "Cây đổ chắn đường", photos=1)
    await page.close()
    return await context.new_page()


async def test_an_unfinished_report_is_open_again(opening: Opening, database: Database):
    page = await write_and_leave(opening)
    await page.goto("/report")
    await expect(page.get_by_text("Đã mở lại phản ánh đang viết dở.")).to_be_visible()
    await expect(page.get_by_label("Nói thêm")).to_have_value("Cây đổ chắn đường")
    await expect(page.locator(".thumb")).to_have_count(1)
    await expect(page.locator("#kept")).to_be_hidden()
    await page.get_by_role("button", name="Vị trí của tôi").click()
    await expect(page.locator("#place-told")).to_contain_text("Theo vị trí của điện thoại.")
    await page.get_by_role("radio", name="Hạ tầng đô thị").check()
    await send(page)
    await page.wait_for_url("**/r/*new=1*")
    [found] = await stored(database)
    assert (found.description, found.photos) == ("Cây đổ chắn đường", 1)
    await page.goto("/report")
    await page.locator("html.keeps").wait_for()
    await expect(page.locator("#kept")).to_be_hidden()
    await expect(page.get_by_label("Nói thêm")).to_have_value("")


async def test_another_report_can_be_begun_and_the_unfinished_one_stays(opening: Opening):
    page = await write_and_leave(opening)
    await page.goto("/report")
    await page.get_by_role("button", name="Viết mới").click()
    await expect(page.locator("#restored")).to_be_hidden()
    await expect(page.get_by_label("Nói thêm")).to_have_value("")
    await expect(page.locator(".thumb")).to_have_count(0)
    await expect(page.locator("#kept-list")).to_contain_text("Cây đổ chắn đường")
    await page.get_by_role("button", name="Viết tiếp").click()
    await expect(page.get_by_label("Nói thêm")).to_have_value("Cây đổ chắn đường")
    await expect(page.locator(".thumb")).to_have_count(1)


async def test_a_report_begun_at_a_place_does_not_open_the_unfinished_one(opening: Opening):
    page = await write_and_leave(opening)
    await page.goto(f"/report?lat={IN_SECOND[1]}&lon={IN_SECOND[0]}")
    await expect(page.locator("#kept-list")).to_contain_text("Cây đổ chắn đường")
    await expect(page.get_by_label("Nói thêm")).to_have_value("")
    await send(page)
    summary, kept = await page.locator("#summary").bounding_box(), await page.locator("#kept").bounding_box()
    assert summary is not None
    assert kept is not None
    assert summary["y"] < kept["y"]


@pytest.mark.parametrize("broken", [b"not a picture at all", photograph()[:40] + b"\0" * 400])
async def test_a_picture_that_cannot_be_read_is_refused_at_once_by_its_name(opening: Opening, broken: bytes):
    page = (await opening("/report", PHONE)).page
    await page.locator("html.keeps").wait_for()
    files: list[FilePayload] = [picture(), {"name": "hong.jpg", "mimeType": "image/jpeg", "buffer": broken}]
    await page.set_input_files("#photos", files)
    await expect(page.locator("#photos-told")).to_have_text("Không đọc được “hong.jpg”. Hãy chọn ảnh khác.")
    await expect(page.locator(".thumb")).to_have_count(1)


async def test_a_photograph_that_the_server_refuses_is_marked_and_named(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected=AWAY)).page
    await page.locator("html.keeps").wait_for()
    heic = b"\0\0\0\x18ftypheic" + b"\0" * 400  # this browser cannot tell whether it is whole
    await page.set_input_files("#photos", [picture(), {"name": "b.heic", "mimeType": "image/heic", "buffer": heic}])
    await expect(page.locator(".thumb")).to_have_count(2)
    await fill(page)
    await send(page)
    told = "Ảnh 2: không đọc được. Hãy bỏ ảnh này hoặc chọn ảnh khác."
    await expect(page.locator("#summary").get_by_role("link")).to_have_text([told])
    await expect(page.locator(".thumb").nth(1)).to_contain_text("Không gửi được")
    await expect(page.locator(".thumb").nth(0)).not_to_contain_text("Không gửi được")
    await page.get_by_role("button", name="Bỏ ảnh 2").click()
    await expect(page.locator("#summary")).to_have_count(0)
    await send(page)
    await page.wait_for_url("**/r/*new=1*")
    assert [found.photos for found in await stored(database)] == [1]


async def test_what_waits_can_be_deleted(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected=AWAY)).page
    await ready(page)
    await page.context.set_offline(True)
    await fill(page)
    await send(page)
    await expect(page.locator("#kept-list")).to_contain_text(WAITING)
    await page.get_by_role("button", name="Xóa").click()
    await page.get_by_role("button", name="Chạm lần nữa để xóa").click()
    await expect(page.locator("#kept")).to_be_hidden()
    await page.context.set_offline(False)
    await asyncio.sleep(1)
    assert await stored(database) == []


@pytest.mark.parametrize("status", [429, 503, 200])
async def test_a_server_that_is_away_is_asked_again_later(opening: Opening, database: Database, status):
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected=AWAY)).page
    tries: list[float] = []

    async def away(route: Route) -> None:
        if route.request.method != "POST":
            await route.fallback()
            return
        tries.append(time.monotonic())
        if len(tries) == 1:
            await route.fulfill(status=status, headers={"Retry-After": "2"}, body="<p>Hãy đăng nhập mạng</p>")
        else:
            await route.continue_()

    await page.route("**/report?*", away)
    await fill(page)
    await send(page)
    await expect(page.locator("#kept-list")).to_contain_text("Đã gửi, mã", timeout=60_000)
    assert time.monotonic() - tries[0] >= 1.9
    assert len(await stored(database)) == 1


async def test_hostile_text_is_shown_as_text(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected=AWAY)).page
    await ready(page)
    await page.context.set_offline(True)
    await page.get_by_label("Địa chỉ hoặc nơi gần đó").fill(HOSTILE)
    await fill(page, HOSTILE)
    await send(page)
    await expect(page.locator(".kept-text")).to_have_text(HOSTILE)
    await page.context.set_offline(False)
    await expect(page.locator("#kept-list")).to_contain_text("Đã gửi, mã", timeout=60_000)
    await page.get_by_role("link", name="Xem").click()
    await expect(page.get_by_text(HOSTILE).first).to_be_visible()
    [found] = await stored(database)
    assert (found.address, found.description) == (HOSTILE, HOSTILE)


async def test_without_javascript_the_whole_form_works(opening: Opening, database: Database):
    page = (await opening("/report", PHONE, expected="422", java_script_enabled=False)).page
    chooser = await page.locator("#photos").bounding_box()
    assert chooser is not None
    assert chooser["x"] + chooser["width"] < PHONE["width"]
    await page.set_input_files("#photos", [picture()])
    await page.get_by_label("Địa chỉ hoặc nơi gần đó").fill("12 Đường Thử")
    await send(page)
    summary = page.locator("#summary")
    await expect(summary.get_by_role("link")).to_have_count(2)
    await expect(page.locator(".thumb img")).to_be_visible()
    await expect(page.get_by_label("Địa chỉ hoặc nơi gần đó")).to_have_value("12 Đường Thử")
    await page.get_by_role("combobox", name="Tổ dân phố", exact=True).select_option(label="Tổ dân phố số 2")
    await page.get_by_label("An toàn giao thông").check()
    await send(page)
    await page.wait_for_url("**/r/*new=1*")
    [found] = await stored(database)
    assert (found.address, found.photos) == ("12 Đường Thử", 1)
    assert 108.22 < found.longitude < 108.24


async def test_the_language_is_switched_and_what_was_written_stays(opening: Opening):
    page = (await opening("/report", PHONE)).page
    await ready(page)
    await page.get_by_label("Nói thêm").fill("Đèn đường hỏng")
    await draft_is_kept(page, "Đèn đường hỏng")
    await page.get_by_role("link", name="English").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Report a problem")
    await expect(page.get_by_label("Tell more")).to_have_value("Đèn đường hỏng")


async def test_the_page_opens_without_a_network_and_is_never_stale_with_one(opening: Opening):
    page = (await opening("/report", PHONE, expected=AWAY)).page
    await ready(page)
    context: BrowserContext = page.context
    await context.set_offline(True)
    await page.goto("/report?lat=15.99&lon=108.23")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Báo sự cố")
    await page.locator("html.keeps").wait_for()
    await context.set_offline(False)
    served = await page.goto("/report?lang=en")
    assert served is not None
    await expect(page.get_by_role("heading", level=1)).to_have_text("Report a problem")
    kept = await page.evaluate("caches.keys()")
    assert len(kept) == 1
