"""Looks through what was there before the checks of 0007: apart from them, so that readers are not held up meanwhile.

Revision: 0008
Revises: 0007
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CHECKS = {
    ("category", "accept_minutes"): "accept_minutes BETWEEN 1 AND 1440",
    ("incident", "accept_by"): "accept_by IS NULL OR status = 'ASSIGNED'",
    (
        "incident",
        "attention",
    ): "attention IN ('NO_CREW', 'NOT_ACCEPTED', 'CREW_OFF_DUTY')",
    (
        "incident",
        "attention_open",
    ): "attention IS NULL OR status IN ('RECEIVED', 'ASSIGNED', 'ACCEPTED', 'IN_PROGRESS')",
    ("photo", "redacted"): "(redacted_id IS NULL) = (rectangles IS NULL)",
    ("reporter", "language"): "language IN ('vi', 'en')",
}


# What was with a crew before there was a time to accept would else wait for it for ever.
ACCEPT_BY = """
UPDATE incident SET accept_by = now() + make_interval(mins => category.accept_minutes)
FROM category
WHERE category.ward_code = incident.ward_code AND category.id = incident.category_id
    AND incident.status = 'ASSIGNED' AND incident.accept_by IS NULL
"""


def upgrade() -> None:
    op.execute(ACCEPT_BY)
    for table, name in CHECKS:
        # It is a transaction of its own, but where the whole history is written as one script.
        op.execute(
            f"-- squawk-ignore constraint-missing-not-valid\nALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{name}"
        )


def downgrade() -> None:
    for (table, name), condition in CHECKS.items():
        op.drop_constraint(f"ck_{table}_{name}", table)
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({condition}) NOT VALID")
