"""The desk's settings in real Chromium: by keyboard and by touch, in both themes, narrow, with large text, without
JavaScript; and a new account that really signs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from geo import jobs, tables
from geo.database import Database
from geo.rejection_seeds import seed_rejections
from tests import ward
from tests.browser.axe import LOOKS, by_day_and_night, violations
from tests.browser.conftest import DESKTOP, PHONE, Opening
from tests.browser.test_every_page import BESIDE, NARROW, SMALL, TWICE
from tests.ward import CLEAN, CODE, Ward


@dataclass
class Laid(Ward):
    """The ward, and a session's token of its staff."""

    token: str = ""
    answer: str = ""
    """Where one of the texts to reject with is changed."""


@pytest.fixture
async def laid(database: Database) -> Laid:
    async with database.write() as connection:
        made = Laid(**vars(await ward.build(connection)))
        made.token = await ward.token(connection, made, "staff")
        await seed_rejections(connection, CODE)
        known = sa.select(tables.rejection_template.c.id).where(tables.rejection_template.c.ward_code == CODE).limit(1)
        made.answer = f"/staff/rejections/RejectionTemplate:{CODE}:{await connection.scalar(known)}"
        for error in ("TimeoutError", "ValueError"):
            number = await jobs.enqueue(connection, "dispatch_waiting", {"ward": CODE})
            failed = sa.text(
                "UPDATE jobs.pgqueuer SET status = 'failed', attempts = 7,"
                " headers = json_build_object('error', cast(:error AS text)) WHERE id = :id"
            )
            await connection.execute(failed, {"id": number, "error": error})
    return made


async def at_desk(opening: Opening, laid: Laid, path: str, viewport: Any = DESKTOP, **options: Any) -> Page:
    """A page as staff of the ward have it."""
    cookie = {"name": "session", "value": laid.token, "domain": "127.0.0.1", "path": "/", "expires": -1}
    cookie |= {"httpOnly": True, "secure": False, "sameSite": "Lax"}
    state = {"cookies": [cookie], "origins": []}
    page: Page = (await opening(path, viewport, reduced_motion="reduce", storage_state=state, **options)).page
    return page


def forms(laid: Laid) -> tuple[str, ...]:
    return (
        "/staff/categories/ENVIRONMENT",
        "/staff/accounts/new",
        f"/staff/accounts/Account:{CODE}:{laid.accounts['crew-clean']}",
        f"/staff/crews/Crew:{CODE}:{laid.crews[CLEAN]}",
        "/staff/rejections",
        laid.answer,
    )


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
async def test_the_forms_are_right_for_everybody(opening: Opening, laid: Laid, viewport: Any, scheme: Any) -> None:
    page = await at_desk(opening, laid, "/staff/jobs", viewport, color_scheme=scheme)
    for path in ("/staff/jobs", *forms(laid)):
        await page.goto(path)
        assert await by_day_and_night(page) == [], path
        assert await page.evaluate(SMALL) == [], path
        assert await page.evaluate(BESIDE) == {"width": 0, "beside": []}, path


async def test_the_forms_need_no_scrolling_sideways(opening: Opening, laid: Laid) -> None:
    page = await at_desk(opening, laid, "/staff/jobs", NARROW)
    for path in ("/staff/jobs", *forms(laid)):
        await page.goto(path)
        assert await page.evaluate(BESIDE) == {"width": 0, "beside": []}, path
        await page.evaluate("(size) => { document.documentElement.style.fontSize = size }", TWICE)
        assert await page.evaluate(BESIDE) == {"width": 0, "beside": []}, path


async def test_a_new_account_signs_in_with_the_password_that_was_shown(
    opening: Opening, laid: Laid, address: str
) -> None:
    page = await at_desk(opening, laid, "/staff/accounts", PHONE, permissions=["clipboard-read", "clipboard-write"])
    await page.get_by_role("link", name="Thêm tài khoản").click()
    await page.get_by_label("Họ và tên").fill("Lê Văn Mới")
    await page.get_by_label("Tên đăng nhập").fill("le.moi")
    await expect(page.get_by_label("Thuộc đội")).to_be_hidden()
    await page.get_by_label("Đội phản ứng nhanh").check()
    await expect(page.get_by_label("Thuộc tổ")).to_be_hidden()
    await page.get_by_label("Thuộc đội").select_option(CLEAN)
    await page.get_by_role("button", name="Tạo tài khoản").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Đã tạo tài khoản")
    assert await violations(page) == []
    password = await page.locator("#password").inner_text()
    await page.get_by_role("button", name="Chép mật khẩu").click()
    await expect(page.get_by_text("Đã chép mật khẩu.")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == password
    theirs = (await opening("/sign-in", PHONE)).page
    await theirs.get_by_label("Tên đăng nhập").fill("le.moi")
    await theirs.locator("#password").fill(password)
    await theirs.locator("#sign-in button[type=submit]").click()
    await theirs.wait_for_url(f"{address}/crew**")
    await page.get_by_role("link", name="Tất cả tài khoản").click()
    await expect(page.get_by_role("link", name="Lê Văn Mới")).to_be_visible()


async def test_what_is_printed_is_the_slip_alone(opening: Opening, laid: Laid) -> None:
    page = await at_desk(opening, laid, forms(laid)[2])
    await page.get_by_role("button", name="Đặt mật khẩu mới").click()
    await expect(page.locator("#password")).to_be_visible()
    await page.emulate_media(media="print")
    await expect(page.locator("#password")).to_be_visible()
    for hidden in (".desk-bar", ".back", "#copy"):
        await expect(page.locator(hidden)).to_be_hidden()


async def test_a_kind_is_changed_by_keyboard_and_what_is_wrong_takes_the_focus(opening: Opening, laid: Laid) -> None:
    page = await at_desk(opening, laid, "/staff/categories/ENVIRONMENT", expected="422")
    await page.get_by_label("Số giờ").focus()
    await page.keyboard.press("Control+a")
    await page.keyboard.type("0")
    await page.keyboard.press("Enter")
    await expect(page.locator("#summary")).to_be_visible()
    await expect(page.locator("#deadline-problem")).to_contain_text("Thời hạn từ 1 đến 8.760 giờ.")
    assert await violations(page) == []
    await page.locator("#summary a").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#deadline")).to_be_focused()
    await page.keyboard.press("Control+a")
    await page.keyboard.type("8")
    await page.locator("input[name=icon]:checked").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("input[name=icon][value=construction]")).to_be_checked()
    await page.get_by_label("Số giờ").press("Enter")
    await expect(page.locator(".told[role=status]")).to_contain_text("Đã lưu lĩnh vực.")
    row = page.locator(".row", has_text="Rác thải, môi trường")
    await expect(row).to_contain_text("8 giờ")
    await expect(row.locator("use").first).to_have_attribute(
        "href", "/static/vendor/lucide-1.62.0/desk.svg#construction"
    )


async def test_a_job_is_tried_again_without_javascript_and_the_list_empties(
    opening: Opening, laid: Laid, database: Database
) -> None:
    page = await at_desk(opening, laid, "/staff/jobs", PHONE, java_script_enabled=False)
    await expect(page.locator(".row.job")).to_have_count(2)
    await page.get_by_role("button", name="Chạy lại Tìm đội").first.click()
    await expect(page.locator(".told[role=status]")).to_contain_text("Đã cho chạy lại.")
    await expect(page.locator(".row.job")).to_have_count(1)
    await page.get_by_role("button", name="Chạy lại").click()
    await expect(page.get_by_text("Mọi việc đều chạy tốt")).to_be_visible()
    async with database.read() as connection:
        assert await jobs.dead(connection) == []


async def test_the_crews_load_stays_fresh_while_it_is_looked_at(
    opening: Opening, laid: Laid, database: Database
) -> None:
    page = await at_desk(opening, laid, "/staff/crews")
    first = page.locator(".crew", has_text=CLEAN)
    await expect(first).to_contain_text("Đang trực")
    async with database.write() as connection:
        await connection.execute(
            sa.text("UPDATE crew SET on_duty = false, position = NULL, position_at = NULL WHERE id = :id"),
            {"id": laid.crews[CLEAN]},
        )
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(first).to_contain_text("Không trực")
    await first.get_by_role("button", name="Cho bắt đầu trực").click()
    await expect(page.locator(".told[role=status]")).to_contain_text("Đội bắt đầu trực")
    await expect(first).to_contain_text("Đang trực")


async def test_every_way_is_in_sight_on_a_desk_and_the_menu_closes_as_menus_do(opening: Opening, laid: Laid) -> None:
    page = await at_desk(opening, laid, "/staff/audit", DESKTOP)
    assert await page.locator(".desk-line").evaluate("(line) => line.scrollWidth <= line.clientWidth")
    await expect(page.get_by_role("button", name="Đăng xuất").get_by_text("Đăng xuất")).to_be_visible()
    await expect(page.locator(".desk-me")).to_be_hidden()
    menu = page.locator(".desk-ways .desk-menu")
    await page.locator(".desk-ways summary").focus()
    await page.keyboard.press("Enter")
    await expect(menu.get_by_role("link", name="Nhật ký")).to_have_attribute("aria-current", "page")
    await page.keyboard.press("Escape")
    await expect(menu).to_be_hidden()
    await expect(page.locator(".desk-ways summary")).to_be_focused()


async def test_a_text_to_reject_with_is_removed_by_keyboard_and_asked_about_first(opening: Opening, laid: Laid) -> None:
    page = await at_desk(opening, laid, laid.answer)
    text = await page.locator("#text").input_value()
    sure = page.get_by_role("button", name="Gỡ hẳn")
    await expect(sure).to_be_hidden()
    await page.locator("#remove > summary").press("Enter")
    await expect(sure).to_be_visible()
    assert await violations(page) == []
    await sure.press("Enter")
    await expect(page.locator(".told[role=status]")).to_contain_text("Đã gỡ mẫu trả lời.")
    await expect(page.locator(".row.answer").first).to_be_visible()
    await expect(page.get_by_text(text)).to_have_count(0)
    await page.locator(".desk-ways summary").press("Enter")
    await expect(page.locator('.desk-menu a[href="/staff/rejections"]')).to_have_attribute("aria-current", "page")
