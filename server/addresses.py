"""From which address a request comes, behind so many proxies of our own."""

from __future__ import annotations

import ipaddress

from starlette.datastructures import Headers
from starlette.types import Scope

UNKNOWN = "unknown"
"""Who comes by a Unix socket, or behind a proxy that does not say for whom it asks."""
_NETWORK_BITS = 64
"""What one subscriber has of IPv6 addresses: each of them may be used but once."""


def address_of(scope: Scope, proxies: int) -> str:
    """The caller's IPv4 address, or IPv6 network, as text; `UNKNOWN` where nobody says.

    Each proxy adds whom it was asked by at the right of `X-Forwarded-For`. What stands left of what our own proxies
    wrote is the caller's word and never believed.
    """
    if not proxies:
        client = scope.get("client")
        return _network(client[0]) if client else UNKNOWN
    told = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
    return _network(told[-proxies].strip()) if len(told) >= proxies else UNKNOWN


def _network(text: str) -> str:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _NETWORK_BITS), strict=False).network_address)
    return str(address)
