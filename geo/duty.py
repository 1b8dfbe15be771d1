"""A crew's duty begins and ends, and where it stands meanwhile.

Who leaves has to leave nothing behind that nobody looks after: what the crew had not begun goes to the next crew in
the same transaction, or back into the queue; of what it is in the middle of, staff are told.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from geoalchemy2 import Geography
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import dispatch, jobs, journal, waiting
from geo.actor import Actor
from geo.database import within
from geo.errors import InvalidInput, NotAllowed, NotFound, OffDuty, Problem
from geo.giving import Outcome, assigned, nobody, write_all
from geo.language import Text
from geo.lifecycle import IN_HAND, Party, Status
from geo.locating import point
from geo.positions import Position
from geo.reading import within_metres
from geo.suiting import lock_on_duty
from geo.tables import SRID, Attention, crew, incident, ward

JOB = "hand_over"

REACH_METRES = 100_000
"""How far from its ward a crew's position is believed."""

FAR_POSITION = Text(
    "Vị trí cách phường hơn 100 km nên không được nhận. Hãy kiểm tra định vị của điện thoại.",
    "This position is more than 100 km from the ward. Please check the phone's location.",
)
LEFT = "Đội trước đã hết ca trực; đã chuyển cho đội khác."
LEFT_IN_THE_MIDDLE = "Đội đang xử lý đã hết ca trực khi việc chưa xong."
IS_BACK = "Đội đang xử lý đã trực trở lại."


async def set_duty(connection: AsyncConnection, actor: Actor, ward_code: str, crew_id: UUID, on_duty: bool) -> None:
    """Begin or end a crew's duty: by the crew itself or by staff. Off duty, its position is forgotten.

    Raises `NotAllowed`, `NotFound`.
    """
    if not (actor.runs(ward_code) or (actor.crew_id == crew_id and actor.ward_code == ward_code)):
        raise NotAllowed(path=("crewId",))
    if on_duty:
        await _begin(connection, ward_code, crew_id)
    else:
        await _leave(connection, ward_code, crew_id, ending=True)


async def hand_over(connection: AsyncConnection, ward_code: str, crew_id: UUID) -> None:
    """Hand over what a crew off duty still has: what somebody was changing in the moment that it left."""
    await _leave(connection, ward_code, crew_id, ending=False)


async def report_position(connection: AsyncConnection, ward_code: str, crew_id: UUID, position: Position) -> None:
    """Keep where a crew on duty is now: only this, the latest. It concerns the next report, so nothing is sought anew.

    Raises `OffDuty` (nothing is kept then), and `InvalidInput` for a position more than 100 km from the ward.
    """
    outline = sa.cast(ward.c.boundary, Geography(srid=SRID, spatial_index=False))
    near = sa.select(within_metres(outline, position, REACH_METRES)).where(ward.c.code == ward_code)
    if not await connection.scalar(near):
        raise InvalidInput(Problem(("position",), FAR_POSITION))
    kept = await connection.execute(
        sa.update(crew)
        .where(crew.c.ward_code == ward_code, crew.c.id == crew_id, crew.c.on_duty)
        .values(position=point(position), position_at=sa.func.now())
    )
    if kept.rowcount == 0:
        raise OffDuty


async def _begin(connection: AsyncConnection, ward_code: str, crew_id: UUID) -> None:
    # Incidents before crews, as everywhere.
    worried = [row for row in await _held(connection, ward_code, crew_id) if row.attention == Attention.CREW_OFF_DUTY]
    if worried:
        await connection.execute(
            sa.update(incident)
            .where(incident.c.ward_code == ward_code, incident.c.id.in_([row.id for row in worried]))
            .values(attention=None)
        )
        remarks = [(ward_code, row.id, row.status, IS_BACK) for row in worried]
        await journal.remark(connection, remarks, Party.SYSTEM)
    changed = await connection.execute(
        sa.update(crew).where(crew.c.ward_code == ward_code, crew.c.id == crew_id).values(on_duty=True)
    )
    if changed.rowcount == 0:
        raise NotFound(path=("crewId",))
    await waiting.look_again(connection, ward_code)


async def _leave(connection: AsyncConnection, ward_code: str, crew_id: UUID, *, ending: bool) -> None:
    """End a crew's duty (`ending`) and hand over what it has; or see to what it has since it left.

    What it has is locked first, then the crews on duty and this one in the order of their ids, as dispatch does it:
    from then on it is given nothing more. What it was given between the two is taken where nobody holds it; the rest
    is handed over by a job, for to wait for it with crews locked could be waiting for each other.
    """
    rows = await _held(connection, ward_code, crew_id)
    duties = await lock_on_duty(connection, ward_code, also=crew_id)
    if crew_id not in duties:
        raise NotFound(path=("crewId",))
    if not ending and duties[crew_id]:
        return
    await connection.execute(
        sa.update(crew)
        .where(crew.c.ward_code == ward_code, crew.c.id == crew_id)
        .values(on_duty=False, position=None, position_at=None)
    )
    rows += await _held(connection, ward_code, crew_id, beside=rows)
    if await connection.scalar(_of(ward_code, crew_id, beside=rows)) is not None:
        await jobs.enqueue(connection, JOB, {"ward": ward_code, "crew": str(crew_id)})
    await _hand_over(connection, ward_code, crew_id, rows, [id_ for id_ in duties if id_ != crew_id])


async def _hand_over(
    connection: AsyncConnection, ward_code: str, crew_id: UUID, rows: list[Any], among: list[UUID]
) -> None:
    statements = within(connection)
    begun = [row for row in rows if row.status == Status.IN_PROGRESS]
    left = [row for row in rows if row.status != Status.IN_PROGRESS]
    weighed = await dispatch.sought(statements, [(ward_code, row.id) for row in left], among)
    outcomes, unwanted = [], []
    for row, candidates in zip(left, weighed, strict=True):
        next_id = dispatch.chosen(candidates)
        before = Status(row.status)
        if next_id is None:
            outcomes.append(Outcome(ward_code, row.id, before, Status.RECEIVED, None, crew_id))
            unwanted.append(nobody(ward_code, row.id, candidates))
        else:
            outcomes.append(assigned(ward_code, row.id, before, next_id, candidates))
    for row in begun:
        stays = (Status.IN_PROGRESS, Status.IN_PROGRESS, crew_id, None)
        told = (Attention.CREW_OFF_DUTY, (), LEFT_IN_THE_MIDDLE)
        outcomes.append(Outcome(ward_code, row.id, *stays, *told))
    if moved := [(ward_code, one.incident_id, one.before, LEFT) for one in outcomes if one.after is Status.ASSIGNED]:
        await journal.remark(connection, moved, Party.SYSTEM)
    await write_all(statements, outcomes)
    await write_all(statements, unwanted)


def _of(ward_code: str, crew_id: UUID, *, beside: list[Any]) -> sa.Select[Any]:
    columns = incident.c
    return sa.select(columns.id, columns.status, columns.attention).where(
        columns.ward_code == ward_code,
        columns.crew_id == crew_id,
        columns.status.in_(IN_HAND),
        columns.id.not_in([row.id for row in beside]),
    )


async def _held(
    connection: AsyncConnection, ward_code: str, crew_id: UUID, beside: list[Any] | None = None
) -> list[Any]:
    """What a crew has in hand, locked in the order of ids; `beside` others, only what nobody else holds."""
    query = _of(ward_code, crew_id, beside=beside or []).order_by(incident.c.id)
    found = await connection.execute(query.with_for_update(key_share=True, skip_locked=beside is not None))
    return list(found.all())
