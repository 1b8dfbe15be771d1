"""What lets pages be kept on a phone: the service worker's script, and the manifest of the installed application."""

from __future__ import annotations

from functools import cache

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from maps import vendor
from server.pages.languages import language_of, translations
from server.pages.render import FONT_FILES
from server.pages.static import asset, build
from server.pages.words import N_

MODULES = (
    "common/dom.js",
    "common/words.js",
    "report/asking.js",
    "report/draft.js",
    "report/exif.js",
    "report/main.js",
    "report/photos.js",
    "report/place.js",
    "report/problems.js",
    "report/search.js",
    "report/sending.js",
    "report/shrink.js",
    "report/similar.js",
    "report/store.js",
    "report/waiting.js",
)
"""What the report page imports at once."""

_STYLES = ("css/design.css", "css/page.css", "css/form.css", "css/report.css")
_NAME = N_("Phường Số")
_SHORT = N_("Báo sự cố")
_ABOUT = N_("Bản đồ số của phường; báo sự cố và theo dõi việc xử lý.")


@cache
def _script() -> str:
    """The worker for this build: another build is another script, which browsers notice and install anew."""
    files = [*(asset(path) for path in (*MODULES, *_STYLES, "icon.svg")), *FONT_FILES, vendor.url(vendor.SPRITE)]
    return (
        f'import {{ begin }} from "{asset("report/worker.js")}";\n\n'
        f'begin("{build()}", {orjson.dumps(files, option=orjson.OPT_INDENT_2).decode()});\n'
    )


async def worker(_: Request) -> Response:
    """`GET /sw.js`: the service worker of all pages; asked for again each time."""
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(_script(), headers=headers, media_type="text/javascript")


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
    Route("/manifest.webmanifest", manifest, name="manifest"),
]
