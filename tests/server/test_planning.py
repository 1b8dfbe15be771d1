"""The program that plans: apart from whoever serves, and ended when it is of no more use."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

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


def programs() -> int:
    """How many programs that plan this process has started and not ended."""
    found = 0
    for thread in Path("/proc/self/task").iterdir():
        for number in text_of(thread / "children").split():
            found += "geo.planning" in text_of(Path(f"/proc/{number}/cmdline"))
    return found


def text_of(told: Path) -> str:
    """What the kernel tells; nothing of a thread or a program that ended meanwhile."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return told.read_text()
    return ""


async def until(count: int) -> None:
    for _ in range(1_000):
        if programs() == count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"not {count} programs")


async def test_who_is_cancelled_leaves_no_program_behind() -> None:
    asking = asyncio.create_task(planned(SMALL))
    await until(1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await until(0)


def test_a_serving_process_holds_no_scipy() -> None:
    code = "import sys, server.app, server.cli, server.worker; print('scipy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
