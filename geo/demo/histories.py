"""The life of one demo incident: its steps from the report to where it stands, as a ward would have taken them.

Every step comes from `geo.lifecycle.advance`, so a demo history is one that the real rules allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from geo.demo import texts
from geo.demo.people import Crew
from geo.housekeeping import SILENCE
from geo.lifecycle import Party, Status, advance


@dataclass(frozen=True, slots=True)
class Step:
    """One row of history to be: who took the incident from where to where, when, and what they said.

    A mere `remark` goes from a status to the same one. `crew` is the crew that the step concerns, or that remarks.
    """

    at: datetime
    before: Status | None
    to: Status
    party: Party
    note: str | None = None
    public: bool = True
    crew: Crew | None = None
    remark: bool = False


class History:
    """Steps written one after the other; the clock moves on with each."""

    def __init__(self, random: Random, category: str, reported_at: datetime, by: Party) -> None:
        self.random = random
        self.category = category
        self.steps = [Step(reported_at, None, Status.RECEIVED, by)]

    @property
    def status(self) -> Status:
        return self.steps[-1].to

    def step(
        self, to: Status, party: Party, after: timedelta, note: str | None = None, *, crew: Crew | None = None
    ) -> None:
        """Take one step, `after` the last one; times are whole seconds, and no two the same."""
        wait = timedelta(seconds=max(1, round(after.total_seconds())))
        status = advance(self.status, to, {party})
        self.steps.append(Step(self.steps[-1].at + wait, self.status, status, party, note, True, crew))

    def remark(self, party: Party, after: timedelta, note: str, *, public: bool, crew: Crew | None = None) -> None:
        """A note without a step: in the history it goes from a status to the same one."""
        at = self.steps[-1].at + timedelta(seconds=max(1, round(after.total_seconds())))
        self.steps.append(Step(at, self.status, self.status, party, note, public, crew, remark=True))

    def around(self, minutes: float) -> timedelta:
        """A chance duration, mostly near `minutes` and now and then much longer."""
        return timedelta(minutes=minutes * self.random.lognormvariate(0, 0.7))

    def assign(self, crew: Crew) -> None:
        """Most are assigned by the system within seconds, some by staff within the hour."""
        if self.random.random() < 0.8:
            self.step(Status.ASSIGNED, Party.SYSTEM, timedelta(seconds=self.random.randint(1, 4)), crew=crew)
        else:
            self.step(Status.ASSIGNED, Party.STAFF, self.around(45), crew=crew)

    def detour(self, crew: Crew, others: Sequence[Crew]) -> Crew:
        """Now and then the first crew hands the incident back or is too slow; gives who has it in the end.

        The reporter sees these steps; why a crew could not is for the ward.
        """
        chance = self.random.random()
        if not others or chance > 0.16:
            return crew
        other = self.random.choice(others)
        if chance < 0.09:
            self.step(Status.RECEIVED, Party.CREW, self.around(20), crew=crew)
            self.remark(Party.CREW, timedelta(seconds=1), self.random.choice(texts.DECLINES), public=False, crew=crew)
            self.step(Status.ASSIGNED, Party.STAFF, self.around(30), crew=other)
        else:
            self.step(Status.ASSIGNED, Party.SYSTEM, timedelta(minutes=30), crew=other)
            self.remark(Party.SYSTEM, timedelta(seconds=1), texts.ESCALATED, public=False)
        return other

    def accept(self, crew: Crew) -> None:
        self.step(Status.ACCEPTED, Party.CREW, self.around(18), crew=crew)

    def start(self, crew: Crew) -> None:
        self.step(Status.IN_PROGRESS, Party.CREW, self.around(80), crew=crew)
        if self.random.random() < 0.25:
            remark = self.random.choice(texts.REMARKS)
            self.remark(Party.CREW, self.around(15), remark, public=self.random.random() < 0.5, crew=crew)

    def resolve(self, crew: Crew, deadline_hours: int) -> None:
        """Within the deadline five times out of six."""
        note = self.random.choice(texts.RESOLUTIONS[self.category])
        party = Party.CREW if self.random.random() < 0.94 else Party.STAFF
        self.step(Status.RESOLVED, party, self.around(deadline_hours * 60 * 0.4), note, crew=crew)

    def close(self, *, recent: bool) -> None:
        chance = self.random.random()
        if recent:
            chance *= 0.6  # the seven days have not passed yet
        if chance < 0.42:
            self.step(Status.CLOSED, Party.REPORTER, self.around(9 * 60))
        elif chance < 0.6:
            self.step(Status.CLOSED, Party.STAFF, self.around(20 * 60))
        else:
            self.step(Status.CLOSED, Party.SYSTEM, SILENCE)

    def reopen(self) -> None:
        wait = min(self.around(40 * 60), timedelta(days=29))
        self.step(Status.RECEIVED, Party.REPORTER, wait, self.random.choice(texts.REOPENINGS))

    def until(self, now: datetime) -> list[Step]:
        """The steps, drawn closer together where the last would lie in the future. No two share a second."""
        first, last = self.steps[0].at, self.steps[-1].at
        limit = now - timedelta(minutes=2)
        if last <= limit:
            return self.steps
        factor = (limit - first) / (last - first)
        squeezed = [self.steps[0]]
        for step in self.steps[1:]:
            seconds = int((step.at - first).total_seconds() * factor)
            at = max(first + timedelta(seconds=seconds), squeezed[-1].at + timedelta(seconds=1))
            squeezed.append(replace(step, at=at))
        return squeezed


def live(
    random: Random,
    category: str,
    deadline_hours: int,
    reported_at: datetime,
    now: datetime,
    end: Status,
    crew: Crew,
    others: Sequence[Crew],
    by: Party = Party.REPORTER,
) -> list[Step]:
    """A whole history that ends in `end`, all of it before `now`. `others` are crews that could take it as well."""
    history = History(random, category, reported_at, by)
    recent = now - reported_at < timedelta(days=45)
    if end is Status.RECEIVED:
        return history.steps
    if end in (Status.REJECTED, Status.DUPLICATE):
        if random.random() < 0.4:
            history.assign(crew)
        reason = random.choice(texts.REJECTIONS) if end is Status.REJECTED else None
        history.step(end, Party.STAFF, history.around(150), reason)
        return history.until(now)
    history.assign(crew)
    if end is Status.ASSIGNED:
        return history.until(now)
    crew = history.detour(crew, others)
    _work(history, crew, deadline_hours, end)
    if end is Status.CLOSED:
        history.close(recent=recent)
        if not recent and random.random() < 0.07:
            history.reopen()
            history.assign(crew)
            _work(history, crew, deadline_hours, end)
            history.close(recent=False)
    return history.until(now)


def _work(history: History, crew: Crew, deadline_hours: int, end: Status) -> None:
    history.accept(crew)
    if end is Status.ACCEPTED:
        return
    if end is Status.IN_PROGRESS or history.random.random() < 0.93:
        history.start(crew)
    if end is not Status.IN_PROGRESS:
        history.resolve(crew, deadline_hours)
