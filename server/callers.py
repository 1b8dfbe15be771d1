"""Who the sessions stand for, remembered for some seconds: most requests of a crew come one after another.

The database calls (`people_changed`, a trigger) when a session ends, an account changes or a crew or team takes or
loses somebody; all that is remembered is forgotten then, in every process. While this process does not listen it
remembers nothing. So a sign-out counts at once, and at the latest when a link that was cut without a word is noticed:
after ten seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from geo import sessions
from geo.actor import Actor
from geo.database import Database
from geo.plans import Kept
from geo.secrets import digest

CHANNEL = "phuongso_people"
MOST_SECONDS = 30.0
_MOST = 10_000


class Callers:
    """Looks up who holds a token. `listening` says whether the database's calls are heard.

    `strict`: a session of staff or of an administrator opens nothing unless the second factor was passed.
    """

    def __init__(self, database: Database, *, strict: bool = False) -> None:
        self._database = database
        self._strict = strict
        self._known: Kept[tuple[Actor, float]] = Kept(_MOST)
        self._seen: Kept[str] = Kept(_MOST)
        self._forgotten = 0
        self.listening: Callable[[], bool] = lambda: False

    async def actor(self, token: str) -> Actor | None:
        """Who holds this token; None when it opens nothing any more."""
        key, listening = digest(token), self.listening()
        if listening and (known := self._known.get(key)) is not None and known[1] > time.monotonic():
            return known[0]
        before = self._forgotten
        async with self._database.texts() as texts:
            opened = await sessions.opened_by(texts, key, strict=self._strict)
        if opened is None:
            return None
        self._seen.put(key, str(opened.actor.account_id))
        if opened.unseen:
            async with self._database.write(silent=True) as connection:
                await sessions.saw(connection, key)
        # What was read before a call may be what the call was about.
        if listening and self._forgotten == before:
            until = time.monotonic() + min(MOST_SECONDS, opened.seconds_left)
            self._known.put(key, (opened.actor, until))
        return opened.actor

    def seen(self, token: str | None) -> str | None:
        """Whose session this token opened once, in this process: it may have ended since. Asks no database.

        Good for telling who is no stranger, so that strangers' requests are not counted as theirs; never for a right.
        """
        return None if token is None else self._seen.get(digest(token))

    def forget(self) -> None:
        """Forget everybody."""
        self._forgotten += 1
        self._known.clear()
