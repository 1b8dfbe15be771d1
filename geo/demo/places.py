"""The demo ward's places, as rows of the table: a cultural house in every neighbourhood, offices, schools, markets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

import shapely
from shapely import MultiPolygon, Point

from geo.demo.chance import Ids, chance
from geo.demo.ground import WARD_CODE, position
from geo.demo.names import landline, mobile, person, street_address
from geo.tables import PlaceKind

Row = dict[str, Any]
OFFICE_HOURS = "Thứ Hai đến thứ Sáu: 7:30-11:30, 13:30-17:30"
SERVICE_HOURS = "Thứ Hai đến thứ Sáu: 7:00-17:30; thứ Bảy: 7:30-11:30"

# Kind, name, kilometres east and north of the centre, opening hours.
_OFFICES = (
    (PlaceKind.PEOPLES_COMMITTEE, "Ủy ban nhân dân phường Hòa Xuân", 0.22, -0.18, OFFICE_HOURS),
    (PlaceKind.PARTY_OFFICE, "Trụ sở Đảng ủy phường Hòa Xuân", 0.34, -0.14, OFFICE_HOURS),
    (PlaceKind.POLICE, "Công an phường Hòa Xuân", 0.08, 0.20, "Trực 24/24"),
    (PlaceKind.POLICE, "Điểm trực Công an phường tại khu vực Hòa Phước", -0.45, -2.60, "Trực 24/24"),
    (PlaceKind.MILITARY, "Ban Chỉ huy Quân sự phường Hòa Xuân", 0.40, -0.30, "Trực 24/24"),
    (PlaceKind.SERVICE_POINT, "Trung tâm Phục vụ hành chính công phường Hòa Xuân", 0.28, -0.25, SERVICE_HOURS),
    (PlaceKind.SERVICE_POINT, "Điểm hỗ trợ dịch vụ công Hòa Châu", -1.65, -1.15, SERVICE_HOURS),
    (PlaceKind.SERVICE_POINT, "Điểm hỗ trợ dịch vụ công Hòa Phước", -0.30, -2.75, SERVICE_HOURS),
    (PlaceKind.HEALTH_STATION, "Trạm Y tế phường Hòa Xuân", 0.55, 0.72, "Trực 24/24"),
    (PlaceKind.HEALTH_STATION, "Điểm trạm Y tế Hòa Châu", -1.55, -0.95, "Thứ Hai đến thứ Sáu: 7:00-17:00"),
    (PlaceKind.HEALTH_STATION, "Điểm trạm Y tế Hòa Phước", -0.15, -2.95, "Thứ Hai đến thứ Sáu: 7:00-17:00"),
    (PlaceKind.SCHOOL, "Trường Mầm non Hoa Sữa (demo)", 0.85, 1.35, None),
    (PlaceKind.SCHOOL, "Trường Mầm non Sông Cẩm (demo)", -0.65, 1.55, None),
    (PlaceKind.SCHOOL, "Trường Tiểu học số 1 (demo)", 0.30, 1.05, None),
    (PlaceKind.SCHOOL, "Trường Tiểu học số 2 (demo)", -1.30, -0.40, None),
    (PlaceKind.SCHOOL, "Trường Tiểu học số 3 (demo)", -0.10, -2.40, None),
    (PlaceKind.SCHOOL, "Trường Trung học cơ sở Sông Đò (demo)", 1.20, 0.60, None),
    (PlaceKind.SCHOOL, "Trường Trung học cơ sở Bàu Cầu (demo)", -0.80, -1.70, None),
    (PlaceKind.SCHOOL, "Trường Trung học phổ thông Hòa Xuân (demo)", 0.95, -0.75, None),
    (PlaceKind.MARKET, "Chợ Hòa Xuân (demo)", 0.10, 0.85, "Hằng ngày: 5:00-18:30"),
    (PlaceKind.MARKET, "Chợ Cồn Dầu (demo)", 1.75, 2.30, "Hằng ngày: 5:00-11:00"),
    (PlaceKind.MARKET, "Chợ Miếu Bông (demo)", -1.10, -1.45, "Hằng ngày: 5:00-18:00"),
    (PlaceKind.OTHER, "Công viên ven sông Cẩm Lệ (demo)", -0.55, 2.05, None),
    (PlaceKind.OTHER, "Sân vận động phường (demo)", 1.35, 0.05, "Hằng ngày: 5:00-21:00"),
    (PlaceKind.OTHER, "Điểm tập kết rác Nguyễn Phước Lan (demo)", 0.60, -1.25, None),
)  # fmt: skip
HOUSE_HOURS = (
    "Buổi tối thứ Ba, thứ Năm: 19:00-21:00",
    "Sáng Chủ nhật: 8:00-11:00",
    "Hằng ngày: 7:30-11:00, 14:00-21:00",
)


def places(neighbourhoods: Sequence[tuple[UUID, str, MultiPolygon]], moment: datetime) -> list[Row]:
    """Rows of `place`, each with the neighbourhood that holds it."""
    random, ids = chance("places"), Ids(chance("place ids"))
    rows: list[Row] = []

    def add(kind: PlaceKind, name: str, at: tuple[float, float], **more: Any) -> None:
        rows.append(
            {
                "ward_code": WARD_CODE,
                "id": ids.rising(moment),
                "kind": kind.value,
                "name": name,
                "location": at,
                "neighbourhood_id": holding(neighbourhoods, at),
                "address": None,
                "phone": None,
                "opening_hours": None,
                "consented_at": None,
                **more,
            }
        )

    for kind, name, east, north, hours in _OFFICES:
        phone = None if kind is PlaceKind.OTHER else landline(random)
        address = f"{street_address(random, position(east, north))}, phường Hòa Xuân, thành phố Đà Nẵng"
        add(kind, name, position(east, north), address=address, phone=phone, opening_hours=hours)
    for _, name, area in neighbourhoods:
        hours = random.choice(HOUSE_HOURS)
        at = somewhere_in(area, random, inwards=0.25)
        where = f"{street_address(random, at)}, {name}"
        add(
            PlaceKind.CULTURAL_HOUSE,
            f"Nhà văn hóa {name}",
            at,
            address=where,
            opening_hours=hours,
            phone=mobile(random),
        )
    # One official agreed to be on the map and one did not: what is public must differ.
    for index, consented_at in ((4, moment), (11, None)):
        _, name, area = neighbourhoods[index]
        head = f"Nhà riêng tổ trưởng {name}, {person(random)}"
        add(PlaceKind.OFFICIAL_HOME, head, somewhere_in(area, random), phone=mobile(random), consented_at=consented_at)
    return rows


def holding(neighbourhoods: Sequence[tuple[UUID, str, MultiPolygon]], at: tuple[float, float]) -> UUID | None:
    """The neighbourhood that holds a position: its own edge included, and the lowest id where several do."""
    point = Point(at)
    return min((id_ for id_, _, area in neighbourhoods if area.covers(point)), default=None)


def somewhere_in(area: MultiPolygon, random: Random, inwards: float = 0.0) -> tuple[float, float]:
    """A chance position on the grid inside an area; `inwards` shrinks the choice towards the middle (0 to 1)."""
    shapely.prepare(area)
    centre = area.representative_point()
    min_x, min_y, max_x, max_y = area.bounds
    while True:
        x, y = random.uniform(min_x, max_x), random.uniform(min_y, max_y)
        x, y = x + (centre.x - x) * inwards, y + (centre.y - y) * inwards
        at = (round(x, 7), round(y, 7))
        if area.contains(Point(at)):
            return at
