"""What the settings pages share: which ward they are about, reading their forms, and saying what came of them.

A page is given and each of its forms is taken by an endpoint of its own. A form that was taken answers 303 to a page
that says what was done (`?done=`); one that was not shows its page again, with what is wrong at its fields.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.pages.asking import ask
from server.pages.desk import ward_code_of
from server.pages.languages import language_of, translations
from server.pages.own_form import own_form
from server.pages.render import within_ward
from server.pages.signed_in import DESK, only
from server.pages.trouble import trouble
from server.pages.words import N_
from server.uploads import Form, Refused
from server.wards import UnknownWard

Problems = list[tuple[str, str]]
"""Ids of fields and what is wrong with them, in the reader's language."""

Endpoint = Callable[[Request, str], Awaitable[Response]]

JUST_NOW = N_("vừa xong")
MINUTES_AGO, HOURS_AGO, DAYS_AGO = (
    N_("cách đây %(num)s phút"),
    N_("cách đây %(num)s giờ"),
    N_("cách đây %(num)s ngày"),
)
_STEPS = ((24 * 60, DAYS_AGO), (60, HOURS_AGO), (1, MINUTES_AGO))

COUNTED = (
    N_("%(num)s giờ"),
    N_("%(num)s phút"),
    N_("%(num)s ngày làm việc"),
    N_("%(num)s lần"),
    N_("%(num)s việc chưa làm được."),
    N_("%(num)s việc đang chờ hoặc đang chạy."),
    N_("%(num)s tài khoản"),
    N_("%(num)s đội, tổ chưa có tài khoản"),
    N_("Xem thêm %(num)s"),
)
"""What the templates count, for the catalogues."""

FORM = "form"
"""The id of a page's form, for what is about none of its fields."""


def settings(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """Lets the desk alone reach `endpoint`, given the code of the ward that it is about. 404 without a ward."""

    @only(*DESK)
    @wraps(endpoint)
    async def answer(request: Request) -> Response:
        try:
            ward = (await ask(request, "ward", {"code": ward_code_of(request)}))["ward"]
        except UnknownWard:
            ward = None
        return trouble(request, 404) if ward is None else await endpoint(request, ward["code"])

    return answer


async def filled(request: Request) -> tuple[Form, Problems]:
    """The form that was sent; an empty one, and why, where it cannot be read."""
    try:
        async with own_form(request) as form:
            return form, []
    except Refused as refused:
        return Form(), [(FORM, refused.message(language_of(request)))]


def text(form: Form, name: str) -> str:
    """What was written into a field, without what cannot be stored."""
    return (form.text(name) or "").replace("\x00", "").strip()


def number(form: Form, name: str) -> int | None:
    """The whole number in a field, of nine digits at most; None where there is none."""
    written = text(form, name)
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else None


def say(request: Request, message: str) -> str:
    """A message of the catalogues in the reader's language."""
    return translations(language_of(request)).gettext(message)


def problems_of(result: Mapping[str, Any], fields: Mapping[str, str]) -> Problems:
    """What a mutation refused, by the ids of the page's fields; none where it did its work.

    `fields`: the input's names as the API has them -> ids. What is about none of them is about the form.
    """
    if result["__typename"].endswith("Payload"):
        return []
    told = result.get("problems") or [result]
    return [(_field(one["path"], fields), one["message"]) for one in told]


def _field(path: list[str] | None, fields: Mapping[str, str]) -> str:
    return next((fields[step] for step in path or () if step in fields), FORM)


def back(request: Request, path: str, done: str, **more: str) -> Response:
    """On to `path` after a change; the page there says what was `done`."""
    return RedirectResponse(within_ward(request, path, done=done, **more), 303)


def done(request: Request, words: Mapping[str, str]) -> str | None:
    """What the address says was done, in words for the reader."""
    word = words.get(request.query_params.get("done", ""))
    return None if word is None else say(request, word)


def ago(request: Request, at: datetime, now: datetime) -> str:
    """How long ago, in words."""
    find = translations(language_of(request)).ngettext
    minutes = int((now - at).total_seconds()) // 60
    if minutes < 1:
        return say(request, JUST_NOW)
    size, words = next(step for step in _STEPS if minutes >= step[0])
    return find(words, words, minutes // size) % {"num": minutes // size}
