"""What holds on every page that a person meets: by phone and desk, by day and night, in small and large letters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from geo.database import Database
from geo.lifecycle import Status
from tests import ward
from tests.browser.axe import LOOKS, by_day_and_night
from tests.browser.conftest import PHONE, Opening, Watched, application, served
from tests.ward import CLEAN, CODE, FIRST, Reported


class At(NamedTuple):
    """Where a page is, and the account of `tests/ward.py` that opens it: by default nobody is signed in."""

    path: str
    by: str | None = None


PAGES = {
    "map": At(f"/?ward={CODE}"),
    "embedded": At(f"/?ward={CODE}&embed=1"),
    "report": At("/report"),
    "lookup": At("/r"),
    "progress": At("/r/{code}"),
    "sent": At("/r/{code}?new=1"),
    "figures": At("/stats"),
    "explorer": At("/graphql"),
    "no-ward": At("/?ward=99999"),
    "sign-in": At("/sign-in?next=/staff"),
    "signed-in": At("/sign-in", by="staff"),
    "own-account": At("/account", by="crew-clean"),
    "dead-link": At("/link/none"),
    "team": At("/team", by="team-1"),
    "team-place": At("/team/places/new", by="team-1"),
    "teams": At("/staff/teams", by="staff"),
    "team-at-desk": At("/staff/teams/{team}", by="staff"),
    "teams-import": At("/staff/teams/import", by="staff"),
    "settings-crew": At("/staff/crews/{crew}", by="staff"),
    "team-member-at-desk": At("/staff/teams/{team}/members/new", by="staff"),
    "console": At("/staff", by="staff"),
    "console-case": At("/staff?status=all&case={code}", by="staff"),
    "case": At("/staff/incidents/{code}", by="staff"),
    "letters": At("/r/{code}/letters"),
    "privacy": At("/privacy"),
    "notices": At("/notices", by="staff"),
    "notices-of-crew": At("/notices", by="crew-clean"),
    "crew": At("/crew", by="crew-clean"),
    "settings-categories": At("/staff/categories", by="staff"),
    "settings-rejections": At("/staff/rejections", by="staff"),
    "settings-accounts": At("/staff/accounts", by="staff"),
    "audit": At("/staff/audit", by="staff"),
    "places": At("/staff/places", by="staff"),
    "place": At("/staff/places/new", by="staff"),
    "places-import": At("/staff/places/import", by="staff"),
    "settings-crews": At("/staff/crews", by="staff"),
    "settings-jobs": At("/staff/jobs", by="staff"),
    "boundaries": At("/staff/boundaries", by="staff"),
}
NARROW = {"width": 320, "height": 640}
TWICE = "34px"
"""The size of letters that is twice the usual one."""

every_page = pytest.mark.parametrize("name", PAGES)

NAMED_ROLES = (
    *("button", "link", "textbox", "searchbox", "combobox", "listbox", "option", "checkbox", "radio", "switch"),
    *("slider", "spinbutton", "tab", "menuitem", "DisclosureTriangle", "Date"),
)

# A tick or a dot is as large as its label, which can be tapped as well, and a thin handle as what lies around it. A
# link in the midst of a sentence is as high as its line, which WCAG 2.5.8 leaves out too. What only shows itself to the
# keyboard or to no eye has no size.
SMALL = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [role=button]")]
    .filter((one) => one.type !== "hidden" && one.checkVisibility({ visibilityProperty: true }))
    .filter((one) => !one.closest(".visually-hidden, .skip, .leaflet-control-attribution"))
    .filter((one) => !(one.matches("a") && getComputedStyle(one).display === "inline" && one.closest("p, li, dd, td")))
    .map((one) => {
        const label = ["checkbox", "radio", "file"].includes(one.type) ? one.labels[0] : null;
        const boxes = [one, label].filter(Boolean).map((shown) => shown.getBoundingClientRect());
        const around = getComputedStyle(one, "::before");
        if (around.position === "absolute")
            boxes.push({ width: parseFloat(around.width), height: parseFloat(around.height) });
        const least = one.matches("button, .button, summary, [role=button]") ? 43.5 : 24;
        const fits = boxes.some((box) => box.width >= least && box.height >= least);
        return fits ? null : `${one.outerHTML.slice(0, 120)} ${boxes.map((box) => `${box.width}x${box.height}`)}`;
    })
    .filter(Boolean)"""

BESIDE = """() => ({
    width: document.documentElement.scrollWidth - innerWidth,
    beside: [...document.querySelectorAll("body *")]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
        .filter((one) => !one.closest(".scroll-x, .tools, .folium-map, .visually-hidden"))
        .map((one) => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 40)}`),
})"""


@dataclass(frozen=True)
class Scene:
    """Where the application is, on a ward with reports; one of them, done, that a browser may hold; and a session's
    token for each account that opens a page. Nothing here changes what is stored, so all tests share it."""

    address: str
    held: Reported
    tokens: dict[str, str]
    team: UUID
    crew: str


@pytest.fixture(scope="module")
async def scene(copying: Any, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with copying(template) as url:
        database = Database(url)
        now = datetime.now(UTC)
        async with database.write() as connection:
            laid = await ward.build(connection)
            row: dict[str, Any] = {"neighbourhood_id": laid.neighbourhoods[FIRST]}
            row["reported_at"] = now - timedelta(hours=3)
            ends = {"due_at": now + timedelta(days=1), "resolved_at": now, "crew_id": laid.crews[CLEAN]}
            # As wide as a code can be: each has to fit.
            codes = (f"{CODE}-WWWWW{last}" for last in "WMGQ")
            held = await ward.report(connection, tracking_code=next(codes), status=Status.RESOLVED, **row, **ends)
            for hours in (-2, 3):
                received = {"status": Status.RECEIVED, "published": True, "due_at": now + timedelta(hours=hours)}
                await ward.report(connection, tracking_code=next(codes), **received, **row)
            work = {"status": Status.ASSIGNED, "crew_id": laid.crews[CLEAN], "phone": "0905123456"}
            due = now + timedelta(hours=1)
            await ward.report(connection, tracking_code=next(codes), due_at=due, **work, **row)
            names = {at.by for at in PAGES.values() if at.by is not None}
            tokens = {name: await ward.token(connection, laid, name) for name in names}
        await database.close()
        var: Path = tmp_path_factory.mktemp("var")
        async with served(application(url, var)) as at:
            yield Scene(at, held, tokens, laid.teams[FIRST], f"Crew:{CODE}:{laid.crews[CLEAN]}")


@pytest.fixture(scope="module")
def address(scene: Scene) -> str:
    """Where `opening` finds the application: the same for the whole module."""
    return scene.address


async def shown(opening: Opening, scene: Scene, name: str, viewport: Any, **options: Any) -> Page:
    """A page, whole, in the browser of somebody who has sent the report, or who works for the ward."""
    at, held = PAGES[name], scene.held
    cookies = {"reports": f"{held.tracking_code}:{held.secret}"}
    if at.by is not None:
        cookies["session"] = scene.tokens[at.by]
    usual = {"domain": "127.0.0.1", "path": "/", "expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}
    kept = [{"name": cookie, "value": value, **usual} for cookie, value in cookies.items()]
    watched: Watched = await opening(
        at.path.format(code=held.tracking_code, team=scene.team, crew=scene.crew),
        viewport,
        expected={"no-ward": "404", "dead-link": "410"}.get(name),
        reduced_motion="reduce",
        storage_state={"cookies": kept, "origins": []},
        **options,
    )
    page = watched.page
    if name in ("map", "embedded"):
        await expect(page.locator(".leaflet-marker-pane .place").first).to_be_attached()
        await expect(page.locator(".cluster, .incident").first).to_be_attached()
    if name == "report":
        await expect(page.locator("html.keeps")).to_be_attached()
    if name.startswith("console"):
        await expect(page.locator("#live")).to_have_attribute("data-tone", "live", timeout=15_000)
        await expect(page.locator(".row").first).to_be_attached()
    if name == "console-case":
        await expect(page.locator("article.case")).to_be_visible()
    if name == "crew":
        await expect(page.locator("html.keeps .job.is-open")).to_be_attached()
    if name == "boundaries":
        await expect(page.locator('html[data-editor="ready"]')).to_be_attached()
    if name == "settings-crew":
        await expect(page.locator("html[data-ground=ready]")).to_be_attached()
    if name == "figures":
        await page.locator("#area-box").scroll_into_view_if_needed()
        await expect(page.locator("path.area").first).to_be_attached(timeout=15_000)
    return page


async def nameless(page: Page) -> list[str]:
    """What can be operated and has no name, as the browser tells those who cannot see it."""
    asking = await page.context.new_cdp_session(page)
    nodes = (await asking.send("Accessibility.getFullAXTree"))["nodes"]
    operated = [one for one in nodes if not one["ignored"] and one["role"]["value"] in NAMED_ROLES]
    assert operated
    return [str(one) for one in operated if not one.get("name", {}).get("value", "").strip()]


@every_page
@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
async def test_a_page_is_right_for_everybody(
    opening: Opening, scene: Scene, name: str, viewport: Any, scheme: Any
) -> None:
    page = await shown(opening, scene, name, viewport, color_scheme=scheme)
    assert await by_day_and_night(page) == []
    await expect(page.locator("html")).to_have_attribute("lang", "vi")
    await expect(page.locator("h1")).to_have_count(1)
    await expect(page.get_by_role("main")).to_have_count(1)
    assert await page.title()
    assert await nameless(page) == []
    assert await page.evaluate(SMALL) == []
    assert await page.evaluate(BESIDE) == {"width": 0, "beside": []}


@every_page
async def test_a_page_needs_no_scrolling_sideways(opening: Opening, scene: Scene, name: str) -> None:
    page = await shown(opening, scene, name, NARROW)
    assert await page.evaluate(BESIDE) == {"width": 0, "beside": []}
    await page.evaluate("(size) => { document.documentElement.style.fontSize = size }", TWICE)
    assert await page.evaluate(BESIDE) == {"width": 0, "beside": []}
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert await page.evaluate(BESIDE) == {"width": 0, "beside": []}
