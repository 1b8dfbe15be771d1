"""Forms of our own pages: what another site has a reader's browser send is refused, and nothing of it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from server.sessions import FOREIGN, is_own
from server.uploads import Form, Refused, read_form


@asynccontextmanager
async def own_form(request: Request, *, most_files: int = 0) -> AsyncIterator[Form]:
    """The form that a page of ours sent, whose files are there until the block ends. Raises `Refused`."""
    if not is_own(request.headers):
        raise Refused(403, FOREIGN)
    async with read_form(request, most_files=most_files) as form:
        yield form
