"""Sessions: a random token opens one until it ends; only its hash is kept.

A sign-in that still lacks its second factor is no session but a `pending_sign_in`, with a token of its own: it opens
nothing, wherever sessions are looked up.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.actor import ANONYMOUS, Actor, Role
from geo.database import within
from geo.errors import NotFound
from geo.ids import new_id
from geo.plans import Given, Plan, Statements, bound, slot
from geo.secrets import digest
from geo.tables import account, crew_member, pending_sign_in, session, team, team_member

MOST_LISTED = 100
"""Sessions that are shown of one account."""


SEEN_EVERY = timedelta(minutes=5)
"""When a session was last seen is written down no more often."""
PENDING = timedelta(minutes=15)
"""How long a sign-in waits for its second factor, or for one to be set up."""


@dataclass(frozen=True, slots=True)
class Device:
    """What somebody signed in with, as far as it says so itself: `Chrome`, `Android`. No address, no serial number."""

    browser: str | None = None
    system: str | None = None


async def begin(
    connection: AsyncConnection,
    account_id: UUID,
    lifetime: timedelta,
    device: Device = Device(),
    *,
    second_factor: bool = False,
) -> str:
    """A new session; gives its token, which is nowhere else. `second_factor`: whether it was passed."""
    token = secrets.token_urlsafe(32)
    await connection.execute(
        sa.insert(session).values(
            token_hash=digest(token),
            account_id=account_id,
            expires_at=sa.func.now() + lifetime,
            id=new_id(),
            browser=device.browser,
            system=device.system,
            second_factor=second_factor,
        )
    )
    return token


async def renew(connection: AsyncConnection, session_id: UUID) -> str | None:
    """Another token for a session, in place of its own: for when what it may do has changed. None: it has ended."""
    token = secrets.token_urlsafe(32)
    mine = sa.update(session).where(session.c.id == session_id)
    renewed = await connection.execute(mine.values(token_hash=digest(token)))
    return token if renewed.rowcount else None


async def begin_pending(connection: AsyncConnection, account_id: UUID) -> str:
    """The password was right, the second factor is awaited; gives the token of what waits."""
    token = secrets.token_urlsafe(32)
    values = {"token_hash": digest(token), "account_id": account_id, "expires_at": sa.func.now() + PENDING}
    await connection.execute(sa.insert(pending_sign_in).values(**values))
    return token


async def pending(connection: AsyncConnection, token: str) -> UUID | None:
    """Whose sign-in waits for a second factor under this token."""
    waiting = pending_sign_in.c
    found = await connection.scalar(
        sa.select(waiting.account_id).where(waiting.token_hash == digest(token), waiting.expires_at > sa.func.now())
    )
    return None if found is None else UUID(str(found))


async def end_pending(connection: AsyncConnection, token: str) -> bool:
    """It waits no more; whether it did."""
    ended = await connection.execute(sa.delete(pending_sign_in).where(pending_sign_in.c.token_hash == digest(token)))
    return ended.rowcount > 0


async def end_one(connection: AsyncConnection, actor: Actor, session_id: UUID) -> None:
    """End one of the caller's own sessions. Raises `NotFound`."""
    mine = sa.and_(session.c.id == session_id, session.c.account_id == actor.account_id)
    ended = await connection.execute(sa.delete(session).where(mine))
    if not ended.rowcount:
        raise NotFound(path=("sessionId",))


async def end_others(connection: AsyncConnection, actor: Actor) -> int:
    """End all of the caller's sessions but the one in use; how many."""
    others = sa.and_(session.c.account_id == actor.account_id, session.c.id != actor.session_id)
    await connection.execute(sa.delete(pending_sign_in).where(pending_sign_in.c.account_id == actor.account_id))
    return (await connection.execute(sa.delete(session).where(others))).rowcount


async def end_all(connection: AsyncConnection, account_id: UUID) -> int:
    """Sign the account out everywhere, out of half a sign-in too; how many sessions there were."""
    ended = await connection.execute(sa.delete(session).where(session.c.account_id == account_id))
    await connection.execute(sa.delete(pending_sign_in).where(pending_sign_in.c.account_id == account_id))
    return ended.rowcount


def own(actor: Actor) -> sa.Select[Any]:
    """The caller's sessions, the one in use first, then the latest seen: `id`, `browser`, `system`, `created_at`,
    `seen_at`, `expires_at`, `second_factor`, `current`."""
    columns = session.c
    current = columns.id == bound(actor.session_id, sa.Uuid())
    return (
        sa.select(
            columns.id,
            columns.browser,
            columns.system,
            columns.created_at,
            columns.seen_at,
            columns.expires_at,
            columns.second_factor,
            sa.func.coalesce(current, sa.false()).label("current"),
        )
        .where(columns.account_id == bound(actor.account_id, sa.Uuid()), columns.expires_at > sa.func.now())
        .order_by(sa.desc("current"), columns.seen_at.desc(), columns.id)
        .limit(MOST_LISTED)
    )


async def saw(connection: AsyncConnection, token_hash: bytes) -> None:
    """Write down that the session is in use. Where somebody else holds its row, they do, or it ends."""
    held = sa.select(session.c.token_hash).where(
        session.c.token_hash == token_hash, session.c.seen_at < sa.func.now() - SEEN_EVERY
    )
    free = held.with_for_update(skip_locked=True).scalar_subquery()
    await connection.execute(sa.update(session).where(session.c.token_hash == free).values(seen_at=sa.func.now()))


async def end(connection: AsyncConnection, token: str) -> None:
    """End a session; a token that opens none is no error."""
    await connection.execute(sa.delete(session).where(session.c.token_hash == digest(token)))


def _opening(strict: bool) -> sa.Select[Any]:
    """Whom each session that has not ended opens: the session's digest, and its account's rights.

    `strict`: staff and administrators only where the second factor was passed.
    """
    opening = (
        sa.select(
            session.c.token_hash,
            account.c.id,
            session.c.id.label("session_id"),
            # As varchar: a plan's text columns come as bytes.
            *(
                sa.cast(column, sa.String).label(column.key)
                for column in (account.c.name, account.c.role, account.c.ward_code)
            ),
            sa.extract("epoch", session.c.expires_at - sa.func.now()).label("seconds_left"),
            (session.c.seen_at < sa.func.now() - SEEN_EVERY).label("unseen"),
            crew_member.c.crew_id,
            team_member.c.team_id,
            team.c.neighbourhood_id,
        )
        .select_from(
            session.join(account, account.c.id == session.c.account_id)
            .outerjoin(
                crew_member,
                sa.and_(
                    crew_member.c.ward_code == account.c.ward_code,
                    crew_member.c.account_id == account.c.id,
                    account.c.role == Role.CREW_MEMBER,
                ),
            )
            .outerjoin(
                team_member,
                sa.and_(
                    team_member.c.ward_code == account.c.ward_code,
                    team_member.c.account_id == account.c.id,
                    account.c.role == Role.TEAM_MEMBER,
                ),
            )
            .outerjoin(team, sa.and_(team.c.ward_code == team_member.c.ward_code, team.c.id == team_member.c.team_id))
        )
        .where(session.c.expires_at > sa.func.now(), account.c.disabled_at.is_(None))
    )
    if not strict:
        return opening
    return opening.where(sa.or_(session.c.second_factor, account.c.role.not_in((Role.STAFF, Role.ADMIN))))


@dataclass(frozen=True, slots=True)
class Opened:
    """Whom a session opens, and for how long."""

    actor: Actor
    seconds_left: float
    unseen: bool
    """Whether it is time to write down that it is in use."""


_HASH = slot("token_hash", BYTEA(), lambda given: given.values["token_hash"])
_OPENED_BY = {strict: Plan(_opening(strict).where(session.c.token_hash == _HASH)) for strict in (False, True)}


async def opened_by(statements: Statements, token_hash: bytes, *, strict: bool = False) -> Opened | None:
    """Whom the session with this digest opens; None when there is none any more.

    `strict`: staff and administrators only where the second factor was passed.
    """
    rows = await statements.rows(_OPENED_BY[strict], Given(ANONYMOUS, {"token_hash": token_hash}))
    return Opened(_actor(rows[0]), float(rows[0].seconds_left), rows[0].unseen) if rows else None


async def actor_of(connection: AsyncConnection, token: str, *, strict: bool = False) -> Actor | None:
    """Who holds this token, with their ward, crew and team; None when it opens nothing any more."""
    opened = await opened_by(within(connection), digest(token), strict=strict)
    return None if opened is None else opened.actor


async def actors_of(
    connection: AsyncConnection, digests: Collection[bytes], *, strict: bool = False
) -> dict[bytes, Actor]:
    """Who holds the tokens with these digests; those that open nothing any more are not among them."""
    wanted = session.c.token_hash == sa.any_(sa.literal(list(digests), sa.ARRAY(BYTEA)))
    return {row.token_hash: _actor(row) for row in await connection.execute(_opening(strict).where(wanted))}


def _actor(row: Any) -> Actor:
    return Actor(
        role=Role(row.role),
        account_id=row.id,
        name=row.name,
        ward_code=row.ward_code,
        crew_id=row.crew_id,
        team_id=row.team_id,
        neighbourhood_id=row.neighbourhood_id,
        session_id=row.session_id,
    )
