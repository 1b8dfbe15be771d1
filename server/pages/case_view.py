"""What the desk reads of one incident: the answer of `documents/case.graphql`, ready for its templates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from geo.language import Language
from geo.lifecycle import FINISHED, IN_HAND, OPEN, Party, Status, may_advance
from server.pages.case_words import ACTS, CHANNELS, OBSTACLES, STATUS_OF, STEPS
from server.pages.staff_asked import ATTENTION
from server.pages.staff_view import Speech, moment, written
from server.pages.words import N_, STATUSES, TONES, Sign

_EARTH_METRES = 6_371_009.0


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the history; `candidates` are the crews that dispatch weighed for it."""

    sign: Sign
    tone: str
    at: str
    iso: str
    who: str | None
    note: str | None
    public: bool
    photos: int
    candidates: list[dict[str, Any]]


def view(incident: dict[str, Any], speech: Speech) -> dict[str, Any]:
    """All that the templates show; the incident's own fields are there too."""
    status = Status(incident["status"])
    is_open = status in OPEN
    due, accept_by, resolved = (moment(incident[name]) for name in ("dueAt", "acceptBy", "resolvedAt"))
    reported = datetime.fromisoformat(incident["reportedAt"])
    longitude, latitude = incident["location"]["coordinates"]
    steps = [_step(event, speech) for event in incident["history"]]
    weighed = [step for step in steps if step.candidates]
    return {
        **incident,
        "code": incident["trackingCode"],
        "kind": named(incident["category"], speech),
        "late": is_open and incident["overdue"],
        "open": is_open,
        "due": None if due is None else {"at": written(due), "said": speech.left(due) if is_open else None},
        "accept_by": None if accept_by is None else written(accept_by),
        "reported": {"at": written(reported), "said": _ago(reported, speech)},
        "resolved": None if resolved is None else written(resolved),
        "attention_said": _said(ATTENTION, incident["attention"], speech),
        "channel_said": _said(CHANNELS, incident["channel"], speech),
        "longitude": longitude,
        "latitude": latitude,
        "steps": steps[::-1],
        "why": weighed[-1] if weighed else None,
        "photos": [_photo(photo, incident["history"]) for photo in incident["photos"]],
        "acts": acts(status),
        "others": [_other(other, incident, speech) for other in incident["similar"]] if is_open else [],
        "duplicates": [_other(other, incident, speech) for other in incident["duplicates"]],
        "original": _other(incident["duplicateOf"], incident, speech) if incident["duplicateOf"] else None,
    }


def _said(words: Mapping[Any, str], key: str | None, speech: Speech) -> str | None:
    return None if key is None else speech.gettext(words[key])


def named(category: dict[str, Any], speech: Speech) -> str:
    name: str = category["name" if speech.language is Language.VI else "nameEn"]
    return name


def acts(status: Status) -> list[str]:
    """What staff may do now, by the life cycle; correcting and remarks are possible at any time."""
    always = ("correct", "note")
    staff = {Party.STAFF}
    found = [name for name in ACTS if name in always or may_advance(status, STATUS_OF[name], staff)]
    return [name for name in found if name != "reopen" or status in FINISHED]


def may_be_copy(status: Status) -> bool:
    """Whether staff may mark such an incident as the same problem as another."""
    return may_advance(status, Status.DUPLICATE, {Party.STAFF})


def _ago(at: datetime, speech: Speech) -> str:
    return speech.length((speech.now - at).total_seconds())


def _step(event: dict[str, Any], speech: Speech) -> Step:
    at = datetime.fromisoformat(event["at"])
    to = Status(event["to"])
    return Step(
        sign=_sign(event, to),
        tone=TONES[to],
        at=written(at),
        iso=event["at"],
        who=event["actor"],
        note=event["note"],
        public=event["public"],
        photos=len(event["photos"]),
        candidates=[_candidate(found, speech) for found in event["candidates"] or []],
    )


def _sign(event: dict[str, Any], to: Status) -> Sign:
    before = event["from"]
    if before is None:
        return STEPS["reported"]
    if before == to:
        if event["note"] is None and to in IN_HAND:
            return STEPS["reassigned"]
        return STEPS["opinion" if event["byReporter"] else "remark"]
    if to is Status.RECEIVED:
        return STEPS["reopened" if before in FINISHED else "returned"]
    return STATUSES[to]


def _candidate(found: dict[str, Any], speech: Speech) -> dict[str, Any]:
    return {
        "name": found["crew"]["name"] if found["crew"] else None,
        "distance": distance(found["metres"], speech),
        "load": f"{found['inHand']}/{found['capacity']}",
        "begins": speech.length(found["seconds"]),
        "chosen": found["chosen"],
        "why": _said(OBSTACLES, found["why"], speech),
    }


def distance(metres: float, speech: Speech) -> str:
    """A distance as people say it: 340 m, 1,2 km."""
    if metres < 1_000:
        return f"{round(metres / 10) * 10} m"
    kilometres = f"{metres / 1_000:.1f}"
    return f"{kilometres.replace('.', ',') if speech.language is Language.VI else kilometres} km"


def _photo(photo: dict[str, Any], history: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A photograph, with the number that the page calls it by and what it was taken for."""
    steps = [event for event in history if photo["id"] in [one["id"] for one in event["photos"]]]
    to = Status(steps[0]["to"]) if steps else Status.RECEIVED
    return {
        **photo,
        "key": photo["id"].rpartition(":")[2],
        "small": f"{photo['redactedUrl']}?size=thumbnail" if photo["redactedUrl"] else None,
        "after": to is Status.RESOLVED,
        "lines": "\n".join(" ".join(f"{100 * side:g}" for side in one) for one in photo["rectangles"] or []),
    }


def metres_between(one: Sequence[float], other: Sequence[float]) -> float:
    """The distance of two positions, longitude first, on a globe: within a ward it is right to a part in a hundred."""
    (west, south), (east, north) = one, other
    a, b = math.radians(south), math.radians(north)
    across = math.radians(east - west) * math.cos((a + b) / 2)
    return _EARTH_METRES * math.hypot(across, b - a)


def _other(other: dict[str, Any], incident: dict[str, Any], speech: Speech) -> dict[str, Any]:
    """Another report beside this one. `as_copy`: this one would be its duplicate; otherwise the other way round.

    The later of two is the duplicate, unless only the earlier may still become one; None where neither may.
    """
    status, mine = Status(other["status"]), Status(incident["status"])
    reported = datetime.fromisoformat(other["reportedAt"])
    later = reported > datetime.fromisoformat(incident["reportedAt"])
    possible = {True: may_be_copy(mine), False: may_be_copy(status)}
    as_copy = next((way for way in (not later, later) if possible[way]), None)
    apart = metres_between(other["location"]["coordinates"], incident["location"]["coordinates"])
    return {
        **other,
        "code": other["trackingCode"],
        "kind": named(other["category"], speech),
        "late": status in OPEN and other["overdue"],
        "reported": written(reported),
        "said": _ago(reported, speech),
        "later": later,
        "apart": distance(apart, speech),
        "as_copy": as_copy,
    }


AGAINST = (N_("đang giữ việc này"), N_("hết ca"), N_("không làm lĩnh vực này"), N_("đã đủ việc"))
"""What may be against a crew, in the order in which it counts."""


def crews(incident: dict[str, Any], speech: Speech) -> list[dict[str, Any]]:
    """The ward's crews for this incident, the most suitable first.

    First those on duty that handle its kind and have room, then those that `geo.dispatch.reserve` refuses, each with
    what is against it; the nearest of each first, as far as it is known where they are. The console's own list
    (`static/staff/assigning.js`) is the same.
    """
    kind, here = incident["category"]["code"], incident["location"]["coordinates"]
    mine = incident["crew"]["id"] if incident["crew"] and incident["status"] in IN_HAND else None
    found = []
    for crew in incident["ward"]["crews"]["nodes"]:
        at = crew["position"] or crew["base"]
        metres = metres_between(at["coordinates"], here) if at else math.inf
        held = crew["inHand"] or 0
        has = crew["id"] == mine
        handles = kind in [category["code"] for category in crew["categories"]]
        rank = (has, not crew["onDuty"], not handles, held >= crew["capacity"] and not has)
        found.append(
            {
                **crew,
                "held": held,
                "refused": any(rank),
                "apart": distance(metres, speech) if at else None,
                "against": [word for holds, word in zip(rank, AGAINST, strict=True) if holds],
                "rank": (*rank, metres, held / max(1, crew["capacity"])),
            }
        )
    return sorted(found, key=lambda one: one["rank"])


def templates(incident: dict[str, Any]) -> list[dict[str, Any]]:
    """The texts to reject this incident with: those for its kind and for every kind."""
    kinds = (None, incident["category"]["code"])
    return [
        one
        for one in incident["ward"]["rejectionTemplates"]
        if (one["category"]["code"] if one["category"] else None) in kinds
    ]
