"""Passwords: kept as argon2id hashes, and compared in the same time whether or not there is anything to compare with.

Hashing takes some 50 ms and 64 MiB, so a server does it on two threads of its own: a burst of sign-ins waits its turn
instead of stopping the server or filling its memory. Only so many wait: the rest are asked to come again.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from geo.errors import InvalidInput, Problem, TooManyRequests
from geo.language import Text
from geo.secrets import to_copy

LENGTHS = range(10, 1025)
NONE_YET = ""
"""The hash of an account that has no password yet: none fits it."""
WRONG_LENGTH = Text("Mật khẩu dài từ 10 đến 1024 ký tự.", "A password has 10 to 1024 characters.")
_HASHER = PasswordHasher()
MOST_WAITING = 20
"""How many may wait or run at once: about half a second's work."""
RETRY_AFTER = 5
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


_waiting: set[object] = set()

Done = TypeVar("Done")


def new_password() -> str:
    """A password for somebody's first sign-in, to be read aloud or copied from paper: `k7mp-3ftx-hw4c-yn68`.

    Sixteen letters and digits, each of 23: 72 bits.
    """
    return to_copy(groups=4, letters=4)


def hash_password(password: str) -> str:
    """The argon2id hash to store. Blocks for some 50 ms. Raises `InvalidInput` for a password too short or too long."""
    if len(password) not in LENGTHS:
        raise InvalidInput(Problem(("password",), WRONG_LENGTH))
    return _HASHER.hash(_bytes(password))


async def matches(password_hash: str | None, password: str) -> bool:
    """Whether this password made that hash. Without a hash it never did, which takes as long to find out.

    Raises `TooManyRequests` when `MOST_WAITING` others are waiting already.
    """
    if len(password) >= LENGTHS.stop:
        return False
    return await _in_turn(partial(_verify, password_hash, _bytes(password)))


async def hashed(password: str) -> str:
    """`hash_password` for a server: hold no connection meanwhile. Raises `TooManyRequests` as `matches` does."""
    return await _in_turn(partial(hash_password, password))


async def _in_turn(work: Callable[[], Done]) -> Done:
    if len(_waiting) >= MOST_WAITING:
        raise TooManyRequests(RETRY_AFTER)
    turn = object()
    _waiting.add(turn)
    try:
        return await asyncio.get_running_loop().run_in_executor(_THREADS, work)
    finally:
        _waiting.discard(turn)


def _bytes(password: str) -> bytes:
    # Composed: one keyboard writes "đ" and "ườ" in other pieces than the next.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


@cache
def _hash_of_nothing() -> str:
    return _HASHER.hash("nobody has this password")


def _verify(password_hash: str | None, password: bytes) -> bool:
    try:
        return _HASHER.verify(password_hash or _hash_of_nothing(), password) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False
