"""An incident's steps after the report: one function for each, each in the caller's transaction.

Every step locks the incident's row, asks the life cycle, writes the row and its history. The same step sent again by
the same actor changes nothing and answers as the first time: a phone that lost the answer may simply ask again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import dispatch, journal, locks
from geo.actor import Actor
from geo.errors import InvalidInput, InvalidTransition, NotAllowed, NotFound, Problem
from geo.language import Text
from geo.lifecycle import FINISHED, IN_HAND, OPEN, Party, Status
from geo.locating import neighbourhood_at
from geo.stepping import NO_CREW, may_take, move, parties_of
from geo.tables import Satisfaction, category, incident
from geo.working_time import due

REPORTER_WITHIN = timedelta(days=30)
"""How long after the end a reporter may rate or reopen."""

ITSELF = Text("Một phản ánh không thể trùng với chính nó.", "An incident cannot be a duplicate of itself.")
TOO_LATE = Text(
    "Phản ánh này đã kết thúc hơn 30 ngày. Hãy gửi một phản ánh mới.",
    "This incident ended more than 30 days ago. Please report it anew.",
)

PHOTO_REQUIRED = Text(
    "Loại phản ánh này cần ít nhất một ảnh chụp sau khi xử lý.",
    "This kind of incident needs at least one photo of the finished work.",
)

TOO_LATE_TO_RATE = Text(
    "Phản ánh này đã kết thúc hơn 30 ngày nên không đánh giá được nữa.",
    "This incident ended more than 30 days ago and can no longer be rated.",
)


async def accept(connection: AsyncConnection, actor: Actor, row: Any) -> None:
    """Its crew takes it on."""
    if party := await may_take(connection, actor, row, Status.ACCEPTED):
        await move(connection, actor, row, Status.ACCEPTED, party, concerns=row.crew_id)


async def start(connection: AsyncConnection, actor: Actor, row: Any) -> None:
    """Its crew begins the work."""
    if party := await may_take(connection, actor, row, Status.IN_PROGRESS):
        await move(connection, actor, row, Status.IN_PROGRESS, party, concerns=row.crew_id)


async def decline(connection: AsyncConnection, actor: Actor, row: Any, reason: str) -> None:
    """Its crew gives it back, with a reason; the next crew is sought at once."""
    if party := await may_take(connection, actor, row, Status.RECEIVED, IN_HAND):
        await move(connection, actor, row, Status.RECEIVED, party, concerns=row.crew_id, **NO_CREW)
        # The reporter sees the step; why a crew could not is for the ward.
        given_back = (row.ward_code, row.id, Status.RECEIVED, Status.RECEIVED, party)
        await journal.write(connection, *given_back, actor=actor, note=reason, public=False)
        await dispatch.dispatch(connection, row.ward_code, row.id)


async def resolve(
    connection: AsyncConnection, actor: Actor, row: Any, note: str, photo_ids: Sequence[str] = ()
) -> None:
    """The work is done; `note` tells the reporter what was done, and photographs show it.

    Where the category asks for a photograph its crew must send one; staff may do without.
    """
    if party := await may_take(connection, actor, row, Status.RESOLVED):
        if party is Party.CREW and not photo_ids and await _asks_for_photo(connection, row):
            raise InvalidInput(Problem(("photoIds",), PHOTO_REQUIRED))
        await move(
            connection,
            actor,
            row,
            Status.RESOLVED,
            party,
            concerns=row.crew_id,
            note=note,
            photo_ids=photo_ids,
            resolved_at=sa.func.clock_timestamp(),
        )


async def _asks_for_photo(connection: AsyncConnection, row: Any) -> bool:
    asked = sa.select(category.c.photo_required).where(
        category.c.ward_code == row.ward_code, category.c.id == row.category_id
    )
    return bool(await connection.scalar(asked))


async def assign(connection: AsyncConnection, actor: Actor, row: Any, crew_id: UUID, note: str | None) -> None:
    """Staff give it to a crew; the crew that has it in hand keeps it as it is. Raises `CrewUnavailable`."""
    if row.status in IN_HAND and row.crew_id == crew_id and Party.STAFF in parties_of(actor, row):
        return
    if party := await may_take(connection, actor, row, Status.ASSIGNED, crew_id=crew_id):
        await dispatch.reserve(connection, row.ward_code, row.id, crew_id)
        await move(
            connection,
            actor,
            row,
            Status.ASSIGNED,
            party,
            concerns=crew_id,
            note=note,
            **{**NO_CREW, "crew_id": crew_id},
        )


async def reject(connection: AsyncConnection, actor: Actor, row: Any, reason: str) -> None:
    """Staff refuse it; the reporter reads the reason."""
    if party := await may_take(connection, actor, row, Status.REJECTED):
        await move(connection, actor, row, Status.REJECTED, party, note=reason, **NO_CREW)


async def close(connection: AsyncConnection, actor: Actor, row: Any) -> None:
    """Staff close what is resolved."""
    if party := await may_take(connection, actor, row, Status.CLOSED):
        await move(connection, actor, row, Status.CLOSED, party, closed_at=sa.func.clock_timestamp())


async def mark_duplicate(connection: AsyncConnection, actor: Actor, row: Any, original_id: UUID) -> None:
    """Staff find it to be the same problem as an earlier report: the original of that one, where it has one.

    Those of one ward take turns, each reading what the one before wrote: two incidents marked as duplicates of each
    other at once would else both succeed, and lead round in a circle.
    """
    party = await may_take(connection, actor, row, Status.DUPLICATE)
    if party is not None:
        # Only who holds a row that is no duplicate waits here: the one whose turn it is may be waiting for a duplicate.
        await locks.take(connection, "duplicate", row.ward_code)
    original = await connection.scalar(
        sa.select(sa.func.coalesce(incident.c.duplicate_of_id, incident.c.id)).where(
            incident.c.ward_code == row.ward_code, incident.c.id == original_id
        )
    )
    if original is None:
        raise NotFound(path=("originalId",))
    if original == row.id:
        raise InvalidInput(Problem(("originalId",), ITSELF))
    if party is None:
        if row.duplicate_of_id != original:
            raise InvalidTransition(row.status, Status.DUPLICATE)
        return
    await move(connection, actor, row, Status.DUPLICATE, party, duplicate_of_id=original, **NO_CREW)
    # Those that pointed here now point to where this one points: a duplicate never leads to another.
    await connection.execute(
        sa.update(incident)
        .where(incident.c.ward_code == row.ward_code, incident.c.duplicate_of_id == row.id)
        .values(duplicate_of_id=original)
    )


async def note(connection: AsyncConnection, actor: Actor, row: Any, text: str, public: bool) -> None:
    """A remark in the history, for the staff and the crew, or for the reporter too."""
    parties = parties_of(actor, row)
    if not parties:
        raise NotAllowed(path=("incidentId",))
    party = next(party for party in Party if party in parties)
    if await journal.last_note(connection, row.ward_code, row.id, party, actor.account_id) == (text, public):
        return
    await journal.write(
        connection, row.ward_code, row.id, row.status, row.status, party, actor=actor, note=text, public=public
    )


async def publish(connection: AsyncConnection, actor: Actor, row: Any, published: bool) -> None:
    """Staff show its text to the public, or hide it again. A private category stays private either way."""
    if Party.STAFF not in parties_of(actor, row):
        raise NotAllowed(path=("incidentId",))
    await connection.execute(
        sa.update(incident)
        .where(incident.c.ward_code == row.ward_code, incident.c.id == row.id)
        .values(published=published)
    )


async def rate(
    connection: AsyncConnection, actor: Actor, row: Any, satisfaction: Satisfaction, comment: str | None
) -> None:
    """The reporter's verdict on what is resolved. Content closes it; discontent leaves it open to be reopened.

    It may be changed within 30 days; the history takes up the first comment on each resolution.
    """
    if Party.REPORTER not in parties_of(actor, row):
        raise NotAllowed(path=("secret",))
    if row.status not in (Status.RESOLVED, Status.CLOSED):
        raise InvalidTransition(row.status, Status.CLOSED)
    given = sa.select(incident.c.satisfaction, incident.c.satisfaction_comment).where(
        incident.c.ward_code == row.ward_code, incident.c.id == row.id
    )
    if tuple((await connection.execute(given)).one()) == (satisfaction, comment):
        return
    if await _ended_too_long_ago(connection, row):
        raise InvalidInput(Problem(("trackingCode",), TOO_LATE_TO_RATE))
    told = None if await journal.commented(connection, row.ward_code, row.id) else comment
    await connection.execute(
        sa.update(incident)
        .where(incident.c.ward_code == row.ward_code, incident.c.id == row.id)
        .values(satisfaction=satisfaction, satisfaction_comment=comment)
    )
    if row.status == Status.RESOLVED and satisfaction is not Satisfaction.DISSATISFIED:
        await move(
            connection, actor, row, Status.CLOSED, Party.REPORTER, note=told, closed_at=sa.func.clock_timestamp()
        )
    elif told is not None:
        await journal.write(
            connection, row.ward_code, row.id, row.status, row.status, Party.REPORTER, actor=actor, note=told
        )


async def reopen(
    connection: AsyncConnection, actor: Actor, row: Any, reason: str, photo_ids: Sequence[str] = ()
) -> None:
    """Not solved after all: a new deadline, and a crew is sought again. The reporter within 30 days, staff always.

    What was finished kept the neighbourhood of its day; open again, it is of the one that has its ground now.
    """
    party = await may_take(connection, actor, row, Status.RECEIVED, FINISHED)
    if party is None:
        return
    if party is Party.REPORTER and await _ended_too_long_ago(connection, row):
        raise InvalidInput(Problem(("trackingCode",), TOO_LATE))
    deadline = (
        sa.select(due(sa.func.now(), category.c.deadline_hours, category.c.working_hours))
        .where(category.c.ward_code == row.ward_code, category.c.id == row.category_id)
        .scalar_subquery()
    )
    await move(
        connection,
        actor,
        row,
        Status.RECEIVED,
        party,
        note=reason,
        photo_ids=photo_ids,
        due_at=deadline,
        reopened_count=incident.c.reopened_count + 1,
        neighbourhood_id=neighbourhood_at(incident.c.ward_code, incident.c.location),
        duplicate_of_id=None,
        satisfaction=None,
        satisfaction_comment=None,
        **NO_CREW,
    )
    await dispatch.dispatch(connection, row.ward_code, row.id)


async def _ended_too_long_ago(connection: AsyncConnection, row: Any) -> bool:
    ended = await journal.ended_at(connection, row.ward_code, row.id)
    return bool(await connection.scalar(sa.select(sa.literal(ended) < sa.func.now() - REPORTER_WITHIN)))


async def route_again(connection: AsyncConnection, actor: Actor, row: Any) -> None:
    """After its kind or place was corrected: an open incident whose crew no longer suits goes to one that does."""
    if row.status not in OPEN:
        return
    if row.crew_id is not None:
        if await dispatch.suits(connection, row.ward_code, row.id, row.crew_id):
            return
        await move(connection, actor, row, Status.RECEIVED, Party.STAFF, concerns=row.crew_id, **NO_CREW)
    await dispatch.dispatch(connection, row.ward_code, row.id)
