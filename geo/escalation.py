"""Not accepted within the minutes of its kind, an incident goes to the next crew; without one, staff are told.

A crew that let the time pass, or declined, is not asked again until the incident is reopened (`journal.passed_by`).
Where there is no other, the incident stays with its crew, which has as long again: then the next is sought anew.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import dispatch, journal, waiting
from geo.database import within
from geo.giving import Outcome, assigned, write_all
from geo.lifecycle import Status
from geo.outage import out_of_reach
from geo.tables import Attention, incident

_LOG = logging.getLogger(__name__)
BITE = 20
"""Incidents a transaction: reports of the ward wait for the crews' locks meanwhile."""

NEXT_CREW = "Đội chưa nhận việc trong thời gian quy định; đã chuyển cho đội khác."
NOT_ACCEPTED = "Đội chưa nhận việc trong thời gian quy định và hiện không có đội nào khác nhận được."


def late(besides: Collection[UUID] = ()) -> sa.Select[Any]:
    """What its crew did not accept in time, locked, the longest past first; served by `ix_incident_accept_by`.

    Rows that someone else holds are left for the next time: their crew may be accepting them now.
    """
    columns = incident.c
    return (
        sa.select(columns.ward_code, columns.id, columns.crew_id)
        .where(columns.accept_by <= sa.func.now(), columns.id.not_in(besides))
        .order_by(columns.accept_by)
        .limit(BITE)
        .with_for_update(skip_locked=True, key_share=True)
    )


async def escalate(connection: AsyncConnection) -> int:
    """Give what was not accepted in time to the next crews; of how many incidents, a bounded bite.

    Where one of them cannot be dealt with, each is by itself, and those that fail are left: for all others to be as
    late as the one that nobody can help would be worse. Raises what a database does that is out of reach.
    """
    stuck: list[UUID] = []
    while rows := (await connection.execute(late(stuck))).all():
        try:
            async with connection.begin_nested():
                await _pass_on(connection, rows)
            return len(rows)
        except Exception as error:
            if out_of_reach(error):
                raise
        done = 0
        for row in rows:
            try:
                async with connection.begin_nested():
                    await _pass_on(connection, [row])
                done += 1
            except Exception as error:
                if out_of_reach(error):
                    raise
                # Its class alone: what it says may quote people.
                _LOG.error("incident %s cannot be passed on: %s", row.id, type(error).__name__)
                stuck.append(row.id)
        if done:
            return done
    return 0


async def _pass_on(connection: AsyncConnection, rows: Sequence[Any]) -> None:
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
