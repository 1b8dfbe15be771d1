"""Queries planned once for every caller of a kind and all values of a shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphql import ExecutionResult, GraphQLOutputType, GraphQLResolveInfo, GraphQLSchema, is_non_null_type
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import VariableValues
from graphql.pyutils import Path

from geo.plans import MOST_PLANS, Kept, Plan, kind_of, late_actor
from schema.context import Context
from schema.executor import SqlExecutor, executor_for
from schema.operations import Operation, PlannedField, why_not
from schema.rows import Page, Rows, Several
from schema.shapes import Unshaped, late_values, shape_of


class _Planner(SqlExecutor):
    """Runs the resolvers with slots for values, and takes down the statements instead of sending them."""

    planned: list[PlannedField]
    whole: bool

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        if isinstance(result, Rows | Page | Several):
            context: Context = self.context_value
            statement = self.statement(return_type, field_details_list, path, result, context.charge)
            self.planned.append(PlannedField(str(path.key), Plan(statement), not is_non_null_type(return_type)))
        else:
            self.whole = False
        return None


@dataclass(frozen=True, slots=True)
class _QueryPlan:
    """The plans of a query's root fields."""

    operation: Operation  # kept alive, for its identity is in the key
    fields: tuple[PlannedField, ...]
    cost: int


_query_plans: Kept[_QueryPlan] = Kept(MOST_PLANS)


def planned(
    schema: GraphQLSchema, operation: Operation, context: Context, values: VariableValues
) -> tuple[PlannedField, ...] | None:
    """The plans of the query's root fields; None where it has to be executed by its values."""
    if operation.long or operation.works:
        return None
    try:
        shape = shape_of(operation.variables, values.coerced)
    except Unshaped:
        return None
    kind = kind_of(context.actor)
    key = (operation.key, context.default_ward, context.max_cost, context.database.fragments is None, kind, shape)
    kept = _query_plans.get(key)
    if kept is None:
        made = _plan(schema, operation, context, values)
        if made is None:
            return None
        kept = _QueryPlan(operation, *made)
        _query_plans.put(key, kept)
    context.planned_cost = kept.cost
    return kept.fields


def _plan(
    schema: GraphQLSchema, operation: Operation, context: Context, values: VariableValues
) -> tuple[tuple[PlannedField, ...], int] | None:
    late = Context(
        context.database,
        context.secret_key,
        late_actor(context.actor),
        context.language,
        context.default_ward,
        context.max_cost,
    )
    slots = values._replace(coerced=late_values(operation.variables, values.coerced))
    executor = executor_for(_Planner, schema, operation, late, slots)
    executor.planned, executor.whole = [], True
    result = executor.execute_operation()
    if not isinstance(result, ExecutionResult):
        raise TypeError("a query's resolvers wait for nothing")
    if result.errors:
        why_not(result, operation)
        return None
    return (tuple(executor.planned), late.cost) if executor.whole else None
