"""Tables without what makes writing slow, for the length of one transaction: indexes, constraints, row triggers.

What is taken away is read from PostgreSQL's own catalogue and put back from its own words, so it comes back exactly,
whatever the migrations added since; row triggers are only switched off. DDL is transactional: until the commit nobody
sees the tables without their rules, and a load that fails or is killed leaves no trace of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

# CHECKs stay, and judge each row as it is copied. Primary keys come before what refers to them.
_CONSTRAINTS = """
SELECT c.conrelid::regclass::text AS table_name, quote_ident(c.conname) AS name, pg_get_constraintdef(c.oid) AS body,
       c.contype = 'f' AS reference
FROM pg_constraint c
WHERE (c.conrelid = ANY(CAST(:tables AS regclass[])) AND c.contype IN ('p', 'u', 'x', 'f'))
   OR (c.confrelid = ANY(CAST(:tables AS regclass[])) AND c.contype = 'f')
ORDER BY c.contype = 'f', c.oid
"""
_INDEXES = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS body
FROM pg_index i
WHERE i.indrelid = ANY(CAST(:tables AS regclass[]))
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))
ORDER BY i.indexrelid
"""
# Triggers of whole statements stay: they cost once a COPY, and what they keep up to date, such as counts, stays so.
_TRIGGERS = """
SELECT t.tgrelid::regclass::text AS table_name, quote_ident(t.tgname) AS name
FROM pg_trigger t
WHERE t.tgrelid = ANY(CAST(:tables AS regclass[])) AND NOT t.tgisinternal AND t.tgenabled = 'O' AND t.tgtype & 1 = 1
ORDER BY t.oid
"""


@dataclass(frozen=True, slots=True)
class Stripped:
    """What was taken away, as the statements that put it back, in this order."""

    statements: Sequence[str]

    async def restore(self, connection: AsyncConnection, progress: Callable[[int, int], None]) -> None:
        """Put everything back; each constraint judges all rows."""
        for done, statement in enumerate(self.statements):
            progress(done, len(self.statements))
            await connection.exec_driver_sql(statement)
        progress(len(self.statements), len(self.statements))


async def strip(connection: AsyncConnection, tables: Sequence[str]) -> Stripped:
    """Take indexes, keys, references (also those from other tables) and triggers away from `tables`.

    Raises what PostgreSQL raises where something else depends on one of them.
    """
    values = {"tables": list(tables)}
    constraints = (await connection.execute(_typed(_CONSTRAINTS), values)).all()
    indexes = (await connection.execute(_typed(_INDEXES), values)).all()
    triggers = (await connection.execute(_typed(_TRIGGERS), values)).all()
    for trigger in triggers:
        await connection.exec_driver_sql(f"ALTER TABLE {trigger.table_name} DISABLE TRIGGER {trigger.name}")
    for constraint in reversed(constraints):
        await connection.exec_driver_sql(f"ALTER TABLE {constraint.table_name} DROP CONSTRAINT {constraint.name}")
    for index in indexes:
        await connection.exec_driver_sql(f"DROP INDEX {index.name}")
    added = [
        f"ALTER TABLE {constraint.table_name} ADD CONSTRAINT {constraint.name} {constraint.body}"
        for constraint in constraints
    ]
    keys = sum(not constraint.reference for constraint in constraints)
    enabled = [f"ALTER TABLE {trigger.table_name} ENABLE TRIGGER {trigger.name}" for trigger in triggers]
    return Stripped([*added[:keys], *(index.body for index in indexes), *added[keys:], *enabled])


def _typed(query: str) -> sa.TextClause:
    return sa.text(query).bindparams(sa.bindparam("tables", type_=sa.ARRAY(sa.Text)))
