"""An incident's statuses and the steps between them, as one table of data. Pure: no SQL, no clock.

Source: the life cycle in `docs/architecture.md`. `may_advance` is the only judge of whether a step is
allowed; whoever writes a step for a person asks `advance` for the status it leads to.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from geo.errors import InvalidTransition


class Status(StrEnum):
    """Where an incident stands."""

    RECEIVED = "RECEIVED"
    ASSIGNED = "ASSIGNED"
    ACCEPTED = "ACCEPTED"
    IN_PROGRESS = "IN_PROGRESS"
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"
    REJECTED = "REJECTED"
    DUPLICATE = "DUPLICATE"


class Party(StrEnum):
    """Who takes a step, as the life cycle sees them."""

    REPORTER = "REPORTER"
    CREW = "CREW"  # the crew that the incident is assigned to; another crew has no part in it
    STAFF = "STAFF"
    SYSTEM = "SYSTEM"  # dispatch, escalation, seven days of silence


OPEN = (Status.RECEIVED, Status.ASSIGNED, Status.ACCEPTED, Status.IN_PROGRESS)
IN_HAND = (Status.ASSIGNED, Status.ACCEPTED, Status.IN_PROGRESS)
"""What fills a crew's capacity: exactly the statuses in which an incident has a crew at work."""
FINISHED = (Status.RESOLVED, Status.CLOSED, Status.REJECTED, Status.DUPLICATE)

_S = Status
_P = Party
TRANSITIONS: dict[tuple[Status, Status], frozenset[Party]] = {
    (_S.RECEIVED, _S.ASSIGNED): frozenset({_P.SYSTEM, _P.STAFF}),
    (_S.RECEIVED, _S.REJECTED): frozenset({_P.STAFF}),
    (_S.ASSIGNED, _S.REJECTED): frozenset({_P.STAFF}),
    (_S.RECEIVED, _S.DUPLICATE): frozenset({_P.STAFF}),
    (_S.ASSIGNED, _S.DUPLICATE): frozenset({_P.STAFF}),
    (_S.ASSIGNED, _S.ACCEPTED): frozenset({_P.CREW}),
    **{(held, _S.ASSIGNED): frozenset({_P.CREW, _P.STAFF, _P.SYSTEM}) for held in IN_HAND},
    **{(held, _S.RECEIVED): frozenset({_P.CREW, _P.STAFF, _P.SYSTEM}) for held in IN_HAND},
    (_S.ACCEPTED, _S.IN_PROGRESS): frozenset({_P.CREW}),
    (_S.ACCEPTED, _S.RESOLVED): frozenset({_P.CREW, _P.STAFF}),
    (_S.IN_PROGRESS, _S.RESOLVED): frozenset({_P.CREW, _P.STAFF}),
    (_S.RESOLVED, _S.CLOSED): frozenset({_P.REPORTER, _P.STAFF, _P.SYSTEM}),
    **{(done, _S.RECEIVED): frozenset({_P.REPORTER, _P.STAFF}) for done in FINISHED},
}


def may_advance(current: Status, to: Status, parties: Iterable[Party]) -> bool:
    """Whether someone acting as any of `parties` may take an incident from `current` to `to`."""
    return not TRANSITIONS.get((current, to), frozenset()).isdisjoint(parties)


def reopens(before: str | None, to: str) -> bool:
    """Whether a step between these statuses opens an incident again that was finished; `geo.journal` asks the same."""
    return before in FINISHED and to == Status.RECEIVED


def advance(current: Status, to: Status, parties: Iterable[Party]) -> Status:
    """`to`, when the step is allowed; raises `InvalidTransition` otherwise."""
    if not may_advance(current, to, parties):
        raise InvalidTransition(current, to)
    return to
