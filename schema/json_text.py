"""How PostgreSQL writes the response: pieces of JSON text, put together by `concat`.

The one place that knows how JSON is written in SQL. Names come from the document and are GraphQL names, so they need no
escaping; every value goes through `leaf`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from graphql import GraphQLEnumType, GraphQLNamedType
from sqlalchemy.dialects.postgresql import aggregate_order_by

Json = sa.ColumnElement[str]

# PostgreSQL allows a function 100 arguments.
_MOST_ARGUMENTS = 90
_AS_IT_IS = frozenset({"Int", "Float", "Boolean"})
_ONLY_QUOTED = frozenset({"ID", "UUID"})


def constant(text: str) -> Json:
    """A piece of JSON known now, written into the statement itself."""
    quoted = text.replace("'", "''")
    return sa.literal_column(f"'{quoted}'", sa.Text)


def value(known: object) -> Json:
    """A value known now, such as an argument's echo: travels as a parameter."""
    return sa.literal(orjson.dumps(known).decode(), sa.Text)


def _concat(pieces: Sequence[Json]) -> Json:
    while len(pieces) > _MOST_ARGUMENTS:
        pieces = [
            sa.func.concat(*pieces[start : start + _MOST_ARGUMENTS], type_=sa.Text)
            for start in range(0, len(pieces), _MOST_ARGUMENTS)
        ]
    return sa.func.concat(*pieces, type_=sa.Text)


def leaf(of_type: GraphQLNamedType, expression: sa.ColumnElement[Any]) -> Json:
    """A column or an expression as the JSON of a scalar or an enum; SQL's NULL as JSON's."""
    text: sa.ColumnElement[Any]
    if isinstance(expression.type, sa.ARRAY):
        text = sa.cast(sa.func.to_json(expression), sa.Text)
    elif of_type.name.startswith("GeoJSON"):
        # The plain function: GeoAlchemy2's own takes a scalar subquery for a table.
        text = sa.Function("ST_AsGeoJSON", expression, 7, type_=sa.Text)
    elif of_type.name in _AS_IT_IS:
        text = sa.cast(expression, sa.Text)
    elif of_type.name in _ONLY_QUOTED or isinstance(of_type, GraphQLEnumType):
        # Ids and the names of an enumeration hold nothing that JSON would escape.
        text = constant('"').op("||")(sa.cast(expression, sa.Text)).op("||")(constant('"'))
    else:
        text = sa.cast(sa.func.to_json(expression), sa.Text)
    return or_null(text)


def or_null(text: sa.ColumnElement[Any]) -> Json:
    return sa.func.coalesce(text, constant("null"), type_=sa.Text)


def object_of(fields: Sequence[tuple[str, Json]]) -> Json:
    """A JSON object from response names and their values; of none where no fragment fits, or all is skipped."""
    pieces: list[Json] = []
    lead = "{"
    for name, text in fields:
        pieces += [constant(f'{lead}"{name}":'), text]
        lead = ","
    pieces.append(constant("}" if fields else "{}"))
    return _concat(pieces)


def array_of(item: Json, order: sa.ColumnElement[Any], where: sa.ColumnElement[bool] | None = None) -> Json:
    """A JSON array of `item` over the rows of the FROM clause, in `order`."""
    listed: Any = sa.func.string_agg(item, aggregate_order_by(constant(","), order))
    if where is not None:
        listed = sa.funcfilter(listed, where)
    return _concat([constant("["), listed, constant("]")])
