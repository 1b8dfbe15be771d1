"""Which crew takes an incident: on duty, handling its kind, covering its place, with capacity left; the nearest.

Safe under any concurrency: the crews that could take it are locked in the order of their ids, and only then is
counted what each has in hand, by a statement whose snapshot is younger than the locks. Two reports at once therefore
never both take a crew's last place, and never leave it empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from geo import journal
from geo.actor import ANONYMOUS
from geo.database import within
from geo.errors import CrewUnavailable, NotFound
from geo.ids import new_id
from geo.incidents import in_hand
from geo.lifecycle import Party, Status
from geo.plans import Given, Plan, Statements, array_of
from geo.tables import crew, crew_category, incident


def _handles(ward_code: Any, category_id: Any) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        crew_category.c.ward_code == ward_code,
        crew_category.c.crew_id == crew.c.id,
        crew_category.c.category_id == category_id,
    )


def _covers(location: Any) -> sa.ColumnElement[bool]:
    return sa.or_(crew.c.coverage.is_(None), sa.func.ST_Covers(crew.c.coverage, location, type_=sa.Boolean))


def _of(ward_code: str, incident_id: UUID, column: sa.Column[Any]) -> sa.ScalarSelect[Any]:
    return sa.select(column).where(incident.c.ward_code == ward_code, incident.c.id == incident_id).scalar_subquery()


async def suits(connection: AsyncConnection, ward_code: str, incident_id: UUID, crew_id: UUID) -> bool:
    """Whether a crew handles an incident's kind and covers its place."""
    category_id = _of(ward_code, incident_id, incident.c.category_id)
    location = _of(ward_code, incident_id, incident.c.location)
    query = sa.select(crew.c.id).where(
        crew.c.ward_code == ward_code, crew.c.id == crew_id, _handles(ward_code, category_id), _covers(location)
    )
    return await connection.scalar(query) is not None


def _wanted() -> sa.TableValuedAlias:
    """The incidents to dispatch, in their order: `ward_code`, `incident_id`, `n` from 1."""
    columns = (sa.column("ward_code", sa.Text), sa.column("incident_id", sa.Uuid))
    arrays = sa.func.unnest(array_of("wards", sa.Text()), array_of("incidents", sa.Uuid()))
    return arrays.table_valued(*columns, with_ordinality="n").render_derived(name="wanted")


def _candidates(among: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The crews that could take each incident, locked until the transaction ends, in the order of their ids."""
    wanted = _wanted()
    declined = journal.declined_by(wanted.c.ward_code, wanted.c.incident_id)
    return (
        sa.select(wanted.c.n, crew.c.id, sa.func.ST_Distance(crew.c.geog, incident.c.geog).label("distance"))
        .select_from(
            wanted.join(
                incident,
                sa.and_(incident.c.ward_code == wanted.c.ward_code, incident.c.id == wanted.c.incident_id),
            ).join(crew, crew.c.ward_code == wanted.c.ward_code)
        )
        .where(
            crew.c.on_duty,
            _handles(crew.c.ward_code, incident.c.category_id),
            _covers(incident.c.location),
            crew.c.id.not_in(declined),
            among,
        )
        .order_by(crew.c.id)
        .with_for_update(of=crew, key_share=True)
    )


def _room() -> sa.Select[Any]:
    """How many more incidents each of the locked crews can take: asked after the locks, so that it stays true."""
    locked = sa.func.unnest(array_of("wards", sa.Text()), array_of("crews", sa.Uuid())).table_valued(
        sa.column("ward_code", sa.Text), sa.column("crew_id", sa.Uuid)
    )
    locked = locked.render_derived(name="locked")
    room = crew.c.capacity - in_hand(crew.c.ward_code, crew.c.id)
    return sa.select(crew.c.id, room.label("room")).select_from(
        locked.join(crew, sa.and_(crew.c.ward_code == locked.c.ward_code, crew.c.id == locked.c.crew_id))
    )


def _assigned() -> sa.Update:
    """Gives incidents to crews, and writes it into their histories."""
    names: dict[str, TypeEngine[Any]] = {
        "ward_code": sa.Text(),
        "incident_id": sa.Uuid(),
        "crew_id": sa.Uuid(),
        "step": sa.Uuid(),
    }
    arrays = [array_of(name, of_type) for name, of_type in names.items()]
    given = sa.func.unnest(*arrays).table_valued(*(sa.column(name, of_type) for name, of_type in names.items()))
    given = given.render_derived(name="given")
    steps = journal.steps(
        sa.select(*given.c).cte("taken"),
        incident_id=lambda row: row.incident_id,
        id=lambda row: row.step,
        from_status=lambda _: sa.literal(Status.RECEIVED.value, sa.Text),
        to_status=lambda _: sa.literal(Status.ASSIGNED.value, sa.Text),
        party=lambda _: sa.literal(Party.SYSTEM.value, sa.Text),
        crew_id=lambda row: row.crew_id,
    )
    return (
        sa.update(incident)
        .where(incident.c.ward_code == given.c.ward_code, incident.c.id == given.c.incident_id)
        .values(status=Status.ASSIGNED, crew_id=given.c.crew_id)
        .add_cte(steps.cte("steps"))
    )


_CANDIDATES, _ROOM, _ASSIGNED = Plan(_candidates(sa.true())), Plan(_room()), Plan(_assigned())
_CANDIDATES_AMONG = Plan(_candidates(crew.c.id == sa.any_(array_of("among", sa.Uuid()))))


def nearest_with_room(candidates: Sequence[tuple[int, float, UUID]], room: Mapping[UUID, int]) -> dict[int, UUID]:
    """The crew for each incident, in the order of their numbers: the nearest that has room left; ties by id.

    `candidates` are (number of the incident, metres, crew). An incident without a crew is left out. Pure.
    """
    left = dict(room)
    chosen: dict[int, UUID] = {}
    for n, _, crew_id in sorted(candidates):
        if n not in chosen and left.get(crew_id, 0) > 0:
            chosen[n] = crew_id
            left[crew_id] -= 1
    return chosen


async def dispatch_all(
    statements: Statements, incidents: Sequence[tuple[str, UUID]], among: Sequence[UUID] | None = None
) -> dict[UUID, UUID]:
    """Give received incidents, each a ward and an id, to the crews that suit them best; gives the crews by incident.

    The caller holds the incidents' locks. Those for whom there is no crew wait on. A caller that holds crews' locks
    already names them in `among`: to lock others after them would be out of order.
    """
    if not incidents:
        return {}
    wards, ids = [ward_code for ward_code, _ in incidents], [incident_id for _, incident_id in incidents]
    given = Given(ANONYMOUS, {"wards": wards, "incidents": ids})
    plan = _CANDIDATES
    if among is not None:
        plan, given = _CANDIDATES_AMONG, Given(ANONYMOUS, {**given.values, "among": list(among)})
    found = [(row.n, row.distance, row.id) for row in await statements.rows(plan, given)]
    if not found:
        return {}
    locked = {crew_id: wards[n - 1] for n, _, crew_id in found}
    given = Given(ANONYMOUS, {"wards": list(locked.values()), "crews": list(locked)})
    chosen = nearest_with_room(found, {row.id: row.room for row in await statements.rows(_ROOM, given)})
    if chosen:
        values = {
            "ward_code": [wards[n - 1] for n in chosen],
            "incident_id": [ids[n - 1] for n in chosen],
            "crew_id": list(chosen.values()),
            "step": [new_id() for _ in chosen],
        }
        await statements.rows(_ASSIGNED, Given(ANONYMOUS, values))
    return {ids[n - 1]: crew_id for n, crew_id in chosen.items()}


async def reserve(connection: AsyncConnection, ward_code: str, incident_id: UUID, crew_id: UUID) -> None:
    """Lock the crew that staff named, if it can take the incident; raises `NotFound` or `CrewUnavailable`.

    Staff may send a crew outside its coverage: they know why.
    """
    row = (
        await connection.execute(
            sa.select(crew.c.on_duty, crew.c.capacity)
            .where(crew.c.ward_code == ward_code, crew.c.id == crew_id)
            .with_for_update(key_share=True)
        )
    ).one_or_none()
    if row is None:
        raise NotFound(path=("crewId",))
    handles = await connection.scalar(
        sa.select(crew.c.id).where(
            crew.c.ward_code == ward_code,
            crew.c.id == crew_id,
            _handles(ward_code, _of(ward_code, incident_id, incident.c.category_id)),
        )
    )
    held = await connection.scalar(sa.select(in_hand(ward_code, crew_id)))
    if not row.on_duty or handles is None or held is None or held >= row.capacity:
        raise CrewUnavailable(path=("crewId",))


async def dispatch(
    connection: AsyncConnection, ward_code: str, incident_id: UUID, among: Sequence[UUID] | None = None
) -> UUID | None:
    """Give a received incident to the crew that suits it best, if there is one; gives the crew's id.

    `among` are crews that the caller has locked.
    """
    return (await dispatch_all(within(connection), [(ward_code, incident_id)], among)).get(incident_id)
