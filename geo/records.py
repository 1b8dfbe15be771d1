"""What hangs on an incident: history, photographs, reporter; each as far as the caller sees the incident."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from geo import incidents
from geo.actor import Actor, Role
from geo.lifecycle import IN_HAND, Party
from geo.reading import Condition, any_of
from geo.tables import account, crew, crew_member, incident_event, photo, reporter

Rows = sa.Select[Any]


def events_of(actor: Actor, ward_code: Any, incident_id: Any) -> Rows:
    """An incident's steps, oldest first."""
    rows = event_readable(actor).where(
        incident_event.c.ward_code == ward_code, incident_event.c.incident_id == incident_id
    )
    return rows.order_by(incident_event.c.at, incident_event.c.id)


def event_readable(actor: Actor) -> Rows:
    """The steps of readable incidents: internal ones for who works on it; notes for who may read its text.

    Who worked on it once, and asks again what came of the own step, reads the steps until then as at the time.

    `actor` names who took the step: the account to who works on it, the crew to the reporter.
    """
    seen = incidents.readable(actor).subquery("of_incident")
    columns = incident_event.c
    crew_name = (
        sa.select(crew.c.name)
        .where(crew.c.ward_code == columns.ward_code, crew.c.id == columns.crew_id)
        .scalar_subquery()
    )
    account_name = sa.select(account.c.name).where(account.c.id == columns.account_id).scalar_subquery()
    # A crew's remark concerns no crew, so that it is known by who made it.
    crew_of_account = (
        sa.select(crew.c.name)
        .join(crew_member, sa.and_(crew_member.c.ward_code == crew.c.ward_code, crew_member.c.crew_id == crew.c.id))
        .where(crew_member.c.ward_code == columns.ward_code, crew_member.c.account_id == columns.account_id)
        .scalar_subquery()
    )
    by_crew = sa.case((columns.party == Party.CREW, sa.func.coalesce(crew_name, crew_of_account)))
    working = any_of(_witnessed(actor), seen.c.working)
    return (
        sa.select(
            columns.ward_code,
            columns.incident_id,
            columns.id,
            columns.at,
            columns.from_status,
            columns.to_status,
            columns.public,
            (columns.party == Party.REPORTER).label("by_reporter"),
            # Publishing an incident does not publish what its reporter said of it later.
            sa.case((any_of(working, seen.c.full, _by_ward(seen)), columns.note)).label("note"),
            sa.case(
                (working, sa.func.coalesce(account_name, crew_name)),
                (seen.c.full, by_crew),
            ).label("actor"),
        )
        .select_from(
            incident_event.join(seen, sa.and_(seen.c.ward_code == columns.ward_code, seen.c.id == columns.incident_id))
        )
        .where(sa.or_(columns.public, working))
    )


def _witnessed(actor: Actor) -> Condition:
    if actor.witnessed_until is None:
        return sa.false()
    columns = incident_event.c
    return sa.and_(columns.incident_id == actor.witnessed, columns.at <= actor.witnessed_until)


def _by_ward(seen: sa.Subquery) -> Condition:
    return sa.and_(seen.c.told, incident_event.c.party != Party.REPORTER)


def photo_readable(actor: Actor) -> Rows:
    """Photographs of readable incidents: all to who works on it or reported it, published ones to everybody."""
    seen = incidents.readable(actor).subquery("of_incident")
    columns = photo.c
    return (
        sa.select(*columns)
        .select_from(photo.join(seen, sa.and_(seen.c.ward_code == columns.ward_code, seen.c.id == columns.incident_id)))
        .where(sa.or_(seen.c.full, sa.and_(columns.published, seen.c.told)))
    )


def photos_of(actor: Actor, ward_code: Any, *, incident_id: Any, event_id: Any = None) -> Rows:
    rows = photo_readable(actor).where(photo.c.ward_code == ward_code, photo.c.incident_id == incident_id)
    if event_id is not None:
        rows = rows.where(photo.c.event_id == event_id)
    return rows.order_by(photo.c.id)


def photo_with_id(actor: Actor, ward_code: Any, photo_id: Any) -> Rows:
    return photo_readable(actor).where(photo.c.ward_code == ward_code, photo.c.id == photo_id)


def reporter_readable(actor: Actor) -> Rows:
    """Who reported: to staff, to the reporter, and to the crew while it has the incident in hand and may call back."""
    seen = incidents.readable(actor).subquery("of_incident")
    columns = reporter.c
    rows = (
        sa.select(*columns)
        .select_from(
            reporter.join(seen, sa.and_(seen.c.ward_code == columns.ward_code, seen.c.id == columns.incident_id))
        )
        .where(seen.c.full)
    )
    if actor.role is not Role.CREW_MEMBER:
        return rows
    needed = [seen.c.reported, seen.c.status.in_(IN_HAND)]
    if actor.witnessed is not None:
        needed.append(seen.c.id == actor.witnessed)
    return rows.where(sa.or_(*needed))


def reporter_of(actor: Actor, ward_code: Any, incident_id: Any) -> Rows:
    return reporter_readable(actor).where(reporter.c.ward_code == ward_code, reporter.c.incident_id == incident_id)
