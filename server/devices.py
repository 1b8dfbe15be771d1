"""The device that a report comes from: a random name, signed, which a browser keeps in a cookie and an app as it likes.

It names nobody and opens nothing; it only gives a device bounds of its own beside those of its address, which it may
share with thousands. It is given for a report that was stored, and not for the asking: who has none counts among the
new devices of the address. The name is made from that report's key, so to send one report again and again gives no
second name.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from uuid import UUID

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import Response

from geo.accounts import plain_username
from server import cookies

HEADER = "Reporter-Device"
"""In an answer: the device's name from now on. In a request: that name, from a program without cookies."""
_DAYS = 400
"""The longest that browsers keep a cookie (RFC 6265bis)."""
_MARK = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_MOST_NAMES = 8
"""User names that one browser is known for: a crew's telephone, the desk of a ward's hall."""
_TOKEN = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{22})", re.ASCII)


class _Cookies:
    """Random names that a browser keeps, signed for one purpose, so that nobody makes up others."""

    def __init__(self, secret_key: bytes, purpose: bytes, *, secure: bool) -> None:
        self._key = hmac.digest(secret_key, purpose, "sha256")
        self._secure = secure

    def called(self, name: str) -> str:
        """What the cookie is called."""
        return cookies.name_of(name, secure=self._secure)

    def keep(self, response: Response, cookie: str, value: str) -> None:
        """Let the caller's browser keep this for as long as browsers do."""
        cookies.keep(response, cookie, value, _DAYS * 24 * 3600, secure=self._secure)

    def digest(self, told: bytes) -> str:
        """A digest that only we can make, as 22 letters."""
        return _text(hmac.digest(self._key, told, "sha256"))

    def token(self, name: str) -> str:
        """A name with its signature."""
        return f"{name}.{self._signed(name)}"

    def name_in(self, token: str) -> str | None:
        """The name that we signed so; None where it is none of ours."""
        found = _TOKEN.fullmatch(token)
        return found[1] if found is not None and hmac.compare_digest(found[2], self._signed(found[1])) else None

    def _signed(self, name: str) -> str:
        return self.digest(b"name:" + name.encode())


class Devices:
    """Gives devices their names, and knows them again."""

    def __init__(self, secret_key: bytes, *, secure: bool) -> None:
        self._cookies = _Cookies(secret_key, b"devices", secure=secure)
        self.cookie = self._cookies.called("device")

    def of(self, headers: Headers) -> str | None:
        """The name of the device that sends these headers; None where it has none of ours."""
        return self._cookies.name_in(headers.get(HEADER) or _sent(headers, self.cookie))

    def new(self, request_key: UUID) -> str:
        """The name of a device whose first report has this key."""
        return self._cookies.digest(b"new:" + request_key.bytes)

    def give(self, name: str, headers: MutableHeaders) -> None:
        """Let the caller keep this name, by the headers of an answer."""
        token = self._cookies.token(name)
        response = Response()
        self._cookies.keep(response, self.cookie, token)
        headers.append("set-cookie", response.headers["set-cookie"])
        headers[HEADER] = token


class Browsers:
    """Browsers that somebody has signed in by: a random name, signed, in a cookie of its own that opens nothing.

    Whatever strangers of the same address try, by such a browser one may still sign in.
    """

    def __init__(self, secret_key: bytes, *, secure: bool) -> None:
        self._cookies = _Cookies(secret_key, b"browsers", secure=secure)
        self.cookie = self._cookies.called("browser")
        self.names_cookie = self._cookies.called("browser-names")

    def of(self, headers: Headers) -> str | None:
        """The name of the browser that sends these headers; None where it has none of ours."""
        return self._cookies.name_in(_sent(headers, self.cookie))

    def give(self, response: Response) -> str:
        """Let the caller's browser keep a new name, which is given."""
        name = _text(secrets.token_bytes(16))
        self._cookies.keep(response, self.cookie, self._cookies.token(name))
        return name

    def known(self, headers: Headers, username: str) -> str | None:
        """The browser's name where somebody has signed in by it under this user name; else None."""
        name = self.of(headers)
        if name is None:
            return None
        mark = self._mark(name, username)
        return name if any(hmac.compare_digest(one, mark) for one in self._marks(headers)) else None

    def learn(self, response: Response, headers: Headers, name: str, username: str) -> None:
        """Somebody signed in under this user name by the browser of that name, which keeps the mark of it."""
        mark = self._mark(name, username)
        marks = [mark, *(one for one in self._marks(headers) if one != mark)]
        self._cookies.keep(response, self.names_cookie, ".".join(marks[:_MOST_NAMES]))

    def _marks(self, headers: Headers) -> list[str]:
        marks = _sent(headers, self.names_cookie).split(".")
        return [one for one in marks[:_MOST_NAMES] if _MARK.fullmatch(one)]

    def _mark(self, name: str, username: str) -> str:
        plain = plain_username(username).encode("utf-8", "surrogatepass")
        return self._cookies.digest(b"mark:" + name.encode() + b":" + plain)


def _sent(headers: Headers, cookie: str) -> str:
    return cookie_parser(headers.get("cookie", "")).get(cookie, "")


def _text(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
