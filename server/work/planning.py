"""Plans are made by a program of their own, `geo/planning.py`, started for each: scipy costs a process 40 MB for good,
and who serves pages works on jobs as well.
"""

from __future__ import annotations

import json

from geo.assignments import Plan, Problem
from server.programs import ProgramFailed, answer_of

PROGRAM = "geo.planning"
SECONDS = 60.0
"""A plan may take so long; the largest takes two, and half of that is loading scipy."""


class PlanningFailed(Exception):
    """The program ended without a plan, or took too long."""


async def planned(problem: Problem, *, program: str = PROGRAM, seconds: float = SECONDS) -> Plan:
    """The plan for a problem. Raises `PlanningFailed`."""
    try:
        said = await answer_of(program, problem.text(), seconds=seconds)
    except ProgramFailed as failure:
        raise PlanningFailed(str(failure)) from failure
    plan: list[int | None] = json.loads(said)
    return plan
