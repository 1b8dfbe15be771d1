"""What an operation carries: who asks, in which language, and its one connection for reading."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

import strawberry
from graphql import GraphQLError

from geo.actor import ANONYMOUS, Actor
from geo.admitting import Bound
from geo.database import Database
from geo.intake import Intake
from geo.language import Language, Text
from geo.plans import Given, Plan
from geo.pools import Texts
from geo.redacting import Rectangle
from geo.second_factor import Need
from geo.shares import Share, Turn
from geo.tables import Channel

TOO_COSTLY = Text(
    "Truy vấn này đọc quá nhiều dữ liệu ({cost} dòng, tối đa {most}). Hãy giảm `first`.",
    "This query reads too much ({cost} rows, {most} at most). Ask for a smaller `first`.",
)


_INTROSPECTION_OFF = Text(
    "Lược đồ không trả lời qua truy vấn ở đây; hãy đọc ở /schema.graphql.",
    "The schema is not told by queries here: read it at /schema.graphql.",
)


class OperationOver(Exception):
    """The operation was answered already."""


class OperationTimeout(TimeoutError):
    """The operation was given up: it took too long, or others needed what it held. Its SQL was cancelled."""


class Redactor(Protocol):
    """Whoever keeps the photographs, as far as making another picture of one goes."""

    async def blurred(self, photo_id: UUID, rectangles: Sequence[Rectangle]) -> UUID:
        """The id of a new, stored copy in which these parts are unrecognisable. Raises `TooManyRequests`."""
        ...


class Admission(Protocol):
    """Whoever knows how many reports may come from the caller."""

    def bounds(self, request_key: UUID, *, email: bool, proof: str | None) -> tuple[Bound, ...]:
        """What bounds a report with this key; `email` says that it names an address to write to."""
        ...

    def stored(self, request_key: UUID) -> None:
        """A report with this key is stored, now or since it was first sent."""
        ...


@dataclass
class Context:
    """Made for each operation and closed after it. The root fields of an operation share one connection, in turn."""

    database: Database
    secret_key: bytes
    actor: Actor = ANONYMOUS
    language: Language = Language.VI
    default_ward: str | None = None
    max_cost: int = 10_000
    channel: Channel = Channel.GRAPHQL
    reports: Intake | None = None
    redactor: Redactor | None = None
    address: str = "unknown"
    """Where the caller calls from, for what is slowed after wrong passwords."""
    second_factor: Need = Need.OPTIONAL
    site: str = ""
    """Where people reach our pages: what a link that is handed on begins with."""
    mails: bool = False
    """Whether links can be mailed."""
    admission: Admission | None = None
    """What bounds the caller's reports; without one nothing does."""
    introspection: bool = True
    """Whether this caller may ask for `__schema`."""
    seconds: float | None = None
    """How long the operation may take."""
    share: Share | None = None
    """What the caller has of the connections; without one there is no other caller."""
    give_up: Callable[[], None] | None = None
    """Ends the operation while it runs, as when its time is over."""
    cost: int = 0
    planned_cost: int = 0
    """What the operation's plan costs, where it has one: known when the plan was made, and not charged again."""
    refusal: str | None = None
    """The name of the refusal that a mutation was answered with, for whoever counts them."""
    _texts: Texts | None = None
    _reading: Turn | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _closed: bool = False

    @property
    def intake(self) -> Intake:
        """Where reports are taken in: the process's, so that those that come together are stored together."""
        if self.reports is None:
            self.reports = Intake(self.database)
        return self.reports

    @property
    def blurring(self) -> Redactor:
        """Where photographs are kept. A context without one runs no mutation of a photograph."""
        if self.redactor is None:
            raise TypeError("this context has no store of photographs")
        return self.redactor

    def charge(self, rows: int) -> None:
        """Add to the cost of the operation; refuses once it is too much. Called before any SQL of that field runs."""
        self.cost += rows
        if self.cost > self.max_cost:
            message = TOO_COSTLY.to(self.language, cost=self.cost, most=self.max_cost)
            extensions = {"code": "TOO_COSTLY", "limit": "cost", "most": self.max_cost}
            raise GraphQLError(message, extensions=extensions)

    def no_introspection(self) -> GraphQLError:
        """The refusal of a query that asks for `__schema`."""
        return GraphQLError(_INTROSPECTION_OFF.to(self.language), extensions={"code": "INTROSPECTION_OFF"})

    async def fetch(self, plan: Plan, given: Given) -> bytes | None:
        """The one text that `plan` selects. After `close` it is refused: nobody would give the connection back."""
        async with self._turn:
            if self._closed:
                raise OperationOver
            if self._texts is None:
                if self.share is not None:
                    self._reading = await self.share.reading.enter(self.share.who, plan.sql, self.give_up)
                self._texts = self.database.texts()
            began = time.monotonic()
            try:
                return await self._texts.fetch(plan, given)
            finally:
                if self.share is not None:
                    self.share.reading.took(plan.sql, time.monotonic() - began)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """A turn at a connection to write on, taken before the connection itself."""
        if self.share is None:
            yield
            return
        turn = await self.share.writing.enter(self.share.who)
        try:
            yield
        finally:
            self.share.writing.leave(turn)

    async def release(self) -> None:
        """Give the connection back before asking for another to write on: who holds one and waits can wait for ever."""
        async with self._turn:
            await self._give_back()

    async def close(self) -> None:
        """Give the connection back, once a statement that runs is done.

        Where a root field fails that may not be null, the operation is answered while the other root fields still run
        in the background: those that have not begun to read find it closed.
        """
        async with self._turn:
            self._closed = True
            await self._give_back()

    async def _give_back(self) -> None:
        texts, self._texts = self._texts, None
        turn, self._reading = self._reading, None
        try:
            if texts is not None:
                await texts.close()
        finally:
            if turn is not None and self.share is not None:
                self.share.reading.leave(turn)


Info = strawberry.Info[Context, None]
