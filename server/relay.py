"""The address of a mail server, as the settings name it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

_PORTS = {"smtp": 587, "smtps": 465}
_TLS = {"required": True, "off": False, "offered": None}


@dataclass(frozen=True, slots=True)
class Relay:
    """A mail server and how it is spoken to. `start_tls`: True insists on it, None takes it where it is offered."""

    host: str
    port: int
    use_tls: bool
    start_tls: bool | None
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, url: str) -> Relay:
        """From `smtp://user:password@host:port?tls=required`. Raises ValueError, without the address, which is secret.

        With a password TLS is insisted on, unless `tls=off` says otherwise.
        """
        parts = urlsplit(url)
        asked = parse_qs(parts.query, keep_blank_values=True)
        try:
            port = parts.port
        except ValueError:
            raise ValueError("names no port from 1 to 65535") from None
        if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/") or set(asked) - {"tls"}:
            raise ValueError("must look like smtp://user:password@host:port, or smtps://")
        tls = asked.get("tls", ["required" if parts.password else "offered"])[-1]
        if tls not in _TLS:
            raise ValueError("tls is one of required, offered, off")
        secure = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            use_tls=secure,
            start_tls=False if secure else _TLS[tls],
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )
