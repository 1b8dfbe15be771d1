"""A line of a spreadsheet as a place: the table's columns, and what each cell means. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from geo.contact import storable
from geo.ids import as_id
from geo.importing.kinds import KIND_CALLED, KINDS
from geo.language import Text
from geo.positions import DECIMALS
from geo.tables import PlaceKind
from geo.tabular import Column, Line, Said, Wrong, as_read, labelled, plain, yes

COLUMNS = (
    Column("id", Text("Mã", "Id"), ("Mã địa điểm", "Place id")),
    Column("kind", Text("Loại", "Kind"), ("Loại địa điểm",), needed=True),
    Column("name", Text("Tên", "Name"), ("Tên địa điểm",), needed=True),
    Column("address", Text("Địa chỉ", "Address")),
    Column("position", Text("Vị trí (vĩ độ, kinh độ)", "Position (latitude, longitude)"), ("Tọa độ", "Vị trí")),
    Column("latitude", Text("Vĩ độ", "Latitude"), ("lat",)),
    Column("longitude", Text("Kinh độ", "Longitude"), ("lon", "lng", "long")),
    Column("phone", Text("Điện thoại", "Phone"), ("Số điện thoại", "SĐT")),
    Column("opening_hours", Text("Giờ mở cửa", "Opening hours")),
    Column("neighbourhood", Text("Tổ dân phố", "Neighbourhood"), ("Thôn",)),
    Column("consent", Text("Nhà cán bộ đồng ý công khai", "Official agrees to be public"), ("Đồng ý công khai",)),
    Column("source_key", Text("Khóa nguồn", "Source key"), ("Nguồn",)),
    Column("remove", Text("Gỡ bỏ", "Remove"), ("Xóa",)),
)
LENGTHS = {"name": 200, "address": 300, "phone": 50, "opening_hours": 200, "source_key": 400}

_KINDS = {
    **{plain(value): kind for value, kind in KINDS.items()},
    **{plain(called): kind for kind, called in KIND_CALLED.items()},
    **{plain(kind.value): kind for kind in PlaceKind},
    # What else people write, and what earlier tables of ours said.
    plain("Nhà riêng cán bộ"): PlaceKind.OFFICIAL_HOME,
    plain("Địa điểm"): PlaceKind.OTHER,
    plain("Cơ quan quân sự"): PlaceKind.MILITARY,
    plain("UBND"): PlaceKind.PEOPLES_COMMITTEE,
}
WRITTEN = ("kind", "name", "address", "phone", "opening_hours", "source_key")
_NUMBER = re.compile(r"-?\d{1,3}(?:[.,]\d+)?", re.ASCII)
_SHORT_PHONE = re.compile(r"[2-9]\d{8,9}", re.ASCII)

NOT_ID = Text(
    "Mã “{id}” không phải là mã địa điểm. Để trống nếu là địa điểm mới.",
    "“{id}” is no place's id. Leave it empty for a new place.",
)
UNKNOWN_ID = Text(
    "Phường không có địa điểm mang mã này; có thể đã bị gỡ. Để trống mã nếu muốn thêm mới.",
    "The ward has no place with this id; it may have been removed. Leave the id empty to add it.",
)
TWICE = Text("Trùng với dòng {other}.", "The same place as row {other}.")
KEY_TAKEN = Text(
    "Khóa nguồn “{key}” đã là của địa điểm “{other}”.", "The source key “{key}” is that of “{other}” already."
)
NO_NAME = Text("Thiếu tên địa điểm.", "The name is missing.")
NO_KIND = Text("Thiếu loại địa điểm.", "The kind is missing.")
BAD_KIND = Text(
    "Không có loại địa điểm “{kind}”. Các loại: {kinds}.", "There is no kind of place “{kind}”. The kinds: {kinds}."
)
NO_POSITION = Text("Thiếu vị trí: vĩ độ và kinh độ.", "The position is missing: latitude and longitude.")
BAD_POSITION = Text(
    "Không đọc được vị trí “{given}”. Ghi vĩ độ rồi kinh độ, ví dụ 15.9865, 108.2100.",
    "The position “{given}” cannot be read. Write latitude, then longitude, such as 15.9865, 108.2100.",
)
OUTSIDE = Text("Vị trí {given} nằm ngoài địa bàn phường.", "The position {given} lies outside the ward.")
TOO_LONG = Text("“{column}” dài quá {most} ký tự.", "“{column}” is longer than {most} characters.")
UNSTORABLE = Text("“{column}” có ký tự không lưu được.", "“{column}” holds a character that cannot be stored.")
CONSENT = Text(
    "Sự đồng ý của cán bộ chỉ ghi nhận hoặc rút lại trên trang của địa điểm, không qua bảng.",
    "An official's consent is recorded or withdrawn on the place's own page, not by a table.",
)
BAD_REMOVE = Text("Cột “Gỡ bỏ” ghi x hoặc để trống, không ghi “{given}”.", "“Remove” is x or empty, not “{given}”.")
REMOVE_WHAT = Text("Muốn gỡ bỏ thì dòng phải có mã của địa điểm.", "To be removed, a row needs the id of its place.")
SAME_NAME = Text(
    "Phường đã có một địa điểm cùng loại, cùng tên ở chỗ khác. Hãy xem có phải thêm trùng không.",
    "The ward has a place of this kind and name elsewhere. Look whether it is the same.",
)
NO_NEIGHBOURHOOD = Text("Chưa thuộc tổ dân phố nào.", "In no neighbourhood.")


Home = tuple[str | None, str]
"""A neighbourhood's id and name; None and nothing for ground that is in none."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A place as it is stored."""

    id: UUID
    values: Mapping[str, Any]
    at: tuple[float, float]
    """Longitude and latitude, on the grid of 7 decimals."""
    home: Home
    agreed: bool


@dataclass(slots=True)
class Understood:
    """A line as it was understood."""

    line: Line
    known: Stored | None
    values: dict[str, Any]
    at: tuple[float, float]
    remove: bool


def understood(lines: Sequence[Line], stored: Sequence[Stored]) -> tuple[list[Understood], list[Wrong]]:
    """The lines as they are understood, and those that are not."""
    known = _Known(stored)
    read: list[Understood] = []
    wrong: list[Wrong] = []
    seen: dict[object, int] = {}
    for line in lines:
        reader = _Reader(line, known)
        one = reader.read()
        if one is not None:
            if one.known is not None:
                marks: list[object] = [one.known.id]
            else:
                marks = [(one.values["kind"], one.values["name"], one.at)]
            if one.values["source_key"] is not None:
                marks.append(one.values["source_key"])
            other = next((seen[mark] for mark in marks if mark in seen), None)
            if other is None:
                seen.update(dict.fromkeys(marks, line.number))
                read.append(one)
            else:
                reader.refuse(TWICE, other=other)
        wrong += reader.wrong
    return read, wrong


class _Known:
    """The stored places by what a line may name them by."""

    def __init__(self, stored: Sequence[Stored]) -> None:
        self.by_id = {one.id: one for one in stored}
        self.by_key = {one.values["source_key"]: one for one in stored if one.values["source_key"] is not None}
        self.by_what = {(one.values["kind"], one.values["name"], one.at): one for one in stored}


class _Reader:
    """Reads one line; gathers all that is wrong with it."""

    def __init__(self, line: Line, stored: _Known) -> None:
        self.line, self.stored = line, stored
        self.wrong: list[Wrong] = []
        self.label = line.cells.get("name") or line.cells.get("id") or ""

    def refuse(self, text: Text, **values: object) -> None:
        self.wrong.append(Wrong(self.line.number, labelled(self.label), Said(text, values)))

    def read(self) -> Understood | None:
        cells = self.line.cells
        known = self._known()
        if known is not None and not cells.get("name"):
            self.label = known.values["name"]
        remove = yes(cells.get("remove", ""))
        if remove is None:
            self.refuse(BAD_REMOVE, given=labelled(cells["remove"]))
        elif remove and known is None and not self.wrong:
            self.refuse(REMOVE_WHAT)
        if self.wrong:
            return None
        if remove and known is not None:
            return Understood(self.line, known, dict(known.values), known.at, remove=True)
        kind, at = self._kind(known), self._position(known)
        values = {"kind": kind, **{name: self._text(name, known) for name in LENGTHS}}
        if values["name"] is None and not self.wrong:
            self.refuse(NO_NAME)
        if at is not None and known is None:
            known = self.stored.by_what.get((kind, values["name"], at))
        self._check(known, values)
        if self.wrong or at is None:
            return None
        return Understood(self.line, known, values, at, remove=False)

    def _known(self) -> Stored | None:
        given = self.line.cells.get("id", "").rpartition(":")[2]
        if not given:
            return self.stored.by_key.get(self.line.cells.get("source_key", ""))
        id_ = as_id(given.lower())
        if id_ is None:
            self.refuse(NOT_ID, id=labelled(given))
        elif id_ not in self.stored.by_id:
            self.refuse(UNKNOWN_ID)
        else:
            return self.stored.by_id[id_]
        return None

    def _kind(self, known: Stored | None) -> str | None:
        cell = self.line.cells.get("kind", "")
        kind = _KINDS.get(plain(cell))
        if not cell:
            self.refuse(NO_KIND)
        elif kind is None:
            self.refuse(BAD_KIND, kind=labelled(cell), kinds=", ".join(KIND_CALLED.values()))
        return kind

    def _text(self, name: str, known: Stored | None) -> str | None:
        """A cell as it is kept; what is stored where the file has no such column."""
        kept: str | None = None if known is None else known.values[name]
        if name not in self.line.cells:
            return kept
        cell = as_read(kept, self.line.cells[name])
        if name == "phone" and cell != kept and _SHORT_PHONE.fullmatch(cell):
            cell = f"0{cell}"  # a spreadsheet took it for a number
        if len(cell) > LENGTHS[name]:
            self.refuse(TOO_LONG, column=_CALLED[name], most=LENGTHS[name])
        if not storable(cell):
            self.refuse(UNSTORABLE, column=_CALLED[name])
        return cell or None

    def _position(self, known: Stored | None) -> tuple[float, float] | None:
        cells = self.line.cells
        text = cells.get("position", "")
        if not text and (cells.get("latitude") or cells.get("longitude")):
            text = f"{cells.get('latitude', '')}; {cells.get('longitude', '')}"
        if not text:
            if known is not None and not {"position", "latitude", "longitude"} & set(cells):
                return known.at
            self.refuse(NO_POSITION)
            return None
        at = read_position(text)
        if at is None:
            self.refuse(BAD_POSITION, given=labelled(text))
        return at

    def _check(self, known: Stored | None, values: Mapping[str, Any]) -> None:
        """What a file may not say, and a key that is another place's."""
        consent = self.line.cells.get("consent")
        if consent is not None and yes(consent) is not (known is not None and known.agreed):
            self.refuse(CONSENT)
        other = self.stored.by_key.get(values["source_key"])
        if other is not None and other is not known:
            self.refuse(KEY_TAKEN, key=labelled(values["source_key"]), other=labelled(other.values["name"]))


_CALLED = {column.name: column.label.vi for column in COLUMNS}


def read_position(text: str) -> tuple[float, float] | None:
    """Longitude and latitude of `15.9865, 108.2100`, also with decimal commas, in either order, for here the longitude
    is the larger; on the grid of 7 decimals."""
    if re.sub(_NUMBER, "", text).strip(" ,;\t°"):
        return None
    numbers = sorted(float(number.replace(",", ".")) for number in _NUMBER.findall(text))
    if len(numbers) != 2 or abs(numbers[0]) > 90 or abs(numbers[1]) > 180:
        return None
    return round(numbers[1], DECIMALS), round(numbers[0], DECIMALS)


def written(at: tuple[float, float]) -> str:
    """A position as people and our files write it: latitude, then longitude."""
    return f"{at[1]:.7f}, {at[0]:.7f}"
