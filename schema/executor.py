"""The executor: where a resolver answers with rows, one SQL statement answers for it."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from graphql import (
    Executor,
    FragmentDefinitionNode,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    default_field_resolver,
    default_type_resolver,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails
from graphql.execution.values import VariableValues
from graphql.pyutils import Path, is_awaitable

from geo.plans import MOST_PLANS, Given, Kept, Plan, kind_of, late_actor, slot
from schema.context import Context
from schema.operations import Operation
from schema.rows import Found, Page, Rows, Several
from schema.selection import Answer, Charge, Selection


class SqlExecutor(Executor[None]):
    """graphql-core's executor, which hands every `Rows`, `Page`, `Several` or `Found` to the database as one statement.

    `ready` is the operation that runs: what it finds by key is planned once.
    """

    ready: Operation

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        if isinstance(result, Found):
            return self._fetched(return_type, info, *self._found(return_type, field_details_list, path, result))
        if isinstance(result, Rows | Page | Several):
            return self._read(return_type, field_details_list, info, path, result)
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    def _read(
        self,
        return_type: GraphQLOutputType,
        details: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        answer: Answer,
    ) -> Any:
        """Makes the statement now, so that a query is refused before any of its SQL runs; sends it when awaited."""
        context: Context = self.context_value
        plan = Plan(self.statement(return_type, details, path, answer, context.charge))
        return self._fetched(return_type, info, plan, Given(context.actor, {}))

    def statement(
        self, return_type: GraphQLOutputType, details: list[FieldDetails], path: Path, answer: Answer, charge: Charge
    ) -> Any:
        nullable = _nullable(return_type)
        many = str(nullable).startswith("[")
        context: Context = self.context_value
        marks = context.database.fragments is not None
        return Selection(self, charge, marks).statement(nullable, details, path, answer, many)

    def _found(
        self, return_type: GraphQLOutputType, details: list[FieldDetails], path: Path, found: Found
    ) -> tuple[Plan, Given]:
        context: Context = self.context_value
        given = Given(found.seen_by, {"ward": found.ward_code, "key": found.key})
        nested = self.ready.nested_shape(self.variable_values.coerced)
        key = (
            self.ready.key,
            context.database.fragments is None,
            *path.as_list(),
            found.type_name,
            found.read,
            kind_of(found.seen_by),
            nested,
        )
        kept = _found_plans.get(key)
        if kept is not None:
            context.charge(kept.cost)
            return kept.plan, given
        late = late_actor(found.seen_by)
        rows = Rows(found.type_name, found.read(late, _WARD, _KEY), late)
        before = context.cost
        plan = Plan(self.statement(return_type, details, path, rows, context.charge))
        if nested is not None:
            _found_plans.put(key, _FoundPlan(self.ready, plan, context.cost - before))
        return plan, given

    def _fetched(
        self, return_type: GraphQLOutputType, info: GraphQLResolveInfo[Any], plan: Plan, given: Given
    ) -> Awaitable[orjson.Fragment | None]:
        context: Context = self.context_value

        async def fetched() -> orjson.Fragment | None:
            text = await context.fetch(plan, given)
            if text is not None:
                return orjson.Fragment(text)
            if not is_non_null_type(return_type):
                return None
            raise TypeError(f"Cannot return null for non-nullable field {info.parent_type}.{info.field_name}.")

        return fetched()


@dataclass(frozen=True, slots=True)
class _FoundPlan:
    operation: Operation  # kept alive, for its identity is in the key
    plan: Plan
    cost: int


_WARD = slot("found_ward", sa.Text(), lambda given: given.values["ward"])
_KEY = slot("found_key", sa.Uuid(), lambda given: given.values["key"])
_found_plans: Kept[_FoundPlan] = Kept(MOST_PLANS)


def _nullable(of_type: GraphQLOutputType) -> GraphQLOutputType:
    return of_type.of_type if is_non_null_type(of_type) else of_type


Made = TypeVar("Made", bound=SqlExecutor)


def executor_for(
    kind: type[Made], schema: GraphQLSchema, operation: Operation, context: Context, values: VariableValues
) -> Made:
    """An executor for values that are coerced already: graphql-core would coerce them once more."""
    fragments = {
        node.name.value: node for node in operation.document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    executor = kind(
        schema,
        fragments,
        {name: FragmentDetails(node, None) for name, node in fragments.items()},
        None,
        context,
        operation.node,
        values,
        default_field_resolver,
        default_type_resolver,
        default_field_resolver,
        False,
        None,
        is_awaitable,
        None,
        hide_suggestions=True,
    )
    executor.ready = operation
    return executor
