"""A made-up day of a large ward: what is reported, who is on duty, and what chance decides. Pure, the same by seed.

The kinds, their shares, the places where things keep happening and the trades of crews are the demo ward's; three crews
of each trade and three times its reports make a large ward of it. Whatever chance decides depends on the seed, the
report and the crew alone, so each way of dispatching meets the same day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import hypot
from random import Random

from geo.clock import VIETNAM
from geo.demo.people import PLANS
from geo.demo.schedule import HOT_SPOTS, SHARES
from geo.seeds import CATEGORIES, CategorySeed
from geo.working_time import due_after, stretches

MORNING = datetime(2026, 11, 18, tzinfo=VIETNAM)
"""A Wednesday; times of the day are seconds from here."""

HOUR = 3600.0
CREWS_A_TRADE = 3
CAPACITY = 5
USUAL, RAIN = 300, 120
"""Reports of the whole day, and those that two hours of rain add."""
RAINS_FROM, RAINS_UNTIL = 14 * HOUR, 16 * HOUR
SILENT, SILENT_HOURS = 0.25, 2.0
"""The share of crews that do not look at the phone for so many hours."""
WET = ("INFRASTRUCTURE", "ENVIRONMENT", "TRAFFIC")
AT_NIGHT = ("TRAFFIC", "SECURITY")
DEADLINE_SHARE = 8
"""Deadlines are an eighth of the seeds': with those nearly all is in time, however it is dispatched."""
WIDTH, HEIGHT = 5.0, 6.0
"""Kilometres from west to east, and from south to north."""

_BY_HOUR = (1, 1, 1, 1, 1, 2, 5, 9, 9, 8, 7, 6, 5, 6, 7, 7, 8, 9, 8, 7, 6, 4, 2, 1)
_KINDS = {seed.code: seed for seed in CATEGORIES}
_WORK_MINUTES = {"TRAFFIC": 18, "SECURITY": 20, "ENVIRONMENT": 22, "INFRASTRUCTURE": 30}


@dataclass(frozen=True, slots=True)
class Reported:
    """A report: when, of what kind, where in kilometres from the centre, when it is due, how much work it is."""

    n: int
    at: float
    kind: CategorySeed
    x: float
    y: float
    due: float
    work: float


@dataclass(frozen=True, slots=True)
class Crew:
    """A crew: what it handles, which half of the ward it covers, where it starts from, its shift in hours.

    Beyond 24 are those of the next day.
    """

    n: int
    kinds: tuple[str, ...]
    half: str
    base: tuple[float, float]
    shift: tuple[float, float]
    silent: tuple[float, float] | None
    """When nobody looks at the phone though the duty goes on: an empty battery, a long meal, a duty not ended."""

    def suits(self, report: Reported) -> bool:
        """Whether it handles the kind and covers the place."""
        covers = self.half == "all" or (report.y >= 0) is (self.half == "north")
        return report.kind.code in self.kinds and covers


@dataclass(frozen=True, slots=True)
class Day:
    """The reports in the order in which they come, and the crews."""

    seed: int
    reports: tuple[Reported, ...]
    crews: tuple[Crew, ...]

    def chance(self, *of: object) -> Random:
        """The lots of one matter: the same whoever asks, and when."""
        return Random(f"{self.seed}:{of}")


def day(seed: int, *, usual: int = USUAL, rain: int = RAIN) -> Day:
    """The day of this number."""
    lots = Random(seed)
    moments = [(HOUR * (lots.choices(range(24), _BY_HOUR)[0] + lots.random()), tuple(SHARES)) for _ in range(usual)]
    moments += [(lots.uniform(RAINS_FROM, RAINS_UNTIL), WET) for _ in range(rain)]
    reports = [_reported(lots, n, at, kinds) for n, (at, kinds) in enumerate(sorted(moments))]
    return Day(seed, tuple(reports), _crews(lots))


def _reported(lots: Random, n: int, at: float, kinds: tuple[str, ...]) -> Reported:
    [code] = lots.choices(kinds, [SHARES[kind] for kind in kinds])
    spots = [spot for spot in HOT_SPOTS if code in spot[3]]
    if spots and lots.random() < 0.6:
        east, north, spread, _ = lots.choice(spots)
        x, y = lots.gauss(east, 2 * spread), lots.gauss(north, 2 * spread)
    else:
        x, y = lots.uniform(-WIDTH / 2, WIDTH / 2), lots.uniform(-HEIGHT / 2, HEIGHT / 2)
    work = 60 * _WORK_MINUTES.get(code, 20) * lots.lognormvariate(0, 0.5)
    return Reported(n, at, _KINDS[code], x, y, _due(at, _KINDS[code]), work)


def _due(at: float, kind: CategorySeed) -> float:
    since, hours = MORNING + timedelta(seconds=at), max(1, kind.deadline_hours // DEADLINE_SHARE)
    until = due_after(since, hours, stretches(range(2026, 2028))) if kind.working_hours else since + hours * _AN_HOUR
    return (until - MORNING).total_seconds()


_AN_HOUR = timedelta(hours=1)


def _crews(lots: Random) -> tuple[Crew, ...]:
    crews: list[Crew] = []
    for plan in PLANS:
        for nth in range(CREWS_A_TRADE):
            night = nth == CREWS_A_TRADE - 1 and all(kind in AT_NIGHT for kind in plan.categories)
            east, north = plan.base
            base = (east, north) if nth == 0 else (lots.uniform(-2, 2), north + lots.uniform(-1, 1))
            shift = (19.0, 31.0) if night else (7.0, 19.0)
            begins = HOUR * lots.uniform(shift[0], shift[1] - SILENT_HOURS)
            silent = (begins, begins + HOUR * SILENT_HOURS) if lots.random() < SILENT else None
            crews.append(Crew(len(crews), plan.categories, plan.half, base, shift, silent))
    return tuple(crews)


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """As the crow flies; positions are in kilometres."""
    return 1_000 * hypot(a[0] - b[0], a[1] - b[1])
