"""Work that a change causes: written with the change, done by a worker after it.

A job is a row of pgqueuer's table, so it is there exactly when the change is: a rollback leaves none, a commit leaves
one. `enqueue` is the only way in. A job may be begun more than once, when the worker that had it died; it is done
once, for its work and its end are one transaction (`held`, `finish`). What leaves the house cannot be in that: the row
then counts how often it was handed over and nobody knows what became of it (`offer`). Payloads are small and name
things by their ids: they outlive what they speak of and are shown in lists, so nothing of a person belongs into them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, ENUM, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import locks

Payload = Mapping[str, str | int]

SCHEMA = "jobs"
"""pgqueuer's tables stand apart from ours: they know no ward and are no part of `geo.tables`."""

MOST_BYTES = 2_000
KEPT = timedelta(days=7)
BITE = 5_000
_MOST_DEAD = 200

_metadata = sa.MetaData(schema=SCHEMA)
_status = ENUM(
    *("queued", "picked", "successful", "exception", "canceled", "deleted", "failed"),
    name="pgqueuer_status",
    metadata=_metadata,
)
_queue = sa.Table(
    "pgqueuer",
    _metadata,
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("queue_manager_id", sa.Uuid),
    sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
    sa.Column("execute_after", sa.DateTime(timezone=True), nullable=False),
    sa.Column("status", _status, nullable=False),
    sa.Column("entrypoint", sa.Text, nullable=False),
    sa.Column("payload", BYTEA),
    sa.Column("headers", JSONB),
    sa.Column("attempts", sa.Integer, nullable=False),
)
_log = sa.Table(
    "pgqueuer_log",
    _metadata,
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    sa.Column("job_id", sa.BigInteger, nullable=False),
    sa.Column("status", _status, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Dead:
    """A job that failed as often as it may."""

    id: int
    name: str
    payload: dict[str, Any]
    error: str
    """The class of the last error; its message may hold what people wrote."""
    tries: int
    at: datetime


async def enqueue(connection: AsyncConnection, name: str, payload: Payload, *, at: datetime | None = None) -> int:
    """Have the job `name` done after the caller's transaction commits, not before `at`; gives its id.

    It is an ordinary statement on the caller's connection: SQLAlchemy sends BEGIN with the first of them, so on the
    driver's own connection a job would be committed by itself. Nobody is notified, for a NOTIFY inside makes
    transactions commit one after the other: workers look every second.
    """
    body = _body(name, payload)
    row: dict[str, Any] = {"priority": 0, "entrypoint": name, "payload": body, "status": "queued"}
    if at is not None:
        row["execute_after"] = at
    written = await connection.execute(sa.insert(_queue).values(**row).returning(_queue.c.id))
    made: int = written.scalar_one()
    return made


async def enqueue_once(connection: AsyncConnection, name: str, payload: Payload) -> bool:
    """As `enqueue`, unless one with this payload waits to be begun already; whether one was added.

    One that is being done does not count: it may have looked before what the caller has seen. Callers take turns.
    """
    body = _body(name, payload)
    await locks.take(connection, name, body.decode())
    waits = sa.exists().where(_queue.c.entrypoint == name, _queue.c.payload == body, _queue.c.status == "queued")
    if await connection.scalar(sa.select(waits)):
        return False
    await enqueue(connection, name, payload)
    return True


def _body(name: str, payload: Payload) -> bytes:
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) > MOST_BYTES:
        raise ValueError(f"the payload of {name} has {len(body)} bytes; give ids, not things")
    return body


async def asked(connection: AsyncConnection, name: str, failed: timedelta) -> Sequence[bytes | None]:
    """The payloads of the jobs `name` that are to be done, are being done, or failed for good so lately."""
    lately = sa.and_(_queue.c.status == "failed", _queue.c.updated > sa.func.now() - failed)
    coming = _queue.c.status.in_(["queued", "picked"])
    query = sa.select(_queue.c.payload).where(_queue.c.entrypoint == name, sa.or_(coming, lately))
    return (await connection.scalars(query)).all()


def payload_of(body: bytes | None) -> dict[str, Any]:
    """What `enqueue` was given."""
    payload: dict[str, Any] = json.loads(body or b"{}")
    return payload


async def held(connection: AsyncConnection, job_id: int, worker: UUID) -> int | None:
    """How often the job was picked up, where `worker` still has it; None where another took it over.

    Until the transaction ends no other takes it over: a worker looking for jobs passes locked rows by. The lock is
    the weakest, so that the worker's signs of life can still be written into the row.
    """
    picked = sa.select(sa.func.count()).where(_log.c.job_id == job_id, _log.c.status == "picked").scalar_subquery()
    query = (
        sa.select(picked)
        .select_from(_queue)
        .where(_queue.c.id == job_id, _queue.c.queue_manager_id == worker, _queue.c.status == "picked")
        .with_for_update(of=_queue, read=True, key_share=True)
    )
    count: int | None = await connection.scalar(query)
    return count


async def offers(connection: AsyncConnection, job_id: int) -> int:
    """How often what the job sends was handed over, and nobody knows whether it was taken."""
    noted = _queue.c.headers["offers"].as_integer()
    return await connection.scalar(sa.select(noted).where(_queue.c.id == job_id)) or 0


async def offer(connection: AsyncConnection, job_id: int, worker: UUID) -> bool:
    """Note that what the job sends is about to be handed over; False where `worker` has the job no more."""
    mine = sa.and_(_queue.c.id == job_id, _queue.c.queue_manager_id == worker, _queue.c.status == "picked")
    return await _count_offer(connection, mine, 1)


async def take_back_offer(connection: AsyncConnection, job_id: int) -> None:
    """It was not taken."""
    await _count_offer(connection, _queue.c.id == job_id, -1)


async def _count_offer(connection: AsyncConnection, which: sa.ColumnElement[bool], by: int) -> bool:
    count = sa.func.coalesce(_queue.c.headers["offers"].as_integer(), 0) + by
    noted = sa.func.coalesce(_queue.c.headers, sa.text("'{}'::jsonb")).op("||")(
        sa.func.jsonb_build_object("offers", count)
    )
    changed = await connection.execute(sa.update(_queue).where(which).values(headers=noted))
    return changed.rowcount == 1


async def finish(connection: AsyncConnection, job_id: int) -> None:
    """The job is done, if the transaction commits."""
    await connection.execute(sa.delete(_queue).where(_queue.c.id == job_id))


async def dead(connection: AsyncConnection) -> list[Dead]:
    """Jobs that failed as often as they may, the latest first."""
    query = sa.select(_queue).where(_queue.c.status == "failed").order_by(_queue.c.updated.desc(), _queue.c.id.desc())
    return [
        Dead(
            row.id,
            row.entrypoint,
            payload_of(row.payload),
            (row.headers or {}).get("error", ""),
            row.attempts + 1,
            row.updated,
        )
        for row in await connection.execute(query.limit(_MOST_DEAD))
    ]


def rows() -> sa.Select[Any]:
    """All jobs, `waiting` to be done or being done, or else `failed` for good; `payload` as JSONB, `ward` its ward."""
    columns = _queue.c
    payload = sa.cast(sa.func.convert_from(sa.func.coalesce(columns.payload, b"{}"), "UTF8"), JSONB)
    return sa.select(
        columns.id,
        columns.entrypoint.label("name"),
        payload.label("payload"),
        payload["ward"].astext.label("ward"),
        sa.func.coalesce(columns.headers["error"].astext, "").label("error"),
        (columns.attempts + 1).label("attempts"),
        columns.updated.label("at"),
        (columns.status == "failed").label("failed"),
        columns.status.in_(["queued", "picked"]).label("waiting"),
    )


async def retry(connection: AsyncConnection, ids: Collection[int] | None = None, ward_code: str | None = None) -> int:
    """Try these dead jobs anew, or all, with all their tries; how many there were.

    With `ward_code` only those whose payload names that ward.
    """
    again = sa.update(_queue).where(_queue.c.status == "failed")
    if ids is not None:
        again = again.where(_queue.c.id.in_(ids))
    if ward_code is not None:
        known = rows().subquery()
        again = again.where(_queue.c.id.in_(sa.select(known.c.id).where(known.c.ward == ward_code, known.c.failed)))
    now = sa.func.now()
    again = again.values(status="queued", attempts=0, execute_after=now, updated=now, headers=sa.null())
    revived = (await connection.scalars(again.returning(_queue.c.id))).all()
    await connection.execute(sa.delete(_log).where(_log.c.job_id.in_(revived)))
    return len(revived)


@dataclass(frozen=True, slots=True)
class Depth:
    """How many jobs of a name are in a state, and for how many seconds the oldest of them has been due."""

    name: str
    state: str
    count: int
    seconds: float


async def depths(connection: AsyncConnection) -> list[Depth]:
    """What the queue holds."""
    columns = _queue.c
    due = sa.func.extract("epoch", sa.func.now() - sa.func.min(columns.execute_after))
    state = columns.status.cast(sa.Text)
    rows = await connection.execute(
        sa.select(columns.entrypoint, state, sa.func.count(), due)
        .group_by(columns.entrypoint, state)
        .order_by(columns.entrypoint, state)
    )
    return [Depth(name, state, count, max(float(seconds), 0.0)) for name, state, count, seconds in rows]


async def forget_old_log(connection: AsyncConnection) -> int:
    """Forget what was noted of jobs a week ago; how many lines."""
    old = (
        sa.select(_log.c.id).where(_log.c.created < sa.func.now() - KEPT).limit(BITE).with_for_update(skip_locked=True)
    )
    gone = await connection.execute(sa.delete(_log).where(_log.c.id.in_(old)))
    return gone.rowcount
