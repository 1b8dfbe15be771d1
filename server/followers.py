"""Those who follow what happens: in groups of those who are told the same, each with a bounded queue of its own.

Who asks for the same in the same way and the same right is told the same. Who does not keep up loses its queue and is
told to ask again: memory stays bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Protocol

from geo.actor import Actor, Role
from geo.changes import Change, Interest
from geo.moments import Cursor, Moment
from schema.subscriptions import Following
from schema.telling import Telling
from server.rooms import Rooms

MOST_WAITING = 64
"""Messages that wait for one subscriber."""
MOST_STRANGERS = 64
"""Ways of asking for the same that callers without an account have together: each costs a read at every change."""
MOST_OWN_OF_ADDRESS = 8
"""Of these, how many one address may have that nobody from elsewhere asks in, over however many connections."""
MOST_OWN = 3
"""Of these, how many one connection may have that nobody else asks in: so it leaves room for others."""


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
class Group:
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


class Source(Protocol):
    """Where a subscriber comes from."""

    def missed(self, subscriber: Subscriber, after: Cursor) -> AsyncGenerator[Message, None]:
        """What came after the cursor, up to where the subscriber joined."""
        ...

    def forget(self, subscriber: Subscriber) -> None:
        """The subscriber left."""
        ...


class Subscriber:
    """One who follows, from `Hub.join` until `leave`. Iterate `messages` once."""

    __slots__ = (
        "_queue",
        "_sleeping",
        "_source",
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
        source: Source,
        group: Group,
        session: Session | None,
        connection: object,
        address: str,
        after: Cursor | None,
        moment: Moment,
        joined: int,
    ) -> None:
        self._source = source
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
            async with aclosing(self._source.missed(self, self.after)) as missed:
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
        self._source.forget(self)

    def _wake(self) -> None:
        if self._sleeping is not None and not self._sleeping.done():
            self._sleeping.set_result(None)


class Followers:
    """All who follow in this process, and what each group of them is interested in."""

    def __init__(self, most: int, most_per_address: int) -> None:
        self._most = most
        self._groups: dict[tuple[Telling, Following], Group] = {}
        self._interested: dict[Interest, list[Group]] = {}
        self._subscribers: set[Subscriber] = set()
        self._addresses = Rooms(most_per_address)

    def __len__(self) -> int:
        return len(self._subscribers)

    def __iter__(self) -> Iterator[Subscriber]:
        return iter(list(self._subscribers))

    def groups(self) -> list[Group]:
        """The different ways of following there are."""
        return list(self._groups.values())

    def group_of(self, following: Following, telling: Telling) -> Group:
        """The group of those who follow so."""
        group = self._groups.get((telling, following))
        if group is None:
            group = self._groups[telling, following] = Group(following, telling)
            self._interested.setdefault(following.interest, []).append(group)
        return group

    def add(self, subscriber: Subscriber) -> None:
        self._addresses.enter(subscriber.address)
        subscriber.group.subscribers.add(subscriber)
        self._subscribers.add(subscriber)

    def check_room(self, following: Following, telling: Telling, connection: object, address: str) -> None:
        """Raises `TooManyFollow` where there is no room for one more, or for another way of following."""
        if len(self._subscribers) >= self._most or not self._addresses.has_room(address):
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

    def concerned(self, change: Change) -> list[Group]:
        """The groups to tell a change, those of people who work here first."""
        ward = change.ward_code
        if change.incident_id is None:
            return list(self._interested.get(Interest(ward, boundaries=True), ()))
        interests = [Interest(ward, incident_id=change.incident_id), Interest(ward)]
        interests += [Interest(ward, crew_id=crew) for crew in change.crews]
        groups = [group for interest in interests for group in self._interested.get(interest, ())]
        return sorted(groups, key=lambda group: _is_stranger(group.following))


def _is_stranger(following: Following) -> bool:
    return following.actor.role in (Role.ANONYMOUS, Role.REPORTER)
