"""A crew's ground may be neighbourhoods by name, beside the whole ward and an area drawn for it.

Revision: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "crew_neighbourhood",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("crew_id", sa.Uuid(), nullable=False),
        sa.Column("neighbourhood_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("ward_code", "crew_id", "neighbourhood_id", name="pk_crew_neighbourhood"),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name="fk_crew_neighbourhood_ward_code"),
        sa.ForeignKeyConstraint(
            ["ward_code", "crew_id"],
            ["crew.ward_code", "crew.id"],
            name="fk_crew_neighbourhood_ward_code_crew_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["ward_code", "neighbourhood_id"],
            ["neighbourhood.ward_code", "neighbourhood.id"],
            name="fk_crew_neighbourhood_ward_code_neighbourhood_id",
        ),
        if_not_exists=True,
    )
    op.create_index(
        "ix_crew_neighbourhood_ward_code_neighbourhood_id",
        "crew_neighbourhood",
        ["ward_code", "neighbourhood_id"],
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("crew_neighbourhood")
