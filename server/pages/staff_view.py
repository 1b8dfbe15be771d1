"""What the staff console says of incidents and crews: the answers of its documents, in words for its templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from geo.clock import VIETNAM
from geo.language import Language
from geo.lifecycle import OPEN, Status
from server.pages.staff_asked import ATTENTION
from server.pages.staff_words import WORDS
from server.pages.words import TONES

Gettext = Callable[[str], str]

NEARLY_FULL = 0.75
"""The share of its capacity from which on a crew is shown as nearly full."""


@dataclass(frozen=True, slots=True)
class Speech:
    """How things are said to one reader at one moment."""

    language: Language
    gettext: Gettext
    now: datetime

    def say(self, key: str, **values: object) -> str:
        return self.gettext(WORDS[key]).format(**values)

    def length(self, seconds: float) -> str:
        """A length of time in its largest unit, as `lengthOf` in `static/staff/times.js`."""
        minutes = max(1, int(abs(seconds) // 60))
        if minutes < 60:
            return self.say("minutes", n=minutes)
        return self.say("hours", n=minutes // 60) if minutes < 2880 else self.say("days", n=minutes // 1440)

    def left(self, due: datetime) -> str:
        """How long until a deadline, or since."""
        seconds = (due - self.now).total_seconds()
        return self.say("left" if seconds > 0 else "overBy", length=self.length(seconds))


def moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def written(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M}"


def row(incident: dict[str, Any], speech: Speech, newest_first: bool, *, out: bool = False) -> dict[str, Any]:
    """A line of the queue. `out`: it is no longer what the list asks for."""
    status = Status(incident["status"])
    due, reported = moment(incident["dueAt"]), moment(incident["reportedAt"])
    is_open = status in OPEN
    late = is_open and incident["overdue"]
    longitude, latitude = incident["location"]["coordinates"]
    attention = incident["attention"]
    return {
        **incident,
        "code": incident["trackingCode"],
        "kind": incident["category"]["name" if speech.language is Language.VI else "nameEn"],
        "tone": "late" if late else TONES[status],
        "late": late,
        "open": is_open,
        "due_said": speech.left(due) if due is not None and is_open else None,
        "due_written": written(due) if due is not None else None,
        "age_said": speech.length((speech.now - reported).total_seconds()) if reported else "",
        "reported_written": written(reported) if reported else "",
        "attention_said": speech.gettext(ATTENTION[attention]) if attention else None,
        "sort": incident["reportedAt"] if newest_first else incident["dueAt"] or "infinity",
        "longitude": longitude,
        "latitude": latitude,
        "out": out,
    }


def load_of(held: int, capacity: int) -> str:
    """How a crew with so much in hand stands: "room", "high" or "full"."""
    if held >= capacity:
        return "full"
    return "high" if held >= NEARLY_FULL * capacity else "room"


def crew(found: dict[str, Any]) -> dict[str, Any]:
    """A crew in the strip: how much of what it can have it has in hand."""
    position = found["position"]
    held, capacity = found["inHand"] or 0, found["capacity"]
    return {
        **found,
        "key": found["id"].rpartition(":")[2],
        "kinds": [kind["code"] for kind in found["categories"]],
        "at": (position or found["base"] or {}).get("coordinates"),
        "is_seen": position is not None,
        "seen_at": written(seen) if (seen := moment(found["positionAt"])) is not None else None,
        "held": held,
        "load": load_of(held, capacity) if found["onDuty"] else "off",
        "filled": min(100, round(100 * held / capacity)) if capacity else 100,
    }


def by_duty(crews: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Who is on duty first, each as `crew` tells it; otherwise as the API orders them."""
    return sorted(map(crew, crews), key=lambda one: not one["onDuty"])
