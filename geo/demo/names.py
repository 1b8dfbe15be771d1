"""Names for people who do not exist, and telephone numbers for nobody.

Family, middle and given names are the commonest ones, put together by chance. Every mobile number begins with 09000 and
every office's with 0236 3000, so that anyone sees they are made up.
"""

from __future__ import annotations

import math
from random import Random

from geo.demo.ground import kilometres

_FAMILIES = (
    ("Nguyễn", 32), ("Trần", 11), ("Lê", 10), ("Phạm", 7), ("Huỳnh", 6), ("Phan", 6), ("Võ", 5), ("Đặng", 5),
    ("Bùi", 3), ("Đỗ", 3), ("Hồ", 3), ("Ngô", 3), ("Dương", 2), ("Lý", 2), ("Đinh", 1), ("Mai", 1), ("Trương", 3),
    ("Ông", 1),
)  # fmt: skip
_MEN_MIDDLE = ("Văn", "Đức", "Hữu", "Minh", "Quang", "Thanh", "Ngọc", "Quốc", "Công", "Xuân", "Viết", "Tấn", "Anh")
_MEN = (
    "An", "Bình", "Cường", "Dũng", "Đạt", "Hải", "Hiếu", "Hòa", "Hùng", "Huy", "Khánh", "Khoa", "Lâm", "Long", "Nam",
    "Phúc", "Quân", "Sơn", "Tài", "Thắng", "Thành", "Toàn", "Trung", "Tuấn", "Việt", "Vinh",
)  # fmt: skip
_WOMEN_MIDDLE = ("Thị", "Thị", "Thị", "Ngọc", "Thu", "Kim", "Mỹ", "Bích", "Thanh", "Phương", "Thùy", "Hồng", "Diễm")
_WOMEN = (
    "Anh", "Chi", "Diệp", "Dung", "Giang", "Hà", "Hạnh", "Hiền", "Hoa", "Hương", "Lan", "Liên", "Linh", "Loan", "Mai",
    "My", "Nga", "Ngân", "Nhung", "Oanh", "Phượng", "Quyên", "Thảo", "Thủy", "Trang", "Vân", "Xuân", "Yến",
)  # fmt: skip
# Street names, each with a point it passes: kilometres east and north of the ward's centre.
_STREETS = (
    ("Nguyễn Phước Lan", 0.5, 0.9), ("Võ Chí Công", 1.6, -0.6), ("Trần Nam Trung", 1.0, 1.9),
    ("Văn Tiến Dũng", 1.8, 0.6), ("Thăng Long", -0.8, 1.9), ("Lê Quang Hòa", 0.2, 1.7), ("Mẹ Thứ", -0.2, 0.7),
    ("Đô Đốc Lân", 0.9, 0.2), ("Phạm Hùng", -1.8, 0.9), ("Trần Đại Nghĩa", 2.3, -1.4), ("Cồn Dầu 8", 1.9, 2.6),
    ("Hòa Xuân 12", 2.2, 1.7), ("29 Tháng 3", -0.6, 0.1), ("Nguyễn Thế Lịch", 0.2, -0.6),
    ("Đinh Gia Trinh", -1.2, -0.6), ("Vũ Đình Long", 0.7, -1.4), ("Quốc lộ 1A", -1.7, -1.3), ("Cẩm Chánh 2", -2.1, 0.1),
    ("Phan Thao", -0.7, -2.4), ("Bàu Cầu 5", -1.5, -2.6), ("Quốc lộ 1A", -1.0, -3.5), ("Quá Giáng 3", 0.4, -3.0),
    ("Nhơn Thọ 6", 1.4, -3.0),
)  # fmt: skip


def person(random: Random) -> str:
    """`Nguyễn Thị Hoa`: a made-up name."""
    families, weights = zip(*_FAMILIES, strict=True)
    family = random.choices(families, weights)[0]
    middle, given = (_MEN_MIDDLE, _MEN) if random.random() < 0.5 else (_WOMEN_MIDDLE, _WOMEN)
    second, last = random.choice(middle), random.choice(given)
    while last == second:
        last = random.choice(given)
    return f"{family} {second} {last}"


def mobile(random: Random) -> str:
    """Ten digits of the right form that belong to nobody: 09000xxxxx."""
    return f"09000{random.randrange(100_000):05d}"


def landline(random: Random) -> str:
    """An office's number that belongs to nobody: 0236 3000 xxx."""
    return f"0236 3000 {random.randrange(1000):03d}"


def street_address(random: Random, at: tuple[float, float]) -> str:
    """`Số 12 Nguyễn Phước Lan`, or a street without a number: one of those near `at` (longitude, latitude)."""
    east, north = kilometres(*at)
    near = sorted(_STREETS, key=lambda street: math.hypot(street[1] - east, street[2] - north))[:3]
    name = random.choice(near)[0]
    return _numbered(random, name)


def any_address(random: Random) -> str:
    """An address as `street_address` gives it, with any of the streets: for wards that lie nowhere near them."""
    return _numbered(random, random.choice(_STREETS)[0])


def _numbered(random: Random, street: str) -> str:
    if street.startswith("Quốc lộ"):
        return street
    return f"Số {random.randrange(1, 320)} {street}" if random.random() < 0.75 else f"Đường {street}"
