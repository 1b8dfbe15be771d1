"""How a ward does, in figures."""

from __future__ import annotations

import strawberry

from geo import statistics
from schema.categories import Category
from schema.links import NeighbourhoodLink
from schema.relations import category_of, neighbourhood_of
from schema.rows import Row, Rows, column, field

STATISTICS = 3_000
"""What the figures of a ward cost, in rows: all that was reported is read for them, in the time that thousands of rows
of other lists take, so that three of them are all that one query may ask for as the limit is set."""


@strawberry.interface(
    description="Counts and times over incidents that the caller may see. Each counts once, by how it stands now; what "
    "was dealt with late stays late. After a reopening the new deadline counts."
)
class IncidentFigures:
    total: int = column("How many were reported.")
    open_in_time: int = column("Open, and not yet late.")
    open_late: int = column("Open, and late.")
    done_in_time: int = column("Dealt with in time.")
    done_late: int = column("Dealt with late.")
    rejected: int = column("Refused, with a reason told to the reporter.")
    duplicate: int = column("Found to be another report of the same problem.")
    reopened: int = column("Reopened at least once, however they stand now.")
    share_in_time: float | None = column(
        "From 0 to 1: those dealt with in time, of all dealt with or open and late. None where there are none."
    )
    median_hours: float | None = column(
        "Half of those dealt with took at most so many hours from report to resolution."
    )
    rated: int | None = column(
        "How many reporters gave a verdict. Others than staff learn this only of the ward of all time, from five on."
    )
    satisfied: int | None = column("Verdicts: satisfied (hài lòng).")
    acceptable: int | None = column("Verdicts: acceptable (chấp nhận được).")
    dissatisfied: int | None = column("Verdicts: dissatisfied (không hài lòng).")


@strawberry.type(description="The figures of one kind of incident.")
class CategoryStatistics(IncidentFigures):
    category: Category = field(category_of, "The kind.")


@strawberry.type(description="The figures of one neighbourhood.")
class NeighbourhoodStatistics(IncidentFigures):
    neighbourhood: NeighbourhoodLink | None = field(
        neighbourhood_of, "The neighbourhood; none for what was reported outside all of them."
    )


@strawberry.type(description="The figures of what was reported in one month.")
class MonthStatistics(IncidentFigures):
    month: str = column("The month in Vietnam's time, such as 2026-11.")


def _by_category(root: Row) -> Rows:
    select = statistics.in_categories(root.seen_by, root.ward_code, root.by_category_id)
    return Rows("CategoryStatistics", select, root.seen_by, weight=10)


def _by_neighbourhood(root: Row) -> Rows:
    select = statistics.in_neighbourhoods(root.seen_by, root.ward_code, root.by_neighbourhood_id)
    return Rows("NeighbourhoodStatistics", select, root.seen_by, weight=50)


def _by_month(root: Row) -> Rows:
    return Rows("MonthStatistics", statistics.in_months(root.by_month), root.seen_by, weight=12)


@strawberry.type(description="How a ward does: the figures of all that was reported in a period, and in groups.")
class WardStatistics(IncidentFigures):
    by_category: list[CategoryStatistics] = field(
        _by_category, "By kind of incident, in the ward's order; each that the caller may see."
    )
    by_neighbourhood: list[NeighbourhoodStatistics] = field(
        _by_neighbourhood,
        "By neighbourhood, by name: those the ward has now, then former ones, then what lies in none.",
    )
    by_month: list[MonthStatistics] = field(
        _by_month, "By month, the earliest first; months in which nothing was reported are left out."
    )
