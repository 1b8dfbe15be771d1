"""The words and signs that pages share: kinds of place, groups of layers, steps of an incident.

Texts are Vietnamese and marked by `N_` for the catalogues; pages translate them as they render.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from geo.lifecycle import OPEN, Status
from geo.tables import PlaceKind
from maps import vendor


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
    note: str = ""


_K = PlaceKind
GROUPS: tuple[Group, ...] = (
    Group("cultural-houses", PLACES[_K.CULTURAL_HOUSE], (_K.CULTURAL_HOUSE,)),
    Group(
        "offices",
        Sign(N_("Trụ sở, dịch vụ công"), "landmark"),
        (_K.PEOPLES_COMMITTEE, _K.PARTY_OFFICE, _K.SERVICE_POINT),
    ),
    Group("security", Sign(N_("Công an, quân sự"), "shield-check"), (_K.POLICE, _K.MILITARY)),
    Group("health", Sign(N_("Y tế"), "heart-pulse"), (_K.HEALTH_STATION,)),
    Group("schools", PLACES[_K.SCHOOL], (_K.SCHOOL,)),
    Group(
        "homes",
        PLACES[_K.OFFICIAL_HOME],
        (_K.OFFICIAL_HOME,),
        N_("Chỉ gồm nhà của cán bộ đã đồng ý công khai."),
    ),
    Group("others", Sign(N_("Chợ và địa điểm khác"), "store"), (_K.MARKET, _K.OTHER)),
)

TONES: dict[Status, str] = {
    Status.RECEIVED: "received",
    Status.ASSIGNED: "with-crew",
    Status.ACCEPTED: "with-crew",
    Status.IN_PROGRESS: "handled",
    Status.RESOLVED: "done",
    Status.CLOSED: "done",
    Status.REJECTED: "late",
    Status.DUPLICATE: "received",
}
"""The colour of a status, by its name in the design system."""

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


def dialled(number: str) -> str:
    """A phone number as a phone dials it."""
    return re.sub(r"[^\d+]", "", number)


_GROUPED = re.compile(r"(0\d{3})(\d{3,4})(\d{3})")


def phone(number: str) -> str:
    """A phone number as people read it aloud, 0900 094 835; one of another kind as it was written.

    As `phoneShown` in `static/common/words.js`.
    """
    found = _GROUPED.fullmatch(re.sub(r"^\+84", "0", dialled(number)))
    return " ".join(found.groups()) if found else number


def script_words(gettext: Callable[[str], str], words: Mapping[str, str]) -> dict[str, object]:
    """What a page's modules say, in the reader's language. `{name}` marks what they fill in, as text."""
    return {
        "messages": {key: gettext(text) for key, text in words.items()},
        "statuses": {status: {"word": gettext(sign.word), "icon": sign.icon} for status, sign in STATUSES.items()},
        "tones": TONES,
        "open": OPEN,
        "sprite": vendor.url(vendor.SPRITE),
        "icons": vendor.ICON_NAMES,
    }
