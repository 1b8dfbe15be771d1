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

from geo import audit, second_factor, sessions
from geo.actor import ANONYMOUS, Actor
from geo.database import Database
from geo.errors import TooManyRequests
from geo.language import Text
from server import cookies, signing_in
from server.callers import Callers
from server.devices import Browsers
from server.languages import language_of
from server.parsing import parsed
from server.settings import Settings
from server.signing_in import Opened, Wants

SIGN_IN_FAILED = Text("Tên đăng nhập hoặc mật khẩu chưa đúng.", "The user name or the password is not right.")
OTP_NEEDED = Text(
    "Tài khoản này có bảo mật hai lớp. Hãy gửi kèm mã của ứng dụng trong trường `otp`.",
    "This account has a second factor. Send the code of its app too, as `otp`.",
)
SET_UP_NEEDED = Text(
    "Tài khoản này phải bật bảo mật hai lớp trước. Hãy đăng nhập trên trang web một lần để thiết lập.",
    "This account must have a second factor first. Sign in by the page once to set it up.",
)
TOKEN_UNKNOWN = Text("Phiên đăng nhập đã hết hạn. Hãy đăng nhập lại.", "The session has ended. Please sign in again.")
FOREIGN = Text("Yêu cầu đến từ trang web khác nên không được nhận.", "The request came from another web site.")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_name(settings: Settings) -> str:
    """The cookie that holds a session."""
    return cookies.name_of("session", secure=settings.secure_cookies)


def pending_cookie(settings: Settings) -> str:
    """The cookie of a sign-in that waits for its second factor: another one, so that it is taken for no session."""
    return cookies.name_of("sign-in", secure=settings.secure_cookies)


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
            foreign = not safe and not is_own(connection.headers)
            if foreign and scope["type"] == "http":  # a WebSocket's endpoint closes it with a code of its protocol
                message = FOREIGN.to(language_of(connection.headers))
                await _errors(message, "FOREIGN_ORIGIN", 403)(scope, receive, send)
                return
            actor = ANONYMOUS if foreign else await self.callers.actor(token) or ANONYMOUS
        scope.setdefault("state", {}).update(actor=actor, token=None if actor is ANONYMOUS else token)
        await self.app(scope, receive, send)


def bearer_of(authorization: str) -> str | None:
    """The token of an Authorization header; None where it names another scheme, or none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _errors(message: str, code: str, status: int, headers: dict[str, str] | None = None) -> Response:
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return JSONResponse(body, status, headers)


async def _credentials(request: Request) -> tuple[str, str, str | None] | None:
    """User name, password and, where it is there, `otp` from a form or a JSON object; None when they are no text."""
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
    username, password, otp = (given.get(name) for name in ("username", "password", "otp"))
    if not (isinstance(username, str) and isinstance(password, str) and isinstance(otp, str | None)):
        return None
    return username, password, otp or None


class NoSession(Exception):
    """Nothing was opened; `text` says why, `code` says it to programs."""

    def __init__(self, text: Text, code: str) -> None:
        super().__init__(code)
        self.text = text
        self.code = code


async def _sign_in(request: Request) -> Opened:
    """A session for the credentials in the request. Raises `NoSession`, `TooManyRequests`."""
    given = await _credentials(request)
    request.state.names_nobody = given is None or not given[0].strip()
    made = None if given is None else await signing_in.with_password(request, *given[:2])
    if given is None or made is None:
        raise NoSession(SIGN_IN_FAILED, "SIGN_IN_FAILED")
    if isinstance(made, Opened):
        return made
    opened = None
    if made.wants is Wants.CODE and given[2] is not None:
        who = await signing_in.waiting(request, made.token)
        opened = None if who is None else await signing_in.with_code(request, made.token, who, given[2])
    if opened is not None:
        return opened
    database: Database = request.app.state.database
    async with database.write(silent=True) as connection:
        await sessions.end_pending(connection, made.token)
    if made.wants is Wants.SET_UP:
        raise NoSession(SET_UP_NEEDED, "SECOND_FACTOR_NOT_SET_UP")
    raise NoSession(*((OTP_NEEDED, "OTP_REQUIRED") if given[2] is None else (second_factor.WRONG, "OTP_WRONG")))


def hold(request: Request, response: Response, token: str, lifetime: timedelta, username: str | None = None) -> None:
    """Let the caller's browser hold the session that this token opens, and no half of a sign-in any more.

    `username`: who has just signed in by it.
    """
    settings: Settings = request.app.state.settings
    _keep(response, settings, cookie_name(settings), token, lifetime)
    browsers: Browsers = request.app.state.browsers
    name = browsers.of(request.headers) or browsers.give(response)
    if username is not None:
        browsers.learn(response, request.headers, name, username)
    if pending_cookie(settings) in request.cookies:
        cookies.drop(response, pending_cookie(settings), secure=settings.secure_cookies)


def hold_pending(request: Request, response: Response, token: str) -> None:
    """Let the caller's browser hold what waits for a second factor, in place of any session."""
    settings: Settings = request.app.state.settings
    _keep(response, settings, pending_cookie(settings), token, sessions.PENDING)


def pending_of(request: Request) -> str | None:
    """The token of what waits for a second factor in the caller's browser."""
    return request.cookies.get(pending_cookie(request.app.state.settings))


def _keep(response: Response, settings: Settings, name: str, token: str, lifetime: timedelta) -> None:
    cookies.keep(response, name, token, int(lifetime.total_seconds()), secure=settings.secure_cookies)


async def end(request: Request, response: Response) -> None:
    """End the caller's session, by bearer token or by cookie, and let the browser forget it."""
    settings: Settings = request.app.state.settings
    held = bearer_of(request.headers.get("authorization", "")) or request.cookies.get(cookie_name(settings))
    if held is not None:
        database: Database = request.app.state.database
        actor: Actor = request.state.actor
        async with database.write(silent=True) as connection:
            await sessions.end(connection, held)
            if actor.account_id is not None:
                subject = audit.account_subject(actor.ward_code, actor.account_id)
                await audit.record(connection, actor, "signOut", subject, actor.ward_code)
        request.app.state.callers.forget()  # at once, not when the database's call arrives
    cookies.drop(response, cookie_name(settings), secure=settings.secure_cookies)


async def token(request: Request) -> Response:
    """`POST /token`: OAuth 2's password form (RFC 6749, 4.3) for apps; `otp` beside it where there is a second factor.

    The errors of a second factor are ours, as its section 5.2 lets us have.
    """
    headers = {"Cache-Control": "no-store"}
    try:
        opened = await _sign_in(request)
    except TooManyRequests as busy:
        message = busy.message(language_of(request.headers))
        told = {"error": "temporarily_unavailable", "error_description": message}
        return JSONResponse(told, 429, {**headers, "Retry-After": str(busy.retry_after)})
    except NoSession as none:
        error = "invalid_grant" if none.code == "SIGN_IN_FAILED" else none.code.lower()
        told = {"error": error, "error_description": none.text.to(language_of(request.headers))}
        return JSONResponse(told, 400, headers)
    kind = "bearer"
    body = {"access_token": opened.token, "token_type": kind, "expires_in": int(opened.lifetime.total_seconds())}
    return JSONResponse(body, 200, headers)


async def open_session(request: Request) -> Response:
    """`POST /session`: sign in with a cookie."""
    if not is_own(request.headers):
        return _errors(FOREIGN.to(language_of(request.headers)), "FOREIGN_ORIGIN", 403)
    try:
        opened = await _sign_in(request)
    except TooManyRequests as busy:
        message = busy.message(language_of(request.headers))
        return _errors(message, "TOO_MANY_REQUESTS", 429, {"Retry-After": str(busy.retry_after)})
    except NoSession as none:
        return _errors(none.text.to(language_of(request.headers)), none.code, 401)
    response = Response(status_code=204)
    hold(request, response, opened.token, opened.lifetime, opened.username)
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
