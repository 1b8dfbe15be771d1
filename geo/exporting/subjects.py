"""What is exported: places, neighbourhoods, incidents, each as this caller may see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geo import categories, incidents, neighbourhoods, places, teams
from geo.actor import Actor
from geo.importing.kinds import KIND_CALLED
from geo.incidents import EVERYTHING, Filter
from geo.language import Text
from geo.lifecycle import Status
from geo.ordering import natural
from geo.reading import refers

Column = sa.ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Logged:
    """How the audit log tells that those who work for a ward took a file: the action, and what its rows are called."""

    action: str
    counted: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Rows to export, over `readable(actor)`.

    `columns` are what every format tells of a row, by the name it has there; `spot` is the point that stands for it.
    """

    title: Text
    slug: str
    """What a file of it is called."""
    source: Any
    columns: Mapping[str, Column]
    name: Column
    geometry: Column
    spot: Column
    order: tuple[Column, ...]
    areas: bool = False
    logged: Logged | None = None
    """Of what holds words and names that not everybody sees."""

    def count(self) -> sa.Select[int]:
        """How many rows it has."""
        return sa.select(sa.func.count()).select_from(self.source)


LABELS: dict[str, str] = {
    "kind": "Loại",
    "code": "Mã",
    "address": "Địa chỉ",
    "phone": "Điện thoại",
    "opening_hours": "Giờ mở cửa",
    "neighbourhood": "Tổ dân phố",
    "team": "Tổ công nghệ số cộng đồng",
    "area_m2": "Diện tích (m²)",
    "category_name": "Loại phản ánh",
    "status": "Trạng thái",
    "reported_at": "Tiếp nhận lúc",
    "due_at": "Hạn xử lý",
    "resolved_at": "Xử lý xong lúc",
    "closed_at": "Đóng lúc",
    "overdue": "Quá hạn",
    "description": "Nội dung",
}
"""What people read beside a value."""

WORDS: dict[str, dict[str, str]] = {
    "kind": {kind.value: called for kind, called in KIND_CALLED.items()},
    "status": {
        Status.RECEIVED.value: "Đã tiếp nhận",
        Status.ASSIGNED.value: "Đã phân công",
        Status.ACCEPTED.value: "Đội đã nhận",
        Status.IN_PROGRESS.value: "Đang xử lý",
        Status.RESOLVED.value: "Đã xử lý",
        Status.CLOSED.value: "Đã đóng",
        Status.REJECTED.value: "Không thuộc phạm vi xử lý",
        Status.DUPLICATE.value: "Trùng với phản ánh khác",
    },
}
"""What people call a value that is a name for programs."""


def export_places(actor: Actor, ward_code: str) -> Subject:
    row = places.matching(actor, ward_code).subquery("p")
    around = neighbourhoods.readable(actor).subquery("n")
    columns: dict[str, Column] = {
        "id": row.c.id,
        "ward": row.c.ward_code,
        "kind": row.c.kind,
        "name": row.c.name,
        "address": row.c.address,
        "phone": row.c.phone,
        "opening_hours": row.c.opening_hours,
        "neighbourhood": around.c.name,
    }
    return Subject(
        title=Text("Địa điểm", "Places"),
        slug="dia-diem",
        source=row.outerjoin(around, refers(around, row, "id", "neighbourhood_id")),
        columns=columns,
        name=row.c.name,
        geometry=row.c.location,
        spot=row.c.location,
        order=(row.c.id,),
        logged=Logged("exportPlaces", "places"),
    )


def export_neighbourhoods(actor: Actor, ward_code: str) -> Subject:
    row = neighbourhoods.of_ward(actor, ward_code).subquery("n")
    team = teams.readable(actor).subquery("t")
    on_the_ground = sa.func.ST_Area(sa.func.geography(row.c.boundary))
    columns: dict[str, Column] = {
        "id": row.c.id,
        "ward": row.c.ward_code,
        "code": row.c.code,
        "name": row.c.name,
        "team": team.c.name,
        "area_m2": sa.cast(sa.func.round(sa.cast(on_the_ground, sa.Numeric)), sa.BigInteger),
    }
    return Subject(
        title=Text("Tổ dân phố", "Neighbourhoods"),
        slug="to-dan-pho",
        source=row.outerjoin(team, refers(team, row, "neighbourhood_id", "id")),
        columns=columns,
        name=row.c.name,
        geometry=row.c.boundary,
        spot=sa.func.ST_PointOnSurface(row.c.boundary),
        order=(natural(row.c.name), row.c.id),
        areas=True,
    )


def export_incidents(actor: Actor, ward_code: str, wanted: Filter = EVERYTHING) -> Subject:
    """The incidents that `wanted` describes."""
    row = incidents.matching(actor, wanted, ward_code=ward_code).subquery("i")
    kind = categories.readable(actor).subquery("c")
    around = neighbourhoods.readable(actor).subquery("n")
    columns: dict[str, Column] = {
        "id": row.c.id,
        "ward": row.c.ward_code,
        "code": row.c.tracking_code,
        "category": kind.c.code,
        "category_name": kind.c.name,
        "status": row.c.status,
        "reported_at": row.c.reported_at,
        "due_at": row.c.due_at,
        "resolved_at": row.c.resolved_at,
        "closed_at": row.c.closed_at,
        "overdue": row.c.overdue,
        "reopened_count": row.c.reopened_count,
        "neighbourhood": around.c.name,
        "address": row.c.address,
        "description": row.c.description,
    }
    source = row.join(kind, refers(kind, row, "id", "category_id"))
    return Subject(
        title=Text("Phản ánh", "Incidents"),
        slug="phan-anh",
        source=source.outerjoin(around, refers(around, row, "id", "neighbourhood_id")),
        columns=columns,
        name=sa.func.concat(kind.c.name, " · ", row.c.tracking_code),
        geometry=row.c.location,
        spot=row.c.location,
        order=(row.c.id,),
        logged=Logged("exportIncidents", "reports"),
    )


def spoken(name: str, column: Column) -> Column:
    """A column's value in words, where the value itself is a name for programs."""
    return sa.case(WORDS[name], value=column, else_=column) if name in WORDS else column


SUBJECTS: dict[str, Callable[[Actor, str], Subject]] = {
    "places": export_places,
    "neighbourhoods": export_neighbourhoods,
    "incidents": export_incidents,
}
"""By the name in an address and in a command."""
