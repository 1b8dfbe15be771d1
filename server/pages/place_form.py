"""The form of a place, wherever places are kept: its fields, how they are read, and what its modules are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from starlette.requests import Request

from geo import consents
from geo.ids import as_id
from geo.place_rows import read_position
from geo.tables import PlaceKind
from maps import vendor
from maps.ground import Ground
from server.pages import agreeing, team_words
from server.pages.desk import desk_words
from server.pages.languages import language_of, translations
from server.pages.words import PLACES

NAMES = (
    *("kind", "name", "address", "phone", "opening_hours", "position", "consent", "consent_seen", "request_key"),
    agreeing.FIELD,
)
FIELDS = {
    "kind": "kind", "name": "name", "address": "address", "phone": "phone", "openingHours": "opening-hours",
    "location": "position",
}  # fmt: skip
"""The input's names as the API has them -> ids of the form's fields."""

Wrong = list[tuple[str, str]]
"""Ids of fields and messages of the catalogues."""


def empty(kind: PlaceKind = PlaceKind.CULTURAL_HOUSE) -> dict[str, Any]:
    """The fields for a place to add."""
    more = {"kind": kind, "request_key": str(uuid4())}
    return {"id": None, "public": False, "area": None, **dict.fromkeys(NAMES, ""), **more}


def fields_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a place as the API gives it."""
    longitude, latitude = found["location"]["coordinates"]
    agreed = "yes" if found["kind"] == PlaceKind.OFFICIAL_HOME and found["public"] else ""
    return {
        "id": found["id"],
        "kind": found["kind"],
        **{name: found[name] or "" for name in ("name", "address", "phone")},
        "opening_hours": found["openingHours"] or "",
        "position": f"{latitude:.6f}, {longitude:.6f}",
        "public": found["public"],
        "area": found["neighbourhood"],
        "consent": agreed,
        "consent_seen": agreed,
        agreeing.FIELD: "",
    }


def input_of(given: Mapping[str, Any], ward_code: str) -> tuple[dict[str, Any], Wrong]:
    """What the form of `given` (its `id` with it) says as `savePlace` takes it, and what cannot be said so."""
    wrong: Wrong = []
    at = read_position(given["position"])
    if at is None:
        unread = team_words.POSITION_UNREAD if given["position"] else team_words.POSITION_MISSING
        wrong.append(("position", unread))
    if given["kind"] not in list(PlaceKind):
        wrong.append(("kind", team_words.KIND_UNKNOWN))
    said: dict[str, Any] = {
        "kind": given["kind"],
        "name": given["name"],
        "location": {"type": "Point", "coordinates": list(at or ())},
        "address": given["address"],
        "phone": given["phone"],
        "openingHours": given["opening_hours"],
    }
    if given["kind"] == PlaceKind.OFFICIAL_HOME:
        said["consent"] = decided(given)
        said["consentWording"] = given[agreeing.FIELD] or None
    if given["id"] is not None:
        return {**said, "placeId": given["id"]}, wrong
    key = as_id(given["request_key"])
    return {**said, "wardCode": ward_code, "requestKey": None if key is None else str(key)}, wrong


def decided(given: Mapping[str, str]) -> bool | None:
    """What was decided on this form; None where it was left as the form showed it, for it may have changed since."""
    agreed = given["consent"] == "yes"
    return None if agreed == (given["consent_seen"] == "yes") else agreed


def told(
    request: Request, ward_code: str, ground: Ground | None, words: Mapping[str, str] = team_words.WORDS
) -> dict[str, Any]:
    """What the form's template and its modules need beside the place itself."""
    leaflet = f"{vendor.LEAFLET}/leaflet"
    return {
        "kinds": PLACES,
        "agreement": agreeing.agreement(consents.HOME, language_of(request)),
        "data": {
            **desk_words(translations(language_of(request)).gettext, words),
            "language": language_of(request),
            "ward": ward_code,
            "leaflet": {"script": vendor.url(f"{leaflet}.js"), "style": vendor.url(f"{leaflet}.css")},
            "ground": None if ground is None else ground.told(),
        },
    }
