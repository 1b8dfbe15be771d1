"""A ward of a few rows, with a second one beside it, for tests that need exact answers.

Both are rectangles on the ground of Hòa Xuân. The first (`CODE`) is tiled by four neighbourhoods; it has teams, places,
crews, and an account of every role. `build` lays it all; `report` adds an incident in any status, with its history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import accounts, sessions, tables
from geo.ids import new_id, new_tracking_code
from geo.lifecycle import FINISHED, IN_HAND, Party, Status
from geo.passwords import hash_password
from geo.secrets import digest
from geo.seeds import WORKING_DAY, seed_categories
from geo.tables import AccountRole, PlaceKind, TeamRole

CODE = "20314"
OTHER = "20320"
PASSWORD = "phuong-so-kiem-thu"
REPORTED = datetime(2026, 11, 20, 2, 5, tzinfo=UTC)
"""09:05 on 20/11/2026 in Vietnam."""

Box = tuple[float, float, float, float]

GROUND: dict[str, Box] = {CODE: (108.20, 15.98, 108.24, 16.02), OTHER: (108.24, 15.98, 108.28, 16.02)}
"""West, south, east, north: the second ward shares the first one's eastern edge."""

TILES: dict[str, Box] = {
    "Tổ dân phố số 1": (108.20, 15.98, 108.22, 16.00),
    "Tổ dân phố số 2": (108.22, 15.98, 108.24, 16.00),
    "Tổ dân phố số 10": (108.20, 16.00, 108.22, 16.02),
    "Tổ dân phố Đông Hòa": (108.22, 16.00, 108.24, 16.02),
}
"""The first ward's neighbourhoods. The second ward is one neighbourhood, called like the first of these."""

FIRST, SECOND = "Tổ dân phố số 1", "Tổ dân phố số 2"
IN_FIRST, IN_SECOND, IN_OTHER, IN_THE_SEA = (108.21, 15.9865), (108.23, 15.99), (108.26, 16.0), (108.6, 16.0)
"""Positions, longitude first: in the first and second neighbourhood, in the other ward, in no ward."""

CLEAN, ROADS, FAR = "Đội Môi trường", "Đội Hạ tầng", "Đội Phường bên"
"""Crews: the first two of the first ward, the last of the second ward."""

USERNAMES = ("admin", "staff", "staff-other", "crew-clean", "crew-roads", "crew-other", "team-1", "team-other")


@dataclass
class Ward:
    """What was laid: ids by name."""

    neighbourhoods: dict[str, UUID] = field(default_factory=dict)
    teams: dict[str, UUID] = field(default_factory=dict)
    """By the name of the neighbourhood."""
    places: dict[str, UUID] = field(default_factory=dict)
    crews: dict[str, UUID] = field(default_factory=dict)
    accounts: dict[str, UUID] = field(default_factory=dict)
    """By username; see `USERNAMES`. All have `PASSWORD`."""


def square(west: float, south: float, east: float, north: float) -> str:
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return f"SRID=4326;MULTIPOLYGON((({', '.join(f'{x} {y}' for x, y in ring)})))"


def spot(at: tuple[float, float]) -> str:
    return f"SRID=4326;POINT({at[0]} {at[1]})"


@cache
def password_hash() -> str:
    """The hash of `PASSWORD`: made once, for it takes 50 ms."""
    return hash_password(PASSWORD)


async def build(connection: AsyncConnection) -> Ward:
    """Lay both wards."""
    made = Ward()
    names = {CODE: "Phường Hòa Xuân", OTHER: "Phường Cẩm Lệ"}
    for code, name in names.items():
        await connection.execute(sa.insert(tables.ward).values(code=code, name=name, boundary=square(*GROUND[code])))
        await seed_categories(connection, code)
    await connection.execute(_plainly())
    for name, tile in TILES.items():
        made.neighbourhoods[name], made.teams[name] = await _neighbourhood(connection, CODE, name, tile)
    _, other_team = await _neighbourhood(connection, OTHER, FIRST, GROUND[OTHER])
    await _members(connection, made.teams[FIRST])
    await _places(connection, made)
    made.crews[CLEAN] = await crew(connection, CLEAN, ["ENVIRONMENT", "SECURITY"], position=IN_SECOND)
    made.crews[ROADS] = await crew(connection, ROADS, ["INFRASTRUCTURE", "TRAFFIC"])
    made.crews[FAR] = await crew(connection, FAR, ["ENVIRONMENT"], code=OTHER, base=IN_OTHER)
    people: list[tuple[str, AccountRole, str | None, dict[str, UUID]]] = [
        ("admin", AccountRole.ADMIN, None, {}),
        ("staff", AccountRole.STAFF, CODE, {}),
        ("staff-other", AccountRole.STAFF, OTHER, {}),
        ("crew-clean", AccountRole.CREW_MEMBER, CODE, {"crew_id": made.crews[CLEAN]}),
        ("crew-roads", AccountRole.CREW_MEMBER, CODE, {"crew_id": made.crews[ROADS]}),
        ("crew-other", AccountRole.CREW_MEMBER, OTHER, {"crew_id": made.crews[FAR]}),
        ("team-1", AccountRole.TEAM_MEMBER, CODE, {"team_id": made.teams[FIRST]}),
        ("team-other", AccountRole.TEAM_MEMBER, OTHER, {"team_id": other_team}),
    ]
    for username, role, code, belongs in people:
        made.accounts[username] = await accounts.create(
            connection,
            username=username,
            password_hash=password_hash(),
            name=f"Người dùng {username}",
            role=role,
            ward_code=code,
            **belongs,
        )
    return made


def _plainly() -> sa.Update:
    """Every kind counts hours by the clock and asks for no photograph: tests that need more say so."""
    columns = tables.category.c
    hours = columns.deadline_hours * sa.case((columns.working_hours, 24 // WORKING_DAY), else_=1)
    plain = {"deadline_hours": hours, "working_hours": False, "accept_minutes": 30, "photo_required": False}
    return sa.update(tables.category).values(plain)


async def _neighbourhood(connection: AsyncConnection, code: str, name: str, tile: Box) -> tuple[UUID, UUID]:
    key, team = new_id(), new_id()
    await connection.execute(sa.insert(tables.neighbourhood).values(ward_code=code, id=key, name=name))
    of = {"ward_code": code, "neighbourhood_id": key}
    await connection.execute(
        sa.insert(tables.neighbourhood_boundary).values(**of, id=new_id(), boundary=square(*tile), since=REPORTED)
    )
    await connection.execute(sa.insert(tables.team).values(**of, id=team, name=f"Tổ công nghệ số {name}"))
    return key, team


async def _members(connection: AsyncConnection, team: UUID) -> None:
    """The first team's: a leader who agreed to be named, a deputy who did not. `team-1` joins as a third."""
    people = ((TeamRole.LEADER, "Nguyễn Thị Công Khai", REPORTED), (TeamRole.DEPUTY, "Trần Văn Kín Đáo", None))
    for role, name, consented_at in people:
        row = {"role": role, "name": name, "phone": "0905000111", "consented_at": consented_at}
        await connection.execute(sa.insert(tables.team_member).values(ward_code=CODE, id=new_id(), team_id=team, **row))


async def _places(connection: AsyncConnection, made: Ward) -> None:
    houses: list[tuple[str, PlaceKind, tuple[float, float], str, datetime | None]] = [
        ("Nhà văn hóa số 1", PlaceKind.CULTURAL_HOUSE, IN_FIRST, FIRST, None),
        ("Nhà văn hóa số 2", PlaceKind.CULTURAL_HOUSE, IN_SECOND, SECOND, None),
        ("Ủy ban nhân dân phường", PlaceKind.PEOPLES_COMMITTEE, (108.232, 15.992), SECOND, None),
        ("Nhà riêng đã đồng ý", PlaceKind.OFFICIAL_HOME, (108.211, 15.987), FIRST, REPORTED),
        ("Nhà riêng chưa đồng ý", PlaceKind.OFFICIAL_HOME, (108.212, 15.988), FIRST, None),
    ]
    for name, kind, at, neighbourhood, consented_at in houses:
        made.places[name] = new_id()
        row = {"name": name, "kind": kind, "location": spot(at), "consented_at": consented_at, "address": "12 Thử"}
        row["neighbourhood_id"] = made.neighbourhoods[neighbourhood]
        await connection.execute(sa.insert(tables.place).values(ward_code=CODE, id=made.places[name], **row))


async def crew(
    connection: AsyncConnection,
    name: str,
    categories: Sequence[str],
    *,
    code: str = CODE,
    base: tuple[float, float] = IN_FIRST,
    position: tuple[float, float] | None = None,
    **values: Any,
) -> UUID:
    """A crew on duty with a capacity of 10 unless `values` say otherwise; covers the whole ward."""
    key = new_id()
    row: dict[str, Any] = {"capacity": 10, "on_duty": True, "base": spot(base)}
    row |= {"position": None if position is None else spot(position), **values}
    await connection.execute(sa.insert(tables.crew).values(ward_code=code, id=key, name=name, **row))
    for category in categories:
        kind = _category(code, category)
        await connection.execute(sa.insert(tables.crew_category).values(ward_code=code, crew_id=key, category_id=kind))
    return key


def _category(code: str, category: str) -> sa.ScalarSelect[Any]:
    columns = tables.category.c
    return sa.select(columns.id).where(columns.ward_code == code, columns.code == category).scalar_subquery()


@dataclass(frozen=True)
class Reported:
    """An incident that was laid: how to name it, and its reporter's secret."""

    key: UUID
    tracking_code: str
    secret: str
    code: str = CODE

    @property
    def id(self) -> str:
        return f"Incident:{self.code}:{self.key}"


async def report(
    connection: AsyncConnection,
    *,
    at: tuple[float, float] = IN_FIRST,
    code: str = CODE,
    category: str = "ENVIRONMENT",
    status: Status = Status.RECEIVED,
    crew_id: UUID | None = None,
    neighbourhood_id: UUID | None = None,
    phone: str | None = None,
    tracking_code: str | None = None,
    **values: Any,
) -> Reported:
    """An incident with one public step in its history, and one internal note where it has a crew at work.

    What is finished was so an hour ago, unless `values` say when it was reported.
    """
    made = Reported(new_id(), tracking_code or new_tracking_code(code), f"secret-{uuid4()}", code)
    of = {"ward_code": code, "incident_id": made.key}
    reported_at = values.get("reported_at", REPORTED)
    row: dict[str, Any] = {"channel": "WEB", "reported_at": REPORTED, "due_at": reported_at + timedelta(days=3)}
    if status in (Status.RESOLVED, Status.CLOSED):
        row["resolved_at"] = reported_at + timedelta(days=1)
    await connection.execute(
        sa.insert(tables.incident).values(
            ward_code=code,
            id=made.key,
            tracking_code=made.tracking_code,
            category_id=_category(code, category),
            status=status,
            location=spot(at),
            crew_id=crew_id,
            neighbourhood_id=neighbourhood_id,
            request_key_hash=digest(str(made.key)),
            reporter_secret_hash=digest(made.secret),
            **{**row, **values},
        )
    )
    steps = [(None, Status.RECEIVED, Party.REPORTER, None, True)]
    if status is not Status.RECEIVED:
        steps.append((Status.RECEIVED, status, Party.SYSTEM, "Ghi chú công khai", True))
    if status in IN_HAND:
        steps.append((status, status, Party.STAFF, "Ghi chú nội bộ", False))
    for number, (before, after, party, note, public) in enumerate(steps):
        step = {"from_status": before, "to_status": after, "party": party, "note": note, "public": public}
        when = reported_at + timedelta(minutes=number)
        if after in FINISHED and "reported_at" not in values:
            # Lately, whenever the tests run: for a month its reporter may say that it is not solved.
            when = datetime.now(UTC) - timedelta(hours=1)
        await connection.execute(
            sa.insert(tables.incident_event).values(**of, id=new_id(), at=when, crew_id=crew_id, **step)
        )
    if phone is not None:
        told = {"name": "Lê Thị Phản Ánh", "phone": phone, "consented_at": REPORTED}
        await connection.execute(sa.insert(tables.reporter).values(**of, **told))
    return made


async def authenticate(connection: AsyncConnection, username: str, password: str) -> accounts.Account | None:
    """The account that this name and password open."""
    return await (await accounts.lock_of(connection, username)).opened_by(password)


async def token(connection: AsyncConnection, ward: Ward, username: str) -> str:
    """A bearer token of this account, good for an hour. It counts as just seen for as long: reading writes nothing."""
    made = await sessions.begin(connection, ward.accounts[username], timedelta(hours=1))
    seen = sa.update(tables.session).values(seen_at=sa.func.now() + timedelta(hours=1))
    await connection.execute(seen.where(tables.session.c.token_hash == digest(made)))
    return made
