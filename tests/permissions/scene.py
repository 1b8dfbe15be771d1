"""A ward in which there is one of everything, twice: one that is theirs and one that is not, for each kind of caller.

`own` is what the reporter, the first crew and the first team have to do with; `foreign` is the other crew's and the
second team's, in the same ward. Every text that is about a person occurs once in the database, so that it can be looked
for in whatever is said to anybody.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import tables
from geo.database import Database
from geo.ids import new_id, new_tracking_code
from geo.jobs import enqueue
from geo.lifecycle import FINISHED, Party, Status
from geo.secrets import digest
from geo.tables import AccountRole, Audience, NoticeKind, PlaceKind, TeamRole
from server.storage import Photographs, Size
from tests import ward
from tests.ward import CLEAN, CODE, FAR, FIRST, OTHER, ROADS, SECOND, Reported, Ward

OLD = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class Side:
    """Whose an object is: a crew, a neighbourhood and its ground, and who of them took the steps."""

    crew: str
    neighbourhood: str | None
    at: tuple[float, float]
    account: str
    category: str
    code: str = CODE


OWN = Side(CLEAN, FIRST, ward.IN_FIRST, "crew-clean", "ENVIRONMENT")
FOREIGN = Side(ROADS, SECOND, ward.IN_SECOND, "crew-roads", "INFRASTRUCTURE")
ELSEWHERE = Side(FAR, None, ward.IN_OTHER, "crew-other", "ENVIRONMENT", OTHER)


@dataclass
class Laid:
    """What was laid, by name: incidents, and the ids of everything else."""

    ward: Ward
    incidents: dict[str, Reported] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, UUID] = field(default_factory=dict)
    """The photographs that were stored, and their blurred copies."""
    numbers: int = 0

    def number(self) -> int:
        """Another number each time."""
        self.numbers += 1
        return self.numbers


async def lay(database: Database, photographs: Photographs, built: Ward) -> Laid:
    """Lay it all, and store what photographs there are."""
    laid = Laid(built)
    async with database.write() as connection:
        await _ground(connection, laid)
        await _people(connection, laid)
        for name, side in (("own", OWN), ("foreign", FOREIGN), ("elsewhere", ELSEWHERE)):
            await _incidents(connection, laid, name, side)
        await _desk(connection, laid)
    for name, key in laid.pictures.items():
        content = f"picture {name} {key}".encode()
        await photographs.put(key, {Size.LARGE: content, Size.SMALL: b"small " + content})
    return laid


async def _incidents(connection: AsyncConnection, laid: Laid, name: str, side: Side) -> None:
    held: dict[str, Any] = {
        "status": Status.ASSIGNED,
        "crew_id": laid.ward.crews[side.crew],
        "attention": "NOT_ACCEPTED",
        "accept_by": ward.REPORTED + timedelta(hours=1),
    }
    ended = {"status": Status.RESOLVED, "crew_id": laid.ward.crews[side.crew], "resolved_at": OLD + timedelta(days=20)}
    await _incident(connection, laid, f"{name}", side, **held)
    await _incident(connection, laid, f"{name} published", side, published=True, **held)
    await _incident(connection, laid, f"{name} dealt with", side, **ended)
    accepted = {"status": Status.ACCEPTED, "crew_id": laid.ward.crews[side.crew]}
    await _incident(connection, laid, f"{name} accepted", side, **accepted)
    # Published by mistake or on purpose: a private kind stays private.
    private = Side(side.crew, side.neighbourhood, side.at, side.account, "SECURITY", side.code)
    await _incident(connection, laid, f"{name} private", private, published=True, **held)
    await _incident(connection, laid, f"{name} private twin", private, **held)
    for of in ("", " published", " dealt with", " private"):
        of_this = laid.incidents[f"{name}{of}"].key
        await _incident(connection, laid, f"{name}{of} copy", side, status=Status.DUPLICATE, duplicate_of_id=of_this)
    await _incident(connection, laid, f"{name} waiting", side, status=Status.RECEIVED, erased_at=OLD)


async def _incident(connection: AsyncConnection, laid: Laid, name: str, side: Side, **values: Any) -> None:
    n = laid.number()
    neighbourhood = None if side.neighbourhood is None else laid.ward.neighbourhoods[side.neighbourhood]
    reported = Reported(new_id(), new_tracking_code(side.code), f"bi-mat-{n:03}-cua-nguoi-bao", side.code)
    kinds = tables.category.c
    kind = sa.select(kinds.id).where(kinds.ward_code == side.code, kinds.code == side.category).scalar_subquery()
    row: dict[str, Any] = {
        "ward_code": side.code,
        "id": reported.key,
        "tracking_code": reported.tracking_code,
        "category_id": kind,
        "location": ward.spot((side.at[0] + n / 1_000_000 + 0.0000003, side.at[1])),
        "neighbourhood_id": neighbourhood,
        "channel": "WEB",
        "reported_at": ward.REPORTED,
        "due_at": ward.REPORTED + timedelta(days=3),
        "description": f"chuyện riêng {n:03} {name}",
        "address": f"số nhà {n:03} {name}",
        "satisfaction": "ACCEPTABLE",
        "satisfaction_comment": f"lời khen chê {n:03} {name}",
        "request_key_hash": digest(f"khóa {n:03}"),
        "reporter_secret_hash": digest(reported.secret),
        **values,
    }
    await connection.execute(sa.insert(tables.incident).values(row))
    laid.incidents[name] = reported
    laid.ids[name] = reported.id
    of = {"ward_code": side.code, "incident_id": reported.key}
    told = {"name": f"người báo {n:03}", "phone": f"09051{n:05}", "email": f"hop-thu-{n:03}@example.vn"}
    when = datetime(2025, 3, 1, 1, 2, 3, tzinfo=UTC) + timedelta(days=n)
    await connection.execute(sa.insert(tables.reporter).values(**of, **told, language="vi", consented_at=when))
    status = values["status"]
    account, crew = laid.ward.accounts[side.account], laid.ward.crews[side.crew]
    weighed = [
        {"crewId": str(crew), "metres": 10.5, "inHand": 1, "capacity": 1, "seconds": 60, "chosen": True, "why": "FULL"}
    ]
    steps: dict[str, dict[str, Any]] = {
        "report": {"from_status": None, "to_status": Status.RECEIVED, "party": Party.REPORTER, "public": True},
        "step": {
            "from_status": Status.RECEIVED,
            "to_status": status,
            "party": Party.CREW,
            "public": True,
            "account_id": account,
            "crew_id": crew,
            "candidates": weighed,
        },
        "said": {"from_status": status, "to_status": status, "party": Party.REPORTER, "public": True},
        "internal": {
            "from_status": status,
            "to_status": status,
            "party": Party.STAFF,
            "public": False,
            "account_id": laid.ward.accounts["staff" if side.code == CODE else "staff-other"],
            "crew_id": crew,
            "candidates": weighed,
        },
    }
    began = ward.REPORTED
    if status in FINISHED:
        # Lately, whenever the tests run: for a month its reporter may say that it is not solved.
        began = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
    for number, (kind, step) in enumerate(steps.items()):
        event = new_id()
        note = None if kind == "report" else f"ghi chú {kind} {n:03}"
        at = began + timedelta(minutes=number)
        await connection.execute(sa.insert(tables.incident_event).values(**of, id=event, at=at, note=note, **step))
        pictured = not name.endswith(("copy", "twin", "waiting", "accepted"))
        for published in (False, True) if pictured else ():
            await _photograph(connection, laid, f"{name}.{kind}.{published}", of, event, published)


async def _photograph(
    connection: AsyncConnection, laid: Laid, name: str, of: dict[str, Any], event: UUID, published: bool
) -> None:
    """A photograph with its blurred copy; only those of the step have one, so that both sorts are there."""
    key, n = new_id(), laid.number()
    row: dict[str, Any] = {"width": 1000 + n, "height": 800, "event_id": event, "published": published}
    row["taken_at"] = datetime(2024, 1, 1, 4, 5, 6, tzinfo=UTC) + timedelta(days=n)
    if ".step." in name:
        laid.pictures[f"{name} copy"] = row["redacted_id"] = new_id()
        row["rectangles"] = [[0.25, 0.25, 0.5, 0.5 - n / 10_000]]
    laid.pictures[name] = key
    laid.ids[f"Photo {name}"] = f"Photo:{of['ward_code']}:{key}"
    await connection.execute(sa.insert(tables.photo).values(**of, id=key, **row))


async def _ground(connection: AsyncConnection, laid: Laid) -> None:
    """Former boundaries with who drew them and why, the savings, the crews' ground, places."""
    boundaries = tables.neighbourhood_boundary
    for number, (name, key) in enumerate(laid.ward.neighbourhoods.items()):
        of = {"ward_code": CODE, "neighbourhood_id": key}
        now = sa.update(boundaries).where(boundaries.c.ward_code == CODE, boundaries.c.neighbourhood_id == key)
        author = laid.ward.accounts["staff"]
        await connection.execute(now.values(reason=f"vẽ lại {number}", drawn_by=author))
        old = {"since": OLD, "until": ward.REPORTED, "reason": f"vẽ lần đầu {number}", "drawn_by": author}
        shape = ward.square(*ward.TILES[name])
        await connection.execute(sa.insert(boundaries).values(**of, id=new_id(), boundary=shape, **old))
        laid.ids[f"neighbourhood {name}"] = f"Neighbourhood:{CODE}:{key}"
        laid.ids[f"team {name}"] = f"Team:{CODE}:{laid.ward.teams[name]}"
    first = [laid.ward.neighbourhoods[FIRST]]
    for code, author in ((CODE, "staff"), (OTHER, "staff-other")):
        key = new_id()
        laid.ids[f"edit {code}"] = f"BoundaryEdit:{code}:{key}"
        row: dict[str, Any] = dict.fromkeys(("drawn", "redrawn", "removed", "renamed"), first if code == CODE else [])
        row |= {"account_id": laid.ward.accounts[author], "reason": f"lý do lưu {code}", "at": ward.REPORTED}
        await connection.execute(sa.insert(tables.boundary_edit).values(ward_code=code, id=key, **row))
    for number, side in enumerate((OWN, FOREIGN, ELSEWHERE)):
        key = laid.ward.crews[side.crew]
        laid.ids[f"crew {side.crew}"] = f"Crew:{side.code}:{key}"
        if side.neighbourhood is not None:
            named = {"crew_id": key, "neighbourhood_id": laid.ward.neighbourhoods[side.neighbourhood]}
            await connection.execute(sa.insert(tables.crew_neighbourhood).values(ward_code=CODE, **named))
        x, y = side.at
        where = {
            "base": ward.spot((x + 0.0012345 + number / 10_000, y + 0.0054321)),
            "position": ward.spot((x + 0.0023457 + number / 10_000, y + 0.0076543)),
            "position_at": datetime(2026, 10, 2, 7, 8, 9, tzinfo=UTC) + timedelta(days=number),
            "coverage": None,
        }
        await connection.execute(
            sa.update(tables.crew).where(tables.crew.c.ward_code == side.code, tables.crew.c.id == key).values(**where)
        )
    await connection.execute(sa.delete(tables.place))
    homes = (("place", PlaceKind.CULTURAL_HOUSE, None), ("home agreed", PlaceKind.OFFICIAL_HOME, OLD))
    for code, at in ((CODE, ward.IN_FIRST), (OTHER, ward.IN_OTHER)):
        for name, kind, consented_at in (*homes, ("home", PlaceKind.OFFICIAL_HOME, None)):
            key, n = new_id(), laid.number()
            laid.ids[f"{name} {code}"] = f"Place:{code}:{key}"
            values = {"name": f"nơi {name} {n:03}", "kind": kind, "address": f"ngõ {n:03} {name}"}
            values |= {"phone": f"02363{n:05}", "opening_hours": f"mở cửa {n:03}", "consented_at": consented_at}
            values |= {"neighbourhood_id": laid.ward.neighbourhoods[FIRST] if code == CODE else None}
            values |= {"location": ward.spot((at[0] + n / 99_991, at[1] + n / 99_991)), "source_key": f"nguồn {n:03}"}
            await connection.execute(sa.insert(tables.place).values(ward_code=code, id=key, **values))


async def _people(connection: AsyncConnection, laid: Laid) -> None:
    """Members of both teams with and without consent, and accounts whose words occur once."""
    columns = tables.team_member.c
    await connection.execute(sa.delete(tables.team_member).where(columns.account_id.is_(None)))
    for number, username in enumerate(laid.ward.accounts):
        key = laid.ward.accounts[username]
        code = None if username == "admin" else OTHER if username.endswith("-other") else CODE
        if code is not None:
            laid.ids[f"account {username}"] = f"Account:{code}:{key}"
        when = datetime(2025, 8, 1, 3, 4, 5, tzinfo=UTC) + timedelta(days=number)
        values: dict[str, Any] = {
            "username": f"tk{number}.{username}.dangnhap",
            "name": f"người làm {username} {number}",
        }
        values |= {
            "email": f"{username}-{number}@phuong.example.vn",
            "second_factor_salt": digest(f"muối {number}")[:16],
        }
        values |= {"second_factor_since": datetime(2025, 7, 1, 2, 3, 4, tzinfo=UTC) + timedelta(days=number)}
        account = tables.account
        await connection.execute(
            sa.update(account).where(account.c.id == key).values(**values, created_at=when, notices_seen_at=OLD)
        )
        browser = {"browser": f"Trình duyệt {number}", "system": f"Máy {number}"}
        session = tables.session
        await connection.execute(sa.update(session).where(session.c.account_id == key).values(**browser))
        link = {"token_hash": digest(f"đường dẫn {number}"), "purpose": "PASSWORD_RESET"}
        link |= {"expires_at": datetime(2027, 7, 1, 2, 3, 4, tzinfo=UTC) + timedelta(days=number)}
        await connection.execute(sa.insert(tables.account_link).values(account_id=key, **link))
        spare = {"code_hash": digest(f"mã dự phòng {number}")}
        await connection.execute(sa.insert(tables.recovery_code).values(account_id=key, **spare))
        # Who joined a team with an account was named after it.
        await connection.execute(
            sa.update(tables.team_member)
            .where(columns.account_id == key)
            .values(name=f"thành viên {username}", role=TeamRole.LEADER)
        )
    for side in (OWN, FOREIGN):
        for kind, consented in (("consenting", True), ("silent", False)):
            key, n = new_id(), laid.number()
            laid.ids[f"{kind} {side.neighbourhood}"] = f"TeamMember:{CODE}:{key}"
            when = datetime(2025, 9, 1, 5, 6, 7, tzinfo=UTC) + timedelta(days=n)
            row = {"name": f"người tổ {n:03}", "phone": f"09052{n:05}", "organisation": f"Đoàn {n:03}"}
            row |= {"role": TeamRole.MEMBER, "consented_at": when if consented else None}
            team = laid.ward.teams[side.neighbourhood or ""]
            await connection.execute(sa.insert(tables.team_member).values(ward_code=CODE, id=key, team_id=team, **row))
    crew_account = sa.select(tables.account.c.id).where(tables.account.c.role == AccountRole.CREW_MEMBER)
    assert len((await connection.scalars(crew_account)).all()) == 3


async def _desk(connection: AsyncConnection, laid: Laid) -> None:
    """Notices for everybody who gets any, texts to reject with, background jobs."""
    at = ward.REPORTED + timedelta(hours=2)
    notices: dict[str, dict[str, Any]] = {
        "notice staff": {"audience": Audience.STAFF, "kind": NoticeKind.OVERDUE, "of": "own private"},
        "notice elsewhere": {"audience": Audience.STAFF, "kind": NoticeKind.OVERDUE, "of": "elsewhere private"},
        "notice crew": {"audience": Audience.CREW, "kind": NoticeKind.ASSIGNED, "of": "own private"},
        "notice other crew": {"audience": Audience.CREW, "kind": NoticeKind.ASSIGNED, "of": "foreign private"},
        "notice team": {"audience": Audience.TEAM, "kind": NoticeKind.BOUNDARIES, "of": "own"},
        "notice other team": {"audience": Audience.TEAM, "kind": NoticeKind.BOUNDARIES, "of": "foreign"},
    }
    crews = {"notice crew": laid.ward.crews[CLEAN], "notice other crew": laid.ward.crews[ROADS]}
    teams = {"notice team": laid.ward.teams[FIRST], "notice other team": laid.ward.teams[SECOND]}
    for name, row in notices.items():
        of, key = laid.incidents[row.pop("of")], new_id()
        row |= {"incident_id": of.key, "crew_id": crews.get(name), "team_id": teams.get(name), "at": at}
        await connection.execute(sa.insert(tables.notice).values(ward_code=of.code, id=key, **row))
        laid.ids[name] = f"Notice:{of.code}:{key}"
    for code in (CODE, OTHER):
        kind = sa.select(tables.category.c.id).where(tables.category.c.ward_code == code).limit(1).scalar_subquery()
        key = new_id()
        text = {"text": f"mẫu từ chối {code}", "text_en": f"rejected template {code}", "position": 1}
        await connection.execute(
            sa.insert(tables.rejection_template).values(ward_code=code, id=key, category_id=kind, **text)
        )
        laid.ids[f"template {code}"] = f"RejectionTemplate:{code}:{key}"
        key, by = new_id(), laid.ward.accounts["staff" if code == CODE else "staff-other"]
        entry = {"account_id": by, "name": f"người ghi sổ {code}", "role": "STAFF", "action": "savePlace"}
        entry |= {"subject": f"Place:{code}:{key}", "details": {"created": True, "word": f"chitiet{code}"}}
        entry |= {"request_id": f"yeu-cau-{code}", "at": ward.REPORTED + timedelta(seconds=len(laid.ids))}
        await connection.execute(sa.insert(tables.audit_entry).values(ward_code=code, id=key, **entry))
        laid.ids[f"audit {code}"] = f"AuditEntry:{code}:{key}"
        job = await enqueue(connection, "plan_backlog", {"ward": code})
        headers = json.dumps({"error": f"LoiNen{code}"})
        failed = sa.text("UPDATE jobs.pgqueuer SET status = 'failed', headers = CAST(:headers AS jsonb) WHERE id = :id")
        await connection.execute(failed.bindparams(headers=headers, id=job))
        laid.ids[f"job {code}"] = str(job)
        await enqueue(connection, "plan_backlog", {"ward": code})
    for code in (CODE, OTHER):
        kinds = sa.select(tables.category.c.id, tables.category.c.code).where(tables.category.c.ward_code == code)
        for key, kind_code in await connection.execute(kinds):
            laid.ids[f"category {kind_code} {code}"] = f"Category:{code}:{key}"
