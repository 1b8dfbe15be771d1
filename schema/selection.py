"""A GraphQL selection -> one SQL statement whose single value is the JSON of the answer.

Which fields are asked for is read with the executor's own `collect_subfields` and `get_argument_values`, so fragments,
aliases, `@include`, type conditions and defaults are the library's. Each field's resolver is called once, with the
columns of its parent's row, and says how it reads from SQL: see `schema/rows.py`. A relation becomes a LATERAL
subquery, which PostgreSQL turns into a join where it can.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from graphql import (
    Executor,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    get_named_type,
    located_error,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.executor import to_nodes
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from sqlalchemy.dialects.postgresql import aggregate_order_by

from geo import fragments
from schema import json_text
from schema.json_text import Json
from schema.rows import Boundary, Page, Row, Rows, Several, identity_of

Details = list[FieldDetails]
Answer = Rows | Page | Several
Charge = Callable[[int], None]


RELATION = 50
"""What a relation costs by itself, in rows: to plan it takes the database as long as to read so many."""

_HEAVY = {"GeoJSONMultiPolygon": 20}
"""What a value of a type costs beyond its row: an outline may have thousands of vertices."""


class Selection:
    """Makes the statement for one root field. `charge` is told how many rows each list may bring, before any SQL.

    With `marks` it answers with marks in place of boundaries (`geo/fragments.py`).
    """

    def __init__(self, executor: Executor[Any], charge: Charge, marks: bool) -> None:
        self.executor = executor
        self.charge = charge
        self.marks = marks
        self._aliases = 0

    def statement(self, of_type: GraphQLOutputType, details: Details, path: Path, answer: Answer, many: bool) -> Any:
        """A select of one text: the JSON of `answer`, or no row where there is no such object."""
        if isinstance(answer, Several):
            return self._several(details, path, answer)
        if isinstance(answer, Page):
            return self.page(get_named_type(of_type), details, path, answer, 1)
        return self.rows(details, path, answer, many, 1)

    def alias(self) -> str:
        self._aliases += 1
        return f"r{self._aliases}"

    def object_type(self, name: str) -> GraphQLObjectType:
        found = self.executor.schema.get_type(name)
        if not isinstance(found, GraphQLObjectType):
            raise TypeError(f"{name} is no object type")
        return found

    def _several(self, details: Details, path: Path, answer: Several) -> sa.Select[Any]:
        """One row with the array: the ids in their order, joined to what was found under them."""
        ids = sa.func.unnest(answer.ids)
        wanted = ids.table_valued("id", with_ordinality="n").render_derived(name="wanted")
        source: sa.FromClause = wanted
        item = json_text.constant("null")
        if answer.found:
            found = sa.union_all(*(self._with_id(details, path, rows) for rows in answer.found)).subquery("found")
            source = wanted.outerjoin(found, found.c.id == wanted.c.id)
            item = json_text.or_null(found.c.json)
        return sa.select(json_text.array_of(item, wanted.c.n)).select_from(source)

    def _with_id(self, details: Details, path: Path, rows: Rows) -> sa.Select[Any]:
        base = rows.select.subquery(self.alias())
        level = _Level(self, base, Row(base.name, base.c, rows.seen_by, rows.near), rows.weight)
        text = level.object(self.object_type(rows.type_name), details, path)
        key = identity_of(rows.type_name, level.row)
        columns: list[sa.ColumnElement[Any]] = [key.label("id"), text.label("json")]
        return sa.select(*columns).select_from(level.source)

    def rows(self, details: Details, path: Path, rows: Rows, many: bool, times: int) -> sa.Select[Any]:
        """One object's JSON a row, or, for a list, one row with the array of them."""
        self.charge(times * rows.effort)
        times *= rows.weight
        self.charge(RELATION + times)
        if many:
            inner = rows.select.subquery("listed")
            # The subquery is in order; numbering its rows keeps that order through the joins outside.
            base = sa.select(*inner.c, sa.func.row_number().over().label("n")).subquery(self.alias())
        else:
            base = rows.select.subquery(self.alias())
        level = _Level(self, base, Row(base.name, base.c, rows.seen_by, rows.near), times)
        text = level.object(self.object_type(rows.type_name), details, path)
        if many:
            text = json_text.array_of(text, base.c.n)
        found = sa.select(text.label("json")).select_from(level.source)
        return found if rows.present is None else found.having(rows.present)

    def page(
        self, connection: GraphQLNamedType, details: Details, path: Path, page: Page, times: int
    ) -> sa.Select[Any]:
        """One row with the JSON of a connection."""
        times *= max(page.first, 1)
        self.charge(RELATION + times)
        base = page.order.page(page.rows.select, page.first + 1, page.after).alias(self.alias())
        level = _Level(self, base, Row(base.name, base.c, page.rows.seen_by, page.rows.near), times)
        text = level.connection(self.object_type(connection.name), details, path, page)
        # HAVING makes it one row even where nothing that aggregates was asked for, such as totalCount alone.
        return sa.select(text.label("json")).select_from(level.source).having(sa.literal_column("true"))


class _Level:
    """One FROM clause: a row's columns, and beside it the LATERAL subqueries of its relations."""

    def __init__(self, selection: Selection, base: sa.FromClause, row: Row, times: int) -> None:
        self.selection = selection
        self.base = base
        self.row = row
        self.times = times
        self.source: sa.FromClause = base

    def _fields(self, of_type: GraphQLObjectType, details: Details) -> list[tuple[str, Details, GraphQLField | None]]:
        executor = self.selection.executor
        grouped = executor.collect_subfields(of_type, details).grouped_field_set
        schema = executor.schema
        return [(name, found, schema.get_field(of_type, found[0].node.name.value)) for name, found in grouped.items()]

    def object(self, of_type: GraphQLObjectType, details: Details, path: Path) -> Json:
        texts: list[tuple[str, Json]] = []
        for name, found, definition in self._fields(of_type, details):
            if found[0].node.name.value == "__typename":
                texts.append((name, json_text.constant(f'"{of_type.name}"')))
            elif definition is not None:
                texts.append((name, self._field(of_type, definition, found, Path(path, name, of_type.name))))
        return json_text.object_of(texts)

    def _field(self, parent: GraphQLObjectType, definition: GraphQLField, details: Details, path: Path) -> Json:
        executor = self.selection.executor
        nodes = to_nodes(details)
        info = executor.build_resolve_info(definition, nodes, parent, path)
        try:
            first = details[0]
            arguments = get_argument_values(
                definition,
                first.node,
                executor.variable_values,
                first.fragment_variable_values,
                executor.hide_suggestions,
            )
            answer = _resolve(definition, self.row, info, arguments)
            return self._complete(definition.type, details, path, answer)
        except Exception as error:
            raise located_error(error, nodes, path.as_list()) from error

    def _complete(self, of_type: GraphQLOutputType, details: Details, path: Path, answer: Any) -> Json:
        named = get_named_type(of_type)
        if isinstance(answer, Rows):
            return self._beside(self.selection.rows(details, path, answer, _is_list(of_type), self.times))
        if isinstance(answer, Page):
            return self._beside(self.selection.page(named, details, path, answer, self.times))
        if isinstance(answer, Boundary):
            # As many bytes as ever, whoever writes them.
            if self.selection.marks:
                self.selection.charge(self.times * _HEAVY[named.name])
                return json_text.or_null(fragments.mark(answer.ward_code, answer.id))
            answer = answer.shape
        if isinstance(answer, sa.ColumnElement):
            self.selection.charge(self.times * _HEAVY.get(named.name, 0))
            return json_text.leaf(named, answer)
        return json_text.value(answer)

    def _beside(self, related: sa.Select[Any]) -> Json:
        lateral = related.lateral(self.selection.alias())
        self.source = self.source.outerjoin(lateral, sa.true())
        return json_text.or_null(lateral.c.json)

    def connection(self, of_type: GraphQLObjectType, details: Details, path: Path, page: Page) -> Json:
        item = self.selection.object_type(page.rows.type_name)
        number = self.base.c.n
        shown = number <= page.first
        texts: list[tuple[str, Json]] = []
        for name, found, _ in self._fields(of_type, details):
            here = Path(path, name, of_type.name)
            match found[0].node.name.value:
                case "nodes":
                    text = json_text.array_of(self.object(item, found, here), number, shown)
                case "edges":
                    edge = self.selection.object_type(f"{item.name}Edge")
                    text = json_text.array_of(self._edge(edge, item, found, here), number, shown)
                case "pageInfo":
                    text = self._page_info(self.selection.object_type("PageInfo"), found, page)
                case "totalCount":
                    count = page.total
                    if count is None:
                        count = sa.select(sa.func.count()).select_from(page.rows.select.subquery("everything"))
                    text = sa.cast(count.scalar_subquery(), sa.Text)
                case _:  # __typename
                    text = json_text.constant(f'"{of_type.name}"')
            texts.append((name, text))
        return json_text.object_of(texts)

    def _edge(self, edge: GraphQLObjectType, item: GraphQLObjectType, details: Details, path: Path) -> Json:
        texts: list[tuple[str, Json]] = []
        for name, found, _ in self._fields(edge, details):
            match found[0].node.name.value:
                case "node":
                    text = self.object(item, found, Path(path, name, edge.name))
                case "cursor":
                    text = _quoted(self.base.c.cursor)
                case _:
                    text = json_text.constant(f'"{edge.name}"')
            texts.append((name, text))
        return json_text.object_of(texts)

    def _page_info(self, info: GraphQLObjectType, details: Details, page: Page) -> Json:
        number, cursor = self.base.c.n, self.base.c.cursor
        ends = sa.func.array_agg(aggregate_order_by(cursor, number.desc()))
        last = sa.funcfilter(ends, number <= page.first)
        known: dict[str, Json] = {
            "hasNextPage": sa.case((sa.func.count() > page.first, "true"), else_="false"),
            "hasPreviousPage": json_text.value(page.after is not None),
            "startCursor": json_text.or_null(
                _quoted(sa.funcfilter(sa.func.max(cursor), (number == 1) & (number <= page.first)))
            ),
            "endCursor": json_text.or_null(_quoted(sa.type_coerce(last, sa.ARRAY(sa.Text))[1])),
            "__typename": json_text.constant(f'"{info.name}"'),
        }
        fields = [(name, known[found[0].node.name.value]) for name, found, _ in self._fields(info, details)]
        return json_text.object_of(fields)


def _quoted(cursor: sa.ColumnElement[Any]) -> Json:
    return sa.type_coerce(json_text.constant('"').op("||")(cursor).op("||")(json_text.constant('"')), sa.Text)


def _is_list(of_type: GraphQLOutputType) -> bool:
    return "[" in str(of_type)


def _resolve(definition: GraphQLField, row: Row, info: GraphQLResolveInfo[Any], arguments: dict[str, Any]) -> Any:
    if definition.resolve is None:
        raise TypeError(f"{info.parent_type}.{info.field_name} has no resolver")
    return definition.resolve(row, info, **arguments)
