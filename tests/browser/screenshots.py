"""`make screenshots`: pictures of every page on the demo ward, kept in docs/screenshots. No test of the suite.

Run by naming this file. A report is sent, worked on and resolved first, so that its page has a story to show.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image, ImageDraw
from playwright.async_api import Browser, Page

from tests.browser.conftest import DESKTOP, PHONE, application, served

FOLDER = Path(__file__).parent.parent.parent / "docs/screenshots"
PASSWORD = "phuongso-demo"
PLACE = {"type": "Point", "coordinates": [108.2196, 15.9982]}
_COLOURS = 192
"""Enough for these pages, and a third of the bytes."""

REPORT = """mutation ($input: ReportIncidentInput!) { reportIncident(input: $input) {
  ... on ReportIncidentPayload { reporterSecret incident { id trackingCode } } ... on UserError { message } } }"""
ACCEPT = "mutation ($id: ID!) { acceptIncident(input: {incidentId: $id}) { __typename } }"
START = "mutation ($id: ID!) { startIncident(input: {incidentId: $id}) { __typename } }"
RESOLVE = """mutation ($id: ID!, $photos: [ID!]) { resolveIncident(input: {incidentId: $id, photoIds: $photos,
  note: "Đã dọn sạch và rửa vỉa hè. Mời bà con bỏ rác đúng giờ xe đến."}) { __typename } }"""

AT_THE_DESK = (
    """mutation ($id: ID!) { noteIncident(input: {incidentId: $id, note: "Đã gọi cho đội"}) { __typename } }""",
    "mutation ($id: ID!) { publishIncident(input: {incidentId: $id, published: true}) { __typename } }",
    "mutation ($id: ID!) { closeIncident(input: {incidentId: $id}) { __typename } }",
)
"""What staff do before the log of it is shown."""


def picture(after: bool) -> bytes:
    """A pavement with rubbish on it, or without: drawn, for no real place should stand in a demo."""
    drawn = Image.new("RGB", (1200, 900), "#b9c9d3")
    pen = ImageDraw.Draw(drawn)
    pen.rectangle((0, 470, 1200, 900), fill="#8d8f8c")
    pen.polygon([(0, 640), (1200, 560), (1200, 700), (0, 800)], fill="#c9c4b8")
    for left in range(60, 1200, 260):
        pen.rectangle((left, 180, left + 170, 500), fill="#e4d7bd", outline="#9c8f78", width=4)
        pen.rectangle((left + 55, 330, left + 115, 500), fill="#6b5a44")
    if not after:
        for left, top, size, fill in (
            (420, 560, 150, "#2f3b36"), (540, 590, 120, "#41524a"), (620, 555, 170, "#26302c"),
            (760, 610, 95, "#5a6b3f"), (470, 650, 90, "#3d4640"), (690, 670, 110, "#52604f"),
        ):  # fmt: skip
            pen.ellipse((left, top, left + size, top + size), fill=fill)
    out = BytesIO()
    drawn.save(out, "JPEG", quality=85)
    return out.getvalue()


class Teller:
    """Plays the story over HTTP, as a resident and the crew would."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def ask(self, document: str, variables: dict[str, Any], token: str | None = None) -> dict[str, Any]:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = (
            await self.http.post("/graphql", json={"query": document, "variables": variables}, headers=headers)
        ).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    async def token(self, username: str) -> str:
        answer = await self.http.post("/token", data={"username": username, "password": PASSWORD})
        token: str = answer.json()["access_token"]
        return token

    async def photo(self, *, after: bool) -> str:
        answer = await self.http.post("/photos", files={"photo": ("photo.jpg", picture(after), "image/jpeg")})
        assert answer.status_code == 201, answer.text
        made: str = answer.json()["id"]
        return made

    async def report(self) -> tuple[str, str, str]:
        """A report, handled to its end: its id, tracking code and secret."""
        given = {
            "requestKey": str(uuid4()),
            "category": "ENVIRONMENT",
            "location": PLACE,
            "description": "Rác chất đống trước cổng chợ, bốc mùi, lấn cả vỉa hè.",
            "address": "Cổng phía bắc chợ, đường Thăng Long",
            "photoIds": [await self.photo(after=False)],
        }
        made = (await self.ask(REPORT, {"input": given}))["reportIncident"]
        incident = made["incident"]
        for number in range(1, 9):
            token = await self.token(f"crew-{number}")
            variables = {"id": incident["id"]}
            accepted = (await self.ask(ACCEPT, variables, token))["acceptIncident"]
            if accepted["__typename"] == "AcceptIncidentPayload":
                await self.ask(START, variables, token)
                await self.ask(RESOLVE, variables | {"photos": [await self.photo(after=True)]}, token)
                break
        return incident["id"], incident["trackingCode"], made["reporterSecret"]


@pytest.fixture
async def demo_address(demo_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """The application on a demo ward of its own, at a free port."""
    async with served(application(demo_url, tmp_path)) as address:
        yield address


LOOKS = {
    "phone": (PHONE, "light"),
    "phone-dark": (PHONE, "dark"),
    "desktop": (DESKTOP, "light"),
    "desktop-dark": (DESKTOP, "dark"),
}
AT_WORK = {
    "crew": ("crew-1", "/crew", ["phone", "phone-dark"]),
    "team": ("team-1", "/team", ["phone", "phone-dark"]),
    "desk": ("staff", "/staff", ["desktop", "desktop-dark"]),
    "boundaries": ("staff", "/staff/boundaries", ["desktop", "desktop-dark"]),
    "places": ("staff", "/staff/places", ["desktop", "phone"]),
    "teams": ("staff", "/staff/teams", ["desktop", "phone"]),
    "crews": ("staff", "/staff/crews", ["desktop", "phone"]),
    "account": ("staff", "/account", ["desktop", "phone"]),
}
WHOLE = {"report", "sent", "progress", "lookup", "stats"}
"""Pages that are kept in their whole length: the others are long lists, or a map that fills the screen."""


async def keep(page: Page, name: str, look: str) -> None:
    await page.wait_for_timeout(2_000)
    taken = await page.screenshot(full_page=name in WHOLE)
    kept = Image.open(BytesIO(taken)).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    kept.save(FOLDER / f"{name}-{look}.png", optimize=True)


async def opened(chromium: Browser, address: str, look: str) -> Page:
    viewport, scheme = LOOKS[look]
    given: dict[str, Any] = {"viewport": viewport, "color_scheme": scheme, "reduced_motion": "reduce"}
    context = await chromium.new_context(locale="vi-VN", base_url=address, **given)
    return await context.new_page()


async def test_pages_of_residents(chromium: Browser, demo_address: str) -> None:
    async with httpx.AsyncClient(base_url=demo_address) as http:
        _, code, secret = await Teller(http).report()
    pages = {
        "map": "/",
        "report": "/report",
        "sent": f"/r/{code}?key={secret}&new=1",
        "progress": f"/r/{code}?key={secret}",
        "lookup": "/r",
        "stats": "/stats",
        "privacy": "/privacy",
    }
    for name, path in pages.items():
        for look in ("phone", "phone-dark", "desktop"):
            page = await opened(chromium, demo_address, look)
            await page.goto(path)
            await keep(page, name, look)
            await page.context.close()


async def kept_at_work(chromium: Browser, address: str, name: str, username: str, path: str, look: str) -> None:
    page = await opened(chromium, address, look)
    await page.goto(f"/sign-in?next={path}")
    await page.get_by_label("Tên đăng nhập").fill(username)
    await page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Đăng nhập", exact=True).click()
    await page.wait_for_url(f"**{path}")
    await keep(page, name, look)
    await page.context.close()


async def test_pages_of_those_who_work(chromium: Browser, demo_address: str) -> None:
    for name, (username, path, looks) in AT_WORK.items():
        for look in looks:
            await kept_at_work(chromium, demo_address, name, username, path, look)


async def test_the_log_of_what_was_done(chromium: Browser, demo_address: str) -> None:
    """Only what the demo's own people did: nothing of the machine that takes the pictures."""
    async with httpx.AsyncClient(base_url=demo_address) as http:
        teller = Teller(http)
        incident, _, _ = await teller.report()
        token = await teller.token("staff")
        for document in AT_THE_DESK:
            await teller.ask(document, {"id": incident}, token)
    for look in ("desktop", "phone"):
        await kept_at_work(chromium, demo_address, "audit", "staff", "/staff/audit", look)
