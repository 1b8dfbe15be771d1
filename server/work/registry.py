"""What a worker can do: jobs that a change enqueued, and chores that come round by the clock.

A job gets the connection of its transaction and its payload. A chore does a bounded bite in a transaction of its own
and says how much that was; it is called again until nothing is left. Both may be begun twice, by a worker that dies
in the middle or by two at once, so each looks at what is stored and not at what it was told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from geo import (
    account_links,
    audit,
    backlog,
    clusters,
    deadlines,
    duty,
    erasing,
    escalation,
    housekeeping,
    jobs,
    limits,
    notices,
    rerouting,
    retention,
    sign_in_delays,
    waiting,
    working_time,
)
from server.notifying import mail
from server.notifying.account_links import LinkMail
from server.notifying.envelope import Write
from server.notifying.in_page import InPage
from server.notifying.message import Sender
from server.notifying.notifier import Notifier
from server.notifying.smtp import Post
from server.settings import Settings
from server.storage import Photographs
from server.work.photographs import Tidying
from server.work.planning import planned

Job = Callable[[AsyncConnection, dict[str, Any]], Awaitable[None]]
Bite = Callable[[AsyncConnection], Awaitable[int]]
Forgetting = Callable[[AsyncConnection, timedelta], Awaitable[int]]

EVERY_FEW_SECONDS = "* * * * * */5"
EVERY_OTHER_SECOND = "* * * * * */2"
EACH_MINUTE = "* * * * *"
EACH_HOUR = "17 * * * *"


@dataclass(frozen=True, slots=True)
class Chore:
    """Done at each tick of `when`, the fields of cron and, where there is a sixth, seconds; by one of all workers."""

    name: str
    when: str
    bite: Bite


@dataclass(frozen=True, slots=True)
class Letters:
    """The jobs that send letters, and by which mail server."""

    post: Post
    writes: Mapping[str, Write]


@dataclass(frozen=True, slots=True)
class Telling:
    """All by which people are told what happened. Without a mail server letters that still wait are jobs to forget."""

    chore: Chore
    jobs: Mapping[str, Job]
    letters: Letters | None


async def _dispatch_waiting(connection: AsyncConnection, payload: dict[str, Any]) -> None:
    await waiting.dispatch_waiting(connection, payload["ward"])


async def _hand_over(connection: AsyncConnection, payload: dict[str, Any]) -> None:
    await duty.hand_over(connection, payload["ward"], UUID(payload["crew"]))


async def _plan_backlog(connection: AsyncConnection, payload: dict[str, Any]) -> None:
    await backlog.plan_waiting(connection, payload["ward"], planned)


async def _follow_boundaries(connection: AsyncConnection, payload: dict[str, Any]) -> None:
    await rerouting.route(connection, payload["ward"], UUID(payload["edit"]))


JOBS: Mapping[str, Job] = {
    waiting.JOB: _dispatch_waiting,
    duty.JOB: _hand_over,
    backlog.JOB: _plan_backlog,
    rerouting.JOB: _follow_boundaries,
}

CHORES: tuple[Chore, ...] = (
    Chore("clusters", EVERY_FEW_SECONDS, clusters.refresh),
    Chore("escalation", EVERY_FEW_SECONDS, escalation.escalate),
    Chore("deadlines passed", EACH_MINUTE, deadlines.tell_passed),
    Chore("deadlines near", EACH_MINUTE, deadlines.tell_near),
    Chore("forgotten incidents", EACH_MINUTE, waiting.look_for_forgotten),
    Chore("silence", EACH_MINUTE, housekeeping.close_silent),
    Chore("ended sessions", EACH_MINUTE, housekeeping.end_expired_sessions),
    Chore("old counts", EACH_MINUTE, limits.forget_old),
    Chore("old wrong passwords", EACH_HOUR, sign_in_delays.forget_old),
    Chore("old links to accounts", EACH_HOUR, account_links.forget_old),
    Chore("old notes of jobs", EACH_HOUR, jobs.forget_old_log),
    Chore("old notices", EACH_HOUR, notices.forget_old),
    Chore("working time", EACH_HOUR, working_time.fill),
)


def chores_with(store: Photographs) -> tuple[Chore, ...]:
    """All chores, those included that need the store of photographs."""
    tidying = Tidying(store)
    return (
        *CHORES,
        Chore("unclaimed photographs", EACH_HOUR, tidying.remove_unclaimed),
        Chore("stray photographs", EACH_HOUR, tidying.remove_strays),
    )


def jobs_with(store: Photographs) -> Mapping[str, Job]:
    """The jobs that need the store of photographs."""
    return {erasing.JOB: Tidying(store).remove_pictures}


def retaining_with(settings: Settings) -> tuple[Chore, ...]:
    """The chores that delete what was kept as long as these settings say; none for what is kept for good."""
    bites: tuple[tuple[str, Forgetting, timedelta], ...] = (
        ("old contacts", retention.forget_contacts, timedelta(days=settings.keep_contacts_days)),
        ("old photographs", retention.forget_pictures, timedelta(days=settings.keep_photos_days)),
        ("old words", retention.forget_words, timedelta(days=settings.keep_texts_days)),
        ("refused reports", retention.forget_refused, timedelta(days=settings.keep_refused_days)),
        ("old positions", retention.forget_positions, timedelta(hours=settings.keep_positions_hours)),
        ("old audit entries", audit.forget_old, timedelta(days=settings.keep_audit_days)),
        ("old consents", retention.forget_consents, timedelta(days=settings.keep_consents_days)),
    )
    return tuple(
        Chore(name, EACH_HOUR, _forgetting(forget, kept)) for name, forget, kept in bites if kept > timedelta(0)
    )


def _forgetting(forget: Forgetting, kept: timedelta) -> Bite:
    async def bite(connection: AsyncConnection) -> int:
        return await forget(connection, kept)

    return bite


def telling_with(settings: Settings) -> Telling:
    """What tells people what happened, as these settings allow."""
    post = mail.Mail.of(settings)
    senders: list[Sender] = [InPage()] if post is None else [InPage(), post]
    chore = Chore("notices", EVERY_OTHER_SECOND, Notifier(senders).tell_news)
    if post is None:
        return Telling(chore, {mail.JOB: mail.write_none, account_links.JOB: mail.write_none}, None)
    writes = {mail.JOB: post.write, account_links.JOB: LinkMail(post.sender, post.site).write}
    return Telling(chore, {}, Letters(post.post, writes))
