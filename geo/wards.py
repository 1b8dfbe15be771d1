"""Wards: public ground, the same for every caller."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from geo.actor import Actor
from geo.ordering import by_text
from geo.reading import contains_text
from geo.tables import ward

Rows = sa.Select[Any]

BY_CODE = by_text(ward.c.code)


def readable(_actor: Actor) -> Rows:
    """Every ward, with every column."""
    return sa.select(*ward.c)


def with_code(actor: Actor, code: Any) -> Rows:
    return readable(actor).where(ward.c.code == code)


def default(actor: Actor) -> Rows:
    """The ward of a deployment that names none: the first by code."""
    return readable(actor).order_by(ward.c.code).limit(1)


def matching(actor: Actor, search: str | None = None) -> Rows:
    rows = readable(actor)
    return rows.where(contains_text(ward.c.search, search)) if search else rows
