"""Reads what happened and has every sender tell it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from geo import telling
from server.notifying.message import Sender


class Notifier:
    """Tells what happened since it was last asked, by all of these ways."""

    def __init__(self, senders: Sequence[Sender]) -> None:
        self._senders = senders

    async def tell_news(self, connection: AsyncConnection) -> int:
        """Tell of the next steps, and move the bookmark behind them in the same transaction; how many they were."""
        steps, told = await telling.due(connection)
        if told:
            for sender in self._senders:
                await sender.tell(connection, told)
        return steps
