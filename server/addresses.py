"""From which address a request comes, and whether by HTTPS, behind so many proxies of our own."""

from __future__ import annotations

import ipaddress
import logging
import re
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

_LOG = logging.getLogger(__name__)
UNKNOWN = "unknown"
"""Who comes by a Unix socket, or behind a proxy that does not say for whom it asks."""
_SCHEMES = {"http": ("http", "ws"), "https": ("https", "wss")}
_NETWORK_BITS = 64
"""What one subscriber has of IPv6 addresses: each of them may be used but once."""
_WITH_PORT = re.compile(r"\[([^]]*)\](?::\d+)?|([\d.]+):\d+", re.ASCII)
"""How some proxies write whom they were asked by."""
_TOLD_SECONDS = 60.0
_told: dict[str, float] = {}


def address_of(scope: Scope, proxies: int) -> str:
    """The caller's IPv4 address, or IPv6 network, as text; `UNKNOWN` where nobody says.

    Each proxy adds whom it was asked by at the right of `X-Forwarded-For`. What stands left of what our own proxies
    wrote is the caller's word and never believed.
    """
    if not proxies:
        client = scope.get("client")
        return _network(client[0]) if client else UNKNOWN
    told = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
    found = _network(told[-proxies].strip()) if len(told) >= proxies else UNKNOWN
    if found is UNKNOWN:
        _warn()
    return found


class Forwarded:
    """Takes the scheme by which the caller reached our proxies from the nearest one's `X-Forwarded-Proto`."""

    def __init__(self, app: ASGIApp, proxies: int) -> None:
        self.app = app
        self.proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.proxies and scope["type"] in ("http", "websocket"):
            told = Headers(scope=scope).getlist("x-forwarded-proto")
            scheme = _SCHEMES.get(told[-1].rpartition(",")[2].strip().lower()) if told else None
            if scheme is not None:
                scope["scheme"] = scheme[scope["type"] == "websocket"]
        await self.app(scope, receive, send)


def _warn() -> None:
    """Say, once a minute and without what stood there, that all such callers count as one."""
    now = time.monotonic()
    if now > _told.get(UNKNOWN, -_TOLD_SECONDS) + _TOLD_SECONDS:
        _told[UNKNOWN] = now
        _LOG.warning("X-Forwarded-For names no caller: is PHUONGSO_PROXIES right? All who come so count as one address")


def _network(text: str) -> str:
    if (apart := _WITH_PORT.fullmatch(text)) is not None:
        text = apart[1] or apart[2]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _NETWORK_BITS), strict=False).network_address)
    return str(address)
