"""The cases: what is asked, drawn from the database, and the goal that the issue of speed is measured by."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import asyncpg

from benchmarks import documents
from benchmarks.drawing import SEED, Ground, outlines, tile, windows
from benchmarks.requests import PLACEHOLDER, Request, graphql

_IN_HAND = ["ASSIGNED", "ACCEPTED", "IN_PROGRESS"]
_OPEN = ["RECEIVED", *_IN_HAND]
_KINDS = ("ENVIRONMENT", "INFRASTRUCTURE", "TRAFFIC")
CREW_PAGE = 50
WINDOW_ROWS = 1_000
NEIGHBOURHOODS = 100


@dataclass(frozen=True, slots=True)
class Source:
    """A prepared database, and what may be drawn from it."""

    connection: asyncpg.Connection
    ground: Ground
    tokens: tuple[str, ...]
    """Of members of crews, the busiest crews first."""


Draw = Callable[[Source, int], Awaitable[list[Request]]]


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that is measured."""

    name: str
    title: str
    draw: Draw
    plain: bool = True
    """Whether the plain server answers it too; it has no map and no tiles."""
    writes: bool = False
    goals: Mapping[str, float] = field(default_factory=dict)
    """The least throughput in proportion to `floor` and to `plain`."""


async def _crew(source: Source, count: int) -> list[Request]:
    asked = {"statuses": _IN_HAND, "first": CREW_PAGE}
    tokens = source.tokens
    return [graphql(documents.CREW, asked, tokens[number % len(tokens)]) for number in range(count)]


async def _window(source: Source, count: int) -> list[Request]:
    boxes = await windows(source.connection, source.ground, count, WINDOW_ROWS)
    made = []
    for box in boxes:
        within = {"west": box.west, "south": box.south, "east": box.east, "north": box.north}
        made.append(graphql(documents.WINDOW, {"ward": box.ward, "within": within, "first": WINDOW_ROWS}))
    return made


async def _map_window(source: Source, count: int) -> list[Request]:
    boxes = await windows(source.connection, source.ground, count, WINDOW_ROWS)
    return [Request(f"/map/incidents?ward={box.ward}&zoom={box.zoom()}&bbox={box.text}") for box in boxes]


async def _clusters(source: Source, count: int) -> list[Request]:
    boxes = list((await outlines(source.connection, source.ground)).values())
    chance = random.Random(SEED)
    made = []
    for number in range(count):
        box = boxes[number % len(boxes)]
        zoom = chance.choice((11, 12, 13))
        west, south, east, north = (
            edge + chance.uniform(-0.01, 0.01) for edge in (box.west, box.south, box.east, box.north)
        )
        edges = f"{west:.6f},{south:.6f},{max(west, east):.6f},{max(south, north):.6f}"
        made.append(Request(f"/map/incidents?ward={box.ward}&zoom={zoom}&bbox={edges}"))
    return made


def _tiles(layer: str, zooms: tuple[int, ...]) -> Draw:
    async def draw(source: Source, count: int) -> list[Request]:
        chance = random.Random(SEED)
        spots = source.ground.incidents
        made = []
        for number in range(count):
            at, zoom = spots[number % len(spots)], chance.choice(zooms)
            column, line = tile(at, zoom)
            made.append(Request(f"/tiles/{layer}/{zoom}/{column}/{line}.mvt?ward={at.ward}"))
        return made

    return draw


async def _neighbourhoods(source: Source, count: int) -> list[Request]:
    chance = random.Random(SEED)
    ids = source.ground.neighbourhoods
    most = min(NEIGHBOURHOODS, len(ids))
    return [
        graphql(documents.NEIGHBOURHOODS, {"ids": chance.sample(ids, most), "statuses": _OPEN}) for _ in range(count)
    ]


async def _locate(source: Source, count: int) -> list[Request]:
    spots = source.ground.spots
    return [
        graphql(documents.LOCATE, {"position": spots[number % len(spots)].geojson}, spot=spots[number % len(spots)])
        for number in range(count)
    ]


async def _intake(source: Source, count: int) -> list[Request]:
    spots = source.ground.spots
    made = []
    for number in range(count):
        at = spots[number % len(spots)]
        asked = {
            "requestKey": PLACEHOLDER,
            "category": _KINDS[number % len(_KINDS)],
            "description": f"Đo tốc độ: nắp cống bị vỡ trước nhà số {number}, trẻ em hay đi qua.",
            "address": f"Trước nhà số {number}",
            "location": at.geojson,
        }
        made.append(graphql(documents.REPORT, {"input": asked}))
    return made


_READ = {"plain": 20.0}

CASES: dict[str, Case] = {
    case.name: case
    for case in (
        Case("crew", "a crew's 50 most urgent open incidents", _crew, goals={"floor": 0.6, **_READ}),
        Case("window", "a map's window of 1,000 incidents (GraphQL)", _window, goals={"floor": 0.8, **_READ}),
        Case("map", "the same windows (/map/incidents)", _map_window, plain=False),
        Case(
            "neighbourhoods",
            "100 neighbourhoods with boundary, team, open count",
            _neighbourhoods,
            goals={"floor": 1.0, **_READ},
        ),
        Case("locate", "what governs a position", _locate, goals=_READ),
        Case("clusters", "clusters of a whole ward (/map/incidents)", _clusters, plain=False),
        Case("tile", "a tile of incidents", _tiles("incidents", (12, 13, 14, 15, 16)), plain=False),
        Case("areas", "a tile of neighbourhoods", _tiles("neighbourhoods", (11, 12, 13, 14)), plain=False),
        Case("intake", "a report comes in", _intake, writes=True, goals={"floor": 1.0}),
    )
}
