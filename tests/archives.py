"""Small .pmtiles files for tests, with what their header is to say."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from mapbox_vector_tile import encode
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import write

CREDIT = '<a href="https://www.openstreetmap.org/copyright">© OpenStreetMap</a> & bạn bè'


def tile(**layers: list[dict[str, Any]]) -> bytes:
    """One vector tile; coordinates count from its lower left corner, 4096 a side."""
    return gzip.compress(encode([{"name": name, "features": features} for name, features in layers.items()]), mtime=0)


def write_archive(
    path: Path,
    tiles: dict[tuple[int, int, int], bytes],
    *,
    tile_type: TileType = TileType.MVT,
    tile_compression: Compression = Compression.GZIP,
    attribution: str | None = CREDIT,
) -> Path:
    """The tiles by zoom, column and row, over all of Hòa Xuân."""
    with write(path) as writer:
        for address in sorted(tiles, key=lambda one: zxy_to_tileid(*one)):
            writer.write_tile(zxy_to_tileid(*address), tiles[address])
        header = {
            "tile_type": tile_type,
            "tile_compression": tile_compression,
            "min_lon_e7": 1_081_000_000,
            "min_lat_e7": 159_000_000,
            "max_lon_e7": 1_083_000_000,
            "max_lat_e7": 161_000_000,
        }
        writer.finalize(header, {} if attribution is None else {"attribution": attribution})
    return path
