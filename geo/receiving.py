"""Reports come in: each finds its ward, neighbourhood and crew, or is refused and leaves no trace.

Any number of reports are stored by the same few statements: what a report costs beside its own rows is shared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from geo import admitting, photos
from geo.actor import ANONYMOUS, Actor, Role
from geo.admitting import Bound
from geo.categories import UNKNOWN_CATEGORY
from geo.database import within
from geo.dispatch import dispatch_all
from geo.errors import InvalidInput, OutsideWard, Problem, Refusal
from geo.ids import new_id, new_tracking_suffix
from geo.plans import Given, Statements
from geo.reports import Report, checked
from geo.secrets import digest
from geo.storing_reports import COLUMNS, LOCKS, STORE


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
    await statements.rows(LOCKS, Given(ANONYMOUS, {"locks": sorted(_lock(key) for key in first)}))
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
        values = {name: [row[name] for row, _ in left.values()] for name in COLUMNS}
        for found in await statements.rows(STORE, Given(ANONYMOUS, values)):
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
    """A report as a row of `COLUMNS`, and why it is refused; `uploads` are those that can be claimed."""
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
