"""What a resolver answers with: not data, but which rows hold it.

A resolver runs once, while the statement is being made, also deep in a selection. Its parent is a `Row`, whose
attributes are SQL columns; it gives a SQL expression for a scalar, `Rows` for an object or a list, a `Page` for a
connection. `schema/selection.py` adds which columns, and PostgreSQL writes the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import strawberry

from geo.actor import Actor
from geo.ordering import Order
from geo.plans import LateText
from geo.positions import Position


class Row:
    """The columns of one row in the making: `row.name` is the column, wherever the row will come from.

    `seen_by` is the caller in whose right the row is read, and in whose right its relations must be; `near` is the
    position that distances are asked from.
    """

    __slots__ = ("_alias", "_columns", "near", "seen_by")

    def __init__(
        self, alias: str, columns: sa.ColumnCollection[str, Any], seen_by: Actor, near: Position | None
    ) -> None:
        self._alias = alias
        self._columns = columns
        self.seen_by = seen_by
        self.near = near

    def __getattr__(self, name: str) -> sa.ColumnElement[Any]:
        if name.startswith("_") or name not in self._columns:
            raise AttributeError(name)
        # Named by its alias as text: inside a LATERAL subquery it must not become a table of that subquery.
        return sa.literal_column(f"{self._alias}.{name}", self._columns[name].type)


@dataclass(frozen=True, slots=True)
class Boundary:
    """A boundary of a neighbourhood, by the id of its row: its text is kept in memory (`geo/fragments.py`).

    `shape` is the geometry itself, for a reader who keeps nothing.
    """

    ward_code: sa.ColumnElement[str]
    id: sa.ColumnElement[Any]
    shape: sa.ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the GraphQL type `type_name`, and in whose right they are read: one object, or a short list in order."""

    type_name: str
    select: sa.Select[Any]
    seen_by: Actor
    near: Position | None = None
    weight: int = 1
    """How many rows to expect, for the cost of the query."""
    effort: int = 0
    """What it costs beyond that to find them, in rows."""
    present: sa.ColumnElement[bool] | None = None
    """For a list that may be null: whether there is one at all; without a condition there always is."""


@dataclass(frozen=True, slots=True)
class Found:
    """One object by its key, as `read` gives it to `seen_by`: what a change or an event answers with."""

    type_name: str
    read: Callable[[Actor, Any, Any], sa.Select[Any]]
    seen_by: Actor
    ward_code: str
    key: UUID


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a connection over `rows`."""

    rows: Rows
    order: Order
    first: int
    after: str | LateText | None = None
    total: sa.Select[Any] | None = None
    """The number of all rows, where there is a cheaper way to it than counting them."""


@dataclass(frozen=True, slots=True)
class Several:
    """Objects of different types in the order of their ids (an array), null where there is none: what `nodes` gives.

    `found` holds the rows of each type once, however many ids there are, so that the statement stays small.
    """

    ids: sa.ColumnElement[Any]
    found: Sequence[Rows]


def answers(resolver: Callable[..., Any], description: str) -> Any:
    """A field with arguments: `resolver` takes them, and `root`, the parent's `Row`."""
    return strawberry.field(resolver=resolver, description=description)


def field(expression: Callable[[Row], sa.ColumnElement[Any] | Boundary | Rows], description: str) -> Any:
    """A field without arguments, read by an expression over its parent's columns."""

    def resolver(root: Row) -> Any:
        return expression(root)

    return answers(resolver, description)


def column(description: str, name: str | None = None) -> Any:
    """A field that is a column of its parent's row: the one of the same name unless `name` says otherwise."""
    if name is None:
        return strawberry.field(description=description)
    return field(lambda root: getattr(root, name), description)


def identity_of(type_name: str, row: Row) -> sa.ColumnElement[str]:
    """`Type:ward:uuid`; a ward's has no uuid, for its code is its key."""
    if type_name == "Ward":
        return sa.func.concat("Ward:", row.code, type_=sa.Text)
    return sa.func.concat(f"{type_name}:", row.ward_code, ":", row.id, type_=sa.Text)


def node_id(type_name: str) -> Any:
    """The field `id`, opaque to clients."""
    return field(lambda root: identity_of(type_name, root), "Identifies this object everywhere in the API; opaque.")
