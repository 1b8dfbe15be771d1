"""Photographs for the tests, as cameras and phones make them, and some that no camera makes."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pillow_heif
from PIL import ExifTags, Image

pillow_heif.register_heif_opener()

COLOURS = ((220, 30, 30), (30, 200, 30), (30, 30, 220), (230, 220, 40))
"""Of the quarters, upright: top left, top right, bottom left, bottom right."""
HERE = ((15.0, 59.0, 11.4), "N", (108.0, 12.0, 36.0), "E")
"""15.9865 N 108.21 E, as cameras write it."""


def quarters(width: int = 120, height: int = 80, mode: str = "RGB") -> Image.Image:
    """A picture whose quarters have a colour each, so that its orientation shows."""
    image = Image.new("RGB", (width, height))
    for n, colour in enumerate(COLOURS):
        box = (n % 2 * width // 2, n // 2 * height // 2)
        image.paste(colour, (*box, box[0] + width // 2, box[1] + height // 2))
    return image.convert(mode)


def colours_of(image: Image.Image) -> tuple[int, ...]:
    """Which of `COLOURS` each quarter is nearest to, in their order."""
    width, height = image.size
    spots = [(width * x // 4, height * y // 4) for y in (1, 3) for x in (1, 3)]
    shown = [image.convert("RGB").getpixel(spot) for spot in spots]
    return tuple(
        min(range(4), key=lambda n: sum(abs(a - b) for a, b in zip(COLOURS[n], pixel, strict=True)))
        for pixel in shown
        if isinstance(pixel, tuple)
    )


def exif(
    *, orientation: int = 1, gps: Any = HERE, taken: str | None = "2026:11:20 09:05:00", offset: str | None = None
) -> Image.Exif:
    """What a phone writes beside a picture."""
    made = Image.Exif()
    made[ExifTags.Base.Orientation] = orientation
    made[ExifTags.Base.Make] = "Điện thoại bí mật"
    details = made.get_ifd(ExifTags.IFD.Exif)
    if taken is not None:
        details[ExifTags.Base.DateTimeOriginal] = taken
    if offset is not None:
        details[ExifTags.Base.OffsetTimeOriginal] = offset
    if gps is not None:
        names = (ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef)
        names += (ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef)
        made.get_ifd(ExifTags.IFD.GPSInfo).update(dict(zip(names, gps, strict=True)))
    return made


def encoded(image: Image.Image | None = None, format_: str = "JPEG", **options: Any) -> bytes:
    """A picture as a file."""
    written = io.BytesIO()
    (image or quarters()).save(written, format_, **options)
    return written.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of one bit a pixel, as large as it says, all black: a few kilobytes for any size."""
    squeezer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    pixels = b"".join([squeezer.compress(row) for _ in range(height)]) + squeezer.flush()
    chunks = (b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0), b"IDAT" + pixels, b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )
