"""The migrations against real PostGIS: they make what the tables declare, and can be undone."""

from __future__ import annotations

import asyncio
import io
import re
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.exc import DBAPIError

from geo import deadlines, journal, migrating
from geo.database import Database
from geo.giving import NO_CREW_FOUND
from geo.lifecycle import Party, Status
from geo.migrating import alembic_config, downgrade, upgrade
from geo.tables import metadata
from geo.tables.base import Xid8
from geo.version import expected
from tests.geo.conftest import Laid
from tests.ward import CLEAN, CODE, report

ROOT = Path(__file__).parent.parent.parent

# Everything of ours in the schema, with its definition; not what belongs to extensions or to Alembic.
OUR_OBJECTS = """
WITH of_extensions AS (SELECT objid FROM pg_depend WHERE deptype = 'e')
SELECT 'column' AS kind, table_name || '.' || column_name AS name,
       concat_ws(' ', data_type, udt_name, is_nullable, column_default, generation_expression) AS definition
  FROM information_schema.columns JOIN pg_class ON relname = table_name AND relnamespace = 'public'::regnamespace
 WHERE table_schema = 'public' AND table_name <> 'alembic_version' AND pg_class.oid NOT IN (TABLE of_extensions)
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes
 WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'spatial_ref_sys')
UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT IN ('alembic_version', 'spatial_ref_sys')
   AND oid NOT IN (TABLE of_extensions)
UNION ALL SELECT 'function', proname, pg_get_functiondef(oid) FROM pg_proc
 WHERE pronamespace = 'public'::regnamespace AND oid NOT IN (TABLE of_extensions)
UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
ORDER BY 1, 2, 3
"""


async def ours(url: str) -> list[Any]:
    database = Database(url, pool_size=1)
    try:
        async with database.read() as connection:
            return list((await connection.execute(sa.text(OUR_OBJECTS))).all())
    finally:
        await database.close()


def revisions() -> list[str]:
    """From the first to the last."""
    return [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()][::-1]


async def test_what_is_undone_leaves_nothing_and_what_is_done_again_is_the_same(empty_url: str) -> None:
    await asyncio.to_thread(upgrade, empty_url)
    made = await ours(empty_url)
    assert {row.kind for row in made} == {"column", "index", "constraint", "function", "trigger"}
    await asyncio.to_thread(downgrade, empty_url, "base")
    assert await ours(empty_url) == []
    await asyncio.to_thread(upgrade, empty_url)
    assert await ours(empty_url) == made


async def test_each_step_undoes_exactly_itself(empty_url: str) -> None:
    before: list[Any] = []
    for earlier, revision in zip(["base", *revisions()], revisions(), strict=False):
        await asyncio.to_thread(upgrade, empty_url, revision)
        after = await ours(empty_url)
        await asyncio.to_thread(downgrade, empty_url, earlier)
        assert await ours(empty_url) == before, f"{revision} is not undone wholly"
        await asyncio.to_thread(upgrade, empty_url, revision)
        before = after


@pytest.fixture
def known_xid8(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLAlchemy reads tables back without a warning for this type of PostgreSQL's."""
    monkeypatch.setitem(ischema_names, "xid8", Xid8)


@pytest.mark.usefixtures("known_xid8")
async def test_the_migrations_make_what_the_tables_declare(database: Database) -> None:
    def differences(connection: sa.Connection) -> list[Any]:
        ours_only = {"include_object": lambda _o, name, kind, *_: (kind, name) != ("table", "spatial_ref_sys")}
        context = MigrationContext.configure(connection, opts={"compare_server_default": True, **ours_only})
        return list(compare_metadata(context, metadata))

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []


@pytest.mark.usefixtures("known_xid8")
async def test_the_comparison_would_notice_a_missing_column(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(sa.text("ALTER TABLE place DROP COLUMN opening_hours"))
        found = await connection.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), metadata))
    assert "opening_hours" in str(found)


def test_the_version_that_servers_expect_is_the_newest() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == expected()


async def test_who_migrates_while_another_does_waits_and_finds_it_done(empty_url: str, database_url: str) -> None:
    program = f"from geo.migrating import upgrade; upgrade({empty_url!r})"
    both = [await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT) for _ in range(2)]
    assert [await one.wait() for one in both] == [0, 0]
    assert await ours(empty_url) == await ours(database_url)


async def test_a_migration_that_cannot_have_its_lock_gives_up_soon(database_url: str, database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(sa.text("LOCK TABLE ward IN ACCESS SHARE MODE"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            await asyncio.to_thread(downgrade, database_url, "base")
    assert await ours(database_url) != []


@pytest.mark.parametrize(
    ("index", "table", "stopped_after"),
    [
        ("ix_notice_of_team", "notice", ("0009", "0010", "0011")),
        ("uq_session_id", "session", ("0012",)),
        ("ix_incident_kept_refused", "incident", ("0013", "0014", "0015")),
    ],
)
async def test_a_migration_that_stopped_in_the_middle_can_be_run_again(
    empty_url: str, index: str, table: str, stopped_after: tuple[str, ...]
) -> None:
    """As one that cannot make its index beside a long snapshot: all before that is committed, but for the revision."""
    last = f"{int(stopped_after[-1]) + 1:04}"
    await asyncio.to_thread(upgrade, empty_url, last)
    made = await ours(empty_url)
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = $1::regclass"
    definition = "SELECT pg_get_indexdef($1::regclass)"
    for earlier in stopped_after:
        connection, other = await asyncpg.connect(empty_url), await asyncpg.connect(empty_url)
        try:
            made_by: str = await connection.fetchval(definition, index)
            await connection.execute("UPDATE alembic_version SET version_num = $1", earlier)
            await connection.execute(f"DROP INDEX {index}")
            async with other.transaction():
                await other.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
                await connection.execute("SET lock_timeout = '50ms'")
                with pytest.raises(asyncpg.LockNotAvailableError):
                    await connection.execute(made_by.replace("INDEX", "INDEX CONCURRENTLY", 1))
            assert await connection.fetchval(valid, index) is False
            await asyncio.to_thread(upgrade, empty_url, last)
            assert await connection.fetchval(valid, index)
        finally:
            await connection.close()
            await other.close()
        assert await ours(empty_url) == made, earlier


async def test_what_earlier_releases_wrote_into_the_history_of_what_is_open_says_what_it_is_about(laid: Laid) -> None:
    crew_id = laid.ward.crews[CLEAN]
    async with laid.database.write() as connection:
        with_crew = await report(connection, status=Status.ASSIGNED, crew_id=crew_id)
        waiting = await report(connection, attention="NO_CREW")
        over = await report(connection, status=Status.CLOSED, crew_id=crew_id)
        for made, status in ((with_crew, Status.ASSIGNED), (waiting, Status.RECEIVED), (over, Status.CLOSED)):
            words = (f"{deadlines.NEAR} 17:00.", f"{deadlines.PASSED} 17:00.", NO_CREW_FOUND)
            await journal.remark(connection, [(CODE, made.key, status, each) for each in words], Party.SYSTEM)
        await journal.let_pass(connection, [(CODE, with_crew.key, crew_id)], "Đội chưa nhận việc.")
    url = laid.database.engine.url.render_as_string(hide_password=False)
    await asyncio.to_thread(downgrade, url, "0009")
    await asyncio.to_thread(upgrade, url)
    told = "SELECT about, note FROM incident_event WHERE incident_id = :key AND party = 'SYSTEM' AND NOT public"
    of_crew, of_waiting, of_over = [await laid.rows(told, key=made.key) for made in (with_crew, waiting, over)]
    assert {row.about for row in of_crew} == {"DUE_SOON", "OVERDUE", "LET_PASS", None}
    assert [row.note for row in of_crew if row.about in (None, "LET_PASS")] == [NO_CREW_FOUND, "Đội chưa nhận việc."]
    assert sorted(row.about for row in of_waiting) == ["ATTENTION", "DUE_SOON", "OVERDUE"]
    assert {row.about for row in of_over} == {None}
    with pytest.raises(DBAPIError, match="never edited"):
        async with laid.database.write() as connection:
            await connection.execute(sa.text("UPDATE incident_event SET about = NULL"))


def written_sql(revision: str, monkeypatch: pytest.MonkeyPatch) -> str:
    output = io.StringIO()
    monkeypatch.setattr(migrating, "Config", lambda: Config(output_buffer=output))
    command.upgrade(alembic_config(), revision, sql=True)
    return output.getvalue()


async def test_the_written_sql_makes_the_same_tables(
    empty_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = written_sql("head", monkeypatch)
    assert sql.index("lock_timeout") < sql.index("CREATE TABLE ward")
    connection = await asyncpg.connect(empty_url)
    try:
        for number, piece in enumerate(re.split(r"^(?:BEGIN|COMMIT);$", sql, flags=re.MULTILINE)):
            if number % 2 == 1:
                async with connection.transaction():
                    await connection.execute(piece)
                continue
            for statement in filter(None, map(str.strip, piece.split(";\n"))):  # each by itself, as psql sends them
                await connection.execute(statement)
    finally:
        await connection.close()
    assert await ours(empty_url) == await ours(database_url)
