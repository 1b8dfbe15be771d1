"""The floor: the server's own statements through bare asyncpg, without HTTP, GraphQL or an engine around them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from typing import Any

import asyncpg
import uvloop

from benchmarks.load import Check, Load, Outcome, answering, drive
from benchmarks.statements import Captured, Statement

APPLICATION = "bench-floor"


class Floor:
    """As many connections as the server has, handed round without ceremony."""

    def __init__(self, connections: list[asyncpg.Connection], captured: Mapping[str, Sequence[Captured]]) -> None:
        self._free: asyncio.LifoQueue[asyncpg.Connection] = asyncio.LifoQueue()
        for connection in connections:
            self._free.put_nowait(connection)
        self._statements = {case: [one.statements for one in made] for case, made in captured.items()}

    async def answer(self, order: Load | Check) -> Outcome | list[list[Any]]:
        if isinstance(order, Check):
            return [await self._run(order.case, number) for number in order.numbers]
        case = order.case

        async def send(number: int) -> None:
            await self._run(case, number)

        return await drive([send] * order.concurrency, order)

    async def _run(self, case: str, number: int) -> list[Any]:
        statements = self._statements[case]
        connection = await self._free.get()
        try:
            return [value for one in statements[number % len(statements)] for value in await _values(connection, one)]
        finally:
            self._free.put_nowait(connection)


async def _values(connection: asyncpg.Connection, statement: Statement) -> list[Any]:
    """The first column of what a statement gives."""
    if not statement.prepared:
        await connection.execute(statement.text)
        return []
    return [row[0] for row in await connection.fetch(statement.text, *statement.values) if len(row)]


async def _work(pipe: Pipe, url: str, size: int, settings: dict[str, str], captured: Any) -> None:
    own = {**settings, "application_name": APPLICATION}
    connections = [await asyncpg.connect(url, server_settings=own) for _ in range(size)]
    try:
        await answering(pipe, Floor(connections, captured).answer)
    finally:
        for connection in connections:
            await connection.close()


def run(pipe: Pipe, url: str, size: int, settings: dict[str, str], captured: Mapping[str, Sequence[Captured]]) -> None:
    """The process: answers orders from the pipe. `settings` are those of the server's sessions."""
    with suppress(KeyboardInterrupt):
        uvloop.run(_work(pipe, url, size, settings, captured))
