"""The benchmarks still run: every contender answers every case, and all say the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from benchmarks import database, plans, report, statements
from benchmarks.cases import CASES
from benchmarks.client import Client
from benchmarks.contenders import FLOOR, OURS, PLAIN
from benchmarks.desk import Desk, opened
from benchmarks.load import Check, Load, Outcome, WrongAnswer, drive
from benchmarks.report import Report
from benchmarks.requests import PLACEHOLDER, Request, graphql, holds, meaning
from benchmarks.rounds import Extent, Measured, Round, check, measured

SMALL = Extent(concurrencies=(2,), rounds=1, requests=4, seconds=5.0, variety=4)


@pytest.fixture(scope="module")
async def desk(copying: Any, demo_template: str) -> AsyncIterator[Desk]:
    async with copying(demo_template) as url, opened(url, list(CASES.values()), SMALL) as opened_desk:
        yield opened_desk


async def test_every_contender_answers_every_case_alike(desk: Desk) -> None:
    before = await desk.source.connection.fetchval("SELECT count(*) FROM incident")
    found = Report({"date": "today"})
    for case in CASES.values():
        if case.name in desk.missing:
            continue
        found.cases[case.name] = await measured(case, desk.of(case), SMALL, lambda _: None)
        labels = {label for _, label in found.cases[case.name].rounds}
        assert labels == ({OURS, FLOOR, PLAIN} if case.plain else {OURS, FLOOR})
        assert all(one.latencies for rounds in found.cases[case.name].rounds.values() for one in rounds)
    assert await desk.source.connection.fetchval("SELECT count(*) FROM incident") == before
    text = report.markdown(found)
    assert all(f"### `{name}`" in text for name in found.cases)


async def test_each_case_has_statements_and_plans(desk: Desk) -> None:
    text = await plans.document(desk.source.connection, desk.captured, "On a small ward.")
    assert set(desk.captured) == set(CASES) - set(desk.missing)
    for name, made in desk.captured.items():
        assert made[0].statements, name
        assert all("FROM session" not in one.text for one in made[0].statements)
    assert text.count("Execution Time") >= len(desk.captured)
    assert any(one.text.startswith("COMMIT") for one in desk.captured["intake"][0].statements)


async def test_a_contender_that_answers_otherwise_ends_the_run(desk: Desk) -> None:
    case = CASES["locate"]
    sides = desk.of(case)

    class Liar:
        name = PLAIN

        async def do(self, order: Check) -> list[tuple[int, bytes]]:
            return [(200, b'{"data":{"locate":null}}') for _ in order.numbers]

    liar: Any = type(sides[0])("liar", Liar(), desk.source)  # type: ignore[arg-type]
    with pytest.raises(WrongAnswer, match="liar answers locate"):
        await check(case, [*sides, liar], [0])


async def test_a_database_that_is_not_for_demonstration_is_left_alone(database_url: str) -> None:
    with pytest.raises(database.NotADemoError):
        await database.prepare(database_url)


async def test_prepared_statements_are_overheard(database_url: str) -> None:
    with statements.recording() as record:
        connection = await asyncpg.connect(database_url, server_settings={"jit": "off"})
        prepared = await connection.prepare("SELECT $1::int + 1")
        assert await prepared.fetchval(1) == 2
        async with connection.transaction():
            await connection.fetch("SELECT $1::text", "a")
        await connection.close()
    heard = [(one.text.rstrip(";"), one.values, one.prepared) for one in record.statements]
    assert heard == [
        ("SELECT $1::int + 1", (1,), True),
        ("BEGIN", (), False),
        ("SELECT $1::text", ("a",), True),
        ("COMMIT", (), False),
    ]
    assert record.statements[0].session == (("jit", "off"),)


async def test_a_load_is_bounded_by_count_and_by_time() -> None:
    asked: list[int] = []

    async def send(number: int) -> None:
        asked.append(number)
        await asyncio.sleep(0.001)

    done = await drive([send, send], Load("x", 2, 10, 5, 60))
    assert sorted(asked) == [10, 11, 12, 13, 14]
    assert len(done.latencies) == 5
    assert isinstance(done, Outcome)
    assert len((await drive([send], Load("x", 1, 0, 100_000, 0.01))).latencies) < 1_000


async def test_the_client_refuses_a_refusal(desk: Desk) -> None:
    ours = next(side.contender for side in desk.sides if side.contender.name == OURS)
    port = int(ours.address.rpartition(":")[2])
    client = Client(port, {"wrong": [graphql("{ nothing }", {})], "absent": [Request("/nowhere")]})
    for case in ("wrong", "absent"):
        with pytest.raises(BaseExceptionGroup) as caught:
            await client.answer(Load(case, 1, 0, 1, 5))
        assert caught.group_contains(WrongAnswer)


def test_answers_are_compared_without_what_is_made_afresh() -> None:
    ours = b'{"data":{"report":{"reporterSecret":"a","incident":{"id":"1","trackingCode":"x","status":"ASSIGNED"}}}}'
    other = ours.replace(b'"a"', b'"b"').replace(b'"1"', b'"2"').replace(b'"x"', b'"y"')
    assert meaning(ours) == meaning(other) != meaning(ours.replace(b"ASSIGNED", b"RECEIVED"))
    assert holds({"data": {"ward": {"id": 1}}}, {"id": 1})
    assert not holds({"data": {"ward": {}}}, {})
    assert not holds({"data": {"ward": {"id": 1}}}, {"id": 2})


def test_a_request_that_must_be_new_gets_a_new_key_each_time() -> None:
    request = graphql("mutation", {"requestKey": PLACEHOLDER})
    assert request.content() != request.content()
    assert len(request.content() or b"") == len(request.body or b"")


def _rounds(rate: int, count: int = 3) -> list[Round]:
    return [Round(1.0, (0.01,) * rate, 0.1, 0.1) for _ in range(count)]


def test_each_goal_stands_beside_its_figure(tmp_path: Path) -> None:
    figures = Measured({(1, OURS): _rounds(70), (1, FLOOR): _rounds(100), (1, PLAIN): _rounds(4)})
    found = Report({"date": "today"}, {"crew": figures}, memory={OURS: (150.0, 250.0)})
    verdicts = {goal.text: (goal.found, goal.verdict) for goal in report.goals(found)}
    title = CASES["crew"].title
    assert verdicts[f"{title}: at least 0.6 times the throughput of floor"] == ("0.70 at 1", "met")
    assert verdicts[f"{title}: at least 20 times the throughput of plain"] == ("17.50 at 1", "missed")
    assert verdicts["the server's memory below 200 MB"] == ("250 MB at most", "missed")
    assert "not measured" in {verdict for _, verdict in verdicts.values()}
    page = tmp_path / "page.md"
    page.write_text(f"words\n{report.BEGIN}\nold\n{report.END}\nmore words\n")
    report.write(found, page)
    report.write(found, page)
    text = page.read_text()
    assert text.startswith("words\n")
    assert text.endswith("more words\n")
    assert "old" not in text
    assert text.count("## Goals") == 1
