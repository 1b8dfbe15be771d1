"""Not accepted within the minutes of its kind, an incident goes to the next crew; without one, staff are told.

A crew that let the time pass, or declined, is not asked again until the incident is reopened (`journal.passed_by`).
Where there is no other, the incident stays with its crew, which has as long again: then the next is sought anew.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import dispatch, journal, waiting
from geo.database import within
from geo.giving import Outcome, assigned, write_all
from geo.lifecycle import Status
from geo.tables import Attention, incident

BITE = 20
"""Incidents a transaction: reports of the ward wait for the crews' locks meanwhile."""

NEXT_CREW = "Đội chưa nhận việc trong thời gian quy định; đã chuyển cho đội khác."
NOT_ACCEPTED = "Đội chưa nhận việc trong thời gian quy định và hiện không có đội nào khác nhận được."


def late() -> sa.Select[Any]:
    """What its crew did not accept in time, locked, the longest past first; served by `ix_incident_accept_by`.

    Rows that someone else holds are left for the next time: their crew may be accepting them now.
    """
    columns = incident.c
    return (
        sa.select(columns.ward_code, columns.id, columns.crew_id)
        .where(columns.accept_by <= sa.func.now())
        .order_by(columns.accept_by)
        .limit(BITE)
        .with_for_update(skip_locked=True, key_share=True)
    )


async def escalate(connection: AsyncConnection) -> int:
    """Give what was not accepted in time to the next crews; of how many incidents, a bounded bite."""
    rows = (await connection.execute(late())).all()
    if not rows:
        return 0
    statements = within(connection)
    weighed = await dispatch.sought(statements, [(row.ward_code, row.id) for row in rows])
    outcomes: list[Outcome] = []
    passed: list[tuple[str, UUID, UUID]] = []
    for row, candidates in zip(rows, weighed, strict=True):
        crew_id = dispatch.chosen(candidates)
        if crew_id is None:
            stays = (Status.ASSIGNED, Status.ASSIGNED, row.crew_id, None)
            told = (Attention.NOT_ACCEPTED, candidates, NOT_ACCEPTED)
            outcomes.append(Outcome(row.ward_code, row.id, *stays, *told))
        else:
            passed.append((row.ward_code, row.id, row.crew_id))
            outcomes.append(assigned(row.ward_code, row.id, Status.ASSIGNED, crew_id, candidates))
    if passed:
        await journal.let_pass(connection, passed, NEXT_CREW)
    await write_all(statements, outcomes)
    for ward_code in sorted({ward_code for ward_code, _, _ in passed}):
        await waiting.look_again(connection, ward_code)
    return len(rows)
