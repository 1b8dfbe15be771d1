"""What takes a photograph apart and makes a clean one of it: a program of its own, which `server/pictures.py` starts.

Decoders are where hostile files strike, and a picture of 40 megapixels takes much memory. So no serving process ever
decodes: it hands the bytes to this program, which knows no setting and no secret, may write no file, may take only so
much memory, and is killed when it takes too long. It imports nothing of ours.

A request is eight bytes of length, four letters that say the kind, and the file. The answer is four bytes of length, a
JSON object, and where that has `sizes` as many pictures as it has entries, of those lengths. All integers big-endian.

Of the kind `BLUR` is a request for a copy of a picture of ours in which parts are unrecognisable: four bytes of length,
a JSON list of rectangles (`[left, top, width, height]`, fractions of the picture), and the JPEG.
"""

from __future__ import annotations

import io
import json
import math
import resource
import signal
import struct
import sys
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, BinaryIO

import pillow_heif
from PIL import ExifTags, Image, ImageCms

MOST_PIXELS = 40_000_000
MOST_SCANS = 100
"""Of a progressive JPEG: encoders make some ten."""
MOST_SECONDS = 30
"""For one picture, should the server that waits for it be gone."""
LARGE, SMALL = 1_600, 400
"""The longest side of what is kept, and of its thumbnail, in pixels; nothing is made larger than it was."""
QUALITY = {LARGE: 82, SMALL: 75}
MOST_MEMORY = 1024 * 1024 * 1024
"""Address space. The largest picture in the hungriest format, a WebP of 40 megapixels, was seen to take 776 MB."""

BLUR = b"BLUR"
BLOCK = 16
"""Pixels. A JPEG may spread a detail over so many, so what is made unrecognisable begins and ends with a block."""
CELLS = 4
"""Of a part that is made unrecognisable no more is kept than the mean colours of so many cells on a side."""

FORMATS = {b"JPEG": "JPEG", b"PNG ": "PNG", b"WEBP": "WEBP", b"HEIF": "HEIF"}
_HERE = timezone(timedelta(hours=7))
"""Vietnam's zone, which has no summer time: where a camera that names no zone is taken to be."""
_FIRST_YEAR = 1995
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What brings a picture upright, by its Exif orientation."""
_TRANSPARENT = frozenset({"RGBA", "LA", "PA", "RGBa", "La"})


class Unfit(Exception):
    """Why a picture cannot be used: `unreadable` or `pixels`."""


def main() -> None:
    """Serve requests from standard input until it ends."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    pillow_heif.register_heif_opener(thumbnails=False)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while header := requests.read(12):
        length, kind = struct.unpack(">Q4s", header)
        data = requests.read(length)
        signal.alarm(MOST_SECONDS)  # ends the process, should nobody be left to end it
        answer(answers, data, kind)
        signal.alarm(0)


def answer(answers: BinaryIO, data: bytes, kind: bytes) -> None:
    """Write the answer to one request."""
    told: dict[str, Any]
    pictures: list[bytes] = []
    try:
        told, pictures = blurred(data) if kind == BLUR else cleaned(data, FORMATS[kind])
        told["sizes"] = [len(picture) for picture in pictures]
    except Unfit as unfit:
        told = {"problem": str(unfit)}
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        told = {"problem": "pixels"}
    except Exception:  # whatever a decoder says of a file that it cannot read, it is unreadable
        told = {"problem": "unreadable"}
    body = json.dumps(told).encode()
    answers.write(struct.pack(">I", len(body)) + body + b"".join(pictures))
    answers.flush()


def cleaned(data: bytes, format_: str) -> tuple[dict[str, Any], list[bytes]]:
    """What the file tells of itself, and the picture in both sizes: JPEG, upright, sRGB, without metadata."""
    if format_ == "WEBP":
        # Pillow's decoder takes memory for the whole canvas as it opens a file.
        _refuse_large(*webp_size(data))
    # The marker of a scan cannot stand inside one: to decode the same picture thousands of times takes minutes.
    if format_ == "JPEG" and data.count(b"\xff\xda") > MOST_SCANS:
        raise Unfit("unreadable")
    with Image.open(io.BytesIO(data), formats=[format_]) as image:
        _refuse_large(*image.size)
        exif = image.getexif()
        profile = image.info.get("icc_profile")
        turn = _UPRIGHT.get(exif.get(ExifTags.Base.Orientation, 1))
        told: dict[str, Any] = {"taken_at": taken_at(exif), "position": position(exif)}
        large = _in_srgb(_shrunk(image), profile)
    if turn is not None:
        large = large.transpose(turn)
    told["width"], told["height"] = large.size
    return told, _in_both_sizes(large)


def _in_both_sizes(large: Image.Image) -> list[bytes]:
    small = large.copy()
    small.thumbnail((SMALL, SMALL), Image.Resampling.LANCZOS)
    return [_encoded(large, LARGE), _encoded(small, SMALL)]


def blurred(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """A copy of a picture of ours, in both sizes, in which nobody makes out again what the rectangles hold."""
    length = int.from_bytes(data[:4], "big")
    rectangles = json.loads(data[4 : 4 + length])
    with Image.open(io.BytesIO(data[4 + length :]), formats=["JPEG"]) as image:
        _refuse_large(*image.size)
        large = image.convert("RGB")
    for rectangle in rectangles:
        _cover(large, *rectangle)
    told = {"taken_at": None, "position": None, "width": large.width, "height": large.height}
    return told, _in_both_sizes(large)


def _cover(image: Image.Image, left: float, top: float, width: float, height: float) -> None:
    """Paint over a part of the picture, out to whole blocks: its few mean colours, one into the other, solid within.

    What is painted is made of `CELLS`² colours at most, however much the part showed: there is nothing to undo.
    """
    box = (
        math.floor(left * image.width / BLOCK) * BLOCK,
        math.floor(top * image.height / BLOCK) * BLOCK,
        min(math.ceil((left + width) * image.width / BLOCK) * BLOCK, image.width),
        min(math.ceil((top + height) * image.height / BLOCK) * BLOCK, image.height),
    )
    size = (box[2] - box[0], box[3] - box[1])
    if min(size) < 1:
        return
    part = image.crop(box)
    cells = part.resize((min(CELLS, size[0]), min(CELLS, size[1])), Image.Resampling.BOX)
    paint = cells.resize(size, Image.Resampling.BICUBIC)
    solid = Image.new("RGB", size, part.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)))
    core = Image.new("L", (8, 8), 64)
    core.paste(255, (1, 1, 7, 7))
    image.paste(Image.composite(solid, paint, core.resize(size, Image.Resampling.BICUBIC)), box[:2])


def _refuse_large(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise Unfit("pixels")


def webp_size(data: bytes) -> tuple[int, int]:
    """Width and height from the header of a WebP file (RFC 9649); raises `Unfit` where it has none."""
    chunk, body = data[12:16], data[20:30]
    if len(body) < 10:
        raise Unfit("unreadable")
    if chunk == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk != b"VP8 " or body[3:6] != b"\x9d\x01\x2a":
        raise Unfit("unreadable")
    width, height = struct.unpack("<HH", body[6:10])
    return width & 0x3FFF, height & 0x3FFF


def _shrunk(image: Image.Image) -> Image.Image:
    """The first frame, no larger than is kept: whatever comes next costs little, however large it was."""
    image.draft("RGB", (LARGE, LARGE))  # a JPEG can be read at an eighth of its size
    image.load()
    if image.mode in ("1", "P", "PA"):
        # A palette cannot be averaged; a transparent entry makes transparency.
        shown = image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
    elif image.mode.startswith("I") or image.mode == "F":
        shown = _eight_bits(image)
    elif "transparency" in image.info and image.mode in ("RGB", "L"):
        shown = image.convert("RGBA")
    else:
        shown = image
    shown.thumbnail((LARGE, LARGE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return shown


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits as grey of eight: Pillow's own conversion would cut off all that is brighter than 255."""
    return image.convert("I").point(lambda value: value / 256).convert("L")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in sRGB, as a screen shows a picture without a profile; what is transparent turns white."""
    if image.mode in _TRANSPARENT:
        shown = image.convert("RGBA")
        image = Image.new("RGB", shown.size, "white")
        image.paste(shown, mask=shown.getchannel("A"))
    if profile and image.mode in ("RGB", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None  # a profile that is none, or of another colour space: the colours as they stand
        if converted is not None:
            image = converted
    return image.convert("RGB")


def _encoded(image: Image.Image, size: int) -> bytes:
    """A JPEG without any metadata; raises `Unfit` where some has come along all the same."""
    clean = Image.frombytes("RGB", image.size, image.tobytes())
    written = io.BytesIO()
    clean.save(written, "JPEG", quality=QUALITY[size], optimize=True, progressive=True)
    encoded = written.getvalue()
    if has_metadata(encoded):
        raise Unfit("unreadable")
    return encoded


def has_metadata(jpeg: bytes) -> bool:
    """Whether a JPEG holds more than its picture: an application segment but JFIF's own, or a comment."""
    at = 2
    while jpeg[at] == 0xFF and jpeg[at + 1] != 0xDA:
        marker = jpeg[at + 1]
        if 0xE1 <= marker <= 0xEF or marker == 0xFE:
            return True
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return False


def taken_at(exif: Image.Exif) -> str | None:
    """When the camera says that it was taken, in ISO 8601; None where it does not or cannot be."""
    try:
        details = exif.get_ifd(ExifTags.IFD.Exif)
        local = details.get(ExifTags.Base.DateTimeOriginal)
        if not isinstance(local, str):
            return None
        moment = datetime.strptime(local.strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(
            tzinfo=_zone(details.get(ExifTags.Base.OffsetTimeOriginal))
        )
    except Exception:  # a broken directory says nothing
        return None
    soon = datetime.now(UTC) + timedelta(days=1)
    return moment.isoformat() if moment.year >= _FIRST_YEAR and moment < soon else None


def _zone(offset: object) -> timezone:
    if not isinstance(offset, str):
        return _HERE
    try:
        shift = datetime.strptime(offset.strip("\0 "), "%z").utcoffset()
    except ValueError:
        return _HERE
    return timezone(shift) if shift is not None else _HERE


def position(exif: Image.Exif) -> list[float] | None:
    """Longitude and latitude in degrees; None where the camera did not know them, or tells nonsense."""
    try:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        longitude = _degrees(gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "EW")
        latitude = _degrees(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "NS")
    except Exception:  # a broken directory says nothing
        return None
    # Cameras without a fix write zeros.
    if longitude is None or latitude is None or (longitude == 0 and latitude == 0):
        return None
    return [longitude, latitude] if abs(longitude) <= 180 and abs(latitude) <= 90 else None


def _degrees(gps: Mapping[int, Any], value: int, reference: int, letters: str) -> float | None:
    """Degrees, minutes and seconds as degrees; `letters` are those of the positive and the negative half."""
    degrees, minutes, seconds = (float(part) for part in gps[value])
    letter = str(gps[reference]).strip("\0 ").upper()
    whole = degrees + minutes / 60 + seconds / 3600
    if letter not in (letters[0], letters[1]) or not math.isfinite(whole):
        return None
    if min(degrees, minutes, seconds) < 0 or minutes >= 60 or seconds >= 60:
        return None
    return round(whole if letter == letters[0] else -whole, 7)


if __name__ == "__main__":
    main()
