"""What is searched for on the map, and what must be found first: held by the server and by the browser alike."""

from __future__ import annotations

THINGS = [
    ("Nhà văn hóa Thôn Phong Nam", "Số 58 đường Phong Nam"),
    ("Nhà văn hóa Tổ dân phố số 5", "Số 258 Mẹ Thứ"),
    ("Nhà văn hóa Tổ dân phố số 58", "Số 97 Mẹ Thứ"),
    ("Tổ dân phố số 5", ""),
    ("Tổ dân phố số 58", ""),
    ("Chợ Hòa Xuân", "12 đường Tố Hữu"),
    ("Tổ công nghệ số cộng đồng Thôn Tây An", "Thôn Tây An"),
    ("Điểm trực Công an phường tại khu vực Hòa Phước", "Đường Bàu Cầu 5"),
    ("Công an phường Hòa Xuân", "Số 170 Mẹ Thứ"),
]
"""Titles, and what else is said of each."""

FOUND = [
    ("to 58", ["Tổ dân phố số 58", "Nhà văn hóa Tổ dân phố số 58"]),
    (
        "nha van hoa 5",
        ["Nhà văn hóa Tổ dân phố số 5"],
    ),
    ("nha van hoa 58", ["Nhà văn hóa Tổ dân phố số 58", "Nhà văn hóa Thôn Phong Nam"]),
    ("258", ["Nhà văn hóa Tổ dân phố số 5"]),
    ("to huu", ["Chợ Hòa Xuân"]),
    ("ch", ["Chợ Hòa Xuân"]),
    ("cong an", [THINGS[8][0], THINGS[7][0], THINGS[6][0]]),
    ("???", []),
]
"""A search, and all the titles that answer it, the best first."""
