"""Photographs before their place is known, and categories whose solution is to be shown by one.

Revision: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # No ward: where a photograph belongs is known when a report, or a step, claims it.
    op.create_table(
        "photo_upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_photo_upload"),
        sa.CheckConstraint("width > 0 AND height > 0", name="ck_photo_upload_size"),
    )
    op.create_index("ix_photo_upload_created_at", "photo_upload", ["created_at"])
    # Whether an object in the store is anybody's is asked by its id alone.
    op.create_index("ix_photo_id", "photo", ["id"])
    op.add_column("category", sa.Column("photo_required", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("category", "photo_required")
    op.drop_index("ix_photo_id", "photo")
    op.drop_table("photo_upload")
