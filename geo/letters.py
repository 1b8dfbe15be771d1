"""What a reporter is written of their report: the steps as they may read them, and where the letter goes.

It is read when the letter is written, not when the step was taken: who took their address back by then gets none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import consents, incidents, records, wards
from geo.actor import ANONYMOUS, Actor
from geo.language import Language
from geo.secrets import stop_key
from geo.tables import Ending, category, consent, crew, incident, incident_event, neighbourhood, reporter
from geo.telling import concerns_reporter


@dataclass(frozen=True, slots=True)
class Passed:
    """A step of the report, as its reporter reads it."""

    event_id: UUID
    at: datetime
    from_status: str | None
    to_status: str
    note: str | None
    by: str | None
    """The crew that took it."""
    crew: str | None
    """The crew that it concerns."""
    by_reporter: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """What one letter is made of. Its words are people's own: whoever shows them shows them as text."""

    address: str
    language: Language
    ward_code: str
    ward_name: str
    tracking_code: str
    category: str
    place: str | None
    """The neighbourhood. Not the address that was typed: the letter may go to somebody who never wrote it."""
    status: str
    due_at: datetime | None
    duplicate_of: str | None
    """The tracking code of the earlier report, where its existence is public."""
    stop_key: str = field(repr=False)
    """With it the reporter has no more letters sent."""
    report_id: UUID
    """The first step of all: the report itself."""
    steps: Sequence[Passed]


async def letter(
    connection: AsyncConnection, ward_code: str, incident_id: UUID, told_of: Collection[UUID]
) -> Letter | None:
    """The letter about these steps and no others; None where nobody is to be written to, or of nothing.

    A step between two of them may have been committed later: it has a letter of its own.
    """
    of_report = reporter.c.ward_code == ward_code, reporter.c.incident_id == incident_id
    query = (
        sa.select(reporter.c.email, reporter.c.language, incident.c.reporter_secret_hash)
        .join(incident, sa.and_(incident.c.ward_code == reporter.c.ward_code, incident.c.id == reporter.c.incident_id))
        .where(*of_report, reporter.c.email.is_not(None))
    )
    told = (await connection.execute(query)).one_or_none()
    if told is None:
        return None
    actor = ANONYMOUS.holding(told.reporter_secret_hash)
    steps = await _steps(connection, actor, ward_code, incident_id)
    within = [step for step in steps if step.event_id in told_of]
    if not within:
        return None
    language = Language(told.language or Language.VI)
    rows = incidents.with_id(actor, ward_code, incident_id).subquery()
    kind = category.c.name_en if language is Language.EN else category.c.name
    ward_rows = wards.with_code(actor, ward_code).subquery()
    row = (
        await connection.execute(
            sa.select(
                rows, kind.label("kind"), ward_rows.c.name.label("ward_name"), neighbourhood.c.name.label("place")
            )
            .join(category, sa.and_(category.c.ward_code == rows.c.ward_code, category.c.id == rows.c.category_id))
            .join(ward_rows, ward_rows.c.code == rows.c.ward_code)
            .outerjoin(
                neighbourhood,
                sa.and_(neighbourhood.c.ward_code == rows.c.ward_code, neighbourhood.c.id == rows.c.neighbourhood_id),
            )
        )
    ).one()
    return Letter(
        address=told.email,
        language=language,
        ward_code=ward_code,
        ward_name=row.ward_name,
        stop_key=stop_key(told.reporter_secret_hash),
        tracking_code=row.tracking_code,
        category=row.kind,
        place=row.place,
        status=row.status,
        due_at=row.due_at,
        duplicate_of=await _code_of(connection, actor, ward_code, row.duplicate_of_id),
        report_id=steps[0].event_id,
        steps=within,
    )


async def _steps(connection: AsyncConnection, actor: Actor, ward_code: str, incident_id: UUID) -> list[Passed]:
    """All that the reporter hears of, in order."""
    rows = records.events_of(actor, ward_code, incident_id).subquery()
    raw = incident_event.c
    of = sa.and_(raw.ward_code == rows.c.ward_code, raw.incident_id == rows.c.incident_id, raw.id == rows.c.id)
    named = sa.and_(crew.c.ward_code == raw.ward_code, crew.c.id == raw.crew_id)
    query = (
        sa.select(rows, raw.party, crew.c.name.label("crew"))
        .select_from(rows.join(incident_event, of).outerjoin(crew, named))
        .order_by(rows.c.id)
    )
    found = await connection.execute(query)
    return [
        Passed(row.id, row.at, row.from_status, row.to_status, row.note, row.actor, row.crew, row.by_reporter)
        for row in found
        if concerns_reporter(row.from_status, row.to_status, row.party, row.public)
    ]


async def _code_of(connection: AsyncConnection, actor: Actor, ward_code: str, incident_id: UUID | None) -> str | None:
    if incident_id is None:
        return None
    rows = incidents.with_id(actor, ward_code, incident_id).subquery()
    code: str | None = await connection.scalar(sa.select(rows.c.tracking_code))
    return code


async def stop(connection: AsyncConnection, tracking_code: str, key: str) -> bool:
    """Forget the address that letters about this report go to; whether `key` (`secrets.stop_key`) allows that.

    What else its reporter told stays; where that is nothing, nothing does. Twice is as once.
    """
    query = sa.select(incident.c.ward_code, incident.c.id, incident.c.reporter_secret_hash)
    ward_code = tracking_code.partition("-")[0]
    of_code = incident.c.ward_code == ward_code, incident.c.tracking_code == tracking_code
    found = (await connection.execute(query.where(*of_code))).one_or_none()
    if found is None or not compare_digest(stop_key(found.reporter_secret_hash).encode(), key.encode()):
        return False
    of_report = reporter.c.ward_code == found.ward_code, reporter.c.incident_id == found.id
    await connection.execute(sa.update(reporter).where(*of_report).values(email=None))
    nothing_left = reporter.c.name.is_(None), reporter.c.phone.is_(None)
    gone = await connection.execute(sa.delete(reporter).where(*of_report, *nothing_left))
    if gone.rowcount:
        of_consent = sa.and_(consent.c.ward_code == found.ward_code, consent.c.subject_id == found.id)
        await connection.execute(consents.end(of_consent, Ending.WITHDRAWN))
    return True
