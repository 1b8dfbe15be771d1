"""A database that is away, full or restarting: 503 and when to try again; and no more of it than must be."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg
import pytest
import sqlalchemy as sa

from geo.actor import ANONYMOUS
from geo.database import Database
from geo.intake import Intake
from geo.outage import OUT_OF_REACH, out_of_reach
from geo.pools import Texts
from geo.receiving import Submission
from geo.reports import Report
from tests.asking import Desk
from tests.geo.desk import report_of

TERMINATE = sa.text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
GONE = [
    asyncpg.CannotConnectNowError("the database system is starting up"),
    asyncpg.TooManyConnectionsError("sorry, too many clients already"),
    asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
    asyncpg.InterfaceError("connection is closed"),
    ConnectionRefusedError(),
    TimeoutError(),
]
ASKED = ["{ ward { name } }", "{ viewer { role } ward { places { totalCount } } }"]


@pytest.mark.parametrize("error", GONE, ids=lambda error: type(error).__name__)
async def test_reading_from_a_database_that_is_away_is_told_as_such(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def away(*_: object) -> bytes:
        raise error

    monkeypatch.setattr(Texts, "fetch", away)
    monkeypatch.setattr(Texts, "rows", away)
    for query in ASKED:
        response = await desk.post({"query": query})
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    for path in ("/map/incidents?zoom=13&bbox=108,15,109,16", "/map/ward.geojson", "/tiles/wards/8/204/116.mvt"):
        assert (await desk.http.get(path)).status_code == 503
    monkeypatch.undo()
    assert "errors" not in await desk.ask(ASKED[0])


async def test_a_fault_of_ours_is_no_outage(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wrong(*_: object) -> bytes:
        raise asyncpg.UndefinedColumnError("there is no such column")

    with monkeypatch.context() as during:
        during.setattr(Texts, "fetch", wrong)
        response = await desk.post({"query": ASKED[0]})
    assert response.status_code == 200
    (error,) = response.json()["errors"]
    assert (error["extensions"]["code"], error["path"]) == ("INTERNAL", ["ward"])


async def test_a_database_that_lets_nobody_in_is_away(desk: Desk) -> None:
    url = sa.make_url(desk.database.url).set(database="template0")  # as after ALLOW_CONNECTIONS false
    closed = Database(url.render_as_string(hide_password=False))
    with pytest.raises(OUT_OF_REACH) as reading:
        async with closed.read():
            pass
    with pytest.raises(OUT_OF_REACH) as pooled:
        await (await closed.pools.of("auto")).acquire()
    assert out_of_reach(reading.value)
    assert out_of_reach(pooled.value)
    assert not out_of_reach(asyncpg.ObjectNotInPrerequisiteStateError("a fault of a statement's"))
    await closed.close()


async def test_the_first_request_after_a_restart_is_answered(desk: Desk) -> None:
    for query in ASKED:
        before = await desk.data(query)
        async with desk.database.read() as connection:
            assert await connection.scalar(TERMINATE) > 0
        assert await desk.data(query) == before
    intake = Intake(desk.database)
    for _ in range(3):
        await intake.receive(reported(report_of()))
        async with desk.database.read() as connection:
            assert await connection.scalar(TERMINATE) > 0


def reported(report: Report) -> Submission:
    return Submission(ANONYMOUS, report, str(uuid4()))


async def test_reports_whose_batch_meets_an_outage_are_refused_together_and_may_come_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake, sent = Intake(desk.database), [reported(report_of()) for _ in range(40)]
    tried = 0

    def away() -> object:
        nonlocal tried
        tried += 1
        raise asyncpg.CannotConnectNowError("the database system is shutting down")

    with monkeypatch.context() as during:
        during.setattr(desk.database, "together", away)
        refused = await asyncio.gather(*(intake.receive(one) for one in sent), return_exceptions=True)
    assert all(isinstance(one, asyncpg.CannotConnectNowError) for one in refused)
    assert tried <= 40 // 2
    stored = await asyncio.gather(*(intake.receive(one) for one in sent))
    assert len(set(stored)) == 40
