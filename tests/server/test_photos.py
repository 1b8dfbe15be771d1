"""Photographs over HTTP: taken in clean, refused with a reason and no trace, shown to who may see them."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from PIL import Image, ImageCms

from server.cleaning import LARGE, SMALL, has_metadata
from server.pictures import MOST_WAITING, PROCESSES
from server.reporters import COOKIE
from server.storage import Photographs, StoreUnavailable
from tests import ward
from tests.asking import Desk, Opening
from tests.pictures import COLOURS, HERE, colours_of, encoded, exif, opened, png_claiming, quarters
from tests.server.live import Station
from tests.ward import Reported

REPORT = """
mutation ($input: ReportIncidentInput!) {
  reportIncident(input: $input) {
    __typename
    ... on ReportIncidentPayload { reporterSecret incident { id trackingCode photos { id url thumbnailUrl } } }
    ... on InvalidInput { problems { path message } }
  }
}"""
PHOTOS = "query ($id: ID!) { node(id: $id) { ... on Incident { photos { url } history { to photos { url } } } } }"
STEP = """
mutation ($input: %sIncidentInput!) { step: %sIncident(input: $input) {
  __typename ... on InvalidInput { problems { path message } }
} }"""


@pytest.fixture(scope="module")
async def standing(opening: Opening) -> AsyncIterator[Desk]:
    """A desk for the tests that leave nothing behind."""
    async with opening() as opened_desk:
        yield opened_desk


def folder(desk: Desk) -> Path:
    photographs: Photographs = desk.app.state.photographs
    return photographs.folder


def objects(desk: Desk) -> list[str]:
    return sorted(path.name for path in folder(desk).rglob("*") if path.is_file())


async def send(desk: Desk, data: bytes, name: str = "IMG_0001.jpg", **headers: str) -> httpx.Response:
    return await desk.http.post("/photos", files={"photo": (name, data)}, headers=headers)


async def sent(desk: Desk, data: bytes | None = None) -> str:
    """The id of a photograph that was taken in."""
    response = await send(desk, data or encoded())
    assert response.status_code == 201, response.text
    id_: str = response.json()["id"]
    return id_


async def report(desk: Desk, *photo_ids: str, key: str | None = None, **values: Any) -> Any:
    place = {"type": "Point", "coordinates": list(ward.IN_FIRST)}
    given = {"requestKey": key or str(uuid4()), "category": "ENVIRONMENT", "location": place, "photoIds": photo_ids}
    return (await desk.data(REPORT, input=given | values))["reportIncident"]


KINDS = {
    "JPEG": {"format_": "JPEG", "exif": exif()},
    "PNG": {"format_": "PNG", "exif": exif()},
    "WebP": {"format_": "WEBP", "exif": exif()},
    "HEIC": {"format_": "HEIF", "exif": exif().tobytes()},
}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_is_taken_in_and_tells_once_where_and_when_it_was_taken(standing: Desk, kind: str) -> None:
    options: dict[str, Any] = dict(KINDS[kind])
    data = encoded(quarters(2_000, 1_000), options.pop("format_"), **options)
    response = await send(standing, data, "anything.txt")
    assert response.status_code == 201
    told = response.json()
    assert told["suggestedLocation"] == {"type": "Point", "coordinates": [108.21, 15.9865]}
    assert told["takenAt"] == "2026-11-20T09:05:00+07:00"
    assert (told["width"], told["height"]) == (LARGE, LARGE // 2)
    large, small = [await standing.http.get(told[name]) for name in ("url", "thumbnailUrl")]
    assert (opened(large.content).size, opened(small.content).size) == ((1_600, 800), (SMALL, SMALL // 2))
    for response in (large, small):
        assert response.headers["Content-Type"] == "image/jpeg"
        assert colours_of(opened(response.content)) == (0, 1, 2, 3)
        assert_clean(response.content)


def assert_clean(jpeg: bytes) -> None:
    assert not has_metadata(jpeg)
    image = opened(jpeg)
    assert image.format == "JPEG"
    assert dict(image.getexif()) == {}
    assert not {"exif", "icc_profile", "xmp", "comment", "photoshop", "mp"} & set(image.info)
    for trace in (b"Exif", b"GPS", b"http://ns.adobe.com/xap", b"ICC_PROFILE", b"Photoshop", "bí mật".encode()):
        assert trace not in jpeg


async def test_where_it_was_taken_is_stored_nowhere(desk: Desk) -> None:
    await sent(desk, encoded(exif=exif()))
    async with desk.database.read() as connection:
        row = (await connection.execute(sa.text("SELECT * FROM photo_upload"))).mappings().one()
    assert set(row) == {"id", "width", "height", "taken_at", "created_at"}
    assert row["taken_at"] == datetime(2026, 11, 20, 2, 5, tzinfo=UTC)


def test_the_check_for_metadata_finds_each_sort() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    sorts: list[dict[str, Any]] = [{"exif": exif()}, {"icc_profile": profile}, {"comment": b"x"}, {"xmp": b"<x/>"}]
    assert [has_metadata(encoded(**options)) for options in sorts] == [True] * 4
    assert not has_metadata(encoded())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
async def test_it_stands_upright_however_the_camera_was_held(standing: Desk, orientation: int, format_: str) -> None:
    turns = Image.Transpose
    held = [None, None, turns.FLIP_LEFT_RIGHT, turns.ROTATE_180, turns.FLIP_TOP_BOTTOM]
    held += [
        turns.TRANSPOSE,
        turns.ROTATE_90,
        turns.TRANSVERSE,
        turns.ROTATE_270,
    ]  # the inverse of what brings it upright
    turn = held[orientation]
    image = quarters() if turn is None else quarters().transpose(turn)
    told = (await send(standing, encoded(image, format_, exif=exif(orientation=orientation)))).json()
    assert (told["width"], told["height"]) == (120, 80)
    assert colours_of(opened((await standing.http.get(told["url"])).content)) == (0, 1, 2, 3)


async def test_a_phones_own_turning_of_heic_is_kept(standing: Desk) -> None:
    image = quarters().transpose(Image.Transpose.ROTATE_90)
    told = (await send(standing, encoded(image, "HEIF", exif=exif(orientation=6).tobytes()))).json()
    assert colours_of(opened((await standing.http.get(told["url"])).content)) == (0, 1, 2, 3)


NOWHERE: dict[str, Any] = {
    "nothing": None,
    "zeros": ((0.0, 0.0, 0.0), "N", (0.0, 0.0, 0.0), "E"),
    "beyond the pole": ((91.0, 0.0, 0.0), "N", (108.0, 0.0, 0.0), "E"),
    "beyond the date line": ((15.0, 0.0, 0.0), "N", (181.0, 0.0, 0.0), "E"),
    "no letter": ((15.0, 59.0, 11.4), "", (108.0, 12.0, 36.0), "E"),
    "a strange letter": ((15.0, 59.0, 11.4), "E", (108.0, 12.0, 36.0), "N"),
    "90 minutes": ((15.0, 90.0, 0.0), "N", (108.0, 12.0, 36.0), "E"),
}


@pytest.mark.parametrize("what", NOWHERE)
async def test_a_nonsensical_place_is_not_suggested(standing: Desk, what: str) -> None:
    told = (await send(standing, encoded(exif=exif(gps=NOWHERE[what])))).json()
    assert told["suggestedLocation"] is None
    assert told["takenAt"] is not None


async def test_a_place_in_the_south_and_west_has_its_signs(standing: Desk) -> None:
    south = (HERE[0], "S", HERE[2], "W")
    told = (await send(standing, encoded(exif=exif(gps=south)))).json()
    assert told["suggestedLocation"]["coordinates"] == [-108.21, -15.9865]


@pytest.mark.parametrize(
    ("taken", "offset", "moment"),
    [
        ("2026:11:20 09:05:00", "+09:00", "2026-11-20T09:05:00+09:00"),
        ("2026:11:20 09:05:00", "nonsense", "2026-11-20T09:05:00+07:00"),
        ("0000:00:00 00:00:00", None, None),
        ("1970:01:01 00:00:00", None, None),
        ("2096:02:29 08:00:00", None, None),
        ("hôm qua", None, None),
    ],
)
async def test_the_time_is_told_where_it_can_be(
    standing: Desk, taken: str, offset: str | None, moment: str | None
) -> None:
    told = (await send(standing, encoded(exif=exif(taken=taken, offset=offset)))).json()
    assert told["takenAt"] == moment


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2026-11-20T09:05:00", "2026-11-20T09:05:00+07:00"),
        ("2026-11-20T02:05:00Z", "2026-11-20T02:05:00+00:00"),
        ("1970-01-01T00:00:00", None),
        ("2096-02-29T08:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("hôm qua\0", None),
        ("", None),
    ],
)
async def test_the_time_is_told_beside_a_photograph_that_tells_none(
    standing: Desk, told: str, moment: str | None
) -> None:
    answer = await standing.http.post("/photos", files={"photo": encoded()}, data={"takenAt": told})
    assert answer.json()["takenAt"] == moment


async def test_what_the_photograph_itself_tells_comes_first(standing: Desk) -> None:
    taken = encoded(exif=exif(taken="2026:11:20 09:05:00"))
    answer = await standing.http.post("/photos", files={"photo": taken}, data={"takenAt": "2026-11-21T00:00:00"})
    assert answer.json()["takenAt"] == "2026-11-20T09:05:00+07:00"


async def test_broken_metadata_spoil_no_photograph(standing: Desk) -> None:
    told = (await send(standing, encoded(exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 60))).json()
    assert (told["suggestedLocation"], told["takenAt"], told["width"]) == (None, None, 120)


NOBODYS = "0f8fad5b-d9cb-469f-a165-70867728950e"
MODES = ["1", "L", "LA", "P", "RGBA", "I;16"]


@pytest.mark.parametrize("mode", MODES)
async def test_every_way_of_storing_pixels_becomes_colours(standing: Desk, mode: str) -> None:
    if mode == "I;16":
        image = Image.new("I;16", (40, 20), 200 * 256)
    else:
        image = Image.new("RGB", (40, 20), (200, 200, 200)).convert(mode, palette=Image.Palette.ADAPTIVE)
    shown = opened((await standing.http.get(f"/photos/{await sent(standing, encoded(image, 'PNG'))}")).content)
    assert shown.mode == "RGB"
    if mode != "1":
        assert all(abs(channel - 200) < 4 for channel in shown.getpixel((20, 10)))  # type: ignore[union-attr]


async def test_what_is_transparent_turns_white(standing: Desk) -> None:
    image = Image.new("RGBA", (40, 20), (0, 0, 0, 0))
    shown = opened((await standing.http.get(f"/photos/{await sent(standing, encoded(image, 'PNG'))}")).content)
    assert shown.getpixel((20, 10)) == (255, 255, 255)


async def test_colours_of_another_space_are_brought_to_srgb(standing: Desk) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    # A profile of another kind is no help, and no harm.
    image = Image.new("RGB", (40, 20), (200, 100, 50))
    shown = opened(
        (await standing.http.get(f"/photos/{await sent(standing, encoded(image, icc_profile=profile))}")).content
    )
    assert all(abs(a - b) < 4 for a, b in zip(shown.getpixel((9, 9)), (200, 100, 50), strict=True))  # type: ignore[arg-type]
    cmyk = encoded(Image.new("CMYK", (40, 20), (0, 255, 255, 0)))
    red, green, blue = opened((await standing.http.get(f"/photos/{await sent(standing, cmyk)}")).content).getpixel(
        (9, 9)
    )  # type: ignore[misc]
    assert red > 200
    assert green < 60
    assert blue < 60


async def test_of_what_moves_the_first_picture_is_kept(standing: Desk) -> None:
    frames = [Image.new("RGB", (40, 20), colour) for colour in COLOURS]
    for format_ in ("PNG", "WEBP"):
        moving = encoded(frames[0], format_, save_all=True, append_images=frames[1:])
        shown = opened((await standing.http.get(f"/photos/{await sent(standing, moving)}")).content)
        red, green, _ = shown.getpixel((20, 10))  # type: ignore[misc]
        assert red > 200
        assert green < 60


async def test_a_small_photograph_is_not_made_larger(standing: Desk) -> None:
    told = (await send(standing, encoded(quarters(2, 1)))).json()
    assert (told["width"], told["height"]) == (2, 1)


JPEG = encoded()
POLYGLOTS = {
    "HTML after it": JPEG + b"<script>alert(1)</script>",
    "zip after it": JPEG + b"PK\x03\x04hostile",
    "script in a comment": encoded(comment=b"*/=alert(1);/*<script>alert(1)</script>hostile"),
    "HTML in its metadata": encoded(exif=b"Exif\0\0<script>alert(1)</script>hostile"),
}


@pytest.mark.parametrize("what", POLYGLOTS)
async def test_what_is_hidden_in_a_photograph_is_gone(standing: Desk, what: str) -> None:
    response = await standing.http.get(f"/photos/{await sent(standing, POLYGLOTS[what])}")
    assert_clean(response.content)
    for trace in (b"<script", b"alert", b"PK\x03\x04", b"hostile"):
        assert trace not in response.content


WEBP = encoded(quarters(400, 300), "WEBP")
HEIC = encoded(quarters(400, 300), "HEIF")
PNG = encoded(quarters(400, 300), "PNG")
UNFIT: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 400),
    "text": ("Ổ gà trước nhà số 12".encode(), 415),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 415),
    "GIF": (encoded(format_="GIF"), 415),
    "TIFF": (encoded(format_="TIFF"), 415),
    "BMP": (encoded(format_="BMP"), 415),
    "PDF": (b"%PDF-1.7\n", 415),
    "AVIF by its name": (b"\0\0\0\x20ftypavif" + bytes(40), 415),
    "a JPEG broken off": (encoded(quarters(400, 300))[:-400], 415),
    "a PNG broken off": (PNG[: len(PNG) // 2], 415),
    "a WebP broken off": (WEBP[: len(WEBP) // 2], 415),
    "a HEIC broken off": (HEIC[: len(HEIC) // 2], 415),
    "only the first bytes of a JPEG": (b"\xff\xd8\xff", 415),
    "only the first bytes of a PNG": (b"\x89PNG\r\n\x1a\n", 415),
    "only the first bytes of a WebP": (b"RIFF\0\0\0\0WEBP", 415),
    "only the first bytes of a HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0", 415),
    "noise that begins as a JPEG": (b"\xff\xd8\xff\xe0" + os.urandom(5_000), 415),
    "noise that begins as a HEIC": (b"\0\0\0\x18ftypheic" + os.urandom(5_000), 415),
    "GIF called a JPEG": (encoded(format_="GIF"), 415),
    "a bomb of 8,000 by 8,000": (png_claiming(8_000, 8_000), 413),
    "a PNG of 20,000 by 20,000": (png_claiming(20_000, 20_000), 413),
    "a PNG that claims to be 100,000 wide": (png_claiming(100_000, 401), 413),
    "a WebP that claims to be 16,384 square": (b"RIFF\x2a\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xff\x3f\0" * 2, 413),
    "a file of 20 MB and a byte": (JPEG + bytes(20_000_001 - len(JPEG)), 413),
}


@pytest.mark.parametrize("what", UNFIT)
async def test_what_is_no_fit_photograph_is_refused_and_leaves_nothing(
    standing: Desk, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, status = UNFIT[what]
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rows, files, peak = await standing.dump(), objects(standing), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    said = {}
    for language in ("vi", "en"):
        response = await send(standing, data, **{"Accept-Language": language})
        assert response.status_code == status
        assert response.headers["Content-Language"] == language
        error = response.json()["error"]
        assert error["parameter"] == "photo"
        said[language] = error["message"]
    assert said["vi"] != said["en"]
    assert await standing.dump() == rows
    assert objects(standing) == files
    assert os.listdir(tmp_path) == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 60_000
    for process, _ in standing.app.state.pictures._idle:
        assert kib(process.pid, "VmHWM") < 150_000


def told_of(process: int, what: str) -> list[str]:
    return Path(f"/proc/{process}/{what}").read_text().splitlines()


def kib(process: int, name: str) -> int:
    return next(int(line.split()[1]) for line in told_of(process, "status") if line.startswith(f"{name}:"))


async def test_the_largest_photograph_takes_bounded_memory_in_another_process(desk: Desk) -> None:
    largest = encoded(Image.new("RGBA", (8_000, 5_000), (10, 20, 30, 255)), "PNG", compress_level=1)
    before = kib(os.getpid(), "VmHWM")
    told = (await send(desk, largest)).json()
    assert (told["width"], told["height"]) == (1_600, 1_000)
    assert kib(os.getpid(), "VmHWM") - before < 40_000
    ((process, _),) = desk.app.state.pictures._idle
    assert 160_000 < kib(process.pid, "VmHWM") < 600_000
    assert f"{1024**3}" in next(line for line in told_of(process.pid, "limits") if line.startswith("Max address space"))
    assert told_of(process.pid, "environ") == ["MALLOC_ARENA_MAX=1\0"]


async def test_a_form_without_a_photograph_is_refused(standing: Desk) -> None:
    for form in ({"data": {"note": "x"}}, {"files": {"photo": ("", b"")}}):
        response = await standing.http.post("/photos", **form)  # type: ignore[arg-type]
        assert response.status_code == 400
        assert response.json()["error"]["parameter"] == "photo"
    response = await standing.http.post("/photos", files=[("photo", ("a", JPEG)), ("photo", ("b", JPEG))])
    assert response.status_code == 413
    assert (
        await standing.http.post("/photos", content=JPEG, headers={"Content-Type": "image/jpeg"})
    ).status_code == 415


async def test_too_many_at_once_are_told_when_to_come_again(standing: Desk) -> None:
    pictures = standing.app.state.pictures
    pictures._asked += PROCESSES + MOST_WAITING
    try:
        response = await send(standing, JPEG)
    finally:
        pictures._asked -= PROCESSES + MOST_WAITING
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert (await send(standing, JPEG)).status_code == 201


class _NoStore(Photographs):
    async def put(self, *_: Any) -> None:
        raise StoreUnavailable("full")

    async def open(self, *_: Any) -> Any:
        raise StoreUnavailable("away")


async def test_a_store_that_is_away_is_told_as_such_and_nothing_is_recorded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await sent(desk)
    before = await desk.dump()
    monkeypatch.setattr(desk.app.state, "photographs", _NoStore(folder(desk)))
    assert (await send(desk, JPEG)).status_code == 503
    assert (await desk.http.get(f"/photos/{id_}")).status_code == 503
    assert await desk.dump() == before


async def test_a_report_shows_its_photographs_in_the_order_they_were_sent(desk: Desk) -> None:
    ids = [await sent(desk) for _ in range(3)]
    made = await report(desk, *ids)
    photos = made["incident"]["photos"]
    assert [photo["id"].rpartition(":")[2] for photo in photos] == [id_.rpartition(":")[2] for id_ in ids]
    assert photos[0]["url"] == f"/photos/{photos[0]['id']}"
    for id_ in ids:  # what was claimed is no upload any more
        assert (await desk.http.get(f"/photos/{id_}")).status_code == 404


async def test_a_report_sent_again_is_one_incident_with_its_photographs_once(desk: Desk) -> None:
    ids = [await sent(desk), await sent(desk)]
    key = str(uuid4())
    first = await report(desk, *ids, key=key)
    before = await desk.dump()
    assert await report(desk, *ids, key=key) == first
    assert len(first["incident"]["photos"]) == 2
    assert await desk.dump() == before


NOT_THERE = ("Upload:019ab3f2-0000-7000-8000-000000000000", "nonsense", "Upload:", "Incident:20314:x", "")


async def test_what_is_no_upload_is_named_by_its_place_in_the_list(desk: Desk) -> None:
    good, placed = await sent(desk), await sent(desk)
    (photo,) = (await report(desk, placed))["incident"]["photos"]
    for wrong in (*NOT_THERE, placed, photo["id"], good.upper()):
        before = await desk.dump()
        refused = await report(desk, good, wrong)
        assert [problem["path"][1:] for problem in refused["problems"]] == [["photoIds", "1"]], wrong
        assert await desk.dump() == before
    assert [p["path"][1:] for p in (await report(desk, good, good))["problems"]] == [["photoIds", "1"]]
    assert [p["path"][1:] for p in (await report(desk, *[good] * 6))["problems"]] == [["photoIds"]]
    assert (await report(desk, good))["__typename"] == "ReportIncidentPayload"


async def step(desk: Desk, by: str | None, name: str, **values: Any) -> Any:
    query = STEP % (name[0].upper() + name[1:], name)
    return (await desk.data(query, by, input=values))["step"]


async def test_a_crew_shows_what_it_did_and_must_where_the_category_asks_for_it(desk: Desk) -> None:
    crew = desk.ward.crews[ward.CLEAN]
    async with desk.database.write() as connection:
        one, other = [await ward.report(connection, status="IN_PROGRESS", crew_id=crew) for _ in range(2)]  # type: ignore[arg-type]
    save = "mutation ($input: SaveCategoryInput!) { saveCategory(input: $input) { __typename } }"
    category = {"code": "ENVIRONMENT", "name": "Môi trường", "nameEn": "Environment", "icon": "trash-2"}
    category |= {"colour": "#2e7d32", "deadlineHours": 24, "photoRequired": True}  # type: ignore[dict-item]
    assert (await desk.data(save, "staff", input=category))["saveCategory"]["__typename"] == "SaveCategoryPayload"
    refused = await step(desk, "crew-clean", "resolve", incidentId=one.id, note="Đã dọn")
    assert [problem["path"][1:] for problem in refused["problems"]] == [["photoIds"]]
    photo = await sent(desk)
    done = {"incidentId": one.id, "note": "Đã dọn", "photoIds": [photo]}
    for _ in range(2):  # the answer was lost the first time
        assert (await step(desk, "crew-clean", "resolve", **done))["__typename"] == "ResolveIncidentPayload"
    assert (await step(desk, "staff", "resolve", incidentId=other.id, note="Đã dọn"))["__typename"] != "InvalidInput"
    node = (await desk.data(PHOTOS, "crew-clean", id=one.id))["node"]
    assert [len(event["photos"]) for event in node["history"] if event["to"] == "RESOLVED"] == [1]
    assert len(node["photos"]) == 1
    again = {"trackingCode": one.tracking_code, "secret": one.secret, "reason": "Vẫn còn", "photoIds": [photo]}
    refused = await step(desk, None, "reopen", **again)
    assert [problem["path"][1:] for problem in refused["problems"]] == [["photoIds", "0"]]
    again["photoIds"] = [await sent(desk)]
    assert (await step(desk, None, "reopen", **again))["__typename"] == "ReopenIncidentPayload"
    assert len((await desk.data(PHOTOS, "staff", id=one.id))["node"]["photos"]) == 2


@pytest.fixture
async def shown(desk: Desk) -> tuple[Desk, Reported, str]:
    """A desk, an incident that the first crew resolved, and the address of its photograph."""
    crew = desk.ward.crews[ward.CLEAN]
    first = desk.ward.neighbourhoods[ward.FIRST]
    async with desk.database.write() as connection:
        made = await ward.report(connection, status="IN_PROGRESS", crew_id=crew, neighbourhood_id=first)  # type: ignore[arg-type]
    await step(desk, "crew-clean", "resolve", incidentId=made.id, note="Đã dọn", photoIds=[await sent(desk)])
    ((photo,),) = [[photo["url"] for photo in (await desk.data(PHOTOS, "staff", id=made.id))["node"]["photos"]]]
    return desk, made, photo


SEES = {
    None: False,
    "staff": True,
    "admin": True,
    "crew-clean": True,
    "crew-roads": False,
    "crew-other": False,
    "team-1": False,
    "team-other": False,
    "staff-other": False,
}


@pytest.mark.parametrize("published", [False, True])
async def test_who_sees_a_photograph(shown: tuple[Desk, Reported, str], published: bool) -> None:
    desk, made, url = shown
    if published:
        async with desk.database.write() as connection:
            await connection.execute(sa.text("UPDATE photo SET published = true"))
            await connection.execute(sa.text("UPDATE incident SET published = true"))
    for by, sees in SEES.items():
        headers = {} if by is None else {"Authorization": f"Bearer {desk.tokens[by]}"}
        for address in (url, f"{url}?size=thumbnail"):
            for method in ("GET", "HEAD"):
                response = await desk.http.request(method, address, headers=headers)
                assert response.status_code == (200 if sees or published else 404), by
        node = (await desk.data(PHOTOS, by, id=made.id))["node"]
        assert [photo["url"] for photo in node["photos"]] == ([url] if sees or published else []), by
        assert sum(len(event["photos"]) for event in node["history"]) == (1 if sees or published else 0), by


async def test_one_of_the_two_consents_shows_nothing(shown: tuple[Desk, Reported, str]) -> None:
    desk, _, url = shown
    for table in ("photo", "incident"):
        async with desk.database.write() as connection:
            await connection.execute(sa.text("UPDATE photo SET published = false"))
            await connection.execute(sa.text("UPDATE incident SET published = false"))
            await connection.execute(sa.text(f"UPDATE {table} SET published = true"))  # noqa: S608
        assert (await desk.http.get(url)).status_code == 404


async def test_the_reporter_sees_it_by_the_secret_of_this_report(shown: tuple[Desk, Reported, str]) -> None:
    desk, made, url = shown
    async with desk.database.write() as connection:
        other = await ward.report(connection)
    get = desk.http.get
    held = {"Cookie": "; ".join(f"{COOKIE}{one.tracking_code}=1.{one.secret}" for one in (made, other))}
    assert (await get(f"{url}?report={made.tracking_code}", headers=held)).status_code == 200
    assert (await get(f"{url}?size=thumbnail&report={made.tracking_code}", headers=held)).status_code == 200
    assert (await get(f"{url}?report={other.tracking_code}", headers=held)).status_code == 404
    assert (await get(url, headers=held)).status_code == 404
    assert (await get(f"{url}?report={made.tracking_code}")).status_code == 404
    assert (await get(url, headers={"Reporter-Secret": made.secret})).status_code == 200
    assert (await get(url, headers={"Reporter-Secret": other.secret})).status_code == 404
    secret = {"code": made.tracking_code, "secret": made.secret}
    query = (
        "query ($code: String!, $secret: String) { incident(trackingCode: $code, secret: $secret) { photos { url } } }"
    )
    assert (await desk.data(query, **secret))["incident"]["photos"] == [{"url": url}]
    assert (await desk.data(query, code=made.tracking_code))["incident"]["photos"] == []


async def test_what_comes_with_a_photograph(shown: tuple[Desk, Reported, str]) -> None:
    desk, _, url = shown
    staff = {"Authorization": f"Bearer {desk.tokens['staff']}"}
    private = await desk.http.get(url, headers=staff)
    assert private.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert "Cookie" in private.headers["Vary"]
    assert private.headers["X-Content-Type-Options"] == "nosniff"
    assert private.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert private.headers["Content-Disposition"] == "inline"
    head = await desk.http.head(url, headers=staff)
    assert (head.content, head.headers["Content-Length"]) == (b"", str(len(private.content)))
    known = await desk.http.get(url, headers=staff | {"If-None-Match": private.headers["ETag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert (await desk.http.get(url, headers={"If-None-Match": private.headers["ETag"]})).status_code == 404
    small = await desk.http.get(f"{url}?size=thumbnail", headers=staff)
    assert small.headers["ETag"] != private.headers["ETag"]
    async with desk.database.write() as connection:
        await connection.execute(sa.text("UPDATE photo SET published = true"))
        await connection.execute(sa.text("UPDATE incident SET published = true"))
    public = await desk.http.get(url)
    assert public.headers["Cache-Control"] == "public, max-age=60"
    assert "Vary" not in public.headers


@pytest.mark.parametrize(
    "id_",
    ["x", "Photo:20314:x", "Upload:x", f"Photo:20314:{NOBODYS}", f"Upload:{NOBODYS}", "..%2F..%2Fsecret-key", "%00"],
)
async def test_what_is_not_there_is_not_found(standing: Desk, id_: str) -> None:
    response = await standing.http.get(f"/photos/{id_}")
    assert response.status_code == 404
    assert response.headers.get("Cache-Control", "no-store") == "no-store"


async def test_there_are_two_sizes(standing: Desk) -> None:
    response = await standing.http.get(f"/photos/{await sent(standing)}?size=huge")
    assert (response.status_code, response.json()["error"]["parameter"]) == (400, "size")


async def test_the_upload_itself_is_shown_to_whoever_knows_it_and_to_no_shared_cache(standing: Desk) -> None:
    response = await standing.http.get(f"/photos/{await sent(standing)}")
    assert response.status_code == 200
    assert response.headers["Cache-Control"].startswith("private")


async def test_a_body_of_100_mb_gets_its_answer_over_a_real_socket(live: Station) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
    before = kib(os.getpid(), "VmHWM")

    async def body() -> AsyncIterator[bytes]:
        yield head
        for _ in range(100):
            yield bytes(1_000_000)

    async with httpx.AsyncClient(base_url=f"http://{live.host}", timeout=60) as http:
        for length in ({"Content-Length": str(100_000_000 + len(head))}, {}):
            headers = {"Content-Type": "multipart/form-data; boundary=x", **length}
            response = await http.post("/photos", content=body(), headers=headers)
            assert (response.status_code, response.json()["error"]["parameter"]) == (413, "photo")
    assert kib(os.getpid(), "VmHWM") - before < 60_000


async def test_another_site_cannot_make_its_visitors_upload(standing: Desk) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.test"}
    answer = await standing.http.post("/photos", files={"photo": ("a.jpg", JPEG, "image/jpeg")}, headers=headers)
    assert answer.status_code == 403


async def test_a_picture_drawn_a_thousand_times_over_is_refused(standing: Desk) -> None:
    whole = BytesIO()
    Image.new("RGB", (64, 64), "red").save(whole, "JPEG", progressive=True)
    start = whole.getvalue().rindex(b"\xff\xda")
    scan = whole.getvalue()[start:-2]
    answer = await send(standing, whole.getvalue()[:-2] + scan * 1000 + b"\xff\xd9")
    assert (answer.status_code, answer.json()["error"]["parameter"]) == (415, "photo")
