"""The web server: uvicorn on a socket that was taken before anything slow began."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from server import logs
from server.app import create_app
from server.events import Hub
from server.settings import Settings, SettingsError
from server.tracing import TRACING

_LOG = logging.getLogger(__name__)
_GRACE_SECONDS = 10
_LARGEST_FRAME = 64 * 1024
_LARGEST_HEAD = 256 * 1024
"""In bytes: a query in an address, percent-encoded, and all that a browser sends beside it."""
_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_UNTAKEN_SECONDS = 30
_STUCK_SECONDS = 1.0
_MOST_FILES = 65_536


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """A socket bound to the settings' address, closed at the end. Raises `SettingsError` when the address is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it: one whose other end takes nothing for so long is cut, and what waits for it freed.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNTAKEN_SECONDS * 1000)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            where = f"{settings.host}:{settings.port}"
            raise SettingsError(
                f"Cannot listen on {where}: {error.strerror}. Another port can be given: PHUONGSO_PORT=8001 make run"
            ) from error
        yield listener


def address(listener: socket.socket) -> str:
    """Where a browser on this machine finds the server."""
    host, port = listener.getsockname()[:2]
    here = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host)  # noqa: S104  # nosec B104
    return f"http://{here or (f'[{host}]' if ':' in host else host)}:{port}"


def is_open_to_others(listener: socket.socket) -> bool:
    """Whether other machines can reach the server."""
    return not ipaddress.ip_address(listener.getsockname()[0]).is_loopback


def serve(settings: Settings, listener: socket.socket, started: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; open requests get some seconds to end. `started` is called once all is ready.

    Raises `SettingsError` when the settings lack a database or a key, SystemExit when the application does not start.
    """
    _allow_many_files()
    logs.begin(settings.log_level, settings.form_of_logs)
    if settings.otlp_endpoint is not None:
        TRACING.begin()
    app = create_app(settings)
    config = uvicorn.Config(
        Cut(app),
        loop="uvloop",
        http=Requests,
        ws=Sockets,
        ws_max_size=_LARGEST_FRAME,
        ws_per_message_deflate=False,  # its windows would cost each follower more memory than all the rest
        timeout_graceful_shutdown=_GRACE_SECONDS,
        access_log=False,  # it tells addresses and tracking codes; `server/observing.py` tells what may be told
        log_config=None,
        server_header=False,
        proxy_headers=False,  # server/addresses.py believes as many proxies as the settings say
    )
    # uvicorn repeats the signal after its graceful end; we were asked to stop and did.
    try:
        with suppress(KeyboardInterrupt):
            _Server(config, started, app.state.live.hub).run(sockets=[listener])
    finally:
        TRACING.end()


def _allow_many_files() -> None:
    """Every connection is an open file, and systems start a process with 1,024 of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(_MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class Requests(HttpToolsProtocol):
    """HTTP whose requests' heads are bounded: uvicorn would gather a head without an end in memory."""

    _heading = True
    _head = 0

    def on_message_begin(self) -> None:
        self._heading, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._heading = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._heading, self._head = True, 0
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        if self._heading:
            self._head += len(data)
            if self._head > _LARGEST_HEAD:
                self._refuse_head()
                return
        super().data_received(data)

    def _refuse_head(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()


class Cut:
    """The application, whose requests that are still under way when the grace is over end without a stack trace."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            # Only the server's end cancels from outside. What has no end by then its client takes for no whole answer.
            if scope["type"] == "lifespan":
                raise
            _LOG.warning("a request was cut: the server stops")


class Sockets(WebSocketsSansIOProtocol):
    """WebSockets whose refusal by an ordinary response ends the handshake: uvicorn would log each one as an error."""

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announce: Callable[[], None], hub: Hub) -> None:
        super().__init__(config)
        self._announce = announce
        self._hub = hub

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends what would never end by itself: subscriptions at once, and soon a socket that takes nothing."""
        self._hub.stop()
        asyncio.get_running_loop().call_later(_STUCK_SECONDS, self._cut_sockets)
        await super().shutdown(sockets)

    def _cut_sockets(self) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, WebSocketsSansIOProtocol) or _is_stuck_stream(connection):
                connection.transport.abort()


def _is_stuck_stream(connection: object) -> bool:
    """A stream of events whose client does not read it; a slow download has the whole grace."""
    if not isinstance(connection, HttpToolsProtocol) or not connection.flow.write_paused:
        return False
    path: str = connection.scope["path"]
    return path == "/graphql" or (path.startswith("/r/") and path.endswith("/live"))
