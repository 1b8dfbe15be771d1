"""How one job or one chore is done, and what becomes of it when it fails."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job as Row
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import jobs, notices
from geo.database import Database
from server import metrics
from server.logs import kind_of
from server.notifying.envelope import Write
from server.work.mailing import Carrier, TwiceUnanswered
from server.work.registry import Chore, Job

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a worker is."""

    poll: timedelta = timedelta(seconds=1)
    """It looks for jobs this often."""
    takeover: timedelta = timedelta(seconds=30)
    """A worker that gave no sign of life for so long is dead: others take over its jobs."""
    tries: int = 8
    first_delay: timedelta = timedelta(seconds=5)
    """Before the second try; doubled for each further one, so that eight tries take some ten minutes."""
    longest_delay: timedelta = timedelta(hours=1)
    longest: timedelta = timedelta(minutes=5)
    """A job, or a bite of a chore, that takes longer is broken off and counts as failed."""
    grace: timedelta = timedelta(seconds=8)
    """What runs when the worker is stopped may go on for so long."""

    def delay(self, attempts: int) -> timedelta:
        """Before the try after `attempts + 1` failed ones, half as much or half as much again at random."""
        doubled: timedelta = self.first_delay * 2 ** min(attempts, 20)
        return min(doubled, self.longest_delay) * random.uniform(0.5, 1.5)  # noqa: S311


class JobFailed(Exception):
    """A job failed as often as it may. Its text is the class of the last error: the error itself may quote people."""


class Abandoned(Exception):
    """Worker after worker began the job and none came to its end: it may be what they died of."""


class Hands:
    """Does so many jobs at once, and beside them one chore and some letters: deadlines are told whatever jobs do, and
    jobs are done however slow the mail server is.
    """

    def __init__(self, database: Database, at_once: int, pace: Pace, carrier: Carrier | None = None) -> None:
        self._database = database
        self._carrier = carrier
        self._turns = asyncio.Semaphore(at_once)
        self._chore = asyncio.Semaphore(1)
        self._pace = pace

    async def do(self, job: Job, row: Row, worker: UUID) -> None:
        """Do a job in one transaction with its end; raises `RetryRequested` or `JobFailed`."""
        async with self._trying(row):
            async with self._turns, self._limit(), self._database.write() as connection:
                if not await self._has(connection, row, worker):
                    return
                await job(connection, jobs.payload_of(row.payload))
                await jobs.finish(connection, row.id)
            metrics.jobs.labels(row.entrypoint, "done").inc()

    async def send(self, write: Write, stopped: Callable[[], bool], row: Row, worker: UUID) -> None:
        """Do a job that sends a letter; raises `RetryRequested` or `JobFailed`. No transaction is open meanwhile.

        Where the worker is `stopped` by the time that it is this letter's turn, it is left to the next worker: to be
        broken off while the mail server looks through it would bring about a second copy.
        """
        if self._carrier is None:
            raise RuntimeError("there is no mail server")
        async with self._trying(row):
            async with self._carrier.turns, self._limit():
                if stopped():
                    raise RetryRequested(timedelta(0), "Stopped")
                async with self._database.write(silent=True) as connection:
                    if not await self._has(connection, row, worker):
                        return
                    envelope = await self._carrier.written(connection, write, row.id, jobs.payload_of(row.payload))
                if envelope is not None:
                    await self._carrier.carry(envelope, row.id, worker)
            metrics.jobs.labels(row.entrypoint, "done").inc()

    async def _has(self, connection: AsyncConnection, row: Row, worker: UUID) -> bool:
        """Whether `worker` still has this job, which it then keeps for the transaction. Raises `Abandoned`."""
        picked = await jobs.held(connection, row.id, worker)
        if picked is not None and picked > row.attempts + self._pace.tries:
            raise Abandoned
        return picked is not None

    @asynccontextmanager
    async def _trying(self, row: Row) -> AsyncIterator[None]:
        """What goes wrong in the block is tried again later, or told to the ward's staff."""
        try:
            yield
        except RetryRequested:
            raise
        except Exception as error:
            kind = kind_of(error)
            _LOG.warning("job %s %d failed: %s, try %d", row.entrypoint, row.id, kind, row.attempts + 1)
            if isinstance(error, Abandoned | TwiceUnanswered) or row.attempts + 1 >= self._pace.tries:
                metrics.jobs.labels(row.entrypoint, "given_up").inc()
                await self._tell_failed(row)
                raise JobFailed(kind) from None
            metrics.jobs.labels(row.entrypoint, "failed").inc()
            raise RetryRequested(self._pace.delay(row.attempts), kind) from None

    async def _tell_failed(self, row: Row) -> None:
        """Tell the staff of the job's ward that it was given up; where that fails, the list of them still says it."""
        ward_code = jobs.payload_of(row.payload).get("ward")
        if not isinstance(ward_code, str):
            return
        try:
            async with self._limit(), self._database.write() as connection:
                await notices.tell_job_failed(connection, ward_code)
        except Exception as error:
            _LOG.warning("nobody was told that job %d failed: %s", row.id, kind_of(error))

    async def finish(self, chore: Chore, stopped: Callable[[], bool]) -> int:
        """Do a chore until nothing is left of it, or until `stopped`; how much was done."""
        total = 0
        while not stopped():
            async with self._chore, self._limit(), self._database.write() as connection:
                done = await chore.bite(connection)
            if not done:
                break
            total += done
        if total:
            _LOG.info("%s: %d", chore.name, total)
        metrics.chores.labels(chore.name, "done").inc()
        return total

    def _limit(self) -> asyncio.Timeout:
        return asyncio.timeout(self._pace.longest.total_seconds())

    async def try_to_finish(self, chore: Chore, stopped: Callable[[], bool]) -> None:
        """Do a chore; what fails is tried again at its next tick."""
        try:
            await self.finish(chore, stopped)
        except Exception as error:  # one chore that fails keeps no other from being done
            metrics.chores.labels(chore.name, "failed").inc()
            _LOG.warning("%s has to wait: %s", chore.name, kind_of(error))
