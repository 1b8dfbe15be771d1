"""A ward with a queue, served, and staff signed in: what tests of the console begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from playwright.async_api import Page, expect

from geo.database import Database
from geo.lifecycle import Status
from tests import ward
from tests.browser.conftest import DESKTOP, Opening, Watched, application, served
from tests.ward import CLEAN, CODE, FIRST, IN_FIRST, IN_SECOND, ROADS, SECOND, Reported

REPORT = """
mutation Report($input: ReportIncidentInput!) {
  reportIncident(input: $input) { ... on ReportIncidentPayload { incident { id trackingCode } } }
}
"""
STEP = "mutation Step($input: %sInput!) { done: %s(input: $input) { __typename ... on UserError { message } } }"


@dataclass
class Console:
    """Where the application is, its ward, tokens by username, and the incidents that were laid, by name."""

    address: str
    ward: ward.Ward
    tokens: dict[str, str]
    incidents: dict[str, Reported] = field(default_factory=dict)

    async def ask(self, query: str, by: str | None = None, **variables: Any) -> Any:
        """The data of a document over real HTTP: what is changed so is told to everybody who follows."""
        headers = {} if by is None else {"Authorization": f"Bearer {self.tokens[by]}"}
        async with httpx.AsyncClient(base_url=self.address, timeout=20) as http:
            answer = (
                await http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
            ).json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def report(self, category: str, description: str, at: tuple[float, float] = IN_SECOND) -> tuple[str, str]:
        """A new report by a resident: its id and tracking code."""
        sent: dict[str, Any] = {"requestKey": str(uuid4()), "category": category, "description": description}
        sent |= {"location": {"type": "Point", "coordinates": list(at)}}
        made = (await self.ask(REPORT, input=sent))["reportIncident"]["incident"]
        return made["id"], made["trackingCode"]

    async def step(self, name: str, by: str, **sent: Any) -> None:
        """A step of somebody else's, which must succeed."""
        answer = await self.ask(STEP % (name[0].upper() + name[1:], name), by, input=sent)
        assert "message" not in answer["done"], answer

    def crew(self, name: str) -> str:
        return f"Crew:{CODE}:{self.ward.crews[name]}"


@asynccontextmanager
async def console_on(database_url: str, var: Path) -> AsyncIterator[Console]:
    """The console of a ward with an incident in each state, named for it."""
    database = Database(database_url)
    now = datetime.now(UTC)
    async with database.write() as connection:
        laid = await ward.build(connection)
        first, second = (laid.neighbourhoods[name] for name in (FIRST, SECOND))
        rows: dict[str, dict[str, Any]] = {
            "late": {"due_at": now - timedelta(hours=2), "address": "12 Võ Chí Công", "neighbourhood_id": first},
            "soon": {"due_at": now + timedelta(hours=2), "address": "5 Nguyễn Phước Lan", "at": IN_SECOND},
            "later": {"due_at": now + timedelta(days=2), "category": "TRAFFIC", "at": (108.215, 15.995)},
            "held": {"due_at": now + timedelta(days=3), "status": Status.ASSIGNED, "crew_id": laid.crews[CLEAN]},
            "begun": {"due_at": now + timedelta(days=4), "status": Status.IN_PROGRESS, "crew_id": laid.crews[ROADS]},
            "secret": {"due_at": now + timedelta(days=5), "category": "SECURITY", "at": (108.235, 16.01)},
            "done": {"due_at": now + timedelta(days=1), "status": Status.RESOLVED, "crew_id": laid.crews[CLEAN]},
        }
        made = {}
        for name, row in rows.items():
            values = {"reported_at": now - timedelta(hours=6), "at": IN_FIRST, "neighbourhood_id": second, **row}
            if name == "done":
                values["resolved_at"] = now - timedelta(hours=1)
            made[name] = await ward.report(connection, **values)
        tokens = {username: await ward.token(connection, laid, username) for username in ward.USERNAMES}
    await database.close()
    async with served(application(database_url, var, default_ward=CODE)) as at:
        yield Console(at, laid, tokens, made)


async def signed_in(
    opening: Opening, console: Console, path: str = "/staff", viewport: Any = DESKTOP, **options: Any
) -> Watched:
    """The console in the browser of staff, live and drawn."""
    cookie: dict[str, Any] = {"name": "session", "value": console.tokens["staff"], "domain": "127.0.0.1", "path": "/"}
    cookie |= {"expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}
    options.setdefault("reduced_motion", "reduce")
    watched = await opening(path, viewport, storage_state={"cookies": [cookie], "origins": []}, **options)
    if options.get("java_script_enabled", True):
        await expect(watched.page.locator("#live")).to_have_attribute("data-tone", "live", timeout=15_000)
    return watched


def row(page: Page, one: Reported | str) -> Any:
    code = one if isinstance(one, str) else one.tracking_code
    return page.locator(f'.row[data-code="{code}"]')


async def codes(page: Page) -> list[str]:
    """The tracking codes of the rows in the document, in their order."""
    found: list[str] = await page.evaluate("[...document.querySelectorAll('.row')].map((row) => row.dataset.code)")
    return found
