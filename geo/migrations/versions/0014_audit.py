"""What staff did, which nobody edits.

Revision: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# An age that the row itself tells, so that nobody can claim to be the one who may delete: not by a setting of the
# session, and not by a role that holds more than the application's.
APPEND_ONLY = """
CREATE OR REPLACE FUNCTION audit_entry_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.at < now() - interval '12 months' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit log is never edited' USING ERRCODE = 'restrict_violation';
END
$$
"""
ROWS = """
CREATE OR REPLACE TRIGGER audit_entry_append_only
BEFORE UPDATE OR DELETE ON audit_entry
FOR EACH ROW EXECUTE FUNCTION audit_entry_append_only()
"""
EMPTIED = """
CREATE OR REPLACE TRIGGER audit_entry_never_emptied
BEFORE TRUNCATE ON audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_append_only()
"""


def upgrade() -> None:
    # Written so that it can be run again: a later step that commits by itself may be the one that stops.
    op.create_table(
        "audit_entry",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("details", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("ward_code", "id", name="pk_audit_entry"),
        sa.CheckConstraint("ward_code = '' OR ward_code ~ '^[0-9]{5}$'", name=op.f("ck_audit_entry_ward_code")),
        sa.CheckConstraint("action ~ '^[a-z][a-zA-Z0-9]{0,62}$'", name=op.f("ck_audit_entry_action")),
        sa.CheckConstraint(
            "jsonb_typeof(details) = 'object' AND octet_length(details::text) <= 8000",
            name=op.f("ck_audit_entry_details"),
        ),
        if_not_exists=True,
    )
    for what in ("newest", "action", "account", "subject"):
        columns = [
            "ward_code",
            *([] if what == "newest" else ["account_id" if what == "account" else what]),
            "at",
            "id",
        ]
        where = sa.text("subject IS NOT NULL") if what == "subject" else None
        op.create_index(f"ix_audit_entry_{what}", "audit_entry", columns, postgresql_where=where, if_not_exists=True)
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"], postgresql_using="brin", if_not_exists=True)
    for statement in (APPEND_ONLY, ROWS, EMPTIED):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("audit_entry")
    op.execute("DROP FUNCTION audit_entry_append_only()")
