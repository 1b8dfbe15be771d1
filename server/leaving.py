"""Who asks and goes away is answered no more: the work is given up, and its SQL is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

Answer = TypeVar("Answer")
_UNWATCHED_SECONDS = 0.2
LEFT = 499
"""The status of an answer that nobody reads, for those who count answers."""


class Gone(Exception):
    """Nobody is there to be answered."""


async def while_there(request: Request, answering: Coroutine[Any, Any, Answer]) -> Answer:
    """What `answering` gives, while whoever asked is there; else it is cancelled. Raises `Gone`.

    What is answered at once, as nearly everything is, costs no more than a timer: only then somebody looks whether the
    client is still there. The body has to be read before.
    """
    task = asyncio.current_task()
    watching: list[asyncio.Task[None]] = []
    left = False

    async def watch() -> None:
        nonlocal left
        while (await request.receive())["type"] != "http.disconnect":
            pass
        left = True
        if task is not None:
            task.cancel()

    def begin() -> None:
        watching.append(asyncio.create_task(watch()))

    timer = asyncio.get_running_loop().call_later(_UNWATCHED_SECONDS, begin)
    try:
        return await answering
    except asyncio.CancelledError:
        if left and task is not None and not task.uncancel():
            raise Gone from None
        raise
    finally:
        timer.cancel()
        for one in watching:
            one.cancel()


async def left(_: Request, __: Exception) -> Response:
    """Answers who went away before all of the request was there: nobody, and it is no fault."""
    return Response(status_code=LEFT)
