"""What following incidents live needs: to find the events of the newest transactions.

Revision: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_incident_event_xact", "incident_event", ["xact"])


def downgrade() -> None:
    op.drop_index("ix_incident_event_xact", "incident_event")
