"""The subscriptions of the schema: what a change is, what may be followed and in whose right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any

import sqlalchemy as sa
import strawberry
from graphql import (
    GraphQLError,
)

from geo import boundary_edits, changes, secrets
from geo.actor import Actor
from geo.changes import Interest
from geo.language import Text
from geo.moments import BadCursor, Cursor
from schema.boundary_history import BoundaryEdit
from schema.context import Info
from schema.incidents import IncidentEvent
from schema.links import IncidentLink
from schema.relay import CURSOR, identity
from schema.rows import Row, Rows, column, field

ONE_WAY = Text(
    "Hãy nêu đúng một trong `wardCode`, `crewId`, `trackingCode` (và `secret` chỉ đi cùng `trackingCode`).",
    "Give exactly one of `wardCode`, `crewId` and `trackingCode` (and `secret` only with `trackingCode`).",
)
NOTHING_THERE = Text("Không tìm thấy, hoặc bạn không được theo dõi.", "There is no such thing for you to follow.")


def _incident(root: Row) -> Rows:
    return Rows(
        "Incident",
        changes.incident_of(root.seen_by, root.ward_code, root.incident_key, root.crew_key),
        root.seen_by,
    )


def _event(root: Row) -> Rows:
    select = changes.event_of(root.seen_by, root.ward_code, root.incident_key, root.event_key)
    return Rows("IncidentEvent", select, root.seen_by)


@strawberry.type(description="Something happened to an incident, or so much that everything is to be asked anew.")
class IncidentChange:
    cursor: str = column("Names this place in what happens: the `after` to go on from here; opaque.")
    incident_id: strawberry.ID | None = field(
        lambda root: sa.func.concat("Incident:", root.ward_code, ":", root.incident_key, type_=sa.Text),
        "The incident; none with `refetch`.",
    )
    incident: IncidentLink | None = field(
        _incident, "The incident as it is now. For a crew, null once the crew no longer has it."
    )
    event: IncidentEvent | None = field(_event, "The step, where the caller may read it; none with `refetch`.")
    refetch: bool = column("Changes were left out, for there were too many: ask again for everything you show.")


def _edit(root: Row) -> Rows:
    select = boundary_edits.with_id(root.seen_by, root.ward_code, root.edit_key)
    return Rows("BoundaryEdit", select, root.seen_by)


@strawberry.type(
    description="Boundaries of a ward were saved, or so much happened that everything is to be asked anew."
)
class BoundaryChange:
    cursor: str = column("Names this place in what happens: the `after` to go on from here; opaque.")
    edit: BoundaryEdit | None = field(
        _edit, "The saving, with the neighbourhoods as they are now; none with `refetch`."
    )
    refetch: bool = column("Changes were left out, for there were too many: ask again for everything you show.")


@dataclass(frozen=True, slots=True)
class Following:
    """Whose changes a subscriber follows, in whose right, and behind which cursor; without one, from now on."""

    interest: Interest
    actor: Actor
    after: Cursor | None


def _refused(text: Text, code: str, info: Info, *path: str) -> GraphQLError:
    extensions: dict[str, Any] = {"code": code} | ({"path": list(path)} if path else {})
    return GraphQLError(text.to(info.context.language), extensions=extensions)


def _cursor(info: Info, after: str | None) -> Cursor | None:
    try:
        return None if after is None else Cursor.read(after)
    except BadCursor as error:
        raise _refused(CURSOR, "BAD_INPUT", info, "after") from error


async def _incident_changed(
    info: Info,
    ward_code: Annotated[str | None, strawberry.argument(description="A ward's incidents: its five digits.")] = None,
    crew_id: Annotated[
        strawberry.ID | None,
        strawberry.argument(description="A crew's incidents: for its members and the ward's staff."),
    ] = None,
    tracking_code: Annotated[str | None, strawberry.argument(description="One report: its tracking code.")] = None,
    secret: Annotated[
        str | None, strawberry.argument(description="With `trackingCode`: shows all that the reporter may see.")
    ] = None,
    after: Annotated[
        str | None,
        strawberry.argument(description="The cursor of the last change seen: what came since is told first."),
    ] = None,
) -> Following:
    context = info.context
    if [ward_code, crew_id, tracking_code].count(None) != 2 or (secret is not None and tracking_code is None):
        raise _refused(ONE_WAY, "BAD_INPUT", info)
    cursor = _cursor(info, after)
    actor = context.actor if secret is None else context.actor.holding(secrets.digest(secret))
    name, interest = "trackingCode", None
    async with context.database.read() as connection:
        if ward_code is not None:
            name, interest = "wardCode", await changes.of_ward(connection, actor, ward_code)
        elif crew_id is not None:
            name, named = "crewId", identity(crew_id)
            if named is not None and named.type_name == "Crew" and named.key is not None:
                interest = await changes.of_crew(connection, actor, named.ward_code, named.key)
        elif tracking_code is not None:
            interest = await changes.of_report(connection, actor, tracking_code)
    if interest is None:
        raise _refused(NOTHING_THERE, "NOT_FOUND", info, name)
    # Who it is makes no difference to what may be read: all of one right share one answer.
    return Following(interest, replace(actor, account_id=None, name=None), cursor)


async def _boundaries_changed(
    info: Info,
    ward_code: Annotated[
        str | None, strawberry.argument(description="The ward: its five digits; the caller's own without it.")
    ] = None,
    after: Annotated[
        str | None,
        strawberry.argument(description="The cursor of the last change seen: what came since is told first."),
    ] = None,
) -> Following:
    context = info.context
    cursor = _cursor(info, after)
    actor, interest = context.actor, None
    named = ward_code or actor.ward_code or context.default_ward
    if named is not None:
        async with context.database.read() as connection:
            interest = await changes.of_boundaries(connection, actor, named)
    if interest is None:
        raise _refused(NOTHING_THERE, "NOT_FOUND", info, "wardCode")
    return Following(interest, replace(actor, account_id=None, name=None), cursor)


def _followed_as(of_type: type, resolver: Callable[..., Any], description: str) -> Any:
    """A field that is followed: `resolver` says what, and each change is answered with `of_type`."""
    return strawberry.subscription(resolver=resolver, graphql_type=of_type, description=description)


@strawberry.type(description="Where following what happens begins.")
class Subscription:
    incident_changed: IncidentChange = _followed_as(
        IncidentChange,
        _incident_changed,
        "Each change of an incident that the viewer may see: a ward's, a crew's for its members, or one report's by "
        "tracking code. Exactly one of these is asked for.",
    )
    boundaries_changed: BoundaryChange = _followed_as(
        BoundaryChange,
        _boundaries_changed,
        "Each saving of a ward's boundaries, the caller's own included; for its staff.",
    )
