"""What an operation carries: who asks, in which language, and its one connection for reading."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

import strawberry
from graphql import GraphQLError

from geo.actor import ANONYMOUS, Actor
from geo.database import Database, Texts
from geo.intake import Intake
from geo.language import Language, Text
from geo.plans import Given, Plan
from geo.redacting import Rectangle
from geo.tables import Channel

TOO_COSTLY = Text(
    "Truy vấn này đọc quá nhiều dữ liệu ({cost} dòng, tối đa {most}). Hãy giảm `first`.",
    "This query reads too much ({cost} rows, {most} at most). Ask for a smaller `first`.",
)


class OperationOver(Exception):
    """The operation was answered already."""


class Redactor(Protocol):
    """Whoever keeps the photographs, as far as making another picture of one goes."""

    async def blurred(self, photo_id: UUID, rectangles: Sequence[Rectangle]) -> UUID:
        """The id of a new, stored copy in which these parts are unrecognisable. Raises `TooManyRequests`."""
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
    cost: int = 0
    _texts: Texts | None = None
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
            raise GraphQLError(message, extensions={"code": "TOO_COSTLY"})

    async def fetch(self, plan: Plan, given: Given) -> bytes | None:
        """The one text that `plan` selects. After `close` it is refused: nobody would give the connection back."""
        async with self._turn:
            if self._closed:
                raise OperationOver
            if self._texts is None:
                self._texts = self.database.texts()
            return await self._texts.fetch(plan, given)

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
        if texts is not None:
            await texts.close()


Info = strawberry.Info[Context, None]
