"""axe-core: what is wrong with a page for those who see, hear or handle it otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.browser.conftest import DESKTOP, PHONE

LOOKS = [pytest.param(PHONE, "light", id="phone"), pytest.param(DESKTOP, "dark", id="desktop")]
"""A viewport, and the colours that a page is loaded in; `by_day_and_night` looks at it in both."""

_AXE = (Path(__file__).parent / "axe-core-4.14.1/axe.min.js").read_text()


async def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands now: the rule, the element, and how to mend it."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE)
    result = await page.evaluate("axe.run()")
    assert len(result["passes"]) > 10
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in result["violations"]
        for node in one["nodes"]
    ]


async def by_day_and_night(page: Page) -> list[str]:
    """What axe finds on the page as it stands now, in its light and in its dark colours; it keeps those it had."""
    dark = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    found = await violations(page)
    await page.emulate_media(color_scheme="light" if dark else "dark")
    assert await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is not dark
    found += await violations(page)
    await page.emulate_media(color_scheme="dark" if dark else "light")
    return found
