"""A GeoPackage before GDAL opens it: a database that somebody else made, which may hold code.

SQLite runs what views, generated columns and virtual tables say as soon as they are read, and it may run for ever. A
file of plain tables needs none of them; R-trees, which are virtual tables, are known and let pass.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from geo.importing.features import FileProblem, check_count
from geo.language import Text

_SECONDS = 60
_DAMAGED = Text("Tệp GeoPackage bị hỏng: {reason}", "The GeoPackage is damaged: {reason}")
_CODE = Text(
    "Tệp GeoPackage chứa {kind} “{name}”, không được nhận. Hãy xuất riêng các bảng dữ liệu.",
    "The GeoPackage holds the {kind} “{name}”, which is not accepted. Export plain tables.",
)
_NO_LAYERS = Text("Tệp SQLite này không phải là GeoPackage.", "This SQLite file is no GeoPackage.")
_NUL = Text(
    "Cột “{column}” của lớp “{layer}” có văn bản chứa ký tự NUL.",
    "Column “{column}” of layer “{layer}” holds text with a NUL.",
)
_UNFINISHED = Text(
    "Bên cạnh tệp có “{name}”: tệp đang mở hoặc chưa lưu xong. Hãy đóng chương trình đang dùng tệp rồi nhập lại.",
    "Beside the file there is “{name}”: it is open, or was not saved to the end. Close what uses it and import again.",
)
_SLOW = Text("Kiểm tra tệp quá lâu.", "Checking the file takes too long.")
_RTREE = re.compile(r'CREATE\s+VIRTUAL\s+TABLE\s+("([^"]|"")*"|\w+)\s+USING\s+rtree\s*\(', re.IGNORECASE)


def check_geopackage(path: Path) -> list[str]:
    """The names of its feature layers. Raises `FileProblem` for what is damaged, or is more than plain tables."""
    with _opened(path) as database:
        _refuse_code(database)
        problem = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise FileProblem(_DAMAGED, reason=problem)
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys"} <= tables:
            raise FileProblem(_NO_LAYERS)
        query = "SELECT table_name FROM gpkg_contents WHERE data_type = 'features' ORDER BY table_name"
        layers = [str(name) for (name,) in database.execute(query)]
        for layer in layers:
            # GDAL would believe what the file says of its own length.
            check_count(database.execute(f"SELECT count(*) FROM {_quoted(layer)}").fetchone()[0])  # noqa: S608  # nosec
            _refuse_nul(database, layer)
        return layers


def rows_with_shapes(path: Path, layer: str) -> list[bool]:
    """For each row of a layer in its order, whether anything is kept as its shape: GDAL drops what it cannot read."""
    with _opened(path) as database:
        query = "SELECT column_name FROM gpkg_geometry_columns WHERE lower(table_name) = lower(?)"
        column = database.execute(query, (layer,)).fetchone()
        if column is None:
            return []
        rows = f"SELECT {_quoted(column[0])} IS NOT NULL FROM {_quoted(layer)} ORDER BY rowid"  # noqa: S608  # nosec
        return [bool(kept) for (kept,) in database.execute(rows)]


def check_saved(path: Path) -> None:
    """Raises `FileProblem` where a part of the file's rows is still in another file beside it."""
    for ending in ("-wal", "-journal"):
        beside = path.with_name(path.name + ending)
        if beside.is_file() and beside.stat().st_size:
            raise FileProblem(_UNFINISHED, name=beside.name)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    until = time.monotonic() + _SECONDS
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.set_progress_handler(lambda: time.monotonic() > until, 10_000)
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA cell_size_check = ON")
            yield database
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            raise FileProblem(_SLOW) from error
        raise FileProblem(_DAMAGED, reason=str(error)) from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise FileProblem(_DAMAGED, reason=str(error)) from error


def _refuse_code(database: sqlite3.Connection) -> None:
    rows = database.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    for kind, name, sql in rows:
        if kind == "view" or (kind == "table" and _is_virtual(sql) and not _RTREE.match(sql)):
            raise FileProblem(_CODE, kind="VIEW" if kind == "view" else "VIRTUAL TABLE", name=name)
    for kind, name, sql in rows:
        if kind == "table" and not _is_virtual(sql):
            # 2 and 3 mark generated columns.
            hidden = [row[1] for row in database.execute(f"PRAGMA table_xinfo({_quoted(name)})") if row[6] in (2, 3)]
            if hidden:
                raise FileProblem(_CODE, kind="GENERATED COLUMN", name=f"{name}.{hidden[0]}")


def _refuse_nul(database: sqlite3.Connection, layer: str) -> None:
    """GDAL would cut the text there, and two names could become one."""
    for row in database.execute(f"PRAGMA table_xinfo({_quoted(layer)})").fetchall():
        column = _quoted(row[1])
        query = f"SELECT 1 FROM {_quoted(layer)} WHERE typeof({column}) = 'text' AND instr({column}, char(0)) LIMIT 1"  # noqa: S608  # nosec
        if database.execute(query).fetchone():
            raise FileProblem(_NUL, column=row[1], layer=layer)


def _is_virtual(sql: str | None) -> bool:
    return sql is not None and re.match(r"CREATE\s+VIRTUAL\b", sql, re.IGNORECASE) is not None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
