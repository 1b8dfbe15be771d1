"""What is said to a person, as data, and what a way of saying it must be able to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from geo.language import Language
from geo.telling import Told


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph, and what somebody wrote, to be set apart from our own words. All of it is text, never markup."""

    text: str
    said: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """Something for one person to read, whichever way it comes: a sender lays it out as its way allows."""

    address: str = field(repr=False)
    """Where this way finds them."""
    about: UUID
    """The step of the incident that it tells of first: the same however often the message is sent."""
    began: UUID
    """The step that the incident began with, by which messages belong together."""
    language: Language
    sender_name: str
    subject: str
    lines: Sequence[Line]
    link: str = field(repr=False)
    link_text: str
    why: str
    """Why they get it."""
    stop: str | None = field(repr=False)
    """The address where they can end it, at once and by themselves; None for a letter that was asked for."""
    stop_text: str


class Sender(Protocol):
    """One way of telling people. It takes what is for those whom it reaches, and passes the rest over."""

    async def tell(self, connection: AsyncConnection, told: Sequence[Told]) -> None:
        """Tell these, in the transaction of who read them: what leaves the house is sent by a job after the commit."""
