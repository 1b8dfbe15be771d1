"""Which database is measured: one that is named by its address, or one of the private cluster under `var/bench`,
loaded with demonstration wards of the size that is asked for.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import asyncpg

from geo.migrating import upgrade
from server.cluster import USER, Cluster, private_cluster

_ROOT = Path(__file__).parent.parent
SIZES = ("ward", "city", "nation")


@contextmanager
def databases(*wanted: str | None) -> Iterator[list[str | None]]:
    """The address of each database that is wanted by its size or by its address; None stays None."""
    with ExitStack() as stack:
        cluster: Cluster | None = None
        if any(name in SIZES for name in wanted):
            cluster = stack.enter_context(private_cluster(_ROOT / "var" / "bench"))
        yield [_address(cluster, name) if name in SIZES and cluster is not None else name for name in wanted]


def _address(cluster: Cluster, size: str) -> str:
    """The address of the database of this size; made and loaded the first time."""
    name = f"bench_{size}"
    url = cluster.url(name)
    loaded = asyncio.run(_loaded(cluster, name))
    upgrade(url)
    if not loaded:
        command = [sys.executable, "-P", "-m", "server", "demo", *([] if size == "ward" else ["--scale", size])]
        subprocess.run(
            command, cwd=_ROOT, env={**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(_ROOT)}, check=True
        )
    return url


async def _loaded(cluster: Cluster, name: str) -> bool:
    """Whether the database holds a ward. Makes it where there is none."""
    server = await asyncpg.connect(cluster.administrator_url())
    try:
        if not await server.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            await server.execute(f"CREATE DATABASE {name} OWNER {USER}")
    finally:
        await server.close()
    inside = await asyncpg.connect(cluster.administrator_url(name))
    try:
        await inside.execute("SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS postgis")
        if await inside.fetchval("SELECT to_regclass('ward') IS NULL"):
            return False
        return bool(await inside.fetchval("SELECT EXISTS (SELECT FROM ward)"))
    finally:
        await inside.close()
