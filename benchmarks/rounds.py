"""The measurement: rounds of a few hundred requests, the contenders in random order, so that what else the machine
does hits all alike. What is compared between contenders is compared within a round.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks import database, measure
from benchmarks.cases import Case, Source
from benchmarks.contenders import FLOOR, Contender
from benchmarks.drawing import SEED
from benchmarks.load import Check, Load, Outcome, WrongAnswer
from benchmarks.requests import holds, meaning

_WARM_UP = 40
_CHECKED = 2

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured."""

    concurrencies: tuple[int, ...] = (1, 16, 64)
    rounds: int = 5
    requests: int = 200
    seconds: float = 2.0
    """The longest that one contender sends in one round; what is under way then is awaited."""
    patience: float = 10.0
    """Seconds at one concurrency after which a slow contender sits out the remaining rounds."""
    variety: int = 200
    """How many requests the floor goes round through: what the server sends for each is found out beforehand.

    No fewer than `requests`: a report may be repeated only once what the last round reported is taken out again.
    """

    @property
    def drawn(self) -> int:
        """How many different requests are drawn: enough that none comes again soon."""
        return min(10 * self.variety, self.requests * self.rounds * len(self.concurrencies))


@dataclass(frozen=True, slots=True)
class Side:
    """A contender and the database it works on. `label` tells sides apart in a report."""

    label: str
    contender: Contender
    source: Source


@dataclass(frozen=True, slots=True)
class Round:
    """What one contender did in one round: seconds of wall clock and of the processor."""

    wall: float
    latencies: tuple[float, ...]
    database: float
    process: float

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.wall


@dataclass
class Measured:
    """All rounds of one case: by concurrency and by label."""

    rounds: dict[tuple[int, str], list[Round]] = field(default_factory=dict)

    def rate(self, concurrency: int, label: str) -> float:
        """Requests a second: the middle one of the rounds."""
        return statistics.median(one.rate for one in self.rounds[concurrency, label])

    def ratio(self, concurrency: int, label: str, other: str) -> float | None:
        """Throughput in proportion to another's: the middle one of the rounds that both were in."""
        pairs = zip(self.rounds.get((concurrency, label), ()), self.rounds.get((concurrency, other), ()), strict=False)
        found = [one.rate / two.rate for one, two in pairs]
        return statistics.median(found) if found else None

    def percentile(self, concurrency: int, label: str, share: float) -> float:
        """The seconds within which this share of all requests was answered."""
        every = sorted(second for one in self.rounds[concurrency, label] for second in one.latencies)
        return every[min(len(every) - 1, int(len(every) * share))]

    def processor(self, concurrency: int, label: str) -> tuple[float, float]:
        """Processor seconds a request: of the database, and of the server's process."""
        rounds = self.rounds[concurrency, label]
        count = sum(len(one.latencies) for one in rounds)
        return sum(one.database for one in rounds) / count, sum(one.process for one in rounds) / count


async def measured(case: Case, sides: Sequence[Side], extent: Extent, tell: Tell) -> Measured:
    """Measure one case on all sides. Raises `WrongAnswer`."""
    chance = random.Random(SEED)
    found = Measured()
    for side in sides:
        await _cleaned(case, side, Load(case.name, 4, 0, min(_WARM_UP, extent.variety), extent.seconds))
    start = 0
    for concurrency in extent.concurrencies:
        for number in range(extent.rounds):
            await check(case, sides, [chance.randrange(extent.variety) for _ in range(_CHECKED)])
            order = list(sides)
            chance.shuffle(order)
            load = Load(case.name, concurrency, start, min(extent.requests, extent.variety), extent.seconds)
            for side in order:
                had = found.rounds.setdefault((concurrency, side.label), [])
                if sum(one.wall for one in had) < extent.patience:
                    had.append(await _cleaned(case, side, load))
            start += load.count
            tell(f"{case.name}, {concurrency} at a time, round {number + 1}")
    return found


async def _cleaned(case: Case, side: Side, load: Load) -> Round:
    connection = side.source.connection
    since = await database.now(connection)
    pids = await measure.backends(connection, side.contender.application)
    before, process = measure.total(pids), measure.cpu_seconds(side.contender.pid)
    outcome: Outcome = await side.contender.do(load)
    process = measure.cpu_seconds(side.contender.pid) - process
    after = measure.total({*pids, *await measure.backends(connection, side.contender.application)})
    if case.writes:
        await database.clean(connection, since)
    if not outcome.latencies:
        raise WrongAnswer(f"{side.label}: no request of {case.name} was answered in time")
    return Round(outcome.seconds, tuple(outcome.latencies), measure.spent(before, after), process)


async def check(case: Case, sides: Sequence[Side], numbers: Sequence[int]) -> None:
    """Have every side on a database answer the same requests, and compare. Raises `WrongAnswer`."""
    for label in dict.fromkeys(id(side.source) for side in sides):
        await _agree(case, [side for side in sides if id(side.source) == label], tuple(numbers))


async def _agree(case: Case, sides: Sequence[Side], numbers: tuple[int, ...]) -> None:
    answers: dict[str, list[Any]] = {}
    for side in sides:
        since = await database.now(side.source.connection)
        told = await side.contender.do(Check(case.name, numbers))
        if case.writes:
            await database.clean(side.source.connection, since)
        answers[side.label] = told
    first = next(side for side in sides if side.contender.name != FLOOR)
    right = [_right(case, body, status) for status, body in answers[first.label]]
    for side in sides:
        for number, expected, told in zip(numbers, right, answers[side.label], strict=True):
            if side.contender.name == FLOOR:
                agrees = any(
                    holds(expected, meaning(_bytes(value))) for value in told if isinstance(value, str | bytes)
                )
            else:
                agrees = told[0] in (200, 204) and meaning(told[1]) == expected
            if not agrees:
                raise WrongAnswer(
                    f"{side.label} answers {case.name} {number} otherwise:\n{told!r:.800}\n{expected!r:.800}"
                )


def _right(case: Case, body: bytes, status: int) -> Any:
    if status not in (200, 204) or b'"errors":' in body[:12]:
        raise WrongAnswer(f"{case.name}: {status} {body!r:.500}")
    return meaning(body)


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
