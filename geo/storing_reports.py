"""The statement that stores reports: any number of them, each in the ward and neighbourhood where it is."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, insert

from geo import journal
from geo.lifecycle import Party, Status
from geo.locating import neighbourhood_at, ward_at
from geo.plans import Plan, array_of
from geo.tables import SRID, Channel, category, consent, incident, reporter, ward
from geo.working_time import due

COLUMNS: dict[str, Any] = {
    "n": sa.Integer(),
    "sound": sa.Boolean(),
    "key": BYTEA(),
    "secret": BYTEA(),
    "id": sa.Uuid(),
    "tracking": sa.Text(),
    "longitude": sa.Float(),
    "latitude": sa.Float(),
    "named": sa.Text(),
    "category": sa.Text(),
    "description": sa.Text(),
    "address": sa.Text(),
    "channel": sa.Text(),
    "staff": sa.Boolean(),
    "staff_of": sa.Text(),
    "account": sa.Uuid(),
    "step": sa.Uuid(),
    "contact": sa.Boolean(),
    "name": sa.Text(),
    "phone": sa.Text(),
    "email": sa.Text(),
    "language": sa.Text(),
    "wording": sa.Text(),
    "agreement": sa.Uuid(),
}
"""What is known of each report before it is stored, and the type of its list."""


def _locks() -> sa.Select[Any]:
    """Retries that arrive together take turns, so that the first is seen by the rest: keys in order, as everywhere."""
    keys = sa.func.unnest(array_of("locks", sa.BigInteger())).table_valued(sa.column("key", sa.BigInteger))
    keys = keys.render_derived(name="keys")
    return sa.select(sa.func.count(sa.func.pg_advisory_xact_lock(keys.c.key)))


def _given() -> sa.CTE:
    """The reports as rows, and where each is."""
    columns = [sa.column(name, of_type) for name, of_type in COLUMNS.items()]
    arrays = [array_of(name, of_type) for name, of_type in COLUMNS.items()]
    rows = sa.func.unnest(*arrays).table_valued(*columns).render_derived(name="rows")
    point = sa.func.ST_SetSRID(sa.func.ST_MakePoint(rows.c.longitude, rows.c.latitude), SRID)
    return _once(sa.select(*rows.c, point.label("at")).cte("given"))


def _store() -> sa.Select[Any]:
    """One row a report: the incident known by its key, or what was found for it and whether its rows were made."""
    given = _given()
    known = (
        sa.select(given.c.n, incident.c.ward_code, incident.c.id)
        .join(incident, incident.c.request_key_hash == given.c.key)
        .cte("known")
    )
    named = (
        sa.select(ward.c.code)
        .where(ward.c.code == given.c.named, sa.func.ST_Covers(ward.c.boundary, given.c.at))
        .scalar_subquery()
    )
    holding = sa.case((given.c.named.is_(None), ward_at(given.c.at)), else_=named)
    placed = _once(
        sa.select(given.c.n, holding.label("ward_code"))
        .where(given.c.sound, ~sa.exists().where(known.c.n == given.c.n))
        .cte("placed")
    )
    staff = given.c.staff & (given.c.staff_of.is_(None) | (given.c.staff_of == placed.c.ward_code))
    sited = _once(
        sa.select(
            placed.c.n,
            placed.c.ward_code,
            neighbourhood_at(placed.c.ward_code, given.c.at).label("neighbourhood_id"),
            category.c.id.label("category_id"),
            category.c.deadline_hours,
            category.c.working_hours,
            sa.case((staff, Party.STAFF.value), else_=Party.REPORTER.value).label("party"),
        )
        .select_from(
            placed.join(given, given.c.n == placed.c.n).outerjoin(
                category, sa.and_(category.c.ward_code == placed.c.ward_code, category.c.code == given.c.category)
            )
        )
        .where(placed.c.ward_code.is_not(None))
        .cte("sited")
    )
    values: dict[str, Any] = {
        "ward_code": sited.c.ward_code,
        "id": given.c.id,
        "tracking_code": sa.func.concat(sited.c.ward_code, "-", given.c.tracking),
        "category_id": sited.c.category_id,
        "status": sa.literal(Status.RECEIVED.value, sa.Text),
        "description": given.c.description,
        "location": given.c.at,
        "address": given.c.address,
        "neighbourhood_id": sited.c.neighbourhood_id,
        "channel": sa.case((sited.c.party == Party.STAFF, Channel.STAFF.value), else_=given.c.channel),
        "due_at": due(sa.func.now(), sited.c.deadline_hours, sited.c.working_hours),
        "request_key_hash": given.c.key,
        "reporter_secret_hash": given.c.secret,
    }
    both = sited.join(given, given.c.n == sited.c.n)
    made = (
        insert(incident)
        .from_select(
            list(values), sa.select(*values.values()).select_from(both).where(sited.c.category_id.is_not(None))
        )
        .on_conflict_do_nothing(constraint="uq_incident_ward_code_tracking_code")
        .returning(incident.c.id)
        .cte("made")
    )
    stored = (
        sa.select(*given.c, sited.c.ward_code, sited.c.party)
        .select_from(both.join(made, made.c.id == given.c.id))
        .cte("stored")
    )
    told = {
        "ward_code": stored.c.ward_code,
        "incident_id": stored.c.id,
        "name": stored.c.name,
        "phone": stored.c.phone,
        "email": stored.c.email,
        "language": stored.c.language,
        "consented_at": sa.func.now(),
    }
    contacts = insert(reporter).from_select(list(told), sa.select(*told.values()).where(stored.c.contact))
    agreed = {
        "ward_code": stored.c.ward_code,
        "id": stored.c.agreement,
        "subject_id": stored.c.id,
        "wording": stored.c.wording,
        "channel": sa.case((stored.c.party == Party.STAFF, Channel.STAFF.value), else_=stored.c.channel),
        "account_id": stored.c.account,
    }
    agreements = insert(consent).from_select(list(agreed), sa.select(*agreed.values()).where(stored.c.contact))
    steps = journal.steps(
        stored,
        id=lambda row: row.step,
        incident_id=lambda row: row.id,
        to_status=lambda _: sa.literal(Status.RECEIVED.value, sa.Text),
        party=lambda row: row.party,
        account_id=lambda row: row.account,
    )
    return (
        sa.select(
            given.c.n,
            known.c.id.label("known_id"),
            sa.cast(known.c.ward_code, sa.String).label("known_ward"),
            sa.cast(sited.c.ward_code, sa.String).label("ward_code"),
            sited.c.category_id,
            given.c.id,
            made.c.id.is_not(None).label("made"),
        )
        .select_from(
            given.outerjoin(known, known.c.n == given.c.n)
            .outerjoin(sited, sited.c.n == given.c.n)
            .outerjoin(made, made.c.id == given.c.id)
        )
        .add_cte(contacts.cte("contacts"), agreements.cte("agreements"), steps.cte("steps"))
    )


def _once(part: sa.CTE) -> sa.CTE:
    """Worked out once, however often it is referred to."""
    return part.prefix_with("MATERIALIZED", dialect="postgresql")


LOCKS = Plan(_locks())
"""Waits for the keys of these reports; `locks` are numbers made of them, in order."""
STORE = Plan(_store())
"""Stores reports, whose values are in lists named as in `COLUMNS`."""
