"""What is asked for, over HTTP: one request as every contender gets it, and how answers are compared."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import orjson

PLACEHOLDER = "00000000-0000-4000-8000-000000000000"
"""Stands for a UUID that is made afresh each time the request is sent."""

_MADE_AFRESH = frozenset({"reporterSecret", "trackingCode"})


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `body` is None for GET; `fresh` means that `PLACEHOLDER` in the body is replaced."""

    path: str
    body: bytes | None = None
    token: str | None = None
    fresh: bool = False
    about: dict[str, Any] = field(default_factory=dict)
    """What was drawn, for who reads a report."""

    def headers(self) -> dict[str, str]:
        """The headers that a client sends."""
        sent = {"Accept": "*/*"}
        if self.body is not None:
            sent |= {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        return sent

    def content(self) -> bytes | None:
        """The body to send now."""
        if self.body is None or not self.fresh:
            return self.body
        return self.body.replace(PLACEHOLDER.encode(), str(uuid.uuid4()).encode())

    def wire(self, host: str) -> bytes:
        """The whole request as HTTP/1.1, kept alive; a fresh UUID is put into it by `refreshed`."""
        lines = [f"{'GET' if self.body is None else 'POST'} {self.path} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers().items()]
        if self.body is not None:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + (self.body or b"")


def refreshed(wire: bytes) -> bytes:
    """A request of `wire` with a new UUID in place of the placeholder; its length stays."""
    return wire.replace(PLACEHOLDER.encode(), str(uuid.uuid4()).encode())


def graphql(query: str, variables: dict[str, Any], token: str | None = None, **about: Any) -> Request:
    """A GraphQL request as a client posts it: the whole document each time."""
    body = orjson.dumps({"query": query, "variables": variables})
    return Request("/graphql", body, token, fresh=PLACEHOLDER.encode() in body, about=about)


def meaning(body: bytes) -> Any:
    """What an answer says, to be compared: parsed where it is JSON, without what is made afresh for each request."""
    try:
        return _settled(orjson.loads(body))
    except orjson.JSONDecodeError:
        return body


def _settled(value: Any) -> Any:
    if isinstance(value, dict):
        fresh = _MADE_AFRESH if "trackingCode" not in value else {*_MADE_AFRESH, "id"}
        return {key: _settled(part) for key, part in value.items() if key not in fresh}
    if isinstance(value, list):
        return [_settled(part) for part in value]
    return value


def holds(expected: Any, found: Any) -> bool:
    """Whether what a statement gave is the answer, or the part of it that it was to give."""
    if not found:
        return False
    if found == expected:
        return True
    if isinstance(expected, dict):
        return any(holds(part, found) for part in expected.values() if isinstance(part, dict | list))
    return False
