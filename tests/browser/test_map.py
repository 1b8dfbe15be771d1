"""The digital map in real Chromium: what a resident sees and does, by finger, mouse and keyboard."""

import re
from urllib.parse import quote

import pytest
from playwright.async_api import expect

from geo.database import Database
from tests.browser.axe import LOOKS, by_day_and_night
from tests.browser.conftest import DESKTOP, PHONE, Opening
from tests.browser.ward_map import group, lay, pick, places, unfold
from tests.maps.small_ward import HOSTILE, PRODUCT

TOOLS = ("Gần tôi", "Lọc", "Chia sẻ")


@pytest.fixture(autouse=True)
async def ward(database: Database) -> None:
    await lay(database)


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
async def test_the_map_shows_the_ward(opening: Opening, viewport, scheme):
    page = (await opening(viewport=viewport, color_scheme=scheme)).page
    await expect(places(page)).to_have_count(5)
    await expect(page.locator("path.ward-edge")).to_have_count(1)
    await expect(page.locator("path.neighbourhood")).to_have_count(2)
    await expect(page.locator(".cluster, .incident").first).to_be_visible()
    await expect(page.get_by_text("Chưa có nền bản đồ")).to_be_visible()
    await expect(page.locator("#notice")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") == viewport["width"]


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
async def test_axe_finds_nothing(opening: Opening, viewport, scheme):
    page = (await opening("/?heat=1", viewport=viewport, color_scheme=scheme, reduced_motion="reduce")).page
    await expect(places(page)).to_have_count(5)
    await expect(page.locator(".cluster").first).to_be_visible()
    await page.locator("#open-filters").click()
    await expect(page.locator("#group-incidents")).to_have_attribute("open", "")
    for layer in ("heat", "cultural-houses", "health", "homes", "neighbourhoods"):
        await unfold(page, layer)
    await page.get_by_text("Chọn từng trạng thái").click()
    assert await by_day_and_night(page) == []
    await page.get_by_role("combobox").fill("so 2")
    await page.keyboard.press("ArrowDown")
    assert await by_day_and_night(page) == []
    await page.get_by_role("option", name="Nhà văn hóa số 2").click()
    await expect(page.locator("#card")).to_be_visible()
    assert await by_day_and_night(page) == []
    await page.locator("#card").get_by_role("button", name="Tổ dân phố số 2").click()
    await expect(page.locator("#card")).to_contain_text("phản ánh đang được xử lý")
    assert await by_day_and_night(page) == []
    await page.locator("#card").get_by_role("button", name="Chia sẻ").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await by_day_and_night(page) == []


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_a_tapped_place_opens_its_card(opening: Opening, viewport):
    page = (await opening(viewport=viewport)).page
    await page.locator('.place[data-kind="CULTURAL_HOUSE"]').click()
    card = page.locator("#card")
    await expect(card.get_by_role("heading")).to_have_text("Nhà văn hóa số 2")
    await expect(card).to_contain_text("12 Đường Thử")
    await expect(card).to_contain_text("7:30-17:00")
    await expect(card.get_by_role("link", name="Gọi 0236 3000 111")).to_have_attribute("href", "tel:02363000111")
    way = card.get_by_role("link", name=re.compile("Chỉ đường"))
    await expect(way).to_have_attribute("href", "https://www.google.com/maps/dir/?api=1&destination=16,108.23")
    await card.get_by_role("button", name="Đóng").click()
    await expect(card).to_be_hidden()


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_shows_exactly_so_everywhere(opening: Opening, name):
    page = (await opening()).page
    await expect(places(page)).to_have_count(5)
    assert name in await places(page).evaluate_all("markers => markers.map((marker) => marker.title)")
    await pick(page, "others", name)
    await expect(page.locator("#card h2")).to_have_text(name)
    await expect(group(page, "others").locator('[aria-current="true"]')).to_have_text(name)
    assert PRODUCT not in await page.content()
    assert await page.locator("#card script").count() == 0


async def test_clusters_split_into_incidents_whose_card_says_what_and_when(opening: Opening):
    page = (await opening()).page
    cluster = page.locator(".cluster").first
    await expect(page.locator(".cluster")).to_have_text(["9"])
    await cluster.click()
    await expect(page.locator(".incident")).not_to_have_count(0)
    await expect(page.locator('.cluster:has-text("9")')).to_have_count(0)
    await page.locator(".incident").first.click()
    card = page.locator("#card")
    await expect(card.get_by_role("heading")).to_have_text("Rác thải, môi trường")
    await expect(card).to_contain_text("Đã tiếp nhận")
    await expect(card).to_contain_text("20/11/2026 09:05")
    await expect(card).to_contain_text("23/11/2026 09:05")
    assert "Rác trước ngõ" not in await card.inner_text()


MANY = """async (total) => {
    const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
    const { tell } = await import(loaded.find((name) => name.includes("incident_list")));
    const properties = { n: 1, code: "x", reportedAt: "2026-11-20T02:05:00Z", icon: "trash-2", status: "RECEIVED" };
    const features = Array.from({ length: total }, () => ({ properties, geometry: { coordinates: [108.2, 16] } }));
    tell({ total, features }, { key: () => "one", name: () => "Rác thải", nameAt: () => "", open() {} });
}"""
"""The list as it would be with so many reports in view."""


async def test_the_list_says_what_the_map_shows_and_never_a_private_kind(opening: Opening):
    page = (await opening()).page
    await unfold(page, "incidents")
    await expect(page.locator(".cluster")).to_have_attribute("title", "9 phản ánh ở Tổ dân phố số 2")
    await expect(page.locator("#incident-list > li")).to_have_count(10)  # also what the map gathers, one by one
    await expect(page.locator("#incident-list")).to_contain_text("An toàn giao thông")
    await expect(page.locator("#incident-summary")).to_have_text("10 phản ánh trong vùng đang xem")
    row = page.locator("#incident-list > li", has_text="Tổ dân phố số 2 · 20/11/2026 09:05").first
    await row.get_by_role("link", name="Rác thải, môi trường").click()
    await expect(page.locator("#card h2")).to_have_text("Rác thải, môi trường")
    await expect(page.locator(".incident.is-chosen")).to_be_visible()  # the map came so near that it stands for itself
    await page.get_by_role("button", name="Xem cả phường").click()
    assert "An ninh trật tự" not in await page.content()
    await page.get_by_role("radio", name="Đã xong").check(force=True)
    await expect(page.locator("#incident-summary")).to_have_text("Không có phản ánh nào trong vùng đang xem.")
    await expect(page.locator(".cluster, .incident")).to_have_count(0)
    await page.evaluate(MANY, 101)
    await expect(page.locator("#incident-list > li")).to_have_count(100)
    await expect(page.locator("#incident-summary")).to_have_text(
        "101 phản ánh trong vùng đang xem. Danh sách chỉ nêu 100 mục. Phóng to bản đồ để xem các mục còn lại."
    )


async def test_a_place_is_found_and_left_by_keyboard_alone(opening: Opening):
    page = (await opening()).page
    await expect(places(page)).to_have_count(5)
    await page.locator("#search").focus()
    # Three tools, the reports' group and its switch, the heat map's, the cultural houses'; open it; its first row.
    for key in ("Tab",) * 8 + ("Enter", "Tab", "Enter"):
        await page.keyboard.press(key)
    await expect(page.locator("#card")).to_be_visible()
    await expect(page.locator("#card")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Đóng")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#card")).to_be_hidden()
    await expect(group(page, "cultural-houses").locator(".item")).to_be_focused()


async def test_a_layer_is_hidden_and_shown_by_its_switch(opening: Opening):
    page = (await opening()).page
    await expect(places(page)).to_have_count(5)
    switch = group(page, "others").get_by_role("switch")
    await switch.uncheck()
    await expect(places(page)).to_have_count(2)
    await switch.check()
    await expect(places(page)).to_have_count(5)
    await group(page, "neighbourhoods").get_by_role("switch").uncheck()
    await expect(page.locator("path.neighbourhood")).to_have_count(0)
    await group(page, "incidents").get_by_role("switch").uncheck()
    await expect(page.locator(".cluster, .incident")).to_have_count(0)


async def test_a_tapped_neighbourhood_tells_its_team_and_leads_to_its_house(opening: Opening):
    page = (await opening()).page
    await pick(page, "neighbourhoods", "Tổ dân phố số 2")
    card = page.locator("#card")
    await expect(card).to_contain_text("Tổ công nghệ số Tổ dân phố số 2")
    await expect(page.locator("path.neighbourhood.is-chosen")).to_have_count(1)
    await card.get_by_role("button", name="Nhà văn hóa số 2").click()
    await expect(card.get_by_role("heading")).to_have_text("Nhà văn hóa số 2")
    await expect(page.locator("path.neighbourhood.is-chosen")).to_have_count(0)


async def test_neighbourhood_names_stand_on_the_map_from_near(opening: Opening):
    page = (await opening()).page
    await expect(page.locator("path.neighbourhood")).to_have_count(2)
    await expect(page.locator(".neighbourhood-label.has-room")).to_have_count(0)
    await pick(page, "cultural-houses", "Nhà văn hóa số 2")
    await expect(page.locator(".neighbourhood-label.has-room")).not_to_have_count(0)


async def test_the_sheet_has_three_heights_by_key_tap_and_drag(opening: Opening):
    page = (await opening(viewport=PHONE, reduced_motion="reduce")).page
    panel, handle = page.locator("#panel"), page.locator("#panel-handle")
    await expect(panel).to_have_attribute("data-height", "peek")
    await handle.press("ArrowUp")
    await expect(panel).to_have_attribute("data-height", "half")
    await expect(handle).to_have_attribute("aria-expanded", "true")
    await handle.click()
    await expect(panel).to_have_attribute("data-height", "full")
    box = await handle.bounding_box()
    assert box is not None
    await page.mouse.move(180, box["y"] + 20)
    await page.mouse.down()
    await page.mouse.move(180, 700, steps=12)
    await page.mouse.up()
    await expect(panel).to_have_attribute("data-height", "peek")
    await expect(page.locator("#report")).to_be_in_viewport()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_everything_to_tap_is_44_pixels(opening: Opening, viewport):
    page = (await opening(viewport=viewport)).page
    if viewport is PHONE:
        await page.locator("#panel-handle").press("ArrowUp")
    await unfold(page, "incidents")
    small = await page.evaluate(
        """(selector) => [...document.querySelectorAll(selector)]
              .filter((element) => element.checkVisibility())
              .map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect().height])
              .filter(([, height]) => height < 44)""",
        ".button, .map-button, .tool, .chip, summary, .switch, .segments label, .language, .items li, #search",
    )
    assert small == []


async def test_the_numbers_to_call_are_at_the_foot_of_the_list(opening: Opening):
    page = (await opening()).page
    await page.get_by_text("Số điện thoại cần biết").click()
    numbers = page.locator("#numbers")
    ward_office = numbers.get_by_role("link", name=re.compile("Ủy ban nhân dân phường"))
    await expect(ward_office).to_have_attribute("href", "tel:02363000111")
    await expect(numbers.get_by_role("link", name=re.compile("113"))).to_have_attribute("href", "tel:113")


async def test_without_javascript_the_list_is_there_and_can_be_searched_and_filtered(opening: Opening):
    page = (await opening(java_script_enabled=False)).page
    await expect(page.locator("#ward_map")).to_be_hidden()
    await page.locator("summary", has_text="Nhà văn hóa").click()
    await expect(page.get_by_text("Nhà văn hóa số 2")).to_be_visible()
    await expect(page.get_by_role("link", name="Chỉ đường").first).to_be_visible()
    await expect(page.get_by_role("link", name="Báo sự cố")).to_have_attribute("href", "/report")
    await page.locator("#search").fill("nha van hoa")
    await page.get_by_role("button", name="Tìm", exact=True).click()
    await expect(page.get_by_text("Nhà văn hóa số 2")).to_be_visible()
    await expect(page.get_by_role("link", name="Ủy ban nhân dân phường")).to_have_count(0)
    await page.goto("/")
    await unfold(page, "incidents")
    await page.get_by_role("checkbox", name=re.compile("An toàn giao thông")).check(force=True)
    await page.get_by_role("button", name="Xem danh sách phản ánh").click()
    await expect(page.locator("#incident-list > li")).to_have_count(1)
    link = page.locator("#incident-list").get_by_role("link", name="An toàn giao thông")
    await expect(link).to_have_attribute("href", re.compile("^/r/20314-"))


async def test_the_language_is_switched_and_kept(opening: Opening):
    page = (await opening()).page
    await page.get_by_role("link", name="English").click()
    await expect(page.get_by_role("heading", name="Cultural house")).to_be_visible()
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await page.get_by_role("link", name="Tiếng Việt").click()
    await expect(page.locator("html")).to_have_attribute("lang", "vi")


async def test_a_ward_that_is_not_there_gets_a_page_that_helps(opening: Opening):
    page = (await opening(f"/?ward={quote('99999')}", expected="404")).page
    await expect(page.get_by_role("heading")).to_have_text("Chưa có phường này trên bản đồ số")


@pytest.mark.parametrize("card", [False, True], ids=["list", "card"])
async def test_at_320_pixels_and_twice_the_text_nothing_is_lost_or_beside_the_screen(opening: Opening, card):
    page = (await opening(viewport={"width": 320, "height": 640}, reduced_motion="reduce")).page
    await expect(places(page)).to_have_count(5)
    await page.evaluate("document.documentElement.style.fontSize = '34px'")
    if card:
        await page.locator("#panel-handle").press("ArrowUp")
        await pick(page, "neighbourhoods", "Tổ dân phố số 2")
        await expect(page.locator("#card").get_by_role("button", name="Chia sẻ")).to_be_visible()
    else:
        await expect(page.get_by_role("combobox")).to_be_in_viewport(ratio=1)
        for name in TOOLS:  # one row, which scrolls, so that the map keeps its room
            await page.get_by_role("button", name=name).scroll_into_view_if_needed()
            await expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=0.99)
        await expect(page.locator(".masthead .badge")).to_be_visible()
        await expect(page.get_by_role("link", name="Báo sự cố")).to_be_in_viewport(ratio=1)
    outside = """() => [...document.querySelectorAll(".masthead *, .panel *, .card *")]
        .filter((one) => one.checkVisibility() && !one.closest(".tools"))
        .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
        .map((one) => one.outerHTML.slice(0, 80))"""
    assert await page.evaluate(outside) == []
    assert await page.evaluate("document.documentElement.scrollWidth") == 320
