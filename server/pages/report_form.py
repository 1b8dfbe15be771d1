"""What the report form was given: read from a query or a form, and shown again as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from geo.positions import PositionError, position
from server.pages.words import N_
from server.uploads import Form

Problem = tuple[str, str]
"""A field's id and what is wrong with it, in the reader's language; of a photograph also its number: `photos.0`."""

PLACE_MISSING = N_("Hãy cho biết sự cố ở đâu: bằng vị trí, bản đồ hoặc tổ dân phố.")
AREA_MISSING = N_("Đã có địa chỉ. Hãy chọn thêm tổ dân phố để phường giao đúng đội.")
KIND_MISSING = N_("Hãy chọn loại sự cố.")
KEY_MISSING = N_("Biểu mẫu này đã cũ. Hãy kiểm tra lại rồi gửi lần nữa.")

FIELDS = {
    "photoIds": "photos",
    "location": "place",
    "wardCode": "place",
    "address": "address",
    "category": "category",
    "description": "description",
    "consent": "consent",
    "name": "name",
    "phone": "phone",
    "email": "email",
}
"""The form's field for what an input of the mutation is called, in the form's order."""
_ORDER = ["report", "photos", "place", "address", "neighbourhood", "category", "description"]
_ORDER += ["consent", "name", "phone", "email"]

_NEIGHBOURHOOD = re.compile(r"Neighbourhood:[0-9]{5}:[0-9a-f-]{36}", re.ASCII)
_TEXTS = {
    "requestKey": "request_key",
    "latitude": "latitude",
    "longitude": "longitude",
    "nearLatitude": "near_latitude",
    "nearLongitude": "near_longitude",
    "neighbourhood": "neighbourhood",
    "address": "address",
    "category": "category",
    "description": "description",
    "name": "name",
    "phone": "phone",
    "email": "email",
    "consentWording": "consent_wording",
}


@dataclass
class Given:
    """The form's fields as texts."""

    request_key: str = ""
    latitude: str = ""
    longitude: str = ""
    near_latitude: str = ""
    near_longitude: str = ""
    neighbourhood: str = ""
    address: str = ""
    category: str = ""
    description: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    consent: bool = False
    consent_wording: str = ""
    photo_ids: list[str] = field(default_factory=list)

    @property
    def chosen(self) -> dict[str, Any] | None:
        """The position that was chosen by hand or by script."""
        return point_of(self.latitude, self.longitude)

    @property
    def near(self) -> dict[str, Any] | None:
        """The position that the page was opened with: what a map showed."""
        return point_of(self.near_latitude, self.near_longitude)

    @property
    def neighbourhood_id(self) -> str | None:
        return self.neighbourhood if _NEIGHBOURHOOD.fullmatch(self.neighbourhood) else None

    def input(self, ward_code: str, location: dict[str, Any]) -> dict[str, Any]:
        """The mutation's input."""
        reporter: dict[str, Any] = {"name": self.name, "phone": self.phone, "email": self.email}
        reporter["consent"] = self.consent
        told = any(reporter.values())
        reporter["consentWording"] = self.consent_wording or None
        return {
            "requestKey": self.request_key,
            "category": self.category,
            "location": location,
            "wardCode": ward_code,
            "description": self.description or None,
            "address": self.address or None,
            "photoIds": self.photo_ids or None,
            "reporter": reporter if told else None,
        }


def asked(query: Mapping[str, str]) -> Given:
    """A form to be filled in: with what its address says, and a key of its own."""
    near = point_of(query.get("lat", ""), query.get("lon", ""))
    return Given(
        request_key=str(uuid4()),
        near_latitude=query["lat"] if near else "",
        near_longitude=query["lon"] if near else "",
        category=query.get("category", ""),
    )


def read(form: Form) -> Given:
    """What was sent, without what nobody typed: NUL, and the CR LF in which browsers end lines."""
    texts = {name: _typed(form.text(sent) or "") for sent, name in _TEXTS.items()}
    photo_ids = list(dict.fromkeys(_typed(photo_id) for photo_id in form.texts("photoIds")))
    return Given(**texts, consent=form.text("consent") is not None, photo_ids=photo_ids)


def _typed(text: str) -> str:
    return text.replace("\x00", "").replace("\r\n", "\n").strip()


def is_key(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def point_of(latitude: str, longitude: str) -> dict[str, Any] | None:
    """GeoJSON for two texts, or None where they are no position on earth."""
    try:
        found = {"type": "Point", "coordinates": [float(longitude), float(latitude)]}
        position(found)
    except (ValueError, PositionError):
        return None
    return found


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once for its field, as one meets the fields going down the form."""
    told_once = dict.fromkeys((field.partition(".")[0], message) for field, message in problems)
    return sorted(told_once, key=lambda problem: _ORDER.index(problem[0]) if problem[0] in _ORDER else len(_ORDER))


def field_of(path: list[str] | None) -> str:
    """The form's field for an input's path; the whole form where none is meant."""
    for name in reversed(path or []):
        if name in FIELDS:
            return FIELDS[name]
    return "report"
