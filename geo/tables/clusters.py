"""Incidents counted by cell of ground, at every level from a continent to a street, and what has changed since.

`geo/clusters.py` says how these are read and kept. None refers to another table: a reference would be checked for every
report that comes in, and rows come only from `incident`, which has its own references.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from geo.tables.base import geometry, metadata


def _ward() -> sa.Column[str]:
    return sa.Column("ward_code", sa.Text, primary_key=True)


def _key(name: str, kind: type[TypeEngine[Any]]) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _number(name: str, kind: type[TypeEngine[int]]) -> sa.Column[int]:
    return sa.Column(name, kind, nullable=False)


# Longitudes and latitudes are whole numbers of 1e-7 degrees here: their sums are exact, whatever comes and goes.
incident_cell = sa.Table(
    "incident_cell",
    metadata,
    _ward(),
    _key("level", sa.Integer),  # the ground has 2^level cells from west to east, and from north to south
    _key("status", sa.Text),  # empty in the sum over all of them
    _key("x", sa.Integer),
    _key("y", sa.Integer),
    _key("category_id", sa.Uuid),
    _number("n", sa.Integer),
    _number("longitudes", sa.BigInteger),
    _number("latitudes", sa.BigInteger),
    _number("west", sa.Integer),
    _number("south", sa.Integer),
    _number("east", sa.Integer),
    _number("north", sa.Integer),
    # All members' ids, the halves of each combined by XOR: of a single member, that is its id.
    _number("ids_high", sa.BigInteger),
    _number("ids_low", sa.BigInteger),
    # For maps of many wards.
    sa.Index("ix_incident_cell_level", "level", "status", "x", "y"),
)

# What came and went since the cells were last brought up to date: written by triggers on `incident`.
incident_cell_change = sa.Table(
    "incident_cell_change",
    metadata,
    _ward(),
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("sign", sa.Integer, nullable=False),  # 1 came, -1 went
    sa.Column("incident_id", sa.Uuid, nullable=False),
    sa.Column("category_id", sa.Uuid, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    geometry("location", "POINT"),
)

# A ward without a row here has the levels that every ward has.
incident_cell_ward = sa.Table(
    "incident_cell_ward",
    metadata,
    _ward(),
    sa.Column("depth", sa.Integer, nullable=False),  # the finest level kept
    sa.Column("stale", sa.Boolean, nullable=False),  # very many came at once: the cells are to be counted anew
)
