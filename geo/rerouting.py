"""After boundaries were drawn anew: incidents and places in ground that changed hands find their neighbourhood again.

What is open follows its ground; what is finished (RESOLVED too) keeps the neighbourhood of its day, and finds that of
today when it is reopened. A crew whose ground is made of neighbourhoods may have an incident no longer that another
neighbourhood has now: unless it is at work there already, the next crew is sought, by the worker, in bites.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from geo import dispatch, jobs, journal, notices, waiting
from geo.crew_ground import covers
from geo.database import within
from geo.giving import Outcome, write_all
from geo.ids import new_id
from geo.lifecycle import OPEN, Party, Status
from geo.notices import NewNotice
from geo.tables import (
    About,
    NoticeKind,
    boundary_edit,
    crew,
    crew_neighbourhood,
    incident,
    incident_event,
    neighbourhood,
    neighbourhood_boundary,
    place,
    team,
)

JOB = "follow_boundaries"
BITE = 20
"""Incidents a transaction that are given to other crews: reports of the ward wait for the crews' locks meanwhile."""
_SOON = timedelta(seconds=1)
"""Reports that were being taken in while the boundaries were saved are stored by then."""

NOTE = "Ranh giới tổ dân phố được vẽ lại: phản ánh nay thuộc {}."
NOBODYS = "phần đất chưa có tổ dân phố"
TO_ANOTHER = "Ranh giới tổ dân phố được vẽ lại; phản ánh được chuyển cho đội phụ trách địa bàn này."


@dataclass(frozen=True, slots=True)
class Moved:
    """An open incident that is another neighbourhood's now."""

    incident_id: UUID
    status: str
    crew_id: UUID | None
    before: UUID | None
    after: UUID | None


async def follow(
    connection: AsyncConnection, ward_code: str, changed: Sequence[UUID], around: Sequence[UUID] | None = None
) -> int:
    """Give what lies in changed ground its neighbourhood again; how many open incidents that were.

    `changed` are the neighbourhoods whose new boundaries are written already; `around` are all that may have their
    ground now, without it all of the ward. What crews have to do with it is done after the commit (`later`).
    """
    places = _wanted(place, ward_code, changed, around, sa.true())
    await connection.execute(_moving(place, ward_code, places, sa.true()))
    is_open = incident.c.status.in_(OPEN)
    wanted = _wanted(incident, ward_code, changed, around, is_open)
    columns = incident.c
    rows = await connection.execute(
        _moving(incident, ward_code, wanted, is_open).returning(
            columns.id, columns.status, columns.crew_id, wanted.c.before, wanted.c.after
        )
    )
    moved = [Moved(*row) for row in rows]
    if moved:
        await _take_down(connection, ward_code, moved)
        await _tell(connection, ward_code, moved)
    return len(moved)


async def later(connection: AsyncConnection, ward_code: str, edit_id: UUID) -> None:
    """Have the worker see to crews, and to reports that came in meanwhile, once the caller's transaction committed."""
    await jobs.enqueue(connection, JOB, {"ward": ward_code, "edit": str(edit_id)}, at=datetime.now(UTC) + _SOON)


async def route(connection: AsyncConnection, ward_code: str, edit_id: UUID) -> int:
    """Seek other crews for a bite of what a saving of boundaries moved out of its crew's ground; for how many.

    Where there may be more, another job is enqueued. What somebody is changing is passed by until then.
    """
    edit = boundary_edit.c
    query = sa.select(edit.at, edit.drawn, edit.redrawn, edit.removed)
    saved = (await connection.execute(query.where(edit.ward_code == ward_code, edit.id == edit_id))).one_or_none()
    if saved is None:
        return 0
    await follow(connection, ward_code, [*saved.drawn, *saved.redrawn, *saved.removed])
    stranded = (await connection.execute(_stranded(ward_code, saved.at))).all()
    if stranded:
        back = [
            Outcome(ward_code, row.id, Status(row.status), Status.RECEIVED, None, row.crew_id, note=TO_ANOTHER)
            for row in stranded
        ]
        statements = within(connection)
        await write_all(statements, back)
        await dispatch.dispatch_all(statements, [(ward_code, row.id) for row in stranded])
        if len(stranded) == BITE:
            await later(connection, ward_code, edit_id)
    # What waits may have come to the ground of a crew with room; and those that gave up work have room now.
    await waiting.look_again(connection, ward_code)
    return len(stranded)


def _stranded(ward_code: str, since: datetime) -> sa.Select[Any]:
    """Incidents that were moved since then, and whose crew, not at work there yet, covers neighbourhoods without them.

    An area drawn for a crew, or the whole ward, is the same as before: whoever was sent beyond it was sent on purpose.
    """
    columns, steps, named = incident.c, incident_event.c, crew_neighbourhood.c
    moved = sa.exists().where(
        steps.ward_code == columns.ward_code,
        steps.incident_id == columns.id,
        steps.about == About.REROUTED,
        steps.at >= since,
    )
    composed = sa.exists().where(named.ward_code == crew.c.ward_code, named.crew_id == crew.c.id)
    return (
        sa.select(columns.id, columns.status, columns.crew_id)
        .join(crew, sa.and_(crew.c.ward_code == columns.ward_code, crew.c.id == columns.crew_id))
        .where(columns.ward_code == ward_code, columns.status.in_((Status.ASSIGNED, Status.ACCEPTED)), composed)
        .where(moved, sa.not_(sa.func.coalesce(covers(columns.location, columns.neighbourhood_id), sa.false())))
        .order_by(columns.id)
        .limit(BITE)
        .with_for_update(of=incident, skip_locked=True, key_share=True)
    )


def _wanted(
    table: sa.Table,
    ward_code: str,
    changed: Sequence[UUID],
    around: Sequence[UUID] | None,
    which: sa.ColumnElement[bool],
) -> sa.CTE:
    """What of `table` changed hands: `id`, and the neighbourhood `before` and `after`.

    What left is looked for among the rows of the changed neighbourhoods, what came among those inside their new
    boundaries, by the GiST index. Each boundary is asked for all its points in turn: PostGIS then prepares it once.
    """
    rows, now = table.c, neighbourhood_boundary.c
    of_ward = sa.and_(rows.ward_code == ward_code, which)
    in_force = (
        sa.select(now.neighbourhood_id.label("id"), now.boundary)
        .where(now.ward_code == ward_code, now.until.is_(None))
        .offset(0)
    )
    fresh = in_force.where(now.neighbourhood_id == _among(changed)).subquery("fresh")
    columns = (rows.id, rows.location, rows.neighbourhood_id.label("before"))
    stays = (
        sa.select(rows.id)
        .where(of_ward, rows.neighbourhood_id == fresh.c.id, sa.func.ST_Covers(fresh.c.boundary, rows.location))
        .offset(0)
        .lateral("stays")
    )
    kept = sa.select(stays.c.id).select_from(fresh.join(stays, sa.true()))
    left = sa.select(*columns).where(of_ward, rows.neighbourhood_id == _among(changed), rows.id.not_in(kept))
    inside = (
        sa.select(*columns)
        .where(of_ward, sa.func.ST_Covers(fresh.c.boundary, rows.location))
        .where(rows.neighbourhood_id.is_distinct_from(fresh.c.id))
        .offset(0)
        .lateral("inside")
    )
    came = sa.select(*inside.c).select_from(fresh.join(inside, sa.true()))
    found = sa.union(left, came).cte("found")
    near = (in_force if around is None else in_force.where(now.neighbourhood_id == _among(around))).subquery("near")
    held = sa.select(found.c.id).where(sa.func.ST_Covers(near.c.boundary, found.c.location)).offset(0).lateral("held")
    owners = (
        sa.select(held.c.id, near.c.id.label("owner"))
        .select_from(near.join(held, sa.true()))
        .ext(distinct_on(held.c.id))
        .order_by(held.c.id, near.c.id)
        .cte("owners")
    )
    return (
        sa.select(found.c.id, found.c.before, owners.c.owner.label("after"))
        .select_from(found.outerjoin(owners, owners.c.id == found.c.id))
        .where(found.c.before.is_distinct_from(owners.c.owner))
        .cte("wanted")
    )


def _moving(table: sa.Table, ward_code: str, wanted: sa.CTE, which: sa.ColumnElement[bool]) -> sa.Update:
    rows = table.c
    return (
        sa.update(table)
        .where(rows.ward_code == ward_code, rows.id == wanted.c.id, which)
        .where(rows.neighbourhood_id.is_not_distinct_from(wanted.c.before))
        .values(neighbourhood_id=wanted.c.after)
    )


def _among(ids: Sequence[UUID]) -> Any:
    return sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid)))


async def _take_down(connection: AsyncConnection, ward_code: str, moved: Sequence[Moved]) -> None:
    """One internal step for each: whose it is now."""
    columns = neighbourhood.c
    afters = list({one.after for one in moved if one.after is not None})
    named = await connection.execute(
        sa.select(columns.id, columns.name).where(columns.ward_code == ward_code, columns.id == _among(afters))
    )
    names: dict[UUID | None, str] = {None: NOBODYS, **{row.id: row.name for row in named}}
    lists: list[tuple[str, TypeEngine[Any], list[Any]]] = [
        ("id", sa.Uuid(), [new_id() for _ in moved]),
        ("incident_id", sa.Uuid(), [one.incident_id for one in moved]),
        ("status", sa.Text(), [one.status for one in moved]),
        ("note", sa.Text(), [NOTE.format(names[one.after]) for one in moved]),
    ]
    # One statement, for there may be ten thousand of them.
    given = sa.func.unnest(*(sa.literal(values, sa.ARRAY(of_type)) for _, of_type, values in lists))
    rows = given.table_valued(*(sa.column(name, of_type) for name, of_type, _ in lists)).render_derived(name="given")
    of_ward = sa.select(sa.literal(ward_code, sa.Text).label("ward_code"), *rows.c).subquery("steps")
    steps = journal.steps(
        of_ward,
        incident_id=lambda row: row.incident_id,
        id=lambda row: row.id,
        from_status=lambda row: row.status,
        to_status=lambda row: row.status,
        party=lambda _: sa.literal(Party.SYSTEM.value, sa.Text),
        public=lambda _: sa.false(),
        note=lambda row: row.note,
        about=lambda _: sa.literal(About.REROUTED.value, sa.Text),
    )
    await connection.execute(steps)


async def _tell(connection: AsyncConnection, ward_code: str, moved: Sequence[Moved]) -> None:
    """One notice for each crew that has some of them in hand, and for each team whose ground they came to or left."""
    crews = sorted({one.crew_id for one in moved if one.crew_id is not None})
    ground = {one.before for one in moved} | {one.after for one in moved}
    of_ground = sa.select(team.c.id).where(
        team.c.ward_code == ward_code, team.c.neighbourhood_id == _among([one for one in ground if one is not None])
    )
    teams = (await connection.scalars(of_ground.order_by(team.c.id))).all()
    told = [NewNotice(ward_code, NoticeKind.BOUNDARIES, crew_id=one) for one in crews]
    told += [NewNotice(ward_code, NoticeKind.BOUNDARIES, team_id=one) for one in teams]
    await notices.write(connection, told)
