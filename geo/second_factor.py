"""The second factor: codes that a telephone makes of a secret and the time (TOTP, RFC 6238), and codes on paper.

The secret is an HMAC of a random salt under the server's key: only the salt is stored, so who reads the database has no
secret. A code counts within a step of 30 s before and after its own, and each step once. Codes for recovery are hashed
under the same key, for they are short enough to be tried out otherwise.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import pyotp
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.actor import Role
from geo.errors import InvalidInput, Problem
from geo.language import Text
from geo.secrets import to_copy
from geo.tables import account, recovery_code

WRONG = Text(
    "Mã chưa đúng hoặc đã dùng. Hãy chờ ứng dụng đổi mã rồi nhập mã mới.",
    "The code is wrong or was used. Wait for the next code of your app and enter that.",
)
STALE = Text(
    "Mật khẩu hoặc bảo mật hai lớp vừa được thay đổi. Hãy bắt đầu lại.",
    "The password or the second factor was changed meanwhile. Please begin again.",
)
ISSUER = "Phường Số"
CODES = 10
"""Recovery codes that are given at once."""
_SALT_BYTES = 16
_HEAD_BYTES = _SALT_BYTES + 8 + _SALT_BYTES
_SECRET_BYTES = 20  # as long as what SHA-1 makes: RFC 4226, 4
_SET_UP_SECONDS = 30 * 60
_STEP = 30
_WINDOW = (0, -1, 1)


class Need(StrEnum):
    """Who needs a second factor: nobody may have one, everybody may, staff and administrators must."""

    OFF = "off"
    OPTIONAL = "optional"
    STAFF = "staff"

    def demands(self, role: str) -> bool:
        """Whether somebody of this role must have one."""
        return self is Need.STAFF and role in (Role.STAFF, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class State:
    """How an account stands: since when it has a second factor, if it does, and how many recovery codes are left."""

    since: datetime | None
    codes_left: int


async def standing(connection: AsyncConnection, key: bytes, account_id: UUID, *, locked: bool = False) -> bytes:
    """A digest of the account's password and second factor: another one once either has changed.

    `locked`: and so they stay until the transaction ends.
    """
    columns = account.c
    query = sa.select(columns.password_hash, columns.second_factor_salt).where(columns.id == account_id)
    row = (await connection.execute(query.with_for_update(key_share=True) if locked else query)).one_or_none()
    told = b"" if row is None else row.password_hash.encode() + b"\0" + (row.second_factor_salt or b"")
    return hmac.digest(key, b"second factor's standing:" + account_id.bytes + told, "sha256")[:_SALT_BYTES]


def new_set_up(key: bytes, account_id: UUID, stands: bytes) -> str:
    """What a new second factor begins with, to be kept by whoever sets it up until the first code has come.

    A salt, until when it counts, how the account stood (`standing`), and a seal: nobody sees the secret of a salt of
    their own making, and what was begun before another password or another factor counts no more.
    """
    head = secrets.token_bytes(_SALT_BYTES) + int(time.time() + _SET_UP_SECONDS).to_bytes(8) + stands
    return (head + _seal(key, account_id, head)).hex()


def salt_in(key: bytes, account_id: UUID, set_up: str, now: float | None = None) -> bytes | None:
    """The salt of what `new_set_up` gave for this account; None for anything else, and when it counts no more."""
    try:
        given = bytes.fromhex(set_up)
    except ValueError:
        return None
    head, seal = given[:_HEAD_BYTES], given[_HEAD_BYTES:]
    until = int.from_bytes(head[_SALT_BYTES : _SALT_BYTES + 8])
    if not hmac.compare_digest(seal, _seal(key, account_id, head)) or until < _at(now):
        return None
    return head[:_SALT_BYTES]


def secret_of(key: bytes, account_id: UUID, salt: bytes) -> str:
    """The secret in base32, as apps take it; without the server's key nobody finds it."""
    made = hmac.digest(key, b"second factor:" + account_id.bytes + salt, "sha256")
    return base64.b32encode(made[:_SECRET_BYTES]).decode()


def address_of(secret: str, username: str) -> str:
    """The `otpauth://` address that a QR code carries."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def step_of(secret: str, code: str, now: float) -> int | None:
    """The step of time (30 s each, since 1970) that this code belongs to, of those that count at `now`."""
    totp, current = pyotp.TOTP(secret), int(now) // _STEP
    fitting = [current + off for off in _WINDOW if hmac.compare_digest(totp.generate_otp(current + off), code)]
    return fitting[0] if fitting else None


def plain(code: str) -> str:
    """A code without what people put between its letters."""
    return "".join(letter for letter in code.lower() if letter.isalnum() and letter.isascii())[:20]


def new_code() -> str:
    """A recovery code as it is written down: `k7mpf-3ftxh`, 45 bits."""
    return to_copy(groups=2, letters=5)


async def switch_on(
    connection: AsyncConnection, key: bytes, account_id: UUID, set_up: str, code: str, now: float | None = None
) -> Sequence[str]:
    """Switch it on once the first code fits, in place of an older one; gives new recovery codes, shown now only.

    Of two that were begun at once, one is. Raises `InvalidInput`.
    """
    stands = await standing(connection, key, account_id, locked=True)
    known = salt_in(key, account_id, set_up, now)
    if known is not None and not hmac.compare_digest(stands, bytes.fromhex(set_up)[_SALT_BYTES + 8 : _HEAD_BYTES]):
        raise InvalidInput(Problem(("code",), STALE))
    step = None if known is None else step_of(secret_of(key, account_id, known), plain(code), _at(now))
    if step is None:
        raise InvalidInput(Problem(("code",), WRONG))
    values = {"second_factor_salt": known, "second_factor_since": sa.func.now(), "second_factor_step": step}
    await connection.execute(sa.update(account).where(account.c.id == account_id).values(**values))
    return await new_codes(connection, key, account_id)


async def switch_off(connection: AsyncConnection, account_id: UUID) -> None:
    """Forget the secret and the recovery codes."""
    nothing = {"second_factor_salt": None, "second_factor_since": None, "second_factor_step": None}
    await connection.execute(sa.update(account).where(account.c.id == account_id).values(**nothing))
    await connection.execute(sa.delete(recovery_code).where(recovery_code.c.account_id == account_id))


async def new_codes(connection: AsyncConnection, key: bytes, account_id: UUID) -> Sequence[str]:
    """New recovery codes in place of all earlier ones."""
    codes = [new_code() for _ in range(CODES)]
    await connection.execute(sa.delete(recovery_code).where(recovery_code.c.account_id == account_id))
    rows = [{"account_id": account_id, "code_hash": _hash(key, account_id, code)} for code in codes]
    await connection.execute(sa.insert(recovery_code), rows)
    return codes


async def passed(
    connection: AsyncConnection, key: bytes, account_id: UUID, code: str, now: float | None = None
) -> bool:
    """Whether this is a code that counts, of the app or for recovery; it never counts again.

    Of two who bring the same code at once, the row lets one pass.
    """
    given = plain(code)
    row = (
        await connection.execute(
            sa.select(account.c.second_factor_salt, account.c.second_factor_step)
            .where(account.c.id == account_id)
            .with_for_update(key_share=True)
        )
    ).one_or_none()
    if row is None or row.second_factor_salt is None:
        return False
    step = step_of(secret_of(key, account_id, row.second_factor_salt), given, _at(now))
    if step is not None:
        if row.second_factor_step is not None and step <= row.second_factor_step:
            return False
        values = {"second_factor_step": step}
        await connection.execute(sa.update(account).where(account.c.id == account_id).values(**values))
        return True
    used = await connection.execute(
        sa.delete(recovery_code).where(
            recovery_code.c.account_id == account_id, recovery_code.c.code_hash == _hash(key, account_id, given)
        )
    )
    return used.rowcount > 0


async def state_of(connection: AsyncConnection, account_id: UUID) -> State:
    """How this account stands."""
    left = sa.select(sa.func.count()).where(recovery_code.c.account_id == account_id).scalar_subquery()
    row = (
        await connection.execute(sa.select(account.c.second_factor_since, left).where(account.c.id == account_id))
    ).one_or_none()
    return State(None, 0) if row is None else State(row[0], row[1])


def _seal(key: bytes, account_id: UUID, head: bytes) -> bytes:
    return hmac.digest(key, b"second factor's set-up:" + account_id.bytes + head, "sha256")[:_SALT_BYTES]


def _hash(key: bytes, account_id: UUID, code: str) -> bytes:
    return hmac.digest(key, b"recovery code:" + account_id.bytes + plain(code).encode(), "sha256")


def _at(now: float | None) -> float:
    return time.time() if now is None else now
