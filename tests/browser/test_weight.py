"""What a first visit to the demo ward weighs in real Chromium, over the wire and with heads of answers."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.browser.conftest import PHONE
from tests.browser.screenshots import demo_address

__all__ = ["demo_address"]


REPORT = ["html.keeps"]
MAP = ["path.ward-edge", "path.neighbourhood", ".place", ".cluster, .incident"]
"""What is there once a page has all of its own: a processor that stands still is no network that does."""


@pytest.mark.parametrize(("path", "there", "most"), [("/report", REPORT, 115_000), ("/", MAP, 290_000)])
async def test_a_first_visit_is_light(
    chromium: Browser, demo_address: str, path: str, there: list[str], most: int
) -> None:
    context = await chromium.new_context(viewport=PHONE, locale="vi-VN", base_url=demo_address)
    page = await context.new_page()
    client = await context.new_cdp_session(page)
    await client.send("Network.enable")
    named: dict[str, str] = {}
    sizes: dict[str, float] = {}
    client.on("Network.requestWillBeSent", lambda event: named.update({event["requestId"]: event["request"]["url"]}))
    client.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    await page.goto(path)
    for shown in there:
        await page.locator(shown).first.wait_for(state="attached")
    await page.wait_for_load_state("networkidle")
    await page.wait_for_timeout(1500)
    loaded = sorted((size, named[key].removeprefix(demo_address)) for key, size in sizes.items())
    await context.close()
    assert len(loaded) > 20
    total = sum(size for size, _ in loaded)
    assert total < most, (total, loaded)
