"""How incidents go (`geo.demo.patterns`) as arrays: a row for each pattern, a column for each step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.demo.patterns import PATTERNS, Note, Pattern, Step
from geo.lifecycle import IN_HAND, Party, Status
from geo.tables import Satisfaction

STATUSES, PARTIES, VERDICTS = tuple(Status), tuple(Party), tuple(Satisfaction)
CODE = {name: number for number, name in enumerate(STATUSES)}
"""What stands for a status in the arrays."""


def _table(value: Any, empty: Any = 0) -> NDArray[Any]:
    """For each pattern and each step of it what `value(step)` says."""
    made = np.full((len(ALL), LONGEST), empty)
    for row, pattern in enumerate(ALL):
        for column, step in enumerate(pattern.steps):
            made[row, column] = value(step)
    return made


ALL: tuple[Pattern, ...] = tuple(pattern for status in STATUSES for pattern in PATTERNS[status])
STARTS = dict(zip(STATUSES, accumulate((len(PATTERNS[s]) for s in STATUSES), initial=0), strict=False))
LENGTHS = np.array([len(pattern.steps) for pattern in ALL])
LONGEST = int(LENGTHS.max())
ANOTHER = np.array([pattern.another_crew for pattern in ALL])
REOPENED = np.array([pattern.reopened for pattern in ALL])
SATISFACTION = np.array([-1 if p.satisfaction is None else VERDICTS.index(p.satisfaction) for p in ALL])
PATH = np.array([[CODE[s] for s in p.statuses] + [CODE[p.end]] * (LONGEST - len(p.steps)) for p in ALL])
MINUTES = _table(lambda step: 0.0 if step.by_deadline else step.minutes, 0.0)
OF_DEADLINE = _table(lambda step: step.minutes if step.by_deadline else 0.0, 0.0)
EXACT = _table(lambda step: step.exact, False)
PARTY = _table(lambda step: PARTIES.index(step.party))
OPENLY = _table(lambda step: step.public, True)
CREW = _table(lambda step: step.crew)
REMARK = _table(lambda step: step.to is None, False)
NOTE = _table(lambda step: step.note.value, Note.NONE.value)


def _last(wanted: Any) -> NDArray[np.int64]:
    """For each pattern the number of the last step that `wanted(step, before)` holds for; -1 where none does."""
    found = []
    for pattern in ALL:
        steps: Sequence[tuple[Step, Status]] = list(zip(pattern.steps, pattern.statuses[:-1], strict=True))
        found.append(max((i for i, (step, before) in enumerate(steps) if wanted(step, before)), default=-1))
    return np.array(found)


RESOLVED_AT = _last(lambda step, _: step.to is Status.RESOLVED)
CLOSED_AT = _last(lambda step, _: step.to is Status.CLOSED)
REOPENED_AT = _last(lambda step, before: step.to is Status.RECEIVED and before not in IN_HAND)
COMMENT_AT = _last(lambda step, _: step.note in (Note.SATISFIED, Note.ACCEPTABLE, Note.DISSATISFIED))
LAST_CREW = np.array([next((s.crew for s in reversed(p.steps) if s.crew), 0) for p in ALL])
HAS_CREW = np.array([p.end in (*IN_HAND, Status.RESOLVED, Status.CLOSED) for p in ALL])
