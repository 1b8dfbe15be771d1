"""How large a request may be: refused by its declared length, or as soon as it grows beyond it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geo.language import Text
from server.languages import language_of

MIB = 1024 * 1024

TOO_LARGE = Text(
    "Nội dung gửi lên quá lớn (tối đa {most} MiB).",
    "The request is too large ({most} MiB at most).",
)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many bytes for what is posted to some paths; a refusal names the parameter that was too large."""

    paths: re.Pattern[str]
    most: int
    parameter: str | None


PHOTO = Limit(re.compile("/photos"), 21 * MIB, "photo")
"""One photograph, and what the form around it takes."""
FORM = Limit(re.compile("/report|/r/[^/]+/reopen|/crew/resolve"), 65 * MIB, "photo")
"""A form with photographs, for who has no JavaScript that shrinks them."""
GEODATA = Limit(re.compile("/staff/boundaries/import"), 21 * MIB, "file")
"""A file of boundaries, and what the form around it takes."""
SHEET = Limit(re.compile("/staff/[a-z]+(?:/[^/]+)?/import(?:/apply)?"), 8 * MIB, "file")
"""A table from a spreadsheet, and the preview's form that carries what it changes."""
ANYTHING = Limit(re.compile(".*", re.DOTALL), MIB, None)


def limit_of(method: str, path: str) -> Limit:
    """How much may be sent so, to there."""
    limits = (PHOTO, FORM, GEODATA, SHEET) if method == "POST" else ()
    return next((limit for limit in limits if limit.paths.fullmatch(path)), ANYTHING)


class _TooLarge(Exception):
    pass


class BodyLimitMiddleware:
    """Answers 413 to a body over the limit of its path; what comes after that is never kept."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = limit_of(scope["method"], scope["path"])
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared[:12]) > limit.most:
            await self._refuse(limit, scope, receive, send)
            return
        received = 0
        answered = False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit.most:
                raise _TooLarge
            return message

        async def sent(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, counted, sent)
        except _TooLarge:
            if answered:
                raise
            await self._refuse(limit, scope, receive, send)

    async def _refuse(self, limit: Limit, scope: Scope, receive: Receive, send: Send) -> None:
        message = TOO_LARGE.to(language_of(Headers(scope=scope)), most=limit.most // MIB)
        body: dict[str, object]
        if limit.parameter is None:
            body = {"errors": [{"message": message, "extensions": {"code": "TOO_LARGE"}}]}
        else:
            body = {"error": {"parameter": limit.parameter, "code": "TOO_LARGE", "message": message}}
        # The connection stays: uvicorn throws away what else arrives. Closed in the middle of it, it would be reset,
        # and a client that is still sending would never read why.
        await JSONResponse(body, 413)(scope, receive, send)
