"""What must be true is kept by the database itself: each wrong row is refused by the constraint that is named."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import tables
from geo.ids import new_id
from geo.lifecycle import Status
from tests import ward
from tests.geo.conftest import Laid

SINCE = ward.REPORTED
DAY = timedelta(days=1)


def refusal(error: DBAPIError) -> str:
    """The constraint's name, or the message where a trigger refused without one."""
    cause = getattr(error.orig, "__cause__", None)
    return getattr(cause, "constraint_name", None) or str(cause)


async def refused(connection: AsyncConnection, statement: sa.Executable) -> str:
    with pytest.raises(DBAPIError) as raised:
        await connection.execute(statement)
    return refusal(raised.value)


INCIDENTS: list[tuple[str, dict[str, Any]]] = [
    ("ck_incident_status", {"status": "LOST"}),
    ("ck_incident_channel", {"channel": "FAX"}),
    ("ck_incident_satisfaction", {"satisfaction": "MEH"}),
    ("ck_incident_due_after_report", {"due_at": SINCE}),
    ("ck_incident_due_after_report", {"due_at": SINCE - DAY}),
    ("ck_incident_resolved_after_report", {"status": "RESOLVED", "resolved_at": SINCE - DAY}),
    ("ck_incident_closed_after_report", {"closed_at": SINCE - DAY}),
    ("ck_incident_resolved", {"status": "RESOLVED", "resolved_at": None}),
    ("ck_incident_resolved", {"status": "CLOSED", "resolved_at": None}),
    ("ck_incident_crew_in_hand", {"status": "ASSIGNED"}),
    ("ck_incident_crew_in_hand", {"status": "ACCEPTED"}),
    ("ck_incident_crew_in_hand", {"status": "IN_PROGRESS"}),
    ("ck_incident_no_crew", {"crew_id": ward.CLEAN}),
    ("ck_incident_no_crew", {"status": "REJECTED", "crew_id": ward.CLEAN}),
    ("ck_incident_duplicate", {"status": "DUPLICATE"}),
    ("fk_incident_ward_code_crew_id", {"status": "ASSIGNED", "crew_id": new_id()}),
    ("fk_incident_ward_code_crew_id", {"status": "ASSIGNED", "crew_id": ward.FAR}),
    ("fk_incident_ward_code_neighbourhood_id", {"neighbourhood_id": new_id()}),
    ("ck_incident_location_on_earth", {"location": "SRID=4326;POINT(NaN 16)"}),
    ("ck_incident_location_on_earth", {"location": "SRID=4326;POINT(108 NaN)"}),
    ("ck_incident_location_on_earth", {"location": sa.func.ST_SetSRID(sa.func.ST_MakePoint(float("inf"), 16.0), 4326)}),
    ("ck_incident_location_on_earth", {"location": "SRID=4326;POINT(108 91)"}),
    ("ck_incident_location_on_earth", {"location": "SRID=4326;POINT(181 16)"}),
    ("ck_incident_location_on_earth", {"location": "SRID=4326;POINT EMPTY"}),
    ("Geometry has Z dimension but column does not", {"location": "SRID=4326;POINT Z (108 16 5)"}),
    ("Geometry SRID (5899) does not match column SRID (4326)", {"location": "SRID=5899;POINT(108 16)"}),
]


@pytest.mark.parametrize(("name", "values"), INCIDENTS)
async def test_an_incident_that_cannot_be_is_refused(
    standing: Laid, connection: AsyncConnection, name: str, values: dict[str, Any]
) -> None:
    row = {key: standing.ward.crews.get(value, value) if key == "crew_id" else value for key, value in values.items()}
    made = await ward.report(connection)
    changed = sa.update(tables.incident).where(tables.incident.c.id == made.key).values(**row)
    assert await refused(connection, changed) == name


async def test_codes_and_keys_are_unique_in_a_ward_only(connection: AsyncConnection) -> None:
    first, second = await ward.report(connection), await ward.report(connection)
    far = await ward.report(connection, code=ward.OTHER, at=ward.IN_OTHER)
    of = sa.select(tables.incident.c.request_key_hash).where(tables.incident.c.id == first.key).scalar_subquery()
    change = sa.update(tables.incident)
    await connection.execute(
        change.where(tables.incident.c.id == far.key).values(tracking_code=first.tracking_code, request_key_hash=of)
    )
    other = change.where(tables.incident.c.id == second.key)
    async with connection.begin_nested() as nested:
        name = await refused(connection, other.values(tracking_code=first.tracking_code))
        await nested.rollback()
    assert name == "uq_incident_ward_code_tracking_code"
    assert await refused(connection, other.values(request_key_hash=of)) == "uq_incident_request_key_hash_ward_code"


async def test_an_incident_is_no_duplicate_of_itself_or_of_another_ward(connection: AsyncConnection) -> None:
    first = await ward.report(connection)
    far = await ward.report(connection, code=ward.OTHER, at=ward.IN_OTHER)
    change = sa.update(tables.incident).where(tables.incident.c.id == first.key)
    for original, name in (
        (first.key, "ck_incident_not_its_own_duplicate"),
        (far.key, "fk_incident_ward_code_duplicate_of_id"),
    ):
        nested = await connection.begin_nested()
        wrong = change.values(status=Status.DUPLICATE, duplicate_of_id=original)
        assert await refused(connection, wrong) == name
        await nested.rollback()
    assert await refused(connection, change.values(duplicate_of_id=far.key)) == "ck_incident_duplicate"


def _boundary(laid: Laid, name: str, box: ward.Box, **values: Any) -> sa.Insert:
    of = {"ward_code": ward.CODE, "neighbourhood_id": laid.ward.neighbourhoods[name], "since": SINCE}
    row = {"id": new_id(), "boundary": ward.square(*box), **of, **values}
    return sa.insert(tables.neighbourhood_boundary).values(**row)


async def test_the_ground_keeps_its_rules(standing: Laid, connection: AsyncConnection) -> None:
    first, crew_id = standing.ward.neighbourhoods[ward.FIRST], standing.ward.crews[ward.CLEAN]
    far: ward.Box = (108.9, 15.0, 108.91, 15.01)
    of = {"ward_code": ward.CODE, "id": new_id()}
    kind = {"name": "X", "name_en": "X", "icon": "x", "colour": "#00ff00", "deadline_hours": 1}
    member = {**of, "team_id": standing.ward.teams[ward.FIRST], "name": "X"}
    wrong: list[tuple[str, sa.Executable]] = [
        ("uq_team_ward_code_neighbourhood_id", sa.insert(tables.team).values(**of, name="X", neighbourhood_id=first)),
        ("uq_neighbourhood_ward_code_name", sa.insert(tables.neighbourhood).values(**of, name=ward.FIRST)),
        ("ex_neighbourhood_boundary_period", _boundary(standing, ward.FIRST, far, since=SINCE - DAY)),
        (
            "ex_neighbourhood_boundary_period",
            _boundary(standing, ward.FIRST, far, since=SINCE - DAY, until=SINCE + timedelta(seconds=1)),
        ),
        ("ck_neighbourhood_boundary_period", _boundary(standing, ward.FIRST, far, since=SINCE, until=SINCE)),
        ("ck_ward_code", sa.insert(tables.ward).values(code="2031", name="X", boundary=ward.square(*far))),
        ("ck_category_colour", sa.insert(tables.category).values(**of, code="X", **(kind | {"colour": "#00FF00"}))),
        (
            "ck_category_deadline_hours",
            sa.insert(tables.category).values(**of, code="X", **(kind | {"deadline_hours": 0})),
        ),
        ("uq_category_ward_code_code", sa.insert(tables.category).values(**of, code="ENVIRONMENT", **kind)),
        (
            "ck_place_kind",
            sa.insert(tables.place).values(**of, kind="PUB", name="X", location=ward.spot(ward.IN_FIRST)),
        ),
        (
            "ck_place_location_on_earth",
            sa.insert(tables.place).values(**of, kind="OTHER", name="X", location="SRID=4326;POINT(16 108)"),
        ),
        ("ck_team_member_role", sa.insert(tables.team_member).values(**member, role="BOSS")),
        (
            "uq_crew_ward_code_name",
            sa.insert(tables.crew).values(**of, name=ward.CLEAN, capacity=1, base=ward.spot(ward.IN_FIRST)),
        ),
        ("ck_crew_capacity", sa.update(tables.crew).where(tables.crew.c.id == crew_id).values(capacity=-1)),
        ("ck_crew_position_on_earth", sa.update(tables.crew).values(position="SRID=4326;POINT(NaN NaN)")),
        (
            "uq_crew_member_ward_code_account_id",
            sa.insert(tables.crew_member).values(
                ward_code=ward.CODE, crew_id=crew_id, account_id=standing.ward.accounts["crew-roads"]
            ),
        ),
        ("ck_account_ward_of_role", sa.update(tables.account).values(ward_code=None)),
        ("ck_account_username", sa.update(tables.account).values(username="Staff")),
    ]
    for name, statement in wrong:
        nested = await connection.begin_nested()
        assert await refused(connection, statement) == name
        await nested.rollback()


async def test_periods_that_only_touch_are_fine(laid: Laid) -> None:
    async with laid.database.write() as connection:
        await connection.execute(_boundary(laid, ward.FIRST, ward.GROUND[ward.CODE], since=SINCE - DAY, until=SINCE))


@pytest.mark.parametrize("change", [{"note": "x"}, {"public": False}, {"at": datetime.fromtimestamp(0).astimezone()}])
async def test_history_is_never_edited(connection: AsyncConnection, change: dict[str, Any]) -> None:
    await ward.report(connection)
    assert "never edited" in await refused(connection, sa.update(tables.incident_event).values(**change))


async def test_history_is_never_deleted_nor_its_incident(connection: AsyncConnection) -> None:
    made = await ward.report(connection)
    nested = await connection.begin_nested()
    assert "never edited" in await refused(connection, sa.delete(tables.incident_event))
    await nested.rollback()
    gone = sa.delete(tables.incident).where(tables.incident.c.id == made.key)
    assert await refused(connection, gone) == "fk_incident_event_ward_code_incident_id"


# ------------------------------------------------------------------------------------------- boundaries in force

OVER_THE_EDGE: ward.Box = (108.21, 15.985, 108.23, 15.995)  # on the ground of the first and the second
INSIDE: ward.Box = (108.205, 15.985, 108.215, 15.995)  # wholly within the first
BESIDE: ward.Box = (108.16, 15.98, 108.20, 16.00)  # shares the first one's western edge


async def _added(laid: Laid, connection: AsyncConnection, box: ward.Box) -> None:
    key = new_id()
    await connection.execute(sa.insert(tables.neighbourhood).values(ward_code=ward.CODE, id=key, name=str(key)))
    row = {"ward_code": ward.CODE, "neighbourhood_id": key, "boundary": ward.square(*box), "since": SINCE}
    await connection.execute(sa.insert(tables.neighbourhood_boundary).values(id=new_id(), **row))


@pytest.mark.parametrize("box", [OVER_THE_EDGE, INSIDE, ward.GROUND[ward.CODE], ward.TILES[ward.FIRST]])
async def test_boundaries_in_force_that_overlap_are_refused_at_commit(standing: Laid, box: ward.Box) -> None:
    async with standing.database.engine.connect() as connection:
        await _added(standing, connection, box)
        await connection.execute(sa.text("SELECT 1"))  # nothing is said before the commit
        with pytest.raises(IntegrityError) as raised:
            await connection.commit()
    assert refusal(raised.value) == "neighbourhood_boundary_no_overlap"
    assert await standing.value("SELECT count(*) FROM neighbourhood_boundary") == 5


async def test_neighbours_share_an_edge_and_a_corner(laid: Laid) -> None:
    async with laid.database.write() as connection:
        await _added(laid, connection, BESIDE)
        await _added(laid, connection, (108.16, 16.02, 108.20, 16.03))


async def test_an_overlap_that_is_mended_before_the_commit_is_fine(laid: Laid) -> None:
    boundary = tables.neighbourhood_boundary
    async with laid.database.write() as connection:
        await _added(laid, connection, INSIDE)
        first = laid.ward.neighbourhoods[ward.FIRST]
        await connection.execute(
            sa.update(boundary).where(boundary.c.neighbourhood_id == first).values(until=sa.func.now())
        )


async def test_an_old_boundary_brought_back_is_checked_again(laid: Laid) -> None:
    boundary = tables.neighbourhood_boundary
    first = sa.update(boundary).where(boundary.c.neighbourhood_id == laid.ward.neighbourhoods[ward.FIRST])
    async with laid.database.write() as connection:
        await connection.execute(first.values(until=sa.func.now()))
        await _added(laid, connection, INSIDE)
    with pytest.raises(IntegrityError):
        async with laid.database.write() as connection:
            await connection.execute(first.values(until=None))


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
async def test_boundaries_are_not_written_where_their_check_could_not_hold(standing: Laid, level: str) -> None:
    async with standing.database.engine.connect() as opened:
        connection = await opened.execution_options(isolation_level=level)
        await _added(standing, connection, BESIDE)
        with pytest.raises(DBAPIError, match="READ COMMITTED only"):
            await connection.commit()


async def test_two_editors_at_once_cannot_draw_over_each_other(laid: Laid) -> None:
    """Neither sees the other's draft, so only taking turns at the commit finds the overlap."""
    drawn = asyncio.Barrier(2)

    async def draw(box: ward.Box) -> str | None:
        try:
            async with laid.database.write() as connection:
                await _added(laid, connection, box)
                await drawn.wait()
        except IntegrityError as error:
            return refusal(error)
        return None

    for shift in range(3):
        west = 108.30 + shift / 10
        outcome = await asyncio.gather(
            draw((west, 15.9, west + 0.03, 16.0)), draw((west + 0.02, 15.9, west + 0.05, 16.0))
        )
        assert sorted(outcome, key=str) == [None, "neighbourhood_boundary_no_overlap"]
