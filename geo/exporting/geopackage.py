"""A subject's rows into a GeoPackage: for the command alone, for a serving process never loads GDAL."""

from __future__ import annotations

from pathlib import Path

from geo.exporting.packing import frame_for, pack
from geo.exporting.rows import rows_of
from geo.exporting.streaming import Exports
from geo.exporting.subjects import Subject

BATCH = 2_000


async def write_geopackage(exports: Exports, subject: Subject, path: Path, layer: str, crs: str) -> int:
    """Write the subject to a new file, batch by batch; gives how many rows it has. Raises `FileProblem`."""
    frame_for(crs)  # a wrong one is refused before the database is asked
    rows = rows_of(subject)
    total = 0
    async with exports.rows(rows.statement, BATCH) as batches:
        async for batch in batches:
            pack(path, layer, crs, rows.names, rows.kinds, batch, areas=subject.areas, append=total > 0)
            total += len(batch)
    if total == 0:
        pack(path, layer, crs, rows.names, rows.kinds, [], areas=subject.areas)
    return total
