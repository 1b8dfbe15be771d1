"""Sessions: a random token opens one until it ends; only its hash is kept."""

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
from geo.plans import Given, Plan, Statements, slot
from geo.secrets import digest
from geo.tables import account, crew_member, session, team, team_member


async def begin(connection: AsyncConnection, account_id: UUID, lifetime: timedelta) -> str:
    """A new session; gives its token, which is nowhere else."""
    token = secrets.token_urlsafe(32)
    await connection.execute(
        sa.insert(session).values(token_hash=digest(token), account_id=account_id, expires_at=sa.func.now() + lifetime)
    )
    return token


async def end(connection: AsyncConnection, token: str) -> None:
    """End a session; a token that opens none is no error."""
    await connection.execute(sa.delete(session).where(session.c.token_hash == digest(token)))


def _opening() -> sa.Select[Any]:
    """Whom each session that has not ended opens: the session's digest, and its account's rights."""
    return (
        sa.select(
            session.c.token_hash,
            account.c.id,
            # As varchar: a plan's text columns come as bytes.
            *(
                sa.cast(column, sa.String).label(column.key)
                for column in (account.c.name, account.c.role, account.c.ward_code)
            ),
            sa.extract("epoch", session.c.expires_at - sa.func.now()).label("seconds_left"),
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


@dataclass(frozen=True, slots=True)
class Opened:
    """Whom a session opens, and for how long."""

    actor: Actor
    seconds_left: float


_HASH = slot("token_hash", BYTEA(), lambda given: given.values["token_hash"])
_OPENED_BY = Plan(_opening().where(session.c.token_hash == _HASH))


async def opened_by(statements: Statements, token_hash: bytes) -> Opened | None:
    """Whom the session with this digest opens; None when there is none any more."""
    rows = await statements.rows(_OPENED_BY, Given(ANONYMOUS, {"token_hash": token_hash}))
    return Opened(_actor(rows[0]), float(rows[0].seconds_left)) if rows else None


async def actor_of(connection: AsyncConnection, token: str) -> Actor | None:
    """Who holds this token, with their ward, crew and team; None when it opens nothing any more."""
    opened = await opened_by(within(connection), digest(token))
    return None if opened is None else opened.actor


async def actors_of(connection: AsyncConnection, digests: Collection[bytes]) -> dict[bytes, Actor]:
    """Who holds the tokens with these digests; those that open nothing any more are not among them."""
    wanted = session.c.token_hash == sa.any_(sa.literal(list(digests), sa.ARRAY(BYTEA)))
    return {row.token_hash: _actor(row) for row in await connection.execute(_opening().where(wanted))}


def _actor(row: Any) -> Actor:
    return Actor(
        role=Role(row.role),
        account_id=row.id,
        name=row.name,
        ward_code=row.ward_code,
        crew_id=row.crew_id,
        team_id=row.team_id,
        neighbourhood_id=row.neighbourhood_id,
    )
