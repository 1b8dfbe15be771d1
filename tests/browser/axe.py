"""axe-core: what is wrong with a page for those who see, hear or handle it otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.browser.conftest import DESKTOP, PHONE

LOOKS = [pytest.param(PHONE, "light", id="phone"), pytest.param(DESKTOP, "dark", id="desktop")]
"""A viewport, and the colours that a page is loaded in; `by_day_and_night` looks at it in both."""

_AXE = (Path(__file__).parent / "axe-core-4.14.1/axe.min.js").read_text()

# Every rule on every element, as always: only of those that are well no list is made and sent, which took most of the
# time. `html` and `failureSummary` are all that is told of the others.
_RUN = """async () => {
    const found = await axe.run({ resultTypes: ["violations"], selectors: false });
    const told = ({ id, nodes }) => nodes.map((one) => `${id}: ${one.html.slice(0, 200)} ${one.failureSummary}`);
    return { passed: found.passes.length, violations: found.violations.flatMap(told) };
}"""


async def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands now: the rule, the element, and how to mend it."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE)
    result = await page.evaluate(_RUN)
    assert result["passed"] > 10
    found: list[str] = result["violations"]
    return found


async def by_day_and_night(page: Page) -> list[str]:
    """What axe finds on the page as it stands now, in its light and in its dark colours; it keeps those it had."""
    dark = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    found = await violations(page)
    await page.emulate_media(color_scheme="light" if dark else "dark")
    assert await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is not dark
    found += await violations(page)
    await page.emulate_media(color_scheme="dark" if dark else "light")
    return found
