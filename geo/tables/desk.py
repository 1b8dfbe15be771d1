"""The desk: texts that staff answer with, what happened that somebody should look at, how far somebody has read."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from geo.tables.base import belongs_to, id_column, metadata, moment, one_of, ward_column


class Audience(StrEnum):
    """Whom a notice is for: the ward's staff, one crew, or one community digital team."""

    STAFF = "STAFF"
    CREW = "CREW"
    TEAM = "TEAM"


class NoticeKind(StrEnum):
    """What a notice says has happened."""

    ASSIGNED = "ASSIGNED"  # to the crew: this is yours now
    TAKEN_BACK = "TAKEN_BACK"  # from the crew: it is no longer yours
    REOPENED = "REOPENED"
    ATTENTION = "ATTENTION"  # an incident needs a person; which way, its `attention` says
    DUE_SOON = "DUE_SOON"
    OVERDUE = "OVERDUE"
    JOB_FAILED = "JOB_FAILED"  # background work was given up
    BOUNDARIES = "BOUNDARIES"  # incidents are another neighbourhood's, for boundaries were drawn anew


rejection_template = sa.Table(
    "rejection_template",
    metadata,
    ward_column(),
    id_column(),
    sa.Column("category_id", sa.Uuid),  # none: for every kind
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("text_en", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False, server_default="0"),
    belongs_to("category", "category_id", ondelete="CASCADE"),
)

notice = sa.Table(
    "notice",
    metadata,
    ward_column(),
    id_column(),
    moment("at", now=True),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("crew_id", sa.Uuid),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("incident_id", sa.Uuid),
    sa.Column("event_id", sa.Uuid),
    sa.Column("team_id", sa.Uuid),
    belongs_to("crew", "crew_id", ondelete="CASCADE"),
    belongs_to("team", "team_id", ondelete="CASCADE"),
    belongs_to("incident", "incident_id", ondelete="CASCADE"),
    one_of("audience", Audience),
    one_of("kind", NoticeKind),
    sa.CheckConstraint("(crew_id IS NOT NULL) = (audience = 'CREW')", name="crew"),
    sa.CheckConstraint("(team_id IS NOT NULL) = (audience = 'TEAM')", name="team"),
    sa.Index("ix_notice_latest", "ward_code", "audience", "crew_id", "at", "id"),
    sa.Index("ix_notice_of_team", "ward_code", "team_id", "at", "id", postgresql_where=sa.text("team_id IS NOT NULL")),
    sa.Index("ix_notice_ward_code_incident_id", "ward_code", "incident_id"),
    sa.Index("ix_notice_at", "at"),
)

# How far a reader of the history has come: a `geo.moments.Cursor` as text. Of the whole deployment, so without a ward.
bookmark = sa.Table(
    "bookmark",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("moment", sa.Text, nullable=False),
)
