"""Jobs are there exactly when the change is that causes them, and pgqueuer's tables are as pgqueuer has them."""

from __future__ import annotations

import re

import asyncpg
import pytest
import sqlalchemy as sa
from pgqueuer.adapters.persistence.schema_ddl import render_install

from geo import jobs
from geo.database import Database
from server.work.queue import SETTINGS

COUNT = sa.text("SELECT count(*) FROM jobs.pgqueuer")

MADE = """
SELECT 'column', table_name || '.' || column_name, concat_ws(' ', data_type, udt_name, is_nullable, column_default,
       is_identity) FROM information_schema.columns WHERE table_schema = 'jobs'
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'jobs'
UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE connamespace = 'jobs'::regnamespace
UNION ALL SELECT 'label', enumlabel, enumsortorder::text FROM pg_enum
UNION ALL SELECT 'function', proname, '' FROM pg_proc WHERE pronamespace = 'jobs'::regnamespace
UNION ALL SELECT 'trigger', tgname, '' FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
 WHERE NOT tgisinternal AND c.relnamespace = 'jobs'::regnamespace
ORDER BY 1, 2, 3
"""


async def count(database: Database) -> int:
    async with database.read() as connection:
        found: int = await connection.scalar(COUNT)
        return found


async def test_a_commit_leaves_the_job(database: Database) -> None:
    async with database.write() as connection:
        first = await jobs.enqueue(connection, "clean", {"ward": "20314"})
        second = await jobs.enqueue(connection, "clean", {"ward": "20314"})
    assert first < second
    assert await count(database) == 2


class Broken(Exception):
    """What goes wrong after the job is enqueued."""


async def test_a_rollback_leaves_no_job_even_where_it_is_all_that_was_done(database: Database) -> None:
    async def change() -> None:
        async with database.write() as connection:
            await jobs.enqueue(connection, "clean", {"ward": "20314"})
            assert await connection.scalar(COUNT) == 1
            assert await count(database) == 0
            raise Broken

    with pytest.raises(Broken):
        await change()
    assert await count(database) == 0


async def test_who_reads_one_statement_at_a_time_enqueues_at_once(database: Database) -> None:
    """Why the caller's connection must be a transaction's: this one commits each statement by itself."""

    async def change() -> None:
        async with database.read() as connection:
            await jobs.enqueue(connection, "clean", {})
            raise Broken

    with pytest.raises(Broken):
        await change()
    assert await count(database) == 1


async def test_things_are_no_payload(database: Database) -> None:
    async with database.write() as connection:
        with pytest.raises(ValueError, match="give ids"):
            await jobs.enqueue(connection, "clean", {"text": "đ" * jobs.MOST_BYTES})
    assert await count(database) == 0


async def test_a_payload_arrives_as_it_was_given(database: Database) -> None:
    payload: dict[str, str | int] = {"ward": "20314", "count": 3}
    async with database.write() as connection:
        await jobs.enqueue(connection, "clean", payload)
        body = await connection.scalar(sa.text("SELECT payload FROM jobs.pgqueuer"))
    assert jobs.payload_of(body) == payload


async def test_enqueueing_notifies_nobody(database: Database) -> None:
    """A NOTIFY within makes transactions commit one after the other."""
    heard: list[str] = []
    listener = await asyncpg.connect(database.url)
    try:
        await listener.add_listener(SETTINGS.channel, lambda *told: heard.append(str(told[-1])))
        async with database.write() as connection:
            await jobs.enqueue(connection, "clean", {})
        await listener.execute("SELECT pg_notify($1, 'only this')", SETTINGS.channel)
    finally:
        await listener.close()
    assert heard == ["only this"]


async def test_the_tables_are_those_that_this_pgqueuer_makes_but_for_its_trigger(
    database: Database, empty_url: str
) -> None:
    theirs = re.sub(r"CREATE (FUNCTION|TRIGGER) .*", "", render_install(SETTINGS), flags=re.DOTALL)
    bare = await asyncpg.connect(empty_url)
    try:
        await bare.execute(theirs)
        expected = [tuple(row) for row in await bare.fetch(MADE)]
    finally:
        await bare.close()
    async with database.read() as connection:
        made = [tuple(row) for row in await connection.execute(sa.text(MADE))]
    assert made == expected
    assert {kind for kind, *_ in made} == {"column", "index", "constraint", "label"}


async def test_old_notes_of_jobs_are_forgotten(database: Database) -> None:
    async with database.write() as connection:
        for age in (8, 8, 6):
            await connection.execute(
                sa.text(
                    "INSERT INTO jobs.pgqueuer_log (created, job_id, status, entrypoint, priority)"
                    " VALUES (now() - make_interval(days => :age), 1, 'picked', '', 0)"
                ),
                {"age": age},
            )
        assert await jobs.forget_old_log(connection) == 2
        assert await jobs.forget_old_log(connection) == 0
