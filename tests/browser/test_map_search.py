"""Search on the digital map: without diacritics, by keyboard, over places, neighbourhoods, teams and codes."""

import re

import pytest
from playwright.async_api import expect

from geo.database import Database
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE, Opening
from tests.browser.ward_map import group, lay, places
from tests.maps.searches import FOUND, THINGS
from tests.maps.small_ward import HOSTILE


@pytest.fixture(autouse=True)
async def ward(database: Database) -> None:
    await lay(database)


async def test_search_needs_no_diacritics(opening: Opening):
    page = (await opening()).page
    search = page.get_by_role("combobox", name="Tìm địa điểm, tổ dân phố, mã phản ánh")
    await expect(search).to_have_attribute("aria-expanded", "false")
    await search.fill("UY BAN nhan dan")
    await expect(page.get_by_role("listbox", name="Kết quả tìm kiếm").get_by_role("option")).to_have_count(1)
    await expect(search).to_have_attribute("aria-expanded", "true")
    await expect(page.locator("#result-count")).to_have_text("1 kết quả")
    await expect(group(page, "cultural-houses")).to_be_hidden()
    await page.get_by_role("option", name="Ủy ban nhân dân phường").click()
    await expect(page.locator("#card h2")).to_have_text("Ủy ban nhân dân phường")


async def test_a_team_is_found_by_its_name_and_shows_its_neighbourhood(opening: Opening):
    page = (await opening()).page
    await page.get_by_role("combobox").fill("cong nghe so 10")
    await page.get_by_role("option", name=re.compile("^Tổ công nghệ số Tổ dân phố số 10")).click()
    await expect(page.locator("#card h2")).to_have_text("Tổ dân phố số 10")


async def test_what_is_not_there_is_said_and_clearing_shows_the_list_again(opening: Opening):
    page = (await opening()).page
    await page.get_by_role("combobox").fill("<b>không có</b>")
    await expect(page.locator("#no-match")).to_contain_text("Không tìm thấy “<b>không có</b>”")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("combobox")).to_have_value("")
    await expect(group(page, "cultural-houses")).to_be_visible()
    await expect(page.locator("details[open]")).to_have_count(0)


async def test_results_are_walked_through_and_chosen_by_keyboard(opening: Opening):
    page = (await opening(viewport=PHONE)).page
    await expect(places(page)).to_have_count(5)
    search = page.get_by_role("combobox")
    await search.focus()
    await expect(page.locator("#panel")).to_have_attribute("data-height", "full")
    await page.keyboard.type("to dan pho so")
    options = page.get_by_role("option")
    await expect(options.first).to_contain_text("Tổ dân phố số 2")
    total = await options.count()
    await page.keyboard.press("ArrowDown")
    await expect(search).to_have_attribute("aria-activedescendant", "result-0")
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowUp")
    await expect(search).to_have_attribute("aria-activedescendant", f"result-{total - 1}")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("#card h2")).to_have_text("Tổ dân phố số 2")
    await page.keyboard.press("Escape")
    await expect(page.locator("#card")).to_be_hidden()
    await expect(search).to_be_focused()
    await expect(search).to_have_value("to dan pho so")


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_search_and_name_are_text(opening: Opening, name):
    page = (await opening()).page
    await page.get_by_role("combobox").fill(name)
    await expect(page.get_by_role("option").first).to_contain_text(name)
    assert await page.locator("#results script").count() == 0


@pytest.mark.parametrize("text", ["20314-7K3F9Q", "203147k3f9q", "7k3f9q"])
async def test_a_tracking_code_leads_to_its_report(opening: Opening, text):
    watched = await opening(expected="404")  # where the service worker fetches it, past the page's own routes
    page = watched.page
    await page.route("**/r/**", lambda route: route.fulfill(status=200, body="<h1>Tiến độ</h1>"))
    await page.get_by_role("combobox").fill(text)
    await expect(page.get_by_role("option")).to_contain_text(["20314-7K3F9Q"])
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/r/20314-7K3F9Q?ward=20314")


async def test_the_browser_orders_what_is_found_as_the_server_does(opening: Opening):
    page = (await opening()).page
    orders = await page.evaluate(
        """async ([things, searches]) => {
             const { answers } = await import(document.querySelector('[href*="common/finding"]').href);
             return searches.map((search) => answers(search, things, (thing) => thing).map(([title]) => title));
           }""",
        [THINGS, [search for search, _ in FOUND]],
    )
    assert orders == [titles for _, titles in FOUND]


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_results_longer_than_the_list_can_be_scrolled_by_keyboard(opening: Opening, viewport):
    page = (await opening(viewport={**viewport, "height": 480}, reduced_motion="reduce")).page
    await page.get_by_role("combobox").fill("o")
    await expect(page.locator("#panel-body")).to_have_attribute("tabindex", "0")
    assert await page.locator("#panel-body").evaluate("body => body.scrollHeight > body.clientHeight")
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await expect(page.locator("#panel-body")).not_to_have_attribute("tabindex", "0")
