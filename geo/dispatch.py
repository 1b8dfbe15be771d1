"""Which crew takes an incident: on duty, handling its kind, covering its place, with capacity left; the first there.

Who that is says `geo/arrival.py`; why it was this crew is kept with the step (`geo/explaining.py`).

Safe under any concurrency: the crews that could take it are locked in the order of their ids, and only then is
counted what each has in hand, by a statement whose snapshot is younger than the locks. Two reports at once therefore
never both take a crew's last place, and never leave it empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.actor import ANONYMOUS
from geo.crew_ground import covers
from geo.database import within
from geo.errors import CrewUnavailable, NotFound
from geo.explaining import Candidate, Load, weigh
from geo.giving import assigned, nobody, write_all
from geo.incidents import in_hand
from geo.language import Text
from geo.lifecycle import Status
from geo.plans import Given, Plan, Statements, array_of
from geo.suiting import able, handles, whereabouts
from geo.tables import crew, incident


def _of(ward_code: str, incident_id: UUID, column: sa.Column[Any]) -> sa.ScalarSelect[Any]:
    return sa.select(column).where(incident.c.ward_code == ward_code, incident.c.id == incident_id).scalar_subquery()


OFF_DUTY = Text("Đội này đang ngoài ca trực.", "This crew is off duty.")
OTHER_KIND = Text("Đội này không làm lĩnh vực của phản ánh.", "This crew does not handle this kind of report.")
FULL = Text("Đội này đã đủ việc.", "This crew has as much work as it can take.")
"""Why a crew that staff named cannot take an incident."""


async def suits(connection: AsyncConnection, ward_code: str, incident_id: UUID, crew_id: UUID) -> bool:
    """Whether a crew handles an incident's kind and covers its place."""
    category_id = _of(ward_code, incident_id, incident.c.category_id)
    spot = [_of(ward_code, incident_id, column) for column in (incident.c.location, incident.c.neighbourhood_id)]
    query = sa.select(crew.c.id).where(
        crew.c.ward_code == ward_code, crew.c.id == crew_id, handles(ward_code, category_id), covers(*spot)
    )
    return await connection.scalar(query) is not None


def _wanted() -> sa.TableValuedAlias:
    """The incidents to dispatch, in their order: `ward_code`, `incident_id`, `n` from 1."""
    columns = (sa.column("ward_code", sa.Text), sa.column("incident_id", sa.Uuid))
    arrays = sa.func.unnest(array_of("wards", sa.Text()), array_of("incidents", sa.Uuid()))
    return arrays.table_valued(*columns, with_ordinality="n").render_derived(name="wanted")


def _candidates(among: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The crews that could take each incident, in the order of their ids.

    Not the crew that has it, and none that declined it or let its time pass.
    """
    wanted, spot = _wanted(), (incident.c.location, incident.c.neighbourhood_id)
    return (
        sa.select(wanted.c.n, crew.c.id, sa.func.ST_Distance(whereabouts(), incident.c.geog).label("distance"))
        .select_from(
            wanted.join(
                incident,
                sa.and_(incident.c.ward_code == wanted.c.ward_code, incident.c.id == wanted.c.incident_id),
            ).join(crew, crew.c.ward_code == wanted.c.ward_code)
        )
        .where(
            crew.c.on_duty,
            able(wanted.c.ward_code, wanted.c.incident_id, incident.c.category_id, spot),
            incident.c.crew_id.is_distinct_from(crew.c.id),
            among,
        )
        .order_by(crew.c.id)
    )


def _locking(candidates: sa.Select[Any]) -> Plan:
    """The same, locked until the transaction ends."""
    return Plan(candidates.with_for_update(of=crew, key_share=True))


def _loads() -> sa.Select[Any]:
    """What each of the locked crews has in hand, of how many: asked after the locks, so that it stays true."""
    locked = sa.func.unnest(array_of("wards", sa.Text()), array_of("crews", sa.Uuid())).table_valued(
        sa.column("ward_code", sa.Text), sa.column("crew_id", sa.Uuid)
    )
    locked = locked.render_derived(name="locked")
    return sa.select(crew.c.id, crew.c.capacity, in_hand(crew.c.ward_code, crew.c.id).label("held")).select_from(
        locked.join(crew, sa.and_(crew.c.ward_code == locked.c.ward_code, crew.c.id == locked.c.crew_id))
    )


_CANDIDATES, _LOADS = _locking(_candidates(sa.true())), Plan(_loads())
_AMONG = _candidates(crew.c.id == sa.any_(array_of("among", sa.Uuid())))
_CANDIDATES_AMONG = _locking(_AMONG)


def _reached() -> sa.Select[Any]:
    """For each incident the crews that could take it, as their places in `among`, and their distances: not locked."""
    found = _AMONG.order_by(None).subquery("found")
    place = sa.func.array_position(array_of("among", sa.Uuid()), found.c.id)
    columns = (sa.func.array_agg(place).label("places"), sa.func.array_agg(found.c.distance).label("distances"))
    return sa.select(found.c.n, *columns).group_by(found.c.n)


_REACHED = Plan(_reached())

Suiting = tuple[list[tuple[int, float, UUID]], dict[UUID, Load]]
"""Which crews could take which incidents, as (number of the incident from 1, metres, crew), and those crews' loads."""


async def sought(
    statements: Statements, incidents: Sequence[tuple[str, UUID]], among: Sequence[UUID] | None = None
) -> list[list[Candidate]]:
    """The candidates for each incident, a ward and an id, the best first: chosen where it has room. Writes nothing.

    The caller holds the incidents' locks; the candidates' are held afterwards. A caller that holds crews' locks
    already names them in `among`: to lock others after them would be out of order.
    """
    if not incidents:
        return []
    weighed = weigh(*await suiting(statements, incidents, among))
    return [weighed.get(n, []) for n in range(1, len(incidents) + 1)]


async def reached(
    statements: Statements, incidents: Sequence[tuple[str, UUID]], crews: Sequence[UUID]
) -> list[list[float | None]]:
    """A row for each incident, and in it for each of `crews` how many metres away it is; None where it may not take it.

    Nothing is locked: what is found may be so no longer a moment later.
    """
    metres: list[list[float | None]] = [[None] * len(crews) for _ in incidents]
    values = {
        "wards": [ward_code for ward_code, _ in incidents],
        "incidents": [incident_id for _, incident_id in incidents],
        "among": list(crews),
    }
    for row in await statements.rows(_REACHED, Given(ANONYMOUS, values)):
        for place, distance in zip(row.places, row.distances, strict=True):
            metres[row.n - 1][place - 1] = distance
    return metres


async def suiting(
    statements: Statements, incidents: Sequence[tuple[str, UUID]], among: Sequence[UUID] | None = None
) -> Suiting:
    """The crews that could take each incident, whether they have room or not, and their loads. As for `sought`."""
    wards = [ward_code for ward_code, _ in incidents]
    given = Given(ANONYMOUS, {"wards": wards, "incidents": [incident_id for _, incident_id in incidents]})
    plan = _CANDIDATES
    if among is not None:
        plan, given = _CANDIDATES_AMONG, Given(ANONYMOUS, {**given.values, "among": list(among)})
    found = [(row.n, row.distance, row.id) for row in await statements.rows(plan, given)]
    if not found:
        return [], {}
    ward_of = {crew_id: wards[n - 1] for n, _, crew_id in found}
    given = Given(ANONYMOUS, {"wards": list(ward_of.values()), "crews": list(ward_of)})
    return found, {row.id: Load(row.held, row.capacity) for row in await statements.rows(_LOADS, given)}


def chosen(candidates: Sequence[Candidate]) -> UUID | None:
    """The crew that was chosen among candidates whose best stands first."""
    return candidates[0].crew_id if candidates and candidates[0].chosen else None


async def dispatch_all(
    statements: Statements, incidents: Sequence[tuple[str, UUID]], among: Sequence[UUID] | None = None
) -> dict[UUID, UUID]:
    """Give received incidents, each a ward and an id, to the crews that suit them best; gives the crews by incident.

    Those for whom there is no crew wait on, and staff are told. Locks and `among` are as for `sought`.
    """
    given: dict[UUID, UUID] = {}
    outcomes = []
    for (ward_code, incident_id), candidates in zip(incidents, await sought(statements, incidents, among), strict=True):
        crew_id = chosen(candidates)
        if crew_id is None:
            outcomes.append(nobody(ward_code, incident_id, candidates))
        else:
            given[incident_id] = crew_id
            outcomes.append(assigned(ward_code, incident_id, Status.RECEIVED, crew_id, candidates))
    await write_all(statements, outcomes)
    return given


async def reserve(connection: AsyncConnection, ward_code: str, incident_id: UUID, crew_id: UUID) -> None:
    """Lock the crew that staff named, if it can take the incident; raises `NotFound`, or `CrewUnavailable` saying why.

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
    handled = await connection.scalar(
        sa.select(crew.c.id).where(
            crew.c.ward_code == ward_code,
            crew.c.id == crew_id,
            handles(ward_code, _of(ward_code, incident_id, incident.c.category_id)),
        )
    )
    held = await connection.scalar(sa.select(in_hand(ward_code, crew_id)))
    against = ((not row.on_duty, OFF_DUTY), (handled is None, OTHER_KIND), (held is None or held >= row.capacity, FULL))
    if why := next((text for holds, text in against if holds), None):
        raise CrewUnavailable(why, path=("crewId",))


async def dispatch(
    connection: AsyncConnection, ward_code: str, incident_id: UUID, among: Sequence[UUID] | None = None
) -> UUID | None:
    """Give a received incident to the crew that suits it best, if there is one; gives the crew's id.

    `among` are crews that the caller has locked.
    """
    return (await dispatch_all(within(connection), [(ward_code, incident_id)], among)).get(incident_id)
