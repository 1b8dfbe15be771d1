"""Server-sent events: `POST|GET /graphql` with `Accept: text/event-stream`, one operation a request.

The distinct connections mode of github.com/enisdenjo/graphql-sse: each response is an event `next`, the end an event
`complete`. Each change also carries its cursor as `id:`, so that a browser's EventSource resumes by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from geo.outage import OUT_OF_REACH
from server.followers import End, Message, Subscriber
from server.live import Answer, Caller, Live

MEDIA_TYPE = "text/event-stream"
_PING_SECONDS = 15.0
_PING = b":\n\n"
_COMPLETE = b"event: complete\ndata:\n\n"


def is_wanted(request: Request) -> bool:
    """Whether the client asks for a stream of events."""
    accepted = request.headers.get("accept", "").lower()
    return any(part.partition(";")[0].strip() == MEDIA_TYPE for part in accepted.split(","))


class EventStream(Response):
    """The stream of one operation; ends as soon as the client is gone."""

    def __init__(self, live: Live, caller: Caller, outcome: Answer | Subscriber) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}
        super().__init__(None, 200, headers, f"{MEDIA_TYPE}; charset=utf-8")
        del self.headers["content-length"]
        self._live = live
        self._caller = caller
        self._outcome = outcome

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        streaming = asyncio.create_task(self._stream(send))
        leaving = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait((streaming, leaving), return_when=asyncio.FIRST_COMPLETED)
            if streaming.done():
                await streaming
        finally:
            for task in (streaming, leaving):
                task.cancel()
            await asyncio.gather(streaming, leaving, return_exceptions=True)
            if isinstance(self._outcome, Subscriber):
                self._outcome.leave()

    async def _stream(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._events()) as events:
            async for event in events:
                await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _events(self) -> AsyncGenerator[bytes, None]:
        outcome = self._outcome
        if isinstance(outcome, Answer):
            yield _next(Message(outcome.text(), ""))
            yield _COMPLETE
            return
        yield _PING  # the headers alone may wait in a proxy
        async with aclosing(outcome.messages()) as messages:
            upcoming = asyncio.ensure_future(anext(messages, None))
            try:
                while True:
                    done, _ = await asyncio.wait((upcoming,), timeout=_PING_SECONDS)
                    if not done:
                        yield _PING
                        continue
                    message = upcoming.result()
                    if message is None:
                        break
                    yield _next(message)
                    upcoming = asyncio.ensure_future(anext(messages, None))
            except OUT_OF_REACH:
                yield _next(Message(self._live.unavailable(self._caller).text(), ""))
            finally:
                upcoming.cancel()
                await asyncio.gather(upcoming, return_exceptions=True)
        # A server that stops only ends the stream: the client is to turn to another and go on.
        if outcome.end is not End.STOPPING:
            yield _COMPLETE


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _next(message: Message) -> bytes:
    # JSON as we write it has no line breaks outside strings, where they are escaped.
    lead = f"id: {message.cursor}\n" if message.cursor else ""
    return f"{lead}event: next\ndata: {message.text}\n\n".encode()
