"""The floor's statements: what the server sends to PostgreSQL for a request, with the values it sends.

The application runs here, in this process, and what passes asyncpg's protocol is written down: whether SQLAlchemy
sent it or a bare pool, BEGIN and COMMIT included. Looking up who is calling is no part of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import asyncpg

from benchmarks.captured import Captured, Statement
from benchmarks.inprocess import application, ask
from benchmarks.requests import Request

_PINGS = frozenset({"", ";", "SELECT 1"})


@dataclass
class Record:
    """What was sent while recording."""

    statements: list[Statement] = field(default_factory=list)

    def add(self, connection: asyncpg.Connection, statement: Statement) -> None:
        text = " ".join(statement.text.split())
        if text.rstrip(";") in _PINGS or "FROM session " in text or "FROM pg_catalog" in text:
            return
        if text.startswith("ROLLBACK") and self.statements and self.statements[-1].text.startswith("BEGIN"):
            self.statements.pop()  # an engine asking whether a connection still lives
            return
        settings = connection._params.server_settings or {}
        session = tuple(sorted((name, value) for name, value in settings.items() if name != "application_name"))
        self.statements.append(replace(statement, session=session))


class _Protocol:
    """asyncpg's protocol, overheard. A query logger would not hear prepared statements, which SQLAlchemy uses."""

    def __init__(self, inner: Any, connection: Any, record: Record) -> None:
        self._inner = inner
        self._connection = connection
        self._record = record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def query(self, query: str, timeout: Any) -> Any:
        self._record.add(self._connection, Statement(query, prepared=False))
        return self._inner.query(query, timeout)

    def bind_execute(self, state: Any, args: Sequence[Any], *rest: Any, **named: Any) -> Any:
        self._record.add(self._connection, Statement(state.query, tuple(args)))
        return self._inner.bind_execute(state, args, *rest, **named)

    def bind_execute_many(self, state: Any, args: Any, *rest: Any, **named: Any) -> Any:
        rows = [tuple(row) for row in args]
        for row in rows:
            self._record.add(self._connection, Statement(state.query, row))
        return self._inner.bind_execute_many(state, rows, *rest, **named)


@contextmanager
def recording() -> Iterator[Record]:
    """Overhear every asyncpg connection that is opened meanwhile."""
    record = Record()
    opened = asyncpg.Connection.__init__

    def overheard(self: Any, protocol: Any, *rest: Any, **named: Any) -> None:
        opened(self, _Protocol(protocol, self, record), *rest, **named)

    asyncpg.Connection.__init__ = overheard
    try:
        yield record
    finally:
        asyncpg.Connection.__init__ = opened


async def capture(url: str, requests: Sequence[Request]) -> list[Captured]:
    """Each request with its statements. The first request is asked twice: what a connection does once in its life,
    such as learning of the types of PostGIS, is not part of it. Boundaries are read, not remembered: the floor has no
    memory to put them in from.
    """
    made: list[Captured] = []
    with recording() as record:
        async with application(url, keep_fragments=False) as app:
            await ask(app, requests[0])
            for request in requests:
                record.statements.clear()
                status, _ = await ask(app, request)
                made.append(Captured(tuple(record.statements), status))
    return made
