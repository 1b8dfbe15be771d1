"""One-time links to an account: an invitation to a new one, or a new password for who forgot theirs.

A link carries a random token, of which only the hash is kept. It counts once, until it expires, and while it is the
latest of its account for its purpose; a new password, given in any way, ends them all. Looking at a link uses nothing
up, for programs that read mail open links too.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import jobs, sessions
from geo.secrets import digest
from geo.tables import LinkPurpose, account, account_link

LASTS = {LinkPurpose.INVITATION: timedelta(days=7), LinkPurpose.PASSWORD_RESET: timedelta(hours=1)}
JOB = "mail_account_link"
MOST_AN_HOUR = 5
"""Letters with links that one account is sent."""
KEPT = timedelta(days=1)
BITE = 1_000


@dataclass(frozen=True, slots=True)
class Link:
    """A link that was made; its token is nowhere else."""

    token: str
    purpose: LinkPurpose
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """What a link opens while it counts."""

    account_id: UUID
    username: str
    name: str
    role: str
    ward_code: str | None
    purpose: LinkPurpose
    expires_at: datetime


def new(purpose: LinkPurpose) -> Link:
    """A link that opens nothing until it is kept."""
    return Link(secrets.token_urlsafe(32), purpose, datetime.now(UTC) + LASTS[purpose])


async def keep(connection: AsyncConnection, account_id: UUID, link: Link) -> None:
    """Have the link open this account; earlier ones do as well, until `end_earlier`."""
    await connection.execute(
        sa.insert(account_link).values(
            token_hash=digest(link.token), account_id=account_id, purpose=link.purpose, expires_at=link.expires_at
        )
    )


async def make(connection: AsyncConnection, account_id: UUID, purpose: LinkPurpose) -> Link:
    """A new link to this account, in place of earlier ones for the same."""
    made = new(purpose)
    await end_all(connection, account_id, purpose)
    await keep(connection, account_id, made)
    return made


async def end_earlier(connection: AsyncConnection, link: Link) -> None:
    """Links that were kept for the same account and purpose before this one count no more."""
    earlier, mine = account_link.alias("earlier").c, account_link.c
    older = (
        sa.select(earlier.token_hash)
        .join_from(account_link, earlier.token_hash.table, mine.account_id == earlier.account_id)
        .where(
            mine.token_hash == digest(link.token),
            earlier.purpose == mine.purpose,
            earlier.created_at < mine.created_at,
            earlier.used_at.is_(None),
        )
    )
    ended = sa.update(account_link).where(mine.token_hash.in_(older))
    await connection.execute(ended.values(used_at=sa.func.now()))


async def forget(connection: AsyncConnection, link: Link) -> None:
    """The link was never sent: it opens nothing, and was none."""
    await connection.execute(sa.delete(account_link).where(account_link.c.token_hash == digest(link.token)))


async def send(connection: AsyncConnection, account_id: UUID, purpose: LinkPurpose, language: str = "vi") -> None:
    """Have a link mailed to the account, where it has an address. The job makes it, so no token waits anywhere."""
    payload = {"account": str(account_id), "purpose": purpose.value, "language": language}
    await jobs.enqueue_once(connection, JOB, payload)


async def end_all(connection: AsyncConnection, account_id: UUID, purpose: LinkPurpose | None = None) -> None:
    """No link to this account, or none for this purpose, counts any more."""
    columns = account_link.c
    open_ones = sa.and_(columns.account_id == account_id, columns.used_at.is_(None))
    if purpose is not None:  # whoever asks for a new password by mail ends no invitation
        open_ones = sa.and_(open_ones, columns.purpose == purpose)
    await connection.execute(sa.update(account_link).where(open_ones).values(used_at=sa.func.now()))


async def look(connection: AsyncConnection, token: str) -> Opening | None:
    """What the link opens, which it still does afterwards; None where it does not count, or its account is disabled."""
    return await _opening(connection, token, locked=False)


async def use(connection: AsyncConnection, token: str, password_hash: str) -> Opening | None:
    """Give the account this password and sign it out everywhere, by a link that counts no more then; None where it
    does not now. Of two who use it at once, one does."""
    opening = await _opening(connection, token, locked=True)
    if opening is None:
        return None
    changed = sa.update(account).where(account.c.id == opening.account_id)
    await connection.execute(changed.values(password_hash=password_hash))
    await end_all(connection, opening.account_id)
    await sessions.end_all(connection, opening.account_id)
    return opening


async def sent_lately(connection: AsyncConnection, account_id: UUID) -> int:
    """How many links were made for this account in the last hour."""
    columns = account_link.c
    lately = columns.created_at > sa.func.now() - timedelta(hours=1)
    query = sa.select(sa.func.count()).where(columns.account_id == account_id, lately)
    return await connection.scalar(query) or 0


async def forget_old(connection: AsyncConnection) -> int:
    """Delete a bite of links that expired a day ago; how many. Served by `ix_account_link_expires_at`."""
    columns = account_link.c
    old = sa.select(columns.token_hash).where(columns.expires_at < sa.func.now() - KEPT)
    gone = await connection.execute(
        sa.delete(account_link).where(columns.token_hash.in_(old.limit(BITE).with_for_update(skip_locked=True)))
    )
    return gone.rowcount


async def _opening(connection: AsyncConnection, token: str, *, locked: bool) -> Opening | None:
    columns = account_link.c
    query = (
        sa.select(
            account.c.id,
            account.c.username,
            account.c.name,
            account.c.role,
            account.c.ward_code,
            columns.purpose,
            columns.expires_at,
        )
        .select_from(account_link.join(account, account.c.id == columns.account_id))
        .where(
            columns.token_hash == digest(token),
            columns.used_at.is_(None),
            columns.expires_at > sa.func.now(),
            account.c.disabled_at.is_(None),
        )
    )
    if locked:
        query = query.with_for_update(of=account_link)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    return Opening(row.id, row.username, row.name, row.role, row.ward_code, LinkPurpose(row.purpose), row.expires_at)
