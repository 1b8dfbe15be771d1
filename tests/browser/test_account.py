"""The whole way of an account: invited, a password, a second factor, out and in again, ended from elsewhere."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from geo import account_links, tables
from geo.database import Database
from geo.second_factor import CODES, Need
from geo.tables import LinkPurpose
from tests import ward
from tests.browser.axe import by_day_and_night
from tests.browser.conftest import DESKTOP, PHONE, Opening, application, served

NEW = "một câu dễ nhớ"
NARROW = {"width": 320, "height": 640}
WHOLE = """(svg) => {
    const { x, y, width, height } = svg.viewBox.baseVal, drawn = svg.querySelector("path.qrline, path").getBBox();
    const shown = svg.getBoundingClientRect(), frame = svg.parentElement.getBoundingClientRect();
    return width > 0 && x === 0 && y === 0 && drawn.width <= width && drawn.height <= height
        && shown.width <= frame.width && shown.height <= frame.height;
}"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The ward with an account of every role; none of `staff`'s sessions is open."""
    made = Database(database_url, pool_size=1)
    async with made.write() as connection:
        await ward.build(connection)
    yield made
    await made.close()


@pytest.fixture
async def address(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """The application where staff must have a second factor."""
    async with served(application(database_url, tmp_path, default_ward=ward.CODE, second_factor=Need.STAFF)) as at:
        yield at


async def well(page: Page) -> None:
    """The page is as it should be: for axe by day and night, and on the narrowest phone."""
    usual = page.viewport_size or DESKTOP
    assert await by_day_and_night(page) == [], page.url
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert await page.evaluate(WIDER) == 0, page.url
    await page.set_viewport_size(usual)


async def sign_out(page: Page) -> None:
    """On a phone, where account and signing out are in a menu."""
    await page.locator(".desk-me > summary").click()
    await page.get_by_role("button", name="Đăng xuất").click()
    await page.wait_for_url("**/sign-in?done=signed-out")


PLAIN = {"java_script_enabled": False, "reduced_motion": "reduce"}


async def test_from_an_invitation_to_a_session_ended_elsewhere(opening: Opening, database: Database) -> None:
    async with database.write() as connection:
        account = tables.account.c
        staff = await connection.scalar(sa.select(account.id).where(account.username == "staff"))
        link = await account_links.make(connection, staff, LinkPurpose.INVITATION)
    # With no script at all: each of these pages is a form.
    page = (await opening(f"/link/{link.token}", PHONE, expected="422", **PLAIN)).page
    await page.get_by_label("Mật khẩu mới", exact=True).fill(NEW)
    await page.get_by_label("Nhập lại mật khẩu mới").fill("một câu khác hẳn")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("chưa giống nhau")
    await page.get_by_label("Mật khẩu mới", exact=True).fill(NEW)
    await page.get_by_label("Nhập lại mật khẩu mới").fill(NEW)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Bật bảo mật hai lớp")
    await page.goto("/staff")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Đăng nhập")
    await page.goto("/sign-in/second-factor")
    key = (await page.locator(".key").inner_text()).replace(" ", "")
    totp = pyotp.TOTP(key)
    await page.get_by_label("Mã 6 chữ số").fill(totp.now())
    await page.keyboard.press("Enter")
    await expect(page.locator(".recovery-codes li")).to_have_count(CODES)
    recovery = await page.locator(".recovery-codes li").first.inner_text()
    await page.get_by_role("link", name="Tôi đã cất các mã").click()
    await sign_out(page)
    desk = (await opening("/sign-in?next=/account", DESKTOP, reduced_motion="reduce")).page
    await desk.get_by_label("Tên đăng nhập").fill("staff")
    await desk.get_by_label("Mật khẩu", exact=True).fill(NEW)
    await desk.keyboard.press("Enter")
    await expect(desk.get_by_role("heading", level=1)).to_have_text("Nhập mã xác thực")
    await well(desk)
    await desk.get_by_text("Không có điện thoại bên mình?").click()
    await desk.get_by_label("Mã khôi phục").fill(recovery)
    await desk.keyboard.press("Enter")
    await expect(desk.get_by_role("heading", level=1)).to_have_text("Tài khoản của tôi")
    await expect(desk.locator(".session")).to_have_count(1)
    await well(desk)
    # Elsewhere, by the next code of the app.
    await page.goto("/sign-in?next=/staff/places")
    await page.get_by_label("Tên đăng nhập").fill("staff")
    await page.get_by_label("Mật khẩu", exact=True).fill(NEW)
    await page.keyboard.press("Enter")
    await page.get_by_label("Mã 6 chữ số").fill(totp.at(totp_time(totp) + 30))
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/staff/places")
    await desk.reload()
    await expect(desk.locator(".session")).to_have_count(2)
    await desk.get_by_role("button", name="Đăng xuất Chrome").click()
    await expect(desk.locator(".told")).to_contain_text("Đã đăng xuất máy đó.")
    await expect(desk.locator(".session")).to_have_count(1)
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Đăng nhập")


def totp_time(totp: pyotp.TOTP) -> int:
    """Now, as the app that makes the codes has it."""
    return int(time.time()) // totp.interval * totp.interval


async def test_the_pages_of_links_and_second_factors_are_well(opening: Opening, database: Database) -> None:
    async with database.write() as connection:
        account = tables.account.c
        staff = await connection.scalar(sa.select(account.id).where(account.username == "staff"))
        link = await account_links.make(connection, staff, LinkPurpose.PASSWORD_RESET)
    page = (await opening(f"/link/{link.token}", PHONE, reduced_motion="reduce")).page
    await well(page)
    await page.get_by_label("Mật khẩu mới", exact=True).fill(NEW)
    await page.get_by_label("Nhập lại mật khẩu mới").fill(NEW)
    await page.keyboard.press("Enter")
    await expect(page.locator(".qr")).to_be_visible()
    assert await page.locator(".qr").evaluate(WHOLE), "all of the picture is in sight, its quiet border included"
    await well(page)
    totp = pyotp.TOTP((await page.locator(".key").inner_text()).replace(" ", ""))
    await page.get_by_label("Mã 6 chữ số").fill(totp.now())
    await page.keyboard.press("Enter")
    await expect(page.locator(".recovery-codes")).to_be_visible()
    await well(page)
    await page.goto(f"/staff/accounts/Account:{ward.CODE}:{staff}")
    await well(page)
