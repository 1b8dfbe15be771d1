"""Second factors, one-time links, delays after wrong passwords, and sessions that can be told apart.

Revision: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Whoever may do something else from now on, or nothing, signs in anew. Here, so that no way of changing it is left out.
SIGNS_OUT = """
CREATE OR REPLACE FUNCTION account_signs_out() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM session WHERE account_id = NEW.id;
    DELETE FROM pending_sign_in WHERE account_id = NEW.id;
    RETURN NULL;
END
$$
"""
SIGNS_OUT_ON = """
CREATE TRIGGER account_signs_out AFTER UPDATE OF role, ward_code, disabled_at ON account
FOR EACH ROW WHEN (OLD.role <> NEW.role OR OLD.ward_code IS DISTINCT FROM NEW.ward_code
                   OR (OLD.disabled_at IS NULL AND NEW.disabled_at IS NOT NULL))
EXECUTE FUNCTION account_signs_out()
"""
# When a session was last seen is nothing that other processes need to hear of.
CALLS = "CREATE TRIGGER session_people_changed AFTER {} ON session FOR EACH ROW EXECUTE FUNCTION people_changed()"
CALLED_FOR = "UPDATE OF token_hash, account_id, expires_at, second_factor OR DELETE"


def moment(name: str, *, required: bool = True, now: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not required, server_default=default)


def of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=f"fk_{table}_account_id", ondelete="CASCADE")


def upgrade() -> None:
    # Written so that it can be run again: what comes before the last part is committed by then.
    op.execute("ALTER TABLE account ADD COLUMN IF NOT EXISTS email text")
    op.execute("ALTER TABLE account ADD COLUMN IF NOT EXISTS second_factor_salt bytea")
    op.execute("ALTER TABLE account ADD COLUMN IF NOT EXISTS second_factor_since timestamptz")
    op.execute("ALTER TABLE account ADD COLUMN IF NOT EXISTS second_factor_step bigint")
    op.execute("ALTER TABLE session ADD COLUMN IF NOT EXISTS id uuid")
    op.execute("ALTER TABLE session ALTER COLUMN id SET DEFAULT gen_random_uuid()")
    op.execute("ALTER TABLE session ADD COLUMN IF NOT EXISTS seen_at timestamptz NOT NULL DEFAULT now()")
    op.execute("ALTER TABLE session ADD COLUMN IF NOT EXISTS browser text")
    op.execute("ALTER TABLE session ADD COLUMN IF NOT EXISTS system text")
    op.execute("ALTER TABLE session ADD COLUMN IF NOT EXISTS second_factor boolean NOT NULL DEFAULT false")
    op.create_table(
        "pending_sign_in",
        sa.Column("token_hash", BYTEA(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        moment("expires_at"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_pending_sign_in"),
        of_account("pending_sign_in"),
        if_not_exists=True,
    )
    op.create_index("ix_pending_sign_in_account_id", "pending_sign_in", ["account_id"], if_not_exists=True)
    op.create_index("ix_pending_sign_in_expires_at", "pending_sign_in", ["expires_at"], if_not_exists=True)
    op.create_table(
        "account_link",
        sa.Column("token_hash", BYTEA(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        moment("created_at", now=True),
        moment("expires_at"),
        moment("used_at", required=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_account_link"),
        of_account("account_link"),
        sa.CheckConstraint("purpose IN ('INVITATION', 'PASSWORD_RESET')", name=op.f("ck_account_link_purpose")),
        if_not_exists=True,
    )
    op.create_index("ix_account_link_account_id", "account_link", ["account_id", "created_at"], if_not_exists=True)
    op.create_index("ix_account_link_expires_at", "account_link", ["expires_at"], if_not_exists=True)
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "code_hash", name="pk_recovery_code"),
        of_account("recovery_code"),
        if_not_exists=True,
    )
    op.create_table(
        "sign_in_delay",
        sa.Column("key", BYTEA(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        moment("last_at"),
        moment("until", required=False),
        sa.PrimaryKeyConstraint("key", name="pk_sign_in_delay"),
        if_not_exists=True,
    )
    op.create_index("ix_sign_in_delay_last_at", "sign_in_delay", ["last_at"], if_not_exists=True)
    op.execute(SIGNS_OUT)
    op.execute("DROP TRIGGER IF EXISTS account_signs_out ON account")
    op.execute(SIGNS_OUT_ON)
    op.execute("DROP TRIGGER IF EXISTS session_people_changed ON session")
    op.execute(CALLS.format(CALLED_FOR))
    op.execute("-- squawk-ignore ban-drop-constraint\nALTER TABLE session DROP CONSTRAINT IF EXISTS session_has_id")
    op.execute("ALTER TABLE session ADD CONSTRAINT session_has_id CHECK (id IS NOT NULL) NOT VALID")
    with op.get_context().autocommit_block():
        # By themselves, for they go through the whole table: who signs in meanwhile does not wait.
        op.execute("UPDATE session SET id = gen_random_uuid() WHERE id IS NULL")
        op.execute("-- squawk-ignore prefer-robust-stmts\nALTER TABLE session VALIDATE CONSTRAINT session_has_id")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_session_id")
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS uq_session_id ON session (id)")
    # The check, looked through already, spares it the scan.
    op.execute("-- squawk-ignore adding-not-nullable-field\nALTER TABLE session ALTER COLUMN id SET NOT NULL")
    op.execute("-- squawk-ignore ban-drop-constraint\nALTER TABLE session DROP CONSTRAINT session_has_id")


def downgrade() -> None:
    op.execute("DROP TRIGGER session_people_changed ON session")
    op.execute(CALLS.format("UPDATE OR DELETE"))
    op.execute("DROP TRIGGER account_signs_out ON account")
    op.execute("DROP FUNCTION account_signs_out()")
    for table in ("sign_in_delay", "recovery_code", "account_link", "pending_sign_in"):
        op.drop_table(table)
    op.execute("DROP INDEX uq_session_id")
    op.execute(
        "ALTER TABLE session DROP COLUMN id, DROP COLUMN seen_at, DROP COLUMN browser, DROP COLUMN system, "
        "DROP COLUMN second_factor"
    )
    op.execute(
        "ALTER TABLE account DROP COLUMN email, DROP COLUMN second_factor_salt, DROP COLUMN second_factor_since, "
        "DROP COLUMN second_factor_step"
    )
