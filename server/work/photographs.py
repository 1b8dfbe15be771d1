"""What becomes of photographs that nobody claims, and of objects in the store that nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from geo import erasing, photos
from server.storage import SHELVES, Photographs

_HOURS = 24
_LEFT = timedelta(days=1)
"""How long nobody wrote to an unfinished file that is taken for a killed writer's."""


class Tidying:
    """The chores of one store. Objects go before their rows: a row that is left is found again, an object is not."""

    def __init__(self, store: Photographs, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._now = now

    async def remove_pictures(self, connection: AsyncConnection, payload: dict[str, Any]) -> None:
        """The job: remove the objects of photographs whose rows are deleted."""
        pictures = [UUID(one) for one in payload["pictures"].split()]
        await self._store.delete(await erasing.unknown(connection, pictures))

    async def remove_unclaimed(self, connection: AsyncConnection) -> int:
        """Remove a bite of uploads that can be claimed no more; how many."""
        keys = await photos.unclaimed(connection)
        await self._store.delete(keys)
        await photos.forget(connection, keys)
        return len(keys)

    async def remove_strays(self, connection: AsyncConnection) -> int:
        """Remove a bite of the objects without a row, and of the files of killed writers; how many.

        Each hour looks through its part of the shelves: all of them in a day.
        """
        now = self._now()
        for number in range(now.hour, SHELVES, _HOURS):
            strays = await self._on_shelf(connection, number, now)
            strays += await self._store.remove_leftovers(number, now - _LEFT)
            if strays:
                return strays
        return 0

    async def _on_shelf(self, connection: AsyncConnection, number: int, now: datetime) -> int:
        removed = 0
        async for keys in self._store.on_shelf(number):
            strays = await photos.nobodys(connection, keys, now)
            await self._store.delete(strays)
            removed += len(strays)
        return removed
