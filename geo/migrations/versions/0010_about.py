"""What a step of the history is about has a column of its own, so that nothing is read off its words.

Revision: 0010
Revises: 0009
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Of what is still open only: nobody is told any more of what is over, and no crew is asked for it. What the words were
# is what the releases before this one wrote.
ABOUT = """
UPDATE incident_event AS step
   SET about = CASE
           WHEN step.crew_id IS NOT NULL THEN CASE WHEN step.to_status = 'ASSIGNED' THEN 'LET_PASS' END
           WHEN step.note LIKE 'Đã quá hạn xử lý: hạn là%' THEN 'OVERDUE'
           WHEN step.note LIKE 'Sắp đến hạn xử lý: hạn là%' THEN 'DUE_SOON'
           WHEN incident.attention IS NOT NULL THEN 'ATTENTION'
       END
  FROM incident
 WHERE incident.status IN ('RECEIVED', 'ASSIGNED', 'ACCEPTED', 'IN_PROGRESS')
   AND step.ward_code = incident.ward_code AND step.incident_id = incident.id
   AND step.party = 'SYSTEM' AND NOT step.public AND step.from_status = step.to_status
"""


def upgrade() -> None:
    # Written so that it can be run again: all this is committed before the check is looked through.
    op.execute("ALTER TABLE incident_event ADD COLUMN IF NOT EXISTS about text")
    op.execute(
        "-- squawk-ignore ban-drop-constraint\n"
        "ALTER TABLE incident_event DROP CONSTRAINT IF EXISTS ck_incident_event_about"
    )
    op.execute(
        "ALTER TABLE incident_event ADD CONSTRAINT ck_incident_event_about "
        "CHECK (about IN ('DUE_SOON', 'OVERDUE', 'ATTENTION', 'LET_PASS')) NOT VALID"
    )
    op.execute("ALTER TABLE incident_event DISABLE TRIGGER incident_event_append_only")
    op.execute(ABOUT)
    op.execute("ALTER TABLE incident_event ENABLE TRIGGER incident_event_append_only")
    with op.get_context().autocommit_block():
        # By itself, for it reads the whole table: writers go on meanwhile.
        op.execute(
            "-- squawk-ignore prefer-robust-stmts\n"
            "ALTER TABLE incident_event VALIDATE CONSTRAINT ck_incident_event_about"
        )


def downgrade() -> None:
    op.execute("ALTER TABLE incident_event DROP COLUMN about")
