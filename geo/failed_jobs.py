"""Background work that was given up, as the staff of a ward read it and try it again.

A job is its ward's when its payload names the ward; an administrator of every ward sees all of them. What is shown of
a payload are codes, ids, names of kinds and moments: whatever else stood there, a person's words would be the worst.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import duty, erasing, jobs, waiting
from geo.actor import Actor, Role
from geo.errors import NotAllowed, NotFound
from geo.language import Text
from geo.reading import staff_of

Rows = sa.Select[Any]

MOST = 200
"""How many are shown: the latest. Nobody reads further, and they are all tried again together."""

WHAT: dict[str, Text] = {
    waiting.JOB: Text("Tìm đội cho các phản ánh đang chờ", "Find crews for the reports that wait"),
    duty.JOB: Text("Giao việc của đội hết ca trực cho đội khác", "Hand over what a crew off duty still has"),
    "follow_boundaries": Text(
        "Chuyển phản ánh theo ranh giới vừa lưu", "Let reports follow the boundaries that were saved"
    ),
    "plan_backlog": Text("Xếp lại toàn bộ việc đang chờ cho các đội", "Plan all waiting reports over the crews"),
    erasing.JOB: Text("Xóa tệp ảnh đã hết hạn lưu hoặc được yêu cầu xóa", "Remove the files of deleted photographs"),
    "write_to_reporter": Text("Gửi thư báo bước xử lý cho người phản ánh", "Write to a reporter about a step"),
}
"""What each job does, by its name."""
OTHER = Text("Việc chạy nền khác", "Other background work")

GONE = Text(
    "Việc này không còn trong danh sách: có thể vừa được chạy lại.",
    "This job is no longer in the list: perhaps it was just tried again.",
)

_SAFE = (
    "^([0-9]{1,7}|[A-Z_]{1,40}|[A-Za-z]+:[0-9]{5}:[0-9a-f-]{36}|[0-9a-f]{8}-[0-9a-f-]{27}"
    "|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]{5,15}([+]00:00|Z)?)?)$"
)
"""Values that are plainly no person's: short numbers, names of kinds, ids, moments."""
_HIDDEN = "…"

_known = jobs.rows().subquery("known")


def readable(actor: Actor) -> Rows:
    """Jobs, failed or waiting, that this caller may see."""
    columns = _known.c
    return sa.select(
        columns.id,
        columns.name,
        columns.ward.label("ward_code"),
        _told(columns.payload).label("payload"),
        columns.error,
        columns.attempts,
        columns.at,
        _named(lambda text: text.vi).label("what"),
        _named(lambda text: text.en).label("what_en"),
    ).where(staff_of(actor, columns.ward))


def of_ward(actor: Actor, ward_code: Any) -> Rows:
    """The jobs of a ward that failed for good, the latest first; all wards' to an administrator of every ward."""
    rows = readable(actor).where(_known.c.failed)
    if not _everywhere(actor):
        rows = rows.where(_known.c.ward == ward_code)
    return rows.order_by(_known.c.at.desc(), _known.c.id.desc()).limit(MOST)


def waiting_in(actor: Actor, ward_code: Any) -> sa.ColumnElement[Any]:
    """How many jobs wait or are being done, of those that `of_ward` is about; NULL to who is not staff there."""
    ours = sa.true() if _everywhere(actor) else _known.c.ward == ward_code
    count = sa.select(sa.func.count()).select_from(_known).where(_known.c.waiting, ours).scalar_subquery()
    return sa.case((staff_of(actor, ward_code), count))


async def retry(connection: AsyncConnection, actor: Actor, ward_code: str, ids: Sequence[int] | None) -> int:
    """Try these failed jobs again, or all that `actor` sees of the ward; how many.

    All or none: raises `NotFound` where one of them has not failed or is not for `actor` to see.
    """
    if not actor.runs(ward_code):
        raise NotAllowed(path=("wardCode",))
    within = None if _everywhere(actor) else ward_code
    count = await jobs.retry(connection, ids, within)
    if ids is not None and count != len(set(ids)):
        raise NotFound(GONE, ("jobIds",))
    return count


def _everywhere(actor: Actor) -> bool:
    return actor.role is Role.ADMIN and actor.ward_code is None


def _named(word: Any) -> sa.ColumnElement[str]:
    names = {name: sa.literal(word(text), sa.Text) for name, text in WHAT.items()}
    return sa.case(names, value=_known.c.name, else_=sa.literal(word(OTHER), sa.Text))


def _told(payload: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """`key: value, …` in the order of the keys."""
    parts = sa.func.jsonb_each_text(payload).table_valued("key", "value", name="parts")
    value = sa.case((parts.c.value.regexp_match(_SAFE), parts.c.value), else_=_HIDDEN)
    line = sa.func.concat(parts.c.key, ": ", value)
    told = sa.func.string_agg(line, sa.text("', ' ORDER BY parts.key"))
    return sa.func.coalesce(sa.select(told).select_from(parts).scalar_subquery(), "", type_=sa.Text)
