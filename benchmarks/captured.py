"""What was overheard of the server: the statements of one request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement and its values, as asyncpg takes them.

    Without `prepared` it goes as plain text, as BEGIN and COMMIT do.
    """

    text: str
    values: tuple[Any, ...] = ()
    prepared: bool = True
    session: tuple[tuple[str, str], ...] = ()
    """The settings of the session that sent it: a pool for each."""


@dataclass(frozen=True, slots=True)
class Captured:
    """What the server sent for a request, and the HTTP status of its answer."""

    statements: tuple[Statement, ...]
    status: int
