"""Without a network in real Chromium: every page says so and leads on to reporting; nothing private is kept for it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from geo.database import Database
from tests import ward
from tests.browser.axe import LOOKS, by_day_and_night
from tests.browser.conftest import PHONE, Opening
from tests.browser.test_report import AWAY, WAITING, eventually, fill, position, ready, send, stored, syncing
from tests.ward import IN_FIRST

CUT_OFF = re.compile("Đang mất mạng|Chưa kết nối được")
"""Whether a machine without network interfaces counts as connected, Chromium decides."""


@pytest.fixture(autouse=True)
async def laid(database: Database) -> ward.Ward:
    async with database.write() as connection:
        return await ward.build(connection)


async def kept_ready(page: Page) -> None:
    """Until the service worker, which is asked for when a page has come to rest, has the page."""
    await eventually(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))


async def kept_addresses(page: Page) -> list[str]:
    """The paths of all pages and data in the caches: all but files of our own build."""
    found: list[str] = await page.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys())))
            .flat().map((request) => request.url.slice(location.origin.length))
            .filter((path) => !path.startsWith('/static/'))"""
    )
    return sorted(found)


@pytest.mark.parametrize("path", ["/", "/r", "/stats"])
async def test_a_page_that_was_opened_once_leads_to_reporting_without_a_network(
    opening: Opening, database: Database, path: str
) -> None:
    page = (await opening(path, PHONE, **syncing(IN_FIRST), expected=AWAY)).page
    await kept_ready(page)
    await page.context.set_offline(True)
    await page.goto(path)
    await expect(page.get_by_role("heading", level=1)).to_have_text(CUT_OFF)
    await expect(page.get_by_text("Trang này cần mạng để mở.")).to_be_visible()
    await page.get_by_role("link", name="Báo sự cố (gửi được khi có mạng lại)").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Báo sự cố")
    await fill(page)
    await send(page)
    await expect(page.locator("#kept-list")).to_contain_text(WAITING)
    await page.goto(path)
    await expect(page.locator("#kept-list")).to_contain_text(WAITING)
    await expect(page.locator("#kept-list")).to_contain_text("Rác trước ngõ")
    assert await stored(database) == []


async def test_the_page_opens_by_itself_once_there_is_a_network(opening: Opening) -> None:
    page = (await opening("/r", PHONE, expected=AWAY)).page
    await kept_ready(page)
    await page.context.set_offline(True)
    await page.goto("/stats")
    async with page.expect_event("load"):  # until the new page listens
        await page.get_by_role("link", name="Thử lại").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(CUT_OFF)
    await page.context.set_offline(False)
    await expect(page.get_by_role("heading", level=1)).not_to_have_text(CUT_OFF)
    assert page.url.endswith("/stats")


async def test_codes_stay_on_this_phone_and_nothing_private_does(opening: Opening, database: Database) -> None:
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected=AWAY)).page
    await ready(page)
    await fill(page, "Chuyện riêng của nhà tôi")
    await send(page)
    await page.wait_for_url("**/r/*new=1*")
    [found] = await stored(database)
    await page.goto("/r")
    await expect(page.get_by_text(found.tracking_code)).to_be_visible()
    await page.goto("/")
    await page.goto("/report?lat=15.99&lon=108.23")
    await page.locator("html.keeps").wait_for()
    await expect(page.locator("#kept")).to_be_hidden()

    async def are_kept() -> bool:  # the worker keeps a page beside what it answers
        kept = [path for path in await kept_addresses(page) if not path.startswith("/map/")]
        return kept == ["/offline", "/report", f"/report?ward={ward.CODE}"]

    await eventually(are_kept)
    assert "15.99" not in await page.evaluate("caches.match('/report').then((answer) => answer.text())")
    await page.context.set_offline(True)
    await page.goto(f"/r/{found.tracking_code}")
    await expect(page.locator("#kept-list")).to_contain_text(f"Đã gửi, mã {found.tracking_code}")
    assert "Chuyện riêng" not in await page.content()


async def test_a_server_that_does_not_answer_is_not_called_a_lost_network(opening: Opening) -> None:
    page = (await opening("/report", PHONE, expected=AWAY)).page
    await ready(page)
    shown = await page.goto("/offline")
    assert shown is not None
    assert shown.status == 200
    await expect(page.get_by_role("heading", level=1)).to_have_text("Chưa kết nối được")
    await expect(page.get_by_role("link", name="Thử lại")).to_have_attribute("href", "/")


async def test_the_language_chosen_last_is_spoken_without_a_network(opening: Opening) -> None:
    page = (await opening("/r", PHONE, expected=AWAY)).page
    await kept_ready(page)
    await page.goto("/r?lang=en")

    async def is_english() -> bool:
        text: Any = await page.evaluate("caches.match('/offline').then((answer) => answer.text())")
        return "This page needs a network to open." in text

    await eventually(is_english)
    await page.context.set_offline(True)
    await page.goto("/stats")
    await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("No network|Not connected"))


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
async def test_axe_finds_nothing(opening: Opening, viewport: dict[str, int], scheme: str) -> None:
    look: dict[str, Any] = {"color_scheme": scheme, "reduced_motion": "reduce"}
    page = (await opening("/report", viewport, expected=AWAY, **look, **position(IN_FIRST))).page
    await ready(page)
    await page.context.set_offline(True)
    await fill(page)
    await send(page)
    await expect(page.locator("#kept-list")).to_contain_text(WAITING)
    await page.goto("/stats")
    await expect(page.locator("#kept-list")).to_contain_text(WAITING)
    assert await by_day_and_night(page) == []
    for width in (320, 360):
        await page.set_viewport_size({"width": width, "height": 640})
        await page.evaluate("document.documentElement.style.setProperty('font-size', '34px')")
        assert await page.evaluate("document.documentElement.scrollWidth") == width
