"""What every table of a database holds, in one statement: whether anything was changed at all."""

from __future__ import annotations

import sqlalchemy as sa

from geo.database import Database

BOOKKEEPING = frozenset({"tally"})
"""Counts of requests, for whoever asks too often: a refused request counts as well."""

Digest = dict[str, str | None]


async def digest(database: Database) -> Digest:
    """Of every table, of pgqueuer's too, a digest of all that its rows hold."""
    async with database.read() as connection:
        names = await connection.execute(
            sa.text(
                "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'jobs') "
                "AND tablename <> 'spatial_ref_sys' ORDER BY 1, 2"
            )
        )
        parts = [_of_table(schema, name) for schema, name in names if name not in BOOKKEEPING]
        rows = await connection.execute(sa.text(" UNION ALL ".join(parts)))
        return {name: text for name, text in rows}  # noqa: C416 - rows are no pairs to a type checker


def _of_table(schema: str, name: str) -> str:
    rows = f"SELECT md5(string_agg(t::text, ';' ORDER BY t::text)) FROM {schema}.{name} t"  # noqa: S608
    return f"SELECT '{schema}.{name}', ({rows})"


def changed(before: Digest, after: Digest) -> list[str]:
    """The tables that are not as they were."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
