"""The crew's page: what it has in hand, kept on the phone as well, and word of each change as it happens."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from geo.actor import Role
from geo.photos import MOST_PHOTOS
from maps.crew_map import crew_map
from server.basemap import Grounds
from server.pages import crew_view
from server.pages.asking import DOCUMENTS, ask, for_modules
from server.pages.crew_words import BACK, NEXT, NOTES, OTHER, REASONS, TOLD, WORDS
from server.pages.desk import desk_page, desk_shell, desk_words
from server.pages.following import follow
from server.pages.languages import language_of, translations
from server.pages.offline import CREW_MODULES
from server.pages.signed_in import only
from server.pages.static import asset
from server.pages.words import N_
from server.uploads import MOST_FILE_BYTES

_CHANGED = (DOCUMENTS / "crew_changed.graphql").read_text()
_AT = "/crew"
_NAME = N_("Đội phản ứng")
_ABOUT = N_("Việc của đội phản ứng nhanh: nhận, xử lý, báo xong, cả khi mất mạng.")

Problems = list[tuple[str, str]]
"""Pairs of a field's id and a message."""

crews = only(Role.CREW_MEMBER)


async def found(request: Request) -> dict[str, Any]:
    """What the crew that asks has in hand (`crew_view.shown`)."""
    # The time first: what was read later holds at least what had happened by then.
    at = datetime.now(UTC)
    viewer = (await ask(request, "crew_list"))["viewer"]
    return crew_view.shown(viewer, str(request.state.actor.account_id), at, language_of(request))


@crews
async def crew(request: Request) -> Response:
    """`GET /crew`: the page."""
    return await page_of(request)


async def page_of(
    request: Request, *, problems: Problems | None = None, given: dict[str, Any] | None = None, status: int = 200
) -> Response:
    """The page; with `problems` of a form, in which what was `given` is kept."""
    listed = await found(request)
    context = _context(request, listed)
    context |= {"problems": problems or [], "given": given or {}}
    response = await desk_page(
        request, "crew.html", context, at=_AT, status=status, image_source=_image_source(request)
    )
    response.headers["Cache-Control"] = "private, no-store"  # it must not come back from a history after signing out
    return response


async def shell(request: Request) -> Response:
    """`GET /crew/shell`: the same page with nothing of anybody's, which the service worker keeps."""
    context = _context(request, None) | {"problems": [], "given": {}}
    source = _image_source(request)
    return desk_shell(request, "crew.html", context, role=Role.CREW_MEMBER, at=_AT, image_source=source)


def _image_source(request: Request) -> str:
    grounds: Grounds = request.app.state.grounds
    return "" if grounds.current is None else grounds.current.source


def _context(request: Request, listed: dict[str, Any] | None) -> dict[str, Any]:
    language = language_of(request)
    gettext = translations(language).gettext
    grounds: Grounds = request.app.state.grounds
    ground = grounds.current
    map_shell = crew_map()
    now = datetime.now(UTC)
    return {
        "listed": listed,
        "told": TOLD.get(request.query_params.get("told", "")),
        "next": NEXT,
        "back": BACK,
        "reasons": REASONS,
        "other": OTHER,
        "done_notes": NOTES,
        "most_photos": MOST_PHOTOS,
        "due": partial(crew_view.due, now=now, gettext=gettext),
        "late": lambda iso: iso is not None and datetime.fromisoformat(iso) < now,
        "distance": partial(crew_view.distance, gettext=gettext, language=language),
        "modules": CREW_MODULES,
        "shell": map_shell,
        "data": {
            **desk_words(gettext, WORDS),
            "language": language,
            "list": listed,
            "next": {status: {"step": act.step, "icon": act.icon} for status, act in NEXT.items()},
            "reasons": [{"key": key, "word": gettext(text)} for key, text in REASONS.items()],
            "other": OTHER,
            "notes": [{"text": text, "word": gettext(text)} for text in NOTES],
            "mostPhotos": MOST_PHOTOS,
            "mostPhotoBytes": MOST_FILE_BYTES,
            "documents": for_modules("crew", "position"),
            "ground": None if ground is None else ground.told(),
            "map": {"styles": map_shell.styles, "scripts": map_shell.scripts},
        },
    }


async def listed(request: Request) -> Response:
    """`GET /crew/list`: what the page shows, for its modules; 401 to who is signed in no more."""
    if refused := refusal(request, None):
        return refused
    return told(await found(request))


def refusal(request: Request, account: str | None) -> Response | None:
    """The answer to a module of who is not a crew's member, or not the one of `account`; None for who is."""
    actor = request.state.actor
    if actor.account_id is None:
        return _json({"signedOut": True}, 401)
    if actor.role is not Role.CREW_MEMBER:
        return _json({"otherAccount": True}, 403)
    if account is not None and account != str(actor.account_id):
        return _json({"otherAccount": True}, 409)
    return None


def told(listed: dict[str, Any], problem: dict[str, Any] | None = None, status: int = 200) -> Response:
    """The list for modules, with the `problem` of a step that was refused."""
    return _json({"list": listed} if problem is None else {"list": listed, "problem": problem}, status)


def _json(content: dict[str, Any], status: int) -> Response:
    return JSONResponse(content, status, {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


async def live(request: Request) -> Response:
    """`GET /crew/live`: server-sent events whenever something happens to the crew; 204 to who has none."""
    actor = request.state.actor
    if actor.crew_id is None:
        return Response(status_code=204)
    return await follow(request, _CHANGED, {"crew": f"Crew:{actor.ward_code}:{actor.crew_id}"})


async def manifest(request: Request) -> Response:
    """`GET /crew/manifest.webmanifest`: the crew's page as an application of its own, under the ward's name."""
    language = language_of(request)
    gettext = translations(language).gettext
    name = gettext(_NAME)
    if request.state.actor.ward_code is not None:
        ward = (await ask(request, "ward", {"code": request.state.actor.ward_code}))["ward"]
        name = f"{name} – {ward['name'].replace(' (bản demo)', '')}"
    icons = [
        {"src": asset(f"icons/crew-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in (192, 512)
        for purpose in ("any", "maskable")
    ]
    body = {
        "id": "/crew",
        "name": name,
        "short_name": gettext(_NAME),
        "description": gettext(_ABOUT),
        "lang": language,
        "start_url": "/crew",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f4f7f8",
        "theme_color": "#0b5c86",
        "icons": icons,
    }
    headers = {"Cache-Control": "private, no-cache", "Vary": "Cookie", "X-Content-Type-Options": "nosniff"}
    return Response(orjson.dumps(body), headers=headers, media_type="application/manifest+json")


routes: list[BaseRoute] = [
    Route("/crew", crew, methods=["GET"]),
    Route("/crew/shell", shell, methods=["GET"]),
    Route("/crew/list", listed, methods=["GET"]),
    Route("/crew/live", live, methods=["GET"]),
    Route("/crew/manifest.webmanifest", manifest, methods=["GET"]),
]
