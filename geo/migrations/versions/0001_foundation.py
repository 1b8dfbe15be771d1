"""The ward on the ground, its people and its incidents.

Revision: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import types as geo_types
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# A migration is a record: it keeps its own copies of the column kinds instead of importing what may change later.
class Xid8(UserDefinedType[int]):
    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


def Geometry(kind: str) -> geo_types.Geometry:  # noqa: N802
    return geo_types.Geometry(kind, srid=4326, dimension=2, spatial_index=False)


def Geography(kind: str) -> geo_types.Geography:  # noqa: N802
    return geo_types.Geography(kind, srid=4326, dimension=2, spatial_index=False)


STATUSES = "'RECEIVED', 'ASSIGNED', 'ACCEPTED', 'IN_PROGRESS', 'RESOLVED', 'CLOSED', 'REJECTED', 'DUPLICATE'"
EXTENSIONS = ("postgis", "unaccent", "pg_trgm", "btree_gist")

# unaccent() is only STABLE, for its dictionary could be altered; naming the dictionary lets an index rely on it.
FOLD = """
CREATE FUNCTION fold(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(unaccent('unaccent'::regdictionary, value))
"""

# Two boundaries in force may share an edge but no ground. The advisory lock makes editors of one ward take turns, so
# that each sees what the other committed; a snapshot taken before the lock would not, hence READ COMMITTED only.
NO_OVERLAP = """
CREATE FUNCTION neighbourhood_boundary_no_overlap() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    other uuid;
BEGIN
    IF NEW.until IS NOT NULL THEN
        RETURN NULL;
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'boundaries are written at READ COMMITTED only' USING ERRCODE = 'invalid_transaction_state';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('neighbourhood_boundary'), hashtext(NEW.ward_code));
    SELECT b.neighbourhood_id INTO other
    FROM neighbourhood_boundary AS mine
    JOIN neighbourhood_boundary AS b
      ON b.ward_code = mine.ward_code
     AND b.neighbourhood_id <> mine.neighbourhood_id
     AND b.until IS NULL
     AND b.boundary && mine.boundary
     AND ST_Relate(b.boundary, mine.boundary, 'T********')
    WHERE mine.ward_code = NEW.ward_code AND mine.id = NEW.id AND mine.until IS NULL
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'neighbourhood % overlaps neighbourhood %', NEW.neighbourhood_id, other
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'neighbourhood_boundary_no_overlap';
    END IF;
    RETURN NULL;
END
$$
"""

NO_OVERLAP_TRIGGER = """
CREATE CONSTRAINT TRIGGER neighbourhood_boundary_no_overlap
AFTER INSERT OR UPDATE ON neighbourhood_boundary
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION neighbourhood_boundary_no_overlap()
"""

APPEND_ONLY = """
CREATE FUNCTION incident_event_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of an incident is never edited' USING ERRCODE = 'restrict_violation';
END
$$
"""

APPEND_ONLY_TRIGGER = """
CREATE TRIGGER incident_event_append_only
BEFORE UPDATE OR DELETE ON incident_event
FOR EACH ROW EXECUTE FUNCTION incident_event_append_only()
"""


def upgrade() -> None:
    for extension in EXTENSIONS:
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    op.execute(FOLD)
    op.execute("CREATE COLLATION vi_natural (provider = icu, locale = 'vi-u-kn-true')")
    op.create_table(
        "ward",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("boundary", Geometry("MULTIPOLYGON"), nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column(
            "search",
            sa.Text(),
            sa.Computed("fold(coalesce(name, '') || ' ' || coalesce(code, ''))", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint("code ~ '^[0-9]{5}$'", name=op.f("ck_ward_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_ward")),
    )
    op.create_index("ix_ward_boundary", "ward", ["boundary"], unique=False, postgresql_using="gist")
    op.create_index(
        "ix_ward_search",
        "ward",
        ["search"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search": "gin_trgm_ops"},
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("ward_code", sa.Text(), nullable=True),
        sa.Column("demo", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role IN ('TEAM_MEMBER', 'CREW_MEMBER', 'STAFF', 'ADMIN')", name=op.f("ck_account_role")),
        sa.CheckConstraint("ward_code IS NOT NULL OR role = 'ADMIN'", name=op.f("ck_account_ward_of_role")),
        sa.CheckConstraint("username = lower(username)", name=op.f("ck_account_username")),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name=op.f("fk_account_ward_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_table(
        "category",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("deadline_hours", sa.Integer(), nullable=False),
        sa.Column("public", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("colour ~ '^#[0-9a-f]{6}$'", name=op.f("ck_category_colour")),
        sa.CheckConstraint("deadline_hours BETWEEN 1 AND 8760", name=op.f("ck_category_deadline_hours")),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name=op.f("fk_category_ward_code")),
        sa.PrimaryKeyConstraint("ward_code", "id", name=op.f("pk_category")),
        sa.UniqueConstraint("ward_code", "code", name=op.f("uq_category_ward_code_code")),
    )
    op.create_table(
        "crew",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("on_duty", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("coverage", Geometry("MULTIPOLYGON"), nullable=True),
        sa.Column("base", Geometry("POINT"), nullable=False),
        sa.Column("position", Geometry("POINT"), nullable=True),
        sa.Column("position_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "geog",
            Geography("POINT"),
            sa.Computed("(coalesce(position, base))::geography(Point,4326)", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint(
            "NOT ST_IsEmpty(base) AND ST_X(base) BETWEEN -180 AND 180 AND ST_Y(base) BETWEEN -90 AND 90",
            name=op.f("ck_crew_base_on_earth"),
        ),
        sa.CheckConstraint(
            "NOT ST_IsEmpty(position) AND ST_X(position) BETWEEN -180 AND 180 AND ST_Y(position) BETWEEN -90 AND 90",
            name=op.f("ck_crew_position_on_earth"),
        ),
        sa.CheckConstraint("capacity BETWEEN 0 AND 1000", name=op.f("ck_crew_capacity")),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name=op.f("fk_crew_ward_code")),
        sa.PrimaryKeyConstraint("ward_code", "id", name=op.f("pk_crew")),
        sa.UniqueConstraint(
            "ward_code", "name", name=op.f("uq_crew_ward_code_name"), deferrable=True, initially="IMMEDIATE"
        ),
    )
    op.create_table(
        "neighbourhood",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("search", sa.Text(), sa.Computed("fold(coalesce(name, ''))", persisted=True), nullable=True),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name=op.f("fk_neighbourhood_ward_code")),
        sa.PrimaryKeyConstraint("ward_code", "id", name=op.f("pk_neighbourhood")),
        sa.UniqueConstraint("ward_code", "code", name=op.f("uq_neighbourhood_ward_code_code")),
        sa.UniqueConstraint("ward_code", "name", name=op.f("uq_neighbourhood_ward_code_name")),
    )
    op.create_index(
        "ix_neighbourhood_search",
        "neighbourhood",
        ["search"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search": "gin_trgm_ops"},
    )
    op.create_table(
        "crew_category",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("crew_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ward_code", "category_id"],
            ["category.ward_code", "category.id"],
            name=op.f("fk_crew_category_ward_code_category_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["ward_code", "crew_id"],
            ["crew.ward_code", "crew.id"],
            name=op.f("fk_crew_category_ward_code_crew_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name=op.f("fk_crew_category_ward_code")),
        sa.PrimaryKeyConstraint("ward_code", "crew_id", "category_id", name=op.f("pk_crew_category")),
    )
    op.create_index(
        "ix_crew_category_ward_code_category_id", "crew_category", ["ward_code", "category_id"], unique=False
    )
    op.create_table(
        "crew_member",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("crew_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_crew_member_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["ward_code", "crew_id"],
            ["crew.ward_code", "crew.id"],
            name=op.f("fk_crew_member_ward_code_crew_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name=op.f("fk_crew_member_ward_code")),
        sa.PrimaryKeyConstraint("ward_code", "crew_id", "account_id", name=op.f("pk_crew_member")),
        sa.UniqueConstraint("ward_code", "account_id", name=op.f("uq_crew_member_ward_code_account_id")),
    )
    op.create_table(
        "incident",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tracking_code", sa.Text(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("location", Geometry("POINT"), nullable=False),
        sa.Column(
            "geog", Geography("POINT"), sa.Computed("(location)::geography(Point,4326)", persisted=True), nullable=True
        ),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("neighbourhood_id", sa.Uuid(), nullable=True),
        sa.Column("crew_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("published", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("duplicate_of_id", sa.Uuid(), nullable=True),
        sa.Column("satisfaction", sa.Text(), nullable=True),
        sa.Column("satisfaction_comment", sa.Text(), nullable=True),
        sa.Column("request_key_hash", postgresql.BYTEA(), nullable=False),
        sa.Column("reporter_secret_hash", postgresql.BYTEA(), nullable=False),
        sa.Column(
            "search",
            sa.Text(),
            sa.Computed(
                "fold(coalesce(tracking_code, '') || ' ' || coalesce(description, '') || ' ' || coalesce(address, ''))",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "(duplicate_of_id IS NOT NULL) = (status = 'DUPLICATE')", name=op.f("ck_incident_duplicate")
        ),
        sa.CheckConstraint(
            "(resolved_at IS NOT NULL) OR status NOT IN ('RESOLVED', 'CLOSED')", name=op.f("ck_incident_resolved")
        ),
        sa.CheckConstraint(
            "channel IN ('WEB', 'ZALO', 'OPEN311', 'GRAPHQL', 'STAFF')", name=op.f("ck_incident_channel")
        ),
        sa.CheckConstraint(
            "crew_id IS NOT NULL OR status NOT IN ('ASSIGNED', 'ACCEPTED', 'IN_PROGRESS')",
            name=op.f("ck_incident_crew_in_hand"),
        ),
        sa.CheckConstraint(
            "crew_id IS NULL OR status NOT IN ('RECEIVED', 'REJECTED', 'DUPLICATE')", name=op.f("ck_incident_no_crew")
        ),
        sa.CheckConstraint(
            "satisfaction IN ('SATISFIED', 'ACCEPTABLE', 'DISSATISFIED')", name=op.f("ck_incident_satisfaction")
        ),
        sa.CheckConstraint(
            f"status IN ({STATUSES})",
            name=op.f("ck_incident_status"),
        ),
        sa.CheckConstraint(
            "NOT ST_IsEmpty(location) AND ST_X(location) BETWEEN -180 AND 180 AND ST_Y(location) BETWEEN -90 AND 90",
            name=op.f("ck_incident_location_on_earth"),
        ),
        sa.CheckConstraint("closed_at >= reported_at", name=op.f("ck_incident_closed_after_report")),
        sa.CheckConstraint("due_at > reported_at", name=op.f("ck_incident_due_after_report")),
        sa.CheckConstraint("duplicate_of_id <> id", name=op.f("ck_incident_not_its_own_duplicate")),
        sa.CheckConstraint("resolved_at >= reported_at", name=op.f("ck_incident_resolved_after_report")),
        sa.ForeignKeyConstraint(
            ["ward_code", "category_id"],
            ["category.ward_code", "category.id"],
            name=op.f("fk_incident_ward_code_category_id"),
        ),
        sa.ForeignKeyConstraint(
            ["ward_code", "crew_id"], ["crew.ward_code", "crew.id"], name=op.f("fk_incident_ward_code_crew_id")
        ),
        sa.ForeignKeyConstraint(
            ["ward_code", "duplicate_of_id"],
            ["incident.ward_code", "incident.id"],
            name=op.f("fk_incident_ward_code_duplicate_of_id"),
        ),
        sa.ForeignKeyConstraint(
            ["ward_code", "neighbourhood_id"],
            ["neighbourhood.ward_code", "neighbourhood.id"],
            name=op.f("fk_incident_ward_code_neighbourhood_id"),
        ),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name=op.f("fk_incident_ward_code")),
        sa.PrimaryKeyConstraint("ward_code", "id", name=op.f("pk_incident")),
        sa.UniqueConstraint("ward_code", "request_key_hash", name=op.f("uq_incident_ward_code_request_key_hash")),
        sa.UniqueConstraint("ward_code", "tracking_code", name=op.f("uq_incident_ward_code_tracking_code")),
    )
    op.create_index(
        "ix_incident_crew_urgent",
        "incident",
        ["ward_code", "crew_id", sa.literal_column("coalesce(due_at, 'infinity')"), "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('ASSIGNED', 'ACCEPTED', 'IN_PROGRESS')"),
    )
    op.create_index(
        "ix_incident_duplicate_of_id",
        "incident",
        ["ward_code", "duplicate_of_id"],
        unique=False,
        postgresql_where=sa.text("duplicate_of_id IS NOT NULL"),
    )
    op.create_index("ix_incident_geog", "incident", ["geog"], unique=False, postgresql_using="gist")
    op.create_index(
        "ix_incident_open_geog",
        "incident",
        ["geog"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("status IN ('RECEIVED', 'ASSIGNED', 'ACCEPTED', 'IN_PROGRESS')"),
    )
    op.create_index(
        "ix_incident_open_location",
        "incident",
        ["location"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("status IN ('RECEIVED', 'ASSIGNED', 'ACCEPTED', 'IN_PROGRESS')"),
    )
    op.create_index("ix_incident_location", "incident", ["location"], unique=False, postgresql_using="gist")
    op.create_index("ix_incident_newest", "incident", ["ward_code", "reported_at", "id"], unique=False)
    op.create_index("ix_incident_reporter_secret_hash", "incident", ["reporter_secret_hash"], unique=False)
    op.create_index("ix_incident_request_key_hash", "incident", ["request_key_hash"], unique=False)
    op.create_index(
        "ix_incident_resolved",
        "incident",
        ["resolved_at"],
        unique=False,
        postgresql_where=sa.text("status = 'RESOLVED'"),
    )
    op.create_index(
        "ix_incident_search",
        "incident",
        ["search"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_incident_urgent",
        "incident",
        ["ward_code", sa.literal_column("coalesce(due_at, 'infinity')"), "id"],
        unique=False,
    )
    op.create_index("ix_incident_ward_code_crew_id", "incident", ["ward_code", "crew_id", "reported_at"], unique=False)
    op.create_index(
        "ix_incident_ward_code_neighbourhood_id",
        "incident",
        ["ward_code", "neighbourhood_id", "reported_at"],
        unique=False,
    )
    op.create_table(
        "neighbourhood_boundary",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("neighbourhood_id", sa.Uuid(), nullable=False),
        sa.Column("boundary", Geometry("MULTIPOLYGON"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("drawn_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("ward_code"), "="),
            (sa.column("neighbourhood_id"), "="),
            (sa.text("tstzrange(since, until)"), "&&"),
            using="gist",
            name="ex_neighbourhood_boundary_period",
        ),
        sa.CheckConstraint("until > since", name=op.f("ck_neighbourhood_boundary_period")),
        sa.ForeignKeyConstraint(
            ["drawn_by"], ["account.id"], name=op.f("fk_neighbourhood_boundary_drawn_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["ward_code", "neighbourhood_id"],
            ["neighbourhood.ward_code", "neighbourhood.id"],
            name=op.f("fk_neighbourhood_boundary_ward_code_neighbourhood_id"),
        ),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name=op.f("fk_neighbourhood_boundary_ward_code")),
        sa.PrimaryKeyConstraint("ward_code", "id", name=op.f("pk_neighbourhood_boundary")),
    )
    op.create_index(
        "ix_neighbourhood_boundary_boundary",
        "neighbourhood_boundary",
        ["boundary"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index(
        "uq_neighbourhood_boundary_current",
        "neighbourhood_boundary",
        ["ward_code", "neighbourhood_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "place",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("location", Geometry("POINT"), nullable=False),
        sa.Column(
            "geog", Geography("POINT"), sa.Computed("(location)::geography(Point,4326)", persisted=True), nullable=True
        ),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("opening_hours", sa.Text(), nullable=True),
        sa.Column("neighbourhood_id", sa.Uuid(), nullable=True),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column(
            "search",
            sa.Text(),
            sa.Computed("fold(coalesce(name, '') || ' ' || coalesce(address, ''))", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint(
            "kind IN ('CULTURAL_HOUSE', 'PEOPLES_COMMITTEE', 'PARTY_OFFICE', 'POLICE', 'MILITARY', 'OFFICIAL_HOME', "
            "'HEALTH_STATION', 'SCHOOL', 'MARKET', 'SERVICE_POINT', 'OTHER')",
            name=op.f("ck_place_kind"),
        ),
        sa.CheckConstraint(
            "NOT ST_IsEmpty(location) AND ST_X(location) BETWEEN -180 AND 180 AND ST_Y(location) BETWEEN -90 AND 90",
            name=op.f("ck_place_location_on_earth"),
        ),
        sa.ForeignKeyConstraint(
            ["ward_code", "neighbourhood_id"],
            ["neighbourhood.ward_code", "neighbourhood.id"],
            name=op.f("fk_place_ward_code_neighbourhood_id"),
        ),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name=op.f("fk_place_ward_code")),
        sa.PrimaryKeyConstraint("ward_code", "id", name=op.f("pk_place")),
        sa.UniqueConstraint("ward_code", "source_key", name=op.f("uq_place_ward_code_source_key")),
    )
    op.create_index("ix_place_geog", "place", ["geog"], unique=False, postgresql_using="gist")
    op.create_index("ix_place_location", "place", ["location"], unique=False, postgresql_using="gist")
    op.create_index(
        "ix_place_search",
        "place",
        ["search"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search": "gin_trgm_ops"},
    )
    op.create_index("ix_place_ward_code_kind", "place", ["ward_code", "kind"], unique=False)
    op.create_index("ix_place_ward_code_neighbourhood_id", "place", ["ward_code", "neighbourhood_id"], unique=False)
    op.create_table(
        "session",
        sa.Column("token_hash", postgresql.BYTEA(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_account_id"), "session", ["account_id"], unique=False)
    op.create_index("ix_session_expires_at", "session", ["expires_at"], unique=False)
    op.create_table(
        "team",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("neighbourhood_id", sa.Uuid(), nullable=False),
        sa.Column("search", sa.Text(), sa.Computed("fold(coalesce(name, ''))", persisted=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["ward_code", "neighbourhood_id"],
            ["neighbourhood.ward_code", "neighbourhood.id"],
            name=op.f("fk_team_ward_code_neighbourhood_id"),
        ),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name=op.f("fk_team_ward_code")),
        sa.PrimaryKeyConstraint("ward_code", "id", name=op.f("pk_team")),
        sa.UniqueConstraint("ward_code", "neighbourhood_id", name=op.f("uq_team_ward_code_neighbourhood_id")),
    )
    op.create_index(
        "ix_team_search",
        "team",
        ["search"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search": "gin_trgm_ops"},
    )
    op.create_table(
        "incident_event",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=True),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("crew_id", sa.Uuid(), nullable=True),
        sa.Column("xact", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.CheckConstraint(
            f"from_status IN ({STATUSES})",
            name=op.f("ck_incident_event_from_status"),
        ),
        sa.CheckConstraint("party IN ('REPORTER', 'CREW', 'STAFF', 'SYSTEM')", name=op.f("ck_incident_event_party")),
        sa.CheckConstraint(
            f"to_status IN ({STATUSES})",
            name=op.f("ck_incident_event_to_status"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_incident_event_account_id")),
        sa.ForeignKeyConstraint(
            ["ward_code", "crew_id"], ["crew.ward_code", "crew.id"], name=op.f("fk_incident_event_ward_code_crew_id")
        ),
        sa.ForeignKeyConstraint(
            ["ward_code", "incident_id"],
            ["incident.ward_code", "incident.id"],
            name=op.f("fk_incident_event_ward_code_incident_id"),
        ),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name=op.f("fk_incident_event_ward_code")),
        sa.PrimaryKeyConstraint("ward_code", "incident_id", "id", name=op.f("pk_incident_event")),
    )
    op.create_table(
        "reporter",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["ward_code", "incident_id"],
            ["incident.ward_code", "incident.id"],
            name=op.f("fk_reporter_ward_code_incident_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name=op.f("fk_reporter_ward_code")),
        sa.PrimaryKeyConstraint("ward_code", "incident_id", name=op.f("pk_reporter")),
    )
    op.create_table(
        "team_member",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('LEADER', 'DEPUTY', 'MEMBER')", name=op.f("ck_team_member_role")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_team_member_account_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["ward_code", "team_id"],
            ["team.ward_code", "team.id"],
            name=op.f("fk_team_member_ward_code_team_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name=op.f("fk_team_member_ward_code")),
        sa.PrimaryKeyConstraint("ward_code", "id", name=op.f("pk_team_member")),
        sa.UniqueConstraint("ward_code", "account_id", name=op.f("uq_team_member_ward_code_account_id")),
    )
    op.create_index("ix_team_member_ward_code_team_id", "team_member", ["ward_code", "team_id"], unique=False)
    op.create_table(
        "photo",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("width > 0 AND height > 0", name=op.f("ck_photo_size")),
        sa.ForeignKeyConstraint(
            ["ward_code", "incident_id", "event_id"],
            ["incident_event.ward_code", "incident_event.incident_id", "incident_event.id"],
            name=op.f("fk_photo_ward_code_incident_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["ward_code", "incident_id"],
            ["incident.ward_code", "incident.id"],
            name=op.f("fk_photo_ward_code_incident_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name=op.f("fk_photo_ward_code")),
        sa.PrimaryKeyConstraint("ward_code", "id", name=op.f("pk_photo")),
    )
    op.create_index("ix_photo_ward_code_incident_id", "photo", ["ward_code", "incident_id"], unique=False)
    for statement in (NO_OVERLAP, NO_OVERLAP_TRIGGER, APPEND_ONLY, APPEND_ONLY_TRIGGER):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("photo")
    op.drop_table("team_member")
    op.drop_table("reporter")
    op.drop_table("incident_event")
    op.drop_table("team")
    op.drop_table("session")
    op.drop_table("place")
    op.drop_table("neighbourhood_boundary")
    op.drop_table("incident")
    op.drop_table("crew_member")
    op.drop_table("crew_category")
    op.drop_table("neighbourhood")
    op.drop_table("crew")
    op.drop_table("category")
    op.drop_table("account")
    op.drop_table("ward")
    op.execute("DROP FUNCTION neighbourhood_boundary_no_overlap()")
    op.execute("DROP FUNCTION incident_event_append_only()")
    op.execute("DROP FUNCTION fold(text)")
    op.execute("DROP COLLATION vi_natural")
    # The extensions stay: others may use them.
