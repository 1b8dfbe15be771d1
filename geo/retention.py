"""What was kept long enough is deleted, a bounded bite at a time: the worker calls until nothing is left.

Times count from the end of an incident: when it was closed, refused or found to be a duplicate for the last time. An
index finds what is old enough by the day it came; what is old and not ended yet is looked at again each time, and is
little. Rows that somebody holds are left for the next time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import erasing, journal
from geo.erasing import Key
from geo.tables import Ending, consent, crew, incident, photo, reporter

BITE = 200

# As the partial indexes have it, so that the planner sees that they serve.
DONE = sa.literal_column("incident.status IN ('CLOSED', 'DUPLICATE')", sa.Boolean)
REFUSED = sa.literal_column("incident.status = 'REJECTED'", sa.Boolean)
_ENDED = sa.or_(DONE, REFUSED)


def _over(kept: timedelta) -> sa.ColumnElement[bool]:
    """Whether an incident, which has ended, did so that long ago."""
    ended = journal.finished_at(incident.c.ward_code, incident.c.id)
    at = sa.func.coalesce(ended, incident.c.closed_at, incident.c.reported_at)
    return at < sa.func.now() - kept


def _ended_with(kept: timedelta, moment: sa.Column[datetime]) -> sa.Select[Any]:
    """Incidents that ended, with something that is told from `moment`, a column of a table of what belongs to them."""
    table = moment.table
    of = sa.and_(incident.c.ward_code == table.c.ward_code, incident.c.id == table.c.incident_id)
    return (
        sa.select(incident.c.ward_code, incident.c.id)
        .select_from(table.join(incident, of))
        .where(moment < sa.func.now() - kept, _ENDED, _over(kept))
        .order_by(moment)
        .limit(BITE)
        .with_for_update(of=incident, skip_locked=True, key_share=True)
    )


def with_old_contacts(kept: timedelta) -> sa.Select[Any]:
    """Incidents whose reporters are still known; served by `ix_reporter_consented_at`."""
    return _ended_with(kept, reporter.c.consented_at)


def with_old_pictures(kept: timedelta) -> sa.Select[Any]:
    """Incidents with photographs; served by `ix_photo_created_at`."""
    return _ended_with(kept, photo.c.created_at)


def with_old_words(kept: timedelta, ended: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Incidents with words; served by `ix_incident_kept_done` for `DONE`, `ix_incident_kept_refused` for `REFUSED`."""
    return (
        sa.select(incident.c.ward_code, incident.c.id)
        .where(ended, incident.c.erased_at.is_(None), incident.c.reported_at < sa.func.now() - kept, _over(kept))
        .order_by(incident.c.reported_at)
        .limit(BITE)
        .with_for_update(skip_locked=True, key_share=True)
    )


async def _keys(connection: AsyncConnection, query: sa.Select[Any]) -> list[Key]:
    return sorted({(row.ward_code, row.id) for row in await connection.execute(query)})


async def forget_contacts(connection: AsyncConnection, kept: timedelta) -> int:
    """Delete who reported what ended that long ago; how many."""
    keys = await _keys(connection, with_old_contacts(kept))
    return await erasing.forget_contacts(connection, keys, Ending.EXPIRED) if keys else 0


async def forget_words(connection: AsyncConnection, kept: timedelta) -> int:
    """Delete what residents wrote in what was closed that long ago; in how many incidents."""
    keys = await _keys(connection, with_old_words(kept, DONE))
    if keys:
        await erasing.forget_words(connection, keys)
    return len(keys)


async def forget_refused(connection: AsyncConnection, kept: timedelta) -> int:
    """Delete all that residents sent with what was refused that long ago, photographs and contact too; how many."""
    keys = await _keys(connection, with_old_words(kept, REFUSED))
    if keys:
        await erasing.forget_contacts(connection, keys, Ending.EXPIRED)
        await erasing.forget_pictures(connection, keys, every=True)
        await erasing.forget_words(connection, keys)
    return len(keys)


async def forget_pictures(connection: AsyncConnection, kept: timedelta) -> int:
    """Delete the photographs of what ended that long ago; how many incidents lost theirs."""
    keys = await _keys(connection, with_old_pictures(kept))
    if keys:
        await erasing.forget_pictures(connection, keys, every=True)
    return len(keys)


async def forget_positions(connection: AsyncConnection, kept: timedelta) -> int:
    """Forget where crews on duty were, when they have not said for so long; how many. Crews are few: no index."""
    forgotten = await connection.execute(
        sa.update(crew).where(crew.c.position_at < sa.func.now() - kept).values(position=None, position_at=None)
    )
    return forgotten.rowcount


async def forget_consents(connection: AsyncConnection, kept: timedelta) -> int:
    """Delete the evidence of consents that ended so long ago; how many. Served by `ix_consent_ended_at`."""
    old = (
        sa.select(consent.c.ward_code, consent.c.id)
        .where(consent.c.ended_at < sa.func.now() - kept)
        .order_by(consent.c.ended_at)
        .limit(BITE)
        .with_for_update(skip_locked=True)
    )
    gone = await connection.execute(sa.delete(consent).where(sa.tuple_(consent.c.ward_code, consent.c.id).in_(old)))
    return gone.rowcount
