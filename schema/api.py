"""The schema: the queries, mutations and the subscription put together."""

from __future__ import annotations

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from schema.account_keeping import AccountMutation
from schema.account_links import AccountLinkMutation
from schema.accounts import Account
from schema.audit import AuditEntry
from schema.backlog import BacklogMutation
from schema.boundaries import BoundaryMutation
from schema.boundary_history import BoundaryEdit
from schema.categories import Category
from schema.category_keeping import CategoryMutation
from schema.crews import Crew
from schema.failed_jobs import FailedJobMutation
from schema.handling import HandlingMutation
from schema.incidents import Incident, Photo
from schema.keeping import KeepingMutation
from schema.neighbourhoods import Neighbourhood
from schema.notices import Notice, NoticeMutation
from schema.own_account import OwnAccountMutation
from schema.places import Place
from schema.queries import Query
from schema.redacting import RedactingMutation
from schema.rejections import RejectionMutation, RejectionTemplate
from schema.reporting import ReportingMutation
from schema.scalars import SCALARS
from schema.subscriptions import Subscription
from schema.team_keeping import TeamMutation
from schema.teams import Team, TeamMember


@strawberry.type(description="Where changing begins. Each takes one `input` and answers with its payload or a refusal.")
class Mutation(
    AccountMutation,
    AccountLinkMutation,
    BacklogMutation,
    BoundaryMutation,
    CategoryMutation,
    FailedJobMutation,
    ReportingMutation,
    HandlingMutation,
    KeepingMutation,
    NoticeMutation,
    OwnAccountMutation,
    RedactingMutation,
    RejectionMutation,
    TeamMutation,
):
    pass


_schema = strawberry.Schema(
    Query,
    Mutation,
    Subscription,
    types=[
        Account,
        AuditEntry,
        BoundaryEdit,
        Category,
        Crew,
        Incident,
        Neighbourhood,
        Notice,
        Photo,
        Place,
        RejectionTemplate,
        Team,
        TeamMember,
    ],
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
)

SCHEMA: GraphQLSchema = _schema._schema
"""graphql-core's schema, which `schema/execution.py` runs."""


def sdl() -> str:
    """The published schema, as `schema/schema.graphql` holds it."""
    return _schema.as_str() + "\n"
