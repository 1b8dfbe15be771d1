"""How large a request may be: refused by its declared length, or as soon as it grows beyond it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geo.actor import ANONYMOUS, Actor, Role
from geo.language import Text
from server.languages import language_of
from server.room import Room

MIB = 1024 * 1024

TOO_LARGE = Text(
    "Nội dung gửi lên quá lớn (tối đa {most} MiB).",
    "The request is too large ({most} MiB at most).",
)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many bytes for what is posted to some paths; a refusal names the parameter that was too large."""

    paths: re.Pattern[str]
    most: int
    parameter: str | None


PHOTO = Limit(re.compile("/photos"), 21 * MIB, "photo")
"""One photograph, and what the form around it takes."""
FORM = Limit(re.compile("/report|/r/[^/]+/reopen|/crew/resolve"), 65 * MIB, "photo")
"""A form with photographs, for who has no JavaScript that shrinks them."""
GEODATA = Limit(re.compile("/staff/boundaries/import"), 21 * MIB, "file")
"""A file of boundaries, and what the form around it takes."""
SHEET = Limit(re.compile("/staff/[a-z]+(?:/[^/]+)?/import(?:/apply)?"), 8 * MIB, "file")
"""A table from a spreadsheet, and the preview's form that carries what it changes."""
ANYTHING = Limit(re.compile(".*", re.DOTALL), MIB, None)
DRAFT = Limit(re.compile("/graphql"), 8 * MIB, None)
"""A draft of a whole ward's boundaries, from its staff: 200 neighbourhoods of 500 vertices take some 3 MiB."""
_DRAWS = frozenset({Role.STAFF, Role.ADMIN})
_MOST_DRAFTS = 2


def limit_of(method: str, path: str) -> Limit:
    """How much may be sent so, to there."""
    limits = (PHOTO, FORM, GEODATA, SHEET) if method == "POST" else ()
    return next((limit for limit in limits if limit.paths.fullmatch(path)), ANYTHING)


def limit_of_staff(method: str, path: str) -> Limit:
    """The same for those who are signed in as staff."""
    return DRAFT if method == "POST" and DRAFT.paths.fullmatch(path) else limit_of(method, path)


class _TooLarge(Exception):
    pass


class BodyLimitMiddleware:
    """Answers 413 to a body over the limit of its path; what comes after that is never kept.

    Whether the wider limit of staff holds is known once their session was looked up, further in: before anything of
    the body is read. Few such bodies are taken at once; more are told to come again soon, by `TimeoutError`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._drafts = Room(_MOST_DRAFTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = limit_of(scope["method"], scope["path"])
        widest = limit_of_staff(scope["method"], scope["path"])
        given = Headers(scope=scope).get("content-length", "")
        declared = int(given[:12]) if given.isascii() and given.isdigit() else 0
        if declared > widest.most:
            await self._refuse(widest, scope, receive, send)
            return
        received = 0
        answered = False
        entered = False

        async def counted() -> Message:
            nonlocal limit, received, entered
            if limit is not widest and _actor(scope).role in _DRAWS:
                limit = widest
            if declared > limit.most:
                raise _TooLarge
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit.most:
                raise _TooLarge
            if limit is DRAFT and not entered and max(declared, received) > MIB:
                entered = self._drafts.enter()
                if not entered:
                    raise TimeoutError
            return message

        async def sent(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, counted, sent)
        except _TooLarge:
            if answered:
                raise
            await self._refuse(limit, scope, receive, send)
        finally:
            if entered:
                self._drafts.leave()

    async def _refuse(self, limit: Limit, scope: Scope, receive: Receive, send: Send) -> None:
        message = TOO_LARGE.to(language_of(Headers(scope=scope)), most=limit.most // MIB)
        body: dict[str, object]
        if limit.parameter is None:
            body = {"errors": [{"message": message, "extensions": {"code": "TOO_LARGE"}}]}
        else:
            body = {"error": {"parameter": limit.parameter, "code": "TOO_LARGE", "message": message}}
        # The connection stays: uvicorn throws away what else arrives. Closed in the middle of it, it would be reset,
        # and a client that is still sending would never read why.
        await JSONResponse(body, 413)(scope, receive, send)


def _actor(scope: Scope) -> Actor:
    """The caller, where the session was looked up already."""
    actor: Actor = scope.get("state", {}).get("actor", ANONYMOUS)
    return actor
