"""The headers that tell browsers what an answer may do: on every answer, whatever gives it.

An answer that brings a header of its own keeps that: pages have a policy with a nonce (`server/pages/render.py`).
The files that pages are made of are public and bound by the page's policy: they have no more than concerns them, for
a page is made of some thirty, and the usual headers would weigh as much as half of its modules.
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
_FILES = "/static/"
_OF_FILES = {name: _USUAL[name] for name in ("X-Content-Type-Options", "Content-Security-Policy")}
_NEVER_OPENED = (b"text/javascript", b"text/css", b"font/")
"""What a browser shows as text or not at all when it is opened by itself: a policy would change nothing."""
_TLS = {"Strict-Transport-Security": "max-age=31536000"}
"""This host alone: what else has a name below it is not ours to decide on."""


class SecurityHeaders:
    """Adds what is missing. `by_tls` where the site is reached by HTTPS, whoever ends it."""

    def __init__(self, app: ASGIApp, by_tls: bool) -> None:
        self.app = app
        self.headers = _raw(_USUAL | (_TLS if by_tls else {}))
        self.headers_by_tls = _raw(_USUAL | _TLS)
        self.headers_of_files = _raw(_OF_FILES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        by_tls = scope.get("scheme") in ("https", "wss")

        async def sent(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                given = message.get("headers", ())
                known = {name.lower(): value for name, value in given}
                if message["status"] == 200 and scope["path"].startswith(_FILES):
                    wanted = self._of_file(known.get(b"content-type", b""))
                else:
                    wanted = self.headers_by_tls if by_tls else self.headers
                message = {**message, "headers": [*given, *(one for one in wanted if one[0] not in known)]}
            await send(message)

        await self.app(scope, receive, sent)

    def _of_file(self, kind: bytes) -> list[tuple[bytes, bytes]]:
        return self.headers_of_files[: 1 if kind.startswith(_NEVER_OPENED) else None]


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
