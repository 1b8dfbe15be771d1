"""Signing in and out as people do it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Dialog, expect

from geo.database import Database
from tests import ward
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, Opening, application, served
from tests.ward import PASSWORD

LEAVE_SOMETHING = """async (waiting) => {
    const database = await new Promise((resolve, reject) => {
        const asked = indexedDB.open("phuongso-crew", 1);
        asked.onupgradeneeded = () => asked.result.createObjectStore("actions", { autoIncrement: true });
        asked.onsuccess = () => resolve(asked.result);
        asked.onerror = () => reject(asked.error);
    });
    if (waiting) {
        await new Promise((resolve) => {
            const all = database.transaction("actions", "readwrite");
            all.objectStore("actions").add({ step: "accept" });
            all.oncomplete = resolve;
        });
    }
    database.close();
    localStorage.setItem("draft", "of a resident");
}"""
KEPT = """async () => ({
    databases: (await indexedDB.databases()).map((one) => one.name).filter((name) => name === "phuongso-crew"),
    draft: localStorage.getItem("draft"),
})"""


@pytest.fixture
async def address(database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """The application on a ward with an account of every role."""
    database = Database(database_url)
    async with database.write() as connection:
        await ward.build(connection)
    await database.close()
    async with served(application(database_url, tmp_path, default_ward=ward.CODE)) as at:
        yield at


async def test_a_password_can_be_looked_at_and_is_never_sent_in_sight(opening: Opening) -> None:
    page = (await opening("/sign-in", PHONE, expected="422")).page
    field, reveal = page.get_by_label("Mật khẩu", exact=True), page.get_by_role("button", name="Hiện mật khẩu")
    await page.get_by_label("Tên đăng nhập").fill("team-1")
    await field.fill("not the password")
    await expect(field).to_have_attribute("type", "password")
    await reveal.click()
    await expect(field).to_have_attribute("type", "text")
    await expect(reveal).to_have_attribute("aria-pressed", "true")
    await field.press("Enter")
    await expect(page.locator("#summary")).to_be_focused()
    await expect(field).to_have_attribute("type", "password")
    await expect(field).to_have_value("")
    await expect(page.get_by_label("Tên đăng nhập")).to_have_value("team-1")
    assert await violations(page) == []


async def test_one_signs_in_by_keyboard_alone(opening: Opening) -> None:
    page = (await opening("/sign-in?next=/stats", PHONE)).page
    await page.get_by_label("Tên đăng nhập").focus()
    await page.keyboard.type("team-1")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(lambda url: urlsplit(url).path == "/stats")
    await page.goto("/sign-in")
    await expect(page.get_by_text("Người dùng team-1")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_one_signs_in_and_out_with_and_without_scripts(opening: Opening, scripts: bool) -> None:
    page = (await opening("/stats", PHONE, java_script_enabled=scripts)).page
    await page.get_by_role("link", name="Đăng nhập (cán bộ, đội, tổ)").click()
    await page.wait_for_url("**/sign-in")
    await page.get_by_label("Tên đăng nhập").fill("team-1")
    await page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Đăng nhập").click()
    await page.wait_for_url("**/team")
    await page.locator(".desk-me > summary").click()
    await page.get_by_role("button", name="Đăng xuất").click()
    await page.wait_for_url("**/sign-in?done=signed-out")
    await expect(page.locator(".told[role=status]")).to_contain_text("Bạn đã đăng xuất.")
    await expect(page.get_by_label("Tên đăng nhập")).to_be_visible()


async def test_signing_out_asks_while_something_waits_to_be_sent_and_keeps_it(
    opening: Opening,
) -> None:
    page = (await opening("/sign-in", PHONE)).page
    await page.get_by_label("Tên đăng nhập").fill("team-1")
    await page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Đăng nhập").click()
    await page.wait_for_url("**/team")
    await page.goto("/sign-in")  # which offers it too
    await page.evaluate(LEAVE_SOMETHING, True)
    asked: list[str] = []

    async def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await dialog.dismiss()

    page.once("dialog", refuse)
    async with page.expect_event("dialog"):
        await page.get_by_role("button", name="Đăng xuất").click()
    assert "chưa gửi được" in asked[0]
    assert (await page.evaluate(KEPT)) == {"databases": ["phuongso-crew"], "draft": "of a resident"}
    assert page.url.endswith("/sign-in")
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Đăng xuất").click()
    await page.wait_for_url("**/sign-in?done=signed-out")
    assert (await page.evaluate(KEPT)) == {"databases": ["phuongso-crew"], "draft": "of a resident"}
