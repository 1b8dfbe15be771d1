"""Sessions: a random token opens one until it ends; only its hash is kept."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
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


async def actor_of(connection: AsyncConnection, token: str) -> Actor | None:
    """Who holds this token, with their ward, crew and team; None when it opens nothing any more."""
    query = (
        sa.select(
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
        .where(
            session.c.token_hash == digest(token),
            session.c.expires_at > sa.func.now(),
            account.c.disabled_at.is_(None),
        )
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    return Actor(
        role=Role(row.role),
        account_id=row.id,
        name=row.name,
        ward_code=row.ward_code,
        crew_id=row.crew_id,
        team_id=row.team_id,
        neighbourhood_id=row.neighbourhood_id,
    )
