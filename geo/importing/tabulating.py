"""A program that reads a table and writes it as JSON: `python -m geo.importing.tabulating`, the file on its input.

It is for those who must not load what reading takes (openpyxl costs a process 30 MB) nor trust what they were sent: it
ends with the file, and takes no more memory than it is given. What a spreadsheet saves is read as it comes: UTF-8,
UTF-16, and where text is neither, windows-1258, in which Excel on a Vietnamese machine writes plain CSV; that is told.

    {"headings": ["Tên", …], "rows": [[2, ["Chợ", null]], …], "troubles": [[3, "vi", "en"], …],
     "remarks": [["vi", "en"], …], "problem": null}
"""

from __future__ import annotations

import json
import re
import resource
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from geo.importing.checking import mangled
from geo.importing.features import Feature, FileProblem
from geo.importing.recognising import BOM
from geo.importing.sheets import MANY_SHEETS, NOT_UTF8, read_rows
from geo.importing.troubles import MANGLED, Trouble, TroubleKind
from geo.language import Language, Text

MOST_MEMORY = 1024 * 1024 * 1024
VIETNAMESE = "windows-1258"
_ARCHIVE = (b"PK\x03\x04", b"PK\x05\x06")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
NO_TABLE = Text(
    "Tệp này không phải là bảng CSV hay Excel (.xlsx).", "This file is neither a CSV nor an Excel table (.xlsx)."
)
OLD_EXCEL = Text(
    "Tệp .xls kiểu cũ không đọc được. Trong Excel, hãy lưu lại dạng .xlsx.",
    "Old .xls files cannot be read. In Excel, save it as .xlsx.",
)
# What the command says of its own options, as a page says it.
_SAID = {
    MANY_SHEETS: Text(
        "Tệp có nhiều trang tính: {names}. Hãy chỉ giữ lại một trang.",
        "The file has several sheets: {names}. Keep one.",
    ),
    NOT_UTF8: Text(
        "Không đọc được chữ trong tệp. Hãy lưu lại dạng “CSV UTF-8” hoặc .xlsx.",
        "The file's letters cannot be read. Save it as “CSV UTF-8” or .xlsx.",
    ),
}
_LOST = Text(
    "Ô “{field}” bị mất chữ: “{words}”. Hãy lưu lại tệp dạng “CSV UTF-8” hoặc .xlsx.",
    "Letters were lost in “{field}”: “{words}”. Save the file as “CSV UTF-8” or .xlsx.",
)
_HOLE = re.compile(r"(?<=[^\W\d_])\?(?=[^\W\d_])")
"""What a program writes in the midst of a word that its encoding cannot hold: `Nhà v?n hóa`."""


def encoding_of(raw: bytes) -> str | None:
    """The encoding to read with where neither a mark nor UTF-8 says it."""
    if raw.startswith((*_ARCHIVE, *_UTF16)):
        return None
    try:
        raw.removeprefix(BOM).decode()
    except UnicodeDecodeError:
        return VIETNAMESE
    return None


def _spoilt(feature: Feature) -> list[Trouble]:
    """The cells whose letters were lost on the way."""
    told = []
    for name, cell in feature.properties.items():
        words = cell if isinstance(cell, str) else ""
        text = MANGLED if mangled(words) else _LOST if _HOLE.search(words) else None
        if text is not None:
            told.append(Trouble(feature.number, "", TroubleKind.TEXT, text, {"field": name, "words": words[:60]}))
    return told


def tabulated(raw: bytes) -> dict[str, Any]:
    """The table that these bytes are, or why they are none."""
    if raw.startswith(_OLD_EXCEL):
        return {"problem": list(OLD_EXCEL)}
    if b"\x00" in raw and not raw.startswith((*_ARCHIVE, *_UTF16)):
        return {"problem": list(NO_TABLE)}
    with TemporaryDirectory() as folder:
        path = Path(folder) / ("table.xlsx" if raw.startswith(_ARCHIVE) else "table.csv")
        path.write_bytes(raw)
        try:
            file, troubles = read_rows(path, encoding=encoding_of(raw))
        except FileProblem as problem:
            text = _SAID.get(problem.text, problem.text)
            return {"problem": [text.to(language, **problem.values) for language in Language]}
    told = [*troubles, *(one for feature in file.features for one in _spoilt(feature))]
    return {
        "problem": None,
        "headings": list(file.fields),
        "rows": [[one.number, [one.properties.get(name) for name in file.fields]] for one in file.features],
        "troubles": [[one.feature, one.message(Language.VI), one.message(Language.EN)] for one in told],
        "remarks": [[one.vi, one.en] for one in file.remarks],
    }


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    sys.stdout.buffer.write(json.dumps(tabulated(sys.stdin.buffer.read()), ensure_ascii=False).encode())


if __name__ == "__main__":
    main()
