"""`GET /staff/map`: the incidents of the console's map, by window and by everything that the queue can be asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo.actor import Actor
from geo.database import Database
from maps import layers, planned
from maps.window import SINGLES_ZOOM, ParameterError, read_window
from server.pages.desk import ward_code_of
from server.pages.map_data import COMPRESSED, refusal, seen
from server.pages.signed_in import DESK, only
from server.pages.staff_asked import asked
from server.wards import UNKNOWN_WARD, UnknownWard

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@only(*DESK)
async def staff_map(request: Request) -> Response:
    """`/staff/map?zoom=&bbox=west,south,east,north` and the parameters of `/staff`: GeoJSON, as `/map/incidents`."""
    actor: Actor = request.state.actor
    wanted = asked(request.query_params)
    try:
        window = read_window(request.query_params.get("zoom"), request.query_params.get("bbox"))
    except ParameterError as error:
        return refusal(request, error.name, error.text, 400)
    try:
        code = ward_code_of(request)
    except UnknownWard:
        return refusal(request, "ward", UNKNOWN_WARD, 404)
    database = cast(Database, request.app.state.database)
    async with database.texts() as texts:
        found = await texts.fetch(*planned.code(actor, code))
        if found is None:
            return refusal(request, "ward", UNKNOWN_WARD, 404)
        ward_code = found.decode()
        if wanted.is_plain:
            return _answer(
                await seen(texts, actor, ward_code, window, list(wanted.statuses), list(wanted.kinds) or None)
            )
    filtered = wanted.meaning(window.box, datetime.now(UTC))
    async with database.read() as connection:
        if window.zoom >= SINGLES_ZOOM:
            row = (await connection.execute(layers.points_among(actor, ward_code, filtered))).one()
            if row.total <= layers.SINGLES:
                return _answer(row.body)
        row = (await connection.execute(layers.clusters_among(actor, ward_code, window, filtered))).one()
    return _answer(row.body)


def _answer(body: str | bytes) -> Response:
    return Response(body, headers=_HEADERS, media_type="application/geo+json")


routes: list[BaseRoute] = [Route("/staff/map", staff_map, name="staff-map", middleware=COMPRESSED)]
