"""A served process that tells, on a port beside its own, what is alive in it: `python -m tests.server.observed URL`.

It is the application and the server as they are run, by `server.serving.serve`; nothing of theirs knows of being looked
at. On its first two lines it says where it serves and where it is asked. Whoever connects to the latter and says
"followers" gets their number; "all", one line of JSON, counted after a collection of garbage.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from collections import Counter
from pathlib import Path
from types import AsyncGeneratorType

from geo.database import Database
from server import sse, websocket
from server.events import Hub
from server.followers import Subscriber
from server.rate_settings import LIMITS
from server.serving import address, listening, serve
from server.settings import Settings

OURS = str(Path(sse.__file__).parent)
_HUBS: list[Hub] = []


def alive() -> dict[str, int]:
    """How many there are of each thing that following makes."""
    gc.collect()
    counts: Counter[str] = Counter(tasks=len(asyncio.all_tasks()), files=len(os.listdir("/proc/self/fd")))
    for one in gc.get_objects():
        if isinstance(one, AsyncGeneratorType):
            counts["generators"] += one.ag_code.co_filename.startswith(OURS)
        elif isinstance(one, Subscriber):
            counts["subscribers"] += 1
            counts["waiting"] += len(one._queue)
        elif isinstance(one, websocket._Connection | sse.EventStream):
            counts["connections"] += 1
        elif isinstance(one, Database):
            # Kept for whoever asks next, and more of them the more ask at once: no leftover. One that is held is.
            counts["files"] -= sum(pool.idle for pool in one.usage())
        elif isinstance(one, Hub):
            counts["following"] += len(one)
            counts["groups"] += one.groups
            counts["interests"] += len(one._followers._interested)
    names = ("generators", "subscribers", "waiting", "connections", "following", "groups", "interests")
    return {name: counts[name] for name in (*names, "tasks", "files")}


def followers() -> int:
    """How many follow."""
    if not _HUBS:
        _HUBS.extend(one for one in gc.get_objects() if isinstance(one, Hub))
    return sum(map(len, _HUBS))


async def _told(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    asked = await reader.readline()
    writer.write(json.dumps(alive() if asked == b"all\n" else followers()).encode() + b"\n")
    await writer.drain()
    writer.close()


async def _be_asked() -> None:
    server = await asyncio.start_server(_told, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def main() -> None:
    told = {"database_url": sys.argv[1], "secret_key": "k" * 32, "port": 0, "worker": False, "var": sys.argv[2]}
    settings = Settings.model_validate(dict.fromkeys(LIMITS, 0) | told)  # all follow from one address
    asked = []
    with listening(settings) as listener:

        def started() -> None:
            print(address(listener), flush=True)
            asked.append(asyncio.get_running_loop().create_task(_be_asked()))

        serve(settings, listener, started)


if __name__ == "__main__":
    main()
