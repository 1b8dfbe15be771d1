"""What a browser holds of its own reports: a cookie for each, `report-CODE`, with the secret that opens it.

Scripts cannot read them. Each is set by itself, so answers that come at the same moment take nothing from each other.
The newest stand first, and beyond `MOST` the oldest are let go: their private links still open them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection

from starlette.requests import Request
from starlette.responses import Response

from server import cookies

COOKIE = "report-"
"""How the cookies' names begin; the tracking code follows. The value: when it was held (Unix seconds), dot, secret."""
MOST = 30
_DAYS = 400
"""The longest that browsers keep a cookie (RFC 6265bis)."""

_CODE = re.compile(r"[0-9]{5}-[0-9A-Z]{1,12}", re.ASCII)
_VALUE = re.compile(r"([0-9]{1,11})\.([A-Za-z0-9_-]{1,100})", re.ASCII)


def held(request: Request) -> dict[str, str]:
    """The secrets that the reader's browser holds, by tracking code, newest first; `MOST` at most."""
    return {code: secret for _, code, secret in _all(request)[:MOST]}


def secret_of(request: Request, code: str) -> str | None:
    """The secret for this report, where the reader's browser holds it."""
    return held(request).get(code)


def hold(request: Request, response: Response, code: str, secret: str) -> None:
    """Let the reader's browser hold the secret of this report from now on."""
    others = [other for _, other, _ in _all(request) if other != code]
    # Whoever sends thousands of made-up ones is not answered with as many headers.
    let_go(request, response, others[MOST - 1 : 2 * MOST])
    secure = request.app.state.settings.secure_cookies
    cookies.keep(response, f"{COOKIE}{code}", f"{int(time.time())}.{secret}", _DAYS * 24 * 3600, secure=secure)


def let_go(request: Request, response: Response, codes: Collection[str]) -> None:
    """Let the reader's browser forget these reports: they are no more."""
    secure = request.app.state.settings.secure_cookies
    for code in codes:
        cookies.drop(response, f"{COOKIE}{code}", secure=secure)


def _all(request: Request) -> list[tuple[int, str, str]]:
    """When it was held, code and secret of each report that the cookies name, newest first."""
    found = []
    for name, value in request.cookies.items():
        if name.startswith(COOKIE) and _CODE.fullmatch(name, len(COOKIE)) and (known := _VALUE.fullmatch(value)):
            found.append((int(known[1]), name.removeprefix(COOKIE), known[2]))
    return sorted(found, reverse=True)
