"""What is wrong with one feature of a file, and what an import came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from geo.language import Language, Text


class TroubleKind(StrEnum):
    """The ways in which a feature can be unfit."""

    GEOMETRY = "GEOMETRY"
    INVALID = "INVALID"
    TOO_MANY_VERTICES = "TOO_MANY_VERTICES"
    OVERLAP = "OVERLAP"
    OUTSIDE = "OUTSIDE"
    CODE = "CODE"
    NAME = "NAME"
    KIND = "KIND"
    TEXT = "TEXT"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing wrong with one feature. `feature` counts from 1, `label` is what the file calls it."""

    feature: int
    label: str
    kind: TroubleKind
    text: Text
    values: dict[str, object] = field(default_factory=dict)

    def message(self, language: Language) -> str:
        return self.text.to(language, **self.values)


@dataclass(frozen=True, slots=True)
class Report:
    """What an import came to. Where `stored` is False nothing was written, and the counts say what would have been."""

    features: int
    added: int
    changed: int
    unchanged: int
    troubles: tuple[Trouble, ...]
    notes: tuple[Text, ...]
    stored: bool

    @property
    def skipped(self) -> int:
        """How many features were left out for what is wrong with them."""
        return len({trouble.feature for trouble in self.troubles})


NO_GEOMETRY = Text("Đối tượng không có hình.", "The feature has no geometry.")
UNREADABLE = Text(
    "Không đọc được hình: vòng không khép kín, thiếu tọa độ hoặc tọa độ không phải là số.",
    "The geometry cannot be read: a ring is not closed, or a coordinate is missing or not a number.",
)
WRONG_TYPE = Text("Hình phải là {wanted}, trong tệp là {found}.", "The geometry must be a {wanted}, but is a {found}.")
ABROAD = Text(
    "Phường không nằm trong Việt Nam: có thể sai hệ tọa độ, hoặc hai tọa độ đã bị đổi chỗ.",
    "The ward is not in Vietnam: the coordinate system may be another, or the two numbers swapped.",
)
EMPTY = Text("Hình rỗng, không có diện tích.", "The geometry is empty.")
NOT_ON_EARTH = Text(
    "Tọa độ {longitude}, {latitude} không nằm trên Trái Đất (kinh độ trước, vĩ độ sau).",
    "The position {longitude}, {latitude} is not on Earth (longitude first, then latitude).",
)
TOO_MANY = Text("Hình có {count} đỉnh, tối đa {most}.", "The shape has {count} vertices; at most {most} are taken.")
INVALID = Text(
    "Đường biên không hợp lệ: {reason_vi} tại {longitude}, {latitude}.",
    "The outline is not valid: {reason} at {longitude}, {latitude}.",
)
OVERLAP = Text("Chồng lấn {square_metres} m² lên {other}.", "Overlaps {other} by {square_metres} m².")
OUTSIDE_BY = Text("{square_metres} m² nằm ngoài {other}.", "{square_metres} m² lie outside {other}.")
OUTSIDE = Text(
    "Vị trí {longitude}, {latitude} không thuộc phường nào ở đây.",
    "The position {longitude}, {latitude} lies in no ward kept here.",
)
OUTSIDE_NAMED = Text(
    "Vị trí {longitude}, {latitude} nằm ngoài phường {ward}.",
    "The position {longitude}, {latitude} lies outside {ward}.",
)
LOSES = Text(
    "{other} của phường này sẽ có {square_metres} m² nằm ngoài ranh giới mới.",
    "{other} of this ward would have {square_metres} m² outside the new outline.",
)
NO_CODE = Text("Thiếu mã.", "The code is missing.")
BAD_CODE = Text("Mã “{code}” không phải là năm chữ số.", "The code “{code}” is not five digits.")
CODE_TWICE = Text("Mã “{code}” trùng với đối tượng {other}.", "The code “{code}” is that of feature {other}, too.")
NAME_TWICE = Text("Tên “{name}” trùng với đối tượng {other}.", "The name “{name}” is that of feature {other}, too.")
NAME_TAKEN = Text(
    "Tên “{name}” đã dùng cho một tổ dân phố khác của phường.",
    "Another neighbourhood of the ward already has the name “{name}”.",
)
NO_NAME = Text("Thiếu tên.", "The name is missing.")
BAD_KIND = Text(
    "Không rõ loại “{value}” là địa điểm gì; dùng --kind-map {value}=LOẠI.",
    "“{value}” is no known kind of place; use --kind-map {value}=KIND.",
)
NO_KIND = Text("Thiếu loại địa điểm.", "The kind of place is missing.")
BAD_TEXT = Text(
    "“{field}” chứa ký tự điều khiển không dùng được.", "“{field}” contains control characters that cannot be stored."
)
MANGLED = Text(
    "“{field}” có chữ bị hỏng bảng mã (TCVN3, hoặc đọc sai bảng mã): “{words}”. Hãy chuyển sang Unicode UTF-8.",
    "“{field}” is in a broken encoding (TCVN3, or read as another than it is): “{words}”. Convert it to UTF-8.",
)
FAULT = Text("{told_vi}", "{told_en}")
TOO_LONG = Text("“{field}” dài quá {most} ký tự.", "“{field}” is longer than {most} characters.")
DEMO_WARD = Text(
    "Mã {code} ở đây là phường demo. Hãy nhập vào một cơ sở dữ liệu riêng.",
    "Ward {code} is the demo ward here. Import into a database of its own.",
)
UNNAMED = Text(
    "{count} địa điểm không có tên, được gọi theo loại (ví dụ “{example}”).",
    "{count} places have no name and are called by what they are (“{example}”).",
)
