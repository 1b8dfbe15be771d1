"""A day played out under one way of dispatching: crews drive, accept, decline, do not notice, work and go home."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from benchmarks.day import CAPACITY, HOUR, Crew, Day, Reported, metres
from geo.arrival import SECONDS_A_METRE
from geo.assignments import Problem, weight_of
from geo.explaining import Load, weigh
from geo.planning import plan

DAYS = 4
"""Reports come on the first only; what is left is done on the days after it."""
NOTICE_FREE, NOTICE_BUSY = 90.0, 360.0
"""Seconds, in the middle, until a crew sees that it was given something: waiting, and at work or on its way."""
UNNOTICED, DECLINED = 0.10, 0.04
"""The shares that a crew sees only after its present work, and gives back."""
FORGOTTEN = 45 * 60.0
"""When a crew with nothing to do looks at last at what it had not noticed."""

Found = Sequence[tuple[int, float]]
"""The crews that suit a report, by number, with their distance in metres."""
Choice = Callable[[Reported, Found, Mapping[int, Load]], int | None]


class Status(StrEnum):
    """Where a report stands."""

    TO_COME = "to come"
    WAITING = "waiting"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    ON_THE_WAY = "on the way"
    AT_WORK = "at work"
    DONE = "done"


class Way(NamedTuple):
    """A way of dispatching: how a crew is chosen, whether the next is asked in time, whether a morning is planned."""

    name: str
    choice: Callable[[], Choice]
    escalates: bool = False
    plans: bool = False


def _ours() -> Choice:
    def choose(report: Reported, found: Found, loads: Mapping[int, Load]) -> int | None:
        by_id = {UUID(int=n): load for n, load in loads.items()}
        ranked = weigh([(1, distance, UUID(int=n)) for n, distance in found], by_id).get(1)
        return ranked[0].crew_id.int if ranked and ranked[0].chosen else None

    return choose


def _nearest() -> Choice:
    def choose(report: Reported, found: Found, loads: Mapping[int, Load]) -> int | None:
        return min(((distance, n) for n, distance in found if _free(loads[n])), default=(0.0, None))[1]

    return choose


def _in_turn() -> Choice:
    """Each kind has its list, and the next on it with room is taken."""
    last: dict[str, int] = {}

    def choose(report: Reported, found: Found, loads: Mapping[int, Load]) -> int | None:
        able = sorted(n for n, _ in found if _free(loads[n]))
        if not able:
            return None
        before = last.get(report.kind.code, -1)
        taken = last[report.kind.code] = next((n for n in able if n > before), able[0])
        return taken

    return choose


def _free(load: Load) -> bool:
    return load.in_hand < load.capacity


WAYS = (
    Way("ours", _ours, escalates=True, plans=True),
    Way("ours, the morning's queue one by one", _ours, escalates=True),
    Way("ours, without escalation", _ours, plans=True),
    Way("nearest", _nearest),
    Way("round robin", _in_turn),
)


@dataclass(slots=True)
class Case:
    """What becomes of a report; moments in seconds from the day's midnight."""

    report: Reported
    status: Status = Status.TO_COME
    crew: int | None = None
    given: int = 0
    passed: set[int] = field(default_factory=set)
    accepted: float = 0.0
    arrived: float = 0.0
    done: float = 0.0


@dataclass(slots=True)
class Team:
    """A crew at a moment: what it has in hand, what it is busy with, and its way from one place to another."""

    crew: Crew
    on_duty: bool = False
    held: set[int] = field(default_factory=set)
    busy: int | None = None
    here: tuple[float, float] = (0.0, 0.0)
    there: tuple[float, float] | None = None
    left: float = 0.0
    arrives: float = 0.0
    driven: float = 0.0


class Played:
    """A day as it went: `cases` by report, `teams` by crew, and the most that any crew had in hand."""

    def __init__(self, day: Day, way: Way) -> None:
        self.cases = [Case(report) for report in day.reports]
        self.teams = [Team(crew, here=crew.base) for crew in day.crews]
        self.fullest = 0
        self._day, self._way, self._choice = day, way, way.choice()
        self._now = 0.0
        self._numbers = count()
        self._events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        for case in self.cases:
            self._later(case.report.at, self._comes, case)
        shifts = {crew.shift for crew in day.crews}
        for begins, ends in shifts:
            of_shift = [team for team in self.teams if team.crew.shift == (begins, ends)]
            for nth in range(-1, DAYS):
                self._later((24 * nth + begins) * HOUR, self._duty_begins, of_shift)
                self._later((24 * nth + ends) * HOUR, self._duty_ends, of_shift)
        while self._events:
            self._now, _, what, arguments = heapq.heappop(self._events)
            what(*arguments)

    def _later(self, at: float, what: Callable[..., None], *arguments: Any) -> None:
        heapq.heappush(self._events, (at, next(self._numbers), what, arguments))

    def _comes(self, case: Case) -> None:
        case.status = Status.WAITING
        self._seek(case)

    def _found(self, case: Case) -> list[tuple[int, float]]:
        place = (case.report.x, case.report.y)
        return [
            (team.crew.n, metres(self._where(team), place))
            for team in self.teams
            if team.on_duty
            and team.crew.suits(case.report)
            and team.crew.n not in case.passed
            and team.crew.n != case.crew
        ]

    def _loads(self) -> dict[int, Load]:
        return {team.crew.n: Load(len(team.held), CAPACITY) for team in self.teams}

    def _where(self, team: Team) -> tuple[float, float]:
        """On its way a crew is where the clock has it: it tells its position as it drives."""
        if team.there is None:
            return team.here
        part = min(1.0, (self._now - team.left) / (team.arrives - team.left)) if team.arrives > team.left else 1.0
        return tuple(a + part * (b - a) for a, b in zip(team.here, team.there, strict=True))  # type: ignore[return-value]

    def _seek(self, case: Case) -> None:
        chosen = self._choice(case.report, self._found(case), self._loads())
        if chosen is not None:
            self._give(case, self.teams[chosen])

    def _give(self, case: Case, team: Team) -> None:
        case.status, case.crew = Status.ASSIGNED, team.crew.n
        case.given += 1
        team.held.add(case.report.n)
        self.fullest = max(self.fullest, len(team.held))
        lots = self._day.chance(case.report.n, team.crew.n)
        if lots.random() >= UNNOTICED:
            middle = NOTICE_FREE if team.busy is None else NOTICE_BUSY
            self._later(self._now + middle * lots.lognormvariate(0, 0.8), self._noticed, case, case.given)
        elif team.busy is None:
            self._later(self._now + FORGOTTEN, self._noticed, case, case.given)
        if self._way.escalates:
            self._later(self._now + 60 * case.report.kind.accept_minutes, self._too_late, case, case.given)

    def _noticed(self, case: Case, given: int) -> None:
        if case.status is not Status.ASSIGNED or case.given != given or case.crew is None:
            return
        team = self.teams[case.crew]
        silent = team.crew.silent
        if silent is not None and silent[0] <= self._now < silent[1]:
            self._later(silent[1], self._noticed, case, given)
            return
        if self._day.chance("declines", case.report.n, case.crew).random() < DECLINED:
            case.passed.add(case.crew)
            self._take_back(case)
            self._seek(case)
            self._look_at_waiting()
        else:
            case.status, case.accepted = Status.ACCEPTED, self._now
            self._go_on(team)

    def _too_late(self, case: Case, given: int) -> None:
        """Its time to accept has passed: the next crew, or as long again where there is none."""
        if case.status is not Status.ASSIGNED or case.given != given or case.crew is None:
            return
        chosen = self._choice(case.report, self._found(case), self._loads())
        if chosen is None:
            self._later(self._now + 60 * case.report.kind.accept_minutes, self._too_late, case, given)
            return
        case.passed.add(case.crew)
        self._take_back(case)
        self._give(case, self.teams[chosen])
        self._look_at_waiting()

    def _take_back(self, case: Case) -> None:
        if case.crew is not None:
            self.teams[case.crew].held.discard(case.report.n)
        case.status, case.crew = Status.WAITING, None

    def _go_on(self, team: Team) -> None:
        """With nothing under way the crew sets out for the most urgent of what it has accepted."""
        mine = [self.cases[n] for n in team.held if self.cases[n].status is Status.ACCEPTED]
        if team.busy is not None or not team.on_duty or not mine:
            return
        case = min(mine, key=lambda one: (one.report.due, one.report.n))
        place = (case.report.x, case.report.y)
        way = metres(team.here, place)
        noise = self._day.chance("way", case.report.n, team.crew.n).lognormvariate(0, 0.2)
        case.status, team.busy = Status.ON_THE_WAY, case.report.n
        team.there, team.left, team.arrives = place, self._now, self._now + way * SECONDS_A_METRE * noise
        team.driven += way
        self._later(team.arrives, self._arrives, case, team)

    def _arrives(self, case: Case, team: Team) -> None:
        case.status, case.arrived = Status.AT_WORK, self._now
        team.here, team.there = (case.report.x, case.report.y), None
        self._later(self._now + case.report.work, self._finishes, case, team)

    def _finishes(self, case: Case, team: Team) -> None:
        case.status, case.done = Status.DONE, self._now
        team.held.discard(case.report.n)
        team.busy = None
        for n in sorted(team.held):  # the phone is out: what was not noticed is now
            self._noticed(self.cases[n], self.cases[n].given)
        self._go_on(team)
        self._look_at_waiting()

    def _duty_begins(self, teams: Sequence[Team]) -> None:
        for team in teams:
            team.on_duty, team.here = True, team.crew.base if team.busy is None else team.here
        if self._way.plans:
            self._plan()
        self._look_at_waiting()

    def _duty_ends(self, teams: Sequence[Team]) -> None:
        """What is not begun goes to others; what is under way is finished."""
        for team in teams:
            team.on_duty = False
        for team in teams:
            for n in sorted(team.held - {team.busy}):
                self._take_back(self.cases[n])
        self._look_at_waiting()

    def _waiting(self) -> list[Case]:
        found = [case for case in self.cases if case.status is Status.WAITING]
        return sorted(found, key=lambda case: (case.report.due, case.report.n))

    def _look_at_waiting(self) -> None:
        for case in self._waiting():
            self._seek(case)

    def _plan(self) -> None:
        cases = self._waiting()
        rows: list[list[float | None]] = []
        for case in cases:
            found = dict(self._found(case))
            rows.append([found.get(team.crew.n) for team in self.teams])
        loads = self._loads()
        weights = [weight_of(timedelta(seconds=case.report.due - self._now)) for case in cases]
        in_hand = [loads[team.crew.n].in_hand for team in self.teams]
        taken = plan(Problem(rows, weights, in_hand, [CAPACITY - held for held in in_hand]))
        for case, crew in zip(cases, taken, strict=True):
            if crew is not None:
                self._give(case, self.teams[crew])
