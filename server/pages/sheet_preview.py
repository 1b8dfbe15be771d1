"""A table taken in from a file, in three steps that need no script: choose it, see what it would change, apply that.

A page that keeps a table describes it by a `Sheet` and adds `sheet_routes(sheet)` to its routes, before any route of
`{at}/{id}`:

    GET  {at}/import         the form for a file (CSV as any Excel saves it, or XLSX)
    POST {at}/import         the preview: added, changed (old -> new), removed, unchanged, refused; nothing is stored
    POST {at}/import/apply   does what was previewed, all of it or nothing, and answers 303 to `{at}?done=imported&…`

`sheet.compare(connection, actor, ward_code, lines, lock)` (a rule of `geo`) says what the lines would change as a
`geo.tabular.Plan`, line by line: a line's change must not depend on lines that change nothing. With `lock` it first
locks what it compares with. `sheet.write(connection, actor, ward_code, plan)` does it, in the same transaction. A
`Change.row` holds what JSON can hold. What was applied must compare as unchanged, so that a form sent twice does no
harm. The list's page says what `imported(request)` gives, if anything. Sizes: `geo.tabular.MOST_LINES` rows,
`server.limits.SHEET` bytes; `server.limits` lets `/staff/NOUN/import` take them.

The preview's page carries the lines that change something, so nothing is kept here in between. Applying compares them
anew, under lock: where the digest is not that of the preview somebody changed the data meanwhile, nothing is done, and
the new preview is shown.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from geo import audit
from geo.actor import Actor
from geo.database import Database
from geo.language import Language, Text
from geo.tabular import MOST_LINES, UNKNOWN, Action, Column, Line, Plan, Said, SheetProblem, Wrong, labelled, lines_of
from server.limits import SHEET
from server.pages.desk import desk_page
from server.pages.languages import language_of
from server.pages.render import within_ward
from server.pages.settings_forms import FORM, Problems, filled, say, settings, text
from server.pages.words import N_
from server.tables_read import Table, read_table
from server.uploads import Form, Refused, read_form

SHOWN = 300
"""Rows of each kind that a preview shows one by one; the others are counted."""
MOST_UNPACKED = 32 * 1024 * 1024
_PIECE = 30_000
_MOST_PIECES = 45
_FILE, _PIECES = "file", "lines"

CHANGED_MEANWHILE = N_(
    "Dữ liệu đã có người thay đổi sau khi bạn xem trước, nên chưa có gì được áp dụng. Dưới đây là bản xem trước mới."
)
ALREADY = N_("Mọi dòng đã giống dữ liệu đang có, không còn gì để áp dụng.")
IMPORTED = N_("Đã áp dụng bảng: thêm %(added)s, sửa %(changed)s, gỡ %(removed)s.")
COUNTED = (
    N_("%(num)s dòng có lỗi, sẽ bỏ qua"),
    N_("%(num)s dòng thêm mới"),
    N_("%(num)s dòng thay đổi"),
    N_("%(num)s dòng gỡ bỏ"),
    N_("… và %(num)s dòng nữa, không hiện hết ở đây."),
    N_("Áp dụng %(num)s thay đổi"),
)
"""What the template counts, for the catalogues."""
_NO_FILE = Text("Hãy chọn một tệp.", "Please choose a file.")
_TOO_MANY = Text("Tệp có quá {most} dòng. Hãy chia thành nhiều tệp.", "The file has over {most} rows. Divide it.")
_TOO_MUCH = Text(
    "Tệp có quá nhiều thay đổi cho một lần. Hãy chia thành nhiều tệp.",
    "These are too many changes at once. Divide the file.",
)
_STALE = Text("Bản xem trước không còn dùng được. Hãy gửi lại tệp.", "The preview cannot be used. Send the file again.")


class Compare(Protocol):
    def __call__(
        self, connection: AsyncConnection, actor: Actor, ward_code: str, lines: Sequence[Line], *, lock: bool
    ) -> Awaitable[Plan]: ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table that is kept in a spreadsheet as well: where, what it is called, and its rules."""

    at: str
    """The list's address, `/staff/places`; with `{id}` in it for a table within something."""
    way: str
    """The way of the desk's frame that it lies under."""
    action: str
    """What the audit log calls taking it in."""
    title: str
    """“Nhập địa điểm từ bảng”, for the catalogues; as all words here."""
    back: str
    """What the list is called: “Địa điểm”."""
    hints: tuple[str, ...]
    """How the table is read, a sentence each."""
    columns: tuple[Column, ...]
    compare: Compare
    write: Callable[[AsyncConnection, Actor, str, Plan], Awaitable[None]]
    download: str = "{at}/export.csv"
    """Where the table is that may be edited and taken in again."""


def sheet_routes(sheet: Sheet) -> list[BaseRoute]:
    """The routes of taking in this table."""

    @settings
    async def choosing(request: Request, code: str) -> Response:
        return await _choose(request, sheet, [])

    @settings
    async def previewing(request: Request, code: str) -> Response:
        try:
            table = await read_table(await _sent(request))
            lines, unknown = lines_of(sheet.columns, table.headings, table.rows)
            if len(lines) > MOST_LINES:
                raise SheetProblem(_TOO_MANY, most=f"{MOST_LINES:,}".replace(",", "."))
            database: Database = request.app.state.database
            async with database.read() as connection:
                plan = await sheet.compare(connection, request.state.actor, code, _sound(lines, table), lock=False)
            notes = [one.to(language_of(request)) for one in table.remarks]
            if unknown:
                notes.append(UNKNOWN.to(language_of(request), names=", ".join(unknown)))
            return await _preview(request, sheet, replace(plan, wrong=_all_wrong(plan, table, lines)), notes)
        except SheetProblem as problem:
            return await _choose(request, sheet, [(_FILE, problem.message(language_of(request)))])
        except Refused as refused:
            return await _choose(request, sheet, [(_FILE, refused.message(language_of(request)))], refused.status)

    @settings
    async def applying(request: Request, code: str) -> Response:
        form, problems = await filled(request)
        if problems:
            return await _choose(request, sheet, problems)
        try:
            lines = unpacked(form)
        except SheetProblem as problem:
            return await _choose(request, sheet, [(FORM, problem.message(language_of(request)))])
        database: Database = request.app.state.database
        actor: Actor = request.state.actor
        try:
            async with database.write(silent=True) as connection:
                plan = await sheet.compare(connection, actor, code, lines, lock=True)
                if plan.digest != text(form, "digest"):
                    raise _Otherwise(plan)
                await sheet.write(connection, actor, code, plan)
                await audit.record(connection, actor, sheet.action, None, code, _counts(plan))
        except _Otherwise as otherwise:
            nothing = not otherwise.plan.changes and not otherwise.plan.wrong
            why = say(request, ALREADY if nothing else CHANGED_MEANWHILE)
            return await _preview(request, sheet, otherwise.plan, [], why, 200 if nothing else 409)
        return _done(request, sheet, plan)

    async def again(request: Request) -> Response:
        return RedirectResponse(within_ward(request, f"{_at(request, sheet)}/import"), 303)

    return [
        Route(f"{sheet.at}/import", choosing, methods=["GET"]),
        Route(f"{sheet.at}/import", previewing, methods=["POST"]),
        Route(f"{sheet.at}/import/apply", again, methods=["GET"]),
        Route(f"{sheet.at}/import/apply", applying, methods=["POST"]),
    ]


def imported(request: Request) -> str | None:
    """What the list's page says after a table was applied, by its address."""
    asked = request.query_params
    counts = {name: asked.get(name, "") for name in ("added", "changed", "removed")}
    if asked.get("done") != "imported" or not all(one.isascii() and one.isdigit() for one in counts.values()):
        return None
    return say(request, IMPORTED) % {name: count[:9] for name, count in counts.items()}


def _counts(plan: Plan) -> dict[str, int]:
    """How many lines of each kind there are, by what they do."""
    return {name.lower(): count for name, count in Counter(change.action.name for change in plan.changes).items()}


class _Otherwise(Exception):
    """The plan is not the one that was previewed."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan


async def _sent(request: Request) -> bytes:
    async with read_form(request, most_files=1, most_bytes=SHEET.most) as form:
        files = form.files(_FILE)
        if not files:
            raise SheetProblem(_NO_FILE)
        return files[0].content.read()


def _sound(lines: Sequence[Line], table: Table) -> list[Line]:
    """The lines whose cells could all be read."""
    broken = {number for number, _ in table.troubles}
    return [line for line in lines if line.number not in broken]


def _all_wrong(plan: Plan, table: Table, lines: Sequence[Line]) -> tuple[Wrong, ...]:
    """What the rules refuse, and the rows with a cell that could not be read."""
    labels = {line.number: next((cell for cell in line.cells.values() if cell), "") for line in lines}
    cells = [Wrong(number, labelled(labels.get(number, "")), Said(text)) for number, text in table.troubles]
    return tuple(sorted((*plan.wrong, *cells), key=lambda wrong: wrong.number))


def packed(plan: Plan) -> list[str]:
    """The lines that change something, for the fields of a form. Raises `SheetProblem` where they are too many."""
    told = [[change.line.number, dict(change.line.cells)] for change in plan.changes]
    whole = base64.urlsafe_b64encode(zlib.compress(json.dumps(told, ensure_ascii=False).encode(), 9)).decode()
    pieces = [whole[at : at + _PIECE] for at in range(0, len(whole), _PIECE)]
    if len(pieces) > _MOST_PIECES:
        raise SheetProblem(_TOO_MUCH)
    return pieces


def unpacked(form: Form) -> list[Line]:
    """The lines that a preview carried. Raises `SheetProblem` for anything else."""
    try:
        raw = base64.b64decode("".join(form.texts(_PIECES)), b"-_", validate=True)
        reader = zlib.decompressobj()
        told = json.loads(reader.decompress(raw, MOST_UNPACKED))
        lines = [
            Line(number, {str(name): cell for name, cell in cells.items() if isinstance(cell, str)})
            for number, cells in told
            if isinstance(number, int) and "\x00" not in "".join(str(cell) for cell in cells.values())
        ]
        if reader.unconsumed_tail or len(lines) > MOST_LINES:
            raise ValueError("too much")
        for line in lines:
            "".join(line.cells.values()).encode()  # a lone surrogate raises UnicodeEncodeError, a ValueError
    except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error, zlib.error) as error:
        raise SheetProblem(_STALE) from error
    return lines


async def _choose(request: Request, sheet: Sheet, problems: Problems, status: int = 422) -> Response:
    context = {"sheet": sheet, "plan": None, "problems": problems}
    return await _shown(request, sheet, context, status if problems else 200)


async def _preview(
    request: Request, sheet: Sheet, plan: Plan, notes: list[str], why: str | None = None, status: int = 200
) -> Response:
    language = language_of(request)
    context = {
        "sheet": sheet,
        "plan": plan,
        "parts": {action: plan.of(action) for action in Action},
        "wrong": _by_row(plan, language),
        "labels": {column.name: column.label.to(language) for column in sheet.columns},
        "remark": lambda change: None if change.remark is None else change.remark.message(language),
        "pieces": packed(plan),
        "digest": plan.digest,
        "notes": notes,
        "why": why,
        "most": SHOWN,
        "problems": [],
    }
    return await _shown(request, sheet, context, status)


def _by_row(plan: Plan, language: Language) -> list[dict[str, Any]]:
    """The rows that are refused, each with all that is wrong with it."""
    rows: dict[int, dict[str, Any]] = {}
    for one in plan.wrong:
        row = rows.setdefault(one.number, {"number": one.number, "label": one.label, "why": []})
        row["label"] = row["label"] or one.label
        row["why"].append(one.said.message(language))
    return list(rows.values())


async def _shown(request: Request, sheet: Sheet, context: dict[str, Any], status: int) -> Response:
    context["sheet_at"] = _at(request, sheet)
    context["download"] = sheet.download.format(at=context["sheet_at"])
    return await desk_page(request, "settings_sheet.html", context, at=sheet.way, status=status)


def _done(request: Request, sheet: Sheet, plan: Plan) -> Response:
    counts = zip(("added", "changed", "removed"), Action, strict=True)
    told = {"done": "imported"} | {name: str(len(plan.of(action))) for name, action in counts}
    return RedirectResponse(within_ward(request, _at(request, sheet), **told), 303)


def _at(request: Request, sheet: Sheet) -> str:
    return sheet.at.format_map(request.path_params)
