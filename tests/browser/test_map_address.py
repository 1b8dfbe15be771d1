"""What the digital map shows is in its address: filters, layers, heat, card and view; shared, and left by Back."""

import re

import pytest
from playwright.async_api import Page, expect

from geo.database import Database
from tests.browser.conftest import DESKTOP, PHONE, Opening
from tests.browser.ward_map import group, lay, pick, places, unfold
from tests.maps.small_ward import report


@pytest.fixture(autouse=True)
async def ids(database: Database):
    ids = await lay(database)
    await report(database, 108.205, 15.985, status="REJECTED")
    return ids


async def chip(page: Page, name: str) -> None:
    await page.get_by_role("checkbox", name=re.compile(name)).check(force=True)


async def test_kinds_and_statuses_are_filtered_with_their_numbers(opening: Opening):
    page = (await opening()).page
    await expect(page.locator("#incident-count")).to_have_text("10")
    await page.get_by_role("button", name="Lọc").click()
    environment = page.locator(".chip", has_text="Rác thải, môi trường")
    await expect(environment.locator(".count")).to_have_text("9")
    await chip(page, "An toàn giao thông")
    await expect(page.locator("#incident-count")).to_have_text("1")
    await expect(page.locator(".cluster")).to_have_count(0)
    await expect(page.locator(".incident")).to_have_count(1)
    await expect(page).to_have_url(re.compile("kind=TRAFFIC"))
    await page.get_by_role("radio", name="Tất cả").check(force=True)
    await expect(environment.locator(".count")).to_have_text("10")
    await page.get_by_text("Chọn từng trạng thái").click()
    await page.get_by_role("checkbox", name=re.compile("Đã tiếp nhận")).uncheck(force=True)
    await expect(page.locator(".incident")).to_have_count(0)
    await expect(page.get_by_role("radio", name="Tất cả")).not_to_be_checked()
    await page.get_by_role("button", name="Bỏ lọc, xem phản ánh chưa xong").click()
    await expect(page.locator("#incident-count")).to_have_text("10")
    await expect(page).not_to_have_url(re.compile("kind|status"))


async def test_nothing_is_shown_where_every_status_is_taken_away(opening: Opening):
    page = (await opening("/?status=REJECTED")).page
    await expect(page.locator(".incident")).to_have_count(1)
    await page.get_by_role("button", name="Lọc").click()
    await page.get_by_role("checkbox", name=re.compile("Không thuộc phạm vi")).uncheck(force=True)
    await expect(page.locator(".incident")).to_have_count(0)
    await expect(page.locator("#incident-summary")).to_have_text("Không có phản ánh nào trong vùng đang xem.")


async def test_an_address_opens_what_it_was_copied_from(opening: Opening, ids):
    house = ids["Nhà văn hóa số 2"]
    query = f"/?status=all&kind=TRAFFIC&off=others,neighbourhoods&heat=1&at=15/15.995/108.215&place={house}"
    page = (await opening(query)).page
    await expect(page).to_have_title("Nhà văn hóa số 2 · Bản đồ số Phường Thử")
    await expect(page.locator("#card h2")).to_have_text("Nhà văn hóa số 2")
    await unfold(page, "incidents")
    await expect(page.get_by_role("radio", name="Tất cả")).to_be_checked()
    await expect(page.get_by_role("checkbox", name=re.compile("An toàn giao thông"))).to_be_checked()
    await expect(group(page, "others").get_by_role("switch")).not_to_be_checked()
    await expect(places(page)).to_have_count(2)
    await expect(page.locator("path.neighbourhood")).to_have_count(0)
    await expect(page.locator("canvas.heat")).to_have_count(1)
    assert await page.evaluate("ward_map.getZoom()") == 15
    assert await page.evaluate("ward_map.getCenter().lat") == pytest.approx(15.995, abs=1e-3)


async def test_an_address_that_names_what_is_not_there_opens_the_map(opening: Opening):
    page = (await opening("/?place=gone&kind=%00&status=NONE&at=NaN/x/y&off=nothing&neighbourhood=1")).page
    await expect(places(page)).to_have_count(5)
    await expect(page.locator("#card")).to_be_hidden()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_back_closes_a_card_and_forward_opens_it(opening: Opening, viewport):
    page = (await opening(viewport=viewport)).page
    await expect(places(page)).to_have_count(5)
    await page.locator('.place[data-kind="CULTURAL_HOUSE"]').click()
    await expect(page).to_have_url(re.compile(r"place=[0-9a-f-]{36}"))
    await page.locator("#card").get_by_role("button", name="Tổ dân phố số 2").click()
    await expect(page).to_have_url(re.compile(r"neighbourhood=[0-9a-f-]{36}"))
    await page.go_back()
    await expect(page.locator("#card")).to_be_hidden()
    await expect(page).not_to_have_url(re.compile("place=|neighbourhood="))
    await page.go_forward()
    await expect(page.locator("#card h2")).to_have_text("Tổ dân phố số 2")
    await page.locator("#card").get_by_role("button", name="Đóng").click()
    await expect(page.locator("#card")).to_be_hidden()
    await expect(page).not_to_have_url(re.compile("neighbourhood="))


async def test_moving_and_switching_are_kept_without_a_step_back(opening: Opening):
    page = (await opening()).page
    await expect(places(page)).to_have_count(5)
    before = await page.evaluate("history.length")
    await page.get_by_role("button", name="Phóng to").click()
    await group(page, "others").get_by_role("switch").uncheck()
    await expect(page).to_have_url(re.compile("off=others.*at=1[0-9.]+/1[56][0-9.]+/108"))
    assert await page.evaluate("history.length") == before
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(places(page)).to_have_count(2)


async def test_the_heat_map_is_drawn_below_the_pins_and_told_in_words(opening: Opening):
    page = (await opening()).page
    await expect(page.locator(".cluster")).to_have_count(1)
    await group(page, "heat").get_by_role("switch").check()
    await expect(page.locator("canvas.heat")).to_have_count(1)
    await expect(page.locator("#heat-words li")).to_have_text(["Tổ dân phố số 2khoảng 9", "Tổ dân phố số 10khoảng 1"])
    await expect(page.locator("#heat-legend")).to_be_visible()
    painted = """() => {
        const { width, height } = document.querySelector("canvas.heat");
        const picture = document.querySelector("canvas.heat").getContext("2d").getImageData(0, 0, width, height);
        return picture.data.filter((value, at) => at % 4 === 3 && value).length;
    }"""
    assert await page.evaluate(painted) > 100
    heat, pins = page.locator(".leaflet-heat-pane"), page.locator(".leaflet-marker-pane")
    above = [await pane.evaluate("pane => +getComputedStyle(pane).zIndex") for pane in (heat, pins)]
    assert above[0] < above[1]
    await page.get_by_role("button", name="Lọc").click()
    await chip(page, "An toàn giao thông")
    await expect(page.locator("#heat-words li")).to_have_text(["Tổ dân phố số 10khoảng 1"])
    await group(page, "heat").get_by_role("switch").uncheck()
    await expect(page.locator("canvas.heat")).to_have_count(0)


async def test_the_list_of_incidents_leads_to_their_progress(opening: Opening):
    page = (await opening("/?kind=TRAFFIC")).page
    await unfold(page, "incidents")
    row = page.locator("#incident-list").get_by_role("link", name="An toàn giao thông")
    await expect(row).to_have_attribute("href", re.compile(r"^/r/20314-\w{6}\?ward=20314$"))
    await row.click()
    code = await page.locator("#card dd").last.inner_text()
    await expect(page).to_have_url(re.compile(f"incident={code}"))
    await page.reload()
    await expect(page.locator("#card h2")).to_have_text("An toàn giao thông")
    assert await page.evaluate("ward_map.getZoom()") < 19


async def test_the_share_dialog_tells_link_and_snippet(opening: Opening):
    page = (await opening("/?kind=TRAFFIC")).page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await pick(page, "neighbourhoods", "Tổ dân phố số 2")
    await page.locator("#card").get_by_role("button", name="Chia sẻ").click()
    dialog = page.get_by_role("dialog", name="Chia sẻ bản đồ này")
    link = await dialog.get_by_label("Liên kết tới đúng những gì đang xem").input_value()
    assert "kind=TRAFFIC" in link
    assert "neighbourhood=" in link
    snippet = await dialog.get_by_label("Đoạn mã").input_value()
    assert re.match(r'<iframe src="http://127\.0\.0\.1:\d+/\?embed=1&amp;kind=TRAFFIC&amp;neighbourhood=', snippet)
    await dialog.get_by_role("button", name="Sao chép liên kết").click()
    await expect(dialog.get_by_role("status")).to_have_text("Đã sao chép.")
    assert await page.evaluate("navigator.clipboard.readText()") == link
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
