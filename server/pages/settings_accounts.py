"""`/staff/accounts`: who signs in to work for the ward; new accounts, new passwords, locking and moving.

A password is in the answer to the form that made it and nowhere else, so that answer is the page itself, no 303: it is
in no address, in no store and in no history of the browser.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo import account_lists, clock
from geo.actor import Actor
from geo.tables import AccountRole, LinkPurpose
from server.pages.asking import Unanswered, ask
from server.pages.desk import desk_page, desk_words
from server.pages.languages import language_of, translations
from server.pages.settings_forms import Problems, back, done, filled, problems_of, say, settings, text
from server.pages.trouble import trouble
from server.pages.words import N_, Sign

AT = "/staff/accounts"
DONE = {
    "disabled": N_("Đã khóa tài khoản. Người này bị đăng xuất khỏi mọi máy."),
    "enabled": N_("Đã mở khóa. Người này đăng nhập lại được bằng mật khẩu cũ."),
    "moved": N_("Đã chuyển."),
    "mailed": N_("Liên kết sẽ được gửi qua email trong ít phút."),
    "email": N_("Đã lưu email."),
    "factor": N_("Đã gỡ bảo mật hai lớp. Người này đăng nhập bằng mật khẩu, rồi có thể bật lại."),
}
FORMS = ("password", "disabled", "move", "link", "email", "second-factor")
ROLES = {
    AccountRole.CREW_MEMBER: Sign(N_("Đội phản ứng nhanh"), "truck"),
    AccountRole.TEAM_MEMBER: Sign(N_("Tổ công nghệ số cộng đồng"), "users"),
    AccountRole.STAFF: Sign(N_("Cán bộ phường"), "landmark"),
    AccountRole.ADMIN: Sign(N_("Quản trị viên"), "cog"),
}
WORDS = {"copied": N_("Đã chép mật khẩu."), "notCopied": N_("Không chép được. Hãy chọn mật khẩu rồi chép bằng tay.")}
LINK_WORDS = {
    "copied": N_("Đã chép liên kết."),
    "notCopied": N_("Không chép được. Hãy chọn liên kết rồi chép bằng tay."),
}
SHOWN_WITHOUT = 6
"""Crews and teams without an account that are named before the rest is folded away."""

_EMPTY = {"username": "", "name": "", "email": "", "how": "password"}
_FIELDS = {
    "email": "email",
    "mail": "link",
    "username": "username",
    "name": "name",
    "role": "role",
    "crewId": "crew",
    "teamId": "team",
}
_NO_ROLE = N_("Hãy chọn vai trò của người này.")
_BELONGS = {AccountRole.CREW_MEMBER: "crew", AccountRole.TEAM_MEMBER: "team"}


@settings
async def listing(request: Request, code: str) -> Response:
    """`GET /staff/accounts[?q=&role=&after=]`."""
    asked = request.query_params
    search = asked.get("q", "").replace("\x00", "").strip()[:200]
    role = asked["role"] if asked.get("role") in list(AccountRole) else None
    given = {"code": code, "search": search or None, "role": role, "after": asked.get("after")}
    try:
        ward = (await ask(request, "settings_accounts", given))["ward"]
    except Unanswered:  # a cursor of another list
        ward = (await ask(request, "settings_accounts", {**given, "after": None}))["ward"]
    without = [
        *({**one, "kind": "crew"} for one in ward["crews"]["nodes"] if not one["members"]),
        *({**one, "kind": "team"} for one in ward["teams"]["nodes"] if not one["accounts"]),
    ]
    context = {
        "accounts": ward["accounts"],
        "without": without,
        "shown_without": SHOWN_WITHOUT,
        "roles": ROLES,
        "search": search,
        "role": role,
        "later": "after" in asked,
        "done": done(request, DONE),
    }
    return await desk_page(request, "settings_accounts.html", context, at=AT)


@settings
async def adding(request: Request, code: str) -> Response:
    """`GET /staff/accounts/new[?crew=ID|?team=ID]`."""
    crew, team = (request.query_params.get(name, "") for name in ("crew", "team"))
    role = AccountRole.CREW_MEMBER if crew else AccountRole.TEAM_MEMBER if team else ""
    return await _form(request, code, {**_EMPTY, "role": role, "crew": crew, "team": team})


@settings
async def add(request: Request, code: str) -> Response:
    """`POST /staff/accounts/new`: answers with the account's password."""
    form, problems = await filled(request)
    given = {name: text(form, name) for name in ("username", "name", "role", "crew", "team", "email", "how")}
    if not problems and given["role"] not in list(AccountRole):
        problems = [("role", say(request, _NO_ROLE))]
    if not problems:
        belongs = _BELONGS.get(AccountRole(given["role"]))
        said: dict[str, Any] = {
            "wardCode": code,
            "username": given["username"],
            "name": given["name"],
            "role": given["role"],
            "email": given["email"] or None,
            "invite": given["how"] == "invite",
        }
        said |= {f"{name}Id": given[name] or None if name == belongs else None for name in ("crew", "team")}
        result = (await ask(request, "settings_create_account", {"input": said}))["result"]
        problems = problems_of(result, _FIELDS)
    if problems:
        return await _form(request, code, given, problems)
    return await (_password(request, result, new=True) if result["password"] else _link(request, result, new=True))


@settings
async def opened(request: Request, code: str) -> Response:
    """`GET /staff/accounts/ID`."""
    return await _account(request, code)


@settings
async def reset(request: Request, code: str) -> Response:
    """`POST /staff/accounts/ID/password`: answers with the new password."""
    _, problems = await filled(request)
    if not problems:
        said = {"accountId": request.path_params["id"]}
        result = (await ask(request, "settings_reset_password", {"input": said}))["result"]
        problems = problems_of(result, {})
    return await _account(request, code, problems) if problems else await _password(request, result, new=False)


@settings
async def make_link(request: Request, code: str) -> Response:
    """`POST /staff/accounts/ID/link`: `purpose`, and `mail`, yes or not; answers with the link, or 303."""
    form, problems = await filled(request)
    id_, mailed = request.path_params["id"], text(form, "mail") == "yes"
    purpose = text(form, "purpose")
    result: dict[str, Any] = {}
    if not problems:
        known = purpose if purpose in list(LinkPurpose) else LinkPurpose.PASSWORD_RESET
        said = {"accountId": id_, "purpose": known, "mail": mailed}
        result = (await ask(request, "settings_account_link", {"input": said}))["result"]
        problems = problems_of(result, _FIELDS)
    if problems:
        return await _account(request, code, problems)
    return back(request, f"{AT}/{id_}", "mailed") if mailed else await _link(request, result, new=False)


@settings
async def set_email(request: Request, code: str) -> Response:
    """`POST /staff/accounts/ID/email`: `email`, empty for none."""
    form, problems = await filled(request)
    id_ = request.path_params["id"]
    if not problems:
        said = {"accountId": id_, "email": text(form, "email") or None}
        result = (await ask(request, "settings_account_email", {"input": said}))["result"]
        problems = problems_of(result, _FIELDS)
    return await _account(request, code, problems) if problems else back(request, f"{AT}/{id_}", "email")


@settings
async def reset_second_factor(request: Request, code: str) -> Response:
    """`POST /staff/accounts/ID/second-factor`: forget it."""
    _, problems = await filled(request)
    id_ = request.path_params["id"]
    if not problems:
        result = (await ask(request, "settings_reset_second_factor", {"input": {"accountId": id_}}))["result"]
        problems = problems_of(result, {})
    return await _account(request, code, problems) if problems else back(request, f"{AT}/{id_}", "factor")


@settings
async def disable(request: Request, code: str) -> Response:
    """`POST /staff/accounts/ID/disabled`: `disabled`, yes or no."""
    form, problems = await filled(request)
    id_, disabled = request.path_params["id"], text(form, "disabled") == "yes"
    if not problems:
        said = {"accountId": id_, "disabled": disabled}
        problems = problems_of((await ask(request, "settings_disable_account", {"input": said}))["result"], {})
    if problems:
        return await _account(request, code, problems)
    return back(request, f"{AT}/{id_}", "disabled" if disabled else "enabled")


@settings
async def move(request: Request, code: str) -> Response:
    """`POST /staff/accounts/ID/move`: `crew` or `team`, an id."""
    form, problems = await filled(request)
    id_ = request.path_params["id"]
    if not problems:
        said = {"accountId": id_, **{f"{name}Id": text(form, name) or None for name in ("crew", "team")}}
        problems = problems_of((await ask(request, "settings_move_account", {"input": said}))["result"], _FIELDS)
    return await _account(request, code, problems) if problems else back(request, f"{AT}/{id_}", "moved")


async def _account(request: Request, code: str, problems: Problems | None = None) -> Response:
    found = (await ask(request, "settings_account", {"id": request.path_params["id"]}))["account"]
    if not found:
        return trouble(request, 404)
    actor: Actor = request.state.actor
    context = {
        "account": found,
        "since": clock.told(datetime.fromisoformat(found["createdAt"])),
        "own": found["id"].endswith(f":{actor.account_id}"),
        "belongs": (await ask(request, "settings_belongs", {"code": code}))["ward"],
        "roles": ROLES,
        "problems": problems or [],
        "mails": request.app.state.settings.writes_mail,
        "done": done(request, DONE),
    }
    return await desk_page(request, "settings_account.html", context, at=AT, status=422 if problems else 200)


async def _form(request: Request, code: str, given: dict[str, Any], problems: Problems | None = None) -> Response:
    kept = [role for role in ROLES if role in account_lists.kept_by(request.state.actor)]
    taken = (
        await _of_name(request, code, given["username"])
        if any(field == "username" for field, _ in problems or ())
        else None
    )
    context = {
        "given": given,
        "taken": taken,
        "roles": {role: ROLES[role] for role in kept if role is not AccountRole.ADMIN},
        "belongs": (await ask(request, "settings_belongs", {"code": code}))["ward"],
        "problems": problems or [],
    }
    return await desk_page(request, "settings_account_new.html", context, at=AT, status=422 if problems else 200)


async def _of_name(request: Request, code: str, username: str) -> dict[str, Any] | None:
    """The ward's account of that name: whoever loads anew the page that showed a link once has made it already."""
    given = {"code": code, "search": username, "role": None, "after": None}
    found: list[dict[str, Any]] = (await ask(request, "settings_accounts", given))["ward"]["accounts"]["nodes"]
    return next((one for one in found if username and one["username"] == username.lower()), None)


async def _password(request: Request, result: dict[str, Any], *, new: bool) -> Response:
    gettext = translations(language_of(request)).gettext
    context = {
        "account": result["account"],
        "password": result["password"],
        "new": new,
        "roles": ROLES,
        "sign_in": f"{request.url.netloc}/sign-in",
        "words": desk_words(gettext, WORDS),
    }
    response = await desk_page(request, "settings_password.html", context, at=AT)
    response.headers["Cache-Control"] = "no-store"
    return response


async def _link(request: Request, result: dict[str, Any], *, new: bool) -> Response:
    gettext = translations(language_of(request)).gettext
    context = {
        "account": result["account"],
        "link": result["link"]["url"],
        "until": clock.told(datetime.fromisoformat(result["link"]["expiresAt"])),
        "new": new,
        "roles": ROLES,
        "words": desk_words(gettext, LINK_WORDS),
    }
    response = await desk_page(request, "settings_link.html", context, at=AT)
    response.headers["Cache-Control"] = "no-store"
    return response


async def again(request: Request) -> Response:
    """`GET` of a form's address, as by a browser that goes back: the account."""
    return back(request, f"{AT}/{request.path_params['id']}", "")


routes: list[BaseRoute] = [
    Route(AT, listing, methods=["GET"]),
    Route(f"{AT}/new", adding, methods=["GET"]),
    Route(f"{AT}/new", add, methods=["POST"]),
    Route(f"{AT}/{{id:str}}", opened, methods=["GET"]),
    Route(f"{AT}/{{id:str}}/password", reset, methods=["POST"]),
    Route(f"{AT}/{{id:str}}/disabled", disable, methods=["POST"]),
    Route(f"{AT}/{{id:str}}/move", move, methods=["POST"]),
    Route(f"{AT}/{{id:str}}/link", make_link, methods=["POST"]),
    Route(f"{AT}/{{id:str}}/email", set_email, methods=["POST"]),
    Route(f"{AT}/{{id:str}}/second-factor", reset_second_factor, methods=["POST"]),
    *(Route(f"{AT}/{{id:str}}/{form}", again, methods=["GET"]) for form in FORMS),
]
