"""One span for each operation, at a real collector; and nothing of OpenTelemetry in memory where none is named."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from server.app import create_app
from server.settings import Settings
from server.tracing import TRACING
from tests.asking import SERVER_KEY, Desk, close

ROOT = Path(__file__).parent.parent.parent
TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
REFUSED = 'mutation { acceptIncident(input: {incidentId: "Nguyen-Van-A"}) { __typename } }'


@dataclass
class Collector:
    """What was sent to it."""

    spans: list[Span] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    port: int = 0

    def take(self, path: str, body: bytes) -> None:
        assert path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.services |= {
                one.value.string_value for one in resource.resource.attributes if one.key == "service.name"
            }
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that this process sends its spans to."""
    collected = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collected.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    TRACING.begin()
    yield collected
    TRACING.end()
    server.shutdown()
    thread.join()
    server.server_close()


def told(span: Span) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


async def test_each_operation_is_one_span_that_says_how_it_ended_and_names_nobody(
    desk: Desk, collector: Collector
) -> None:
    app = create_app(Settings(database_url=desk.database.url, secret_key=SERVER_KEY, worker=False, proxies=1))
    headers = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-ID": TRACE}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x", headers=headers) as http:
        query = "query NguyenVanA { ward { incidents(first: 7) { nodes { id trackingCode } } } }"
        for body in (query, REFUSED):
            assert (await http.post("/graphql", json={"query": body})).status_code == 200
        assert (await http.get("/report")).status_code == 200
    await close(app)
    await desk.data("{ __typename }")  # no proxies: whoever asks begins a trace of their own
    await asyncio.to_thread(TRACING.end)

    read, changed, page, own = collector.spans
    assert collector.services == {"phuongso"}
    assert [span.name for span in collector.spans] == [
        "query other",
        "mutation other",
        "query report_page",
        "query other",
    ]
    assert {(span.trace_id.hex(), span.parent_span_id.hex()) for span in (read, changed, page)} == {(TRACE, CALLER)}
    assert own.trace_id.hex() != TRACE
    assert not own.parent_span_id
    assert [told(span)["phuongso.outcome"] for span in collector.spans] == ["data", "NotAllowed", "data", "data"]
    assert told(read)["phuongso.cost"] >= 7
    assert told(read)["phuongso.request_id"] == TRACE
    assert set(told(read)) == {
        "graphql.operation.name",
        "graphql.operation.type",
        "phuongso.outcome",
        "phuongso.cost",
        "phuongso.request_id",
    }
    assert b"Nguyen" not in b"".join(span.SerializeToString() for span in collector.spans)
    assert all(span.end_time_unix_nano > span.start_time_unix_nano for span in collector.spans)


async def test_a_fault_makes_its_span_an_error_without_its_message(
    desk: Desk, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise LookupError("Nguyễn Văn A")

    monkeypatch.setattr("schema.execution._run", fail)
    transport = httpx.ASGITransport(desk.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
        assert (await http.post("/graphql", json={"query": "{ __typename }"})).status_code == 500
    await asyncio.to_thread(TRACING.end)
    (span,) = collector.spans
    assert span.status.code == 2
    assert told(span)["phuongso.outcome"] == "fault"
    assert "Nguyễn".encode() not in span.SerializeToString()
    assert not span.events


def test_nothing_of_opentelemetry_is_loaded_where_no_collector_is_named() -> None:
    program = (
        "import sys, server.cli, server.tracing;"
        "print([name for name in sys.modules if name.split('.')[0] in ('opentelemetry', 'google')])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
