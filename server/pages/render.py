"""A page: a Jinja template in the reader's language, under a Content-Security-Policy with a nonce of its own."""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from geo.language import Language
from maps import vendor
from server.pages.languages import language_of, remember, translations
from server.pages.static import asset

TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment(language: Language) -> Environment:
    """The templates in one language. Everything is escaped; a name that nobody gave is an error, not an empty text."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(
        asset=asset,
        language=language,
        sprite=vendor.url(vendor.SPRITE),
        font_files=[
            vendor.url(f"{vendor.FONT}/{subset}-{weight}.woff2")
            for weight in (400, 600)
            for subset in ("latin", "vietnamese")
        ],
    )
    return made


def security_policy(nonce: str, image_source: str = "") -> str:
    """Only our own server, and scripts only with this answer's nonce; `image_source` is the base map's origin."""
    images = " ".join(filter(None, ("'self'", "data:", "blob:", image_source)))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            "style-src 'self'",
            f"img-src {images}",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )


def page(
    request: Request, template: str, context: dict[str, Any], *, status: int = 200, image_source: str = ""
) -> HTMLResponse:
    """The answer to a request for a page. `nonce` and `here` (this address in another language) are given to it."""
    language = language_of(request)
    nonce = secrets.token_urlsafe(16)
    body = (
        environment(language)
        .get_template(template)
        .render(
            {
                **context,
                "nonce": nonce,
                "here": {other: f"?{request.url.include_query_params(lang=other).query}" for other in Language},
            }
        )
    )
    headers = {
        "Content-Security-Policy": security_policy(nonce, image_source),
        "Content-Language": language,
        "Cache-Control": "private, no-cache",
        "Vary": "Cookie",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(self), camera=(self), microphone=()",
    }
    response = HTMLResponse(body, status, headers)
    remember(request, response)
    return response
