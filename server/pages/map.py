"""The public digital map: its page, its layers, and the incidents of a window."""

from __future__ import annotations

import hashlib
from typing import Any, cast

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo.actor import Actor
from geo.database import Database, Texts
from geo.language import Text
from geo.lifecycle import Status
from geo.positions import Box
from maps import layers, planned
from maps.digital_map import BaseMap, ward_map
from maps.window import SINGLES_ZOOM, ParameterError, read_window
from server.languages import language_of as spoken
from server.pages.languages import language_of, translations
from server.pages.map_words import WORDS
from server.pages.render import page
from server.pages.words import GROUPS, PLACES, script_words
from server.settings import Settings
from server.wards import UNKNOWN_WARD, UnknownWard, asked_ward

_MAX_KINDS = 50

UNKNOWN_STATUS = Text("Không có trạng thái này.", "There is no such status.")
UNKNOWN_KIND = Text("Mã loại phản ánh không hợp lệ.", "This is not a category's code.")
UNKNOWN_LAYER = Text("Không có lớp bản đồ này.", "There is no such layer.")


def _database(request: Request) -> Database:
    return cast(Database, request.app.state.database)


def _settings(request: Request) -> Settings:
    return cast(Settings, request.app.state.settings)


def _actor(request: Request) -> Actor:
    return cast(Actor, request.state.actor)


async def _ward(request: Request, connection: AsyncConnection) -> Any:
    """The ward that the request is about; None where there is none."""
    try:
        code = asked_ward(request)
    except UnknownWard:
        return None
    return (await connection.execute(layers.shown_ward(_actor(request), code))).one_or_none()


async def _features(connection: AsyncConnection, statement: layers.Statement) -> list[dict[str, Any]]:
    body = (await connection.execute(statement)).scalar_one()
    return cast(list[dict[str, Any]], orjson.loads(body)["features"])


def base_map(settings: Settings) -> BaseMap | None:
    """The base map of this deployment, if it has one."""
    return BaseMap(settings.tile_url, settings.tile_attribution or "") if settings.tile_url else None


async def map_page(request: Request) -> Response:
    """`/`: the map, and beside it the list that says the same, which needs no script."""
    actor = _actor(request)
    async with _database(request).read() as connection:
        ward = await _ward(request, connection)
        if ward is None:
            return page(request, "no_ward.html", {}, status=404)
        places = await _features(connection, layers.place_points(actor, ward.code))
        neighbourhoods = (await connection.execute(layers.neighbourhood_names(actor, ward.code))).all()
    base = base_map(_settings(request))
    gettext = translations(language_of(request)).gettext
    context = {
        "ward": ward,
        "shell": ward_map(Box(ward.west, ward.south, ward.east, ward.north), base),
        "base": base,
        "groups": [(group, _of(places, group.kinds)) for group in GROUPS],
        "callable_places": [place for place in _of(places, ("PEOPLES_COMMITTEE", "POLICE")) if place["phone"]],
        "neighbourhoods": neighbourhoods,
        "data": {
            **script_words(gettext, WORDS),
            "places": {kind: {"word": gettext(sign.word), "icon": sign.icon} for kind, sign in PLACES.items()},
            "groups": {group.key: group.kinds for group in GROUPS},
            "ward": ward.code,
            "bounds": [[ward.south, ward.west], [ward.north, ward.east]],
            "language": language_of(request),
            "hasBase": base is not None,
        },
    }
    return page(request, "map.html", context, image_source=base.source if base else "")


def _of(places: list[dict[str, Any]], kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    """Places of some kinds, in the order of the kinds, as a list shows them."""
    return [
        {**feature["properties"], "longitude": longitude, "latitude": latitude}
        for kind in kinds
        for feature in places
        if feature["properties"]["kind"] == kind
        for longitude, latitude in [feature["geometry"]["coordinates"]]
    ]


async def _code(request: Request, texts: Texts) -> str | None:
    """The code of the ward that the request is about; None where there is none."""
    try:
        code = asked_ward(request)
    except UnknownWard:
        return None
    found = await texts.fetch(*planned.code(_actor(request), code))
    return None if found is None else found.decode()


async def layer(request: Request) -> Response:
    """`/map/{layer}.geojson`: a whole layer; unchanged ones are answered by 304."""
    name = request.path_params["layer"]
    if name not in layers.LAYERS:
        return refusal(request, "layer", UNKNOWN_LAYER, 404)
    async with _database(request).texts() as texts:
        code = await _code(request, texts)
        if code is None:
            return refusal(request, "ward", UNKNOWN_WARD, 404)
        body = await texts.fetch(*planned.layer(_actor(request), name, code))
    return _geojson(request, body or b"")


async def incidents(request: Request) -> Response:
    """`/map/incidents?zoom=&bbox=west,south,east,north[&status=][&category=]`: clusters and single incidents."""
    try:
        window = read_window(request.query_params.get("zoom"), request.query_params.get("bbox"))
        statuses = statuses_of(request.query_params.getlist("status"))
        kinds = kinds_of(request.query_params.getlist("category"))
    except ParameterError as error:
        return refusal(request, error.name, error.text, 400)
    async with _database(request).texts() as texts:
        code = await _code(request, texts)
        if code is None:
            return refusal(request, "ward", UNKNOWN_WARD, 404)
        asked = (_actor(request), code, window, statuses, kinds)
        if window.zoom >= SINGLES_ZOOM:
            (row,) = await texts.rows(*planned.points(*asked))
            if row.total <= layers.SINGLES:
                return _geojson(request, row.body)
        (row,) = await texts.rows(*planned.clusters(*asked))
    return _geojson(request, row.body)


def _several(values: list[str]) -> list[str]:
    return [part for value in values for part in value.split(",") if part]


def statuses_of(values: list[str]) -> list[Status] | None:
    """The statuses that a request asks for, None where it names none; raises `ParameterError`."""
    names = _several(values)
    if not set(names) <= set(Status):
        raise ParameterError("status", UNKNOWN_STATUS)
    return [Status(name) for name in dict.fromkeys(names)] or None


def kinds_of(values: list[str]) -> list[str] | None:
    """The categories' codes that a request asks for, None where it names none; raises `ParameterError`."""
    codes = list(dict.fromkeys(_several(values)))
    if len(codes) > _MAX_KINDS or any("\x00" in code or len(code) > 100 for code in codes):
        raise ParameterError("category", UNKNOWN_KIND)
    return codes or None


def _geojson(request: Request, body: bytes) -> Response:
    """GeoJSON that a browser keeps, but asks about each time: what an actor may see can change at any moment."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "Vary": "Cookie, Authorization",
        "X-Content-Type-Options": "nosniff",
    }
    if etag in (known.strip().removeprefix("W/") for known in request.headers.get("If-None-Match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/geo+json")


def refusal(request: Request, parameter: str, text: Text, status: int) -> Response:
    """What is wrong with a request for data, naming the parameter, in the language that the program asks for."""
    language = spoken(request.headers)
    problem = {"error": {"parameter": parameter, "message": text.to(language, name=parameter)}}
    headers = {"Content-Language": language, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(orjson.dumps(problem), status, headers, media_type="application/json")


# Lists and coordinates shrink to a seventh, which on a slow phone is the difference.
_COMPRESSED = [Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)]

routes: list[BaseRoute] = [
    Route("/", map_page, name="map", middleware=_COMPRESSED),
    Route("/map/incidents", incidents, name="map-incidents", middleware=_COMPRESSED),
    Route("/map/{layer}.geojson", layer, name="map-layer", middleware=_COMPRESSED),
]
