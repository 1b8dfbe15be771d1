"""The subscription: what is followed, in whose right, and how a change is read for all who follow alike.

A subscriber's operation is looked at once: which incidents (`Following`), and a plan (`Telling`) of the one statement
that reads a change with the selected fields. The plan knows no values, so all subscribers of one document and one kind
of caller share it; those who follow the same in the same right share its answer as well.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Annotated, Any

import orjson
import sqlalchemy as sa
import strawberry
from graphql import (
    DocumentNode,
    Executor,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    located_error,
)
from graphql.execution.collect_fields import FieldDetails, collect_fields
from graphql.execution.executor import to_nodes
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path

from geo import boundary_edits, changes, secrets
from geo.actor import Actor
from geo.changes import Change, Interest
from geo.language import Text
from geo.moments import BadCursor, Cursor
from geo.plans import Given, Kept, Plan, kind_of, late_actor, slot
from geo.pools import Texts
from schema.boundary_history import BoundaryEdit
from schema.context import Context, Info
from schema.documents import InvalidDocument, invalid_variables
from schema.executor import SqlExecutor
from schema.incidents import IncidentEvent
from schema.links import IncidentLink
from schema.operations import Operation, operation_of
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


@dataclass(frozen=True, eq=False, slots=True)
class Telling:
    """How a change is told: the plan of its one statement, and the response around its text."""

    operation: Operation  # kept alive, for its identity is in the key
    plan: Plan
    name: str
    type_name: str
    again: tuple[tuple[str, str], ...]
    """The fields of a change that only says `refetch`, by their names in the response."""

    async def of(self, texts: Texts, following: Following, change: Change) -> str | None:
        """The response for a change; None where it is not for who follows."""
        interest = following.interest
        values = {
            "cursor": str(change.cursor),
            "ward": change.ward_code,
            "incident": change.incident_id,
            "event": change.event_id,
            "crew": interest.crew_id,
            "left": interest.left_by(change),
        }
        text = await texts.fetch(self.plan, Given(following.actor, values))
        return None if text is None else f'{{"data":{{"{self.name}":{text.decode()}}}}}'

    def refetch(self, cursor: Cursor) -> str:
        """The response that says that changes were left out, up to `cursor`."""
        known = {"cursor": str(cursor), "refetch": True, "__typename": self.type_name}
        body = {response_name: known.get(field_name) for response_name, field_name in self.again}
        return orjson.dumps({"data": {self.name: body}}).decode()


_MOST_KEPT = 256
_tellings: Kept[Telling] = Kept(_MOST_KEPT)


async def begin(
    schema: GraphQLSchema,
    document: DocumentNode,
    context: Context,
    variables: dict[str, Any] | None = None,
    operation_name: str | None = None,
    resume: str | None = None,
) -> tuple[Following, Telling]:
    """What a prepared subscription follows and how it is told; `resume` stands in for its argument `after`.

    Raises `InvalidDocument` with what is wrong.
    """
    operation = operation_of(schema, document, operation_name)
    if operation is None:
        raise InvalidDocument([GraphQLError("Which operation to run is not clear.")])
    if variables and (errors := invalid_variables(schema, operation.node, variables)):
        raise InvalidDocument(errors)
    executor = SqlExecutor.build(
        schema,
        document,
        context_value=context,
        raw_variable_values=variables,
        operation_name=operation_name,
        hide_suggestions=True,
    )
    if isinstance(executor, list):
        raise InvalidDocument(executor)
    if not isinstance(executor, SqlExecutor):
        raise TypeError("graphql-core built another executor")
    root = schema.subscription_type
    if root is None:
        raise TypeError("the schema has no subscriptions")
    fields = collect_fields(schema, executor.fragments, executor.variable_values, root, operation.node, True)
    ((name, details),) = fields.grouped_field_set.items() or ((None, None),)
    if name is None or details is None:
        raise InvalidDocument([GraphQLError("The subscription asks for nothing.", operation.node)])
    try:
        following = await _followed(executor, root, details, Path(None, name, root.name), resume)
        return following, _telling(executor, operation, following, name, details)
    except GraphQLError as error:
        raise InvalidDocument([error]) from error


async def _followed(
    executor: Executor[Any], root: GraphQLObjectType, details: list[FieldDetails], path: Path, resume: str | None
) -> Following:
    """The specification's ResolveFieldEventStream, but that the resolver says what to follow instead of following."""
    first, nodes = details[0], to_nodes(details)
    definition = root.fields[first.node.name.value]
    info = executor.build_resolve_info(definition, nodes, root, path)
    try:
        arguments = get_argument_values(
            definition, first.node, executor.variable_values, first.fragment_variable_values, True
        )
        if resume is not None:
            arguments["after"] = resume
        if definition.subscribe is None:
            raise TypeError(f"{info.field_name} cannot be followed")
        following: Following = await definition.subscribe(None, info, **arguments)
        return following
    except GraphQLError as error:
        raise located_error(error, nodes, path.as_list()) from error


def _telling(
    executor: SqlExecutor, operation: Operation, following: Following, name: str, details: list[FieldDetails]
) -> Telling:
    context: Context = executor.context_value
    nested = operation.nested_shape(executor.variable_values.coerced)
    database = context.database
    key: Hashable = (operation.key, nested, kind_of(following.actor), context.max_cost, database.fragments is None)
    kept = _tellings.get(key)
    if kept is not None:
        return kept
    actor = late_actor(following.actor)
    type_name, select = _told(following, actor)
    of_type = get_named_type(executor.schema.get_type(type_name))
    if not isinstance(of_type, GraphQLObjectType):
        raise TypeError(f"there is no {type_name}")
    path = Path(None, name, "Subscription")
    rows = Rows(type_name, select, actor)
    plan = Plan(executor.statement(of_type, details, path, rows, context.charge))
    asked = executor.collect_subfields(of_type, details).grouped_field_set
    again = tuple((response_name, found[0].node.name.value) for response_name, found in asked.items())
    telling = Telling(operation, plan, name, type_name, again)
    _tellings.put(key, telling)
    return telling


def _told(following: Following, actor: Actor) -> tuple[str, sa.Select[Any]]:
    """The type that a change is told as, and its one row."""
    place = (_value("cursor", sa.Text()), _value("ward", sa.Text()))
    event = _value("event", sa.Uuid())
    if following.interest.boundaries:
        return "BoundaryChange", changes.boundaries_told(actor, *place, event)
    crew, left = _value("crew", sa.Uuid()), _value("left", sa.Boolean())
    return "IncidentChange", changes.told(actor, *place, _value("incident", sa.Uuid()), event, crew, left)


def _value(name: str, of_type: Any) -> Any:
    return slot(f"change_{name}", of_type, lambda given: given.values[name])
