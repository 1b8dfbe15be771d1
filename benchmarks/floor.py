"""The floor: the server's own statements through bare asyncpg, without HTTP, GraphQL or an engine around them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from multiprocessing.connection import Connection as Pipe
from typing import Any

import asyncpg
import uvloop

from benchmarks.captured import Captured, Statement
from benchmarks.load import Check, Load, Outcome, answering, drive

APPLICATION = "bench-floor"


Session = tuple[tuple[str, str], ...]
Free = asyncio.LifoQueue[asyncpg.Connection]


class Floor:
    """For each way that the server's sessions are set, as many connections, handed round without ceremony."""

    def __init__(self, free: Mapping[Session, Free], captured: Mapping[str, Sequence[Captured]]) -> None:
        self._free = free
        self._statements = {case: [one.statements for one in made] for case, made in captured.items()}

    async def answer(self, order: Load | Check) -> Outcome | list[list[Any]]:
        if isinstance(order, Check):
            return [await self._run(order.case, number) for number in order.numbers]
        case = order.case

        async def send(number: int) -> None:
            await self._run(case, number)

        return await drive([send] * order.concurrency, order)

    async def _run(self, case: str, number: int) -> list[Any]:
        """The first columns of all rows. Statements of one kind of session run on one connection, in turn."""
        statements = self._statements[case]
        found: list[Any] = []
        for session, run in groupby(statements[number % len(statements)], lambda statement: statement.session):
            connection = await self._free[session].get()
            try:
                for statement in run:
                    found += await _values(connection, statement)
            finally:
                self._free[session].put_nowait(connection)
        return found


async def _values(connection: asyncpg.Connection, statement: Statement) -> list[Any]:
    """The first column of what a statement gives."""
    if not statement.prepared:
        await connection.execute(statement.text)
        return []
    return [row[0] for row in await connection.fetch(statement.text, *statement.values) if len(row)]


async def _work(pipe: Pipe, url: str, size: int, captured: Mapping[str, Sequence[Captured]]) -> None:
    sessions = {one.session for made in captured.values() for request in made for one in request.statements}
    free: dict[Session, Free] = {}
    for session in sessions:
        free[session] = asyncio.LifoQueue()
        for _ in range(size):
            settings = {**dict(session), "application_name": APPLICATION}
            free[session].put_nowait(await asyncpg.connect(url, server_settings=settings))
    await answering(pipe, Floor(free, captured).answer)


def run(pipe: Pipe, url: str, size: int, captured: Mapping[str, Sequence[Captured]]) -> None:
    """The process: answers orders from the pipe, on `size` connections of each kind that the server has."""
    with suppress(KeyboardInterrupt):
        uvloop.run(_work(pipe, url, size, captured))
