"""The terminal: what a command says, the database it works on, and how it ends when something is in the way."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

import click
import sqlalchemy as sa
from alembic.util import CommandError
from asyncpg import PostgresError
from rich.console import Console
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.database import Database
from geo.errors import InvalidInput, Problem, Refusal
from geo.language import Language
from server import logs
from server.cluster import private_cluster
from server.postgres import ClusterError
from server.settings import Settings, SettingsError, kept_secret_key

Result = TypeVar("Result")
_NOT_MIGRATED = ("42P01", "42883")  # PostgreSQL's codes for an undefined table, an undefined function

console = Console(highlight=False, markup=False)


def tell(message: str) -> None:
    """One line of what is going on, as plain text."""
    console.print(f"  {message}", soft_wrap=True)


class Commands(click.Group):
    """A group whose commands end with a sentence, not a traceback, when something expected is in the way."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (SettingsError, ClusterError, CommandError) as error:
            raise click.ClickException(str(error)) from error
        except Refusal as refusal:
            raise click.ClickException(_both_languages(refusal)) from refusal
        except ProgrammingError as error:
            if getattr(error.orig, "sqlstate", None) not in _NOT_MIGRATED:
                raise _fault(error) from error
            raise click.ClickException("The database has no tables yet: run `phuongso migrate` first.") from error
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception as error:
            raise _fault(error) from error


def _fault(error: Exception) -> click.ClickException:
    """What is told of a fault of ours: not its message, which may quote people; what terminals said is passed on."""
    return click.ClickException("\n".join(["this is a fault of ours.", *logs.fault_lines(error)]))


def _both_languages(refusal: Refusal) -> str:
    problems: tuple[Problem | Refusal, ...] = refusal.problems if isinstance(refusal, InvalidInput) else (refusal,)
    return "\n".join(f"{p.message(Language.VI)} / {p.message(Language.EN)}" for p in problems)


def end_on_termination() -> None:
    """Let SIGTERM and a closed terminal end a command as Ctrl-C does, so that what it started is stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, _terminate)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    # To whoever listens to it at the moment: the web server has a graceful answer.
    signal.raise_signal(signal.SIGTERM)


@contextmanager
def with_database(settings: Settings) -> Iterator[Settings]:
    """The settings with a database that answers: the one they name, else a private one for the length of the block.

    A private database comes with a key of its own. Raises `SettingsError` and `ClusterError`.
    """
    if settings.database_url is not None:
        asyncio.run(_reach(settings.database_url))
        yield settings
        return
    with private_cluster(settings.var, tell=tell) as cluster:
        key = settings.secret_key or kept_secret_key(settings.var)
        yield settings.model_copy(update={"database_url": cluster.url(), "secret_key": key})


def in_transaction(settings: Settings, work: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
    """Do `work` in one transaction on the settings' database, however long it takes; what it gave."""

    async def do() -> Result:
        database = Database(settings.database, pool_size=1, statement_timeout_ms=0)
        try:
            async with database.write() as connection:
                return await work(connection)
        finally:
            await database.close()

    return asyncio.run(do())


async def _reach(url: str) -> None:
    database = Database(url, pool_size=1)
    try:
        async with database.read() as connection:
            await connection.execute(sa.select(1))
    except (OSError, PostgresError, SQLAlchemyError) as error:
        raise SettingsError(f"The database that DATABASE_URL names cannot be reached: {error}") from error
    finally:
        await database.close()
