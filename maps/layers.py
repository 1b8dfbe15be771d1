"""What each layer of the digital map shows, as SQL over `readable(actor)`: one statement, one GeoJSON text, no rows.

Every function gives a statement whose single row holds `body`, a FeatureCollection (RFC 7946) as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from geo import categories, counting, incidents, neighbourhoods, places, teams, wards
from geo.actor import Actor
from geo.incidents import Filter
from geo.lifecycle import Status
from geo.ordering import natural
from geo.reading import refers
from maps.window import LateWindow, Window

Statement = sa.Select[Any]
Pairs = Mapping[str, Any]

DISPLAY_DECIMALS = 6
"""A decimetre: finer than any screen, a tenth smaller than what exports carry."""

SINGLES = 200
"""How many incidents a window shows one by one at most; beyond that it shows clusters at any zoom."""


def _object(pairs: Pairs) -> sa.ColumnElement[Any]:
    """The one place where a layer's JSON is written."""
    return sa.func.json_build_object(*(part for key, value in pairs.items() for part in (sa.literal(key), value)))


def _geojson(geometry: Any) -> sa.ColumnElement[Any]:
    return sa.cast(sa.func.ST_AsGeoJSON(geometry, DISPLAY_DECIMALS), sa.JSON)


def _feature(geometry: Any, properties: Pairs, **members: Any) -> sa.ColumnElement[Any]:
    return _object({"type": sa.literal("Feature"), **members, "geometry": geometry, "properties": _object(properties)})


def collection(features: Any, **members: Any) -> sa.ColumnElement[str]:
    listed = sa.func.coalesce(sa.func.json_agg(features), sa.cast(sa.literal("[]"), sa.JSON))
    body = _object({"type": sa.literal("FeatureCollection"), **members, "features": listed})
    return sa.cast(body, sa.Text).label("body")


def ward(actor: Actor, ward_code: str) -> Statement:
    """The ward's outline."""
    row = wards.with_code(actor, ward_code).subquery("w")
    shown = _feature(_geojson(row.c.boundary), {"code": row.c.code, "name": row.c.name})
    return sa.select(collection(shown))


def neighbourhood_areas(actor: Actor, ward_code: str) -> Statement:
    """The neighbourhoods as they are now, each with its community digital team and where to write its name."""
    row = neighbourhoods.of_ward(actor, ward_code).subquery("n")
    team = teams.readable(actor).subquery("t")
    label = _geojson(sa.func.ST_PointOnSurface(row.c.boundary))
    properties = {"id": row.c.id, "name": row.c.name, "team": team.c.name, "label": label}
    shown = (
        sa.select(_feature(_geojson(row.c.boundary), properties).label("feature"))
        .select_from(row.outerjoin(team, refers(team, row, "neighbourhood_id", "id")))
        .order_by(natural(row.c.name))
        .subquery("shown")
    )
    return sa.select(collection(shown.c.feature))


def place_points(actor: Actor, ward_code: str) -> Statement:
    """Every place of the ward that the caller may see."""
    row = places.matching(actor, ward_code).subquery("p")
    around = neighbourhoods.readable(actor).subquery("n")
    properties = {
        "id": row.c.id,
        "kind": row.c.kind,
        "name": row.c.name,
        "address": row.c.address,
        "phone": row.c.phone,
        "openingHours": row.c.opening_hours,
        "neighbourhoodId": row.c.neighbourhood_id,
        "neighbourhood": around.c.name,
    }
    shown = (
        sa.select(_feature(_geojson(row.c.location), properties).label("feature"))
        .select_from(row.outerjoin(around, refers(around, row, "id", "neighbourhood_id")))
        .order_by(row.c.kind, natural(row.c.name), row.c.id)
        .subquery("shown")
    )
    return sa.select(collection(shown.c.feature))


LAYERS: dict[str, Callable[[Actor, str], Statement]] = {
    "ward": ward,
    "neighbourhoods": neighbourhood_areas,
    "places": place_points,
}
"""The layers that are sent whole, by the name in their address. Incidents are sent by window."""


def incident_kinds(actor: Actor, ward_code: str) -> Statement:
    """The kinds of incident that the caller may see, with how many there are in each status: an array in `body`."""
    kind = categories.readable(actor).subquery("c")
    tally = counting.tallied(actor, ward_code).subquery("tally")
    by_kind = (
        sa.select(tally.c.category_id, sa.func.json_object_agg(tally.c.status, tally.c.n).label("counts"))
        .group_by(tally.c.category_id)
        .cte("by_kind")
    )
    shown = _object(
        {
            "code": kind.c.code,
            "name": kind.c.name,
            "nameEn": kind.c.name_en,
            "icon": kind.c.icon,
            "counts": sa.func.coalesce(by_kind.c.counts, sa.cast(sa.literal("{}"), sa.JSON)),
        }
    )
    order = aggregate_order_by(shown, kind.c.position, kind.c.code)
    listed = sa.func.coalesce(sa.func.json_agg(order), sa.cast(sa.literal("[]"), sa.JSON))
    # A private kind is named only to those who see such incidents.
    seen = sa.or_(kind.c.public, by_kind.c.counts.is_not(None))
    source = kind.outerjoin(by_kind, by_kind.c.category_id == kind.c.id)
    return (
        sa.select(sa.cast(listed, sa.Text).label("body")).select_from(source).where(kind.c.ward_code == ward_code, seen)
    )


def incident_heat(
    actor: Actor,
    ward_code: str,
    window: Window | LateWindow,
    statuses: Sequence[Status] | None = None,
    kinds: Sequence[str] | None = None,
) -> Statement:
    """How dense the window's incidents are: in `body` an array of [longitude, latitude, n], a cell's middle each."""
    cell = counting.counted(actor, window.fine, ward_code, statuses, kinds).subquery("cell")
    place = [
        sa.func.round(sa.cast(ordinate, sa.Numeric), DISPLAY_DECIMALS - 1)
        for ordinate in (cell.c.longitude, cell.c.latitude)
    ]
    listed = sa.func.json_agg(sa.func.json_build_array(*place, cell.c.n))
    return sa.select(sa.cast(sa.func.coalesce(listed, sa.cast(sa.literal("[]"), sa.JSON)), sa.Text).label("body"))


def neighbourhood_names(actor: Actor, ward_code: str) -> Statement:
    """For the list beside the map: rows of `id`, `name`, `team`."""
    row = neighbourhoods.of_ward(actor, ward_code).subquery("n")
    team = teams.readable(actor).subquery("t")
    columns: list[Any] = [row.c.id, row.c.name, team.c.name.label("team")]
    return (
        sa.select(*columns)
        .select_from(row.outerjoin(team, refers(team, row, "neighbourhood_id", "id")))
        .order_by(natural(row.c.name))
    )


def shown_ward(actor: Actor, ward_code: str | None) -> Statement:
    """The ward that a page shows, the first by code without one: `code`, `name`, `demo` and its box in degrees."""
    row = wards.chosen(actor, ward_code).subquery("w")
    sides = (("west", "ST_XMin"), ("south", "ST_YMin"), ("east", "ST_XMax"), ("north", "ST_YMax"))
    corners = [getattr(sa.func, function)(row.c.boundary).label(name) for name, function in sides]
    columns: list[Any] = [row.c.code, row.c.name, row.c.demo, *corners]
    return sa.select(*columns)


def incident_points(
    actor: Actor,
    ward_code: str,
    window: Window | LateWindow,
    statuses: Sequence[Status] | None = None,
    kinds: Sequence[str] | None = None,
) -> Statement:
    """The window's incidents one by one, at most `SINGLES` and one more; `total` says how many were taken."""
    return points_among(actor, ward_code, Filter(statuses=statuses, categories=kinds, within=window.box))


def points_among(actor: Actor, ward_code: str, wanted: Filter) -> Statement:
    """As `incident_points`, of what a filter lets through; it says where."""
    row = incidents.matching(actor, wanted, ward_code=ward_code).limit(SINGLES + 1).subquery("i")
    feature, source = incident_feature(actor, row)
    shown = sa.select(feature.label("feature")).select_from(source).order_by(row.c.reported_at.desc()).subquery("shown")
    columns: list[Any] = [collection(shown.c.feature, total=sa.func.count()), sa.func.count().label("total")]
    return sa.select(*columns)


def incident_clusters(
    actor: Actor,
    ward_code: str,
    window: Window | LateWindow,
    statuses: Sequence[Status] | None = None,
    kinds: Sequence[str] | None = None,
) -> Statement:
    """The window's incidents counted by cell; a cell with a single one shows that one.

    A cluster stands at the middle of its members, carries their number `n`, and their box as the feature's `bbox`.
    """
    counted = counting.counted(actor, window.cells, ward_code, statuses, kinds)
    return _clusters(actor, ward_code, window.cells.level, counted)


def clusters_among(actor: Actor, ward_code: str, window: Window, wanted: Filter) -> Statement:
    """As `incident_clusters`, of what a filter lets through."""
    counted = counting.counted_among(actor, window.cells, ward_code, wanted)
    return _clusters(actor, ward_code, window.cells.level, counted)


def _clusters(actor: Actor, ward_code: str, of_level: Any, counted: sa.Select[Any]) -> Statement:
    cell = counted.cte("cell")
    middle = sa.func.ST_MakePoint(cell.c.longitude, cell.c.latitude)
    level = sa.cast(sa.literal(of_level), sa.Text)
    key = sa.func.concat(level, ":", cell.c.x, ":", cell.c.y)
    cluster = _feature(
        _geojson(middle),
        {"id": key, "n": cell.c.n},
        bbox=sa.func.json_build_array(cell.c.west, cell.c.south, cell.c.east, cell.c.north),
    )
    single = incidents.readable(actor).subquery("i")
    feature, source = incident_feature(actor, single)
    shown = sa.union_all(
        sa.select(cluster.label("feature"), cell.c.n.label("n")).where(cell.c.n > 1),
        sa.select(feature, sa.literal_column("1")).select_from(
            source.join(cell, sa.and_(cell.c.n == 1, single.c.ward_code == ward_code, single.c.id == cell.c.one))
        ),
    ).subquery("shown")
    total = sa.func.coalesce(sa.func.sum(shown.c.n), 0)
    return sa.select(collection(shown.c.feature, total=total), total.label("total"))


def incident_feature(actor: Actor, row: Any) -> tuple[sa.ColumnElement[Any], sa.Join]:
    """One incident as its card needs it, and what it is selected from."""
    kind = categories.readable(actor).subquery("c")
    properties = {
        "id": row.c.id,
        "n": sa.literal(1),
        "code": row.c.tracking_code,
        "category": kind.c.code,
        "name": kind.c.name,
        "nameEn": kind.c.name_en,
        "icon": kind.c.icon,
        "status": row.c.status,
        "reportedAt": row.c.reported_at,
        "dueAt": row.c.due_at,
        "resolvedAt": row.c.resolved_at,
        "overdue": row.c.overdue,
        "description": row.c.description,
        "address": row.c.address,
    }
    return _feature(_geojson(row.c.location), properties), row.join(kind, refers(kind, row, "id", "category_id"))
