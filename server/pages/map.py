"""The public digital map: its page, and beside the map the list that says the same."""

from __future__ import annotations

from typing import Any, cast

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo.actor import Actor
from geo.database import Database
from geo.language import Language
from geo.lifecycle import OPEN, Status
from geo.positions import Box
from maps import layers, planned
from maps.digital_map import ward_map
from server.basemap import ground_of
from server.pages import map_data
from server.pages.asking import ask, for_modules
from server.pages.languages import language_of, translations
from server.pages.map_asked import GROUPS as STATUS_GROUPS
from server.pages.map_asked import Asked, answers, asked
from server.pages.map_words import WORDS
from server.pages.render import page
from server.pages.words import GROUPS, PLACES, script_words
from server.wards import UnknownWard, asked_ward


def _database(request: Request) -> Database:
    return cast(Database, request.app.state.database)


def _actor(request: Request) -> Actor:
    return cast(Actor, request.state.actor)


async def _ward(request: Request, connection: AsyncConnection) -> Any:
    """The ward that the request is about; None where there is none."""
    try:
        code = asked_ward(request)
    except UnknownWard:
        return None
    return (await connection.execute(layers.shown_ward(_actor(request), code))).one_or_none()


async def map_page(request: Request) -> Response:
    """`/`: the map, and beside it the list that says the same, which needs no script."""
    actor = _actor(request)
    async with _database(request).read() as connection:
        ward = await _ward(request, connection)
        if ward is None:
            return page(request, "no_ward.html", {}, status=404)
        neighbourhoods = (await connection.execute(layers.neighbourhood_names(actor, ward.code))).all()
    async with _database(request).texts() as texts:
        places = orjson.loads(await texts.fetch(*planned.layer(actor, "places", ward.code)) or b"")["features"]
        kinds = orjson.loads(await texts.fetch(*planned.kinds(actor, ward.code)) or b"[]")
    wanted = asked(request.query_params)
    ground = ground_of(request)
    language = language_of(request)
    gettext = translations(language).gettext
    context = {
        "ward": ward,
        "asked": wanted,
        "ward_asked": request.query_params.get("ward"),
        "shell": ward_map(Box(ward.west, ward.south, ward.east, ward.north), has_base=ground is not None),
        "base": ground,
        "groups": [(group, _searched(wanted, _of(places, group.kinds))) for group in GROUPS],
        "callable_places": [place for place in _of(places, ("PEOPLES_COMMITTEE", "POLICE")) if place["phone"]],
        "neighbourhoods": answers(wanted.search, neighbourhoods, lambda row: (row.name, row.team or "")),
        "chosen": _chosen(wanted, places, neighbourhoods),
        "kinds": [_counted(kind, wanted, language) for kind in kinds],
        "open_statuses": OPEN,
        "status_counts": {status: _sum(kinds, (status,), wanted.kinds) for status in Status},
        "total": _sum(kinds, wanted.statuses, wanted.kinds),
        "incidents": await _listed(request, ward.code, wanted) if wanted.listed else [],
        "data": {
            **script_words(gettext, WORDS),
            "places": {kind: {"word": gettext(sign.word), "icon": sign.icon} for kind, sign in PLACES.items()},
            "groups": {group.key: group.kinds for group in GROUPS},
            "kinds": kinds,
            "statusGroups": STATUS_GROUPS,
            "ward": ward.code,
            "wardName": ward.name,
            "bounds": [[ward.south, ward.west], [ward.north, ward.east]],
            "language": language,
            "documents": for_modules("map", "neighbourhood", "incident"),
            "ground": ground.told() if ground else None,
            "embedded": wanted.embedded,
        },
    }
    image_source = ground.source if ground else ""
    return page(request, "map.html", context, image_source=image_source, embedded=wanted.embedded)


def _of(places: list[dict[str, Any]], kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    """Places of some kinds, in the order of the kinds, as a list shows them."""
    return [
        {**feature["properties"], "longitude": longitude, "latitude": latitude}
        for kind in kinds
        for feature in places
        if feature["properties"]["kind"] == kind
        for longitude, latitude in [feature["geometry"]["coordinates"]]
    ]


def _searched(wanted: Asked, places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    more = ("address", "neighbourhood")
    return answers(wanted.search, places, lambda place: (place["name"], " ".join(place[text] or "" for text in more)))


def _chosen(wanted: Asked, places: list[dict[str, Any]], neighbourhoods: Any) -> tuple[str, str] | None:
    """Name and a line about the place or the neighbourhood that the address chooses."""
    named = {place["properties"]["id"]: place["properties"] for place in places}
    if place := named.get(str(wanted.chosen)):
        return place["name"], place["address"] or place["neighbourhood"] or ""
    return next(((row.name, row.team or "") for row in neighbourhoods if row.id == wanted.chosen), None)


def _sum(kinds: list[dict[str, Any]], statuses: tuple[Status, ...], among: tuple[str, ...] = ()) -> int:
    """How many incidents there are in these statuses, of these kinds or, without any, of all."""
    return sum(
        kind["counts"].get(status, 0) for kind in kinds if not among or kind["code"] in among for status in statuses
    )


def _counted(kind: dict[str, Any], wanted: Asked, language: Language) -> dict[str, Any]:
    name = kind["name" if language is Language.VI else "nameEn"]
    return {**kind, "shown_name": name, "n": _sum([kind], wanted.statuses), "chosen": kind["code"] in wanted.kinds}


async def _listed(request: Request, code: str, wanted: Asked) -> list[dict[str, Any]]:
    """The newest of the incidents that are asked for."""
    asking = {"code": code, "statuses": wanted.statuses, "kinds": list(wanted.kinds) or None}
    answer = await ask(request, "map_incidents", asking)
    return cast(list[dict[str, Any]], answer["ward"]["incidents"]["nodes"])


routes: list[BaseRoute] = [
    Route("/", map_page, name="map", middleware=map_data.COMPRESSED),
    *map_data.routes,
]
