"""The demo ward's community digital teams, rapid-response crews and accounts, as rows of the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import shapely
from shapely import MultiPolygon

from geo.demo.chance import Ids, chance
from geo.demo.ground import WARD_CODE, Ground, kilometres, position
from geo.demo.names import mobile, person
from geo.seeds import team_name
from geo.tables import TeamRole

Row = dict[str, Any]
# Printed on the terminal: demo accounts exist in the demo only.
PASSWORD = "phuongso-demo"  # noqa: S105 # nosec B105

# Who belongs to a team, after its leader and its deputy, as the ward's plan lists them.
ORGANISATIONS = (
    "Công an khu vực", "Đoàn Thanh niên", "Hội Liên hiệp Phụ nữ", "Hội Nông dân", "Ban Công tác Mặt trận",
    "Công chức phường", "Nhân viên bưu điện", "Nhân viên viễn thông", "Người dân nhiệt tình", "Hội Cựu chiến binh",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Crew:
    """A rapid-response crew of the demo: what it handles, where, and how much at a time."""

    id: UUID
    name: str
    categories: tuple[str, ...]
    capacity: int
    on_duty: bool
    coverage: MultiPolygon | None
    """None: the whole ward."""
    base: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """A crew before it has an id and a ward."""

    name: str
    categories: tuple[str, ...]
    capacity: int
    base: tuple[float, float]
    """Kilometres east and north of the centre."""
    half: str = "all"
    on_duty: bool = True


PLANS = (
    Plan("Đội Môi trường phía Bắc", ("ENVIRONMENT",), 18, (0.4, 1.5), "north"),
    Plan("Đội Môi trường phía Nam", ("ENVIRONMENT",), 14, (-0.3, -2.2), "south"),
    Plan("Đội Hạ tầng, chiếu sáng", ("INFRASTRUCTURE", "OTHER"), 16, (0.9, 0.4)),
    Plan("Đội Thoát nước, cây xanh", ("INFRASTRUCTURE", "ENVIRONMENT"), 10, (-1.4, 0.9), "north", on_duty=False),
    Plan("Tổ An toàn giao thông", ("TRAFFIC",), 14, (-0.9, -0.5)),
    Plan("Tổ Bảo vệ an ninh trật tự cơ sở", ("SECURITY", "TRAFFIC"), 12, (0.1, 0.2)),
    Plan("Tổ Kiểm tra an toàn thực phẩm", ("FOOD_SAFETY", "OTHER"), 10, (0.6, 1.0)),
    Plan("Đội Quy tắc đô thị", ("URBAN_ORDER", "OTHER"), 14, (0.2, -0.3)),
)


def crews(ground: Ground, moment: datetime) -> tuple[Crew, ...]:
    """The eight crews; `crew-1` to `crew-8` are their accounts, in this order."""
    ids = Ids(chance("crew ids"))
    return tuple(
        Crew(
            id=ids.rising(moment),
            name=plan.name,
            categories=plan.categories,
            capacity=plan.capacity,
            on_duty=plan.on_duty,
            coverage=_coverage(ground, plan.half),
            base=position(*plan.base),
        )
        for plan in PLANS
    )


def _coverage(ground: Ground, half: str) -> MultiPolygon | None:
    """The neighbourhoods on one side of the ward's middle, as one area; the two halves share their edge."""
    if half == "all":
        return None
    north = [kilometres(area.centroid.x, area.centroid.y)[1] > -0.6 for area in ground.areas]
    chosen = [area for area, is_north in zip(ground.areas, north, strict=True) if is_north == (half == "north")]
    union: Any = shapely.coverage_union_all(chosen)
    return union if isinstance(union, MultiPolygon) else MultiPolygon([union])


def teams(neighbourhoods: Sequence[tuple[UUID, str]], moment: datetime) -> tuple[list[Row], list[Row]]:
    """Rows of `team` and of `team_member`: for every neighbourhood one team of seven to ten."""
    random, ids = chance("teams"), Ids(chance("team ids"))
    team_rows: list[Row] = []
    member_rows: list[Row] = []
    for neighbourhood_id, name in neighbourhoods:
        team_id = ids.rising(moment)
        team_rows.append(
            {"ward_code": WARD_CODE, "id": team_id, "name": team_name(name), "neighbourhood_id": neighbourhood_id}
        )
        head = "Trưởng thôn" if name.startswith("Thôn") else "Tổ trưởng tổ dân phố"
        posts = [(TeamRole.LEADER, head), (TeamRole.DEPUTY, "Bí thư Chi đoàn")]
        posts += [(TeamRole.MEMBER, body) for body in random.sample(ORGANISATIONS, random.randint(5, 8))]
        names: set[str] = set()
        for role, organisation in posts:
            who = person(random)
            while who in names:
                who = person(random)
            names.add(who)
            consents = role is TeamRole.LEADER or random.random() < 0.6
            member_rows.append(
                {
                    "ward_code": WARD_CODE,
                    "id": ids.rising(moment),
                    "team_id": team_id,
                    "name": who,
                    "role": role.value,
                    "organisation": organisation,
                    "phone": mobile(random),
                    "consented_at": moment if consents else None,
                }
            )
    return team_rows, member_rows
