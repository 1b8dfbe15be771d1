"""Where a reporter ends the letters about a report: `/r/CODE/letters`, which each letter leads to."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo import letters
from geo.database import Database
from server.pages import codes
from server.pages.render import page


async def ask(request: Request) -> Response:
    """`GET /r/CODE/letters?key=`: asks whether to; programs that open each link of a letter end nothing."""
    return page(request, "letters.html", {"outcome": None})


async def stop(request: Request) -> Response:
    """`POST` to the same: no more letters, and the address is deleted. Mail programs may do it by RFC 8058.

    The key is all that is asked for, so the request may come from anywhere.
    """
    typed, key = codes.read(request.path_params["code"]), request.query_params.get("key", "")
    done = False
    if typed is not None and codes.is_key(key):
        database: Database = request.app.state.database
        async with database.write() as connection:
            done = await letters.stop(connection, typed.code, key)
    outcome = "stopped" if done else "refused"
    return page(request, "letters.html", {"outcome": outcome}, status=200 if done else 404)


routes: list[BaseRoute] = [
    Route("/r/{code}/letters", ask, methods=["GET"]),
    Route("/r/{code}/letters", stop, methods=["POST"]),
]
