"""What the crew's page shows, from what the API answers: the same for a page, for its modules and for the phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from geo.language import Language
from maps import vendor
from server.pages.crew_words import WORDS

_NOTES = 2
"""How many of the latest remarks are shown."""


def shown(viewer: dict[str, Any], account: str, at: datetime, language: Language) -> dict[str, Any]:
    """A crew's list as `documents/crew_list.graphql` gives it, for `account`, read no earlier than `at`.

    What a phone keeps too: `{at, account, name, ward, crew: {id, name, onDuty} | None, jobs, total}`.
    """
    crew = viewer["crew"]
    found = None if crew is None else crew["incidents"]
    return {
        "at": at.isoformat(),
        "account": account,
        "name": viewer["name"],
        "ward": viewer["ward"]["name"].replace(" (bản demo)", ""),
        "crew": None if crew is None else {name: crew[name] for name in ("id", "name", "onDuty")},
        "jobs": [] if found is None else [_job(node, language) for node in found["nodes"]],
        "total": 0 if found is None else found["totalCount"],
    }


def _job(node: dict[str, Any], language: Language) -> dict[str, Any]:
    category, reporter, area = node["category"], node["reporter"], node["neighbourhood"]
    longitude, latitude = node["location"]["coordinates"]
    # What nobody said, such as that it is late, the card says by itself.
    said = [event for event in node["history"] if event["note"] and event["actor"]]
    notes = [{"at": event["at"], "note": event["note"]} for event in said]
    return {
        "id": node["id"],
        "code": node["trackingCode"],
        "kind": category["nameEn" if language is Language.EN else "name"],
        "icon": category["icon"] if category["icon"] in vendor.DESK_ICON_NAMES else "circle-ellipsis",
        "photoRequired": category["photoRequired"],
        "status": node["status"],
        "text": node["description"],
        "street": node["address"] or (None if area is None else area["name"]),
        "latitude": latitude,
        "longitude": longitude,
        "metres": node["distanceMetres"],
        "reportedAt": node["reportedAt"],
        "dueAt": node["dueAt"],
        "acceptBy": node["acceptBy"],
        "photos": [{"url": photo["url"], "small": photo["thumbnailUrl"]} for photo in node["photos"]],
        "phone": None if reporter is None else reporter["phone"],
        "caller": None if reporter is None else reporter["name"],
        "notes": notes[-_NOTES:],
        "directions": f"https://www.google.com/maps/dir/?api=1&destination={latitude},{longitude}",
    }


def _say(gettext: Callable[[str], str], key: str, **values: object) -> str:
    """A message of the modules, filled in as `say` does there."""
    text = gettext(WORDS[key])
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def span(length: timedelta, gettext: Callable[[str], str]) -> str:
    """A length of time in its largest unit: 45 phút, 3 giờ, 2 ngày. As `span` in `static/crew/saying.js`."""
    minutes = int(abs(length).total_seconds() // 60)
    if minutes < 1:
        return _say(gettext, "now")
    if minutes < 60:
        return _say(gettext, "minutes", n=minutes)
    if minutes < 48 * 60:
        return _say(gettext, "hours", n=minutes // 60)
    return _say(gettext, "days", n=minutes // (24 * 60))


def due(iso: str | None, now: datetime, gettext: Callable[[str], str]) -> str | None:
    """How late it is, or how much time is left."""
    if iso is None:
        return None
    left = datetime.fromisoformat(iso) - now
    key = "late" if left < timedelta() else "left"
    return _say(gettext, key, time=span(left, gettext))


def distance(metres: float | None, gettext: Callable[[str], str], language: Language) -> str | None:
    """How far: cách 350 m, cách 1,2 km."""
    if metres is None:
        return None
    if metres < 1000:
        return _say(gettext, "distanceM", n=max(10, round(metres / 10) * 10))
    kilometres = f"{metres / 1000:.1f}"
    if language is Language.VI:
        kilometres = kilometres.replace(".", ",")
    return _say(gettext, "distanceKm", n=kilometres)
