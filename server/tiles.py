"""`GET /tiles/{layer}/{z}/{x}/{y}.mvt`: the map's layers as vector tiles, of one ward, a city or the nation."""

from __future__ import annotations

from typing import cast

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo.actor import ANONYMOUS, Actor
from geo.database import Database
from geo.language import Text
from maps import planned
from maps.tiles import LAYERS, MAX_ZOOM, Tile
from maps.window import ParameterError
from server.asked import kinds_of, statuses_of
from server.pages.map_data import UNKNOWN_LAYER, kept, refusal
from server.wards import UNKNOWN_WARD, is_code

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"

_FRESH_SECONDS = {"incidents": 5, "wards": 0, "neighbourhoods": 0}
"""How long anyone may keep what the public sees: for a minute, but boundaries not at all unasked, for none may outlive
an edit. What is kept of them is asked for again by its ETag.
"""

ZOOM = Text(f"z phải là số nguyên từ 0 đến {MAX_ZOOM}.", f"z is a whole number from 0 to {MAX_ZOOM}.")
NUMBER = Text(
    "{name} phải là số nguyên từ 0 và nhỏ hơn 2 lũy thừa z.",
    "{name} is a whole number from 0, less than 2 to the power z.",
)


def _whole(name: str, text: str, limit: int, problem: Text) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and int(text) < limit):
        raise ParameterError(name, problem)
    return int(text)


def _tile(request: Request) -> Tile:
    parts = request.path_params
    zoom = _whole("z", parts["z"], MAX_ZOOM + 1, ZOOM)
    x, y = (_whole(name, parts[name], 2**zoom, NUMBER) for name in ("x", "y"))
    return Tile(zoom, x, y, request.query_params.get("ward"))


async def tile(request: Request) -> Response:
    """One tile, with nothing in it an empty body. `ward` limits it to a ward, `status` and `category` its incidents."""
    layer = request.path_params["layer"]
    if layer not in LAYERS:
        return refusal(request, "layer", UNKNOWN_LAYER, 404)
    try:
        asked = _tile(request)
        statuses = statuses_of(request.query_params.getlist("status"))
        kinds = kinds_of(request.query_params.getlist("category"))
    except ParameterError as error:
        return refusal(request, error.name, error.text, 400)
    if asked.ward_code is not None and not is_code(asked.ward_code):
        return refusal(request, "ward", UNKNOWN_WARD, 404)
    actor = cast(Actor, request.state.actor)
    least, _ = LAYERS[layer]
    if asked.zoom < least:
        return _answer(request, layer, actor, b"")
    async with cast(Database, request.app.state.database).texts() as texts:
        (row,) = await texts.rows(*planned.tile(actor, layer, asked, statuses, kinds))
    return _answer(request, layer, actor, row.body)


def _answer(request: Request, layer: str, actor: Actor, body: bytes) -> Response:
    """What the public sees may be kept for a moment, by anyone; what a caller sees by right of their own, by nobody."""
    seconds = _FRESH_SECONDS.get(layer, 60)
    public = f"public, max-age={seconds}" if seconds else "public, no-cache"
    return kept(request, body, MEDIA_TYPE, public if actor == ANONYMOUS else "private, no-cache")


routes: list[BaseRoute] = [
    Route(
        "/tiles/{layer}/{z}/{x}/{y}.mvt",
        tile,
        name="tile",
        middleware=[Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)],
    ),
]
