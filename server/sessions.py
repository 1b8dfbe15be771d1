"""Who is calling: a bearer token or a cookie -> `Actor`; signing in and out."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import orjson
from starlette.datastructures import FormData, Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from geo import accounts, sessions
from geo.actor import ANONYMOUS
from geo.database import Database
from geo.errors import TooManyRequests
from geo.language import Text
from server.callers import Callers
from server.languages import language_of
from server.parsing import parsed
from server.settings import Settings

SIGN_IN_FAILED = Text("Tên đăng nhập hoặc mật khẩu chưa đúng.", "The user name or the password is not right.")
TOKEN_UNKNOWN = Text("Phiên đăng nhập đã hết hạn. Hãy đăng nhập lại.", "The session has ended. Please sign in again.")
FOREIGN = Text("Yêu cầu đến từ trang web khác nên không được nhận.", "The request came from another web site.")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_name(settings: Settings) -> str:
    """`__Host-` binds a cookie to this host and to HTTPS; a plain name serves a machine without it."""
    return "__Host-session" if settings.secure_cookies else "session"


def is_own(headers: Headers) -> bool:
    """Whether a browser says that the request comes from a page of ours, or is no browser's.

    By Sec-Fetch-Site, which scripts cannot set; by Origin for browsers that lack it.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc == headers.get("host")
    except ValueError:  # no address at all
        return False


class SessionMiddleware:
    """Puts the caller into `request.state.actor`, and what they signed in with into `request.state.token`.

    A bearer token that opens nothing is refused (401); a stale cookie makes an anonymous caller. A cookie counts for
    a change only from our own pages.
    """

    def __init__(self, app: ASGIApp, callers: Callers, settings: Settings) -> None:
        self.app = app
        self.callers = callers
        self.cookie = cookie_name(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        actor, token = ANONYMOUS, None
        bearer = bearer_of(connection.headers.get("authorization", ""))
        if bearer is not None:
            token = bearer
            known = await self.callers.actor(bearer)
            if known is None:
                message = TOKEN_UNKNOWN.to(language_of(connection.headers))
                refusal = _errors(message, "UNAUTHENTICATED", 401, {"WWW-Authenticate": "Bearer"})
                await refusal(scope, receive, send)
                return
            actor = known
        elif (token := connection.cookies.get(self.cookie)) is not None:
            safe = scope["type"] == "http" and scope["method"] in _SAFE_METHODS
            if not safe and not is_own(connection.headers):
                message = FOREIGN.to(language_of(connection.headers))
                await _errors(message, "FOREIGN_ORIGIN", 403)(scope, receive, send)
                return
            actor = await self.callers.actor(token) or ANONYMOUS
        scope.setdefault("state", {}).update(actor=actor, token=None if actor is ANONYMOUS else token)
        await self.app(scope, receive, send)


def bearer_of(authorization: str) -> str | None:
    """The token of an Authorization header; None where it names another scheme, or none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _errors(message: str, code: str, status: int, headers: dict[str, str] | None = None) -> Response:
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return JSONResponse(body, status, headers)


async def _credentials(request: Request) -> tuple[str, str] | None:
    """User name and password from a form or a JSON object; None when they are not there as text."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    given: FormData | dict[str, object]
    if kind == "application/x-www-form-urlencoded":
        given = await request.form()
    elif kind == "application/json":
        try:
            read = parsed(await request.body())
        except orjson.JSONDecodeError:
            return None
        given = read if isinstance(read, dict) else {}
    else:
        return None
    username, password = given.get("username"), given.get("password")
    return (username, password) if isinstance(username, str) and isinstance(password, str) else None


async def opened_by(request: Request, username: str, password: str) -> tuple[str, timedelta] | None:
    """A token of a new session for these credentials, and how long it lasts. Raises `TooManyRequests`.

    No connection is held while the password waits to be compared: there are few, and others need them.
    """
    database: Database = request.app.state.database
    lifetime = timedelta(days=request.app.state.settings.session_days)
    async with database.read() as connection:
        lock = await accounts.lock_of(connection, username)
    account = await lock.opened_by(password)
    if account is None:
        return None
    async with database.write() as connection:
        if not await lock.holds(connection):
            return None
        return await sessions.begin(connection, account.id, lifetime), lifetime


async def _sign_in(request: Request) -> tuple[str, timedelta] | None:
    """`opened_by` with the credentials in the request; None as well where it has none."""
    credentials = await _credentials(request)
    return None if credentials is None else await opened_by(request, *credentials)


def hold(request: Request, response: Response, token: str, lifetime: timedelta) -> None:
    """Let the caller's browser hold the session that this token opens."""
    settings: Settings = request.app.state.settings
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=int(lifetime.total_seconds()),
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


async def end(request: Request, response: Response) -> None:
    """End the caller's session, by bearer token or by cookie, and let the browser forget it."""
    settings: Settings = request.app.state.settings
    held = bearer_of(request.headers.get("authorization", "")) or request.cookies.get(cookie_name(settings))
    if held is not None:
        database: Database = request.app.state.database
        async with database.write() as connection:
            await sessions.end(connection, held)
        request.app.state.callers.forget()  # at once, not when the database's call arrives
    response.delete_cookie(
        cookie_name(settings), path="/", secure=settings.secure_cookies, httponly=True, samesite="lax"
    )


async def token(request: Request) -> Response:
    """`POST /token`: OAuth 2's password form (RFC 6749, 4.3) for apps."""
    headers = {"Cache-Control": "no-store"}
    try:
        signed_in = await _sign_in(request)
    except TooManyRequests as busy:
        message = busy.message(language_of(request.headers))
        told = {"error": "temporarily_unavailable", "error_description": message}
        return JSONResponse(told, 429, {**headers, "Retry-After": str(busy.retry_after)})
    if signed_in is None:
        message = SIGN_IN_FAILED.to(language_of(request.headers))
        return JSONResponse({"error": "invalid_grant", "error_description": message}, 400, headers)
    made, lifetime = signed_in
    kind = "bearer"
    body = {"access_token": made, "token_type": kind, "expires_in": int(lifetime.total_seconds())}
    return JSONResponse(body, 200, headers)


async def open_session(request: Request) -> Response:
    """`POST /session`: sign in with a cookie."""
    if not is_own(request.headers):
        return _errors(FOREIGN.to(language_of(request.headers)), "FOREIGN_ORIGIN", 403)
    try:
        signed_in = await _sign_in(request)
    except TooManyRequests as busy:
        message = busy.message(language_of(request.headers))
        return _errors(message, "TOO_MANY_REQUESTS", 429, {"Retry-After": str(busy.retry_after)})
    if signed_in is None:
        return _errors(SIGN_IN_FAILED.to(language_of(request.headers)), "SIGN_IN_FAILED", 401)
    response = Response(status_code=204)
    hold(request, response, *signed_in)
    return response


async def close_session(request: Request) -> Response:
    """`DELETE /session`: sign out, by cookie or by bearer token."""
    response = Response(status_code=204)
    await end(request, response)
    return response


routes: list[BaseRoute] = [
    Route("/token", token, methods=["POST"]),
    Route("/session", open_session, methods=["POST"]),
    Route("/session", close_session, methods=["DELETE"]),
]
