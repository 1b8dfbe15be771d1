"""Those who use the ward's server while it fails: who report, and a crew that works. They try again until answered."""

from __future__ import annotations

import asyncio
import io
import random
from typing import Any, ClassVar
from uuid import UUID, uuid4

import asyncpg
import httpx
from PIL import Image

from tests.faults.ledger import Ledger, Sent
from tests.ward import IN_FIRST, IN_SECOND

REPORT = """
mutation ($input: ReportIncidentInput!) { reportIncident(input: $input) { __typename
  ... on ReportIncidentPayload { reporterSecret incident { id trackingCode } }
  ... on UserError { code message } } }"""
PATIENCE = 15.0
"""Seconds that a client waits for an answer: longer than any may take."""


def picture() -> bytes:
    """A small photograph."""
    written = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 140, 60)).save(written, "JPEG")
    return written.getvalue()


class Client:
    """One who asks a server over HTTP, notes what should never be answered, and asks again what came to nothing."""

    def __init__(self, site: str, ledger: Ledger, chance: random.Random, token: str | None = None) -> None:
        headers = {"Accept": "application/graphql-response+json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self.http = httpx.AsyncClient(base_url=site, timeout=PATIENCE, headers=headers)
        self.ledger = ledger
        self.chance = chance

    async def post(self, path: str, **content: Any) -> httpx.Response | None:
        """The answer; None where there was none, or one that says to come again."""
        try:
            answer = await self.http.post(path, **content)
        except httpx.TimeoutException:
            self.ledger.strange.append(f"no answer from {path} in {PATIENCE} s")
            return None
        except httpx.TransportError as error:
            self.ledger.counts[type(error).__name__] += 1
            await asyncio.sleep(0.05)
            return None
        self.ledger.counts[str(answer.status_code)] += 1
        if answer.status_code in (429, 503):
            if "retry-after" not in answer.headers:
                self.ledger.strange.append(f"{answer.status_code} from {path} without Retry-After")
            await asyncio.sleep(0.1)
            return None
        if answer.status_code not in (200, 201) or "Traceback" in answer.text:
            self.ledger.strange.append(f"{answer.status_code} from {path}: {answer.text[:300]}")
            await asyncio.sleep(0.1)
            return None
        return answer

    async def close(self) -> None:
        await self.http.aclose()


class Reporter(Client):
    """Reports one thing after another, each until it is acknowledged, some with photographs."""

    async def work(self, stop: asyncio.Event, pause: float = 0.02) -> None:
        while not stop.is_set():
            await self.report()
            await asyncio.sleep(pause)

    async def report(self) -> Sent:
        photos = [await self._photograph()] if self.chance.random() < 0.25 else []
        sent = self.ledger.reports[key] = Sent(key := uuid4(), photos)
        place = self.chance.choice((IN_FIRST, IN_SECOND))
        given = {
            "requestKey": str(sent.key),
            "category": "ENVIRONMENT",
            "location": {"type": "Point", "coordinates": list(place)},
            "description": "Rác đổ ở đầu ngõ",
            "photoIds": photos,
        }
        while not sent.answers or self.chance.random() < 0.2:  # some answers are lost after they were given
            sent.tries += 1
            answer = await self.post("/graphql", json={"query": REPORT, "variables": {"input": given}})
            if answer is None:
                continue
            told = answer.json()["data"]["reportIncident"]
            if told["__typename"] == "TooManyRequests":
                await asyncio.sleep(0.1)
            elif told["__typename"] != "ReportIncidentPayload":
                self.ledger.strange.append(f"a report was refused: {told}")
                break
            else:
                incident = told["incident"]
                sent.answers.append((incident["id"], incident["trackingCode"], told["reporterSecret"]))
        return sent

    async def _photograph(self) -> str:
        while True:
            answer = await self.post("/photos", files={"photo": ("a.jpg", picture(), "image/jpeg")})
            if answer is not None:
                return str(answer.json()["id"])


class Worker(Client):
    """A crew that takes each incident given to it through its steps, and so makes room for others."""

    steps: ClassVar = {
        "ASSIGNED": ("accept", "ACCEPTED"),
        "ACCEPTED": ("start", "IN_PROGRESS"),
        "IN_PROGRESS": ("resolve", "RESOLVED"),
    }

    def __init__(self, site: str, ledger: Ledger, chance: random.Random, token: str, url: str, crew: UUID) -> None:
        super().__init__(site, ledger, chance, token)
        self._url = url
        self._crew = crew

    async def work(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            for ward_code, key, status in await self._given():
                await self._finish(ward_code, key, status)
            await asyncio.sleep(0.1)

    async def _finish(self, ward_code: str, key: UUID, status: str) -> None:
        while status in self.steps:
            verb, after = self.steps[status]
            if not await self._take(f"Incident:{ward_code}:{key}", verb):
                return
            self.ledger.steps.setdefault(key, set()).add(after)
            status = after

    async def _take(self, id_: str, verb: str) -> bool:
        name = f"{verb}Incident"
        kind = f"{name[0].upper()}{name[1:]}Input"
        given = {"incidentId": id_} | ({"note": "Đã dọn xong"} if verb == "resolve" else {})
        query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ __typename }} }}"
        while True:
            answer = await self.post("/graphql", json={"query": query, "variables": {"input": given}})
            if answer is not None:
                told = answer.json()["data"][name]["__typename"]
                if told != f"{name[0].upper()}{name[1:]}Payload":
                    self.ledger.strange.append(f"{name}: {told}")
                    return False
                return True

    async def _given(self) -> list[tuple[str, UUID, str]]:
        try:
            connection = await asyncpg.connect(self._url, timeout=5)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return []
        try:
            rows = await connection.fetch(
                "SELECT ward_code, id, status FROM incident WHERE crew_id = $1"
                " AND status IN ('ASSIGNED', 'ACCEPTED', 'IN_PROGRESS') ORDER BY id LIMIT 3",
                self._crew,
            )
            return [(row["ward_code"], row["id"], row["status"]) for row in rows]
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return []
        finally:
            connection.terminate()
