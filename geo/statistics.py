"""How a ward does: counts and times over the incidents that the caller may see.

Each incident counts once, by how it stands now: open or dealt with, each in time or late, refused, or a duplicate.
What was dealt with late stays late. The share in time is of those whose time has come: dealt with, or open and late.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.types import TypeEngine

from geo import categories, neighbourhoods
from geo.actor import Actor
from geo.clock import ZONE
from geo.incidents import Filter, matching
from geo.lifecycle import OPEN, Status
from geo.ordering import natural
from geo.reading import Condition, any_of, staff_of
from geo.tables import Satisfaction, category, incident

Rows = sa.Select[Any]
Column = sa.ColumnElement[Any]

LEAST_RATED = 5
"""Verdicts of fewer reporters are not counted for those who may not read a single one: too few to hide among.

For them only the ward's verdicts of all time are counted: two periods that differ by one report, or a group taken from
the whole, would tell what one reporter said.
"""

_COUNTS = (
    "total",
    "open_in_time",
    "open_late",
    "done_in_time",
    "done_late",
    "rejected",
    "duplicate",
    "reopened",
)
_FIGURES: dict[str, TypeEngine[Any]] = {
    **{name: sa.Integer() for name in _COUNTS},
    "share_in_time": sa.Float(),
    "median_hours": sa.Float(),
    **{name: sa.Integer() for name in ("rated", "satisfied", "acceptable", "dissatisfied")},
}


def of_ward(actor: Actor, ward_code: Any, since: datetime | None = None, until: datetime | None = None) -> Rows:
    """One row of figures for the incidents reported from `since` until before `until`, and of figures in groups.

    `by_category`, `by_neighbourhood` and `by_month` hold the groups as JSON, for `in_categories`, `in_neighbourhoods`
    and `in_months` to read. The incidents are read once, found by `ix_incident_newest`; groups that nobody asks for
    cost nothing.
    """
    seen = _seen(actor, ward_code, since, until)
    all_ratings = staff_of(actor, sa.cast(ward_code, sa.Text))
    many = [sa.func.count(seen.c.verdict) >= LEAST_RATED] if since is None and until is None else []
    whole = sa.select(*_figures(seen, any_of(all_ratings, *many))).select_from(seen).subquery("whole")
    groups: Mapping[str, Column] = {
        "category_id": seen.c.category_id,
        "neighbourhood_id": seen.c.neighbourhood_id,
        "month": seen.c.month,
    }
    columns: list[Any] = [
        _as_json(sa.select(key.label(name), *_figures(seen, all_ratings)).group_by(key)).label(f"by_{name}")
        for name, key in groups.items()
    ]
    ward: Any = sa.cast(ward_code, sa.Text).label("ward_code")
    return sa.select(ward, *whole.c, *columns).add_cte(seen, nest_here=True)


def in_categories(actor: Actor, ward_code: Any, groups: Any) -> Rows:
    """The figures of each kind of incident that the caller may see, noughts included, in the ward's order."""
    shown = any_of(category.c.public, staff_of(actor, category.c.ward_code))
    kinds = categories.of_ward(actor, ward_code).where(shown).order_by(None).subquery("kind")
    return _of_each(kinds, groups, ward_code, "category_id").order_by(kinds.c.position, kinds.c.code)


def in_neighbourhoods(actor: Actor, ward_code: Any, groups: Any) -> Rows:
    """The figures of each neighbourhood that the ward has now, noughts included, by name.

    After them those of former neighbourhoods, and of what lies in none, under a NULL `neighbourhood_id`.
    """
    around = neighbourhoods.of_ward(actor, ward_code).subquery("around")
    return _of_each(around, groups, ward_code, "neighbourhood_id").order_by(natural(around.c.name), around.c.id)


def in_months(groups: Any) -> Rows:
    """The figures of each month, such as `2026-11`, in which something was reported, the earliest first."""
    group = _from_json(groups, "month", sa.Text())
    figures = [column for column in group.c if column.name != "month"]
    return sa.select(sa.func.left(group.c.month, 7).label("month"), *figures).order_by(group.c.month)


def _seen(actor: Actor, ward_code: Any, since: datetime | None, until: datetime | None) -> sa.CTE:
    """What the caller may see, a row for each incident: its groups, how it stands, and the reporter's verdict."""
    wanted = Filter(reported_from=since, reported_to=until)
    # The verdict itself, which the public may not read of any single incident: see `LEAST_RATED`.
    rows = matching(actor, wanted, ward_code=ward_code).add_columns(incident.c.satisfaction.label("verdict"))
    of = rows.subquery("incident_seen").c
    done = of.status.in_((Status.RESOLVED, Status.CLOSED))
    hours = sa.cast(sa.extract("epoch", of.resolved_at - of.reported_at), sa.Float) / 3600.0
    columns: list[Any] = [
        of.category_id,
        of.neighbourhood_id,
        sa.func.date_trunc("month", sa.func.timezone(ZONE, of.reported_at)).label("month"),
        of.status.in_(OPEN).label("open"),
        done.label("done"),
        of.overdue.label("late"),
        of.status,
        of.reopened_count,
        of.verdict,
        sa.case((done, hours)).label("hours"),
    ]
    return sa.select(*columns).cte("seen")


def _figures(seen: sa.CTE, ratings: Condition) -> list[Any]:
    """The columns of `_FIGURES` over the rows of a group; `ratings` says whether its verdicts are told."""
    of = seen.c

    def count(*conditions: Condition) -> sa.ColumnElement[int]:
        return sa.funcfilter(sa.func.count(), sa.and_(*conditions))

    in_time = count(of.done, sa.not_(of.late))
    late = count(of.late, sa.or_(of.open, of.done))
    rated = sa.func.count(of.verdict)

    def verdicts(number: sa.ColumnElement[int]) -> Column:
        return sa.case((ratings, number))

    figures: dict[str, Column] = {
        "total": sa.func.count(),
        "open_in_time": count(of.open, sa.not_(of.late)),
        "open_late": count(of.open, of.late),
        "done_in_time": in_time,
        "done_late": count(of.done, of.late),
        "rejected": count(of.status == Status.REJECTED),
        "duplicate": count(of.status == Status.DUPLICATE),
        "reopened": count(of.reopened_count > 0),
        "share_in_time": sa.cast(in_time, sa.Float) / sa.cast(sa.func.nullif(in_time + late, 0), sa.Float),
        "median_hours": sa.cast(sa.func.percentile_cont(0.5).within_group(of.hours), sa.Float),
        "rated": verdicts(rated),
        "satisfied": verdicts(count(of.verdict == Satisfaction.SATISFIED)),
        "acceptable": verdicts(count(of.verdict == Satisfaction.ACCEPTABLE)),
        "dissatisfied": verdicts(count(of.verdict == Satisfaction.DISSATISFIED)),
    }
    return [figures[name].label(name) for name in _FIGURES]


def _as_json(groups: Rows) -> sa.ScalarSelect[Any]:
    group = groups.subquery("of_group")
    return sa.select(sa.func.json_agg(sa.literal_column("of_group"), type_=JSON)).select_from(group).scalar_subquery()


def _from_json(groups: Any, key: str, of_type: TypeEngine[Any]) -> Any:
    columns = [sa.column(key, of_type), *(sa.column(name, known) for name, known in _FIGURES.items())]
    return sa.func.json_to_recordset(groups).table_valued(*columns).render_derived("of_group", with_types=True)


def _of_each(every: Any, groups: Any, ward_code: Any, key: str) -> Rows:
    """The figures of `every` row and of groups beside them; where nothing was reported, all counts are 0."""
    group = _from_json(groups, key, sa.Uuid())
    figures: list[Any] = [
        sa.func.coalesce(group.c[name], 0).label(name) if name in _COUNTS else group.c[name] for name in _FIGURES
    ]
    of: Any = sa.func.coalesce(every.c.id, group.c[key], type_=sa.Uuid).label(key)
    ward: Any = sa.cast(ward_code, sa.Text).label("ward_code")
    return sa.select(ward, of, *figures).select_from(every.outerjoin(group, every.c.id == group.c[key], full=True))
