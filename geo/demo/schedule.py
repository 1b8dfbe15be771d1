"""When and where the demo's incidents happen: the pattern of a ward's days, and its hot spots."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from geo.demo.chance import chance
from geo.lifecycle import IN_HAND, Status

COUNT = 2_000
_SPAN = timedelta(days=730)
_LATELY = timedelta(days=6)
# What the last days' reports have come to, and what got stuck before that.
_OPEN_NOW = (
    (Status.RECEIVED, 12), (Status.ASSIGNED, 12), (Status.ACCEPTED, 12), (Status.IN_PROGRESS, 18),
    (Status.RESOLVED, 26), (Status.CLOSED, 14), (Status.REJECTED, 5), (Status.DUPLICATE, 3),
)  # fmt: skip
_STUCK = (Status.ACCEPTED, Status.IN_PROGRESS, Status.IN_PROGRESS, Status.RECEIVED, Status.IN_PROGRESS, Status.ASSIGNED)
_EARLIER = ((Status.CLOSED, 88), (Status.REJECTED, 7), (Status.DUPLICATE, 5))
SHARES = {
    "ENVIRONMENT": 30, "INFRASTRUCTURE": 24, "TRAFFIC": 15, "SECURITY": 8, "FOOD_SAFETY": 5, "URBAN_ORDER": 12,
    "OTHER": 6,
}  # fmt: skip
# Where things keep happening: kilometres east and north of the centre, the spread in kilometres, which kinds.
HOT_SPOTS: tuple[tuple[float, float, float, tuple[str, ...]], ...] = (
    (0.10, 0.85, 0.10, ("ENVIRONMENT", "URBAN_ORDER", "FOOD_SAFETY", "TRAFFIC")),  # the market
    (-1.10, -1.45, 0.09, ("ENVIRONMENT", "URBAN_ORDER", "FOOD_SAFETY")),
    (1.70, 2.25, 0.12, ("ENVIRONMENT", "URBAN_ORDER")),
    (-0.50, 2.00, 0.20, ("ENVIRONMENT", "INFRASTRUCTURE", "SECURITY")),  # along the river
    (2.25, 0.90, 0.18, ("ENVIRONMENT", "INFRASTRUCTURE")),
    (0.62, -1.22, 0.12, ("ENVIRONMENT",)),  # where rubbish is gathered
    (0.30, 1.05, 0.07, ("TRAFFIC",)),  # school gates
    (-1.30, -0.40, 0.07, ("TRAFFIC",)),
    (0.95, -0.75, 0.10, ("TRAFFIC", "SECURITY")),
    (-1.75, 0.35, 0.15, ("TRAFFIC", "INFRASTRUCTURE")),  # the highway's crossings
    (-0.90, -2.50, 0.16, ("TRAFFIC", "INFRASTRUCTURE")),
    (0.85, 1.90, 0.20, ("INFRASTRUCTURE", "URBAN_ORDER")),  # a new quarter being built
    (0.20, 0.10, 0.25, ("OTHER", "SECURITY", "URBAN_ORDER", "INFRASTRUCTURE")),
)


def schedule(now: datetime) -> list[tuple[datetime, Status]]:
    """When each incident is reported and how it ends, oldest first."""
    random = chance("schedule")
    lately = [status for status, count in _OPEN_NOW for _ in range(count)]
    random.shuffle(lately)
    planned = [(_daytime(random, now - timedelta(days=random.uniform(8, 24)), now), end) for end in _STUCK]
    # What has just come in is still at its beginning; what came first has got furthest.
    moments = sorted(_daytime(random, now - _LATELY * random.random() ** 1.2, now) for _ in lately)
    lately.sort(key=lambda end: (end in IN_HAND or end is Status.RECEIVED, random.random()))
    planned += list(zip(moments, lately, strict=True))
    endings = dict(_EARLIER)
    for _ in range(COUNT - len(planned)):
        # Residents report a little more every month.
        days = _SPAN.days * (1 - random.random() ** 0.8)
        moment = now - _LATELY - timedelta(days=1) - timedelta(days=days) * ((_SPAN.days - 7) / _SPAN.days)
        planned.append((_daytime(random, moment, now), weighted(random, endings)))
    return sorted(planned, key=lambda plan: plan[0])


def _daytime(random: Random, moment: datetime, now: datetime) -> datetime:
    """The same day, mostly between seven in the morning and nine at night in Đà Nẵng (UTC+7); never in the future."""
    hour = min(23.9, max(0.0, random.gauss(13.5, 4.2)))
    day = (moment + timedelta(hours=7)).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=7)
    at = day + timedelta(seconds=int(hour * 3600))
    latest = now - timedelta(minutes=10)
    return at if at <= latest else latest - timedelta(seconds=random.randrange(3 * 3600))


def weighted(random: Random, weights: dict[Any, int]) -> Any:
    """One of the keys, each as likely as its weight."""
    return random.choices(list(weights), list(weights.values()))[0]
