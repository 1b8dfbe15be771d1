"""Reading tables: CSV and XLSX, as rows of text under the headings of the first row. Only what imports loads this.

GDAL could read both, but gives the value that a formula had when the file was last saved as if it stood there, and pads
ragged rows in silence. Here every cell that is not plainly a value is named.
"""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from geo.importing.features import Feature, FeatureFile, FileProblem
from geo.importing.recognising import BOM, Format, check_xml, content, names_in, recognise, unpacked
from geo.importing.troubles import Trouble, TroubleKind
from geo.language import Text

MAX_BYTES = 16 * 1024 * 1024
MAX_UNPACKED = 64 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 100

Row = tuple[int, list[Any]]

_TOO_LARGE = Text("Bảng lớn quá {most} MB.", "The table is larger than {most} MB.")
_TOO_LONG = Text(
    "Bảng có quá {rows} dòng hoặc quá {columns} cột.", "The table has over {rows} rows or over {columns} columns."
)
_NOT_A_TABLE = Text("Tệp không phải là CSV hay XLSX.", "The file is neither CSV nor XLSX.")
NOT_UTF8 = Text(
    "Văn bản không theo bảng mã {encoding}. Hãy lưu lại dạng “CSV UTF-8”, hoặc nêu --encoding, ví dụ windows-1258.",
    "The text is not in {encoding}. Save it as “CSV UTF-8”, or name its --encoding, such as windows-1258.",
)
_BAD_CSV = Text("CSV có lỗi ở dòng {line}: {reason}", "The CSV is at fault in line {line}: {reason}")
_BAD_XLSX = Text("Không đọc được XLSX: {reason}", "The XLSX cannot be read: {reason}")
_EMPTY = Text("Bảng không có dòng nào dưới dòng tiêu đề.", "The table has no rows below its headings.")
MANY_SHEETS = Text(
    "Tệp có nhiều trang tính: {names}. Hãy chọn một bằng --layer.",
    "The file has several sheets: {names}. Choose one with --layer.",
)
_NO_SHEET = Text("Tệp không có trang tính “{layer}”; có: {names}.", "There is no sheet “{layer}”, but: {names}.")
_TWICE = Text("Tiêu đề “{name}” có ở nhiều cột.", "The heading “{name}” stands over several columns.")
_NO_HEADINGS = Text("Dòng tiêu đề trống.", "The row of headings is empty.")
_UNHEADED = Text(
    "Cột {column} có dữ liệu “{text}” mà không có tiêu đề (dòng tiêu đề bị gộp ô?).",
    "Column {column} holds “{text}” but has no heading (are headings merged?).",
)
_RAGGED = Text("Dòng có {found} ô, tiêu đề có {wanted}.", "The row has {found} cells, the headings are {wanted}.")
_FORMULA = Text(
    "Ô {cell} là công thức. Hãy dán giá trị thay cho công thức.", "Cell {cell} is a formula. Paste its value instead."
)
_ERROR = Text("Ô {cell} báo lỗi {text}.", "Cell {cell} holds the error {text}.")
_READ_AS = Text("Văn bản được đọc theo bảng mã {encoding}.", "The text was read as {encoding}.")


def read_rows(
    path: Path, *, layer: str | None = None, encoding: str | None = None
) -> tuple[FeatureFile, list[Trouble]]:
    """The rows of a table as features without shapes, numbered as in the file, and what is wrong with cells.

    `layer` chooses a sheet. Raises `FileProblem`.
    """
    raw = content(path)
    kind = recognise(raw, path)
    remarks: tuple[Text, ...] = ()
    wrong: list[Trouble] = []
    if kind is Format.XLSX:
        rows = _sheet(path, layer, wrong)
    elif kind is Format.TEXT or path.suffix.lower() in (".csv", ".tsv", ".txt"):
        if len(raw) > MAX_BYTES:
            raise FileProblem(_TOO_LARGE, most=MAX_BYTES // 1024**2)
        text, used = _decoded(raw, encoding)
        if used != "utf-8":
            remarks = (Text(_READ_AS.vi.format(encoding=used), _READ_AS.en.format(encoding=used)),)
        rows, kind = list(_lines(text)), Format.TEXT
    else:
        raise FileProblem(_NOT_A_TABLE)
    return _table(path.stem, kind, rows, remarks, wrong)


def _table(
    stem: str, kind: Format, rows: list[Row], remarks: tuple[Text, ...], wrong: list[Trouble]
) -> tuple[FeatureFile, list[Trouble]]:
    filled = [(number, cells) for number, cells in rows if any(cell not in (None, "") for cell in cells)]
    if not filled:
        raise FileProblem(_EMPTY)
    headings = [_words(cell) for cell in filled[0][1]]
    while headings and not headings[-1]:
        headings.pop()
    if not any(headings):
        raise FileProblem(_NO_HEADINGS)
    for name in headings:
        if name and headings.count(name) > 1:
            raise FileProblem(_TWICE, name=name)
    features = []
    for number, cells in filled[1:]:
        beyond = any(cell not in (None, "") for cell in cells[len(headings) :])
        if beyond or (kind is Format.TEXT and len(cells) != len(filled[0][1])):
            values: dict[str, object] = {"found": len(cells), "wanted": len(filled[0][1])}
            wrong.append(Trouble(number, "", TroubleKind.TEXT, _RAGGED, values))
        properties = {}
        padded = [*cells, *[None] * len(headings)][: len(headings)]
        for index, (name, cell) in enumerate(zip(headings, padded, strict=True)):
            if name:
                properties[name] = _plain(cell)
            elif cell not in (None, ""):
                values = {"column": get_column_letter(index + 1), "text": _words(cell)[:60]}
                wrong.append(Trouble(number, "", TroubleKind.TEXT, _UNHEADED, values))
        features.append(Feature(number, properties, None))
    if not features:
        raise FileProblem(_EMPTY)
    return FeatureFile(stem, tuple(name for name in headings if name), tuple(features), remarks), wrong


def _words(cell: Any) -> str:
    return unicodedata.normalize("NFC", str(_plain(cell) or "")).strip()


def _plain(cell: Any) -> Any:
    """A cell as text. The sign that keeps a text from being a formula is no part of it."""
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, str) and len(cell) > 1 and cell[0] == "'" and cell[1] in "=+-@":
        return cell[1:]
    return None if cell is None else str(cell)


# CSV


def _decoded(raw: bytes, encoding: str | None) -> tuple[str, str]:
    """The text and the encoding it is in: the one named, else by its mark, else UTF-8. Nothing is guessed."""
    used = encoding or "utf-8"
    if encoding is None and raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        used = "utf-16"
    try:
        return raw.removeprefix(BOM).decode(used), codecs.lookup(used).name
    except (ValueError, LookupError) as error:
        raise FileProblem(NOT_UTF8, encoding=used) from error


def _lines(text: str) -> Iterator[Row]:
    first, _, rest = text.partition("\n")
    delimiter: str = ""
    skipped = 0
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:  # Excel's own way to tell
        delimiter, text, skipped = first.strip()[4], rest, 1
        first = rest.partition("\n")[0]
    delimiter = delimiter or max(",;\t|", key=lambda sign: (_count(first, sign), sign == ","))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        # Where the record begins: in Excel it is one row, however many lines it has.
        number = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileProblem(_BAD_CSV, line=number, reason=str(error)) from error
        _check_size(number, len(cells))
        yield number, list(cells)


def _count(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:
        return 0


def _check_size(rows: int, columns: int) -> None:
    if rows > MAX_ROWS or columns > MAX_COLUMNS:
        raise FileProblem(_TOO_LONG, rows=MAX_ROWS, columns=MAX_COLUMNS)


# XLSX


def _sheet(path: Path, layer: str | None, wrong: list[Trouble]) -> list[Row]:
    for name in names_in(path, MAX_UNPACKED):
        if name.lower().endswith((".xml", ".rels", ".vml")):
            check_xml(unpacked(path, name))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a sheet looks like
            book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
            sheets = {sheet.title: list(_cells(sheet, wrong)) for sheet in _chosen(book, layer)}
            book.close()
    except (BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise FileProblem(_BAD_XLSX, reason=f"{type(error).__name__}: {error}") from error
    filled = {title: rows for title, rows in sheets.items() if rows} or sheets
    if len(filled) > 1:
        raise FileProblem(MANY_SHEETS, names=", ".join(filled))
    return next(iter(filled.values()), [])


def _chosen(book: Any, layer: str | None) -> Iterable[Any]:
    if layer is None:
        return list(book.worksheets)
    if layer not in book.sheetnames:
        raise FileProblem(_NO_SHEET, layer=layer, names=", ".join(book.sheetnames))
    return [book[layer]]


def _cells(sheet: Any, wrong: list[Trouble]) -> Iterator[Row]:
    """The rows that hold something. What a sheet says of its own size is not believed."""
    sheet.reset_dimensions()
    rows = sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS + 1)
    for number, row in enumerate(rows, start=1):
        cells: list[Any] = []
        for cell in row:
            value = cell.value
            if cell.data_type == "f":
                wrong.append(Trouble(number, "", TroubleKind.TEXT, _FORMULA, {"cell": cell.coordinate}))
                value = None
            elif cell.data_type == "e":
                told: dict[str, object] = {"cell": cell.coordinate, "text": value}
                wrong.append(Trouble(number, "", TroubleKind.TEXT, _ERROR, told))
                value = None
            cells.append(value)
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            _check_size(number, len(cells))
            yield number, cells
