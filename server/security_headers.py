"""The headers that tell browsers what an answer may do: on every answer, whatever gives it.

An answer that brings a header of its own keeps that: pages have a policy with a nonce (`server/pages/render.py`).
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The policy of what is no page: opened by itself, it loads nothing, runs nothing and stands in no frame."""
NO_DEVICES = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
_USUAL = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": NO_DEVICES,
    "Content-Security-Policy": NOTHING,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TLS = {"Strict-Transport-Security": "max-age=31536000"}
"""This host alone: what else has a name below it is not ours to decide on."""


class SecurityHeaders:
    """Adds what is missing. `by_tls` where the site is reached by HTTPS, whoever ends it."""

    def __init__(self, app: ASGIApp, by_tls: bool) -> None:
        self.app = app
        self.headers = _raw(_USUAL | (_TLS if by_tls else {}))
        self.headers_by_tls = _raw(_USUAL | _TLS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        usual = self.headers_by_tls if scope.get("scheme") in ("https", "wss") else self.headers

        async def sent(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                given = message.get("headers", ())
                names = {name.lower() for name, _ in given}
                message = {**message, "headers": [*given, *(one for one in usual if one[0] not in names)]}
            await send(message)

        await self.app(scope, receive, sent)


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
