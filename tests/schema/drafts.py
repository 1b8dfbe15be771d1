"""Drafts of boundaries on the ground of `tests/ward.py`, as an editor sends them."""

from __future__ import annotations

from typing import Any

from tests.asking import Desk
from tests.ward import CODE, FIRST, SECOND, TILES, Box

Shape = dict[str, Any]

SAVE = """
mutation($input: SaveBoundariesInput!) {
  saveBoundaries(input: $input) {
    __typename
    ... on SaveBoundariesPayload {
      neighbourhoods { id name version boundary areaSquareMetres team { name } }
      removed reassignedIncidents driftSquareMetres slivers { kind squareMetres message neighbourhoodIds }
    }
    ... on BoundaryProblem {
      kind squareMetres neighbourhoodIds geometry problems { kind geometry squareMetres message neighbourhoodIds }
    }
    ... on VersionConflict { neighbourhoodId currentVersion conflicts { neighbourhoodId currentVersion } }
    ... on InvalidInput { problems { path message } }
    ... on UserError { code message path }
  }
}
"""
CHECK = """
query($input: SaveBoundariesInput!) {
  checkBoundaries(input: $input) {
    __typename
    ... on CheckBoundariesPayload {
      areas { neighbourhoodId name boundary areaSquareMetres noded drawIndex } outline
      slivers { kind squareMetres message } driftSquareMetres
    }
    ... on BoundaryProblem { problems { kind geometry squareMetres message neighbourhoodIds } }
    ... on VersionConflict { conflicts { neighbourhoodId currentVersion } }
    ... on InvalidInput { problems { path message } }
    ... on UserError { code message path }
  }
}
"""
NOW = """
query($code: String!) {
  ward(code: $code) { boundary neighbourhoods(first: 100) { nodes { id name version boundary } } }
}
"""


def ring(box: Box) -> list[list[float]]:
    west, south, east, north = box
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def area(*boxes: Box) -> Shape:
    """Boxes as one shape of several parts."""
    return {"type": "MultiPolygon", "coordinates": [[ring(box)] for box in boxes]}


def polygon(*points: tuple[float, float]) -> Shape:
    """A shape of one ring, which is closed here."""
    return {"type": "MultiPolygon", "coordinates": [[[list(point) for point in (*points, points[0])]]]}


def id_of(desk: Desk, name: str) -> str:
    return f"Neighbourhood:{CODE}:{desk.ward.neighbourhoods[name]}"


def edit(desk: Desk, name: str, boundary: Shape, version: int = 1) -> dict[str, Any]:
    return {"neighbourhoodId": id_of(desk, name), "boundary": boundary, "expectedVersion": version}


def removal(desk: Desk, name: str, version: int = 1) -> dict[str, Any]:
    return {"neighbourhoodId": id_of(desk, name), "expectedVersion": version}


def moved(desk: Desk, east: float = 108.215) -> list[dict[str, Any]]:
    """The first tile ends at this meridian instead of 108.22, and the second begins there."""
    (west, south, _, north), (_, _, far, _) = TILES[FIRST], TILES[SECOND]
    return [edit(desk, FIRST, area((west, south, east, north))), edit(desk, SECOND, area((east, south, far, north)))]


async def save(desk: Desk, by: str | None = "staff", language: str | None = None, **draft: Any) -> Any:
    answer = await desk.ask(SAVE, by, language, input={"wardCode": CODE} | draft)
    assert "errors" not in answer, answer
    return answer["data"]["saveBoundaries"]


async def check(desk: Desk, by: str | None = "staff", **draft: Any) -> Any:
    return (await desk.data(CHECK, by, input={"wardCode": CODE} | draft))["checkBoundaries"]


async def standing(desk: Desk) -> dict[str, Any]:
    """The ward's neighbourhoods that have a boundary, by name."""
    found = await desk.data(NOW, "staff", code=CODE)
    return {node["name"]: node for node in found["ward"]["neighbourhoods"]["nodes"]}
