"""How long until a crew could begin: its way there, and what it has in hand before. Pure: no SQL, no clock.

Only the relation between crews matters, so the figures are round and stand here together. A crew that is free is worth
sending before one that has an incident in hand as long as its way is not `WORK / SECONDS_A_METRE` (some 4.8 km) longer.
"""

from __future__ import annotations

from datetime import timedelta

DETOUR = 1.4
"""Metres by road for a metre as the crow flies. Cities lie between 1.2 and 1.4 (the circuity of road networks); the
upper end, for a ward's lanes (kiệt, hẻm) end blindly and its rivers and canals are crossed at few bridges."""

METRES_A_SECOND = 20 / 3.6
"""20 km/h: a motorbike or small truck in a Vietnamese city by day, stops at lights included; the law allows 50."""

WORK = timedelta(minutes=20)
"""What an incident in hand delays the next by: looking at it, first measures, the note and the photograph."""

FRESH = timedelta(minutes=30)
"""How long a crew's last position says where it is; after that it is expected at its base. In 30 minutes at 20 km/h a
crew crosses any ward, so an older position says nothing more."""

SECONDS_A_METRE = DETOUR / METRES_A_SECOND


def expected_seconds(metres: float, in_hand: int) -> float:
    """Seconds until a crew that is `metres` away as the crow flies and has `in_hand` incidents could begin.

    The way by road at the speed of the city, after what it has in hand already: `metres` times `DETOUR`, divided by
    `METRES_A_SECOND`, plus `in_hand` times `WORK`. Raises `ValueError` for a negative distance or number.
    """
    if metres < 0 or in_hand < 0:
        raise ValueError("a distance and a number of incidents are not negative")
    return metres * SECONDS_A_METRE + in_hand * WORK.total_seconds()
