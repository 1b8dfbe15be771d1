"""`GET /staff`: the staff console. The queue and the map in one view; what is late and what needs a person on top."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from geo.lifecycle import OPEN
from geo.ordering import BadCursor
from geo.positions import Box
from maps import vendor
from maps.digital_map import desk_map
from server.basemap import ground_of
from server.pages import staff_map, staff_view
from server.pages.asking import Unanswered, ask, for_modules
from server.pages.desk import desk_page, desk_words, shown_ward
from server.pages.languages import language_of, translations
from server.pages.render import page
from server.pages.signed_in import DESK, only
from server.pages.staff_asked import GROUPS, NEEDS, Asked, asked, need_filter
from server.pages.staff_view import Speech
from server.pages.staff_words import WORDS
from server.pages.trouble import trouble

FIRST_ROWS = 50
MORE_ROWS = 100
_MOST_PAGES = 10
"""Pages of a hundred crews or neighbourhoods that are read for the strip and the form."""
_MOST_IDS = 100


def _speech(request: Request) -> Speech:
    language = language_of(request)
    return Speech(language, translations(language).gettext, datetime.now(UTC))


async def _pages(request: Request, document: str, name: str, code: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The ward that a document of a connection answers with, and the whole connection."""
    after, nodes = None, []
    for _ in range(_MOST_PAGES):
        ward = (await ask(request, document, {"code": code, "after": after}))["ward"]
        nodes += ward[name]["nodes"]
        after = ward[name]["pageInfo"]["endCursor"]
        if not ward[name]["pageInfo"]["hasNextPage"]:
            break
    return ward, nodes


async def _queue(request: Request, code: str, wanted: Asked, first: int, *, counted: bool) -> dict[str, Any]:
    """A page of the queue, from the cursor that the request names: `rows`, their `total`, and the cursor `after` it."""
    speech = _speech(request)
    variables = {
        "code": code,
        "filter": wanted.filter(code, speech.now),
        "order": wanted.order,
        "first": first,
        "after": request.query_params.get("after") or None,
        "counted": counted,
    }
    try:
        answer = await ask(request, "staff_queue", variables)
    except (Unanswered, BadCursor):
        # A cursor of another list, in a link that was cut or mended by hand: the list from its beginning.
        answer = await ask(request, "staff_queue", {**variables, "after": None})
    found = answer["ward"]["incidents"]
    newest = wanted.order == "NEWEST_FIRST"
    return {
        "rows": [staff_view.row(incident, speech, newest) for incident in found["nodes"]],
        "total": found.get("totalCount"),
        "after": found["pageInfo"]["endCursor"] if found["pageInfo"]["hasNextPage"] else None,
        "begun": bool(request.query_params.get("after")),
    }


async def _overview(request: Request, code: str) -> dict[str, Any]:
    """How many are late, near their deadline, waiting or in need of a person; and the crews' load."""
    now = datetime.now(UTC)
    filters = {need: {"statuses": list(OPEN), **need_filter(need, now)} for need in NEEDS}
    filters["waiting"] = {"statuses": list(GROUPS["waiting"][1])}
    variables = {"code": code, "open": {"statuses": list(OPEN)}, **filters}
    ward = (await ask(request, "staff_overview", variables))["ward"]
    crews = ward["crews"]["nodes"]
    if ward["crews"]["pageInfo"]["hasNextPage"]:
        _, crews = await _pages(request, "staff_crews", "crews", code)
    return {
        "counts": {name: ward[name]["totalCount"] for name in (*NEEDS, "open")},
        "crews": staff_view.by_duty(crews),
        "as_of": staff_view.written(now)[-5:],
    }


@only(*DESK)
async def staff(request: Request) -> Response:
    """`/staff` and its parameters (`staff_asked.py`); `part=queue`, `page` or `overview` is that piece of it alone."""
    ward = await shown_ward(request)
    if ward is None:
        return trouble(request, 404)
    wanted = asked(request.query_params)
    match request.query_params.get("part"):
        case "queue":
            return _fragment(request, "staff_queue.html", wanted, await _queue_of(request, ward.code, wanted))
        case "page":
            rows = await _queue(request, ward.code, wanted, MORE_ROWS, counted=False)
            return _fragment(request, "staff_rows.html", wanted, rows)
        case "overview":
            return _fragment(request, "staff_overview.html", wanted, await _overview(request, ward.code))
    return await _whole(request, ward, wanted)


async def _queue_of(request: Request, code: str, wanted: Asked) -> dict[str, Any]:
    return await _queue(request, code, wanted, FIRST_ROWS, counted=True)


async def _whole(request: Request, ward: Any, wanted: Asked) -> Response:
    form, areas = await _pages(request, "staff_form", "neighbourhoods", ward.code)
    overview = await _overview(request, ward.code)
    queue = await _queue_of(request, ward.code, wanted)
    speech = _speech(request)
    ground = ground_of(request)
    shell = desk_map(Box(ward.west, ward.south, ward.east, ward.north), has_base=ground is not None)
    context = {
        **_shared(request, wanted),
        **overview,
        **queue,
        "categories": form["categories"],
        "areas": [{"key": area["id"].rpartition(":")[2], "name": area["name"]} for area in areas],
        "groups": GROUPS,
        "problems": [] if wanted.problem is None else [(wanted.problem.name, wanted.problem.text.to(speech.language))],
        "named_ward": request.query_params.get("ward"),
        "shell": shell,
        "base": ground,
        "data": {
            **desk_words(speech.gettext, WORDS),
            "language": speech.language,
            "ward": ward.code,
            "namedWard": request.query_params.get("ward"),
            "bounds": [[ward.south, ward.west], [ward.north, ward.east]],
            "ground": ground.told() if ground else None,
            "kinds": {kind["code"]: staff_kind(kind, speech) for kind in form["categories"]},
            "documents": for_modules(
                "staff", "changed", "assign", "reject", "publish", "close", "dispatch", "templates"
            ),
        },
    }
    return await desk_page(request, "staff.html", context, at="/staff", image_source=ground.source if ground else "")


def staff_kind(kind: dict[str, Any], speech: Speech) -> str:
    """The name of a kind in the reader's language."""
    name: str = kind["name" if speech.language == "vi" else "nameEn"]
    return name


def _shared(request: Request, wanted: Asked) -> dict[str, Any]:
    """What every piece of the page knows."""
    return {"asked": wanted, "needs": NEEDS, "sprite": vendor.url(vendor.DESK_SPRITE), "link": _linked(request)}


def _linked(request: Request) -> Any:
    """An address of the console with this query, in the ward that the request names."""
    named = request.query_params.get("ward")

    def link(query: str) -> str:
        parts = [f"ward={named}"] if named else []
        return "/staff" + ("?" + "&".join([*parts, query] if query else parts) if parts or query else "")

    return link


def _fragment(request: Request, template: str, wanted: Asked, context: dict[str, Any]) -> HTMLResponse:
    response = page(request, template, {**_shared(request, wanted), **context})
    response.headers["Cache-Control"] = "no-store"
    return response


@only(*DESK)
async def staff_rows(request: Request) -> Response:
    """`/staff/rows?id=` and the parameters of `/staff`: those incidents' rows as they are now.

    One that the list does not ask for is there too, marked as out; one that is not there at all is left out.
    """
    ward = await shown_ward(request)
    if ward is None:
        return trouble(request, 404)
    wanted, speech = asked(request.query_params), _speech(request)
    ids = list(dict.fromkeys(request.query_params.getlist("id")))[:_MOST_IDS]
    variables = {"code": ward.code, "ids": ids, "filter": wanted.filter(ward.code, speech.now)}
    found = (await ask(request, "staff_rows", variables))["ward"]
    matching = {one["id"] for one in found["matching"]["nodes"]}
    newest = wanted.order == "NEWEST_FIRST"
    rows = [staff_view.row(one, speech, newest, out=one["id"] not in matching) for one in found["named"]["nodes"]]
    return _fragment(
        request, "staff_rows.html", wanted, {"rows": rows, "after": None, "total": found["asked"]["totalCount"]}
    )


_COMPRESSED = [Middleware(GZipMiddleware, minimum_size=1000)]

routes: list[BaseRoute] = [
    Route("/staff", staff, name="staff", middleware=_COMPRESSED),
    Route("/staff/rows", staff_rows, name="staff-rows", middleware=_COMPRESSED),
    *staff_map.routes,
]
