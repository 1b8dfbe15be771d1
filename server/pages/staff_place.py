"""`/staff/places/new` and `/staff/places/KEY`: one place, as the ward's staff add, change or remove it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo.ids import as_id
from maps.place_map import place_map
from server.basemap import ground_of
from server.pages import place_form, team_words
from server.pages.asking import ask, for_modules
from server.pages.desk import desk_page
from server.pages.settings_forms import Problems, back, filled, problems_of, say, settings, text
from server.pages.staff_places import AT
from server.pages.trouble import trouble
from server.pages.words import N_

WORDS = {
    **{word: team_words.WORDS[word] for word in ("zoomIn", "zoomOut", "placed", "locating", "notLocated", "noMap")},
    "inArea": N_("Thuộc {name}."),
    "noArea": N_("Chưa thuộc tổ dân phố nào: vị trí này ngoài mọi ranh giới đã vẽ."),
    "pickMap": N_("Bản đồ chọn vị trí của địa điểm"),
    "outside": N_("Vị trí này nằm ngoài địa bàn phường."),
}


@settings
async def adding(request: Request, code: str) -> Response:
    """`GET /staff/places/new`."""
    return await _form(request, code, place_form.empty())


@settings
async def editing(request: Request, code: str) -> Response:
    """`GET /staff/places/KEY`."""
    place = await _place(request, code)
    return trouble(request, 404) if place is None else await _form(request, code, place)


@settings
async def add(request: Request, code: str) -> Response:
    """`POST /staff/places/new`."""
    return await _take(request, code, place_form.empty())


@settings
async def edit(request: Request, code: str) -> Response:
    """`POST /staff/places/KEY`."""
    place = await _place(request, code)
    return trouble(request, 404) if place is None else await _take(request, code, place)


@settings
async def remove(request: Request, code: str) -> Response:
    """`POST /staff/places/KEY/remove`: off the map, for good."""
    _, problems = await filled(request)
    place = await _place(request, code)
    if place is None:
        return back(request, AT, "gone")
    if not problems:
        result = (await ask(request, "team_remove_place", {"input": {"placeId": place["id"]}}))["result"]
        if result["__typename"] == "NotFound":
            return back(request, AT, "gone")
        problems = problems_of(result, {})
    return await _form(request, code, place, problems) if problems else back(request, AT, "removed")


async def _take(request: Request, code: str, place: dict[str, Any]) -> Response:
    form, problems = await filled(request)
    if problems:
        return await _form(request, code, place, problems)
    place |= {name: text(form, name) for name in place_form.NAMES}
    said, wrong = place_form.input_of(place, code)
    problems = [(field, say(request, message)) for field, message in wrong]
    new = place["id"] is None
    if not problems:
        problems = problems_of((await ask(request, "team_save_place", {"input": said}))["result"], place_form.FIELDS)
    return await _form(request, code, place, problems) if problems else back(request, AT, "added" if new else "saved")


async def _place(request: Request, code: str) -> dict[str, Any] | None:
    """The form's fields for the place that the address names; None where the ward has no such place."""
    key: UUID | None = as_id(request.path_params["key"])
    if key is None:
        return None
    found = (await ask(request, "team_place", {"id": f"Place:{code}:{key}"}))["node"]
    return None if not found else place_form.fields_of(found)


async def _form(request: Request, code: str, place: dict[str, Any], problems: Problems | None = None) -> Response:
    ground = ground_of(request)
    more = place_form.told(request, code, ground, WORDS)
    more["data"]["documents"] = for_modules("places", "locate")
    context = {"place": place, "problems": problems or [], "shell": place_map(), **more}
    return await desk_page(
        request,
        "staff_place.html",
        context,
        at=AT,
        status=422 if problems else 200,
        image_source="" if ground is None else ground.source,
    )


routes: list[BaseRoute] = [
    Route(f"{AT}/new", adding, methods=["GET"]),
    Route(f"{AT}/new", add, methods=["POST"]),
    Route(f"{AT}/{{key}}", editing, methods=["GET"]),
    Route(f"{AT}/{{key}}", edit, methods=["POST"]),
    Route(f"{AT}/{{key}}/remove", remove, methods=["POST"]),
    Route(f"{AT}/{{key}}/remove", editing, methods=["GET"]),
]
