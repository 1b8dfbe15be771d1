"""Mailing one-time links: the job makes the link itself, so its token is in the letter and nowhere else."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from geo import account_links, accounts, clock
from geo.account_links import Link
from geo.accounts import Account
from geo.language import Language, Text
from geo.tables import LinkPurpose
from server.notifying.envelope import Envelope
from server.notifying.mail import mail_of
from server.notifying.message import Line, Message

_LOG = logging.getLogger(__name__)
_SENDER = "Phường Số"
_SUBJECT = {
    LinkPurpose.INVITATION: Text("Lời mời dùng tài khoản Phường Số", "Your Phường Số account"),
    LinkPurpose.PASSWORD_RESET: Text("Đặt lại mật khẩu Phường Số", "A new password for Phường Số"),
}
_TOLD = {
    LinkPurpose.INVITATION: Text(
        "Chào {name}, tài khoản {username} đã được tạo cho anh chị. Hãy mở liên kết dưới đây để đặt mật khẩu.",
        "Hello {name}, the account {username} was made for you. Open the link below to set its password.",
    ),
    LinkPurpose.PASSWORD_RESET: Text(
        "Chào {name}, có người xin đặt lại mật khẩu của tài khoản {username}. Nếu đúng là anh chị, hãy mở liên kết "
        "dưới đây. Nếu không phải, hãy bỏ qua thư này: mật khẩu không thay đổi.",
        "Hello {name}, somebody asked for a new password for the account {username}. If that was you, open the link "
        "below. If not, leave this letter alone: the password stays as it is.",
    ),
}
_UNTIL = Text(
    "Liên kết dùng một lần, đến {when}. Đừng chuyển thư này cho ai.",
    "The link counts once, until {when}. Do not pass this letter on.",
)
_OPEN = Text("Đặt mật khẩu", "Set the password")
_WHY = Text(
    "Thư này gửi đến email của tài khoản làm việc tại phường.", "This goes to the address of an account of the ward."
)


class LinkMail:
    """Letters with a link; `site` is where our pages are."""

    def __init__(self, sender: str, site: str) -> None:
        self._sender = sender
        self._site = site

    async def write(self, connection: AsyncConnection, payload: dict[str, Any]) -> Envelope | None:
        """The letter that a job asks for. Nobody's account, a disabled one and one without an address get none."""
        purpose, language = LinkPurpose(payload["purpose"]), Language(payload["language"])
        found = await accounts.with_id(connection, UUID(payload["account"]))
        if found is None or found.disabled or found.email is None:
            return None
        made = account_links.new(purpose)
        try:
            mail = mail_of(message_of(found, found.email, made, language, self._site), self._sender, datetime.now(UTC))
        except ValueError:
            _LOG.info("a letter with a link cannot be written: the account's address is none")
            return None
        return Envelope(mail, found.email, "a letter with a link", _Kept(found.id, made))


@dataclass(frozen=True, slots=True)
class _Kept:
    """Of a letter that is handed over, its link is kept, so that it counts; an account that was sent many gets none.

    Links of earlier letters go on counting until this one is taken: till then they are all that the person has.
    """

    account_id: UUID
    link: Link

    async def note(self, connection: AsyncConnection) -> bool:
        if await account_links.sent_lately(connection, self.account_id) >= account_links.MOST_AN_HOUR:
            return False
        await account_links.keep(connection, self.account_id, self.link)
        return True

    async def taken(self, connection: AsyncConnection) -> None:
        await account_links.end_earlier(connection, self.link)

    async def take_back(self, connection: AsyncConnection) -> None:
        await account_links.forget(connection, self.link)


def message_of(account: Account, address: str, link: Link, language: Language, site: str) -> Message:
    """The message with the link."""
    named = {"name": account.name, "username": account.username}
    when = clock.told(link.expires_at)
    letter = uuid4()
    return Message(
        address=address,
        about=letter,
        began=letter,
        language=language,
        sender_name=_SENDER,
        subject=_SUBJECT[link.purpose].to(language),
        lines=[Line(_TOLD[link.purpose].to(language, **named)), Line(_UNTIL.to(language, when=when))],
        link=f"{site}/link/{link.token}",
        link_text=_OPEN.to(language),
        why=_WHY.to(language),
        stop=None,
        stop_text="",
    )
