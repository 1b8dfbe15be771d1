"""What a document may ask for, decided before it runs, in one pass that remembers each fragment.

Fragments are measured once and their measure is used at every spread: doubling fragments, which a walk without a memo
follows exponentially, cost a multiplication. Introspection is counted apart, for the standard query is fifteen deep.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)

MAX_TOKENS = 1_500
MAX_DEPTH = 10
MAX_FIELDS = 300
MAX_ALIASES = 15
MAX_ROOT_FIELDS = 10
MAX_FRAGMENTS = 20
MAX_OPERATIONS = 5
MAX_INTROSPECTION_DEPTH = 20
_INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True)
class Measure:
    """What a selection comes to when its fragments are spread out."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0

    def beside(self, other: Measure) -> Measure:
        return Measure(max(self.depth, other.depth), self.fields + other.fields, self.aliases + other.aliases)


class Limits(ValidationRule):
    """Refuses a document that is too deep, too wide, or has too many aliases, fragments, root fields or operations."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._fragments: dict[str, FragmentDefinitionNode] = {}
        self._measured: dict[str, Measure] = {}
        self._rooted: dict[str, int] = {}

    def enter_document(self, document: DocumentNode, *_: Any) -> None:
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._check(len(operations), MAX_OPERATIONS, "operations")
        self._check(len(self._fragments), MAX_FRAGMENTS, "fragments")
        if len(self._fragments) > MAX_FRAGMENTS:
            return
        for operation in operations:
            self._check_operation(operation)

    def _check_operation(self, operation: OperationDefinitionNode) -> None:
        introspects = any(
            isinstance(node, FieldNode) and node.name.value in _INTROSPECTION
            for node in operation.selection_set.selections
        )
        measure = self._measure(operation.selection_set, ())
        self._check(measure.depth, MAX_INTROSPECTION_DEPTH if introspects else MAX_DEPTH, "levels")
        self._check(measure.fields, MAX_FIELDS, "fields")
        self._check(measure.aliases, MAX_ALIASES, "aliases")
        self._check(self._roots(operation.selection_set, ()), MAX_ROOT_FIELDS, "root fields")

    def _check(self, count: int, most: int, what: str) -> None:
        if count > most:
            self.report_error(
                GraphQLError(f"The document has too many {what}: {most} at most.", extensions={"code": "TOO_LARGE"})
            )

    def _measure(self, selections: SelectionSetNode, within: tuple[str, ...]) -> Measure:
        total = Measure()
        for node in selections.selections:
            if isinstance(node, FieldNode):
                below = self._measure(node.selection_set, within) if node.selection_set else Measure()
                aliased = 1 if node.alias is not None else 0
                total = total.beside(Measure(below.depth + 1, below.fields + 1, below.aliases + aliased))
            elif isinstance(node, InlineFragmentNode):
                total = total.beside(self._measure(node.selection_set, within))
            elif isinstance(node, FragmentSpreadNode):
                total = total.beside(self._fragment(node.name.value, within))
        return total

    def _fragment(self, name: str, within: tuple[str, ...]) -> Measure:
        if name in within or name not in self._fragments:  # a circle, or unknown: other rules say so
            return Measure()
        if name not in self._measured:
            self._measured[name] = self._measure(self._fragments[name].selection_set, (*within, name))
        return self._measured[name]

    def _roots(self, selections: SelectionSetNode, within: tuple[str, ...]) -> int:
        count = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                count += 1
            elif isinstance(node, InlineFragmentNode):
                count += self._roots(node.selection_set, within)
            elif isinstance(node, FragmentSpreadNode):
                count += self._roots_of(node.name.value, within)
        return count

    def _roots_of(self, name: str, within: tuple[str, ...]) -> int:
        if name in within or name not in self._fragments:
            return 0
        if name not in self._rooted:
            self._rooted[name] = self._roots(self._fragments[name].selection_set, (*within, name))
        return self._rooted[name]
