"""Chance that comes out the same every time, and the ids and hashes made from it.

Each topic draws from a generator of its own, so that a change to the places leaves the incidents as they were.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

_SEED = "phuong-so"
# Crockford's base 32, as the tracking codes of real reports.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def chance(topic: str) -> Random:
    """A generator for one topic: the same sequence on every machine. Nothing secret is made from it."""
    return Random(f"{_SEED}:{topic}")  # noqa: S311 # nosec B311


class Ids:
    """UUIDs of version 7 shape whose time is given and whose random part is seeded. Each call gives a greater one."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._last = 0

    def at(self, moment: datetime) -> UUID:
        """An id as if made at `moment` (RFC 9562, section 5.7)."""
        milliseconds = int(moment.timestamp() * 1000)
        value = (milliseconds << 80) | (7 << 76) | (self._random.getrandbits(12) << 64)
        value |= (0b10 << 62) | self._random.getrandbits(62)
        return UUID(int=value)

    def rising(self, moment: datetime) -> UUID:
        """An id for one of many rows of one moment: a millisecond apart, so that they sort as they were made."""
        self._last += 1
        return self.at(moment + timedelta(milliseconds=self._last))


def seeded_hash(random: Random) -> bytes:
    """SHA-256 of sixteen seeded bytes: stands where a real report keeps the hash of its key or secret."""
    return hashlib.sha256(random.randbytes(16)).digest()


def tracking_code(random: Random, ward_code: str) -> str:
    """`20314-7K3F9Q`, from seeded bits."""
    return f"{ward_code}-{''.join(random.choice(ALPHABET) for _ in range(6))}"
