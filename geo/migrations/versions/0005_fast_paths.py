"""What the measured fast paths rely on.

Revision: 0005
Revises: 0004
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


# The text of a boundary is kept in memory under the key of its row, so a row's shape is for good.
SHAPE_IS_FOR_GOOD = """
CREATE FUNCTION neighbourhood_boundary_shape_is_for_good() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a boundary is never redrawn: end its period and add another row'
        USING ERRCODE = 'integrity_constraint_violation';
END
$$
"""
SHAPE_TRIGGER = """
CREATE TRIGGER neighbourhood_boundary_shape_is_for_good
BEFORE UPDATE OF ward_code, id, boundary ON neighbourhood_boundary
FOR EACH ROW EXECUTE FUNCTION neighbourhood_boundary_shape_is_for_good()
"""

# Who a session stands for is kept in memory; whatever changes that calls. Signing in does not.
PEOPLE_CHANGED = """
CREATE FUNCTION people_changed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY phuongso_people;
    RETURN NULL;
END
$$
"""
CALLS = {
    "session": "UPDATE OR DELETE",
    "account": "UPDATE OF name, role, ward_code, disabled_at OR DELETE",
    "crew_member": "INSERT OR UPDATE OR DELETE",
    "team_member": "INSERT OR UPDATE OF team_id, account_id OR DELETE",
    "team": "UPDATE OF neighbourhood_id",
}


KEY, WARDS_KEY = "uq_incident_request_key_hash_ward_code", "uq_incident_ward_code_request_key_hash"
NAME = "uq_crew_ward_code_name"
CURRENT = "uq_neighbourhood_boundary_current"
IN_FORCE: dict[str, Any] = {"unique": True, "postgresql_where": sa.text("until IS NULL")}
WITH_ID: dict[str, Any] = {"postgresql_include": ["id"]}
OPEN = "status IN ('RECEIVED', 'ASSIGNED', 'ACCEPTED', 'IN_PROGRESS')"


def upgrade() -> None:
    op.create_index(
        "ix_incident_open_neighbourhood_id",
        "incident",
        ["ward_code", "neighbourhood_id"],
        postgresql_where=sa.text(OPEN),
    )
    # One index in place of two: chance values, each written to a page of its own.
    op.create_unique_constraint(KEY, "incident", ["request_key_hash", "ward_code"])
    # The new one stands already; dropping waits five seconds for its lock at most, as every step does.
    op.execute("-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX ix_incident_request_key_hash")
    op.execute(f"-- squawk-ignore ban-drop-constraint\nALTER TABLE incident DROP CONSTRAINT {WARDS_KEY}")
    # A deferrable constraint is a key all the same: a rename waited for the history, and others in a circle.
    op.execute(f"-- squawk-ignore ban-drop-constraint\nALTER TABLE crew DROP CONSTRAINT {NAME}")
    op.create_index(NAME, "crew", ["ward_code", "name"], unique=True, postgresql_where=sa.text("name IS NOT NULL"))
    op.execute(f"-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX {CURRENT}")
    op.create_index(CURRENT, "neighbourhood_boundary", ["ward_code", "neighbourhood_id"], **IN_FORCE, **WITH_ID)
    op.execute(SHAPE_IS_FOR_GOOD)
    op.execute(SHAPE_TRIGGER)
    op.execute(PEOPLE_CHANGED)
    for table, when in CALLS.items():
        op.execute(
            f"CREATE TRIGGER {table}_people_changed AFTER {when} ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION people_changed()"
        )


def downgrade() -> None:
    op.drop_index(CURRENT, "neighbourhood_boundary")
    op.create_index(CURRENT, "neighbourhood_boundary", ["ward_code", "neighbourhood_id"], **IN_FORCE)
    op.drop_index(NAME, "crew")
    op.create_unique_constraint(NAME, "crew", ["ward_code", "name"], deferrable=True, initially="IMMEDIATE")
    op.create_unique_constraint(WARDS_KEY, "incident", ["ward_code", "request_key_hash"])
    op.create_index("ix_incident_request_key_hash", "incident", ["request_key_hash"])
    op.drop_constraint(KEY, "incident")
    op.drop_index("ix_incident_open_neighbourhood_id", "incident")
    for table in CALLS:
        op.execute(f"DROP TRIGGER {table}_people_changed ON {table}")
    op.execute("DROP FUNCTION people_changed()")
    op.execute("DROP TRIGGER neighbourhood_boundary_shape_is_for_good ON neighbourhood_boundary")
    op.execute("DROP FUNCTION neighbourhood_boundary_shape_is_for_good()")
