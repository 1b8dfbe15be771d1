"""The great lists rely on indexes: each plan uses the one that its docstring names, and scans no table of incidents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement, Executable

from geo import deadlines, escalation, housekeeping, incidents, places, retention, tables, waiting
from geo.actor import ANONYMOUS, Actor, Role
from geo.database import Database
from geo.incidents import Filter
from geo.locating import geography, locality, neighbourhood_at, point
from geo.positions import Box, Position
from tests import ward
from tests.conftest import Copying
from tests.geo.conftest import Laid

STAFF = Actor(Role.STAFF, ward_code=ward.CODE)
HERE = Position(*ward.IN_FIRST)
OLD = timedelta(days=13, hours=18)
"""Most of the crowd is younger: what comes to be old within an hour is little beside all that is kept."""


class Explain(Executable, ClauseElement):
    """EXPLAIN of a statement, its values bound as when it runs."""

    inherit_cache = False

    def __init__(self, statement: sa.Select[Any]) -> None:
        self.statement = statement


@compiles(Explain)
def _explain(element: Explain, compiler: SQLCompiler, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.statement, **options)}"


@pytest.fixture(scope="module")
async def crowded(copying: Copying, laid_template: tuple[str, ward.Ward]) -> AsyncIterator[Laid]:
    """The small ward with twenty thousand incidents and places, and four hundred far wards and neighbourhoods."""
    name, made = laid_template
    async with copying(name) as url:
        database = Database(url)
        async with database.write() as connection:
            await connection.execute(sa.text("SELECT setseed(0.5)"))
            for statement in CROWD.split(";"):
                await connection.execute(sa.text(statement), {"crew": made.crews[ward.CLEAN]})
        async with database.read() as connection:
            await connection.execute(sa.text("ANALYZE"))
        yield Laid(database, made)
        await database.close()


CROWD = """
INSERT INTO incident (ward_code, id, tracking_code, category_id, status, crew_id, description, location, channel,
    reported_at, due_at, request_key_hash, reporter_secret_hash, resolved_at)
SELECT '20314', gen_random_uuid(), '20314-' || n,
    (SELECT id FROM category WHERE ward_code = '20314' AND code = 'OTHER'),
    CASE WHEN n % 50 = 0 THEN 'ACCEPTED' ELSE 'CLOSED' END, :crew, md5(n || ''),
    ST_SetSRID(ST_MakePoint(108.2 + random() / 25, 15.98 + random() / 25), 4326), 'WEB',
    now() - n * interval '1 minute', now() + n * interval '1 minute', sha256(n::text::bytea), sha256(n::text::bytea),
    now() FROM generate_series(1, 20000) AS n;
INSERT INTO reporter (ward_code, incident_id, phone, consented_at)
SELECT ward_code, id, '0905123456', reported_at FROM incident WHERE description IS NOT NULL;
INSERT INTO incident_event (ward_code, incident_id, id, to_status, public, party, at)
SELECT ward_code, id, id, 'RECEIVED', true, 'REPORTER', reported_at FROM incident WHERE ascii(description) % 4 = 0;
INSERT INTO photo (ward_code, id, incident_id, event_id, width, height, created_at)
SELECT ward_code, gen_random_uuid(), incident_id, id, 4, 3, at FROM incident_event WHERE id = incident_id;
INSERT INTO session (token_hash, account_id, expires_at)
SELECT sha256(n::text::bytea), (SELECT id FROM account WHERE username = 'staff'), now() + n * interval '1 minute'
FROM generate_series(-200, 20000) AS n;
INSERT INTO place (ward_code, id, kind, name, location)
SELECT '20314', gen_random_uuid(), 'OTHER', md5(n || 'p'),
    ST_SetSRID(ST_MakePoint(108.2 + random() / 25, 15.98 + random() / 25), 4326) FROM generate_series(1, 20000) AS n;
INSERT INTO ward (code, name, boundary)
SELECT (30000 + n)::text, 'W', ST_Multi(ST_MakeEnvelope(100 + n % 40, n / 40, 101 + n % 40, 1 + n / 40, 4326))
FROM generate_series(0, 399) AS n;
INSERT INTO neighbourhood (ward_code, id, name)
SELECT '20320', gen_random_uuid(), 'N' || n FROM generate_series(1, 400) AS n;
INSERT INTO neighbourhood_boundary (ward_code, id, neighbourhood_id, boundary, since)
SELECT '20320', gen_random_uuid(), id, ST_Multi(ST_MakeEnvelope(n % 40, n / 40, n % 40 + 1, n / 40 + 1, 4326)), now()
FROM (SELECT id, row_number() OVER () AS n FROM neighbourhood WHERE name LIKE 'N%') AS numbered
"""


def nodes_of(plan: Any) -> list[dict[str, Any]]:
    """Every node of a plan."""
    nodes = [plan[0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
    return nodes


async def plan_of(laid: Laid, statement: sa.Select[Any]) -> tuple[set[str], set[str]]:
    """The indexes that the plan of a statement uses, and the tables that it reads from end to end."""
    async with laid.database.read() as connection:
        plan = (await connection.execute(Explain(statement))).scalar_one()
    used: set[str] = set()
    scanned: set[str] = set()
    for node in nodes_of(plan):
        if "Index Name" in node:
            used.add(node["Index Name"])
        if node["Node Type"] == "Seq Scan":
            scanned.add(node["Relation Name"])
    return used, scanned


async def page_after(laid: Laid, order: Any, rows: sa.Select[Any]) -> sa.Select[Any]:
    """The page after the tenth row."""
    async with laid.database.read() as connection:
        first = (await connection.execute(sa.select(order.page(rows, 10, None)))).all()
    return sa.select(order.page(rows, 10, first[-1].cursor))


async def test_locating_reads_two_spatial_indexes(crowded: Laid) -> None:
    used, scanned = await plan_of(crowded, locality(point(HERE)))
    assert {"ix_ward_boundary", "ix_neighbourhood_boundary_boundary"} <= used
    assert not scanned
    used, _ = await plan_of(crowded, sa.select(neighbourhood_at(ward.OTHER, point(Position(*ward.IN_OTHER)))))
    assert "ix_neighbourhood_boundary_boundary" in used


LISTS = {
    "newest": (incidents.NEWEST_FIRST, "ix_incident_newest"),
    "oldest": (incidents.OLDEST_FIRST, "ix_incident_newest"),
    "most urgent": (incidents.MOST_URGENT_FIRST, "ix_incident_urgent"),
    "nearest": (incidents.nearest_first(geography(HERE)), "ix_incident_geog"),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("actor", [STAFF, ANONYMOUS], ids=["staff", "anonymous"])
async def test_a_page_of_the_wards_incidents_reads_the_index_of_its_order(
    crowded: Laid, name: str, actor: Actor
) -> None:
    order, index = LISTS[name]
    rows = incidents.matching(actor, ward_code=ward.CODE)
    for page in (sa.select(order.page(rows, 10, None)), await page_after(crowded, order, rows)):
        used, scanned = await plan_of(crowded, page)
        assert index in used
        assert "incident" not in scanned


async def test_a_crews_most_urgent_reads_only_what_it_has_in_hand(crowded: Laid) -> None:
    crew_id = crowded.ward.crews[ward.CLEAN]
    crew = Actor(Role.CREW_MEMBER, ward_code=ward.CODE, crew_id=crew_id)
    wanted = Filter(statuses=incidents.IN_HAND)
    rows = incidents.matching(crew, wanted, ward_code=ward.CODE, crew_id=crew_id)
    used, scanned = await plan_of(crowded, sa.select(incidents.MOST_URGENT_FIRST.page(rows, 20, None)))
    assert "ix_incident_crew_urgent" in used
    assert "incident" not in scanned


async def test_counting_what_a_crew_has_in_hand_reads_its_own_index(crowded: Laid) -> None:
    used, scanned = await plan_of(crowded, sa.select(incidents.in_hand(ward.CODE, crowded.ward.crews[ward.CLEAN])))
    assert "ix_incident_crew_urgent" in used
    assert not scanned


@pytest.mark.parametrize("order", [incidents.MOST_URGENT_FIRST, incidents.NEWEST_FIRST], ids=["urgent", "newest"])
async def test_what_needs_a_person_is_read_from_its_own_index(crowded: Laid, order: Any) -> None:
    rows = incidents.matching(STAFF, Filter(attention=True), ward_code=ward.CODE)
    used, scanned = await plan_of(crowded, sa.select(order.page(rows, 20, None)))
    assert "ix_incident_attention" in used
    assert "incident" not in scanned


async def test_a_map_window_reads_the_spatial_index(crowded: Laid) -> None:
    window = Box(108.21, 15.99, 108.212, 15.992)
    used, scanned = await plan_of(crowded, incidents.matching(STAFF, Filter(within=window), ward_code=ward.CODE))
    assert "ix_incident_location" in used
    assert "incident" not in scanned
    used, scanned = await plan_of(crowded, places.matching(ANONYMOUS, ward.CODE, within=window))
    assert "ix_place_location" in used
    assert "place" not in scanned


async def test_a_radius_reads_the_index_on_the_spheroid(crowded: Laid) -> None:
    wanted = Filter(near=HERE, radius_metres=50)
    used, scanned = await plan_of(crowded, incidents.matching(STAFF, wanted, ward_code=ward.CODE))
    assert "ix_incident_geog" in used
    assert "incident" not in scanned


async def test_nearest_places_read_the_index_on_the_spheroid(crowded: Laid) -> None:
    page = places.nearest_first(HERE).page(places.matching(ANONYMOUS, ward.CODE), 10, None)
    used, scanned = await plan_of(crowded, sa.select(page))
    assert "ix_place_geog" in used
    assert "place" not in scanned


async def test_a_search_reads_the_trigrams(crowded: Laid) -> None:
    used, _ = await plan_of(crowded, incidents.matching(STAFF, Filter(search="c4ca4238"), ward_code=ward.CODE))
    assert "ix_incident_search" in used
    used, _ = await plan_of(crowded, places.matching(ANONYMOUS, ward.CODE, search="c4ca4238"))
    assert "ix_place_search" in used


async def test_a_tracking_code_and_a_key_are_looked_up(crowded: Laid) -> None:
    used, scanned = await plan_of(crowded, incidents.with_tracking_code(ANONYMOUS, "20314-77"))
    assert "uq_incident_ward_code_tracking_code" in used
    assert "incident" not in scanned
    by_key = sa.select(tables.incident.c.id).where(tables.incident.c.request_key_hash == b"x" * 32)
    assert await plan_of(crowded, by_key) == ({"uq_incident_request_key_hash_ward_code"}, set())


async def test_similar_incidents_are_found_by_nearness(crowded: Laid) -> None:
    kind = await crowded.value("SELECT id FROM category WHERE ward_code = '20314' AND code = 'OTHER'")
    query = incidents.similar_to(STAFF, ward.CODE, ward.new_id(), kind, geography(HERE), 50, 5)
    used, scanned = await plan_of(crowded, query)
    assert "ix_incident_open_geog" in used
    assert "incident" not in scanned


async def test_many_similar_incidents_are_taken_from_the_index_in_its_order(crowded: Laid) -> None:
    kind = await crowded.value("SELECT id FROM category WHERE ward_code = '20314' AND code = 'OTHER'")
    query = incidents.similar_to(STAFF, ward.CODE, ward.new_id(), kind, geography(HERE), 1_000, 5)
    async with crowded.database.read() as connection:
        plan = (await connection.execute(Explain(query))).scalar_one()
    ordered = [node for node in nodes_of(plan) if "Order By" in node]
    assert [node["Index Name"] for node in ordered] == ["ix_incident_open_geog"]
    found = await crowded.rows(query)
    nearest = """
        SELECT id FROM incident WHERE status = 'ACCEPTED'
        ORDER BY ST_Distance(geog, ST_MakePoint(:x, :y)::geography), id LIMIT 5
    """
    assert [row.id for row in found] == [
        row.id for row in await crowded.rows(nearest, x=HERE.longitude, y=HERE.latitude)
    ]


async def test_the_worker_reads_only_what_is_due(crowded: Laid) -> None:
    assert await plan_of(crowded, escalation.late()) == ({"ix_incident_accept_by"}, set())
    for statement, index in (
        (housekeeping.silent(), "ix_incident_resolved"),
        (housekeeping.expired(), "ix_session_expires_at"),
        (deadlines.passed(), "ix_incident_deadline"),
    ):
        assert await plan_of(crowded, statement) == ({index}, set())
    for statement, index in (
        (deadlines.near(), "ix_incident_deadline"),
        (waiting.takeable(ward.CODE, list(crowded.ward.crews.values())), "ix_incident_waiting"),
    ):
        indexes, scanned = await plan_of(crowded, statement)
        assert index in indexes
        assert "incident" not in scanned
    for statement, index in (
        (retention.with_old_contacts(OLD), "ix_reporter_consented_at"),
        (retention.with_old_words(OLD, retention.DONE), "ix_incident_kept_done"),
        (retention.with_old_words(OLD, retention.REFUSED), "ix_incident_kept_refused"),
        (retention.with_old_pictures(OLD), "ix_photo_created_at"),
    ):
        indexes, scanned = await plan_of(crowded, statement)
        assert index in indexes
        assert scanned == set()
