"""`WS /graphql`: `graphql-transport-ws`, by its specification (github.com/enisdenjo/graphql-ws, PROTOCOL.md).

Ours and no library's, because responses are texts already, which are spliced into the frames as they are, and because
whatever a client sends ends in the close code that the specification names, never in a stack trace.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from typing import Any

import orjson
from starlette.responses import Response
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from server.events import End
from server.languages import language_of
from server.listener import OUT_OF_REACH
from server.live import Answer, Caller, Live, SignedOut, changed
from server.sessions import bearer_of

_LOG = logging.getLogger(__name__)
PROTOCOL = "graphql-transport-ws"
_INIT_SECONDS = 3.0
_LONGEST_ID = 128
_LONGEST_REASON = 123
"""In bytes: what a close frame holds (RFC 6455, 5.5)."""
_ENDED = {
    End.SIGNED_OUT: (4401, "Unauthorized"),
    End.RIGHTS_CHANGED: (4403, "Forbidden"),
    End.STOPPING: (1012, "Service Restart"),
}
_GONE = (WebSocketDisconnect, WebSocketDisconnected)


class _Closing(Exception):
    """The socket is to be closed: code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")


async def endpoint(websocket: WebSocket) -> None:
    """One client, until it leaves or breaks the rules."""
    live: Live = websocket.app.state.live
    if not live.sockets.enter():
        await websocket.send_denial_response(Response(status_code=503, headers={"Retry-After": "5"}))
        return
    try:
        with suppress(*_GONE):
            if PROTOCOL in websocket.scope["subprotocols"]:
                await websocket.accept(PROTOCOL)
                await _Connection(websocket, live).run()
            else:
                await websocket.accept()
                await websocket.close(4406, "Subprotocol not acceptable")
    finally:
        live.sockets.leave()


class _Connection:
    """What one socket has under way."""

    def __init__(self, websocket: WebSocket, live: Live) -> None:
        self._websocket = websocket
        self._live = live
        self._caller = Caller(websocket.state.token, language_of(websocket.headers))
        self._acknowledged = False
        self._closed = False
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        try:
            try:
                async with asyncio.timeout(_INIT_SECONDS):
                    while not self._acknowledged:
                        await self._take(await self._message())
            except TimeoutError:
                raise _Closing(4408, "Connection initialisation timeout") from None
            while True:
                await self._take(await self._message())
        except _Closing as closing:
            await self._close(closing.code, closing.reason)
        finally:
            tasks = list(self._operations.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _message(self) -> dict[str, Any]:
        frame = await self._websocket.receive()
        if frame["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(frame.get("code", 1005))
        text = frame.get("text")
        if text is None:
            raise _Closing(4400, "Frames have to be text")
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise _Closing(4400, "Invalid JSON") from None
        if not isinstance(message, dict):
            raise _Closing(4400, "A message has to be an object")
        return message

    async def _take(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "connection_init":
                await self._initialise(message.get("payload"))
            case "ping":
                await self._send('{"type":"pong"}')
            case "pong":
                pass
            case "subscribe":
                self._subscribe(message.get("id"), message.get("payload"))
            case "complete":
                task = self._operations.pop(_id_of(message.get("id")), None)
                if task is not None:
                    task.cancel()
            case _:
                raise _Closing(4400, "Unknown type of message")

    async def _initialise(self, payload: Any) -> None:
        if self._acknowledged:
            raise _Closing(4429, "Too many initialisation requests")
        if payload is not None and not isinstance(payload, dict):
            raise _Closing(4400, "The payload has to be an object")
        given = (payload or {}).get("authorization") or (payload or {}).get("Authorization")
        if given is not None:
            token = bearer_of(given) if isinstance(given, str) else None
            if token is None:
                raise _Closing(4403, "Forbidden")
            self._caller = changed(self._caller, token)
        try:
            await self._live.actor_of(self._caller)
        except SignedOut:
            raise _Closing(4403, "Forbidden") from None
        except OUT_OF_REACH:
            raise _Closing(1013, "Try again later") from None
        self._acknowledged = True
        await self._send('{"type":"connection_ack"}')

    def _subscribe(self, given: Any, payload: Any) -> None:
        id_ = _id_of(given)
        if not self._acknowledged:
            raise _Closing(4401, "Unauthorized")
        if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
            raise _Closing(4400, "The payload has to have a query")
        for name, kind in (("variables", dict), ("operationName", str), ("extensions", dict)):
            if payload.get(name) is not None and not isinstance(payload[name], kind):
                raise _Closing(4400, f"{name} is not what it has to be")
        if id_ in self._operations:
            raise _Closing(4409, f"Subscriber for {id_} already exists")
        if len(self._operations) >= self._live.settings.max_subscriptions_per_connection:
            raise _Closing(4429, "Too many operations")
        self._operations[id_] = asyncio.create_task(self._operate(id_, payload))

    async def _operate(self, id_: str, payload: dict[str, Any]) -> None:
        try:
            await self._answer(orjson.dumps(id_).decode(), payload)
        except _GONE:
            return
        except SignedOut:
            await self._close(*_ENDED[End.SIGNED_OUT])
        except Exception:
            _LOG.exception("an operation failed")
            with suppress(*_GONE):
                await self._finish(orjson.dumps(id_).decode(), self._live.fault(self._caller))
        finally:
            if self._operations.get(id_) is asyncio.current_task():
                del self._operations[id_]

    async def _answer(self, id_: str, payload: dict[str, Any]) -> None:
        asked = (payload["query"], payload.get("variables"), payload.get("operationName") or None)
        outcome = await self._live.ask(self._caller, *asked)
        del asked, payload  # what stays open for hours keeps nothing it does not need
        if isinstance(outcome, Answer):
            await self._finish(id_, outcome)
            return
        try:
            async with aclosing(outcome.messages()) as messages:
                async for message in messages:
                    await self._send(f'{{"id":{id_},"type":"next","payload":{message.text}}}')
        except OUT_OF_REACH:
            await self._finish(id_, self._live.unavailable(self._caller))
        finally:
            outcome.leave()
        if outcome.end is not None:
            await self._close(*_ENDED[outcome.end])

    async def _finish(self, id_: str, answer: Answer) -> None:
        if answer.refused:
            await self._send(f'{{"id":{id_},"type":"error","payload":{answer.errors()}}}')
        else:
            await self._send(f'{{"id":{id_},"type":"next","payload":{answer.text()}}}')
            await self._send(f'{{"id":{id_},"type":"complete"}}')

    async def _send(self, text: str) -> None:
        if not self._closed:
            await self._websocket.send_text(text)

    async def _close(self, code: int, reason: str) -> None:
        if not self._closed:
            self._closed = True
            with suppress(*_GONE):
                await self._websocket.close(code, reason)


def _id_of(given: Any) -> str:
    if not isinstance(given, str) or not 0 < len(given) <= _LONGEST_ID:
        raise _Closing(4400, "An operation has to have an id")
    return given


routes: list[BaseRoute] = [WebSocketRoute("/graphql", endpoint)]
