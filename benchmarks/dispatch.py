"""`make bench-dispatch`: how long a whole queue takes to plan, and what dispatch is worth on a made-up day.

Needs no database. What is found is shown as Markdown and kept in docs/performance.md.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import click

from benchmarks.day import HOUR, day
from benchmarks.simulation import WAYS, Played, Way
from geo.arrival import expected_seconds
from geo.assignments import Plan, Problem
from geo.planning import plan
from server.work.planning import planned

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- dispatch: begin -->", "<!-- dispatch: end -->"
INCIDENTS, CREWS = 1_000, 200
BY_DAY = (7 * HOUR, 17 * HOUR)


def problem(seed: int, incidents: int = INCIDENTS, crews: int = CREWS, *, places: int = 6) -> Problem:
    """A queue in a ward of 6 by 6 km: each crew may take half of it and has room for `places` on average."""
    lots = Random(seed)
    at = [complex(lots.uniform(0, 6_000), lots.uniform(0, 6_000)) for _ in range(incidents)]
    bases = [complex(lots.uniform(0, 6_000), lots.uniform(0, 6_000)) for _ in range(crews)]
    return Problem(
        [[abs(one - base) if lots.random() < 0.5 else None for base in bases] for one in at],
        [lots.choice((1, 1, 1, 2, 3, 4)) for _ in at],
        [lots.randrange(3) for _ in bases],
        [lots.randint(1, 2 * places - 1) for _ in bases],
    )


def in_turn(problem: Problem, rank: Callable[[float, int], float]) -> Plan:
    """One by one, the most urgent first: the crew with room that ranks lowest by its metres and what it has in hand."""
    held, given = list(problem.in_hand), []
    for row in problem.metres:
        able = [
            (rank(far, held[n]), n)
            for n, far in enumerate(row)
            if far is not None and held[n] < problem.in_hand[n] + problem.room[n]
        ]
        chosen = min(able)[1] if able else None
        given.append(chosen)
        if chosen is not None:
            held[chosen] += 1
    return given


def waiting(problem: Problem, of: Plan) -> tuple[float, int]:
    """The weighted seconds of all that are served, each crew's heaviest first, and how many are."""
    total = 0.0
    for crew, held in enumerate(problem.in_hand):
        mine = sorted((n for n, taker in enumerate(of) if taker == crew), key=lambda n: -problem.weights[n])
        far = [problem.metres[n][crew] or 0.0 for n in mine]
        total += sum(problem.weights[n] * expected_seconds(far[k], held + k) for k, n in enumerate(mine))
    return total, sum(taker is not None for taker in of)


class Timed(NamedTuple):
    """A plan, the seconds that it took by the clock, and those of the processor, of programs started for it too."""

    plan: Plan
    clock: float
    processor: float


def _timed(make: Callable[[Problem], Plan], one: Problem) -> Timed:
    clock, before = time.perf_counter(), os.times()
    made = make(one)
    return Timed(made, time.perf_counter() - clock, sum(os.times()[:4]) - sum(before[:4]))


def planning(problems: int) -> list[str]:
    """The table of plans beside giving one by one."""
    ways: dict[str, Callable[[Problem], Plan]] = {
        "planned as a whole": plan,
        "the same, by a program started for it": lambda one: asyncio.run(planned(one)),
        "one by one, the first to be there": lambda one: in_turn(one, expected_seconds),
        "one by one, the nearest": lambda one: in_turn(one, lambda far, _: far),
    }
    tasks = [problem(seed) for seed in range(problems)]
    plan(tasks[0])  # the first one loads code
    found = {name: [_timed(make, one) for one in tasks] for name, make in ways.items()}
    base = [waiting(one, run.plan)[0] for one, run in zip(tasks, found["planned as a whole"], strict=True)]
    lines = [
        f"{INCIDENTS:,} incidents, {CREWS} crews with {statistics.mean(sum(one.room) for one in tasks):,.0f} places, "
        f"{problems} queues drawn by lot; {os.cpu_count()} processors with a load of {os.getloadavg()[0]:.1f}:",
        "",
        "| | seconds: median | least | most | of the processor | served | weighted waiting, of the plan's |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, runs in found.items():
        seconds = [run.clock for run in runs]
        told = [waiting(one, run.plan) for one, run in zip(tasks, runs, strict=True)]
        ratio = statistics.median(total / least for (total, _), least in zip(told, base, strict=True))
        served = statistics.median(count for _, count in told)
        times = " | ".join(f"{value:.2f}" for value in (statistics.median(seconds), min(seconds), max(seconds)))
        processor = statistics.median(run.processor for run in runs)
        lines.append(f"| {name} | {times} | {processor:.2f} | {served:,.0f} | {ratio:.2f} |")
    return lines


def _minutes(values: Iterable[float], share: float) -> str:
    ordered = sorted(values)
    return f"{ordered[int(share * (len(ordered) - 1))] / 60:,.0f}"


def _row(way: Way, days: Sequence[Played]) -> str:
    cases = [case for one in days for case in one.cases]
    by_day = [case for case in cases if BY_DAY[0] <= case.report.at < BY_DAY[1]]
    urgent = [case for case in cases if not case.report.kind.working_hours]
    in_time = [statistics.mean(case.done <= case.report.due for case in one.cases) for one in days]
    accepted = [case.accepted - case.report.at for case in by_day]
    arrived = [case.arrived - case.report.at for case in by_day]
    return " | ".join(
        [
            f"| {way.name}",
            f"{_minutes(accepted, 0.5)} · {_minutes(accepted, 0.9)}",
            f"{_minutes((case.accepted - case.report.at for case in urgent), 0.9)}",
            f"{_minutes(arrived, 0.5)} · {_minutes(arrived, 0.9)}",
            f"{statistics.mean(in_time):.1%} ({min(in_time):.0%} to {max(in_time):.0%})",
            f"{statistics.mean(sum(team.driven for team in one.teams) / 1_000 / len(one.cases) for one in days):.2f} |",
        ]
    )


def simulated(days: int) -> list[str]:
    """The table of a day under each way of dispatching."""
    drawn = [day(seed) for seed in range(days)]
    return [
        f"{days} days of {len(drawn[0].reports)} reports and {len(drawn[0].crews)} crews:",
        "",
        "| | minutes to accept, p50 · p90 | urgent kinds, p90 | to arrive, p50 · p90 | in time (days) | km a report |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(_row(way, [Played(one, way) for one in drawn]) for way in WAYS),
    ]


@click.command(context_settings={"show_default": True})
@click.option("--problems", default=9, help="Queues to plan.")
@click.option("--days", default=20, help="Days to play.")
@click.option("--keep/--no-keep", default=True, help="Write docs/performance.md.")
def main(problems: int, days: int, keep: bool) -> None:
    """Plan queues, play days, show what came of it."""
    text = "\n".join([*planning(problems), "", *simulated(days)])
    click.echo(text)
    if keep:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
