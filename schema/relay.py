"""Relay's names: `Node`, opaque ids, connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import strawberry
from graphql import GraphQLError

from geo.language import Text
from geo.ordering import BadCursor, Order
from geo.plans import LateText
from schema.rows import Page, Rows
from schema.texts import language

NodeType = TypeVar("NodeType")

MOST = 100
MOST_ON_MAP = 1_000
"""How many incidents or places a page may hold when a box says where: a map's window."""

FIRST = Text("`first` phải từ 0 đến {most}.", "`first` lies between 0 and {most}.")
CURSOR = Text("Dấu trang `after` không hợp lệ cho danh sách này.", "The cursor `after` does not belong to this list.")

First = Annotated[int, strawberry.argument(description="How many, from the start or from `after`; 100 at most.")]
FirstOnMap = Annotated[
    int,
    strawberry.argument(description="How many, from the start or from `after`; 100 at most, 1,000 with `within`."),
]
After = Annotated[str | None, strawberry.argument(description="The cursor of the row that the page follows.")]
Search = Annotated[str | None, strawberry.argument(description="Part of a name; diacritics and case do not matter.")]


@strawberry.interface(description="Anything with an id of its own.")
class Node:
    id: strawberry.ID = strawberry.field(description="Identifies this object everywhere in the API; opaque.")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more rows follow `endCursor`.")
    has_previous_page: bool = strawberry.field(description="Whether the page was asked for with `after`.")
    start_cursor: str | None = strawberry.field(description="The cursor of the page's first row.")
    end_cursor: str | None = strawberry.field(description="The cursor of its last row: the next page's `after`.")


@strawberry.type(description="A row of a list and its cursor.")
class Edge(Generic[NodeType]):
    cursor: str = strawberry.field(description="Names this row in this list and order; opaque.")
    node: NodeType = strawberry.field(description="The row.")


@strawberry.type(description="One page of a list, in a stable order.")
class Connection(Generic[NodeType]):
    edges: list[Edge[NodeType]] = strawberry.field(description="The rows with their cursors.")
    nodes: list[NodeType] = strawberry.field(description="The rows.")
    page_info: PageInfo = strawberry.field(description="Where this page lies.")
    total_count: int = strawberry.field(description="How many rows the whole list has for this caller.")


def page(rows: Rows, order: Order, first: int, after: str | LateText | None, most: int = MOST) -> Page:
    """A page of `rows`; refuses a `first` or an `after` that makes none. A late cursor is checked when it is known."""
    if not 0 <= first <= most:
        message = FIRST.to(language.get(), most=most)
        raise GraphQLError(message, extensions={"code": "BAD_INPUT", "path": ["first"]})
    if isinstance(after, str):
        try:
            order.check(after)
        except BadCursor as error:
            message = CURSOR.to(language.get())
            raise GraphQLError(message, extensions={"code": "BAD_INPUT", "path": ["after"]}) from error
    return Page(rows, order, first, after)


@dataclass(frozen=True, slots=True)
class Identity:
    """What an id says. A ward's has no uuid: its code is its key."""

    type_name: str
    ward_code: str
    key: UUID | None


@dataclass(frozen=True, slots=True)
class LateId:
    """An id of a known type whose ward and key are slots."""

    type_name: str
    ward_code: Any
    key: Any


@dataclass(frozen=True, slots=True)
class LateIds:
    """A list of ids that is a slot: `texts` in their order, and for each type its wards, its keys and their number."""

    texts: Any
    of_type: dict[str, tuple[Any, Any, int]]
    count: int


def identity(id_: str | LateId) -> Identity | None:
    """The parts of an id, or None when it is not one of ours: it then names nothing."""
    if isinstance(id_, LateId):
        return Identity(id_.type_name, id_.ward_code, id_.key)
    type_name, _, rest = id_.partition(":")
    ward_code, _, key = rest.partition(":")
    if not (ward_code.isascii() and ward_code.isdigit() and len(ward_code) == 5):
        return None
    if type_name == "Ward":
        return None if key else Identity(type_name, ward_code, None)
    try:
        made = UUID(key)
    except ValueError:
        return None
    return Identity(type_name, ward_code, made) if str(made) == key else None
