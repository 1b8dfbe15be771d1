"""The digital map while the network is slow, broken or gone."""

import pytest
from playwright.async_api import expect

from geo.database import Database
from tests.browser.conftest import Opening, held_back
from tests.browser.test_report import AWAY
from tests.browser.ward_map import lay, pick, places


@pytest.fixture(autouse=True)
async def ward(database: Database) -> None:
    await lay(database)


async def test_a_tap_before_the_data_have_come_is_kept(opening: Opening):
    page = (await opening()).page
    may_come = await held_back(page, "**/map/places.geojson*")
    await page.reload()
    await pick(page, "neighbourhoods", "Tổ dân phố số 2")
    await expect(page.locator("#card")).to_be_hidden()
    may_come.set()
    await expect(page.locator("#card")).to_contain_text("Nhà văn hóa số 2")


async def test_a_lost_server_is_said_and_tried_again(opening: Opening):
    watched = await opening()
    page = watched.page
    await expect(places(page)).to_have_count(5)
    await page.route("**/map/incidents*", lambda route: route.abort())
    await page.get_by_role("button", name="Phóng to").click()
    notice = page.locator("#notice")
    await expect(notice).to_contain_text("Chưa tải được dữ liệu bản đồ")
    await page.unroute("**/map/incidents*")
    await notice.get_by_role("button", name="Thử lại").click()
    await expect(notice).to_be_hidden()
    assert watched.complaints
    watched.complaints.clear()  # the browser's own words about the request that we broke


async def test_losing_the_network_is_said_and_over_when_it_is_back(opening: Opening):
    page = (await opening(expected=AWAY)).page  # the worker may be asked for while it is away
    await expect(places(page)).to_have_count(5)
    await page.context.set_offline(True)
    await expect(page.locator("#notice")).to_contain_text("Mất kết nối mạng")
    await page.context.set_offline(False)
    await expect(page.locator("#notice")).to_be_hidden()
