"""Every request has an id and leaves one record, in which its address is not found."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from server.app import create_app
from server.settings import Settings
from tests.asking import SERVER_KEY, Desk, close
from tests.server.live import Station

FROM_A_PROXY = "0123456789abcdef0123456789abcdef"


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.told for record in caplog.records if record.name == "server.observing"]  # type: ignore[attr-defined]


async def test_a_request_leaves_its_routes_template_and_never_its_address(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="server")
    answer = await desk.http.get("/r/20314-7K3F9Q?key=a-secret-key")
    (record,) = told(caplog)
    assert record["route"] == "/r/{code}"
    assert record["method"] == "GET"
    assert record["status"] == answer.status_code
    assert record["bytes"] == len(answer.content)
    assert record["ms"] > 0
    assert not any("7K3F9Q" in entry.getMessage() or "secret" in str(vars(entry)) for entry in caplog.records)


async def test_what_no_route_takes_and_methods_that_nobody_knows_are_told_as_such(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="server")
    await desk.http.get("/0905000111")
    await desk.http.request("NGUYEN", "/report")
    await desk.http.post("/graphql", content=b"x", headers={"Authorization": "Bearer none"})
    assert [(one["method"], one["route"], one["status"]) for one in told(caplog)] == [
        ("GET", "none", 404),
        ("other", "/report", 405),
        ("POST", "/graphql", 401),
    ]


async def test_files_and_probes_are_not_told_unless_one_looks_closer(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="server")
    await desk.http.get("/static/css/design.css")
    await desk.http.get("/health/live")
    assert told(caplog) == []
    caplog.set_level(logging.DEBUG, logger="server")
    await desk.http.get("/static/css/design.css")
    assert [one["route"] for one in told(caplog)] == ["/static"]


async def test_an_id_is_ours_unless_our_own_proxy_gives_one(desk: Desk) -> None:
    given = {"X-Request-ID": FROM_A_PROXY}
    ids = {(await desk.http.get("/health/live", headers=given)).headers["x-request-id"] for _ in range(2)}
    assert len(ids) == 2
    assert FROM_A_PROXY not in ids
    app = create_app(Settings(database_url=desk.database.url, secret_key=SERVER_KEY, worker=False, proxies=1))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as http:
        assert (await http.get("/health/live", headers=given)).headers["x-request-id"] == FROM_A_PROXY
        for odd in ("0905000111", "x" * 32, f"{FROM_A_PROXY}\t", ""):
            got = (await http.get("/health/live", headers={"X-Request-ID": odd})).headers["x-request-id"]
            assert got != odd
            assert len(got) == 36
    await close(app)


async def test_a_fault_is_a_record_of_500_and_its_answer_has_the_id_and_all_headers(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, logger="server")

    def fail(_: Request) -> None:
        raise LookupError("Nguyễn Văn A")

    monkeypatch.setattr("server.pages.report.page", fail)
    transport = httpx.ASGITransport(desk.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
        answer = await http.get("/report")
    assert answer.status_code == 500
    assert len(answer.headers["x-request-id"]) == 36
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [one["status"] for one in told(caplog)] == [500]


async def test_a_socket_leaves_one_record_at_its_end(live: Station, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="server")
    async with live.socket() as socket:
        assert len(socket.connection.response.headers["x-request-id"]) == 36  # type: ignore[union-attr]
        for id_ in ("1", "2"):
            await socket.send(id=id_, type="subscribe", payload={"query": "{ __typename }"})
            await socket.receive()
            await socket.receive()
        await socket.send(type="nonsense")
        assert await socket.close_code() == 4400
    (record,) = told(caplog)
    assert (record["route"], record["close_code"], record["operations"]) == ("/graphql", 4400, 2)
