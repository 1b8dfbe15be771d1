"""Letters leave the house with no transaction open: written in one, noted in another, ended in a third.

    written -> connected, MAIL, RCPT -> noted: still ours, counted, its link kept -> DATA -> ended

So a slow mail server holds up letters and nothing else. A letter is not lost: its job is there until it is ended. Of
one whose text was handed over, and nothing heard of it since (the worker was killed, the mail server fell silent),
nobody knows whether it was taken; it is handed over once more, with the same Message-ID where it has one of a step, and
then a person has to look.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from geo import jobs
from geo.database import Database
from server.notifying.envelope import Envelope, Write
from server.notifying.smtp import MailAway, Post, Refused

_LOG = logging.getLogger(__name__)
AT_ONCE = 2
_MOST_OFFERS = 2


class TwiceUnanswered(Exception):
    """The letter was handed over twice and nobody knows whether it was taken: once more might be the third copy."""


class Carrier:
    """Hands letters to one mail server. `turns` are for letters alone; their transactions take one connection."""

    def __init__(self, database: Database, post: Post) -> None:
        self._database = database
        self._post = post
        self.turns = asyncio.Semaphore(AT_ONCE)

    async def written(
        self, connection: AsyncConnection, write: Write, job_id: int, payload: dict[str, Any]
    ) -> Envelope | None:
        """The letter of this job; None where there is none to send, and the job is ended. Raises `TwiceUnanswered`."""
        if await jobs.offers(connection, job_id) >= _MOST_OFFERS:
            raise TwiceUnanswered
        envelope = await write(connection, payload)
        if envelope is None:
            await jobs.finish(connection, job_id)
        return envelope

    async def carry(self, envelope: Envelope, job_id: int, worker: UUID) -> None:
        """Hand the letter over and end its job. Raises `MailAway`, having noted nothing, and `Unanswered`."""
        noted = False

        async def note() -> bool:
            nonlocal noted
            async with self._database.write(silent=True) as connection:
                if not await jobs.offer(connection, job_id, worker):
                    return False
                wanted = await envelope.entry.note(connection)
                if not wanted:
                    await jobs.finish(connection, job_id)
            noted = wanted  # only now is it there to be taken back
            return noted

        try:
            await self._post.deliver(envelope.mail, envelope.address, note)
        except Refused as refused:
            _LOG.info("%s was refused for good: %s", envelope.about, refused)
            told = envelope.entry.take_back if noted else None
        except MailAway:
            if noted:
                await self._take_back(envelope, job_id)
            raise
        else:
            if not noted:  # left out, or another's by now
                return
            told = envelope.entry.taken
        async with self._database.write(silent=True) as connection:
            if told is not None:
                await told(connection)
            await jobs.finish(connection, job_id)

    async def _take_back(self, envelope: Envelope, job_id: int) -> None:
        async with self._database.write(silent=True) as connection:
            await jobs.take_back_offer(connection, job_id)
            await envelope.entry.take_back(connection)
