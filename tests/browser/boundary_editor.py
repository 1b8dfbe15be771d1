"""The editor of boundaries in a browser: what tests of it begin with, and how they reach a place on its map."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from geo.database import Database
from tests import ward
from tests.browser.conftest import Opening, Watched, application, served
from tests.ward import CODE

DESK = {"width": 1366, "height": 768}
_MODEL = """async (given) => {
  const main = document.querySelector('script[src$="boundaries/main.js"]').src;
  const { model } = await import(main.replace("main.js", "model.js"));
  return %s;
}"""
_AT = """([longitude, latitude]) => {
  const map = window.boundary_map, box = map.getContainer().getBoundingClientRect();
  const { x, y } = map.latLngToContainerPoint([latitude, longitude]);
  return [box.x + x, box.y + y];
}"""


@dataclass
class Drawn:
    """Where the application is, on the ward of `tests/ward.py`, and tokens by username."""

    address: str
    ward: ward.Ward
    tokens: dict[str, str]

    def id_of(self, name: str) -> str:
        return f"Neighbourhood:{CODE}:{self.ward.neighbourhoods[name]}"


@asynccontextmanager
async def drawn_on(database_url: str, var: Path) -> AsyncIterator[Drawn]:
    """The application, served on a ward whose four neighbourhoods tile it."""
    database = Database(database_url)
    async with database.write() as connection:
        laid = await ward.build(connection)
        tokens = {username: await ward.token(connection, laid, username) for username in ward.USERNAMES}
    await database.close()
    async with served(application(database_url, var, default_ward=CODE)) as at:
        yield Drawn(at, laid, tokens)


async def opened(opening: Opening, drawn: Drawn, viewport: Any = DESK, by: str = "staff", **options: Any) -> Watched:
    """The editor in the browser of staff, with the ward read."""
    cookie: dict[str, Any] = {"name": "session", "value": drawn.tokens[by], "domain": "127.0.0.1", "path": "/"}
    cookie |= {"expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}
    options.setdefault("reduced_motion", "reduce")
    watched = await opening(
        "/staff/boundaries", viewport, storage_state={"cookies": [cookie], "origins": []}, **options
    )
    await expect(watched.page.locator('html[data-editor="ready"]')).to_be_attached(timeout=15_000)
    return watched


async def model(page: Page, act: str, given: Any = None) -> Any:
    """What an expression gives about the page's own `model` and what is `given`."""
    return await page.evaluate(_MODEL % act, given)


async def areas(page: Page) -> dict[str, dict[str, Any]]:
    """The areas by name."""
    return {area["name"]: area for area in await model(page, "model.areas()")}


async def at(page: Page, longitude: float, latitude: float) -> tuple[float, float]:
    """Where a position is on the screen."""
    x, y = await page.evaluate(_AT, [longitude, latitude])
    return x, y


async def click(page: Page, longitude: float, latitude: float, off: tuple[float, float] = (0, 0)) -> None:
    """Click on the map, so many pixels off a position; the pointer moves there first, as a hand does."""
    x, y = await at(page, longitude, latitude)
    await page.mouse.move(x + off[0] - 30, y + off[1] - 9)
    await page.mouse.move(x + off[0], y + off[1], steps=3)
    await page.mouse.click(x + off[0], y + off[1])


async def drag(
    page: Page, start: tuple[float, float], end: tuple[float, float], off: tuple[float, float] = (0, 0)
) -> None:
    """Drag from one position to so many pixels off another."""
    x, y = await at(page, *start)
    to = await at(page, *end)
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move((x + to[0]) / 2, (y + to[1]) / 2, steps=3)
    await page.mouse.move(to[0] + off[0], to[1] + off[1], steps=3)
    await page.mouse.up()


async def checked(page: Page, state: str = "sound") -> None:
    """The ward's rules have been asked about the draft, and this is what they say."""
    await expect(page.locator(f'html[data-check="{state}"]')).to_be_attached(timeout=15_000)


def row(page: Page, name: str) -> Any:
    """The row of an area in the list."""
    return page.locator(".area", has=page.locator(f'.area-name:text-is("{name}")'))


async def choose(page: Page, name: str) -> None:
    await row(page, name).click()


async def tool(page: Page, name: str) -> None:
    await page.locator(f'[data-tool="{name}"]').click()
