"""Notices: what happened that who works for a ward should look at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import incidents, notices
from schema.context import Context
from schema.enums import NoticeKind
from schema.errors import NotAllowed
from schema.links import IncidentLink
from schema.mutating import CREWS_AND_STAFF, KEEPERS, mutation
from schema.relay import After, Connection, First, Node, page
from schema.rows import Page, Row, Rows, column, field, node_id


@strawberry.type(description="Something that the ward's staff, or a crew, should look at; kept for 90 days.")
class Notice(Node):
    id: strawberry.ID = node_id("Notice")
    at: datetime = column("When it was told.")
    kind: NoticeKind = column("What has happened.")
    text: str = column("The same in Vietnamese, as it stands now.")
    text_en: str = column("The same in English.")
    incident: IncidentLink | None = field(
        lambda root: Rows("Incident", incidents.with_id(root.seen_by, root.ward_code, root.incident_id), root.seen_by),
        "The incident that it is about, as far as the caller may see it now.",
    )
    tracking_code: str | None = column("The tracking code of that incident.")
    seen: bool = column("Whether the caller has seen it.")


NoticeConnection = Connection[Notice]


def noticed(root: Row, first: First = 20, after: After = None) -> Page:
    """The caller's notices, the latest first."""
    return page(Rows("Notice", notices.readable(root.seen_by), root.seen_by), notices.LATEST, first, after)


def unseen(root: Row) -> sa.ColumnElement[int]:
    """How many of them are new to the caller."""
    return notices.unseen(root.seen_by)


@strawberry.input(description="Until when the caller has seen their notices.")
class MarkNoticesSeenInput:
    until: datetime = strawberry.field(description="The `at` of the latest one that was shown.")


@strawberry.type(description="They are no longer new.")
class MarkNoticesSeenPayload:
    unseen_notices: int = strawberry.field(description="How many are new all the same: those that came later.")


async def _mark_seen(connection: AsyncConnection, context: Context, input: MarkNoticesSeenInput) -> Any:
    await notices.mark_seen(connection, context.actor, input.until)
    left = await connection.scalar(sa.select(notices.unseen(context.actor)))
    return MarkNoticesSeenPayload(unseen_notices=left or 0)


@strawberry.type
class NoticeMutation:
    mark_notices_seen = mutation(
        "MarkNoticesSeen",
        MarkNoticesSeenPayload,
        MarkNoticesSeenInput,
        _mark_seen,
        CREWS_AND_STAFF | KEEPERS,
        "Say that the caller has seen their notices up to one of them.",
        NotAllowed,
    )
