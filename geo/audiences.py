"""Who may see or do something, in one word: an audience, and what it comes to for each kind of caller.

An audience is a row of docs/permissions.md. It decides nothing: `readable(actor)` of each noun, the roles of each
mutation and `@only` of each page do. The tests of permissions run every cell against the whole application.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Caller(StrEnum):
    """The kinds of caller that the matrix tells apart, beside an object of one ward."""

    ANONYMOUS = "anonymous"
    REPORTER = "reporter with the secret"
    TEAM_MEMBER = "team member"
    CREW_MEMBER = "crew member"
    OTHER_CREW = "member of another crew"
    STAFF = "staff"
    OTHER_STAFF = "staff of another ward"
    ADMIN = "admin"


class Cell(StrEnum):
    """What a caller gets."""

    YES = "yes"
    OWN = "own"  # only what is theirs
    NO = "no"  # null, an empty list, not found, NotAllowed, 401, 403, 404, or the way to the sign-in page


@dataclass(frozen=True, slots=True)
class Audience:
    """`words` say who; `cells` are in the order of `Caller`."""

    words: str
    cells: tuple[Cell, ...]

    def cell(self, caller: Caller) -> Cell:
        return self.cells[list(Caller).index(caller)]


def _audience(words: str, cells: str) -> Audience:
    return Audience(words, tuple(Cell(cell) for cell in cells.split()))


# The cells: anonymous, reporter, team, crew, other crew, staff, other staff, admin.
EVERYBODY = _audience("everybody", "yes yes yes yes yes yes yes yes")
NOBODY = _audience("nobody", "no no no no no no no no")
STAFF = _audience("the ward's staff", "no no no no no yes no yes")
AT_WORK = _audience("the ward's staff; the crew that it is about or that has it", "no no no own no yes no yes")
INVOLVED = _audience("who works on it; who reported it", "no own no own no yes no yes")
FOLLOWING = _audience("who works on it; who reported it; its team", "no own own own no yes no yes")
KEEPING = _audience("the ward's staff; the team itself", "no no own no no yes no yes")
COLLEAGUES = _audience("the ward's staff and crews", "no no no yes yes yes no yes")
WARD = _audience("who works in the ward", "no no yes yes yes yes no yes")
WARD_AND_REPORTER = _audience("who works in the ward; who reported what it has", "no own yes yes yes yes no yes")
REPORTER = _audience("who holds the report's secret", "no own no no no no no no")
REPORTER_OR_STAFF = _audience("who holds the report's secret; the ward's staff", "no own no no no yes no yes")
REPORTER_TEAM_OR_STAFF = _audience(
    "who holds the report's secret; its team; the ward's staff", "no own own no no yes no yes"
)
CREW = _audience("the crew that it is about or that has it", "no no no own no no no no")
EVERY_CREW = _audience("a crew, of itself", "no no no own own no no no")
CREW_OR_STAFF = _audience("a crew, of itself; the ward's staff", "no no no own no yes no yes")
TEAM = _audience("a team, of itself", "no no own no no no no no")
TEAM_OR_STAFF = _audience("a team, of itself; the ward's staff", "no no own no no yes no yes")
TEAM_OR_DESK = _audience("a team, of itself; staff, of their ward", "no no own no no yes own yes")
ACCOUNT = _audience("the ward's staff; whose account it is", "no no own own own yes own yes")
THEMSELVES = _audience("who is signed in, of themselves", "no no own own own own own own")
IN_A_WARD = _audience("who works in one ward, of it", "no no own own own own own no")
DESK = _audience("staff, of their ward", "no no no no no yes own yes")
"""Pages of the desk: staff of another ward are let in, and see their own."""
