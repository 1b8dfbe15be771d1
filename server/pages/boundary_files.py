"""Files of boundaries for the editor: `POST /staff/boundaries/import` reads one as a draft, and stores nothing;
`GET /staff/boundaries/export.gpkg` writes what is stored. Programs of their own do both: GDAL and PROJ stay out
of who serves pages.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import orjson
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo.actor import Actor
from geo.coverage import SNAP_METRES
from geo.database import Database
from geo.exporting.rows import rows_of
from geo.exporting.subjects import export_neighbourhoods
from geo.importing.standing import standing
from geo.language import Text
from geo.vn2000 import ZONES
from server.exports import file_name
from server.languages import language_of
from server.pages.desk import ward_code_of
from server.pages.signed_in import DESK, only
from server.programs import ProgramFailed, answer_of
from server.room import Room
from server.sessions import FOREIGN, is_own
from server.uploads import BUSY, File, Form, Refused, read_form
from server.wards import UNKNOWN_WARD, UnknownWard

_LOG = logging.getLogger(__name__)

READING, WRITING = "geo.importing.draft_program", "geo.exporting.packing"
SECONDS = 90.0
"""Of waiting for either; reading ends itself after a minute of processor time."""
AT_ONCE = 2
"""Programs at the same time in one process: each may take 1.5 GB for a moment."""
WORLD = "EPSG:4326"
SYSTEMS = frozenset({WORLD, *(zone.crs for zone in ZONES)})
ENCODINGS = frozenset({"utf-8", "windows-1258", "windows-1252"})
_RETRY_AFTER = 10
_ENDINGS = frozenset({".geojson", ".json", ".kml", ".kmz", ".gpkg", ".zip"})
_room = Room(AT_ONCE)

SIGNED_OUT = Text("Phiên làm việc đã hết. Hãy đăng nhập lại.", "You are signed out. Please sign in again.")
NOT_STAFF = Text("Tài khoản này không nhập được ranh giới.", "This account cannot import boundaries.")
NO_FILE = Text("Chưa chọn tệp nào.", "No file was chosen.")
EMPTY = Text("Tệp này trống.", "The file is empty.")
LONE_SHAPEFILE = Text(
    "Shapefile gồm nhiều tệp (.shp, .shx, .dbf, .prj). Hãy nén tất cả thành một tệp .zip rồi chọn tệp đó.",
    "A Shapefile is several files (.shp, .shx, .dbf, .prj). Pack all of them into one .zip and choose that.",
)
TOO_LONG = Text(
    "Tệp này cần quá nhiều thời gian hoặc bộ nhớ để đọc. Hãy chia tệp thành nhiều phần nhỏ hơn.",
    "This file takes too much time or memory to read. Divide it into smaller parts.",
)
UNKNOWN_CRS = Text("Không có hệ tọa độ này.", "There is no such coordinate system.")
UNKNOWN_ENCODING = Text("Không có bảng mã này.", "There is no such encoding.")
NO_EXPORT = Text("Chưa xuất được tệp. Hãy thử lại sau.", "The file could not be made. Please try again.")


async def take(request: Request) -> Response:
    """A file (field `file`, at most 20 MB) as a draft: each feature, what it would become, and what is wrong with it.

    `crs`, `layer`, `encoding` and `nameField` answer what the file leaves open; `snap=0` takes edges as they are.
    """
    language = language_of(request.headers)
    try:
        actor = _editor(request)
        async with read_form(request, most_files=1) as form:
            file = next(iter(form.files("file")), None)
            asked = _asked(form)
            with TemporaryDirectory(prefix="phuongso-") as folder:
                asked["path"] = str(await asyncio.to_thread(_laid, file, Path(folder)))
                asked |= {"language": language, "ward": await _ward(request, actor)}
                told = orjson.loads(
                    await _answer(READING, asked, folder, Refused(422, TOO_LONG, parameter="file", code="BAD_FILE"))
                )
        if (problem := told.get("problem")) is not None:
            return _unread(problem, language)
    except Refused as refused:
        return refused.response(language)
    return _json(_identified(told["drawing"], asked["ward"]["code"]), 200, language)


def _editor(request: Request) -> Actor:
    """Who may read files here. Raises `Refused`."""
    actor: Actor = request.state.actor
    if not is_own(request.headers):
        raise Refused(403, FOREIGN, code="FOREIGN")
    if actor.role not in DESK:
        signed_out = actor.account_id is None
        raise Refused(
            401 if signed_out else 403,
            SIGNED_OUT if signed_out else NOT_STAFF,
            code="SIGNED_OUT" if signed_out else "NOT_ALLOWED",
        )
    return actor


def _asked(form: Form) -> dict[str, Any]:
    """What was chosen besides the file. Raises `Refused`."""
    crs, encoding = form.text("crs") or None, form.text("encoding") or None
    if crs is not None and crs not in SYSTEMS:
        raise Refused(400, UNKNOWN_CRS, parameter="crs")
    if encoding is not None and encoding not in ENCODINGS:
        raise Refused(400, UNKNOWN_ENCODING, parameter="encoding")
    return {
        "crs": crs,
        "encoding": encoding,
        "layer": form.text("layer") or None,
        "nameField": form.text("nameField") or None,
        "metres": None if form.text("snap") == "0" else SNAP_METRES,
    }


def _laid(file: File | None, folder: Path) -> Path:
    """The file under a name of ours that ends as its own. Raises `Refused`."""
    if file is None:
        raise Refused(400, NO_FILE, parameter="file")
    if file.size == 0:
        raise Refused(422, EMPTY, parameter="file", code="BAD_FILE")
    ending = Path(file.filename.lower()).suffix
    if ending in (".shp", ".shx", ".dbf", ".prj"):
        raise Refused(422, LONE_SHAPEFILE, parameter="file", code="BAD_FILE")
    path = folder / f"file{ending if ending in _ENDINGS else ''}"
    with path.open("wb") as laid:
        while piece := file.content.read(1024 * 1024):
            laid.write(piece)
    return path


async def _ward(request: Request, actor: Actor) -> dict[str, Any]:
    """The ward as the program takes it. Raises `Refused`."""
    try:
        code = ward_code_of(request)
    except UnknownWard:
        raise Refused(404, UNKNOWN_WARD, parameter="ward", code="NOT_FOUND") from None
    database: Database = request.app.state.database
    async with database.read() as connection:
        ward = await standing(connection, actor, code)
    if ward is None:
        raise Refused(404, UNKNOWN_WARD, parameter="ward", code="NOT_FOUND")
    return ward


async def _answer(program: str, asked: Any, folder: str, unless: Refused) -> bytes:
    """What a program says, or `unless` where it fails. Its temporary files lie in `folder`, gone with the request."""
    with _place():
        try:
            said = orjson.dumps(asked) + b"\n"
            return await answer_of(program, said, seconds=SECONDS, environment={"TMPDIR": folder})
        except ProgramFailed as failure:
            _LOG.warning("%s: %s", program, failure)
            raise unless from failure


@contextmanager
def _place() -> Iterator[None]:
    if not _room.enter():
        busy = Refused(503, BUSY, code="UNAVAILABLE")
        busy.headers["Retry-After"] = str(_RETRY_AFTER)
        raise busy
    try:
        yield
    finally:
        _room.leave()


def _unread(problem: dict[str, Any], language: str) -> Response:
    """A file that cannot be read as a whole, with the question to answer (`crs`, `layer`, `encoding`) where one would
    do: `choices` and `suggested` are for it."""
    asks = problem.get("asks")
    error = {
        "parameter": asks or "file",
        "code": "BAD_FILE" if asks is None else f"NEEDS_{asks.upper()}",
        "message": problem["message"],
        **{name: problem[name] for name in ("choices", "suggested") if problem.get(name)},
    }
    return _json({"error": error}, 422, language)


def _identified(drawing: dict[str, Any], ward_code: str) -> dict[str, Any]:
    """The draft with ids as the API gives them."""
    for feature in drawing["features"]:
        renews = feature.pop("renews")
        feature["neighbourhoodId"] = renews and f"Neighbourhood:{ward_code}:{renews}"
    return drawing


def _json(told: Any, status: int, language: str) -> Response:
    usual = {"Content-Language": language, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(orjson.dumps(told), status, usual, media_type="application/json")


@only(*DESK)
async def give(request: Request) -> Response:
    """The ward's neighbourhoods as a GeoPackage, in WGS 84 or a zone of VN-2000 (`crs`)."""
    language = language_of(request.headers)
    actor: Actor = request.state.actor
    crs = request.query_params.get("crs", WORLD)
    try:
        if crs not in SYSTEMS:
            raise Refused(400, UNKNOWN_CRS, parameter="crs")
        code = (await _ward(request, actor))["code"]
        subject = export_neighbourhoods(actor, code)
        rows = rows_of(subject)
        async with cast(Database, request.app.state.database).read() as connection:
            found = [[*values, bytes(shape).hex()] for *values, shape in await connection.execute(rows.statement)]
        with TemporaryDirectory(prefix="phuongso-") as folder:
            path = Path(folder) / "file.gpkg"
            asked = {"path": str(path), "layer": subject.slug, "crs": crs, "areas": True, "names": rows.names}
            await _answer(
                WRITING,
                {**asked, "kinds": rows.kinds, "rows": found},
                folder,
                Refused(503, NO_EXPORT, code="UNAVAILABLE"),
            )
            made = await asyncio.to_thread(path.read_bytes)
    except Refused as refused:
        return refused.response(language)
    name = file_name(subject, code, "gpkg" if crs == WORLD else f"vn2000-{crs.removeprefix('EPSG:')}.gpkg")
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
        "Vary": "Cookie, Authorization",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(made, headers=headers, media_type="application/geopackage+sqlite3")


routes: list[BaseRoute] = [
    Route(
        "/staff/boundaries/import",
        take,
        methods=["POST"],
        middleware=[Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)],
    ),
    Route("/staff/boundaries/export.gpkg", give, methods=["GET"]),
]
