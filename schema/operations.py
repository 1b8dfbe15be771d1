"""Operations made ready: a document's operation, its variables, and the plans of what it reads.

A query's root fields are planned with slots in place of what may differ (`schema/shapes.py`), and the plans are kept
by the document, the operation, what kind of caller asks, and the shape of the variables. A query that is asked again
then costs neither resolvers nor statements. What is refused is not planned: it is refused anew, in the caller's words.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    get_operation_ast,
    visit,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

from geo.plans import Kept, Plan
from schema.shapes import Declared, declared


@dataclass(frozen=True, slots=True)
class PlannedField:
    """A root field's plan; without a row its answer is null, where that is `nullable`."""

    name: str
    plan: Plan
    nullable: bool


class _Names(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.fields: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.found.add(node.name.value)

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.fields.add(node.name.value)


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a document. `nested` are the variables that its root fields' own arguments do not use up.

    One that `works` asks a query that is worked out instead of selected: it has no plan.
    """

    document: DocumentNode
    node: OperationDefinitionNode
    variables: tuple[Declared, ...]
    nested: tuple[Declared, ...]
    works: bool
    introspects: bool
    """Whether the document asks for `__schema` anywhere."""

    @property
    def key(self) -> Hashable:
        # The document's identity: whatever is kept under this key keeps the document alive as well.
        return (id(self.document), self.node.name.value if self.node.name else None)

    @property
    def long(self) -> bool:
        """Whether the document is too long to be remembered: nor is anything made for it."""
        location = self.document.loc
        return location is None or len(location.source.body) > LONGEST_REMEMBERED

    def nested_shape(self, values: Mapping[str, Any]) -> str | None:
        """The values that what lies below the root fields depends on, in full; None where that is too much to keep."""
        if self.long:
            return None
        known = [(variable.name, values[variable.name]) for variable in self.nested if variable.name in values]
        shape = repr(known)
        return shape if len(shape) <= LONGEST_REMEMBERED else None


LONGEST_REMEMBERED = 4_000
"""Letters of a document that is remembered, with all that is made for it."""

_MOST_OPERATIONS = 256
_operations: Kept[tuple[DocumentNode, Operation]] = Kept(_MOST_OPERATIONS)


def operation_of(schema: GraphQLSchema, document: DocumentNode, name: str | None) -> Operation | None:
    """The operation to run, or None where `name` does not say which."""
    key = (id(document), name)
    kept = _operations.get(key)
    if kept is not None:
        return kept[1]
    node = get_operation_ast(document, name)
    if node is None:
        return None
    variables = declared(schema, document, node)
    below = _Names()
    for selection in node.selection_set.selections:
        if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set is not None:
            visit(selection.selection_set, below)
        for directive in selection.directives or ():
            visit(directive, below)
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            visit(definition, below)
    nested = tuple(variable for variable in variables if variable.name in below.found)
    asked = _Names()
    visit(document, asked)
    works, introspects = not _worked(schema).isdisjoint(asked.fields), "__schema" in asked.fields
    operation = Operation(document, node, variables, nested, works, introspects)
    if not operation.long:
        _operations.put(key, (document, operation))
    return operation


@cache
def _worked(schema: GraphQLSchema) -> frozenset[str]:
    """The names of the queries whose resolvers wait for something."""
    fields = schema.query_type.fields if schema.query_type else {}
    return frozenset(
        name
        for name, field in fields.items()
        if getattr(field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF), "is_async", False)
    )


def why_not(result: ExecutionResult, operation: Operation) -> None:
    """Say aloud when planning failed by a fault of ours: then every such query is answered the slow way."""
    for error in result.errors or ():
        cause: BaseException | None = error.original_error
        while isinstance(cause, GraphQLError):
            cause = cause.original_error
        if cause is not None:
            where = operation.node.name.value if operation.node.name else "an operation"
            warnings.warn(f"cannot plan {where} at {error.path}: {cause!r}", RuntimeWarning, stacklevel=2)
