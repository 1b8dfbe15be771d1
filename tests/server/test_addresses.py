"""Which address counts as the caller's, with and without proxies."""

from __future__ import annotations

import pytest
from starlette.types import Receive, Scope, Send

from server.addresses import UNKNOWN, Forwarded, address_of


@pytest.mark.parametrize(
    ("client", "forwarded", "proxies", "address"),
    [
        ("203.0.113.9", [], 0, "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], 0, "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9"], 1, "203.0.113.9"),
        ("10.0.0.1", ["6.6.6.6, 203.0.113.9"], 1, "203.0.113.9"),
        ("10.0.0.1", ["6.6.6.6", "203.0.113.9"], 1, "203.0.113.9"),
        ("10.0.0.1", ["6.6.6.6, 203.0.113.9, 10.0.0.2"], 2, "203.0.113.9"),
        ("10.0.0.1", [], 1, UNKNOWN),
        ("10.0.0.1", ["203.0.113.9"], 2, UNKNOWN),
        ("10.0.0.1", ["nobody"], 1, UNKNOWN),
        ("10.0.0.1", ["203.0.113.9:51234"], 1, "203.0.113.9"),
        ("10.0.0.1", ["[2001:db8:1:2::9]:443"], 1, "2001:db8:1:2::"),
        ("10.0.0.1", ["[2001:db8:1:2::9]"], 1, "2001:db8:1:2::"),
        ("10.0.0.1", ["2001:db8:1:2::9"], 1, "2001:db8:1:2::"),
        ("10.0.0.1", ["203.0.113.9:x"], 1, UNKNOWN),
        ("2001:db8:1:2:3:4:5:6", [], 0, "2001:db8:1:2::"),
        ("::ffff:203.0.113.9", [], 0, "203.0.113.9"),
        (None, [], 0, UNKNOWN),
    ],
)
def test_the_address_is_what_our_own_proxies_say_and_no_more(
    client: str | None, forwarded: list[str], proxies: int, address: str
) -> None:
    scope = {
        "type": "http",
        "client": None if client is None else (client, 1234),
        "headers": [(b"x-forwarded-for", one.encode()) for one in forwarded],
    }
    assert address_of(scope, proxies) == address


@pytest.mark.parametrize(
    ("forwarded", "proxies", "scheme"),
    [
        (["https"], 1, "https"),
        (["http, HTTPS"], 1, "https"),
        (["https", "http"], 1, "http"),
        (["https"], 0, "http"),
        (["ftp"], 1, "http"),
        ([], 1, "http"),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_the_scheme_is_what_our_own_proxy_says(
    forwarded: list[str], proxies: int, scheme: str, kind: str
) -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope)

    async def nothing(*_: object) -> None:
        pass

    plain = {"http": "http", "websocket": "ws"}[kind]
    headers = [(b"x-forwarded-proto", one.encode()) for one in forwarded]
    await Forwarded(app, proxies)({"type": kind, "scheme": plain, "headers": headers}, nothing, nothing)
    assert seen[0]["scheme"] == scheme.replace("http", plain)
