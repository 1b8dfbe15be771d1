"""A ward's community digital teams as a table in a spreadsheet: a row for each member, by the team's neighbourhood.

A row is known by its id; without one, by the member's name in the team. Who is not in a file stays; a row that asks for
it takes its member out. A neighbourhood without a team is given one with its first member. A file records consent of
people who are new in it and withdraws it, but gives it back to nobody: it may be older than a withdrawal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import consents, locks, neighbourhoods, teams
from geo.actor import Actor
from geo.errors import NotAllowed
from geo.exporting.writing import Document, table
from geo.ids import new_id
from geo.ordering import natural
from geo.seeds import team_name
from geo.tables import ConsentChannel, team, team_member
from geo.tabular import Action, Line, Plan
from geo.team_rows import COLUMNS, NO, ROLE_CALLED, WRITTEN, YES, Member, Members, Team


def exported(actor: Actor, ward_code: str) -> Document:
    """A ward's teams as a table that can be edited and taken in again: each member, and each team that has none."""
    around = neighbourhoods.of_ward(actor, ward_code).subquery("n")
    own = teams.of_ward(actor, ward_code).subquery("t")
    person = teams.member_readable(actor).subquery("m")
    joined = around.outerjoin(own, own.c.neighbourhood_id == around.c.id).outerjoin(
        person, sa.and_(person.c.ward_code == ward_code, person.c.team_id == own.c.id)
    )
    agrees = sa.case((person.c.consented_at.is_not(None), YES), (person.c.id.is_not(None), NO))
    cells = {
        "id": sa.cast(person.c.id, sa.Text),
        "neighbourhood": around.c.name,
        "team": own.c.name,
        "role": sa.case({role.value: called for role, called in ROLE_CALLED.items()}, value=person.c.role),
        "consent": agrees,
        "remove": sa.cast(sa.null(), sa.Text),
        **{name: person.c[name] for name in ("name", "organisation", "phone")},
    }
    order = (natural(around.c.name), around.c.id, person.c.rank, natural(person.c.name), person.c.id)
    return table([one.label.vi for one in COLUMNS], [cells[one.name] for one in COLUMNS], joined, order)


async def compare(
    connection: AsyncConnection, actor: Actor, ward_code: str, lines: Sequence[Line], *, lock: bool
) -> Plan:
    """What these lines would change of a ward's teams, for its staff. With `lock`, the members stay as they are until
    the transaction ends. Raises `NotAllowed`."""
    if not actor.runs(ward_code):
        raise NotAllowed
    if lock:  # as imports do, so that they and tables take turns
        await locks.take(connection, locks.TEAMS)
    grounds = await _grounds(connection, actor, ward_code)
    return Members(grounds, await _members(connection, ward_code, grounds, lock)).plan(lines)


async def write(connection: AsyncConnection, actor: Actor, ward_code: str, plan: Plan) -> None:
    """Do what a plan says, which was made in this transaction and under lock."""
    if not actor.runs(ward_code):
        raise NotAllowed
    columns = team_member.c
    for change in plan.changes:
        mine = sa.and_(columns.ward_code == ward_code, columns.id == (None if change.key is None else UUID(change.key)))
        if change.action is Action.REMOVE:
            await connection.execute(sa.delete(team_member).where(mine))
            continue
        values = {name: change.row[name] for name in WRITTEN}
        values["team_id"] = await _team_of(connection, ward_code, UUID(change.row["ground"]), change.row["called"])
        if change.action is Action.ADD:
            values["consented_at"] = sa.func.now() if change.row["agreed"] else None
            await connection.execute(sa.insert(team_member).values(ward_code=ward_code, id=new_id(), **values))
        else:
            if not change.row["agreed"]:
                values["consented_at"] = None
            await connection.execute(sa.update(team_member).where(mine).values(**values))
    await consents.settle_members(connection, ward_code, ConsentChannel.FILE, actor.account_id)


async def _team_of(connection: AsyncConnection, ward_code: str, ground: UUID, called: str) -> UUID:
    of_it = (team.c.ward_code == ward_code, team.c.neighbourhood_id == ground)
    row = {"ward_code": ward_code, "id": new_id(), "neighbourhood_id": ground, "name": team_name(called)}
    await connection.execute(insert(team).values(**row).on_conflict_do_nothing())
    found: UUID = (await connection.execute(sa.select(team.c.id).where(*of_it))).scalar_one()
    return found


async def _grounds(connection: AsyncConnection, actor: Actor, ward_code: str) -> list[Team]:
    row = neighbourhoods.of_ward(actor, ward_code).subquery("n")
    own = sa.and_(team.c.ward_code == row.c.ward_code, team.c.neighbourhood_id == row.c.id)
    query = sa.select(row.c.id, row.c.name, team.c.id).select_from(row.outerjoin(team, own))
    return [Team(*values) for values in await connection.execute(query)]


async def _members(connection: AsyncConnection, ward_code: str, grounds: Iterable[Team], lock: bool) -> list[Member]:
    of = {one.id: one for one in grounds if one.id is not None}
    query = sa.select(team_member).where(team_member.c.ward_code == ward_code).order_by(team_member.c.id)
    rows = await connection.execute(query.with_for_update(key_share=True) if lock else query)
    return [
        Member(row.id, of[row.team_id], {name: getattr(row, name) for name in WRITTEN}, row.consented_at is not None)
        for row in rows
        if row.team_id in of
    ]
