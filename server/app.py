"""The ASGI application: routes, middleware, and the database for as long as it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from geo.database import Database
from geo.exporting.streaming import Exports
from geo.intake import Intake
from geo.shares import Shares
from server import basemap, challenges, exports, graphql, health, leaving, photos, sessions, tiles, websocket
from server.addresses import Forwarded
from server.admission import Admissions
from server.basemap import Grounds
from server.callers import CHANNEL as PEOPLE_CHANGED
from server.callers import Callers
from server.challenges import Challenges
from server.devices import Browsers, Devices
from server.events import Hub
from server.limiting import AccountLimitingMiddleware, Limiter, LimitingMiddleware
from server.limits import BodyLimitMiddleware
from server.live import Live
from server.observing import Observing
from server.pages import (
    account,
    account_link,
    boundaries,
    boundary_files,
    case,
    case_forms,
    crew,
    crew_steps,
    desk_sheets,
    letters,
    notices,
    offline,
    privacy,
    progress,
    progress_forms,
    report,
    second_factor,
    settings_accounts,
    settings_audit,
    settings_categories,
    settings_crews,
    settings_jobs,
    settings_rejections,
    sign_in,
    staff,
    staff_place,
    staff_places,
    staff_teams,
    static,
    stats,
    team,
    team_forms,
    trouble,
)
from server.pages import map as map_page
from server.pictures import Pictures
from server.redacting import Redacting
from server.room import Room
from server.scraping import Scraping
from server.security_headers import SecurityHeaders
from server.sessions import SessionMiddleware
from server.settings import Settings
from server.storage import photographs_of
from server.tallies import Tallies
from server.unavailable import UnavailableMiddleware
from server.worker import worker_of, working

ROUTES: list[BaseRoute] = [
    *graphql.routes,
    *websocket.routes,
    *sessions.routes,
    *sign_in.routes,
    *second_factor.routes,
    *account_link.routes,
    *account.routes,
    *team.routes,
    *team_forms.routes,
    *health.routes,
    *map_page.routes,
    *report.routes,
    *letters.routes,
    *privacy.routes,
    *notices.routes,
    *offline.routes,
    *crew.routes,
    *crew_steps.routes,
    *progress.routes,
    *progress_forms.routes,
    *case.routes,
    *case_forms.routes,
    *tiles.routes,
    *photos.routes,
    *challenges.routes,
    *exports.routes,
    *staff.routes,
    *staff_places.routes,
    *staff_place.routes,
    *boundaries.routes,
    *stats.routes,
    *basemap.routes,
    *boundary_files.routes,
    *desk_sheets.routes,
    *settings_accounts.routes,
    *settings_audit.routes,
    *settings_categories.routes,
    *settings_crews.routes,
    *settings_jobs.routes,
    *settings_rejections.routes,
    *staff_teams.routes,
    *static.mounts,
]


class Application(Starlette):
    """Starlette, observed from outside of everything: what it answers to a fault of ours is an answer as well."""

    def build_middleware_stack(self) -> ASGIApp:
        settings: Settings = self.state.settings
        inner = Scraping(super().build_middleware_stack(), settings)
        headed = SecurityHeaders(inner, settings.secure_cookies)
        return Observing(Forwarded(headed, settings.proxies), settings.proxies)


def create_app(settings: Settings) -> Starlette:
    """The application for these settings. Raises `SettingsError` when they lack a database or a key."""
    database = Database(
        settings.database,
        pool_size=settings.pool_size,
        statement_timeout_ms=round(settings.statement_seconds * 1000),
    )
    settings.key  # noqa: B018 - refuses to start without one, instead of failing at the first report

    callers = Callers(database, strict=settings.demands_second_factor)
    hub = Hub(database, settings.max_subscriptions, {PEOPLE_CHANGED: callers.forget}, settings.followers_per_address)
    callers.listening = hub.listening
    photographs, pictures = photographs_of(settings), Pictures()
    redactor = Redacting(pictures, photographs)
    size, most = settings.pool_size, settings.max_operations_per_caller
    reading, writing = Shares(size, size, most), Shares(size, max(size // 2, 1), most)
    tallies = Tallies(database, settings.key)
    limiter = Limiter(settings, tallies)
    devices = Devices(settings.key, secure=settings.secure_cookies)
    browsers = Browsers(settings.key, secure=settings.secure_cookies)
    given = Challenges(settings.key, settings.challenge_rounds)
    admissions = Admissions(settings, tallies, devices, given, writes_mail=settings.writes_mail)
    sockets = Room(settings.max_subscriptions)
    live = Live(database, settings, hub, sockets, redactor, reading, writing, admissions, limiter)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        live.hub.start()
        async with working(worker_of(settings) if settings.worker else None):
            yield
        await pictures.close()
        await tallies.close()
        await live.hub.close()
        await database.close()

    app = Application(
        routes=ROUTES,
        middleware=[
            Middleware(UnavailableMiddleware),
            Middleware(
                LimitingMiddleware,
                limiter=limiter,
                devices=devices,
                callers=callers,
                browsers=browsers,
                cookie=sessions.cookie_name(settings),
            ),
            Middleware(BodyLimitMiddleware),
            Middleware(SessionMiddleware, callers=callers, settings=settings),
            Middleware(AccountLimitingMiddleware, limiter=limiter),
        ],
        exception_handlers={
            404: trouble.refused,
            405: trouble.refused,
            500: trouble.failed,
            ClientDisconnect: leaving.left,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # a redirect would have a password sent again, perhaps to plain HTTP
    app.state.database = database
    app.state.intake = Intake(database)
    app.state.live = live
    app.state.callers = callers
    app.state.browsers = browsers
    app.state.exports = Exports(settings.database)
    app.state.figures = stats.Figures()
    app.state.photographs = photographs
    app.state.pictures = pictures
    app.state.redactor = redactor
    app.state.settings = settings
    app.state.tallies = tallies
    app.state.admissions = admissions
    app.state.challenges = given
    app.state.grounds = Grounds(settings)
    return app
