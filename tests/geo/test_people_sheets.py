"""Teams and crews as tables: what a file would change, and that what was applied changes nothing again."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import crew_rows, crew_sheets, crews, team_rows, team_sheets
from geo.actor import Actor, Role
from geo.errors import NotAllowed
from geo.ids import new_id
from geo.language import Language
from geo.positions import Position
from geo.tables import TeamRole, crew, team, team_member
from geo.tabular import Action, Line, Plan
from tests import ward
from tests.geo.conftest import Laid
from tests.ward import CLEAN, CODE, FIRST, ROADS, SECOND

STAFF = Actor(Role.STAFF, account_id=new_id(), ward_code=CODE)
LEADER, SHY = "Nguyễn Thị Công Khai", "Trần Văn Kín Đáo"


def lines(*rows: dict[str, str]) -> list[Line]:
    return [Line(number, row) for number, row in enumerate(rows, start=2)]


async def planned(connection: AsyncConnection, sheet: Any, *rows: dict[str, str]) -> Plan:
    plan: Plan = await sheet.compare(connection, STAFF, CODE, lines(*rows), lock=True)
    return plan


async def applied(connection: AsyncConnection, sheet: Any, *rows: dict[str, str]) -> Plan:
    """The plan, which was done; once more it changes nothing but what it removed."""
    plan = await planned(connection, sheet, *rows)
    assert not plan.wrong
    await sheet.write(connection, STAFF, CODE, plan)
    again = await planned(connection, sheet, *(row for row in rows if not row.get("remove")))
    assert (again.changes, again.wrong) == ((), ())
    return plan


def told(plan: Plan) -> list[tuple[Any, ...]]:
    return [(one.action, one.label, {d.column: (d.old, d.new) for d in one.differences}) for one in plan.changes]


def refused(plan: Plan) -> list[str]:
    return [one.said.message(Language.VI) for one in plan.wrong]


async def member(connection: AsyncConnection, name: str) -> Any:
    return (await connection.execute(sa.select(team_member).where(team_member.c.name == name))).one_or_none()


# ----------------------------------------------------------------------------------------------------------- teams


async def test_members_are_added_changed_moved_and_removed(standing: Laid, connection: AsyncConnection) -> None:
    shy = str((await member(connection, SHY)).id)
    plan = await applied(
        connection,
        team_sheets,
        {"neighbourhood": "to dan pho so 2", "name": "Võ Thị\u200b Mới", "phone": "905000222", "consent": "x"},
        {"neighbourhood": FIRST, "name": LEADER.upper(), "role": "tổ phó", "organisation": "Mặt trận"},
        {"id": shy, "neighbourhood": SECOND, "name": SHY, "role": "Tổ trưởng"},
        {"neighbourhood": FIRST, "name": "Người dùng team-1", "remove": "x"},
    )
    assert told(plan) == [
        (Action.ADD, "Võ Thị Mới", {"neighbourhood": ("", SECOND), "name": ("", "Võ Thị Mới"),
         "role": ("", "Thành viên"), "phone": ("", "0905000222"), "consent": ("", "Có")}),
        (Action.CHANGE, LEADER.upper(), {"name": (LEADER, LEADER.upper()), "role": ("Tổ trưởng", "Tổ phó"),
         "organisation": ("", "Mặt trận")}),
        (Action.CHANGE, SHY, {"neighbourhood": (FIRST, SECOND), "role": ("Tổ phó", "Tổ trưởng")}),
        (Action.REMOVE, "Người dùng team-1", {"neighbourhood": (FIRST, ""), "name": ("Người dùng team-1", ""),
         "role": ("Thành viên", ""), "consent": ("Không", "")}),
    ]  # fmt: skip
    new, moved = await member(connection, "Võ Thị Mới"), await member(connection, SHY)
    assert (new.team_id, new.consented_at is None) == (standing.ward.teams[SECOND], False)
    assert (moved.team_id, moved.role, moved.phone) == (new.team_id, TeamRole.LEADER, "0905000111")
    assert (await member(connection, LEADER.upper())).consented_at == ward.REPORTED, "told once, kept"
    assert await member(connection, "Người dùng team-1") is None


async def test_a_file_takes_consent_away_and_gives_it_back_to_nobody(
    standing: Laid, connection: AsyncConnection
) -> None:
    plan = await planned(connection, team_sheets, {"neighbourhood": FIRST, "name": SHY, "consent": "Có"})
    assert "chỉ ghi nhận trên trang của thành viên" in refused(plan)[0]
    assert not plan.changes
    await applied(connection, team_sheets, {"neighbourhood": FIRST, "name": LEADER, "consent": "Không"})
    assert (await member(connection, LEADER)).consented_at is None
    kept = await planned(connection, team_sheets, {"neighbourhood": FIRST, "name": LEADER, "consent": ""})
    assert kept.unchanged == 1


async def test_a_neighbourhood_without_a_team_is_given_one_with_its_first_member(
    standing: Laid, connection: AsyncConnection
) -> None:
    await connection.execute(sa.delete(team).where(team.c.id == standing.ward.teams[SECOND]))
    rows = [{"neighbourhood": SECOND, "name": f"Người {n}"} for n in range(2)]
    plan = await planned(connection, team_sheets, *rows)
    assert [one.remark.message(Language.VI) for one in plan.changes if one.remark] == [team_rows.NEW_TEAM.vi] * 2
    await applied(connection, team_sheets, *rows)
    own = team.c.neighbourhood_id == standing.ward.neighbourhoods[SECOND]
    names = list(await connection.scalars(sa.select(team.c.name).where(own)))
    assert names == [f"Tổ công nghệ số cộng đồng {SECOND}"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"id": "x", "name": "X"}, "không có thành viên mang mã này"),
        ({"neighbourhood": "Tổ 99", "name": "X"}, "không có tổ dân phố “Tổ 99”"),
        ({"neighbourhood": FIRST, "role": "Thành viên"}, "Thiếu họ tên"),
        ({"neighbourhood": FIRST, "name": "X", "role": "sếp"}, "Không rõ vai trò “sếp”"),
        ({"neighbourhood": FIRST, "name": "X", "phone": "12"}, "Số điện thoại gồm 10 chữ số"),
        ({"neighbourhood": FIRST, "name": "X", "consent": "chắc vậy"}, "ghi Có hoặc Không"),
        ({"neighbourhood": FIRST, "name": "X", "remove": "ừ"}, "ghi x hoặc để trống"),
        ({"neighbourhood": FIRST, "name": "X", "remove": "x"}, "Không có thành viên này"),
        ({"neighbourhood": FIRST, "name": "x" * 201}, "quá dài"),
    ],
)
async def test_a_row_that_cannot_be_is_refused(
    standing: Laid, connection: AsyncConnection, row: dict[str, str], why: str
) -> None:
    plan = await planned(connection, team_sheets, row, {"neighbourhood": FIRST, "name": "Người được"})
    assert why in refused(plan)[0]
    assert [one.label for one in plan.changes] == ["Người được"]


async def test_the_same_member_twice_is_refused_the_second_time(standing: Laid, connection: AsyncConnection) -> None:
    shy = str((await member(connection, SHY)).id)
    plan = await planned(
        connection,
        team_sheets,
        {"neighbourhood": FIRST, "name": SHY},
        {"id": shy, "neighbourhood": FIRST, "name": "Tên khác"},
        {"neighbourhood": FIRST, "name": "Mới"},
        {"neighbourhood": FIRST, "name": "mới"},
    )
    assert refused(plan) == ["Trùng với dòng 2.", "Trùng với dòng 4."]


@pytest.mark.parametrize("sheet", [team_sheets, crew_sheets])
async def test_tables_are_for_the_wards_staff(standing: Laid, connection: AsyncConnection, sheet: Any) -> None:
    for name in ("staff-other", "team-1", "crew-clean"):
        actor = Actor(Role.TEAM_MEMBER) if name not in standing.actors else standing.actors[name]
        with pytest.raises(NotAllowed):
            await sheet.compare(connection, actor, CODE, [], lock=False)
        with pytest.raises(NotAllowed):
            await sheet.write(connection, actor, CODE, Plan())


# ----------------------------------------------------------------------------------------------------------- crews


async def test_crews_are_added_and_changed(standing: Laid, connection: AsyncConnection) -> None:
    plan = await applied(
        connection,
        crew_sheets,
        {"name": CLEAN, "capacity": "7", "ground": f"{SECOND}; to dan pho so 1", "members": "crew-clean"},
        {"name": "Đội Mới", "categories": "TRAFFIC; environment", "base": "15,99; 108,21", "members": "crew-roads"},
        {"name": ROADS, "ground": "cả phường", "members": ""},
    )
    assert [(one.action, one.label) for one in plan.changes] == [
        (Action.CHANGE, CLEAN),
        (Action.ADD, "Đội Mới"),
        (Action.CHANGE, ROADS),
    ]
    assert told(plan)[0][2]["ground"] == ("Cả phường", f"{FIRST}; {SECOND}")
    rows = crews.of_ward(STAFF, CODE).subquery("c")
    query = sa.select(rows.c.name, rows.c.capacity, rows.c.covers, rows.c.on_duty)
    found = {row.name: tuple(row)[1:] for row in await connection.execute(query)}
    assert found[CLEAN] == (7, "NEIGHBOURHOODS", True)
    assert found["Đội Mới"] == (crew_rows.USUAL_CAPACITY, "WARD", False)


async def test_a_drawn_ground_is_kept_and_not_made_up(standing: Laid, connection: AsyncConnection) -> None:
    area = ward.square(108.2, 15.98, 108.21, 16.0)
    await connection.execute(sa.update(crew).where(crew.c.name == CLEAN).values(coverage=area))
    plan = await applied(connection, crew_sheets, {"name": CLEAN, "ground": "Vùng vẽ riêng", "capacity": "3"})
    assert told(plan) == [(Action.CHANGE, CLEAN, {"capacity": ("10", "3")})]
    kept = await connection.scalar(sa.select(sa.func.ST_Area(crew.c.coverage)).where(crew.c.name == CLEAN))
    assert kept == pytest.approx(0.0002)
    assert refused(await planned(connection, crew_sheets, {"name": ROADS, "ground": "vùng vẽ riêng"})) == [
        crew_rows.NOT_DRAWN.vi
    ]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"id": "x", "name": "X"}, "không có đội mang mã này"),
        ({"name": "", "base": "15.99, 108.21"}, "Thiếu tên đội"),
        ({"name": "X"}, "Thiếu điểm xuất phát"),
        ({"name": "X", "base": "ở chợ"}, "Không đọc được vị trí “ở chợ”"),
        ({"name": "X", "base": "10, 108.21"}, "cách phường không quá 5 km"),
        ({"name": CLEAN, "capacity": "nhiều"}, "không phải “nhiều”"),
        ({"name": CLEAN, "categories": "Bay lượn"}, "không có lĩnh vực “Bay lượn”"),
        ({"name": CLEAN, "ground": "Tổ 99"}, "không có tổ dân phố “Tổ 99”"),
        ({"name": CLEAN, "members": "staff"}, "tài khoản đội phản ứng"),
    ],
)
async def test_a_crew_that_cannot_be_is_refused(
    standing: Laid, connection: AsyncConnection, row: dict[str, str], why: str
) -> None:
    plan = await planned(connection, crew_sheets, row)
    assert why in refused(plan)[0]
    assert not plan.changes


async def test_one_account_is_not_put_into_two_crews(standing: Laid, connection: AsyncConnection) -> None:
    rows = ({"name": CLEAN, "members": "crew-roads"}, {"name": ROADS, "members": "crew-roads"})
    assert refused(await planned(connection, crew_sheets, *rows)) == ["“crew-roads” đã thuộc đội ở dòng 2."]


async def test_a_removed_neighbourhood_stays_where_the_file_still_names_it(
    standing: Laid, connection: AsyncConnection
) -> None:
    named = [standing.ward.neighbourhoods[name] for name in (FIRST, SECOND)]
    values: dict[str, Any] = {"name": CLEAN, "capacity": 10, "base": Position(*ward.IN_FIRST), "coverage": None}
    key = standing.ward.crews[CLEAN]
    await crews.save(connection, CODE, key, **values, categories=[], members=None, neighbourhoods=named)
    gone = sa.text("UPDATE neighbourhood_boundary SET until = now() WHERE neighbourhood_id = :id")
    await connection.execute(gone, {"id": named[0]})
    same = await planned(connection, crew_sheets, {"name": CLEAN, "ground": f"{FIRST}; {SECOND}"})
    assert same.unchanged == 1
    other = await planned(connection, crew_sheets, {"name": ROADS, "ground": FIRST})
    assert "không có tổ dân phố" in refused(other)[0]
