"""The copy of a photograph in which parts are unrecognisable: made by the picture process, and kept in the store."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

from geo.errors import TooManyRequests
from geo.ids import new_unguessable_id
from geo.redacting import Rectangle
from server.pictures import Busy, Pictures, Unfit
from server.room import Room
from server.storage import Photographs, Size, StoreUnavailable

_LOG = logging.getLogger(__name__)
_RETRY_AFTER = 5
MOST_AT_ONCE = 8
"""Copies that are made or waited for: a third of the pictures' queue; the rest is for residents' photographs."""


class Redacting:
    """Makes copies of the photographs of one store. It is what the schema's context calls a `Redactor`."""

    def __init__(self, pictures: Pictures, photographs: Photographs) -> None:
        self._pictures = pictures
        self._photographs = photographs
        self._room = Room(MOST_AT_ONCE)

    async def blurred(self, photo_id: UUID, rectangles: Sequence[Rectangle]) -> UUID:
        """The id of a new copy, which nobody sees until a row names it; it is stored when this returns.

        A copy that no row comes to name is a stray, and removed as such. Raises `TooManyRequests` where the pictures'
        process or the store cannot do it now, or many others are being made.
        """
        if not self._room.enter():
            raise TooManyRequests(_RETRY_AFTER)
        try:
            picture = await self._pictures.blur(await self._original(photo_id), rectangles)
            copy = new_unguessable_id()
            await self._photographs.put(copy, {Size.LARGE: picture.large, Size.SMALL: picture.small})
        except (Busy, Unfit, StoreUnavailable) as error:
            _LOG.warning("a photograph could not be blurred: %s %s", type(error).__name__, error)
            raise TooManyRequests(_RETRY_AFTER) from error
        finally:
            self._room.leave()
        return copy

    async def _original(self, photo_id: UUID) -> bytes:
        stored = await self._photographs.open(photo_id, Size.LARGE)
        if stored is None:
            _LOG.error("the store has lost photograph %s", photo_id)
            raise Unfit("unreadable")
        return b"".join([bytes(piece) async for piece in stored.pieces])
