"""A resident's report comes in: it finds its ward, neighbourhood and crew, or is refused and leaves no trace."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import dispatch, journal
from geo.actor import Actor
from geo.categories import UNKNOWN_CATEGORY
from geo.contact import CONSENT, Checked
from geo.errors import InvalidInput, OutsideWard, Problem
from geo.ids import new_id, new_tracking_code
from geo.language import Text
from geo.lifecycle import Party, Status
from geo.locating import locate, locate_within, point
from geo.positions import Position
from geo.secrets import digest
from geo.tables import Channel, category, incident, reporter

UNKNOWN_PHOTO = Text("Không tìm thấy ảnh này. Hãy gửi lại ảnh.", "There is no such photo. Please send it again.")

TOO_MANY_PHOTOS = Text("Tối đa {most} ảnh.", "{most} photos at most.")

MOST_DESCRIPTION = 5_000
MOST_ADDRESS = 300
MOST_NAME = 100
MOST_PHOTOS = 5


@dataclass(frozen=True, slots=True)
class Contact:
    """Who reports, as far as they tell; kept only with `consent`."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    consent: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a resident sends."""

    request_key: UUID
    category: str
    location: Position
    description: str | None = None
    address: str | None = None
    ward_code: str | None = None
    contact: Contact | None = None
    channel: Channel = Channel.WEB
    """How a resident sent it; what the ward's own staff take down is `STAFF`."""
    photo_ids: tuple[str, ...] = ()


def photo_problems(photo_ids: Collection[str]) -> list[Problem]:
    """What is wrong with the photographs that a step names. None can be sent yet, so none is known."""
    if len(photo_ids) > MOST_PHOTOS:
        return [Problem(("photoIds",), TOO_MANY_PHOTOS, {"most": MOST_PHOTOS})]
    return [Problem(("photoIds", str(index)), UNKNOWN_PHOTO) for index in range(len(photo_ids))]


def _checked(report: Report) -> tuple[str | None, str | None, Contact | None]:
    check = Checked([])
    description = check.text(report.description, ("description",), MOST_DESCRIPTION)
    address = check.text(report.address, ("address",), MOST_ADDRESS)
    contact = None
    if report.contact is not None:
        given = Contact(
            check.text(report.contact.name, ("reporter", "name"), MOST_NAME),
            check.phone(report.contact.phone, ("reporter", "phone")),
            check.email(report.contact.email, ("reporter", "email")),
            report.contact.consent,
        )
        if given.name or given.phone or given.email:
            contact = given
            if not given.consent:
                check.problems.append(Problem(("reporter", "consent"), CONSENT))
    check.problems += photo_problems(report.photo_ids)
    if check.problems:
        raise InvalidInput(*check.problems)
    return description, address, contact


async def receive(connection: AsyncConnection, actor: Actor, report: Report, secret: str) -> tuple[str, UUID]:
    """Store a report and dispatch it: its ward and id. The same request key gives the same incident, always.

    Raises `InvalidInput` and `OutsideWard`; nothing is stored then.
    """
    key = digest(str(report.request_key))
    known = await _known(connection, key)
    if known is not None:
        return known
    description, address, contact = _checked(report)
    ward_code, neighbourhood_id = await _ground(connection, report)
    kind = (
        await connection.execute(
            sa.select(category.c.id, category.c.deadline_hours).where(
                category.c.ward_code == ward_code, category.c.code == report.category
            )
        )
    ).one_or_none()
    if kind is None:
        raise InvalidInput(Problem(("category",), UNKNOWN_CATEGORY))
    party = Party.STAFF if actor.runs(ward_code) else Party.REPORTER
    incident_id = await _insert(
        connection,
        ward_code,
        category_id=kind.id,
        status=Status.RECEIVED,
        description=description,
        location=point(report.location),
        address=address,
        neighbourhood_id=neighbourhood_id,
        channel=Channel.STAFF if party is Party.STAFF else report.channel,
        due_at=sa.func.now() + sa.func.make_interval(0, 0, 0, 0, kind.deadline_hours),
        request_key_hash=key,
        reporter_secret_hash=digest(secret),
    )
    if contact is not None:
        await connection.execute(
            sa.insert(reporter).values(
                ward_code=ward_code,
                incident_id=incident_id,
                name=contact.name,
                phone=contact.phone,
                email=contact.email,
                consented_at=sa.func.now(),
            )
        )
    await journal.write(connection, ward_code, incident_id, None, Status.RECEIVED, party, actor=actor)
    await dispatch.dispatch(connection, ward_code, incident_id)
    return ward_code, incident_id


async def _known(connection: AsyncConnection, key: bytes) -> tuple[str, UUID] | None:
    """The incident made with this key. Retries that arrive together take turns: the first is seen by the rest."""
    lock = int.from_bytes(key[:8], "big", signed=True)
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.cast(lock, sa.BigInteger))))
    query = sa.select(incident.c.ward_code, incident.c.id).where(incident.c.request_key_hash == key)
    row = (await connection.execute(query)).one_or_none()
    return (row.ward_code, row.id) if row is not None else None


async def _ground(connection: AsyncConnection, report: Report) -> tuple[str, UUID | None]:
    if report.ward_code is None:
        found = await locate(connection, report.location)
        if found is None:
            raise OutsideWard(path=("location",))
        return found
    inside, neighbourhood_id = await locate_within(connection, report.ward_code, report.location)
    if not inside:
        raise OutsideWard(path=("location",))
    return report.ward_code, neighbourhood_id


async def _insert(connection: AsyncConnection, ward_code: str, **values: object) -> UUID:
    """Insert under a tracking code that is free. A collision is one in a thousand million; the loop ends at once."""
    while True:
        statement = insert(incident).values(
            ward_code=ward_code, id=new_id(), tracking_code=new_tracking_code(ward_code), **values
        )
        statement = statement.on_conflict_do_nothing(constraint="uq_incident_ward_code_tracking_code")
        made: UUID | None = await connection.scalar(statement.returning(incident.c.id))
        if made is not None:
            return made
