"""`/account`: what everybody who signs in keeps of their own: their devices, their password, their second factor.

Each form is taken by an endpoint of its own and works without a script. Whenever what a session may do has changed, its
browser is given another token.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo import clock
from geo import sessions as geo_sessions
from geo.actor import Actor, Role
from geo.database import Database
from geo.passwords import LENGTHS
from geo.second_factor import Need
from server import sessions
from server.pages.asking import ask
from server.pages.desk import desk_page, desk_words
from server.pages.languages import language_of, translations
from server.pages.second_factor import CODES_WORDS, set_up_context
from server.pages.settings_forms import Problems, ago, back, done, filled, problems_of, say, text
from server.pages.signed_in import only
from server.pages.words import N_
from server.settings import Settings

AT = "/account"
WORKERS = (Role.TEAM_MEMBER, Role.CREW_MEMBER, Role.STAFF, Role.ADMIN)
DONE = {
    "ended": N_("Đã đăng xuất máy đó."),
    "others": N_("Đã đăng xuất mọi máy khác."),
    "password": N_("Đã đổi mật khẩu. Các máy khác đã bị đăng xuất."),
    "recovery": N_(
        "Đã đăng nhập bằng một mã khôi phục, mã đó không dùng được nữa. Số mã còn lại ở phần Bảo mật hai lớp."
    ),
    "off": N_("Đã tắt bảo mật hai lớp."),
}
ON_DEVICE = N_("%(browser)s trên %(system)s")
UNKNOWN_DEVICE = N_("Máy không rõ loại")
_AGAIN = N_("Đã quá lâu từ lúc bắt đầu. Hãy nhập mật khẩu và quét mã mới.")
_DIFFERENT = N_("Hai lần nhập mật khẩu mới chưa giống nhau.")


def device_of(request: Request, session: dict[str, Any]) -> str:
    """What a session was begun with, in words: `Chrome trên Android`."""
    known = [name for name in (session["browser"], session["system"]) if name]
    if len(known) == 2:
        return say(request, ON_DEVICE) % {"browser": known[0], "system": known[1]}
    return known[0] if known else say(request, UNKNOWN_DEVICE)


@only(*WORKERS)
async def account(request: Request) -> Response:
    """`GET /account`."""
    return await _page(request)


@only(*WORKERS)
async def end_session(request: Request) -> Response:
    """`POST /account/sessions/ID/end`."""
    _, problems = await filled(request)
    if not problems:
        said = {"sessionId": request.path_params["id"]}
        # One that has ended meanwhile has ended.
        await ask(request, "account_end_session", {"input": said})
    return await _page(request, problems) if problems else back(request, AT, "ended")


@only(*WORKERS)
async def end_others(request: Request) -> Response:
    """`POST /account/sessions/end-others`."""
    _, problems = await filled(request)
    if not problems:
        await ask(request, "account_end_others", {"input": {}})
    return await _page(request, problems) if problems else back(request, AT, "others")


@only(*WORKERS)
async def change_password(request: Request) -> Response:
    """`POST /account/password`: `current`, `new` and `again`."""
    form, problems = await filled(request)
    new = form.text("new") or ""
    if not problems and new != (form.text("again") or ""):
        problems = [("again", say(request, _DIFFERENT))]
    result: dict[str, Any] = {}
    if not problems:
        said = {"currentPassword": form.text("current") or "", "newPassword": new}
        result = (await ask(request, "account_password", {"input": said}))["result"]
        problems = problems_of(result, {"currentPassword": "current", "newPassword": "new"})
    if problems:
        return await _page(request, problems, result)
    return await _renewed(request, back(request, AT, "password"))


@only(*WORKERS)
async def begin_second_factor(request: Request) -> Response:
    """`POST /account/second-factor/begin`: `current`, the password; answers with what an app needs."""
    form, problems = await filled(request)
    result: dict[str, Any] = {}
    if not problems:
        said = {"currentPassword": form.text("current") or ""}
        result = (await ask(request, "account_prepare", {"input": said}))["result"]
        problems = problems_of(result, {"currentPassword": "factor-password"})
    return await _page(request, problems, result) if problems else await _set_up(request, result["setUp"])


@only(*WORKERS)
async def enable_second_factor(request: Request) -> Response:
    """`POST /account/second-factor`: `set_up` and the first `code`; answers with the recovery codes."""
    form, problems = await filled(request)
    given = text(form, "set_up")
    result: dict[str, Any] = {}
    if not problems:
        said = {"setUp": given, "code": text(form, "code")}
        result = (await ask(request, "account_enable", {"input": said}))["result"]
        problems = problems_of(result, {"code": "code"})
    if problems:
        return await _set_up(request, given, problems)
    return await _renewed(request, await _codes(request, result["recoveryCodes"]))


@only(*WORKERS)
async def disable_second_factor(request: Request) -> Response:
    """`POST /account/second-factor/off`: `code`, of the app or for recovery."""
    form, problems = await filled(request)
    result: dict[str, Any] = {}
    if not problems:
        result = (await ask(request, "account_disable", {"input": {"code": text(form, "code")}}))["result"]
        problems = problems_of(result, {"code": "off-code"})
    return await _page(request, problems, result) if problems else await _renewed(request, back(request, AT, "off"))


@only(*WORKERS)
async def renew_codes(request: Request) -> Response:
    """`POST /account/second-factor/codes`: `code`; answers with new recovery codes."""
    form, problems = await filled(request)
    result: dict[str, Any] = {}
    if not problems:
        result = (await ask(request, "account_codes", {"input": {"code": text(form, "code")}}))["result"]
        problems = problems_of(result, {"code": "new-code"})
    return await _page(request, problems, result) if problems else await _codes(request, result["recoveryCodes"])


async def again(request: Request) -> Response:
    """`GET` of a form's address, as by a browser that goes back: the account."""
    return back(request, AT, "")


async def _page(request: Request, problems: Problems | None = None, result: dict[str, Any] | None = None) -> Response:
    viewer = (await ask(request, "account"))["viewer"]
    settings: Settings = request.app.state.settings
    now = datetime.now(UTC)
    listed = [
        {
            **one,
            "device": device_of(request, one),
            "since": clock.told(datetime.fromisoformat(one["createdAt"])),
            "seen": ago(request, datetime.fromisoformat(one["seenAt"]), now),
        }
        for one in viewer["sessions"]
    ]
    on = viewer["secondFactorSince"]
    context = {
        "own": viewer,
        "sessions": listed,
        "second_factor": on and clock.told(datetime.fromisoformat(on)),
        "offered": settings.second_factor is not Need.OFF,
        "demanded": settings.second_factor.demands(viewer["role"]),
        "shortest": LENGTHS.start,
        "problems": problems or [],
        "done": done(request, DONE),
    }
    wait = (result or {}).get("retryAfterSeconds")
    status = 429 if wait else 422 if problems else 200
    response = await desk_page(request, "account.html", context, at=AT, status=status)
    response.headers["Cache-Control"] = "no-store"
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def _actor(request: Request) -> Actor:
    actor: Actor = request.state.actor
    return actor


async def _set_up(request: Request, given: str, problems: Problems | None = None) -> Response:
    actor = _actor(request)
    viewer = (await ask(request, "account"))["viewer"]
    shown = (
        None
        if actor.account_id is None
        else set_up_context(request.app.state.settings, actor.account_id, viewer["username"], given)
    )
    if shown is None:  # it was too long ago: the password is asked for again
        return await _page(request, [("factor-password", say(request, _AGAIN))])
    context = {**shown, "problems": problems or []}
    status = 422 if problems else 200
    response = await desk_page(request, "account_second_factor.html", context, at=AT, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


async def _codes(request: Request, codes: list[str]) -> Response:
    words = desk_words(translations(language_of(request)).gettext, CODES_WORDS)
    response = await desk_page(request, "account_codes.html", {"codes": codes, "words": words}, at=AT)
    response.headers["Cache-Control"] = "no-store"
    return response


async def _renewed(request: Request, response: Response) -> Response:
    """The answer with another token for the session in use, which may do something else now."""
    actor = _actor(request)
    database: Database = request.app.state.database
    settings: Settings = request.app.state.settings
    if actor.session_id is None or sessions.cookie_name(settings) not in request.cookies:
        return response
    async with database.write(silent=True) as connection:
        token = await geo_sessions.renew(connection, actor.session_id)
    request.app.state.callers.forget()
    if token is not None:
        sessions.hold(request, response, token, timedelta(days=settings.session_days))
    return response


_FORMS = ("password", "second-factor", "second-factor/begin", "second-factor/off", "second-factor/codes")
routes: list[BaseRoute] = [
    Route(AT, account, methods=["GET"]),
    Route(f"{AT}/sessions/end-others", end_others, methods=["POST"]),
    Route(f"{AT}/sessions/{{id:str}}/end", end_session, methods=["POST"]),
    Route(f"{AT}/password", change_password, methods=["POST"]),
    Route(f"{AT}/second-factor", enable_second_factor, methods=["POST"]),
    Route(f"{AT}/second-factor/begin", begin_second_factor, methods=["POST"]),
    Route(f"{AT}/second-factor/off", disable_second_factor, methods=["POST"]),
    Route(f"{AT}/second-factor/codes", renew_codes, methods=["POST"]),
    *(Route(f"{AT}/{form}", again, methods=["GET"]) for form in _FORMS),
]
