"""How fast the digital map opens on a slow phone, with 1,000, 10,000 and 100,000 incidents in one ward.

`python -m benchmarks.map_open --url postgresql://…` makes three databases of its own on that server, fills the demo
ward's ground with incidents, and opens `/` in real Chromium, its processor slowed four times, with and without filters
and the heat map. The sizes take turns, and what is told is the best of several openings, for what else the machine does
only ever adds to them: when the map can be used (the page's own mark, after everything in view has been drawn), the
processor time of its scripts, and the bytes that crossed the wire. The databases are dropped at the end; about four
minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import uvicorn
from playwright.async_api import Browser, async_playwright
from pydantic import SecretStr
from sqlalchemy import make_url

from benchmarks.chromium import WHOLE
from geo import clusters
from geo.database import Database
from geo.demo.loading import load
from geo.migrating import upgrade
from server.app import create_app
from server.rate_settings import LIMITS
from server.settings import Settings

SIZES = (1_000, 10_000, 100_000)
VIEWS = {
    "the ward, what is open": "/",
    "everything ever reported": "/?status=all",
    "one kind, two statuses": "/?status=RECEIVED,CLOSED&kind=TRAFFIC",
    "everything, heat map": "/?status=all&heat=1",
    "a street, everything": "/?status=all&at=17/15.9833/108.2110",
}
PHONE = {"width": 360, "height": 740}
SLOWER = 4
_NAME = "map_open_benchmark_{size}"
_KEY = "the key of a benchmark, which guards nothing"
_PATIENCE = 60.0
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of a page: milliseconds until the map can be used, those that scripts took, bytes received."""

    usable: float
    script: float
    received: int


async def thin(connection: asyncpg.Connection, left: int) -> None:
    """Leave so many of the demo's incidents. History is append-only otherwise."""
    async with connection.transaction():
        await connection.execute("ALTER TABLE incident_event DISABLE TRIGGER incident_event_append_only")
        kept = f"SELECT id FROM incident WHERE duplicate_of_id IS NULL ORDER BY id LIMIT {left}"  # noqa: S608 - a number
        await connection.execute(f"DELETE FROM incident_event WHERE incident_id NOT IN ({kept})")  # noqa: S608
        await connection.execute(f"DELETE FROM incident WHERE id NOT IN ({kept})")  # noqa: S608
        await connection.execute("ALTER TABLE incident_event ENABLE TRIGGER incident_event_append_only")


async def fill(connection: asyncpg.Connection, wanted: int) -> None:
    """Copies of the ward's incidents, moved by up to 200 metres, until there are as many as wanted."""
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
        "request_key_hash": "sha256(('key' || number)::bytea)",
        "reporter_secret_hash": "sha256(('secret' || number)::bytea)",
    }
    values = ", ".join(fresh.get(name, name) for name in names)
    have = await connection.fetchval("SELECT count(*) FROM incident")
    await connection.execute(
        f"INSERT INTO incident ({', '.join(names)}) SELECT {values} FROM ("  # noqa: S608 - our own columns
        "SELECT i.*, $1 + row_number() OVER () AS number FROM incident AS i, generate_series(1, 100) LIMIT $2) AS copy",
        have,
        wanted - have,
    )
    await connection.execute("ANALYZE incident")


@asynccontextmanager
async def serving(url: str) -> AsyncIterator[str]:
    """The application on this database, at a free port."""
    told: dict[str, Any] = {"database_url": url, "secret_key": SecretStr(_KEY), "worker": False}
    app = create_app(Settings(**dict.fromkeys(LIMITS, 0) | told))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=2))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event to wait for
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await task


async def open_once(browser: Browser, address: str) -> Opening:
    """Open an address as a new visitor does: an empty cache, a slow processor."""
    context = await browser.new_context(viewport=PHONE, locale="vi-VN")  # type: ignore[arg-type]
    page = await context.new_page()
    protocol = await context.new_cdp_session(page)
    received = 0

    def count(event: dict[str, Any]) -> None:
        nonlocal received
        received += int(event["encodedDataLength"])

    protocol.on("Network.loadingFinished", count)
    await protocol.send("Network.enable")
    await protocol.send("Performance.enable")
    await protocol.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    await page.goto(address, wait_until="commit")
    async with asyncio.timeout(_PATIENCE):
        marks: list[float] = []
        while not marks:
            await asyncio.sleep(0.05)
            marks = await page.evaluate("performance.getEntriesByName('map-usable').map((mark) => mark.startTime)")
    found = await protocol.send("Performance.getMetrics")
    metrics = {one["name"]: float(one["value"]) for one in found["metrics"]}
    await context.close()
    return Opening(marks[0], 1000 * metrics["ScriptDuration"], received)


def best(openings: list[Opening]) -> Opening:
    return Opening(
        min(one.usable for one in openings),
        min(one.script for one in openings),
        min(one.received for one in openings),
    )


async def measure(urls: dict[int, str], times: int) -> dict[str, dict[int, Opening]]:
    """Each view at each size."""
    found: dict[str, dict[int, list[Opening]]] = {view: {size: [] for size in urls} for view in VIEWS}
    async with AsyncExitStack() as open_, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=WHOLE, args=_ARGUMENTS)
        servers = {size: await open_.enter_async_context(serving(url)) for size, url in urls.items()}
        for address in servers.values():  # the first visitor pays for what is planned and remembered
            await open_once(browser, f"{address}/?status=all&heat=1")
        for _ in range(times):
            for view, path in VIEWS.items():
                for size, address in servers.items():
                    found[view][size].append(await open_once(browser, address + path))
        await browser.close()
    return {view: {size: best(openings) for size, openings in sizes.items()} for view, sizes in found.items()}


def table(found: dict[str, dict[int, Opening]]) -> str:
    """In Markdown: each figure, and beside it how it compares with the smallest ward's."""
    lines = [
        "| view | incidents | usable after | | scripts | | received | |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for view, sizes in found.items():
        least = sizes[SIZES[0]]
        for size, one in sizes.items():
            pairs = (
                (f"{one.usable:,.0f} ms", one.usable / least.usable),
                (f"{one.script:,.0f} ms", one.script / least.script),
                (f"{one.received / 1024:,.0f} KB", one.received / least.received),
            )
            told = " | ".join(f"{figure} | {ratio:.2f}" for figure, ratio in pairs)
            lines.append(f"| {view} | {size:,} | {told} |")
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
        if before is None:
            await thin(connection, size)
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
        await admin.execute(f"DROP DATABASE IF EXISTS {name}")
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
    parser.add_argument("--times", type=int, default=5, help="openings of each view at each size")
    asked = parser.parse_args()
    asyncio.run(run(asked.url, asked.times))


if __name__ == "__main__":
    main()
