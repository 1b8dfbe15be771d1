"""`/staff/rejections`: the texts that the ward's staff reject reports with, for a kind of incident or for all."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo.categories import UNKNOWN_CATEGORY
from geo.contact import REQUIRED
from geo.stepping import MOST_NOTE
from server.pages.asking import ask
from server.pages.desk import desk_page
from server.pages.languages import language_of
from server.pages.settings_forms import Problems, back, done, filled, problems_of, settings, text
from server.pages.trouble import trouble
from server.pages.words import N_

AT = "/staff/rejections"
DONE = {
    "saved": N_("Đã lưu mẫu trả lời."),
    "added": N_("Đã thêm mẫu trả lời."),
    "removed": N_("Đã gỡ mẫu trả lời."),
}

_FIELDS = {"category": "category", "text": "text", "textEn": "text-en"}


@settings
async def listing(request: Request, code: str) -> Response:
    """`GET /staff/rejections`."""
    ward = await _ward(request, code)
    texts: list[dict[str, Any]] = ward["rejectionTemplates"]
    kinds = [(kind, [one for one in texts if _kind(one) == kind["code"]]) for kind in ward["categories"]]
    context = {
        "groups": [(kind, own) for kind, own in kinds if own],
        "without": [kind for kind, own in kinds if not own],
        "general": [one for one in texts if _kind(one) == ""],
        "done": done(request, DONE),
    }
    return await desk_page(request, "settings_rejections.html", context, at=AT)


@settings
async def adding(request: Request, code: str) -> Response:
    """`GET /staff/rejections/new?category=`; told where the ward has no such kind."""
    ward = await _ward(request, code)
    given = {"category": request.query_params.get("category", ""), "text": "", "text_en": ""}
    known = given["category"] in ("", *(kind["code"] for kind in ward["categories"]))
    problems = [] if known else [("category", UNKNOWN_CATEGORY.to(language_of(request)))]
    return await _form(request, ward, given, problems=problems)


@settings
async def add(request: Request, code: str) -> Response:
    """`POST /staff/rejections/new`."""
    return await _take(request, await _ward(request, code), code, None)


@settings
async def editing(request: Request, code: str) -> Response:
    """`GET /staff/rejections/ID`."""
    ward = await _ward(request, code)
    known = _named(request, ward)
    if known is None:
        return trouble(request, 404)
    given = {"category": _kind(known), "text": known["text"], "text_en": known["textEn"]}
    return await _form(request, ward, given, known)


@settings
async def edit(request: Request, code: str) -> Response:
    """`POST /staff/rejections/ID`."""
    ward = await _ward(request, code)
    known = _named(request, ward)
    return trouble(request, 404) if known is None else await _take(request, ward, code, known)


@settings
async def remove(request: Request, code: str) -> Response:
    """`POST /staff/rejections/ID/remove`. What was rejected with the text keeps its answer."""
    known = _named(request, await _ward(request, code))
    if known is None:
        return trouble(request, 404)
    result = (await ask(request, "settings_remove_rejection", {"id": known["id"]}))["result"]
    return back(request, AT, "removed") if not problems_of(result, {}) else trouble(request, 404)


async def _take(request: Request, ward: dict[str, Any], code: str, known: dict[str, Any] | None) -> Response:
    form, problems = await filled(request)
    given = {name: text(form, name) for name in ("category", "text", "text_en")}
    needed = REQUIRED.to(language_of(request))
    missing = (("text", given["text"]), ("text-en", given["text_en"]))
    problems = problems or [(field, needed) for field, written in missing if not written]
    if not problems:
        said = {
            "text": given["text"],
            "textEn": given["text_en"],
            "category": given["category"] or None,
            **({"wardCode": code} if known is None else {"templateId": known["id"]}),
        }
        problems = problems_of((await ask(request, "settings_save_rejection", {"input": said}))["result"], _FIELDS)
    if problems:
        return await _form(request, ward, given, known, problems)
    return back(request, AT, "added" if known is None else "saved")


async def _ward(request: Request, code: str) -> dict[str, Any]:
    found: dict[str, Any] = (await ask(request, "settings_rejections", {"code": code}))["ward"]
    return found


def _kind(template: dict[str, Any]) -> str:
    """The code of the kind that it is for; empty for every kind."""
    kind = template["category"]
    return "" if kind is None else str(kind["code"])


def _named(request: Request, ward: dict[str, Any]) -> dict[str, Any] | None:
    named = request.path_params["id"]
    return next((one for one in ward["rejectionTemplates"] if one["id"] == named), None)


async def _form(
    request: Request,
    ward: dict[str, Any],
    given: dict[str, str],
    known: dict[str, Any] | None = None,
    problems: Problems | None = None,
) -> Response:
    context = {
        "given": given,
        "known": known,
        "kinds": ward["categories"],
        "most": MOST_NOTE,
        "problems": problems or [],
    }
    return await desk_page(request, "settings_rejection.html", context, at=AT, status=422 if problems else 200)


routes: list[BaseRoute] = [
    Route(AT, listing, methods=["GET"]),
    Route(f"{AT}/new", adding, methods=["GET"]),
    Route(f"{AT}/new", add, methods=["POST"]),
    Route(f"{AT}/{{id:str}}", editing, methods=["GET"]),
    Route(f"{AT}/{{id:str}}", edit, methods=["POST"]),
    Route(f"{AT}/{{id:str}}/remove", remove, methods=["POST"]),
]
