"""The worker: does jobs as they come and chores as they fall due, through restarts of the database.

Letters have a queue of their own: those that wait for a slow mail server take no place of what waits for this one.
"""

from __future__ import annotations

import asyncio
import logging
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.core.qm import QueueManager
from pgqueuer.core.sm import SchedulerManager
from pgqueuer.domain.models import Job as Row
from pgqueuer.domain.models import Schedule

from geo.database import Database
from geo.engines import async_url
from server.listener import bell_of
from server.logs import kind_of
from server.settings import Settings
from server.storage import photographs_of
from server.work.mailing import Carrier
from server.work.queue import SETTINGS, queries_on
from server.work.registry import (
    CHORES,
    JOBS,
    Chore,
    Job,
    Letters,
    chores_with,
    jobs_with,
    retaining_with,
    telling_with,
)
from server.work.running import Hands, Pace

_LOG = logging.getLogger(__name__)
_LONGEST_PAUSE = 30.0
_BATCH = 10
_LETTERS = 5
_AT_ONCE = 2
_STATEMENT_MS = 20_000
_ANSWER_SECONDS = 15
"""A database that does not answer for so long is taken as gone: a half-open connection says nothing by itself."""

Do = Callable[[Row, UUID], Awaitable[None]]
"""Does one job, for the queue of this id."""


class Worker:
    """Works on one database, with one connection for the queue and a few for what is done."""

    def __init__(
        self,
        url: str,
        *,
        jobs: Mapping[str, Job] = JOBS,
        chores: Sequence[Chore] = CHORES,
        pace: Pace | None = None,
        letters: Letters | None = None,
    ) -> None:
        self._url = url
        self._jobs = jobs
        self._chores = chores
        self._pace = pace or Pace()
        self._letters = letters

    async def work(self, stop: asyncio.Event) -> None:
        """Work until `stop`. A database that is away, or has no tables yet, is tried again after a growing pause."""
        # What pgqueuer says of each failure includes its traceback, and there what people wrote; we say what is safe.
        logging.getLogger("pgqueuer").setLevel(logging.CRITICAL)
        # Three more: a chore's, the letters' and the bell's. Nobody waits for an answer: a statement may take longer
        # than in a server.
        database = Database(self._url, pool_size=_AT_ONCE + 3, statement_timeout_ms=_STATEMENT_MS)
        bell = bell_of(database)
        database.committed.append(bell)
        carrier = None if self._letters is None else Carrier(database, self._letters.post)
        hands = Hands(database, _AT_ONCE, self._pace, carrier)
        pause = 0.5
        try:
            while not stop.is_set():
                loop = asyncio.get_running_loop()
                begun = loop.time()
                try:
                    await self._session(hands, stop)
                except Exception as error:  # whatever it was, jobs wait to be done
                    if loop.time() - begun > _LONGEST_PAUSE:
                        pause = 0.5
                    _LOG.warning("the worker has to wait: %s", kind_of(error))
                    await _wait(stop, pause * random.uniform(0.5, 1.5))  # noqa: S311
                    pause = min(2 * pause, _LONGEST_PAUSE)
        finally:
            await bell.close()
            await database.close()

    async def _session(self, hands: Hands, stop: asyncio.Event) -> None:
        """Work over one connection until it breaks or `stop` is set."""
        async with _connected(self._url) as connection:
            driver, ending = AsyncpgDriver(connection), asyncio.Event()
            scheduler = SchedulerManager(queries_on(driver))
            scheduler.shutdown = ending
            for chore in self._chores:
                scheduler.schedule(chore.name, chore.when)(partial(_do_chore, hands, chore, ending))
            doing = {name: partial(hands.do, job) for name, job in self._jobs.items()}
            managers = {
                asyncio.create_task(scheduler.run()),
                asyncio.create_task(self._hand_out(_queue_of(driver, doing, ending), _BATCH)),
            }
            if self._letters is not None:
                sending = {
                    name: partial(hands.send, write, ending.is_set) for name, write in self._letters.writes.items()
                }
                letters = _queue_of(driver, sending, ending)
                # Where all that may be begun is, those that wait are not asked for ten times a second.
                letters.min_dequeue_poll_interval = self._pace.poll / 2
                managers.add(asyncio.create_task(self._hand_out(letters, _LETTERS)))
            asked = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait({*managers, asked}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                ending.set()
                asked.cancel()
                await _end(managers, self._pace.grace)
            errors = [manager.exception() for manager in managers if not manager.cancelled()]
            for error in filter(None, errors):
                raise error

    async def _hand_out(self, queue: QueueManager, batch: int) -> None:
        """Hand out jobs, with room for two batches, until the queue is shut down or its connection breaks."""
        await queue.run(
            dequeue_timeout=self._pace.poll,
            batch_size=batch,
            max_concurrent_tasks=2 * batch,
            heartbeat_timeout=self._pace.takeover,
            log_aggregation_interval=timedelta(0),
        )


def _queue_of(driver: AsyncpgDriver, work: Mapping[str, Do], ending: asyncio.Event) -> QueueManager:
    """A queue of these jobs, each kind with what does one, until `ending`."""
    queries = queries_on(driver)
    queue = QueueManager(queries, SETTINGS.channel)
    queries.owner, queue.shutdown = queue.queue_manager_id, ending
    for name, do in work.items():
        _register(queue, name, do)
    return queue


def _register(queue: QueueManager, name: str, do: Do) -> None:
    async def begin(row: Row) -> None:
        await do(row, queue.queue_manager_id)

    queue.entrypoint(name, on_failure="hold", accepts_context=False)(begin)


async def _do_chore(hands: Hands, chore: Chore, ending: asyncio.Event, _: Schedule) -> None:
    await hands.try_to_finish(chore, ending.is_set)


async def _end(tasks: set[asyncio.Task[None]], grace: timedelta) -> None:
    """Let tasks that were asked to end do so, and cancel what does not: a job that is broken off was not begun."""
    _, late = await asyncio.wait(tasks, timeout=grace.total_seconds())
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=grace.total_seconds())


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        async_url(url).set(drivername="postgresql").render_as_string(hide_password=False),
        timeout=_ANSWER_SECONDS,
        command_timeout=_ANSWER_SECONDS,
        server_settings={"timezone": "UTC", "jit": "off", "application_name": "phuongso worker"},
    )
    try:
        yield connection
    finally:
        try:
            await connection.close(timeout=2)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()


@asynccontextmanager
async def working(worker: Worker | None) -> AsyncIterator[None]:
    """Have a worker work beside what the block does; it ends with the block, within seconds."""
    if worker is None:
        yield
        return
    stop = asyncio.Event()
    task = asyncio.create_task(worker.work(stop))
    try:
        yield
    finally:
        stop.set()
        _, late = await asyncio.wait({task}, timeout=_LONGEST_PAUSE)
        if late:
            task.cancel()


def worker_of(settings: Settings) -> Worker:
    """A worker for these settings."""
    pace = Pace(takeover=timedelta(seconds=settings.takeover_seconds))
    telling, store = telling_with(settings), photographs_of(settings)
    chores = (*chores_with(store), *retaining_with(settings), telling.chore)
    of_jobs = {**JOBS, **jobs_with(store), **telling.jobs}
    return Worker(settings.database, jobs=of_jobs, chores=chores, pace=pace, letters=telling.letters)


async def run(worker: Worker) -> None:
    """Work until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await worker.work(stop)
