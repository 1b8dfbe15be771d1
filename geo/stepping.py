"""How any step of an incident is taken: lock the row, see as whom the caller acts, write the row and its history."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import incidents, journal, photos, waiting
from geo.actor import Actor, Role
from geo.contact import Checked
from geo.errors import InvalidInput, InvalidTransition, NotAllowed, NotFound
from geo.giving import accept_by
from geo.ids import new_id
from geo.lifecycle import IN_HAND, Party, Status, advance, may_advance
from geo.tables import incident

MOST_NOTE = 2_000

NO_CREW: dict[str, Any] = {"crew_id": None, "resolved_at": None, "closed_at": None}
"""What an incident without a crew at work looks like."""


def note_of(value: str | None, field: str, *, required: bool) -> str | None:
    """A note or reason, cleaned; raises `InvalidInput` naming `field`."""
    check = Checked([])
    text = check.text(value, (field,), MOST_NOTE, required=required)
    if check.problems:
        raise InvalidInput(*check.problems)
    return text


async def locked(
    connection: AsyncConnection, actor: Actor, ward_code: str, incident_id: UUID, field: str = "incidentId"
) -> Any:
    """The incident's row as the caller sees it, locked; raises `NotFound` when the caller may not see it.

    Locked first and read afterwards: a row whose category was changed while it was waited for would else no longer
    join the category that the waiting statement had found, and be missed.
    """
    lock = sa.select(incident.c.id).where(incident.c.ward_code == ward_code, incident.c.id == incident_id)
    await connection.execute(lock.with_for_update(key_share=True))
    row = (await connection.execute(incidents.with_id(actor, ward_code, incident_id))).one_or_none()
    if row is None and await _acted_last(connection, actor, ward_code, incident_id):
        # A crew that gave a private incident back sees it no more, yet may ask again what its step came to.
        witness = await _recalling(connection, actor, ward_code, incident_id)
        row = (await connection.execute(incidents.with_id(witness, ward_code, incident_id))).one_or_none()
    if row is None:
        raise NotFound(path=(field,))
    return row


async def witness_of(connection: AsyncConnection, actor: Actor, row: Any) -> Actor:
    """The caller as who reads the answer to a step; `row` is what they saw when they asked for it.

    Who worked on the incident then reads it as before the step: a crew that gave it back would else not be told so.
    Who did not had taken the step earlier, and learns no more of what came since than that it was taken.
    """
    if row.working:
        return actor.witnessing(row.id)
    return await _recalling(connection, actor, row.ward_code, row.id)


async def _recalling(connection: AsyncConnection, actor: Actor, ward_code: str, incident_id: UUID) -> Actor:
    if actor.account_id is None:  # a reporter: what has no account in the history is not theirs
        return actor
    until = await journal.last_step_by(connection, ward_code, incident_id, actor.account_id)
    return actor if until is None else actor.witnessing(incident_id, until)


async def _acted_last(connection: AsyncConnection, actor: Actor, ward_code: str, incident_id: UUID) -> bool:
    last = await journal.last_step(connection, ward_code, incident_id)
    return last is not None and actor.account_id is not None and last.account_id == actor.account_id


def parties_of(actor: Actor, row: Any) -> set[Party]:
    """As whom the caller may act on this incident."""
    parties = set()
    if actor.runs(row.ward_code):
        parties.add(Party.STAFF)
    if (
        actor.role is Role.CREW_MEMBER
        and actor.crew_id is not None
        and (actor.ward_code, actor.crew_id) == (row.ward_code, row.crew_id)
    ):
        parties.add(Party.CREW)
    if row.reported:
        parties.add(Party.REPORTER)
    return parties


async def may_take(
    connection: AsyncConnection,
    actor: Actor,
    row: Any,
    to: Status,
    sources: Collection[Status] | None = None,
    crew_id: UUID | None = None,
) -> Party | None:
    """As whom the caller takes the step; None when they took it already. Raises `InvalidTransition`, `NotAllowed`."""
    parties = parties_of(actor, row)
    if (sources is None or row.status in sources) and may_advance(Status(row.status), to, parties):
        return next(party for party in Party if party in parties and may_advance(Status(row.status), to, {party}))
    last = await journal.last_step(connection, row.ward_code, row.id)
    same_crew = crew_id is None or last is None or last.crew_id == crew_id
    if last is not None and last.to_status == to and same_crew and _took(actor, row, last):
        return None
    if not parties and not (actor.role is Role.CREW_MEMBER and actor.ward_code == row.ward_code):
        raise NotAllowed(path=("incidentId",))
    raise InvalidTransition(row.status, to)


def _took(actor: Actor, row: Any, step: Any) -> bool:
    if actor.account_id is not None and step.account_id == actor.account_id:
        return True
    return bool(step.party == Party.REPORTER and row.reported)


async def move(
    connection: AsyncConnection,
    actor: Actor,
    row: Any,
    to: Status,
    party: Party,
    *,
    concerns: UUID | None = None,
    note: str | None = None,
    photo_ids: Sequence[str] = (),
    **values: Any,
) -> None:
    """Take the step: `values` are the row's further columns, `concerns` the crew that the step is about.

    `photo_ids` are the uploads that show it, which the step claims; raises `InvalidInput` where one cannot be had.

    Assigned, it is to be accepted within its kind's time; and whatever it needed a person for, a step is the answer.
    A crew that has it in hand no longer has room for what waits: the worker looks for that after the commit.
    Raises `InvalidTransition` for a step that `party` may not take, whatever was asked before.
    """
    status = advance(Status(row.status), to, {party})
    until = accept_by(row.ward_code, incident.c.category_id) if status is Status.ASSIGNED else None
    await connection.execute(
        sa.update(incident)
        .where(incident.c.ward_code == row.ward_code, incident.c.id == row.id)
        .values(status=status, accept_by=until, attention=None, **values)
    )
    step = new_id()
    await journal.write(
        connection,
        row.ward_code,
        row.id,
        row.status,
        status,
        party,
        actor=actor,
        crew_id=concerns,
        note=note,
        step_id=step,
    )
    if photo_ids:
        await photos.claim(connection, row.ward_code, row.id, step, photo_ids)
    if row.status in IN_HAND and (status not in IN_HAND or values.get("crew_id", row.crew_id) != row.crew_id):
        await waiting.look_again(connection, row.ward_code)
