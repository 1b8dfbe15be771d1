"""How long saving boundaries takes in a ward of 200 neighbourhoods of 500 vertices, beside the bare writes of its rows.

`python -m benchmarks.boundaries --url postgresql://…` makes two databases of its own on that server with the same ward
(`benchmarks/boundary_ward.py`) and open incidents. A clerk's typical edits go to the one by `saveBoundaries` over HTTP,
one after the other: a corner moved in its three neighbourhoods, a neighbourhood split, merged again, given up, drawn
again. The rows that came of each are then written to the other by bare SQL: that is the floor. Both databases are
dropped at the end; about a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import numpy as np
import orjson
import shapely
from shapely.geometry import LineString, MultiPolygon
from sqlalchemy import make_url

from benchmarks.boundary_ward import CODE, Wall, analyse, lay, wall
from benchmarks.map_open import serving
from geo import topology
from geo.coverage import BoundaryFault
from geo.database import Database
from geo.migrating import upgrade
from server.settings import Settings

ROWS, COLUMNS, VERTICES = 10, 20, 500
INCIDENTS = 400
ROUNDS = 25
EDITS = ("move a corner of three", "split", "merge", "give up", "draw")
SAVE = """
mutation Save($input: SaveBoundariesInput!) { saveBoundaries(input: $input) {
  __typename ... on SaveBoundariesPayload { neighbourhoods { id version } reassignedIncidents }
  ... on UserError { code message }
} }
"""
_REPORT = """
mutation Report($input: ReportIncidentInput!) { reportIncident(input: $input) { __typename } }
"""
_NAMES = ("boundaries_benchmark", "boundaries_benchmark_floor")
_METRE = 1e-5


class Unsaved(Exception):
    """An edit was refused: the benchmark's ward or its edits are not what they should be."""


@dataclass
class Timed:
    """Milliseconds of each edit, by the edit's name: ours over HTTP, what of it was the process's own processor time
    (server and client, without PostgreSQL), and the bare writes.
    """

    ours: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in EDITS})
    worked: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in EDITS})
    floor: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in EDITS})


def together(times: dict[str, list[float]]) -> list[float]:
    """Those of all edits."""
    return [one for each in times.values() for one in each]


def percentile(times: list[float], share: float) -> float:
    """The time that this share of them do not exceed."""
    return float(np.percentile(times, 100 * share))


@dataclass
class Clerk:
    """Somebody at work on the ward: what they see, and both ways of writing."""

    http: httpx.AsyncClient
    ours: asyncpg.Connection
    floor: asyncpg.Connection
    timed: Timed = field(default_factory=Timed)
    shapes: dict[UUID, MultiPolygon] = field(default_factory=dict)
    versions: dict[UUID, int] = field(default_factory=dict)

    async def look(self) -> None:
        """See what holds now."""
        rows = await self.ours.fetch(
            "SELECT n.id, n.version, ST_AsBinary(b.boundary) AS shape FROM neighbourhood n"
            " JOIN neighbourhood_boundary b ON (b.ward_code, b.neighbourhood_id) = (n.ward_code, n.id)"
            " WHERE n.ward_code = $1 AND b.until IS NULL",
            CODE,
        )
        self.shapes = {row["id"]: shapely.from_wkb(row["shape"]) for row in rows}
        self.versions = {row["id"]: row["version"] for row in rows}

    async def save(self, name: str, **draft: Any) -> None:
        """Send a draft, timed; then write what came of it by bare SQL, timed."""
        sent = orjson.dumps({"query": SAVE, "variables": {"input": {"wardCode": CODE, "reason": name, **draft}}})
        begun, worked = time.perf_counter(), time.process_time()
        response = await self.http.post("/graphql", content=sent)
        self.timed.ours[name].append(1000 * (time.perf_counter() - begun))
        self.timed.worked[name].append(1000 * (time.process_time() - worked))
        answer = response.json()
        if answer.get("data", {}).get("saveBoundaries", {}).get("__typename") != "SaveBoundariesPayload":
            raise Unsaved(name, answer)
        self.timed.floor[name].append(await self._bare())
        await self.look()

    async def _bare(self) -> float:
        """The rows of the last save, in one transaction of the fewest statements: milliseconds."""
        at = await self.ours.fetchval(
            "SELECT max(greatest(since, until)) FROM neighbourhood_boundary WHERE ward_code = $1", CODE
        )
        begun_rows = await self.ours.fetch(
            "SELECT id, neighbourhood_id, boundary::text AS shape, since FROM neighbourhood_boundary"
            " WHERE ward_code = $1 AND since = $2",
            CODE,
            at,
        )
        ended = await self.ours.fetch(
            "SELECT neighbourhood_id FROM neighbourhood_boundary WHERE ward_code = $1 AND until = $2", CODE, at
        )
        named = await self.ours.fetch(
            "SELECT id, name FROM neighbourhood WHERE ward_code = $1 AND id = ANY($2)",
            CODE,
            [row["neighbourhood_id"] for row in begun_rows],
        )
        clock = time.perf_counter()
        async with self.floor.transaction():
            await self.floor.executemany(
                "INSERT INTO neighbourhood (ward_code, id, name) VALUES ($1, $2, $3)"
                " ON CONFLICT (ward_code, id) DO UPDATE SET version = neighbourhood.version + 1",
                [(CODE, row["id"], f"{row['name']} {row['id']}") for row in named],
            )
            await self.floor.execute(
                "UPDATE neighbourhood_boundary SET until = $3 WHERE ward_code = $1 AND until IS NULL"
                " AND neighbourhood_id = ANY($2)",
                CODE,
                [row["neighbourhood_id"] for row in ended],
                at,
            )
            await self.floor.executemany(
                "INSERT INTO neighbourhood_boundary (ward_code, id, neighbourhood_id, boundary, since)"
                " VALUES ($1, $2, $3, $4::text::geometry, $5)",
                [(CODE, row["id"], row["neighbourhood_id"], row["shape"], row["since"]) for row in begun_rows],
            )
        return 1000 * (time.perf_counter() - clock)

    def redrawn(self, id_: UUID, shape: MultiPolygon) -> dict[str, Any]:
        return {"neighbourhoodId": _named(id_), "boundary": _json(shape), "expectedVersion": self.versions[id_]}

    def removed(self, id_: UUID) -> dict[str, Any]:
        return {"neighbourhoodId": _named(id_), "expectedVersion": self.versions[id_]}


def _named(id_: UUID) -> str:
    return f"Neighbourhood:{CODE}:{id_}"


def _json(shape: MultiPolygon) -> Any:
    return orjson.loads(shapely.to_geojson(shape))


async def edit(clerk: Clerk, random: Random) -> None:
    """One of each edit, somewhere inside the ward."""
    await _move(clerk, random)
    id_, shape = random.choice(sorted(clerk.shapes.items()))
    while len(parts := _halves(shape, random)) != 2:
        id_, shape = random.choice(sorted(clerk.shapes.items()))
    new = {"name": f"Tổ dân phố tách {uuid4().hex[:8]}", "boundary": _json(parts[1])}
    before = set(clerk.shapes)
    await clerk.save("split", redraw=[clerk.redrawn(id_, parts[0])], draw=[new])
    [other] = set(clerk.shapes) - before
    whole = topology.merge([clerk.shapes[id_], clerk.shapes[other]])
    await clerk.save("merge", redraw=[clerk.redrawn(id_, whole)], remove=[clerk.removed(other)])
    shape = clerk.shapes[id_]
    await clerk.save("give up", remove=[clerk.removed(id_)])
    again = {"name": f"Tổ dân phố vẽ lại {uuid4().hex[:8]}", "boundary": _json(shape)}
    await clerk.save("draw", draw=[again])


def _halves(shape: MultiPolygon, random: Random) -> list[MultiPolygon]:
    west, south, east, north = shape.bounds
    x = west + (east - west) * random.uniform(0.4, 0.6)
    try:
        return topology.split(shape, LineString([(round(x, 7), south - 0.001), (round(x, 7), north + 0.001)]))
    except BoundaryFault:
        return []


async def _move(clerk: Clerk, random: Random) -> None:
    holders: dict[tuple[float, float], list[UUID]] = {}
    for id_, shape in sorted(clerk.shapes.items()):
        for x, y in {(x, y) for x, y in shapely.get_coordinates(shape).tolist()}:
            holders.setdefault((x, y), []).append(id_)
    corners = sorted(spot for spot, whose in holders.items() if len(whose) == 3)
    while True:
        spot = random.choice(corners)
        to = [round(value + random.uniform(-1, 1) * _METRE, 7) for value in spot]
        moved = {id_: _moved(clerk.shapes[id_], spot, to) for id_ in holders[spot]}
        if all(shape.is_valid for shape in moved.values()):
            break
    await clerk.save(EDITS[0], redraw=[clerk.redrawn(id_, shape) for id_, shape in moved.items()])


def _moved(shape: MultiPolygon, spot: tuple[float, float], to: list[float]) -> MultiPolygon:
    made: MultiPolygon = shapely.transform(
        shape, lambda points: np.where((points == np.array(spot)).all(axis=1)[:, None], to, points)
    )
    return made


async def report(http: httpx.AsyncClient, drawn: Wall, count: int, random: Random) -> None:
    """Open incidents all over the ward."""
    for _ in range(count):
        inside = random.choice(drawn.areas).representative_point()
        sent = {
            "requestKey": str(uuid4()),
            "category": "OTHER",
            "location": {"type": "Point", "coordinates": [round(inside.x, 7), round(inside.y, 7)]},
        }
        answer = await http.post("/graphql", json={"query": _REPORT, "variables": {"input": sent}})
        if answer.json()["data"]["reportIncident"]["__typename"] != "ReportIncidentPayload":
            raise Unsaved("a report", answer.json())


@asynccontextmanager
async def opened(url: str, floor_url: str, drawn: Wall, incidents: int) -> AsyncIterator[Clerk]:
    """A clerk at the ward, laid in `url`; `floor_url` is an empty database with the same tables."""
    database = Database(Settings(database_url=url).database)
    _, token = await lay(database, drawn)
    await database.close()
    copy = Database(Settings(database_url=floor_url).database)
    await lay(copy, drawn)
    await copy.close()
    ours, floor = await asyncpg.connect(url), await asyncpg.connect(floor_url)
    # The same ids on both sides.
    await floor.execute("TRUNCATE neighbourhood_boundary, neighbourhood CASCADE")
    for table in ("neighbourhood", "neighbourhood_boundary"):
        columns = [
            row["name"]
            for row in await ours.fetch(
                "SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0"
                " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
                table,
            )
            if row["name"] != "drawn_by"
        ]
        rows = await ours.fetch(f"SELECT {', '.join(f'{one}::text' for one in columns)} FROM {table}")  # noqa: S608
        types = await ours.fetchrow(f"SELECT {', '.join(f'pg_typeof({one})::text' for one in columns)} FROM {table}")  # noqa: S608
        values = ", ".join(f"${n}::text::{kind}" for n, kind in enumerate(types or (), start=1))
        into = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608 - our own columns
        await floor.executemany(into, [tuple(row) for row in rows])
    await analyse(url)
    await analyse(floor_url)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        async with serving(url) as address, httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as http:
            await report(http, drawn, incidents, Random(7))
            clerk = Clerk(http, ours, floor)
            await clerk.look()
            yield clerk
    finally:
        await ours.close()
        await floor.close()


def table(timed: Timed) -> str:
    """In Markdown: p50 and p95 of each edit, ours and the floor."""
    lines = [
        "| edit | p50 | p95 | our processor p50 | p95 | bare writes p50 | p95 |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    kinds = (timed.ours, timed.worked, timed.floor)
    rows = [(name, [times[name] for times in kinds]) for name in EDITS]
    for name, each in [*rows, ("**all**", [together(times) for times in kinds])]:
        figures = [figure for times in each for figure in (statistics.median(times), percentile(times, 0.95))]
        lines.append(f"| {name} | " + " | ".join(f"{figure:,.0f} ms" for figure in figures) + " |")
    return "\n".join(lines)


async def measure(url: str, floor_url: str, drawn: Wall, rounds: int, incidents: int) -> Timed:
    """Every edit so many times; the first of each pays for what is planned and remembered, and does not count."""
    async with opened(url, floor_url, drawn, incidents) as clerk:
        random = Random(3)
        await edit(clerk, random)
        clerk.timed = Timed()
        for _ in range(rounds):
            await edit(clerk, random)
        areas = list(clerk.shapes.values())
        if not shapely.coverage_is_valid(areas):
            raise Unsaved("the ward is no coverage any more")
        return clerk.timed


async def run(server: str, rounds: int) -> None:
    url = make_url(server).set(drivername="postgresql")
    urls = [url.set(database=name).render_as_string(hide_password=False) for name in _NAMES]
    admin = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        for name, at in zip(_NAMES, urls, strict=True):
            await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await admin.execute(f"CREATE DATABASE {name}")
            await asyncio.to_thread(upgrade, at)
        print(
            f"{ROWS * COLUMNS} neighbourhoods of {VERTICES} vertices; load average {os.getloadavg()[0]:.1f}", flush=True
        )
        print(table(await measure(urls[0], urls[1], wall(ROWS, COLUMNS, VERTICES), rounds, INCIDENTS)))
        print(f"load average {os.getloadavg()[0]:.1f}")
    finally:
        for name in _NAMES:
            await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--url", required=True, help="a database on a server where databases may be created")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each edit")
    asked = parser.parse_args()
    asyncio.run(run(asked.url, asked.rounds))


if __name__ == "__main__":
    main()
