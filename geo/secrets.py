"""What proves that a caller reported an incident, and what makes a repeated report the same one.

The client makes `requestKey` and keeps it to itself; the server answers with a secret made from it, so a client that
lost the answer gets the same secret by asking again. Only digests of both are stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from uuid import UUID

# Without what is taken for another when it is read from paper: i l 1, o 0, s 5, z 2, g q 9, and v for u.
_LETTERS = "abcdefhjkmnprtuwxy34678"


def to_copy(groups: int, letters: int) -> str:
    """Chance letters and digits to be read aloud or copied from paper, such as `k7mp-3ftx`: each is one of 23."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(letters)) for _ in range(groups))


def digest(secret: str) -> bytes:
    """SHA-256, for what is long and random already: request keys, reporters' secrets, tokens."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def reporter_secret(server_key: bytes, request_key: UUID) -> str:
    """The secret of the report made with `request_key`: HMAC-SHA-256 under the server's key, in 43 letters."""
    made = hmac.digest(server_key, b"reporter:" + request_key.bytes, "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def stop_key(secret_hash: bytes) -> str:
    """What ends the letters about a report and does nothing else: made from the digest of its secret, in 43 letters."""
    made = hmac.digest(secret_hash, b"stop letters", "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
