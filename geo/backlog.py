"""A ward's whole waiting queue, given to its crews as one plan.

The plan is made from what stands when it is begun, without locks: making it takes a second, and reports would wait
for the crews meanwhile. What it says is then done under the locks of dispatch, where it still can be: an incident
that somebody has changed and a crew that has filled up meanwhile are passed by, and the plan after it sees to them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import dispatch, jobs
from geo.actor import Actor
from geo.assignments import MOST_INCIDENTS, MOST_PLACES, Plan, Problem, weight_of
from geo.database import within
from geo.errors import NotAllowed, NotFound
from geo.explaining import Candidate, Load
from geo.giving import Outcome, assigned, write_all
from geo.incidents import in_hand
from geo.lifecycle import Status
from geo.suiting import lock_on_duty
from geo.tables import crew, incident, ward
from geo.waiting import takeable

JOB = "plan_backlog"
MOST_PAIRS = 20_000
"""Pairs of an incident and a crew that one transaction looks at again, in a third of a second: reports wait for the
crews' locks meanwhile. The rest of a plan is for a job of its own."""
_SOON = timedelta(seconds=2)

Planner = Callable[[Problem], Awaitable[Plan]]


async def ask(connection: AsyncConnection, actor: Actor, ward_code: str) -> int:
    """Have the ward's whole queue planned after the commit; how many incidents wait.

    Asked again before that is begun it is done once. Raises `NotFound` and `NotAllowed`.
    """
    if not actor.runs(ward_code):
        raise NotAllowed(path=("wardCode",))
    if await connection.scalar(sa.select(ward.c.code).where(ward.c.code == ward_code)) is None:
        raise NotFound(path=("wardCode",))
    await jobs.enqueue_once(connection, JOB, {"ward": ward_code})
    waiting: int = (await connection.execute(_waiting(ward_code, sa.func.count()))).scalar_one()
    return waiting


async def plan_waiting(connection: AsyncConnection, ward_code: str, planner: Planner) -> int:
    """Give what waits in a ward to crews with room, as `planner` has it; how many were given.

    Where the plan could not be followed wholly, or does not reach to the end of the queue, another job is enqueued.
    """
    incidents, crews, problem = await _asked(connection, ward_code)
    if not incidents:
        return 0
    plan = await planner(problem)
    wanted = [(one, crews[n]) for one, n in zip(incidents, plan, strict=True) if n is not None]
    bite = wanted[: max(1, MOST_PAIRS // len(crews))]
    given = await _give(connection, ward_code, bite)
    if given < len(bite):
        await jobs.enqueue(connection, JOB, {"ward": ward_code}, at=datetime.now(UTC) + _SOON)
    elif len(wanted) > len(bite) or (given and (len(incidents) == MOST_INCIDENTS or max(problem.room) > MOST_PLACES)):
        await jobs.enqueue(connection, JOB, {"ward": ward_code})
    return given


async def _asked(connection: AsyncConnection, ward_code: str) -> tuple[Sequence[UUID], Sequence[UUID], Problem]:
    """The incidents that wait and could be taken, the crews that have room, and what is to be planned of them."""
    columns, held = crew.c, in_hand(crew.c.ward_code, crew.c.id).label("held")
    on_duty = sa.and_(columns.ward_code == ward_code, columns.on_duty, columns.capacity > held)
    crews = (await connection.execute(sa.select(columns.id, columns.capacity, held).where(on_duty))).all()
    ids = [row.id for row in crews]
    left = (incident.c.due_at - sa.func.now()).label("left")
    rows = (await connection.execute(takeable(ward_code, ids).limit(MOST_INCIDENTS).add_columns(left))).all()
    incidents = [row.id for row in rows]
    metres = await dispatch.reached(within(connection), [(ward_code, one) for one in incidents], ids)
    weights = [weight_of(row.left) for row in rows]
    room = [row.capacity - row.held for row in crews]
    return incidents, ids, Problem(metres, weights, [row.held for row in crews], room)


async def _give(connection: AsyncConnection, ward_code: str, wanted: Sequence[tuple[UUID, UUID]]) -> int:
    """Give incidents to crews, each pair where it still can be; how many.

    The crews on duty are locked first, in the order of their ids, as dispatch does it, and incidents that somebody is
    changing are passed by: to wait for them with crews locked could be waiting for each other.
    """
    locked = list(await lock_on_duty(connection, ward_code))
    still = _waiting(ward_code, incident.c.id).where(incident.c.id.in_([incident_id for incident_id, _ in wanted]))
    held = set((await connection.scalars(still.with_for_update(skip_locked=True, key_share=True))).all())
    pairs = [pair for pair in wanted if pair[0] in held]
    statements = within(connection)
    found, now = await dispatch.suiting(statements, [(ward_code, incident_id) for incident_id, _ in pairs], locked)
    able: dict[int, list[tuple[float, UUID]]] = {}
    for n, distance, crew_id in found:
        able.setdefault(n, []).append((distance, crew_id))
    outcomes: list[Outcome] = []
    for n, (incident_id, taker) in enumerate(pairs, start=1):
        weighed = [Candidate(one, distance, now[one], one == taker) for distance, one in able.get(n, ())]
        if any(candidate.chosen and candidate.obstacle is None for candidate in weighed):
            outcomes.append(assigned(ward_code, incident_id, Status.RECEIVED, taker, weighed))
            now[taker] = Load(now[taker].in_hand + 1, now[taker].capacity)
    await write_all(statements, outcomes)
    return len(outcomes)


def _waiting(ward_code: str, what: Any) -> sa.Select[Any]:
    return sa.select(what).where(incident.c.ward_code == ward_code, incident.c.status == Status.RECEIVED)
