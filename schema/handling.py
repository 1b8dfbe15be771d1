"""What crews and staff do with an incident."""

from __future__ import annotations

from typing import Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import correcting, handling, photos, reports, stepping
from geo.contact import Checked
from geo.errors import InvalidInput as InvalidInputRefusal
from schema.context import Context
from schema.errors import CrewUnavailable, InvalidInput, InvalidTransition, NotAllowed, NotFound, OutsideWard
from schema.mutating import CREWS, CREWS_AND_STAFF, STAFF, Act, incident_payload, incident_rows, key_of, mutation
from schema.scalars import GeoJSONPoint


@strawberry.input(description="Which incident to accept.")
class AcceptIncidentInput:
    incident_id: strawberry.ID = strawberry.field(description="The incident.")


@strawberry.input(description="Which incident to give back, and why.")
class DeclineIncidentInput:
    incident_id: strawberry.ID = strawberry.field(description="The incident.")
    reason: str = strawberry.field(description="Why the crew cannot take it.")


@strawberry.input(description="Which incident to begin with.")
class StartIncidentInput:
    incident_id: strawberry.ID = strawberry.field(description="The incident.")


@strawberry.input(description="Which incident is dealt with, and how.")
class ResolveIncidentInput:
    incident_id: strawberry.ID = strawberry.field(description="The incident.")
    note: str = strawberry.field(description="What was done; the reporter reads it.")
    photo_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Photographs sent before.")


@strawberry.input(description="Which crew is to take which incident.")
class AssignIncidentInput:
    incident_id: strawberry.ID = strawberry.field(description="The incident.")
    crew_id: strawberry.ID = strawberry.field(description="The crew.")
    note: str | None = strawberry.field(default=None, description="A word to the crew and the reporter.")


@strawberry.input(description="Which incident the ward does not handle, and why.")
class RejectIncidentInput:
    incident_id: strawberry.ID = strawberry.field(description="The incident.")
    reason: str = strawberry.field(description="Why; the reporter reads it.")


@strawberry.input(description="Which incident is the same problem as which earlier one.")
class MarkDuplicateInput:
    incident_id: strawberry.ID = strawberry.field(description="The later report.")
    original_id: strawberry.ID = strawberry.field(description="The earlier report.")


@strawberry.input(description="Which incident is finished.")
class CloseIncidentInput:
    incident_id: strawberry.ID = strawberry.field(description="The incident.")


@strawberry.input(description="A remark on an incident.")
class NoteIncidentInput:
    incident_id: strawberry.ID = strawberry.field(description="The incident.")
    note: str = strawberry.field(description="The remark.")
    public: bool = strawberry.field(default=False, description="Whether the reporter may read it.")


@strawberry.input(description="Whether an incident's text is shown to everybody.")
class PublishIncidentInput:
    incident_id: strawberry.ID = strawberry.field(description="The incident.")
    published: bool = strawberry.field(description="Show it, or hide it again.")


@strawberry.input(description="What to correct; what is not given stays.")
class CorrectIncidentInput:
    incident_id: strawberry.ID = strawberry.field(description="The incident.")
    category: str | None = strawberry.field(default=None, description="The right category's code.")
    location: GeoJSONPoint | None = strawberry.field(default=None, description="The right place.")
    address: str | None = strawberry.field(default=None, description="A better address.")


async def _row(connection: AsyncConnection, context: Context, incident_id: str) -> Any:
    ward_code, key = key_of(incident_id, "Incident", "incidentId")
    return await stepping.locked(connection, context.actor, ward_code, key)


async def _accept(connection: AsyncConnection, context: Context, input: AcceptIncidentInput) -> Any:
    row = await _row(connection, context, input.incident_id)
    await handling.accept(connection, context.actor, row)
    return row


async def _decline(connection: AsyncConnection, context: Context, input: DeclineIncidentInput) -> Any:
    reason = stepping.note_of(input.reason, "reason", required=True)
    row = await _row(connection, context, input.incident_id)
    await handling.decline(connection, context.actor, row, reason or "")
    return row


async def _start(connection: AsyncConnection, context: Context, input: StartIncidentInput) -> Any:
    row = await _row(connection, context, input.incident_id)
    await handling.start(connection, context.actor, row)
    return row


async def _resolve(connection: AsyncConnection, context: Context, input: ResolveIncidentInput) -> Any:
    note = stepping.note_of(input.note, "note", required=True)
    if problems := photos.problems_of(input.photo_ids or ()):
        raise InvalidInputRefusal(*problems)
    row = await _row(connection, context, input.incident_id)
    await handling.resolve(connection, context.actor, row, note or "", input.photo_ids or ())
    return row


async def _assign(connection: AsyncConnection, context: Context, input: AssignIncidentInput) -> Any:
    note = stepping.note_of(input.note, "note", required=False)
    row = await _row(connection, context, input.incident_id)
    _, crew_id = key_of(input.crew_id, "Crew", "crewId", row.ward_code)
    await handling.assign(connection, context.actor, row, crew_id, note)
    return row


async def _reject(connection: AsyncConnection, context: Context, input: RejectIncidentInput) -> Any:
    reason = stepping.note_of(input.reason, "reason", required=True)
    row = await _row(connection, context, input.incident_id)
    await handling.reject(connection, context.actor, row, reason or "")
    return row


async def _mark_duplicate(connection: AsyncConnection, context: Context, input: MarkDuplicateInput) -> Any:
    row = await _row(connection, context, input.incident_id)
    _, original_id = key_of(input.original_id, "Incident", "originalId", row.ward_code)
    await handling.mark_duplicate(connection, context.actor, row, original_id)
    return row


async def _close(connection: AsyncConnection, context: Context, input: CloseIncidentInput) -> Any:
    row = await _row(connection, context, input.incident_id)
    await handling.close(connection, context.actor, row)
    return row


async def _note(connection: AsyncConnection, context: Context, input: NoteIncidentInput) -> Any:
    text = stepping.note_of(input.note, "note", required=True)
    row = await _row(connection, context, input.incident_id)
    await handling.note(connection, context.actor, row, text or "", input.public)
    return row


async def _publish(connection: AsyncConnection, context: Context, input: PublishIncidentInput) -> Any:
    row = await _row(connection, context, input.incident_id)
    await handling.publish(connection, context.actor, row, input.published)
    return row


async def _correct(connection: AsyncConnection, context: Context, input: CorrectIncidentInput) -> Any:
    check = Checked([])
    address = check.text(input.address, ("address",), reports.MOST_ADDRESS)
    if check.problems:
        raise InvalidInputRefusal(*check.problems)
    row = await _row(connection, context, input.incident_id)
    await correcting.correct(
        connection, context.actor, row, category_code=input.category, location=input.location, address=address
    )
    return row


def _step(name: str, input_type: type, act: Act, roles: frozenset[Any], description: str, *refusals: type) -> Any:
    """The field of a step: `act` takes it, or refuses, and gives the row as it was before."""
    payload = incident_payload(name)

    async def answer(connection: AsyncConnection, context: Context, input: Any) -> Any:
        row = await act(connection, context, input)
        witness = await stepping.witness_of(connection, context.actor, row)
        return payload(incident=incident_rows(witness, row))

    common = (NotFound, NotAllowed, *refusals)
    return mutation(name, payload, input_type, answer, roles, description, *common)


@strawberry.type
class HandlingMutation:
    accept_incident = _step(
        "AcceptIncident",
        AcceptIncidentInput,
        _accept,
        CREWS,
        "Its crew takes it on.",
        InvalidTransition,
    )
    decline_incident = _step(
        "DeclineIncident",
        DeclineIncidentInput,
        _decline,
        CREWS,
        "Its crew gives it back; the next crew is sought at once.",
        InvalidTransition,
        InvalidInput,
    )
    start_incident = _step(
        "StartIncident", StartIncidentInput, _start, CREWS, "Its crew begins the work.", InvalidTransition
    )
    resolve_incident = _step(
        "ResolveIncident",
        ResolveIncidentInput,
        _resolve,
        CREWS_AND_STAFF,
        "It is dealt with.",
        InvalidTransition,
        InvalidInput,
    )
    assign_incident = _step(
        "AssignIncident",
        AssignIncidentInput,
        _assign,
        STAFF,
        "Give it to a crew.",
        InvalidTransition,
        InvalidInput,
        CrewUnavailable,
    )
    reject_incident = _step(
        "RejectIncident",
        RejectIncidentInput,
        _reject,
        STAFF,
        "Refuse it, with a reason for the reporter.",
        InvalidTransition,
        InvalidInput,
    )
    mark_duplicate = _step(
        "MarkDuplicate",
        MarkDuplicateInput,
        _mark_duplicate,
        STAFF,
        "It is the same problem as an earlier report.",
        InvalidTransition,
        InvalidInput,
    )
    close_incident = _step(
        "CloseIncident", CloseIncidentInput, _close, STAFF, "Close what is resolved.", InvalidTransition
    )
    note_incident = _step(
        "NoteIncident", NoteIncidentInput, _note, CREWS_AND_STAFF, "Add a remark to its history.", InvalidInput
    )
    publish_incident = _step(
        "PublishIncident", PublishIncidentInput, _publish, STAFF, "Show its text to everybody, or hide it again."
    )
    correct_incident = _step(
        "CorrectIncident",
        CorrectIncidentInput,
        _correct,
        STAFF,
        "Another kind or place: it is routed again.",
        InvalidInput,
        OutsideWard,
    )
