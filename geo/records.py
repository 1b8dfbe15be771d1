"""What hangs on an incident: history, photographs, reporter; each as far as the caller sees the incident."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from geo import incidents
from geo.actor import Actor, Role
from geo.lifecycle import IN_HAND, Party
from geo.reading import Condition, any_of, masked, staff_of
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

    `actor` names who took the step: the account to who works on it, the crew to the reporter. `candidates` tell
    staff why it was this crew.
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
            masked(staff_of(actor, columns.ward_code), columns.candidates),
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


def candidates_of(ward_code: Any, candidates: Any) -> Rows:
    """The crews that dispatch weighed for a step, the best first: what `geo/explaining.py` kept, as rows.

    `candidates` is the column of a readable step.
    """
    columns: dict[str, TypeEngine[Any]] = {
        "crewId": sa.Uuid(),
        "metres": sa.Float(),
        "inHand": sa.Integer(),
        "capacity": sa.Integer(),
        "seconds": sa.Integer(),
        "chosen": sa.Boolean(),
        "why": sa.Text(),
    }
    kept = sa.func.jsonb_array_elements(candidates).table_valued(sa.column("one", JSONB), with_ordinality="place")
    kept = kept.render_derived(name="kept")
    read = [sa.cast(kept.c.one[name].astext, of_type).label(_snake(name)) for name, of_type in columns.items()]
    return sa.select(ward_code.label("ward_code"), *read).order_by(kept.c.place)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _witnessed(actor: Actor) -> Condition:
    if actor.witnessed_until is None:
        return sa.false()
    columns = incident_event.c
    return sa.and_(columns.incident_id == actor.witnessed, columns.at <= actor.witnessed_until)


def _by_ward(seen: sa.Subquery) -> Condition:
    return sa.and_(seen.c.told, incident_event.c.party != Party.REPORTER)


def photo_readable(actor: Actor) -> Rows:
    """Photographs of readable incidents: all to who works on it or reported it, published ones to everybody.

    `shown_id` names the picture that this caller gets: the photograph itself, but to everybody else the copy with parts
    made unrecognisable, where there is one.
    """
    seen = incidents.readable(actor).subquery("of_incident")
    columns = photo.c
    staff = staff_of(actor, columns.ward_code)
    return (
        sa.select(
            columns.ward_code,
            columns.id,
            columns.incident_id,
            columns.event_id,
            columns.width,
            columns.height,
            columns.taken_at,
            columns.published,
            columns.redacted_id.is_not(None).label("redacted"),
            masked(staff, columns.redacted_id).element.label("copy_id"),
            masked(staff, columns.rectangles),
            sa.case((seen.c.full, columns.id), else_=_shown_to_all()).label("shown_id"),
        )
        .select_from(photo.join(seen, sa.and_(seen.c.ward_code == columns.ward_code, seen.c.id == columns.incident_id)))
        .where(sa.or_(seen.c.full, sa.and_(columns.published, seen.c.told)))
    )


def _shown_to_all() -> sa.ColumnElement[UUID]:
    return sa.func.coalesce(photo.c.redacted_id, photo.c.id, type_=sa.Uuid)


def picture_readable(actor: Actor, ward_code: Any, picture_id: Any) -> Rows:
    """The photograph of which this caller may see the picture with this id: as it is, or its unrecognisable copy.

    Who works on the incident or reported it sees both; for everybody else the copy takes the photograph's place, and
    the photograph is not there. Served by the indexes of both ids.
    """
    columns = photo.c
    rows = photo_readable(actor)
    shown = rows.selected_columns["shown_id"]
    return rows.where(
        columns.ward_code == ward_code,
        sa.or_(columns.id == picture_id, columns.redacted_id == picture_id),
        sa.or_(shown == columns.id, shown == picture_id),
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
