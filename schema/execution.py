"""Runs an operation: parse, validate, execute; where a resolver answers with rows, one SQL statement answers for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    Executor,
    GraphQLError,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    execute,
    get_operation_ast,
    is_input_type,
    is_non_null_type,
    parse,
    specified_rules,
    type_from_ast,
    validate,
    validate_input_value,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import Path

from schema.context import Context
from schema.limits import MAX_TOKENS, Limits
from schema.literals import Literals
from schema.rows import Page, Rows, Several
from schema.selection import Answer, Selection
from schema.texts import faults, language

_LONGEST_REMEMBERED = 4_000
_MOST_ERRORS = 10


class SqlExecutor(Executor[None]):
    """graphql-core's executor, which hands every `Rows`, `Page` or `Several` to the database as one statement."""

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
            return self._read(return_type, field_details_list, info, path, result)
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    def _read(
        self,
        return_type: GraphQLOutputType,
        details: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        answer: Answer,
    ) -> Awaitable[orjson.Fragment | None]:
        """Makes the statement now, so that a query is refused before any of its SQL runs; sends it when awaited."""
        context: Context = self.context_value
        nullable = return_type.of_type if is_non_null_type(return_type) else return_type
        statement = Selection(self, context.charge).statement(
            nullable, details, path, answer, many=str(nullable).startswith("[")
        )

        async def fetched() -> orjson.Fragment | None:
            text = await context.fetch(statement)
            if text is not None:
                return orjson.Fragment(text)
            if nullable is not return_type:
                raise TypeError(f"Cannot return null for non-nullable field {info.parent_type}.{info.field_name}.")
            return None

        return fetched()


class _EnoughError(Exception):
    """So many errors were found that no more are told."""


class InvalidDocument(Exception):
    """The document cannot be executed; `errors` say why."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        self.errors = errors
        super().__init__(errors[0].message)


_RULES = tuple(Literals if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules)


def prepared(schema: GraphQLSchema, query: str) -> DocumentNode:
    """The parsed and validated document; raises `InvalidDocument`.

    Remembered by its text: some hundreds, none of them long. Errors are not: they are told in the caller's language.
    """
    return _remembered(schema, query) if len(query) <= _LONGEST_REMEMBERED else _prepare(schema, query)


def _prepare(schema: GraphQLSchema, query: str) -> DocumentNode:
    """The limits come first: the other rules may be slow on a document that they refuse."""
    try:
        document = parse(query, max_tokens=MAX_TOKENS)
        errors = validate(schema, document, (Limits,)) or validate(
            schema, document, _RULES, max_errors=_MOST_ERRORS, hide_suggestions=True
        )
    except GraphQLError as error:
        raise InvalidDocument([error]) from error
    except RecursionError as error:
        raise InvalidDocument([GraphQLError("The document is nested too deeply.")]) from error
    if errors:
        raise InvalidDocument(errors)
    return document


_remembered = lru_cache(maxsize=256)(_prepare)


def invalid_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, variables: dict[str, Any]
) -> list[GraphQLError]:
    """What is wrong with the values of the operation's variables, each with its `path`: the first few."""
    errors: list[GraphQLError] = []

    def tell(message: str, path: Iterable[str | int]) -> None:
        where = [str(step) for step in path]
        errors.append(GraphQLError(message, extensions={"code": "BAD_INPUT", "path": where}))
        if len(errors) >= _MOST_ERRORS:
            raise _EnoughError

    try:
        for definition in operation.variable_definitions or ():
            _check_variable(schema, definition, variables, tell)
    except _EnoughError:
        pass
    return errors


def _check_variable(
    schema: GraphQLSchema,
    definition: VariableDefinitionNode,
    variables: dict[str, Any],
    tell: Callable[[str, Iterable[str | int]], None],
) -> None:
    name = definition.variable.name.value
    of_type = type_from_ast(schema, definition.type)
    if name not in variables or not is_input_type(of_type):
        return
    found = False
    for fault in faults(variables[name], name):
        found = True
        tell(fault.text.to(language.get()), fault.path)
    if found:
        return

    def refused(error: GraphQLError, path: list[str | int]) -> None:
        tell(error.message, [name, *path, *(error.extensions or {}).get("path", [])])

    try:
        validate_input_value(variables[name], of_type, refused, hide_suggestions=True)
    except RecursionError:
        tell("The value is nested too deeply.", [name])


async def run(
    schema: GraphQLSchema,
    document: DocumentNode,
    context: Context,
    variables: dict[str, Any] | None = None,
    operation_name: str | None = None,
) -> ExecutionResult:
    """Execute a prepared query or mutation, and give its connection back."""
    operation = get_operation_ast(document, operation_name)
    if operation is not None and variables and (errors := invalid_variables(schema, operation, variables)):
        return ExecutionResult(None, errors)
    try:
        result = execute(
            schema,
            document,
            context_value=context,
            variable_values=variables,
            operation_name=operation_name,
            executor_class=SqlExecutor,
            hide_suggestions=True,
        )
        return result if isinstance(result, ExecutionResult) else await result
    finally:
        await context.close()
