"""`POST /photos` takes a photograph in, cleaned; `GET /photos/{id}` shows it to who may see it."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import BinaryIO, cast
from uuid import UUID

import orjson
import sqlalchemy as sa
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from geo import photos, records
from geo.actor import ANONYMOUS, Actor
from geo.database import Database
from geo.ids import as_id, new_unguessable_id
from geo.language import Text
from geo.positions import Position
from geo.secrets import digest
from server.languages import language_of
from server.pictures import Busy, Picture, Pictures, Unfit
from server.reporters import secret_of
from server.sessions import FOREIGN, is_own
from server.storage import Photographs, Size, Stored, StoreUnavailable
from server.uploads import File, Refused, read_form

_LOG = logging.getLogger(__name__)
FIELD = "photo"
SECRET_HEADER = "Reporter-Secret"  # noqa: S105  # nosec B105 - the name of a header
_RETRY_AFTER = 5
_HERE = timezone(timedelta(hours=7))
_EARLIEST = datetime(1995, 1, 1, tzinfo=_HERE)
"""Before the first cameras that wrote their time into a picture."""
_PLACED = re.compile("Photo:([0-9]{5}):(.{36})", re.ASCII)

NO_PHOTO = Text("Chưa có ảnh nào được gửi lên.", "No photo was sent.")
EMPTY = Text("Ảnh này trống. Hãy chọn ảnh khác.", "This photo is empty. Please choose another one.")
NOT_A_PHOTO = Text(
    "Không đọc được ảnh này. Hãy gửi ảnh JPEG, PNG, WebP hoặc HEIC còn nguyên vẹn.",
    "This photo cannot be read. Please send an undamaged JPEG, PNG, WebP or HEIC.",
)
TOO_MANY_PIXELS = Text(
    "Ảnh quá lớn (tối đa 40 triệu điểm ảnh). Hãy gửi ảnh nhỏ hơn.",
    "The photo has too many pixels (40 million at most). Please send a smaller one.",
)
TOO_SLOW = Text(
    "Ảnh này không xử lý được. Hãy gửi ảnh khác.", "This photo could not be dealt with. Please send another."
)
BUSY = Text(
    "Đang có nhiều ảnh gửi lên. Hãy thử lại sau ít giây.", "Many photos are arriving. Please try again shortly."
)
STORE_AWAY = Text(
    "Hiện chưa lưu được ảnh. Hãy thử lại sau ít phút.", "Photos cannot be kept right now. Please try again shortly."
)
UNKNOWN_SIZE = Text("Không có cỡ ảnh này; chỉ có `thumbnail`.", "There is no such size; only `thumbnail`.")
UNKNOWN = Text("Không tìm thấy ảnh này.", "There is no such photo.")

_UNFIT = {"unreadable": (415, NOT_A_PHOTO), "pixels": (413, TOO_MANY_PIXELS), "slow": (422, TOO_SLOW)}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A photograph that was taken in; `id` is what `photoIds` takes. Where it was taken is told here and not kept."""

    id: str
    width: int
    height: int
    taken_at: datetime | None
    suggested: Position | None


async def keep(state: State, file: File, taken_at: datetime | None = None) -> Kept:
    """Take in a file of a form: cleaned, stored, recorded, in this order, so that what is recorded is there.

    `state` is the application's; `taken_at` counts where the file does not tell itself. Raises `Refused` (for the field
    that the file came in); nothing is kept then.
    """
    if file.size == 0:
        raise Refused(400, EMPTY, parameter=file.name, code="EMPTY")
    picture = await _cleaned(state.pictures, file)
    taken_at = picture.taken_at or taken_at
    key = new_unguessable_id()
    store: Photographs = state.photographs
    try:
        await store.put(key, {Size.LARGE: picture.large, Size.SMALL: picture.small})
    except StoreUnavailable as error:
        _LOG.warning("a photograph could not be stored: %s", error)
        raise _later(STORE_AWAY, file.name) from error
    database: Database = state.database
    # Where this fails it may yet be committed, so the objects stay: if no row knows them the worker removes them.
    async with database.write() as connection:
        await photos.record(connection, key, picture.width, picture.height, taken_at)
    return Kept(photos.upload_id(key), picture.width, picture.height, taken_at, _position(picture))


async def _cleaned(pictures: Pictures, file: File) -> Picture:
    try:
        return await pictures.clean(cast(BinaryIO, file.content), file.size)
    except Unfit as unfit:
        status, text = _UNFIT[str(unfit)]
        raise Refused(status, text, parameter=file.name, code="NOT_A_PHOTO") from unfit
    except Busy as busy:
        raise _later(BUSY, file.name) from busy


def _later(text: Text, parameter: str) -> Refused:
    refused = Refused(503, text, parameter=parameter, code="UNAVAILABLE")
    refused.headers["Retry-After"] = str(_RETRY_AFTER)
    return refused


def _position(picture: Picture) -> Position | None:
    return None if picture.position is None else Position(*picture.position)


async def send(request: Request) -> Response:
    """`POST /photos`: one photograph in a form, under any name; answers with its id and what its camera told.

    `takenAt` beside it is the camera's time in ISO 8601, of a photograph that was made smaller and tells it no more.
    """
    try:
        if not is_own(request.headers):
            raise Refused(403, FOREIGN, code="FOREIGN")
        async with read_form(request, most_files=1) as form:
            file = next((file for file in form.sent if file.filename or file.size), None)
            if file is None:
                raise Refused(400, NO_PHOTO)
            kept = await keep(request.app.state, file, _told(form.text("takenAt")))
    except Refused as refused:
        refused.parameter = FIELD
        return refused.response(language_of(request.headers))
    at = kept.suggested
    told = {
        "id": kept.id,
        "url": f"/photos/{kept.id}",
        "thumbnailUrl": f"/photos/{kept.id}?size=thumbnail",
        "width": kept.width,
        "height": kept.height,
        "takenAt": None if kept.taken_at is None else kept.taken_at.isoformat(),
        "suggestedLocation": None if at is None else {"type": "Point", "coordinates": [at.longitude, at.latitude]},
    }
    headers = {"Cache-Control": "no-store", "Location": f"/photos/{kept.id}"}
    return Response(orjson.dumps(told), 201, headers, media_type="application/json")


def _told(text: str | None) -> datetime | None:
    """A time that a camera may have told; None for anything else. Without a zone it is Vietnam's."""
    try:
        moment = datetime.fromisoformat(text or "")
        moment = moment if moment.tzinfo else moment.replace(tzinfo=_HERE)
        return moment if _EARLIEST <= moment < datetime.now(UTC) + timedelta(days=1) else None
    except (ValueError, OverflowError):
        return None


async def show(request: Request) -> Response:
    """`GET /photos/{id}[?size=thumbnail][&report=CODE]`: to who may see it; to anybody else there is none."""
    try:
        size = _size(request)
        key, public = await _seen(request, request.path_params["id"])
        headers = _HEADERS | _caching(public) | {"ETag": f'"{key}-{size}"'}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        stored = await _stored(request, key, size)
    except Refused as refused:
        return refused.response(language_of(request.headers))
    headers["Content-Length"] = str(stored.size)
    if request.method == "HEAD":
        return Response(headers=headers, media_type="image/jpeg")
    return StreamingResponse(stored.pieces, headers=headers, media_type="image/jpeg")


def _size(request: Request) -> Size:
    asked = request.query_params.get("size")
    if asked not in (None, "thumbnail"):
        raise Refused(400, UNKNOWN_SIZE, parameter="size")
    return Size.LARGE if asked is None else Size.SMALL


def _caching(public: bool) -> dict[str, str]:
    """A photograph never changes. What staff hide again, or blur, is gone from the caches of others within a minute."""
    if public:
        return {"Cache-Control": "public, max-age=60"}
    vary = f"Cookie, Authorization, {SECRET_HEADER}"
    return {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Vary": vary,
        "Cross-Origin-Resource-Policy": "same-origin",
    }


async def _seen(request: Request, id_: str) -> tuple[UUID, bool]:
    """The key of a picture that the caller may see, and whether everybody may. Raises `Refused`.

    A photograph and its blurred copy have an address each: what an address gives never changes, only who may have it.
    """
    database: Database = request.app.state.database
    upload, placed = photos.key_of_upload(id_), _PLACED.fullmatch(id_)
    if upload is not None:
        async with database.read() as connection:
            if await connection.scalar(photos.upload_with_key(upload)) is not None:
                return upload, False
    elif placed is not None and (key := as_id(placed[2])) is not None:
        public = sa.exists(records.picture_readable(ANONYMOUS, placed[1], key))
        own = sa.exists(records.picture_readable(_reader(request), placed[1], key))
        async with database.read() as connection:
            for_all, for_reader = (await connection.execute(sa.select(public, own))).one()
        if for_all or for_reader:
            return key, for_all
    raise Refused(404, UNKNOWN, parameter="id", code="NOT_FOUND")


def _reader(request: Request) -> Actor:
    """Who asks, with the secret of the report that the photograph belongs to, where they hold it."""
    actor = cast(Actor, request.state.actor)
    code = request.query_params.get("report")
    secret = request.headers.get(SECRET_HEADER) or (secret_of(request, code) if code else None)
    return actor if secret is None else actor.holding(digest(secret))


async def _stored(request: Request, key: UUID, size: Size) -> Stored:
    store: Photographs = request.app.state.photographs
    try:
        stored = await store.open(key, size)
    except StoreUnavailable as error:
        _LOG.warning("a photograph could not be read: %s", error)
        raise _later(STORE_AWAY, "id") from error
    if stored is None:
        _LOG.error("the store has lost photograph %s", key)
        raise Refused(404, UNKNOWN, parameter="id", code="NOT_FOUND")
    return stored


routes: list[BaseRoute] = [
    Route("/photos", send, methods=["POST"]),
    Route("/photos/{id}", show, methods=["GET"]),
]
