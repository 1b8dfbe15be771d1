"""What happened since a moment: each step once, however transactions overlap, and for whom."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import changes, journal, moments, tables
from geo.changes import MOST, Change, Interest, News
from geo.database import Database
from geo.ids import new_id
from geo.lifecycle import Party, Status
from geo.moments import LONGEST_CURSOR, BadCursor, Cursor, Moment
from tests import ward
from tests.geo.test_plans import Explain
from tests.ward import CLEAN, CODE, ROADS, Reported, Ward

KEY = UUID("01936b1e-0000-7000-8000-000000000001")
MOMENTS = st.builds(
    lambda end, before: Moment(end, tuple(end - one for one in sorted(before))),
    st.integers(10_000, 2**62),
    st.sets(st.integers(1, 9_999), max_size=100),
)


@given(MOMENTS, MOMENTS, st.none() | st.uuids())
def test_a_cursor_is_read_back_as_it_was_written(since: Moment, until: Moment, key: UUID | None) -> None:
    cursor = Cursor(since, until, key) if key else Cursor.at(until)
    assert Cursor.read(str(cursor)) == cursor
    assert len(str(cursor)) <= 3_000 < LONGEST_CURSOR


@given(st.text(max_size=200) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_whatever_else_is_no_cursor(text: str) -> None:
    try:
        cursor = Cursor.read(text)
    except BadCursor:
        return
    assert Cursor.read(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text", ["", "=", "a", "-1", "MTIzLTQ1Ng", "OTIyMzM3MjAzNjg1NDc3NTgwOA", "MTAuMTA", "A" * 9_000]
)
def test_a_bad_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        Cursor.read(text)


def test_a_moment_holds_what_had_ended() -> None:
    moment = Moment.of("100:110:100,105")
    assert [xact for xact in range(95, 115) if not moment.holds(xact)] == [100, 105, *range(110, 115)]
    assert Moment.of("110:110:") == Moment(110)
    assert Moment(110, (105,)).covers(moment)
    assert not moment.covers(Moment(110, (105,)))
    assert not moment.covers(Moment(111, (100, 105, 110)))


@pytest.fixture
async def laid(database: Database) -> Ward:
    async with database.write() as connection:
        return await ward.build(connection)


async def reported(database: Database, **values: Any) -> Reported:
    async with database.write() as connection:
        return await ward.report(connection, **values)


async def note(connection: AsyncConnection, of: Reported, text: str) -> None:
    await journal.write(connection, CODE, of.key, Status.RECEIVED, Status.RECEIVED, Party.STAFF, note=text)


async def now(database: Database) -> Moment:
    async with database.read() as connection:
        return await moments.moment(connection)


async def after(database: Database, cursor: Cursor, until: Moment | None = None) -> News:
    async with database.read() as connection:
        return await changes.after(connection, cursor, until)


async def notes(database: Database, found: tuple[Change, ...]) -> list[str]:
    columns = tables.incident_event.c
    async with database.read() as connection:
        rows = await connection.execute(sa.select(columns.id, columns.note))
        known = {row.id: row.note for row in rows}
    return [known[change.event_id] for change in found]


@pytest.mark.usefixtures("laid")
async def test_what_commits_late_is_neither_missed_nor_waited_for(database: Database) -> None:
    made = await reported(database)
    start = Cursor.at(await now(database))
    async with database.write() as first:
        await note(first, made, "first")
        async with database.write() as second:
            await note(second, made, "second")
        early = await after(database, start)
        assert await notes(database, early.changes) == ["second"]
        assert (await after(database, early.changes[0].cursor)).changes == ()
    late = await after(database, Cursor.at(early.now))
    assert await notes(database, late.changes) == ["first"]
    resumed = await after(database, early.changes[0].cursor)
    assert await notes(database, resumed.changes) == ["first"]


@pytest.mark.usefixtures("laid")
async def test_one_resumes_in_the_middle_of_what_was_read_together(database: Database) -> None:
    made = await reported(database)
    start = Cursor.at(await now(database))
    async with database.write() as connection:
        for text in "abcde":
            await note(connection, made, text)
    together = (await after(database, start)).changes
    async with database.write() as connection:
        for text in "fg":
            await note(connection, made, text)
    for index, change in enumerate(together):
        rest = (await after(database, Cursor.read(str(change.cursor)))).changes
        assert await notes(database, rest) == list("abcdefg"[index + 1 :])
        again = (await after(database, rest[0].cursor)).changes
        assert await notes(database, again) == list("abcdefg"[index + 2 :])
    # Up to a moment that is over, and from there on: nothing twice, nothing left out.
    middle = await now(database)
    async with database.write() as connection:
        await note(connection, made, "h")
    bounded = (await after(database, together[1].cursor, middle)).changes
    assert await notes(database, bounded) == list("cdefg")
    assert await notes(database, (await after(database, Cursor.at(middle))).changes) == ["h"]
    assert await notes(database, (await after(database, bounded[-2].cursor)).changes) == ["g", "h"]


@pytest.mark.usefixtures("laid")
async def test_what_rolled_back_never_happened(database: Database) -> None:
    made = await reported(database)
    start = Cursor.at(await now(database))
    async with database.write() as connection:
        await note(connection, made, "no")
        await connection.rollback()
    assert (await after(database, start)).changes == ()


async def test_the_number_of_what_rolled_back_may_be_given_again_by_a_crash(database: Database) -> None:
    number = sa.text("SELECT pg_current_xact_id()::text::bigint")
    async with database.write() as connection:
        kept = await connection.scalar(number)
    rolling = await asyncpg.connect(database.url)
    await rolling.execute("BEGIN")
    undone = await rolling.fetchval(number.text)
    # In one go: a moment later others of this server may have rolled back, or made, more than it remembers.
    await rolling.execute(f"ROLLBACK; CREATE TEMP TABLE moment AS SELECT {moments.SNAPSHOT} AS now")
    now = Moment.of(await rolling.fetchval("SELECT now FROM moment"))
    await rolling.close()
    assert now.end > undone > kept
    assert now.holds(kept)
    assert not now.holds(undone)
    assert now.covers(now)


@pytest.mark.usefixtures("laid")
async def test_among_many_writers_each_step_is_read_once_across_restarts(database: Database) -> None:
    """Readers break off at random places and go on by the last cursor they saw."""
    made = await reported(database)
    start = Cursor.at(await now(database))
    chance = random.Random(20261123)
    written: list[str] = []
    pool = Database(database.url, pool_size=8)

    async def writer(number: int) -> None:
        for step in range(12):
            async with pool.write() as connection:
                texts = [f"{number}-{step}-{part}" for part in range(chance.randint(1, 3))]
                for text in texts:
                    await note(connection, made, text)
                    await asyncio.sleep(chance.random() * 0.01)
                if chance.random() < 0.2:
                    await connection.rollback()
                    continue
            written.extend(texts)

    async def reader(give_up: Callable[[], bool]) -> list[UUID]:
        cursor, seen = start, []
        quiet = 0
        while quiet < 2:
            news = await after(database, cursor)
            assert not news.too_much
            quiet = quiet + 1 if writing.done() and not news.changes else 0
            cursor = Cursor.at(news.now)
            for change in news.changes:
                seen.append(change.event_id)
                if give_up():
                    cursor = Cursor.read(str(change.cursor))
                    break
            await asyncio.sleep(chance.random() * 0.02)
        return seen

    writing = asyncio.ensure_future(asyncio.gather(*(writer(number) for number in range(6))))
    steady, broken = await asyncio.gather(reader(lambda: False), reader(lambda: chance.random() < 0.3))
    await writing
    await pool.close()
    columns = tables.incident_event.c
    async with database.read() as connection:
        of = sa.select(columns.id, columns.note).where(columns.note.is_not(None))
        kept = {row.id: row.note for row in await connection.execute(of)}
    assert sorted(kept.values()) == sorted(written)
    assert len(written) > 60
    for seen in (steady, broken):
        assert Counter(seen) == Counter(kept.keys())


async def test_a_step_concerns_the_crew_that_has_it_and_the_one_that_had_it(database: Database, laid: Ward) -> None:
    clean, roads = laid.crews[CLEAN], laid.crews[ROADS]
    made = await reported(database, status=Status.ASSIGNED, crew_id=clean)
    elsewhere = await reported(database)
    cursor = Cursor.at(await now(database))

    async def step(current: Status, to: Status, party: Party, named: UUID | None, has: UUID | None) -> Change:
        nonlocal cursor
        async with database.write() as connection:
            await connection.execute(
                sa.update(tables.incident).where(tables.incident.c.id == made.key).values(status=to, crew_id=has)
            )
            await journal.write(connection, CODE, made.key, current, to, party, crew_id=named)
            await note(connection, elsewhere, "another")
        found = [change for change in (await after(database, cursor)).changes if change.incident_id == made.key]
        cursor = Cursor.at(await now(database))
        (only,) = found
        return only

    moved = await step(Status.ASSIGNED, Status.ASSIGNED, Party.STAFF, roads, roads)
    assert (moved.crews, moved.crew_id) == ({clean, roads}, roads)
    assert Interest(CODE, crew_id=clean).left_by(moved)
    assert not Interest(CODE, crew_id=roads).left_by(moved)
    assert not Interest(CODE).left_by(moved)
    declined = await step(Status.ASSIGNED, Status.RECEIVED, Party.CREW, roads, None)
    assert (declined.crews, declined.crew_id) == ({roads}, None)
    noted = await step(Status.RECEIVED, Status.RECEIVED, Party.STAFF, None, None)
    assert noted.crews == frozenset()
    given = await step(Status.RECEIVED, Status.ASSIGNED, Party.SYSTEM, clean, clean)
    assert given.crews == {clean}
    rejected = await step(Status.ASSIGNED, Status.REJECTED, Party.STAFF, None, None)
    assert (rejected.crews, rejected.crew_id) == ({clean}, None)
    reopened = await step(Status.REJECTED, Status.RECEIVED, Party.STAFF, None, None)
    assert reopened.crews == frozenset()


@pytest.mark.usefixtures("laid")
async def test_too_much_and_what_is_of_another_database_are_told_as_such(database: Database) -> None:
    made = await reported(database)
    start = Cursor.at(await now(database))
    rows = sa.text(
        "INSERT INTO incident_event (ward_code, incident_id, id, from_status, to_status, public, party)"
        " SELECT '20314', :incident, gen_random_uuid(), 'RECEIVED', 'RECEIVED', true, 'STAFF'"
        " FROM generate_series(1, :n)"
    )
    async with database.write() as connection:
        await connection.execute(rows, {"incident": made.key, "n": MOST})
    news = await after(database, start)
    assert (len(news.changes), news.too_much) == (MOST, False)
    async with database.write() as connection:
        await connection.execute(rows, {"incident": made.key, "n": 1})
    news = await after(database, start)
    assert (news.changes, news.too_much) == ((), True)
    ahead = Moment(news.now.end + 1_000_000)
    assert (await after(database, Cursor.at(ahead))).too_much
    assert not (await after(database, Cursor.at(news.now))).too_much


@pytest.mark.usefixtures("laid")
async def test_steps_restored_from_a_database_that_had_counted_further_are_not_news(database: Database) -> None:
    made = await reported(database)
    start = Cursor.at(await now(database))
    async with database.write() as connection:
        ahead = (await now(database)).end + 1_000_000
        await connection.execute(
            sa.text(
                "INSERT INTO incident_event (ward_code, incident_id, id, to_status, public, party, xact)"
                " VALUES (:ward_code, :incident_id, :id, 'RECEIVED', true, 'STAFF', CAST(CAST(:at AS text) AS xid8))"
            ),
            {"ward_code": CODE, "incident_id": made.key, "id": new_id(), "at": str(ahead)},
        )
    assert (await after(database, start)).changes == ()


async def test_what_is_new_is_found_by_its_index(demo: Database) -> None:
    moment = await now(demo)
    wanted = changes.statement(Moment(moment.end, (moment.end - 5,)))
    async with demo.read() as connection:
        plan = json.dumps((await connection.execute(Explain(wanted))).scalar_one())
    assert plan.count('"Index Name": "ix_incident_event_xact"') == 2
    assert '"Node Type": "Seq Scan"' not in plan
