"""How a ward does: counts and times over the incidents that the caller may see."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from geo.actor import Actor
from geo.incidents import Filter, matching
from geo.lifecycle import OPEN, Status

Rows = sa.Select[Any]


def of_ward(actor: Actor, ward_code: Any, since: datetime | None = None, until: datetime | None = None) -> Rows:
    """One row of counts, and the median hours from report to resolution (NULL where none is resolved)."""
    seen = matching(actor, Filter(reported_from=since, reported_to=until), ward_code=ward_code).subquery("seen")
    columns = seen.c
    open_ = columns.status.in_(OPEN)
    late = columns.overdue
    done = columns.status.in_((Status.RESOLVED, Status.CLOSED))
    hours = sa.extract("epoch", columns.resolved_at - columns.reported_at) / 3600.0
    median: Any = sa.func.percentile_cont(0.5).within_group(hours)

    def count(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.funcfilter(sa.func.count(), sa.and_(*conditions))

    figures: Rows = sa.select(
        sa.func.count().label("total"),
        count(open_, sa.not_(late)).label("open_in_time"),
        count(open_, late).label("open_late"),
        count(done, sa.not_(late)).label("done_in_time"),
        count(done, late).label("done_late"),
        count(columns.status == Status.REJECTED).label("rejected"),
        count(columns.status == Status.DUPLICATE).label("duplicate"),
        sa.cast(sa.funcfilter(median, columns.resolved_at.is_not(None)), sa.Float).label("median_hours"),
    ).select_from(seen)
    return figures
