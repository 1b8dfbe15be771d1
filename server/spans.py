"""Spans of OpenTelemetry, sent to the collector that `OTEL_EXPORTER_OTLP_ENDPOINT` names (OTLP over HTTP, protobuf).

Loaded only where one is named (`server/tracing.py`). A span says which operation of ours ran, how it ended and what it
cost: no argument, no answer, nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from schema.context import Context
from server import logs, tracing
from server.tracing import Running

_FAULTS = frozenset({"fault", "timeout", "unavailable"})


class Exported:
    """Makes spans and sends them in batches, from a thread of its own."""

    def __init__(self) -> None:
        resource = Resource.create()  # as OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say
        if str(resource.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
            resource = resource.merge(Resource({SERVICE_NAME: "phuongso"}))
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("phuongso")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def operation(self, running: Running, context: Context) -> Iterator[None]:
        """A span of kind SERVER, in the trace of the request that our proxies began."""
        given = tracing.parent.get()
        within = None if given is None else self._propagator.extract({"traceparent": given})
        span = self._tracer.start_span(f"{running.kind} {running.name}", within, SpanKind.SERVER)
        try:
            yield
        finally:
            span.set_attributes(
                {
                    "graphql.operation.name": running.name,
                    "graphql.operation.type": running.kind,
                    "phuongso.outcome": running.outcome,
                    "phuongso.cost": context.cost or context.planned_cost,
                    "phuongso.request_id": logs.request_id.get() or "",
                }
            )
            if running.outcome in _FAULTS:
                span.set_status(Status(StatusCode.ERROR))
            span.end()

    def close(self) -> None:
        """Send what was not sent yet."""
        self._provider.shutdown()
