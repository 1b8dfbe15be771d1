"""`make bench`: measure, show, and keep the latest table in docs/performance.md."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from benchmarks import measure, plans, report
from benchmarks.cases import CASES, Case
from benchmarks.contenders import FLOOR
from benchmarks.desk import opened
from benchmarks.places import SIZES, databases
from benchmarks.report import LARGE, SMALL, Report
from benchmarks.rounds import Extent, Measured, Side, measured
from server.console import end_on_termination

_ROOT = Path(__file__).parent.parent
_PAGE = _ROOT / "docs" / "performance.md"
_PLANS = _ROOT / "docs" / "performance" / "plans.md"
_GROWING = ("intake", "locate")
_SIZE_HELP = f"{', '.join(SIZES)} in the private cluster, or the address of a database of demonstration wards."

console = Console(highlight=False)


def _tell(text: str) -> None:
    if console.is_terminal:
        console.print(text, style="dim", end="\r")


@click.command(context_settings={"show_default": True})
@click.option("--main", "main_", default=os.environ.get("DATABASE_URL") or "city", help=_SIZE_HELP)
@click.option("--small", default=None, help="With --large: what growth is measured from. " + _SIZE_HELP)
@click.option("--large", default=None, help="With --small: what growth is measured to.")
@click.option("--cases", default=",".join(CASES), help="Which cases, separated by commas.")
@click.option("--at", default="1,16,64", help="How many requests at a time.")
@click.option("--rounds", default=5, help="Rounds at each concurrency.")
@click.option("--requests", default=200, help="Requests of each contender in a round.")
@click.option("--seconds", default=2.0, help="The longest that a contender sends in one round.")
@click.option("--patience", default=10.0, help="Seconds at one concurrency after which a contender sits out.")
@click.option("--keep/--no-keep", default=True, help="Write docs/performance.md.")
def main(
    main_: str,
    small: str | None,
    large: str | None,
    cases: str,
    at: str,
    rounds: int,
    requests: int,
    seconds: float,
    patience: float,
    keep: bool,
) -> None:
    """Measure the server beside its own SQL through bare asyncpg, and beside plain Strawberry with DataLoaders.

    A database that is measured stays changed a little: crews are on duty with room, the busiest have a page of work.
    """
    end_on_termination()
    unknown = sorted(set(cases.split(",")) - set(CASES))
    if unknown or (small is None) is not (large is None):
        raise click.UsageError(f"There is no case {unknown}." if unknown else "Give --small and --large together.")
    chosen = [CASES[name] for name in cases.split(",")]
    extent = Extent(tuple(int(number) for number in at.split(",")), rounds, requests, seconds, patience, requests)
    with databases(main_, small, large) as (url, small_url, large_url):
        assert url is not None
        found = asyncio.run(_measure(url, small_url, large_url, chosen, extent, keep))
    report.show(found, console)
    if keep:
        report.write(found, _PAGE)
        _PLANS.write_text(found.plans)


async def _measure(
    url: str, small: str | None, large: str | None, cases: Sequence[Case], extent: Extent, keep: bool
) -> Report:
    begun = datetime.now(UTC)
    async with opened(url, cases, extent) as desk:
        facts = await measure.database(desk.source.connection)
        shared = await measure.shared(desk.source.connection)
        before = measure.total(shared)
        found = Report({}, missing=desk.missing)
        for case in cases:
            if case.name not in desk.missing:
                found.cases[case.name] = await measured(case, desk.of(case), extent, _tell)
        for side in desk.sides:
            if side.contender.name != FLOOR:
                found.memory[side.label] = measure.memory(side.contender.pid)
        busy = measure.spent(before, measure.total(shared))
        about = f"On {facts['data']}; {facts['database']}."
        found.plans = await plans.document(desk.source.connection, desk.captured, about)
    if small is not None and large is not None:
        found.grown = await _grown(small, large, cases, extent)
    how = {
        "date": f"{begun:%Y-%m-%d %H:%M} UTC",
        "load": f"{extent.rounds} rounds of at most {extent.requests} requests or {extent.seconds:g} s each, "
        "the contenders in random order; one server process",
        "background": f"PostgreSQL's own processes took {busy:.1f} s of processor time; "
        f"load of the machine at the end: {os.getloadavg()[0]:.1f}",
    }
    found.facts = report.facts(measure.machine(), facts, how)
    return found


async def _grown(small: str, large: str, cases: Sequence[Case], extent: Extent) -> dict[str, Measured]:
    """The server on two databases of different size, two processes, in turns."""
    growing = [case for case in cases if case.name in _GROWING]
    async with opened(small, growing, extent, alone=True) as near, opened(large, growing, extent, alone=True) as far:
        sides = [Side(label, desk.sides[0].contender, desk.source) for label, desk in ((SMALL, near), (LARGE, far))]
        return {case.name: await measured(case, sides, extent, _tell) for case in growing}


if __name__ == "__main__":
    main()
