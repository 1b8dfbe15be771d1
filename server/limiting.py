"""How often a caller may ask: by address before anything is looked up, and by account once that is known.

`Limiting` stands outside, so that what is too much costs next to nothing; `AccountLimiting` within, after the session.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geo.actor import ANONYMOUS, Actor
from server import metrics
from server.addresses import address_of
from server.admission import give_device
from server.callers import Callers
from server.devices import Browsers, Devices
from server.languages import language_of
from server.limits import FORM, PHOTO
from server.pages.trouble import TROUBLES, shows_page, trouble_page
from server.rooms import Rooms
from server.sessions import bearer_of
from server.settings import Settings
from server.tallies import Tallies


@dataclass(frozen=True, slots=True)
class Kind:
    """What is counted together, by which settings (`None`: not by this); `exact` where each counts at once."""

    name: str
    per_address: str | None
    per_account: str | None
    exact: bool = False


GRAPHQL = Kind("graphql", "graphql_per_address_minute", "graphql_per_account_minute")
MAP = Kind("map", "map_per_address_minute", "map_per_account_minute")
PAGES = Kind("pages", "pages_per_address_minute", "pages_per_account_minute")
EXPORTS = Kind("exports", "exports_per_address_minute", "exports_per_account_minute", exact=True)
UPLOADS = Kind("uploads", "uploads_per_address_minute", "uploads_per_account_minute", exact=True)
SIGN_INS = Kind("sign-ins", "sign_ins_per_address_minute", None, exact=True)
CHALLENGES = Kind("challenges", "challenges_per_address_minute", None, exact=True)

_SIGN_INS_PER_BROWSER = 20
"""Attempts a minute: a person's, with as many mistakes as one makes; each is delayed beside it."""
_FREE = ("/static/", "/health/", "/metrics")
"""Files that caches keep, and what those who watch over the server ask for."""
_MAP = ("/map/", "/tiles/", "/basemap/", "/photos/")
_SIGN_IN = re.compile("/token|/session|/sign-in(?:/.*)?|/link/.*")


def kind_of(method: str, path: str) -> Kind | None:
    """What a request counts as; None for what may be asked for without end."""
    if path == "/graphql":
        return GRAPHQL
    if path.startswith(_FREE):
        return None
    if path.startswith(_MAP):
        return MAP
    if path.startswith("/export/"):
        return EXPORTS
    if path == "/challenge":
        return CHALLENGES
    if method == "POST":
        if PHOTO.paths.fullmatch(path) or FORM.paths.fullmatch(path):
            return UPLOADS
        if _SIGN_IN.fullmatch(path):
            return SIGN_INS
    return PAGES


class By(StrEnum):
    """What a caller is known by, before anything is looked up."""

    ADDRESS = "address"
    SESSION = "session"
    BROWSER = "browser"


class Who(NamedTuple):
    """Whom a request is counted by: an address; the account of a session seen here; a browser signed in by before."""

    by: By
    name: str


class Limiter:
    """Counts the requests of this process; `sockets` are the WebSockets open for each address."""

    def __init__(self, settings: Settings, tallies: Tallies) -> None:
        self.tallies = tallies
        self.proxies = settings.proxies
        self.sockets = Rooms(settings.sockets_per_address)
        kinds = (GRAPHQL, MAP, PAGES, EXPORTS, UPLOADS, SIGN_INS, CHALLENGES)
        self._most = {
            name: getattr(settings, name) for kind in kinds for name in (kind.per_address, kind.per_account) if name
        }

    async def of(self, kind: Kind, who: Who) -> int:
        """Seconds that a caller has to wait; 0 where they may ask now, which is counted.

        All who bring a session that once was an account's are counted as it before it is looked up, for it may have
        ended: so they stand apart from their address, whatever strangers do there.
        """
        match who.by:
            case By.ADDRESS:
                return await self._wait(kind, f"{kind.name} by address", who.name, kind.per_address)
            case By.SESSION:
                most = self._most[kind.per_account] if kind.per_account else 0
                return self.tallies.hit(f"{kind.name} by session", who.name, most) if most else 0
            case By.BROWSER:
                return await self.tallies.strictly("sign-ins by browser", who.name, _SIGN_INS_PER_BROWSER)

    async def came_to_nothing(self, kind: Kind, who: Who) -> None:
        """What was counted of this kind was refused unread, or asked for what is not there: it is a page, no more.

        Where an address has opened too many of those, it stays counted as what it was.
        """
        if who.by is not By.ADDRESS:
            return
        most = self._most[kind.per_address] if kind.per_address else 0
        pages = self._most[PAGES.per_address or ""]
        if most and not self.tallies.hit(f"{PAGES.name} by address", who.name, pages):
            await self.tallies.take_back(f"{kind.name} by address", who.name, most)

    async def of_account(self, kind: Kind, actor: Actor) -> int:
        """The same of an account that is signed in; 0 for callers without one."""
        if actor.account_id is None:
            return 0
        return await self._wait(kind, f"{kind.name} by account", str(actor.account_id), kind.per_account)

    async def _wait(self, kind: Kind, what: str, who: str, setting: str | None) -> int:
        most = self._most[setting] if setting else 0
        if not most:
            return 0
        return await self.tallies.strictly(what, who, most) if kind.exact else self.tallies.hit(what, who, most)


class LimitingMiddleware:
    """Answers 429 with Retry-After to an address that asks too often; gives a new device its name."""

    def __init__(
        self, app: ASGIApp, limiter: Limiter, devices: Devices, callers: Callers, browsers: Browsers, cookie: str
    ) -> None:
        self.app = app
        self._limiter = limiter
        self._devices = devices
        self._callers = callers
        self._browsers = browsers
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        kind = kind_of(scope["method"], scope["path"])
        if kind is None:
            await self.app(scope, receive, send)
            return
        who = self._who(kind, scope)
        if wait := await self._limiter.of(kind, who):
            metrics.refused.labels(f"{kind.name} of an address").inc()
            await _refusal(scope, wait)(scope, receive, send)
            return
        if scope["method"] != "POST" and kind is not EXPORTS:
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] in (400, 404) if kind is EXPORTS else state.get("names_nobody", False):
                    await self._limiter.came_to_nothing(kind, who)
                give_device(state.get("admission"), self._devices, MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, sent)

    def _who(self, kind: Kind, scope: Scope) -> Who:
        connection = HTTPConnection(scope)
        if kind is SIGN_INS and (browser := self._browsers.of(connection.headers)) is not None:
            return Who(By.BROWSER, browser)
        if kind.per_account is not None:
            held = bearer_of(connection.headers.get("authorization", "")) or connection.cookies.get(self._cookie)
            if (account_id := self._callers.seen(held)) is not None:
                return Who(By.SESSION, account_id)
        return Who(By.ADDRESS, address_of(scope, self._limiter.proxies))

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        who = self._who(GRAPHQL, scope)
        wait = await self._limiter.of(GRAPHQL, who)
        if wait or not self._limiter.sockets.enter(who.name):
            metrics.refused.labels("sockets of an address").inc()
            await _refusal(scope, wait or 60)(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            self._limiter.sockets.leave(who.name)


class AccountLimitingMiddleware:
    """Answers 429 with Retry-After to an account that asks too often, wherever from."""

    def __init__(self, app: ASGIApp, limiter: Limiter) -> None:
        self.app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            actor: Actor = scope["state"].get("actor", ANONYMOUS)
            kind = None if actor.account_id is None else kind_of(scope["method"], scope["path"])
            if kind is not None and (wait := await self._limiter.of_account(kind, actor)):
                metrics.refused.labels(f"{kind.name} of an account").inc()
                await _refusal(scope, wait)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _refusal(scope: Scope, wait: int) -> Response:
    """A page for who opened one, which comes again by itself, or who sent a form; JSON for all else."""
    headers = Headers(scope=scope)
    again = {"Retry-After": str(wait)}
    if shows_page(scope):
        return trouble_page(Request(scope), 429, again)
    told = TROUBLES[429]
    extensions: dict[str, Any] = {"code": told.code, "retryAfterSeconds": wait}
    body = {"errors": [{"message": told.message.to(language_of(headers)), "extensions": extensions}]}
    return JSONResponse(body, 429, {**again, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
