"""Photographs as phones take them: JPEG with what a camera writes beside the picture."""

from __future__ import annotations

import io

import numpy as np
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()

_GPS, _DETAILS, _TAKEN, _ORIENTATION = 0x8825, 0x8769, 0x9003, 0x0112


def photograph(
    width: int = 1200,
    height: int = 900,
    *,
    at: tuple[float, float] | None = None,
    taken: str | None = "2026:11:20 09:05:00",
    orientation: int | None = None,
    quality: int = 90,
    kind: str = "JPEG",
) -> bytes:
    """A grainy picture, the same each time: dark at its left, bright at its right. `at`: longitude and latitude."""
    grain = np.random.default_rng(7).integers(0, 110, (height, width, 3))
    slope = np.linspace(0, 140, width)[None, :, None]
    picture = Image.fromarray((grain + slope).astype("uint8"))
    exif = Image.Exif()
    if at is not None:
        longitude, latitude = at
        gps = exif.get_ifd(_GPS)
        gps[1], gps[2] = "N" if latitude >= 0 else "S", _sexagesimal(latitude)
        gps[3], gps[4] = "E" if longitude >= 0 else "W", _sexagesimal(longitude)
    if taken is not None:
        exif.get_ifd(_DETAILS)[_TAKEN] = taken
    if orientation is not None:
        exif[_ORIENTATION] = orientation
    written = io.BytesIO()
    picture.save(written, kind, quality=quality, exif=exif.tobytes())
    return written.getvalue()


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    whole, rest = divmod(abs(degrees), 1)
    minutes, rest = divmod(rest * 60, 1)
    return whole, minutes, round(rest * 60, 4)
