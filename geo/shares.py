"""A few connections shared by many callers: who has least goes first, and what is slow never takes them all.

Connections are given in this order: statements that are not known to be slow before those that are, then callers who
hold fewest, then who came first. Statements known to be slow hold half of the connections at most. One that nobody knew
to be slow is given up once somebody has waited for a second and more than half of the connections are held for longer
than that: so a query takes long only while nobody needs what it holds.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from geo.plans import Kept

SLOW_SECONDS = 1.0
"""What makes a statement a slow one, and how long others wait for it at most before it is given up."""
_LOOK_SECONDS = 0.1
_WAIT_SECONDS = 4.0
_MOST_WAITING = 1_000
_MOST_KNOWN = 1_000


class CrowdedOutError(TimeoutError):
    """This caller has as much under way as one may; after `retry_after` seconds it may be less."""

    retry_after = 5


@dataclass(eq=False, slots=True)
class Turn:
    """The use of one connection, or the wait for it. `give_up` ends what uses it, where that may be ended."""

    who: Hashable
    statement: str
    give_up: Callable[[], None] | None
    since: float = field(default_factory=time.monotonic)
    granted: asyncio.Future[None] | None = None


class Shares:
    """Turns at `size` connections; one caller has `each` at most at once, and `most` with those that they wait for."""

    def __init__(self, size: int, each: int, most: int) -> None:
        self._size = size
        self._each = each
        self._most = most
        self._slow_size = max(size // 2, 1)
        self._held: set[Turn] = set()
        self._waiting: list[Turn] = []
        self._holds: Counter[Hashable] = Counter()
        self._waits: Counter[Hashable] = Counter()
        self._known: Kept[bool] = Kept(_MOST_KNOWN)
        self._looking: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many wait for a turn."""
        return len(self._waiting)

    @property
    def taken(self) -> int:
        """How many connections are held, or waited for."""
        return len(self._held) + len(self._waiting)

    async def enter(self, who: Hashable, statement: str = "", give_up: Callable[[], None] | None = None) -> Turn:
        """A connection's worth; leave it when done. Raises `CrowdedOutError`, and `TimeoutError` when it takes long."""
        turn = Turn(who, statement, give_up)
        if self._holds[who] + self._waits[who] >= self._most:
            raise CrowdedOutError
        if not self._waiting and self._fits(turn):
            self._grant(turn)
            return turn
        if len(self._waiting) >= _MOST_WAITING:
            raise TimeoutError
        turn.granted = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._waits[who] += 1
        self._admit()
        self._look_later()
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await turn.granted
        except BaseException:
            if turn in self._held:  # it was given in the very moment that it was given up
                self.leave(turn)
            else:
                self._waiting.remove(turn)
                self._forget_waiting(turn)
            raise
        return turn

    def leave(self, turn: Turn) -> None:
        """Let the next one in."""
        self._held.discard(turn)
        self._holds[turn.who] -= 1
        if not self._holds[turn.who]:
            del self._holds[turn.who]
        self._admit()

    def took(self, statement: str, seconds: float) -> None:
        """Remember how long a statement took, finished or not."""
        if seconds >= SLOW_SECONDS:
            self._known.put(statement, True)
        elif self._known.get(statement) is True:
            self._known.put(statement, False)

    def _fits(self, turn: Turn) -> bool:
        if len(self._held) >= self._size or self._holds[turn.who] >= self._each:
            return False
        return not self._is_slow(turn) or sum(map(self._is_slow, self._held)) < self._slow_size

    def _is_slow(self, turn: Turn) -> bool:
        return self._known.get(turn.statement) is True

    def _grant(self, turn: Turn) -> None:
        self._held.add(turn)
        self._holds[turn.who] += 1
        turn.since = time.monotonic()

    def _admit(self) -> None:
        while len(self._held) < self._size:
            fitting = [turn for turn in self._waiting if self._fits(turn)]
            if not fitting:
                return
            turn = min(fitting, key=lambda one: (self._is_slow(one), self._holds[one.who]))
            self._waiting.remove(turn)
            self._forget_waiting(turn)
            self._grant(turn)
            if turn.granted is not None and not turn.granted.done():
                turn.granted.set_result(None)

    def _forget_waiting(self, turn: Turn) -> None:
        self._waits[turn.who] -= 1
        if not self._waits[turn.who]:
            del self._waits[turn.who]

    def _look_later(self) -> None:
        if self._looking is None:
            self._looking = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        """Give up the oldest of those who hold most, where somebody who is not known to be slow waits too long."""
        self._looking = None
        if not self._waiting:
            return
        self._look_later()
        before = time.monotonic() - SLOW_SECONDS
        if not any(turn.since < before and not self._is_slow(turn) for turn in self._waiting):
            return
        old = [turn for turn in self._held if turn.since < before and turn.give_up is not None]
        if len(old) > self._slow_size:
            turn = max(old, key=lambda one: (self._holds[one.who], -one.since))
            given_up, turn.give_up = turn.give_up, None
            if given_up is not None:
                given_up()


@dataclass(frozen=True, slots=True)
class Share:
    """What one caller has of a process's connections: for reading, and for changes that hold one until they commit."""

    who: Hashable
    reading: Shares
    writing: Shares
