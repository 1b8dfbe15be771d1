"""Everything that takes part, on one database: drawn requests, captured statements, running contenders."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from benchmarks import database
from benchmarks.captured import Captured
from benchmarks.cases import Case, Source
from benchmarks.contenders import OURS, PLAIN, bare, serving
from benchmarks.requests import Request
from benchmarks.rounds import Extent, Side
from benchmarks.statements import capture
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """A database with its contenders. `missing` are cases that the server does not know yet: it answers 404."""

    source: Source
    sides: tuple[Side, ...]
    captured: dict[str, list[Captured]]
    missing: tuple[str, ...]

    def of(self, case: Case) -> list[Side]:
        """Who answers this case."""
        return [side for side in self.sides if case.plain or side.contender.name != PLAIN]


@asynccontextmanager
async def opened(
    url: str, cases: Sequence[Case], extent: Extent, *, alone: bool = False, prefix: str = ""
) -> AsyncIterator[Desk]:
    """Make the database ready and start the contenders: all three, or with `alone` only the server."""
    source = await database.prepare(url)
    requests: dict[str, list[Request]] = {}
    captured: dict[str, list[Captured]] = {}
    missing: list[str] = []
    try:
        for case in cases:
            drawn = await case.draw(source, max(extent.drawn, extent.variety))
            since = await database.now(source.connection)
            probed = await capture(url, drawn[: 1 if alone else extent.variety])
            if case.writes:
                await database.clean(source.connection, since)
            if probed[0].status == 404:
                missing.append(case.name)
                continue
            requests[case.name], captured[case.name] = drawn, probed
        async with AsyncExitStack() as stack:
            contenders = [await stack.enter_async_context(serving(OURS, url, requests))]
            if not alone:
                size = Settings(database_url=url).pool_size
                contenders.append(await stack.enter_async_context(bare(url, size, captured)))
                contenders.append(await stack.enter_async_context(serving(PLAIN, url, requests)))
            sides = tuple(Side(prefix + contender.name, contender, source) for contender in contenders)
            yield Desk(source, sides, captured, tuple(missing))
    finally:
        await source.connection.close()
