"""The processes that clean photographs: started when needed, killed when slow, replaced when dead, never too many."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from server.pictures import Busy, Picture, Pictures, Unfit, kind_of
from tests.pictures import encoded

JPEG = encoded()
SLEEPS = "import time; time.sleep(60)"
DIES = "import os; os.abort()"
LIES = "import sys; sys.stdout.buffer.write(b'\\0\\0\\0\\x15{\"sizes\":[1,9999999]}' + bytes(60)); sys.stdout.flush()"


@asynccontextmanager
async def cleaning(**options: Any) -> AsyncIterator[Pictures]:
    pictures = Pictures(**options)
    try:
        yield pictures
    finally:
        await pictures.close()


async def clean(pictures: Pictures, data: bytes = JPEG) -> Picture:
    return await pictures.clean(io.BytesIO(data), len(data))


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "program.py"
        path.write_text(text)
        return path

    return write


def idle(pictures: Pictures) -> list[int]:
    return [process.pid for process, _ in pictures._idle]


async def until_gone(process: int) -> None:
    for _ in range(500):
        if not os.path.exists(f"/proc/{process}"):  # noqa: ASYNC240
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it still runs")


async def test_a_process_is_started_when_needed_and_kept_for_the_next() -> None:
    async with cleaning() as pictures:
        assert idle(pictures) == []
        await clean(pictures)
        (first,) = idle(pictures)
        await clean(pictures)
        assert idle(pictures) == [first]
    await until_gone(first)


async def test_no_more_than_two_work_at_once() -> None:
    async with cleaning() as pictures:
        made = await asyncio.gather(*(clean(pictures) for _ in range(8)))
        assert len({picture.large for picture in made}) == 1
        assert len(idle(pictures)) == 2


async def test_what_nobody_needs_is_ended() -> None:
    async with cleaning(idle_seconds=0.05) as pictures:
        await clean(pictures)
        (process,) = idle(pictures)
        await until_gone(process)
        assert idle(pictures) == []
        await clean(pictures)


async def test_a_killed_process_is_replaced_and_the_photograph_cleaned_all_the_same() -> None:
    async with cleaning() as pictures:
        await clean(pictures)
        (process,) = idle(pictures)
        os.kill(process, signal.SIGKILL)
        assert (await clean(pictures)).width == 120
        assert idle(pictures) != [process]


async def test_a_file_that_kills_processes_is_refused(program: Callable[[str], Path]) -> None:
    for text in (DIES, LIES):
        async with cleaning(program=program(text)) as pictures:
            with pytest.raises(Unfit, match="unreadable"):
                await clean(pictures)
            assert idle(pictures) == []


async def test_one_that_takes_too_long_is_killed_and_refused(program: Callable[[str], Path]) -> None:
    async with cleaning(program=program(SLEEPS), seconds=4) as pictures:
        working = asyncio.create_task(clean(pictures, JPEG + bytes(1_000_000)))
        process = await started(pictures)
        with pytest.raises(Unfit, match="slow"):
            await working
        await until_gone(process)


async def started(pictures: Pictures) -> int:
    """The process that works, once it does."""
    for _ in range(200):
        for process in children(pictures):
            return process
        await asyncio.sleep(0.02)
    raise AssertionError("nothing was started")


def children(pictures: Pictures) -> list[int]:
    """The processes that run our programs beneath this one."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, check=True
    )
    lines = listed.stdout.decode().splitlines()
    return [int(line.split()[0]) for line in lines if str(pictures._program) in line]


async def test_beyond_those_that_may_wait_the_next_is_told_so(program: Callable[[str], Path]) -> None:
    async with cleaning(program=program(SLEEPS), processes=1, most_waiting=1, seconds=0.5) as pictures:
        first, second = [asyncio.create_task(clean(pictures)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await clean(pictures)
        for task in (first, second):
            with pytest.raises(Unfit, match="slow"):
                await task


async def test_who_goes_away_leaves_no_process_at_work(program: Callable[[str], Path]) -> None:
    async with cleaning(program=program(SLEEPS), processes=1) as pictures:
        task = asyncio.create_task(clean(pictures))
        process = await started(pictures)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until_gone(process)
        assert pictures._asked == 0


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0", b"JPEG"),
        (b"\x89PNG\r\n\x1a\n", b"PNG "),
        (b"RIFF\0\0\0\0WEBPVP8 ", b"WEBP"),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"\0\0\0\x18ftypheic", b"HEIF"),
        (b"\0\0\0\x18ftypmif1", b"HEIF"),
        (b"\0\0\0\x18ftypmp42", None),
        (b"GIF89a", None),
        (b"<svg", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_first_bytes_say(head: bytes, kind: bytes | None) -> None:
    assert kind_of(head) == kind


def test_a_serving_process_holds_no_decoder() -> None:
    code = "import sys, server.app; print(sorted({'PIL', 'pillow_heif'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
