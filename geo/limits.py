"""How often something may be asked for, counted by all processes together.

A limit is so many in so many seconds, counted by periods that begin at the same moment everywhere. What counts is this
period's hits and as much of the last period's as of it would still lie in a window that ends now: a sliding window
counter (the strategy of that name in the library `limits`). A burst never exceeds the limit, wherever a period ends;
who spreads their requests over two periods can reach at most twice the limit in a window of their own choosing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.actor import ANONYMOUS
from geo.plans import Given, Plan, Statements, array_of
from geo.tables import tally

BITE = 5_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most so many in so many seconds, of what is counted under a key: a digest, which names nobody."""

    key: bytes
    most: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted under a key, at a moment (Unix seconds, by the database's clock)."""

    slot: int
    hits: int
    before: int
    at: float


def room(most: int, seconds: int, slot: int, hits: int, before: int, at: float) -> int:
    """How many more fit in now."""
    hits, before = as_of(seconds, slot, hits, before, at)
    return max(0, math.floor(most - hits - before * (1 - at / seconds % 1) + 1e-9))


def wait(most: int, seconds: int, slot: int, hits: int, before: int, at: float) -> int:
    """Whole seconds until one more fits in, if nothing else comes; 0 where it fits in now. `most` is not 0."""
    hits, before = as_of(seconds, slot, hits, before, at)
    into = at / seconds % 1
    if hits + before * (1 - into) + 1 <= most + 1e-9:
        return 0
    if hits + 1 <= most:  # once less of the last period counts; it is not 0, or there would be room
        left = (1 - (most - 1 - hits) / before - into) * seconds
    else:  # once this period is the last one
        left = (1 - into + max(0.0, 1 - (most - 1) / hits)) * seconds
    return max(1, math.ceil(left - 1e-6))


def as_of(seconds: int, slot: int, hits: int, before: int, at: float) -> tuple[int, int]:
    """Hits of the period that holds the moment, and of the one before it, from what was counted in `slot`."""
    passed = int(at // seconds) - slot
    if passed <= 0:
        return hits, before
    return (0, hits) if passed == 1 else (0, 0)


async def add(statements: Statements, hits: Mapping[tuple[bytes, int], int]) -> dict[bytes, Count]:
    """Count so many more under each key with its period in seconds, and tell what was counted by then.

    Fewer than none takes back what was counted just before. One statement: the rows are locked in the order of their
    keys until the transaction ends, so that two which count the same take turns and never wait for each other.
    """
    given = sorted(hits.items())
    values: dict[str, Sequence[Any]] = {
        "key": [key for (key, _), _ in given],
        "seconds": [seconds for (_, seconds), _ in given],
        "hits": [count for _, count in given],
    }
    rows = await statements.rows(_ADD, Given(ANONYMOUS, values))
    return {bytes(row.key): Count(row.slot, row.hits, row.before, row.at) for row in rows}


async def forget_old(connection: AsyncConnection) -> int:
    """Remove what says nothing any more; how many rows were removed. Served by `ix_tally_ends_at`."""
    old = sa.select(tally.c.key).where(tally.c.ends_at < sa.func.now()).limit(BITE).with_for_update(skip_locked=True)
    removed = await connection.execute(sa.delete(tally).where(tally.c.key.in_(old)))
    return removed.rowcount


def _add() -> Any:
    names: dict[str, Any] = {"key": BYTEA(), "seconds": sa.Integer(), "hits": sa.Integer()}
    columns = [sa.column(name, of_type) for name, of_type in names.items()]
    rows = sa.func.unnest(*(array_of(name, of_type) for name, of_type in names.items()))
    given = rows.table_valued(*columns).render_derived(name="given")
    epoch = sa.func.extract("epoch", sa.func.clock_timestamp())
    slot = sa.cast(sa.func.floor(epoch / given.c.seconds), sa.BigInteger)
    values = {
        "key": given.c.key,
        "slot": slot,
        "hits": given.c.hits,  # a row that something is taken back from is there
        "before": sa.literal(0),
        "ends_at": sa.func.to_timestamp((slot + 2) * given.c.seconds),
    }
    adding = insert(tally).from_select(list(values), sa.select(*values.values()).order_by(given.c.key))
    new, old = adding.excluded, tally.c
    # A clock that is behind another's counts in the period that the other began.
    adding = adding.on_conflict_do_update(
        index_elements=[old.key],
        set_={
            "hits": sa.func.greatest(sa.case((old.slot >= new.slot, old.hits), else_=0) + new.hits, 0),
            "before": sa.case(
                (old.slot >= new.slot, old.before),
                (old.slot == new.slot - 1, sa.func.greatest(old.hits + sa.func.least(new.hits, 0), 0)),
                else_=0,
            ),
            "slot": sa.func.greatest(old.slot, new.slot),
            "ends_at": sa.func.greatest(old.ends_at, new.ends_at),
        },
    )
    now = sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()), sa.Double)
    return adding.returning(old.key, old.slot, old.hits, old.before, now.label("at"))


_ADD = Plan(_add())
