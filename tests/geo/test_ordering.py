"""Cursors: what a list gives names a row of it and no other, and junk is refused before it reaches the database."""

from __future__ import annotations

import base64
import json
import random
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from geo.actor import Actor, Role
from geo.database import Database
from geo.incidents import MOST_URGENT_FIRST, NEWEST_FIRST, OLDEST_FIRST, matching, nearest_first
from geo.locating import geography
from geo.neighbourhoods import BY_NAME, of_ward
from geo.ordering import BadCursor, Order
from geo.positions import Position
from geo.tables import neighbourhood, neighbourhood_boundary
from geo.wards import BY_CODE
from geo.wards import matching as wards_matching
from tests import ward

ID = "0193-0000-7000-8000-000000000000".replace("0193", "01930000")
HERE = Position(108.215, 15.99)
NEAREST = nearest_first(geography(HERE))
ORDERS = {"name": BY_NAME, "code": BY_CODE, "newest": NEWEST_FIRST, "urgent": MOST_URGENT_FIRST, "nearest": NEAREST}
STAFF = Actor(Role.STAFF, ward_code=ward.CODE)


def cursor(order: Order, *keys: object) -> str:
    return base64.b64encode(json.dumps([order.name, *keys]).encode()).decode()


@given(st.datetimes(timezones=st.timezones()), st.uuids())
def test_a_cursor_of_a_time_is_taken(moment: datetime, id_: UUID) -> None:
    time = moment.astimezone(UTC).isoformat() if 1 < moment.year < 9999 else "infinity"
    NEWEST_FIRST.check(cursor(NEWEST_FIRST, time, str(id_)))


@given(st.text().filter(lambda text: "\x00" not in text), st.uuids())
def test_a_cursor_of_a_name_is_taken(name: str, id_: UUID) -> None:
    BY_NAME.check(cursor(BY_NAME, name, str(id_)))


@given(st.floats(0, 2e7), st.uuids())
def test_a_cursor_of_a_distance_is_taken(metres: float, id_: UUID) -> None:
    NEAREST.check(cursor(NEAREST, repr(metres), str(id_)))


@pytest.mark.parametrize("order", ORDERS)
@given(junk=st.text() | st.binary().map(lambda raw: base64.b64encode(raw).decode()))
def test_junk_is_no_cursor(order: str, junk: str) -> None:
    with pytest.raises(BadCursor):
        ORDERS[order].check(junk)


KEYS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.just(10**400) | st.sampled_from(["x\x00", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=5,
)


@pytest.mark.parametrize("order", ORDERS)
@given(keys=st.lists(KEYS, max_size=3) | KEYS)
def test_json_of_other_kinds_is_no_cursor(order: str, keys: Any) -> None:
    junk = base64.b64encode(json.dumps(keys).encode()).decode()
    with pytest.raises(BadCursor):
        ORDERS[order].check(junk)


@pytest.mark.parametrize(
    ("order", "keys"),
    [
        ("newest", ("2026-11-20 02:05:00+00", 5)),
        ("newest", ("2026-11-20 02:05:00+00", [ID])),
        ("newest", ("2026-11-20 02:05:00+00", "not an id")),
        ("newest", ("2026-11-20 02:05:00+00", ID, ID)),
        ("newest", ("2026-11-20 02:05:00+00",)),
        ("newest", ("yesterday", ID)),
        ("newest", ("now", ID)),
        ("newest", ("2026-13-40", ID)),
        ("newest", (20261120, ID)),
        ("nearest", (10**400, ID)),
        ("nearest", (12.5, ID)),
        ("nearest", ("12 m", ID)),
        ("name", (["Tổ"], ID)),
        ("name", ("Tổ\x00", ID)),
        ("name", ("\ud800", ID)),
        ("code", (20314,)),
    ],
)
def test_keys_of_the_wrong_kind_are_no_cursor(order: str, keys: tuple[object, ...]) -> None:
    with pytest.raises(BadCursor):
        ORDERS[order].check(cursor(ORDERS[order], *keys))


def test_a_hundred_thousand_brackets_are_no_cursor() -> None:
    with pytest.raises(BadCursor):
        NEWEST_FIRST.check(base64.b64encode(b"[" * 100_000).decode())


TIMES = [
    "2026-W01-1",
    "20260101",
    "2026-01-01",
    "2026-01-01T00:00:00+23:59",
    "2026-01-01T00:00:00-23:59:59.999999",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-01-01T00:00:00,5Z",
    "infinity",
    "-infinity",
]
NUMBERS = ["nan", "inf", "-inf", "1_000", "  5 ", "1e400", "٣"]


async def test_a_forged_cursor_never_makes_the_database_fail(database: Database) -> None:
    """Python reads more notations than PostgreSQL: what is taken goes on in one that both read."""
    tries = [("newest", text) for text in TIMES] + [("urgent", text) for text in TIMES]
    tries += [("nearest", text) for text in NUMBERS]
    for order, key in tries:
        try:
            page = ORDERS[order].page(matching(STAFF, ward_code=ward.CODE), 5, cursor(ORDERS[order], key, ID))
        except BadCursor:
            continue
        async with database.read() as connection:
            assert (await connection.execute(sa.select(page.c.id))).all() == []


async def test_pages_of_every_order_give_each_row_once_and_in_order(database: Database) -> None:
    rng = random.Random(7)
    async with database.write() as connection:
        await ward.build(connection)
        for _ in range(60):
            # Few moments and few places, so that many rows tie on the first key.
            reported = ward.REPORTED - timedelta(seconds=rng.randrange(5))
            due = rng.choice([None, reported + timedelta(hours=1), reported + timedelta(microseconds=1_000_001)])
            at = rng.choice([ward.IN_FIRST, ward.IN_SECOND, (108.2199999, 15.99)])
            await ward.report(connection, at=at, reported_at=reported, due_at=due)
    for order in (NEWEST_FIRST, OLDEST_FIRST, MOST_URGENT_FIRST, NEAREST):
        await _walked(database, order, matching(STAFF, ward_code=ward.CODE), 60)
    async with database.read() as connection:
        found = await connection.execute(sa.select(NEWEST_FIRST.page(matching(STAFF), 60, None)))
        times = [(row.reported_at, row.id) for row in found]
    assert times == sorted(times, reverse=True)


async def _walked(database: Database, order: Order, rows: sa.Select[Any], total: int) -> list[Any]:
    """All rows, by pages of 7; each page starts after the last cursor of the one before."""
    seen: list[Any] = []
    after = None
    async with database.read() as connection:
        whole = (await connection.execute(sa.select(order.page(rows, total + 5, None)))).all()
        while True:
            page = (await connection.execute(sa.select(order.page(rows, 7, after)))).all()
            assert [row.n for row in page] == list(range(1, len(page) + 1))
            seen += page
            if len(page) < 7:
                break
            after = page[-1].cursor
    assert [row.cursor for row in seen] == [row.cursor for row in whole]
    assert len({row.cursor for row in seen}) == total
    return seen


async def test_names_sort_as_vietnamese_people_sort_and_count(database: Database) -> None:
    names = ["Tổ 10", "Tổ 2", "Ân", "An", "Ăn", "Đa", "Da", "Em", "Êm", "tổ 3", 'Tổ "7"\\', "Tổ 'số' %_"]
    async with database.write() as connection:
        await connection.execute(
            sa.insert(ward.tables.ward).values(code=ward.CODE, name="P", boundary=ward.square(108, 15, 109, 16))
        )
        for index, name in enumerate(names):
            of = {"ward_code": ward.CODE}
            key = ward.new_id()
            await connection.execute(sa.insert(neighbourhood).values(**of, id=key, name=name))
            area = ward.square(108 + index / 100, 15, 108 + (index + 1) / 100, 16)
            row = {"neighbourhood_id": key, "boundary": area, "since": ward.REPORTED}
            await connection.execute(sa.insert(neighbourhood_boundary).values(**of, id=ward.new_id(), **row))
    rows = await _walked(database, BY_NAME, of_ward(Actor(), ward.CODE), len(names))
    plain = [row.name for row in rows if row.name.isalnum() or row.name[-1].isdigit()]
    assert plain == ["An", "Ăn", "Ân", "Da", "Đa", "Em", "Êm", "Tổ 2", "tổ 3", "Tổ 10"]


async def test_wards_are_paged_by_code(database: Database) -> None:
    async with database.write() as connection:
        await ward.build(connection)
    rows = await _walked(database, BY_CODE, wards_matching(Actor()), 2)
    assert [row.code for row in rows] == [ward.CODE, ward.OTHER]


def test_a_time_with_a_zone_is_the_same_moment() -> None:
    zone = timezone(timedelta(hours=7))
    NEWEST_FIRST.check(cursor(NEWEST_FIRST, datetime(2026, 11, 20, 9, 5, tzinfo=zone).isoformat(), ID))
