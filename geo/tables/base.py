"""What every table shares: the metadata, the ward-first key, and the column kinds used throughout."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geography, Geometry
from sqlalchemy.types import UserDefinedType

SRID = 4326
MERCATOR = 3857
"""Web Mercator, in which web maps are drawn: metres at the equator."""

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id: orders events by the transaction that wrote them."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


def ward_column() -> sa.Column[str]:
    """The ward comes first in every primary key, so that one ward is one shard."""
    return sa.Column("ward_code", sa.Text, sa.ForeignKey("ward.code"), primary_key=True)


def id_column() -> sa.Column[Any]:
    """A UUIDv7, made by `geo.ids.new_id`: sorts by time of creation."""
    return sa.Column("id", sa.Uuid, primary_key=True)


def moment(name: str, *, required: bool = False, now: bool = False) -> sa.Column[Any]:
    """A point in time with its zone."""
    default = sa.func.now() if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not (required or now), server_default=default)


def geometry(name: str, kind: str, *, required: bool = True) -> sa.Column[Any]:
    """A two-dimensional geometry in WGS 84; its GiST index is declared beside the table."""
    return sa.Column(name, Geometry(kind, srid=SRID, dimension=2, spatial_index=False), nullable=not required)


def geography_of(column: str) -> sa.Column[Any]:
    """`column` as geography, stored and indexable: a cast inside WHERE would scan the table."""
    return sa.Column(
        "geog",
        Geography("POINT", srid=SRID, dimension=2, spatial_index=False),
        sa.Computed(f"({column})::geography(Point,{SRID})", persisted=True),
    )


def outline_of(column: str, name: str, metres: int) -> sa.Column[Any]:
    """`column` for maps from afar, in Web Mercator (EPSG:3857), its vertices rounded to a grid of so many metres.

    Made by the database with the row, so it is never older. Rounded, a vertex that neighbours share stays shared: the
    outlines neither part nor overlap, as outlines simplified one by one would.
    """
    rounded = f"st_snaptogrid(st_transform({column}, {MERCATOR}), ({metres})::double precision)"
    kind = Geometry("MULTIPOLYGON", srid=MERCATOR, dimension=2, spatial_index=False)
    return sa.Column(name, kind, sa.Computed(rounded, persisted=True))


def folded(*columns: str) -> sa.Column[Any]:
    """The searchable form of `columns`: no diacritics, lower case; see `fold` in the migrations."""
    text = " || ' ' || ".join(f"coalesce({column}, '')" for column in columns)
    return sa.Column("search", sa.Text, sa.Computed(f"fold({text})", persisted=True))


def one_of(column: str, values: type[StrEnum] | Sequence[str]) -> sa.CheckConstraint:
    """Only these names may stand in `column`."""
    names = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({names})", name=column)


def on_earth(column: str) -> sa.CheckConstraint:
    """Refuse NaN, infinity, positions beyond the poles and empty points: PostGIS alone would store them."""
    within = f"ST_X({column}) BETWEEN -180 AND 180 AND ST_Y({column}) BETWEEN -90 AND 90"
    return sa.CheckConstraint(f"NOT ST_IsEmpty({column}) AND {within}", name=f"{column}_on_earth")


def belongs_to(table: str, column: str, **options: Any) -> sa.ForeignKeyConstraint:
    """A reference within the same ward."""
    return sa.ForeignKeyConstraint(["ward_code", column], [f"{table}.ward_code", f"{table}.id"], **options)


def spatial_index(table: str, column: str, **options: Any) -> sa.Index:
    return sa.Index(f"ix_{table}_{column}", column, postgresql_using="gist", **options)


def search_index(table: str) -> sa.Index:
    return sa.Index(f"ix_{table}_search", "search", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"})
