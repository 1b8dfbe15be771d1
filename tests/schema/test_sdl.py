"""The published schema: it is what the code says, and it explains itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, is_non_null_type
from graphql.utilities import build_schema

from geo import (
    account_lists,
    audit,
    boundary_edits,
    categories,
    crews,
    incidents,
    neighbourhoods,
    places,
    records,
    rejections,
    teams,
    wards,
)
from geo.actor import Actor, Role
from schema.api import SCHEMA, sdl

ROOT = Path(__file__).parent.parent.parent

SOMEONE = UUID(int=1)
ACTORS = [
    Actor(),
    Actor().holding(b"digest"),
    *(Actor(role, SOMEONE, "A", "20314", SOMEONE, SOMEONE, SOMEONE) for role in Role),
]
READABLE: dict[str, Callable[[Actor], sa.Select[Any]]] = {
    "Account": account_lists.readable,
    "AuditEntry": audit.readable,
    "BoundaryEdit": boundary_edits.readable,
    "BoundaryPeriod": neighbourhoods.boundary_readable,
    "Category": categories.readable,
    "Crew": crews.readable,
    "Incident": incidents.readable,
    "IncidentEvent": records.event_readable,
    "Neighbourhood": neighbourhoods.readable,
    "Photo": records.photo_readable,
    "Place": places.readable,
    "RejectionTemplate": rejections.readable,
    "Reporter": records.reporter_readable,
    "Team": teams.readable,
    "TeamMember": teams.member_readable,
    "Ward": wards.readable,
}


def test_the_published_schema_is_the_one_that_runs() -> None:
    assert (ROOT / "schema" / "schema.graphql").read_text() == sdl()
    build_schema(sdl())


def test_everything_in_the_schema_has_a_description() -> None:
    silent = []
    for name, of_type in SCHEMA.type_map.items():
        if name.startswith("__"):
            continue
        if not of_type.description:
            silent.append(name)
        if isinstance(of_type, GraphQLEnumType):
            silent += [f"{name}.{value}" for value, known in of_type.values.items() if not known.description]
        elif isinstance(of_type, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in of_type.fields.items():
                if not field.description:
                    silent.append(f"{name}.{field_name}")
                for argument, known in getattr(field, "args", {}).items():
                    if not known.description:
                        silent.append(f"{name}.{field_name}({argument}:)")
    builtin = {"Int", "Float", "String", "Boolean", "ID"}
    assert [name for name in silent if name not in builtin] == []


def hidden_columns() -> set[tuple[str, str]]:
    """(type, column) of every column that is NULL, or a CASE without ELSE, in the rows of a noun for some caller."""
    found = set()
    for kind, readable in READABLE.items():
        for actor in ACTORS:
            for column in readable(actor).selected_columns:
                held = column.element if isinstance(column, sa.Label) else column
                if isinstance(held, sa.Cast):
                    held = held.clause
                if isinstance(held, sa.Null) or (isinstance(held, sa.Case) and held.else_ is None):
                    found.add((kind, column.key))
    return found


def camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda part: part[1].upper(), name.removesuffix("_id"))


def test_a_field_that_some_may_not_read_is_nullable() -> None:
    columns = hidden_columns()
    # What is known to be held back is among them, so this cannot pass by finding nothing.
    assert {
        ("Incident", "description"),
        ("Incident", "address"),
        ("Incident", "crew_id"),
        ("Incident", "satisfaction"),
        ("IncidentEvent", "note"),
        ("IncidentEvent", "actor"),
        ("TeamMember", "name"),
        ("TeamMember", "phone"),
        ("Crew", "position"),
        ("BoundaryPeriod", "author"),
    } <= columns
    required = []
    for kind, column in columns:
        of_type = SCHEMA.get_type(kind)
        assert isinstance(of_type, GraphQLObjectType)
        field = of_type.fields.get(camel(column))
        if field is not None and is_non_null_type(field.type):
            required.append(f"{kind}.{camel(column)}")
    assert required == []


def test_a_relation_to_rows_that_some_may_not_see_is_nullable() -> None:
    hidden = {"Crew", "Incident", "Reporter"}
    required = [
        f"{name}.{field_name}"
        for name, of_type in SCHEMA.type_map.items()
        if isinstance(of_type, GraphQLObjectType) and not name.endswith(("Payload", "Edge", "Connection"))
        for field_name, field in of_type.fields.items()
        if is_non_null_type(field.type) and str(field.type).rstrip("!") in hidden
    ]
    assert required == []
