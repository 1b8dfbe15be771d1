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
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send

from geo.outage import OUT_OF_REACH
from server.addresses import address_of
from server.followers import End
from server.languages import language_of
from server.live import Answer, Caller, Live, SignedOut, changed
from server.parsing import parsed
from server.sessions import bearer_of, is_own

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


class _Gone(Exception):
    """The client has left."""


class _Closing(Exception):
    """The socket is to be closed: code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")


class Endpoint:
    """One client, until it leaves or breaks the rules.

    ASGI as it is, for what wraps it stays in memory for as long as somebody follows, some thousand times.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        live: Live = scope["app"].state.live
        if not live.sockets.enter():
            await Response(status_code=503, headers={"Retry-After": "5"})(scope, receive, send)
            return
        try:
            await receive()  # "websocket.connect"
            headers = Headers(scope=scope)
            offered = PROTOCOL in scope["subprotocols"]
            await send({"type": "websocket.accept", "subprotocol": PROTOCOL if offered else None, "headers": []})
            address = address_of(scope, live.settings.proxies)
            device = live.admissions.devices.of(headers)
            caller = Caller(scope["state"]["token"], language_of(headers), address, device, socket=True)
            connection = _Connection(receive, send, live, caller, scope["state"])
            if not offered:
                await connection.close(4406, "Subprotocol not acceptable")
            elif not is_own(headers):  # as over HTTP, where no page of another origin may read what is answered
                await connection.close(4403, "Forbidden")
            else:
                await connection.run()
        except _Gone:
            pass
        finally:
            live.sockets.leave()


class _Connection:
    """What one socket has under way."""

    __slots__ = ("_acknowledged", "_caller", "_closed", "_live", "_operations", "_receive", "_sent", "_state")

    def __init__(self, receive: Receive, send: Send, live: Live, caller: Caller, state: dict[str, Any]) -> None:
        self._receive = receive
        self._sent = send
        self._live = live
        self._caller = caller
        self._state = state
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
            await self.close(closing.code, closing.reason)
        finally:
            tasks = list(self._operations.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _message(self) -> dict[str, Any]:
        frame = await self._receive()
        if frame["type"] == "websocket.disconnect":
            raise _Gone
        text = frame.get("text")
        if text is None:
            raise _Closing(4400, "Frames have to be text")
        try:
            message = parsed(text)
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
        self._state["operations"] = self._state.get("operations", 0) + 1
        self._operations[id_] = asyncio.create_task(self._operate(id_, payload))

    async def _operate(self, id_: str, payload: dict[str, Any]) -> None:
        try:
            await self._answer(orjson.dumps(id_).decode(), payload)
        except _Gone:
            return
        except SignedOut:
            await self.close(*_ENDED[End.SIGNED_OUT])
        except Exception:
            _LOG.exception("an operation failed")
            with suppress(_Gone):
                await self._finish(orjson.dumps(id_).decode(), self._live.fault(self._caller))
        finally:
            if self._operations.get(id_) is asyncio.current_task():
                del self._operations[id_]

    async def _answer(self, id_: str, payload: dict[str, Any]) -> None:
        asked = (payload["query"], payload.get("variables"), payload.get("operationName") or None)
        payload.clear()  # what stays open for hours keeps nothing that it does not need
        outcome = await self._live.ask(self._caller, *asked)
        del asked
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
            await self.close(*_ENDED[outcome.end])

    async def _finish(self, id_: str, answer: Answer) -> None:
        if answer.refused:
            await self._send(f'{{"id":{id_},"type":"error","payload":{answer.errors()}}}')
        else:
            await self._send(f'{{"id":{id_},"type":"next","payload":{answer.text()}}}')
            await self._send(f'{{"id":{id_},"type":"complete"}}')

    async def _send(self, text: str) -> None:
        if not self._closed:
            await self._put({"type": "websocket.send", "text": text})

    async def close(self, code: int, reason: str) -> None:
        """Close the socket, once."""
        if not self._closed:
            self._closed = True
            with suppress(_Gone):
                await self._put({"type": "websocket.close", "code": code, "reason": reason})

    async def _put(self, message: Message) -> None:
        try:
            await self._sent(message)
        except OSError:
            raise _Gone from None


def _id_of(given: Any) -> str:
    if not isinstance(given, str) or not 0 < len(given) <= _LONGEST_ID:
        raise _Closing(4400, "An operation has to have an id")
    return given


routes: list[BaseRoute] = [WebSocketRoute("/graphql", Endpoint())]
