"""Programs of our own, started for one piece of work and ended with it: what they load stays out of who serves pages,
and what they are given takes only them with it.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import geo

_QUIET = {"OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"}
"""No threads that the work would not use, and no memory for each."""


class ProgramFailed(Exception):
    """The program ended without an answer, or took too long."""


async def answer_of(
    program: str, said: bytes, *, seconds: float, environment: Mapping[str, str] | None = None
) -> bytes:
    """What the module `program` writes when it is given `said`. Raises `ProgramFailed`."""
    async with _started(program, environment or {}) as process:
        try:
            async with asyncio.timeout(seconds):
                answer, _ = await process.communicate(said)
        except TimeoutError:
            raise ProgramFailed(f"no answer within {seconds} s") from None
    if process.returncode != 0:
        raise ProgramFailed(f"the program ended with {process.returncode}")
    return answer


@asynccontextmanager
async def _started(program: str, environment: Mapping[str, str]) -> AsyncIterator[Process]:
    """The program, from where our packages are; ended with the block. It gets none of our addresses and keys."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        program,
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        cwd=Path(geo.__file__).parent.parent,
        env={**_QUIET, **environment},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
