"""Every request gets an id, and leaves one record: which route, how it ended, how long it took. Never its address.

Tracking codes and the keys of private links stand in paths and queries: only the route's template is told.
"""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from starlette.datastructures import Headers
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geo import audit
from geo.ids import new_id
from server import logs, metrics, tracing

_LOG = logging.getLogger(__name__)
HEADER = b"x-request-id"
_UUID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""As proxies make them. Nothing shorter: digits that a client chose may be somebody's number."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = ("/static", "/health", "/metrics")
"""Routes whose requests are told at debug only: there are many, and they say little."""
UNKNOWN = "none"
"""The route of a request that no route takes."""
LEFT = 499
"""The status of a request whose client left before the answer began (nginx's)."""


class Observing:
    """The outermost of all: what it wraps has `request.state.request_id`, and everything is answered with it."""

    def __init__(self, app: ASGIApp, proxies: int) -> None:
        self.app = app
        self.proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        request_id = self._request_id(scope)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        # Never taken back: what the server itself says of the request afterwards belongs to it too.
        logs.request_id.set(request_id)
        audit.asked_in.set(request_id)
        tracing.parent.set(Headers(scope=scope).get("traceparent") if self.proxies else None)
        seen = _Request(scope, receive, send) if scope["type"] == "http" else _Socket(scope, receive, send)
        try:
            await self.app(scope, seen.receive, seen.send)
        except BaseException:
            seen.failed()
            raise
        finally:
            seen.tell()

    def _request_id(self, scope: Scope) -> str:
        """Our proxies' id for it, else a new one: what a stranger sends is not written into our log."""
        if self.proxies:
            given = Headers(scope=scope).get("x-request-id", "").lower()
            if _UUID.fullmatch(given):
                return given
        return str(new_id())


class _Seen:
    """What is noticed of one request or one socket while it passes."""

    __slots__ = ("_began", "_code", "_receive", "_scope", "_sent")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._sent = send
        self._code = 0
        self._began = time.perf_counter()

    def _milliseconds(self) -> float:
        return round((time.perf_counter() - self._began) * 1000, 1)

    def _headed(self, message: Message) -> Message:
        given = (HEADER, self._scope["state"]["request_id"].encode())
        return {**message, "headers": [*message.get("headers", ()), given]}


class _Request(_Seen):
    __slots__ = ("_bytes", "_until_answered", "receive")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.receive = receive
        self._bytes = 0
        self._until_answered: float | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._code = message["status"]
            self._until_answered = time.perf_counter() - self._began
            if not self._is_kept():
                message = self._headed(message)
        else:
            self._bytes += len(message.get("body", b""))
        await self._sent(message)

    def _is_kept(self) -> bool:
        """Whether it is a file that browsers keep for ever: who finds it there later did not ask this."""
        return self._code == 200 and self._scope["path"].startswith("/static/")

    def failed(self) -> None:
        self._code = self._code or 500

    def tell(self) -> None:
        route = route_of(self._scope)
        method = self._scope["method"] if self._scope["method"] in _METHODS else "other"
        metrics.count_request(route, method, self._code or LEFT, self._until_answered)
        level = logging.DEBUG if route.startswith(_QUIET) else logging.INFO
        if _LOG.isEnabledFor(level):
            told = {
                "method": method,
                "route": route,
                "status": self._code or LEFT,
                "ms": self._milliseconds(),
                "bytes": self._bytes,
            }
            _LOG.log(level, "request", extra={"told": told})


class _Socket(_Seen):
    __slots__ = ("_status",)

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self._status: int | None = None

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._code = self._code or message.get("code") or 1005
        return message

    async def send(self, message: Message) -> None:
        match message["type"]:
            case "websocket.accept":
                message = self._headed(message)
            case "websocket.http.response.start":
                self._status = message["status"]
                message = self._headed(message)
            case "websocket.close":
                self._code = self._code or message.get("code", 1000)
        await self._sent(message)

    def failed(self) -> None:
        self._code = self._code or 1011

    def tell(self) -> None:
        told: dict[str, Any] = {"route": route_of(self._scope)}
        if self._status is not None:
            told["status"] = self._status
        else:
            told |= {"close_code": self._code or 1006, "operations": self._scope["state"].get("operations", 0)}
        _LOG.info("socket", extra={"told": {**told, "ms": self._milliseconds()}})


def route_of(scope: Scope) -> str:
    """The template of the request's route, such as `/r/{code}`; `UNKNOWN` where there is none.

    What was answered before any route was asked, such as a refusal, has the route that would have taken it.
    """
    route = scope.get("route")
    if route is None and "router" not in scope and "app" in scope:
        routes: list[BaseRoute] = scope["app"].routes
        route = next((one for one in routes if one.matches(scope)[0] is not Match.NONE), None)
    path: str = getattr(route, "path", UNKNOWN)
    return path
