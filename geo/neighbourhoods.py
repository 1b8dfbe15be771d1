"""Neighbourhoods (tổ dân phố, thôn) and the boundaries they have had: public ground."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from geo.actor import Actor
from geo.ordering import by_name
from geo.reading import contains_text, masked, staff_of
from geo.tables import account, neighbourhood, neighbourhood_boundary

Rows = sa.Select[Any]

BY_NAME = by_name(neighbourhood)

SHAPE = neighbourhood_boundary.c.boundary

_current = neighbourhood_boundary.alias("current_boundary")


def _in_force(column: sa.Column[Any]) -> sa.ScalarSelect[Any]:
    """A column of the boundary in force, or NULL. A subquery: it costs nothing where the column is not asked for."""
    return (
        sa.select(column)
        .where(
            _current.c.ward_code == neighbourhood.c.ward_code,
            _current.c.neighbourhood_id == neighbourhood.c.id,
            _current.c.until.is_(None),
        )
        .correlate(neighbourhood)
        .scalar_subquery()
    )


def readable(_actor: Actor) -> Rows:
    """Every neighbourhood, with `boundary` in force (NULL once it is merged away or not yet drawn)."""
    return sa.select(
        *neighbourhood.c,
        _in_force(_current.c.boundary).label("boundary"),
        _in_force(_current.c.id).label("boundary_id"),
    )


def drawn(_actor: Actor, ward_code: Any = None) -> Rows:
    """The neighbourhoods that a ward has now, or all wards: also `boundary`, `boundary_id` and `outline_city`.

    Joined, so that the boundary's GiST index serves.
    """
    rows = sa.select(
        *neighbourhood.c, _current.c.boundary, _current.c.id.label("boundary_id"), _current.c.outline_city
    ).join(
        _current,
        sa.and_(
            _current.c.ward_code == neighbourhood.c.ward_code,
            _current.c.neighbourhood_id == neighbourhood.c.id,
            _current.c.until.is_(None),
        ),
    )
    return rows if ward_code is None else rows.where(neighbourhood.c.ward_code == ward_code)


def of_ward(actor: Actor, ward_code: Any, search: str | None = None) -> Rows:
    """The neighbourhoods that a ward has now."""
    rows = drawn(actor, ward_code)
    return rows.where(contains_text(neighbourhood.c.search, search)) if search else rows


def with_id(actor: Actor, ward_code: Any, neighbourhood_id: Any) -> Rows:
    return readable(actor).where(neighbourhood.c.ward_code == ward_code, neighbourhood.c.id == neighbourhood_id)


def boundary_readable(actor: Actor) -> Rows:
    """Every boundary that a neighbourhood ever had, with the period it held; to staff also `author`, who drew it."""
    columns = neighbourhood_boundary.c
    author = sa.select(account.c.name).where(account.c.id == columns.drawn_by).scalar_subquery().label("author")
    return sa.select(
        columns.ward_code,
        columns.neighbourhood_id,
        columns.id.label("boundary_id"),
        columns.boundary,
        columns.since,
        columns.until,
        columns.reason,
        masked(staff_of(actor, columns.ward_code), author),
    )


def boundaries_of(actor: Actor, ward_code: Any, neighbourhood_id: Any) -> Rows:
    """A neighbourhood's boundaries, the oldest first."""
    rows = boundary_readable(actor).where(
        neighbourhood_boundary.c.ward_code == ward_code,
        neighbourhood_boundary.c.neighbourhood_id == neighbourhood_id,
    )
    return rows.order_by(neighbourhood_boundary.c.since)


def boundary_at(
    actor: Actor, ward_code: Any, neighbourhood_id: Any, at: Any, column: sa.Column[Any] = neighbourhood_boundary.c.id
) -> sa.ScalarSelect[Any]:
    """A column of the boundary that held at a moment, its id or its shape, or NULL."""
    columns = neighbourhood_boundary.c
    return (
        boundaries_of(actor, ward_code, neighbourhood_id)
        .with_only_columns(column)
        .order_by(None)
        .where(columns.since <= at, sa.or_(columns.until.is_(None), columns.until > at))
        .scalar_subquery()
    )


def boundary_now(
    actor: Actor, ward_code: Any, neighbourhood_id: Any, column: sa.Column[Any] = neighbourhood_boundary.c.id
) -> sa.ScalarSelect[Any]:
    """A column of the boundary in force, its id or its shape, or NULL."""
    rows = boundaries_of(actor, ward_code, neighbourhood_id).with_only_columns(column).order_by(None)
    return rows.where(neighbourhood_boundary.c.until.is_(None)).scalar_subquery()
