"""What is told to whom when an incident takes a step: to the ward's staff, to a crew, to who reported it.

It is read off the history, so whatever writes a step needs to know nothing of it. Pure, but for `due`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from geo import bookmarks
from geo.bookmarks import Step
from geo.lifecycle import IN_HAND, Party, Status, reopens
from geo.tables import About, NoticeKind

BOOKMARK = "notices"
MOST_STEPS = 20
"""Steps that one letter tells."""
_CALLS_FOR = {
    About.DUE_SOON: NoticeKind.DUE_SOON,
    About.OVERDUE: NoticeKind.OVERDUE,
    About.ATTENTION: NoticeKind.ATTENTION,
}
_OF_CREW = (NoticeKind.DUE_SOON, NoticeKind.OVERDUE)
"""What the crew that has the incident in hand is told as the staff are."""


class Who(StrEnum):
    """To whom something is told."""

    REPORTER = "REPORTER"
    STAFF = "STAFF"
    CREW = "CREW"


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to tell: to whom, and of which of an incident's `steps`, in their order.

    To staff and crews it is of one step and has a `kind`. To the reporter it is of all public steps that were read
    together, `MOST_STEPS` at most: what more there is, is another thing to tell.
    """

    who: Who
    ward_code: str
    incident_id: UUID
    steps: tuple[UUID, ...]
    kind: NoticeKind | None = None
    crew_id: UUID | None = None


async def due(connection: AsyncConnection) -> tuple[int, Sequence[Told]]:
    """What is to be told next, in the order in which it happened, and of how many steps: none where nothing is.

    Whoever asks tells it in the same transaction; then it is never asked for again.
    """
    steps = await bookmarks.read_on(connection, BOOKMARK)
    return len(steps), [*(one for step in steps for one in to_workers(step)), *to_reporters(steps)]


def to_workers(step: Step) -> list[Told]:
    """What the ward's staff and its crews are told of one step."""

    def told(who: Who, kind: NoticeKind, crew_id: UUID | None = None) -> Told:
        return Told(who, step.ward_code, step.incident_id, (step.event_id,), kind, crew_id)

    found = []
    if reopens(step.from_status, step.to_status):
        if step.had is not None:
            found.append(told(Who.CREW, NoticeKind.REOPENED, step.had))
        if step.party == Party.REPORTER:
            found.append(told(Who.STAFF, NoticeKind.REOPENED))
    if _is_taken_back(step):
        found.append(told(Who.CREW, NoticeKind.TAKEN_BACK, step.had))
    if _is_assigned(step):
        found.append(told(Who.CREW, NoticeKind.ASSIGNED, step.crew_id))
    if (kind := _of_remark(step)) is not None:
        found.append(told(Who.STAFF, kind))
        if kind in _OF_CREW and step.had is not None and step.to_status in IN_HAND:
            found.append(told(Who.CREW, kind, step.had))
    return found


def _is_assigned(step: Step) -> bool:
    """A remark within the same status names no crew, or the one that has it."""
    to_crew = step.to_status == Status.ASSIGNED and step.crew_id is not None
    return to_crew and (step.from_status != Status.ASSIGNED or step.crew_id != step.had)


def _is_taken_back(step: Step) -> bool:
    """The crew that had it in hand has it no longer, and neither gave it back nor finished it itself."""
    if step.had is None or step.from_status not in IN_HAND or step.party == Party.CREW:
        return False
    if step.to_status == Status.ASSIGNED:
        return step.crew_id not in (None, step.had)
    return step.to_status in (Status.RECEIVED, Status.RESOLVED, Status.REJECTED, Status.DUPLICATE)


def _of_remark(step: Step) -> NoticeKind | None:
    """What a remark calls for, by what it was written for: neither its words nor what is so by now."""
    return None if step.about is None else _CALLS_FOR.get(About(step.about))


def concerns_reporter(from_status: str | None, to_status: str, party: str, public: bool) -> bool:
    """Whether the reporter hears of a step: of public ones, but for their own remarks and verdict."""
    if not public:
        return False
    return party != Party.REPORTER or from_status is None or to_status == Status.RECEIVED


def to_reporters(steps: Iterable[Step]) -> list[Told]:
    """What the reporters who left an e-mail address are told of these steps: of an incident's steps together."""
    by_incident: dict[tuple[str, UUID], list[UUID]] = {}
    for step in steps:
        if step.by_mail and concerns_reporter(step.from_status, step.to_status, step.party, step.public):
            by_incident.setdefault((step.ward_code, step.incident_id), []).append(step.event_id)
    return [
        Told(Who.REPORTER, ward_code, incident_id, tuple(of_one[n : n + MOST_STEPS]))
        for (ward_code, incident_id), of_one in by_incident.items()
        for n in range(0, len(of_one), MOST_STEPS)
    ]
