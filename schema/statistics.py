"""How a ward does, in figures."""

from __future__ import annotations

import strawberry

from schema.rows import column


@strawberry.type(description="Counts and times over the incidents of a ward that the caller may see.")
class WardStatistics:
    total: int = column("How many were reported.")
    open_in_time: int = column("Open, and not yet late.")
    open_late: int = column("Open, and late.")
    done_in_time: int = column("Dealt with in time.")
    done_late: int = column("Dealt with late.")
    rejected: int = column("Refused, with a reason told to the reporter.")
    duplicate: int = column("Found to be another report of the same problem.")
    median_hours: float | None = column(
        "Half of those dealt with took at most so many hours from report to resolution."
    )
