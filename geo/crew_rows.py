"""A line of a spreadsheet as a crew: the table's columns, what each cell means, and what it would change. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shapely.geometry import MultiPolygon

from geo.contact import Checked
from geo.crew_ground import Covers
from geo.errors import Problem
from geo.ids import as_id, new_id
from geo.language import Text
from geo.place_rows import read_position, written
from geo.tabular import Action, Change, Column, Comparing, Difference, Line, as_read, labelled, plain

COLUMNS = (
    Column("id", Text("Mã", "Id"), ("Mã đội", "Crew id")),
    Column("name", Text("Tên đội", "Crew"), ("Tên", "Đội", "Name"), needed=True),
    Column("capacity", Text("Số việc cùng lúc", "Capacity"), ("Sức chứa", "Số việc")),
    Column("categories", Text("Lĩnh vực", "Categories"), ("Loại phản ánh",)),
    Column("ground", Text("Địa bàn", "Ground"), ("Tổ dân phố", "Phạm vi")),
    Column("base", Text("Điểm xuất phát (vĩ độ, kinh độ)", "Base (latitude, longitude)"), ("Điểm xuất phát",)),
    Column("members", Text("Thành viên (tên đăng nhập)", "Members (usernames)"), ("Thành viên",)),
)
WHOLE, DRAWN = "Cả phường", "Vùng vẽ riêng"
USUAL_CAPACITY = 10
SEPARATOR = "; "
_MOST = 1_000

UNKNOWN_ID = Text("Phường không có đội mang mã này. Để trống mã nếu là đội mới.", "The ward has no crew with this id.")
NO_NAME = Text("Thiếu tên đội.", "The crew's name is missing.")
TWICE = Text("Trùng với dòng {other}.", "The same crew as row {other}.")
BAD_CAPACITY = Text(
    "Số việc cùng lúc là số từ 0 đến 1.000, không phải “{given}”.", "A capacity is from 0 to 1,000, not “{given}”."
)
NO_BASE = Text("Thiếu điểm xuất phát của đội mới.", "A new crew needs a base.")
BAD_BASE = Text(
    "Không đọc được vị trí “{given}”. Ghi vĩ độ rồi kinh độ, ví dụ 15.9865, 108.2100.",
    "The position “{given}” cannot be read. Write latitude, then longitude, such as 15.9865, 108.2100.",
)
NO_KIND = Text("Phường không có lĩnh vực “{given}”.", "The ward has no category “{given}”.")
NO_GROUND = Text("Phường không có tổ dân phố “{given}”.", "The ward has no neighbourhood “{given}”.")
NOT_DRAWN = Text(
    "Đội này chưa có vùng vẽ riêng; hãy vẽ trên trang của đội.", "No area is drawn for this crew; draw it on its page."
)
MEMBER_TWICE = Text("“{given}” đã thuộc đội ở dòng {other}.", "“{given}” is in the crew of row {other} already.")


@dataclass(frozen=True, slots=True)
class Stored:
    """A crew as it is stored."""

    id: UUID
    name: str
    capacity: int
    base: tuple[float, float]
    area: MultiPolygon | None
    categories: tuple[str, ...]
    named: tuple[UUID, ...]
    members: tuple[str, ...]

    @property
    def covers(self) -> Covers:
        return Covers.NEIGHBOURHOODS if self.named else Covers.WARD if self.area is None else Covers.AREA


@dataclass(frozen=True, slots=True)
class Words:
    """What categories and neighbourhoods are called."""

    kinds: Mapping[str, str]
    """Category codes to names."""
    grounds: Mapping[UUID, str]

    def told(self, row: Mapping[str, Any]) -> dict[str, str]:
        """A crew as the table says it, by columns."""
        said = {Covers.WARD: WHOLE, Covers.AREA: DRAWN}
        named = (self.grounds[UUID(one)] for one in row["named"])
        return {
            "name": row["name"],
            "capacity": str(row["capacity"]),
            "categories": SEPARATOR.join(self.kinds[code] for code in row["categories"]),
            "ground": said.get(row["covers"]) or SEPARATOR.join(named),
            "base": written(tuple(row["base"])),
            "members": SEPARATOR.join(row["members"]),
        }


class Crews(Comparing):
    """The lines of a table of crews."""

    def __init__(self, stored: Sequence[Stored], words: Words, there: Sequence[UUID]) -> None:
        super().__init__()
        self.words = words
        self.by_id = {one.id: one for one in stored}
        self.by_name = {one.name.casefold(): one for one in stored}
        self.kinds = _called(words.kinds)
        self.kinds |= {plain(code): code for code in words.kinds}
        self.grounds = _called({one: words.grounds[one] for one in there})
        self.people: dict[str, int] = {}

    def change(self, line: Line) -> Change | None:
        cells = line.cells
        known = self.by_id.get(as_id(cells["id"].lower()) or new_id()) if cells.get("id") else None
        if cells.get("id") and known is None:
            self.refuse(line, UNKNOWN_ID)
            return None
        name = self._name(line, known)
        known = known or self.by_name.get(name.casefold())
        self.once(line, known.id if known else name.casefold(), TWICE)
        row = {
            "name": name,
            "capacity": self._capacity(line, known),
            "categories": self._categories(line, known),
            "base": self._base(line, known),
            "members": self._members(line, known),
            **self._ground(line, known),
        }
        if self.refused(line):
            return None
        after = self.words.told(row)
        before = dict.fromkeys(after, "") if known is None else self.words.told(_row(known))
        differences = tuple(Difference(one, before[one], after[one]) for one in after if before[one] != after[one])
        if known is not None and not differences:
            return None
        action, key = (Action.ADD, None) if known is None else (Action.CHANGE, str(known.id))
        return Change(action, line, labelled(name), differences, key, row)

    def _name(self, line: Line, known: Stored | None) -> str:
        given = line.cells.get("name", "")
        problems: list[Problem] = []
        name = Checked(problems).text(given if known is None else as_read(known.name, given), (), 100)
        for one in problems:
            self.refuse(line, one.text, **one.values)
        if name is None and not problems:
            self.refuse(line, NO_NAME)
        return name or ""

    def _capacity(self, line: Line, known: Stored | None) -> int:
        given = line.cells.get("capacity", "")
        if not given:
            return known.capacity if known else USUAL_CAPACITY
        if not (given.isascii() and given.isdigit() and len(given) < 10 and int(given) <= _MOST):
            self.refuse(line, BAD_CAPACITY, given=given[:40])
            return 0
        return int(given)

    def _base(self, line: Line, known: Stored | None) -> list[float]:
        given = line.cells.get("base", "")
        if not given and known is not None:
            return list(known.base)
        at = read_position(given)
        if at is None:
            self.refuse(line, BAD_BASE if given else NO_BASE, given=given[:60])
        return list(at or (0.0, 0.0))

    def _categories(self, line: Line, known: Stored | None) -> list[str]:
        given = line.cells.get("categories")
        if given is None:
            return list(known.categories) if known else []
        codes = [self.kinds.get(plain(one)) for one in _parts(given)]
        for one, code in zip(_parts(given), codes, strict=True):
            if code is None:
                self.refuse(line, NO_KIND, given=one[:60])
        return _ordered({code for code in codes if code is not None}, known.categories if known else ())

    def _ground(self, line: Line, known: Stored | None) -> dict[str, Any]:
        given = line.cells.get("ground", "")
        kept = _row(known) if known else {"covers": Covers.WARD, "area": None, "named": []}
        kept = {name: kept[name] for name in ("covers", "area", "named")}
        if not given:
            return kept
        if plain(given) == plain(WHOLE):
            return {"covers": Covers.WARD, "area": None, "named": []}
        if plain(given) == plain(DRAWN):
            if kept["covers"] != Covers.AREA:
                self.refuse(line, NOT_DRAWN)
            return kept
        mine = {self.words.grounds[one].casefold(): one for one in (known.named if known else ())}
        named = set()
        for one in _parts(given):
            found = mine.get(one.casefold()) or self.grounds.get(one.casefold()) or self.grounds.get(plain(one))
            if found is None:
                self.refuse(line, NO_GROUND, given=one[:60])
            else:
                named.add(str(found))
        order = [str(one) for one in known.named] if known else []
        return {"covers": Covers.NEIGHBOURHOODS, "area": None, "named": _ordered(named, order)}

    def _members(self, line: Line, known: Stored | None) -> list[str]:
        given = line.cells.get("members")
        kept = known.members if known else ()
        members = list(kept) if given is None else _ordered(set(map(str.lower, _parts(given))), kept)
        for one in members:
            other = self.people.setdefault(one, line.number)
            if other != line.number:
                self.refuse(line, MEMBER_TWICE, given=one[:60], other=other)
        return members


def _row(known: Stored) -> dict[str, Any]:
    """A stored crew as plans have it."""
    return {
        "name": known.name,
        "capacity": known.capacity,
        "categories": list(known.categories),
        "base": list(known.base),
        "members": list(known.members),
        "covers": known.covers,
        "area": None if known.area is None else known.area.wkb_hex,
        "named": [str(one) for one in known.named],
    }


def _ordered(found: Set[str], kept: Sequence[str]) -> list[str]:
    """In the order in which they are stored, so that a file that says the same changes nothing; then what is new."""
    return [one for one in kept if one in found] + sorted(found - set(kept))


def _parts(cell: str) -> list[str]:
    return [one.strip() for one in cell.replace("\n", ";").split(";") if one.strip()]


def _called(names: Mapping[Any, str]) -> dict[str, Any]:
    """Keys by what they are called: to the letter, and without diacritics where that is one's alone."""
    alike = Counter(plain(name) for name in names.values())
    found = {plain(name): key for key, name in names.items() if alike[plain(name)] == 1}
    return found | {name.casefold(): key for key, name in names.items()}
