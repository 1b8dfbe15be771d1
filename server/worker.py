"""The worker: does by itself, again and again, what `geo.housekeeping` says is to be done."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import housekeeping
from geo.database import Database

_LOG = logging.getLogger(__name__)
_PAUSE_SECONDS = 60.0

Chore = Callable[[AsyncConnection], Awaitable[int]]
CHORES: tuple[Chore, ...] = (housekeeping.close_silent, housekeeping.end_expired_sessions)


async def work_once(database: Database) -> int:
    """Do every chore until nothing is left of it; how many things were done. One bite is one transaction."""
    total = 0
    for chore in CHORES:
        while True:
            async with database.write() as connection:
                done = await chore(connection)
            total += done
            if done < housekeeping.BITE:
                break
    return total


async def work(database: Database, stop: asyncio.Event, pause: float = _PAUSE_SECONDS) -> None:
    """Work until `stop`. A database that is away for a while is tried again at the next turn."""
    while not stop.is_set():
        try:
            done = await work_once(database)
            if done:
                _LOG.info("housekeeping: %d", done)
        except (SQLAlchemyError, OSError) as error:
            _LOG.warning("housekeeping has to wait: %s", type(error).__name__)
        try:
            async with asyncio.timeout(pause):
                await stop.wait()
        except TimeoutError:
            continue


async def run(url: str) -> None:
    """Work until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    database = Database(url, pool_size=1)
    try:
        await work(database, stop)
    finally:
        await database.close()
