"""What the tests of the digital map have in common: the ward they look at, and how they find things on the page."""

from __future__ import annotations

from uuid import UUID

from playwright.async_api import Locator, Page

from geo.database import Database
from tests.maps.small_ward import build, report


async def lay(database: Database) -> dict[str, UUID]:
    """A ward with nine reports close together, one apart and one of a private kind; gives ids by name."""
    ids = await build(database)
    for n in range(9):
        await report(database, 108.2300 + 0.0004 * n, 16.012, neighbourhood_id=ids["Tổ dân phố số 2"])
    ids["apart"] = await report(database, 108.204, 15.99, category="TRAFFIC")
    await report(database, 108.2041, 15.9901, category="SECURITY")
    return ids


def places(page: Page) -> Locator:
    return page.locator(".leaflet-marker-pane .place")


def group(page: Page, layer: str) -> Locator:
    return page.locator(f'.group[data-layer="{layer}"]')


async def unfold(page: Page, layer: str) -> None:
    await group(page, layer).locator("> details > summary").click()


async def pick(page: Page, layer: str, name: str) -> None:
    """Open a group of the list and choose a row of it."""
    await unfold(page, layer)
    await group(page, layer).get_by_role("link", name=name, exact=True).click()
