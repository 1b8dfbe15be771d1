"""What happens to incidents and boundaries, read once and told to all who follow: one reader, many bounded queues.

Each process reads each event once (`geo/changes.py`) and each change once for all who follow the same in the same way
and the same right (`_Group`). Who does not keep up loses its queue and is told to ask again: memory stays bounded.
Before anything is told, all sessions that it is for are looked up in one statement; who lost a right hears no more. All
sessions are looked up whenever the database calls that one ended or an account changed, and every half minute.

What could not be told because the database went away is told when it is back: a step is told as such, or those who
follow are told to ask again, but it is never passed over.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from enum import Enum

from geo import changes, moments, sessions
from geo.actor import Actor, Role
from geo.changes import Change, Interest
from geo.database import Database
from geo.moments import Cursor, Moment
from geo.outage import out_of_reach
from schema.subscriptions import Following, Telling
from server.addresses import UNKNOWN
from server.callers import CHANNEL as PEOPLE_CHANGED
from server.listener import Bell, Listener
from server.rooms import Rooms

_LOG = logging.getLogger(__name__)
MOST_WAITING = 64
"""Messages that wait for one subscriber."""
MOST_STRANGERS = 64
"""Ways of asking for the same that callers without an account have together: each costs a read at every change."""
MOST_OWN_OF_ADDRESS = 8
"""Of these, how many one address may have that nobody from elsewhere asks in, over however many connections."""
MOST_OWN = 3
"""Of these, how many one connection may have that nobody else asks in: so it leaves room for others."""
_LOOK_SECONDS = 3.0
_BETWEEN_LOOKS = 0.01
_AFTER_TROUBLE = 0.5
_CHECK_SECONDS = 30.0
_TRIES = 3
"""How often a change is tried to be read from a database that answers otherwise."""
_CATCHING_UP = 2
_START_SECONDS = 10.0


class TooManyFollow(Exception):
    """This process has as many subscribers as it may."""


class End(Enum):
    """Why a subscriber is told no more."""

    SIGNED_OUT = "the session has ended"
    RIGHTS_CHANGED = "the caller's rights have changed"
    STOPPING = "the server stops"


@dataclass(frozen=True, slots=True)
class Message:
    """A response as JSON text, and the cursor to go on from."""

    text: str
    cursor: str


@dataclass(frozen=True, slots=True)
class Session:
    """Of a signed-in subscriber: the digest of its token, and the rights that it opened with."""

    digest: bytes
    rights: Actor


def rights_of(actor: Actor) -> Actor:
    """What a caller may read depends on: not who it is."""
    return replace(actor, account_id=None, name=None, session_id=None, secret_hash=None)


@dataclass(eq=False, slots=True)
class _Group:
    """Those who are told the same."""

    following: Following
    telling: Telling
    subscribers: set[Subscriber] = field(default_factory=set)

    def before(self, round_: int) -> list[Subscriber]:
        """Those who had joined before this look, and still are to be told."""
        return [one for one in self.subscribers if one.joined < round_ and one.end is None]

    def refetch(self, moment: Moment) -> Message:
        cursor = Cursor.at(moment)
        return Message(self.telling.refetch(cursor), str(cursor))


@dataclass(slots=True)
class _ToTell:
    """A change that a look found, for one group."""

    change: Change
    group: _Group
    round: int
    tries: int = 0


class Subscriber:
    """One who follows, from `Hub.join` until `leave`. Iterate `messages` once."""

    __slots__ = (
        "_hub",
        "_queue",
        "_sleeping",
        "address",
        "after",
        "connection",
        "end",
        "group",
        "joined",
        "moment",
        "session",
    )

    def __init__(
        self,
        hub: Hub,
        group: _Group,
        session: Session | None,
        connection: object,
        address: str,
        after: Cursor | None,
        moment: Moment,
        joined: int,
    ) -> None:
        self._hub = hub
        self._queue: list[Message] = []  # short, mostly empty, and there are thousands: a deque begins with 600 bytes
        self._sleeping: asyncio.Future[None] | None = None
        self.group = group
        self.session = session
        self.connection = connection
        self.address = address
        self.after = after
        self.moment = moment
        self.joined = joined
        self.end: End | None = None

    async def messages(self) -> AsyncGenerator[Message, None]:
        """What was missed since `after`, then what happens, until `end` says why no more."""
        if self.after is not None:
            async with aclosing(self._hub.missed(self, self.after)) as missed:
                async for message in missed:
                    if self.end is not None:
                        return
                    yield message
        while self.end is None:
            if self._queue:
                yield self._queue.pop(0)
            else:
                self._sleeping = asyncio.get_running_loop().create_future()
                await self._sleeping

    def offer(self, message: Message, now: Moment) -> None:
        """Put a message into the queue; in place of all of them, where it is full, that some were left out."""
        if len(self._queue) >= MOST_WAITING:
            self._queue.clear()
            message = self.group.refetch(now)
        self._queue.append(message)
        self._wake()

    def stop(self, end: End) -> None:
        """Tell it no more, not even what waits."""
        self.end = self.end or end
        self._queue.clear()
        self._wake()

    def leave(self) -> None:
        self._hub.forget(self)

    def _wake(self) -> None:
        if self._sleeping is not None and not self._sleeping.done():
            self._sleeping.set_result(None)


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
        self._most = most
        self._groups: dict[tuple[Telling, Following], _Group] = {}
        self._interested: dict[Interest, list[_Group]] = {}
        self._subscribers: set[Subscriber] = set()
        self._addresses = Rooms(most_per_address)
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
        for subscriber in list(self._subscribers):
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
        return len(self._subscribers)

    @property
    def groups(self) -> int:
        """How many different ways of following there are."""
        return len(self._groups)

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
        group = self._groups.get((telling, following))
        if group is None:
            group = self._groups[telling, following] = _Group(following, telling)
            self._interested.setdefault(following.interest, []).append(group)
        subscriber = Subscriber(self, group, session, connection, address, after, self._moment, self._round)
        self._addresses.enter(address)
        group.subscribers.add(subscriber)
        self._subscribers.add(subscriber)
        return subscriber

    def _check_room(self, following: Following, telling: Telling, connection: object, address: str) -> None:
        if self.stopping or len(self._subscribers) >= self._most or not self._addresses.has_room(address):
            raise TooManyFollow
        if (telling, following) not in self._groups and _is_stranger(following):
            others = self._interested.get(following.interest, ())
            strangers = [group for group in others if _is_stranger(group.following)]
            if len(strangers) >= MOST_STRANGERS:
                raise TooManyFollow
            own = (all(one.connection is connection for one in group.subscribers) for group in strangers)
            if sum(own) >= MOST_OWN:
                raise TooManyFollow
            near = (all(one.address == address for one in group.subscribers) for group in strangers)
            if sum(near) >= MOST_OWN_OF_ADDRESS:
                raise TooManyFollow

    def forget(self, subscriber: Subscriber) -> None:
        """The subscriber left."""
        if subscriber in self._subscribers:
            self._addresses.leave(subscriber.address)
        self._subscribers.discard(subscriber)
        group = subscriber.group
        group.subscribers.discard(subscriber)
        if not group.subscribers and self._groups.get((group.telling, group.following)) is group:
            del self._groups[group.telling, group.following]
            interested = self._interested[group.following.interest]
            interested.remove(group)
            if not interested:
                del self._interested[group.following.interest]

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

    async def _told(self, group: _Group, change: Change) -> Message | None:
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
            if not self._subscribers and not self._waiting:
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
            self._ask_again(self._groups.values(), self._round)
        else:
            found = [(change, group) for change in news.changes for group in self._concerned(change)]
            self._untold += [_ToTell(change, group, self._round) for change, group in found]
        await self._check_sessions()
        await self._tell(news.now)

    async def _check_sessions(self) -> None:
        """Look up the sessions of those who are to be told something; now and then, and when called, of all."""
        now = asyncio.get_running_loop().time()
        everybody = self._people_changed or now > self._checked + _CHECK_SECONDS
        self._people_changed = False
        try:
            await self._check(list(self._groups.values()) if everybody else {one.group for one in self._untold})
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

    def _concerned(self, change: Change) -> list[_Group]:
        """The groups to tell a change, those of people who work here first."""
        ward = change.ward_code
        if change.incident_id is None:
            return list(self._interested.get(Interest(ward, boundaries=True), ()))
        interests = [Interest(ward, incident_id=change.incident_id), Interest(ward)]
        interests += [Interest(ward, crew_id=crew) for crew in change.crews]
        groups = [group for interest in interests for group in self._interested.get(interest, ())]
        return sorted(groups, key=lambda group: _is_stranger(group.following))

    def _ask_again(self, groups: Iterable[_Group], current: int) -> None:
        if self._moment is None:
            return
        for group in list(groups):
            message = group.refetch(self._moment)
            for subscriber in group.before(current):
                subscriber.offer(message, self._moment)

    async def _check(self, groups: Iterable[_Group]) -> None:
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


def _is_stranger(following: Following) -> bool:
    return following.actor.role in (Role.ANONYMOUS, Role.REPORTER)
