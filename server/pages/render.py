"""A page: a Jinja template in the reader's language, under a Content-Security-Policy with a nonce of its own."""

from __future__ import annotations

import secrets
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from geo.language import Language
from maps import vendor
from server.pages.languages import language_of, remember, translations
from server.pages.static import asset
from server.pages.words import STATUSES, TONES, dialled, phone

TEMPLATES = Path(__file__).parent / "templates"
FONT_FILES = tuple(
    vendor.url(f"{vendor.FONT}/{subset}-{weight}.woff2") for weight in (400, 600) for subset in ("latin", "vietnamese")
)


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
    # In an element that is JSON, its own letters are half as long as escapes; `tojson` still escapes < > & and quotes.
    made.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": False, "separators": (",", ":")}
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(dialled=dialled, phone=phone)
    made.globals.update(
        asset=asset,
        language=language,
        statuses=STATUSES,
        tones=TONES,
        sprite=vendor.url(vendor.SPRITE),
        font_files=FONT_FILES,
    )
    return made


def security_policy(nonce: str, image_source: str = "", *, embedded: bool = False) -> str:
    """Only our own server, and scripts only with this answer's nonce; `image_source` is the base map's origin.

    Only what is made to be `embedded` may stand in a frame of another site.
    """
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
            "worker-src 'self'",
            "frame-ancestors *" if embedded else "frame-ancestors 'self'",
        )
    )


def within_ward(request: Request, path: str, /, ward: str | None = None, **parameters: object) -> str:
    """An address of our own with these parameters, about `ward`, else the ward that the request names."""
    named = ward or request.query_params.get("ward")
    asked = {} if named is None else {"ward": named}
    query = urlencode(asked | parameters)
    return f"{path}?{query}" if query else path


def page(
    request: Request,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
    image_source: str = "",
    embedded: bool = False,
    within: str | None = None,
) -> HTMLResponse:
    """The answer to a request for a page; `within` is the ward that it is about, where its address does not say so.

    Beside its context a template has `nonce`, `early` (whether the reader has only to wait), `here` (this address in
    another language) and `to(path)`, which keeps the ward that the request names in an address of our own.
    """
    language = language_of(request)
    nonce = secrets.token_urlsafe(16)
    body = (
        environment(language)
        .get_template(template)
        .render(
            {
                **context,
                "early": status == 429,
                "nonce": nonce,
                "to": partial(within_ward, request, ward=within),
                "here": {other: f"?{request.url.include_query_params(lang=other).query}" for other in Language},
            }
        )
    )
    headers = {
        "Content-Security-Policy": security_policy(nonce, image_source, embedded=embedded),
        "Content-Language": language,
        "Cache-Control": "private, no-cache",
        "Vary": "Cookie",
        "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
    }
    if embedded:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response = HTMLResponse(body, status, headers)
    remember(request, response)
    return response
