"""A person's right to have all that is kept about them: one document, and the photographs that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import audit, erasing, personal
from geo.erasing import Key
from geo.lifecycle import Party
from geo.personal import FREE_TEXTS, Person
from geo.tables import (
    category,
    consent,
    consent_wording,
    incident,
    incident_event,
    neighbourhood,
    photo,
    place,
    reporter,
    team,
    team_member,
)

ACTION = "exportPersonalData"

LABELS = {
    "asked": "Yêu cầu theo",
    "at": "Thời điểm",
    "reports": "Phản ánh đã gửi",
    "trackingCode": "Mã phản ánh",
    "ward": "Mã phường",
    "category": "Loại sự cố",
    "status": "Tình trạng",
    "description": "Nội dung",
    "address": "Địa chỉ đã ghi",
    "location": "Nơi báo sự cố (kinh độ, vĩ độ)",
    "neighbourhood": "Khu vực",
    "channel": "Cách gửi",
    "reportedAt": "Gửi lúc",
    "resolvedAt": "Xử lý xong lúc",
    "closedAt": "Đóng lúc",
    "erasedAt": "Đã xóa nội dung lúc",
    "satisfaction": "Đánh giá",
    "satisfactionComment": "Ý kiến đánh giá",
    "contact": "Thông tin liên hệ",
    "name": "Tên",
    "phone": "Số điện thoại",
    "email": "Email",
    "language": "Ngôn ngữ",
    "consents": "Sự đồng ý",
    "words": "Lời đồng ý",
    "givenAt": "Đồng ý lúc",
    "endedAt": "Hết hiệu lực lúc",
    "endedWhy": "Vì sao hết hiệu lực",
    "history": "Các bước",
    "from": "Từ tình trạng",
    "to": "Sang tình trạng",
    "note": "Ghi chú",
    "byReporter": "Do người phản ánh",
    "photos": "Ảnh",
    "file": "Tệp ảnh",
    "takenAt": "Chụp lúc",
    "published": "Công khai",
    "mentions": "Nơi khác có nhắc đến",
    "where": "Ở đâu",
    "text": "Nội dung",
    "teamMembers": "Thành viên tổ công nghệ số cộng đồng",
    "team": "Tổ",
    "role": "Vai trò",
    "organisation": "Đơn vị",
    "consentedAt": "Đồng ý công khai lúc",
    "places": "Địa điểm",
    "kind": "Loại",
    "accounts": "Tài khoản",
    "username": "Tên đăng nhập",
    "createdAt": "Tạo lúc",
}
"""What the members of an export are called in Vietnamese."""


@dataclass(frozen=True, slots=True)
class Export:
    """What is kept about a person, and the pictures that go with it, each by its name in the export."""

    document: dict[str, Any]
    pictures: dict[str, UUID]


async def export(connection: AsyncConnection, who: Person) -> Export:
    """All that is kept about this person: what they told, and where else they are named."""
    keys = await personal.reports_of(connection, who)
    pictures: dict[str, UUID] = {}
    reports = [await _report(connection, key, pictures) for key in keys]
    pattern = await personal.naming(connection, who, keys)
    named = [key for key in await personal.reports_naming(connection, who, pattern) if key not in keys]
    document = {
        "asked": who.phone or who.email or who.tracking_code,
        "at": await connection.scalar(sa.select(sa.func.now())),
        "reports": reports,
        "mentions": [*await _mentions(connection, pattern, named), *await _elsewhere(connection, who)],
        "teamMembers": await _members(connection, who),
        "places": await _places(connection, who),
        "accounts": [
            {"username": row.username, "name": row.name, "role": row.role, "createdAt": row.created_at}
            for row in await personal.accounts_of(connection, who)
        ],
        "labels": LABELS,
    }
    for ward_code in sorted({ward for ward, _ in keys}) or [who.ward_code or audit.NO_WARD]:
        count = sum(ward == ward_code for ward, _ in keys)
        await audit.record(connection, audit.operator(), ACTION, None, ward_code, {"reports": count})
    return Export(document, pictures)


async def _report(connection: AsyncConnection, key: Key, pictures: dict[str, UUID]) -> dict[str, Any]:
    ward_code, incident_id = key
    rows, told, steps = incident.c, reporter.c, incident_event.c
    around = sa.and_(neighbourhood.c.ward_code == rows.ward_code, neighbourhood.c.id == rows.neighbourhood_id)
    sort = sa.and_(category.c.ward_code == rows.ward_code, category.c.id == rows.category_id)
    query = (
        sa.select(
            *(rows[name] for name in ("tracking_code", "status", "description", "address", "channel", "reported_at")),
            *(rows[name] for name in ("resolved_at", "closed_at", "erased_at", "satisfaction", "satisfaction_comment")),
            sa.func.ST_X(rows.location).label("longitude"),
            sa.func.ST_Y(rows.location).label("latitude"),
            category.c.name.label("kind"),
            neighbourhood.c.name.label("around"),
        )
        .select_from(incident.join(category, sort).outerjoin(neighbourhood, around))
        .where(rows.ward_code == ward_code, rows.id == incident_id)
    )
    row = (await connection.execute(query)).one()
    of = (told.ward_code == ward_code, told.incident_id == incident_id)
    contact = sa.select(told.name, told.phone, told.email, told.language, told.consented_at).where(*of)
    who = (await connection.execute(contact)).one_or_none()
    taken = (
        sa.select(photo.c.id, photo.c.taken_at, photo.c.published)
        .join(
            incident_event,
            sa.and_(
                steps.ward_code == photo.c.ward_code,
                steps.incident_id == photo.c.incident_id,
                steps.id == photo.c.event_id,
            ),
        )
        .where(photo.c.ward_code == ward_code, photo.c.incident_id == incident_id)
        .where(erasing.SENT_BY_REPORTER)
        .order_by(photo.c.id)
    )
    photos = []
    for number, shown in enumerate(await connection.execute(taken), start=1):
        name = f"{row.tracking_code}-{number}.jpg"
        pictures[name] = shown.id
        photos.append({"file": name, "takenAt": shown.taken_at, "published": shown.published})
    history = (
        sa.select(steps.at, steps.from_status, steps.to_status, steps.note, steps.party)
        .where(steps.ward_code == ward_code, steps.incident_id == incident_id, steps.public)
        .order_by(steps.at, steps.id)
    )
    return {
        "trackingCode": row.tracking_code,
        "ward": ward_code,
        "category": row.kind,
        "status": row.status,
        "description": row.description,
        "address": row.address,
        "location": [row.longitude, row.latitude],
        "neighbourhood": row.around,
        "channel": row.channel,
        "reportedAt": row.reported_at,
        "resolvedAt": row.resolved_at,
        "closedAt": row.closed_at,
        "erasedAt": row.erased_at,
        "satisfaction": row.satisfaction,
        "satisfactionComment": row.satisfaction_comment,
        "contact": None
        if who is None
        else {"name": who.name, "phone": who.phone, "email": who.email, "language": who.language}
        | {"consentedAt": who.consented_at},
        "consents": await _consents(connection, ward_code, incident_id),
        "history": [
            {
                "at": step.at,
                "from": step.from_status,
                "to": step.to_status,
                "note": step.note,
                "byReporter": step.party == Party.REPORTER,
            }
            for step in await connection.execute(history)
        ],
        "photos": photos,
    }


async def _consents(connection: AsyncConnection, ward_code: str, subject_id: UUID) -> list[dict[str, Any]]:
    columns = consent.c
    query = (
        sa.select(consent_wording.c.text, columns.channel, columns.given_at, columns.ended_at, columns.ended_why)
        .join(consent_wording, consent_wording.c.key == columns.wording)
        .where(columns.ward_code == ward_code, columns.subject_id == subject_id)
        .order_by(columns.given_at)
    )
    return [
        {
            "words": row.text,
            "channel": row.channel,
            "givenAt": row.given_at,
            "endedAt": row.ended_at,
            "endedWhy": row.ended_why,
        }
        for row in await connection.execute(query)
    ]


async def _mentions(connection: AsyncConnection, pattern: str | None, keys: list[Key]) -> list[dict[str, Any]]:
    """Where others' reports name this person: the words in which they do."""
    if not keys or pattern is None:
        return []
    rows, steps = incident.c, incident_event.c
    parts = [
        sa.select(rows.ward_code, rows.tracking_code, text.label("text")).where(
            erasing.among(rows.ward_code, rows.id, keys), erasing.says(text, pattern)
        )
        for text in erasing.TEXTS
    ]
    of = sa.and_(rows.ward_code == steps.ward_code, rows.id == steps.incident_id)
    parts.append(
        sa.select(rows.ward_code, rows.tracking_code, steps.note.label("text"))
        .select_from(incident.join(incident_event, of))
        .where(erasing.among(steps.ward_code, steps.incident_id, keys), erasing.says(steps.note, pattern))
    )
    found = await connection.execute(sa.union_all(*parts))
    return [{"where": f"incident {row.tracking_code}", "ward": row.ward_code, "text": row.text} for row in found]


async def _elsewhere(connection: AsyncConnection, who: Person) -> list[dict[str, Any]]:
    if who.pattern is None:
        return []
    parts = [
        sa.select(sa.literal(f"{table.name}.{name}").label("where"), table.c.ward_code, table.c[name].label("text"))
        .select_from(table)
        .where(who.within(table.c.ward_code), erasing.says(table.c[name], who.pattern))
        for table, names in FREE_TEXTS.items()
        for name in names
    ]
    found = await connection.execute(sa.union_all(*parts))
    return [{"where": row.where, "ward": row.ward_code, "text": row.text} for row in found]


async def _members(connection: AsyncConnection, who: Person) -> list[dict[str, Any]]:
    if who.pattern is None:
        return []
    columns = team_member.c
    of = sa.and_(team.c.ward_code == columns.ward_code, team.c.id == columns.team_id)
    query = (
        sa.select(team_member, team.c.name.label("team"))
        .join(team, of)
        .where(who.within(columns.ward_code), erasing.says(columns.phone, who.pattern))
    )
    return [
        {
            "ward": row.ward_code,
            "team": row.team,
            "name": row.name,
            "role": row.role,
            "organisation": row.organisation,
            "phone": row.phone,
            "consentedAt": row.consented_at,
            "consents": await _consents(connection, row.ward_code, row.id),
        }
        for row in (await connection.execute(query)).all()
    ]


async def _places(connection: AsyncConnection, who: Person) -> list[dict[str, Any]]:
    if who.pattern is None:
        return []
    columns = place.c
    query = sa.select(
        columns.ward_code,
        columns.id,
        columns.kind,
        columns.name,
        columns.address,
        columns.phone,
        columns.consented_at,
        sa.func.ST_X(columns.location).label("longitude"),
        sa.func.ST_Y(columns.location).label("latitude"),
    ).where(who.within(columns.ward_code), erasing.says(columns.phone, who.pattern))
    return [
        {
            "ward": row.ward_code,
            "kind": row.kind,
            "name": row.name,
            "address": row.address,
            "location": [row.longitude, row.latitude],
            "phone": row.phone,
            "consentedAt": row.consented_at,
            "consents": await _consents(connection, row.ward_code, row.id),
        }
        for row in (await connection.execute(query)).all()
    ]
