"""How fast the staff console opens and filters on a slow computer, with 1,000 and 10,000 open incidents in one ward.

`python -m benchmarks.console_open --url postgresql://…` makes two databases of its own on that server, fills the demo
ward with open incidents, and opens `/staff` in real Chromium, its processor slowed four times. The sizes take turns,
and what is told is the best of several openings, for what else the machine does only ever adds to them: when the queue
and the map are there (the page's own mark), how long until a filter's and a search's list stands, and how long until
a report that comes in meanwhile is counted there. The databases are dropped at the end; about three minutes.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, fields
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
from playwright.async_api import Browser, Page, async_playwright
from sqlalchemy import make_url

from benchmarks.chromium import WHOLE
from benchmarks.map_open import serving
from geo import clusters
from geo.database import Database
from geo.demo.loading import load
from geo.lifecycle import OPEN
from geo.migrating import upgrade
from server.settings import Settings

SIZES = (1_000, 10_000)
DESKTOP = {"width": 1366, "height": 768}
SLOWER = 4
WARD = "20314"
_ACCOUNT = {"username": "staff", "password": "phuongso-demo"}
_NAME = "console_open_benchmark_{size}"
_PATIENCE = 60.0
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_REPORT = """
mutation Report($input: ReportIncidentInput!) {
  reportIncident(input: $input) { ... on ReportIncidentPayload { incident { trackingCode } } }
}
"""


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening, in milliseconds."""

    usable: float
    script: float
    filtered: float
    searched: float
    told: float


NAMES = {
    "usable": "queue and map there after",
    "script": "scripts meanwhile",
    "filtered": "a filter (waiting for a crew)",
    "searched": "a search, letters and all",
    "told": "a new report, from sending to the queue",
}


async def fill(connection: asyncpg.Connection, wanted: int) -> None:
    """Copies of the demo's open incidents, moved by up to 200 metres and with deadlines of their own."""
    columns = await connection.fetch(
        "SELECT attname AS name FROM pg_attribute WHERE attrelid = 'incident'::regclass AND attnum > 0"
        " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
    )
    names = [row["name"] for row in columns]
    fresh = {
        "id": "gen_random_uuid()",
        # No real code has a U.
        "tracking_code": "ward_code || '-U' || upper(lpad(to_hex(number), 5, '0'))",
        "location": "ST_Translate(location, (random() - 0.5) * 0.004, (random() - 0.5) * 0.004)",
        "reported_at": "now() - interval '1 day' - random() * interval '20 days'",
        "due_at": "now() + (random() - 0.2) * interval '4 days' + interval '1 minute'",
        "request_key_hash": "sha256(('key' || number)::bytea)",
        "reporter_secret_hash": "sha256(('secret' || number)::bytea)",
    }
    values = ", ".join(fresh.get(name, name) for name in names)
    of = f"ward_code = '{WARD}' AND status IN ({', '.join(repr(status.value) for status in OPEN)})"
    have = await connection.fetchval(f"SELECT count(*) FROM incident WHERE {of}")  # noqa: S608 - our own constants
    await connection.execute(
        f"INSERT INTO incident ({', '.join(names)}) SELECT {values} FROM ("  # noqa: S608 - our own columns
        f"SELECT i.*, $1 + row_number() OVER () AS number FROM incident AS i, generate_series(1, 1000) WHERE {of}"
        " LIMIT $2) AS copy",
        have,
        wanted - have,
    )
    await connection.execute("ANALYZE incident")


async def _until(page: Page, expression: str) -> Any:
    async with asyncio.timeout(_PATIENCE):
        while not (found := await page.evaluate(expression)):  # noqa: ASYNC110 - the page's own doing
            await asyncio.sleep(0.02)
    return found


_MARKED = "performance.getEntriesByName('{name}').map((mark) => mark.startTime).at(-1) ?? 0"


async def _shown(page: Page, act: str) -> float:
    """How long after `act`, a script in the page, the list that it asks for stands there."""
    begun = await page.evaluate(
        f"(() => {{ performance.clearMarks('queue-shown'); const now = performance.now(); {act}; return now; }})()"
    )
    return float(await _until(page, _MARKED.format(name="queue-shown")) - begun)


async def open_once(browser: Browser, address: str, token: str) -> Opening:
    """Open the console with an empty cache on a slow processor, filter, search, and wait for a report."""
    context = await browser.new_context(viewport=DESKTOP, locale="vi-VN")  # type: ignore[arg-type]
    await context.add_cookies([{"name": "session", "value": token, "url": address}])
    page = await context.new_page()
    protocol = await context.new_cdp_session(page)
    await protocol.send("Performance.enable")
    await protocol.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    await page.goto(f"{address}/staff", wait_until="commit")
    usable = float(await _until(page, _MARKED.format(name="console-usable")))
    metrics = {one["name"]: float(one["value"]) for one in (await protocol.send("Performance.getMetrics"))["metrics"]}
    filtered = await _shown(page, "document.querySelector('.need[data-need=waiting]').click()")
    typing = "const q = document.getElementById('q'); q.value = 'den duong'; q.form.requestSubmit()"
    searched = await _shown(page, typing)
    await _shown(page, "document.querySelector('.queue-count a, .need[data-need=\"\"]').click()")
    await _until(page, "document.getElementById('live').dataset.tone === 'live'")
    told = await _told(page, address)
    await context.close()
    return Opening(usable, 1000 * metrics["ScriptDuration"], filtered, searched, told)


async def _told(page: Page, address: str) -> float:
    """From a resident's sending to the queue that counts the report."""
    await _shown(page, "document.querySelector('.need[data-need=\"\"]').click()")
    sent = {
        "requestKey": str(uuid4()),
        "category": "OTHER",
        "location": {"type": "Point", "coordinates": [108.22, 15.98]},
    }
    count = "document.querySelector('.queue-count strong').textContent"
    before = await page.evaluate(count)
    begun = asyncio.get_running_loop().time()
    async with httpx.AsyncClient(base_url=address) as http:
        await http.post("/graphql", json={"query": _REPORT, "variables": {"input": sent}})
    async with asyncio.timeout(_PATIENCE):
        while await page.evaluate(count) == before:  # noqa: ASYNC110 - the page's own doing
            await asyncio.sleep(0.02)
    return 1000 * (asyncio.get_running_loop().time() - begun)


async def measure(urls: dict[int, str], times: int) -> dict[int, Opening]:
    """The best of each figure at each size."""
    found: dict[int, list[Opening]] = {size: [] for size in urls}
    async with AsyncExitStack() as open_, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=WHOLE, args=_ARGUMENTS)
        servers = {size: await open_.enter_async_context(serving(url)) for size, url in urls.items()}
        tokens = {}
        for size, address in servers.items():
            async with httpx.AsyncClient(base_url=address) as http:
                tokens[size] = (await http.post("/token", data=_ACCOUNT)).json()["access_token"]
            await open_once(browser, address, tokens[size])  # the first pays for what is planned and remembered
        for _ in range(times):
            for size, address in servers.items():
                found[size].append(await open_once(browser, address, tokens[size]))
        await browser.close()
    least: Callable[[int, str], float] = lambda size, name: min(getattr(one, name) for one in found[size])  # noqa: E731
    return {size: Opening(*(least(size, one.name) for one in fields(Opening))) for size in urls}


def table(found: dict[int, Opening]) -> str:
    """In Markdown: each figure at each size, and how the largest compares with the smallest."""
    sizes = list(found)
    lines = [
        "| | " + " | ".join(f"{size:,}" for size in sizes) + " | ratio |",
        "| --- |" + " ---: |" * (len(sizes) + 1),
    ]
    for name, said in NAMES.items():
        figures = [getattr(found[size], name) for size in sizes]
        told = " | ".join(f"{figure:,.0f} ms" for figure in figures)
        lines.append(f"| {said} | {told} | {figures[-1] / figures[0]:.2f} |")
    return "\n".join(lines)


async def prepare(admin: asyncpg.Connection, named: dict[int, str], urls: dict[int, str]) -> None:
    """A database for each size, each begun as a copy of the one before."""
    before = None
    for size, name in named.items():
        await admin.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {before}" if before else ""))
        database = Database(Settings(database_url=urls[size]).database)
        if before is None:
            await asyncio.to_thread(upgrade, urls[size])
            async with database.write() as writing:
                await load(writing, lambda *_: None)
        connection = await asyncpg.connect(urls[size])
        await fill(connection, size)
        await connection.close()
        await clusters.refresh_all(database)
        await database.close()
        before = name


async def run(server: str, times: int) -> None:
    url = make_url(server).set(drivername="postgresql")
    named = {size: _NAME.format(size=size) for size in SIZES}
    urls = {size: url.set(database=name).render_as_string(hide_password=False) for size, name in named.items()}
    admin = await asyncpg.connect(url.render_as_string(hide_password=False))
    for name in named.values():
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    try:
        await prepare(admin, named, urls)
        print(table(await measure(urls, times)))
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
