"""What those who work for a ward did: written once, read by its staff, edited by nobody."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from geo.tables.base import id_column, metadata, moment

# Append-only: triggers refuse UPDATE and TRUNCATE, and DELETE of what is younger than a year. It refers to no other
# table: what was done stays told when a ward is merged into another.
audit_entry = sa.Table(
    "audit_entry",
    metadata,
    sa.Column("ward_code", sa.Text, primary_key=True),  # empty: of no ward, the deployment's own
    id_column(),
    moment("at", now=True),
    sa.Column("account_id", sa.Uuid),  # none: the command line
    sa.Column("name", sa.Text),  # of the account as it was then; on the command line the system's user
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text),  # an id as the API shows it
    sa.Column("details", JSONB, nullable=False, server_default=sa.text("'{}'")),
    sa.Column("request_id", sa.Text),
    sa.CheckConstraint("ward_code = '' OR ward_code ~ '^[0-9]{5}$'", name="ward_code"),
    sa.CheckConstraint("action ~ '^[a-z][a-zA-Z0-9]{0,62}$'", name="action"),
    sa.CheckConstraint("jsonb_typeof(details) = 'object' AND octet_length(details::text) <= 8000", name="details"),
    sa.Index("ix_audit_entry_newest", "ward_code", "at", "id"),
    sa.Index("ix_audit_entry_action", "ward_code", "action", "at", "id"),
    sa.Index("ix_audit_entry_account", "ward_code", "account_id", "at", "id"),
    sa.Index(
        "ix_audit_entry_subject", "ward_code", "subject", "at", "id", postgresql_where=sa.text("subject IS NOT NULL")
    ),
    # Which are old is asked for the whole country at once; rows come in the order of time, so this stays tiny.
    sa.Index("ix_audit_entry_at", "at", postgresql_using="brin"),
)
