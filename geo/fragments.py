"""Boundaries as GeoJSON text, kept in memory: most of what a list of neighbourhoods sends, and it hardly ever changes.

A statement that reads a boundary answers with a mark in its place, which names the row; `filled` puts the text there.
A row of `neighbourhood_boundary` never changes its shape (a trigger refuses it): a new boundary is a new row. So what
is kept under a row's key stays true, and an edit of a boundary leads to another key. Whether a caller may see a
boundary is decided where the mark is selected.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import sqlalchemy as sa

from geo.actor import ANONYMOUS
from geo.plans import Given, Plan, array_of
from geo.tables import neighbourhood_boundary

MARK = "\x01"
"""Stands around a key. JSON holds no such character: in a text it is written as an escape."""

MOST_BYTES = 32 * 1024 * 1024

Key = bytes
Load = Callable[[Plan, Given], Awaitable[Sequence[tuple[bytes, bytes]]]]


def mark(ward_code: sa.ColumnElement[str], boundary_id: sa.ColumnElement[UUID]) -> sa.ColumnElement[str]:
    """The mark for a boundary, NULL where there is none."""
    key = sa.cast(ward_code, sa.Text).op("||")(":").op("||")(sa.cast(boundary_id, sa.Text))
    return sa.func.chr(ord(MARK)).op("||")(key).op("||")(sa.func.chr(ord(MARK)))


def _named() -> sa.Select[str, str]:
    """Key and text of the boundaries with these keys."""
    columns = (sa.column("ward_code", sa.Text), sa.column("id", sa.Uuid))
    keys = sa.func.unnest(array_of("wards", sa.Text()), array_of("ids", sa.Uuid()))
    wanted = keys.table_valued(*columns).render_derived(name="wanted")
    boundary = neighbourhood_boundary.c
    text = sa.Function("ST_AsGeoJSON", boundary.boundary, 7, type_=sa.Text)
    key = sa.func.concat(boundary.ward_code, ":", boundary.id, type_=sa.Text)
    return sa.select(key, text).join(
        wanted, sa.and_(wanted.c.ward_code == boundary.ward_code, wanted.c.id == boundary.id)
    )


NAMED = Plan(_named())


class Fragments:
    """The texts that were read lately, at most so many bytes of them; which was not asked for longest goes first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._texts: dict[Key, bytes] = {}

    def __len__(self) -> int:
        return len(self._texts)

    async def filled(self, text: bytes, load: Load) -> bytes:
        """`text` with boundaries in place of its marks; `load` reads those that are not kept."""
        pieces = text.split(MARK.encode())
        keys = pieces[1::2]
        if not keys:
            return text
        found = {key: kept for key in keys if (kept := self._texts.get(key)) is not None}
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        if missing:
            found |= await self._loaded(missing, load)
        for key in found:
            self._renew(key)
        pieces[1::2] = [found.get(key, b"null") for key in keys]
        return b"".join(pieces)

    async def _loaded(self, keys: Sequence[Key], load: Load) -> dict[Key, bytes]:
        parts = [key.decode().split(":", 1) for key in keys]
        given = Given(ANONYMOUS, {"wards": [part[0] for part in parts], "ids": [UUID(part[1]) for part in parts]})
        loaded = {bytes(key): bytes(text) for key, text in await load(NAMED, given)}
        for key, text in loaded.items():
            self._keep(key, text)
        return loaded

    def _keep(self, key: Key, text: bytes) -> None:
        if key not in self._texts:
            self._texts[key] = text
            self.bytes += len(text)
        while self.bytes > self.most_bytes:
            oldest = next(iter(self._texts))
            self.bytes -= len(self._texts.pop(oldest))

    def _renew(self, key: Key) -> None:
        text = self._texts.pop(key, None)
        if text is not None:
            self._texts[key] = text
