"""Asking the whole application, through ASGI: its tests have no other door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy import event, make_url
from sqlalchemy.dialects.postgresql import aggregate_order_by
from starlette.applications import Starlette

from geo.database import Database
from geo.plans import Given, Plan
from geo.pools import Texts
from geo.tables import metadata, tally
from server.app import create_app
from server.rate_settings import LIMITS
from server.settings import Settings
from tests import ward

URL = "http://phuongso.test"
SERVER_KEY = "a key that only tests have, long enough"


UNLIMITED: dict[str, Any] = dict.fromkeys(LIMITS, 0)
"""Settings without limits of how often something may be asked for: tests ask from one address, thousands of times."""


@dataclass
class Desk:
    """The application on a ward of its own (`tests/ward.py`), and a token of every account there."""

    app: Starlette
    http: httpx.AsyncClient
    ward: ward.Ward
    tokens: dict[str, str]
    incidents: dict[str, ward.Reported] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    async def post(self, body: Any, by: str | None = None, headers: dict[str, str] | None = None) -> httpx.Response:
        """POST `body` (bytes as they are, anything else as JSON) in the name of account `by`."""
        sent = {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}
        if by is not None:
            sent["Authorization"] = f"Bearer {self.tokens[by]}"
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        return await self.http.post("/graphql", content=content, headers=sent | (headers or {}))

    async def ask(self, query: str, by: str | None = None, language: str | None = None, **variables: Any) -> Any:
        """The whole response to a document: `data`, and `errors` where there are any."""
        headers = {} if language is None else {"Accept-Language": language}
        response = await self.post({"query": query, "variables": variables}, by, headers)
        return response.json()

    async def data(self, query: str, by: str | None = None, **variables: Any) -> Any:
        """The `data` of a document that must run without errors."""
        answer = await self.ask(query, by, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    async def dump(self, *, but: str | None = None) -> dict[str, tuple[int, str | None]]:
        """Of every table, `but` for one: how many rows, and a digest of all that they hold."""
        # How often something was asked for is counted whatever comes of it.
        rows = [table.alias("t") for table in metadata.sorted_tables if table is not tally and table.name != but]
        whole = sa.cast(sa.literal_column("t"), sa.Text)
        digest = sa.func.md5(sa.func.string_agg(whole, aggregate_order_by(sa.literal(";"), whole)))
        parts = [
            sa.select(sa.literal(row.element.name), sa.func.count(), digest).select_from(row)
            for row in rows
            if isinstance(row.element, sa.Table)
        ]
        queued = sa.select(sa.literal("jobs"), sa.func.count(), sa.null()).select_from(sa.text("jobs.pgqueuer"))
        async with self.database.read() as connection:
            return {name: (count, text) for name, count, text in await connection.execute(sa.union_all(*parts, queued))}

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The SQL that runs meanwhile, commits included; without the look-up of who is calling."""
        seen: list[str] = []
        engine = self.database.engine.sync_engine

        def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if "FROM session JOIN account" not in " ".join(statement.split()):
                seen.append(statement)

        def committed() -> None:
            seen.append("COMMIT")

        fetch = Texts.fetch

        async def fetched(texts: Texts, plan: Plan, given: Given) -> bytes | None:
            seen.append(plan.sql)
            return await fetch(texts, plan, given)

        event.listen(engine, "before_cursor_execute", before)
        self.database.committed.append(committed)
        Texts.fetch = fetched  # type: ignore[method-assign]
        try:
            yield seen
        finally:
            Texts.fetch = fetch  # type: ignore[method-assign]
            event.remove(engine, "before_cursor_execute", before)
            self.database.committed.remove(committed)


async def close(app: Starlette) -> None:
    """End what an application began that never ran its lifespan: nothing of it reaches into later tests."""
    await app.state.pictures.close()
    await app.state.tallies.close()
    await app.state.database.close()


Opening = Callable[[], AbstractAsyncContextManager[Desk]]


@dataclass(frozen=True, slots=True)
class Laid:
    """A database with both wards of `tests/ward.py`, to be copied: its name, the ward, every account's token."""

    template: str
    ward: ward.Ward
    tokens: dict[str, str]


@pytest.fixture(scope="session")
async def both_wards(copying: Any, template: str) -> AsyncIterator[Laid]:
    """The wards, laid once for all tests of a process."""
    async with copying(template) as url:
        database = Database(url)
        async with database.write() as connection:
            built = await ward.build(connection)
            tokens = {username: await ward.token(connection, built, username) for username in ward.USERNAMES}
        await database.close()
        yield Laid(make_url(url).database or "", built, tokens)


@pytest.fixture(scope="session")
def opening(copying: Any, both_wards: Laid, tmp_path_factory: pytest.TempPathFactory) -> Opening:
    """`opening()` is a desk for the length of a block, on a copy of a database where both wards are laid."""

    @asynccontextmanager
    async def open_desk() -> AsyncIterator[Desk]:
        async with copying(both_wards.template) as address:
            var = tmp_path_factory.mktemp("var")
            told = {"database_url": address, "secret_key": SERVER_KEY, "default_ward": ward.CODE, "var": var}
            app = create_app(Settings(**UNLIMITED | told))
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url=URL) as http:
                yield Desk(app, http, both_wards.ward, both_wards.tokens)
            await close(app)

    return open_desk


@pytest.fixture
async def desk(opening: Opening) -> AsyncIterator[Desk]:
    """A desk of this test's own, where it may change what it likes."""
    async with opening() as opened:
        yield opened
