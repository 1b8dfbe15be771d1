"""What the address of the map's page asks to see. Its modules read the same parameters (`static/map/address.js`).

A link may outlive what it names: what is not there, or cannot be, is passed over in silence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from starlette.datastructures import QueryParams

from geo.ids import as_id
from geo.lifecycle import FINISHED, OPEN, Status

GROUPS: dict[str, tuple[Status, ...]] = {"open": OPEN, "done": FINISHED, "all": (*OPEN, *FINISHED)}
"""Statuses that are chosen together, by the word in the address; the first is what a map opens with."""

_LONGEST_SEARCH = 100
_MOST_KINDS = 50
_WORD = re.compile(r"[^\W_]+")
_FIGURE = re.compile(r"\d")

T = TypeVar("T")


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
        chosen=as_id(query.get("place") or query.get("neighbourhood") or ""),
    )


def _several(query: QueryParams, name: str) -> list[str]:
    return [part for value in query.getlist(name) for part in value.split(",") if part and "\x00" not in part]


def fold(text: str) -> str:
    """Without diacritics and case, so that 'nha van hoa' finds 'Nhà văn hóa'; as `fold` in `static/common/words.js`."""
    apart = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).replace("đ", "d")


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))


def _held(word: str, words: Iterable[str]) -> bool:
    """Whether a word of a search is among these; one with a figure only whole: 58 is not found in 258."""
    return word in words if _FIGURE.search(word) else any(word in one for one in words)


def _begun(word: str, words: Iterable[str]) -> bool:
    return word in words if _FIGURE.search(word) else any(one.startswith(word) for one in words)


def rank(search: str, title: str, more: str = "") -> tuple[int, bool, int] | None:
    """What orders the answers to a search, the least first; None for what is none.

    As `rank` in `static/common/finding.js`, which says how.
    """
    wanted, named = _words(search), _words(title)
    if not wanted or not all(_held(word, (*named, *_words(more))) for word in wanted):
        return None
    apart = not any(_follow(wanted, named[at:]) for at in range(len(named)))
    if all(word in named for word in wanted):
        return 0, apart, len(named)
    if all(_begun(word, named) for word in wanted):
        return 1, apart, len(named)
    return 2 if all(_held(word, named) for word in wanted) else 3, apart, len(named)


def _follow(wanted: list[str], words: list[str]) -> bool:
    """Whether these words begin with those of a search, one after the other."""
    return len(words) >= len(wanted) and all(word.startswith(part) for part, word in zip(wanted, words, strict=False))


def answers(search: str, things: Iterable[T], told: Callable[[T], tuple[str, str]]) -> list[T]:
    """Those of `things` that answer a search, the best first, and all where nothing is searched for.

    `told` gives a thing's title and what else is said of it. Equals stay in their order.
    """
    if not search:
        return list(things)
    ranked = [(at, thing) for thing in things if (at := rank(search, *told(thing))) is not None]
    return [thing for _, thing in sorted(ranked, key=lambda pair: pair[0])]
