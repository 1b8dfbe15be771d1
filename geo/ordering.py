"""Keyset order: how a list is sorted, how a page is cut from it, and the opaque cursor that names a row.

A page costs the same wherever it lies: the rows after a cursor are found by comparing keys, never by counting rows
off. Every order ends with the row's id, so it is total; all keys of an order run in one direction, so that one row
comparison, which an index serves, says what comes after.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from geo.plans import LateText

# ICU's Vietnamese order, with numbers by value: 'Tổ dân phố số 2' before 'Tổ dân phố số 10'. See the migrations.
NATURAL = "vi_natural"


class BadCursor(ValueError):
    """The cursor was not made by this list in this order."""


def _time(text: str) -> str:
    """In UTC and in full: Python takes notations (week dates, a comma, any offset) that PostgreSQL does not."""
    if text in ("infinity", "-infinity"):
        return text
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment.astimezone(UTC).isoformat()


def _text(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL")
    text.encode()  # a lone surrogate raises UnicodeEncodeError, a ValueError
    return text


def _identity(text: str) -> str:
    return str(UUID(text))


def _number(text: str) -> str:
    return repr(float(text))


@dataclass(frozen=True, slots=True)
class Key:
    """One sort key: an expression, and how its text in a cursor is checked before it goes back to the database."""

    expression: sa.ColumnElement[Any]
    check: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Order:
    """A total order. `nearest` marks an order by distance, which an index serves only by its first key.

    Its cursors carry its `name`, so that a cursor of another list or order is told apart, not misread.
    """

    name: str
    keys: tuple[Key, ...]
    descending: bool = False
    nearest: bool = False

    def by(self, expressions: Sequence[sa.ColumnElement[Any]]) -> list[sa.ColumnElement[Any]]:
        return [expression.desc() if self.descending else expression.asc() for expression in expressions]

    def page(self, rows: sa.Select[Any], limit: int, after: str | LateText | None) -> sa.Subquery:
        """The first `limit` rows after the cursor: their columns, their `cursor`, and their number `n` from 1."""
        keys = [key.expression for key in self.keys]
        if after is not None:
            rows = rows.where(self._after(after))
        rows = rows.add_columns(*(key.label(f"key_{index}") for index, key in enumerate(keys)))
        if self.nearest:
            # KNN: the index yields the nearest, ties and all; the ties are put in order outside.
            found = rows.order_by(keys[0]).fetch(limit, with_ties=True).subquery("found")
        else:
            found = rows.order_by(*self.by(keys)).limit(limit).subquery("found")
        labels = [found.c[f"key_{index}"] for index in range(len(keys))]
        numbered = sa.select(
            *found.c,
            _cursor(self.name, labels).label("cursor"),
            sa.func.row_number().over(order_by=self.by(labels)).label("n"),
        ).subquery("numbered")
        return sa.select(*numbered.c).where(numbered.c.n <= limit).subquery("page") if self.nearest else numbered

    def check(self, cursor: str) -> None:
        """Raises `BadCursor` unless `cursor` is one of this order's."""
        self._decode(cursor)

    def _after(self, cursor: str | LateText) -> sa.ColumnElement[bool]:
        texts: list[Any] = (
            [cursor.slot(f"{self.name}_{index}", self._key(index)) for index in range(len(self.keys))]
            if isinstance(cursor, LateText)
            else [sa.literal(text) for text in self._decode(cursor)]
        )
        values = [
            sa.cast(sa.cast(text, sa.Text), key.expression.type) for key, text in zip(self.keys, texts, strict=True)
        ]
        keys = sa.tuple_(*(key.expression for key in self.keys))
        return keys < sa.tuple_(*values) if self.descending else keys > sa.tuple_(*values)

    def _key(self, index: int) -> Callable[[str], str]:
        return lambda cursor: self._decode(cursor)[index]

    def _decode(self, cursor: str) -> list[str]:
        try:
            texts = json.loads(base64.b64decode(cursor.encode("ascii"), validate=True))
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                raise BadCursor
            if len(texts) != len(self.keys) + 1 or texts[0] != self.name:
                raise BadCursor
            return [key.check(text) for key, text in zip(self.keys, texts[1:], strict=True)]
        except (ValueError, OverflowError, RecursionError) as error:
            raise BadCursor from error


def _cursor(name: str, keys: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[str]:
    """The order's name and the keys as text, as JSON, in base 64 (which PostgreSQL breaks into lines)."""
    texts = sa.func.json_build_array(sa.literal(name, sa.Text), *(sa.cast(key, sa.Text) for key in keys))
    encoded = sa.func.encode(sa.func.convert_to(sa.cast(texts, sa.Text), "UTF8"), "base64")
    return sa.func.translate(encoded, "\n", "", type_=sa.Text)


def natural(name: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """A name as people sort it: Vietnamese letters in their order, and 'số 2' before 'số 10'."""
    return sa.collate(name, NATURAL)


def by_name(table: sa.Table) -> Order:
    """By name, as Vietnamese people sort and count."""
    return Order(f"{table.name} by name", (Key(natural(table.c.name), _text), Key(table.c.id, _identity)))


def by_names(table: sa.Table, name: str, *names: sa.ColumnElement[str]) -> Order:
    """By several names, one within the other, each as Vietnamese people sort and count."""
    keys = (*(Key(natural(one), _text) for one in names), Key(table.c.id, _identity))
    return Order(f"{table.name} {name}", keys)


def by_text(column: sa.Column[str]) -> Order:
    """By one column that is unique by itself, such as a ward's code."""
    return Order(f"{column.table.name} by {column.name}", (Key(column, _text),))


def by_time(name: str, table: sa.Table, moment: sa.ColumnElement[Any], *, descending: bool = False) -> Order:
    keys = (Key(moment, _time), Key(table.c.id, _identity))
    return Order(f"{table.name} {name}", keys, descending=descending)


def by_distance(table: sa.Table, distance: sa.ColumnElement[float]) -> Order:
    return Order(f"{table.name} nearest", (Key(distance, _number), Key(table.c.id, _identity)), nearest=True)
