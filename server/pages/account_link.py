"""`/link/TOKEN`, where a one-time link leads, and `/forgot`, where somebody asks for one by mail.

Looking at a link changes nothing: programs that read mail look at it too. The page tells no other site its address, is
kept by no browser, and the server's log holds no token.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from geo import account_links, accounts, clock, passwords, sign_in_delays
from geo.database import Database
from geo.errors import InvalidInput, TooManyRequests
from geo.tables import LinkPurpose
from server import signing_in
from server.pages.languages import language_of, translations
from server.pages.render import within_ward
from server.pages.settings_forms import Problems, filled
from server.pages.sign_in import go_on, plain_page, waiting_told
from server.pages.trouble import trouble
from server.pages.words import N_

UNTOLD = {"Referrer-Policy": "strict-origin", "X-Robots-Tag": "noindex"}
"""A browser tells nobody this page's address; not `no-referrer`, with which a form would say that it comes from
nowhere."""
_DIFFERENT = N_("Hai lần nhập mật khẩu chưa giống nhau.")
_NAME_MISSING = N_("Hãy điền tên đăng nhập.")


async def link(request: Request) -> Response:
    """`GET /link/TOKEN`: whose account it opens, and a form for the new password."""
    return await _link_page(request)


async def link_used(request: Request) -> Response:
    """`POST /link/TOKEN`: `password` and, where a script did not show it, `again`; 303 on, signed in or half so."""
    form, problems = await filled(request)
    if problems:
        return await _link_page(request, problems, status=403)
    say = translations(language_of(request)).gettext
    password, again = form.text("password") or "", form.text("again") or ""
    if len(password) not in passwords.LENGTHS:
        problems = [("password", passwords.WRONG_LENGTH.to(language_of(request)))]
    elif password != again:
        problems = [("again", say(_DIFFERENT))]
    if problems or await _opening(request) is None:  # nothing is hashed for who holds no link
        return await _link_page(request, problems, status=422)
    try:
        made = await passwords.hashed(password)
    except TooManyRequests as busy:
        told, headers = waiting_told(request, busy)
        return await _link_page(request, [("form", told)], status=429, headers=headers)
    except InvalidInput as wrong:
        return await _link_page(request, [("password", wrong.problems[0].message(language_of(request)))], status=422)
    used = await signing_in.with_link(request, request.path_params["token"], made)
    if used is None:
        return await _link_page(request)
    request.app.state.callers.forget()
    response = go_on(request, used[1], None)
    response.headers.update(UNTOLD)
    return response


async def forgot(request: Request) -> Response:
    """`GET /forgot`: asks for a user name; 404 where no mail is sent from here."""
    if not request.app.state.settings.writes_mail:
        return trouble(request, 404)
    return await _forgot_page(request)


async def forgot_sent(request: Request) -> Response:
    """`POST /forgot`: `username`; 303 to the same words whoever it names, and in the same time."""
    if not request.app.state.settings.writes_mail:
        return trouble(request, 404)
    form, problems = await filled(request)
    if problems:
        return await _forgot_page(request, problems, status=403)
    username = (form.text("username") or "").replace("\x00", "").strip()[:200]
    if not username:
        missing = translations(language_of(request)).gettext(_NAME_MISSING)
        return await _forgot_page(request, [("username", missing)], status=422)
    try:
        await signing_in.count(request, sign_in_delays.FORGOTTEN, username)
    except TooManyRequests as busy:
        told, headers = waiting_told(request, busy)
        return await _forgot_page(request, [("form", told)], username=username, status=429, headers=headers)
    database: Database = request.app.state.database
    async with database.write(silent=True) as connection:
        found = await accounts.find(connection, username)
        # A job for a name that nobody has finds nobody: it is written all the same.
        account_id = uuid4() if found is None or found.disabled else found.id
        await account_links.send(connection, account_id, LinkPurpose.PASSWORD_RESET, language_of(request))
    return RedirectResponse(within_ward(request, "/forgot", done="sent"), 303)


async def _opening(request: Request) -> account_links.Opening | None:
    database: Database = request.app.state.database
    async with database.read() as connection:
        return await account_links.look(connection, request.path_params["token"])


async def _link_page(
    request: Request, problems: Problems | None = None, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    opening = await _opening(request)
    context: dict[str, Any] = {"opening": opening, "problems": problems or [], "shortest": passwords.LENGTHS.start}
    if opening is None:
        status = 410
    else:
        context["until"] = clock.told(opening.expires_at)
        context["invited"] = opening.purpose is LinkPurpose.INVITATION
    return await plain_page(request, "account_link.html", context, status=status, headers=UNTOLD | (headers or {}))


async def _forgot_page(
    request: Request,
    problems: Problems | None = None,
    *,
    username: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    sent = request.query_params.get("done") == "sent"
    context = {"problems": problems or [], "username": username, "sent": sent}
    return await plain_page(request, "forgot.html", context, status=status, headers=headers)


routes: list[BaseRoute] = [
    Route("/link/{token:str}", link, methods=["GET"]),
    Route("/link/{token:str}", link_used, methods=["POST"]),
    Route("/forgot", forgot, methods=["GET"]),
    Route("/forgot", forgot_sent, methods=["POST"]),
]
