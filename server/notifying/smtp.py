"""Handing letters to the mail server, each over a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from time import monotonic

import aiosmtplib
from aiosmtplib import SMTPDataError, SMTPException, SMTPNotSupported, SMTPRecipientsRefused, SMTPResponseException

from server.relay import Relay

_SECONDS = 15.0
_PAUSE = 20.0


class Refused(Exception):
    """The mail server will not take this letter, now or later; its text is the server's code, which names nobody."""


class MailAway(Exception):
    """The mail server is out of reach or busy: later it may take the letter."""


class Post:
    """Hands letters to one relay. After it was out of reach it is left alone for some seconds: others do not wait."""

    def __init__(self, relay: Relay, clock: Callable[[], float] = monotonic) -> None:
        self._relay = relay
        self._clock = clock
        self._away_until = 0.0

    async def deliver(self, letter: EmailMessage, address: str) -> None:
        """Have the relay take the letter to this one address. Raises `Refused` for good, `MailAway` for now."""
        if self._clock() < self._away_until:
            raise MailAway
        relay = self._relay
        try:
            await aiosmtplib.send(
                letter,
                recipients=[address],
                hostname=relay.host,
                port=relay.port,
                username=relay.user,
                password=relay.password,
                use_tls=relay.use_tls,
                start_tls=relay.start_tls,
                timeout=_SECONDS,
            )
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
            raise MailAway(type(error).__name__) from None


def _meant(codes: list[int]) -> Exception:
    """Five hundreds are for good (RFC 5321, 4.2.1), four hundreds for now."""
    code = str(codes[0]) if codes else ""
    return Refused(code) if codes and all(500 <= one < 600 for one in codes) else MailAway(code)
