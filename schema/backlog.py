"""A ward's whole waiting queue, planned at once."""

from __future__ import annotations

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import backlog
from schema.context import Context
from schema.errors import NotAllowed, NotFound
from schema.mutating import STAFF, mutation


@strawberry.input(description="Whose queue to plan.")
class DispatchBacklogInput:
    ward_code: str = strawberry.field(description="The ward.")


@strawberry.type(description="The queue is being planned; a worker gives the incidents to crews within seconds.")
class DispatchBacklogPayload:
    ward_code: str = strawberry.field(description="The ward.")
    waiting: int = strawberry.field(description="How many incidents wait for a crew now.")


async def _dispatch(
    connection: AsyncConnection, context: Context, input: DispatchBacklogInput
) -> DispatchBacklogPayload:
    waiting = await backlog.ask(connection, context.actor, input.ward_code)
    return DispatchBacklogPayload(ward_code=input.ward_code, waiting=waiting)


@strawberry.type
class BacklogMutation:
    dispatch_backlog = mutation(
        "DispatchBacklog",
        DispatchBacklogPayload,
        DispatchBacklogInput,
        _dispatch,
        STAFF,
        "Have all that waits for a crew given to crews with room as one plan, which shortens the waiting as a whole. "
        "Asked again before that is begun it is done once.",
        NotFound,
        NotAllowed,
    )
