"""Documents and variables at the door: parsed, validated and coerced, or refused with reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    get_variable_values,
    is_input_type,
    parse,
    specified_rules,
    type_from_ast,
    validate,
    validate_input_value,
)
from graphql.execution.values import VariableValues

from schema.limits import Limits, excess, too_large
from schema.literals import Literals
from schema.operations import LONGEST_REMEMBERED, Operation
from schema.texts import faults, language

_MOST_ERRORS = 10
_USUAL = Limits()
_NESTED = "Syntax Error: Document is nested too deeply"


class _EnoughError(Exception):
    """So many errors were found that no more are told."""


class InvalidDocument(Exception):
    """The document cannot be executed; `errors` say why."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        self.errors = errors
        super().__init__(errors[0].message)


_RULES = tuple(Literals if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules)


def prepared(schema: GraphQLSchema, query: str, limits: Limits = _USUAL) -> DocumentNode:
    """The parsed and validated document; raises `InvalidDocument`.

    Remembered by its text and the limits that it kept: some hundreds, none of them long. Errors are not: they are told
    in the caller's language.
    """
    return _remembered(schema, query, limits) if len(query) <= LONGEST_REMEMBERED else _prepare(schema, query, limits)


def _prepare(schema: GraphQLSchema, query: str, limits: Limits) -> DocumentNode:
    """The limits come first: the other rules may be slow on a document that they refuse."""
    try:
        document = _parsed(query, limits)
        errors = excess(document, limits) or validate(
            schema, document, _RULES, max_errors=_MOST_ERRORS, hide_suggestions=True
        )
    except GraphQLError as error:
        raise InvalidDocument([error]) from error
    except RecursionError as error:
        raise InvalidDocument([too_large("depth", limits.depth)]) from error
    if errors:
        raise InvalidDocument(errors)
    return document


def _parsed(query: str, limits: Limits) -> DocumentNode:
    if len(query) > limits.length:
        raise too_large("length", limits.length)
    try:
        return parse(query, max_tokens=limits.tokens)
    except GraphQLSyntaxError as error:
        if error.message.startswith("Syntax Error: Document contains more than"):
            raise too_large("tokens", limits.tokens) from error
        if error.message.startswith(_NESTED):
            raise too_large("depth", limits.depth) from error
        raise


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


def coerced(
    schema: GraphQLSchema, operation: Operation, variables: dict[str, Any]
) -> VariableValues | list[GraphQLError]:
    """The variables' values as resolvers get them, or what is wrong with them."""
    definitions = operation.node.variable_definitions or ()
    if any(True for one in operation.variables for _ in faults(variables.get(one.name), one.name)):
        return invalid_variables(schema, operation.node, variables)
    values = get_variable_values(schema, definitions, variables, _MOST_ERRORS, hide_suggestions=True)
    if isinstance(values, list):
        return invalid_variables(schema, operation.node, variables) or values
    return values
