"""Who is measured: servers as processes of their own, each with a client; the floor; all told what to do over pipes."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import client, floor
from benchmarks.captured import Captured
from benchmarks.inprocess import SECRET_KEY
from benchmarks.load import WrongAnswer
from benchmarks.plain.app import APPLICATION as PLAIN_APPLICATION
from benchmarks.requests import Request
from server.rate_settings import LIMITS

_ROOT = Path(__file__).parent.parent
_PATIENCE = 60
_SPAWN = multiprocessing.get_context("spawn")
OURS, FLOOR, PLAIN = "ours", "floor", "plain"
_COMMANDS = {OURS: ("-P", "-m", "server", "serve"), PLAIN: ("-m", "benchmarks.plain")}


@dataclass(frozen=True, slots=True)
class Contender:
    """One that answers the requests: `pid` is whose processor time counts, `application` names its connections."""

    name: str
    pid: int
    application: str | None
    """None: the server, whose connections may have several names."""
    pipe: Pipe
    process: BaseProcess
    address: str = ""
    """Where a server listens."""

    async def do(self, order: Any) -> Any:
        """Have an order carried out. Raises `WrongAnswer`."""
        self.pipe.send(order)
        try:
            told = await asyncio.get_running_loop().run_in_executor(None, self.pipe.recv)
        except EOFError:
            raise WrongAnswer(f"{self.name} ended") from None
        if isinstance(told, WrongAnswer):
            raise told
        return told


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _await_alive(server: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(_PATIENCE * 10):
        if server.poll() is not None:
            raise RuntimeError(f"The server ended with status {server.returncode}.")
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError("The server does not answer.")


def _process(target: Callable[..., None], *arguments: Any) -> tuple[BaseProcess, Pipe]:
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=target, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _end(contender: Contender) -> None:
    with suppress(OSError):
        contender.pipe.send(None)
    contender.process.join(10)
    if contender.process.is_alive():
        contender.process.terminate()


@asynccontextmanager
async def serving(name: str, url: str, requests: Mapping[str, Sequence[Request]]) -> AsyncIterator[Contender]:
    """A server of ours or the plain one, as it would be run, and a client that asks it."""
    port = _free_port()
    with TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "PHUONGSO_PORT": str(port),
            "PHUONGSO_SECRET_KEY": SECRET_KEY,
            "PHUONGSO_VAR": folder,
            "PHUONGSO_LOG_LEVEL": "warning",
            "PHUONGSO_WORKER": "false",  # what falls due by itself shall not fall into somebody's round
            **{f"PHUONGSO_{name.upper()}": "0" for name in LIMITS},  # all ask from one address
            "PYTHONPATH": str(_ROOT),
        }
        command = [sys.executable, *_COMMANDS[name]]
        server = subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=subprocess.DEVNULL)  # noqa: ASYNC220
        try:
            await asyncio.to_thread(_await_alive, server, port)
            process, pipe = _process(client.run, port, requests)
            application = PLAIN_APPLICATION if name == PLAIN else None
            contender = Contender(name, server.pid, application, pipe, process, f"http://127.0.0.1:{port}")
            try:
                yield contender
            finally:
                await asyncio.to_thread(_end, contender)
        finally:
            server.terminate()
            await asyncio.to_thread(server.wait, 20)


@asynccontextmanager
async def bare(url: str, size: int, captured: Mapping[str, Sequence[Captured]]) -> AsyncIterator[Contender]:
    """The floor, on `size` connections for each way that the server's sessions are set."""
    process, pipe = _process(floor.run, url, size, captured)
    contender = Contender(FLOOR, process.pid or 0, floor.APPLICATION, pipe, process)
    try:
        yield contender
    finally:
        await asyncio.to_thread(_end, contender)
