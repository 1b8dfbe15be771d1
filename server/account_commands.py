"""`phuongso account`: who may sign in."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import click
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import account_links, accounts, audit, clock, second_factor, sessions
from geo.account_links import Link
from geo.contact import Checked
from geo.errors import InvalidInput
from geo.passwords import NONE_YET, hash_password
from geo.tables import AccountRole, LinkPurpose
from server.console import Result, console, in_transaction, tell, with_database
from server.settings import read_settings

_ROLES = {role.lower().replace("_", "-"): role for role in AccountRole}


@click.group("account")
def account_group() -> None:
    """Create accounts, invite people to them, change their passwords, disable and list them."""


@account_group.command()
@click.argument("username")
@click.option("--role", type=click.Choice(list(_ROLES)), required=True)
@click.option("--ward", "ward_code", help="The ward's five-digit code; only an administrator of all wards has none.")
@click.option("--name", required=True, help="The person's name, as colleagues see it.")
@click.option("--crew", help="A crew member's crew, by name.")
@click.option("--team", help="A team member's community digital team, by name.")
@click.option("--email", help="Where one-time links to the account may be mailed.")
@click.option(
    "--invite", "invited", is_flag=True, help="Print a link by which the person sets a password, ask for none."
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def create(
    username: str,
    role: str,
    ward_code: str | None,
    name: str,
    crew: str | None,
    team: str | None,
    email: str | None,
    invited: bool,
    password_stdin: bool,
) -> None:
    """Create an account."""
    password_hash = NONE_YET if invited else hash_password(_password(password_stdin))
    check = Checked([])
    address = check.email(email, ("email",))
    if check.problems:
        raise InvalidInput(*check.problems)

    async def work(connection: AsyncConnection) -> Link | None:
        made = await accounts.create(
            connection,
            username=username,
            password_hash=password_hash,
            name=name,
            role=_ROLES[role],
            ward_code=ward_code,
            crew_id=await accounts.crew_named(connection, ward_code or "", crew) if crew else None,
            team_id=await accounts.team_named(connection, ward_code or "", team) if team else None,
            email=address,
        )
        await _tell(connection, "createAccount", made, ward_code, {"created": True})
        return await account_links.make(connection, made, LinkPurpose.INVITATION) if invited else None

    link = _change(work)
    tell(f"Created {username}.")
    if link is not None:
        _print(link)


@account_group.command()
@click.argument("username")
def invite(username: str) -> None:
    """Print a link by which somebody sets the first password of an account; it counts once, for seven days."""
    _print(_link(username, LinkPurpose.INVITATION))


@account_group.command("reset-link")
@click.argument("username")
def reset_link(username: str) -> None:
    """Print a link by which somebody sets a new password; it counts once, for an hour."""
    _print(_link(username, LinkPurpose.PASSWORD_RESET))


@account_group.command("reset-second-factor")
@click.argument("username")
def reset_second_factor(username: str) -> None:
    """Forget the second factor of somebody who lost it, and sign the account out everywhere."""

    async def work(connection: AsyncConnection) -> None:
        found = await accounts.named(connection, username)
        await second_factor.switch_off(connection, found.id)
        await sessions.end_all(connection, found.id)
        await _tell(connection, "resetSecondFactor", found.id, found.ward_code)

    _change(work)
    tell(f"{username} has no second factor any more, and is signed out everywhere.")


@account_group.command()
@click.argument("username")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def password(username: str, password_stdin: bool) -> None:
    """Give an account a new password, and sign it out everywhere."""
    password_hash = hash_password(_password(password_stdin))

    async def work(connection: AsyncConnection) -> None:
        await accounts.set_password(connection, username, password_hash)
        found = await accounts.named(connection, username)
        await _tell(connection, "resetPassword", found.id, found.ward_code)

    _change(work)
    tell(f"Changed the password of {username}, who is now signed out everywhere.")


@account_group.command()
@click.argument("username")
def disable(username: str) -> None:
    """Let an account sign in no more, and sign it out everywhere."""

    async def work(connection: AsyncConnection) -> None:
        await accounts.disable(connection, username)
        found = await accounts.named(connection, username)
        await _tell(connection, "setAccountDisabled", found.id, found.ward_code)

    _change(work)
    tell(f"Disabled {username}.")


@account_group.command("end-sessions")
@click.argument("username", required=False)
@click.option("--all", "everybody", is_flag=True, help="Of every account, as after a breach.")
def end_sessions(username: str | None, everybody: bool) -> None:
    """Sign somebody, or everybody, out everywhere; half a sign-in and one-time links end too."""
    if everybody == (username is not None):
        raise click.UsageError("Give a user name, or --all.")

    async def work(connection: AsyncConnection) -> int:
        found = await accounts.every(connection) if username is None else [await accounts.named(connection, username)]
        ended = 0
        for one in sorted(found, key=lambda account: account.id):
            of_one = await sessions.end_all(connection, one.id)
            await account_links.end_all(connection, one.id)
            await _tell(connection, "endSessions", one.id, one.ward_code, {"sessions": of_one})
            ended += of_one
        return ended

    ended = _change(work)
    tell(f"Ended {ended} sessions, and all one-time links.")


@account_group.command("list")
@click.option("--ward", "ward_code", help="Only the accounts of this ward.")
def list_accounts(ward_code: str | None) -> None:
    """List the accounts."""
    table = Table("username", "name", "role", "ward", "crew", "", box=None, header_style="bold")
    for account in _change(lambda connection: accounts.every(connection, ward_code)):
        words = (("demo", account.demo), ("disabled", account.disabled), ("second factor", account.second_factor))
        remarks = ", ".join(word for word, holds in words if holds)
        role = account.role.lower().replace("_", "-")
        table.add_row(account.username, account.name, role, account.ward_code, account.crew_name, remarks)
    console.print(table)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Mật khẩu / Password", hide_input=True, confirmation_prompt=True))


def _link(username: str, purpose: LinkPurpose) -> Link:
    async def work(connection: AsyncConnection) -> Link:
        found = await accounts.named(connection, username)
        await _tell(connection, "createAccountLink", found.id, found.ward_code, {"purpose": purpose.value})
        return await account_links.make(connection, found.id, purpose)

    return _change(work)


def _print(link: Link) -> None:
    settings = read_settings()
    if settings.public_url is None:
        tell("PHUONGSO_PUBLIC_URL is not set: put the address that people open before this path.")
    tell(f"{settings.public_url or ''}/link/{link.token}")
    tell(f"It counts once, until {clock.told(link.expires_at)} in Vietnam. Give it to that person alone.")


async def _tell(
    connection: AsyncConnection,
    action: str,
    account_id: UUID,
    ward_code: str | None,
    details: Mapping[str, Any] = {},
) -> None:
    """A line in the log of who did what, in the name of whoever runs the command."""
    subject = audit.account_subject(ward_code, account_id)
    await audit.record(connection, audit.operator(), action, subject, ward_code, details)


def _change(work: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
    """Do `work` in one transaction on the database of the settings."""
    with with_database(read_settings()) as settings:
        return in_transaction(settings, work)
