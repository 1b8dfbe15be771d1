"""How community digital teams are kept: by whom, and what is public of their members."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import accounts, sessions, team_keeping, teams
from geo.actor import ANONYMOUS, Actor, Role
from geo.errors import InvalidInput, NotAllowed, NotFound
from geo.ids import new_id
from geo.tables import AccountRole, TeamRole, team, team_member
from tests import ward
from tests.geo.conftest import Laid
from tests.ward import CODE, FIRST, OTHER, SECOND

STAFF = Actor(Role.STAFF, account_id=new_id(), ward_code=CODE)
SAID: dict[str, Any] = {"name": "Võ Thị Mới", "phone": "0905000222", "organisation": "Đoàn Thanh niên"}


async def entry(connection: AsyncConnection, name: str) -> Any:
    return (await connection.execute(sa.select(*team_member.c).where(team_member.c.name == name))).one()


async def promote(connection: AsyncConnection, laid: Laid, role: TeamRole) -> Actor:
    mine = team_member.c.account_id == laid.ward.accounts["team-1"]
    await connection.execute(sa.update(team_member).where(mine).values(role=role))
    return laid.actors["team-1"]


async def seen_by(connection: AsyncConnection, actor: Actor, laid: Laid) -> dict[UUID, Any]:
    rows = await connection.execute(teams.members_of(actor, CODE, laid.ward.teams[FIRST]))
    return {row.id: row for row in rows}


async def test_staff_give_a_neighbourhood_its_team_and_only_one(standing: Laid, connection: AsyncConnection) -> None:
    await connection.execute(sa.delete(team).where(team.c.id == standing.ward.teams[SECOND]))
    ground = standing.ward.neighbourhoods[SECOND]
    made = await team_keeping.save_team(connection, STAFF, CODE, None, name="Tổ mới", neighbourhood_id=ground)
    assert await connection.scalar(sa.select(team.c.neighbourhood_id).where(team.c.id == made)) == ground
    with pytest.raises(InvalidInput) as refused:
        await team_keeping.save_team(connection, STAFF, CODE, None, name="Tổ nữa", neighbourhood_id=ground)
    assert refused.value.path == ("neighbourhoodId",)
    with pytest.raises(NotFound) as unknown:
        await team_keeping.save_team(connection, STAFF, CODE, None, name="Tổ nữa", neighbourhood_id=new_id())
    assert unknown.value.path == ("neighbourhoodId",)


async def test_two_who_give_a_neighbourhood_a_team_at_once_give_it_one(laid: Laid) -> None:
    database, ground = laid.database, laid.ward.neighbourhoods[SECOND]
    async with database.write() as connection:
        await connection.execute(sa.delete(team).where(team.c.id == laid.ward.teams[SECOND]))

    async def give(name: str) -> UUID | InvalidInput:
        async with database.write() as connection:
            try:
                return await team_keeping.save_team(connection, STAFF, CODE, None, name=name, neighbourhood_id=ground)
            except InvalidInput as refused:
                return refused

    given = await asyncio.gather(give("Tổ một"), give("Tổ hai"))
    assert sorted(isinstance(one, InvalidInput) for one in given) == [False, True]


@pytest.mark.parametrize("role", [TeamRole.LEADER, TeamRole.DEPUTY])
async def test_who_leads_a_team_keeps_it_and_no_other(
    standing: Laid, connection: AsyncConnection, role: TeamRole
) -> None:
    leading = await promote(connection, standing, role)
    own, other = standing.ward.teams[FIRST], standing.ward.teams[SECOND]
    assert await team_keeping.save_team(connection, leading, CODE, own, name="Tổ số Một") == own
    values = {**SAID, "role": TeamRole.DEPUTY, "consent": None}
    added = await team_keeping.add_member(connection, leading, CODE, own, **values)
    assert (await entry(connection, "Võ Thị Mới")).role == TeamRole.DEPUTY
    await team_keeping.save_member(connection, leading, CODE, added, **{**values, "role": TeamRole.MEMBER})
    assert (await entry(connection, "Võ Thị Mới")).role == TeamRole.MEMBER
    await team_keeping.remove_member(connection, leading, CODE, added)
    with pytest.raises(NotAllowed):
        await team_keeping.save_team(connection, leading, CODE, other, name="Tổ khác")
    with pytest.raises(NotAllowed):
        await team_keeping.add_member(connection, leading, CODE, other, **values)
    with pytest.raises(NotAllowed):
        await team_keeping.save_team(
            connection, leading, CODE, None, name="x", neighbourhood_id=standing.ward.neighbourhoods[SECOND]
        )


async def test_a_member_keeps_the_own_entry_but_not_the_own_part(standing: Laid, connection: AsyncConnection) -> None:
    actor, mine = standing.actors["team-1"], await entry(connection, "Người dùng team-1")
    values = {**SAID, "role": TeamRole.MEMBER, "consent": True}
    await team_keeping.save_member(connection, actor, CODE, mine.id, **values)
    assert (await entry(connection, "Võ Thị Mới")).phone == "0905000222"
    with pytest.raises(NotAllowed) as refused:
        await team_keeping.save_member(connection, actor, CODE, mine.id, **{**values, "role": TeamRole.LEADER})
    assert refused.value.path == ("role",)
    other = await entry(connection, "Trần Văn Kín Đáo")
    for change in (
        team_keeping.save_member(connection, actor, CODE, other.id, **{**values, "role": TeamRole.DEPUTY}),
        team_keeping.remove_member(connection, actor, CODE, other.id),
        team_keeping.add_member(connection, actor, CODE, standing.ward.teams[FIRST], **values),
        team_keeping.save_team(connection, actor, CODE, standing.ward.teams[FIRST], name="x"),
    ):
        with pytest.raises(NotAllowed):
            await change
    await team_keeping.remove_member(connection, actor, CODE, mine.id)


async def test_a_deputy_neither_appoints_nor_relieves_nor_removes_a_leader(
    standing: Laid, connection: AsyncConnection
) -> None:
    deputy, team_id = await promote(connection, standing, TeamRole.DEPUTY), standing.ward.teams[FIRST]
    leader = await entry(connection, "Nguyễn Thị Công Khai")
    mine = await entry(connection, "Người dùng team-1")
    values: dict[str, Any] = {**SAID, "consent": None}
    for change, path in (
        (team_keeping.save_member(connection, deputy, CODE, leader.id, role=TeamRole.MEMBER, **values), "role"),
        (team_keeping.save_member(connection, deputy, CODE, mine.id, role=TeamRole.LEADER, **values), "role"),
        (team_keeping.add_member(connection, deputy, CODE, team_id, role=TeamRole.LEADER, **values), "role"),
        (team_keeping.remove_member(connection, deputy, CODE, leader.id), "memberId"),
    ):
        with pytest.raises(NotAllowed) as refused:
            await change
        assert refused.value.path == (path,)
    kept = (await seen_by(connection, STAFF, standing))[leader.id]
    assert (kept.name, kept.role) == ("Nguyễn Thị Công Khai", TeamRole.LEADER)
    await team_keeping.save_member(connection, deputy, CODE, leader.id, role=TeamRole.LEADER, **values)
    assert (await entry(connection, "Võ Thị Mới")).role == TeamRole.LEADER, "all but the part is theirs to keep"


async def test_a_leader_and_staff_hand_the_lead_on(standing: Laid, connection: AsyncConnection) -> None:
    leading = await promote(connection, standing, TeamRole.LEADER)
    deputy, mine = await entry(connection, "Trần Văn Kín Đáo"), await entry(connection, "Người dùng team-1")
    for actor, key, role in (
        (leading, deputy.id, TeamRole.LEADER),
        (leading, mine.id, TeamRole.MEMBER),
        (STAFF, deputy.id, TeamRole.MEMBER),
        (STAFF, mine.id, TeamRole.LEADER),
    ):
        await team_keeping.save_member(connection, actor, CODE, key, name="x", role=role, consent=None)
    await team_keeping.remove_member(connection, leading, CODE, mine.id)
    assert mine.id not in await seen_by(connection, STAFF, standing)


async def test_consent_is_recorded_once_and_withdrawn_at_once(standing: Laid, connection: AsyncConnection) -> None:
    key = (await entry(connection, "Trần Văn Kín Đáo")).id
    values: dict[str, Any] = {**SAID, "role": TeamRole.DEPUTY}

    async def saved(consent: bool | None) -> datetime | None:
        await team_keeping.save_member(connection, STAFF, CODE, key, consent=consent, **values)
        at: datetime | None = (await entry(connection, "Võ Thị Mới")).consented_at
        return at

    assert (await seen_by(connection, ANONYMOUS, standing))[key].name is None
    assert await saved(None) is None
    first = await saved(True)
    assert first is not None
    public = (await seen_by(connection, ANONYMOUS, standing))[key]
    assert (public.name, public.phone, public.consented_at, public.mine) == ("Võ Thị Mới", "0905000222", None, False)
    assert await saved(None) == first
    await connection.execute(sa.text("SELECT pg_sleep(0.01)"))
    assert await saved(True) == first, "the first time counts"
    assert await saved(False) is None
    public = (await seen_by(connection, ANONYMOUS, standing))[key]
    assert (public.name, public.phone) == (None, None)
    kept = (await seen_by(connection, standing.actors["team-1"], standing))[key]
    assert kept.name == "Võ Thị Mới"


async def test_one_sees_which_entry_is_the_own(standing: Laid, connection: AsyncConnection) -> None:
    mine = (await entry(connection, "Người dùng team-1")).id
    rows = await seen_by(connection, standing.actors["team-1"], standing)
    assert [key for key, row in rows.items() if row.mine] == [mine]
    leader = next(row for row in rows.values() if row.role == TeamRole.LEADER)
    assert leader.consented_at == ward.REPORTED
    assert not any(row.mine for row in (await seen_by(connection, STAFF, standing)).values())


async def test_whose_entry_is_removed_is_in_no_team_from_then_on(standing: Laid, connection: AsyncConnection) -> None:
    token = await ward.token(connection, standing.ward, "team-1")
    before = await sessions.actor_of(connection, token)
    assert before is not None
    assert before.neighbourhood_id == standing.ward.neighbourhoods[FIRST]
    await team_keeping.remove_member(connection, STAFF, CODE, (await entry(connection, "Người dùng team-1")).id)
    after = await sessions.actor_of(connection, token)
    assert after is not None
    assert (after.team_id, after.neighbourhood_id) == (None, None)
    with pytest.raises(NotAllowed):
        await team_keeping.save_team(connection, after, CODE, standing.ward.teams[FIRST], name="x")


async def test_a_leader_of_another_ward_with_the_same_ids_keeps_nothing_here(
    standing: Laid, connection: AsyncConnection
) -> None:
    leading = await promote(connection, standing, TeamRole.LEADER)
    for code in (OTHER, "99999"):
        with pytest.raises(NotFound):
            await team_keeping.save_team(connection, leading, code, standing.ward.teams[FIRST], name="x")
    elsewhere = Actor(Role.STAFF, account_id=new_id(), ward_code=OTHER)
    with pytest.raises(NotAllowed):
        await team_keeping.save_team(connection, elsewhere, CODE, standing.ward.teams[FIRST], name="x")
    account = await accounts.find(connection, "team-1")
    assert account is not None
    assert account.role is AccountRole.TEAM_MEMBER
