"""What is out of reach for a moment is told as such: 503, and when to try again. Never a stack trace."""

from __future__ import annotations

import logging

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geo.database import OUT_OF_REACH, out_of_reach
from geo.language import Text
from server.languages import language_of

_LOG = logging.getLogger(__name__)
_SECONDS = 5

UNAVAILABLE = Text(
    "Hệ thống đang bận hoặc đang khởi động lại. Hãy thử lại sau ít giây.",
    "The system is busy or restarting. Please try again in a few seconds.",
)


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
            if answered or not out_of_reach(error):
                raise
            _LOG.warning("the database is out of reach: %s", type(error).__name__)
            message = UNAVAILABLE.to(language_of(Headers(scope=scope)))
            body = {"errors": [{"message": message, "extensions": {"code": "UNAVAILABLE"}}]}
            headers = {"Retry-After": str(_SECONDS), "Cache-Control": "no-store"}
            await JSONResponse(body, 503, headers)(scope, receive, send)
