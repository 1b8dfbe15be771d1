"""A Shapefile before GDAL opens it: its parts are all there, whole, and in an encoding that is known.

Layout: ESRI Shapefile Technical Description, 1998; dBASE III table file.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from geo.importing.features import FileProblem, SeveralLayers
from geo.importing.recognising import content, names_in, unpacked
from geo.language import Text

_PARTS = (".shp", ".shx", ".dbf")
_KEPT = (*_PARTS, ".prj", ".cpg")

_FAULTS = Text("Shapefile “{name}” có lỗi: {faults}", "The Shapefile “{name}” is at fault: {faults_en}")
_SEVERAL = Text(
    "Tệp nén có nhiều Shapefile: {names}. Hãy chọn một bằng --layer.",
    "The archive holds several Shapefiles: {names}. Choose one with --layer.",
)
_NONE_SUCH = Text("Tệp nén không có lớp “{layer}”; có: {names}.", "The archive has no “{layer}”; it has: {names}.")

# By the byte of the dBASE header that names a code page, as far as such files are found in Vietnam.
_LANGUAGES = {0x03: "cp1252", 0x57: "cp1252", 0x58: "cp1252", 0x78: "cp950", 0x7A: "cp936", 0x7B: "cp932"}


@dataclass(frozen=True, slots=True)
class Parts:
    """The bytes of each part by its ending, and the layer's name."""

    name: str
    parts: Mapping[str, bytes]

    @property
    def table(self) -> bytes:
        return self.parts[".dbf"]

    def stated_encoding(self) -> str | None:
        """What the file says of its encoding, as Python knows it or not; None where it says nothing."""
        said = self.parts.get(".cpg", b"").decode("ascii", "replace").strip().strip("\x00")
        if said:
            upper = said.upper()
            if upper in ("65001", "UTF8", "UTF-8"):
                return "utf-8"
            number = upper.removeprefix("ANSI").removeprefix("WINDOWS").removeprefix("CP").strip(" -_")
            return f"cp{number}" if number.isdigit() and len(number) < 5 else said.replace(" ", "-")
        return _LANGUAGES.get(self.table[29])

    def write(self, folder: Path) -> Path:
        """The parts as files of one plain name; gives the main one."""
        for ending, raw in self.parts.items():
            if ending != ".cpg":  # the encoding is told to GDAL, not found by it
                (folder / f"layer{ending}").write_bytes(_as_utf8(raw) if ending == ".prj" else raw)
        return folder / "layer.shp"


def parts_beside(path: Path) -> Parts:
    """The parts beside a `.shp`, in whatever case their endings are. Raises `FileProblem` naming all faults."""
    beside = {
        other.suffix.lower(): other
        for other in sorted(path.parent.iterdir())
        if other.stem == path.stem and other.suffix.lower() in _KEPT and other.is_file()
    }
    beside[".shp"] = path
    return _checked(Parts(path.stem, {ending: content(other) for ending, other in beside.items()}))


def parts_in_zip(path: Path, layer: str | None) -> Parts:
    """The parts of the Shapefile in an archive. Raises `FileProblem`, also where there are several to choose from."""
    found: dict[str, dict[str, str]] = {}
    for name in names_in(path):
        pure = PurePosixPath(name)
        if pure.suffix.lower() in _KEPT and "__MACOSX" not in pure.parts:
            found.setdefault(str(pure.with_suffix("")), {})[pure.suffix.lower()] = name
    complete = {PurePosixPath(name).name: members for name, members in found.items() if ".shp" in members}
    names = ", ".join(sorted(complete))
    if layer is None and len(complete) > 1:
        raise SeveralLayers(_SEVERAL, sorted(complete))
    chosen = layer if layer is not None else next(iter(complete))
    if chosen not in complete:
        raise FileProblem(_NONE_SUCH, layer=chosen, names=names)
    return _checked(Parts(chosen, {ending: unpacked(path, name) for ending, name in complete[chosen].items()}))


def _checked(found: Parts) -> Parts:
    faults = [
        Text(f"thiếu tệp {found.name}{ending}", f"the file {found.name}{ending} is missing")
        for ending in _PARTS
        if ending not in found.parts
    ]
    lengths = {}
    for ending, raw in found.parts.items():
        if ending in _PARTS:
            expected, lengths[ending] = _lengths(ending, raw)
            if len(raw) < expected:
                faults.append(
                    Text(
                        f"tệp {ending} bị cắt: {len(raw)} trên {expected} byte",
                        f"the {ending} is cut off: {len(raw)} of {expected} bytes",
                    )
                )
    shapes, rows = lengths.get(".shx"), lengths.get(".dbf")
    if not faults and shapes != rows:
        faults.append(Text(f"{shapes} hình nhưng {rows} dòng thuộc tính", f"{shapes} shapes but {rows} rows"))
    if faults:
        vietnamese, english = "; ".join(one.vi for one in faults), "; ".join(one.en for one in faults)
        raise FileProblem(_FAULTS, name=found.name, faults=vietnamese, faults_en=english)
    return found


def _as_utf8(raw: bytes) -> bytes:
    """The description of a coordinate system, which may name it in any encoding, as GDAL's callers take it."""
    try:
        return raw.decode().encode()
    except UnicodeDecodeError:
        return raw.decode("latin-1").encode()


def _lengths(ending: str, raw: bytes) -> tuple[int, int]:
    """How long a part says it is, and how many records it has."""
    if ending == ".dbf":
        if len(raw) < 32:
            return 32, 0
        records, header, size = struct.unpack("<IHH", raw[4:12])
        return max(header, 33) + records * size, records
    if len(raw) < 100 or raw[:4] != b"\x00\x00\x27\x0a":
        return max(100, len(raw) + 1), 0
    length = 2 * int(struct.unpack(">I", raw[24:28])[0])
    return max(length, 100), (length - 100) // 8
