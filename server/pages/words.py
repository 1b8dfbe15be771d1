"""The words and signs of the ward's map: kinds of place, groups of layers, steps of an incident.

Texts are Vietnamese and marked by `N_` for the catalogues; pages translate them as they render.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from geo.lifecycle import Status
from geo.tables import PlaceKind


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "to be translated later"
    return text


@dataclass(frozen=True, slots=True)
class Sign:
    """A word and the icon that goes with it."""

    word: str
    icon: str


PLACES: dict[PlaceKind, Sign] = {
    PlaceKind.CULTURAL_HOUSE: Sign(N_("Nhà văn hóa"), "house-heart"),
    PlaceKind.PEOPLES_COMMITTEE: Sign(N_("Ủy ban nhân dân"), "landmark"),
    PlaceKind.PARTY_OFFICE: Sign(N_("Trụ sở Đảng ủy"), "flag"),
    PlaceKind.SERVICE_POINT: Sign(N_("Điểm phục vụ hành chính công"), "monitor-smartphone"),
    PlaceKind.OFFICIAL_HOME: Sign(N_("Nhà cán bộ"), "user-round"),
    PlaceKind.POLICE: Sign(N_("Công an"), "shield-check"),
    PlaceKind.MILITARY: Sign(N_("Quân sự"), "star"),
    PlaceKind.HEALTH_STATION: Sign(N_("Trạm y tế"), "heart-pulse"),
    PlaceKind.SCHOOL: Sign(N_("Trường học"), "school"),
    PlaceKind.MARKET: Sign(N_("Chợ"), "store"),
    PlaceKind.OTHER: Sign(N_("Địa điểm khác"), "map-pin"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Kinds of place that are shown and hidden together."""

    key: str
    sign: Sign
    kinds: tuple[PlaceKind, ...]


_K = PlaceKind
GROUPS: tuple[Group, ...] = (
    Group("cultural-houses", PLACES[_K.CULTURAL_HOUSE], (_K.CULTURAL_HOUSE,)),
    Group(
        "offices",
        Sign(N_("Trụ sở, dịch vụ công"), "landmark"),
        (_K.PEOPLES_COMMITTEE, _K.PARTY_OFFICE, _K.SERVICE_POINT, _K.OFFICIAL_HOME),
    ),
    Group("security", Sign(N_("Công an, quân sự"), "shield-check"), (_K.POLICE, _K.MILITARY)),
    Group("health", Sign(N_("Y tế"), "heart-pulse"), (_K.HEALTH_STATION,)),
    Group("schools", PLACES[_K.SCHOOL], (_K.SCHOOL,)),
    Group("others", Sign(N_("Chợ và địa điểm khác"), "store"), (_K.MARKET, _K.OTHER)),
)

STATUSES: dict[Status, Sign] = {
    Status.RECEIVED: Sign(N_("Đã tiếp nhận"), "inbox"),
    Status.ASSIGNED: Sign(N_("Đã phân công"), "users"),
    Status.ACCEPTED: Sign(N_("Đội đã nhận"), "user-check"),
    Status.IN_PROGRESS: Sign(N_("Đang xử lý"), "wrench"),
    Status.RESOLVED: Sign(N_("Đã xử lý"), "circle-check"),
    Status.CLOSED: Sign(N_("Đã đóng"), "check"),
    Status.REJECTED: Sign(N_("Không thuộc phạm vi xử lý"), "ban"),
    Status.DUPLICATE: Sign(N_("Trùng với phản ánh khác"), "copy"),
}

_SCRIPT_WORDS = {
    "address": N_("Địa chỉ"),
    "callKind": N_("Gọi điện"),
    "callNumber": N_("Gọi {phone}"),
    "close": N_("Đóng"),
    "cluster": N_("{n} phản ánh ở gần nhau"),
    "collapse": N_("Thu gọn danh sách"),
    "description": N_("Nội dung"),
    "directions": N_("Chỉ đường"),
    "due": N_("Hạn xử lý"),
    "expand": N_("Mở rộng danh sách"),
    "failed": N_("Chưa tải được dữ liệu bản đồ. Danh sách bên cạnh vẫn dùng được."),
    "hours": N_("Giờ mở cửa"),
    "incident": N_("Phản ánh hiện trường"),
    "inView": N_("{n} phản ánh quanh khung nhìn"),
    "loading": N_("Đang tải bản đồ…"),
    "neighbourhood": N_("Tổ dân phố"),
    "newTab": N_("mở trang khác"),
    "noIncidents": N_("Không có phản ánh nào trong khung nhìn."),
    "noMatch": N_("Không tìm thấy “{text}”. Hãy thử tên khác, gõ không dấu cũng được."),
    "offline": N_("Mất kết nối mạng. Bản đồ đang hiện dữ liệu đã tải."),
    "overdue": N_("Quá hạn"),
    "reported": N_("Phản ánh lúc"),
    "resolved": N_("Xử lý xong lúc"),
    "retry": N_("Thử lại"),
    "team": N_("Tổ công nghệ số cộng đồng"),
    "tooMany": N_("Phóng to bản đồ để xem từng phản ánh."),
    "trackingCode": N_("Mã phản ánh"),
}


def script_words(gettext: Callable[[str], str]) -> dict[str, object]:
    """What the page's modules say, in the reader's language. `{name}` marks what they fill in, as text."""
    return {
        "messages": {key: gettext(text) for key, text in _SCRIPT_WORDS.items()},
        "statuses": {status: {"word": gettext(sign.word), "icon": sign.icon} for status, sign in STATUSES.items()},
        "places": {kind: {"word": gettext(sign.word), "icon": sign.icon} for kind, sign in PLACES.items()},
        "groups": {group.key: group.kinds for group in GROUPS},
    }
