"""What varies from request to request, drawn from the database with a fixed seed: the same again each time."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import asyncpg

SEED = 20314
MOST_WARDS = 60
MOST_NEIGHBOURHOODS = 300
_POINTS = 8
"""Positions drawn in each neighbourhood."""
_MARGIN = 1.15
"""How many more incidents than asked for a window is drawn around: the public sees not all of them."""


@dataclass(frozen=True, slots=True)
class Box:
    """A window of a ward's map, in degrees."""

    ward: str
    west: float
    south: float
    east: float
    north: float

    @property
    def text(self) -> str:
        return f"{self.west:.6f},{self.south:.6f},{self.east:.6f},{self.north:.6f}"

    def zoom(self, pixels: int = 1024) -> int:
        """The zoom level at which the box is about so many pixels wide."""
        return max(0, min(19, round(math.log2(360 * pixels / 256 / max(self.east - self.west, 1e-6)))))


@dataclass(frozen=True, slots=True)
class Spot:
    """A position inside a neighbourhood."""

    ward: str
    longitude: float
    latitude: float

    @property
    def geojson(self) -> dict[str, object]:
        return {"type": "Point", "coordinates": [self.longitude, self.latitude]}


@dataclass(frozen=True, slots=True)
class Ground:
    """What requests are drawn from. `neighbourhoods` are ids as the API shows them."""

    wards: tuple[str, ...]
    neighbourhoods: tuple[str, ...]
    spots: tuple[Spot, ...]
    incidents: tuple[Spot, ...]
    """Where incidents are: windows and tiles are drawn around these."""


async def ground(connection: asyncpg.Connection) -> Ground:
    """Draw wards with incidents, neighbourhoods, positions in them, and places of incidents."""
    chance = random.Random(SEED)
    every = [row["code"] for row in await connection.fetch("SELECT code FROM ward ORDER BY code")]
    wards = sorted(chance.sample(every, min(MOST_WARDS, len(every))))
    named = await connection.fetch("SELECT ward_code, id FROM neighbourhood ORDER BY ward_code, id")
    ids = [(row["ward_code"], row["id"]) for row in named]
    drawn = chance.sample(ids, min(MOST_NEIGHBOURHOODS, len(ids)))
    spots = [spot for ward, key in drawn for spot in await _spots(connection, ward, key)]
    chance.shuffle(spots)
    incidents: list[Spot] = []
    for ward in wards:
        rows = await connection.fetch(
            "SELECT ST_X(location) AS x, ST_Y(location) AS y FROM incident WHERE ward_code = $1"
            " ORDER BY reported_at DESC, id DESC LIMIT 200",
            ward,
        )
        incidents += [Spot(ward, row["x"], row["y"]) for row in rows]
    chance.shuffle(incidents)
    shown = tuple(f"Neighbourhood:{ward}:{key}" for ward, key in ids)
    return Ground(tuple(wards), shown, tuple(spots), tuple(incidents))


async def _spots(connection: asyncpg.Connection, ward: str, neighbourhood: object) -> list[Spot]:
    rows = await connection.fetch(
        "SELECT ST_X(geom) AS x, ST_Y(geom) AS y FROM neighbourhood_boundary,"
        " LATERAL ST_DumpPoints(ST_GeneratePoints(boundary, $3, $4))"
        " WHERE ward_code = $1 AND neighbourhood_id = $2 AND until IS NULL",
        ward,
        neighbourhood,
        _POINTS,
        SEED,
    )
    return [Spot(ward, round(row["x"], 6), round(row["y"], 6)) for row in rows]


async def windows(connection: asyncpg.Connection, among: Ground, count: int, holding: int) -> list[Box]:
    """Boxes around incidents, each of at least `holding` incidents that the public sees; fewer where the ward has less.

    Reaches as far as the ward's nearest incidents do.
    """
    found = []
    for at in among.incidents[:count]:
        row = await connection.fetchrow(
            "SELECT min(ST_X(location)) AS west, min(ST_Y(location)) AS south, max(ST_X(location)) AS east,"
            " max(ST_Y(location)) AS north FROM (SELECT i.location FROM incident i JOIN category c"
            "  ON c.ward_code = i.ward_code AND c.id = i.category_id AND c.public WHERE i.ward_code = $1"
            "  ORDER BY i.location <-> ST_SetSRID(ST_MakePoint($2, $3), 4326) LIMIT $4) AS near",
            at.ward,
            at.longitude,
            at.latitude,
            round(holding * _MARGIN),
        )
        found.append(Box(at.ward, row["west"], row["south"], row["east"], row["north"]))
    return found


async def outlines(connection: asyncpg.Connection, among: Ground) -> dict[str, Box]:
    """The box of each drawn ward."""
    rows = await connection.fetch(
        "SELECT code, ST_XMin(boundary) AS west, ST_YMin(boundary) AS south, ST_XMax(boundary) AS east,"
        " ST_YMax(boundary) AS north FROM ward WHERE code = ANY($1)",
        list(among.wards),
    )
    return {
        row["code"]: Box(row["code"], row["west"], row["south"], row["east"], row["north"])
        for row in sorted(rows, key=lambda row: str(row["code"]))
    }


def tile(at: Spot, zoom: int) -> tuple[int, int]:
    """The column and line of the Web Mercator tile at `zoom` that holds a position."""
    side = 2**zoom
    latitude = math.radians(at.latitude)
    column = (at.longitude + 180) / 360 * side
    line = (1 - math.log(math.tan(latitude) + 1 / math.cos(latitude)) / math.pi) / 2 * side
    return int(column), int(line)
