"""A subject as a statement of plain values: for files that are written row by row elsewhere than in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geo.exporting.kinds import Kind
from geo.exporting.subjects import Subject


@dataclass(frozen=True, slots=True)
class Rows:
    """Names and kinds of the columns; the statement gives their values, and at the end the shape as WKB."""

    names: Sequence[str]
    kinds: Sequence[Kind]
    statement: sa.Select[Any]


def rows_of(subject: Subject) -> Rows:
    columns = [_value(column).label(name) for name, column in subject.columns.items()]
    statement = sa.select(*columns, sa.func.ST_AsBinary(subject.geometry)).select_from(subject.source)
    kinds = [_kind(column.type) for column in columns]
    return Rows(list(subject.columns), kinds, statement.order_by(*subject.order))


def _value(column: Any) -> Any:
    return sa.cast(column, sa.Text) if isinstance(column.type, sa.Uuid) else column


def _kind(type_: Any) -> Kind:
    kinds = {sa.Boolean: Kind.BOOLEAN, sa.Integer: Kind.INTEGER, sa.DateTime: Kind.TIME}
    return next((kind for known, kind in kinds.items() if isinstance(type_, known)), Kind.TEXT)
