"""A load: a bounded run of requests through some senders, told and answered over a pipe.

The client and the floor are processes of their own; both take a `Load`, run it and answer with an `Outcome`.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any

Send = Callable[[int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Load:
    """Send `count` requests from number `start` on, `concurrency` at a time, for `seconds` at most."""

    case: str
    concurrency: int
    start: int
    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Check:
    """Ask for these requests and give the answers."""

    case: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a load came to: how long it took, and each request's seconds."""

    seconds: float
    latencies: list[float] = field(default_factory=list)


class WrongAnswer(Exception):
    """A contender answered otherwise than it must: the measurement is worth nothing."""


async def drive(senders: Sequence[Send], load: Load) -> Outcome:
    """Every sender takes the next request as soon as its last is answered."""
    numbers = iter(range(load.start, load.start + load.count))
    latencies: list[float] = []
    begun = perf_counter()
    until = begun + load.seconds

    async def work(send: Send) -> None:
        for number in numbers:
            asked = perf_counter()
            if asked > until:
                return
            await send(number)
            latencies.append(perf_counter() - asked)

    async with asyncio.TaskGroup() as group:
        for send in senders:
            group.create_task(work(send))
    return Outcome(perf_counter() - begun, latencies)


Answer = Callable[[Any], Awaitable[Any]]


async def answering(pipe: Connection, answer: Answer) -> None:
    """Answer what comes through the pipe, until it says None. An exception is told as text and ends the process."""
    loop = asyncio.get_running_loop()
    while True:
        order = await loop.run_in_executor(None, pipe.recv)
        if order is None:
            return
        try:
            told = await answer(order)
        except BaseException:
            pipe.send(WrongAnswer(traceback.format_exc()))
            raise
        pipe.send(told)
