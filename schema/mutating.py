"""How every mutation is made: one `input`, one transaction, a union of its payload and the refusals to expect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Annotated, Any, Union
from uuid import UUID

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import incidents
from geo.actor import Actor, Role
from geo.errors import NotAllowed, NotFound, Refusal
from schema.auditing import recorded
from schema.context import Context, Info
from schema.errors import shown
from schema.links import IncidentLink
from schema.relay import identity
from schema.rows import Found

EVERYBODY = frozenset(Role)
STAFF = frozenset({Role.STAFF, Role.ADMIN})
CREWS = frozenset({Role.CREW_MEMBER})
CREWS_AND_STAFF = CREWS | STAFF
KEEPERS = frozenset({Role.TEAM_MEMBER}) | STAFF

Act = Callable[[AsyncConnection, Context, Any], Awaitable[Any]]
Work = Callable[[Context, Any], Awaitable[Any]]


def mutation(
    name: str,
    payload: type,
    input_type: type,
    act: Act,
    roles: Collection[Role],
    description: str,
    *refusals: type,
) -> Any:
    """The field of a mutation: `act` does the work inside one transaction, with its entry in the audit log."""

    async def work(context: Context, input: Any) -> Any:
        async with context.writing():
            return await recorded(context, name, input, lambda connection: act(connection, context, input))

    return mutation_by(name, payload, input_type, work, roles, description, *refusals)


def mutation_by(
    name: str,
    payload: type,
    input_type: type,
    work: Work,
    roles: Collection[Role],
    description: str,
    *refusals: type,
) -> Any:
    """The field of a mutation: `work` sees to the transaction, its audit entry included, and gives the payload.

    A role outside `roles`, which the field carries as metadata for docs/permissions.md, is refused before anything is
    read. A refusal rolls the transaction back and is answered as
    data; the answer's objects are read after the commit, through the same door as every other reading.
    """

    async def resolver(info: Info, input: Any) -> Any:
        context = info.context
        if context.actor.role not in roles:
            return _told(context, NotAllowed())
        await context.release()
        try:
            return await work(context, input)
        except Refusal as refusal:
            return _told(context, refusal)

    resolver.__annotations__["input"] = Annotated[input_type, strawberry.argument(description="What to do.")]
    union = strawberry.union(f"{name}Result", description=f"What {name[0].lower()}{name[1:]} answers with.")
    result = Annotated[Union[payload, *refusals], union]  # type: ignore[valid-type]
    metadata = {"roles": frozenset(roles)}
    return strawberry.field(resolver=resolver, graphql_type=result, description=description, metadata=metadata)


def _told(context: Context, refusal: Refusal) -> Any:
    context.refusal = type(refusal).__name__
    return shown(refusal, context.language)


def incident_payload(name: str) -> type:
    """The payload of a step: the incident as it is now."""

    class Payload:
        incident: IncidentLink = strawberry.field(description="The incident as it is now.")

    Payload.__name__ = Payload.__qualname__ = f"{name}Payload"
    return strawberry.type(Payload, description="The step was taken.")


def key_of(id_: str, type_name: str, field: str, ward_code: str | None = None) -> tuple[str, UUID]:
    """The ward and the uuid that an id of this type names, in `ward_code` where that is given.

    Raises `NotFound` naming `field`.
    """
    named = identity(id_)
    if named is None or named.type_name != type_name or named.key is None:
        raise NotFound(path=(field,))
    if ward_code is not None and named.ward_code != ward_code:
        raise NotFound(path=(field,))
    return named.ward_code, named.key


def incident_rows(actor: Actor, row: Any) -> Found:
    """The incident for the answer, read in the right of `actor`."""
    return incident_found(actor, row.ward_code, row.id)


def incident_found(actor: Actor, ward_code: str, incident_id: UUID) -> Found:
    """The incident with this key for the answer, read in the right of `actor`."""
    return Found("Incident", incidents.with_id, actor, ward_code, incident_id)
