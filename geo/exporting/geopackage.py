"""Writing a GeoPackage through GDAL: for the command alone, for a serving process never loads GDAL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from pyogrio.raw import write

from geo.exporting.streaming import Exports
from geo.exporting.subjects import Subject
from geo.importing.features import FileProblem
from geo.importing.projecting import Frame, frame
from geo.language import Text

BATCH = 2_000

_OTHER = Text(
    "GeoPackage chỉ xuất ở WGS 84 (EPSG:4326) hoặc VN-2000 (ví dụ EPSG:5899), không ở {crs}.",
    "A GeoPackage is written in WGS 84 (EPSG:4326) or VN-2000 (such as EPSG:5899), not in {crs}.",
)


def frame_for(crs: str) -> Frame:
    """The system to write in. Raises `FileProblem` for any but WGS 84 and those of VN-2000."""
    found = frame(crs)
    if found.note is not None and not found.vietnamese:
        raise FileProblem(_OTHER, crs=found.name)
    return found


async def write_geopackage(exports: Exports, subject: Subject, path: Path, layer: str, crs: str) -> int:
    """Write the subject to a new file, batch by batch; gives how many rows it has."""
    target = frame_for(crs)
    columns = [_value(column).label(name) for name, column in subject.columns.items()]
    query = sa.select(*columns, sa.func.ST_AsBinary(subject.geometry)).select_from(subject.source)
    kinds = [column.type for column in columns]
    total = 0
    async with exports.rows(query.order_by(*subject.order), BATCH) as batches:
        async for batch in batches:
            _append(path, layer, crs, subject, kinds, list(zip(*batch, strict=True)), target, total > 0)
            total += len(batch)
    if total == 0:
        _append(path, layer, crs, subject, kinds, [()] * (len(columns) + 1), target, False)
    return total


def _value(column: Any) -> Any:
    return sa.cast(column, sa.Text) if isinstance(column.type, sa.Uuid) else column


def _append(
    path: Path,
    layer: str,
    crs: str,
    subject: Subject,
    kinds: list[Any],
    columns: list[Any],
    target: Frame,
    append: bool,
) -> None:
    shapes = shapely.from_wkb(np.array([bytes(one) for one in columns[-1]], dtype=object))
    moved = shapely.transform(shapes, target.from_wgs84)
    arrays, masks = zip(*(_column(kind, values) for kind, values in zip(kinds, columns[:-1], strict=True)), strict=True)
    write(
        str(path),
        shapely.to_wkb(moved),
        list(arrays),
        list(subject.columns),
        field_mask=list(masks),
        layer=layer,
        driver="GPKG",
        geometry_type="MultiPolygon" if subject.areas else "Point",
        crs=crs,
        append=append,
    )


def _column(kind: Any, values: Any) -> tuple[Any, Any]:
    """A column as GDAL takes it, and where it has nothing."""
    missing = np.array([value is None for value in values], dtype=bool)
    if isinstance(kind, sa.Boolean):
        return np.array([bool(value) for value in values], dtype=bool), missing
    if isinstance(kind, sa.Integer):
        return np.array([value or 0 for value in values], dtype=np.int64), missing
    if isinstance(kind, sa.DateTime):
        texts = [None if value is None else value.replace(tzinfo=None).isoformat() for value in values]
        return np.array(texts, dtype="datetime64[ms]"), np.zeros(len(missing), dtype=bool)
    return np.array(list(values), dtype=object), np.zeros(len(missing), dtype=bool)
