"""Who takes what, for a whole queue at once: the least expected waiting, the most urgent first. Pure; uses scipy.

Given one by one, the first incident may take the only crew that could have gone to the second. Together it is an
assignment problem: a crew with room for three is three places, each with a cost that grows with what the crew then has
in hand. Run as a program it reads one problem from its input and writes the plan: see `server/work/planning.py`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from geo.arrival import SECONDS_A_METRE, WORK
from geo.assignments import MOST_PLACES, Plan, Problem

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]
Vector = np.ndarray[tuple[int], np.dtype[np.int64]]


def arrivals(metres: Matrix, in_hand: Vector) -> Matrix:
    """`geo.arrival.expected_seconds` of whole arrays: a column of `metres` for each of `in_hand`; NaN stays NaN."""
    return metres * SECONDS_A_METRE + in_hand * WORK.total_seconds()


def _places(problem: Problem, metres: Matrix) -> tuple[Vector, Vector]:
    """The crews' free places: whose each is, and what its crew has in hand before it. None that cannot be needed."""
    wanted = np.count_nonzero(~np.isnan(metres), axis=0)
    free = np.minimum(np.clip(np.array(problem.room, dtype=np.int64), 0, MOST_PLACES), wanted)
    whose = np.repeat(np.arange(len(free)), free)
    nth = np.arange(len(whose)) - np.repeat(np.cumsum(free) - free, free)
    return whose, np.array(problem.in_hand, dtype=np.int64)[whose] + nth


def costs_of(problem: Problem) -> tuple[Matrix, Vector]:
    """The weighted seconds of each incident in each place, infinite where it may not go; and whose each place is.

    Whole seconds, so that sums are exact.
    """
    metres: Any = np.array(problem.metres, dtype=np.float64).reshape(len(problem.metres), len(problem.room))
    whose, before = _places(problem, metres)
    seconds = np.rint(arrivals(metres[:, whose], before))
    weighted = seconds * np.array(problem.weights, dtype=np.float64)[:, None]
    return np.where(np.isnan(weighted), np.inf, weighted), whose


def plan(problem: Problem) -> Plan:
    """The plan that serves the most urgent, as many as can be, and of those plans the one with the least cost.

    As many as cannot be served find a place to wait. For each more urgent incident such a place costs more by as much
    as all arrivals together could, so no sum of arrivals is worth leaving the more urgent of two out. Which incidents
    can be served together is a matroid (transversal): what is preferred one by one is preferred as a whole. The sums
    stay far below 2^53, where doubles are whole numbers still.
    """
    costs, whose = costs_of(problem)
    n = len(costs)
    if not len(whose):
        return [None] * n
    possible = np.isfinite(costs)
    served = np.count_nonzero(maximum_bipartite_matching(csr_array(possible), perm_type="column") >= 0)
    beyond = 1 + np.where(possible, costs, 0).max(axis=1).sum()
    waiting = np.repeat(beyond * np.arange(n, 0, -1.0)[:, None], n - served, axis=1)
    _, chosen = linear_sum_assignment(np.hstack([costs, waiting]))
    return [int(whose[place]) if place < len(whose) else None for place in chosen]


def main() -> None:
    """Read a problem, write its plan."""
    json.dump(plan(Problem.of(sys.stdin.buffer.read())), sys.stdout)


if __name__ == "__main__":
    main()
