"""`GET /export/…`: a ward's places, neighbourhoods and incidents as files, streamed at the reader's pace."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import orjson
import sqlalchemy as sa
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send

from geo import audit, wards
from geo.actor import Actor
from geo.clock import VIETNAM
from geo.database import Database
from geo.exporting.streaming import Exports, TooMany
from geo.exporting.subjects import SUBJECTS, Subject, export_incidents
from geo.exporting.writing import MEDIA_TYPES, Document, Format, document
from geo.incidents import EVERYTHING, Filter
from geo.language import Text
from maps.window import ParameterError
from server.addresses import address_of
from server.asked import kinds_of, statuses_of
from server.languages import language_of
from server.periods import read_period
from server.settings import Settings
from server.wards import UNKNOWN_WARD, UnknownWard, asked_ward

_LOG = logging.getLogger(__name__)
RETRY_AFTER = 30
STALLED = 20
"""Seconds after which a reader who takes nothing is left."""
LONGEST = {True: 30 * 60, False: 5 * 60}
"""Seconds an export may take in all, for those who have an account and for those who have none."""

UNKNOWN_EXPORT = Text("Không có tệp xuất này.", "There is no such export.")
UNFILTERED = Text("Chỉ lọc được tệp phản ánh.", "Only the export of incidents can be filtered.")
BUSY = Text(
    "Đang có nhiều lượt xuất dữ liệu. Hãy thử lại sau ít phút.",
    "Several exports are running. Please try again in a few minutes.",
)


def file_name(subject: Subject, ward_code: str, ending: str) -> str:
    """What a file is called when it is kept: what it is, of which ward, as of which day."""
    return f"{subject.slug}-{ward_code}-{datetime.now(VIETNAM):%Y-%m-%d}.{ending}"


@dataclass(frozen=True, slots=True)
class Taken:
    """What the audit log says of a download: which file, of which ward, and in what form or by which filter."""

    action: str
    ward_code: str
    details: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, sa.Select[int]] = field(default_factory=dict)
    """What to count of it, and by which query."""


class Stalled(Exception):
    """The reader takes nothing."""


class Export(Response):
    """A document, read from the database while it is sent. Another one has to wait where too many run.

    What is `taken` stands in the audit log before its first byte leaves, whether or not the last one does.
    """

    def __init__(
        self, request: Request, found: Document, headers: dict[str, str], media_type: str, taken: Taken | None = None
    ) -> None:
        super().__init__(headers=headers, media_type=media_type)
        del self.headers["content-length"]
        self._request = request
        self._document = found
        self._taken = taken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await super().__call__(scope, receive, send)
            return
        exports: Exports = self._request.app.state.exports

        async def sent(message: Message) -> None:
            try:
                async with asyncio.timeout(STALLED):
                    await send(message)
            except TimeoutError:
                raise Stalled from None

        known = self._request.state.actor.account_id is not None
        whole = asyncio.timeout(LONGEST[known])
        try:
            place = exports.place(_who(self._request), known=known)
            async with whole, place, exports.text(self._document) as pieces:
                # Before the answer begins: a database out of reach is then told as such.
                first = await anext(pieces) + await anext(pieces)
                await self._tell()
                stream = StreamingResponse(_from(first, pieces))
                stream.raw_headers = self.raw_headers
                await stream(scope, receive, sent)
        except Stalled:
            _LOG.info(
                "the reader of an export took nothing for %s s", STALLED
            )  # what lacks its end, the server cuts off
        except TimeoutError:
            if not whole.expired():
                raise
            _LOG.info("an export took longer than %s s", LONGEST[known])
        except TooMany:
            refusal = _refusal(self._request, "export", BUSY, 503, {"Retry-After": str(RETRY_AFTER)})
            await refusal(scope, receive, send)

    async def _tell(self) -> None:
        if self._taken is None:
            return
        taken, database = self._taken, cast(Database, self._request.app.state.database)
        async with database.write(silent=True) as connection:
            actor: Actor = self._request.state.actor
            counts = {name: await connection.scalar(query) for name, query in taken.counts.items()}
            await audit.record(connection, actor, taken.action, None, taken.ward_code, {**taken.details, **counts})


def _who(request: Request) -> str:
    """Whose place it is: an account's, or that of all who come from an address without one."""
    actor: Actor = request.state.actor
    settings: Settings = request.app.state.settings
    return str(actor.account_id or address_of(request.scope, settings.proxies))


async def _from(first: bytes, others: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in others:
        yield piece


async def export(request: Request) -> Response:
    """`/export/{places,neighbourhoods,incidents}.{geojson,kml,csv}[?ward=CODE]`: a whole file.

    Incidents also by day of report, status and category: `[&from=][&to=][&status=][&category=]`.
    """
    make = SUBJECTS.get(request.path_params["subject"])
    form = None
    with suppress(ValueError):
        form = Format(request.path_params["form"])
    if make is None or form is None:
        return _refusal(request, "export", UNKNOWN_EXPORT, 404)
    try:
        wanted = wanted_of(request)
    except ParameterError as error:
        return _refusal(request, error.name, error.text, 400)
    filtered = wanted != EVERYTHING
    if filtered and make is not export_incidents:
        return _refusal(request, "export", UNFILTERED, 400)
    actor = cast(Actor, request.state.actor)
    ward = await _ward(request, actor)
    if ward is None:
        return _refusal(request, "ward", UNKNOWN_WARD, 404)
    subject = export_incidents(actor, ward.code, wanted) if filtered else make(actor, ward.code)
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name(subject, ward.code, form)}"',
        "Cache-Control": "private, no-store",
        "Vary": "Cookie, Authorization",
        "X-Content-Type-Options": "nosniff",
    }
    taken = None
    if actor.account_id is not None and subject.logged is not None:  # who works for a ward sees more than everybody
        details = {"format": form.value, "filtered": filtered}
        taken = Taken(subject.logged.action, ward.code, details, {subject.logged.counted: subject.count()})
    return Export(request, document(subject, form, ward.name), headers, MEDIA_TYPES[form], taken)


def wanted_of(request: Request) -> Filter:
    """Which incidents a request asks for; what a form leaves empty is not asked. Raises what names the parameter."""
    asked = request.query_params
    period = read_period(asked)
    return Filter(
        statuses=statuses_of(asked.getlist("status")),
        categories=kinds_of(asked.getlist("category")),
        reported_from=period.since,
        reported_to=period.until,
    )


async def _ward(request: Request, actor: Actor) -> wards.Ward | None:
    """The ward that the request is about; None where there is none."""
    try:
        code = asked_ward(request)
    except UnknownWard:
        return None
    database: Database = request.app.state.database
    async with database.read() as connection:
        return await wards.named(connection, actor, code)


def _refusal(
    request: Request, parameter: str, text: Text, status: int, headers: dict[str, str] | None = None
) -> Response:
    """What is wrong with a request, naming the parameter, as the map's data do."""
    language = language_of(request.headers)
    told = {"error": {"parameter": parameter, "message": text.to(language)}}
    usual = {"Content-Language": language, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(orjson.dumps(told), status, usual | (headers or {}), media_type="application/json")


routes: list[BaseRoute] = [
    # Level 5: nearly as small as 9, at a third of the time.
    Route(
        "/export/{subject}.{form}",
        export,
        name="export",
        middleware=[Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)],
    ),
]
