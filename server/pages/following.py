"""Streams for pages that ask for their own parts anew: they say no more than that something happened."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server import sse
from server.live import Answer, Live, SignedOut
from server.pages.languages import language_of


async def follow(request: Request, subscription: str, variables: dict[str, Any]) -> Response:
    """Server-sent events of a subscription, in the right of who asks; `Last-Event-ID` goes on from there.

    204 where there is nothing that the caller may follow; 503 where there will be later.
    """
    following: Live = request.app.state.live
    caller = following.caller(request, language_of(request))
    resume = request.headers.get("last-event-id") or None
    try:
        outcome = await following.ask(caller, subscription, variables, None, resume)
    except SignedOut:  # the next try comes without a session
        outcome = following.unavailable(caller)
    if not isinstance(outcome, Answer):
        return sse.EventStream(following, caller, outcome)
    codes = {(error.extensions or {}).get("code") for error in outcome.result.errors or ()}
    if "NOT_FOUND" in codes:
        return Response(status_code=204)
    return Response(status_code=503, headers={"Retry-After": "15", "Cache-Control": "no-store"})
