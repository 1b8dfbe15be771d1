"""`GET /staff/incidents/CODE`: one incident at the desk, as a page of its own or, with `?panel=1`, beside the queue."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from geo.actor import Actor
from maps import vendor
from server.pages import case_view, codes
from server.pages.asking import ask
from server.pages.case_words import ACTS, TOLD, WORDS
from server.pages.desk import desk_page, desk_words
from server.pages.languages import language_of, translations
from server.pages.render import page, within_ward
from server.pages.signed_in import DESK, only
from server.pages.staff_view import Speech
from server.pages.trouble import trouble

Problems = list[tuple[str, str]]
"""Pairs of a field's id and a message."""


def is_panel(request: Request) -> bool:
    """Whether the incident is asked for without the frame: beside the queue, or to renew its page (`panel=page`)."""
    return "panel" in request.query_params


def address(request: Request, code: str, **more: str) -> str:
    """The page of an incident, in the ward that the request names."""
    return within_ward(request, f"/staff/incidents/{code}", **more)


async def found(request: Request) -> dict[str, Any] | None:
    """The incident that the address names, where the reader is staff of its ward."""
    typed = codes.read(request.path_params["code"])
    if typed is None:
        return None
    actor: Actor = request.state.actor
    incident: dict[str, Any] | None = (await ask(request, "case", {"code": typed.code}))["incident"]
    return incident if incident is not None and actor.runs(incident["ward"]["code"]) else None


@only(*DESK)
async def case(request: Request) -> Response:
    """`GET /staff/incidents/CODE`."""
    typed = codes.read(request.path_params["code"])
    if typed is not None and typed.code != request.path_params["code"]:
        return RedirectResponse(address(request, typed.code), 303)
    incident = await found(request)
    return trouble(request, 404) if incident is None else await shown(request, incident)


async def shown(
    request: Request,
    incident: dict[str, Any],
    *,
    act: str | None = None,
    problems: Problems | None = None,
    given: Mapping[str, str] | None = None,
    told: str | None = None,
    status: int = 200,
) -> Response:
    """The page; with `problems` of the form `act`, in which what was `given` is kept, or after it was done (`told`)."""
    language = language_of(request)
    gettext = translations(language).gettext
    speech = Speech(language, gettext, datetime.now(UTC))
    context = {
        "incident": incident,
        "case": case_view.view(incident, speech),
        "crews": case_view.crews(incident, speech),
        "texts": case_view.templates(incident),
        "acts": ACTS,
        "act": act,
        "problems": problems or [],
        "given": given or {},
        "told": TOLD.get(told or request.query_params.get("told", "")),
        "icon_of": lambda kind: kind["icon"] if kind["icon"] in vendor.ICON_NAMES else "map-pin",
        "panel": is_panel(request) and request.query_params["panel"] != "page",
        "words": {key: gettext(text) for key, text in WORDS.items()},
    }
    if is_panel(request):
        return page(request, "case_article.html", {**context, "sprite": vendor.url(vendor.DESK_SPRITE)}, status=status)
    data = {**desk_words(gettext, {}), "language": language, "code": incident["trackingCode"]}
    return await desk_page(request, "case.html", {**context, "data": data}, at="/staff", status=status)


routes: list[BaseRoute] = [Route("/staff/incidents/{code}", case, methods=["GET"])]
