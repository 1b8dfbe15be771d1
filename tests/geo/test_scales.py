"""Demos of many wards, tiny but through the same code: exact ground, lawful histories, all rules back in place."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import shapely
import sqlalchemy as sa

from geo import accounts, tables
from geo.database import Database
from geo.demo import CITY, NATION, PASSWORD, CountrySummary, Scale, load, load_scale
from geo.errors import Refusal
from geo.lifecycle import IN_HAND, OPEN, Status
from geo.locating import neighbourhood_at
from geo.tables import AccountRole
from tests.conftest import Copying
from tests.geo.histories import lawful_histories, rows_of
from tests.ward import authenticate

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SMALL_CITY = replace(CITY, wards=4, neighbourhoods=30, incidents=2500, home_incidents=1000)
SMALL_NATION = replace(NATION, wards=7, neighbourhoods=60, incidents=1400, region=CITY.region)


def _silent(_label: str, _done: int, _total: int) -> None:
    pass


async def _load(database: Database, scale: Scale, now: datetime = NOW) -> CountrySummary:
    async with database.write() as connection:
        return await load_scale(connection, scale, _silent, now=now)


@pytest.fixture(scope="module")
async def city(copying: Copying, template: str) -> AsyncIterator[Database]:
    """A tiny city, read by the tests of this module."""
    async with copying(template) as url:
        database = Database(url)
        await _load(database, SMALL_CITY)
        yield database
        await database.close()


@pytest.fixture(scope="module")
async def nation(copying: Copying, template: str) -> AsyncIterator[Database]:
    """A tiny nation, read by the tests of this module."""
    async with copying(template) as url:
        database = Database(url)
        await _load(database, SMALL_NATION)
        yield database
        await database.close()


@pytest.fixture(params=["city", "nation"])
def either(request: pytest.FixtureRequest, city: Database, nation: Database) -> tuple[Database, Scale]:
    return (city, SMALL_CITY) if request.param == "city" else (nation, SMALL_NATION)


async def test_a_scale_holds_as_much_as_it_says(either: tuple[Database, Scale]) -> None:
    database, scale = either
    [held] = await rows_of(
        database,
        "SELECT (SELECT count(*) FROM ward WHERE demo) AS wards, (SELECT count(*) FROM neighbourhood) AS hoods,"
        " (SELECT count(*) FROM team) AS teams, (SELECT count(*) FROM incident) AS incidents",
    )
    assert (held.wards, held.hoods, held.incidents) == (scale.wards, scale.neighbourhoods, scale.incidents)
    assert held.teams == scale.neighbourhoods
    names = await rows_of(database, "SELECT code, name FROM ward")
    assert "20314" in {row.code for row in names}
    assert all("demo" in row.name for row in names)
    assert all(row.code > "90000" for row in names if row.code != "20314")  # the country's own codes are lower
    [home] = await rows_of(database, "SELECT count(*) AS n FROM incident WHERE ward_code = '20314'")
    assert scale.home_incidents in (None, home.n)


async def test_wards_and_neighbourhoods_are_coverages_to_the_last_point(either: tuple[Database, Scale]) -> None:
    database, _ = either
    wards = await rows_of(database, "SELECT code, ST_AsBinary(boundary) AS wkb FROM ward")
    outlines = {row.code: shapely.from_wkb(bytes(row.wkb)) for row in wards}
    assert shapely.coverage_is_valid(list(outlines.values()))
    rows = await rows_of(
        database, "SELECT ward_code, ST_AsBinary(boundary) AS wkb FROM neighbourhood_boundary ORDER BY ward_code"
    )
    areas = []
    for code, group in itertools.groupby(rows, key=lambda row: row.ward_code):
        within = [shapely.from_wkb(bytes(row.wkb)) for row in group]
        whole = shapely.MultiPolygon([shapely.coverage_union_all(within)])
        assert shapely.normalize(whole) == shapely.normalize(outlines[code])
        areas += within
    assert shapely.coverage_is_valid(areas)  # across the wards' edges as well
    assert all(area.is_valid for area in areas)
    coordinates = shapely.get_coordinates(areas)
    assert (coordinates == coordinates.round(7)).all()
    assert outlines["20314"].covers(shapely.Point(108.2100, 15.9865))
    assert sum(len(shapely.get_coordinates(area)) for area in areas) / len(areas) > 40


@pytest.mark.parametrize("table", [tables.place, tables.incident])
async def test_what_is_placed_lies_in_the_neighbourhood_that_the_rule_gives_it(
    either: tuple[Database, Scale], table: sa.Table
) -> None:
    right = neighbourhood_at(table.c.ward_code, table.c.location)
    async with either[0].read() as connection:
        placed = (await connection.execute(sa.select(table.c.neighbourhood_id, right))).all()
    assert len(placed) > 50
    assert all(ours == ruled for ours, ruled in placed)


async def test_a_small_part_is_open_and_every_ward_has_some(either: tuple[Database, Scale]) -> None:
    rows = await rows_of(
        either[0],
        "SELECT ward_code, count(*) AS n, count(*) FILTER (WHERE status = ANY(:open)) AS open FROM incident GROUP BY 1",
        open=list(OPEN),
    )
    assert len(rows) == either[1].wards
    assert all(row.open for row in rows)
    assert 0.02 < sum(row.open for row in rows) / sum(row.n for row in rows) < 0.045
    [spread] = await rows_of(
        either[0],
        "SELECT min(reported_at) AS first, max(reported_at) AS last, count(DISTINCT status) AS n FROM incident",
    )
    assert timedelta(days=700) < NOW - spread.first <= timedelta(days=732)
    assert timedelta(minutes=5) < NOW - spread.last < timedelta(days=3)
    assert spread.n == len(Status)


async def test_no_crew_has_more_in_hand_than_it_can_take_nor_what_is_not_its_own(
    either: tuple[Database, Scale],
) -> None:
    rows = await rows_of(
        either[0],
        """
        SELECT c.name, c.capacity, c.on_duty, count(i.id) AS in_hand,
               count(i.id) FILTER (WHERE c.coverage IS NULL OR ST_Covers(c.coverage, i.location)) AS covered,
               count(k.category_id) AS handled
        FROM crew c
        LEFT JOIN incident i ON i.ward_code = c.ward_code AND i.crew_id = c.id AND i.status = ANY(:in_hand)
        LEFT JOIN crew_category k ON k.ward_code = c.ward_code AND k.crew_id = c.id AND k.category_id = i.category_id
        GROUP BY c.ward_code, c.id
        """,
        in_hand=list(IN_HAND),
    )
    assert len(rows) == 8 * either[1].wards
    assert sum(row.in_hand for row in rows) > 20
    for row in rows:
        assert row.in_hand < row.capacity
        assert row.in_hand == row.covered == row.handled
        assert row.on_duty or row.in_hand == 0


async def test_a_duplicate_repeats_an_earlier_report_of_the_same_kind_nearby(either: tuple[Database, Scale]) -> None:
    rows = await rows_of(
        either[0],
        """
        SELECT i.category_id = o.category_id AS same, o.status, o.reported_at <= i.reported_at AS earlier,
               ST_Distance(i.geog, o.geog) AS metres
        FROM incident i JOIN incident o ON o.ward_code = i.ward_code AND o.id = i.duplicate_of_id
        """,
    )
    assert len(rows) > 10
    assert all(row.same and row.earlier and row.metres < 800 and row.status != "DUPLICATE" for row in rows)


async def test_what_is_private_is_never_published(either: tuple[Database, Scale]) -> None:
    rows = await rows_of(
        either[0],
        "SELECT c.public, count(*) FILTER (WHERE i.published) AS published FROM incident i"
        " JOIN category c ON c.ward_code = i.ward_code AND c.id = i.category_id GROUP BY c.public",
    )
    published = {row.public: row.published for row in rows}
    assert published[False] == 0
    assert published[True] > 100


async def test_codes_and_telephones_are_of_the_usual_form_and_nobodys(either: tuple[Database, Scale]) -> None:
    [bad] = await rows_of(
        either[0],
        "SELECT count(*) AS n FROM incident WHERE tracking_code !~ ('^' || ward_code || '-[0-9A-HJKMNP-TV-Z]{6}$')",
    )
    assert bad.n == 0
    phones = await rows_of(
        either[0],
        "SELECT phone ~ '^(09000[0-9]{5}|0236 3000 [0-9]{3})$' AS made_up, count(*) AS n FROM"
        " (SELECT phone FROM team_member UNION ALL SELECT phone FROM place UNION ALL SELECT phone FROM reporter) p"
        " WHERE phone IS NOT NULL GROUP BY 1",
    )
    assert [row.made_up for row in phones] == [True]


async def test_every_team_has_a_leader_a_deputy_and_five_members_and_every_neighbourhood_a_house(
    either: tuple[Database, Scale],
) -> None:
    rows = await rows_of(
        either[0],
        "SELECT array_agg(m.role) AS roles, count(DISTINCT m.name) AS people FROM team t JOIN team_member m"
        " ON m.ward_code = t.ward_code AND m.team_id = t.id GROUP BY t.ward_code, t.id",
    )
    assert len(rows) == either[1].neighbourhoods
    assert all(Counter(row.roles) == {"LEADER": 1, "DEPUTY": 1, "MEMBER": 5} and row.people == 7 for row in rows)
    houses = await rows_of(
        either[0],
        "SELECT count(*) AS n FROM place WHERE kind = 'CULTURAL_HOUSE' GROUP BY ward_code, neighbourhood_id",
    )
    assert [house.n for house in houses] == [1] * either[1].neighbourhoods
    kinds = await rows_of(either[0], "SELECT DISTINCT ward_code, kind FROM place")
    assert len(kinds) == either[1].wards * len(tables.PlaceKind)


async def test_every_history_is_one_that_the_life_cycle_allows(city: Database) -> None:
    incidents, events = await lawful_histories(city, NOW)
    assert len(incidents) == SMALL_CITY.incidents
    assert sum(incident.reopened_count for incident in incidents) > 10
    assert sum(event.to_status == event.from_status for event in events) > 100


async def test_who_took_a_step_belongs_to_the_ward_and_the_crew(city: Database) -> None:
    rows = await rows_of(
        city,
        """
        SELECT count(*) AS n, count(*) FILTER (WHERE a.ward_code = e.ward_code) AS here,
               count(*) FILTER (WHERE e.party = 'CREW') AS by_crew,
               count(*) FILTER (WHERE e.party = 'CREW' AND e.crew_id = m.crew_id) AS own,
               count(*) FILTER (WHERE e.party = 'CREW' AND e.crew_id IS NULL) AS remarks
        FROM incident_event e JOIN account a ON a.id = e.account_id
        LEFT JOIN crew_member m ON m.account_id = a.id
        """,
    )
    [found] = rows
    assert found.n == found.here > 1000
    assert found.own + found.remarks == found.by_crew > 1000


async def test_accounts_open_with_the_demo_password(city: Database, nation: Database) -> None:
    own = {"admin", "staff", "team-1", *(f"crew-{number}" for number in range(1, 9))}
    for database, more in ((city, (SMALL_CITY.wards - 1) * 9), (nation, 0)):
        async with database.read() as connection:
            found = {account.username: account for account in await accounts.every(connection)}
            assert own <= set(found)
            assert len(found) == len(own) + more
            assert all(account.demo for account in found.values())
            assert await authenticate(connection, "crew-8", PASSWORD) == found["crew-8"]
            assert found["staff"].ward_code == "20314"
            assert found["team-1"].neighbourhood_id is not None
            assert {found[f"crew-{number}"].role for number in range(1, 9)} == {AccountRole.CREW_MEMBER}


async def test_a_nation_has_no_histories_and_few_words(nation: Database) -> None:
    [held] = await rows_of(
        nation,
        "SELECT (SELECT count(*) FROM incident_event) + (SELECT count(*) FROM reporter) AS steps,"
        " count(*) FILTER (WHERE description IS NOT NULL) AS said, count(resolved_at) AS resolved FROM incident",
    )
    assert held.steps == 0
    assert 0 < held.said < 0.1 * SMALL_NATION.incidents
    assert held.resolved > 0.8 * SMALL_NATION.incidents


_CATALOGUE = """
SELECT 'index' AS kind, indexname::text AS name, indexdef AS body FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'constraint', conrelid::regclass || ' ' || conname,
       pg_get_constraintdef(oid) || concat(convalidated, condeferrable, condeferred, contype)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'trigger', tgrelid::regclass || ' ' || tgname, pg_get_triggerdef(oid) || tgenabled::text
FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'references', tgrelid::regclass || ' ' || tgfoid::regproc, count(*)::text
FROM pg_trigger WHERE tgisinternal GROUP BY tgrelid, tgfoid
UNION ALL
SELECT 'column', attrelid::regclass || ' ' || attname, concat(attnotnull, attgenerated, atttypid::regtype)
FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
"""


async def _catalogue(database: Database) -> set[tuple[str, ...]]:
    return {tuple(row) for row in await rows_of(database, _CATALOGUE)}


async def test_indexes_constraints_and_triggers_are_afterwards_what_they_were(
    database: Database, either: tuple[Database, Scale]
) -> None:
    before = await _catalogue(database)
    assert {kind for kind, *_ in before} == {"index", "constraint", "trigger", "references", "column"}
    assert any(name == "incident_event incident_event_append_only" for _, name, _ in before)
    after = await _catalogue(either[0])
    assert after == before


async def test_the_rules_hold_again_for_what_comes_later(copying: Copying, city: Database) -> None:
    name = sa.make_url(city.url).database or ""
    await city.engine.dispose()  # a database is copied while nobody is in it
    async with copying(name) as url:
        changed = Database(url)
        with pytest.raises(sa.exc.DBAPIError, match="never edited"):
            async with changed.write() as connection:
                await connection.execute(sa.text("UPDATE incident_event SET note = 'x'"))
        with pytest.raises(sa.exc.DBAPIError, match="overlaps"):
            async with changed.write() as connection:
                await connection.execute(
                    sa.text(
                        "WITH ended AS (UPDATE neighbourhood_boundary SET until = now()"
                        " WHERE id = (SELECT id FROM neighbourhood_boundary LIMIT 1) RETURNING *)"
                        " INSERT INTO neighbourhood_boundary (ward_code, id, neighbourhood_id, boundary, since)"
                        " SELECT ward_code, gen_random_uuid(), neighbourhood_id,"
                        " ST_Multi(ST_Buffer(boundary, 0.001)), now() FROM ended"
                    )
                )
        await changed.close()


class _Stopped(Exception):
    pass


@pytest.mark.parametrize("at", ["Ghi phường", "Lập lại chỉ mục", "Kiểm tra ranh giới"])
async def test_a_load_that_fails_leaves_no_trace_and_the_next_begins_anew(database: Database, at: str) -> None:
    before = await _catalogue(database)

    def stop(label: str, done: int, _total: int) -> None:
        if label.startswith(at) and done:
            raise _Stopped

    with pytest.raises(_Stopped):
        async with database.write() as connection:
            await load_scale(connection, SMALL_NATION, stop, now=NOW)
    assert await _catalogue(database) == before
    [left] = await rows_of(database, "SELECT (SELECT count(*) FROM ward) + (SELECT count(*) FROM incident) AS n")
    assert left.n == 0
    assert (await _load(database, SMALL_NATION)).created


# Whatever comes out different each time by design: salted hashes and numbers of transactions.
_UNLIKE = {"password_hash", "xact"}


async def _checksums(database: Database) -> dict[str, str]:
    found = {}
    async with database.read() as connection:
        for table in tables.metadata.sorted_tables:
            columns = [sa.cast(column, sa.Text) for column in table.columns if column.name not in _UNLIKE]
            text = sa.func.concat_ws("|", *columns)
            rows = sa.select(text.label("t")).select_from(table).order_by(sa.text("1")).subquery()
            query = sa.select(sa.func.md5(sa.func.coalesce(sa.func.string_agg(rows.c.t, "\n"), "")), sa.func.count())
            found[table.name] = str(tuple((await connection.execute(query)).one()))
    return found


async def test_the_same_hour_gives_the_same_city(city: Database, database: Database) -> None:
    await _load(database, SMALL_CITY, NOW + timedelta(minutes=37))
    ours, theirs = await _checksums(city), await _checksums(database)
    # What triggers wait to count is numbered as it comes.
    for name in tables.metadata.tables:
        if not name.startswith("incident_cell"):
            assert ours[name] == theirs[name], name


async def test_loading_again_says_it_is_there(city: Database) -> None:
    before = await _checksums(city)
    summary = await _load(city, SMALL_CITY, NOW + timedelta(days=3))
    assert not summary.created
    assert (summary.wards, summary.neighbourhoods, summary.incidents) == (4, 30, 2500)
    assert summary.events > 10_000
    assert await _checksums(city) == before


async def test_a_large_demo_goes_into_an_empty_database_only(database: Database, city: Database) -> None:
    with pytest.raises(Refusal, match="empty"):
        await _load(city, SMALL_NATION)
    async with database.write() as connection:
        box = "SRID=4326;MULTIPOLYGON(((108 15.9, 108.3 15.9, 108.3 16.1, 108 15.9)))"
        await connection.execute(sa.insert(tables.ward).values(code="20314", name="Phường Hòa Xuân", boundary=box))
    for scale in (SMALL_CITY, replace(SMALL_CITY, wards=1)):
        with pytest.raises(Refusal, match="empty"):
            await _load(database, scale)
    [left] = await rows_of(database, "SELECT count(*) AS n FROM ward")
    assert left.n == 1


async def test_an_account_or_the_small_demo_is_in_the_way_as_well(database: Database) -> None:
    async with database.write() as connection:
        await accounts.create(
            connection, username="lan", password_hash="x", name="Lan", role=AccountRole.ADMIN, demo=False
        )
    with pytest.raises(Refusal, match="empty"):
        await _load(database, SMALL_CITY)
    async with database.write() as connection:
        await load(connection, _silent, now=NOW)
    with pytest.raises(Refusal, match="empty"):
        await _load(database, SMALL_CITY)


async def test_loading_tells_how_far_it_is(database: Database) -> None:
    told: list[tuple[str, int, int]] = []
    async with database.write() as connection:
        await load_scale(connection, SMALL_NATION, lambda *step: told.append(step), now=NOW)
    assert all(0 <= done <= total for _, done, total in told)
    finished = {label: (done, total) for label, done, total in told}
    assert len(finished) >= 4
    assert all(done == total for done, total in finished.values())
    assert ("Ghi phường, tổ dân phố và phản ánh", 1400, 1400) in told
