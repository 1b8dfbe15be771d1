"""The demo ward: exact ground, lawful histories, and the same again each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import shapely
import sqlalchemy as sa

from geo import accounts, tables
from geo.database import Database
from geo.demo import PASSWORD, DemoSummary, load
from geo.demo.chance import Ids
from geo.demo.ground import draw
from geo.demo.incidents import incidents
from geo.demo.people import crews
from geo.errors import Refusal
from geo.lifecycle import IN_HAND, Status
from geo.locating import neighbourhood_at
from geo.seeds import CATEGORIES
from tests.conftest import Copying
from tests.geo.histories import lawful_histories, rows_of
from tests.ward import authenticate

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
FICTIONAL_PHONE = r"^(09000\d{5}|0236 3000 \d{3})$"


def _silent(_label: str, _done: int, _total: int) -> None:
    pass


async def _load(database: Database, now: datetime) -> DemoSummary:
    async with database.write() as connection:
        return await load(connection, _silent, now=now)


@pytest.fixture(scope="module")
async def demo(copying: Copying, template: str) -> AsyncIterator[Database]:
    """A database with the demo ward, read by the tests of this module."""
    async with copying(template) as url:
        database = Database(url)
        await _load(database, NOW)
        yield database
        await database.close()


@pytest.mark.parametrize("hour", [1, 8, 16, 17])
def test_there_is_a_demo_at_any_hour(hour: int) -> None:
    """Also at that at which nobody of a kind has room for one more: late in the evening, in Vietnam."""
    now, ground, ids = NOW.replace(hour=hour), draw(), Ids(Random(hour))
    neighbourhoods = [(ids.rising(NOW), name, area) for name, area in zip(ground.names, ground.areas, strict=True)]
    categories = {seed.code: ids.rising(NOW) for seed in CATEGORIES}
    made = incidents(now, neighbourhoods, crews(ground, NOW), categories, lambda *_: None).incidents
    assert len(made) == 2_000
    held = Counter(row["crew_id"] for row in made if row["status"] in IN_HAND)
    assert held
    assert all(held[crew.id] < crew.capacity for crew in crews(ground, NOW))


async def test_neighbourhoods_tile_the_ward_exactly(demo: Database) -> None:
    [ward] = await rows_of(demo, "SELECT ST_AsBinary(boundary) AS wkb, ST_Area(boundary::geography) AS area FROM ward")
    rows = await rows_of(demo, "SELECT ST_AsBinary(boundary) AS wkb FROM neighbourhood_boundary WHERE until IS NULL")
    outline = shapely.from_wkb(bytes(ward.wkb))
    areas = [shapely.from_wkb(bytes(row.wkb)) for row in rows]
    assert 60 <= len(areas) <= 110
    assert 27e6 <= ward.area <= 28e6
    assert all(area.is_valid for area in [outline, *areas])
    assert shapely.coverage_is_valid(areas)
    whole = shapely.MultiPolygon([shapely.coverage_union_all(areas)])
    assert shapely.normalize(whole) == shapely.normalize(outline)  # the very same vertices, not only the same ground
    coordinates = shapely.get_coordinates([outline, *areas])
    assert (coordinates == coordinates.round(7)).all()
    assert outline.covers(shapely.Point(108.2100, 15.9865))


async def test_neighbourhoods_look_drawn_by_people_not_by_a_ruler(demo: Database) -> None:
    rows = await rows_of(
        demo,
        "SELECT n.name, ST_NPoints(boundary) AS points, ST_Area(boundary::geography) AS area"
        " FROM neighbourhood n JOIN neighbourhood_boundary b ON b.neighbourhood_id = n.id",
    )
    assert all(row.points > 12 for row in rows)
    town = [row.area for row in rows if row.name.startswith("Tổ dân phố số ")]
    villages = [row.area for row in rows if row.name.startswith("Thôn ")]
    assert len(town) + len(villages) == len(rows)
    assert sum(villages) / len(villages) > 2 * sum(town) / len(town)


async def test_every_neighbourhood_has_a_team_of_at_least_seven_and_a_cultural_house(demo: Database) -> None:
    rows = await rows_of(
        demo,
        """
        SELECT n.name,
               (SELECT array_agg(m.role ORDER BY m.role) FROM team t JOIN team_member m ON m.team_id = t.id
                WHERE t.neighbourhood_id = n.id) AS roles,
               (SELECT count(DISTINCT m.name) FROM team t JOIN team_member m ON m.team_id = t.id
                WHERE t.neighbourhood_id = n.id) AS people,
               (SELECT count(*) FROM place p
                WHERE p.kind = 'CULTURAL_HOUSE' AND ST_Covers(b.boundary, p.location)) AS houses
        FROM neighbourhood n JOIN neighbourhood_boundary b ON b.neighbourhood_id = n.id
        """,
    )
    for row in rows:
        roles = Counter(row.roles)
        assert (roles["LEADER"], roles["DEPUTY"]) == (1, 1), row.name
        assert roles["MEMBER"] >= 5, row.name
        assert row.people == sum(roles.values()), row.name
        assert row.houses == 1, row.name


async def test_the_ward_has_the_places_that_residents_look_for(demo: Database) -> None:
    kinds = {row.kind: row.n for row in await rows_of(demo, "SELECT kind, count(*) AS n FROM place GROUP BY kind")}
    assert set(kinds) == set(tables.PlaceKind)
    homes = await rows_of(demo, "SELECT consented_at FROM place WHERE kind = 'OFFICIAL_HOME'")
    assert sorted(home.consented_at is None for home in homes) == [False, True]


async def test_people_are_plainly_made_up(demo: Database) -> None:
    rows = await rows_of(
        demo,
        """
        SELECT count(*) AS n, count(*) FILTER (WHERE phone ~ :fictional) AS f
        FROM (SELECT phone FROM team_member UNION ALL SELECT phone FROM place UNION ALL SELECT phone FROM reporter) AS p
        WHERE phone IS NOT NULL
        """,
        fictional=FICTIONAL_PHONE,
    )
    assert rows[0].n == rows[0].f > 1000
    [consent] = await rows_of(demo, "SELECT count(*) AS all, count(consented_at) AS given FROM team_member")
    assert 0 < consent.given < consent.all


@pytest.mark.parametrize("table", [tables.place, tables.incident])
async def test_what_is_placed_lies_in_the_neighbourhood_that_the_rule_gives_it(demo: Database, table: sa.Table) -> None:
    right = neighbourhood_at(table.c.ward_code, table.c.location)
    async with demo.read() as connection:
        placed = (await connection.execute(sa.select(table.c.neighbourhood_id, right))).all()
    assert len(placed) > 100
    assert all(kept is not None and kept == ruled for kept, ruled in placed)


async def test_two_thousand_incidents_over_two_years_in_every_status_of_every_kind(demo: Database) -> None:
    rows = await rows_of(
        demo,
        "SELECT i.status, i.channel, c.code, i.reported_at, i.description FROM incident i JOIN category c"
        " ON c.id = i.category_id",
    )
    assert len(rows) == 2000
    assert {row.status for row in rows} == set(Status)
    assert {row.code for row in rows} == {seed.code for seed in CATEGORIES}
    assert {row.channel for row in rows} == set(tables.Channel)
    first, last = min(row.reported_at for row in rows), max(row.reported_at for row in rows)
    assert timedelta(days=700) < NOW - first <= timedelta(days=732)
    assert timedelta(0) < NOW - last < timedelta(days=1)
    assert len({row.description for row in rows}) > 1000


async def test_every_history_is_one_that_the_life_cycle_allows(demo: Database) -> None:
    incidents, _ = await lawful_histories(demo, NOW)
    assert any(incident.reopened_count for incident in incidents)


async def test_no_crew_has_more_in_hand_than_it_can_take_nor_what_is_not_its_own(demo: Database) -> None:
    rows = await rows_of(
        demo,
        """
        SELECT c.name, c.capacity, c.on_duty, count(i.id) AS in_hand,
               count(i.id) FILTER (WHERE c.coverage IS NULL OR ST_Covers(c.coverage, i.location)) AS covered,
               count(k.category_id) AS handled
        FROM crew c
        LEFT JOIN incident i ON i.crew_id = c.id AND i.status = ANY(:in_hand)
        LEFT JOIN crew_category k ON k.crew_id = c.id AND k.category_id = i.category_id
        GROUP BY c.ward_code, c.id
        """,
        in_hand=list(IN_HAND),
    )
    assert len(rows) == 8
    assert sum(row.on_duty for row in rows) >= 6
    assert sum(row.in_hand for row in rows) > 20
    for row in rows:
        assert row.in_hand < row.capacity
        assert row.in_hand == row.covered == row.handled
        assert row.on_duty or row.in_hand == 0


async def test_everywhere_and_for_every_kind_a_crew_on_duty_has_room(demo: Database) -> None:
    rows = await rows_of(
        demo,
        """
        SELECT b.neighbourhood_id, k.code FROM neighbourhood_boundary b CROSS JOIN category k
        WHERE NOT EXISTS (
            SELECT FROM crew c JOIN crew_category h ON h.crew_id = c.id
            WHERE h.category_id = k.id AND c.on_duty
              AND (c.coverage IS NULL OR ST_Covers(c.coverage, ST_PointOnSurface(b.boundary)))
        )
        """,
    )
    assert rows == []


async def test_a_duplicate_repeats_an_earlier_report_of_the_same_kind_nearby(demo: Database) -> None:
    rows = await rows_of(
        demo,
        """
        SELECT i.category_id = o.category_id AS same, o.status, o.reported_at <= i.reported_at AS earlier,
               ST_Distance(i.geog, o.geog) AS metres
        FROM incident i JOIN incident o ON o.id = i.duplicate_of_id
        """,
    )
    assert len(rows) > 20
    assert all(row.same and row.earlier and row.metres < 100 and row.status != "DUPLICATE" for row in rows)


async def test_what_is_private_is_never_published(demo: Database) -> None:
    rows = await rows_of(
        demo,
        "SELECT c.public, count(*) FILTER (WHERE i.published) AS published FROM incident i JOIN category c"
        " ON c.id = i.category_id GROUP BY c.public",
    )
    published = {row.public: row.published for row in rows}
    assert published[False] == 0
    assert published[True] > 100


async def test_the_demo_accounts_open_with_the_demo_password(demo: Database) -> None:
    expected = {"admin": "ADMIN", "staff": "STAFF", "team-1": "TEAM_MEMBER"}
    expected |= {f"crew-{number}": "CREW_MEMBER" for number in range(1, 9)}
    async with demo.read() as connection:
        found = {account.username: account for account in await accounts.every(connection)}
        assert {name: account.role for name, account in found.items()} == expected
        assert all(account.demo for account in found.values())
        for username in ("admin", "staff", "crew-8", "team-1"):
            assert await authenticate(connection, username, PASSWORD) == found[username]
    assert len({found[f"crew-{number}"].crew_id for number in range(1, 9)}) == 8
    [first] = await rows_of(
        demo,
        "SELECT n.id, m.role FROM neighbourhood n JOIN team t ON t.neighbourhood_id = n.id"
        " JOIN team_member m ON m.team_id = t.id AND m.account_id = :account WHERE n.name = 'Tổ dân phố số 1'",
        account=found["team-1"].id,
    )
    assert (first.id, first.role) == (found["team-1"].neighbourhood_id, "LEADER")


# Whatever comes out different each time by design: random ids of accounts, salted hashes, numbers of transactions.
_UNLIKE = {"password_hash", "xact", "created_at"}


async def _everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables as text, accounts by username."""
    found = {}
    async with database.read() as connection:
        names = {str(row.id): row.username for row in await connection.execute(sa.select(tables.account))}
        for table in tables.metadata.sorted_tables:
            columns = [sa.cast(column, sa.Text) for column in table.columns if column.name not in _UNLIKE]
            rows = await connection.execute(sa.select(*columns))
            found[table.name] = sorted(tuple(names.get(v, v) or "" for v in row) for row in rows)
    return found


async def test_the_same_hour_gives_the_same_demo(demo: Database, database: Database) -> None:
    later = NOW + timedelta(minutes=37)
    await _load(database, later)
    ours, theirs = await _everything(demo), await _everything(database)
    assert sum(len(rows) for rows in ours.values()) > 15_000
    for name, rows in ours.items():
        assert rows == theirs[name], name


async def test_loading_again_changes_nothing(demo: Database) -> None:
    before = await _everything(demo)
    summary = await _load(demo, NOW + timedelta(days=3))
    assert not summary.created
    assert (summary.incidents, summary.crews, summary.ward_code) == (2000, 8, "20314")
    assert await _everything(demo) == before


async def test_a_real_ward_is_never_turned_into_a_demo(database: Database) -> None:
    async with database.write() as connection:
        box = "SRID=4326;MULTIPOLYGON(((108 15.9, 108.3 15.9, 108.3 16.1, 108 15.9)))"
        await connection.execute(sa.insert(tables.ward).values(code="20314", name="Phường Hòa Xuân", boundary=box))
    with pytest.raises(Refusal, match="real"):
        await _load(database, NOW)
    counts = await rows_of(
        database, "SELECT (SELECT count(*) FROM neighbourhood) + (SELECT count(*) FROM account) AS n"
    )
    assert counts[0].n == 0


async def test_loading_tells_how_far_it_is(database: Database) -> None:
    told: list[tuple[str, int, int]] = []
    async with database.write() as connection:
        await load(connection, lambda *step: told.append(step), now=NOW)
    assert all(0 <= done <= total for _, done, total in told)
    finished = {label: (done, total) for label, done, total in told}
    assert len(finished) >= 4
    assert all(done == total for done, total in finished.values())
