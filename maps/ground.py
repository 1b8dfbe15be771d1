"""What lies under the digital map: tiles from an address, or a file of vector tiles of our own (PMTiles, version 3).

The file is described by its header (https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md), so that what
cannot be shown is refused before anybody sees an empty map.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from pmtiles.tile import Compression, SpecVersionUnsupported, TileType, deserialize_header

from geo.positions import Box
from maps import vendor

OPENSTREETMAP = "© những người đóng góp OpenStreetMap"
"""The credit that OpenStreetMap's licence (ODbL) asks for, in Vietnamese."""

LIBRARY = vendor.url(f"{vendor.PROTOMAPS}/protomaps-leaflet.js")
_HEADER = 127
_SAMPLE = 16_384
_MOST_METADATA = 1_000_000


class NoBaseMap(Exception):
    """A file is no base map that we can show; the message names the file and says why."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


@dataclass(frozen=True, slots=True)
class Tiles:
    """Where the ground's picture tiles come from, and whom to thank: both from settings."""

    url: str
    attribution: str

    @property
    def source(self) -> str:
        """What a Content-Security-Policy must allow for these tiles: an origin, or nothing where they are our own."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}" if parts.netloc else ""

    def told(self) -> dict[str, Any]:
        """What `static/common/ground.js` needs to know."""
        return {"kind": "tiles", "url": self.url, "attribution": plain(self.attribution)}


@dataclass(frozen=True, slots=True)
class Archive:
    """A .pmtiles file with vector tiles. `version` changes with what is in it, on every machine alike."""

    path: Path
    version: str
    size: int
    min_zoom: int
    max_zoom: int
    bounds: Box
    attribution: str

    source = ""

    @property
    def url(self) -> str:
        return f"/basemap/{self.version}.pmtiles"

    def told(self) -> dict[str, Any]:
        """What `static/common/ground.js` needs to know; the drawing library is loaded only where this is told."""
        box = self.bounds
        return {
            "kind": "pmtiles",
            "url": self.url,
            "attribution": self.attribution,
            "minZoom": self.min_zoom,
            "maxZoom": self.max_zoom,
            "bounds": [[box.south, box.west], [box.north, box.east]],
            "library": LIBRARY,
        }


Ground = Tiles | Archive


def read_archive(path: Path, attribution: str | None = None) -> Archive:
    """What the file's header and metadata say; `attribution` goes before the file's own. Raises `NoBaseMap`."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            first = file.read(_SAMPLE)
            file.seek(max(0, size - _SAMPLE))
            last = file.read(_SAMPLE)
            header = _header(path, first, size)
            file.seek(header["metadata_offset"])
            metadata = file.read(min(header["metadata_length"], _MOST_METADATA))
    except OSError as error:
        raise NoBaseMap(path, error.strerror or "cannot be read") from error
    said = _metadata(path, metadata, header["internal_compression"]).get("attribution")
    sides = (header[name] / 1e7 for name in ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7"))
    return Archive(
        path=path,
        # Length, directory (every tile's length) and both ends: two different maps do not share them.
        version=hashlib.sha256(b"%d\0" % size + first + last).hexdigest()[:16],
        size=size,
        min_zoom=header["min_zoom"],
        max_zoom=header["max_zoom"],
        bounds=Box(*sides),
        attribution=plain(attribution or (said if isinstance(said, str) else "")) or OPENSTREETMAP,
    )


def _header(path: Path, first: bytes, size: int) -> Mapping[str, Any]:
    if not first.startswith(b"PMTiles"):
        raise NoBaseMap(path, "is no PMTiles file")
    if len(first) < _HEADER:
        raise NoBaseMap(path, "is cut off")
    try:
        header: Mapping[str, Any] = deserialize_header(first)
    except (SpecVersionUnsupported, ValueError) as error:
        raise NoBaseMap(path, "is of a version of PMTiles other than 3") from error
    if header["tile_type"] != TileType.MVT:
        raise NoBaseMap(path, "holds pictures, not vector tiles (MVT); pictures go by PHUONGSO_TILE_URL")
    if header["tile_compression"] not in (Compression.NONE, Compression.GZIP):
        raise NoBaseMap(path, "is compressed in a way that browsers do not read; gzip is needed")
    if header["internal_compression"] not in (Compression.NONE, Compression.GZIP):
        raise NoBaseMap(path, "has a directory in a compression that browsers do not read; gzip is needed")
    parts = ("root", "metadata", "leaf_directory", "tile_data")
    if any(header[f"{part}_offset"] + header[f"{part}_length"] > size for part in parts):
        raise NoBaseMap(path, "is cut off: copy or write it again")
    return header


def _metadata(path: Path, raw: bytes, compression: Compression) -> dict[str, Any]:
    try:
        if compression == Compression.GZIP:
            raw = zlib.decompressobj(wbits=31).decompress(raw, _MOST_METADATA)
        found = orjson.loads(raw or b"{}")
    except (zlib.error, orjson.JSONDecodeError) as error:
        raise NoBaseMap(path, "has metadata that cannot be read") from error
    return found if isinstance(found, dict) else {}


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def plain(html: str) -> str:
    """A credit without its markup: whoever wrote it, the page shows text."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    return " ".join("".join(reader.pieces).split())[:300]
