"""The program that plans: apart from whoever serves, and ended when it is of no more use."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from geo.assignments import Problem
from server.work.planning import PlanningFailed, planned

SMALL = Problem([[100.0, 200.0], [100.0, None]], [1, 1], [0, 0], [1, 1])


async def test_the_program_answers_with_the_plan() -> None:
    assert await planned(SMALL) == [1, 0]


async def test_a_program_that_fails_is_no_plan() -> None:
    with pytest.raises(PlanningFailed):
        await planned(SMALL, program="geo.nothing")


async def test_a_program_that_takes_too_long_is_ended() -> None:
    with pytest.raises(PlanningFailed):
        await planned(SMALL, seconds=0.01)


async def test_who_is_cancelled_leaves_no_program_behind() -> None:
    asking = asyncio.create_task(planned(SMALL))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


def test_a_serving_process_holds_no_scipy() -> None:
    code = "import sys, server.app, server.cli, server.worker; print('scipy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
