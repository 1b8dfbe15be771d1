"""Handing letters to the mail server, each over a connection of its own and within a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from time import monotonic
from typing import Any

import aiosmtplib
from aiosmtplib import (
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponse,
    SMTPResponseException,
)

from server.relay import Relay

_PAUSE = 20.0
_FAREWELL = 2.0

Offered = Callable[[], Awaitable[bool]]
"""Asked right before the text of a letter is handed over; False leaves it out."""


class Refused(Exception):
    """The mail server will not take this letter, now or later; its text is the server's code, which names nobody."""


class MailAway(Exception):
    """The mail server is out of reach or busy and has not taken the letter: later it may."""


class Unanswered(Exception):
    """The text of the letter was handed over and nothing said of it: it may have been taken."""


class _LeftOut(Exception):
    """This letter is not to be sent, at the last moment; where asking failed, that is the cause."""


@dataclass(frozen=True, slots=True)
class Patience:
    """For how many seconds the mail server is waited for."""

    answer: float = 15.0
    """For any answer but the last."""
    taking: float = 60.0
    """For the answer that it has taken a letter, which may be looked through first: who gives up sends it again."""
    whole: float = 120.0
    """For all of it: an answer may come in many lines, each of them in time."""


async def _always() -> bool:
    return True


class Post:
    """Hands letters to one relay. After it was out of reach it is left alone for some seconds: others do not wait."""

    def __init__(self, relay: Relay, clock: Callable[[], float] = monotonic, patience: Patience | None = None) -> None:
        self._relay = relay
        self._clock = clock
        self._patience = patience or Patience()
        self._away_until = 0.0

    async def deliver(self, letter: EmailMessage, address: str, offered: Offered = _always) -> None:
        """Have the relay take the letter to this one address, if `offered` says so when it comes to that.

        Raises `Refused` for good, `MailAway` for now, `Unanswered` where nobody knows.
        """
        if self._clock() < self._away_until:
            raise MailAway
        conversation = _Conversation(self._relay, self._patience, offered)
        try:
            await self._talk(conversation, letter, address)
        except _LeftOut as left_out:
            if left_out.__cause__ is not None:
                raise left_out.__cause__ from None
        except SMTPRecipientsRefused as error:
            codes = [refused.code for refused in error.recipients]
            raise _meant(codes) from None
        except SMTPDataError as error:
            raise _meant([error.code]) from None
        except SMTPNotSupported as error:
            # An address beyond ASCII that the relay cannot write, or no TLS where we insist on it.
            raise (MailAway("no TLS") if address.isascii() else Refused("SMTPUTF8")) from error
        except SMTPResponseException as error:  # who we are, not whom we write to: the settings are to be mended
            raise MailAway(str(error.code)) from None
        except (SMTPException, OSError, TimeoutError) as error:
            self._away_until = self._clock() + _PAUSE
            if conversation.refusal is not None:
                raise _meant([conversation.refusal]) from None
            kind = Unanswered if conversation.handed_over else MailAway
            raise kind(type(error).__name__) from None

    async def _talk(self, conversation: _Conversation, letter: EmailMessage, address: str) -> None:
        try:
            async with asyncio.timeout(self._patience.whole):
                await conversation.connect()
                await conversation.send_message(letter, recipients=[address])
            with suppress(SMTPException, OSError, TimeoutError):  # whatever becomes of it, the letter is taken
                await conversation.quit(timeout=_FAREWELL)
        finally:
            conversation.close()


class _Conversation(aiosmtplib.SMTP):
    """One connection for one letter. `handed_over` once its text may be with the mail server."""

    def __init__(self, relay: Relay, patience: Patience, offered: Offered) -> None:
        super().__init__(
            hostname=relay.host,
            port=relay.port,
            username=relay.user,
            password=relay.password,
            use_tls=relay.use_tls,
            start_tls=relay.start_tls,
            timeout=patience.answer,
        )
        self._taking = patience.taking
        self._offered = offered
        self.handed_over = False
        self.refusal: int | None = None
        """The code by which the text was not taken. It stands, whatever becomes of the conversation then."""

    async def data(self, message: str | bytes, /, **_: Any) -> SMTPResponse:
        """The last command, before which it is asked whether it is still to be given."""
        try:
            wanted = await self._offered()
        except Exception as error:  # nothing of the mail server's
            raise _LeftOut from error
        if not wanted:
            raise _LeftOut
        self.handed_over = True
        try:
            return await super().data(message, timeout=self._taking)
        except SMTPDataError as error:
            self.refusal = error.code
            raise


def _meant(codes: list[int]) -> Exception:
    """Five hundreds are for good (RFC 5321, 4.2.1), four hundreds for now."""
    code = str(codes[0]) if codes else ""
    return Refused(code) if codes and all(500 <= one < 600 for one in codes) else MailAway(code)
