"""Values written into the document itself: what is wrong with one is told with its place and its path."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from graphql import (
    ArgumentNode,
    FloatValueNode,
    GraphQLError,
    GraphQLInputType,
    ListValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    VisitorAction,
)
from graphql.language import SKIP
from graphql.utilities import validate_input_literal

from geo.contact import UNSTORABLE, storable
from geo.language import Text
from geo.positions import NOT_A_NUMBER
from schema.texts import language


class Literals(ValuesOfCorrectTypeRule):
    """The standard rule for literals; beside it, `extensions.path` leads from the argument to what is wrong.

    So a bad literal is told like a bad variable (`schema/documents.py`). A scalar's own refusal has no place in the
    document: it gets that of the literal.
    """

    _within = ""

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        self._within = node.name.value

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        self._within = node.variable.name.value

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        if input_type is not None:

            def tell(error: GraphQLError, path: list[str | int]) -> None:
                inner = (error.extensions or {}).get("path", [])
                where = [self._within, *(str(step) for step in path), *inner]
                extensions = {"code": "BAD_INPUT", "path": where}
                self.report_error(GraphQLError(error.message, error.nodes or node, extensions=extensions))

            odd = list(_odd(node, []))
            for text, path in odd:
                tell(GraphQLError(text.to(language.get())), path)
            if not odd:
                validate_input_literal(node, input_type, tell, hide_suggestions=True)
        return SKIP


def _odd(node: ValueNode, path: list[str | int]) -> Iterator[tuple[Text, list[str | int]]]:
    """What every scalar would let through: text that cannot be stored, and a number too large to be one."""
    if isinstance(node, StringValueNode) and not storable(node.value):
        yield UNSTORABLE, path
    elif isinstance(node, FloatValueNode) and not math.isfinite(float(node.value)):
        yield NOT_A_NUMBER, path
    elif isinstance(node, ListValueNode):
        for index, item in enumerate(node.values):
            yield from _odd(item, [*path, index])
    elif isinstance(node, ObjectValueNode):
        for field in node.fields:
            yield from _odd(field.value, [*path, field.name.value])
