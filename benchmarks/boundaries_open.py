"""How the editor of boundaries opens and how smoothly a shared corner is dragged, with 20 and 200 neighbourhoods of 500
vertices each.

`python -m benchmarks.boundaries_open --url postgresql://…` makes two databases of its own on that server
(`benchmarks/boundary_ward.py`) and opens `/staff/boundaries` in real Chromium at a desk, its processor slowed four
times. The sizes take turns; what is told is the best of several openings, for what else the machine does only adds to
them: when the editor is ready, and how long the page's own work on each frame is while a corner that three areas share
is dragged. The databases are dropped at the end; about a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
from contextlib import AsyncExitStack
from dataclasses import dataclass, fields
from typing import Any

import asyncpg
from playwright.async_api import Browser, Page, async_playwright
from sqlalchemy import make_url

from benchmarks.boundary_ward import Wall, analyse, lay, wall
from benchmarks.chromium import WHOLE
from benchmarks.map_open import serving
from geo.database import Database
from geo.migrating import upgrade
from server.settings import Settings

WALLS = {20: (4, 5), 200: (10, 20)}
VERTICES = 500
DESKTOP = {"width": 1366, "height": 768}
SLOWER = 4
STEPS = 30
_NAME = "boundaries_open_benchmark_{size}"
_PATIENCE = 60.0
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_FRAMES = """
() => {
  window.frames_ = []; let before = performance.now();
  const step = (now) => {
    window.frames_.push(now - before); before = now; window.going = requestAnimationFrame(step);
  };
  window.going = requestAnimationFrame(step);
}
"""
_AT = "([x, y]) => { const p = boundary_map.latLngToContainerPoint([y, x]);"
_AT += " const box = boundary_map.getContainer().getBoundingClientRect(); return [p.x + box.x, p.y + box.y]; }"


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening, in milliseconds."""

    ready: float
    script: float
    frame: float
    slowest: float


NAMES = {
    "ready": "editor there after",
    "script": "scripts meanwhile",
    "frame": "a frame while a shared corner is dragged (median)",
    "slowest": "the slowest of twenty such frames (p95)",
}


async def _until(page: Page, expression: str) -> Any:
    async with asyncio.timeout(_PATIENCE):
        while not (found := await page.evaluate(expression)):  # noqa: ASYNC110 - the page's own doing
            await asyncio.sleep(0.02)
    return found


async def open_once(browser: Browser, address: str, token: str, drawn: Wall) -> Opening:
    """Open the editor with an empty cache on a slow processor, and drag a corner of three near the middle."""
    context = await browser.new_context(viewport=DESKTOP, locale="vi-VN", reduced_motion="reduce")  # type: ignore[arg-type]
    await context.add_cookies([{"name": "session", "value": token, "url": address}])
    page = await context.new_page()
    protocol = await context.new_cdp_session(page)
    await protocol.send("Performance.enable")
    await protocol.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    await page.goto(f"{address}/staff/boundaries", wait_until="commit")
    ready = "document.documentElement?.dataset.editor === 'ready' && performance.now()"
    there = float(await _until(page, ready))
    metrics = {one["name"]: float(one["value"]) for one in (await protocol.send("Performance.getMetrics"))["metrics"]}
    frames = await _dragged(page, drawn)
    await context.close()
    return Opening(
        there, 1000 * metrics["ScriptDuration"], statistics.median(frames), sorted(frames)[-len(frames) // 20]
    )


async def _dragged(page: Page, drawn: Wall) -> list[float]:
    """The times between frames while the pointer goes to and fro with a corner."""
    spot, whose = drawn.corners[len(drawn.corners) // 2]
    await page.evaluate(f"void boundary_map.setView([{spot[1]}, {spot[0]}], 16, {{animate: false}})")
    await page.locator(f"#area-list li:nth-child({whose[0] + 1}) button").click()
    await page.evaluate(f"void boundary_map.setView([{spot[1]}, {spot[0]}], 16, {{animate: false}})")
    await page.locator('[data-tool="vertices"]').click()
    x, y = await page.evaluate(_AT, list(spot))
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 6, y + 6)
    await page.evaluate(_FRAMES)
    for step in range(STEPS):
        away = 6 + 40 * abs(step % 10 - 5) / 5
        await page.mouse.move(x + away, y + away / 2)
    times: list[float] = await page.evaluate("() => { cancelAnimationFrame(window.going); return window.frames_; }")
    await page.mouse.up()
    await _until(page, "document.getElementById('draft-state').dataset.tone === 'draft'")
    return times


async def measure(urls: dict[int, str], times: int) -> dict[int, Opening]:
    """The best of each figure at each size."""
    found: dict[int, list[Opening]] = {size: [] for size in urls}
    async with AsyncExitStack() as open_, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=WHOLE, args=_ARGUMENTS)
        open_.push_async_callback(browser.close)
        drawn, tokens, servers = {}, {}, {}
        for size, url in urls.items():
            drawn[size] = wall(*WALLS[size], VERTICES)
            database = Database(Settings(database_url=url).database)
            _, tokens[size] = await lay(database, drawn[size])
            await database.close()
            await analyse(url)
            servers[size] = await open_.enter_async_context(serving(url))
        for number in range(times + 1):
            for size, address in servers.items():
                opening = await open_once(browser, address, tokens[size], drawn[size])
                if number:  # the first pays for what is planned and remembered
                    found[size].append(opening)
    return {
        size: Opening(*(min(getattr(one, each.name) for one in openings) for each in fields(Opening)))
        for size, openings in found.items()
    }


def table(found: dict[int, Opening]) -> str:
    """In Markdown: each figure at each size, and how the larger compares with the smaller."""
    sizes = list(found)
    lines = [
        "| | " + " | ".join(f"{size} × {VERTICES}" for size in sizes) + " | ratio |",
        "| --- |" + " ---: |" * (len(sizes) + 1),
    ]
    for name, said in NAMES.items():
        figures = [getattr(found[size], name) for size in sizes]
        told = " | ".join(f"{figure:,.0f} ms" for figure in figures)
        lines.append(f"| {said} | {told} | {figures[-1] / figures[0]:.2f} |")
    return "\n".join(lines)


async def run(server: str, times: int) -> None:
    url = make_url(server).set(drivername="postgresql")
    named = {size: _NAME.format(size=size) for size in WALLS}
    urls = {size: url.set(database=name).render_as_string(hide_password=False) for size, name in named.items()}
    admin = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        for size, name in named.items():
            await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await admin.execute(f"CREATE DATABASE {name}")
            await asyncio.to_thread(upgrade, urls[size])
        print(table(await measure(urls, times)))
        print(f"load average {os.getloadavg()[0]:.1f}")
    finally:
        for name in named.values():
            await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--url", required=True, help="a database on a server where databases may be created")
    parser.add_argument("--times", type=int, default=3, help="openings at each size")
    asked = parser.parse_args()
    asyncio.run(run(asked.url, asked.times))


if __name__ == "__main__":
    main()
