"""How a change is read for all who follow alike.

A subscriber's operation is looked at once: what it follows (`Following`), and a plan (`Telling`) of the one statement
that reads a change with the selected fields. The plan knows no values, so all subscribers of one document and one kind
of caller share it; those who follow the same in the same right share its answer as well.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from graphql import (
    DocumentNode,
    Executor,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    located_error,
)
from graphql.execution.collect_fields import FieldDetails, collect_fields
from graphql.execution.executor import to_nodes
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path

from geo import changes
from geo.actor import Actor
from geo.changes import Change
from geo.moments import Cursor
from geo.plans import Given, Kept, Plan, kind_of, late_actor, slot
from geo.pools import Texts
from schema.context import Context
from schema.documents import InvalidDocument, coerced
from schema.executor import SqlExecutor, executor_for
from schema.operations import Operation, operation_of
from schema.rows import Rows
from schema.subscriptions import Following


@dataclass(frozen=True, eq=False, slots=True)
class Telling:
    """How a change is told: the plan of its one statement, and the response around its text."""

    operation: Operation  # kept alive, for its identity is in the key
    plan: Plan
    name: str
    type_name: str
    again: tuple[tuple[str, str], ...]
    """The fields of a change that only says `refetch`, by their names in the response."""

    async def of(self, texts: Texts, following: Following, change: Change) -> str | None:
        """The response for a change; None where it is not for who follows."""
        interest = following.interest
        values = {
            "cursor": str(change.cursor),
            "ward": change.ward_code,
            "incident": change.incident_id,
            "event": change.event_id,
            "crew": interest.crew_id,
            "left": interest.left_by(change),
        }
        text = await texts.fetch(self.plan, Given(following.actor, values))
        return None if text is None else f'{{"data":{{"{self.name}":{text.decode()}}}}}'

    def refetch(self, cursor: Cursor) -> str:
        """The response that says that changes were left out, up to `cursor`."""
        known = {"cursor": str(cursor), "refetch": True, "__typename": self.type_name}
        body = {response_name: known.get(field_name) for response_name, field_name in self.again}
        return orjson.dumps({"data": {self.name: body}}).decode()


_MOST_KEPT = 256
_tellings: Kept[Telling] = Kept(_MOST_KEPT)


async def begin(
    schema: GraphQLSchema,
    document: DocumentNode,
    context: Context,
    variables: dict[str, Any] | None = None,
    operation_name: str | None = None,
    resume: str | None = None,
) -> tuple[Following, Telling]:
    """What a prepared subscription follows and how it is told; `resume` stands in for its argument `after`.

    Raises `InvalidDocument` with what is wrong.
    """
    operation = operation_of(schema, document, operation_name)
    if operation is None:
        raise InvalidDocument([GraphQLError("Which operation to run is not clear.")])
    values = coerced(schema, operation, variables or {})
    if isinstance(values, list):
        raise InvalidDocument(values)
    executor = executor_for(SqlExecutor, schema, operation, context, values)
    root = schema.subscription_type
    if root is None:
        raise TypeError("the schema has no subscriptions")
    fields = collect_fields(schema, executor.fragments, executor.variable_values, root, operation.node, True)
    ((name, details),) = fields.grouped_field_set.items() or ((None, None),)
    if name is None or details is None:
        raise InvalidDocument([GraphQLError("The subscription asks for nothing.", operation.node)])
    try:
        following = await _followed(executor, root, details, Path(None, name, root.name), resume)
        return following, _telling(executor, operation, following, name, details)
    except GraphQLError as error:
        raise InvalidDocument([error]) from error


async def _followed(
    executor: Executor[Any], root: GraphQLObjectType, details: list[FieldDetails], path: Path, resume: str | None
) -> Following:
    """The specification's ResolveFieldEventStream, but that the resolver says what to follow instead of following."""
    first, nodes = details[0], to_nodes(details)
    definition = root.fields[first.node.name.value]
    info = executor.build_resolve_info(definition, nodes, root, path)
    try:
        arguments = get_argument_values(
            definition, first.node, executor.variable_values, first.fragment_variable_values, True
        )
        if resume is not None:
            arguments["after"] = resume
        if definition.subscribe is None:
            raise TypeError(f"{info.field_name} cannot be followed")
        following: Following = await definition.subscribe(None, info, **arguments)
        return following
    except GraphQLError as error:
        raise located_error(error, nodes, path.as_list()) from error


def _telling(
    executor: SqlExecutor, operation: Operation, following: Following, name: str, details: list[FieldDetails]
) -> Telling:
    context: Context = executor.context_value
    nested = operation.nested_shape(executor.variable_values.coerced)
    database = context.database
    key: Hashable = (operation.key, nested, kind_of(following.actor), context.max_cost, database.fragments is None)
    kept = _tellings.get(key)
    if kept is not None:
        return kept
    actor = late_actor(following.actor)
    type_name, select = _told(following, actor)
    of_type = get_named_type(executor.schema.get_type(type_name))
    if not isinstance(of_type, GraphQLObjectType):
        raise TypeError(f"there is no {type_name}")
    path = Path(None, name, "Subscription")
    rows = Rows(type_name, select, actor)
    plan = Plan(executor.statement(of_type, details, path, rows, context.charge))
    asked = executor.collect_subfields(of_type, details).grouped_field_set
    again = tuple((response_name, found[0].node.name.value) for response_name, found in asked.items())
    telling = Telling(operation, plan, name, type_name, again)
    _tellings.put(key, telling)
    return telling


def _told(following: Following, actor: Actor) -> tuple[str, sa.Select[Any]]:
    """The type that a change is told as, and its one row."""
    place = (_value("cursor", sa.Text()), _value("ward", sa.Text()))
    event = _value("event", sa.Uuid())
    if following.interest.boundaries:
        return "BoundaryChange", changes.boundaries_told(actor, *place, event)
    crew, left = _value("crew", sa.Uuid()), _value("left", sa.Boolean())
    return "IncidentChange", changes.told(actor, *place, _value("incident", sa.Uuid()), event, crew, left)


def _value(name: str, of_type: Any) -> Any:
    return slot(f"change_{name}", of_type, lambda given: given.values[name])
