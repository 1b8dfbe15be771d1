"""What is true of every history of a demo, whatever its size: each step is one that the life cycle allows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from geo.database import Database
from geo.housekeeping import SILENCE
from geo.lifecycle import FINISHED, Party, Status, advance


async def rows_of(database: Database, query: str, **values: Any) -> list[Any]:
    async with database.read() as connection:
        return list((await connection.execute(sa.text(query), values)).all())


async def lawful_histories(database: Database, now: datetime) -> tuple[list[Any], list[Any]]:
    """Check every incident of the database against its history; gives the incidents and the steps."""
    incidents = {row.id: row for row in await rows_of(database, "SELECT * FROM incident")}
    events = await rows_of(database, "SELECT * FROM incident_event ORDER BY incident_id, at, id")
    histories = {key: list(group) for key, group in itertools.groupby(events, key=lambda event: event.incident_id)}
    assert histories.keys() == incidents.keys()
    for incident_id, history in histories.items():
        _check(incidents[incident_id], history, now)
    return list(incidents.values()), events


def _remark(event: Any) -> bool:
    """A note in the history: no step, and about no crew."""
    return event.from_status == event.to_status and event.crew_id is None


def _check(incident: Any, history: Sequence[Any], now: datetime) -> None:
    assert (history[0].from_status, history[0].to_status) == (None, "RECEIVED")
    assert history[0].at == incident.reported_at
    assert [event.id for event in history] == sorted(event.id for event in history)
    status = Status.RECEIVED
    for before, event in itertools.pairwise(history):
        assert before.at < event.at <= now
        assert event.from_status == status
        if _remark(event):
            assert event.to_status == status
            assert event.note
        else:
            status = advance(status, Status(event.to_status), {Party(event.party)})
    assert status == incident.status
    steps = [event for event in history if not _remark(event)]
    reopened = [step for step in steps if step.from_status in FINISHED and step.to_status == "RECEIVED"]
    assert len(reopened) == incident.reopened_count
    if status in (Status.RESOLVED, Status.CLOSED):
        assert incident.resolved_at == [step.at for step in steps if step.to_status == "RESOLVED"][-1]
    else:
        assert incident.resolved_at is None
    assert incident.closed_at == (steps[-1].at if status is Status.CLOSED else None)
    if status is Status.CLOSED and steps[-1].party == Party.SYSTEM:
        assert steps[-1].at - steps[-2].at >= SILENCE
    if status is Status.RESOLVED:
        assert now - incident.resolved_at < SILENCE
    assert all(step.note for step in steps if step.to_status in ("RESOLVED", "REJECTED") or step in reopened)
    assert all((e.account_id is not None) == (e.party in (Party.CREW, Party.STAFF)) for e in history)
    crews = [step.crew_id for step in steps if step.to_status == "ASSIGNED"]
    assert incident.crew_id in (None, *crews[-1:])
    said = [event.note for event in history if event.party == Party.REPORTER and event.note]
    assert incident.satisfaction_comment in (None, *said[-1:])
