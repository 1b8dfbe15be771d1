"""`GET /stats`: how a ward does, and its data to take along."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo import boundary_edits
from geo.actor import ANONYMOUS
from geo.clock import VIETNAM
from geo.database import Database
from geo.lifecycle import FINISHED, OPEN
from geo.plans import Kept
from maps.choropleth_map import choropleth_map
from server.pages import stats_figures
from server.pages.asking import ask
from server.pages.languages import language_of, translations
from server.pages.render import page
from server.pages.stats_asked import CHOICES, MEASURES, Asked, asked, lead
from server.pages.stats_figures import Speech
from server.pages.trouble import RETRY_AFTER, trouble_page
from server.pages.words import N_, script_words
from server.periods import Period, today
from server.wards import UnknownWard, asked_ward

AGE = timedelta(minutes=1)
"""How old the figures may be that a stranger is shown."""
_MOST = 256

_AT_ONCE = 2
_MOST_WAITING = 64
"""Counts that run or wait for their turn."""

PATIENCE = 5.0
"""Seconds that a reader waits for a count and its turn."""

SHOWN_AREAS = 12
"""Lines of the table of neighbourhoods before the rest is folded away."""

LAYER_LIMIT = 2_000
"""What Google My Maps takes in one layer: https://support.google.com/mymaps/answer/3024836."""

WORDS = {
    "areaFailed": N_("Chưa tải được bản đồ. Bảng bên dưới có đủ số liệu."),
    "areaLoading": N_("Đang tải bản đồ…"),
    "areaReady": N_("Chạm vào một tổ dân phố để xem số liệu."),
    "zoomIn": N_("Phóng to"),
    "zoomOut": N_("Thu nhỏ"),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """What the document answered, and when."""

    ward: dict[str, Any] | None
    at: datetime


class Busy(Exception):
    """Too many other figures are being counted."""


class Figures:
    """The figures that strangers ask for: all of them see the same, so for a minute one count serves.

    A count does not outlive the boundaries that it was made by: the last saving of boundaries is in its key.

    However many ask for the same at once, it is counted once; and few counts run at a time, whatever days are asked
    for. Who waits too long for a turn is shown the last figures known, or told to come again.
    """

    def __init__(self) -> None:
        self._kept: Kept[Counted] = Kept(_MOST)
        self._counting: dict[Hashable, asyncio.Task[Counted]] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def of(self, request: Request, code: str | None, period: Period) -> Counted:
        """The figures of the ward with this code for the period, as the caller may see them. Raises `Busy`."""
        if request.state.actor != ANONYMOUS:
            return await _count(request, code, period)
        key: Hashable = (code, period, await _drawn(request, code))
        known = self._kept.get(key)
        if known is not None and datetime.now(VIETNAM) - known.at < AGE:
            return known
        counting = self._counting.get(key)
        if counting is None:
            if len(self._counting) >= _MOST_WAITING:
                return _or_busy(known)
            counting = asyncio.create_task(self._counted(request, key, code, period))
            counting.add_done_callback(_heard)
            self._counting[key] = counting
        try:
            # Shielded: others may wait for the same count when this reader goes away.
            return await asyncio.wait_for(asyncio.shield(counting), PATIENCE)
        except TimeoutError:
            if counting.done():  # the database's own
                raise
            return _or_busy(known)

    async def _counted(self, request: Request, key: Hashable, code: str | None, period: Period) -> Counted:
        try:
            async with self._turns:
                found = await _count(request, code, period)
            self._kept.put(key, found)
            return found
        finally:
            del self._counting[key]


def _heard(counting: asyncio.Task[Counted]) -> None:
    """A count that failed when nobody waited for it any more is no matter: the next reader has it done again."""
    if not counting.cancelled():
        counting.exception()


def _or_busy(known: Counted | None) -> Counted:
    """The last figures, however old: they say when they were counted."""
    if known is None:
        raise Busy
    return known


async def _drawn(request: Request, code: str | None) -> datetime | None:
    """When boundaries were saved last."""
    async with cast(Database, request.app.state.database).read() as connection:
        return await boundary_edits.last(connection, code)


async def _count(request: Request, code: str | None, period: Period) -> Counted:
    at = datetime.now(VIETNAM)
    moments = {"from": period.since, "to": period.until}
    variables = {name: None if moment is None else moment.isoformat() for name, moment in moments.items()}
    answer = await ask(request, "stats", {"code": code, **variables})
    return Counted(answer["ward"], at)


async def stats_page(request: Request) -> Response:
    """`/stats[?ward=][&period=][&from=][&to=][&measure=]`."""
    wanted = asked(request.query_params, today())
    try:
        code = asked_ward(request)
    except UnknownWard:
        return page(request, "no_ward.html", {}, status=404)
    figures = cast(Figures, request.app.state.figures)
    try:
        counted = await figures.of(request, code, wanted.period)
    except Busy:
        return trouble_page(request, 503, {"Retry-After": str(RETRY_AFTER)})
    if counted.ward is None:
        return page(request, "no_ward.html", {}, status=404)
    return page(request, "stats.html", _context(request, wanted, counted.ward, counted.at), status=_status(wanted))


def _status(wanted: Asked) -> int:
    return 200 if wanted.problem is None else 400


def _context(request: Request, wanted: Asked, ward: dict[str, Any], at: datetime) -> dict[str, Any]:
    language = language_of(request)
    gettext = translations(language).gettext
    speech = Speech(language, gettext)
    whole = ward["statistics"]
    lines, legend = stats_figures.areas(whole["byNeighbourhood"], wanted.measure, speech)
    shell = choropleth_map()
    problem = wanted.problem
    return {
        "ward": ward,
        "asked": wanted,
        "named_ward": request.query_params.get("ward"),
        "choices": CHOICES,
        "measures": MEASURES,
        "lead": lead(wanted.choice, wanted.period, gettext),
        "at": f"{at:%H:%M}",
        "whole": stats_figures.line(whole, speech, whole["total"], ""),
        "open": speech.number(whole["openInTime"] + whole["openLate"]),
        "open_late": speech.number(whole["openLate"]),
        "some_late": whole["openLate"] > 0,
        "due": speech.number(whole["doneInTime"] + stats_figures.late(whole)),
        "left_out": {name: speech.number(whole[name]) for name in ("rejected", "duplicate", "reopened")},
        "kinds": stats_figures.kinds(whole["byCategory"], speech),
        "areas": lines,
        "shown_areas": SHOWN_AREAS,
        "counts_all": request.state.actor.runs(ward["code"]),
        "legend": legend,
        "months": stats_figures.months(whole["byMonth"], speech),
        "verdicts": stats_figures.verdicts(ward["ever"], speech),
        "rated": speech.number(ward["ever"]["rated"] or 0),
        "open_statuses": ",".join(OPEN),
        "finished_statuses": ",".join(FINISHED),
        "counts": {name: speech.number(ward[name]["totalCount"]) for name in ("places", "neighbourhoods", "incidents")},
        "layer_limit": speech.number(LAYER_LIMIT),
        "too_many": ward["incidents"]["totalCount"] > LAYER_LIMIT,
        "problems": [] if problem is None else [(problem.name, problem.text.to(language))],
        "shell": shell,
        "data": {
            **script_words(gettext, WORDS),
            "language": language,
            "ward": ward["code"],
            "areaMap": {"styles": shell.styles, "scripts": shell.scripts},
        },
    }


routes: list[BaseRoute] = [
    Route("/stats", stats_page, name="stats", middleware=[Middleware(GZipMiddleware, minimum_size=1000)]),
]
