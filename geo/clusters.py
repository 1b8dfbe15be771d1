"""The pyramid of counted incidents is kept: changes brought in, wards counted anew. `geo.counting` reads it.

Whoever works on a ward's part holds its row of `incident_cell_ward`; another one passes the ward by. Each step moves
changes from `incident_cell_change` into the cells within one statement, so that a reader meets each of them exactly
once, before and after alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from string import Template
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.cells import ANY, BASE, BITS, FINEST, TOP, UNITS
from geo.database import Database
from geo.tables import SRID, incident_cell_ward

CROWD = 64
"""How many incidents a cell of a ward's finest level holds on average, at least: fewer are as well counted live."""

_CHANGES = 5_000
_WARDS = 50

WAITING = sa.text("""
(SELECT ward_code FROM incident_cell_ward WHERE stale ORDER BY ward_code LIMIT :wards)
UNION
(SELECT DISTINCT ward_code FROM incident_cell_change LIMIT :wards)
ORDER BY ward_code LIMIT :wards
""")
"""The wards of which something is to be brought in."""

_POINT = """
    ground_x(location) AS across, ground_y(location) AS down,
    round(ST_X(location) * $UNITS)::bigint AS longitude, round(ST_Y(location) * $UNITS)::bigint AS latitude
"""
_COLUMNS = """ward_code, level, x, y, category_id, status,
    n, longitudes, latitudes, west, south, east, north, ids_high, ids_low"""
# Cells of the finest level that something went from, and by `up` levels what they are part of.
_LEFT = """
    (SELECT DISTINCT x >> CAST(:up AS integer) AS x, y >> CAST(:up AS integer) AS y, category_id, status
     FROM unnest(CAST(:xs AS integer[]), CAST(:ys AS integer[]), CAST(:categories AS uuid[]), CAST(:statuses AS text[]))
       AS gone (x, y, category_id, status)) AS gone
"""
_SAME = Template("""cell.ward_code = :ward AND cell.level = :level AND cell.x = $other.x AND cell.y = $other.y
  AND cell.category_id = $other.category_id AND cell.status = $other.status""")
# How many cells of the coarsest division fit into the ward, as a part of the whole world.
_SIZE = """(SELECT ST_Area(ST_Transform(boundary, 3857)) / 40075016.6856 ^ 2 FROM ward WHERE code = :ward)"""

_NUMBERS = {"ANY": ANY, "BITS": BITS, "TOP": TOP, "SRID": SRID, "UNITS": UNITS}
_PIECES = {
    "POINT": _POINT,
    "COLUMNS": _COLUMNS,
    "LEFT": _LEFT,
    "SIZE": _SIZE,
    "SAME_gone": _SAME.substitute(other="gone"),
    "SAME_box": _SAME.substitute(other="box"),
    **{name: f"${name}" for name in _NUMBERS},
}


def _sql(text: str) -> sa.TextClause:
    """A statement with our own constants and pieces in the places of their `$NAMES`; all else is bound."""
    return sa.text(Template(Template(text).substitute(_PIECES)).substitute(_NUMBERS))


# A box only grows here: what went had been in it. `_BOXES` and `_COARSER_BOXES` draw it anew.
_FOLD = _sql("""
WITH taken AS (
    DELETE FROM incident_cell_change WHERE ward_code = :ward AND id IN (
        SELECT id FROM incident_cell_change WHERE ward_code = :ward ORDER BY id LIMIT :most
    ) RETURNING sign, incident_id, category_id, status, location
), placed AS (
    SELECT sign, category_id, status, uuid_half(incident_id, 1) AS high, uuid_half(incident_id, 17) AS low, $POINT
    FROM taken
), folded AS (
    INSERT INTO incident_cell AS cell ($COLUMNS)
    SELECT :ward, level, across >> ($BITS - level), down >> ($BITS - level), category_id, part.status,
        sum(sign), sum(sign * longitude), sum(sign * latitude),
        min(longitude), min(latitude), max(longitude), max(latitude), bit_xor(high), bit_xor(low)
    FROM placed CROSS JOIN generate_series($TOP, CAST(:depth AS integer)) AS level
        CROSS JOIN LATERAL (VALUES (placed.status), ('$ANY')) AS part (status)
    GROUP BY level, 3, 4, category_id, part.status
    ON CONFLICT (ward_code, level, status, x, y, category_id) DO UPDATE SET
        n = cell.n + excluded.n,
        longitudes = cell.longitudes + excluded.longitudes,
        latitudes = cell.latitudes + excluded.latitudes,
        west = least(cell.west, excluded.west),
        south = least(cell.south, excluded.south),
        east = greatest(cell.east, excluded.east),
        north = greatest(cell.north, excluded.north),
        ids_high = cell.ids_high # excluded.ids_high,
        ids_low = cell.ids_low # excluded.ids_low
), left_behind AS (
    SELECT DISTINCT across >> ($BITS - CAST(:depth AS integer)) AS x, down >> ($BITS - CAST(:depth AS integer)) AS y,
        category_id, part.status
    FROM placed CROSS JOIN LATERAL (VALUES (placed.status), ('$ANY')) AS part (status) WHERE sign < 0
)
SELECT (SELECT count(*) FROM taken) AS taken, array_agg(x) AS xs, array_agg(y) AS ys,
    array_agg(category_id) AS categories, array_agg(status) AS statuses
FROM left_behind
""")

_EMPTY = _sql("DELETE FROM incident_cell AS cell USING $LEFT WHERE $SAME_gone AND cell.n = 0")

# Step by step: what is not known of a table just written makes the planner go through one part again and again.
_BOXES = _sql("""
WITH gone AS MATERIALIZED (
    SELECT gone.*, ST_Expand(ST_Transform(ST_TileEnvelope(CAST(:level AS integer), x, y), $SRID), 0.000001) AS ground
    FROM $LEFT
), box AS MATERIALIZED (
    SELECT gone.x, gone.y, gone.category_id, gone.status,
        min(found.longitude) AS west, min(found.latitude) AS south,
        max(found.longitude) AS east, max(found.latitude) AS north
    FROM gone CROSS JOIN LATERAL (
        SELECT point.* FROM incident CROSS JOIN LATERAL (SELECT $POINT) AS point
        WHERE incident.ward_code = :ward AND incident.location && gone.ground
          AND incident.category_id = gone.category_id AND gone.status IN (incident.status, '$ANY')
        OFFSET 0
    ) AS found
    WHERE found.across >> ($BITS - CAST(:level AS integer)) = gone.x
      AND found.down >> ($BITS - CAST(:level AS integer)) = gone.y
    GROUP BY gone.x, gone.y, gone.category_id, gone.status
)
UPDATE incident_cell AS cell SET west = box.west, south = box.south, east = box.east, north = box.north
FROM box WHERE $SAME_box
""")

_COARSER_BOXES = _sql("""
UPDATE incident_cell AS cell SET west = box.west, south = box.south, east = box.east, north = box.north
FROM (
    SELECT gone.x, gone.y, gone.category_id, gone.status,
        min(part.west) AS west, min(part.south) AS south, max(part.east) AS east, max(part.north) AS north
    FROM $LEFT
    JOIN incident_cell AS part ON part.ward_code = :ward AND part.level = CAST(:level AS integer) + 1
        AND part.x IN (2 * gone.x, 2 * gone.x + 1) AND part.y IN (2 * gone.y, 2 * gone.y + 1)
        AND part.category_id = gone.category_id AND part.status = gone.status
    GROUP BY gone.x, gone.y, gone.category_id, gone.status
) AS box WHERE $SAME_box
""")

_CLEAR = sa.text("DELETE FROM incident_cell WHERE ward_code = :ward")

# The changes that are forgotten are those whose incidents are counted: both as this one statement sees them.
_COUNT = _sql("""
WITH counted_too AS (DELETE FROM incident_cell_change WHERE ward_code = :ward)
INSERT INTO incident_cell ($COLUMNS)
SELECT :ward, CAST(:depth AS integer),
    across >> ($BITS - CAST(:depth AS integer)), down >> ($BITS - CAST(:depth AS integer)),
    category_id, part.status, count(*), sum(longitude), sum(latitude),
    min(longitude), min(latitude), max(longitude), max(latitude),
    bit_xor(uuid_half(id, 1)), bit_xor(uuid_half(id, 17))
FROM incident CROSS JOIN LATERAL (SELECT $POINT) AS point
    CROSS JOIN LATERAL (VALUES (incident.status), ('$ANY')) AS part (status)
WHERE ward_code = :ward
GROUP BY 3, 4, category_id, part.status
""")

_COUNT_COARSER = _sql("""
INSERT INTO incident_cell ($COLUMNS)
SELECT ward_code, CAST(:level AS integer), x >> 1, y >> 1, category_id, status,
    sum(n), sum(longitudes), sum(latitudes), min(west), min(south), max(east), max(north),
    bit_xor(ids_high), bit_xor(ids_low)
FROM incident_cell
WHERE ward_code = :ward AND level = CAST(:level AS integer) + 1
GROUP BY ward_code, 3, 4, category_id, status
""")

_CROWDED = _sql("SELECT (SELECT count(*) FROM incident WHERE ward_code = :ward) AS n, $SIZE AS part")
_CROWDED_NOW = _sql("""
SELECT (SELECT sum(n) FROM incident_cell WHERE ward_code = :ward AND level = $TOP AND status = '$ANY') AS n,
    $SIZE AS part
""")


async def refresh(connection: AsyncConnection) -> int:
    """Bring in what has changed, a bite of it in this transaction; how many changes and wards. 0: nothing is left.

    Done every few seconds, so that readers have few changes to add. A ward that another one works on is passed by.
    """
    done = 0
    for ward_code in (await connection.scalars(WAITING, {"wards": _WARDS})).all():
        done += await _bring_in(connection, ward_code)
        if done >= _CHANGES:
            break
    return done


async def behind(connection: AsyncConnection) -> int:
    """How many wards wait to be counted anew."""
    query = sa.select(sa.func.count()).select_from(incident_cell_ward).where(incident_cell_ward.c.stale)
    return await connection.scalar(query) or 0


async def refresh_all(database: Database) -> int:
    """Bring in all there is, such as after a load of very many incidents; how many changes and wards."""
    total = 0
    while True:
        async with database.write() as connection:
            done = await refresh(connection)
        if not done:
            return total
        total += done


async def _bring_in(connection: AsyncConnection, ward_code: str) -> int:
    state = incident_cell_ward
    row = insert(state).values(ward_code=ward_code, depth=BASE, stale=False).on_conflict_do_nothing()
    mine = sa.select(state.c.depth, state.c.stale).where(state.c.ward_code == ward_code)
    held = (await connection.execute(mine.with_for_update(skip_locked=True))).one_or_none()
    if held is None:
        if not (await connection.execute(row)).rowcount:
            return 0
        depth, stale = BASE, False
    else:
        depth, stale = held
    if stale:
        await count_anew(connection, ward_code)
        return _CHANGES
    taken = await _fold(connection, ward_code, depth)
    if await _worth_keeping(connection, ward_code, _CROWDED_NOW) > depth:
        await count_anew(connection, ward_code)
        return _CHANGES
    return taken


async def count_anew(connection: AsyncConnection, ward_code: str) -> None:
    """Count all of a ward's incidents. Readers see the cells as they were until this transaction is committed."""
    depth = await _worth_keeping(connection, ward_code, _CROWDED)
    await connection.execute(_CLEAR, {"ward": ward_code})
    await connection.execute(_COUNT, {"ward": ward_code, "depth": depth})
    for level in range(depth - 1, TOP - 1, -1):
        await connection.execute(_COUNT_COARSER, {"ward": ward_code, "level": level})
    state = incident_cell_ward
    row = insert(state).values(ward_code=ward_code, depth=depth, stale=False)
    await connection.execute(
        row.on_conflict_do_update(index_elements=["ward_code"], set_={"depth": depth, "stale": False})
    )


@dataclass(frozen=True, slots=True)
class _Left:
    """Cells of the finest level from which something went, each with the kind and status it had."""

    xs: list[int]
    ys: list[int]
    categories: list[Any]
    statuses: list[str]


async def _fold(connection: AsyncConnection, ward_code: str, depth: int) -> int:
    values: dict[str, Any] = {"ward": ward_code, "depth": depth, "most": _CHANGES}
    row = (await connection.execute(_FOLD, values)).one()
    if row.xs is not None:
        await _draw_boxes(connection, ward_code, depth, _Left(row.xs, row.ys, row.categories, row.statuses))
    return int(row.taken)


async def _draw_boxes(connection: AsyncConnection, ward_code: str, depth: int, left: _Left) -> None:
    """Remove what is empty, and draw the other cells' boxes around those who stayed: each from its four quarters."""
    cells = {"xs": left.xs, "ys": left.ys, "categories": left.categories, "statuses": left.statuses}
    for level in range(depth, TOP - 1, -1):
        values = {"ward": ward_code, "level": level, "up": depth - level, **cells}
        await connection.execute(_EMPTY, values)
        await connection.execute(_BOXES if level == depth else _COARSER_BOXES, values)


async def _worth_keeping(connection: AsyncConnection, ward_code: str, crowded: sa.TextClause) -> int:
    """The finest level of which a ward's cells would hold `CROWD` incidents on average."""
    row = (await connection.execute(crowded, {"ward": ward_code})).one()
    if not row.n or not row.part:
        return BASE
    return min(max(math.floor(math.log(row.n / (CROWD * row.part), 4)), BASE), FINEST)
