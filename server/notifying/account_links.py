"""Mailing one-time links: the job makes the link itself, so its token is in the letter and nowhere else."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from geo import account_links, accounts
from geo.account_links import Link
from geo.accounts import Account
from geo.language import Language, Text
from geo.tables import LinkPurpose
from server.notifying.mail import mail_of
from server.notifying.message import Line, Message
from server.notifying.smtp import Post, Refused

_LOG = logging.getLogger(__name__)
_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
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
    """The job of mailing a link, by one mail server; `site` is where our pages are."""

    def __init__(self, post: Post, sender: str, site: str) -> None:
        self._post = post
        self._sender = sender
        self._site = site

    async def write(self, connection: AsyncConnection, payload: dict[str, Any]) -> None:
        """The job: make the link and hand the letter over. Nobody's account, one without an address or one that was
        sent many already gets none."""
        purpose, language = LinkPurpose(payload["purpose"]), Language(payload["language"])
        found = await accounts.with_id(connection, UUID(payload["account"]))
        if found is None or found.disabled or found.email is None:
            return
        if await account_links.sent_lately(connection, found.id) >= account_links.MOST_AN_HOUR:
            return
        made = await account_links.make(connection, found.id, purpose)
        try:
            mail = mail_of(message_of(found, found.email, made, language, self._site), self._sender, datetime.now(UTC))
        except ValueError:
            _LOG.info("a letter with a link cannot be written: the account's address is none")
            return
        try:
            await self._post.deliver(mail, found.email)
        except Refused as refused:
            _LOG.info("a letter with a link was refused for good: %s", refused)


def message_of(account: Account, address: str, link: Link, language: Language, site: str) -> Message:
    """The message with the link."""
    named = {"name": account.name, "username": account.username}
    when = f"{link.expires_at.astimezone(_VIETNAM):%H:%M %d/%m/%Y}"
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
