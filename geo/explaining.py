"""Why this crew: each crew that could take an incident, with what it would have cost, and which one was chosen.

Pure: no SQL, no clock. What is kept of it stands in `incident_event.candidates`, for the ward's staff to read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from geo.arrival import expected_seconds

MOST = 20
"""Candidates that are kept of one search: the best, so the chosen crew is always among them."""


class Obstacle(StrEnum):
    """Why a crew that suits an incident could not take it."""

    FULL = "FULL"  # it had as many in hand as it can


@dataclass(frozen=True, slots=True)
class Load:
    """How many incidents a crew has in hand, and how many it can have."""

    in_hand: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A crew that suits an incident: `metres` from it as the crow flies, `seconds` until it could begin."""

    crew_id: UUID
    metres: float
    load: Load
    chosen: bool = False

    @property
    def seconds(self) -> float:
        return expected_seconds(self.metres, self.load.in_hand)

    @property
    def obstacle(self) -> Obstacle | None:
        return Obstacle.FULL if self.load.in_hand >= self.load.capacity else None


def weigh(found: Sequence[tuple[int, float, UUID]], loads: Mapping[UUID, Load]) -> dict[int, list[Candidate]]:
    """For each incident, in the order of their numbers, its candidates: the best first, chosen if it has room.

    `found` are (number of the incident, metres, crew), `loads` those of all these crews. The best has the least
    expected arrival of those with room; ties go to the lower id. What one incident takes the next finds taken. An
    incident of which the first candidate is not chosen found no crew.
    """
    suiting: dict[int, list[tuple[float, UUID]]] = {}
    for n, metres, crew_id in found:
        suiting.setdefault(n, []).append((metres, crew_id))
    now = dict(loads)
    weighed: dict[int, list[Candidate]] = {}
    for n in sorted(suiting):
        ranked = sorted((Candidate(crew_id, metres, now[crew_id]) for metres, crew_id in suiting[n]), key=_rank)
        first = ranked[0]
        if first.obstacle is None:
            ranked[0] = Candidate(first.crew_id, first.metres, first.load, chosen=True)
            now[first.crew_id] = Load(first.load.in_hand + 1, first.load.capacity)
        weighed[n] = ranked
    return weighed


def _rank(candidate: Candidate) -> tuple[bool, float, UUID]:
    return candidate.obstacle is not None, candidate.seconds, candidate.crew_id


def as_json(candidates: Sequence[Candidate]) -> str | None:
    """The best `MOST` as they are kept, the chosen one first; None where there are none."""
    if not candidates:
        return None
    best = sorted(candidates, key=lambda candidate: (not candidate.chosen, _rank(candidate)))[:MOST]
    return json.dumps([_kept(candidate) for candidate in best], separators=(",", ":"))


def _kept(candidate: Candidate) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "crewId": str(candidate.crew_id),
        "metres": round(candidate.metres, 1),
        "inHand": candidate.load.in_hand,
        "capacity": candidate.load.capacity,
        "seconds": round(candidate.seconds),
        "chosen": candidate.chosen,
    }
    if not candidate.chosen and candidate.obstacle is not None:
        kept["why"] = candidate.obstacle.value
    return kept
