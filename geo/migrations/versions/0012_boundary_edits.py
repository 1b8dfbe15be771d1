"""Who edited boundaries, when and why; what they moved is a step of its own; teams and crews are told.

Revision: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


class Xid8(UserDefinedType[int]):
    """Transaction ids with their epoch."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


# What was drawn before this table is one edit for each moment. It is older than any transaction that is followed.
EARLIER = """
INSERT INTO boundary_edit (ward_code, id, at, account_id, reason, drawn, redrawn, removed, renamed, xact)
SELECT ward_code, gen_random_uuid(), since, min(drawn_by::text)::uuid, min(reason),
       coalesce(array_agg(neighbourhood_id ORDER BY neighbourhood_id) FILTER (WHERE first), '{}'),
       coalesce(array_agg(neighbourhood_id ORDER BY neighbourhood_id) FILTER (WHERE NOT first), '{}'),
       '{}', '{}', '3'::xid8
  FROM (SELECT *, since = min(since) OVER (PARTITION BY ward_code, neighbourhood_id) AS first
          FROM neighbourhood_boundary) AS period
 GROUP BY ward_code, since
    ON CONFLICT (ward_code, at) DO NOTHING
"""
KINDS = "'ASSIGNED', 'TAKEN_BACK', 'REOPENED', 'ATTENTION', 'DUE_SOON', 'OVERDUE', 'JOB_FAILED'"


def checked(table: str, name: str, condition: str, instead_of: str | None = None) -> None:
    """Put a check in place of an older one: the rows that are there are looked through afterwards."""
    for old in {name, instead_of or name}:
        op.execute(f"-- squawk-ignore ban-drop-constraint\nALTER TABLE {table} DROP CONSTRAINT IF EXISTS {old}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")


def upgrade() -> None:
    # Written so that it can be run again: what comes before the checks are looked through is committed by then.
    op.create_table(
        "boundary_edit",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("drawn", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("redrawn", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("removed", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("renamed", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("xact", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.PrimaryKeyConstraint("ward_code", "id", name="pk_boundary_edit"),
        sa.UniqueConstraint("ward_code", "at", name="uq_boundary_edit_ward_code_at"),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name="fk_boundary_edit_ward_code"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_boundary_edit_account_id", ondelete="SET NULL"
        ),
        if_not_exists=True,
    )
    op.create_index("ix_boundary_edit_xact", "boundary_edit", ["xact"], if_not_exists=True)
    op.execute(EARLIER)
    op.execute("ALTER TABLE notice ADD COLUMN IF NOT EXISTS team_id uuid")
    op.execute(
        "-- squawk-ignore ban-drop-constraint\nALTER TABLE notice DROP CONSTRAINT IF EXISTS fk_notice_ward_code_team_id"
    )
    op.execute(
        "ALTER TABLE notice ADD CONSTRAINT fk_notice_ward_code_team_id FOREIGN KEY (ward_code, team_id) "
        "REFERENCES team (ward_code, id) ON DELETE CASCADE NOT VALID"
    )
    about = "'DUE_SOON', 'OVERDUE', 'ATTENTION', 'LET_PASS', 'REROUTED'"
    checked("incident_event", "ck_incident_event_about", f"about IN ({about})")
    audience, kind = "ck_notice_ck_notice_audience", "ck_notice_ck_notice_kind"
    checked("notice", "ck_notice_audience", "audience IN ('STAFF', 'CREW', 'TEAM')", audience)
    checked("notice", "ck_notice_kind", f"kind IN ({KINDS}, 'BOUNDARIES')", kind)
    checked("notice", "ck_notice_team", "(team_id IS NOT NULL) = (audience = 'TEAM')")
    with op.get_context().autocommit_block():
        # By themselves, for they read whole tables: writers go on meanwhile.
        for table, name in (
            ("incident_event", "ck_incident_event_about"),
            ("notice", "ck_notice_audience"),
            ("notice", "ck_notice_kind"),
            ("notice", "ck_notice_team"),
            ("notice", "fk_notice_ward_code_team_id"),
        ):
            op.execute(f"-- squawk-ignore prefer-robust-stmts\nALTER TABLE {table} VALIDATE CONSTRAINT {name}")
        # One that was being made when this was interrupted is there, and of no use.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_notice_of_team")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_notice_of_team ON notice (ward_code, team_id, at, id) "
            "WHERE team_id IS NOT NULL"
        )


def downgrade() -> None:
    op.execute("DELETE FROM notice WHERE audience = 'TEAM' OR kind = 'BOUNDARIES'")
    op.execute("ALTER TABLE notice DROP COLUMN team_id")
    op.execute("ALTER TABLE notice DROP CONSTRAINT ck_notice_audience, DROP CONSTRAINT ck_notice_kind")
    op.execute(
        "ALTER TABLE notice ADD CONSTRAINT ck_notice_ck_notice_audience CHECK (audience IN ('STAFF', 'CREW')), "
        f"ADD CONSTRAINT ck_notice_ck_notice_kind CHECK (kind IN ({KINDS}))"
    )
    op.execute("ALTER TABLE incident_event DISABLE TRIGGER incident_event_append_only")
    op.execute("UPDATE incident_event SET about = NULL WHERE about = 'REROUTED'")
    op.execute("ALTER TABLE incident_event ENABLE TRIGGER incident_event_append_only")
    op.execute(
        "ALTER TABLE incident_event DROP CONSTRAINT ck_incident_event_about, "
        "ADD CONSTRAINT ck_incident_event_about CHECK (about IN ('DUE_SOON', 'OVERDUE', 'ATTENTION', 'LET_PASS'))"
    )
    op.drop_table("boundary_edit")
