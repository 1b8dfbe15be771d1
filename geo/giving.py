"""What becomes of incidents for which the ward itself sought a crew, written for all of them by one statement.

Each is given to a crew, or stays as it is and waits for a person. That nobody could be found is told once: what was
told already is not written again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from geo import journal
from geo.actor import ANONYMOUS
from geo.explaining import Candidate, as_json
from geo.ids import new_id
from geo.lifecycle import Party, Status
from geo.plans import Given, Plan, Statements, array_of
from geo.tables import About, Attention, category, incident

NO_CREW_FOUND = "Chưa tìm được đội xử lý: không có đội phù hợp nào đang trực và còn nhận thêm việc được."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one incident: the status and crew it has afterwards, and the step that its history gains.

    A `public` step is always written; one that is not says why the incident needs a person, and is written where
    that is news. `concerns` is the crew that the step is about.
    """

    ward_code: str
    incident_id: UUID
    before: Status
    after: Status
    crew_id: UUID | None
    concerns: UUID | None
    attention: Attention | None = None
    candidates: Sequence[Candidate] = ()
    note: str | None = None

    @property
    def public(self) -> bool:
        return self.attention is None or self.before is not self.after


def assigned(
    ward_code: str, incident_id: UUID, before: Status, crew_id: UUID, candidates: Sequence[Candidate]
) -> Outcome:
    """It goes to a crew."""
    return Outcome(ward_code, incident_id, before, Status.ASSIGNED, crew_id, crew_id, candidates=candidates)


def nobody(ward_code: str, incident_id: UUID, candidates: Sequence[Candidate]) -> Outcome:
    """Received, it waits: none can take it."""
    return Outcome(
        ward_code,
        incident_id,
        Status.RECEIVED,
        Status.RECEIVED,
        None,
        None,
        Attention.NO_CREW,
        candidates,
        NO_CREW_FOUND,
    )


def accept_by(ward_code: Any, category_id: Any) -> sa.ColumnElement[Any]:
    """When another crew is asked, for an incident of this kind that is assigned now: one expression."""
    minutes = (
        sa.select(category.c.accept_minutes)
        .where(category.c.ward_code == ward_code, category.c.id == category_id)
        .correlate_except(category)
        .scalar_subquery()
    )
    return sa.func.now() + sa.func.make_interval(0, 0, 0, 0, 0, minutes)


_COLUMNS: dict[str, TypeEngine[Any]] = {
    "ward_code": sa.Text(),
    "incident_id": sa.Uuid(),
    "step": sa.Uuid(),
    "before": sa.Text(),
    "after": sa.Text(),
    "crew_id": sa.Uuid(),
    "concerns": sa.Uuid(),
    "attention": sa.Text(),
    "public": sa.Boolean(),
    "note": sa.Text(),
    "candidates": sa.Text(),
    "about": sa.Text(),
}


def _written() -> sa.Update:
    arrays = [array_of(name, of_type) for name, of_type in _COLUMNS.items()]
    given = sa.func.unnest(*arrays).table_valued(*(sa.column(name, of_type) for name, of_type in _COLUMNS.items()))
    given = given.render_derived(name="given")
    held = incident.alias("held")
    # The statement reads rows as they were before it: what had been told shows, whichever part runs first.
    news = (
        sa.select(*given.c)
        .select_from(given.join(held, sa.and_(held.c.ward_code == given.c.ward_code, held.c.id == given.c.incident_id)))
        .where(sa.or_(given.c.public, held.c.attention.is_distinct_from(given.c.attention)))
        .cte("news")
    )
    steps = journal.steps(
        news,
        incident_id=lambda row: row.incident_id,
        id=lambda row: row.step,
        from_status=lambda row: row.before,
        to_status=lambda row: row.after,
        party=lambda _: sa.literal(Party.SYSTEM.value, sa.Text),
        crew_id=lambda row: row.concerns,
        public=lambda row: row.public,
        note=lambda row: row.note,
        candidates=lambda row: sa.cast(row.candidates, JSONB),
        about=lambda row: row.about,
    )
    waits = given.c.after == sa.literal(Status.ASSIGNED.value, sa.Text)
    until = sa.case((waits, accept_by(incident.c.ward_code, incident.c.category_id)))
    return (
        sa.update(incident)
        .where(incident.c.ward_code == given.c.ward_code, incident.c.id == given.c.incident_id)
        .where(sa.or_(given.c.public, waits, incident.c.attention.is_distinct_from(given.c.attention)))
        .values(status=given.c.after, crew_id=given.c.crew_id, attention=given.c.attention, accept_by=until)
        .add_cte(steps.cte("steps"))
    )


_WRITTEN = Plan(_written())


async def write_all(statements: Statements, outcomes: Sequence[Outcome]) -> None:
    """Write what became of incidents, each of which the caller holds locked in the status `before`."""
    if not outcomes:
        return
    values = {
        "ward_code": [one.ward_code for one in outcomes],
        "incident_id": [one.incident_id for one in outcomes],
        "step": [new_id() for _ in outcomes],
        "before": [one.before.value for one in outcomes],
        "after": [one.after.value for one in outcomes],
        "crew_id": [one.crew_id for one in outcomes],
        "concerns": [one.concerns for one in outcomes],
        "attention": [None if one.attention is None else one.attention.value for one in outcomes],
        "public": [one.public for one in outcomes],
        "note": [one.note for one in outcomes],
        "candidates": [as_json(one.candidates) for one in outcomes],
        "about": [None if one.public else About.ATTENTION.value for one in outcomes],
    }
    await statements.rows(_WRITTEN, Given(ANONYMOUS, values))
