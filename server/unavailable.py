"""What is out of reach for a moment is told as such: 503, and when to try again. Never a stack trace."""

from __future__ import annotations

import logging

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geo.outage import OUT_OF_REACH, out_of_reach
from server.languages import language_of
from server.pages.trouble import RETRY_AFTER, TROUBLES, shows_page, trouble_page

_LOG = logging.getLogger(__name__)
_SECONDS = 5

UNAVAILABLE = TROUBLES[503].message


class UnavailableMiddleware:
    """Answers 503 with Retry-After where the database is out of reach, or every connection is taken."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        answered = False

        async def sent(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, receive, sent)
        except OUT_OF_REACH as error:
            if not out_of_reach(error):
                raise
            _LOG.warning("the database is out of reach: %s", type(error).__name__)
            # What was begun ends here, without its end: the server then closes the connection, and the client sees it.
            if not answered:
                await _answer(scope)(scope, receive, send)


def _answer(scope: Scope) -> Response:
    """A page for who opened one, which comes again by itself, or who sent a form; JSON for all else."""
    headers = Headers(scope=scope)
    if shows_page(scope):
        return trouble_page(Request(scope), 503, {"Retry-After": str(RETRY_AFTER)})
    message = UNAVAILABLE.to(language_of(headers))
    body = {"errors": [{"message": message, "extensions": {"code": "UNAVAILABLE"}}]}
    return JSONResponse(body, 503, {"Retry-After": str(_SECONDS), "Cache-Control": "no-store"})
