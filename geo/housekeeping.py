"""What the ward does by itself as time passes. Each takes a bounded bite and says how much it did: call until none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import journal
from geo.lifecycle import Party, Status
from geo.tables import incident, pending_sign_in, session

SILENCE = timedelta(days=7)
BITE = 200


def silent() -> sa.Select[Any]:
    """What was resolved and met with silence, locked; served by `ix_incident_resolved`.

    Rows that someone else holds are left for the next time, so two workers never close one incident twice.
    """
    return (
        sa.select(incident.c.ward_code, incident.c.id)
        .where(incident.c.status == Status.RESOLVED, incident.c.resolved_at < sa.func.now() - SILENCE)
        .order_by(incident.c.ward_code, incident.c.id)
        .limit(BITE)
        .with_for_update(skip_locked=True, key_share=True)
    )


def expired() -> sa.Select[Any]:
    """Sessions past their end, locked; served by `ix_session_expires_at`."""
    return (
        sa.select(session.c.token_hash)
        .where(session.c.expires_at < sa.func.now())
        .limit(BITE)
        .with_for_update(skip_locked=True)
    )


async def close_silent(connection: AsyncConnection) -> int:
    """Close what was resolved and met with seven days of silence; how many were closed."""
    rows = (await connection.execute(silent())).all()
    for ward_code, incident_id in rows:
        await connection.execute(
            sa.update(incident)
            .where(incident.c.ward_code == ward_code, incident.c.id == incident_id)
            .values(status=Status.CLOSED, closed_at=sa.func.clock_timestamp())
        )
        await journal.write(connection, ward_code, incident_id, Status.RESOLVED, Status.CLOSED, Party.SYSTEM)
    return len(rows)


async def end_expired_sessions(connection: AsyncConnection) -> int:
    """Forget sessions past their end, and sign-ins that nobody finished; how many were forgotten."""
    ended = await connection.execute(sa.delete(session).where(session.c.token_hash.in_(expired())))
    waiting = pending_sign_in.c
    unfinished = sa.select(waiting.token_hash).where(waiting.expires_at < sa.func.now()).limit(BITE)
    given_up = await connection.execute(
        sa.delete(pending_sign_in).where(waiting.token_hash.in_(unfinished.with_for_update(skip_locked=True)))
    )
    return ended.rowcount + given_up.rowcount
