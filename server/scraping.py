"""`GET /metrics`: the figures of this process for Prometheus, with what can only be asked at the moment.

It stands before sessions, limits and all else that asks the database: to be told that the database is away, one must
be told while it is. Who may not read it is told that there is no such address.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import logging
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from geo import jobs
from geo.database import Database
from geo.outage import OUT_OF_REACH
from server import logs, metrics
from server.live import Live
from server.pages import trouble
from server.pictures import Pictures
from server.sessions import bearer_of
from server.settings import Settings

_LOG = logging.getLogger(__name__)
_DATABASE_SECONDS = 2.0
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via", "cf-connecting-ip")
_NEAR = [
    ipaddress.ip_network(one)
    for one in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
]


class Scraping:
    """Answers `/metrics`, and passes on everything else."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != ROUTE.path:
            await self.app(scope, receive, send)
            return
        scope["route"] = ROUTE
        response = await answer(Request(scope), self.settings)
        await response(scope, receive, send)


async def answer(request: Request, settings: Settings) -> Response:
    """The figures, or 404 for who may not read them."""
    if request.method not in ("GET", "HEAD") or not may_read(request, settings):
        return trouble.trouble(request, 404)
    fresh = CollectorRegistry(auto_describe=False)
    fresh.register(_Told(_of_process(request.app) + await _of_database(request.app.state.database)))
    body = generate_latest(metrics.REGISTRY) + generate_latest(fresh)
    return Response(body, headers={"Cache-Control": "no-store"}, media_type=CONTENT_TYPE_LATEST)


ROUTE = Route("/metrics", answer)


def may_read(request: Request, settings: Settings) -> bool:
    """Whether the figures are for who asks: by the token, or from a machine near by that no proxy speaks for.

    In production by the token alone: a proxy that says for nobody whom it asks, or a published port of a container,
    make the whole world come from a private address.
    """
    given = bearer_of(request.headers.get("authorization", ""))
    if settings.metrics_token is not None and given is not None:
        return hmac.compare_digest(given.encode(), settings.metrics_token.get_secret_value().encode())
    if settings.production or _is_forwarded(request.headers) or request.client is None:
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    return any(address in network for network in _NEAR)


def _is_forwarded(headers: Headers) -> bool:
    return any(name in headers for name in _FORWARDED)


class _Told(Collector):
    def __init__(self, told: Sequence[Metric]) -> None:
        self._told = told

    def collect(self) -> Iterator[Metric]:
        return iter(self._told)


def _gauge(name: str, about: str, *values: tuple[tuple[str, ...], float], labels: Sequence[str] = ()) -> Metric:
    gauge = GaugeMetricFamily(f"phuongso_{name}", about, labels=labels)
    for given, value in values:
        gauge.add_metric(given, value)
    return gauge


def _of_process(app: Starlette) -> list[Metric]:
    live: Live = app.state.live
    database: Database = app.state.database
    pictures: Pictures = app.state.pictures
    pools = database.usage()
    used = (((one.name, state), count) for one in pools for state, count in (("used", one.used), ("idle", one.idle)))
    shares = (("reading", live.reading), ("writing", live.writing))
    return [
        _gauge("database_connections", "Database connections by pool.", *used, labels=("pool", "state")),
        _gauge(
            "database_connections_most",
            "Database connections that a pool may have.",
            *(((one.name,), one.most) for one in pools),
            labels=("pool",),
        ),
        _gauge(
            "operations_waiting",
            "GraphQL operations that wait for their turn at a connection.",
            *(((name,), share.waiting) for name, share in shares),
            labels=("to",),
        ),
        _gauge("live_followers", "Subscriptions that are followed.", ((), len(live.hub))),
        _gauge("live_sockets", "WebSockets that are open.", ((), live.sockets.taken)),
        _gauge("live_listening", "Whether the database's calls are heard.", ((), live.hub.listening())),
        _gauge("photographs_in_work", "Photographs being cleaned or blurred, or waiting for it.", ((), pictures.asked)),
    ]


async def _of_database(database: Database) -> list[Metric]:
    """What the queue holds; nothing but `database_up 0` where that is not told soon."""
    try:
        async with asyncio.timeout(_DATABASE_SECONDS), database.read() as connection:
            depths = await jobs.depths(connection)
    except (SQLAlchemyError, *OUT_OF_REACH) as error:
        _LOG.warning("the queue could not be read: %s", logs.kind_of(error))
        return [_up(False)]
    return [
        _up(True),
        _gauge(
            "jobs",
            "Jobs by state: queued, picked (under way), failed (held for a person).",
            *(((one.name, one.state), one.count) for one in depths),
            labels=("job", "state"),
        ),
        _gauge(
            "jobs_oldest_seconds",
            "For how long the oldest job of a kind has been due and not begun.",
            *(((one.name,), one.seconds) for one in depths if one.state == "queued"),
            labels=("job",),
        ),
    ]


def _up(answers: bool) -> Metric:
    return _gauge("database_up", f"Whether the database answered within {_DATABASE_SECONDS:g} s.", ((), answers))
