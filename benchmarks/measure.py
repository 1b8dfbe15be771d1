"""What the kernel knows: processor time and memory of a process, and what machine this is. Linux only."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import asyncpg

_TICKS = os.sysconf("SC_CLK_TCK")
_HARNESS = ("bench-harness", "bench-floor", "bench-plain")


def cpu_seconds(pid: int) -> float:
    """Processor seconds that a process has used, in user mode and in the kernel (proc(5): utime, stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory(pid: int) -> tuple[float, float]:
    """Resident megabytes of a process: now, and at most so far (VmRSS, VmHWM)."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    now, most = (int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return now, most


async def backends(connection: asyncpg.Connection, application: str | None) -> list[int]:
    """The processes that serve the connections of an application of ours to this database.

    None stands for the server, whose connections may have several names: all that are none of the harness's.
    """
    rows = await connection.fetch(
        "SELECT pid, application_name AS name FROM pg_stat_activity"
        " WHERE datname = current_database() AND backend_type = 'client backend'"
    )
    return [
        row["pid"]
        for row in rows
        if (row["name"] not in _HARNESS if application is None else row["name"] == application)
    ]


async def shared(connection: asyncpg.Connection) -> list[int]:
    """PostgreSQL's own processes: checkpointer, writers, autovacuum."""
    rows = await connection.fetch("SELECT pid FROM pg_stat_activity WHERE backend_type <> 'client backend'")
    return [row["pid"] for row in rows]


def total(pids: Iterable[int]) -> dict[int, float]:
    """Processor seconds of each process that is on this machine and still there."""
    found = {}
    for pid in pids:
        with suppress(OSError):
            if "postgres" in Path(f"/proc/{pid}/comm").read_text():
                found[pid] = cpu_seconds(pid)
    return found


def spent(before: dict[int, float], after: dict[int, float]) -> float:
    """Processor seconds between two looks; of a process that came meanwhile, all it used."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def machine() -> dict[str, str]:
    """The processor, its cores, memory and system."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    kilobytes = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return {
        "processor": f"{model}, {os.cpu_count()} cores",
        "memory": f"{kilobytes / 1024 / 1024:.0f} GiB",
        "system": f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}",
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


async def database(connection: asyncpg.Connection) -> dict[str, str]:
    """The database: its version, whether it is durable, and how much it holds."""
    version = (await connection.fetchval("SHOW server_version")).split()[0]
    postgis = await connection.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
    durable = {name: await connection.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit")}
    buffers = await connection.fetchval("SHOW shared_buffers")
    count = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM ward) AS wards, (SELECT count(*) FROM neighbourhood) AS neighbourhoods,"
        " (SELECT count(*) FROM incident) AS incidents, pg_size_pretty(pg_database_size(current_database())) AS size"
    )
    return {
        "database": f"PostgreSQL {version}, PostGIS {postgis}, fsync {durable['fsync']}, "
        f"synchronous_commit {durable['synchronous_commit']}, shared_buffers {buffers}",
        "data": f"{count['wards']:,} wards, {count['neighbourhoods']:,} neighbourhoods, "
        f"{count['incidents']:,} incidents, {count['size']}",
    }
