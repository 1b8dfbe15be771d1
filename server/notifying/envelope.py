"""A letter that is ready to be handed over, and what is noted of it when it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection


class Entry(Protocol):
    """What the database is to know of a letter that is handed over."""

    async def note(self, connection: AsyncConnection) -> bool:
        """Note that it is about to be handed over; False where it is to be left out instead."""

    async def taken(self, connection: AsyncConnection) -> None:
        """The mail server has taken it."""

    async def take_back(self, connection: AsyncConnection) -> None:
        """Undo `note`: the mail server has not taken it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A letter and where it goes. `about` is what the log calls it: it names nobody."""

    mail: EmailMessage = field(repr=False)
    address: str = field(repr=False)
    about: str
    entry: Entry


Write = Callable[[AsyncConnection, dict[str, Any]], Awaitable[Envelope | None]]
"""Makes the letter of a job's payload from what is stored, and changes nothing; None where there is none to send."""
