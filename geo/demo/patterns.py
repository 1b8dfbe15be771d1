"""The ways that incidents go, as data: some thirty lawful sequences of steps, for a million histories at once.

Each pattern is walked through `geo.lifecycle.advance` when this module is imported, so that no other can be written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from geo.demo import texts
from geo.housekeeping import SILENCE
from geo.lifecycle import FINISHED, OPEN, Party, Status, advance
from geo.seeds import CATEGORIES
from geo.tables import Satisfaction


class Note(Enum):
    """What kind of text goes with a step."""

    NONE = auto()
    RESOLUTION = auto()
    REJECTION = auto()
    DECLINE = auto()
    ESCALATED = auto()
    REMARK = auto()
    REOPENING = auto()
    SATISFIED = auto()
    ACCEPTABLE = auto()
    DISSATISFIED = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pattern. A mere `remark` leaves the incident where it is."""

    to: Status | None
    """None: a remark."""
    party: Party
    minutes: float
    """After the step before, about so long; of `by_deadline` the share of the category's deadline instead."""
    note: Note = Note.NONE
    crew: int = 0
    """The crew that takes or gets the incident, or remarks: the first, another (2), or none (0)."""
    exact: bool = False
    by_deadline: bool = False
    public: bool = True


@dataclass(frozen=True, slots=True)
class Pattern:
    """A history after the report, with how often it is met among those of the same end."""

    steps: tuple[Step, ...]
    weight: float
    satisfaction: Satisfaction | None = None
    another_crew: bool = False
    reopened: bool = False

    @property
    def statuses(self) -> tuple[Status, ...]:
        """Where the incident stands after the report and after each step."""
        path = [Status.RECEIVED]
        for step in self.steps:
            path.append(path[-1] if step.to is None else advance(path[-1], step.to, {step.party}))
        return tuple(path)

    @property
    def end(self) -> Status:
        return self.statuses[-1]


_S, _P = Status, Party
_BY_SYSTEM = Step(_S.ASSIGNED, _P.SYSTEM, 0.04, crew=1)
_BY_STAFF = Step(_S.ASSIGNED, _P.STAFF, 45, crew=1)
_ACCEPT = Step(_S.ACCEPTED, _P.CREW, 18, crew=1)
_START = Step(_S.IN_PROGRESS, _P.CREW, 80, crew=1)
_ON_SITE = Step(None, _P.CREW, 15, Note.REMARK, crew=1)
_ON_SITE_INSIDE = replace(_ON_SITE, public=False)
_RESOLVE = Step(_S.RESOLVED, _P.CREW, 0.4, Note.RESOLUTION, crew=1, by_deadline=True)
_RESOLVED_BY_STAFF = replace(_RESOLVE, party=_P.STAFF)
_REOPEN = Step(_S.RECEIVED, _P.REPORTER, 40 * 60, Note.REOPENING)
_CLOSE_BY_STAFF = Step(_S.CLOSED, _P.STAFF, 20 * 60)
_CLOSE_SILENT = Step(_S.CLOSED, _P.SYSTEM, SILENCE.total_seconds() / 60, exact=True)
_CLOSE_CONTENT = Step(_S.CLOSED, _P.REPORTER, 9 * 60, Note.SATISFIED)
_CLOSE_ACCEPTING = Step(_S.CLOSED, _P.REPORTER, 9 * 60, Note.ACCEPTABLE)
_NOT_CONTENT = Step(None, _P.REPORTER, 6 * 60, Note.DISSATISFIED)

# How an incident comes to its crew: plainly, after a refusal, or because the first was too slow.
_WAYS: tuple[tuple[tuple[Step, ...], float, bool], ...] = (
    ((_BY_SYSTEM,), 0.67, False),
    ((_BY_STAFF,), 0.17, False),
    (
        (
            _BY_SYSTEM,
            Step(_S.RECEIVED, _P.CREW, 20, crew=1),
            Step(None, _P.CREW, 0.02, Note.DECLINE, crew=1, public=False),
            Step(_S.ASSIGNED, _P.STAFF, 30, crew=2),
        ),
        0.09,
        True,
    ),
    (
        (
            _BY_SYSTEM,
            Step(_S.ASSIGNED, _P.SYSTEM, 30, crew=2, exact=True),
            Step(None, _P.SYSTEM, 0.02, Note.ESCALATED, public=False),
        ),
        0.07,
        True,
    ),
)
_WORK: tuple[tuple[tuple[Step, ...], float], ...] = (
    ((_ACCEPT, _START, _RESOLVE), 0.64),
    ((_ACCEPT, _START, _ON_SITE, _RESOLVE), 0.12),
    ((_ACCEPT, _START, _ON_SITE_INSIDE, _RESOLVE), 0.11),
    ((_ACCEPT, _RESOLVE), 0.07),
    ((_ACCEPT, _START, _RESOLVED_BY_STAFF), 0.06),
)
_CLOSINGS: tuple[tuple[tuple[Step, ...], float, Satisfaction | None], ...] = (
    ((_CLOSE_CONTENT,), 0.33, Satisfaction.SATISFIED),
    ((_CLOSE_ACCEPTING,), 0.09, Satisfaction.ACCEPTABLE),
    ((_CLOSE_BY_STAFF,), 0.17, None),
    ((_CLOSE_SILENT,), 0.38, None),
    ((_CLOSE_BY_STAFF, _NOT_CONTENT), 0.03, Satisfaction.DISSATISFIED),
)
_REOPENED = 0.07


def _with(steps: Sequence[Step], another: bool) -> tuple[Step, ...]:
    """Steps of the crew that has the incident: another one than the first, where it changed hands."""
    return tuple(replace(step, crew=2) if another and step.crew else step for step in steps)


def _patterns() -> dict[Status, tuple[Pattern, ...]]:
    made: dict[Status, list[Pattern]] = {status: [] for status in Status}
    made[_S.RECEIVED].append(Pattern((), 1.0))
    for end, note in ((_S.REJECTED, Note.REJECTION), (_S.DUPLICATE, Note.NONE)):
        last = Step(end, _P.STAFF, 150, note)
        made[end] += [Pattern((last,), 0.6), Pattern((_BY_SYSTEM, last), 0.4)]
    # What is in hand stays with its first crew: a step sideways would need one with room.
    for way, weight, another in _WAYS:
        if not another:
            made[_S.ASSIGNED].append(Pattern(way, weight))
            made[_S.ACCEPTED].append(Pattern((*way, _ACCEPT), weight))
            made[_S.IN_PROGRESS].append(Pattern((*way, _ACCEPT, _START), weight * 0.75))
            made[_S.IN_PROGRESS].append(Pattern((*way, _ACCEPT, _START, _ON_SITE), weight * 0.25))
        for work, share in _WORK:
            done = (*way, *_with(work, another))
            made[_S.RESOLVED].append(Pattern(done, weight * share, another_crew=another))
            for closing, part, verdict in _CLOSINGS:
                chance = weight * share * part
                made[_S.CLOSED].append(Pattern((*done, *closing), chance * (1 - _REOPENED), verdict, another))
                if not another:
                    again = (*done, _CLOSE_BY_STAFF, _REOPEN, *way, *work, *closing)
                    made[_S.CLOSED].append(Pattern(again, chance * _REOPENED, verdict, reopened=True))
    return {status: tuple(patterns) for status, patterns in made.items()}


PATTERNS: Mapping[Status, tuple[Pattern, ...]] = _patterns()
"""By the status they end in."""
for _status, _known in PATTERNS.items():
    if any(pattern.end is not _status for pattern in _known):
        raise AssertionError(f"a pattern does not end as {_status}")

NOTES: Mapping[Note, Sequence[str | None]] = {
    Note.REJECTION: texts.REJECTIONS,
    Note.DECLINE: texts.DECLINES,
    Note.ESCALATED: (texts.ESCALATED,),
    Note.REMARK: texts.REMARKS,
    Note.REOPENING: texts.REOPENINGS,
    Note.SATISFIED: texts.COMMENTS["SATISFIED"],
    Note.ACCEPTABLE: texts.COMMENTS["ACCEPTABLE"],
    # Whoever is not content says why: a remark without words would be none.
    Note.DISSATISFIED: [comment for comment in texts.COMMENTS["DISSATISFIED"] if comment],
}
"""What may be said with a step; a resolution's text depends on the category."""
RESOLUTIONS: Sequence[Sequence[str]] = [texts.RESOLUTIONS[seed.code] for seed in CATEGORIES]

OPEN_SHARE = 0.03
OPEN_WEIGHTS: Mapping[Status, float] = dict(zip(OPEN, (0.22, 0.2, 0.22, 0.36), strict=True))
FINISHED_SHARES: Mapping[Status, float] = dict(zip(FINISHED, (0.008, 0.0, 0.06, 0.02), strict=True))
"""Of all incidents; what no share names is closed."""
