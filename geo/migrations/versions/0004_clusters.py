"""Incidents counted by cell, and outlines simplified by zoom.

Revision: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import types as geo_types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Where a point is on a square map of the world (Web Mercator) with 2^30 cells a side, counted from the north-west.
# Coarser cells come from it by shifting bits, so that a cell is exactly its four children. Not STRICT, to be inlined.
ACROSS = """
CREATE FUNCTION ground_x(location geometry) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN least(floor((ST_X(location) + 180) / 360 * 1073741824), 1073741823)::integer
"""

DOWN = """
CREATE FUNCTION ground_y(location geometry) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN greatest(0, least(1073741823, floor(
    (0.5 - ln(tan(pi() / 4 + radians(greatest(-89, least(89, ST_Y(location)))) / 2)) / (2 * pi())) * 1073741824
)))::integer
"""

# Half of an id as a number, for there is no XOR of ids.
HALF = """
CREATE FUNCTION uuid_half(id uuid, first integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('x' || substr(replace(id::text, '-', ''), first, 16))::bit(64)::bigint
"""

# By statement, so that a COPY of many pays once: it says that the ward's cells are to be counted anew.
CAME = """
CREATE FUNCTION incident_came() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM came OFFSET 500) THEN
        INSERT INTO incident_cell_ward (ward_code, depth, stale)
        SELECT DISTINCT ward_code, 12, true FROM came ORDER BY ward_code
        ON CONFLICT (ward_code) DO UPDATE SET stale = true WHERE NOT incident_cell_ward.stale;
    ELSE
        INSERT INTO incident_cell_change (ward_code, sign, incident_id, category_id, status, location)
        SELECT ward_code, 1, id, category_id, status, location FROM came;
    END IF;
    RETURN NULL;
END
$$
"""

CAME_TRIGGER = """
CREATE TRIGGER incident_came AFTER INSERT ON incident
REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION incident_came()
"""

MOVED = """
CREATE FUNCTION incident_moved() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO incident_cell_change (ward_code, sign, incident_id, category_id, status, location)
        VALUES (OLD.ward_code, -1, OLD.id, OLD.category_id, OLD.status, OLD.location),
               (NEW.ward_code, 1, NEW.id, NEW.category_id, NEW.status, NEW.location);
    ELSE
        INSERT INTO incident_cell_change (ward_code, sign, incident_id, category_id, status, location)
        VALUES (OLD.ward_code, -1, OLD.id, OLD.category_id, OLD.status, OLD.location);
    END IF;
    RETURN NULL;
END
$$
"""

MOVED_TRIGGER = """
CREATE TRIGGER incident_moved AFTER UPDATE OF ward_code, id, category_id, status, location ON incident
FOR EACH ROW WHEN ((OLD.ward_code, OLD.id, OLD.category_id, OLD.status, OLD.location) IS DISTINCT FROM
                   (NEW.ward_code, NEW.id, NEW.category_id, NEW.status, NEW.location))
EXECUTE FUNCTION incident_moved()
"""

WENT_TRIGGER = """
CREATE TRIGGER incident_went AFTER DELETE ON incident FOR EACH ROW EXECUTE FUNCTION incident_moved()
"""

EMPTIED = """
CREATE FUNCTION incident_emptied() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE incident_cell, incident_cell_change, incident_cell_ward;
    RETURN NULL;
END
$$
"""

EMPTIED_TRIGGER = """
CREATE TRIGGER incident_emptied AFTER TRUNCATE ON incident
FOR EACH STATEMENT EXECUTE FUNCTION incident_emptied()
"""

# What is there already is counted by the worker, as after an import.
WAITING = """
INSERT INTO incident_cell_ward (ward_code, depth, stale) SELECT DISTINCT ward_code, 12, true FROM incident
"""

OUTLINES = {
    "ward": (("outline_country", "1223"), ("outline_region", "153"), ("outline_city", "19")),
    "neighbourhood_boundary": (("outline_city", "10"),),
}
"""Outlines for maps from afar: the column, and the metres of Web Mercator to which its vertices are rounded."""


def upgrade() -> None:
    for statement in (ACROSS, DOWN, HALF):
        op.execute(statement)
    op.create_table(
        "incident_cell",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("x", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("y", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("category_id", sa.Uuid(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("longitudes", sa.BigInteger(), nullable=False),
        sa.Column("latitudes", sa.BigInteger(), nullable=False),
        sa.Column("west", sa.Integer(), nullable=False),
        sa.Column("south", sa.Integer(), nullable=False),
        sa.Column("east", sa.Integer(), nullable=False),
        sa.Column("north", sa.Integer(), nullable=False),
        sa.Column("ids_high", sa.BigInteger(), nullable=False),
        sa.Column("ids_low", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ward_code", "level", "status", "x", "y", "category_id", name=op.f("pk_incident_cell")),
    )
    op.create_index("ix_incident_cell_level", "incident_cell", ["level", "status", "x", "y"], unique=False)
    op.create_table(
        "incident_cell_change",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("location", geo_types.Geometry("POINT", srid=4326, dimension=2, spatial_index=False), nullable=False),
        sa.PrimaryKeyConstraint("ward_code", "id", name=op.f("pk_incident_cell_change")),
    )
    op.create_table(
        "incident_cell_ward",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("ward_code", name=op.f("pk_incident_cell_ward")),
    )
    for statement in (CAME, CAME_TRIGGER, MOVED, MOVED_TRIGGER, WENT_TRIGGER, EMPTIED, EMPTIED_TRIGGER, WAITING):
        op.execute(statement)
    for table, outlines in OUTLINES.items():
        for column, metres in outlines:
            # A rewrite, but of some thousand rows.
            op.execute(
                "-- squawk-ignore adding-field-with-default\n"
                f"ALTER TABLE {table} ADD COLUMN {column} geometry(MULTIPOLYGON,3857) GENERATED ALWAYS AS"
                f" (st_snaptogrid(st_transform(boundary, 3857), ({metres})::double precision)) STORED"
            )


def downgrade() -> None:
    for table, outlines in OUTLINES.items():
        for column, _ in outlines:
            op.drop_column(table, column)
    for trigger in ("emptied", "went", "moved", "came"):
        op.execute(f"DROP TRIGGER incident_{trigger} ON incident")
    for function in ("emptied", "moved", "came"):
        op.execute(f"DROP FUNCTION incident_{function}()")
    for table in ("incident_cell_ward", "incident_cell_change", "incident_cell"):
        op.drop_table(table)
    op.execute("DROP FUNCTION uuid_half(uuid, integer)")
    op.execute("DROP FUNCTION ground_y(geometry)")
    op.execute("DROP FUNCTION ground_x(geometry)")
