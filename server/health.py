"""Whether the server lives, and whether it can serve."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from geo import version
from geo.database import Database
from geo.outage import OUT_OF_REACH

_LOG = logging.getLogger(__name__)
_SECONDS = 5
_RETRY_AFTER = 5


async def live(_: Request) -> Response:
    """`GET /health/live`: the process answers."""
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def ready(request: Request) -> Response:
    """`GET /health/ready`: the database answers and has the tables of this version; 503 while it is not so.

    `database` says why: `unreachable`; `busy`, where every connection was taken for seconds, so that others had to be
    turned away as well; `another version`, before a migration or, in a process of the version before, after it.
    """
    wrong = await _wrong(request.app.state.database)
    if wrong is None:
        return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})
    headers = {"Cache-Control": "no-store", "Retry-After": str(_RETRY_AFTER)}
    return JSONResponse({"status": "unavailable", "database": wrong}, 503, headers)


async def _wrong(database: Database) -> str | None:
    try:
        async with asyncio.timeout(_SECONDS), database.read() as connection:
            found = await version.found(connection)
    except PoolTimeoutError:
        return "busy"
    except OUT_OF_REACH as error:
        _LOG.warning("not ready: %s", type(error).__name__)
        return "unreachable"
    return None if found == version.expected() else "another version"


routes: list[BaseRoute] = [Route("/health/live", live), Route("/health/ready", ready)]
