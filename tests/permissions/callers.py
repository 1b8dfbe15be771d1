"""The eight kinds of caller before the scene: what each asks, and everything that was said to each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
from graphql import GraphQLSchema

from geo.audiences import Caller
from tests.asking import URL, Desk
from tests.permissions import reading
from tests.permissions.reading import Reader
from tests.permissions.scene import Laid

ACCOUNTS: dict[Caller, str | None] = {
    Caller.ANONYMOUS: None,
    Caller.REPORTER: None,
    Caller.TEAM_MEMBER: "team-1",
    Caller.CREW_MEMBER: "crew-clean",
    Caller.OTHER_CREW: "crew-roads",
    Caller.STAFF: "staff",
    Caller.OTHER_STAFF: "staff-other",
    Caller.ADMIN: "admin",
}
"""Whose token each sends."""


@dataclass
class Scene:
    """The application, what is in it, and what it said."""

    desk: Desk
    laid: Laid
    published: GraphQLSchema
    heard: dict[Caller, list[tuple[str, str]]] = field(default_factory=lambda: {caller: [] for caller in Caller})
    """To each caller: what was asked, and the whole answer to it with its headers."""
    listened: set[Caller] = field(default_factory=set)
    """Who has read all there is to read."""
    _pages: dict[tuple[Caller, str], httpx.Response] = field(default_factory=dict)
    _read: dict[tuple[Caller, str, str], Any] = field(default_factory=dict)

    def headers(self, caller: Caller) -> dict[str, str]:
        account = ACCOUNTS[caller]
        if account is not None:
            return {"Authorization": f"Bearer {self.desk.tokens[account]}"}
        if caller is not Caller.REPORTER:
            return {}
        # As a browser holds it: one cookie for each report of their own.
        cookies = [f"report-{one.tracking_code}=1700000000.{one.secret}" for one in self.theirs()]
        return {"Cookie": "; ".join(cookies)}

    def theirs(self) -> list[Any]:
        """The reports whose secrets the reporter holds."""
        return [one for name, one in self.laid.incidents.items() if name.startswith("own") and "twin" not in name]

    def hear(self, caller: Caller, asked: str, response: httpx.Response) -> httpx.Response:
        told = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
        self.heard[caller].append((asked, f"{told}\n\n{response.content.decode('utf-8', 'replace')}"))
        return response

    async def ask(self, caller: Caller, query: str, variables: dict[str, Any] | None = None, what: str = "") -> Any:
        """The whole answer of the API, errors and all."""
        sent = {"query": query, "variables": variables or {}}
        headers = {key: value for key, value in self.headers(caller).items() if key != "Cookie"}
        headers |= {"Accept": "application/graphql-response+json"}
        response = await self.desk.http.post("/graphql", json=sent, headers=headers)
        return self.hear(caller, what or query, response).json()

    async def send(self, caller: Caller, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask for an address as a page of ours would."""
        headers = self.headers(caller) | {"Origin": URL, "Sec-Fetch-Site": "same-origin"} | options.pop("headers", {})
        response = await self.desk.http.request(method, path, headers=headers, **options)
        return self.hear(caller, f"{method} {path}", response)

    async def page(self, caller: Caller, path: str) -> httpx.Response:
        """What this caller is answered at an address; asked once, for nothing is changed by it."""
        if (caller, path) not in self._pages:
            self._pages[caller, path] = await self.send(caller, "GET", path)
        return self._pages[caller, path]

    async def read(self, caller: Caller, block: str, which: str, reader: Reader | None = None) -> Any:
        """All fields of the block's own or foreign object, as this caller reads them; None where it is not there."""
        reader = reader or reading.READERS[block]
        key = (caller, f"{block} {reader}", which)
        if key not in self._read:
            self._read[key] = await self._ask_all(caller, block, which, reader)
        return self._read[key]

    async def _ask_all(self, caller: Caller, block: str, which: str, reader: Reader) -> Any:
        anchor, path = (reader.own if which == "own" else reader.foreign), reader.path
        if caller is Caller.REPORTER and which == "own" and reader.reporter is not None:
            anchor, path = reader.reporter
        if anchor is None:
            return None
        name = block.partition(":")[0]
        of_type: Any = self.published.type_map[name]
        query = reading.document(anchor, path, name, reading.every_field(of_type), self.published)
        secret = caller is Caller.REPORTER and which == "own"
        given = reading.variables(anchor, self.laid, secret=secret)
        answer = await self.ask(caller, query, given, f"{block} ({which})")
        assert "errors" not in answer, (block, which, caller, answer["errors"], query)
        return reading.found(answer["data"], path, self.laid)
