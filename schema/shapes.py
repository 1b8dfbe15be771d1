"""What of an operation's variables enters its statements as slots, and the shape that all the rest makes.

A plan (`geo/plans.py`) is kept by the shape of the variables it was made for: every value in full, but for those whose
every use is known to be a plain value in SQL. These are ids and lists of them, moments, positions, boxes, and the texts
that are given as `after`, `trackingCode` or `secret`. Of them the shape holds only what the statement's form depends
on, such as an id's type. What this module does not know is part of the shape: at worst a statement is made once more.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from graphql import (
    ArgumentNode,
    DocumentNode,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    is_list_type,
    is_non_null_type,
    type_from_ast,
    visit,
)

from geo.plans import Given, LateText, Ordinate, slot
from geo.positions import Box, Position, PositionError, box
from schema.relay import MOST, Identity, LateId, LateIds, identity

Path = tuple[str, ...]
_LONGEST = 200
"""Letters of a text in a shape: what is longer is not worth remembering, and would fill the memory."""


class Unshaped(Exception):
    """These values are executed as they are; no plan is made for them."""


_TEXTS = frozenset({"after", "trackingCode", "secret"})
_BY_VALUE, _ABSENT = "by value", "absent"


@dataclass(frozen=True, slots=True)
class Declared:
    """A variable of an operation: its type, and how it is used.

    `late_text`: its text may stay unknown while a statement is made. `whole`: it is only ever a whole argument, not a
    part of a list or an object in the document.
    """

    name: str
    of_type: GraphQLInputType
    late_text: bool
    whole: bool


class _Uses(Visitor):
    """Which arguments each variable is given as; `None` for any other use."""

    def __init__(self) -> None:
        super().__init__()
        self.of: dict[str, set[str | None]] = {}

    def enter_variable(self, node: VariableNode, _key: Any, parent: Any, _path: Any, _ancestors: Any) -> None:
        name = parent.name.value if isinstance(parent, ArgumentNode) else None
        self.of.setdefault(node.name.value, set()).add(name)

    def enter_variable_definition(self, *_: Any) -> Any:
        return self.SKIP


def declared(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> tuple[Declared, ...]:
    """The operation's variables. Uses are looked for in the whole document: more only makes fewer texts late."""
    uses = _Uses()
    visit(document, uses)
    found = []
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        of_type: Any = type_from_ast(schema, definition.type)
        arguments = uses.of.get(name, set())
        late_text = len(arguments) == 1 and arguments <= _TEXTS
        found.append(Declared(name, of_type, late_text, None not in arguments))
    return tuple(found)


def shape_of(variables: tuple[Declared, ...], values: Mapping[str, Any]) -> Hashable:
    """The form of these coerced values: what a statement made for others of the same form may be executed with.

    Raises `Unshaped` where that would be too much to remember.
    """
    return tuple(
        _shape(variable.of_type, values[variable.name], variable.late_text, variable.whole)
        if variable.name in values
        else _ABSENT
        for variable in variables
    )


def _shape(of_type: Any, value: Any, late_text: bool = False, whole: bool = False) -> Hashable:
    if is_non_null_type(of_type):
        of_type = of_type.of_type
    if value is None:
        return None
    if is_list_type(of_type):
        return _ids_shape(value) if whole and _is_of_ids(of_type) else _whole(value)
    match of_type.name:
        case "ID":
            named = identity(value) if whole else None
            return _whole(value) if named is None else ("id", named.type_name, named.key is None)
        case "String":
            return "text" if late_text else _whole(value)
        case "DateTime" | "GeoJSONPoint":
            return str(of_type.name)
        case "BoundingBox":
            return "box" if _box(value) is not None else _whole(value)
    if isinstance(of_type, GraphQLInputObjectType):
        return tuple((name, _shape(of_type.fields[name].type, child)) for name, child in _members(of_type, value))
    return _whole(value)


def _is_of_ids(of_type: Any) -> bool:
    return str(of_type.of_type).removesuffix("!") == "ID"


def _by_type(ids: Sequence[str]) -> dict[str, list[Identity]]:
    """The ids that are ours, by the type they name; in the order of the types' names."""
    found: dict[str, list[Identity]] = {}
    for known in filter(None, map(identity, ids)):
        found.setdefault(known.type_name, []).append(known)
    return dict(sorted(found.items()))


def _ids_shape(ids: Sequence[str | None]) -> tuple[Hashable, ...]:
    """How many ids there are, and of which types: what the cost and the form of the statement depend on."""
    if any(not isinstance(id_, str) for id_ in ids) or len(ids) > MOST:
        return (_BY_VALUE, _whole(ids))
    texts = [id_ for id_ in ids if id_ is not None]
    return ("ids", len(ids), tuple((name, len(known)) for name, known in _by_type(texts).items()))


def _late_ids(ids: Sequence[str], name: str, read: Callable[[Given], Any]) -> LateIds:
    def part(type_name: str, which: str) -> Callable[[Given], list[Any]]:
        return lambda given: [getattr(known, which) for known in _by_type(read(given))[type_name]]

    def of(type_name: str, count: int) -> tuple[Any, Any, int]:
        codes = slot(f"{name}-{type_name}-wards", sa.ARRAY(sa.Text()), part(type_name, "ward_code"))
        return codes, slot(f"{name}-{type_name}-keys", sa.ARRAY(sa.Uuid()), part(type_name, "key")), count

    of_type = {type_name: of(type_name, len(known)) for type_name, known in _by_type(ids).items()}
    return LateIds(slot(name, sa.ARRAY(sa.Text()), read), of_type, len(ids))


def _members(of_type: GraphQLInputObjectType, value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The fields of a coerced input object that are there, in the order of the type."""
    return [
        (name, value[field.out_name or name])
        for name, field in of_type.fields.items()
        if (field.out_name or name) in value
    ]


def _whole(value: Any) -> Hashable:
    if isinstance(value, dict):
        return tuple((name, _whole(child)) for name, child in value.items())
    if isinstance(value, list | tuple):
        return ("list", *(_whole(child) for child in value))
    if isinstance(value, str) and len(value) > _LONGEST:
        raise Unshaped
    # With its type, for True equals 1 and 1 equals 1.0.
    return (type(value), value)


def _box(value: Mapping[str, Any]) -> Box | None:
    try:
        return box(value["west"], value["south"], value["east"], value["north"])
    except PositionError:
        return None


def late_values(variables: tuple[Declared, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with slots for what their shape leaves open."""
    return {
        variable.name: _late(
            variable.of_type, values[variable.name], (variable.name,), variable.late_text, variable.whole
        )
        for variable in variables
        if variable.name in values
    }


def _late(of_type: Any, value: Any, path: Path, late_text: bool = False, whole: bool = False) -> Any:
    if is_non_null_type(of_type):
        of_type = of_type.of_type
    if value is None:
        return value
    name, read = "-".join(("variable", *path)), _reader(path)
    if is_list_type(of_type):
        late = whole and _is_of_ids(of_type) and _ids_shape(value)[0] == "ids"
        return [_late_ids(value, name, read)] if late else value  # a list still: Strawberry takes it apart
    match of_type.name:
        case "ID":
            return _late_id(value, name, read) if whole and identity(value) is not None else value
        case "String":
            return LateText(name, read) if late_text else value
        case "DateTime":
            return slot(name, sa.DateTime(timezone=True), read)
        case "GeoJSONPoint":
            sides = ("longitude", "latitude")
            at: Any = [slot(f"{name}-{side}", Ordinate(), _attribute(read, side)) for side in sides]
            return Position(*at)
        case "BoundingBox":
            if _box(value) is None:
                return value
            return {side: slot(f"{name}-{side}", sa.Float(), _side(read, side)) for side in value}
    if isinstance(of_type, GraphQLInputObjectType):
        made = dict(value)
        for child_name, child in _members(of_type, value):
            field = of_type.fields[child_name]
            out = field.out_name or child_name
            made[out] = _late(field.type, child, (*path, out))
        return made
    return value


def _reader(path: Path) -> Callable[[Given], Any]:
    def read(given: Given) -> Any:
        value: Any = given.values
        for step in path:
            value = value[step]
        return value

    return read


def _attribute(read: Callable[[Given], Any], name: str) -> Callable[[Given], Any]:
    return lambda given: getattr(read(given), name)


def _side(read: Callable[[Given], Any], side: str) -> Callable[[Given], Any]:
    return lambda given: getattr(_box(read(given)), side)


def _late_id(value: str, name: str, read: Callable[[Given], Any]) -> LateId:
    named = identity(value)
    if named is None:
        raise ValueError(value)

    def ward(given: Given) -> str | None:
        found = identity(read(given))
        return None if found is None else found.ward_code

    def key(given: Given) -> UUID | None:
        found = identity(read(given))
        return None if found is None else found.key

    late_key = None if named.key is None else slot(f"{name}-key", sa.Uuid(), key)
    return LateId(named.type_name, slot(f"{name}-ward", sa.Text(), ward), late_key)
