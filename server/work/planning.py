"""Plans are made by a program of their own, `geo/planning.py`, started for each: scipy costs a process 40 MB for good,
and who serves pages works on jobs as well.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import geo
from geo.assignments import Plan, Problem

PROGRAM = "geo.planning"
SECONDS = 60.0
"""A plan may take so long; the largest takes two, and half of that is loading scipy."""


class PlanningFailed(Exception):
    """The program ended without a plan, or took too long."""


async def planned(problem: Problem, *, program: str = PROGRAM, seconds: float = SECONDS) -> Plan:
    """The plan for a problem. Raises `PlanningFailed`."""
    async with _started(program) as process:
        try:
            async with asyncio.timeout(seconds):
                said, _ = await process.communicate(problem.text())
        except TimeoutError:
            raise PlanningFailed(f"no plan within {seconds} s") from None
    if process.returncode != 0:
        raise PlanningFailed(f"the program ended with {process.returncode}")
    plan: list[int | None] = json.loads(said)
    return plan


@asynccontextmanager
async def _started(program: str) -> AsyncIterator[Process]:
    """The program, from where our packages are; ended with the block. It gets none of our addresses and keys."""
    folder = Path(geo.__file__).parent.parent
    environment = {"OPENBLAS_NUM_THREADS": "1"}  # threads that a plan would not use, and memory for each
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", program, stdin=PIPE, stdout=PIPE, cwd=folder, env=environment
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
