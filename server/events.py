"""What happens to incidents and boundaries, read once and told to all who follow: one reader, many bounded queues.

Each process reads each event once (`geo/changes.py`) and each change once for each group of those who are told the same
(`server/followers.py`). Before anything is told, all sessions that it is for are looked up in one statement; who lost a
right hears no more. All sessions are looked up whenever the database calls that one ended or an account changed, and
every half minute.

What could not be told because the database went away is told when it is back: a step is told as such, or those who
follow are told to ask again, but it is never passed over.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from geo import changes, moments, sessions
from geo.changes import Change
from geo.database import Database
from geo.moments import Cursor, Moment
from geo.outage import out_of_reach
from schema.subscriptions import Following
from schema.telling import Telling
from server.addresses import UNKNOWN
from server.callers import CHANNEL as PEOPLE_CHANGED
from server.followers import End, Followers, Group, Message, Session, Subscriber, TooManyFollow, rights_of
from server.listener import Bell, Listener

_LOG = logging.getLogger(__name__)
_LOOK_SECONDS = 3.0
_BETWEEN_LOOKS = 0.01
_AFTER_TROUBLE = 0.5
_CHECK_SECONDS = 30.0
_TRIES = 3
"""How often a change is tried to be read from a database that answers otherwise."""
_CATCHING_UP = 2
_START_SECONDS = 10.0


@dataclass(slots=True)
class _ToTell:
    """A change that a look found, for one group."""

    change: Change
    group: Group
    round: int
    tries: int = 0


class Hub:
    """All who follow in this process. Reads nothing while there is nobody.

    The connection that listens calls `others` too, by channel.
    """

    def __init__(
        self,
        database: Database,
        most: int,
        others: Mapping[str, Callable[[], None]] | None = None,
        most_per_address: int = 0,
    ) -> None:
        self._database = database
        self._followers = Followers(most, most_per_address)
        self._moment: Moment | None = None
        self._round = 0
        self._waiting: list[asyncio.Future[Moment]] = []
        self._catching = asyncio.Semaphore(_CATCHING_UP)
        self._wake = asyncio.Event()
        self._untold: deque[_ToTell] = deque()
        self._people_changed = False
        self._checked = 0.0
        heard = {changes.CHANNEL: self._wake.set, **(others or {})}
        self._told_of_people = heard.get(PEOPLE_CHANGED)
        self._listener = Listener(database, heard | {PEOPLE_CHANGED: self._people})
        self._bell = Bell(self._listener.ring)
        self._tasks: list[asyncio.Task[None]] = []
        self.stopping = False

    def listening(self) -> bool:
        """Whether the database's calls are heard just now."""
        return self._listener.connected

    def _people(self) -> None:
        """A session ended, or what an account may do has changed."""
        if self._told_of_people is not None:
            self._told_of_people()
        self._people_changed = True
        self._wake.set()

    def start(self) -> None:
        """Listen, and wake others after each commit of this process."""
        self._database.committed.append(self._bell)
        self._tasks = [asyncio.create_task(self._listener.run()), asyncio.create_task(self._run())]

    def stop(self) -> None:
        """End every subscription, so that its connection closes and the client turns to another process."""
        self.stopping = True
        for subscriber in self._followers:
            subscriber.stop(End.STOPPING)

    async def close(self) -> None:
        self.stop()
        if self._bell in self._database.committed:
            self._database.committed.remove(self._bell)
        await self._bell.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def __len__(self) -> int:
        return len(self._followers)

    @property
    def groups(self) -> int:
        """How many different ways of following there are."""
        return len(self._followers.groups())

    async def join(
        self,
        following: Following,
        telling: Telling,
        session: Session | None,
        connection: object,
        address: str = UNKNOWN,
    ) -> Subscriber:
        """Begin to follow. Raises `TooManyFollow`, and TimeoutError while the database is out of reach.

        `connection` is one object for all that comes over the same connection, `address` one text for all from there.
        """
        after = following.after
        following = replace(following, after=None)
        self._check_room(following, telling, connection, address)
        if self._moment is None or (after is not None and not self._moment.covers(after.until)):
            await self._fresh()
            self._check_room(following, telling, connection, address)
        if self._moment is None:  # everybody else left while this one waited
            await self._fresh()
            self._check_room(following, telling, connection, address)
        if self._moment is None or self.stopping:
            raise TimeoutError
        group = self._followers.group_of(following, telling)
        subscriber = Subscriber(self, group, session, connection, address, after, self._moment, self._round)
        self._followers.add(subscriber)
        return subscriber

    def _check_room(self, following: Following, telling: Telling, connection: object, address: str) -> None:
        if self.stopping:
            raise TooManyFollow
        self._followers.check_room(following, telling, connection, address)

    def forget(self, subscriber: Subscriber) -> None:
        """The subscriber left."""
        self._followers.forget(subscriber)

    async def missed(self, subscriber: Subscriber, after: Cursor) -> AsyncGenerator[Message, None]:
        """What came after the cursor, up to where the subscriber joined."""
        group = subscriber.group
        async with self._catching, self._database.read() as connection:
            news = await changes.after(connection, after, subscriber.moment)
        if news.too_much:
            yield group.refetch(subscriber.moment)
        for change in news.changes:
            if group.following.interest.concerned_by(change):
                async with self._catching:
                    message = await self._told(group, change)
                if message is not None:
                    yield message

    async def _told(self, group: Group, change: Change) -> Message | None:
        async with self._database.texts() as texts:
            text = await group.telling.of(texts, group.following, change)
        return None if text is None else Message(text, str(change.cursor))

    async def _fresh(self) -> None:
        """Wait for a look that begins from now on."""
        looked: asyncio.Future[Moment] = asyncio.get_running_loop().create_future()
        self._waiting.append(looked)
        self._wake.set()
        async with asyncio.timeout(_START_SECONDS):
            await looked

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            if not self._followers and not self._waiting:
                self._moment = None
                self._untold.clear()
                continue
            try:
                await self._look()
            except Exception as error:
                if out_of_reach(error):
                    _LOG.warning("what happened could not be read: %s", type(error).__name__)
                else:
                    _LOG.exception("what happened could not be told")
                await asyncio.sleep(_AFTER_TROUBLE)
                self._wake.set()
            await asyncio.sleep(_BETWEEN_LOOKS)

    async def _look(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            async with self._database.read() as connection:
                if self._moment is None:
                    news = changes.News(await moments.moment(connection))
                else:
                    news = await changes.after(connection, Cursor.at(self._moment))
        except BaseException:
            self._waiting += waiting
            raise
        self._moment = news.now
        self._round += 1
        for looked in waiting:
            if not looked.done():
                looked.set_result(news.now)
        if news.too_much:
            _LOG.info("so much happened that everybody is to ask again")
            self._untold.clear()
            self._ask_again(self._followers.groups(), self._round)
        else:
            found = [(change, group) for change in news.changes for group in self._followers.concerned(change)]
            self._untold += [_ToTell(change, group, self._round) for change, group in found]
        await self._check_sessions()
        await self._tell(news.now)

    async def _check_sessions(self) -> None:
        """Look up the sessions of those who are to be told something; now and then, and when called, of all."""
        now = asyncio.get_running_loop().time()
        everybody = self._people_changed or now > self._checked + _CHECK_SECONDS
        self._people_changed = False
        try:
            await self._check(self._followers.groups() if everybody else {one.group for one in self._untold})
        except BaseException:
            self._people_changed = self._people_changed or everybody
            raise
        if everybody:
            self._checked = now

    async def _tell(self, now: Moment) -> None:
        """Tell what is to be told, each change to those who had joined before it was read."""
        while self._untold:
            one = self._untold[0]
            if one.group.before(one.round):
                one.tries += 1
                message = await self._message(one, now)
                if message is not None:
                    for subscriber in one.group.before(one.round):
                        subscriber.offer(message, now)
            self._untold.popleft()

    async def _message(self, one: _ToTell, now: Moment) -> Message | None:
        """What to tell; None where it is not for them. Raises what a database does that is out of reach."""
        try:
            return await self._told(one.group, one.change)
        except Exception as error:
            if out_of_reach(error) and one.tries < _TRIES:
                raise
            fault = None if out_of_reach(error) else error
            _LOG.warning("a change could not be read: %s", type(error).__name__, exc_info=fault)
            return one.group.refetch(now)

    def _ask_again(self, groups: Iterable[Group], current: int) -> None:
        if self._moment is None:
            return
        for group in groups:
            message = group.refetch(self._moment)
            for subscriber in group.before(current):
                subscriber.offer(message, self._moment)

    async def _check(self, groups: Iterable[Group]) -> None:
        """End the subscriptions whose session has ended or opens other rights by now: one statement for all."""
        signed_in = [
            (subscriber, subscriber.session)
            for group in groups
            for subscriber in group.subscribers
            if subscriber.session is not None
        ]
        if not signed_in:
            return
        async with self._database.read() as connection:
            known = await sessions.actors_of(connection, {session.digest for _, session in signed_in})
        for subscriber, session in signed_in:
            actor = known.get(session.digest)
            if actor is None:
                subscriber.stop(End.SIGNED_OUT)
            elif rights_of(actor) != session.rights:
                subscriber.stop(End.RIGHTS_CHANGED)
