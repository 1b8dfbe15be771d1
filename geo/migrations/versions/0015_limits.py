"""How often something was asked for, shared by all processes.

Revision: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Written so that it can be run again: a later step that commits by itself may be the one that stops.
    op.create_table(
        "tally",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_tally"),
        # Counted anew after a crash: not worth a log.
        prefixes=["UNLOGGED"],
        if_not_exists=True,
    )
    op.create_index("ix_tally_ends_at", "tally", ["ends_at"], if_not_exists=True)


def downgrade() -> None:
    op.drop_table("tally")
