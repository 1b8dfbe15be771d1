"""The ASGI application: routes, middleware, and the database for as long as it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from geo.database import Database
from geo.exporting.streaming import Exports
from server import exports, graphql, health, sessions
from server.limits import BodyLimitMiddleware
from server.pages import map as map_page
from server.pages import static
from server.sessions import SessionMiddleware
from server.settings import Settings
from server.unavailable import UnavailableMiddleware

ROUTES: list[BaseRoute] = [
    *graphql.routes,
    *sessions.routes,
    *health.routes,
    *map_page.routes,
    *exports.routes,
    *static.mounts,
]


def create_app(settings: Settings) -> Starlette:
    """The application for these settings. Raises `SettingsError` when they lack a database or a key."""
    database = Database(settings.database, pool_size=settings.pool_size)
    settings.key  # noqa: B018 - refuses to start without one, instead of failing at the first report

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await database.close()

    app = Starlette(
        routes=ROUTES,
        middleware=[
            Middleware(UnavailableMiddleware),
            Middleware(BodyLimitMiddleware),
            Middleware(SessionMiddleware, database=database, settings=settings),
        ],
        lifespan=lifespan,
    )
    app.state.database = database
    app.state.exports = Exports(settings.database)
    app.state.settings = settings
    return app
