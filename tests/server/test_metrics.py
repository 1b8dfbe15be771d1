"""`/metrics`: what is counted, that no stranger makes a series, who may read it, and that it needs no database."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from geo import jobs
from server import metrics, operations
from server.app import create_app
from server.settings import Settings
from server.work.running import Hands, JobFailed, Pace
from tests.asking import SERVER_KEY, Desk, close
from tests.server.live import FOLLOW, Station

TOKEN = "a token of Prometheus"
NEAR = ("127.0.0.1", 1)


@asynccontextmanager
async def asked(url: str, client: tuple[str, int] = NEAR, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(database_url=url, secret_key=SERVER_KEY, worker=False, **settings))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, client=client), base_url="http://x") as http:
        yield http
    await close(app)


def figures(text: str) -> dict[str, float]:
    """Each series with its value."""
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


async def scraped(desk: Desk) -> dict[str, float]:
    answer = await desk.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return figures(answer.text)


async def test_requests_are_counted_by_template_and_what_a_stranger_chooses_makes_no_series(desk: Desk) -> None:
    before = await scraped(desk)
    await desk.http.get("/r/20314-7K3F9Q?key=secret")
    await desk.http.request("NGUYEN", "/report")
    await desk.http.get("/nowhere/0905000111")
    query = "query Nguyen0905000111 { __typename }"
    assert (await desk.post({"query": query})).status_code == 200
    after = await scraped(desk)
    added = {name: value - before.get(name, 0) for name, value in after.items() if "_total" in name}
    assert added['phuongso_http_requests_total{method="GET",route="/r/{code}",status="303"}'] == 1
    assert added['phuongso_http_requests_total{method="other",route="/report",status="405"}'] == 1
    assert added['phuongso_http_requests_total{method="GET",route="none",status="404"}'] == 1
    assert added['phuongso_graphql_operations_total{operation="other",outcome="data",type="query"}'] == 1
    assert not re.search("7K3F9Q|secret|NGUYEN|Nguyen|0905", "\n".join(after))


async def test_operations_are_known_by_the_text_of_our_documents_and_counted_by_how_they_end(desk: Desk) -> None:
    before = await scraped(desk)
    text = (operations.DOCUMENTS / "staff_queue.graphql").read_text()
    assert (await desk.post({"query": text, "variables": {"code": []}}, by="staff")).status_code == 400
    refused = 'mutation { acceptIncident(input: {incidentId: "x"}) { __typename } }'
    assert (await desk.data(refused))["acceptIncident"] == {"__typename": "NotAllowed"}
    await desk.post({"query": "{ nothing }"})
    await desk.http.get("/report")
    after = await scraped(desk)

    def added(operation: str, outcome: str, kind: str) -> float:
        name = f'phuongso_graphql_operations_total{{operation="{operation}",outcome="{outcome}",type="{kind}"}}'
        return after.get(name, 0) - before.get(name, 0)

    assert added("staff_queue", "refused", "query") == 1
    assert added("other", "NotAllowed", "mutation") == 1
    assert added("other", "refused", "unknown") == 1
    assert added("report_page", "data", "query") == 1
    assert after['phuongso_graphql_operation_seconds_count{operation="report_page",type="query"}'] >= 1


async def test_connections_jobs_and_what_is_in_work_are_told(desk: Desk) -> None:
    async with desk.database.write() as connection:
        await jobs.enqueue(connection, "nobody_does_this", {"ward": "20314"})
    told = await scraped(desk)
    assert told["phuongso_database_up"] == 1
    assert told['phuongso_database_connections_most{pool="writing"}'] >= 1
    assert told['phuongso_database_connections{pool="writing",state="used"}'] >= 0
    assert told['phuongso_jobs{job="nobody_does_this",state="queued"}'] == 1
    assert told['phuongso_jobs_oldest_seconds{job="nobody_does_this"}'] >= 0
    for name in ("live_followers", "live_sockets", "photographs_in_work", 'operations_waiting{to="reading"}'):
        assert told[f"phuongso_{name}"] == 0
    assert told["process_resident_memory_bytes"] > 1_000_000
    async with desk.database.write() as connection:
        await connection.exec_driver_sql("DELETE FROM jobs.pgqueuer")


async def test_those_who_follow_are_counted(live: Station) -> None:
    async with live.socket() as socket, httpx.AsyncClient(base_url=f"http://{live.host}") as http:
        await socket.follow(wardCode="20314")
        await live.followers(1)
        told = figures((await http.get("/metrics")).text)
    assert (told["phuongso_live_followers"], told["phuongso_live_sockets"]) == (1, 1)
    assert told["phuongso_live_listening"] == 1
    assert told['phuongso_graphql_operations_total{operation="other",outcome="data",type="subscription"}'] >= 1
    assert FOLLOW not in told


async def test_jobs_are_counted_by_how_a_try_ends(desk: Desk) -> None:
    def ended(outcome: str) -> float:
        return metrics.REGISTRY.get_sample_value("phuongso_jobs_ended_total", {"job": "x", "outcome": outcome}) or 0.0

    class Row:
        id, entrypoint, attempts, payload = 0, "x", 0, b"{}"

    async def nothing(*_: Any) -> None:
        return

    before = ended("given_up")
    hands = Hands(desk.database, 1, Pace(tries=0))
    with pytest.MonkeyPatch.context() as patch:

        async def held(*_: object) -> int:
            return 1

        patch.setattr(jobs, "held", held)
        with pytest.raises(JobFailed):
            await hands.do(nothing, Row(), None)  # type: ignore[arg-type]
    assert ended("given_up") == before + 1


@pytest.mark.parametrize(
    ("client", "headers", "settings", "status"),
    [
        ("127.0.0.1", {}, {}, 200),
        ("10.1.2.3", {}, {}, 200),
        ("::1", {}, {}, 200),
        ("203.0.113.9", {}, {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.1"}, {}, 404),
        ("127.0.0.1", {"Forwarded": "for=10.0.0.1"}, {}, 404),
        ("127.0.0.1", {"X-Real-IP": "10.0.0.1"}, {}, 404),
        ("127.0.0.1", {}, {"production": True}, 404),
        ("203.0.113.9", {"Authorization": f"Bearer {TOKEN}"}, {"metrics_token": TOKEN, "production": True}, 200),
        ("203.0.113.9", {"Authorization": "Bearer wrong"}, {"metrics_token": TOKEN}, 404),
        ("203.0.113.9", {"Authorization": f"Bearer {TOKEN}"}, {}, 404),
        ("127.0.0.1", {"Authorization": "Bearer wrong"}, {"metrics_token": TOKEN}, 404),
    ],
)
async def test_figures_are_for_those_near_by_or_with_the_token(
    desk: Desk, client: str, headers: dict[str, str], settings: dict[str, Any], status: int
) -> None:
    async with asked(desk.database.url, (client, 1), **settings) as http:
        answer = await http.get("/metrics", headers=headers)
        assert answer.status_code == status
        assert ("phuongso" in answer.text) is (status == 200)
        assert (await http.post("/metrics", headers=headers)).status_code == 404


async def test_figures_are_told_at_once_while_the_database_is_away_or_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.scraping._DATABASE_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it is connected to, and never answers
        port = silent.getsockname()[1]
        for url in (f"postgresql://nobody@127.0.0.1:{port}/none", "postgresql://nobody@127.0.0.1:1/none"):
            async with asked(url, metrics_token=TOKEN) as http, asyncio.timeout(3):
                answer = await http.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
            assert answer.status_code == 200
            assert figures(answer.text)["phuongso_database_up"] == 0


def test_a_worker_gives_its_figures_out_by_itself() -> None:
    metrics.jobs.labels("y", "done").inc()
    server, thread = metrics.tell_at("127.0.0.1", 0)
    try:
        text = httpx.get(f"http://127.0.0.1:{server.server_port}/metrics").text
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert figures(text)['phuongso_jobs_ended_total{job="y",outcome="done"}'] >= 1


def test_every_name_of_an_operation_is_a_document_of_ours() -> None:
    stems = {path.stem for path in Path(operations.DOCUMENTS).glob("*.graphql")}
    assert set(operations._names().values()) == stems
    assert operations.OTHER not in stems


async def test_what_a_limit_refuses_is_counted_by_its_kind(desk: Desk) -> None:
    kind = 'phuongso_refused_total{kind="pages of an address"}'
    async with asked(desk.database.url, pages_per_address_minute=1) as http:
        before = figures((await http.get("/metrics")).text).get(kind, 0)
        answers = [(await http.get("/offline")).status_code for _ in range(3)]
        told = figures((await http.get("/metrics")).text)
    assert answers.count(429) == told[kind] - before > 0
