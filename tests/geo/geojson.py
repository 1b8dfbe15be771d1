"""GeoJSON for the tests of importing: shapes around a square ward, and what came of an import."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from geo.database import Database
from geo.importing.files import read_features
from geo.importing.neighbourhoods import import_neighbourhoods
from geo.importing.places import import_places
from geo.importing.troubles import Report, TroubleKind
from geo.importing.wards import import_wards
from tests.conftest import Copying

SQUARE = (108.20, 15.98, 108.22, 16.00)


def ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def polygon(*sides: float) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [ring(*sides)]}


def point(x: Any, y: Any, *more: Any) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [x, y, *more]}


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


WARD = feature(polygon(*SQUARE), code="20314", name="Phường Thử")
WEST = feature(polygon(108.20, 15.98, 108.21, 16.00), code="1", name="Tổ dân phố số 1")
EAST = feature(polygon(108.21, 15.98, 108.22, 16.00), code="2", name="Tổ dân phố số 2")


def write(folder: Path, content: Sequence[dict[str, Any]] | str, name: str = "file.geojson", **members: Any) -> Path:
    """A file of features, or of any text; `members` stand beside the features."""
    path = folder / name
    if not isinstance(content, str):
        content = json.dumps({"type": "FeatureCollection", **members, "features": list(content)})
    path.write_text(content, encoding="utf-8")
    return path


def _silent(_label: str, _done: int, _total: int) -> None:
    pass


async def put_wards(database: Database, file: Path, **options: Any) -> Report:
    """Import a file of wards."""
    async with database.write() as connection:
        return await import_wards(connection, read_features(file), progress=_silent, **options)


async def put_neighbourhoods(database: Database, file: Path, **options: Any) -> Report:
    """Import a file of neighbourhoods."""
    async with database.write() as connection:
        return await import_neighbourhoods(connection, read_features(file), progress=_silent, **options)


async def put_places(database: Database, file: Path, **options: Any) -> Report:
    """Import a file of places."""
    async with database.write() as connection:
        return await import_places(connection, read_features(file), progress=_silent, **options)


async def stored(database: Database, table: sa.Table) -> list[Any]:
    """The table's rows, geometries as text."""
    async with database.read() as connection:
        columns = [sa.cast(column, sa.Text).label(column.name) for column in table.columns]
        return sorted((await connection.execute(sa.select(*columns))).all())


def said(report: Report) -> list[tuple[int, TroubleKind]]:
    return [(trouble.feature, trouble.kind) for trouble in report.troubles]


def figures(report: Report) -> tuple[int, int, int]:
    return report.added, report.changed, report.unchanged


@asynccontextmanager
async def square_ward(copying: Copying, template: str, folder: Path) -> AsyncIterator[Database]:
    """A database with the square ward and nothing in it."""
    async with copying(template) as url:
        database = Database(url)
        await put_wards(database, write(folder, [WARD], "ward.geojson"))
        yield database
        await database.close()
