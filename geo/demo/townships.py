"""One ward of a large demo but for its incidents: ground, categories, teams, places, crews, accounts, as COPY rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from geo.demo import copying, masses
from geo.demo.chance import Ids, chance
from geo.demo.copying import Bytes, Value
from geo.demo.ground import WARD_CODE
from geo.demo.lattice import UNITS, Block, Plot, multipolygon
from geo.demo.names import any_address, landline, mobile, person
from geo.demo.people import ORGANISATIONS, PLANS
from geo.demo.places import HOUSE_HOURS, OFFICE_HOURS, SERVICE_HOURS
from geo.demo.scales import Scale
from geo.seeds import CATEGORIES, team_name
from geo.tables import SRID, AccountRole, PlaceKind, TeamRole

COLUMNS: dict[str, tuple[str, ...]] = {
    "account": ("id", "username", "password_hash", "name", "role", "ward_code", "demo", "created_at"),
    "ward": ("code", "name", "boundary", "demo"),
    "category": (
        "ward_code", "id", "code", "name", "name_en", "icon", "colour", "deadline_hours", "public", "position",
    ),
    "neighbourhood": ("ward_code", "id", "code", "name"),
    "neighbourhood_boundary": ("ward_code", "id", "neighbourhood_id", "boundary", "since", "reason"),
    "team": ("ward_code", "id", "name", "neighbourhood_id"),
    "team_member": (
        "ward_code", "id", "team_id", "name", "role", "organisation", "phone", "account_id", "consented_at",
    ),
    "place": (
        "ward_code", "id", "kind", "name", "address", "location", "phone", "opening_hours", "neighbourhood_id",
        "consented_at",
    ),
    "crew": ("ward_code", "id", "name", "capacity", "on_duty", "coverage", "base"),
    "crew_category": ("ward_code", "crew_id", "category_id"),
    "crew_member": ("ward_code", "crew_id", "account_id"),
}  # fmt: skip
"""The tables, in an order in which the later refer to the earlier, and the columns that are written."""

_MEMBERS = 7
_REASON = "Ranh giới ban đầu của bản demo"
_ALL_DAY, _MARKET_HOURS = "Trực 24/24", "Hằng ngày: 5:00-18:00"
_OFFICES: tuple[tuple[PlaceKind, str, str | None], ...] = (
    (PlaceKind.PEOPLES_COMMITTEE, "Ủy ban nhân dân {ward}", OFFICE_HOURS),
    (PlaceKind.PARTY_OFFICE, "Trụ sở Đảng ủy {ward}", OFFICE_HOURS),
    (PlaceKind.POLICE, "Công an {ward}", _ALL_DAY),
    (PlaceKind.MILITARY, "Ban Chỉ huy Quân sự {ward}", _ALL_DAY),
    (PlaceKind.SERVICE_POINT, "Trung tâm Phục vụ hành chính công {ward}", SERVICE_HOURS),
    (PlaceKind.HEALTH_STATION, "Trạm Y tế {ward}", _ALL_DAY),
    (PlaceKind.SCHOOL, "Trường Mầm non {ward}", None),
    (PlaceKind.SCHOOL, "Trường Tiểu học {ward}", None),
    (PlaceKind.SCHOOL, "Trường Trung học cơ sở {ward}", None),
    (PlaceKind.MARKET, "Chợ {ward}", _MARKET_HOURS),
    (PlaceKind.OTHER, "Sân vận động {ward}", None),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a ward of a large demo is made from."""

    scale: Scale
    plot: Plot
    code: str
    name: str
    founded: datetime
    password_hash: str

    @property
    def home(self) -> bool:
        """Whether it is the demo ward, whose accounts are called as in the small demo."""
        return self.code == WARD_CODE


class Township:
    """The rows of one ward by table, and the ids that its incidents refer to. The same every time."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rows: dict[str, list[bytes]] = {table: [] for table in COLUMNS}
        topic = f"{plan.scale.seed}:{plan.plot.number}"
        self._random = random = chance(f"{topic}:people")
        self._ids = Ids(chance(f"{topic}:ids"))
        self._add("ward", plan.code, plan.name, self._outline(plan.plot.block), True)
        categories = self._categories()
        neighbourhoods = self._neighbourhoods()
        self._crews = [self._id() for _ in PLANS]
        for crew_id, crew in zip(self._crews, PLANS, strict=True):
            for category in crew.categories:
                self._add("crew_category", plan.code, crew_id, categories[category])
        self._places(neighbourhoods, random)
        accounts = self._accounts(random)
        self._teams(neighbourhoods, random)
        self.ids = masses.Ids(
            categories=_bytes([categories[seed.code] for seed in CATEGORIES]),
            neighbourhoods=_bytes([id_ for id_, _ in neighbourhoods]),
            crews=_bytes(self._crews),
            crew_accounts=_bytes(accounts[1:] or self._crews),
            staff_account=_bytes(accounts[:1] or self._crews[:1]),
        )

    def crews(self, in_hand: Sequence[int]) -> None:
        """The crews, each with room for what it has in hand and a little more."""
        plan, plot = self.plan, self.plan.plot
        west, east, north, south = plot.block
        middle = north + masses.halfway(plot)
        halves: dict[str, Block | None] = {
            "north": (west, east, north, middle),
            "south": (west, east, middle, south),
            "all": None,
        }
        size = np.array([east - west, south - north])
        for crew_id, crew, held in zip(self._crews, PLANS, in_hand, strict=True):
            half = halves[crew.half]
            at = np.array([[self._random.uniform(0.2, 0.8), self._random.uniform(0.2, 0.8)]]) * size
            self._add(
                "crew",
                plan.code,
                crew_id,
                crew.name,
                max(crew.capacity, held + held // 4 + 3),
                crew.on_duty,
                None if half is None else self._outline(half),
                self._points(at)[0],
            )

    def _add(self, table: str, *values: Value) -> None:
        self.rows[table].append(copying.row(*values))

    def _id(self) -> UUID:
        return self._ids.rising(self.plan.founded)

    def _outline(self, block: Block) -> bytes:
        return multipolygon(self.plan.plot.ring(block))

    def _points(self, at: NDArray[np.float64]) -> list[bytes]:
        units = self.plan.plot.positions(at[:, 0], at[:, 1])
        return [one.tobytes() for one in copying.points(units, UNITS, SRID).binary]

    def _categories(self) -> dict[str, UUID]:
        made = {}
        for position, seed in enumerate(CATEGORIES, start=1):
            made[seed.code] = id_ = self._id()
            names = (seed.name.vi, seed.name.en, seed.icon, seed.colour)
            # By the clock, as `masses` counts: these wards are made by the thousand.
            self._add("category", self.plan.code, id_, seed.code, *names, seed.clock_hours, seed.public, position)
        return made

    def _neighbourhoods(self) -> list[tuple[UUID, str]]:
        code, founded = self.plan.code, self.plan.founded
        made = []
        for number, block in enumerate(self.plan.plot.neighbourhoods, start=1):
            id_, name = self._id(), f"Tổ dân phố số {number}"
            self._add("neighbourhood", code, id_, f"{number:03d}", name)
            self._add("neighbourhood_boundary", code, self._id(), id_, self._outline(block), founded, _REASON)
            made.append((id_, name))
        return made

    def _places(self, neighbourhoods: Sequence[tuple[UUID, str]], random: Random) -> None:
        plan, plot = self.plan, self.plan.plot
        west, _, north, _ = plot.block
        # A cultural house near the middle of each neighbourhood; the offices each in a neighbourhood of its own.
        middles = [
            (
                left - west + (right - left) * random.uniform(0.3, 0.7),
                top - north + (bottom - top) * random.uniform(0.3, 0.7),
            )
            for left, right, top, bottom in plot.neighbourhoods
        ]
        for (id_, name), location in zip(neighbourhoods, self._points(np.array(middles)), strict=True):
            house, hours = f"Nhà văn hóa {name}", random.choice(HOUSE_HOURS)
            where = f"{any_address(random)}, {name}"
            kind = PlaceKind.CULTURAL_HOUSE.value
            self._add("place", plan.code, self._id(), kind, house, where, location, mobile(random), hours, id_, None)
        ward = plan.name[0].lower() + plan.name[1:]
        hosts = [random.randrange(len(middles)) for _ in range(len(_OFFICES) + 2)]
        spots = self._points(np.array([middles[host] for host in hosts]) + 0.9)
        for (kind, title, opening), host, spot in zip(_OFFICES, hosts, spots, strict=False):
            held = self._holding(middles[host], neighbourhoods)
            where, phone = f"{any_address(random)}, {ward}", landline(random)
            name = title.format(ward=ward)
            self._add("place", plan.code, self._id(), kind.value, name, where, spot, phone, opening, held, None)
        # One official agreed to be on the map and one did not.
        for host, spot, consented_at in zip(hosts[-2:], spots[-2:], (plan.founded, None), strict=True):
            home = f"Nhà riêng tổ trưởng {neighbourhoods[host][1]}, {person(random)}"
            held, kind_name = self._holding(middles[host], neighbourhoods), PlaceKind.OFFICIAL_HOME.value
            self._add(
                "place", plan.code, self._id(), kind_name, home, None, spot, mobile(random), None, held, consented_at
            )

    def _holding(self, middle: tuple[float, float], neighbourhoods: Sequence[tuple[UUID, str]]) -> UUID:
        """The neighbourhood of a place that lies 0.9 cells to the south-east of `middle`."""
        cell = int(self.plan.plot.cells()[int(middle[1] + 0.9), int(middle[0] + 0.9)])
        return neighbourhoods[cell][0]

    def _accounts(self, random: Random) -> list[UUID]:
        """Staff and one member a crew, in this order; in the demo ward also the administrator."""
        plan = self.plan
        if not (plan.scale.histories or plan.home):
            return []
        suffix = "" if plan.home else f"-{plan.code}"
        if plan.home:
            self._account("admin", "Quản trị hệ thống (demo)", AccountRole.ADMIN, None)
        made = [self._account(f"staff{suffix}", person(random), AccountRole.STAFF, plan.code)]
        for number, crew_id in enumerate(self._crews, start=1):
            name = f"crew{suffix}-{number}"
            account_id = self._account(name, person(random), AccountRole.CREW_MEMBER, plan.code)
            self._add("crew_member", plan.code, crew_id, account_id)
            made.append(account_id)
        return made

    def _account(self, username: str, name: str, role: AccountRole, ward_code: str | None) -> UUID:
        id_, plan = self._id(), self.plan
        self._add("account", id_, username, plan.password_hash, name, role.value, ward_code, True, plan.founded)
        return id_

    def _teams(self, neighbourhoods: Sequence[tuple[UUID, str]], random: Random) -> None:
        plan = self.plan
        for neighbourhood_id, name in neighbourhoods:
            team_id = self._id()
            self._add("team", plan.code, team_id, team_name(name), neighbourhood_id)
            posts = [(TeamRole.LEADER, "Tổ trưởng tổ dân phố"), (TeamRole.DEPUTY, "Bí thư Chi đoàn")]
            posts += [(TeamRole.MEMBER, body) for body in random.sample(ORGANISATIONS, _MEMBERS - len(posts))]
            people: set[str] = set()
            for role, organisation in posts:
                who = person(random)
                while who in people:
                    who = person(random)
                people.add(who)
                first = plan.home and role is TeamRole.LEADER and neighbourhood_id == neighbourhoods[0][0]
                account = self._account("team-1", who, AccountRole.TEAM_MEMBER, plan.code) if first else None
                consented_at = plan.founded if role is TeamRole.LEADER or random.random() < 0.6 else None
                told = (role.value, organisation, mobile(random), account, consented_at)
                self._add("team_member", plan.code, self._id(), team_id, who, *told)


def _bytes(ids: Sequence[UUID]) -> Bytes:
    return np.frombuffer(b"".join(id_.bytes for id_ in ids), np.uint8).reshape(len(ids), 16)
