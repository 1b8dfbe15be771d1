"""What a document may ask for, decided before it runs, in one pass that remembers each fragment.

Fragments are measured once and their measure is used at every spread: doubling fragments, which a walk without a memo
follows exponentially, cost a multiplication. What introspection asks for is counted apart, wherever it stands: the
standard query is fifteen deep, and nothing beside it may be so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from geo.language import Language, Text
from schema.texts import language

_INTROSPECTION = frozenset({"__schema", "__type"})
INTROSPECTION_DEPTH = 20
INTROSPECTION_FIELDS = 500


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one document may come to. `length` is in characters, all else is counted."""

    depth: int = 10
    aliases: int = 15
    directives: int = 8
    fields: int = 300
    tokens: int = 1_500
    fragments: int = 20
    root_fields: int = 10
    operations: int = 5
    length: int = 65_536


_TOO_LARGE = {
    "depth": Text(
        "Truy vấn lồng quá sâu (tối đa {most} cấp).", "The query is nested too deeply ({most} levels at most)."
    ),
    "aliases": Text(
        "Truy vấn đặt quá nhiều bí danh (tối đa {most}).", "The query has too many aliases ({most} at most)."
    ),
    "directives": Text(
        "Truy vấn có quá nhiều chỉ thị (tối đa {most}).", "The query has too many directives ({most} at most)."
    ),
    "fields": Text(
        "Truy vấn hỏi quá nhiều trường (tối đa {most}).", "The query asks too many fields ({most} at most)."
    ),
    "tokens": Text("Truy vấn quá dài (tối đa {most} ký hiệu).", "The query is too long ({most} tokens at most)."),
    "fragments": Text(
        "Truy vấn có quá nhiều mảnh (tối đa {most}).", "The query has too many fragments ({most} at most)."
    ),
    "rootFields": Text(
        "Truy vấn có quá nhiều trường ở cấp đầu (tối đa {most}).",
        "The query has too many root fields ({most} at most).",
    ),
    "operations": Text(
        "Tài liệu có quá nhiều thao tác (tối đa {most}).", "The document has too many operations ({most} at most)."
    ),
    "length": Text("Truy vấn quá dài (tối đa {most} ký tự).", "The query is too long ({most} characters at most)."),
    "introspection": Text(
        "Truy vấn hỏi quá nhiều về lược đồ (tối đa {most}).", "The query asks too much of the schema ({most} at most)."
    ),
}
_CIRCULAR = Text("Mảnh `{name}` chứa chính nó.", "Fragment `{name}` contains itself.")


def too_large(limit: str, most: int) -> GraphQLError:
    """The refusal of a document that is over `limit`, in the caller's words."""
    spoken = language.get()
    count = f"{most:,}" if spoken is Language.EN else f"{most:,}".replace(",", ".")
    message = _TOO_LARGE[limit].to(spoken, most=count)
    return GraphQLError(message, extensions={"code": "TOO_LARGE", "limit": limit, "most": most})


@dataclass(slots=True)
class _Measure:
    """What a selection comes to when its fragments are spread out; what lies below introspection's fields apart."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    roots: int = 0
    schemas: int = 0
    introspection_depth: int = 0
    introspection_fields: int = 0

    def add(self, other: _Measure) -> None:
        self.depth = max(self.depth, other.depth)
        self.fields += other.fields
        self.aliases += other.aliases
        self.directives += other.directives
        self.roots += other.roots
        self.schemas += other.schemas
        self.introspection_depth = max(self.introspection_depth, other.introspection_depth)
        self.introspection_fields += other.introspection_fields


class _CircularError(Exception):
    """A fragment, by its name, contains itself."""


def excess(document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """Why the document is refused, or nothing: each limit that it is over, or the fragment that contains itself."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    counted = [("operations", len(operations), limits.operations), ("fragments", len(fragments), limits.fragments)]
    over = [too_large(name, most) for name, count, most in counted if count > most]
    if over:
        return over
    measuring = _Measuring(fragments)
    try:
        for name in fragments:
            measuring.fragment(name, ())
        measures = [measuring.operation(node) for node in operations]
    except _CircularError as circular:
        message = _CIRCULAR.to(language.get(), name=circular)
        return [GraphQLError(message, extensions={"code": "CIRCULAR_FRAGMENTS"})]
    found = {limit: most for measure in measures for limit, most in _over(measure, limits)}
    return [too_large(limit, most) for limit, most in found.items()]


def _over(measure: _Measure, limits: Limits) -> Iterator[tuple[str, int]]:
    for name, count, most in (
        ("depth", measure.depth, limits.depth),
        ("fields", measure.fields, limits.fields),
        ("aliases", measure.aliases, limits.aliases),
        ("directives", measure.directives, limits.directives),
        ("rootFields", measure.roots, limits.root_fields),
        ("introspection", measure.schemas, 1),
        ("introspection", measure.introspection_depth, INTROSPECTION_DEPTH),
        ("introspection", measure.introspection_fields, INTROSPECTION_FIELDS),
    ):
        if count > most:
            yield name, most


class _Measuring:
    """Measures the selections of one document."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._measured: dict[str, _Measure] = {}

    def operation(self, node: OperationDefinitionNode) -> _Measure:
        measure = self._selections(node.selection_set, ())
        measure.directives += len(node.directives or ())
        measure.directives += sum(len(variable.directives or ()) for variable in node.variable_definitions or ())
        return measure

    def fragment(self, name: str, within: tuple[str, ...]) -> _Measure:
        """The measure of a fragment, taken once; of one that is not there nothing, for another rule says so."""
        if name in within:
            raise _CircularError(name)
        known = self._measured.get(name)
        if known is None:
            node = self._fragments.get(name)
            if node is None:
                return _Measure()
            known = self._selections(node.selection_set, (*within, name))
            known.directives += len(node.directives or ())
            self._measured[name] = known
        return known

    def _selections(self, selections: SelectionSetNode, within: tuple[str, ...]) -> _Measure:
        total = _Measure()
        for node in selections.selections:
            if isinstance(node, FieldNode):
                total.add(self._field(node, within))
            elif isinstance(node, InlineFragmentNode):
                total.add(self._selections(node.selection_set, within))
            elif isinstance(node, FragmentSpreadNode):
                total.add(self.fragment(node.name.value, within))
            total.directives += len(node.directives or ())
        return total

    def _field(self, node: FieldNode, within: tuple[str, ...]) -> _Measure:
        below = self._selections(node.selection_set, within) if node.selection_set else _Measure()
        below.aliases += node.alias is not None
        below.roots = 1
        if node.name.value in _INTROSPECTION:
            below.introspection_depth = below.depth + 1
            below.introspection_fields += below.fields
            below.depth, below.fields = 1, 1
            below.schemas += node.name.value == "__schema"
        else:
            below.depth += 1
            below.fields += 1
        return below
