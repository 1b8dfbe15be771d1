"""Identifiers: UUIDv7 for rows, short codes for people."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

# Crockford's base 32: no I, L, O, U, so that a code survives being read out on the phone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> UUID:
    """A UUIDv7: sorts by time of creation, so that indexes grow at one end."""
    return uuid7()


def new_unguessable_id() -> UUID:
    """A UUIDv7 (RFC 9562, 5.7) whose 74 free bits are all chance: who knows others, even of that moment, knows no more.

    `new_id` counts within a millisecond. This one is for what is shown to whoever knows its id.
    """
    chance = secrets.randbits(74)
    moment = time.time_ns() // 1_000_000
    return UUID(int=moment << 80 | 0x7 << 76 | chance >> 62 << 64 | 0b10 << 62 | chance & (1 << 62) - 1)


def moment_of(id_: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, UTC)


def as_id(text: object) -> UUID | None:
    """The id that a text is, in its usual form of 36 characters; None for any other."""
    try:
        return UUID(text) if isinstance(text, str) and len(text) == 36 else None
    except ValueError:
        return None


def new_tracking_suffix() -> str:
    """`7K3F9Q`: thirty random bits, which follow the ward's code. Uniqueness is the database's to keep."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(6))


def new_tracking_code(ward_code: str) -> str:
    """`20314-7K3F9Q`."""
    return f"{ward_code}-{new_tracking_suffix()}"
