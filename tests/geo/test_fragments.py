"""Boundaries kept in memory: always what stands in the database."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from geo.fragments import MARK, Fragments
from tests.geo.conftest import Laid


async def test_the_shape_of_a_boundary_is_for_good(undone: Laid) -> None:
    with pytest.raises(DBAPIError, match="never redrawn"):
        await undone.rows("UPDATE neighbourhood_boundary SET boundary = ST_Reverse(boundary) RETURNING id")


class Store:
    """Stands for the table: gives texts by key, and counts what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[UUID] = []

    async def rows(self, _plan: Any, given: Any) -> list[tuple[bytes, bytes]]:
        self.asked += given.values["ids"]
        known = zip(given.values["wards"], given.values["ids"], strict=True)
        return [(f"{code}:{id_}".encode(), json.dumps(str(id_)).encode()) for code, id_ in known if id_.int % 2]


def marked(*ids: UUID) -> bytes:
    return b"[" + b",".join(f"{MARK}20314:{id_}{MARK}".encode() for id_ in ids) + b"]"


async def test_each_text_is_read_once_and_a_row_that_is_gone_is_null() -> None:
    store, fragments = Store(), Fragments()
    odd, even = UUID(int=3), UUID(int=4)
    for _ in range(2):
        assert json.loads(await fragments.filled(marked(odd, even, odd), store.rows)) == [str(odd), None, str(odd)]
    assert store.asked == [odd, even, even]


async def test_memory_stays_bounded_and_what_was_used_lately_stays() -> None:
    store, fragments = Store(), Fragments(most_bytes=1_000)
    ids = [UUID(int=uuid4().int | 1) for _ in range(100)]
    for id_ in ids:
        await fragments.filled(marked(ids[0], id_), store.rows)
        assert fragments.bytes <= 1_000
    assert store.asked.count(ids[0]) == 1
    assert len(fragments) == 1_000 // 38


async def test_a_text_without_marks_passes_as_it_is() -> None:
    assert await Fragments().filled(b'{"name": "\\u0001"}', Store().rows) == b'{"name": "\\u0001"}'
