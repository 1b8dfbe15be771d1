"""Files of geodata for the tests of importing, in every kind that is read."""

from __future__ import annotations

import sqlite3
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from openpyxl import Workbook
from pyogrio.raw import write as write_layer
from shapely.geometry import shape

KML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
)


def layer(
    path: Path,
    driver: str,
    features: Sequence[Mapping[str, Any]],
    *,
    crs: str | None = "EPSG:4326",
    moved: Any = None,
    **options: Any,
) -> Path:
    """Write GeoJSON features through GDAL; `moved` turns an array of longitudes and latitudes into the file's own."""
    shapes = np.array([shape(one["geometry"]) if one["geometry"] else None for one in features], dtype=object)
    if moved is not None:
        shapes = shapely.transform(shapes, moved)
    names = list(dict.fromkeys(name for one in features for name in one["properties"]))
    columns = [np.array([one["properties"].get(name) for one in features], dtype=object) for name in names]
    kinds = {one.geom_type for one in shapes if one is not None}
    options.setdefault("geometry_type", kinds.pop() if len(kinds) == 1 else "Unknown")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a missing system, which is what some tests are about
        write_layer(str(path), shapely.to_wkb(shapes), columns, names, driver=driver, crs=crs, **options)
    return path


def zipped(path: Path, folder: Path, stem: str) -> Path:
    """An archive of the files in `folder` with this stem."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.glob(f"{stem}.*")):
            archive.write(part, f"ban do/{part.name}")
    return path


def kml(path: Path, *placemarks: str) -> Path:
    path.write_text(KML.format("".join(placemarks)), encoding="utf-8")
    return path


def placemark(name: str, geometry: str, **data: str) -> str:
    extended = "".join(f'<Data name="{key}"><value>{value}</value></Data>' for key, value in data.items())
    return f"<Placemark><name>{name}</name><ExtendedData>{extended}</ExtendedData>{geometry}</Placemark>"


def kml_polygon(ring: Sequence[Sequence[Any]]) -> str:
    points = " ".join(",".join(str(number) for number in point) for point in ring)
    boundary = f"<outerBoundaryIs><LinearRing><coordinates>{points}</coordinates></LinearRing></outerBoundaryIs>"
    return f"<Polygon>{boundary}</Polygon>"


def altered(path: Path, *statements: str) -> Path:
    """A GeoPackage after these statements of SQL, which GDAL's own triggers would not let pass."""
    database = sqlite3.connect(path)
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f'DROP TRIGGER "{name}"')
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()
    return path


def workbook(path: Path, **sheets: Sequence[Sequence[Any]]) -> Path:
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path
