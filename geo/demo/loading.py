"""Write the demo ward into a database, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from shapely import MultiPolygon, to_wkt
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import accounts, tables
from geo.demo.chance import Ids, chance
from geo.demo.ground import WARD_CODE, WARD_NAME, Ground, draw
from geo.demo.incidents import incidents
from geo.demo.names import person
from geo.demo.people import PASSWORD, Crew, crews, teams
from geo.demo.places import places
from geo.errors import Refusal
from geo.language import Text
from geo.passwords import hash_password
from geo.rejection_seeds import seed_rejections
from geo.seeds import seed_categories
from geo.tables import SRID, AccountRole, TeamRole

Progress = Callable[[str, int, int], None]
"""What is being done, how much of it is done, out of how much."""

_FOUNDED = timedelta(days=800)
"""How long before the load the demo ward's ground was settled: before its first incident."""
_FIRST = "Ranh giới ban đầu của bản demo"
_REAL_WARD = Text(
    "Phường 20314 ở đây là dữ liệu thật. Hãy nạp bản demo vào một cơ sở dữ liệu riêng.",
    "Ward 20314 is real here. Load the demo into a database of its own.",
)


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What the database holds of the demo, and whether this call put it there."""

    ward_code: str
    ward_name: str
    created: bool
    neighbourhoods: int
    teams: int
    team_members: int
    places: int
    crews: int
    incidents: int
    events: int
    accounts: tuple[str, ...]
    """Usernames; all share `PASSWORD`."""


async def load(connection: AsyncConnection, progress: Progress, *, now: datetime | None = None) -> DemoSummary:
    """Make the demo ward in the caller's transaction; where it exists already, change nothing.

    `now` (default: the clock) is rounded down to the hour; times count back from it, all else is always the same.
    Raises `Refusal` where ward 20314 is a real one, `InvalidInput` where a demo account's name is taken.
    """
    existing = await connection.scalar(sa.select(tables.ward.c.demo).where(tables.ward.c.code == WARD_CODE))
    if existing is not None:
        if not existing:
            raise Refusal(_REAL_WARD)
        return await _summary(connection, created=False)
    hour = (now or datetime.now(UTC)).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    founded = hour - _FOUNDED

    progress("Vẽ địa bàn phường và các tổ dân phố", 0, 1)
    ground = draw()
    neighbourhoods = await _write_ground(connection, ground, founded)
    progress("Vẽ địa bàn phường và các tổ dân phố", 1, 1)

    progress("Lập tổ công nghệ số, địa điểm, đội phản ứng nhanh", 0, 1)
    team_rows, member_rows = teams([(id_, name) for id_, name, _ in neighbourhoods], founded)
    await connection.execute(sa.insert(tables.team), team_rows)
    await connection.execute(sa.insert(tables.team_member), member_rows)
    place_rows = [{**row, "location": _point(row["location"])} for row in places(neighbourhoods, founded)]
    await connection.execute(sa.insert(tables.place), place_rows)
    ward_crews = crews(ground, founded)
    categories = await _categories(connection)
    await _write_crews(connection, ward_crews, categories)
    progress("Lập tổ công nghệ số, địa điểm, đội phản ứng nhanh", 1, 1)

    leader = next(row for row in member_rows if row["role"] == TeamRole.LEADER)
    usernames = await _write_accounts(connection, ward_crews, leader, progress)

    label = "Tạo phản ánh và lịch sử xử lý"
    rows = incidents(hour, neighbourhoods, ward_crews, categories, lambda done, all_: progress(label, done, all_))
    await _write_incidents(connection, rows.incidents, rows.events, rows.reporters, usernames, progress)
    # The trigger that keeps boundaries apart is deferred: let it speak here, not at the caller's commit.
    await connection.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
    await connection.execute(sa.text("ANALYZE ward, neighbourhood_boundary, place, incident, incident_event"))
    return await _summary(connection, created=True)


async def _write_ground(
    connection: AsyncConnection, ground: Ground, founded: datetime
) -> list[tuple[UUID, str, MultiPolygon]]:
    """Store the ward, its categories, its neighbourhoods and their boundaries; give the neighbourhoods."""
    await connection.execute(
        sa.insert(tables.ward).values(
            code=WARD_CODE, name=WARD_NAME, boundary=_multi_polygon(ground.outline), demo=True
        )
    )
    category_ids = Ids(chance("category ids"))
    await seed_categories(connection, WARD_CODE, make_id=lambda: category_ids.rising(founded))
    rejection_ids = Ids(chance("rejection ids"))
    await seed_rejections(connection, WARD_CODE, make_id=lambda: rejection_ids.rising(founded))
    ids, boundary_ids = Ids(chance("neighbourhood ids")), Ids(chance("boundary ids"))
    placed = [(ids.rising(founded), name, area) for name, area in zip(ground.names, ground.areas, strict=True)]
    await connection.execute(
        sa.insert(tables.neighbourhood),
        [
            {"ward_code": WARD_CODE, "id": id_, "code": f"{number:03d}", "name": name}
            for number, (id_, name, _) in enumerate(placed, start=1)
        ],
    )
    await connection.execute(
        sa.insert(tables.neighbourhood_boundary),
        [
            {
                "ward_code": WARD_CODE,
                "id": boundary_ids.rising(founded),
                "neighbourhood_id": id_,
                "boundary": _multi_polygon(area),
                "since": founded,
                "reason": _FIRST,
            }
            for id_, _, area in placed
        ],
    )
    await connection.execute(
        sa.insert(tables.boundary_edit).values(
            ward_code=WARD_CODE,
            id=boundary_ids.rising(founded),
            at=founded,
            reason=_FIRST,
            drawn=[id_ for id_, *_ in placed],
            redrawn=[],
            removed=[],
            renamed=[],
        )
    )
    return placed


async def _categories(connection: AsyncConnection) -> dict[str, UUID]:
    columns = tables.category.c
    found = await connection.execute(sa.select(columns.code, columns.id).where(columns.ward_code == WARD_CODE))
    return {row.code: row.id for row in found}


async def _write_crews(connection: AsyncConnection, members: Sequence[Crew], categories: Mapping[str, UUID]) -> None:
    rows = [
        {
            "ward_code": WARD_CODE,
            "id": crew.id,
            "name": crew.name,
            "capacity": crew.capacity,
            "on_duty": crew.on_duty,
            "coverage": None if crew.coverage is None else _multi_polygon(crew.coverage),
            "base": _point(crew.base),
        }
        for crew in members
    ]
    await connection.execute(sa.insert(tables.crew), rows)
    handled = [
        {"ward_code": WARD_CODE, "crew_id": crew.id, "category_id": categories[code]}
        for crew in members
        for code in crew.categories
    ]
    await connection.execute(sa.insert(tables.crew_category), handled)


async def _write_accounts(
    connection: AsyncConnection, ward_crews: Sequence[Crew], leader: Mapping[str, Any], progress: Progress
) -> dict[str, UUID]:
    """Create admin, staff, crew-1 to crew-8 and team-1; give their ids by username."""
    random = chance("accounts")
    password_hash = await asyncio.to_thread(hash_password, PASSWORD)
    plans: list[tuple[str, AccountRole, str, dict[str, Any]]] = [
        ("admin", AccountRole.ADMIN, "Quản trị hệ thống (demo)", {}),
        ("staff", AccountRole.STAFF, person(random), {"ward_code": WARD_CODE}),
    ]
    for number, crew in enumerate(ward_crews, start=1):
        place: dict[str, Any] = {"ward_code": WARD_CODE, "crew_id": crew.id}
        plans.append((f"crew-{number}", AccountRole.CREW_MEMBER, person(random), place))
    place = {"ward_code": WARD_CODE, "team_id": leader["team_id"]}
    plans.append(("team-1", AccountRole.TEAM_MEMBER, leader["name"], place))
    created: dict[str, UUID] = {}
    for done, (username, role, name, place) in enumerate(plans, start=1):
        created[username] = await accounts.create(
            connection, username=username, password_hash=password_hash, name=name, role=role, demo=True, **place
        )
        progress("Tạo tài khoản demo", done, len(plans))
    return created


async def _write_incidents(
    connection: AsyncConnection,
    incident_rows: Sequence[Mapping[str, Any]],
    event_rows: Sequence[Mapping[str, Any]],
    reporter_rows: Sequence[dict[str, Any]],
    usernames: Mapping[str, UUID],
    progress: Progress,
) -> None:
    label = "Ghi phản ánh vào cơ sở dữ liệu"
    written = [{**row, "location": _point(row["location"])} for row in incident_rows]
    for row in written:
        del row["category"]
    events = [{**row, "account_id": usernames.get(row["account"])} for row in event_rows]
    for event in events:
        del event["account"]
    everything = len(written) + len(events) + len(reporter_rows)
    done = 0
    for table, rows in ((tables.incident, written), (tables.incident_event, events), (tables.reporter, reporter_rows)):
        for start in range(0, len(rows), 1000):
            batch = list(rows[start : start + 1000])
            await connection.execute(sa.insert(table), batch)
            done += len(batch)
            progress(label, done, everything)


def _point(at: tuple[float, float]) -> str:
    return f"SRID={SRID};POINT({at[0]:.7f} {at[1]:.7f})"


def _multi_polygon(area: MultiPolygon) -> str:
    # The ground lies on the grid of seven decimals, so writing seven loses nothing.
    return f"SRID={SRID};{to_wkt(area, rounding_precision=7)}"


async def _summary(connection: AsyncConnection, *, created: bool) -> DemoSummary:
    async def count(table: sa.Table) -> int:
        query = sa.select(sa.func.count()).select_from(table).where(table.c.ward_code == WARD_CODE)
        return int(await connection.scalar(query) or 0)

    names = sa.select(tables.account.c.username).where(tables.account.c.demo).order_by(tables.account.c.created_at)
    return DemoSummary(
        ward_code=WARD_CODE,
        ward_name=WARD_NAME,
        created=created,
        neighbourhoods=await count(tables.neighbourhood),
        teams=await count(tables.team),
        team_members=await count(tables.team_member),
        places=await count(tables.place),
        crews=await count(tables.crew),
        incidents=await count(tables.incident),
        events=await count(tables.incident_event),
        accounts=tuple((await connection.scalars(names)).all()),
    )
