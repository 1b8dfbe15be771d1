"""What clients were promised, and the look at what is stored that finds every promise not kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from geo.lifecycle import IN_HAND
from geo.secrets import digest
from server.storage import Size, object_name

Answer = tuple[str, str, str]
"""What a report is acknowledged with: the incident's id, its tracking code, its reporter's secret."""


@dataclass
class Sent:
    """One report, however often it was sent."""

    key: UUID
    photos: list[str]
    tries: int = 0
    answers: list[Answer] = field(default_factory=list)


@dataclass
class Ledger:
    """What was sent and what was answered. `strange` is every answer that should never be given."""

    reports: dict[UUID, Sent] = field(default_factory=dict)
    steps: dict[UUID, set[str]] = field(default_factory=dict)
    """Of each incident, the statuses that a crew was told it had taken it to."""
    counts: Counter[str] = field(default_factory=Counter)
    strange: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        return sum(bool(sent.answers) for sent in self.reports.values())


async def broken_promises(connection: asyncpg.Connection, ledger: Ledger, store: Path) -> list[str]:
    """Each promise that is not kept by what is stored, in words; none when all is well and all work is done."""
    incidents = await connection.fetch("SELECT * FROM incident ORDER BY id")
    return [
        *ledger.strange,
        *_reports(ledger, incidents),
        *_histories(ledger, incidents, await connection.fetch("SELECT * FROM incident_event ORDER BY at, id")),
        *_photographs(
            ledger, incidents, await connection.fetch("SELECT * FROM photo"), await _uploads(connection), store
        ),
        *[f"{row['count']} jobs {row['status']}: {row['entrypoint']}" for row in await connection.fetch(_JOBS)],
        *[f"crew {row['name']} has {row['had']} of {row['capacity']}" for row in await connection.fetch(_OVERFULL)],
        *[f"incident {row['id']} waits though a crew has room" for row in await connection.fetch(_FORGOTTEN)],
        *[f"step {row['id']} was told {row['told']} times" for row in await connection.fetch(_TOLD)],
    ]


_JOBS = "SELECT entrypoint, status::text, count(*) FROM jobs.pgqueuer GROUP BY 1, 2 ORDER BY 1, 2"
_IN_HAND = ", ".join(f"'{status}'" for status in sorted(IN_HAND))
_HAD = f"(SELECT count(*) FROM incident i WHERE i.crew_id = c.id AND i.status IN ({_IN_HAND}))"
_OVERFULL = f"SELECT c.name, c.capacity, {_HAD} AS had FROM crew c WHERE {_HAD} > c.capacity"
_FORGOTTEN = f"""
SELECT w.id FROM incident w WHERE w.status = 'RECEIVED' AND EXISTS (
  SELECT FROM crew c JOIN crew_category k ON k.crew_id = c.id AND k.category_id = w.category_id
   WHERE c.ward_code = w.ward_code AND c.on_duty AND {_HAD} < c.capacity)"""
_TOLD = """
SELECT e.id, count(n.id) AS told FROM incident_event e LEFT JOIN notice n
    ON n.event_id = e.id AND n.kind = 'ASSIGNED' AND n.crew_id = e.crew_id
 WHERE e.from_status = 'RECEIVED' AND e.to_status = 'ASSIGNED' AND e.crew_id IS NOT NULL
 GROUP BY e.id HAVING count(n.id) <> 1"""


async def _uploads(connection: asyncpg.Connection) -> set[UUID]:
    return {row["id"] for row in await connection.fetch("SELECT id FROM photo_upload")}


def _reports(ledger: Ledger, incidents: list[Any]) -> list[str]:
    wrong = []
    by_key: dict[bytes, list[Any]] = {}
    for incident in incidents:
        by_key.setdefault(incident["request_key_hash"], []).append(incident)
    for sent in ledger.reports.values():
        found = by_key.pop(digest(str(sent.key)), [])
        if len(found) != 1:
            wrong.append(f"report {sent.key} is there {len(found)} times")
            continue
        if not sent.answers:
            wrong.append(f"report {sent.key} was never acknowledged")
        for id_, code, secret in set(sent.answers):
            told = (id_.rpartition(":")[2], code, digest(secret))
            if told != (str(found[0]["id"]), found[0]["tracking_code"], found[0]["reporter_secret_hash"]):
                wrong.append(f"report {sent.key} was acknowledged as another")
    wrong += [f"incident {found[0]['id']} was reported by nobody" for found in by_key.values()]
    return wrong


def _histories(ledger: Ledger, incidents: list[Any], events: list[Any]) -> list[str]:
    wrong = []
    steps: dict[UUID, list[Any]] = {}
    for event in events:
        steps.setdefault(event["incident_id"], []).append(event)
    for incident in incidents:
        history = steps.get(incident["id"], [])
        path = [step for step in history if step["from_status"] != step["to_status"]]
        before = None
        for step in path:
            if step["from_status"] != before:
                wrong.append(f"incident {incident['id']} went from {before} by {step['from_status']}")
            before = step["to_status"]
        if before != incident["status"]:
            wrong.append(f"incident {incident['id']} is {incident['status']}, its history ends with {before}")
        taken = Counter(step["to_status"] for step in path)
        for status, times in taken.items():
            if times > 1:  # nobody reopens or hands back here
                wrong.append(f"incident {incident['id']} became {status} {times} times")
        wrong += [
            f"incident {incident['id']}: the step to {status} is lost"
            for status in ledger.steps.get(incident["id"], ())
            if not taken[status]
        ]
    return wrong


def _photographs(ledger: Ledger, incidents: list[Any], photos: list[Any], uploads: set[UUID], store: Path) -> list[str]:
    wrong = []
    keys: Mapping[bytes, UUID] = {incident["request_key_hash"]: incident["id"] for incident in incidents}
    named = {
        (UUID(photo.rpartition(":")[2]), keys.get(digest(str(sent.key))))
        for sent in ledger.reports.values()
        for photo in sent.photos
    }
    claimed = {(photo["id"], photo["incident_id"]) for photo in photos}
    wrong += [f"photo {photo} is not with its report" for photo, _ in named - claimed]
    wrong += [f"photo {photo} was claimed by nobody who had it" for photo, _ in claimed - named]
    for photo, _ in claimed:
        wrong += [
            f"photo {photo} has lost its {size}" for size in Size if not (store / object_name(photo, size)).exists()
        ]
        if photo in uploads:
            wrong.append(f"photo {photo} can be claimed once more")
    return wrong
