"""The web server: uvicorn on a socket that was taken before anything slow began."""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn

from server.app import create_app
from server.settings import Settings, SettingsError

_GRACE_SECONDS = 10
_LARGEST_FRAME = 64 * 1024


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """A socket bound to the settings' address, closed at the end. Raises `SettingsError` when the address is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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
    level = logging.getLevelName(settings.log_level.upper())
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    debugging = settings.log_level == "debug"
    # uvicorn's own "started", "waiting", "shut down" say nothing that the terminal is not told already.
    logging.getLogger("uvicorn.error").setLevel(level if debugging else max(level, logging.WARNING))
    config = uvicorn.Config(
        create_app(settings),
        loop="uvloop",
        http="httptools",
        ws_max_size=_LARGEST_FRAME,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        access_log=debugging,  # addresses and tracking codes are personal data
        log_config=None,
        server_header=False,
    )
    # uvicorn repeats the signal after its graceful end; we were asked to stop and did.
    with suppress(KeyboardInterrupt):
        _Server(config, started).run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()
