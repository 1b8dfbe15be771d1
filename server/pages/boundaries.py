"""`GET /staff/boundaries`: the ward's neighbourhoods on one map, to be drawn, redrawn, split and merged."""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo.actor import Actor
from geo.positions import Box
from maps.boundary_map import boundary_map
from server.basemap import ground_of
from server.pages import boundaries_keeping, boundaries_tracing
from server.pages.asking import for_modules
from server.pages.boundaries_starting import STARTING
from server.pages.boundaries_undrawn import UNDRAWN
from server.pages.boundaries_words import GEOMAN, WORDS
from server.pages.desk import desk_page, desk_words, shown_ward
from server.pages.languages import language_of, translations
from server.pages.signed_in import DESK, only
from server.pages.trouble import trouble

AT = "/staff/boundaries"
DOCUMENTS: tuple[str, ...] = ("areas", "check", "split", "merge", *boundaries_keeping.DOCUMENTS, "propose")
"""`documents/boundaries_NAME.graphql` that the page's modules ask by."""
SAID: dict[str, str] = {
    **WORDS,
    **boundaries_keeping.WORDS,
    **STARTING,
    **UNDRAWN,
    **boundaries_tracing.TRACING,
}
"""What all the page's modules say."""


@only(*DESK)
async def boundaries(request: Request) -> Response:
    """The editor. Shapes come to it as data, by the API that everybody else uses."""
    ward = await shown_ward(request)
    if ward is None:
        return trouble(request, 404)
    actor: Actor = request.state.actor
    language = language_of(request)
    gettext = translations(language).gettext
    ground = ground_of(request)
    context = {
        "shell": boundary_map(Box(ward.west, ward.south, ward.east, ward.north)),
        "base": ground,
        "data": {
            **desk_words(gettext, SAID),
            "geoman": {key: gettext(text) for key, text in GEOMAN.items()},
            "language": language,
            "ward": ward.code,
            "account": str(actor.account_id),
            "bounds": [[ward.south, ward.west], [ward.north, ward.east]],
            "ground": ground.told() if ground else None,
            "tracing": boundaries_tracing.told(),
            "documents": for_modules("boundaries", *DOCUMENTS),
        },
    }
    return await desk_page(request, "boundaries.html", context, at=AT, image_source=ground.source if ground else "")


routes: list[BaseRoute] = [
    *boundaries_keeping.routes,
    Route(AT, boundaries, name="boundaries", middleware=[Middleware(GZipMiddleware, minimum_size=1000)]),
]
