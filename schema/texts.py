"""Text and lists at the door: what no database column could hold, or no field could mean, is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from geo.contact import UNSTORABLE, storable
from geo.language import Language, Text

TOO_MANY = Text("Danh sách quá dài (tối đa 10.000 mục).", "The list is too long (10,000 items at most).")

language: ContextVar[Language] = ContextVar("language", default=Language.VI)
"""The caller's language, for the scalars, which see nothing else of the request."""


MOST_ITEMS = 10_000
"""How many items a list or an object in the variables may have: more than any that is accepted, so the reason is its
own."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a value somewhere inside the variables."""

    path: tuple[str, ...]
    text: Text


def faults(value: object, name: str) -> Iterator[Fault]:
    """Text that cannot be stored, lists and objects beyond reason, inside a JSON value called `name`.

    Depth first along iterators, without recursion: a million values cost no more memory than they are deep.
    """
    path: list[str] = []
    stack: list[Iterator[tuple[str, object]]] = [iter([(name, value)])]
    while stack:
        for key, child in stack[-1]:
            if isinstance(child, str):
                if not storable(child):
                    yield Fault((*path, key), UNSTORABLE)
            elif not isinstance(child, list | dict):
                continue
            elif len(child) > MOST_ITEMS:
                yield Fault((*path, key), TOO_MANY)
            else:
                path.append(key)
                stack.append(_children(child))
                break
        else:
            stack.pop()
            if path:
                path.pop()


def _children(value: list[object] | dict[str, object]) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        return iter(value.items())
    return ((str(index), child) for index, child in enumerate(value))
