"""Signing in and out by pages: `/sign-in` for who works for a ward, and `/sign-out`. Residents need neither."""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from geo.actor import Actor
from geo.errors import TooManyRequests
from geo.language import Text
from server import cookies, sessions, signing_in
from server.pages.asking import ask
from server.pages.desk import WAYS, home_of
from server.pages.languages import language_of, translations
from server.pages.own_form import own_form
from server.pages.render import page, within_ward
from server.pages.words import N_
from server.sessions import FOREIGN, is_own
from server.signing_in import Opened, Pending, Wants
from server.uploads import Refused
from server.wards import UnknownWard, asked_ward

DEMO_PASSWORD = "phuongso-demo"  # noqa: S105 # nosec B105 - of the demo's made-up people, as its own code has it
DEMO_ACCOUNTS = (
    ("staff", N_("cán bộ phường")),
    ("crew-1", N_("đội phản ứng (đến crew-8)")),
    ("team-1", N_("tổ công nghệ số cộng đồng")),
    ("admin", N_("quản trị")),
)
"""Who can be tried out in the demo ward, and what for."""

SIGNED_OUT = "signed-out"
"""What the address says was done, and the cookie by which it is told once: not by a link, nor again on a reload."""
_TOLD_WITHIN = 60  # seconds
_MOST_LETTERS = 2_000
_NAME_MISSING = N_("Hãy điền tên đăng nhập.")
_PASSWORD_MISSING = N_("Hãy điền mật khẩu.")
_NOT_OPENED = N_(
    "Tên đăng nhập và mật khẩu chưa khớp. Hãy thử lại, hoặc nhờ cán bộ phụ trách tài khoản của phường đặt lại mật khẩu."
)
_WAIT = Text(
    "Đang có nhiều người đăng nhập cùng lúc. Hãy thử lại sau {seconds} giây.",
    "Many people are signing in right now. Please try again in {seconds} seconds.",
)


def own_path(text: str | None) -> str | None:
    """An address of our own to go on to; None for one that leads, or might lead a browser, anywhere else.

    Browsers drop tabs and line ends from an address and read "\\\\" as "/": neither is in an address of ours.
    """
    if text is None or len(text) > _MOST_LETTERS or not text.startswith("/"):
        return None
    if text.startswith("//") or "\\" in text or any(unicodedata.category(letter)[0] in "CZ" for letter in text):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or parts.path.startswith(("/sign-in", "/sign-out", "/link/")):
        return None
    return text


async def sign_in(request: Request) -> Response:
    """`GET /sign-in[?next=]`: the form; to who is signed in already, who that is and where to go."""
    response = await _shown(request, own_path(request.query_params.get("next")))
    if SIGNED_OUT in request.cookies:
        cookies.drop(response, SIGNED_OUT, secure=request.app.state.settings.secure_cookies, path="/sign-in")
    return response


async def signed_in(request: Request) -> Response:
    """`POST /sign-in`: `username`, `password`, and `next`; 303 to there, or to where the account's work begins."""
    try:
        async with own_form(request) as form:
            username, password = (form.text(name) or "" for name in ("username", "password"))
            then = own_path(form.text("next"))
    except Refused as refused:
        problem = ("sign-in", refused.message(language_of(request)))
        return await _shown(request, None, [problem], status=refused.status, headers=refused.headers)
    say = translations(language_of(request)).gettext
    missing = (("username", username.strip(), _NAME_MISSING), ("password", password, _PASSWORD_MISSING))
    if problems := [(field, say(text)) for field, given, text in missing if not given]:
        return await _shown(request, then, problems, username=username, status=422)
    try:
        opened = await signing_in.with_password(request, username, password)
    except TooManyRequests as busy:
        told, again = waiting_told(request, busy)
        return await _shown(request, then, [("sign-in", told)], username=username, status=429, headers=again)
    if opened is None:
        return await _shown(request, then, [("username", say(_NOT_OPENED))], username=username, status=422)
    return go_on(request, opened, then)


def waiting_told(request: Request, busy: TooManyRequests) -> tuple[str, dict[str, str]]:
    """What to say to who comes too early, and the headers that say it to programs."""
    language = language_of(request)
    told = _WAIT.to(language, seconds=busy.retry_after) if busy.text is TooManyRequests.text else busy.message(language)
    return told, {"Retry-After": str(busy.retry_after)}


def go_on(request: Request, opened: Opened | Pending, then: str | None) -> Response:
    """303 to where a sign-in leads: on to the second factor, or to `then`, or to where the account's work begins."""
    if isinstance(opened, Pending):
        path = "/sign-in/code" if opened.wants is Wants.CODE else "/sign-in/second-factor"
        response = RedirectResponse(within_ward(request, path, **({"next": then} if then else {})), 303)
        sessions.hold_pending(request, response, opened.token)
        return response
    response = RedirectResponse(then or start_of(request, opened), 303)
    sessions.hold(request, response, opened.token, opened.lifetime, opened.username)
    return response


def start_of(request: Request, opened: Opened) -> str:
    """Where the account's work begins; for an administrator of every ward in the one that the address names."""
    home = home_of(Actor(opened.role))
    return within_ward(request, home) if opened.ward_code is None else home


async def sign_out(request: Request) -> Response:
    """`POST /sign-out`: ends the session; 303 to where one signs in, which says so. What a resident wrote is left."""
    if not is_own(request.headers):
        return await _shown(request, None, [("sign-in", FOREIGN.to(language_of(request)))], status=403)
    response = RedirectResponse(within_ward(request, "/sign-in", done=SIGNED_OUT), 303)
    await sessions.end(request, response)
    secure = request.app.state.settings.secure_cookies
    cookies.keep(response, SIGNED_OUT, "1", _TOLD_WITHIN, secure=secure, path="/sign-in")
    return response


async def back(_: Request) -> Response:
    """`GET /sign-out`: nobody is signed out by a link; the page says who is signed in."""
    return RedirectResponse("/sign-in", 303)


async def _shown(
    request: Request,
    then: str | None,
    problems: list[tuple[str, str]] | None = None,
    *,
    username: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    actor: Actor = request.state.actor
    context: dict[str, Any] = {
        "viewer": actor if actor.account_id else None,
        "ways": WAYS.get(actor.role, ()),
        "then": then,
        "username": username.replace("\x00", "")[:200],
        "problems": problems or [],
        "demo_accounts": DEMO_ACCOUNTS,
        "demo_password": DEMO_PASSWORD,
        "writes_mail": request.app.state.settings.writes_mail,
        "signed_out": request.query_params.get("done") == SIGNED_OUT and SIGNED_OUT in request.cookies,
    }
    return await plain_page(request, "sign_in.html", context, status=status, headers=headers)


async def plain_page(
    request: Request,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """A page of signing in, under the ward that the request names, which no browser stores. 404 without a ward."""
    try:
        ward = (await ask(request, "ward", {"code": asked_ward(request)}))["ward"]
    except UnknownWard:
        ward = None
    if ward is None:
        return page(request, "no_ward.html", {}, status=404)
    response = page(request, template, {"ward": ward, **context}, status=status)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers or {})
    return response


routes: list[BaseRoute] = [
    Route("/sign-in", sign_in, methods=["GET"]),
    Route("/sign-in", signed_in, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
    Route("/sign-out", back, methods=["GET"]),
]
