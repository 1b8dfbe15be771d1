"""axe-core: what is wrong with a page for those who see, hear or handle it otherwise."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page

_AXE = (Path(__file__).parent / "axe-core-4.14.1/axe.min.js").read_text()


async def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands now: the rule, the element, and how to mend it."""
    await page.evaluate(_AXE)
    result = await page.evaluate("axe.run()")
    assert len(result["passes"]) > 10
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in result["violations"]
        for node in one["nodes"]
    ]
