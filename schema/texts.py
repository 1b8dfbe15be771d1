"""Text at the door: what no database column could hold is refused, the rest is put into one form (NFC)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextvars import ContextVar

from geo.language import Language, Text

NUL = Text("Văn bản có ký tự không lưu được.", "The text holds a character that cannot be stored.")

language: ContextVar[Language] = ContextVar("language", default=Language.VI)
"""The caller's language, for the scalars, which see nothing else of the request."""


def storable(text: str) -> bool:
    """Whether PostgreSQL can hold it: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def normal(text: str) -> str:
    """In NFC, without white space around it."""
    return unicodedata.normalize("NFC", text).strip()


def unstorable(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of every text in a JSON value that cannot be stored. Walks without recursion: depth is the client's."""
    stack: list[tuple[object, tuple[str, ...]]] = [(value, path)]
    while stack:
        item, here = stack.pop()
        if isinstance(item, str):
            if not storable(item):
                yield here
        elif isinstance(item, dict):
            stack.extend((below, (*here, str(key))) for key, below in item.items())
            if not all(storable(str(key)) for key in item):
                yield here
        elif isinstance(item, list):
            stack.extend((below, (*here, str(index))) for index, below in enumerate(item))
