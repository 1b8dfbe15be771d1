"""What the address of the map's page asks to see. Its modules read the same parameters (`static/map/address.js`).

A link may outlive what it names: what is not there, or cannot be, is passed over in silence.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.datastructures import QueryParams

from geo.lifecycle import FINISHED, OPEN, Status

GROUPS: dict[str, tuple[Status, ...]] = {"open": OPEN, "done": FINISHED, "all": (*OPEN, *FINISHED)}
"""Statuses that are chosen together, by the word in the address; the first is what a map opens with."""

_LONGEST_SEARCH = 100
_MOST_KINDS = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """`group` is the statuses' common word, None where they were chosen one by one."""

    statuses: tuple[Status, ...]
    group: str | None
    kinds: tuple[str, ...]
    search: str
    listed: bool
    """Whether the incidents are to stand in the page itself, for a reader without scripts."""
    embedded: bool
    chosen: UUID | None
    """The place or the neighbourhood whose card is open."""


def asked(query: QueryParams) -> Asked:
    words = _several(query, "status")
    named = tuple(Status(word) for word in dict.fromkeys(words) if word in set(Status))
    group = next((word for word in words if word in GROUPS), None if named else "open")
    return Asked(
        statuses=GROUPS[group] if group else named,
        group=group,
        kinds=tuple(dict.fromkeys(_several(query, "kind")))[:_MOST_KINDS],
        search=query.get("q", "").replace("\x00", "").strip()[:_LONGEST_SEARCH],
        listed="list" in query,
        embedded="embed" in query,
        chosen=_id(query.get("place") or query.get("neighbourhood") or ""),
    )


def _several(query: QueryParams, name: str) -> list[str]:
    return [part for value in query.getlist(name) for part in value.split(",") if part and "\x00" not in part]


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def fold(text: str) -> str:
    """Without diacritics and case, so that 'nha van hoa' finds 'Nhà văn hóa'; as `fold` in `static/common/words.js`."""
    apart = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).replace("đ", "d")


def found(search: str, *texts: Any) -> bool:
    """Whether each word of a search is somewhere in these texts."""
    words = fold(search).split()
    within = fold(" ".join(str(text) for text in texts if text)) if words else ""
    return all(word in within for word in words)
