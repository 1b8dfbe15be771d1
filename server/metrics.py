"""The figures of this process, counted as things happen, in Prometheus's words; `server/scraping.py` gives them out.

What a stranger can choose makes no label: routes are templates, methods and operations those that are known, statuses
and outcomes ours. So there are never more series than routes and documents.
"""

from __future__ import annotations

from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    start_http_server,
)

REGISTRY = CollectorRegistry()
"""All that is counted here; the figures of the process itself among it."""
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

_requests = Counter("phuongso_http_requests", "Requests answered.", ("route", "method", "status"), registry=REGISTRY)
_request_seconds = Histogram(
    "phuongso_http_request_seconds",
    "Seconds until the answer to a request began.",
    ("route",),
    buckets=_SECONDS,
    registry=REGISTRY,
)
_operations = Counter(
    "phuongso_graphql_operations",
    "GraphQL operations by how they ended.",
    ("operation", "type", "outcome"),
    registry=REGISTRY,
)
_operation_seconds = Histogram(
    "phuongso_graphql_operation_seconds",
    "Seconds that a GraphQL operation took; of a subscription until it was begun.",
    ("operation", "type"),
    buckets=_SECONDS,
    registry=REGISTRY,
)
refused = Counter(
    "phuongso_refused", "Requests refused because there were too many, by which limit.", ("kind",), registry=REGISTRY
)
"""Counted where a limit refuses: `refused.labels("device").inc()`, with one of a few names for the kind."""
jobs = Counter("phuongso_jobs_ended", "Jobs by how a try of them ended.", ("job", "outcome"), registry=REGISTRY)
"""Counted by the worker; outcome `done`, `failed` (tried again later) or `given_up`."""
chores = Counter("phuongso_chores_ended", "Chores by how they ended.", ("chore", "outcome"), registry=REGISTRY)
"""Counted by the worker; outcome `done` or `failed`."""


def count_request(route: str, method: str, status: int, seconds: float | None) -> None:
    """Count a request; `seconds` until its answer began, None where it had none."""
    _requests.labels(route, method, str(status)).inc()
    if seconds is not None:
        _request_seconds.labels(route).observe(seconds)


def count_operation(operation: str, kind: str, outcome: str, seconds: float) -> None:
    """Count a GraphQL operation by its name among ours."""
    _operations.labels(operation, kind, outcome).inc()
    _operation_seconds.labels(operation, kind).observe(seconds)


def tell_at(host: str, port: int) -> tuple[WSGIServer, Thread]:
    """Give the figures out at a port of their own, by a thread: for a worker, which serves nothing else."""
    return start_http_server(port, host, REGISTRY)
