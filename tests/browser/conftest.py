"""Real Chromium on the real application, served on this machine; every page is watched for what it must never do."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserType, Page, Route, async_playwright, expect
from starlette.applications import Starlette

from benchmarks.chromium import SHELL, WHOLE
from server.app import create_app
from server.settings import Settings

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=15_000)  # what ends well ends at once; a busy machine has the time that it needs
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@dataclass
class Watched:
    """A page, and what it did."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """Errors on the console, exceptions, requests that left the machine."""
    expected: str | None = None
    """A pattern of what the test itself brings about, such as a network that is away."""

    def unexpected(self) -> list[str]:
        return [one for one in self.complaints if self.expected is None or not re.search(self.expected, one)]


Opening = Callable[..., Awaitable[Watched]]


class Browsers:
    """Chromium's headless shell and, for what the shell lacks, the whole of Chromium: each is started when first asked
    for, and stays."""

    def __init__(self, kind: BrowserType) -> None:
        self._kind = kind
        self._started: dict[str, Browser] = {}

    async def one(self, path: str) -> Browser:
        if path not in self._started:
            self._started[path] = await self._kind.launch(executable_path=path, args=ARGUMENTS)
        return self._started[path]

    async def close(self) -> None:
        for browser in self._started.values():
            await browser.close()


@pytest.fixture(scope="session")
async def browsers() -> AsyncIterator[Browsers]:
    async with async_playwright() as playwright:
        started = Browsers(playwright.chromium)
        yield started
        await started.close()


@pytest.fixture(scope="session")
async def chromium(browsers: Browsers) -> Browser:
    return await browsers.one(SHELL)


@pytest.fixture(scope="session")
async def whole_chromium(browsers: Browsers) -> Browser:
    """The browser that has what the headless shell lacks: background sync."""
    return await browsers.one(WHOLE)


def application(database_url: str, var: Path | None = None, **settings: Any) -> Starlette:
    """The application on a test's own database and folder, without a worker unless `settings` say otherwise: what one
    does by itself, each minute say, would come between the steps of a test that does not expect it."""
    given = {"secret_key": "a secret of the tests, long enough to pass", "worker": False} | settings
    return create_app(Settings(database_url=database_url, **({} if var is None else {"var": var}), **given))


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """The application at a free port, over real HTTP, for the length of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event to wait for
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest.fixture
async def address(database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    async with served(application(database_url, tmp_path)) as at:
        yield at


@pytest.fixture
async def opening(browsers: Browsers, address: str) -> AsyncIterator[Opening]:
    """`await opening(path, viewport, …)` is a watched page; afterwards no page may have anything to complain of. With
    `whole=True` it is in the whole of Chromium, which alone has background sync."""
    pages: list[Watched] = []
    async with AsyncExitStack() as contexts:

        async def open_page(
            path: str = "/",
            viewport: dict[str, int] = DESKTOP,
            *,
            expected: str | None = None,
            whole: bool = False,
            **options: Any,
        ) -> Watched:
            browser = await browsers.one(WHOLE if whole else SHELL)
            context = await browser.new_context(viewport=viewport, locale="vi-VN", base_url=address, **options)
            contexts.push_async_callback(context.close)
            watched = Watched(await context.new_page(), expected=expected)
            complain = watched.complaints.append
            watched.page.on("console", lambda said: complain(said.text) if said.type in ("error", "warning") else None)
            watched.page.on("pageerror", lambda error: complain(str(error)))
            context.on("request", lambda request: None if _is_ours(request.url) else complain(request.url))
            pages.append(watched)
            await watched.page.goto(path)
            return watched

        yield open_page
    assert [complaint for watched in pages for complaint in watched.unexpected()] == []


async def held_back(page: Page, pattern: str) -> asyncio.Event:
    """What the page asks for at these addresses comes only once the event is set, as over a slow line."""
    may_come = asyncio.Event()

    async def late(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    await page.route(pattern, late)
    return may_come


def _is_ours(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob") or parts.hostname == "127.0.0.1"
