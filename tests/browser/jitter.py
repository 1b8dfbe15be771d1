"""A slow, uneven machine on purpose (`make jitter`): it finds tests that pass by luck, and pages that count on order.

Answers of the server come late by chance, and so do the test's own steps; both cost no processor. `JITTER` is the seed
and is told at the beginning: the same seed delays the same number of steps, though not in the same order.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Keyboard, Locator, LocatorAssertions, Mouse, Page, PageAssertions
from starlette.types import ASGIApp, Receive, Scope, Send

_SEED = int(os.environ.get("JITTER", "1"))
_ANSWERS = (0.3, 2.5)
"""How often an answer is late, and by how many seconds at most."""
_STEPS = (0.2, 1.0)
"""The same of the test's steps."""
_chance = random.Random(_SEED)


def pytest_report_header() -> str:
    return f"jitter: seed {_SEED}"


async def _wait(share: float, most: float) -> None:
    if _chance.random() < share:
        await asyncio.sleep(_chance.uniform(0, most))


class _Late:
    """The application, some of whose answers begin late."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _wait(*_ANSWERS)
        await self._app(scope, receive, send)


def _late(step: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(step)
    async def late(*arguments: Any, **options: Any) -> Any:
        await _wait(*_STEPS)
        return await step(*arguments, **options)

    return late


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    begin = uvicorn.Config.__init__

    def configure(self: uvicorn.Config, app: Any, *arguments: Any, **options: Any) -> None:
        begin(self, _Late(app), *arguments, **options)

    uvicorn.Config.__init__ = configure  # type: ignore[method-assign]
    for kind in (Keyboard, Locator, LocatorAssertions, Mouse, Page, PageAssertions):
        for name, step in inspect.getmembers(kind, inspect.iscoroutinefunction):
            if not name.startswith("_"):
                setattr(kind, name, _late(step))
