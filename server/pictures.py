"""Photographs are cleaned by processes of their own: few, started when first needed, killed when they take too long.

`server/cleaning.py` is what runs there, and says why. This side imports no decoder, so a serving process stays small.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

_LOG = logging.getLogger(__name__)

PROGRAM = Path(__file__).with_name("cleaning.py")
PROCESSES = 2
MOST_WAITING = 24
"""Photographs that wait for a process; at some two a second, the last waits as long as a person does."""
SECONDS = 10.0
"""One photograph may take so long; the largest takes two on a slow machine."""
IDLE_SECONDS = 120.0
"""A process that nobody needed for so long is ended: it holds some 40 MB."""
_PIECE = 256 * 1024
_MOST_ANSWER = 16 * 1024 * 1024

_BLUR = b"BLUR"
"""As `cleaning.py` calls it, which is not imported here: it imports decoders."""
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})


class Busy(Exception):
    """Too many photographs wait already."""


class Unfit(Exception):
    """It is no photograph that can be used: `unreadable`, `pixels` (too many), or `slow`."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A clean photograph: two JPEGs without metadata, and what the file told that is not in them any more."""

    large: bytes
    small: bytes
    width: int
    """Of `large`, in pixels; as is `height`."""
    height: int
    taken_at: datetime | None
    position: tuple[float, float] | None
    """Longitude and latitude."""


def kind_of(head: bytes) -> bytes | None:
    """What a file is by its first bytes, whatever it is called, as `cleaning.py` names it; None for anything else."""
    if head.startswith(b"\xff\xd8\xff"):
        return b"JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"PNG "
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return b"WEBP"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return b"HEIF"
    return None


class Pictures:
    """The cleaning of one serving process. Close it when done."""

    def __init__(
        self,
        *,
        processes: int = PROCESSES,
        most_waiting: int = MOST_WAITING,
        seconds: float = SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        program: Path = PROGRAM,
    ) -> None:
        self._turns = asyncio.Semaphore(processes)
        self._most = processes + most_waiting
        self._asked = 0
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        self._program = program
        self._idle: list[tuple[Process, asyncio.TimerHandle]] = []
        self._ending: set[asyncio.Task[int]] = set()

    async def clean(self, file: BinaryIO, size: int) -> Picture:
        """The photograph in `file`, which is read from its start. Raises `Unfit` and `Busy`."""
        file.seek(0)
        kind = kind_of(file.read(32))
        if kind is None:
            raise Unfit("unreadable")
        return await self._in_turn(kind, file, size)

    async def blur(self, jpeg: bytes, rectangles: Sequence[Sequence[float]]) -> Picture:
        """A copy of a photograph of ours in which these parts (`geo.redacting.Rectangle`) are unrecognisable.

        Raises `Unfit` and `Busy`.
        """
        asked = json.dumps(rectangles).encode()
        sent = struct.pack(">I", len(asked)) + asked + jpeg
        return await self._in_turn(_BLUR, io.BytesIO(sent), len(sent))

    async def _in_turn(self, kind: bytes, file: BinaryIO, size: int) -> Picture:
        if self._asked >= self._most:
            raise Busy
        self._asked += 1
        try:
            async with self._turns:
                try:
                    return await self._try(kind, file, size)
                except _Died:
                    # Of this file, or something had ended it before: a fresh one tells.
                    return await self._try(kind, file, size)
        finally:
            self._asked -= 1

    async def _try(self, kind: bytes, file: BinaryIO, size: int) -> Picture:
        async with self._process() as process:
            return await self._ask(process, kind, file, size)

    async def _ask(self, process: Process, kind: bytes, file: BinaryIO, size: int) -> Picture:
        try:
            async with asyncio.timeout(self._seconds):
                return await _answer(process, kind, file, size)
        except TimeoutError:
            _LOG.warning("a photograph took longer than %s s", self._seconds)
            raise _Lost("slow") from None
        except (asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
            _LOG.warning("a process died over a photograph: %s", type(error).__name__)
            raise _Died("unreadable") from None

    @property
    def asked(self) -> int:
        """How many photographs are in work, or wait for it."""
        return self._asked

    @asynccontextmanager
    async def _process(self) -> AsyncIterator[Process]:
        """A process for one photograph. It is kept for the next, unless it is not known to be ready for one."""
        process = self._take() or await self._start()
        try:
            yield process
        except Unfit as unfit:
            if isinstance(unfit, _Lost):
                self._kill(process)
            else:
                self._keep(process)
            raise
        except BaseException:
            self._kill(process)
            raise
        self._keep(process)

    def _take(self) -> Process | None:
        while self._idle:
            process, end = self._idle.pop()
            end.cancel()
            if process.returncode is None:
                return process
        return None

    def _keep(self, process: Process) -> None:
        end = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_idle, process)
        self._idle.append((process, end))

    def _end_idle(self, process: Process) -> None:
        self._idle = [(other, end) for other, end in self._idle if other is not process]
        self._kill(process)

    async def _start(self) -> Process:
        # Without our environment: what decodes strangers' files needs none of our addresses and keys.
        return await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(self._program), stdin=PIPE, stdout=PIPE, env={"MALLOC_ARENA_MAX": "1"}
        )

    def _kill(self, process: Process) -> None:
        with suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        ended = asyncio.create_task(process.wait())
        self._ending.add(ended)
        ended.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """End the processes."""
        while self._idle:
            process, end = self._idle.pop()
            end.cancel()
            self._kill(process)
        if self._ending:
            await asyncio.wait(self._ending)


class _Lost(Unfit):
    """The process is of no more use."""


class _Died(_Lost):
    """It ended, or says what it never would."""


async def _answer(process: Process, kind: bytes, file: BinaryIO, size: int) -> Picture:
    """Hand the file over and read what comes back."""
    requests, answers = process.stdin, process.stdout
    if requests is None or answers is None:
        raise ValueError("a process without pipes")
    requests.write(struct.pack(">Q4s", size, kind))
    file.seek(0)
    while piece := file.read(_PIECE):
        requests.write(piece)
        await requests.drain()
    (length,) = struct.unpack(">I", await answers.readexactly(4))
    told: dict[str, Any] = json.loads(await answers.readexactly(min(length, _PIECE)))
    if "problem" in told:
        raise Unfit(told["problem"])
    sizes = [int(size) for size in told["sizes"]]
    if len(sizes) != 2 or sum(sizes) > _MOST_ANSWER:
        raise ValueError("an answer that cannot be")
    large, small = [await answers.readexactly(size) for size in sizes]
    moment = told["taken_at"]
    at = told["position"]
    return Picture(
        large,
        small,
        told["width"],
        told["height"],
        None if moment is None else datetime.fromisoformat(moment),
        None if at is None else (at[0], at[1]),
    )
