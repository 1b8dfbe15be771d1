"""What kind of place a file means: our own names, and the values of OpenStreetMap's `amenity`, `office`, `military`.

A kind that speaks for an authority (police, committee) is given only where OpenStreetMap's value means just that; what
has no kind of its own becomes OTHER. An unknown value is reported, never guessed.
"""

from __future__ import annotations

from geo.tables import PlaceKind

_K = PlaceKind
KINDS: dict[str, PlaceKind] = {
    **{kind.value.lower(): kind for kind in PlaceKind},
    # In Vietnam a nhà văn hóa is mapped as a community centre.
    "community_centre": _K.CULTURAL_HOUSE,
    "townhall": _K.PEOPLES_COMMITTEE,
    "police": _K.POLICE,
    "military": _K.MILITARY,
    **dict.fromkeys(("clinic", "doctors", "hospital", "health_post"), _K.HEALTH_STATION),
    **dict.fromkeys(("school", "kindergarten", "college", "university"), _K.SCHOOL),
    "marketplace": _K.MARKET,
    **dict.fromkeys(
        (
            "arts_centre", "bus_station", "cinema", "courthouse", "fire_station", "fuel", "government", "library",
            "nursing_home", "pharmacy", "place_of_worship", "post_office", "public_building", "recycling",
            "social_facility", "theatre", "toilets", "waste_disposal",
        ),
        _K.OTHER,
    ),
}  # fmt: skip

_CALLED = {
    "arts_centre": "Trung tâm nghệ thuật",
    "bus_station": "Bến xe",
    "cinema": "Rạp chiếu phim",
    "clinic": "Phòng khám",
    "college": "Trường cao đẳng",
    "courthouse": "Tòa án",
    "doctors": "Phòng khám",
    "fire_station": "Cảnh sát phòng cháy chữa cháy",
    "fuel": "Trạm xăng dầu",
    "government": "Cơ quan nhà nước",
    "hospital": "Bệnh viện",
    "kindergarten": "Trường mầm non",
    "library": "Thư viện",
    "military": "Cơ quan quân sự",
    "nursing_home": "Viện dưỡng lão",
    "other": "Địa điểm",
    "pharmacy": "Nhà thuốc",
    "place_of_worship": "Cơ sở tôn giáo, tín ngưỡng",
    "post_office": "Bưu điện",
    "public_building": "Công trình công cộng",
    "recycling": "Điểm thu gom tái chế",
    "social_facility": "Cơ sở bảo trợ xã hội",
    "theatre": "Nhà hát",
    "toilets": "Nhà vệ sinh công cộng",
    "townhall": "Ủy ban nhân dân",
    "university": "Trường đại học",
    "waste_disposal": "Điểm đổ rác",
}
KIND_CALLED = {
    _K.CULTURAL_HOUSE: "Nhà văn hóa",
    _K.PEOPLES_COMMITTEE: "Ủy ban nhân dân",
    _K.PARTY_OFFICE: "Trụ sở Đảng ủy",
    _K.POLICE: "Công an",
    _K.MILITARY: "Quân sự",
    _K.OFFICIAL_HOME: "Nhà cán bộ",
    _K.HEALTH_STATION: "Trạm y tế",
    _K.SCHOOL: "Trường học",
    _K.MARKET: "Chợ",
    _K.SERVICE_POINT: "Điểm phục vụ hành chính công",
    _K.OTHER: "Địa điểm khác",
}
"""Each kind's one name, in pages, tables and files alike; `server/pages/words.py` has the same with its icons."""


def called(value: str, kind: PlaceKind) -> str:
    """What to call a place without a name: what it is. On a map that helps more than leaving it out."""
    return _CALLED.get(value.lower(), KIND_CALLED[kind])
