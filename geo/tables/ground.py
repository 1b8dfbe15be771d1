"""The ward on the ground: wards, neighbourhoods and every boundary they ever had, places."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint

from geo.tables.base import (
    Xid8,
    belongs_to,
    folded,
    geography_of,
    geometry,
    id_column,
    metadata,
    moment,
    on_earth,
    one_of,
    outline_of,
    search_index,
    spatial_index,
    ward_column,
)


class PlaceKind(StrEnum):
    """What stands at a place on the digital map."""

    CULTURAL_HOUSE = "CULTURAL_HOUSE"
    PEOPLES_COMMITTEE = "PEOPLES_COMMITTEE"
    PARTY_OFFICE = "PARTY_OFFICE"
    POLICE = "POLICE"
    MILITARY = "MILITARY"
    OFFICIAL_HOME = "OFFICIAL_HOME"
    HEALTH_STATION = "HEALTH_STATION"
    SCHOOL = "SCHOOL"
    MARKET = "MARKET"
    SERVICE_POINT = "SERVICE_POINT"
    OTHER = "OTHER"


ward = sa.Table(
    "ward",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),  # the official five digits, as text: '20314'
    sa.Column("name", sa.Text, nullable=False),
    geometry("boundary", "MULTIPOLYGON"),
    sa.Column("demo", sa.Boolean, nullable=False, server_default=sa.false()),
    folded("name", "code"),
    # A quarter of a pixel at zoom 5, 8 and 11.
    outline_of("boundary", "outline_country", 1223),
    outline_of("boundary", "outline_region", 153),
    outline_of("boundary", "outline_city", 19),
    sa.CheckConstraint("code ~ '^[0-9]{5}$'", name="code"),
    spatial_index("ward", "boundary"),
    search_index("ward"),
)

neighbourhood = sa.Table(
    "neighbourhood",
    metadata,
    ward_column(),
    id_column(),
    sa.Column("code", sa.Text),  # the ward's own code or the import's key, where there is one
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    folded("name"),
    sa.UniqueConstraint("ward_code", "code"),
    sa.UniqueConstraint("ward_code", "name"),
    search_index("neighbourhood"),
)

# The row without `until` is the boundary in force. That current boundaries of a ward do not overlap is kept by a
# deferred constraint trigger, `neighbourhood_boundary_no_overlap`, in the migrations.
neighbourhood_boundary = sa.Table(
    "neighbourhood_boundary",
    metadata,
    ward_column(),
    id_column(),
    sa.Column("neighbourhood_id", sa.Uuid, nullable=False),
    geometry("boundary", "MULTIPOLYGON"),
    moment("since", required=True),
    moment("until"),
    sa.Column("drawn_by", sa.Uuid, sa.ForeignKey("account.id", ondelete="SET NULL")),
    sa.Column("reason", sa.Text),
    outline_of("boundary", "outline_city", 10),  # a quarter of a pixel at zoom 12
    belongs_to("neighbourhood", "neighbourhood_id"),
    sa.CheckConstraint("until > since", name="period"),
    ExcludeConstraint(
        ("ward_code", "="),
        ("neighbourhood_id", "="),
        (sa.text("tstzrange(since, until)"), "&&"),
        using="gist",
        name="ex_neighbourhood_boundary_period",
    ),
    sa.Index(
        "uq_neighbourhood_boundary_current",
        "ward_code",
        "neighbourhood_id",
        unique=True,
        # With the id, so that it is found without the row, and before the exclusion constraint's slower index.
        postgresql_include=["id"],
        postgresql_where=sa.text("until IS NULL"),
    ),
    spatial_index("neighbourhood_boundary", "boundary", postgresql_where=sa.text("until IS NULL")),
)

# Each saving of boundaries: its neighbourhoods by what became of them. Its moment is that of the periods it began or
# ended; a neighbour that only got a vertex into an edge is not among them.
boundary_edit = sa.Table(
    "boundary_edit",
    metadata,
    ward_column(),
    id_column(),
    moment("at", required=True),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey("account.id", ondelete="SET NULL")),
    sa.Column("reason", sa.Text),
    sa.Column("drawn", ARRAY(sa.Uuid), nullable=False),
    sa.Column("redrawn", ARRAY(sa.Uuid), nullable=False),
    sa.Column("removed", ARRAY(sa.Uuid), nullable=False),
    sa.Column("renamed", ARRAY(sa.Uuid), nullable=False),
    sa.Column("xact", Xid8, nullable=False, server_default=sa.text("pg_current_xact_id()")),
    sa.UniqueConstraint("ward_code", "at"),
    # What the transactions committed since a moment wrote: see geo/changes.py.
    sa.Index("ix_boundary_edit_xact", "xact"),
)

place = sa.Table(
    "place",
    metadata,
    ward_column(),
    id_column(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("address", sa.Text),
    geometry("location", "POINT"),
    geography_of("location"),
    sa.Column("phone", sa.Text),
    sa.Column("opening_hours", sa.Text),
    sa.Column("neighbourhood_id", sa.Uuid),
    moment("consented_at"),  # an official's home is public only with recorded consent
    sa.Column("source_key", sa.Text),  # the import's key: importing again updates instead of adding
    folded("name", "address"),
    belongs_to("neighbourhood", "neighbourhood_id"),
    sa.UniqueConstraint("ward_code", "source_key"),
    one_of("kind", PlaceKind),
    on_earth("location"),
    spatial_index("place", "location"),
    spatial_index("place", "geog"),
    search_index("place"),
    sa.Index("ix_place_ward_code_kind", "ward_code", "kind"),
    sa.Index("ix_place_ward_code_neighbourhood_id", "ward_code", "neighbourhood_id"),
)
