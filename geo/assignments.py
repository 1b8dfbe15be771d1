"""What a plan of a whole queue is asked, as text too: the plan is made by a program of its own, `geo/planning.py`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

MOST_INCIDENTS = 1_000
MOST_PLACES = 25
"""What one plan looks at: so many incidents, the most urgent, and so many places of each crew. The rest is for the
plan after it."""

_PRESSING = ((timedelta(0), 4), (timedelta(hours=4), 3), (timedelta(hours=24), 2))
"""How much more a minute counts for an incident that is due within so long."""


class Problem(NamedTuple):
    """Incidents and the crews that could take them.

    `metres` has a row for each incident, the most urgent first, and in it for each crew how far away it is as the
    crow flies, or None where it may not take it. `weights` say how much each incident's waiting counts, `in_hand` and
    `room` what each crew has and how many more it can take.
    """

    metres: Sequence[Sequence[float | None]]
    weights: Sequence[int]
    in_hand: Sequence[int]
    room: Sequence[int]

    def text(self) -> bytes:
        """It as JSON."""
        return json.dumps(self._asdict(), separators=(",", ":")).encode()

    @classmethod
    def of(cls, text: bytes) -> Problem:
        """What `text` wrote."""
        return cls(**json.loads(text))


Plan = Sequence[int | None]
"""For each incident of a problem the number of its crew, or None where it is to wait on."""


def weight_of(left: timedelta | None) -> int:
    """How much an incident's waiting counts, by the time left until it is due; 1 without a deadline."""
    return next((weight for within, weight in _PRESSING if left is not None and left <= within), 1)
