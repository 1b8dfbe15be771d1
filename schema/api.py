"""The schema: the queries and mutations put together."""

from __future__ import annotations

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from schema.categories import Category
from schema.crews import Crew
from schema.incidents import Incident, Photo
from schema.neighbourhoods import Neighbourhood
from schema.places import Place
from schema.queries import Query
from schema.scalars import SCALARS
from schema.teams import Team

_schema = strawberry.Schema(
    Query,
    types=[Category, Crew, Incident, Neighbourhood, Photo, Place, Team],
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
)

SCHEMA: GraphQLSchema = _schema._schema
"""graphql-core's schema, which `schema/execution.py` runs."""


def sdl() -> str:
    """The published schema, as `schema/schema.graphql` holds it."""
    return _schema.as_str() + "\n"
