"""The queries: where every reading begins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
import strawberry
from graphql import GraphQLError
from sqlalchemy.dialects.postgresql import BYTEA

from geo import (
    account_lists,
    audit,
    boundary_edits,
    categories,
    crews,
    incidents,
    locating,
    neighbourhoods,
    notices,
    places,
    records,
    rejections,
    secrets,
    teams,
    viewers,
    wards,
)
from geo.actor import Actor
from geo.language import Text
from geo.locating import point
from geo.plans import change
from schema.boundary_checks import BoundaryQuery
from schema.context import Info
from schema.enums import Role
from schema.incidents import Incident
from schema.links import CrewLink, NeighbourhoodLink, TeamLink, WardConnection
from schema.notices import NoticeConnection, noticed, unseen
from schema.own_account import Session, sessions_of
from schema.partition import PartitionQuery
from schema.relations import crew_of, neighbourhood_of, team_of, ward_of
from schema.relay import MOST, After, First, Identity, LateIds, Node, Search, identity, page
from schema.rows import Page, Rows, Several, answers, column, field
from schema.scalars import GeoJSONPoint
from schema.wards import Ward

TOO_MANY_IDS = Text("Mỗi lần hỏi nhiều nhất {most} mã.", "At most {most} ids at once.")

_Read = Callable[[Actor, Any, Any], sa.Select[Any]]
_BY_ID: dict[str, _Read] = {
    "Account": account_lists.with_id,
    "AuditEntry": audit.with_id,
    "BoundaryEdit": boundary_edits.with_id,
    "Category": categories.with_id,
    "Crew": crews.with_id,
    "Incident": incidents.with_id,
    "Neighbourhood": neighbourhoods.with_id,
    "Notice": notices.with_id,
    "Photo": records.photo_with_id,
    "Place": places.with_id,
    "RejectionTemplate": rejections.with_id,
    "Team": teams.with_id,
    "TeamMember": teams.member_with_id,
}


@strawberry.type(description="What governs a position.")
class Locality:
    ward: Ward = field(
        ward_of,
        "The ward that holds it.",
    )
    neighbourhood: NeighbourhoodLink | None = field(
        neighbourhood_of,
        "The neighbourhood that holds it; none on ground not yet drawn.",
    )
    team: TeamLink | None = field(
        team_of,
        "The community digital team of that neighbourhood.",
    )


@strawberry.type(description="Who is asking, and what they may do.")
class Viewer:
    role: Role = column("The caller's role.")
    name: str | None = column("The caller's name; none for a resident.")
    username: str | None = column("The name that the caller signs in with; none for a resident.")
    sessions: list[Session] = field(
        sessions_of, "Where the caller is signed in: the session that asks first, then the latest seen; 100 at most."
    )
    second_factor_since: datetime | None = column("Since when the caller has a second factor; null without one.")
    recovery_codes_left: int = column("How many recovery codes of it were not used.")
    ward: Ward | None = field(
        ward_of,
        "The ward the caller works in; none for a resident and for an administrator of every ward.",
    )
    crew: CrewLink | None = field(
        crew_of,
        "The crew the caller belongs to.",
    )
    team: TeamLink | None = field(
        lambda root: Rows("Team", teams.with_id(root.seen_by, root.ward_code, root.team_id), root.seen_by),
        "The community digital team the caller belongs to.",
    )
    notices: NoticeConnection = answers(noticed, "What happened that the caller should look at, the latest first.")
    unseen_notices: int = field(unseen, "How many of these are new to the caller; 100 stands for more.")


def _object(actor: Actor, named: Identity | None) -> Rows | None:
    if named is None:
        return None
    if named.type_name == "Ward":
        return Rows("Ward", wards.with_code(actor, named.ward_code), actor)
    read = _BY_ID.get(named.type_name)
    return None if read is None else Rows(named.type_name, read(actor, named.ward_code, named.key), actor)


def _objects(actor: Actor, type_name: str, of_wards: Any, keys: Any, count: int) -> Rows | None:
    """The objects of one type: of any of these wards with any of these keys; their ids tell the pairs apart."""
    if type_name == "Ward":
        return Rows("Ward", wards.with_code(actor, sa.any_(of_wards)), actor, weight=count)
    read = _BY_ID.get(type_name)
    return None if read is None else Rows(type_name, read(actor, sa.any_(of_wards), sa.any_(keys)), actor, weight=count)


def _node(info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]) -> Rows | None:
    return _object(info.context.actor, identity(id))


def _nodes(
    info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="Their ids; 100 at most.")]
) -> Several:
    late = ids[0] if ids and isinstance(ids[0], LateIds) else None
    count = len(ids) if late is None else late.count
    if count > MOST:
        message = TOO_MANY_IDS.to(info.context.language, most=MOST)
        raise GraphQLError(message, extensions={"code": "BAD_INPUT", "path": ["ids"]})
    info.context.charge(count)
    actor = info.context.actor
    if late is not None:
        found = [_objects(actor, type_name, *those) for type_name, those in late.of_type.items()]
        return Several(late.texts, [rows for rows in found if rows is not None])
    named: dict[str, list[Identity]] = {}
    for known in filter(None, map(identity, ids)):
        named.setdefault(known.type_name, []).append(known)
    found = [
        _objects(
            actor,
            type_name,
            sa.literal([one.ward_code for one in known], sa.ARRAY(sa.Text)),
            sa.literal([one.key for one in known], sa.ARRAY(sa.Uuid)),
            len(known),
        )
        for type_name, known in named.items()
    ]
    return Several(sa.literal(list(ids), sa.ARRAY(sa.Text)), [rows for rows in found if rows is not None])


def _ward(
    info: Info, code: Annotated[str | None, strawberry.argument(description="Its official five digits.")] = None
) -> Rows:
    context = info.context
    named = code if code is not None else context.default_ward
    return Rows("Ward", wards.chosen(context.actor, named), context.actor)


def _wards(info: Info, search: Search = None, first: First = 20, after: After = None) -> Page:
    actor = info.context.actor
    return page(Rows("Ward", wards.matching(actor, search), actor), wards.BY_CODE, first, after)


def _locate(info: Info, position: Annotated[GeoJSONPoint, strawberry.argument(description="The position.")]) -> Rows:
    return Rows("Locality", locating.locality(point(position)), info.context.actor)


def _incident(
    info: Info,
    tracking_code: Annotated[str, strawberry.argument(description="The code the resident was given.")],
    secret: Annotated[
        str | None, strawberry.argument(description="The reporter's secret: shows all that the reporter may see.")
    ] = None,
) -> Rows:
    actor = info.context.actor
    if secret is not None:
        actor = actor.holding(change(secret, "digest", secrets.digest, BYTEA()))
    return Rows("Incident", incidents.with_tracking_code(actor, tracking_code), actor)


def _viewer(info: Info) -> Rows:
    actor = info.context.actor
    return Rows("Viewer", viewers.row(actor), actor)


@strawberry.type(description="Where reading begins.")
class Query(BoundaryQuery, PartitionQuery):
    node: Node | None = answers(_node, "Any object, by its id.")
    nodes: list[Node | None] = answers(_nodes, "Several objects, in the order of their ids.")
    ward: Ward | None = answers(
        _ward,
        "The ward with this official code; without one, the ward that this deployment serves by default.",
    )
    wards: WardConnection = answers(_wards, "The wards kept here, by code.")
    locate: Locality | None = answers(
        _locate,
        "What governs a position: its ward, neighbourhood and team. Null outside every ward kept here.",
    )
    incident: Incident | None = answers(
        _incident,
        "An incident by its tracking code; with the reporter's secret, all that the reporter may see.",
    )
    viewer: Viewer = answers(_viewer, "Who is asking, and what they may do.")
