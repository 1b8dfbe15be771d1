"""What its reporter says to a report: a verdict, or that it is not solved. Plain forms, which need no script."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo.photos import MOST_PHOTOS
from geo.tables import Satisfaction
from server import photos, reporters
from server.pages.asking import ask
from server.pages.languages import language_of, translations
from server.pages.own_form import own_form
from server.pages.progress import Problems, ask_for_code, code_of, shown, to_report
from server.pages.words import N_
from server.sessions import FOREIGN, is_own
from server.uploads import MOST_FILES, Form, Refused

_CHOOSE = N_("Hãy chọn một mức đánh giá.")
_WRITE = N_("Hãy viết còn gì chưa ổn.")
_LATER = 503
_MOVED_ON = N_("Phản ánh vừa chuyển sang bước khác, nên chưa nhận được. Hãy xem lại tình trạng bên trên.")


async def rate(request: Request) -> Response:
    """`POST /r/CODE/rate`: `satisfaction`, and a `comment` where there is one."""
    code, secret = _held(request)
    if code is None or secret is None:
        return await ask_for_code(request, 404, code=code)
    given: dict[str, Any] = {}
    try:
        async with own_form(request) as form:
            given = {name: _text(form, name) for name in ("satisfaction", "comment")}
    except Refused as refused:
        return await _refused(request, code, [("rate", refused.message(language_of(request)))], given, refused)
    if given["satisfaction"] not in list(Satisfaction):
        return await _refused(request, code, [("satisfaction", _say(request, _CHOOSE))], given)
    comment = given["comment"].strip() or None
    said = {"trackingCode": code, "secret": secret, "satisfaction": given["satisfaction"], "comment": comment}
    result = (await ask(request, "rate", {"input": said}))["result"]
    problems = _problems(request, result, "rate", {"comment": "comment"})
    if problems:
        return await _refused(request, code, problems, given)
    if given["satisfaction"] == Satisfaction.DISSATISFIED:
        return to_report(code, "discontent", "#reopen")
    return to_report(code, "rated")


async def reopen(request: Request) -> Response:
    """`POST /r/CODE/reopen`: a `reason`, and photographs where there are any."""
    code, secret = _held(request)
    if code is None or secret is None:
        return await ask_for_code(request, 404, code=code)
    given: dict[str, Any] = {}
    problems: Problems = []
    why: Refused | None = None
    try:
        async with own_form(request, most_files=MOST_FILES) as form:
            named = [id_ for id_ in form.texts("photoIds") if "\x00" not in id_]
            given = {"reason": _text(form, "reason"), "photo_ids": named[:MOST_PHOTOS]}
            for file in form.files(photos.FIELD):
                try:
                    given["photo_ids"].append((await photos.keep(request.app.state, file)).id)
                except Refused as refused:
                    problems.append(("photo", refused.message(language_of(request))))
                    why = refused if refused.status == _LATER else why
    except Refused as refused:
        field = "photo" if refused.parameter == photos.FIELD else "reopen"
        problems.append((field, refused.message(language_of(request))))
        why = refused
    if not problems:
        said = {"trackingCode": code, "secret": secret, "reason": given["reason"], "photoIds": given["photo_ids"]}
        result = (await ask(request, "reopen", {"input": said}))["result"]
        problems = _problems(request, result, "reopen", {"reason": "reason", "photoIds": "photo"})
        if not given["reason"].strip():
            problems = [(field, _say(request, _WRITE) if field == "reason" else told) for field, told in problems]
    return await _refused(request, code, problems, given, why) if problems else to_report(code, "reopened")


async def _refused(
    request: Request, code: str, problems: Problems, given: dict[str, Any], why: Refused | None = None
) -> Response:
    """The page with what is wrong. `why` the form as a whole was refused, where its fields are not to blame."""
    status, headers = (422, {}) if why is None else (why.status, why.headers)
    return await shown(request, code, problems=problems, given=given, status=status, headers=headers)


def _held(request: Request) -> tuple[str | None, str | None]:
    """The report that the address names, and the secret that this browser holds of it."""
    code = code_of(request)
    return code, None if code is None else reporters.secret_of(request, code)


def _text(form: Form, name: str) -> str:
    """What was written, without what cannot be stored."""
    return (form.text(name) or "").replace("\x00", "")


def _say(request: Request, text: str) -> str:
    return translations(language_of(request)).gettext(text)


def _problems(request: Request, result: dict[str, Any], form: str, fields: dict[str, str]) -> Problems:
    """What is wrong, by the ids of the page's fields; what is about none of them, by the form's."""
    if result["__typename"].endswith("Payload"):
        return []
    if result["__typename"] == "InvalidTransition":
        return [(form, _say(request, _MOVED_ON))]
    told = result.get("problems") or [result]
    return [(_field(one["path"], form, fields), one["message"]) for one in told]


def _field(path: list[str] | None, form: str, fields: dict[str, str]) -> str:
    return next((fields[part] for part in path or () if part in fields), form)


async def withdraw(request: Request) -> Response:
    """`POST /r/CODE/withdraw`: who reported it is known no more."""
    code, secret = _held(request)
    if code is None or secret is None:
        return await ask_for_code(request, 404, code=code)
    if not is_own(request.headers):
        refused = Refused(403, FOREIGN)
        return await _refused(request, code, [("withdraw", refused.message(language_of(request)))], {}, refused)
    said = {"trackingCode": code, "secret": secret}
    problems = _problems(request, (await ask(request, "withdraw", {"input": said}))["result"], "withdraw", {})
    return await _refused(request, code, problems, {}) if problems else to_report(code, "withdrawn")


async def back(request: Request) -> Response:
    """The address of a form, opened: its page."""
    code = code_of(request)
    return await ask_for_code(request, 404) if code is None else to_report(code)


routes: list[BaseRoute] = [
    Route("/r/{code}/rate", rate, methods=["POST"]),
    Route("/r/{code}/reopen", reopen, methods=["POST"]),
    Route("/r/{code}/withdraw", withdraw, methods=["POST"]),
    Route("/r/{code}/rate", back, methods=["GET"]),
    Route("/r/{code}/reopen", back, methods=["GET"]),
    Route("/r/{code}/withdraw", back, methods=["GET"]),
]
