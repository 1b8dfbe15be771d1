"""Consent with its wording, and what retention looks for.

Revision: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WORDS = {
    "contact/1/vi": "Tôi đồng ý cho phường lưu tên và số điện thoại dưới đây, chỉ để hỏi thêm về phản ánh này.",
    "contact/1/en": "I agree that the ward keeps the name and phone number below, only to ask about this report.",
    "contact-mail/1/vi": (
        "Tôi đồng ý cho phường lưu tên, số điện thoại và email dưới đây, chỉ để báo tin và hỏi thêm về phản ánh này."
    ),
    "contact-mail/1/en": (
        "I agree that the ward keeps the name, phone number and e-mail below, only to send me word and to ask "
        "about this report."
    ),
    "contact-app/1/vi": (
        "Người phản ánh đồng ý cho phường lưu tên, số điện thoại và email, chỉ để báo tin và hỏi thêm về phản ánh này."
    ),
    "contact-app/1/en": (
        "The reporter agrees that the ward keeps name, phone number and e-mail, only to send word and to ask "
        "about this report."
    ),
    "member-own/1/vi": (
        "Tôi đồng ý cho phường công khai họ tên, vai trò và số điện thoại của tôi trên bản đồ số để người dân liên hệ."
    ),
    "member-own/1/en": (
        "I agree to the ward showing my name, my part in the team and my phone number on the digital map, so that "
        "residents can reach me."
    ),
    "member-told/1/vi": (
        "Người này đã tự đồng ý cho phường công khai họ tên, vai trò và số điện thoại trên bản đồ số để người dân "
        "liên hệ."
    ),
    "member-told/1/en": (
        "This person has agreed to the ward showing name, part in the team and phone number on the digital map, "
        "so that residents can reach them."
    ),
    "home/1/vi": (
        "Người này đồng ý cho phường công khai nhà riêng trên bản đồ số, và biết có thể rút lại bất cứ lúc nào."
    ),
    "home/1/en": (
        "This person agrees to the ward showing the home on the digital map, and knows that this can be taken "
        "back at any time."
    ),
}

FOR_GOOD = """
CREATE FUNCTION consent_wording_is_for_good() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'words that people agreed to are never changed' USING ERRCODE = 'restrict_violation';
END
$$
"""
FOR_GOOD_TRIGGER = """
CREATE TRIGGER consent_wording_is_for_good
BEFORE UPDATE OR DELETE ON consent_wording
FOR EACH ROW EXECUTE FUNCTION consent_wording_is_for_good()
"""

# A note may lose words, where it says so: the new one, with anything at all in place of each mark, must be the old one.
# So nothing can be added or put in other words, and nobody is asked who they are.
LESS_IS_ALLOWED = r"""
CREATE OR REPLACE FUNCTION incident_event_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    less incident_event := OLD;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        less.note := NEW.note;
        IF NEW IS NOT DISTINCT FROM less AND OLD.note LIKE replace(
            replace(replace(replace(NEW.note, '\', '\\'), '%', '\%'), '_', '\_'), '[đã xóa · removed]', '%'
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the history of an incident is never edited' USING ERRCODE = 'restrict_violation';
END
$$
"""
AS_BEFORE = """
CREATE OR REPLACE FUNCTION incident_event_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of an incident is never edited' USING ERRCODE = 'restrict_violation';
END
$$
"""

INDEXES = {
    "ix_incident_kept_refused": "incident (reported_at) WHERE status = 'REJECTED' AND erased_at IS NULL",
    "ix_incident_kept_done": "incident (reported_at) WHERE status IN ('CLOSED', 'DUPLICATE') AND erased_at IS NULL",
    "ix_reporter_consented_at": "reporter (consented_at)",
    "ix_photo_created_at": "photo (created_at)",
}


def upgrade() -> None:
    # Written so that it can be run again: what comes before the indexes is committed by then.
    op.create_table(
        "consent_wording",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_consent_wording"),
        if_not_exists=True,
    )
    for key, text in WORDS.items():
        row = f"'{key}', '{text}'"
        op.execute(f"INSERT INTO consent_wording (key, text) VALUES ({row}) ON CONFLICT DO NOTHING")  # noqa: S608  # nosec B608
    op.execute(FOR_GOOD.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    op.execute("DROP TRIGGER IF EXISTS consent_wording_is_for_good ON consent_wording")
    op.execute(FOR_GOOD_TRIGGER)
    op.create_table(
        "consent",
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("ward_code", "id", name="pk_consent"),
        sa.ForeignKeyConstraint(["ward_code"], ["ward.code"], name="fk_consent_ward_code"),
        sa.ForeignKeyConstraint(["wording"], ["consent_wording.key"], name="fk_consent_wording"),
        sa.CheckConstraint(
            "channel IN ('WEB', 'ZALO', 'OPEN311', 'GRAPHQL', 'STAFF', 'TEAM', 'FILE')", name="ck_consent_channel"
        ),
        sa.CheckConstraint("ended_why IN ('WITHDRAWN', 'ERASED', 'EXPIRED')", name="ck_consent_ended_why"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="ck_consent_ended"),
        if_not_exists=True,
    )
    op.create_index(
        "uq_consent_in_force",
        "consent",
        ["ward_code", "subject_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        if_not_exists=True,
    )
    op.create_index("ix_consent_subject_id", "consent", ["ward_code", "subject_id"], if_not_exists=True)
    op.create_index(
        "ix_consent_ended_at",
        "consent",
        ["ended_at"],
        postgresql_where=sa.text("ended_at IS NOT NULL"),
        if_not_exists=True,
    )
    op.execute("ALTER TABLE incident ADD COLUMN IF NOT EXISTS erased_at timestamptz")
    op.execute(LESS_IS_ALLOWED)
    with op.get_context().autocommit_block():
        for name, what in INDEXES.items():
            # One that was being made when this was interrupted is there, and of no use.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {what}")


def downgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
    op.execute(AS_BEFORE)
    op.execute("ALTER TABLE incident DROP COLUMN erased_at")
    op.drop_table("consent")
    op.drop_table("consent_wording")
    op.execute("DROP FUNCTION consent_wording_is_for_good()")
