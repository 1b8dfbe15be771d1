"""Who works in the ward: accounts and their sessions, community digital teams, rapid-response crews."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

from geo.tables.base import (
    belongs_to,
    folded,
    geography_of,
    geometry,
    id_column,
    metadata,
    moment,
    on_earth,
    one_of,
    search_index,
    ward_column,
)


class AccountRole(StrEnum):
    """What an account is for. Residents have none: anonymous and reporter are not accounts."""

    TEAM_MEMBER = "TEAM_MEMBER"
    CREW_MEMBER = "CREW_MEMBER"
    STAFF = "STAFF"
    ADMIN = "ADMIN"


class LinkPurpose(StrEnum):
    """What a one-time link to an account is for."""

    INVITATION = "INVITATION"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 # nosec B105 - names what a link is for


class TeamRole(StrEnum):
    """A member's place in a community digital team."""

    LEADER = "LEADER"
    DEPUTY = "DEPUTY"
    MEMBER = "MEMBER"


# Accounts and sessions are two of the few tables whose key does not begin with the ward: a caller is known before
# a ward is.
account = sa.Table(
    "account",
    metadata,
    id_column(),
    sa.Column("username", sa.Text, nullable=False, unique=True),
    sa.Column("password_hash", sa.Text, nullable=False),  # empty: no password yet, and none fits
    sa.Column("email", sa.Text),  # for one-time links
    # The second factor's secret is made from it and the server's key (`geo.second_factor`); none: switched off.
    sa.Column("second_factor_salt", BYTEA),
    moment("second_factor_since"),
    sa.Column("second_factor_step", sa.BigInteger),  # of the last code that was used: none counts twice
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("ward_code", sa.Text, sa.ForeignKey("ward.code")),  # none: an administrator of every ward
    sa.Column("demo", sa.Boolean, nullable=False, server_default=sa.false()),
    moment("disabled_at"),
    moment("notices_seen_at"),  # what came later is new to who signs in with it
    moment("created_at", now=True),
    one_of("role", AccountRole),
    sa.CheckConstraint("username = lower(username)", name="username"),
    sa.CheckConstraint("ward_code IS NOT NULL OR role = 'ADMIN'", name="ward_of_role"),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("token_hash", BYTEA, primary_key=True),  # SHA-256; the token itself is never stored
    sa.Column("account_id", sa.Uuid, sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    moment("created_at", now=True),
    moment("expires_at", required=True),
    # Names the session where its token must not be told: in lists, in the log of who did what.
    sa.Column("id", sa.Uuid, nullable=False, server_default=sa.text("gen_random_uuid()")),
    moment("seen_at", now=True),  # some minutes old
    sa.Column("browser", sa.Text),
    sa.Column("system", sa.Text),
    sa.Column("second_factor", sa.Boolean, nullable=False, server_default=sa.false()),  # whether it was passed
    sa.Index("ix_session_expires_at", "expires_at"),
    sa.Index("uq_session_id", "id", unique=True),
)

# A table of its own: what is half open is no session, wherever sessions are looked up.
pending_sign_in = sa.Table(
    "pending_sign_in",
    metadata,
    sa.Column("token_hash", BYTEA, primary_key=True),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    moment("expires_at", required=True),
    sa.Index("ix_pending_sign_in_expires_at", "expires_at"),
)

account_link = sa.Table(
    "account_link",
    metadata,
    sa.Column("token_hash", BYTEA, primary_key=True),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    moment("created_at", now=True),
    moment("expires_at", required=True),
    moment("used_at"),
    one_of("purpose", LinkPurpose),
    sa.Index("ix_account_link_account_id", "account_id", "created_at"),
    sa.Index("ix_account_link_expires_at", "expires_at"),
)

# One-time codes for who lost the second factor; a used one is gone.
recovery_code = sa.Table(
    "recovery_code",
    metadata,
    sa.Column("account_id", sa.Uuid, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("code_hash", BYTEA, primary_key=True),
)

# How often somebody was wrong, by digests of the name and the address that were tried.
sign_in_delay = sa.Table(
    "sign_in_delay",
    metadata,
    sa.Column("key", BYTEA, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    moment("last_at", required=True),
    moment("until"),
    sa.Index("ix_sign_in_delay_last_at", "last_at"),
)

team = sa.Table(
    "team",
    metadata,
    ward_column(),
    id_column(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("neighbourhood_id", sa.Uuid, nullable=False),
    folded("name"),
    belongs_to("neighbourhood", "neighbourhood_id"),
    sa.UniqueConstraint("ward_code", "neighbourhood_id"),  # exactly one team a neighbourhood
    search_index("team"),
)

team_member = sa.Table(
    "team_member",
    metadata,
    ward_column(),
    id_column(),
    sa.Column("team_id", sa.Uuid, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("organisation", sa.Text),
    sa.Column("phone", sa.Text),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey("account.id", ondelete="SET NULL")),
    moment("consented_at"),  # without it the name and the phone are not published
    belongs_to("team", "team_id", ondelete="CASCADE"),
    one_of("role", TeamRole),
    sa.UniqueConstraint("ward_code", "account_id"),
    sa.Index("ix_team_member_ward_code_team_id", "ward_code", "team_id"),
)

crew = sa.Table(
    "crew",
    metadata,
    ward_column(),
    id_column(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("capacity", sa.Integer, nullable=False),
    sa.Column("on_duty", sa.Boolean, nullable=False, server_default=sa.false()),
    # Drawn for it; none: the whole ward, or the neighbourhoods named in `crew_neighbourhood`.
    geometry("coverage", "MULTIPOLYGON", required=False),
    geometry("base", "POINT"),  # where the crew starts from while no position is known
    geometry("position", "POINT", required=False),
    moment("position_at"),
    geography_of("coalesce(position, base)"),
    # An index with a condition, though it always holds, is no key: a new name then does not wait for the history that
    # refers to the crew, nor the history for it.
    sa.Index("uq_crew_ward_code_name", "ward_code", "name", unique=True, postgresql_where=sa.text("name IS NOT NULL")),
    sa.CheckConstraint("capacity BETWEEN 0 AND 1000", name="capacity"),
    on_earth("base"),
    on_earth("position"),
)

crew_category = sa.Table(
    "crew_category",
    metadata,
    ward_column(),
    sa.Column("crew_id", sa.Uuid, primary_key=True),
    sa.Column("category_id", sa.Uuid, primary_key=True),
    belongs_to("crew", "crew_id", ondelete="CASCADE"),
    belongs_to("category", "category_id", ondelete="CASCADE"),
    sa.Index("ix_crew_category_ward_code_category_id", "ward_code", "category_id"),
)

# Without ON DELETE for the neighbourhood: a crew whose last one vanished would cover the whole ward.
crew_neighbourhood = sa.Table(
    "crew_neighbourhood",
    metadata,
    ward_column(),
    sa.Column("crew_id", sa.Uuid, primary_key=True),
    sa.Column("neighbourhood_id", sa.Uuid, primary_key=True),
    belongs_to("crew", "crew_id", ondelete="CASCADE"),
    belongs_to("neighbourhood", "neighbourhood_id"),
    sa.Index("ix_crew_neighbourhood_ward_code_neighbourhood_id", "ward_code", "neighbourhood_id"),
)

crew_member = sa.Table(
    "crew_member",
    metadata,
    ward_column(),
    sa.Column("crew_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    belongs_to("crew", "crew_id", ondelete="CASCADE"),
    sa.UniqueConstraint("ward_code", "account_id"),  # an account belongs to one crew
)
