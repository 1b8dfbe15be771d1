"""A deployment to break: a durable PostgreSQL of its own, servers and workers as processes, wards of `tests/ward.py`.

Only what was started here is ever signalled, by its number.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from geo.database import Database
from geo.migrating import upgrade
from server.cluster import Cluster, private_cluster
from server.rate_settings import LIMITS
from tests import ward

ROOT = Path(__file__).parent.parent.parent
KEY = "a key that only tests of faults have"
READY_SECONDS = 120
_TEMPLATE = "laid"


class Process:
    """`phuongso serve` or `phuongso worker`, to be killed and started again; all that it ever says is in one log."""

    def __init__(self, command: str, folder: Path, url: str, before: Sequence[str] = (), **settings: str) -> None:
        self._command = [*before, sys.executable, "-m", "server", command]
        self._ready = "Serving on " if command == "serve" else "Working."
        self._log = folder / f"{command}-{time.monotonic_ns()}.log"
        self._port = "0"
        self._settings = {
            "DATABASE_URL": url,
            "PHUONGSO_SECRET_KEY": KEY,
            "PHUONGSO_VAR": str(folder),
            "PHUONGSO_WORKER": "false",
            "PHUONGSO_TAKEOVER_SECONDS": "2",
            "PHUONGSO_DEFAULT_WARD": ward.CODE,
            **{f"PHUONGSO_{name.upper()}": "0" for name in LIMITS},  # all reports come from one address
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._read = 0
        self.site = ""

    @property
    def number(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def said(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    async def start(self) -> None:
        """Start it, again where it was before, and wait until it says that it is ready."""
        self._read = len(self.said)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=os.environ | self._settings | {"PHUONGSO_PORT": self._port},
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + READY_SECONDS
        while self._ready not in (said := self.said[self._read :]):
            assert self._process.poll() is None, f"it ended: {said}"
            assert time.monotonic() < deadline, f"it is not ready: {said}"
            await asyncio.sleep(0.05)
        if self._ready.startswith("Serving"):
            self.site = said.partition(self._ready)[2].split()[0]
            self._port = self.site.rpartition(":")[2]

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def ended(self, seconds: float = 40) -> int:
        """Wait for its end: its exit code."""
        assert self._process is not None
        return await asyncio.to_thread(self._process.wait, seconds)


@dataclass
class House:
    """The cluster, and what runs on it."""

    cluster: Cluster
    folder: Path
    ward: ward.Ward
    tokens: dict[str, str]
    copies: list[str] = field(default_factory=list)

    async def new_database(self) -> str:
        """The name of a fresh copy of the laid wards."""
        name = f"broken_{len(self.copies)}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} OWNER phuongso")
        self.copies.append(name)
        return name

    async def execute(self, statement: str, database: str = "postgres", *values: Any) -> list[Any]:
        """A statement of the superuser's, over a connection of its own."""
        connection = await asyncpg.connect(self.cluster.administrator_url(database), timeout=20)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    async def eventually(self, query: str, database: str, seconds: float = 30) -> float:
        """Wait until the query has a row: after how many seconds."""
        began = time.monotonic()
        connection = await asyncpg.connect(self.cluster.administrator_url(database), timeout=20)
        try:
            while not await connection.fetch(query):
                assert time.monotonic() - began < seconds, query
                await asyncio.sleep(0.02)
        finally:
            await connection.close()
        return time.monotonic() - began

    @asynccontextmanager
    async def running(
        self, command: str, url: str, before: Sequence[str] = (), **settings: str
    ) -> AsyncIterator[Process]:
        """A process for the length of a block; it must not have logged a stack trace in the end."""
        process = Process(command, self.folder, url, before, **settings)
        try:
            await process.start()
            yield process
        finally:
            await process.kill()
        assert "Traceback" not in process.said, process.said

    async def restart_database(self, mode: str = "immediate") -> None:
        """Restart PostgreSQL; returns once it answers."""
        await asyncio.to_thread(self._control, "restart", "-m", mode)

    async def stop_database(self) -> None:
        await asyncio.to_thread(self._control, "stop", "-m", "immediate")

    async def start_database(self) -> None:
        # As it was started before: with the options that it keeps beside its data.
        options = (self.cluster.data / "postmaster.opts").read_text().split(" ", 1)[1].strip()
        without_folder = options.partition('"-D"')[0] + options.partition('"-D"')[2].split('"', 2)[2]
        await asyncio.to_thread(self._control, "start", "-o", without_folder.strip())

    def _control(self, *what: str) -> None:
        verb, *how = what
        where = ("-D", str(self.cluster.data), "-w", "-t", "60")
        log = () if verb == "stop" else ("-l", str(self.cluster.log))
        self.cluster.programs.run("pg_ctl", verb, *where, *log, *how)

    async def backends(self, condition: str) -> list[int]:
        """The processes of the server's sessions for which `condition` holds."""
        rows = await self.execute(f"SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND {condition}")
        return [row["pid"] for row in rows]

    @asynccontextmanager
    async def asleep(self, condition: str) -> AsyncIterator[list[int]]:
        """Sessions that do nothing for the length of a block, nor begin anew, as if the machine had stopped."""
        sessions = await self.backends(condition)
        parents = {int(Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[1]) for number in sessions}
        stopped = [*parents, *sessions]
        for number in stopped:
            os.kill(number, signal.SIGSTOP)
        try:
            yield stopped
        finally:
            for number in stopped:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGCONT)


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    """A house for the length of a block. PostgreSQL's own user must get into its folder, so it is nobody's secret."""
    folder = Path(tempfile.mkdtemp(prefix="phuongso-faults-"))
    folder.chmod(0o755)
    try:
        with private_cluster(folder / "var", tell=lambda _: None) as cluster:
            administrator = await asyncpg.connect(cluster.administrator_url())
            await administrator.execute(f"CREATE DATABASE {_TEMPLATE} OWNER phuongso")
            await administrator.close()
            laying = await asyncpg.connect(cluster.administrator_url(_TEMPLATE))
            await laying.execute("CREATE EXTENSION postgis")
            await laying.close()
            await asyncio.to_thread(upgrade, cluster.url(_TEMPLATE))
            database = Database(cluster.url(_TEMPLATE))
            async with database.write(silent=True) as connection:
                built = await ward.build(connection)
                tokens = {username: await ward.token(connection, built, username) for username in ward.USERNAMES}
            await database.close()
            yield House(cluster, folder, built, tokens)
            home = cluster.home
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not home.is_relative_to(folder):
        shutil.rmtree(home, ignore_errors=True)


def loaded(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings of a server under the load of a test: what keeps strangers from loading it is not what is tried."""
    return {**settings}
