"""The relations that several types have: from a row that names a ward, a neighbourhood, a crew or a category to it."""

from __future__ import annotations

from geo import categories, crews, neighbourhoods, teams, wards
from schema.rows import Row, Rows


def ward_of(root: Row) -> Rows:
    return Rows("Ward", wards.with_code(root.seen_by, root.ward_code), root.seen_by)


def category_of(root: Row) -> Rows:
    return Rows("Category", categories.with_id(root.seen_by, root.ward_code, root.category_id), root.seen_by)


def neighbourhood_of(root: Row) -> Rows:
    select = neighbourhoods.with_id(root.seen_by, root.ward_code, root.neighbourhood_id)
    return Rows("Neighbourhood", select, root.seen_by)


def team_of(root: Row) -> Rows:
    """The team of the neighbourhood that the row names."""
    select = teams.of_neighbourhood(root.seen_by, root.ward_code, root.neighbourhood_id)
    return Rows("Team", select, root.seen_by)


def crew_of(root: Row) -> Rows:
    return Rows("Crew", crews.with_id(root.seen_by, root.ward_code, root.crew_id), root.seen_by)
