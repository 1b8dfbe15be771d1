"""The `phuongso` command."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import click
import sqlalchemy as sa
from alembic import command
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import accounts, clusters, demo, wards
from geo.accounts import Account
from geo.actor import ANONYMOUS
from geo.database import Database
from geo.migrating import alembic_config, downgrade, upgrade
from schema.api import SCHEMA
from server import logs, metrics
from server.account_commands import account_group
from server.app import ROUTES
from server.basemap_commands import basemap_command
from server.console import Commands, console, end_on_termination, in_transaction, tell, with_database
from server.exporting_commands import export_command
from server.importing_commands import import_group
from server.job_commands import jobs_group
from server.map_commands import map_group
from server.permissions import permissions_document
from server.privacy_commands import privacy_group
from server.serving import address, is_open_to_others, listening, serve
from server.settings import Settings, kept_secret_key, read_settings, settings_document
from server.worker import run as run_worker
from server.worker import worker_of


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Phường Số: a ward's digital map and incident desk.

    Settings are environment variables, which `phuongso settings` lists. Without DATABASE_URL, every command works on a
    private PostgreSQL that is kept under `var/`.
    """
    end_on_termination()


main.add_command(account_group)
main.add_command(import_group)
main.add_command(jobs_group)
main.add_command(export_command)
main.add_command(basemap_command)
main.add_command(map_group)
main.add_command(privacy_group)


@main.command("run")
def run_everything() -> None:
    """Do all that a new machine needs: a database, its tables, the demo ward unless there is a ward, the server."""
    console.print("Phường Số · bản đồ số và tiếp nhận phản ánh của phường", style="bold")
    console.print("A ward's digital map and incident desk. Ctrl-C stops it.\n")
    settings = read_settings()
    with listening(settings) as listener, with_database(settings) as found:
        tell("Bringing the tables up to date.")
        upgrade(found.database)
        if not in_transaction(found, _stock).wards:
            _load_demo(found)
        stock = in_transaction(found, _stock)
        serve(_with_key(found, stock), listener, lambda: _invite(listener, stock))


@main.command("serve")
def serve_only() -> None:
    """Serve the pages and the API from a migrated database, until Ctrl-C or SIGTERM."""
    settings = read_settings()
    with listening(settings) as listener, with_database(settings) as found:
        ready = _with_key(found, in_transaction(found, _stock))
        serve(ready, listener, lambda: tell(f"Serving on {address(listener)}"))


@main.command("worker")
def work() -> None:
    """Do the background work, until Ctrl-C or SIGTERM: deadlines, what waits for a crew, seven days of silence.

    As many as are wanted may run; each job is done by one of them. A server does the same by itself unless
    PHUONGSO_WORKER is false.
    """
    with with_database(read_settings()) as settings:
        logs.begin(settings.log_level, settings.form_of_logs)
        if settings.worker_metrics_port is not None:
            metrics.tell_at(settings.host, settings.worker_metrics_port)
        tell("Working. Ctrl-C stops it.")
        asyncio.run(run_worker(worker_of(settings)))


@main.command()
@click.option("--sql", is_flag=True, help="Write the SQL to standard output instead of running it; needs no database.")
@click.option("--to", "target", default="head", show_default=True, help="Go forward to this revision only.")
@click.option("--back-to", help="Undo migrations down to this revision ('base': all). Loses what they stored.")
@click.option("--yes", is_flag=True, help="With --back-to: do not ask.")
def migrate(sql: bool, target: str, back_to: str | None, yes: bool) -> None:
    """Bring the database to the tables of this version."""
    if sql:
        command.upgrade(alembic_config(), target, sql=True)
        return
    with with_database(read_settings()) as settings:
        if back_to is None:
            upgrade(settings.database, target)
        else:
            if not yes:
                click.confirm(f"Undo the migrations after {back_to}, and lose what they stored?", abort=True)
            downgrade(settings.database, back_to)
    tell("The tables are as asked.")


@main.command("demo")
@click.option(
    "--scale",
    type=click.Choice(["ward", *demo.SCALES]),
    default="ward",
    show_default=True,
    help="One ward; a city of 94 and a million incidents; a nation of 3,321 and ten million, without histories.",
)
def load_demo(scale: str) -> None:
    """Load the demo ward, with its accounts, into a database that does not have it yet.

    A city or a nation needs an empty database of its own: some 3 GB and three minutes, or 11 GB and a quarter of an
    hour.
    """
    with with_database(read_settings()) as settings:
        if scale == "ward":
            _load_demo(settings)
        else:
            _load_scale(settings, demo.SCALES[scale])


@main.command("settings")
def list_settings() -> None:
    """Write the list of all settings, as it stands in docs/settings.md."""
    click.echo(settings_document(), nl=False)


@main.command("permissions")
def list_permissions() -> None:
    """Write who may see and do what, as it stands in docs/permissions.md."""
    click.echo(permissions_document(SCHEMA, ROUTES), nl=False)


@dataclass(frozen=True, slots=True)
class _Stock:
    """What a database holds: for each ward whether it is a demo, and the demo's accounts."""

    wards: Sequence[bool]
    demo_accounts: Sequence[Account]


async def _stock(connection: AsyncConnection) -> _Stock:
    rows = wards.readable(ANONYMOUS).subquery()
    found = (await connection.scalars(sa.select(rows.c.demo))).all()
    return _Stock(found, [account for account in await accounts.every(connection) if account.demo])


def _with_key(settings: Settings, stock: _Stock) -> Settings:
    """The settings with a key; for a database of somebody's own only the demo may go without giving one."""
    if settings.secret_key is None and stock.wards and all(stock.wards):
        return settings.model_copy(update={"secret_key": kept_secret_key(settings.var)})
    return settings


@contextmanager
def _bars() -> Iterator[Callable[[str, int, int], None]]:
    """What tells the terminal how far each piece of work is."""
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = bars.add_task(label, total=total)
            bars.update(tasks[label], completed=done, total=total)

        yield progress


def _load_scale(settings: Settings, scale: demo.Scale) -> None:
    with _bars() as progress:
        summary = in_transaction(settings, lambda connection: demo.load_scale(connection, scale, progress))
        asyncio.run(_count(settings, progress))
    verb = "Loaded" if summary.created else "Already there:"
    tell(
        f"{verb} the demo {summary.scale}: {summary.wards} wards, {summary.neighbourhoods} neighbourhoods, "
        f"{summary.incidents} incidents, {summary.events} steps of their histories. All of it is made up."
    )


async def _count(settings: Settings, progress: Callable[[str, int, int], None]) -> None:
    """Count the incidents for the map from afar, ward by ward: what the worker would do, before anyone waits for it."""
    database = Database(settings.database, pool_size=1, statement_timeout_ms=0)
    try:
        async with database.read() as connection:
            wards = left = await clusters.behind(connection)
        while left:
            async with database.write() as connection:
                done = await clusters.refresh(connection)
            async with database.read() as connection:
                left = await clusters.behind(connection) if done else 0
            progress("Đếm phản ánh theo ô bản đồ", wards - left, wards)
    finally:
        await database.close()


def _load_demo(settings: Settings) -> None:
    with _bars() as progress:
        summary = in_transaction(settings, lambda connection: demo.load(connection, progress))
    verb = "Loaded" if summary.created else "Already there:"
    tell(
        f"{verb} the demo ward {summary.ward_name} ({summary.ward_code}): {summary.neighbourhoods} neighbourhoods, "
        f"{summary.places} places, {summary.crews} crews, {summary.incidents} incidents."
    )


def _invite(listener: socket.socket, stock: _Stock) -> None:
    """Say where to click, and who may sign in to the demo."""
    site = address(listener)
    console.print("\nSẵn sàng · Ready", style="bold")
    console.print(f"  Bản đồ số · Digital map   {site}/")
    console.print(f"  GraphQL                   {site}/graphql")
    if stock.demo_accounts:
        console.print(f"\nTài khoản dùng thử · Demo accounts (mật khẩu · password: {demo.PASSWORD})", style="bold")
        # A city's other wards have theirs as well: too many to list.
        own = [account for account in stock.demo_accounts if account.ward_code in {None, demo.WARD_CODE}]
        for account in own:
            console.print(f"  {account.username:<10}{account.crew_name or account.name}")
        if len(own) < len(stock.demo_accounts):
            more = len(stock.demo_accounts) - len(own)
            console.print(f"  và {more} tài khoản của phường khác · and {more} of other wards (staff-90001…)")
        if is_open_to_others(listener):
            console.print("  Other machines reach this server, and everybody knows this password.", style="bold red")
    console.print()
