"""Telling reporters by mail: a job for each letter, which is written from what is stored when its turn comes."""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import admitting, jobs, letters
from geo.admitting import Bound
from geo.database import within
from geo.errors import TooManyRequests
from geo.limits import Allowance
from geo.telling import Told, Who
from server.notifying.envelope import Envelope
from server.notifying.message import Message
from server.notifying.smtp import Post
from server.notifying.words import message_of
from server.relay import Relay
from server.settings import Settings

JOB = "write_to_reporter"
_DAY = 86_400
_LOG = logging.getLogger(__name__)
_ADDRESS = re.compile(r"([\w.!#$%&'*+/=?^`{|}~-]+)@([\w-]+(?:\.[\w-]+)+)")
"""What people have, in any script; RFC 5322 knows more, such as quotes and comments, that nobody uses."""


class Mail:
    """A sender to reporters who left an e-mail address, by one mail server."""

    def __init__(self, post: Post, sender: str, site: str, daily: Callable[[str], Allowance] | None = None) -> None:
        self.post = post
        self.sender = sender
        self.site = site
        self._daily = daily
        """How many letters an address gets: anybody can name anybody's."""

    @classmethod
    def of(cls, settings: Settings) -> Mail | None:
        """As the settings say; None where they name no mail server."""
        url, sender, site = settings.smtp_url, settings.mail_from, settings.public_url
        if url is None or sender is None or site is None:
            return None
        key, most = hmac.digest(settings.key, b"letters", "sha256"), settings.letters_per_email_day

        def daily(address: str) -> Allowance:
            return Allowance(hmac.digest(key, address.casefold().encode(), "sha256")[:16], most, _DAY)

        return cls(Post(Relay.read(url.get_secret_value())), sender, site, daily if most else None)

    async def tell(self, connection: AsyncConnection, told: Sequence[Told]) -> None:
        """Enqueue a letter for each; what a job is given names no person."""
        for one in told:
            if one.who is Who.REPORTER:
                steps = " ".join(map(str, one.steps))
                payload = {"ward": one.ward_code, "incident": str(one.incident_id), "steps": steps}
                await jobs.enqueue(connection, JOB, payload)

    async def write(self, connection: AsyncConnection, payload: dict[str, Any]) -> Envelope | None:
        """The letter that a job asks for; None where nobody is to be written to."""
        # What was enqueued before steps were named has the first and the last.
        named = payload["steps"] if "steps" in payload else f"{payload['first']} {payload['last']}"
        incident, steps = UUID(payload["incident"]), {UUID(step) for step in named.split()}
        letter = await letters.letter(connection, payload["ward"], incident, steps)
        if letter is None:
            return None
        about = f"a letter about incident {incident}"
        try:
            mail = mail_of(message_of(letter, self.site), self.sender, datetime.now(UTC))
        except ValueError:
            _LOG.info("%s cannot be written: its address is none", about)
            return None
        bounds = () if self._daily is None else (Bound(self._daily(letter.address), TooManyRequests),)
        return Envelope(mail, letter.address, about, _Counted(bounds, about))


@dataclass(frozen=True, slots=True)
class _Counted:
    """Of a letter that is handed over, its address's count is kept."""

    bounds: tuple[Bound, ...]
    about: str

    async def note(self, connection: AsyncConnection) -> bool:
        if await admitting.admit(within(connection), {0: self.bounds}):
            _LOG.info("%s is left out: its address has had many today", self.about)
            return False
        return True

    async def taken(self, connection: AsyncConnection) -> None:
        """It counts since it was handed over."""

    async def take_back(self, connection: AsyncConnection) -> None:
        await admitting.take_back(within(connection), self.bounds)


async def write_none(_connection: AsyncConnection, _payload: dict[str, Any]) -> None:
    """The job where no mail server is named any more: what still waits is not sent."""


def mail_of(message: Message, sender: str, at: datetime) -> EmailMessage:
    """The message as a mail: plain text, and the same as simple HTML. Raises ValueError for an address that is none.

    Every header is set by the library, which refuses what would begin another one.
    """
    mail = EmailMessage(policy=SMTP)
    local, _, domain = sender.rpartition("@")
    mail["From"] = Address(_on_one_line(message.sender_name), local, domain)
    mail["To"] = Address("", *_parts_of(message.address))
    mail["Subject"] = _on_one_line(message.subject)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = _message_id(message.about, domain)
    if message.began != message.about:
        mail["In-Reply-To"] = mail["References"] = _message_id(message.began, domain)
    mail["Auto-Submitted"] = "auto-generated"
    if message.stop is not None:
        mail["List-Unsubscribe"] = f"<{message.stop}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    mail.set_content(_environment().get_template("letter.txt").render(message=message))
    mail.add_alternative(_environment().get_template("letter.html").render(message=message), subtype="html")
    mail["Content-Language"] = message.language
    return mail


def _parts_of(address: str) -> tuple[str, str]:
    """Both sides of its @. Raises ValueError for what is no plain address: nothing in it may mean anything else."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise ValueError("no address")
    return found[1], found[2]


def _message_id(step: UUID, domain: str) -> str:
    return f"<{step}@{domain}>"


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


@cache
def _environment() -> Environment:
    """The two layouts. HTML is escaped; plain text has nothing that would need to be."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
