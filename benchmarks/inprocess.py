"""The whole application in this process, asked through ASGI itself: for capturing its SQL, and for profiling it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr
from starlette.applications import Starlette

from benchmarks.requests import Request
from server.app import create_app
from server.rate_settings import LIMITS
from server.settings import Settings

SECRET_KEY = "the key of measurements, for no secret of anybody"


@asynccontextmanager
async def application(url: str, *, keep_fragments: bool = True) -> AsyncIterator[Starlette]:
    """The application on this database. Its lifespan is not run: nothing else shall happen in the background.

    Without `keep_fragments` PostgreSQL writes all of each answer, as it does where nothing is kept in memory.
    """
    told: dict[str, Any] = {"database_url": url, "secret_key": SecretStr(SECRET_KEY), "log_level": "warning"}
    app = create_app(Settings(**dict.fromkeys(LIMITS, 0) | told))  # all ask from one address
    if not keep_fragments:
        app.state.database.fragments = None
    try:
        yield app
    finally:
        await app.state.database.close()


async def ask(app: Starlette, request: Request) -> tuple[int, bytes]:
    """The status and the body that the application answers with."""
    path, _, query = request.path.partition("?")
    headers = [(name.lower().encode(), value.encode()) for name, value in request.headers().items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET" if request.body is None else "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    incoming = iter([{"type": "http.request", "body": request.content() or b"", "more_body": False}])
    status = 0
    parts: list[bytes] = []

    async def receive() -> Any:
        message = next(incoming, None)
        return message if message is not None else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return status, b"".join(parts)
