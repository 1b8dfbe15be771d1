"""Signing in: the password first, then the second factor of who has one, each attempt counted against guessing.

A right password opens a session, or a sign-in that waits for its second factor (`Pending`): that one opens nothing.
No connection is held while a password waits to be compared: there are few, and others need them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request

from geo import account_links, accounts, audit, second_factor, sessions, sign_in_delays
from geo.account_links import Opening
from geo.actor import ANONYMOUS, Actor, Role
from geo.database import Database
from geo.errors import TooManyRequests
from geo.second_factor import Need
from geo.sign_in_delays import Attempt, Kind
from server.addresses import address_of
from server.devices import Browsers
from server.settings import Settings
from server.user_agents import device_of


@dataclass(frozen=True, slots=True)
class Opened:
    """A session was begun: its token, and how long it lasts."""

    token: str = field(repr=False)
    lifetime: timedelta
    username: str
    role: Role
    ward_code: str | None


class Wants(StrEnum):
    """What a sign-in waits for."""

    CODE = "CODE"
    SET_UP = "SET_UP"


@dataclass(frozen=True, slots=True)
class Pending:
    """The password was right, and that is not enough."""

    token: str = field(repr=False)
    wants: Wants


@dataclass(frozen=True, slots=True)
class Waiting:
    """Whose sign-in waits, and what for."""

    account_id: UUID
    username: str
    name: str
    role: Role
    ward_code: str | None
    wants: Wants


async def with_password(request: Request, username: str, password: str) -> Opened | Pending | None:
    """What this name and password open; None where they do not fit. Raises `TooManyRequests`.

    A name that nobody has is told from one that somebody has by nothing: not by the answer, the delays or the time.
    """
    database: Database = request.app.state.database
    attempt = await count(request, sign_in_delays.PASSWORD, username)
    async with database.read() as connection:
        lock = await accounts.lock_of(connection, username)
    try:
        account = await lock.opened_by(password)
    except TooManyRequests:
        async with database.write(silent=True) as connection:
            await sign_in_delays.take_back(connection, attempt)
        raise
    if account is None:
        known = lock.account
        await _tell_delay(request, attempt, *((known.id, known.ward_code) if known else (None, None)))
        return None
    async with database.write(silent=True) as connection:
        if not await lock.holds(connection):
            return None
        await sign_in_delays.forgive(connection, attempt)
        return await after_password(
            request,
            connection,
            account.id,
            account.username,
            account.role,
            account.ward_code,
            has_one=account.second_factor,
        )


async def after_password(
    request: Request,
    connection: AsyncConnection,
    account_id: UUID,
    username: str,
    role: str,
    ward_code: str | None,
    *,
    has_one: bool,
) -> Opened | Pending:
    """A session, or what waits for the second factor that this account has, or must have."""
    need: Need = request.app.state.settings.second_factor
    if need is not Need.OFF and (has_one or need.demands(role)):
        token = await sessions.begin_pending(connection, account_id)
        return Pending(token, Wants.CODE if has_one else Wants.SET_UP)
    return await _open(request, connection, account_id, username, role, ward_code, passed=False)


async def waiting(request: Request, token: str | None) -> Waiting | None:
    """Whose sign-in waits under this token; None where none does any more."""
    if token is None:
        return None
    database: Database = request.app.state.database
    async with database.read() as connection:
        account_id = await sessions.pending(connection, token)
        found = None if account_id is None else await accounts.with_id(connection, account_id)
    if found is None or found.disabled:
        return None
    wants = Wants.CODE if found.second_factor else Wants.SET_UP
    return Waiting(found.id, found.username, found.name, Role(found.role), found.ward_code, wants)


async def with_code(request: Request, token: str, who: Waiting, code: str) -> Opened | None:
    """The session that the second factor opens; None where the code does not count. Raises `TooManyRequests`."""
    database: Database = request.app.state.database
    settings: Settings = request.app.state.settings
    attempt = await count(request, sign_in_delays.CODE, str(who.account_id), who.username)
    async with database.write(silent=True) as connection:
        # Of two with one token, the first to take it away goes on.
        if await second_factor.passed(connection, settings.key, who.account_id, code) and await sessions.end_pending(
            connection, token
        ):
            await sign_in_delays.forgive(connection, attempt)
            return await _open(request, connection, who.account_id, who.username, who.role, who.ward_code, passed=True)
    await _tell_delay(request, attempt, who.account_id, who.ward_code)
    return None


async def with_set_up(
    request: Request, token: str, who: Waiting, set_up: str, code: str
) -> tuple[Opened, Sequence[str]] | None:
    """The session that a second factor, set up now, opens, and its recovery codes. Raises `InvalidInput`.

    None where the sign-in waits no more, or the account has a second factor by now.
    """
    database: Database = request.app.state.database
    settings: Settings = request.app.state.settings
    async with database.write(silent=True) as connection:
        # The account before what waits of it, as the first of two does when it ends the other's.
        await second_factor.standing(connection, settings.key, who.account_id, locked=True)
        if not await sessions.end_pending(connection, token):
            return None
        if (await second_factor.state_of(connection, who.account_id)).since is not None:
            return None
        codes = await second_factor.switch_on(connection, settings.key, who.account_id, set_up, code)
        await sessions.end_all(connection, who.account_id)
        actor = Actor(who.role, who.account_id, who.name, who.ward_code)
        await audit.record(
            connection, actor, "enableSecondFactor", audit.account_subject(who.ward_code, who.account_id), who.ward_code
        )
        return await _open(
            request, connection, who.account_id, who.username, who.role, who.ward_code, passed=True
        ), codes


async def with_link(request: Request, token: str, password_hash: str) -> tuple[Opening, Opened | Pending] | None:
    """Use a one-time link: the account gets this password; what signing in with it opens. None: it does not count."""
    database: Database = request.app.state.database
    async with database.write(silent=True) as connection:
        used = await account_links.use(connection, token, password_hash)
        if used is None:
            return None
        actor = Actor(Role(used.role), used.account_id, used.name, used.ward_code)
        subject = audit.account_subject(used.ward_code, used.account_id)
        await audit.record(
            connection, actor, "useAccountLink", subject, used.ward_code, {"purpose": used.purpose.value}
        )
        has_one = (await second_factor.state_of(connection, used.account_id)).since is not None
        return used, await after_password(
            request, connection, used.account_id, used.username, used.role, used.ward_code, has_one=has_one
        )


async def count(request: Request, kind: Kind, name: str, username: str | None = None) -> Attempt:
    """Count an attempt before anything is compared, in a transaction of its own. Raises `TooManyRequests`.

    `username`: the user name, where `name` is another one.
    """
    settings: Settings = request.app.state.settings
    database: Database = request.app.state.database
    browsers: Browsers = request.app.state.browsers
    address, known = address_of(request.scope, settings.proxies), browsers.known(request.headers, username or name)
    async with database.write(silent=True) as connection:
        return await sign_in_delays.count(connection, settings.key, kind, name, address, known)


async def _tell_delay(request: Request, attempt: Attempt, account_id: UUID | None, ward_code: str | None) -> None:
    """A line in the log where somebody has to wait from now on; of a name that nobody has too, which takes as long."""
    if not attempt.begun_delay:
        return
    database: Database = request.app.state.database
    subject = None if account_id is None else audit.account_subject(ward_code, account_id)
    async with database.write(silent=True) as connection:
        await audit.record(connection, ANONYMOUS, "delaySignIn", subject, ward_code)


async def _open(
    request: Request,
    connection: AsyncConnection,
    account_id: UUID,
    username: str,
    role: str,
    ward_code: str | None,
    *,
    passed: bool,
) -> Opened:
    lifetime = timedelta(days=request.app.state.settings.session_days)
    device = device_of(request.headers)
    token = await sessions.begin(connection, account_id, lifetime, device, second_factor=passed)
    actor = Actor(Role(role), account_id, None, ward_code)
    await audit.record(connection, actor, "signIn", audit.account_subject(ward_code, account_id), ward_code)
    return Opened(token, lifetime, username, Role(role), ward_code)
