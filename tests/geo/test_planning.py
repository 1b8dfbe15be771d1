"""A plan of a whole queue: feasible, the most urgent first, and never worse than giving one by one."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.arrival import expected_seconds
from geo.assignments import MOST_PLACES, Plan, Problem, weight_of
from geo.planning import arrivals, costs_of, plan


@st.composite
def problems(draw: st.DrawFn, most: int = 12) -> Problem:
    crews, incidents = draw(st.integers(0, 5)), draw(st.integers(0, most))
    far = st.none() | st.floats(0, 30_000)
    return Problem(
        [draw(st.lists(far, min_size=crews, max_size=crews)) for _ in range(incidents)],
        draw(st.lists(st.integers(1, 4), min_size=incidents, max_size=incidents)),
        draw(st.lists(st.integers(0, 6), min_size=crews, max_size=crews)),
        draw(st.lists(st.integers(-1, 4), min_size=crews, max_size=crews)),
    )


def one_by_one(problem: Problem) -> Plan:
    """Each incident in turn to the crew with the least expected arrival of those with room."""
    taken = [0] * len(problem.room)
    given: list[int | None] = []
    for row in problem.metres:
        able = [
            (expected_seconds(far, problem.in_hand[n] + taken[n]), n)
            for n, far in enumerate(row)
            if far is not None and taken[n] < problem.room[n]
        ]
        given.append(min(able)[1] if able else None)
        if able:
            taken[min(able)[1]] += 1
    return given


def cost(problem: Problem, of: Plan) -> float:
    """The weighted seconds of a plan, each crew's incidents in the order that costs least."""
    total = 0.0
    for crew, held in enumerate(problem.in_hand):
        mine = sorted((i for i, taker in enumerate(of) if taker == crew), key=lambda i: -problem.weights[i])
        for nth, i in enumerate(mine):
            far = problem.metres[i][crew]
            assert far is not None
            total += problem.weights[i] * round(expected_seconds(far, held + nth))
    return total


def served(of: Plan) -> list[int]:
    return [i for i, crew in enumerate(of) if crew is not None]


@given(problems())
def test_a_plan_is_feasible(problem: Problem) -> None:
    found = plan(problem)
    assert len(found) == len(problem.metres)
    for i in served(found):
        assert problem.metres[i][found[i] or 0] is not None
    for crew, room in enumerate(problem.room):
        assert found.count(crew) <= max(room, 0)


@given(problems(most=6))
def test_the_most_urgent_are_served_and_as_many_as_can_be(problem: Problem) -> None:
    """Each in turn is served if those before it, who are, and it could be served together."""
    places = [crew for crew, room in enumerate(problem.room) for _ in range(max(room, 0))]

    def together(these: list[int]) -> bool:
        ways = permutations(range(len(places)), len(these))
        return any(
            all(problem.metres[i][places[place]] is not None for i, place in zip(these, way, strict=True))
            for way in ways
        )

    places = places[:7]
    small = problem._replace(room=[places.count(crew) for crew in range(len(problem.room))])
    first: list[int] = []
    for i in range(len(small.metres)):
        if len(first) < len(places) and together([*first, i]):
            first.append(i)
    assert served(plan(small)) == first


@given(problems())
def test_a_plan_costs_no_more_than_one_by_one(problem: Problem) -> None:
    together, in_turn = plan(problem), one_by_one(problem)
    assert len(served(together)) >= len(served(in_turn))
    if served(together) == served(in_turn):
        assert cost(problem, together) <= cost(problem, in_turn)


@given(problems(most=4))
def test_no_plan_for_the_same_incidents_costs_less(problem: Problem) -> None:
    found = plan(problem)
    costs, whose = costs_of(problem)
    rows = served(found)
    best = min(
        (
            sum(costs[i, place] for i, place in zip(rows, order, strict=True))
            for places in combinations(range(len(whose)), len(rows))
            for order in permutations(places)
        ),
        default=0.0,
    )
    assert cost(problem, found) == best


def test_together_is_better_where_the_first_would_take_the_only_one_near() -> None:
    problem = Problem([[100.0, 200.0], [100.0, 5_000.0]], [1, 1], [0, 0], [1, 1])
    assert one_by_one(problem) == [0, 1]
    assert plan(problem) == [1, 0]


def test_what_presses_gets_the_nearer_crew() -> None:
    metres = [[100.0, 300.0], [100.0, 310.0]]
    assert plan(Problem(metres, [4, 1], [0, 0], [1, 1])) == [0, 1]
    assert plan(Problem(metres, [1, 1], [0, 0], [1, 1])) == [1, 0]


def test_a_crew_with_much_in_hand_gives_way_to_one_further_off() -> None:
    assert plan(Problem([[100.0, 1_000.0]], [1], [3, 0], [1, 1])) == [1]
    assert plan(Problem([[0.0, 100.0]] * 4, [1] * 4, [0, 0], [9, 9])).count(0) == 2


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 2_000)), min_size=1))
def test_whole_arrays_of_arrivals_are_the_same_to_the_last_bit(pairs: list[tuple[float, int]]) -> None:
    metres, in_hand = np.array([[far for far, _ in pairs]]), np.array([held for _, held in pairs])
    assert arrivals(metres, in_hand)[0].tolist() == [expected_seconds(far, held) for far, held in pairs]


def test_a_crew_offers_no_more_places_than_one_plan_looks_at() -> None:
    lots = Problem([[1.0]] * (MOST_PLACES + 5), [1] * (MOST_PLACES + 5), [0], [1_000])
    assert served(plan(lots)) == list(range(MOST_PLACES))


def test_sums_stay_exact_in_the_largest_plan() -> None:
    """Ties of large sums decide who is served: a thousand incidents far away, one place fewer."""
    draw = random.Random(1)
    n, crews = 1_000, 111
    metres = [[draw.uniform(1e5, 3e5) for _ in range(crews)] for _ in range(n)]
    found = plan(Problem(metres, [4] * n, [1_000] * crews, [9] * crews))
    assert served(found) == list(range(n - 1))


def test_a_problem_travels_as_text() -> None:
    problem = Problem([[1.5, None], [math.pi, 0.0]], [1, 4], [0, 2], [3, -1])
    assert Problem.of(problem.text()) == problem


@pytest.mark.parametrize(
    ("left", "weight"),
    [(None, 1), (timedelta(days=2), 1), (timedelta(hours=24), 2), (timedelta(hours=3), 3), (timedelta(hours=-1), 4)],
)
def test_what_is_due_sooner_weighs_more(left: timedelta | None, weight: int) -> None:
    assert weight_of(left) == weight
