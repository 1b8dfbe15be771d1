"""A challenge that costs a phone seconds of work and a person nothing: ALTCHA's scheme, by our own server.

`GET /challenge` gives the parameters of a search: for which number does PBKDF2 begin so? Where the number lies is
known here, so a challenge costs one round to make and an HMAC to check, and nothing is stored of it until its solution
comes with a report. It is good for one report, in whichever process, and for ten minutes.
"""

from __future__ import annotations

import hmac
import secrets
import time
from typing import Any

import altcha
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from server.pages.trouble import trouble

PATH = "/challenge"
SECONDS = 600
"""How long a challenge may be solved."""
_ALGORITHM = "PBKDF2/SHA-256"  # which browsers do natively, and so as fast as who would misuse them
_COST = 2_000
_LONGEST = 4_096


class Challenges:
    """Makes challenges and knows solutions. `rounds` is the most that a solution takes, half of it the least."""

    def __init__(self, secret_key: bytes, rounds: int) -> None:
        self._signing = hmac.digest(secret_key, b"challenges", "sha256")
        self._solving = hmac.digest(secret_key, b"solutions", "sha256")
        self._rounds = rounds

    @property
    def given(self) -> bool:
        """Whether any are."""
        return self._rounds > 0

    def new(self) -> dict[str, Any]:
        """A challenge as ALTCHA's clients read it (version 2)."""
        number = self._rounds - secrets.randbelow(self._rounds // 2 + 1)
        challenge = altcha.create_challenge(
            _ALGORITHM,
            _COST,
            counter=number,
            expires_at=int(time.time()) + SECONDS,
            hmac_secret=self._signing,
            hmac_key_secret=self._solving,
        )
        told: dict[str, Any] = challenge.to_dict()
        return told

    def solved(self, solution: str | None) -> str | None:
        """Which challenge this solves; None where it is no solution, or comes too late.

        Whether it was used before is not known here.
        """
        if not self.given or solution is None or len(solution) > _LONGEST:
            return None
        try:
            payload = altcha.Payload.from_base64(solution)
            result = altcha.verify_solution(payload, self._signing, hmac_key_secret=self._solving)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            return None
        return payload.challenge.signature if result.verified else None


async def challenge(request: Request) -> Response:
    """`GET /challenge`: a challenge; 404 where none are given."""
    challenges: Challenges = request.app.state.challenges
    if not challenges.given:
        return trouble(request, 404)
    return Response(
        orjson.dumps(challenges.new()), headers={"Cache-Control": "no-store"}, media_type="application/json"
    )


routes: list[BaseRoute] = [Route(PATH, challenge, methods=["GET"])]
