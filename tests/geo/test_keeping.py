"""How crews, places and categories are kept: by whom, and what the ward never ends up with."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
import shapely
import sqlalchemy as sa
from shapely.geometry import MultiPolygon, box
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import accounts, categories, crews, duty, places
from geo.actor import Actor
from geo.errors import InvalidInput, NotAllowed, NotFound, OutsideWard, Refusal
from geo.ids import new_id
from geo.positions import Position
from geo.tables import AccountRole, PlaceKind, category, crew, crew_category, crew_member, place
from tests import ward
from tests.geo.conftest import Laid
from tests.geo.desk import until_waiting

HERE = Position(*ward.IN_FIRST)


async def save(connection: AsyncConnection, crew_id: UUID | None = None, **values: Any) -> UUID:
    given = {"name": "Đội mới", "capacity": 5, "base": HERE, "coverage": None, "categories": [], "members": None}
    return await crews.save(connection, ward.CODE, crew_id, **(given | values))


async def members_of(connection: AsyncConnection, crew_id: UUID) -> set[UUID]:
    rows = await connection.scalars(sa.select(crew_member.c.account_id).where(crew_member.c.crew_id == crew_id))
    return set(rows)


# ----------------------------------------------------------------------------------------------------------- crews


async def test_a_crew_is_saved_with_all_that_it_is(standing: Laid, connection: AsyncConnection) -> None:
    area = MultiPolygon([box(108.2, 15.98, 108.21, 16.0)])
    key = await save(connection, coverage=area, categories=["OTHER", "TRAFFIC", "OTHER"], members=["crew-clean"])
    row = (await connection.execute(sa.select(*crew.c).where(crew.c.id == key))).one()
    assert (row.name, row.capacity, row.on_duty, row.position) == ("Đội mới", 5, False, None)
    stored = await connection.scalar(sa.select(sa.func.ST_AsBinary(crew.c.coverage)).where(crew.c.id == key))
    assert shapely.from_wkb(bytes(stored or b"")) == area
    codes = sa.select(category.c.code).join(crew_category, crew_category.c.category_id == category.c.id)
    assert set(await connection.scalars(codes.where(crew_category.c.crew_id == key))) == {"OTHER", "TRAFFIC"}
    assert await members_of(connection, key) == {standing.ward.accounts["crew-clean"]}


@pytest.mark.parametrize(("metres", "may"), [(-500, True), (4_900, True), (5_100, False)])
async def test_a_crew_starts_in_the_ward_or_next_door(
    standing: Laid, connection: AsyncConnection, metres: int, may: bool
) -> None:
    _, south, _, _ = ward.GROUND[ward.CODE]
    base = Position(ward.IN_FIRST[0], south - metres / 110_650)
    if may:
        await save(connection, base=base)
        return
    with pytest.raises(InvalidInput) as refused:
        await save(connection, base=base)
    assert refused.value.path == ("base",)


async def test_a_member_who_joins_a_crew_leaves_the_other(standing: Laid, connection: AsyncConnection) -> None:
    clean, roads = standing.ward.crews[ward.CLEAN], standing.ward.crews[ward.ROADS]
    both = {standing.ward.accounts["crew-clean"], standing.ward.accounts["crew-roads"]}
    await save(connection, clean, name=ward.CLEAN, members=["crew-clean", "crew-roads", "crew-clean"])
    assert (await members_of(connection, clean), await members_of(connection, roads)) == (both, set())
    await save(connection, clean, name=ward.CLEAN)
    assert await members_of(connection, clean) == both, "without a list, the members stay"
    await save(connection, clean, name=ward.CLEAN, members=[])
    assert await members_of(connection, clean) == set()


@pytest.mark.parametrize(
    ("values", "paths"),
    [
        ({"name": ward.CLEAN}, ["name"]),
        ({"categories": ["OTHER", "NO_SUCH"]}, ["categories.1"]),
        ({"base": Position(*ward.IN_THE_SEA)}, ["base"]),
        ({"coverage": MultiPolygon([box(*ward.GROUND[ward.OTHER]).buffer(-0.001)])}, ["coverageArea"]),
        (
            {"base": Position(0, 0), "coverage": MultiPolygon([box(0, 0, 1, 1)])},
            ["base", "coverageArea"],
        ),
        ({"members": ["nobody"]}, ["members.0"]),
        ({"members": ["crew-clean", "staff"]}, ["members.1"]),
        ({"members": ["crew-other"]}, ["members.0"]),
        ({"members": ["retired"]}, ["members.0"]),
    ],
)
async def test_what_the_ward_does_not_have_is_named(
    standing: Laid, connection: AsyncConnection, values: dict[str, Any], paths: list[str]
) -> None:
    retired = {"username": "retired", "password_hash": "x", "name": "x", "role": AccountRole.CREW_MEMBER}
    await accounts.create(connection, **retired, ward_code=ward.CODE, crew_id=standing.ward.crews[ward.ROADS])
    await connection.execute(sa.text("UPDATE account SET disabled_at = now() WHERE username = 'retired'"))
    with pytest.raises(InvalidInput) as refused:
        await save(connection, **values)
    assert [".".join(problem.path) for problem in refused.value.problems] == paths


async def test_a_crew_of_another_ward_is_not_found(standing: Laid, connection: AsyncConnection) -> None:
    for key in (standing.ward.crews[ward.FAR], new_id()):
        with pytest.raises(NotFound):
            await save(connection, key)
    name = await connection.scalar(sa.select(crew.c.name).where(crew.c.id == standing.ward.crews[ward.FAR]))
    assert name == ward.FAR


async def test_a_crew_keeps_its_own_name_and_another_ward_may_have_the_same(
    standing: Laid, connection: AsyncConnection
) -> None:
    await save(connection, standing.ward.crews[ward.CLEAN], name=ward.CLEAN, capacity=7)
    await save(connection, name=ward.FAR)


async def test_two_crews_saved_at_once_never_share_a_name(laid: Laid) -> None:
    async def attempt() -> str | None:
        try:
            async with laid.database.write() as connection:
                await save(connection)
        except InvalidInput as refused:
            return ".".join(refused.problems[0].path)
        return None

    outcome = await asyncio.gather(*(attempt() for _ in range(8)))
    assert sorted(outcome, key=str) == [None, *["name"] * 7]


async def test_members_swapped_between_crews_at_once_end_in_one_crew_each(laid: Laid) -> None:
    names = {laid.ward.crews[ward.CLEAN]: ward.CLEAN, laid.ward.crews[ward.ROADS]: ward.ROADS}

    async def take_all(crew_id: UUID) -> None:
        async with laid.database.write() as connection:
            await save(connection, crew_id, name=names[crew_id], members=["crew-clean", "crew-roads"])

    await asyncio.wait_for(asyncio.gather(*(take_all(crew_id) for crew_id in [*names] * 4)), 120)
    rows = await laid.rows("SELECT crew_id, count(*) FROM crew_member WHERE ward_code = '20314' GROUP BY crew_id")
    assert [row.count for row in rows] == [2]


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("crew-clean", True),
        ("staff", True),
        ("admin", True),
        ("crew-roads", False),
        ("crew-other", False),
        ("staff-other", False),
        ("team-1", False),
        ("anonymous", False),
    ],
)
async def test_duty_is_the_crews_own_and_the_staffs(
    standing: Laid, connection: AsyncConnection, who: str, may: bool
) -> None:
    key, actor = standing.ward.crews[ward.CLEAN], standing.actors[who]
    state = sa.select(crew.c.on_duty, crew.c.position).where(crew.c.id == key)
    if may:
        await duty.set_duty(connection, actor, ward.CODE, key, False)
        assert (await connection.execute(state)).one() == (False, None), "off duty, nobody is followed"
    else:
        with pytest.raises(NotAllowed):
            await duty.set_duty(connection, actor, ward.CODE, key, False)
        assert (await connection.execute(state)).one().on_duty


async def test_the_duty_of_no_crew_is_not_found(standing: Laid, connection: AsyncConnection) -> None:
    with pytest.raises(NotFound):
        await duty.set_duty(connection, standing.actors["staff"], ward.CODE, standing.ward.crews[ward.FAR], True)


# ---------------------------------------------------------------------------------------------------------- places

IN_FIRST, IN_SECOND, IN_OTHER, SEA = (
    Position(*at) for at in (ward.IN_FIRST, ward.IN_SECOND, ward.IN_OTHER, ward.IN_THE_SEA)
)
OWN, FOREIGN = "Nhà văn hóa số 1", "Nhà văn hóa số 2"


@pytest.mark.parametrize(
    ("who", "name", "at", "refusal"),
    [
        ("team-1", None, IN_FIRST, None),
        ("team-1", None, IN_SECOND, NotAllowed),
        ("team-1", OWN, IN_FIRST, None),
        ("team-1", OWN, IN_SECOND, NotAllowed),
        ("team-1", FOREIGN, IN_SECOND, NotAllowed),
        ("team-1", FOREIGN, IN_FIRST, NotAllowed),
        ("team-1", OWN, SEA, OutsideWard),
        ("staff", None, IN_SECOND, None),
        ("staff", OWN, IN_SECOND, None),
        ("staff", FOREIGN, IN_FIRST, None),
        ("staff", OWN, IN_OTHER, OutsideWard),
        ("staff", OWN, SEA, OutsideWard),
        ("admin", OWN, IN_SECOND, None),
        ("staff-other", OWN, IN_FIRST, NotAllowed),
        ("crew-clean", OWN, IN_FIRST, NotAllowed),
        ("anonymous", OWN, IN_FIRST, NotAllowed),
        ("anonymous", None, IN_FIRST, NotAllowed),
    ],
)
async def test_a_place_is_kept_by_staff_and_by_the_team_of_its_ground(
    standing: Laid, connection: AsyncConnection, who: str, name: str | None, at: Position, refusal: type[Refusal] | None
) -> None:
    key = standing.ward.places[name] if name is not None else None
    values = {"kind": PlaceKind.MARKET, "name": "Chợ"}
    before = (await connection.execute(sa.select(*place.c).order_by(place.c.id))).all()
    if refusal is not None:
        with pytest.raises(refusal):
            await places.save(connection, standing.actors[who], ward.CODE, key, at, **values)
        assert (await connection.execute(sa.select(*place.c).order_by(place.c.id))).all() == before
        return
    saved = await places.save(connection, standing.actors[who], ward.CODE, key, at, **values)
    row = (await connection.execute(sa.select(*place.c).where(place.c.id == saved))).one()
    expected = ward.FIRST if at is IN_FIRST else ward.SECOND
    assert (row.name, row.kind, row.neighbourhood_id) == ("Chợ", "MARKET", standing.ward.neighbourhoods[expected])
    assert key in (None, saved)


@pytest.mark.parametrize(
    ("who", "name", "refusal"),
    [
        ("team-1", OWN, None),
        ("team-1", FOREIGN, NotAllowed),
        ("staff", FOREIGN, None),
        ("staff-other", OWN, NotAllowed),
        ("anonymous", OWN, NotAllowed),
        ("anonymous", "Nhà riêng chưa đồng ý", NotFound),
        ("team-1", "Nhà riêng chưa đồng ý", None),
    ],
)
async def test_a_place_is_removed_by_who_keeps_it(
    standing: Laid, connection: AsyncConnection, who: str, name: str, refusal: type[Refusal] | None
) -> None:
    key = standing.ward.places[name]
    if refusal is None:
        await places.remove(connection, standing.actors[who], ward.CODE, key)
    else:
        with pytest.raises(refusal):
            await places.remove(connection, standing.actors[who], ward.CODE, key)
    left = await connection.scalar(sa.select(sa.func.count()).where(place.c.id == key))
    assert left == (0 if refusal is None else 1)


async def test_the_day_of_an_officials_consent_outlasts_other_changes(
    standing: Laid, connection: AsyncConnection
) -> None:
    staff = standing.actors["staff"]
    agreed, silent = (standing.ward.places[name] for name in ("Nhà riêng đã đồng ý", "Nhà riêng chưa đồng ý"))

    async def saved(key: UUID | None, consent: bool | None) -> Any:
        values = {"kind": PlaceKind.OFFICIAL_HOME, "name": "Nhà riêng"}
        made = await places.save(connection, staff, ward.CODE, key, HERE, consent=consent, **values)
        return await connection.scalar(sa.select(place.c.consented_at).where(place.c.id == made))

    now = await connection.scalar(sa.select(sa.func.now()))
    assert [await saved(agreed, consent) for consent in (None, True, False, None, True)] == [
        *[ward.REPORTED] * 2,
        None,
        None,
        now,
    ]
    assert await saved(silent, None) is None
    assert [await saved(None, consent) for consent in (None, False, True)] == [None, None, now]


async def test_a_place_that_is_not_there_is_not_found(standing: Laid, connection: AsyncConnection) -> None:
    staff: Actor = standing.actors["staff"]
    for key in (new_id(), standing.ward.crews[ward.CLEAN]):
        with pytest.raises(NotFound):
            await places.save(connection, staff, ward.CODE, key, HERE, kind=PlaceKind.OTHER, name="X")
        with pytest.raises(NotFound):
            await places.remove(connection, staff, ward.CODE, key)


async def test_a_place_moved_away_meanwhile_is_no_longer_the_teams(laid: Laid) -> None:
    """The team's save waits for the staff's, then sees where the place is now."""
    key = laid.ward.places[OWN]

    async def by_team() -> None:
        async with laid.database.write() as connection:
            await places.save(connection, laid.actors["team-1"], ward.CODE, key, IN_FIRST, name="Của đội")

    async with laid.database.write() as connection:
        await places.save(connection, laid.actors["staff"], ward.CODE, key, IN_SECOND, name="Của phường")
        waiting = asyncio.create_task(by_team())
        await until_waiting(laid)
    with pytest.raises(NotAllowed):
        await waiting
    assert await laid.value("SELECT name FROM place WHERE id = :id", id=key) == "Của phường"


# ------------------------------------------------------------------------------------------------------ categories

KIND = {"name": "Cây xanh", "name_en": "Trees", "icon": "tree", "colour": "#00aa00", "deadline_hours": 24}


async def test_a_category_is_added_or_changed_by_its_code(connection: AsyncConnection) -> None:
    first = await categories.save(connection, ward.CODE, "TREES", **KIND, public=True)
    again = await categories.save(connection, ward.CODE, "TREES", **(KIND | {"deadline_hours": 5}), public=False)
    row = (await connection.execute(sa.select(*category.c).where(category.c.code == "TREES"))).one()
    assert (row.id, again, row.deadline_hours, row.public) == (first, first, 5, False)
    seeded = await categories.save(connection, ward.CODE, "OTHER", **KIND)
    assert await connection.scalar(sa.select(category.c.position).where(category.c.id == seeded)) == 7
    other = sa.select(category.c.name).where(category.c.ward_code == ward.OTHER, category.c.code == "OTHER")
    assert await connection.scalar(other) == "Lĩnh vực khác"


async def test_one_code_saved_by_many_at_once_is_one_category(laid: Laid) -> None:
    async def attempt() -> UUID:
        async with laid.database.write() as connection:
            return await categories.save(connection, ward.CODE, "TREES", **KIND)

    assert len(set(await asyncio.gather(*(attempt() for _ in range(8))))) == 1
