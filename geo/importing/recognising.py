"""What kind of file this is, by its content and never by its name alone; and the limits on what is packed in it.

Only the kinds listed here are ever handed on, each to the one reader that knows it. GDAL is never left to guess: some
of its drivers read other files and addresses that a file names.
"""

from __future__ import annotations

import zipfile
import zlib
from enum import StrEnum
from pathlib import Path
from xml.parsers import expat

from geo.importing.features import FileProblem
from geo.language import Text

MAX_BYTES = 256 * 1024 * 1024
"""Of a file, and of all that is unpacked from one."""
MAX_TEXT = 64 * 1024 * 1024
"""Of GeoJSON and KML, which take many times their size while they are read."""
MAX_ELEMENTS = 2_000_000
"""In one XML document."""
MAX_MEMBERS = 2_000
MAX_DEPTH = 100
"""Of elements within elements in XML."""

BOM = b"\xef\xbb\xbf"


class Format(StrEnum):
    """The kinds of file that are read."""

    GEOJSON = "GeoJSON"
    GEOPACKAGE = "GeoPackage"
    SHAPEFILE = "Shapefile"
    ZIPPED_SHAPEFILE = "zipped Shapefile"
    KML = "KML"
    KMZ = "KMZ"
    XLSX = "XLSX"
    TEXT = "text"
    """Some text: a CSV where one is expected."""


_MISSING = Text("Không có tệp {file}.", "There is no file {file}.")
_TOO_LARGE = Text("Tệp lớn quá {most} MB.", "The file is larger than {most} MB.")
_UNREADABLE = Text("Không đọc được tệp: {reason}", "The file cannot be read: {reason}")
_UNKNOWN = Text(
    "Không nhận ra loại tệp. Đọc được GeoJSON, GeoPackage, Shapefile (.shp, .zip), KML, KMZ; danh sách tổ: CSV, XLSX.",
    "The kind of file is not known. GeoJSON, GeoPackage, Shapefile (.shp, .zip), KML, KMZ are read; teams: CSV, XLSX.",
)
_BAD_ZIP = Text("Tệp nén bị hỏng: {reason}", "The archive is damaged: {reason}")
_BOMB = Text(
    "Tệp nén giải ra quá lớn (quá {most} MB hoặc quá {members} tệp).",
    "The archive unpacks to too much (over {most} MB, or over {members} files).",
)
_PACKED = Text(
    "Tệp nén dùng cách nén không được nhận; hãy nén lại theo cách thông thường (deflate).",
    "The archive is compressed in a way that is not accepted; pack it again the usual way (deflate).",
)
_LOCKED = Text("Tệp nén có mật khẩu.", "The archive has a password.")
_DOCTYPE = Text(
    "XML có khai báo DOCTYPE hoặc thực thể, không được nhận.", "The XML declares a DOCTYPE or entities: not accepted."
)
_BAD_XML = Text(
    "Tệp KML bị hỏng hoặc thiếu phần cuối, không đọc được (dòng {line}).",
    "The KML is damaged or its end is missing: it cannot be read (line {line}).",
)
_BAD_ENCODING = Text("Tệp KML ghi bảng chữ mà hệ thống không biết.", "The KML names an encoding that is not known.")
_LONG_TEXT = Text(
    "GeoJSON hoặc KML lớn quá {most} MB. Hãy chia tệp, hoặc dùng GeoPackage.",
    "The GeoJSON or KML is larger than {most} MB. Divide it, or use a GeoPackage.",
)
_ELEMENTS = Text("XML có quá {most} phần tử.", "The XML has more than {most} elements.")
_DEEP = Text("XML lồng quá {most} lớp.", "The XML is nested deeper than {most} levels.")


def content(path: Path) -> bytes:
    """All bytes of a plain file. Raises `FileProblem` for one that is missing, unreadable or too large."""
    if not path.is_file():  # no folder, no device, and none of GDAL's own addresses such as /vsicurl/
        raise FileProblem(_MISSING, file=str(path))
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FileProblem(_TOO_LARGE, most=MAX_BYTES // 1024**2)
        return path.read_bytes()
    except OSError as error:
        raise FileProblem(_UNREADABLE, reason=error.strerror or str(error)) from error


def recognise(raw: bytes, path: Path) -> Format:
    """The format of a file with this content. Raises `FileProblem` for any other."""
    if raw.startswith(b"SQLite format 3\x00"):
        return Format.GEOPACKAGE
    if raw.startswith(b"\x00\x00\x27\x0a"):
        return Format.SHAPEFILE
    if raw.startswith(b"PK\x03\x04") or raw.startswith(b"PK\x05\x06"):
        return _packed(path)
    text = raw.removeprefix(BOM)[:4096].lstrip()
    if text.startswith(b"<"):
        return Format.KML
    if path.suffix.lower() in (".geojson", ".json") or text.startswith((b"{", b"[")) or not text:
        return Format.GEOJSON
    if b"\x00" in raw[:4096] and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileProblem(_UNKNOWN)
    if path.suffix.lower() in (".shp", ".gpkg", ".kml", ".kmz", ".zip", ".xlsx", ".dbf", ".shx"):
        raise FileProblem(_UNKNOWN)  # cut off at the beginning, or another kind under this name
    return Format.TEXT


def _packed(path: Path) -> Format:
    names = [name.lower() for name in names_in(path)]
    if "[content_types].xml" in names and any(name.startswith("xl/") for name in names):
        return Format.XLSX
    if any(name.endswith(".shp") for name in names):
        return Format.ZIPPED_SHAPEFILE
    if any(name.endswith(".kml") for name in names):
        return Format.KMZ
    raise FileProblem(_UNKNOWN)


def names_in(path: Path, most: int = MAX_BYTES) -> list[str]:
    """What an archive holds, once it is known to unpack to at most `most` bytes. Raises `FileProblem`."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise FileProblem(_BAD_ZIP, reason=str(error)) from error
    # Reading stops at the declared size, so a lie about it only makes the archive a damaged one.
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > most:
        raise FileProblem(_BOMB, most=most // 1024**2, members=MAX_MEMBERS)
    if any(member.flag_bits & 1 for member in members):
        raise FileProblem(_LOCKED)
    # The others may ask for gigabytes of memory before the first byte, and fail in ways of their own.
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise FileProblem(_PACKED)
    return [member.filename for member in members]


def check_text(size: int) -> None:
    """Raises `FileProblem` for more GeoJSON or KML than is read."""
    if size > MAX_TEXT:
        raise FileProblem(_LONG_TEXT, most=MAX_TEXT // 1024**2)


def unpacked(path: Path, name: str, *, text: bool = False) -> bytes:
    """One member of an archive that `names_in` has let pass. Raises `FileProblem` where it is damaged.

    With `text`, it may be no larger than text is read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if text:
                check_text(archive.getinfo(name).file_size)
            return archive.read(name)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, zlib.error) as error:
        raise FileProblem(_BAD_ZIP, reason=f"{name}: {error}") from error


def check_xml(raw: bytes) -> None:
    """Raises `FileProblem` for XML that is not well formed, nests too deeply, has too many elements, or
    declares entities at all."""
    depth = count = 0

    def refuse(*_: object) -> None:
        raise FileProblem(_DOCTYPE)

    def began(*_: object) -> None:
        nonlocal depth, count
        depth += 1
        count += 1
        if count > MAX_ELEMENTS:
            raise FileProblem(_ELEMENTS, most=MAX_ELEMENTS)
        if depth > MAX_DEPTH:
            raise FileProblem(_DEEP, most=MAX_DEPTH)

    def ended(*_: object) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = began
    parser.EndElementHandler = ended
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise FileProblem(_BAD_XML, line=error.lineno) from error
    except (ValueError, LookupError) as error:  # an encoding that is not known
        raise FileProblem(_BAD_ENCODING) from error
