"""Notices: what happened that the ward's staff, or a crew, should look at. Each is kept for ninety days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.actor import Actor, Role
from geo.ids import new_id
from geo.language import Text
from geo.ordering import by_time
from geo.reading import any_of, staff_of
from geo.tables import Attention, Audience, NoticeKind, account, incident, notice, ward

Rows = sa.Select[Any]

KEPT = timedelta(days=90)
BITE = 1_000
MOST_COUNTED = 100
"""Whoever has more that is new reads "99+"."""
_QUIET = timedelta(hours=1)
"""One notice an hour says that work in the background was given up: where one fails, many may."""

LATEST = by_time("latest first", notice, notice.c.at, descending=True)

WORDS: dict[tuple[Audience, NoticeKind], Text] = {
    (Audience.CREW, NoticeKind.ASSIGNED): Text("Đội được giao việc mới", "Your crew was given an incident"),
    (Audience.CREW, NoticeKind.TAKEN_BACK): Text("Việc không còn của đội nữa", "No longer with your crew"),
    (Audience.CREW, NoticeKind.REOPENED): Text("Việc đội đã làm được mở lại", "Reopened after your crew resolved it"),
    (Audience.CREW, NoticeKind.DUE_SOON): Text("Việc của đội sắp đến hạn", "Your crew's incident is due soon"),
    (Audience.CREW, NoticeKind.OVERDUE): Text("Việc của đội đã quá hạn", "Your crew's incident is overdue"),
    (Audience.CREW, NoticeKind.BOUNDARIES): Text(
        "Ranh giới được vẽ lại: có việc của đội nay thuộc tổ dân phố khác",
        "Boundaries were drawn anew: some of your crew's incidents are another neighbourhood's now",
    ),
    (Audience.TEAM, NoticeKind.BOUNDARIES): Text(
        "Ranh giới được vẽ lại: có phản ánh chuyển đến hoặc chuyển đi khỏi tổ của bạn",
        "Boundaries were drawn anew: incidents came to your team's ground or left it",
    ),
    (Audience.STAFF, NoticeKind.REOPENED): Text("Người dân mở lại phản ánh", "Reopened by who reported it"),
    (Audience.STAFF, NoticeKind.DUE_SOON): Text("Sắp đến hạn xử lý", "Due soon"),
    (Audience.STAFF, NoticeKind.OVERDUE): Text("Đã quá hạn xử lý", "Overdue"),
    (Audience.STAFF, NoticeKind.ATTENTION): Text("Cần cán bộ xem", "Needs somebody of the ward"),
    (Audience.STAFF, NoticeKind.JOB_FAILED): Text("Có việc chạy nền không làm được", "Background work has failed"),
}
NEEDED: dict[Attention, Text] = {
    Attention.NO_CREW: Text("Chưa có đội nào nhận được", "No crew could take it"),
    Attention.NOT_ACCEPTED: Text("Đội chưa nhận việc, không còn đội khác", "Not accepted, and there is no other crew"),
    Attention.CREW_OFF_DUTY: Text("Đội nghỉ trực khi việc còn dở", "Its crew went off duty in the middle of it"),
}
"""What is said of a notice of ATTENTION, by why the incident needs a person now."""


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice to be written: for the ward's staff, or for the crew or the team that it names."""

    ward_code: str
    kind: NoticeKind
    crew_id: UUID | None = None
    incident_id: UUID | None = None
    event_id: UUID | None = None
    team_id: UUID | None = None


def readable(actor: Actor) -> Rows:
    """Those for this caller: for staff the ward's, for who is in a crew or a team that one's.

    Beside the table's columns: `tracking_code` of the incident, which the audience knew at the time, `text`, `text_en`,
    and whether it is `seen`.
    """
    columns = notice.c
    # That such a notice names no crew is a constraint; said here, it lets an index find those of a time.
    of_staff = sa.and_(columns.audience == Audience.STAFF, columns.crew_id.is_(None))
    rules = [sa.and_(of_staff, staff_of(actor, columns.ward_code))]
    if actor.role is Role.CREW_MEMBER and actor.crew_id is not None:
        own = sa.and_(columns.ward_code == actor.ward_code, columns.crew_id == actor.crew_id)
        rules = [sa.and_(columns.audience == Audience.CREW, own)]
    if actor.role is Role.TEAM_MEMBER and actor.team_id is not None:
        rules = [sa.and_(columns.ward_code == actor.ward_code, columns.team_id == actor.team_id)]
    of = sa.and_(incident.c.ward_code == columns.ward_code, incident.c.id == columns.incident_id)
    return (
        sa.select(
            columns.ward_code,
            columns.id,
            columns.at,
            columns.kind,
            columns.incident_id,
            incident.c.tracking_code,
            _said("vi").label("text"),
            _said("en").label("text_en"),
            sa.func.coalesce(columns.at <= _seen_at(actor), sa.false()).label("seen"),
        )
        .select_from(notice.outerjoin(incident, of))
        .where(any_of(*rules))
    )


def _said(language: str) -> sa.ColumnElement[str]:
    needed = sa.case(
        *((incident.c.attention == why, sa.literal(getattr(text, language), sa.Text)) for why, text in NEEDED.items())
    )
    words = sa.case(
        *(
            (
                sa.and_(notice.c.audience == audience, notice.c.kind == kind),
                sa.literal(getattr(text, language), sa.Text),
            )
            for (audience, kind), text in WORDS.items()
        ),
        else_=notice.c.kind,
    )
    return sa.func.coalesce(sa.case((notice.c.kind == NoticeKind.ATTENTION, needed)), words, type_=sa.Text)


def _seen_at(actor: Actor) -> Any:
    """Up to when this caller has seen them; NULL for who has never looked."""
    if actor.account_id is None:
        return sa.cast(sa.null(), notice.c.at.type)
    return sa.select(account.c.notices_seen_at).where(account.c.id == actor.account_id).scalar_subquery()


def with_id(actor: Actor, ward_code: Any, notice_id: Any) -> Rows:
    return readable(actor).where(notice.c.ward_code == ward_code, notice.c.id == notice_id)


def unseen(actor: Actor) -> sa.ScalarSelect[int]:
    """How many are new to this caller, `MOST_COUNTED` at most; an index finds those that came since."""
    never = sa.cast(sa.literal_column("'-infinity'"), notice.c.at.type)
    rows = readable(actor).where(notice.c.at > sa.func.coalesce(_seen_at(actor), never))
    new = rows.limit(MOST_COUNTED).subquery("new")
    return sa.select(sa.func.count()).select_from(new).scalar_subquery()


async def write(connection: AsyncConnection, new: Sequence[NewNotice]) -> None:
    """Add notices. Their time is that of writing: who has seen all until then has missed none."""
    if new:
        at = await connection.scalar(sa.select(sa.func.clock_timestamp()))
        await connection.execute(sa.insert(notice), [_row(one, at) for one in new])


def _row(new: NewNotice, at: Any) -> dict[str, Any]:
    return {
        "ward_code": new.ward_code,
        "id": new_id(),
        "at": at,
        "audience": _audience(new),
        "crew_id": new.crew_id,
        "team_id": new.team_id,
        "kind": new.kind,
        "incident_id": new.incident_id,
        "event_id": new.event_id,
    }


def _audience(new: NewNotice) -> Audience:
    if new.team_id is not None:
        return Audience.TEAM
    return Audience.STAFF if new.crew_id is None else Audience.CREW


async def tell_job_failed(connection: AsyncConnection, ward_code: str) -> None:
    """Tell the ward's staff that background work was given up, unless they were told within the hour."""
    told = sa.exists().where(
        notice.c.ward_code == ward_code,
        notice.c.audience == Audience.STAFF,
        notice.c.kind == NoticeKind.JOB_FAILED,
        notice.c.at > sa.func.now() - _QUIET,
    )
    if await connection.scalar(sa.select(sa.exists().where(ward.c.code == ward_code) & ~told)):
        await write(connection, [NewNotice(ward_code, NoticeKind.JOB_FAILED)])


async def mark_seen(connection: AsyncConnection, actor: Actor, until: datetime) -> None:
    """This caller has seen all notices until then. What was seen stays so; what is yet to come cannot be."""
    seen = sa.func.least(sa.literal(until, sa.DateTime(timezone=True)), sa.func.clock_timestamp())
    await connection.execute(
        sa.update(account)
        .where(account.c.id == actor.account_id)
        .values(notices_seen_at=sa.func.greatest(account.c.notices_seen_at, seen))
    )


async def forget_old(connection: AsyncConnection) -> int:
    """Remove a bite of those that were kept long enough; how many. Served by `ix_notice_at`."""
    old = (
        sa.select(notice.c.ward_code, notice.c.id)
        .where(notice.c.at < sa.func.now() - KEPT)
        .order_by(notice.c.at)
        .limit(BITE)
        .with_for_update(skip_locked=True)
    )
    gone = await connection.execute(sa.delete(notice).where(sa.tuple_(notice.c.ward_code, notice.c.id).in_(old)))
    return gone.rowcount
