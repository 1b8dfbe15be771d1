"""A report's progress: looking it up, its page, its private link, and word of each step as it is taken."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from geo.actor import ANONYMOUS
from geo.lifecycle import OPEN
from maps import vendor
from server import reporters
from server.pages import codes
from server.pages.asking import DOCUMENTS, ask
from server.pages.following import follow
from server.pages.languages import language_of, translations
from server.pages.progress_view import RATINGS, moment, view
from server.pages.progress_words import TOLD, WORDS
from server.pages.render import page
from server.pages.words import script_words
from server.wards import UnknownWard, asked_ward

_CHANGED = (DOCUMENTS / "progress_changed.graphql").read_text()
_SEE_OTHER = 303
_AT_ONCE = 5
"""Reports that one reader's list asks the database for at the same moment."""

Problems = list[tuple[str, str]]
"""Pairs of a field's id and a message."""


def to_report(code: str, told: str | None = None, rest: str = "") -> Response:
    """On to a report's page, to be told there what happened; `rest` ends its address."""
    query = f"?told={told}" if told is not None else ""
    return RedirectResponse(f"/r/{code}{query}{rest}", _SEE_OTHER, {"Referrer-Policy": "no-referrer"})


def code_of(request: Request) -> str | None:
    """The tracking code that the address names."""
    typed = codes.read(request.path_params["code"])
    return None if typed is None else typed.code


async def lookup(request: Request) -> Response:
    """`GET /r`: asks for a tracking code, and lists the reports that this browser holds."""
    typed = request.query_params.get("code", "")
    if typed.strip():
        ward = await _ward(request)
        found = codes.read(typed, None if ward is None else ward["code"])
        if found is not None:
            key = "" if found.key is None else f"?key={found.key}"
            return RedirectResponse(f"/r/{found.code}{key}", _SEE_OTHER, {"Referrer-Policy": "no-referrer"})
        return await ask_for_code(request, 404, typed[: codes.MOST_TYPED])
    return await ask_for_code(request, 200)


async def ask_for_code(request: Request, status: int, typed: str = "", code: str | None = None) -> Response:
    """The page that asks for a code; after one that leads nowhere (`typed`, or `code` of its right form) it helps."""
    ward = await _ward(request)
    if ward is None:
        return page(request, "no_ward.html", {}, status=404)
    found, gone = [], []
    for held, report in await _held(request):
        if report is None or not report["reportedByViewer"]:
            gone.append(held)
        else:
            found.append({**report, "at": moment(report["reportedAt"])})
    found.sort(key=lambda report: report["reportedAt"], reverse=True)
    context = {
        "ward": ward,
        "typed": typed,
        "code": code,
        "reports": found,
        "icon_of": icon_of,
        "open_statuses": OPEN,
    }
    response = page(request, "lookup.html", context, status=status)
    if gone:
        reporters.let_go(request, response, gone)
    return response


async def _held(request: Request) -> list[tuple[str, dict[str, Any] | None]]:
    """The reports that this browser holds, by code, a few asked for at a time; None for one that is no more."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(code: str, secret: str) -> tuple[str, dict[str, Any] | None]:
        async with turns:
            return code, (await ask(request, "held_report", {"code": code, "secret": secret}))["incident"]

    return await asyncio.gather(*(one(code, secret) for code, secret in reporters.held(request).items()))


async def _ward(request: Request) -> Any:
    try:
        code = asked_ward(request)
    except UnknownWard:
        return None
    return (await ask(request, "ward", {"code": code}))["ward"]


async def progress(request: Request) -> Response:
    """`GET /r/CODE`: the report's page; with `?key=SECRET` this browser holds the report from now on."""
    code = code_of(request)
    if code is None:
        return await ask_for_code(request, 404, request.path_params["code"][: codes.MOST_TYPED])
    key = request.query_params.get("key")
    if key is not None:
        return await _open(request, code, key)
    if code != request.path_params["code"]:
        return RedirectResponse(f"/r/{code}", _SEE_OTHER)
    return await shown(request, code)


async def _open(request: Request, code: str, key: str) -> Response:
    """Take a private link: either way it leaves the address bar."""
    if codes.is_key(key):
        report = (await ask(request, "held_report", {"code": code, "secret": key}))["incident"]
        if report is not None and report["reportedByViewer"]:
            new = "new" in request.query_params
            response = to_report(code, None if new else "opened", "?new=1" if new else "")
            reporters.hold(request, response, code, key)
            return response
    return to_report(code, "unopened")


async def shown(
    request: Request,
    code: str,
    *,
    problems: Problems | None = None,
    given: dict[str, Any] | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The page of a report as its reader may see it; with `problems` of a form, in which what was `given` is kept."""
    secret = reporters.secret_of(request, code)
    try:
        ward_code = asked_ward(request)
    except UnknownWard:
        ward_code = None
    answer = await ask(request, "progress", {"code": code, "secret": secret, "ward": ward_code})
    incident = answer["incident"]
    if incident is None:
        return await ask_for_code(request, 404, code=code)
    language = language_of(request)
    gettext = translations(language).gettext
    seen = view(incident, datetime.now(UTC), gettext, signed_in=request.state.actor != ANONYMOUS)
    query = request.query_params
    longitude, latitude = incident["location"]["coordinates"]
    context = {
        "ward": incident["ward"],
        "incident": incident,
        "icon_of": icon_of,
        "view": seen,
        "reported": moment(incident["reportedAt"]),
        "resolved": moment(incident["resolvedAt"]) if incident["resolvedAt"] else None,
        "directions": f"https://www.google.com/maps/dir/?api=1&destination={latitude},{longitude}",
        "spot": f"18/{latitude:.5f}/{longitude:.5f}",
        "ratings": RATINGS,
        "new": "new" in query and seen.held,
        "part": query.get("part") == "body",
        "told": TOLD.get(query.get("told", "")),
        "told_key": query.get("told", ""),
        "link": f"{_origin(request)}/r/{code}",
        "private": _private(request, code, secret) if seen.held and ("new" in query or "link" in query) else None,
        "problems": problems or [],
        "given": given or {},
        "kept_days": request.app.state.settings.keep_contacts_days,
        "data": {**script_words(gettext, WORDS), "language": language, "code": code},
    }
    elsewhere = answer["shown"] is None or answer["shown"]["code"] != incident["ward"]["code"]
    response = page(
        request,
        "progress_body.html" if query.get("part") == "body" else "progress.html",
        context,
        status=status,
        within=incident["ward"]["code"] if elsewhere else None,
    )
    response.headers.update(headers or {})
    return response


def icon_of(category: dict[str, Any]) -> str:
    """The icon of a kind; a ward may name one that the design system lacks."""
    name: str = category["icon"]
    return name if name in vendor.ICON_NAMES else "map-pin"


def _origin(request: Request) -> str:
    """Where this site is reached."""
    base = request.base_url
    secure = request.app.state.settings.secure_cookies
    return f"{'https' if secure else base.scheme}://{base.netloc}"


def _private(request: Request, code: str, secret: str | None) -> dict[str, Any]:
    """The link that opens the report for its reporter on another device, and its picture to scan."""
    link = f"{_origin(request)}/r/{code}?key={secret}"
    # Dark on light in either theme, with the margin that the standard asks for: else phones do not see it.
    drawing = segno.make_qr(link, error="m").svg_inline(
        omitsize=True, border=4, dark="#000000", light="#ffffff", svgclass="qr", lineclass=None
    )
    return {"link": link, "qr": Markup(drawing)}  # noqa: S704  # nosec B704 - segno's own


async def live(request: Request) -> Response:
    """`GET /r/CODE/live`: server-sent events whenever something happens to the report.

    The reporter's secret comes by cookie, which no script reads.
    """
    code = code_of(request)
    if code is None:
        return Response(status_code=204)
    return await follow(request, _CHANGED, {"code": code, "secret": reporters.secret_of(request, code)})


routes: list[BaseRoute] = [
    Route("/r", lookup, methods=["GET"]),
    Route("/r/{code}", progress, methods=["GET"]),
    Route("/r/{code}/live", live, methods=["GET"]),
]
