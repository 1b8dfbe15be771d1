"""Incidents: their categories, what was reported, every step since, who reported it, and the photographs."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, JSONB

from geo.lifecycle import IN_HAND, OPEN, Party, Status
from geo.tables.base import (
    Xid8,
    belongs_to,
    folded,
    geography_of,
    geometry,
    id_column,
    metadata,
    moment,
    on_earth,
    one_of,
    search_index,
    spatial_index,
    ward_column,
)


class Channel(StrEnum):
    """How a report came in."""

    WEB = "WEB"
    ZALO = "ZALO"
    OPEN311 = "OPEN311"
    GRAPHQL = "GRAPHQL"
    STAFF = "STAFF"


class Attention(StrEnum):
    """Why an open incident needs a person of the ward."""

    NO_CREW = "NO_CREW"  # none on duty could take it
    NOT_ACCEPTED = "NOT_ACCEPTED"  # its crew did not accept in time, and there is no other
    CREW_OFF_DUTY = "CREW_OFF_DUTY"  # its crew ended its duty in the middle of the work


class About(StrEnum):
    """What a step that keeps the status is written for, where its note alone would have to tell."""

    DUE_SOON = "DUE_SOON"  # the deadline is near
    OVERDUE = "OVERDUE"  # and it has passed
    ATTENTION = "ATTENTION"  # a person of the ward must look
    # The crew did not accept in time.
    LET_PASS = "LET_PASS"  # noqa: S105  # nosec B105
    REROUTED = "REROUTED"  # a boundary was drawn anew: it is another neighbourhood's


class Satisfaction(StrEnum):
    """The reporter's verdict, in the words of the city's portal."""

    SATISFIED = "SATISFIED"
    ACCEPTABLE = "ACCEPTABLE"
    DISSATISFIED = "DISSATISFIED"


def _names(statuses: tuple[Status, ...]) -> str:
    return ", ".join(f"'{status}'" for status in statuses)


category = sa.Table(
    "category",
    metadata,
    ward_column(),
    id_column(),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_en", sa.Text, nullable=False),
    sa.Column("icon", sa.Text, nullable=False),  # the name of an icon of the design system
    sa.Column("colour", sa.Text, nullable=False),
    sa.Column("deadline_hours", sa.Integer, nullable=False),
    sa.Column("public", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("position", sa.Integer, nullable=False, server_default="0"),
    sa.Column("photo_required", sa.Boolean, nullable=False, server_default=sa.false()),  # to show that it is solved
    sa.Column("accept_minutes", sa.Integer, nullable=False, server_default="30"),  # then the next crew is asked
    sa.Column("working_hours", sa.Boolean, nullable=False, server_default=sa.false()),  # what `deadline_hours` counts
    sa.UniqueConstraint("ward_code", "code"),
    sa.CheckConstraint("colour ~ '^#[0-9a-f]{6}$'", name="colour"),
    sa.CheckConstraint("deadline_hours BETWEEN 1 AND 8760", name="deadline_hours"),
    sa.CheckConstraint("accept_minutes BETWEEN 1 AND 1440", name="accept_minutes"),
)

incident = sa.Table(
    "incident",
    metadata,
    ward_column(),
    id_column(),
    sa.Column("tracking_code", sa.Text, nullable=False),
    sa.Column("category_id", sa.Uuid, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    geometry("location", "POINT"),
    geography_of("location"),
    sa.Column("address", sa.Text),
    sa.Column("neighbourhood_id", sa.Uuid),
    sa.Column("crew_id", sa.Uuid),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("published", sa.Boolean, nullable=False, server_default=sa.false()),
    moment("reported_at", now=True),
    moment("due_at"),
    moment("resolved_at"),
    moment("closed_at"),
    sa.Column("reopened_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("duplicate_of_id", sa.Uuid),
    sa.Column("satisfaction", sa.Text),
    sa.Column("satisfaction_comment", sa.Text),
    sa.Column("request_key_hash", BYTEA, nullable=False),  # SHA-256 of the client's requestKey
    sa.Column("reporter_secret_hash", BYTEA, nullable=False),  # SHA-256 of the reporter's secret
    moment("due_soon_told"),  # the deadline, `due_at` as it was then, that was told to be near
    moment("due_passed_told"),  # and the one that was told to be over
    moment("accept_by"),  # when another crew is asked, while this one has not accepted
    sa.Column("attention", sa.Text),
    moment("erased_at"),  # when the words of its reporter were deleted
    folded("tracking_code", "description", "address"),
    belongs_to("category", "category_id"),
    belongs_to("neighbourhood", "neighbourhood_id"),
    belongs_to("crew", "crew_id"),
    belongs_to("incident", "duplicate_of_id"),
    sa.UniqueConstraint("ward_code", "tracking_code"),
    # The key first: a report sent again may name no ward.
    sa.UniqueConstraint("request_key_hash", "ward_code"),
    one_of("status", Status),
    one_of("channel", Channel),
    one_of("satisfaction", Satisfaction),
    one_of("attention", Attention),
    on_earth("location"),
    sa.CheckConstraint("due_at > reported_at", name="due_after_report"),
    sa.CheckConstraint("resolved_at >= reported_at", name="resolved_after_report"),
    sa.CheckConstraint("closed_at >= reported_at", name="closed_after_report"),
    sa.CheckConstraint(f"crew_id IS NOT NULL OR status NOT IN ({_names(IN_HAND)})", name="crew_in_hand"),
    sa.CheckConstraint("crew_id IS NULL OR status NOT IN ('RECEIVED', 'REJECTED', 'DUPLICATE')", name="no_crew"),
    sa.CheckConstraint("(duplicate_of_id IS NOT NULL) = (status = 'DUPLICATE')", name="duplicate"),
    sa.CheckConstraint("duplicate_of_id <> id", name="not_its_own_duplicate"),
    sa.CheckConstraint("(resolved_at IS NOT NULL) OR status NOT IN ('RESOLVED', 'CLOSED')", name="resolved"),
    sa.CheckConstraint("accept_by IS NULL OR status = 'ASSIGNED'", name="accept_by"),
    sa.CheckConstraint(f"attention IS NULL OR status IN ({_names(OPEN)})", name="attention_open"),
    spatial_index("incident", "location"),
    # What the public map opens with: the open ones, a small part of the whole.
    sa.Index(
        "ix_incident_open_location",
        "location",
        postgresql_using="gist",
        postgresql_where=sa.text(f"status IN ({_names(OPEN)})"),
    ),
    spatial_index("incident", "geog"),
    # Looking for the same problem nearby reads only the open ones.
    sa.Index(
        "ix_incident_open_geog",
        "geog",
        postgresql_using="gist",
        postgresql_where=sa.text(f"status IN ({_names(OPEN)})"),
    ),
    search_index("incident"),
    sa.Index("ix_incident_newest", "ward_code", "reported_at", "id"),
    sa.Index("ix_incident_urgent", "ward_code", sa.text("coalesce(due_at, 'infinity')"), "id"),
    # A crew's list, and the count of what a crew has in hand, read only what is open.
    sa.Index(
        "ix_incident_crew_urgent",
        "ward_code",
        "crew_id",
        sa.text("coalesce(due_at, 'infinity')"),
        "id",
        postgresql_where=sa.text(f"status IN ({_names(IN_HAND)})"),
    ),
    # How many are open in a neighbourhood: of its hundreds, a few.
    sa.Index(
        "ix_incident_open_neighbourhood_id",
        "ward_code",
        "neighbourhood_id",
        postgresql_where=sa.text(f"status IN ({_names(OPEN)})"),
    ),
    sa.Index("ix_incident_ward_code_neighbourhood_id", "ward_code", "neighbourhood_id", "reported_at"),
    sa.Index("ix_incident_ward_code_crew_id", "ward_code", "crew_id", "reported_at"),
    # Deadlines still to be told; a reopened incident, with its new one, comes in again by itself.
    sa.Index(
        "ix_incident_deadline",
        "due_at",
        postgresql_where=sa.text(f"status IN ({_names(OPEN)}) AND due_passed_told IS DISTINCT FROM due_at"),
    ),
    # What waits for a crew, most urgent first.
    sa.Index(
        "ix_incident_waiting",
        "ward_code",
        sa.text("coalesce(due_at, 'infinity')"),
        "id",
        postgresql_where=sa.text("status = 'RECEIVED'"),
    ),
    sa.Index("ix_incident_accept_by", "accept_by", postgresql_where=sa.text("accept_by IS NOT NULL")),
    sa.Index(
        "ix_incident_attention",
        "ward_code",
        sa.text("coalesce(due_at, 'infinity')"),
        "id",
        postgresql_where=sa.text("attention IS NOT NULL"),
    ),
    # What waits to be closed by seven days of silence.
    sa.Index("ix_incident_resolved", "resolved_at", postgresql_where=sa.text("status = 'RESOLVED'")),
    # Whose words are to be deleted when they were kept long enough: what was refused goes sooner than what was done.
    sa.Index(
        "ix_incident_kept_refused",
        "reported_at",
        postgresql_where=sa.text("status = 'REJECTED' AND erased_at IS NULL"),
    ),
    sa.Index(
        "ix_incident_kept_done",
        "reported_at",
        postgresql_where=sa.text("status IN ('CLOSED', 'DUPLICATE') AND erased_at IS NULL"),
    ),
    sa.Index("ix_incident_reporter_secret_hash", "reporter_secret_hash"),
    sa.Index(
        "ix_incident_duplicate_of_id",
        "ward_code",
        "duplicate_of_id",
        postgresql_where=sa.text("duplicate_of_id IS NOT NULL"),
    ),
)

# Append-only: a trigger, `incident_event_append_only`, refuses UPDATE and DELETE, but for taking words out of a note.
incident_event = sa.Table(
    "incident_event",
    metadata,
    ward_column(),
    sa.Column("incident_id", sa.Uuid, primary_key=True),
    id_column(),
    moment("at", now=True),
    sa.Column("from_status", sa.Text),
    sa.Column("to_status", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("public", sa.Boolean, nullable=False),  # whether the reporter and the public may read the step
    sa.Column("party", sa.Text, nullable=False),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey("account.id")),  # accounts are disabled, never deleted
    sa.Column("crew_id", sa.Uuid),  # the crew that the step concerns
    sa.Column("candidates", JSONB),  # why this crew: those that dispatch weighed, see geo/dispatch.py
    sa.Column("about", sa.Text),
    sa.Column("xact", Xid8, nullable=False, server_default=sa.text("pg_current_xact_id()")),
    belongs_to("incident", "incident_id"),
    belongs_to("crew", "crew_id"),
    one_of("from_status", Status),
    one_of("to_status", Status),
    one_of("party", Party),
    one_of("about", About),
    # What the transactions committed since a moment wrote: see geo/changes.py.
    sa.Index("ix_incident_event_xact", "xact"),
)

# What a resident tells of themselves, apart from the incident, so that it can be deleted for good.
reporter = sa.Table(
    "reporter",
    metadata,
    ward_column(),
    sa.Column("incident_id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("phone", sa.Text),
    sa.Column("email", sa.Text),
    sa.Column("language", sa.Text),  # which they are written to in
    moment("consented_at", required=True),
    belongs_to("incident", "incident_id", ondelete="CASCADE"),
    one_of("language", ("vi", "en")),
    sa.Index("ix_reporter_consented_at", "consented_at"),  # what was kept long enough
)

photo = sa.Table(
    "photo",
    metadata,
    ward_column(),
    id_column(),
    sa.Column("incident_id", sa.Uuid, nullable=False),
    sa.Column("event_id", sa.Uuid, nullable=False),  # the step it was taken for: the report itself, or the resolution
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    moment("taken_at"),
    moment("created_at", now=True),
    sa.Column("published", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("redacted_id", sa.Uuid),  # the copy with parts made unrecognisable: what the public gets instead
    sa.Column("rectangles", JSONB),  # those parts: [[left, top, width, height], ...], each a fraction of the picture
    belongs_to("incident", "incident_id", ondelete="CASCADE"),
    sa.ForeignKeyConstraint(
        ["ward_code", "incident_id", "event_id"],
        ["incident_event.ward_code", "incident_event.incident_id", "incident_event.id"],
    ),
    sa.CheckConstraint("width > 0 AND height > 0", name="size"),
    sa.CheckConstraint("(redacted_id IS NULL) = (rectangles IS NULL)", name="redacted"),
    sa.Index("ix_photo_redacted_id", "redacted_id", postgresql_where=sa.text("redacted_id IS NOT NULL")),
    sa.Index("ix_photo_ward_code_incident_id", "ward_code", "incident_id"),
    # Whether an object in the store is anybody's is asked by its id alone.
    sa.Index("ix_photo_id", "id"),
    sa.Index("ix_photo_created_at", "created_at"),  # what was kept long enough
)

# Photographs that were sent before the report, or the step, that they are for: claiming one moves it to `photo`.
photo_upload = sa.Table(
    "photo_upload",
    metadata,
    id_column(),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    moment("taken_at"),
    moment("created_at", now=True),
    sa.CheckConstraint("width > 0 AND height > 0", name="size"),
    sa.Index("ix_photo_upload_created_at", "created_at"),
)
