"""Rows into a GeoPackage, through GDAL: only programs that end with their work load this, never who serves pages.

As a program it takes `Packed` as JSON on its input and writes the file that it names:
`{"path", "layer", "crs", "areas", "names", "kinds", "rows": [[value, …, WKB in hexadecimal digits], …]}`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyogrio.raw import write

from geo.exporting.kinds import Kind
from geo.importing.features import FileProblem
from geo.importing.projecting import Frame, frame
from geo.language import Text

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


def pack(
    path: Path,
    layer: str,
    crs: str,
    names: Sequence[str],
    kinds: Sequence[Kind],
    rows: Sequence[Sequence[Any]],
    *,
    areas: bool,
    append: bool = False,
) -> None:
    """Write rows to a new file, or behind those of one that is there; the last of each row is its shape as WKB."""
    target = frame_for(crs)
    columns = list(zip(*rows, strict=True)) or [()] * (len(names) + 1)
    shapes = shapely.from_wkb(np.array([bytes(one) for one in columns[-1]], dtype=object))
    moved = shapely.transform(shapes, target.from_wgs84)
    arrays, masks = zip(*(_column(kind, values) for kind, values in zip(kinds, columns[:-1], strict=True)), strict=True)
    write(
        str(path),
        shapely.to_wkb(moved),
        list(arrays),
        list(names),
        field_mask=list(masks),
        layer=layer,
        driver="GPKG",
        geometry_type="MultiPolygon" if areas else "Point",
        crs=crs,
        append=append,
    )


def _column(kind: Kind, values: Sequence[Any]) -> tuple[Any, Any]:
    """A column as GDAL takes it, and where it has nothing."""
    missing = np.array([value is None for value in values], dtype=bool)
    if kind is Kind.BOOLEAN:
        return np.array([bool(value) for value in values], dtype=bool), missing
    if kind is Kind.INTEGER:
        return np.array([value or 0 for value in values], dtype=np.int64), missing
    if kind is Kind.TIME:
        texts = [None if value is None else value.replace(tzinfo=None).isoformat() for value in values]
        return np.array(texts, dtype="datetime64[ms]"), np.zeros(len(missing), dtype=bool)
    return np.array(list(values), dtype=object), np.zeros(len(missing), dtype=bool)


def main() -> None:
    """Write the file that is asked for."""
    asked = json.load(sys.stdin.buffer)
    rows = [[*values, bytes.fromhex(shape)] for *values, shape in asked["rows"]]
    kinds = [Kind(kind) for kind in asked["kinds"]]
    pack(Path(asked["path"]), asked["layer"], asked["crs"], asked["names"], kinds, rows, areas=asked["areas"])


if __name__ == "__main__":
    main()
