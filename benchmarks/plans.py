"""The plan of every statement that is measured: EXPLAIN (ANALYZE, BUFFERS), as docs/performance/plans.md shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import asyncpg

from benchmarks.captured import Captured, Statement
from benchmarks.cases import CASES

_WIDTH = 160
_LINES = 70
_EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) "
_INTRODUCTION = """\
# Plans

`EXPLAIN (ANALYZE, BUFFERS)` of each statement that the server sends for the first request of each benchmark
([performance](../performance.md)), on the second execution. Written by `make bench`; long lines and plans are cut.
"""


async def explained(connection: asyncpg.Connection, statements: Sequence[Statement]) -> list[list[str]]:
    """The plans of one request's statements, run in turn and rolled back."""
    plans: list[list[str]] = []
    for _ in range(2):
        plans.clear()
        transaction = connection.transaction()
        await transaction.start()
        try:
            for statement in statements:
                if statement.prepared:
                    for name, value in statement.session:
                        await connection.execute("SELECT set_config($1, $2, true)", name, value)
                    rows = await connection.fetch(_EXPLAIN + statement.text, *statement.values)
                    plans.append([row[0] for row in rows])
        finally:
            await transaction.rollback()
    return plans


def _cut(plan: Sequence[str]) -> list[str]:
    lines = [line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…" for line in plan]
    return lines if len(lines) <= _LINES else [*lines[: _LINES - 1], f"… {len(lines) - _LINES + 1} more lines"]


async def document(
    connection: asyncpg.Connection,
    captured: Mapping[str, Sequence[Captured]],
    about: str,
) -> str:
    """The plans of all cases."""
    parts = [_INTRODUCTION, about, ""]
    for name, made in captured.items():
        parts += [f"## `{name}`: {CASES[name].title}", ""]
        for plan in await explained(connection, made[0].statements):
            parts += ["```", *_cut(plan), "```", ""]
    return "\n".join(parts).rstrip() + "\n"
