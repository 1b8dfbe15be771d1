"""Consent: the words that people agreed to, and who agreed to them when; of whom it was, only a key tells."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from geo.tables.base import id_column, metadata, moment, one_of, ward_column


class ConsentChannel(StrEnum):
    """How a consent came to be recorded."""

    WEB = "WEB"  # by the person, on our pages
    ZALO = "ZALO"
    OPEN311 = "OPEN311"
    GRAPHQL = "GRAPHQL"  # by another program, which showed the words
    STAFF = "STAFF"  # the ward's staff recorded what the person told them
    TEAM = "TEAM"  # the community digital team did
    FILE = "FILE"  # a column of a table said so


class Ending(StrEnum):
    """Why a consent holds no more."""

    WITHDRAWN = "WITHDRAWN"  # taken back, by the person or for them
    ERASED = "ERASED"  # the person asked for everything to be deleted
    EXPIRED = "EXPIRED"  # what was agreed to be kept was kept long enough


# The words, each version in each language for good: `contact/1/vi`. Written by migrations, held to `geo.consents` by a
# test. The same in the whole deployment, so without a ward.
consent_wording = sa.Table(
    "consent_wording",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)

# Evidence, which outlives what it is about: `subject_id` refers to an incident, a member of a team or a place, by a key
# that means nothing once that is gone.
consent = sa.Table(
    "consent",
    metadata,
    ward_column(),
    id_column(),
    sa.Column("subject_id", sa.Uuid, nullable=False),
    sa.Column("wording", sa.Text, sa.ForeignKey("consent_wording.key"), nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("account_id", sa.Uuid),  # who recorded it
    moment("given_at", now=True),
    moment("ended_at"),
    sa.Column("ended_why", sa.Text),
    one_of("channel", ConsentChannel),
    one_of("ended_why", Ending),
    sa.CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="ended"),
    sa.Index(
        "uq_consent_in_force", "ward_code", "subject_id", unique=True, postgresql_where=sa.text("ended_at IS NULL")
    ),
    sa.Index("ix_consent_subject_id", "ward_code", "subject_id"),
    sa.Index("ix_consent_ended_at", "ended_at", postgresql_where=sa.text("ended_at IS NOT NULL")),
)
