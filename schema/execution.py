"""Runs an operation: by its plan where it has one, else by executing it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import orjson
from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, OperationType
from graphql.execution.values import VariableValues
from graphql.pyutils import is_awaitable

from geo.ordering import BadCursor
from geo.plans import Given
from schema.context import Context, OperationTimeout
from schema.documents import coerced
from schema.executor import SqlExecutor, executor_for
from schema.operations import Operation, PlannedField, operation_of
from schema.planning import planned

_closing: set[asyncio.Task[None]] = set()
"""What is being given back of operations that were given up."""


async def run(
    schema: GraphQLSchema,
    document: DocumentNode,
    context: Context,
    variables: dict[str, Any] | None = None,
    operation_name: str | None = None,
) -> ExecutionResult:
    """Execute a prepared query or mutation, and give its connection back. Raises `OperationTimeout`."""
    operation = operation_of(schema, document, operation_name)
    if operation is None:
        return ExecutionResult(None, [GraphQLError("Which operation to run is not clear.")])
    if operation.introspects and not context.introspection:
        return ExecutionResult(None, [context.no_introspection()])
    values = coerced(schema, operation, variables or {})
    if isinstance(values, list):
        return ExecutionResult(None, values)
    try:
        async with asyncio.timeout(context.seconds) as time_left:
            context.give_up = lambda: _end(time_left)
            result = await _run(schema, operation, context, values)
    except BaseException as error:
        # Nobody waits for the database to agree that it is over.
        closing = asyncio.create_task(context.close())
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)
        if isinstance(error, TimeoutError) and time_left.expired():
            raise OperationTimeout from None
        raise
    await context.close()
    return result


def _end(time_left: asyncio.Timeout) -> None:
    with suppress(RuntimeError):  # it is over already
        time_left.reschedule(0)


async def _run(
    schema: GraphQLSchema, operation: Operation, context: Context, values: VariableValues
) -> ExecutionResult:
    if operation.node.operation is OperationType.QUERY:
        fields = planned(schema, operation, context, values)
        if fields is not None:
            answered = await _answered(fields, context, values.coerced)
            if answered is not None:
                return answered
    result: Any = executor_for(SqlExecutor, schema, operation, context, values).execute_operation()
    executed: ExecutionResult = await result if is_awaitable(result) else result
    return executed


async def _answered(
    fields: tuple[PlannedField, ...], context: Context, values: dict[str, Any]
) -> ExecutionResult | None:
    """The answer by plan. None where a value turns out not to fit its slot, or nothing was found that has to be:
    executed by its values, the query is refused in the right words.
    """
    given = Given(context.actor, values)
    data: dict[str, Any] = {}
    errors = []
    for field in fields:
        try:
            text = await context.fetch(field.plan, given)
        except BadCursor:
            return None
        except Exception as error:
            errors.append(GraphQLError(str(error), path=[field.name], original_error=error))
            if not field.nullable:
                return ExecutionResult(None, errors)
            data[field.name] = None
            continue
        if text is None and not field.nullable:
            return None
        data[field.name] = None if text is None else orjson.Fragment(text)
    return ExecutionResult(data, errors or None)
