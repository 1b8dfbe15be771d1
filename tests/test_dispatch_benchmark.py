"""The day that dispatch is measured on: the same each time, lawful, and nothing in it is lost."""

from __future__ import annotations

from itertools import pairwise

import pytest

from benchmarks import dispatch
from benchmarks.day import CAPACITY, CREWS_A_TRADE, Day, day
from benchmarks.simulation import WAYS, Played, Status, Way
from geo.arrival import expected_seconds
from geo.demo.people import PLANS
from geo.planning import plan

SMALL = {"usual": 60, "rain": 60}
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)


@pytest.fixture(scope="module")
def drawn() -> Day:
    return day(1, **SMALL)


@every_way
def test_every_report_is_dealt_with_once_by_a_crew_that_may(drawn: Day, way: Way) -> None:
    played = Played(drawn, way)
    assert [case.report for case in played.cases] == list(drawn.reports)
    for case in played.cases:
        assert case.status is Status.DONE
        assert case.crew is not None
        assert drawn.crews[case.crew].suits(case.report)
        assert case.crew not in case.passed
        assert case.report.at <= case.accepted <= case.arrived
        assert case.done == case.arrived + case.report.work
    assert not any(team.held or team.busy is not None for team in played.teams)
    assert 1 <= played.fullest <= CAPACITY


@every_way
def test_no_crew_is_at_two_places_at_once(drawn: Day, way: Way) -> None:
    played = Played(drawn, way)
    for crew in drawn.crews:
        mine = sorted((case.arrived, case.done) for case in played.cases if case.crew == crew.n)
        assert all(done <= arrived for (_, done), (arrived, _) in pairwise(mine))


def test_a_day_is_the_same_each_time_and_another_is_not(drawn: Day) -> None:
    assert day(1, **SMALL) == drawn != day(2, **SMALL)
    assert len(drawn.reports) == 120
    assert len(drawn.crews) == CREWS_A_TRADE * len(PLANS)
    once, again = (Played(drawn, WAYS[0]).cases for _ in range(2))
    assert once == again


def test_the_plan_of_the_benchmark_waits_no_longer_than_one_by_one() -> None:
    small = dispatch.problem(1, 30, 12)
    together, in_turn = plan(small), dispatch.in_turn(small, expected_seconds)
    assert dispatch.waiting(small, together)[1] == dispatch.waiting(small, in_turn)[1] == 30
    assert dispatch.waiting(small, together)[0] <= dispatch.waiting(small, in_turn)[0]


def test_its_tables_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "INCIDENTS", 20)
    monkeypatch.setattr(dispatch, "problem", lambda seed, made=dispatch.problem: made(seed, 20, 5))
    monkeypatch.setattr(dispatch, "day", lambda seed: day(seed, **SMALL))
    for table, rows in ((dispatch.planning(1), 4), (dispatch.simulated(1), len(WAYS))):
        cells = [line.count("|") for line in table if line.startswith("|")]
        assert len(cells) == 2 + rows
        assert len(set(cells)) == 1
