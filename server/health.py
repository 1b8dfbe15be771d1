"""Whether the server lives, and whether it can serve."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from geo.database import Database

_SECONDS = 5


async def live(_: Request) -> Response:
    """`GET /health/live`: the process answers."""
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def ready(request: Request) -> Response:
    """`GET /health/ready`: the database answers; 503 while it does not."""
    database: Database = request.app.state.database
    try:
        async with asyncio.timeout(_SECONDS), database.read() as connection:
            await connection.execute(sa.select(1))
    except (SQLAlchemyError, OSError, TimeoutError):
        headers = {"Cache-Control": "no-store", "Retry-After": "5"}
        return JSONResponse({"status": "unavailable", "database": "unreachable"}, 503, headers)
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


routes: list[BaseRoute] = [Route("/health/live", live), Route("/health/ready", ready)]
