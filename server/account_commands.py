"""`phuongso account`: who may sign in."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable

import click
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import accounts
from geo.passwords import hash_password
from geo.tables import AccountRole
from server.console import Result, console, in_transaction, tell, with_database
from server.settings import read_settings

_ROLES = {role.lower().replace("_", "-"): role for role in AccountRole}


@click.group("account")
def account_group() -> None:
    """Create accounts, change their passwords, disable and list them."""


@account_group.command()
@click.argument("username")
@click.option("--role", type=click.Choice(list(_ROLES)), required=True)
@click.option("--ward", "ward_code", help="The ward's five-digit code; only an administrator of all wards has none.")
@click.option("--name", required=True, help="The person's name, as colleagues see it.")
@click.option("--crew", help="A crew member's crew, by name.")
@click.option("--team", help="A team member's community digital team, by name.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def create(
    username: str, role: str, ward_code: str | None, name: str, crew: str | None, team: str | None, password_stdin: bool
) -> None:
    """Create an account."""
    password_hash = hash_password(_password(password_stdin))

    async def work(connection: AsyncConnection) -> None:
        await accounts.create(
            connection,
            username=username,
            password_hash=password_hash,
            name=name,
            role=_ROLES[role],
            ward_code=ward_code,
            crew_id=await accounts.crew_named(connection, ward_code or "", crew) if crew else None,
            team_id=await accounts.team_named(connection, ward_code or "", team) if team else None,
        )

    _change(work)
    tell(f"Created {username}.")


@account_group.command()
@click.argument("username")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def password(username: str, password_stdin: bool) -> None:
    """Give an account a new password, and sign it out everywhere."""
    password_hash = hash_password(_password(password_stdin))
    _change(lambda connection: accounts.set_password(connection, username, password_hash))
    tell(f"Changed the password of {username}, who is now signed out everywhere.")


@account_group.command()
@click.argument("username")
def disable(username: str) -> None:
    """Let an account sign in no more, and sign it out everywhere."""
    _change(lambda connection: accounts.disable(connection, username))
    tell(f"Disabled {username}.")


@account_group.command("list")
@click.option("--ward", "ward_code", help="Only the accounts of this ward.")
def list_accounts(ward_code: str | None) -> None:
    """List the accounts."""
    table = Table("username", "name", "role", "ward", "crew", "", box=None, header_style="bold")
    for account in _change(lambda connection: accounts.every(connection, ward_code)):
        remarks = ", ".join(word for word, holds in (("demo", account.demo), ("disabled", account.disabled)) if holds)
        role = account.role.lower().replace("_", "-")
        table.add_row(account.username, account.name, role, account.ward_code, account.crew_name, remarks)
    console.print(table)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Mật khẩu / Password", hide_input=True, confirmation_prompt=True))


def _change(work: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
    """Do `work` in one transaction on the database of the settings."""
    with with_database(read_settings()) as settings:
        return in_transaction(settings, work)
