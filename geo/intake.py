"""Reports that arrive together are stored together: one transaction for as many as wait, not one for each.

Under load most of what a report costs is its transaction: round trips, planning, the commit's flush to disk. So while
one batch is being stored the next gathers, and a single report never waits for company. Each report keeps its own
outcome: a refusal concerns nobody else, and where a batch fails as a whole each report of it is tried by itself. A
report is acknowledged once its transaction is committed, as ever.
"""

from __future__ import annotations

import asyncio
from collections import deque
from uuid import UUID

import asyncpg

from geo.database import Database
from geo.errors import Refusal
from geo.outage import out_of_reach
from geo.receiving import Submission, receive_all

MOST_TOGETHER = 32
"""Reports in one batch: enough to share the cost, few enough that the last does not wait long for the first."""

BATCHES = 2
"""Batches at once in a process."""

_TRIES = 3

Received = tuple[str, UUID]
_Batch = list[tuple[Submission, asyncio.Future[Received]]]


class Intake:
    """Takes in reports for one process. It needs no closing: it works only while somebody waits."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._waiting: deque[tuple[Submission, asyncio.Future[Received]]] = deque()
        self._working: set[asyncio.Task[None]] = set()

    async def receive(self, submission: Submission) -> Received:
        """Store a report: its ward and id, once that is committed. Raises `InvalidInput`, `OutsideWard`."""
        outcome: asyncio.Future[Received] = asyncio.get_running_loop().create_future()
        self._waiting.append((submission, outcome))
        if len(self._working) < BATCHES:
            task = asyncio.create_task(self._work())
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        return await outcome

    async def _work(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(MOST_TOGETHER, len(self._waiting)))]
            # Who went away before their turn is not waited for, and has been promised nothing.
            batch = [(submission, outcome) for submission, outcome in batch if not outcome.done()]
            if batch:
                await self._store(batch)

    async def _store(self, batch: _Batch, tries: int = _TRIES) -> None:
        try:
            async with self.database.together() as statements:
                outcomes = await receive_all(statements, [submission for submission, _ in batch])
        except asyncpg.TransactionRollbackError as error:
            # Two that waited for each other: the other has what it wanted by now.
            if tries > 1:
                await self._store(batch, tries - 1)
            else:
                _fail(batch, error)
            return
        except Exception as error:
            # A database out of reach is none of the reports' fault, and trying each would keep them all waiting.
            if len(batch) > 1 and not out_of_reach(error):
                for one in batch:
                    await self._store([one])
            else:
                _fail(batch, error)
            return
        for (_, told), outcome in zip(batch, outcomes, strict=True):
            if told.done():
                continue
            if isinstance(outcome, Refusal):
                told.set_exception(outcome)
            else:
                told.set_result(outcome)


def _fail(batch: _Batch, error: Exception) -> None:
    for _, told in batch:
        if not told.done():
            told.set_exception(error)
