"""Moments of the database, and places between two events.

A moment is a snapshot, not a time or a number: transactions commit in another order than they begin, so "after event
N" would pass over what was written before N and committed after it. `pg_snapshot` names exactly the transactions that
had committed; an event is new when its transaction (`incident_event.xact`) was not among them. Nothing waits for the
oldest transaction that still runs, either, as reading "below `pg_snapshot_xmin`" would.

A crash may give the numbers of the last transactions that were rolled back to others: what they did was not worth
writing down. So a moment takes none of these for over.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

LONGEST_CURSOR = 8_000
"""In characters. One of a hundred transactions at once takes some six hundred."""

_MOMENT = re.compile(r"[0-9]{1,19}(-[0-9]{1,18})*", re.ASCII)


class BadCursor(ValueError):
    """The text is no cursor of ours."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Which transactions were over: those below `end` that were not `running`, nor rolled back shortly before."""

    end: int
    running: tuple[int, ...] = ()

    @classmethod
    def of(cls, snapshot: str) -> Moment:
        """From the text of a `pg_snapshot`: `xmin:xmax:xip,…`."""
        _, end, running = snapshot.split(":")
        return cls(int(end), tuple(int(number) for number in running.split(",") if number))

    def holds(self, xact: int) -> bool:
        """Whether that transaction was over by then."""
        return xact < self.end and xact not in self.running

    def covers(self, earlier: Moment) -> bool:
        """Whether all that was over by `earlier` was over by now: so it is for any earlier moment of one database."""
        return self.end >= earlier.end and not any(earlier.holds(xact) for xact in self.running)

    def __str__(self) -> str:
        return "-".join(str(number) for number in (self.end, *(self.end - one for one in self.running)))

    @classmethod
    def read(cls, text: str) -> Moment:
        """What `str` wrote; raises `BadCursor`."""
        if not _MOMENT.fullmatch(text):
            raise BadCursor
        end, *before = (int(number) for number in text.split("-"))
        if end >= 2**63 or not all(0 < one <= end for one in before):
            raise BadCursor
        return cls(end, tuple(end - one for one in before))


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two events: behind `key` among those that came from `since` to `until`, in the order of keys.

    Without `key`: behind all of them.
    """

    since: Moment
    until: Moment
    key: UUID | None = None

    def __str__(self) -> str:
        """Opaque to clients: base64url."""
        parts = [str(self.until)] if self.key is None else [str(self.until), str(self.since), self.key.hex]
        return base64.urlsafe_b64encode(".".join(parts).encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Cursor:
        """What `str` wrote; raises `BadCursor` for anything else."""
        if len(text) > LONGEST_CURSOR or not text.isascii():
            raise BadCursor
        try:
            parts = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise BadCursor from error
        until, *rest = parts.split(".")
        if not rest:
            return cls.at(Moment.read(until))
        if len(rest) != 2 or not re.fullmatch("[0-9a-f]{32}", rest[1]):
            raise BadCursor
        return cls(Moment.read(rest[0]), Moment.read(until), UUID(rest[1]))

    @classmethod
    def at(cls, moment: Moment) -> Cursor:
        """Behind everything that had happened by then."""
        return cls(moment, moment)


# The last 64 numbers: far more than are rolled back in a row.
SNAPSHOT = sa.literal_column(
    "(SELECT at::text || coalesce((SELECT string_agg(',' || x, '') FROM generate_series("
    "greatest(pg_snapshot_xmax(at)::text::bigint - 64, 3), pg_snapshot_xmax(at)::text::bigint - 1) AS x"
    " WHERE pg_xact_status(x::text::xid8) = 'aborted'), '') FROM pg_current_snapshot() AS at)",
    sa.Text,
)
"""The moment of the statement that selects it, as text: a `pg_snapshot`, with what was rolled back added at the end."""


async def moment(connection: AsyncConnection) -> Moment:
    """The moment of this statement."""
    return Moment.of((await connection.execute(sa.select(SNAPSHOT))).scalar_one())
