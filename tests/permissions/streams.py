"""An answer that does not end: how it begins, without waiting for the rest."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Message

from tests.asking import URL
from tests.permissions.callers import Scene


async def begun(
    scene: Scene, method: str, path: str, headers: dict[str, str], body: bytes = b"", *, until: bytes = b""
) -> tuple[int, bytes]:
    """Status and the first pieces of an answer, up to one that holds `until`; then the client is gone."""
    plain, _, query = path.partition("?")
    enough, pieces, status = asyncio.Event(), bytearray(), 0
    asked = False
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": plain,
        "raw_path": plain.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", URL.removeprefix("http://").encode())]
        + [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("phuongso.test", 80),
    }

    async def receive() -> Message:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": body, "more_body": False}
        await enough.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            pieces.extend(message.get("body", b""))
            if not message.get("more_body") or (pieces and until in pieces):
                enough.set()

    async with asyncio.timeout(60):
        await scene.desk.app(scope, receive, send)
    return status, bytes(pieces)
