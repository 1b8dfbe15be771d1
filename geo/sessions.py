"""Sessions: a random token opens one until it ends; only its hash is kept."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.actor import Actor, Role
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
            account.c.name,
            account.c.role,
            account.c.ward_code,
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


async def actor_of(connection: AsyncConnection, token: str) -> Actor | None:
    """Who holds this token, with their ward, crew and team; None when it opens nothing any more."""
    row = (await connection.execute(_opening().where(session.c.token_hash == digest(token)))).one_or_none()
    return None if row is None else _actor(row)


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
