"""`python -m benchmarks.profile CASE`: where the server's processor time goes, by cProfile, in this process."""

from __future__ import annotations

import cProfile
import os
import pstats
import time

import click
import uvloop

from benchmarks import database
from benchmarks.cases import CASES, Case
from benchmarks.inprocess import application, ask
from benchmarks.places import databases
from server.console import end_on_termination

_WARM_UP = 30


@click.command(context_settings={"show_default": True})
@click.argument("case", type=click.Choice(list(CASES)))
@click.option("--on", default=os.environ.get("DATABASE_URL") or "ward", help="A size, or a database's address.")
@click.option("--requests", default=300, help="How many requests are profiled.")
@click.option("--lines", default=40, help="How many functions are shown.")
@click.option(
    "--sort", default="tottime", type=click.Choice(["tottime", "cumtime"]), help="By own time, or with calls."
)
def main(case: str, on: str, requests: int, lines: int, sort: str) -> None:
    """Answer requests of a CASE one after another and show the functions that took longest."""
    end_on_termination()
    with databases(on) as (url,):
        assert url is not None
        profile = uvloop.run(_profiled(url, CASES[case], requests))
    click.echo(f"{requests} requests of `{case}`; cProfile makes small functions look slower than they are.")
    pstats.Stats(profile).strip_dirs().sort_stats(sort).print_stats(lines)


async def _profiled(url: str, case: Case, count: int) -> cProfile.Profile:
    source = await database.prepare(url)
    requests = await case.draw(source, _WARM_UP + count)
    since = await database.now(source.connection)
    profile = cProfile.Profile(time.thread_time)  # waiting for the database is not counted
    async with application(url) as app:
        for request in requests[:_WARM_UP]:
            status, body = await ask(app, request)
            if status not in (200, 204):
                raise click.ClickException(f"{status}: {body!r:.300}")
        profile.enable()
        for request in requests[_WARM_UP:]:
            await ask(app, request)
        profile.disable()
    if case.writes:
        await database.clean(source.connection, since)
    await source.connection.close()
    return profile


if __name__ == "__main__":
    main()
