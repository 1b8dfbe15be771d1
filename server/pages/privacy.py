"""`GET /privacy`: what the ward keeps of people, why, how long, and whom to ask, in plain words."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo.notices import KEPT
from server.pages.asking import ask
from server.pages.render import page
from server.settings import Settings
from server.wards import UnknownWard, asked_ward


async def privacy(request: Request) -> Response:
    """The page. Its numbers are those by which the worker deletes."""
    try:
        ward = (await ask(request, "privacy", {"code": asked_ward(request)}))["ward"]
    except UnknownWard:
        ward = None
    if ward is None:
        return page(request, "no_ward.html", {}, status=404)
    settings: Settings = request.app.state.settings
    context = {"ward": ward, "offices": ward["places"]["nodes"], "kept": settings, "notices_days": KEPT.days}
    return page(request, "privacy.html", context)


routes: list[BaseRoute] = [Route("/privacy", privacy, methods=["GET"])]
