"""The bell on the pages of those who work for a ward, in real Chromium."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from geo import notices
from geo.database import Database
from geo.lifecycle import Status
from geo.notices import NewNotice
from geo.tables import NoticeKind
from tests import ward
from tests.browser.axe import LOOKS, by_day_and_night
from tests.browser.conftest import DESKTOP, Opening, application, served
from tests.ward import CLEAN, CODE, Ward

AWAY = "ERR_INTERNET_DISCONNECTED|fetching the script"
"""Without a network: of the service worker too, which is asked for some seconds after a page has come."""
NARROW = {"width": 320, "height": 640}
HOSTILE = "<img src=x onerror=alert(1)>{{ 7*7 }}"


@pytest.fixture
async def laid(database: Database) -> Ward:
    async with database.write() as connection:
        return await ward.build(connection)


@pytest.fixture
async def address(database_url: str, database: Database, laid: Ward, tmp_path: Path) -> AsyncIterator[str]:
    async with served(application(database_url, tmp_path, default_ward=CODE)) as at:
        yield at


@pytest.fixture
async def made(database: Database, laid: Ward) -> ward.Reported:
    """Of each kind one, to the staff and to the crew that cleans."""
    async with database.write() as connection:
        row: dict[str, Any] = {"address": f"Hẻm 5, đường Mẹ Thứ {HOSTILE}", "attention": "NO_CREW"}
        one = await ward.report(connection, status=Status.RECEIVED, **row)
        crew = laid.crews[CLEAN]
        for kind in (NoticeKind.REOPENED, NoticeKind.DUE_SOON, NoticeKind.OVERDUE, NoticeKind.ATTENTION):
            await notices.write(connection, [NewNotice(CODE, kind, None, one.key)])
        await notices.write(connection, [NewNotice(CODE, NoticeKind.JOB_FAILED)])
        for kind in (NoticeKind.TAKEN_BACK, NoticeKind.ASSIGNED):
            await notices.write(connection, [NewNotice(CODE, kind, crew, one.key)])
        return one


async def tell(database: Database, kind: NoticeKind = NoticeKind.OVERDUE, count: int = 1) -> None:
    async with database.write() as connection:
        await notices.write(connection, [NewNotice(CODE, kind)] * count)


async def signed_in(
    opening: Opening,
    address: str,
    database: Database,
    laid: Ward,
    by: str = "staff",
    viewport: Any = DESKTOP,
    **options: Any,
) -> Page:
    """The page of notices in the browser of somebody who is signed in."""
    async with database.write() as connection:
        token = await ward.token(connection, laid, by)
    cookie = {"name": "session", "value": token, "url": address}
    state = {"cookies": [{**cookie, "domain": "127.0.0.1", "path": "/"}], "origins": []}
    state["cookies"][0].pop("url")
    return (await opening("/notices", viewport, storage_state=state, **options)).page


def bell(page: Page) -> Any:
    return page.get_by_role("button", name=re.compile("^Thông báo"))


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
@pytest.mark.parametrize("by", ["staff", "crew-clean"])
async def test_axe_finds_nothing_with_the_list_open(
    opening: Opening,
    address: str,
    database: Database,
    laid: Ward,
    made: ward.Reported,
    viewport: Any,
    scheme: Any,
    by: str,
) -> None:
    page = await signed_in(opening, address, database, laid, by, viewport, color_scheme=scheme, reduced_motion="reduce")
    await bell(page).click()
    await expect(page.locator(".bell-list .noticed-item").first).to_be_visible()
    assert await by_day_and_night(page) == []


async def test_the_bell_tells_how_many_are_new_and_opening_it_makes_them_seen(
    opening: Opening, address: str, database: Database, laid: Ward, made: ward.Reported
) -> None:
    page = await signed_in(opening, address, database, laid)
    await expect(bell(page)).to_have_accessible_name("Thông báo 5 mới")
    await expect(page.locator(".bell-count b")).to_have_text("5")
    assert await bell(page).get_attribute("aria-expanded") == "false"
    await bell(page).focus()
    await page.keyboard.press("Enter")
    await expect(bell(page)).to_have_attribute("aria-expanded", "true")
    await expect(page.locator(".bell-list .noticed-item")).to_have_count(5)
    await expect(page.locator(".bell-list")).to_contain_text("Chưa có đội nào nhận được")
    await expect(page.locator(".bell-list")).to_contain_text(HOSTILE)
    await expect(page.locator(".bell-count")).to_be_hidden()
    await page.keyboard.press("Tab")
    await expect(page.locator(".bell-list a.noticed-what").first).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#bell-panel")).to_be_hidden()
    await expect(bell(page)).to_be_focused()
    await page.reload()
    await expect(bell(page)).to_have_accessible_name("Thông báo")
    async with database.read() as connection:
        assert await connection.scalar(sa.text("SELECT notices_seen_at FROM account WHERE username = 'staff'"))


async def test_a_new_notice_is_told_soon_after_an_incident_changed(
    opening: Opening, address: str, database: Database, laid: Ward
) -> None:
    page = await signed_in(opening, address, database, laid)
    await expect(page.locator(".bell-list .noticed-none")).to_have_count(1)
    await expect(page.locator(".bell-count")).to_be_hidden()
    await tell(database)
    await page.evaluate("document.dispatchEvent(new Event('incident-changed'))")
    await expect(page.locator(".bell-count b")).to_have_text("1")
    await expect(page.locator("#bell [role=status]")).to_have_text("Có 1 thông báo mới")


async def test_it_looks_again_by_itself(opening: Opening, address: str, database: Database, laid: Ward) -> None:
    page = await signed_in(opening, address, database, laid)
    await page.clock.install()
    await page.reload()
    await expect(page.locator(".bell-list .noticed-none")).to_have_count(1)
    await tell(database, count=120)
    await page.clock.run_for(timedelta(seconds=21).total_seconds() * 1000)
    await expect(page.locator(".bell-count b")).to_have_text("99+")


async def test_without_a_network_it_says_so_and_comes_back(
    opening: Opening, address: str, database: Database, laid: Ward, made: ward.Reported
) -> None:
    async with database.write() as connection:
        token = await ward.token(connection, laid, "staff")
    state = {"cookies": [{"name": "session", "value": token, "domain": "127.0.0.1", "path": "/"}], "origins": []}
    watched = await opening("/notices", DESKTOP, storage_state=state, expected=AWAY)
    page = watched.page
    await expect(page.locator(".bell-count b")).to_have_text("5")
    await expect(page.locator(".bell-list .noticed-item")).to_have_count(5)
    await page.context.set_offline(True)
    await bell(page).click()
    await expect(page.locator(".bell-unheard")).to_be_visible()
    await expect(page.locator(".bell-list .noticed-item")).to_have_count(5)
    await page.context.set_offline(False)
    await expect(page.locator(".bell-unheard")).to_be_hidden()
    await expect(page.locator(".bell-count")).to_be_hidden()


async def test_without_script_it_is_a_way_to_the_page_where_all_is_marked_by_a_form(
    opening: Opening, address: str, database: Database, laid: Ward, made: ward.Reported
) -> None:
    page = await signed_in(opening, address, database, laid, java_script_enabled=False)
    await expect(page.locator("#bell a.bell-way")).to_have_attribute("href", "/notices")
    await expect(page.locator("main .is-new")).to_have_count(5)
    await page.get_by_role("button", name="Đánh dấu đã xem hết").click()
    await expect(page.locator("main .noticed-item")).to_have_count(5)
    await expect(page.locator("main .is-new")).to_have_count(0)


@pytest.mark.parametrize("size", ["17px", "34px"])
async def test_on_a_narrow_phone_the_list_is_whole(
    opening: Opening, address: str, database: Database, laid: Ward, made: ward.Reported, size: str
) -> None:
    page = await signed_in(opening, address, database, laid, viewport=NARROW)
    await page.evaluate("(size) => (document.documentElement.style.fontSize = size)", size)
    await bell(page).click()
    await expect(page.locator(".bell-list .noticed-item")).to_have_count(5)
    box = await page.locator("#bell-panel").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    small = "(found) => found.filter((one) => one.getBoundingClientRect().height < 43.5).map((one) => one.className)"
    assert await page.locator("#bell button, #bell a").evaluate_all(small) == []
