"""What somebody does about their own account: change the password, have a second factor, end sessions.

Whoever finds a browser signed in should not keep the account: a password is changed with the old one, a second factor
is set up with the password, and replaced or given up with a code, and guessing at either is slowed as at the sign-in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from geo import account_links, audit, passwords, second_factor, sessions, sign_in_delays
from geo.actor import Actor
from geo.database import Database
from geo.errors import InvalidInput, NotAllowed, Problem, TooManyRequests
from geo.language import Text
from geo.plans import bound
from geo.second_factor import Need
from geo.sign_in_delays import Kind
from geo.tables import account, recovery_code, session

WRONG_PASSWORD = Text("Mật khẩu hiện tại chưa đúng.", "The current password is not right.")
SAME_PASSWORD = Text("Mật khẩu mới cần khác mật khẩu cũ.", "The new password must be another one than the old.")
MUST_HAVE = Text(
    "Cán bộ phường và quản trị viên phải dùng bảo mật hai lớp nên không tắt được.",
    "Staff and administrators must have a second factor here, so it cannot be switched off.",
)
CODE_NEEDED = Text(
    "Hãy nhập cả mã của ứng dụng đang dùng, hoặc một mã khôi phục.",
    "Give a code of the app in use as well, or a recovery code.",
)
NOT_OFFERED = Text("Hệ thống này không dùng bảo mật hai lớp.", "There is no second factor here.")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where it is done: by whom, from which address, under which rules."""

    database: Database
    secret_key: bytes
    actor: Actor
    address: str
    need: Need

    @property
    def account_id(self) -> UUID:
        """Whose account it is. Raises `NotAllowed` for who has none."""
        if self.actor.account_id is None:
            raise NotAllowed
        return self.actor.account_id

    @property
    def subject(self) -> str | None:
        """How the log of who did what names it."""
        return audit.account_subject(self.actor.ward_code, self.account_id)


def state(actor: Actor) -> dict[str, sa.ColumnElement[Any]]:
    """Columns about the caller's account: `username`, `second_factor_since`, `recovery_codes_left`."""
    mine = bound(actor.account_id, sa.Uuid())
    left = sa.select(sa.func.count()).where(recovery_code.c.account_id == mine)
    return {
        "username": sa.select(account.c.username).where(account.c.id == mine).scalar_subquery(),
        "second_factor_since": sa.select(account.c.second_factor_since).where(account.c.id == mine).scalar_subquery(),
        "recovery_codes_left": left.scalar_subquery(),
    }


async def change_password(desk: Desk, current: str, new: str) -> int:
    """Another password; every other session ends, how many is given. Raises `InvalidInput`, `TooManyRequests`."""
    if len(new) not in passwords.LENGTHS:
        raise InvalidInput(Problem(("newPassword",), passwords.WRONG_LENGTH))
    if new == current:
        raise InvalidInput(Problem(("newPassword",), SAME_PASSWORD))
    compared = await _check_password(desk, current)
    made = await passwords.hashed(new)
    async with desk.database.write(silent=True) as connection:
        # What was compared must still be the password: of two who change it at once, one does.
        mine = sa.and_(account.c.id == desk.account_id, account.c.password_hash == compared)
        changed = await connection.execute(sa.update(account).where(mine).values(password_hash=made))
        if not changed.rowcount:
            raise InvalidInput(Problem(("currentPassword",), WRONG_PASSWORD))
        await account_links.end_all(connection, desk.account_id)
        ended = await sessions.end_others(connection, desk.actor)
        await audit.record(connection, desk.actor, "changePassword", desk.subject)
    return ended


async def prepare_second_factor(desk: Desk, current: str, code: str | None = None) -> tuple[str, str]:
    """What a second factor is set up with (`second_factor.new_set_up`), and the user name.

    In place of one that stands only with a `code` of that one, of the app or for recovery.

    Raises `InvalidInput`, `NotAllowed`, `TooManyRequests`.
    """
    if desk.need is Need.OFF:
        raise NotAllowed(NOT_OFFERED)
    await _check_password(desk, current)
    async with desk.database.read() as connection:
        stands = await second_factor.standing(connection, desk.secret_key, desk.account_id)
        query = sa.select(account.c.username, account.c.second_factor_since).where(account.c.id == desk.account_id)
        username, since = (await connection.execute(query)).one()
    if since is not None:
        if not code:
            raise InvalidInput(Problem(("code",), CODE_NEEDED))
        await _check_code(desk, code)
    return second_factor.new_set_up(desk.secret_key, desk.account_id, stands), username


async def enable_second_factor(desk: Desk, set_up: str, code: str) -> Sequence[str]:
    """Switch it on by its first code; gives the recovery codes. Raises `InvalidInput`, `NotAllowed`.

    The session in use has passed it; the others end.
    """
    if desk.need is Need.OFF:
        raise NotAllowed(NOT_OFFERED)
    async with desk.database.write(silent=True) as connection:
        codes = await second_factor.switch_on(connection, desk.secret_key, desk.account_id, set_up, code)
        await sessions.end_others(connection, desk.actor)
        mine = sa.update(session).where(session.c.id == desk.actor.session_id)
        if not (await connection.execute(mine.values(second_factor=True))).rowcount:
            raise NotAllowed  # who asks was signed out meanwhile
        await audit.record(connection, desk.actor, "enableSecondFactor", desk.subject)
    return codes


async def disable_second_factor(desk: Desk, code: str) -> None:
    """Switch it off by one of its codes. Raises `InvalidInput`, `NotAllowed`, `TooManyRequests`."""
    if desk.need.demands(desk.actor.role):
        raise NotAllowed(MUST_HAVE)
    await _check_code(desk, code)
    async with desk.database.write(silent=True) as connection:
        await second_factor.switch_off(connection, desk.account_id)
        await audit.record(connection, desk.actor, "disableSecondFactor", desk.subject)


async def renew_recovery_codes(desk: Desk, code: str) -> Sequence[str]:
    """New recovery codes in place of the earlier ones. Raises `InvalidInput`, `TooManyRequests`."""
    await _check_code(desk, code)
    async with desk.database.write(silent=True) as connection:
        codes = await second_factor.new_codes(connection, desk.secret_key, desk.account_id)
        await audit.record(connection, desk.actor, "renewRecoveryCodes", desk.subject)
    return codes


async def end_session(desk: Desk, session_id: UUID) -> None:
    """End one of the caller's sessions. Raises `NotFound`."""
    async with desk.database.write(silent=True) as connection:
        await sessions.end_one(connection, desk.actor, session_id)
        await audit.record(connection, desk.actor, "endSession", desk.subject)


async def end_other_sessions(desk: Desk, *, all_of_them: bool) -> int:
    """End the caller's other sessions, or this one too; how many were ended."""
    async with desk.database.write(silent=True) as connection:
        ended = await sessions.end_others(connection, desk.actor)
        if all_of_them and desk.actor.session_id is not None:
            await sessions.end_one(connection, desk.actor, desk.actor.session_id)
            ended += 1
        await audit.record(connection, desk.actor, "endOtherSessions", desk.subject, details={"sessions": ended})
    return ended


async def _check_password(desk: Desk, password: str) -> str:
    """The hash that this password made. Raises `InvalidInput`, `TooManyRequests`."""
    kind, name = sign_in_delays.PASSWORD, f"own {desk.account_id}"
    async with desk.database.write(silent=True) as connection:
        attempt = await sign_in_delays.count(connection, desk.secret_key, kind, name, desk.address)
        kept = await connection.scalar(sa.select(account.c.password_hash).where(account.c.id == desk.account_id))
    try:
        right = await passwords.matches(kept, password)
    except TooManyRequests:
        async with desk.database.write(silent=True) as connection:
            await sign_in_delays.take_back(connection, attempt)
        raise
    if not right or kept is None:
        raise InvalidInput(Problem(("currentPassword",), WRONG_PASSWORD))
    async with desk.database.write(silent=True) as connection:
        await sign_in_delays.forgive(connection, attempt)
    return str(kept)


async def _check_code(desk: Desk, code: str) -> None:
    kind: Kind = sign_in_delays.CODE
    name = str(desk.account_id)
    async with desk.database.write(silent=True) as connection:
        attempt = await sign_in_delays.count(connection, desk.secret_key, kind, name, desk.address)
    async with desk.database.write(silent=True) as connection:
        right = await second_factor.passed(connection, desk.secret_key, desk.account_id, code)
        if right:
            await sign_in_delays.forgive(connection, attempt)
    if not right:
        raise InvalidInput(Problem(("code",), second_factor.WRONG))
