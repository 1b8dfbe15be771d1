"""What a browser holds of its own reports: one cookie of tracking codes with the secrets that open them.

Scripts cannot read it. The newest stand first, and beyond `MOST` the oldest are let go: their private links still open
them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "reports"
MOST = 30
_DAYS = 400
"""The longest that browsers keep a cookie (RFC 6265bis)."""

_HELD = re.compile(r"([0-9]{5}-[0-9A-Z]{1,12}):([A-Za-z0-9_-]{1,100})", re.ASCII)


def held(request: Request) -> dict[str, str]:
    """The secrets that the reader's browser holds, by tracking code, newest first."""
    return dict(_HELD.findall(request.cookies.get(COOKIE, "")))


def secret_of(request: Request, code: str) -> str | None:
    """The secret for this report, where the reader's browser holds it."""
    return held(request).get(code)


def hold(request: Request, response: Response, code: str, secret: str) -> None:
    """Let the reader's browser hold the secret of this report from now on."""
    others = [(other, known) for other, known in held(request).items() if other != code]
    _keep(request, response, [(code, secret), *others])


def let_go(request: Request, response: Response, codes: Collection[str]) -> None:
    """Let the reader's browser forget these reports: they are no more."""
    rest = [(code, known) for code, known in held(request).items() if code not in codes]
    _keep(request, response, rest)


def _keep(request: Request, response: Response, reports: Sequence[tuple[str, str]]) -> None:
    value = ".".join(f"{code}:{secret}" for code, secret in reports[:MOST])
    secure = request.app.state.settings.secure_cookies
    response.set_cookie(COOKIE, value, max_age=_DAYS * 24 * 3600, httponly=True, samesite="lax", secure=secure)
