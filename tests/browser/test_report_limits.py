"""Many reports from one phone in real Chromium: a challenge is solved by itself, and none is lost."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from geo.database import Database
from tests import ward
from tests.browser.conftest import PHONE, Opening
from tests.browser.test_report import AWAY, WAITING, eventually, fill, ready, send, stored, syncing
from tests.ward import IN_FIRST

CHECKING = "Đang kiểm tra để chống gửi rác…"
FIELDS = {
    "category": "ENVIRONMENT",
    "description": "Rác trước ngõ",
    "longitude": str(IN_FIRST[0]),
    "latitude": str(IN_FIRST[1]),
}


@pytest.fixture(autouse=True)
async def laid(database: Database) -> ward.Ward:
    async with database.write() as connection:
        return await ward.build(connection)


async def five_sent(page: Page) -> None:
    """As many reports as a device may send in a minute, by this browser."""
    for _ in range(5):
        fields: dict[str, Any] = FIELDS | {"requestKey": str(uuid4())}
        answer = await page.request.post("/report", multipart=fields, headers={"Accept": "application/json"})
        assert answer.status == 201, await answer.text()


async def test_the_sixth_report_in_a_minute_is_sent_by_itself_after_the_work(
    opening: Opening, database: Database
) -> None:
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected="429")).page
    await ready(page)
    seen: list[str] = []

    def see(text: str) -> None:
        seen.append(text)

    await page.expose_function("seen", see)
    await page.evaluate(
        """() => new MutationObserver(() => window.seen(document.getElementById("progress").textContent))
            .observe(document.getElementById("progress"), { childList: true, characterData: true, subtree: true })"""
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await fill(page)
    await five_sent(page)
    assert not [url for url in asked if "proof" in url], "what solves is fetched when it is needed"
    await send(page)
    await page.wait_for_url("**/r/*new=1*", timeout=120_000)
    assert CHECKING in seen
    assert len(await stored(database)) == 6
    cookies = {cookie["name"]: cookie for cookie in await page.context.cookies()}
    assert cookies["device"]["httpOnly"]
    assert cookies["device"]["sameSite"] == "Lax"
    assert "device=" not in await page.evaluate("document.cookie")


async def test_an_outbox_of_seven_is_emptied_with_the_page_closed(opening: Opening, database: Database) -> None:
    page = (await opening("/report", PHONE, **syncing(IN_FIRST), expected=f"{AWAY}|429")).page
    await ready(page)
    await page.context.set_offline(True)
    for n in range(7):
        await fill(page, f"Phản ánh {n}")
        await send(page)
        await expect(page.locator("#kept-list").get_by_text(WAITING)).to_have_count(n + 1)
    tags = "navigator.serviceWorker.ready.then((it) => it.sync.getTags()).then((tags) => tags.includes('reports'))"
    await eventually(lambda: page.evaluate(tags))
    context = page.context
    await page.close()
    await context.set_offline(False)

    async def all_there() -> bool:
        return len(await stored(database)) == 7

    await eventually(all_there, 180)  # a pause of a minute where it took long to write them, and two challenges
    assert {row.description for row in await stored(database)} == {f"Phản ánh {n}" for n in range(7)}
