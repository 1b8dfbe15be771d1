"""How community digital teams are kept: by staff, by their leaders, and each entry by whom it names.

Staff keep every team of the ward. The leader and the deputies keep their own team and its members. Any other member
keeps the own entry, but not the own part in the team; and may take it away, for it tells of them.

Who leads a team is not for the deputies to say: only staff and the leader appoint a leader, relieve one, or take one
out of the team.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import consents
from geo.actor import Actor, Role
from geo.errors import InvalidInput, NotAllowed, NotFound, Problem
from geo.ids import new_id
from geo.language import Text
from geo.tables import TeamRole, neighbourhood, team, team_member

LEADING = (TeamRole.LEADER, TeamRole.DEPUTY)

_HAS_ONE = Text(
    "Tổ dân phố này đã có tổ công nghệ số cộng đồng.", "This neighbourhood has a community digital team already."
)


async def save_team(
    connection: AsyncConnection,
    actor: Actor,
    ward_code: str,
    team_id: UUID | None,
    *,
    name: str,
    neighbourhood_id: UUID | None = None,
) -> UUID:
    """Name the team `team_id` anew, or give a neighbourhood its team, which only staff may.

    A team stays with its neighbourhood. Raises `NotFound`, `NotAllowed`, and `InvalidInput` for a neighbourhood that
    has a team.
    """
    if team_id is not None:
        await _check_keeps(connection, actor, ward_code, team_id, path="teamId")
        await connection.execute(sa.update(team).where(_is(team, ward_code, team_id)).values(name=name))
        return team_id
    if not actor.runs(ward_code):
        raise NotAllowed
    if not await connection.scalar(sa.select(sa.exists().where(_is(neighbourhood, ward_code, neighbourhood_id)))):
        raise NotFound(path=("neighbourhoodId",))
    made = await connection.scalar(
        insert(team)
        .values(ward_code=ward_code, id=new_id(), neighbourhood_id=neighbourhood_id, name=name)
        .on_conflict_do_nothing(index_elements=[team.c.ward_code, team.c.neighbourhood_id])
        .returning(team.c.id)
    )
    if made is None:
        raise InvalidInput(Problem(("neighbourhoodId",), _HAS_ONE))
    return UUID(str(made))


async def add_member(
    connection: AsyncConnection,
    actor: Actor,
    ward_code: str,
    team_id: UUID,
    *,
    role: TeamRole,
    consent: bool | None,
    wording: str | None = None,
    **values: Any,
) -> UUID:
    """A new entry of a team, without an account. `values` are columns of the table, `wording` the key of what the
    member agreed to. Raises `NotFound`, `NotAllowed`."""
    await _check_keeps(connection, actor, ward_code, team_id, path="teamId")
    if role is TeamRole.LEADER:
        await _check_appoints(connection, actor, ward_code, team_id, path="role")
    member_id = new_id()
    row = {"consented_at": sa.func.now() if consent else None, "role": role, **values}
    await connection.execute(sa.insert(team_member).values(ward_code=ward_code, id=member_id, team_id=team_id, **row))
    await _settle(connection, actor, ward_code, wording)
    return member_id


async def save_member(
    connection: AsyncConnection,
    actor: Actor,
    ward_code: str,
    member_id: UUID,
    *,
    role: TeamRole,
    consent: bool | None,
    wording: str | None = None,
    **values: Any,
) -> None:
    """Change an entry. `consent` true records, once, that the member agrees to being named in public; false withdraws
    it, from this moment on; None leaves it as it was.

    Raises `NotFound`, and `NotAllowed` also where a member who does not lead would change the own part in the team, or
    a deputy the leader's.
    """
    row = await _lock(connection, actor, ward_code, member_id)
    if role != row.role:
        if not await _leads(connection, actor, ward_code, row.team_id):
            raise NotAllowed(path=("role",))
        if TeamRole.LEADER in (role, row.role):
            await _check_appoints(connection, actor, ward_code, row.team_id, path="role")
    changed: dict[str, Any] = {"role": role, **values}
    if consent is not None:
        changed["consented_at"] = sa.func.coalesce(team_member.c.consented_at, sa.func.now()) if consent else None
    await connection.execute(sa.update(team_member).where(_is(team_member, ward_code, member_id)).values(**changed))
    if consent is not None:
        await _settle(connection, actor, ward_code, wording)


async def remove_member(connection: AsyncConnection, actor: Actor, ward_code: str, member_id: UUID) -> None:
    """Take an entry out of its team, with all it says. An account that it was of stays, and is in no team then.

    Raises `NotFound`, `NotAllowed`.
    """
    row = await _lock(connection, actor, ward_code, member_id)
    if row.role == TeamRole.LEADER:
        await _check_appoints(connection, actor, ward_code, row.team_id, path="memberId")
    await connection.execute(sa.delete(team_member).where(_is(team_member, ward_code, member_id)))
    await _settle(connection, actor, ward_code, None)


async def _settle(connection: AsyncConnection, actor: Actor, ward_code: str, wording: str | None) -> None:
    channel = consents.channel_of(actor)
    await consents.settle_members(connection, ward_code, channel, actor.account_id, wording=wording)


async def _lock(connection: AsyncConnection, actor: Actor, ward_code: str, member_id: UUID) -> Any:
    """The entry, for a change by this caller: theirs, or of a team that they keep."""
    found = sa.select(*team_member.c).where(_is(team_member, ward_code, member_id)).with_for_update(key_share=True)
    row = (await connection.execute(found)).one_or_none()
    if row is None:
        raise NotFound(path=("memberId",))
    own = actor.role is Role.TEAM_MEMBER and actor.account_id is not None and row.account_id == actor.account_id
    if not own and not await _leads(connection, actor, ward_code, row.team_id):
        raise NotAllowed(path=("memberId",))
    return row


async def _check_keeps(connection: AsyncConnection, actor: Actor, ward_code: str, team_id: UUID, *, path: str) -> None:
    if not await connection.scalar(sa.select(sa.exists().where(_is(team, ward_code, team_id)))):
        raise NotFound(path=(path,))
    if not await _leads(connection, actor, ward_code, team_id):
        raise NotAllowed(path=(path,))


async def _check_appoints(
    connection: AsyncConnection, actor: Actor, ward_code: str, team_id: UUID, *, path: str
) -> None:
    if not await _leads(connection, actor, ward_code, team_id, (TeamRole.LEADER,)):
        raise NotAllowed(path=(path,))


async def _leads(
    connection: AsyncConnection, actor: Actor, ward_code: str, team_id: UUID, parts: Sequence[TeamRole] = LEADING
) -> bool:
    """Whether this caller keeps that team: staff of the ward, or a member with one of these parts. As it stands now."""
    if actor.runs(ward_code):
        return True
    if actor.role is not Role.TEAM_MEMBER or actor.account_id is None or actor.ward_code != ward_code:
        return False
    columns = team_member.c
    leading = (
        (columns.ward_code == ward_code)
        & (columns.team_id == team_id)
        & (columns.account_id == actor.account_id)
        & columns.role.in_(parts)
    )
    return bool(await connection.scalar(sa.select(sa.exists().where(leading))))


def _is(table: sa.Table, ward_code: str, key: UUID | None) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.ward_code == ward_code, table.c.id == key)
