"""What residents do: report, rate, reopen."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import erasing, handling, incidents, photos, reports, secrets, stepping
from geo.actor import Actor
from geo.admitting import Bound
from geo.errors import InvalidInput as InvalidInputRefusal
from geo.errors import NotFound as NotFoundRefusal
from geo.errors import Problem
from geo.language import Text
from geo.receiving import Submission
from geo.tables import Ending
from schema.context import Context
from schema.enums import Satisfaction
from schema.errors import InvalidInput, InvalidTransition, NotAllowed, NotFound, OutsideWard, TooManyRequests
from schema.links import IncidentLink
from schema.mutating import EVERYBODY, incident_payload, incident_rows, key_of, mutation, mutation_by
from schema.rows import Found
from schema.scalars import GeoJSONPoint

WHICH = Text(
    "Cần mã theo dõi cùng mã bí mật, hoặc mã số của phản ánh.", "A tracking code with its secret, or an incident's id."
)


@strawberry.input(description="Who reports, as far as they wish to tell. Kept only with consent.")
class ReporterInput:
    name: str | None = strawberry.field(default=None, description="The reporter's name.")
    phone: str | None = strawberry.field(default=None, description="A Vietnamese mobile number.")
    email: str | None = strawberry.field(default=None, description="Where to send word of each step, if mail is sent.")
    consent: bool = strawberry.field(
        default=False,
        description="That the ward may keep these, only to send word of this report and to ask about it: "
        "never without the reporter having said so.",
    )
    consent_wording: str | None = strawberry.field(
        default=None,
        description="The key of the words that the reporter agreed to, where our pages showed them (`contact/1/vi`). "
        "Without it, those that every other program has to show: see docs/privacy.md.",
    )


@strawberry.input(description="What a resident reports.")
class ReportIncidentInput:
    request_key: UUID = strawberry.field(
        description="Made by the client, private, never shown again: the same key sent twice makes one incident."
    )
    category: str = strawberry.field(description="The category's code.")
    location: GeoJSONPoint = strawberry.field(description="Where it is.")
    ward_code: str | None = strawberry.field(default=None, description="Found from the location where it is not given.")
    description: str | None = strawberry.field(default=None, description="What is wrong; 5,000 characters at most.")
    address: str | None = strawberry.field(default=None, description="Where it is, in words; 300 characters at most.")
    photo_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Photographs sent before.")
    reporter: ReporterInput | None = strawberry.field(default=None, description="Who reports.")
    proof: str | None = strawberry.field(
        default=None,
        description="A solved challenge, as ALTCHA's clients send it, where `TooManyRequests` named one; good for one "
        "report.",
    )


@strawberry.input(description="A verdict on what was resolved.")
class RateIncidentInput:
    tracking_code: str = strawberry.field(description="The code the resident was given.")
    secret: str = strawberry.field(description="The reporter's secret.")
    satisfaction: Satisfaction = strawberry.field(description="The verdict.")
    comment: str | None = strawberry.field(default=None, description="In the reporter's words.")


@strawberry.input(description="By the reporter: tracking code and secret. By staff: the incident's id.")
class ReopenIncidentInput:
    reason: str = strawberry.field(description="What is still wrong.")
    tracking_code: str | None = strawberry.field(default=None, description="The code the resident was given.")
    secret: str | None = strawberry.field(default=None, description="The reporter's secret.")
    incident_id: strawberry.ID | None = strawberry.field(default=None, description="The incident, for staff.")
    photo_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Photographs sent before.")


@strawberry.input(description="The reporter takes back what they told of themselves.")
class WithdrawContactInput:
    tracking_code: str = strawberry.field(description="The code the resident was given.")
    secret: str = strawberry.field(description="The reporter's secret.")


@strawberry.type(description="The report was received, now or when this key was first sent.")
class ReportIncidentPayload:
    incident: IncidentLink = strawberry.field(description="The incident, as its reporter may see it.")
    reporter_secret: str = strawberry.field(
        description="The same secret for a repeated key: it reads, rates and reopens."
    )


async def _report(context: Context, input: ReportIncidentInput) -> Any:
    actor = context.actor
    secret = secrets.reporter_secret(context.secret_key, input.request_key)
    contact = None
    if input.reporter is not None:
        told = input.reporter
        contact = reports.Contact(told.name, told.phone, told.email, told.consent, told.consent_wording)
    report = reports.Report(
        request_key=input.request_key,
        category=input.category,
        location=input.location,
        description=input.description,
        address=input.address,
        ward_code=input.ward_code,
        contact=contact,
        channel=context.channel,
        language=context.language,
        photo_ids=tuple(input.photo_ids or ()),
    )
    bounds: tuple[Bound, ...] = ()
    if context.admission is not None:
        named = contact is not None and bool(contact.email)
        bounds = context.admission.bounds(input.request_key, email=named, proof=input.proof)
    ward_code, incident_id = await context.intake.receive(Submission(actor, report, secret, bounds))
    if context.admission is not None:
        context.admission.stored(input.request_key)
    reporter = actor.holding(secrets.digest(secret))
    found = Found("Incident", incidents.with_id, reporter, ward_code, incident_id)
    return ReportIncidentPayload(incident=found, reporter_secret=secret)  # type: ignore[arg-type]


async def _held(connection: AsyncConnection, actor: Actor, tracking_code: str) -> Any:
    """The incident whose secret the caller holds, locked. Without the right secret it is as if it did not exist."""
    query = incidents.with_tracking_code(actor, tracking_code)
    row = (await connection.execute(query)).one_or_none()
    if row is None or not row.reported:
        raise NotFoundRefusal(path=("trackingCode",))
    return await stepping.locked(connection, actor, row.ward_code, row.id, "trackingCode")


RateIncidentPayload = incident_payload("RateIncident")
ReopenIncidentPayload = incident_payload("ReopenIncident")
WithdrawContactPayload = incident_payload("WithdrawContact")


async def _rate(connection: AsyncConnection, context: Context, input: RateIncidentInput) -> Any:
    actor = context.actor.holding(secrets.digest(input.secret))
    comment = stepping.note_of(input.comment, "comment", required=False)
    row = await _held(connection, actor, input.tracking_code)
    await handling.rate(connection, actor, row, input.satisfaction, comment)
    return RateIncidentPayload(incident=incident_rows(actor, row))


async def _reopen(connection: AsyncConnection, context: Context, input: ReopenIncidentInput) -> Any:
    actor = context.actor
    reason = stepping.note_of(input.reason, "reason", required=True)
    if problems := photos.problems_of(input.photo_ids or ()):
        raise InvalidInputRefusal(*problems)
    if input.incident_id is not None:
        if input.secret is not None:  # one right or the other: the log of who did what goes by which
            raise InvalidInputRefusal(Problem(("secret",), WHICH))
        ward_code, key = key_of(input.incident_id, "Incident", "incidentId")
        row = await stepping.locked(connection, actor, ward_code, key)
    elif input.tracking_code is not None and input.secret is not None:
        actor = actor.holding(secrets.digest(input.secret))
        row = await _held(connection, actor, input.tracking_code)
    else:
        raise InvalidInputRefusal(Problem(("trackingCode",), WHICH))
    await handling.reopen(connection, actor, row, reason or "", input.photo_ids or ())
    return ReopenIncidentPayload(incident=incident_rows(actor, row))


async def _withdraw(connection: AsyncConnection, context: Context, input: WithdrawContactInput) -> Any:
    actor = context.actor.holding(secrets.digest(input.secret))
    row = await _held(connection, actor, input.tracking_code)
    await erasing.forget_contacts(connection, [(row.ward_code, row.id)], Ending.WITHDRAWN)
    return WithdrawContactPayload(incident=incident_rows(actor, row))


@strawberry.type
class ReportingMutation:
    report_incident = mutation_by(
        "ReportIncident",
        ReportIncidentPayload,
        ReportIncidentInput,
        _report,
        EVERYBODY,
        "Report a problem: it finds its ward, neighbourhood, team and crew by its place.",
        OutsideWard,
        InvalidInput,
        TooManyRequests,
    )
    rate_incident = mutation(
        "RateIncident",
        RateIncidentPayload,
        RateIncidentInput,
        _rate,
        EVERYBODY,
        "Say whether what was resolved is in order; being content closes it.",
        NotFound,
        NotAllowed,
        InvalidInput,
        InvalidTransition,
    )
    reopen_incident = mutation(
        "ReopenIncident",
        ReopenIncidentPayload,
        ReopenIncidentInput,
        _reopen,
        EVERYBODY,
        "Say that it is not solved after all: a new deadline, and a crew is sought again.",
        NotFound,
        NotAllowed,
        InvalidInput,
        InvalidTransition,
    )
    withdraw_contact = mutation(
        "WithdrawContact",
        WithdrawContactPayload,
        WithdrawContactInput,
        _withdraw,
        EVERYBODY,
        "Delete name, telephone and e-mail of who reported an incident, at once and for good. The report stays. "
        "Sent again it changes nothing.",
        NotFound,
    )
