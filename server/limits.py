"""How large a request may be: refused by its declared length, or as soon as it grows beyond it."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geo.language import Text
from server.languages import language_of

MAX_BODY = 1024 * 1024

TOO_LARGE = Text("Nội dung gửi lên quá lớn (tối đa 1 MiB).", "The request is too large (1 MiB at most).")


class _TooLarge(Exception):
    pass


class BodyLimitMiddleware:
    """Answers 413 to a body over `MAX_BODY` bytes; no more than that is ever held."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared[:12]) > MAX_BODY:
            await self._refuse(scope, receive, send)
            return
        received = 0
        answered = False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY:
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
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = TOO_LARGE.to(language_of(Headers(scope=scope)))
        body = {"errors": [{"message": message, "extensions": {"code": "TOO_LARGE"}}]}
        await JSONResponse(body, 413, {"Connection": "close"})(scope, receive, send)
