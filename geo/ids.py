"""Identifiers: UUIDv7 for rows, short codes for people."""

from __future__ import annotations

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7

# Crockford's base 32: no I, L, O, U, so that a code survives being read out on the phone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> UUID:
    """A UUIDv7: sorts by time of creation, so that indexes grow at one end."""
    return uuid7()


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
