"""How long to wait after wrong passwords and codes: twice as long each time, over all processes.

Three counts are kept of each attempt, under digests that say neither the name nor the address:

- of the name *from this address*, the strict one: who guesses here soon waits a quarter of an hour;
- of the address, generous, for many share one: who tries many names;
- of the name from anywhere: of passwords it refuses nobody, for else who guesses from many places would keep out who
  knows it. It makes each address wait between its own attempts, up to a minute, from the first one on. Codes of a
  second factor are few, and letters a nuisance: there it holds for all at once.

A browser by which somebody has signed in to this name before (`known`) has one count of its own instead of the three:
whatever is tried elsewhere, or at the same address, its owner gets in. Of IPv6 the network that a line or an office may
have counts as one address.

An attempt is counted *before* anything is compared, so that many at once are not all the first; it is taken back where
the password was right, or was not compared. During a delay nothing is compared and nothing counted, whatever is
brought. Names that nobody has are counted alike.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.accounts import plain_username
from geo.errors import TooManyRequests
from geo.language import Text
from geo.tables import sign_in_delay

KEPT = timedelta(days=1)
BITE = 1_000
_NO = timedelta(0)
_WIDE_BITS = 48


_WAIT = Text(
    "Đã nhập sai nhiều lần. Hãy thử lại sau {seconds} giây.",
    "There were several wrong attempts. Please try again in {seconds} seconds.",
)


def _must_wait(seconds: int) -> TooManyRequests:
    refusal = TooManyRequests(seconds)
    refusal.text, refusal.values = _WAIT, {"seconds": seconds}
    return refusal


@dataclass(frozen=True, slots=True)
class Curve:
    """So many attempts are free; each further one doubles the wait, from one second to `most`.

    The count is forgotten `lapse` after the last attempt.
    """

    name: str
    free: int
    most: timedelta
    lapse: timedelta

    def delay(self, failures: int) -> timedelta:
        """How long to wait after so many."""
        beyond = failures - self.free
        return timedelta(0) if beyond <= 0 else min(timedelta(seconds=2 ** min(beyond - 1, 20)), self.most)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is guessed at, and how each of the three counts grows."""

    name: str
    here: Curve
    address: Curve
    anywhere: Curve
    holds_all: bool
    """Whether attempts from anywhere have to wait for one another; else each address for its own."""


def _kind(name: str, free: int, most_anywhere: timedelta, *, holds_all: bool = True) -> Kind:
    return Kind(
        name,
        Curve("here", free, timedelta(minutes=15), KEPT),
        Curve("address", 50, timedelta(minutes=5), timedelta(hours=1)),
        Curve("anywhere", 20, most_anywhere, KEPT),
        holds_all,
    )


PASSWORD = _kind("password", 5, timedelta(minutes=1), holds_all=False)
CODE = _kind("code", 5, timedelta(minutes=4))
"""A second factor's: who guesses at it knows the password already."""
FORGOTTEN = _kind("forgotten", 3, timedelta(minutes=15))
"""Asking for a letter with a link, which is never taken back."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was counted."""

    counted: Mapping[bytes, int]
    """Each of the keys, and which attempt at it this was."""
    here: bytes
    """The one of these keys that is of this name from this address, or by this known browser."""
    begun_delay: bool
    """Whether the name has to wait from now on unless it was right, and had not before: worth a line in the log."""


async def count(
    connection: AsyncConnection, secret_key: bytes, kind: Kind, name: str, address: str, known: str | None = None
) -> Attempt:
    """Count an attempt at `name` from `address`; `TooManyRequests` where it comes too early, and is not counted then.

    `known`: the browser, where one has signed in to this name by it before.

    In a transaction of its own: it holds though what follows is rolled back.
    """
    name = plain_username(name)
    if known is None:
        here = _key(secret_key, kind, "here", name, wide(address))
        curves = {
            here: kind.here,
            _key(secret_key, kind, "address", wide(address)): kind.address,
            _key(secret_key, kind, "anywhere", name): kind.anywhere,
        }
    else:
        here = _key(secret_key, kind, "known", name, known)
        curves = {here: kind.here}
    keys = sorted(curves)  # in one order everywhere: two that wait for each other would wait for ever
    rows = [{"key": key, "failures": 0, "last_at": sa.func.clock_timestamp()} for key in keys]
    await connection.execute(insert(sign_in_delay).values(rows).on_conflict_do_nothing())
    columns = sign_in_delay.c
    now = sa.func.clock_timestamp()
    found = (
        await connection.execute(
            sa.select(
                columns.key,
                columns.failures,
                sa.extract("epoch", columns.until - now).label("left"),
                sa.extract("epoch", now - columns.last_at).label("silent"),
            )
            .where(columns.key.in_(keys))
            .order_by(columns.key)
            .with_for_update()
        )
    ).all()
    left = max((float(row.left) for row in found if row.left is not None), default=0)
    if left > 0:
        raise _must_wait(ceil(left))
    begun, counted = False, {}
    earlier = {row.key: 0 if row.silent > curves[row.key].lapse.total_seconds() else int(row.failures) for row in found}
    everywhere = max(
        (curves[key].delay(n + 1) for key, n in earlier.items() if curves[key] is kind.anywhere), default=_NO
    )
    for row in found:
        curve, before = curves[row.key], earlier[row.key]
        delay = curve.delay(before + 1)
        if not kind.holds_all:
            delay = max(delay, everywhere) if curve is kind.here else _NO if curve is kind.anywhere else delay
        counted[row.key] = before + 1
        values = {"failures": before + 1, "last_at": now, "until": now + delay if delay else None}
        await connection.execute(sa.update(sign_in_delay).where(columns.key == row.key).values(**values))
        begun = begun or (curve is not kind.address and bool(curve.delay(before + 1)) and not curve.delay(before))
    return Attempt(counted, here, begun)


async def take_back(connection: AsyncConnection, attempt: Attempt) -> None:
    """Nothing was compared: as if it had not been. What others did wrong stays counted."""
    columns = sign_in_delay.c
    for key, number in sorted(attempt.counted.items()):
        # A delay that somebody brought about since then stays.
        own_delay = sa.case((columns.failures == number, sa.null()), else_=columns.until)
        taken = sa.update(sign_in_delay).where(columns.key == key)
        await connection.execute(taken.values(failures=sa.func.greatest(columns.failures - 1, 0), until=own_delay))


async def forgive(connection: AsyncConnection, attempt: Attempt) -> None:
    """It was right: it counts nowhere, and what was wrong before it, of this name from here, is forgotten."""
    await take_back(connection, attempt)
    await connection.execute(sa.delete(sign_in_delay).where(sign_in_delay.c.key == attempt.here))


async def forget_old(connection: AsyncConnection) -> int:
    """Delete a bite of counts that count for nothing any more; how many. Served by `ix_sign_in_delay_last_at`."""
    columns = sign_in_delay.c
    old = sa.select(columns.key).where(columns.last_at < sa.func.now() - KEPT)
    gone = await connection.execute(
        sa.delete(sign_in_delay).where(columns.key.in_(old.limit(BITE).with_for_update(skip_locked=True)))
    )
    return gone.rowcount


def wide(address: str) -> str:
    """The network that one line or office may have: an IPv4 address is one, of IPv6 it is a /48."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if found.version == 4 else str(ipaddress.ip_network((found, _WIDE_BITS), strict=False))


def _key(secret_key: bytes, kind: Kind, *parts: str) -> bytes:
    told = "\x1f".join((kind.name, *parts))
    return hmac.digest(secret_key, b"sign-in delay:" + told.encode("utf-8", "surrogatepass"), "sha256")
