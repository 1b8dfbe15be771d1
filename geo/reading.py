"""The few pieces that every `readable(actor)`, and every filter of rows, is made of."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import False_, True_

from geo.actor import Actor, Role
from geo.locating import geography
from geo.plans import Pattern
from geo.positions import Box, Position
from geo.tables import SRID

Condition = sa.ColumnElement[bool]


def staff_of(actor: Actor, ward_code: sa.ColumnElement[str]) -> Condition:
    """Whether this caller is staff of the row's ward."""
    if actor.role is Role.ADMIN and actor.ward_code is None:
        return sa.true()
    if actor.role in (Role.ADMIN, Role.STAFF):
        return ward_code == actor.ward_code
    return sa.false()


def works_in(actor: Actor, ward_code: sa.ColumnElement[str]) -> Condition:
    """Whether this caller works in the row's ward: staff, a crew or a team."""
    if actor.role in (Role.CREW_MEMBER, Role.TEAM_MEMBER):
        return ward_code == actor.ward_code
    return staff_of(actor, ward_code)


def refers(left: Any, right: Any, left_id: str, right_id: str) -> Condition:
    """Rows of one ward that refer to each other by these columns."""
    return sa.and_(left.c.ward_code == right.c.ward_code, left.c[left_id] == right.c[right_id])


def any_of(*conditions: Condition) -> Condition:
    """Whether any holds; what is known already is left out, so that the statement says only what is to be asked."""
    asked = [condition for condition in conditions if not isinstance(condition, False_)]
    if any(isinstance(condition, True_) for condition in asked):
        return sa.true()
    if len(asked) < 2:
        return asked[0] if asked else sa.false()
    return sa.or_(*asked)


def masked(seen: Condition, column: sa.ColumnElement[Any]) -> sa.Label[Any]:
    """`column` where `seen`, NULL elsewhere; under its own name."""
    name: str = column.key or ""
    if isinstance(seen, True_):
        return column.label(name)
    if isinstance(seen, False_):
        return sa.cast(sa.null(), column.type).label(name)
    return sa.case((seen, column)).label(name)


def contains_text(search: sa.ColumnElement[str], text: str) -> Condition:
    """Whether the folded column `search` holds the words of `text` in their order, without diacritics and case.

    Others may stand between them: "nha van hoa 12" finds "Nhà văn hóa Tổ dân phố số 12", and not số 112. Served by the
    trigram index of the column for three letters and more.
    """
    # Escaped after folding: folding turns the full-width signs into the plain ones, which LIKE would obey.
    literal = sa.func.regexp_replace(sa.func.fold(sa.literal(text, Pattern())), r"([\\%_])", r"\\\1", "g")
    words = sa.func.regexp_replace(literal, r"\s+", "% ", "g")
    return search.like(sa.func.concat("%", words, "%"))


def inside(location: sa.ColumnElement[Any], within: Box) -> sa.ColumnElement[bool]:
    """Whether a point lies in the box, edges included; served by the column's GiST index."""
    envelope = sa.func.ST_MakeEnvelope(within.west, within.south, within.east, within.north, SRID)
    return sa.func.ST_Intersects(location, envelope, type_=sa.Boolean)


def within_metres(geog: sa.ColumnElement[Any], of: Position, metres: float) -> Condition:
    """Whether a geography lies within `metres` of a position on the spheroid; served by its GiST index."""
    return sa.func.ST_DWithin(geog, geography(of), metres, type_=sa.Boolean)
