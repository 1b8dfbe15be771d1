"""Two thousand incidents over two years: where and when they happen, what they say, how each one went.

The same moment gives the same incidents, to the last byte; a later one shifts all of them, so the demo looks alive.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import shapely
from shapely import MultiPolygon, Point

from geo.demo import texts
from geo.demo.chance import Ids, chance, seeded_hash, tracking_code
from geo.demo.ground import WARD_CODE, kilometres, position
from geo.demo.histories import Step, live
from geo.demo.names import mobile, person, street_address
from geo.demo.people import Crew
from geo.demo.places import somewhere_in
from geo.demo.schedule import HOT_SPOTS, SHARES, schedule, weighted
from geo.lifecycle import IN_HAND, Party, Status, reopens
from geo.seeds import CATEGORIES
from geo.tables import Channel, Satisfaction
from geo.working_time import due_after, stretches

Row = dict[str, Any]
Located = tuple[tuple[float, float], UUID]

CHANNELS = {Channel.WEB: 52, Channel.ZALO: 27, Channel.STAFF: 13, Channel.GRAPHQL: 5, Channel.OPEN311: 3}
_YEARS = 3
"""How many years back the calendar of working hours reaches: the demo's first reports are two years old."""
_ENDINGS = (
    "",
    "",
    "",
    " Xin cảm ơn.",
    " Mong phường sớm xử lý.",
    " Sự việc kéo dài nhiều ngày.",
    " Đã phản ánh với tổ trưởng.",
)


@dataclass(slots=True)
class Rows:
    """Rows for the tables. An event names its `account` by username, and a photograph there is none."""

    incidents: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    reporters: list[Row] = field(default_factory=list)


class _Desk:
    """Makes one incident after another, oldest first, and remembers what the next ones depend on."""

    def __init__(
        self,
        now: datetime,
        neighbourhoods: Sequence[tuple[UUID, str, MultiPolygon]],
        crews: Sequence[Crew],
        categories: dict[str, UUID],
    ) -> None:
        self.now, self.neighbourhoods, self.crews, self.categories = now, neighbourhoods, crews, categories
        self.names = {id_: name for id_, name, _ in neighbourhoods}
        self.tree = shapely.STRtree([area for _, _, area in neighbourhoods])
        self.random, self.ids = chance("incidents"), Ids(chance("incident ids"))
        self.hashes = chance("incident hashes")
        self.in_hand: Counter[UUID] = Counter()
        self.codes: set[str] = set()
        self.rows = Rows()
        self.deadlines = {seed.code: seed.clock_hours for seed in CATEGORIES}
        self.seeds = {seed.code: seed for seed in CATEGORIES}
        self.worked = stretches(range(now.year - _YEARS, now.year + 2))
        self.public = {seed.code for seed in CATEGORIES if seed.public}

    def make(self, reported_at: datetime, end: Status) -> None:
        """One incident that ends as `end`; a duplicate without anything to repeat is closed instead."""
        random = self.random
        category = weighted(random, SHARES)
        original = self._original(reported_at) if end is Status.DUPLICATE else None
        if original is not None:
            category = original["category"]
        elif end is Status.DUPLICATE:
            end = Status.CLOSED
        at, neighbourhood_id = self._near(original["location"]) if original else self._somewhere(category)
        able = self._able(category, at, working=end in IN_HAND)
        if not able:  # every crew of the kind has enough in hand: this one was seen to already
            end = Status.CLOSED
            able = self._able(category, at, working=False)
        crew = able[0] if end in IN_HAND else random.choice(able)
        # A step sideways must not overfill anybody: what is in hand now stayed with its first crew.
        others = [] if end in IN_HAND else [other for other in able if other is not crew]
        channel = weighted(random, CHANNELS)
        by = Party.STAFF if channel is Channel.STAFF else Party.REPORTER
        steps = live(random, category, self.deadlines[category], reported_at, self.now, end, crew, others, by)
        if steps[-1].to in IN_HAND:
            self.in_hand[crew.id] += 1
        self._write(category, at, neighbourhood_id, channel, steps, original["id"] if original else None)

    def _original(self, reported_at: datetime) -> Row | None:
        """A report of the five days before, which this one repeats."""
        recent = [
            row
            for row in self.rows.incidents[-60:]
            if row["status"] != Status.DUPLICATE and reported_at - row["reported_at"] < timedelta(days=5)
        ]
        return self.random.choice(recent) if recent else None

    def _able(self, category: str, at: tuple[float, float], *, working: bool) -> list[Crew]:
        """Crews that handle the category there; for work in hand those on duty, the one with most room first."""
        point = Point(at)
        able = [c for c in self.crews if category in c.categories and (c.coverage is None or c.coverage.covers(point))]
        if not working:
            return able
        free = [crew for crew in able if crew.on_duty and self.in_hand[crew.id] < crew.capacity - 2]
        return sorted(free, key=lambda crew: (self.in_hand[crew.id] / crew.capacity, crew.id))

    def _holding(self, at: tuple[float, float]) -> UUID | None:
        held = self.tree.query(Point(at), predicate="covered_by")
        return min((self.neighbourhoods[int(i)][0] for i in held), default=None)

    def _near(self, at: tuple[float, float]) -> Located:
        east, north = kilometres(*at)
        return self._scatter(east, north, 0.012)

    def _scatter(self, east: float, north: float, spread: float) -> Located:
        while True:
            at = position(self.random.gauss(east, spread), self.random.gauss(north, spread))
            if (neighbourhood_id := self._holding(at)) is not None:
                return at, neighbourhood_id

    def _somewhere(self, category: str) -> Located:
        spots = [spot for spot in HOT_SPOTS if category in spot[3]]
        if spots and self.random.random() < 0.42:
            east, north, spread, _ = self.random.choice(spots)
            return self._scatter(east, north, spread)
        id_, _, area = self.random.choice(self.neighbourhoods)  # small ones are dense: as likely as large ones
        at = somewhere_in(area, self.random)
        return at, self._holding(at) or id_

    def _due(self, category: str, at: datetime) -> datetime:
        seed = self.seeds[category]
        hours = seed.deadline_hours
        return due_after(at, hours, self.worked) if seed.working_hours else at + timedelta(hours=hours)

    def _code(self) -> str:
        while (code := tracking_code(self.hashes, WARD_CODE)) in self.codes:
            pass
        self.codes.add(code)
        return code

    def _write(
        self,
        category: str,
        at: tuple[float, float],
        neighbourhood_id: UUID,
        channel: Channel,
        steps: Sequence[Step],
        original_id: UUID | None,
    ) -> None:
        random = self.random
        first, last = steps[0], steps[-1]
        id_ = self.ids.at(first.at)
        status = last.to
        reopened = [step for step in steps if reopens(step.before, step.to)]
        started = reopened[-1].at if reopened else first.at
        street = street_address(random, at)
        address = f"{street}, {self.names[neighbourhood_id]}" if random.random() < 0.72 else None
        satisfaction, comment = _verdict(random, last)
        steps = _with_comment(random, steps, satisfaction, comment, self.now)
        publishable = category in self.public and status in (Status.RESOLVED, Status.CLOSED)
        self.rows.incidents.append(
            {
                "ward_code": WARD_CODE,
                "id": id_,
                "tracking_code": self._code(),
                "category": category,
                "category_id": self.categories[category],
                "status": status,
                "description": description(random, category, street),
                "location": at,
                "address": address,
                "neighbourhood_id": neighbourhood_id,
                "crew_id": _last_crew(steps) if status in (*IN_HAND, Status.RESOLVED, Status.CLOSED) else None,
                "channel": channel,
                "published": publishable and random.random() < 0.35,
                "reported_at": first.at,
                "due_at": self._due(category, started),
                "resolved_at": _last_time(steps, Status.RESOLVED),
                "closed_at": _last_time(steps, Status.CLOSED),
                "reopened_count": len(reopened),
                "duplicate_of_id": original_id,
                "satisfaction": satisfaction,
                "satisfaction_comment": comment,
                "request_key_hash": seeded_hash(self.hashes),
                "reporter_secret_hash": seeded_hash(self.hashes),
            }
        )
        self.rows.events.extend(self._event(id_, step) for step in steps)
        if channel is not Channel.STAFF and random.random() < 0.55:
            self.rows.reporters.append(
                {
                    "ward_code": WARD_CODE,
                    "incident_id": id_,
                    "name": person(random),
                    "phone": mobile(random) if random.random() < 0.9 else None,
                    "email": None,
                    "consented_at": first.at,
                }
            )

    def _event(self, incident_id: UUID, step: Step) -> Row:
        account = None
        if step.party is Party.STAFF:
            account = "staff"
        elif step.party is Party.CREW and step.crew is not None:
            account = f"crew-{self.crews.index(step.crew) + 1}"
        return {
            "ward_code": WARD_CODE,
            "incident_id": incident_id,
            "id": self.ids.at(step.at),
            "at": step.at,
            "from_status": step.before,
            "to_status": step.to,
            "note": step.note,
            "public": step.public,
            "party": step.party,
            "account": account,
            "crew_id": step.crew.id if step.crew and not step.remark else None,
        }


def incidents(
    now: datetime,
    neighbourhoods: Sequence[tuple[UUID, str, MultiPolygon]],
    crews: Sequence[Crew],
    categories: dict[str, UUID],
    progress: Callable[[int, int], None],
) -> Rows:
    """All incidents, their histories and who reported them, as rows; `now` is a whole hour."""
    desk = _Desk(now, neighbourhoods, crews, categories)
    planned = schedule(now)
    for done, (reported_at, end) in enumerate(planned, start=1):
        desk.make(reported_at, end)
        if done % 100 == 0:
            progress(done, len(planned))
    return desk.rows


def description(random: Random, category: str, street: str) -> str | None:
    """What a resident writes of an incident in `street`; None now and then."""
    if random.random() < 0.03:
        return None  # a photograph said it all
    name = re.sub(r"^(Số \d+|Đường) ", "", street)
    house = street.split()[1] if street.startswith("Số") else random.randrange(1, 320)
    return random.choice(texts.DESCRIPTIONS[category]).format(street=name, house=house) + random.choice(_ENDINGS)


def _verdict(random: Random, last: Step) -> tuple[Satisfaction | None, str | None]:
    """What the reporter thought of it: satisfied mostly, for closing it oneself means it was good enough."""
    if last.to is Status.CLOSED and last.party is Party.REPORTER:
        verdict = Satisfaction.SATISFIED if random.random() < 0.78 else Satisfaction.ACCEPTABLE
    elif last.to in (Status.CLOSED, Status.RESOLVED) and random.random() < 0.05:
        verdict = Satisfaction.DISSATISFIED
    else:
        return None, None
    return verdict, random.choice(texts.COMMENTS[verdict])


def _with_comment(
    random: Random, steps: Sequence[Step], satisfaction: Satisfaction | None, comment: str | None, now: datetime
) -> Sequence[Step]:
    """The history with what the reporter said in it: with the step that closes it, or, not content, as a note."""
    last = steps[-1]
    if comment is None:
        return steps
    if satisfaction is not Satisfaction.DISSATISFIED:
        return [*steps[:-1], replace(last, note=comment)]
    later = last.at + min(timedelta(hours=random.uniform(1, 20)), (now - last.at) / 2)
    return [*steps, Step(later.replace(microsecond=0), last.to, last.to, Party.REPORTER, comment, remark=True)]


def _last_time(steps: Sequence[Step], status: Status) -> datetime | None:
    """When the incident last came to `status`, unless it has been reopened since."""
    for step in reversed(steps):
        if step.to is status and not step.remark:
            return step.at
        if step.to is Status.RECEIVED:
            break
    return None


def _last_crew(steps: Sequence[Step]) -> UUID | None:
    return next((step.crew.id for step in reversed(steps) if step.crew is not None), None)
