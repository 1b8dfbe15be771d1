"""Importing teams and their members from tables: problems by row, consent only where it is written, twice is once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from geo import tables, teams
from geo.actor import ANONYMOUS
from geo.database import Database
from geo.importing.features import FileProblem
from geo.importing.sheets import MAX_ROWS, read_rows
from geo.importing.team_rows import TeamFields, heading
from geo.importing.teams import import_teams
from geo.importing.troubles import Report
from geo.language import Language
from tests.conftest import Copying
from tests.geo.geojson import EAST, WEST, figures, put_neighbourhoods, square_ward, stored, write
from tests.geo.gis_files import workbook

HEADINGS = ["Mã phường", "Tổ dân phố", "Tên tổ", "Họ và tên", "Vai trò", "Đơn vị", "Điện thoại", "Đồng ý công khai"]
ROWS = [
    ["20314", "1", "Tổ CNSCĐ số 1", "Nguyễn Văn An", "Tổ trưởng", "Đoàn Thanh niên", "0905 123 456", "Có"],
    ["20314", "Tổ dân phố số 1", None, "Trần Thị Bình", "Thành viên", None, "+84905123457", None],
    ["20314", "2", None, "Lê Cường", "tổ phó", "Mặt trận", "0905123458", "Không"],
]


@pytest.fixture
async def ward(copying: Copying, template: str, tmp_path: Path) -> AsyncIterator[Database]:
    async with square_ward(copying, template, tmp_path) as database:
        await put_neighbourhoods(database, write(tmp_path, [WEST, EAST]))
        yield database


def _silent(_label: str, _done: int, _total: int) -> None:
    pass


async def _put(database: Database, path: Path, **options: Any) -> Report:
    rows, cells = read_rows(path)
    async with database.write() as connection:
        return await import_teams(connection, rows, cells, progress=_silent, **options)


def _csv(path: Path, *rows: list[Any], delimiter: str = ";", encoding: str = "utf-8-sig") -> Path:
    lines = [delimiter.join("" if cell is None else str(cell) for cell in row) for row in rows]
    path.write_bytes("\r\n".join(lines).encode(encoding) + b"\r\n")
    return path


async def _seen(database: Database) -> list[tuple[Any, ...]]:
    """Names and phones as everybody sees them."""
    row = teams.member_readable(ANONYMOUS).subquery("m")
    async with database.read() as connection:
        query = sa.select(row.c.role, row.c.name, row.c.phone).order_by(row.c.role)
        return [tuple(one) for one in await connection.execute(query)]


@pytest.mark.parametrize("kind", ["csv", "csv ,", "csv tab", "csv utf-16", "xlsx"])
async def test_teams_and_members_are_imported_once(ward: Database, tmp_path: Path, kind: str) -> None:
    match kind:
        case "xlsx":
            path = workbook(tmp_path / "t.xlsx", Trang1=[HEADINGS, *ROWS], Trống=[])
        case "csv utf-16":
            path = _csv(tmp_path / "t.csv", HEADINGS, *ROWS, encoding="utf-16")
        case _:
            path = _csv(tmp_path / "t.csv", HEADINGS, *ROWS, delimiter={"csv ,": ",", "csv tab": "\t"}.get(kind, ";"))
    report = await _put(ward, path)
    assert (figures(report), report.troubles) == ((3, 0, 0), ())
    names = sorted(row.name for row in await stored(ward, tables.team))
    assert names == ["Tổ CNSCĐ số 1", "Tổ công nghệ số cộng đồng Tổ dân phố số 2"]
    members = {row.name: (row.role, row.organisation, row.phone) for row in await stored(ward, tables.team_member)}
    assert members == {
        "Nguyễn Văn An": ("LEADER", "Đoàn Thanh niên", "0905123456"),
        "Trần Thị Bình": ("MEMBER", None, "0905123457"),
        "Lê Cường": ("DEPUTY", "Mặt trận", "0905123458"),
    }
    assert await _seen(ward) == [
        ("DEPUTY", None, None),
        ("LEADER", "Nguyễn Văn An", "0905123456"),
        ("MEMBER", None, None),
    ]
    before = [await stored(ward, table) for table in (tables.team, tables.team_member)]
    assert figures(await _put(ward, path)) == (0, 0, 3)
    assert [await stored(ward, table) for table in (tables.team, tables.team_member)] == before


async def test_consent_is_withdrawn_only_where_the_table_says_no(ward: Database, tmp_path: Path) -> None:
    await _put(ward, _csv(tmp_path / "t.csv", HEADINGS, *ROWS))
    (day,) = [row.consented_at for row in await stored(ward, tables.team_member) if row.consented_at]
    empty = [*ROWS[0][:7], None]
    assert figures(await _put(ward, _csv(tmp_path / "t.csv", HEADINGS, empty))) == (0, 0, 1)
    assert [row.consented_at for row in await stored(ward, tables.team_member) if row.consented_at] == [day]
    assert figures(await _put(ward, _csv(tmp_path / "t.csv", HEADINGS, [*ROWS[0][:7], "không"]))) == (0, 1, 0)
    assert {name for _, name, _ in await _seen(ward)} == {None}
    assert len(await stored(ward, tables.team_member)) == 3  # who is not in the table stays


async def test_headings_may_be_english_or_named_by_options(ward: Database, tmp_path: Path) -> None:
    path = _csv(tmp_path / "t.csv", ["neighbourhood", "member", "role", "x"], ["1", "An", "leader", "yes"])
    assert figures(await _put(ward, path, ward_code="20314", fields=TeamFields(consent="x"))) == (1, 0, 0)
    assert await _seen(ward) == [("LEADER", "An", None)]
    with pytest.raises(FileProblem, match="no field “y”"):
        await _put(ward, path, fields=TeamFields(consent="y"))
    with pytest.raises(FileProblem, match="no ward 99999"):
        await _put(ward, path, ward_code="99999")
    with pytest.raises(FileProblem, match="no column for the neighbourhood"):
        await _put(ward, _csv(tmp_path / "u.csv", ["a", "b"], ["1", "2"]))
    assert heading(" Họ và  Tên (đầy đủ) ") == "ho_va_ten_day_du"


async def test_every_fault_of_every_row_is_named_and_nothing_stored(ward: Database, tmp_path: Path) -> None:
    wrong = [
        ["20314", "9", None, "Ai", "vua", None, "12", "maybe"],
        [None, None, None, None, "Tổ trưởng", None, None, None],
        ["99999", "1", None, "Hoµ Xu©n", None, None, None, None],
        ["20314", "1", "Tên khác", "nguyễn văn an", None, None, None, None],
    ]
    before = [await stored(ward, table) for table in (tables.team, tables.team_member)]
    path = _csv(tmp_path / "t.csv", HEADINGS, ROWS[0], *wrong)
    report = await _put(ward, path)
    assert [(trouble.feature, trouble.message(Language.EN)[:32]) for trouble in report.troubles] == [
        (3, "Ward 20314 has no neighbourhood "),
        (3, "The role “vua” is not known; use"),
        (3, "A phone number has ten digits an"),
        (3, "“maybe” says neither yes nor no "),
        (4, "The neighbourhood is missing."),
        (4, "There is something of a member, "),
        (5, "“Họ và tên” is in a broken encod"),
        (5, "There is no ward 99999 here."),
        (6, "“nguyễn văn an” is in row 2 of t"),
        (6, "Row 2 calls this team “Tổ CNSCĐ "),
    ]
    assert not report.stored
    assert [await stored(ward, table) for table in (tables.team, tables.team_member)] == before
    report = await _put(ward, path, skip_invalid=True)
    assert (figures(report), report.skipped, report.stored) == ((1, 0, 0), 4, True)


# Tables at fault


def test_ragged_rows_and_quotes_left_open_are_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('a,b\n1,2\n1\n1,2,3\n"x\ny",2\n1,2,\n')
    rows, wrong = read_rows(tmp_path / "t.csv")
    assert [row.number for row in rows.features] == [2, 3, 4, 5, 7]
    assert [(trouble.feature, trouble.message(Language.EN)) for trouble in wrong] == [
        (3, "The row has 1 cells, the headings are 2."),
        (4, "The row has 3 cells, the headings are 2."),
        (7, "The row has 3 cells, the headings are 2."),
    ]
    (tmp_path / "t.csv").write_text('a,b\n1,"2\n')
    with pytest.raises(FileProblem, match="at fault in line 2"):
        read_rows(tmp_path / "t.csv")


def test_formulas_errors_and_headings_that_are_merged_are_named(tmp_path: Path) -> None:
    rows = [["Tổ dân phố", "Họ và tên", None], ["1", "=1+1", "lạc"], ["1", "#REF!", None], ["1", "x", None]]
    _, wrong = read_rows(workbook(tmp_path / "t.xlsx", a=rows))
    assert sorted((trouble.feature, trouble.message(Language.EN)) for trouble in wrong) == [
        (2, "Cell B2 is a formula. Paste its value instead."),
        (2, "The row has 3 cells, the headings are 2."),
        (3, "Cell B3 holds the error #REF!."),
    ]
    merged = [["Thành viên", None, "Tổ dân phố"], ["An", "0905123456", "1"]]
    _, wrong = read_rows(workbook(tmp_path / "m.xlsx", a=merged))
    assert [trouble.message(Language.EN) for trouble in wrong] == [
        "Column B holds “0905123456” but has no heading (are headings merged?)."
    ]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "no rows below its headings"),
        ([["a", "b"]], "no rows below its headings"),
        ([["a", "a"], ["1", "2"]], "heading “a” stands over several"),
        ([["a"], *[["x"]] * (MAX_ROWS + 1)], f"over {MAX_ROWS} rows"),
        ([["a"] * 101, ["x"] * 101], "over 100 columns"),
    ],
)
def test_a_table_that_is_empty_ambiguous_or_endless_is_refused(
    tmp_path: Path, rows: list[list[str]], told: str
) -> None:
    for path in (workbook(tmp_path / "t.xlsx", a=rows), _csv(tmp_path / "t.csv", *rows, delimiter=",")):
        with pytest.raises(FileProblem, match=told):
            read_rows(path)


def test_one_sheet_of_several_is_chosen(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", A=[["a"], ["1"]], B=[["b"], ["2"]])
    with pytest.raises(FileProblem, match="several sheets: A, B"):
        read_rows(path)
    with pytest.raises(FileProblem, match="no sheet “C”"):
        read_rows(path, layer="C")
    assert read_rows(path, layer="B")[0].features[0].properties == {"b": "2"}


def test_text_that_is_not_utf8_must_be_told_its_encoding(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("tên\nHu\u00ea\u0301\n".encode("cp1258"))
    with pytest.raises(FileProblem, match=r"not in utf-8.*--encoding, such as windows-1258"):
        read_rows(tmp_path / "t.csv")
    rows, _ = read_rows(tmp_path / "t.csv", encoding="windows-1258")
    assert rows.features[0].properties == {"tên": "Hu\u00ea\u0301"}
    assert rows.notes()[0].en == "The text was read as cp1258."
