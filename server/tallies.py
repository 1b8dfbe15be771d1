"""How often something was asked for: counted in this process, and settled with all others by way of the database.

What is asked for often is counted in memory, which costs a request microseconds, and settled once a second in one
statement; what is asked for rarely is not settled at all. So a limit of L a minute lets through at most L, and beside
it from each further process what reaches it in a second, or L/100 where that is more.

What must be exact is counted in the database at once (`strictly`). While the database is away this process counts for
itself, and gives account of it later.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from dataclasses import dataclass

from geo import limits
from geo.database import Database
from geo.limits import Allowance, Count
from geo.outage import OUT_OF_REACH, out_of_reach

_LOG = logging.getLogger(__name__)
SECONDS = 60
"""Requests are counted by the minute."""
SETTLE_SECONDS = 1.0
_PATIENCE = 2.0
_AWAY_SECONDS = 2.0
"""For so long after the database was away it is not asked for what must be exact."""
_TIDY_SECONDS = 300.0
SHARED_FROM = 100
"""From the hundredth part of its limit on, a count is shared with other processes."""
MOST = 20_000
"""Counts that a process keeps."""
_DIGEST_BYTES = 16


@dataclass(slots=True)
class _Tally:
    """What this process knows of a count: what was settled, and its own since (`unsent`, which is in `hits` too)."""

    most: int
    slot: int
    hits: int = 0
    before: int = 0
    unsent: int = 0


_Key = tuple[str, str]
"""What is counted, and of whom."""


class Tallies:
    """The counts of one process. Close it when done."""

    def __init__(self, database: Database, secret_key: bytes, settle_seconds: float = SETTLE_SECONDS) -> None:
        self._database = database
        self._key = hmac.digest(secret_key, b"limits", "sha256")
        self._settle_seconds = settle_seconds
        self._tallies: dict[_Key, _Tally] = {}
        self._unsettled: set[_Key] = set()
        self._settling: asyncio.Task[None] | None = None
        self._tidied = time.monotonic()
        self._away_until = 0.0
        self._ahead = 0.0
        """By how much the database's clock is ahead of ours: periods begin by its clock."""

    def allowance(self, what: str, who: str, most: int, seconds: int) -> Allowance:
        """An allowance under a key that names nobody, not even to who reads the database."""
        told = hmac.digest(self._key, f"{what}\n{seconds}\n{who}".encode(), "sha256")
        return Allowance(told[:_DIGEST_BYTES], most, seconds)

    def hit(self, what: str, who: str, most: int) -> int:
        """Count one more, if it fits in; else the seconds to wait. Needs no database. `most` 0 is no limit."""
        if not most:
            return 0
        key = (what, who)
        tally = self._of(key, most)
        wait = self._wait(tally)
        if not wait:
            tally.hits += 1
            tally.unsent += 1
            if tally.hits + tally.before >= most / SHARED_FROM:
                self._settle_soon(key)
        return wait

    async def strictly(self, what: str, who: str, most: int) -> int:
        """The same, exact for all processes together: one statement, unless this process knows that it is too many."""
        if not most:
            return 0
        key = (what, who)
        tally = self._of(key, most)
        wait = self._wait(tally)
        if wait:
            return wait
        counted = None if time.monotonic() < self._away_until else await self._counted({key: 1})
        if counted is None:
            return self.hit(what, who, most)
        found = counted[key]
        one_less = found.hits - 1
        wait = limits.wait(most, SECONDS, found.slot, one_less, found.before, found.at)
        if wait:
            tally.hits -= 1
            tally.unsent -= 1
            self._settle_soon(key)
        return wait

    async def take_back(self, what: str, who: str, most: int) -> None:
        """Count one less of what was counted strictly: it came to nothing."""
        key = (what, who)
        tally = self._of(key, most)
        if time.monotonic() < self._away_until or await self._counted({key: -1}) is None:
            tally.hits -= 1
            tally.unsent -= 1
            self._settle_soon(key)

    def __len__(self) -> int:
        return len(self._tallies)

    async def settle(self) -> None:
        """Give account of what was counted since, and learn what others counted. What fails is told next time."""
        unsettled, self._unsettled = self._unsettled, set()
        sent = {key: tally.unsent for key in unsettled if (tally := self._tallies.get(key)) is not None}
        if sent and await self._counted(sent, settled=True) is None:
            self._unsettled |= sent.keys()

    async def close(self) -> None:
        if self._settling is not None:
            self._settling.cancel()
            await asyncio.gather(self._settling, return_exceptions=True)

    def _of(self, key: _Key, most: int) -> _Tally:
        slot = int(self._now() // SECONDS)
        tally = self._tallies.get(key)
        if tally is None:
            if len(self._tallies) >= MOST or time.monotonic() > self._tidied + _TIDY_SECONDS:
                self._tidy()
            tally = self._tallies[key] = _Tally(most, slot)
        elif tally.slot < slot:
            tally.hits, tally.before = limits.as_of(SECONDS, tally.slot, tally.hits, tally.before, self._now())
            tally.slot = slot
        return tally

    def _wait(self, tally: _Tally) -> int:
        return limits.wait(tally.most, SECONDS, tally.slot, tally.hits, tally.before, self._now())

    def _now(self) -> float:
        return time.time() + self._ahead

    def _tidy(self) -> None:
        """Forget what says nothing any more, so that no address is kept; and where it is full, what came first."""
        self._tidied, now = time.monotonic(), self._now()
        for key in [key for key, tally in self._tallies.items() if now // SECONDS - tally.slot > 1]:
            del self._tallies[key]
        if len(self._tallies) >= MOST:
            for key in list(self._tallies)[: MOST // 10]:
                del self._tallies[key]

    def _settle_soon(self, key: _Key) -> None:
        self._unsettled.add(key)
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._settle_while_needed())

    async def _settle_while_needed(self) -> None:
        while self._unsettled:
            await asyncio.sleep(self._settle_seconds)
            await self.settle()

    async def _counted(self, hits: dict[_Key, int], *, settled: bool = False) -> dict[_Key, Count] | None:
        """Count these in the database; None while it is away."""
        digests = {key: self.allowance(*key, 0, SECONDS).key for key in hits}
        try:
            async with asyncio.timeout(_PATIENCE), self._database.texts() as texts:
                counted = await limits.add(texts, {(digests[key], SECONDS): count for key, count in hits.items()})
        except OUT_OF_REACH as error:
            if not out_of_reach(error):
                raise
            _LOG.warning("limits are counted by this process alone: %s", type(error).__name__)
            self._away_until = time.monotonic() + _AWAY_SECONDS
            return None
        found = {key: counted[digest] for key, digest in digests.items()}
        for key, count in found.items():
            self._ahead = count.at - time.time()
            tally = self._tallies.get(key)
            if tally is not None:
                tally.unsent -= hits[key] if settled else 0
                tally.slot, tally.hits, tally.before = count.slot, count.hits + tally.unsent, count.before
        return found
