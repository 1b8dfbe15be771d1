"""The data of the digital map: its layers whole, its incidents and their density by window."""

from __future__ import annotations

import hashlib
from typing import cast

import orjson
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo.actor import Actor
from geo.database import Database
from geo.language import Text
from geo.lifecycle import Status
from geo.pools import Texts
from maps import layers, planned
from maps.window import SINGLES_ZOOM, ParameterError, Window, read_window
from server.asked import kinds_of, statuses_of
from server.languages import language_of as spoken
from server.wards import UNKNOWN_WARD, UnknownWard, asked_ward

_GEOJSON = "application/geo+json"

UNKNOWN_LAYER = Text("Không có lớp bản đồ này.", "There is no such layer.")


def _database(request: Request) -> Database:
    return cast(Database, request.app.state.database)


def _actor(request: Request) -> Actor:
    return cast(Actor, request.state.actor)


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
    return kept(request, body or b"", _GEOJSON)


def _asked(request: Request) -> tuple[Window, list[Status] | None, list[str] | None]:
    """The window, statuses and kinds that a request asks for; raises `ParameterError`."""
    return (
        read_window(request.query_params.get("zoom"), request.query_params.get("bbox")),
        statuses_of(request.query_params.getlist("status")),
        kinds_of(request.query_params.getlist("category")),
    )


async def incidents(request: Request) -> Response:
    """`/map/incidents?zoom=&bbox=west,south,east,north[&status=][&category=]`: clusters and single incidents."""
    try:
        window, statuses, kinds = _asked(request)
    except ParameterError as error:
        return refusal(request, error.name, error.text, 400)
    async with _database(request).texts() as texts:
        code = await _code(request, texts)
        if code is None:
            return refusal(request, "ward", UNKNOWN_WARD, 404)
        body = await seen(texts, _actor(request), code, window, statuses, kinds)
    return kept(request, body, _GEOJSON)


async def seen(
    texts: Texts, actor: Actor, ward_code: str, window: Window, statuses: planned.Statuses, kinds: planned.Kinds
) -> bytes:
    """A window's incidents: one by one where the map is near and they are few, else counted by cell."""
    asked = (actor, ward_code, window, statuses, kinds)
    if window.zoom >= SINGLES_ZOOM:
        (row,) = await texts.rows(*planned.points(*asked))
        if row.total <= layers.SINGLES:
            return cast(bytes, row.body)
    (row,) = await texts.rows(*planned.clusters(*asked))
    return cast(bytes, row.body)


async def heat(request: Request) -> Response:
    """`/map/heat` with the parameters of `/map/incidents`: an array of [longitude, latitude, n], a fine cell each."""
    try:
        window, statuses, kinds = _asked(request)
    except ParameterError as error:
        return refusal(request, error.name, error.text, 400)
    async with _database(request).texts() as texts:
        code = await _code(request, texts)
        if code is None:
            return refusal(request, "ward", UNKNOWN_WARD, 404)
        body = await texts.fetch(*planned.heat(_actor(request), code, window, statuses, kinds))
    return kept(request, body or b"[]", "application/json")


def kept(request: Request, body: bytes, media_type: str, cached: str = "private, no-cache") -> Response:
    """Data that a browser keeps, but asks about each time: what an actor may see can change at any moment.

    `cached`: who may keep it, where others may.
    """
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "ETag": etag,
        "Cache-Control": cached,
        "Vary": "Cookie, Authorization",
        "X-Content-Type-Options": "nosniff",
    }
    if etag in (known.strip().removeprefix("W/") for known in request.headers.get("If-None-Match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def refusal(request: Request, parameter: str, text: Text, status: int) -> Response:
    """What is wrong with a request for data, naming the parameter, in the language that the program asks for."""
    language = spoken(request.headers)
    problem = {"error": {"parameter": parameter, "message": text.to(language, name=parameter)}}
    headers = {"Content-Language": language, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(orjson.dumps(problem), status, headers, media_type="application/json")


# Lists and coordinates shrink to a seventh, which on a slow phone is the difference.
COMPRESSED = [Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)]

routes: list[BaseRoute] = [
    Route("/map/incidents", incidents, name="map-incidents", middleware=COMPRESSED),
    Route("/map/heat", heat, name="map-heat", middleware=COMPRESSED),
    Route("/map/{layer}.geojson", layer, name="map-layer", middleware=COMPRESSED),
]
