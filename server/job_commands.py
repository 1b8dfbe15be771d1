"""`phuongso jobs`: the jobs that failed as often as they may, and another try for them."""

from __future__ import annotations

import json
from collections.abc import Collection

import click
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import audit, jobs
from geo.clock import VIETNAM
from server.console import Commands, in_transaction, tell, with_database
from server.settings import read_settings


@click.group("jobs", cls=Commands, invoke_without_command=True)
@click.pass_context
def jobs_group(context: click.Context) -> None:
    """List the jobs that failed as often as they may: id, name, payload, last error, tries, when (Vietnam's time)."""
    if context.invoked_subcommand is not None:
        return
    with with_database(read_settings()) as settings:
        dead = in_transaction(settings, jobs.dead)
    if not dead:
        tell("No job has failed for good.")
    for job in dead:
        payload = json.dumps(job.payload, ensure_ascii=False)
        at = f"{job.at.astimezone(VIETNAM):%d/%m/%Y %H:%M}"
        tell(f"{job.id}  {job.name}  {payload}  {job.error}  {job.tries} tries  {at}")


@jobs_group.command("retry")
@click.argument("ids", type=int, nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="All that failed for good.")
def retry(ids: tuple[int, ...], every: bool) -> None:
    """Try failed jobs anew, with all their tries."""
    if bool(ids) == every:
        raise click.UsageError("Give ids as `phuongso jobs` lists them, or --all.")
    with with_database(read_settings()) as settings:
        count = in_transaction(settings, lambda connection: _retry(connection, None if every else ids))
    tell(f"Jobs to be tried anew: {count}.")


async def _retry(connection: AsyncConnection, ids: Collection[int] | None) -> int:
    count = await jobs.retry(connection, ids)
    if count:
        await audit.record(connection, audit.operator(), "retryJobs", details={"retried": count})
    return count
