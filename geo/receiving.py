"""Reports come in: each finds its ward, neighbourhood and crew, or is refused and leaves no trace.

Any number of reports are stored by the same few statements: what a report costs beside its own rows is shared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import admitting, journal, photos
from geo.actor import ANONYMOUS, Actor, Role
from geo.admitting import Bound
from geo.categories import UNKNOWN_CATEGORY
from geo.database import within
from geo.dispatch import dispatch_all
from geo.errors import InvalidInput, OutsideWard, Problem, Refusal
from geo.ids import new_id, new_tracking_suffix
from geo.lifecycle import Party, Status
from geo.locating import neighbourhood_at, ward_at
from geo.plans import Given, Plan, Statements, array_of
from geo.reports import Report, checked
from geo.secrets import digest
from geo.tables import SRID, Channel, category, consent, incident, reporter, ward
from geo.working_time import due


@dataclass(frozen=True, slots=True)
class Submission:
    """A report, by whom, the secret that its reporter will hold, and how many such may come."""

    actor: Actor
    report: Report
    secret: str
    bounds: tuple[Bound, ...] = ()
    """Counted once the report is stored: not for one that is refused, nor for a key that was sent before."""

    @property
    def key(self) -> bytes:
        return digest(str(self.report.request_key))


Outcome = tuple[str, UUID] | Refusal


async def receive(connection: AsyncConnection, actor: Actor, report: Report, secret: str) -> tuple[str, UUID]:
    """Store a report and dispatch it: its ward and id. The same request key gives the same incident, always.

    Raises `InvalidInput` and `OutsideWard`; nothing is stored then.
    """
    (outcome,) = await receive_all(within(connection), [Submission(actor, report, secret)])
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


async def receive_all(statements: Statements, submissions: Sequence[Submission]) -> list[Outcome]:
    """Store reports and dispatch them, in one transaction: for each, in order, its ward and id, or why it is refused.

    A refused report leaves no trace. Of several with one request key the first counts; the others get its incident.
    One that is over its bounds is stored all the same if it was before: its reporter only asks again.
    """
    first: dict[bytes, int] = {}
    for n, submission in enumerate(submissions):
        first.setdefault(submission.key, n)
    await statements.rows(_LOCKS, Given(ANONYMOUS, {"locks": sorted(_lock(key) for key in first)}))
    named = {n: keys for n in first.values() if (keys := photos.keys_named(submissions[n].report.photo_ids))}
    held = await photos.held(statements, set(chain(*named.values()))) if named else set()
    behind = _behind(named)
    outcomes: dict[int, Outcome] = {}
    wanted = {n: submissions[n].bounds for n in first.values() if n not in behind}
    over = await admitting.admit(statements, wanted)
    left = {n: _row(n, submissions[n], held, over.get(n)) for n in wanted}
    steps = {n: row["step"] for n, (row, _) in left.items()}
    arrived: list[tuple[str, UUID]] = []
    stored: set[int] = set()
    claims: list[photos.Claim] = []
    while left:  # once, but for a tracking code that is taken: one in a thousand million
        values = {name: [row[name] for row, _ in left.values()] for name in _COLUMNS}
        for found in await statements.rows(_STORE, Given(ANONYMOUS, values)):
            outcome = _outcome(found, left[found.n][1])
            if outcome is None:
                left[found.n][0].update(tracking=new_tracking_suffix(), id=new_id())
                continue
            outcomes[found.n] = outcome
            del left[found.n]
            if found.made:
                arrived.append((found.ward_code, found.id))
                stored.add(found.n)
                step = steps[found.n]
                claims += [photos.Claim(key, found.ward_code, found.id, step) for key in named.get(found.n, ())]
    if claims:
        await photos.place(statements, claims)
    await dispatch_all(statements, arrived)
    came_to_nothing = wanted.keys() - over.keys() - stored
    await admitting.take_back(statements, (bound for n in came_to_nothing for bound in wanted[n]))
    # Where some came to nothing there is room for others after all.
    again = {n for n in over if came_to_nothing and outcomes[n] is over[n]}
    # What is wrong with one is no matter for another with its key, which would be stored if it came later.
    wrong = {n for n, outcome in outcomes.items() if isinstance(outcome, Refusal) and n not in over}
    later = [
        n
        for n, one in enumerate(submissions)
        if first[one.key] in behind | again or (n != first[one.key] and first[one.key] in wrong)
    ]
    if later:
        outcomes.update(zip(later, await receive_all(statements, [submissions[n] for n in later]), strict=True))
    return [outcomes.get(n, outcomes[first[one.key]]) for n, one in enumerate(submissions)]


def _behind(named: Mapping[int, Sequence[UUID]]) -> set[int]:
    """Those that name an upload which one before them names: whether they can have it shows once that is stored."""
    taken: set[UUID] = set()
    behind = set()
    for n, keys in named.items():
        if taken.isdisjoint(keys):
            taken.update(keys)
        else:
            behind.add(n)
    return behind


def _lock(key: bytes) -> int:
    return int.from_bytes(key[:8], "big", signed=True)


def _outcome(found: Any, refusal: Refusal | None) -> Outcome | None:
    """What became of a report; None where its tracking code was taken."""
    if found.known_id is not None:
        return found.known_ward, found.known_id
    if refusal is not None:
        return refusal
    if found.ward_code is None:
        return OutsideWard(path=("location",))
    if found.category_id is None:
        return InvalidInput(Problem(("category",), UNKNOWN_CATEGORY))
    return (found.ward_code, found.id) if found.made else None


def _row(
    n: int, submission: Submission, uploads: Collection[UUID], over: Refusal | None
) -> tuple[dict[str, Any], Refusal | None]:
    """A report as a row of `_COLUMNS`, and why it is refused; `uploads` are those that can be claimed."""
    actor, report = submission.actor, submission.report
    description, address, contact, problems = checked(report)
    problems = problems or photos.missing(report.photo_ids, uploads)
    refusal = InvalidInput(*problems) if problems else over
    staff = actor.role in (Role.STAFF, Role.ADMIN)
    row = {
        "n": n,
        "sound": refusal is None,
        "key": submission.key,
        "secret": digest(submission.secret),
        "id": new_id(),
        "tracking": new_tracking_suffix(),
        "longitude": report.location.longitude,
        "latitude": report.location.latitude,
        "named": report.ward_code,
        "category": report.category,
        "description": description,
        "address": address,
        "channel": report.channel,
        "staff": staff,
        "staff_of": actor.ward_code if staff else None,
        "account": actor.account_id,
        "step": new_id(),
        "contact": contact is not None and refusal is None,
        "name": contact.name if contact else None,
        "phone": contact.phone if contact else None,
        "email": contact.email if contact else None,
        "language": report.language,
        "wording": contact.wording if contact else None,
        "agreement": new_id() if contact else None,
    }
    return row, refusal


_COLUMNS: dict[str, Any] = {
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


def _locks() -> sa.Select[Any]:
    """Retries that arrive together take turns, so that the first is seen by the rest: keys in order, as everywhere."""
    keys = sa.func.unnest(array_of("locks", sa.BigInteger())).table_valued(sa.column("key", sa.BigInteger))
    keys = keys.render_derived(name="keys")
    return sa.select(sa.func.count(sa.func.pg_advisory_xact_lock(keys.c.key)))


def _given() -> sa.CTE:
    """The reports as rows, and where each is."""
    columns = [sa.column(name, of_type) for name, of_type in _COLUMNS.items()]
    arrays = [array_of(name, of_type) for name, of_type in _COLUMNS.items()]
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


_LOCKS = Plan(_locks())
_STORE = Plan(_store())
