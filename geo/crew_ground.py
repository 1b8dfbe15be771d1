"""The ground of a crew: the whole ward, an area drawn for it, or neighbourhoods named for it.

Named neighbourhoods are no second copy of their boundaries: an incident is in one of them by its own neighbourhood, so
that a boundary drawn anew moves the crew's ground with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from shapely.geometry import MultiPolygon
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import neighbourhoods
from geo.actor import Actor
from geo.errors import Problem
from geo.language import Text
from geo.ordering import natural
from geo.tables import SRID, crew, crew_neighbourhood, neighbourhood, neighbourhood_boundary, ward

FOREIGN_GROUND = Text(
    "Địa bàn của đội nằm ngoài phường. Hãy vẽ lại vùng có phần trong phường.",
    "The crew's ground lies outside the ward. Please draw an area that is partly inside.",
)
BOTH_WAYS = Text(
    "Địa bàn của đội hoặc là vùng đã vẽ, hoặc gồm các tổ dân phố; không thể là cả hai.",
    "A crew's ground is either a drawn area or neighbourhoods, not both.",
)
NO_NEIGHBOURHOOD = Text(
    "Hãy chọn ít nhất một tổ dân phố, hoặc chọn cả phường.", "Name one neighbourhood at least, or leave the list out."
)
UNKNOWN_NEIGHBOURHOOD = Text("Phường hiện không có tổ dân phố này.", "The ward has no such neighbourhood now.")


class Covers(StrEnum):
    """How a crew's ground is said."""

    WARD = "WARD"
    AREA = "AREA"
    NEIGHBOURHOODS = "NEIGHBOURHOODS"


_named = crew_neighbourhood.alias("named")


def _composed(*which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether neighbourhoods are named for a crew of the FROM clause; those that `which` says."""
    of_crew = (_named.c.ward_code == crew.c.ward_code, _named.c.crew_id == crew.c.id)
    return sa.exists().where(*of_crew, *which).correlate_except(_named)


def covers(location: Any, neighbourhood_id: Any) -> sa.ColumnElement[bool]:
    """Whether a crew of the FROM clause covers an incident at `location`, in that neighbourhood (NULL: in none)."""
    drawn = sa.func.ST_Covers(crew.c.coverage, location, type_=sa.Boolean)
    whole = sa.and_(crew.c.coverage.is_(None), sa.not_(_composed()))
    return sa.or_(whole, drawn, _composed(_named.c.neighbourhood_id == neighbourhood_id))


def way() -> sa.ColumnElement[str]:
    """How the ground of a crew of the FROM clause is said, a `Covers`."""
    return sa.case((_composed(), Covers.NEIGHBOURHOODS), (crew.c.coverage.is_(None), Covers.WARD), else_=Covers.AREA)


def area() -> sa.ColumnElement[Any]:
    """The ground of a crew of the FROM clause as one shape, by the boundaries in force; NULL for the whole ward.

    Empty where none of its neighbourhoods is left.
    """
    now = neighbourhood_boundary
    union = (
        sa.select(sa.func.ST_Multi(sa.func.ST_Union(now.c.boundary)))
        .select_from(
            _named.join(
                now,
                sa.and_(
                    now.c.ward_code == _named.c.ward_code,
                    now.c.neighbourhood_id == _named.c.neighbourhood_id,
                    now.c.until.is_(None),
                ),
            )
        )
        .where(_named.c.ward_code == crew.c.ward_code, _named.c.crew_id == crew.c.id)
        .correlate(crew)
        .scalar_subquery()
    )
    nowhere = sa.func.ST_GeomFromText("MULTIPOLYGON EMPTY", SRID)
    return sa.case((_composed(), sa.func.coalesce(union, nowhere)), else_=crew.c.coverage)


def neighbourhoods_of(actor: Actor, ward_code: Any, crew_id: Any) -> sa.Select[Any]:
    """The neighbourhoods named for a crew, by name; also those that the ward has no more, without a boundary."""
    columns = neighbourhood.c
    named = sa.select(_named.c.neighbourhood_id).where(_named.c.ward_code == ward_code, _named.c.crew_id == crew_id)
    rows = neighbourhoods.readable(actor).where(columns.ward_code == ward_code, columns.id.in_(named))
    return rows.order_by(natural(columns.name), columns.id)


async def problems(
    connection: AsyncConnection,
    ward_code: str,
    crew_id: UUID | None,
    coverage: MultiPolygon | None,
    named: Sequence[UUID] | None,
) -> list[Problem]:
    """What is wrong with ground for a crew: it is not the ward's, or was told in both ways at once.

    A neighbourhood that the ward has no more may stay where it is named already.
    """
    if named is None:
        meets = coverage is None or await connection.scalar(_meets(ward_code, coverage))
        return [] if meets else [Problem(("coverageArea",), FOREIGN_GROUND)]
    if coverage is not None:
        return [Problem(("neighbourhoodIds",), BOTH_WAYS)]
    if not named:
        return [Problem(("neighbourhoodIds",), NO_NEIGHBOURHOOD)]
    there = set((await connection.execute(_there(ward_code, crew_id))).scalars())
    return [
        Problem(("neighbourhoodIds", str(n)), UNKNOWN_NEIGHBOURHOOD) for n, one in enumerate(named) if one not in there
    ]


def _meets(ward_code: str, coverage: MultiPolygon) -> sa.Select[Any]:
    meets = sa.func.ST_Intersects(ward.c.boundary, shape(coverage), type_=sa.Boolean)
    return sa.select(meets).where(ward.c.code == ward_code)


def _there(ward_code: str, crew_id: UUID | None) -> sa.CompoundSelect[Any]:
    """The neighbourhoods that may be named for a crew."""
    now, named = neighbourhood_boundary.c, crew_neighbourhood.c
    drawn = sa.select(now.neighbourhood_id).where(now.ward_code == ward_code, now.until.is_(None))
    already = sa.select(named.neighbourhood_id).where(named.ward_code == ward_code, named.crew_id == crew_id)
    return drawn.union(already)


async def name_all(connection: AsyncConnection, ward_code: str, crew_id: UUID, named: Sequence[UUID] | None) -> None:
    """Let a crew's ground be these neighbourhoods, or none by name."""
    of_crew = (crew_neighbourhood.c.ward_code == ward_code, crew_neighbourhood.c.crew_id == crew_id)
    await connection.execute(sa.delete(crew_neighbourhood).where(*of_crew))
    if named:
        rows = [{"ward_code": ward_code, "crew_id": crew_id, "neighbourhood_id": one} for one in dict.fromkeys(named)]
        await connection.execute(sa.insert(crew_neighbourhood), rows)


def shape(coverage: MultiPolygon | None) -> sa.ColumnElement[Any] | None:
    """A drawn area as it is stored."""
    return None if coverage is None else sa.func.ST_GeomFromWKB(coverage.wkb, SRID)


async def share(connection: AsyncConnection, ward_code: str, of: UUID, parts: Sequence[UUID]) -> None:
    """Crews whose ground a neighbourhood is by name have these parts of it by name as well."""
    columns = crew_neighbourhood.c
    part = sa.func.unnest(sa.literal(list(parts), sa.ARRAY(sa.Uuid))).table_valued(sa.column("id", sa.Uuid))
    parts_of = part.render_derived(name="part")
    named = sa.select(columns.ward_code, columns.crew_id, parts_of.c.id).where(
        columns.ward_code == ward_code, columns.neighbourhood_id == of
    )
    names = ["ward_code", "crew_id", "neighbourhood_id"]
    await connection.execute(
        sa.insert(crew_neighbourhood).from_select(
            names, named.select_from(crew_neighbourhood.join(parts_of, sa.true()))
        )
    )
