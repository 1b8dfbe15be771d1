"""What a resident reports, and whether it can be kept."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from geo import consents, photos
from geo.contact import CONSENT, Checked
from geo.errors import InvalidInput, Problem
from geo.language import Language
from geo.positions import Position
from geo.tables import Channel

MOST_DESCRIPTION = 5_000
MOST_ADDRESS = 300
MOST_NAME = 100


@dataclass(frozen=True, slots=True)
class Contact:
    """Who reports, as far as they tell; kept only with `consent`."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    consent: bool = False
    wording: str | None = None
    """The key of the words that were agreed to (`geo.consents`), where whoever asked for them named it."""


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
    language: Language = Language.VI
    """Which the resident reported in, and is written to in."""


def checked(report: Report) -> tuple[str | None, str | None, Contact | None, list[Problem]]:
    """The description, the address and the contact as they are kept, and what is wrong with the report."""
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
            _agreed(check, report),
        )
        if given.name or given.phone or given.email:
            contact = given
            if not given.consent:
                check.problems.append(Problem(("reporter", "consent"), CONSENT))
    check.problems += photos.problems_of(report.photo_ids)
    return description, address, contact, check.problems


def _agreed(check: Checked, report: Report) -> str | None:
    """The key of the words that the reporter agreed to; None where they did not, or where there are no such words."""
    if report.contact is None or not report.contact.consent:
        return None
    path = ("reporter", "consent")
    try:
        return consents.agreed(report.contact.wording, consents.CONTACTS, consents.CONTACT_APP, report.language, path)
    except InvalidInput as refusal:
        check.problems += refusal.problems
        return None
