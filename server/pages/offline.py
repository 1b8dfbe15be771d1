"""What pages need to be kept on a phone: the service worker, its page for no network, the installed application."""

from __future__ import annotations

from functools import cache

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from maps import vendor
from server.pages.languages import language_of, translations
from server.pages.render import FONT_FILES, page
from server.pages.report_words import WORDS
from server.pages.static import asset, build
from server.pages.words import N_, script_words

MODULES = (
    "common/asking.js",
    "common/dom.js",
    "common/keeping.js",
    "common/posting.js",
    "common/shrink.js",
    "common/words.js",
    "report/draft.js",
    "report/exif.js",
    "report/main.js",
    "report/photos.js",
    "report/place.js",
    "report/problems.js",
    "report/sending.js",
    "report/store.js",
    "report/waiting.js",
)
"""What the report page imports at once. What serves only with a network, it imports when that is needed."""

CREW_MODULES = (
    "common/asking.js",
    "common/dom.js",
    "common/keeping.js",
    "common/posting.js",
    "common/shrink.js",
    "common/stream.js",
    "common/words.js",
    "crew/alerts.js",
    "crew/cards.js",
    "crew/foreseeing.js",
    "crew/live.js",
    "crew/main.js",
    "crew/position.js",
    "crew/saying.js",
    "crew/sending.js",
    "crew/sheets.js",
    "crew/store.js",
    "crew/waiting.js",
)
"""What the crew's page imports at once; its map comes when somebody opens it."""

_CREW_ALSO = (
    "common/ground.js",
    "common/map_shell.js",
    "common/ready.js",
    "crew/map.js",
    "desk/bell.js",
    "desk/sign_out.js",
    "desk/ways.js",
)
_CREW_STYLES = ("css/design.css", "css/page.css", "css/desk.css", "css/form.css", "css/crew.css", "css/notices.css")

_ALWAYS = ("common/ready.js", "report/address.js", "report/offline.js")
"""What every page, and the page for no network, import beside that."""

_STYLES = ("css/design.css", "css/page.css", "css/form.css", "css/report.css")
_WORDS = {
    "unreached": N_("Chưa kết nối được"),
    **{name: WORDS[name] for name in ("keptDraft", "keptRefused", "keptSent", "keptWaiting")},
}
_NAME = N_("Phường Số")
_SHORT = N_("Báo sự cố")
_ABOUT = N_("Bản đồ số của phường; báo sự cố và theo dõi việc xử lý.")


@cache
def _script() -> str:
    """The worker for this build: another build is another script, which browsers notice and install anew."""
    files = [
        *(asset(path) for path in (*MODULES, *_ALWAYS, *_STYLES, "icon.svg")),
        *FONT_FILES,
        vendor.url(vendor.SPRITE),
    ]
    crew_files = [
        *(asset(path) for path in (*CREW_MODULES, *_CREW_ALSO, *_CREW_STYLES)),
        vendor.url(vendor.DESK_SPRITE),
        *(vendor.url(f"{vendor.LEAFLET}/leaflet.{kind}") for kind in ("js", "css")),
    ]
    return (
        f'import {{ begin }} from "{asset("report/worker.js")}";\n\n'
        f'begin("{build()}", {_listed(files)}, {_listed(crew_files)});\n'
    )


def _listed(files: list[str]) -> str:
    return orjson.dumps(files, option=orjson.OPT_INDENT_2).decode()


async def worker(_: Request) -> Response:
    """`GET /sw.js`: the service worker of all pages; asked for again each time."""
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(_script(), headers=headers, media_type="text/javascript")


async def offline(request: Request) -> Response:
    """`GET /offline`: what stands in for a page that cannot be fetched; kept by the worker, the same for everybody."""
    return page(request, "offline.html", {"data": _told(request)})


def _told(request: Request) -> dict[str, object]:
    language = language_of(request)
    return {**script_words(translations(language).gettext, _WORDS), "language": language}


async def manifest(request: Request) -> Response:
    """`GET /manifest.webmanifest`: name and icons for a phone's home screen."""
    language = language_of(request)
    gettext = translations(language).gettext
    icons = [
        {"src": asset(f"icons/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in (192, 512)
        for purpose in ("any", "maskable")
    ]
    told = {
        "id": "/",
        "name": gettext(_NAME),
        "short_name": gettext(_NAME),
        "description": gettext(_ABOUT),
        "lang": language,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f4f7f8",
        "theme_color": "#0b5c86",
        "icons": [*icons, {"src": asset("icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
        "shortcuts": [{"name": gettext(_SHORT), "url": "/report"}],
    }
    headers = {"Cache-Control": "private, no-cache", "Vary": "Cookie", "X-Content-Type-Options": "nosniff"}
    return Response(orjson.dumps(told), headers=headers, media_type="application/manifest+json")


routes: list[BaseRoute] = [
    Route("/sw.js", worker, name="service-worker"),
    Route("/offline", offline, name="offline"),
    Route("/manifest.webmanifest", manifest, name="manifest"),
]
