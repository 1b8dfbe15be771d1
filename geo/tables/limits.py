"""How often something was asked for: what all processes count together."""

from __future__ import annotations

import sqlalchemy as sa

from geo.tables.base import metadata, moment

# Whom a row is about is told by nobody: its key is an HMAC of what is counted and of an address, device or account.
# Unlogged: after a crash of the database counting begins anew, which is all that is lost. Without a ward: who asks is
# known before the ward is. See geo/limits.py.
tally = sa.Table(
    "tally",
    metadata,
    sa.Column("key", sa.LargeBinary, primary_key=True),
    sa.Column("slot", sa.BigInteger, nullable=False),  # which period since 1970, each as long as the limit's
    sa.Column("hits", sa.Integer, nullable=False),  # in this period
    sa.Column("before", sa.Integer, nullable=False),  # in the period before it
    moment("ends_at", required=True),  # says nothing any more from then on
    sa.Index("ix_tally_ends_at", "ends_at"),
    prefixes=["UNLOGGED"],
)
