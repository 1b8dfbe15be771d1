"""An incident's history: every step is written once and never edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.actor import Actor
from geo.ids import new_id
from geo.lifecycle import FINISHED, Party, Status
from geo.tables import About, incident_event


async def write(
    connection: AsyncConnection,
    ward_code: str,
    incident_id: UUID,
    current: str | None,
    to: str,
    party: Party,
    *,
    actor: Actor | None = None,
    crew_id: UUID | None = None,
    note: str | None = None,
    public: bool = True,
    step_id: UUID | None = None,
) -> None:
    """Add a step. `crew_id` is the crew that it concerns: the one assigned, or the one that declined.

    `step_id` is given where more is to be said of the step, such as its photographs.
    """
    await connection.execute(
        sa.insert(incident_event).values(
            ward_code=ward_code,
            incident_id=incident_id,
            id=step_id or new_id(),
            at=sa.func.clock_timestamp(),
            from_status=current,
            to_status=to,
            party=party,
            account_id=actor.account_id if actor is not None else None,
            crew_id=crew_id,
            note=note,
            public=public,
        )
    )


async def remark(
    connection: AsyncConnection,
    remarks: Sequence[tuple[str, UUID, str, str]],
    party: Party,
    about: About | None = None,
) -> None:
    """Add internal notes: each is `(ward_code, incident_id, status, note)`, the status the one that it stays in.

    What they are written for is told by `about`: nothing is read off the words.
    """
    rows = [
        {
            "ward_code": ward_code,
            "incident_id": incident_id,
            "id": new_id(),
            "from_status": status,
            "to_status": status,
            "note": note,
        }
        for ward_code, incident_id, status, note in remarks
    ]
    shared = {"at": sa.func.clock_timestamp(), "party": party, "public": False, "about": about}
    await connection.execute(sa.insert(incident_event).values(**shared), rows)


def steps(rows: sa.FromClause, **columns: Callable[[Any], Any]) -> Insert:
    """An insert of one step for each of `rows`: of its `ward_code`, with what `columns` read from a row.

    Public, unless `columns` say otherwise.
    """
    values: dict[str, Any] = {
        "ward_code": rows.c.ward_code,
        "at": sa.func.clock_timestamp(),
        "public": sa.true(),
        **{name: read(rows.c) for name, read in columns.items()},
    }
    return sa.insert(incident_event).from_select(list(values), sa.select(*values.values()))


async def last_step(connection: AsyncConnection, ward_code: str, incident_id: UUID) -> Any:
    """The last step that a person took: not the report itself, not the system's, and not a mere note."""
    columns = incident_event.c
    moved = sa.or_(columns.from_status != columns.to_status, columns.crew_id.is_not(None))
    query = (
        sa.select(columns.to_status, columns.party, columns.account_id, columns.crew_id)
        .where(
            columns.ward_code == ward_code,
            columns.incident_id == incident_id,
            columns.party != Party.SYSTEM,
            columns.from_status.is_not(None),
            moved,
        )
        .order_by(columns.at.desc(), columns.id.desc())
        .limit(1)
    )
    return (await connection.execute(query)).one_or_none()


async def last_step_by(
    connection: AsyncConnection, ward_code: str, incident_id: UUID, account_id: UUID
) -> datetime | None:
    """When this account last wrote into an incident's history, or None."""
    columns = incident_event.c
    query = sa.select(sa.func.max(columns.at)).where(
        columns.ward_code == ward_code, columns.incident_id == incident_id, columns.account_id == account_id
    )
    last: datetime | None = await connection.scalar(query)
    return last


async def last_note(
    connection: AsyncConnection, ward_code: str, incident_id: UUID, party: Party, account_id: UUID | None
) -> tuple[str | None, bool] | None:
    """Text and publicity of the last that this caller wrote, where it was a mere note; else None."""
    columns = incident_event.c
    query = (
        sa.select(columns.note, columns.public, columns.from_status, columns.to_status)
        .where(
            columns.ward_code == ward_code,
            columns.incident_id == incident_id,
            columns.party == party,
            columns.account_id.is_not_distinct_from(account_id),
        )
        .order_by(columns.at.desc(), columns.id.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    return (row.note, row.public) if row is not None and row.from_status == row.to_status else None


async def commented(connection: AsyncConnection, ward_code: str, incident_id: UUID) -> bool:
    """Whether the reporter has commented on the incident's last resolution."""
    columns = incident_event.c
    of = sa.and_(columns.ward_code == ward_code, columns.incident_id == incident_id)
    resolved = sa.select(sa.func.max(columns.at)).where(
        of, columns.to_status == Status.RESOLVED, columns.from_status.is_distinct_from(columns.to_status)
    )
    since = sa.func.coalesce(resolved.scalar_subquery(), sa.literal_column("'-infinity'"))
    comment = sa.exists().where(of, columns.party == Party.REPORTER, columns.note.is_not(None), columns.at > since)
    return bool(await connection.scalar(sa.select(comment)))


def passed_by(ward_code: Any, incident_id: Any) -> sa.Select[Any]:
    """The crews that gave this incident back or let the time to accept it pass, unless it was reopened since.

    Dispatch does not offer it to them again. What was let pass stands in an internal remark on the crew (`let_pass`).
    """
    columns = incident_event.c
    reopened = reopened_at(ward_code, incident_id)
    gave_back = sa.and_(columns.party == Party.CREW, columns.to_status == Status.RECEIVED)
    query = sa.select(columns.crew_id).where(
        columns.ward_code == ward_code,
        columns.incident_id == incident_id,
        sa.or_(gave_back, columns.about == About.LET_PASS),
        columns.crew_id.is_not(None),
        sa.or_(reopened.is_(None), columns.at > reopened),
    )
    return query.correlate_except(incident_event)


async def let_pass(connection: AsyncConnection, incidents: Sequence[tuple[str, UUID, UUID]], note: str) -> None:
    """Remark that a crew let the time to accept pass: each is `(ward_code, incident_id, crew_id)`, assigned."""
    rows = [
        {"ward_code": ward_code, "incident_id": incident_id, "id": new_id(), "crew_id": crew_id}
        for ward_code, incident_id, crew_id in incidents
    ]
    shared = {
        "at": sa.func.clock_timestamp(),
        "from_status": Status.ASSIGNED,
        "to_status": Status.ASSIGNED,
        "party": Party.SYSTEM,
        "public": False,
        "note": note,
        "about": About.LET_PASS,
    }
    await connection.execute(sa.insert(incident_event).values(**shared), rows)


def reopened_at(ward_code: Any, incident_id: Any) -> sa.ScalarSelect[datetime]:
    """When an incident was last reopened, or NULL: its deadline counts from then."""
    columns = incident_event.alias("reopening").c
    return _last(
        columns, ward_code, incident_id, columns.to_status == Status.RECEIVED, columns.from_status.in_(FINISHED)
    )


def finished_at(ward_code: Any, incident_id: Any) -> sa.ScalarSelect[datetime]:
    """When an incident last reached a status in which it is finished, or NULL where its history does not say."""
    columns = incident_event.alias("finishing").c
    moved = columns.from_status.is_distinct_from(columns.to_status)
    return _last(columns, ward_code, incident_id, columns.to_status.in_(FINISHED), moved)


def _last(columns: Any, ward_code: Any, incident_id: Any, *conditions: Any) -> sa.ScalarSelect[datetime]:
    """When the last of an incident's steps was taken for which these hold."""
    steps = sa.select(sa.func.max(columns.at)).where(
        columns.ward_code == ward_code, columns.incident_id == incident_id, *conditions
    )
    return steps.correlate_except(columns.at.table).scalar_subquery()


async def ended_at(connection: AsyncConnection, ward_code: str, incident_id: UUID) -> datetime:
    """When an incident last reached the status it is finished in."""
    ended: datetime = (await connection.execute(sa.select(finished_at(ward_code, incident_id)))).scalar_one()
    return ended
