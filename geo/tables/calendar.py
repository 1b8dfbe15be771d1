"""The working time of ward offices, which deadlines are counted by: the same in the whole country."""

from __future__ import annotations

import sqlalchemy as sa

from geo.tables.base import metadata, moment

# Filled by geo/working_time.py. National, so without a ward. A function, `due_after`, reads it: see migration 0009.
working_time = sa.Table(
    "working_time",
    metadata,
    sa.Column("opens", sa.DateTime(timezone=True), primary_key=True),
    moment("closes", required=True),
    sa.Column("worked_before", sa.Integer, nullable=False),  # seconds of work in the rows before this one
    sa.CheckConstraint("closes > opens", name="closes"),
    sa.Index("ix_working_time_worked_before", "worked_before"),
)
