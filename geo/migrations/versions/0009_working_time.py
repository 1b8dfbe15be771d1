"""The working time of ward offices, and the function by which deadlines count it.

Revision: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Its twin in Python is geo.working_time.due_after. Two look-ups: the stretch of work at a moment, or the last before
# it, and the stretch in which so many seconds of work are reached. Plain hours where the table begins later or ends
# sooner.
DUE_AFTER = """
CREATE FUNCTION due_after(at timestamptz, hours integer, working boolean) RETURNS timestamptz
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $$
DECLARE
    target numeric;
    due timestamptz;
BEGIN
    IF working THEN
        SELECT worked_before + extract(epoch FROM least(at, closes) - opens) + hours * 3600 INTO target
          FROM working_time WHERE opens <= at ORDER BY opens DESC LIMIT 1;
        SELECT opens + make_interval(secs => (target - worked_before)::double precision) INTO due
          FROM (SELECT * FROM working_time WHERE worked_before < ceil(target)::integer
                 ORDER BY worked_before DESC LIMIT 1) AS last
         WHERE opens + make_interval(secs => (target - worked_before)::double precision) <= closes;
    END IF;
    RETURN coalesce(due, at + make_interval(hours => hours));
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "working_time",
        sa.Column("opens", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worked_before", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("opens", name="pk_working_time"),
        sa.CheckConstraint("closes > opens", name="ck_working_time_closes"),
    )
    op.create_index("ix_working_time_worked_before", "working_time", ["worked_before"])
    op.execute(DUE_AFTER)


def downgrade() -> None:
    op.execute("DROP FUNCTION due_after(timestamptz, integer, boolean)")
    op.drop_table("working_time")
