"""Vector tiles (Mapbox Vector Tile 2) from SQL over `readable(actor)`: one statement, one tile, no rows.

A tile is `zoom`, `x`, `y` of the web's usual scheme (Web Mercator, y from the north), 4,096 units wide, with 64 units
of its neighbours' ground around it. What a tile holds is bounded: outlines come in copies rounded for the zoom, what is
small comes only when the map is near, and many incidents come counted by cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geo import categories, counting, incidents, neighbourhoods, places, wards
from geo.actor import Actor
from geo.cells import Cells, LateCells, within_tile
from geo.incidents import Filter
from geo.lifecycle import Status
from geo.plans import Given, bound, slot
from geo.tables import MERCATOR, SRID

Statement = sa.Select[Any]

MAX_ZOOM = 22
EXTENT = 4096
BUFFER = 64

NAMES_ZOOM = 9
"""From here on wards carry their names."""
NEIGHBOURHOODS_ZOOM = 11
PLACES_ZOOM = 13
SINGLES_ZOOM = 16
"""From here on each incident stands for itself, unless the tile holds too many."""
SINGLES = 500
FINER = 3
"""Clusters are counted in 8 by 8 cells a tile."""
MOST = 5_000
"""How many features a tile holds at most, whatever the data: more than it ever does where wards are as they are."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Which tile, and of which ward; without one, of all."""

    zoom: int
    x: int
    y: int
    ward_code: str | None = None

    @property
    def _numbers(self) -> tuple[sa.ColumnElement[int], ...]:
        return tuple(sa.cast(bound(number, sa.Integer()), sa.Integer) for number in (self.zoom, self.x, self.y))

    @property
    def bounds(self) -> sa.ColumnElement[Any]:
        """The tile in Web Mercator."""
        return sa.func.ST_TileEnvelope(*self._numbers)

    @property
    def ground(self) -> sa.ColumnElement[Any]:
        """The tile and its margin in degrees, for what is stored in degrees."""
        wide = sa.func.ST_Expand(self.bounds, (sa.func.ST_XMax(self.bounds) - sa.func.ST_XMin(self.bounds)) / 64)
        # Beyond the poles of Web Mercator there are no degrees.
        world = sa.func.ST_TileEnvelope(0, 0, 0)
        return sa.func.ST_Transform(sa.func.ST_Intersection(wide, world), SRID)

    @property
    def cells(self) -> Cells | LateCells:
        """The cells that are counted, with one cell of the neighbours' on each side."""
        return within_tile(self.zoom, self.x, self.y, FINER, 1)

    def drawn(self, geometry: Any) -> sa.Label[Any]:
        """A Web Mercator geometry in the tile's units; NULL where nothing of it is in the tile."""
        return sa.func.ST_AsMVTGeom(geometry, self.bounds, EXTENT, BUFFER, True).label("geometry")


class LateTile(Tile):
    """A tile of a known zoom that is not known while a statement is made: given as `tile`."""

    @property
    def cells(self) -> LateCells:
        return LateCells(self.zoom + FINER, lambda given: given.values["tile"].cells)


def late(tile: Tile) -> LateTile:
    """What stands for every tile of the same zoom, of a ward or of all as `tile` is."""

    def part(name: str, of_type: Any) -> Any:
        def read(given: Given) -> Any:
            return getattr(given.values["tile"], name)

        return slot(f"tile_{name}", of_type, read)

    ward_code = None if tile.ward_code is None else part("ward_code", sa.Text())
    return LateTile(tile.zoom, part("x", sa.Integer()), part("y", sa.Integer()), ward_code)


def _encoded(layer: str, features: Any) -> Statement:
    """The tile as bytes, empty without features: one layer, of the rows whose geometry is in the tile."""
    row = features.subquery("feature")
    seen = sa.select(row).where(row.c.geometry.is_not(None)).limit(MOST).subquery("seen")
    return sa.select(
        sa.func.ST_AsMVT(seen.table_valued(), layer, EXTENT, "geometry", type_=sa.LargeBinary).label("body")
    )


def _mercator(geometry: Any) -> sa.ColumnElement[Any]:
    return sa.func.ST_Transform(geometry, MERCATOR)


def _touches(geometry: Any, tile: Tile) -> sa.ColumnElement[bool]:
    """Whether boxes meet; served by the GiST index of the geometry."""
    meets: sa.ColumnElement[bool] = geometry.bool_op("&&")(tile.ground)
    return meets


def ward_outlines(actor: Actor, tile: Tile) -> Statement:
    """Wards: `id` (the code), `name` once the map is near enough to read it."""
    rows = wards.readable(actor) if tile.ward_code is None else wards.with_code(actor, tile.ward_code)
    row = rows.subquery("w")
    columns: list[Any] = [row.c.code.label("id"), tile.drawn(_ward_outline(row, tile.zoom))]
    if tile.zoom >= NAMES_ZOOM:
        columns.append(row.c.name)
    return _encoded("wards", sa.select(*columns).where(_touches(row.c.boundary, tile)).order_by(row.c.code))


def _ward_outline(row: Any, zoom: int) -> Any:
    """The copy whose vertices lie a quarter of a pixel apart, or the boundary itself."""
    for last, outline in ((5, row.c.outline_country), (8, row.c.outline_region), (11, row.c.outline_city)):
        if zoom <= last:
            return outline
    return _mercator(row.c.boundary)


def neighbourhood_outlines(actor: Actor, tile: Tile) -> Statement:
    """Neighbourhoods as they are now: `id`, `ward`, `name`; none before `NEIGHBOURHOODS_ZOOM`."""
    row = neighbourhoods.drawn(actor, tile.ward_code).subquery("n")
    outline = row.c.outline_city if tile.zoom <= 12 else _mercator(row.c.boundary)
    columns = (sa.cast(row.c.id, sa.Text).label("id"), row.c.ward_code.label("ward"), row.c.name, tile.drawn(outline))
    return _encoded("neighbourhoods", sa.select(*columns).where(_touches(row.c.boundary, tile)).order_by(row.c.id))


def place_points(actor: Actor, tile: Tile) -> Statement:
    """Places that the caller may see: `id`, `ward`, `kind`, `name`; none before `PLACES_ZOOM`."""
    rows = places.readable(actor) if tile.ward_code is None else places.matching(actor, tile.ward_code)
    row = rows.subquery("p")
    point = tile.drawn(_mercator(row.c.location))
    columns = (sa.cast(row.c.id, sa.Text).label("id"), row.c.ward_code.label("ward"), row.c.kind, row.c.name, point)
    return _encoded("places", sa.select(*columns).where(_touches(row.c.location, tile)).order_by(row.c.id))


def incident_points(
    actor: Actor, tile: Tile, statuses: Sequence[Status] | None = None, kinds: Sequence[str] | None = None
) -> Statement:
    """Incidents: counted by cell (`id`, `n`), or, near and few, one by one (`id`, `ward`, `n`, `kind`, `status`)."""
    cell = counting.counted(actor, tile.cells, tile.ward_code, statuses, kinds).subquery("cell")
    middle = sa.func.ST_SetSRID(sa.func.ST_MakePoint(cell.c.longitude, cell.c.latitude), SRID)
    level = sa.cast(sa.literal(tile.cells.level), sa.Text)
    clusters = sa.select(
        sa.func.concat(level, ":", cell.c.x, ":", cell.c.y).label("id"), cell.c.n, tile.drawn(_mercator(middle))
    )
    if tile.zoom < SINGLES_ZOOM:
        return _encoded("incidents", clusters.order_by(cell.c.x, cell.c.y))
    near = _near(actor, tile, statuses, kinds).limit(SINGLES + 1).cte("near")
    few = sa.select(sa.func.count() <= SINGLES).select_from(near).scalar_subquery()
    kind = categories.readable(actor).subquery("c")
    nothing = sa.cast(sa.null(), sa.Text)
    singles = sa.select(
        sa.cast(near.c.id, sa.Text).label("id"),
        sa.literal_column("1").label("n"),
        near.c.ward_code.label("ward"),
        kind.c.code.label("kind"),
        near.c.status,
        tile.drawn(_mercator(near.c.location)),
    ).join_from(near, kind, sa.and_(kind.c.ward_code == near.c.ward_code, kind.c.id == near.c.category_id))
    id_, n, geometry = clusters.selected_columns
    many = clusters.with_only_columns(
        id_, n, nothing.label("ward"), nothing.label("kind"), nothing.label("s"), geometry
    )
    return _encoded("incidents", sa.union_all(singles.where(few), many.where(sa.not_(few))))


def _near(actor: Actor, tile: Tile, statuses: Sequence[Status] | None, kinds: Sequence[str] | None) -> Statement:
    rows = incidents.matching(actor, Filter(statuses=statuses, categories=kinds), ward_code=tile.ward_code)
    return rows.where(_touches(rows.selected_columns["location"], tile))


LAYERS: dict[str, tuple[int, Callable[[Actor, Tile], Statement]]] = {
    "wards": (0, ward_outlines),
    "neighbourhoods": (NEIGHBOURHOODS_ZOOM, neighbourhood_outlines),
    "places": (PLACES_ZOOM, place_points),
    "incidents": (0, incident_points),
}
"""By the name in its address: the zoom below which a layer's tiles are empty, and its statement."""
