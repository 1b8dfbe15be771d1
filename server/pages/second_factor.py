"""The second page of signing in: the code of the second factor, or setting one up where it is demanded.

The browser holds what waits (`server.signing_in.Pending`), which opens nothing until a code has come. Recovery codes
are in the answer to the form that made them and nowhere else, so that answer is the page itself, no 303.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import segno
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from geo import second_factor
from geo.database import Database
from geo.errors import InvalidInput, TooManyRequests
from server import sessions, signing_in
from server.pages.languages import language_of, translations
from server.pages.render import within_ward
from server.pages.settings_forms import Problems, filled
from server.pages.sign_in import go_on, own_path, plain_page, start_of, waiting_told
from server.pages.words import N_, script_words
from server.settings import Settings
from server.signing_in import Waiting, Wants

CODES_WORDS = {
    "copied": N_("Đã chép các mã."),
    "notCopied": N_("Không chép được. Hãy chọn các mã rồi chép bằng tay."),
}
_CODE_MISSING = N_("Hãy nhập mã 6 chữ số của ứng dụng.")


def qr_code(address: str) -> str:
    """An `otpauth://` address as SVG to stand in a page: dark on light, whatever the page's colours are."""
    code = segno.make(address, error="m", micro=False)
    # Without a size of its own: the page makes it as large as there is room, all of it.
    return str(code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr"))


def grouped(secret: str) -> str:
    """A key in groups of four, as one reads it out."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def set_up_context(settings: Settings, account_id: UUID, username: str, set_up: str) -> dict[str, Any] | None:
    """What the page that sets a second factor up shows: `set_up`, `key`, `qr`, `address`, `username`. None where
    `set_up` does not count: a secret is shown only to whom it was given."""
    salt = second_factor.salt_in(settings.key, account_id, set_up)
    if salt is None:
        return None
    secret = second_factor.secret_of(settings.key, account_id, salt)
    address = second_factor.address_of(secret, username)
    return {
        "set_up": set_up,
        "key": grouped(secret),
        "qr": qr_code(address),
        "address": address,
        "username": username,
    }


async def code(request: Request) -> Response:
    """`GET /sign-in/code[?next=]`: asks for the code of the second factor."""
    who = await signing_in.waiting(request, sessions.pending_of(request))
    if who is None or who.wants is not Wants.CODE:
        return _again(request)
    return await _code_page(request, who, own_path(request.query_params.get("next")))


async def code_given(request: Request) -> Response:
    """`POST /sign-in/code`: `code` or `recovery`, and `next`."""
    form, problems = await filled(request)
    then, token = own_path(form.text("next")), sessions.pending_of(request)
    who = await signing_in.waiting(request, token)
    if who is None or token is None or who.wants is not Wants.CODE:
        return _again(request)
    if problems:
        return await _code_page(request, who, then, problems, status=403)
    given, recovery = ((form.text(name) or "").strip() for name in ("code", "recovery"))
    language = language_of(request)
    if not (given or recovery):
        missing = translations(language).gettext(_CODE_MISSING)
        return await _code_page(request, who, then, [("code", missing)], status=422)
    try:
        opened = await signing_in.with_code(request, token, who, given or recovery)
    except TooManyRequests as busy:
        told, headers = waiting_told(request, busy)
        return await _code_page(request, who, then, [("form", told)], status=429, headers=headers)
    if opened is None:
        field = "code" if given else "recovery"
        return await _code_page(request, who, then, [(field, second_factor.WRONG.to(language))], status=422)
    # Who came by a recovery code has one fewer: their account says how many are left.
    return go_on(request, opened, then if given else within_ward(request, "/account", done="recovery"))


async def set_up(request: Request) -> Response:
    """`GET /sign-in/second-factor[?next=]`: how to set one up, for who must have one."""
    who = await signing_in.waiting(request, sessions.pending_of(request))
    if who is None or who.wants is not Wants.SET_UP:
        return _again(request)
    return await _set_up_page(request, who, "", own_path(request.query_params.get("next")))


async def set_up_done(request: Request) -> Response:
    """`POST /sign-in/second-factor`: `set_up` and the first `code`; answers with the recovery codes, signed in."""
    form, problems = await filled(request)
    then, token = own_path(form.text("next")), sessions.pending_of(request)
    who = await signing_in.waiting(request, token)
    given = form.text("set_up") or ""
    if who is None or token is None or who.wants is not Wants.SET_UP:
        return _again(request)
    if problems:
        return await _set_up_page(request, who, given, then, problems, status=403)
    try:
        done = await signing_in.with_set_up(request, token, who, given, form.text("code") or "")
    except InvalidInput as wrong:
        told = wrong.problems[0].message(language_of(request))
        return await _set_up_page(request, who, given, then, [("code", told)], status=422)
    if done is None:
        return _again(request)
    opened, codes = done
    words = script_words(translations(language_of(request)).gettext, CODES_WORDS)
    context = {"codes": codes, "then": then or start_of(request, opened), "words": words}
    response = await plain_page(request, "second_factor_codes.html", context)
    sessions.hold(request, response, opened.token, opened.lifetime, opened.username)
    return response


async def _code_page(
    request: Request,
    who: Waiting,
    then: str | None,
    problems: Problems | None = None,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    context = {"username": who.username, "then": then, "problems": problems or []}
    return await plain_page(request, "second_factor_code.html", context, status=status, headers=headers)


async def _set_up_page(
    request: Request,
    who: Waiting,
    given: str,
    then: str | None,
    problems: Problems | None = None,
    *,
    status: int = 200,
) -> Response:
    settings: Settings = request.app.state.settings
    shown = set_up_context(settings, who.account_id, who.username, given)
    if shown is None:
        database: Database = request.app.state.database
        async with database.read() as connection:
            stands = await second_factor.standing(connection, settings.key, who.account_id)
        fresh = second_factor.new_set_up(settings.key, who.account_id, stands)
        shown = set_up_context(settings, who.account_id, who.username, fresh) or {}
    context = {**shown, "then": then, "problems": problems or []}
    return await plain_page(request, "second_factor_set_up.html", context, status=status)


def _again(request: Request) -> Response:
    """Nothing waits, or something else: the sign-in knows what is next."""
    return RedirectResponse(within_ward(request, "/sign-in"), 303)


routes: list[BaseRoute] = [
    Route("/sign-in/code", code, methods=["GET"]),
    Route("/sign-in/code", code_given, methods=["POST"]),
    Route("/sign-in/second-factor", set_up, methods=["GET"]),
    Route("/sign-in/second-factor", set_up_done, methods=["POST"]),
]
