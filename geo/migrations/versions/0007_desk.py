"""Crews and the desk: acceptance in time, why this crew, what needs a person, blurred photographs, notices.

Revision: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CHECKS = {
    ("category", "accept_minutes"): "accept_minutes BETWEEN 1 AND 1440",
    ("incident", "accept_by"): "accept_by IS NULL OR status = 'ASSIGNED'",
    (
        "incident",
        "attention",
    ): "attention IN ('NO_CREW', 'NOT_ACCEPTED', 'CREW_OFF_DUTY')",
    (
        "incident",
        "attention_open",
    ): "attention IS NULL OR status IN ('RECEIVED', 'ASSIGNED', 'ACCEPTED', 'IN_PROGRESS')",
    ("photo", "redacted"): "(redacted_id IS NULL) = (rectangles IS NULL)",
    ("reporter", "language"): "language IN ('vi', 'en')",
}


def upgrade() -> None:
    op.add_column("category", sa.Column("accept_minutes", sa.Integer(), server_default="30", nullable=False))
    op.add_column("category", sa.Column("working_hours", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("incident", sa.Column("accept_by", sa.DateTime(timezone=True)))
    op.add_column("incident", sa.Column("attention", sa.Text()))
    op.add_column("incident_event", sa.Column("candidates", JSONB()))
    op.add_column("photo", sa.Column("redacted_id", sa.Uuid()))
    op.add_column("photo", sa.Column("rectangles", JSONB()))
    op.add_column("reporter", sa.Column("language", sa.Text()))
    op.add_column("account", sa.Column("notices_seen_at", sa.DateTime(timezone=True)))
    for (table, name), condition in CHECKS.items():
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({condition}) NOT VALID")
    op.create_index(
        "ix_incident_accept_by", "incident", ["accept_by"], postgresql_where=sa.text("accept_by IS NOT NULL")
    )
    op.create_index(
        "ix_incident_attention",
        "incident",
        ["ward_code", sa.text("coalesce(due_at, 'infinity')"), "id"],
        postgresql_where=sa.text("attention IS NOT NULL"),
    )
    op.create_index(
        "ix_photo_redacted_id", "photo", ["redacted_id"], postgresql_where=sa.text("redacted_id IS NOT NULL")
    )

    op.create_table(
        "rejection_template",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("ward_code", "id", name="pk_rejection_template"),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name="fk_rejection_template_ward_code"),
        sa.ForeignKeyConstraint(
            ["ward_code", "category_id"],
            ["category.ward_code", "category.id"],
            name="fk_rejection_template_ward_code_category_id",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "notice",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("crew_id", sa.Uuid()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Uuid()),
        sa.Column("event_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("ward_code", "id", name="pk_notice"),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name="fk_notice_ward_code"),
        sa.ForeignKeyConstraint(
            ["ward_code", "crew_id"],
            ["crew.ward_code", "crew.id"],
            name="fk_notice_ward_code_crew_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["ward_code", "incident_id"],
            ["incident.ward_code", "incident.id"],
            name="fk_notice_ward_code_incident_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("audience IN ('STAFF', 'CREW')", name="ck_notice_audience"),
        sa.CheckConstraint("(crew_id IS NOT NULL) = (audience = 'CREW')", name="ck_notice_crew"),
        sa.CheckConstraint(
            "kind IN ('ASSIGNED', 'TAKEN_BACK', 'REOPENED', 'ATTENTION', 'DUE_SOON', 'OVERDUE', 'JOB_FAILED')",
            name="ck_notice_kind",
        ),
    )
    op.create_index("ix_notice_latest", "notice", ["ward_code", "audience", "crew_id", "at", "id"])
    op.create_index("ix_notice_ward_code_incident_id", "notice", ["ward_code", "incident_id"])
    op.create_index("ix_notice_at", "notice", ["at"])
    op.create_table(
        "bookmark",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("moment", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_bookmark"),
    )


def downgrade() -> None:
    for table in ("bookmark", "notice", "rejection_template"):
        op.drop_table(table)
    op.drop_index("ix_photo_redacted_id", "photo")
    op.drop_index("ix_incident_attention", "incident")
    op.drop_index("ix_incident_accept_by", "incident")
    columns = {
        "account": ["notices_seen_at"],
        "reporter": ["language"],
        "photo": ["rectangles", "redacted_id"],
        "incident_event": ["candidates"],
        "incident": ["attention", "accept_by"],
        "category": ["working_hours", "accept_minutes"],
    }
    for table, names in columns.items():
        for name in names:
            op.drop_column(table, name)
