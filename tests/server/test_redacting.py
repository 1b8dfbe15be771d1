"""Blurred photographs: the public gets the copy and never the original, whatever is asked; nothing can be undone."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
from PIL import Image, ImageChops, ImageStat

from geo import redacting
from geo.errors import InvalidInput
from geo.redacting import Rectangle
from geo.tables import photo
from server.cleaning import BLOCK, has_metadata
from server.storage import Photographs, StoreUnavailable
from server.work.photographs import Tidying
from tests import ward
from tests.asking import Desk
from tests.pictures import encoded, opened

REPORT = """
mutation ($input: ReportIncidentInput!) { reportIncident(input: $input) {
  ... on ReportIncidentPayload { reporterSecret incident { id trackingCode photos { id } } }
} }"""
REDACT = """
mutation ($input: RedactPhotoInput!) { done: redactPhoto(input: $input) {
  __typename
  ... on UserError { message path }
  ... on InvalidInput { problems { path message } }
  ... on RedactPhotoPayload {
    photo { id url published redacted redactedUrl rectangles }
    incident { id photos { id published } }
  }
} }"""
PUBLISH = "mutation ($input: PublishIncidentInput!) { done: publishIncident(input: $input) { __typename } }"
SEEN = """
query ($code: String!, $secret: String) { incident(trackingCode: $code, secret: $secret) {
  photos { id url thumbnailUrl width height published redacted redactedUrl rectangles }
} }"""
MIDDLE = [0.25, 0.25, 0.5, 0.5]
WIDTH, HEIGHT = 640, 480


def speckled(seed: int) -> Image.Image:
    """A picture whose every pixel is its own: what of it is left somewhere else can be told."""
    chance = random.Random(seed)
    return Image.frombytes("RGB", (WIDTH, HEIGHT), chance.randbytes(WIDTH * HEIGHT * 3)).resize(
        (WIDTH, HEIGHT), Image.Resampling.BICUBIC, box=(0, 0, WIDTH // 4, HEIGHT // 4)
    )


@dataclass
class Shot:
    """A report with one photograph of noise, as it was sent."""

    id: str
    code: str
    secret: str
    photo: str

    @property
    def key(self) -> UUID:
        return UUID(self.photo.rpartition(":")[2])


async def shot(desk: Desk, category: str = "ENVIRONMENT", seed: int = 1) -> Shot:
    sent = await desk.http.post("/photos", files={"photo": ("a.jpg", encoded(speckled(seed), quality=95))})
    place = {"type": "Point", "coordinates": list(ward.IN_FIRST)}
    given = {"requestKey": str(uuid4()), "category": category, "location": place, "photoIds": [sent.json()["id"]]}
    made = (await desk.data(REPORT, input=given))["reportIncident"]
    [photo] = made["incident"]["photos"] or [{"id": ""}]
    found = made["incident"]
    return Shot(found["id"], found["trackingCode"], made["reporterSecret"], photo["id"])


async def redact(desk: Desk, of: Shot, by: str | None = "staff", **values: Any) -> Any:
    return (await desk.data(REDACT, by, input={"photoId": of.photo, **values}))["done"]


async def publish(desk: Desk, of: Shot) -> None:
    done = await desk.data(PUBLISH, "staff", input={"incidentId": of.id, "published": True})
    assert done["done"]["__typename"] == "PublishIncidentPayload"


async def seen(desk: Desk, of: Shot, by: str | None = None, secret: str | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await desk.data(SEEN, by, code=of.code, secret=secret))["incident"]["photos"]
    return found


async def get(desk: Desk, url: str, by: str | None = None, **headers: str) -> httpx.Response:
    if by is not None:
        headers["Authorization"] = f"Bearer {desk.tokens[by]}"
    return await desk.http.get(url, headers=headers)


def objects(desk: Desk) -> set[str]:
    photographs: Photographs = desk.app.state.photographs
    return {path.name for path in Path(photographs.folder).rglob("*.jpg")}


def parts(image: Image.Image, rectangle: Sequence[float], margin: int) -> tuple[int, int, int, int]:
    """The rectangle in pixels, made smaller by `margin` on each side (larger by a negative one)."""
    left, top, width, height = rectangle
    return (
        math.ceil(left * image.width) + margin,
        math.ceil(top * image.height) + margin,
        math.floor((left + width) * image.width) - margin,
        math.floor((top + height) * image.height) - margin,
    )


def grain(image: Image.Image) -> float:
    """How much neighbouring pixels differ, on average: what detail there is."""
    return sum(ImageStat.Stat(ImageChops.difference(image, ImageChops.offset(image, 1, 0))).mean)


def likeness(one: Image.Image, other: Image.Image) -> float:
    """The correlation of two pictures' detail, without their slow changes of light: 1 for the same, 0 for none."""
    sides = []
    for image in (one.convert("L"), other.convert("L")):
        fine = [float(value) for value in image.tobytes()]
        mean = sum(fine) / len(fine)
        sides.append([value - mean for value in fine])
    a, b = sides
    scale = math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
    return abs(sum(x * y for x, y in zip(a, b, strict=True))) / scale if scale else 0.0


@pytest.mark.parametrize("size", ["", "?size=thumbnail"])
async def test_the_public_gets_the_copy_and_the_original_by_no_address(desk: Desk, size: str) -> None:
    one = await shot(desk)
    await publish(desk, one)
    done = await redact(desk, one, rectangles=[MIDDLE], published=True)
    assert done["__typename"] == "RedactPhotoPayload"
    assert done["photo"]["redacted"] is done["photo"]["published"] is True
    assert done["photo"]["rectangles"] == [MIDDLE]
    assert done["photo"]["url"] == f"/photos/{one.photo}"
    assert done["incident"] == {"id": one.id, "photos": [{"id": one.photo, "published": True}]}

    original = (await get(desk, done["photo"]["url"] + size, "staff")).content
    copy = (await get(desk, done["photo"]["redactedUrl"] + size, "staff")).content
    assert original != copy
    [shown] = await seen(desk, one)
    assert shown["url"] == done["photo"]["redactedUrl"] != done["photo"]["url"]
    assert (shown["redacted"], shown["redactedUrl"], shown["rectangles"]) == (True, None, None)
    public = await get(desk, shown["url"] + size)
    assert public.content == copy
    assert public.headers["Cache-Control"].startswith("public")
    for guessed in (
        one.photo,
        f"Upload:{one.key}",
        str(one.key),
        shown["url"].rpartition("/")[2].replace("Photo", "Upload"),
    ):
        refused = await get(desk, f"/photos/{guessed}{size}")
        assert refused.status_code == 404
        assert original not in refused.content
    for stranger in ("staff-other", "crew-other", "crew-roads", "team-1", "team-other"):
        assert (await get(desk, f"/photos/{one.photo}{size}", stranger)).status_code == 404
        assert [photo["url"] for photo in await seen(desk, one, stranger)] == [shown["url"]]
    wrong = await get(desk, f"/photos/{one.photo}{size}", **{"Reporter-Secret": "another"})
    assert wrong.status_code == 404


async def test_who_reported_it_and_who_works_on_it_have_the_original(desk: Desk) -> None:
    one = await shot(desk)
    await publish(desk, one)
    await redact(desk, one, rectangles=[MIDDLE], published=True)
    original = (await get(desk, f"/photos/{one.photo}", "staff")).content
    [held] = await seen(desk, one, secret=one.secret)
    assert held["url"] == f"/photos/{one.photo}"
    answer = await get(desk, held["url"], **{"Reporter-Secret": one.secret})
    assert answer.content == original
    assert answer.headers["Cache-Control"].startswith("private")
    for by in ("crew-clean", "admin"):  # dispatch gave it to that crew
        assert [photo["url"] for photo in await seen(desk, one, by)] == [f"/photos/{one.photo}"]
        assert (await get(desk, f"/photos/{one.photo}", by)).content == original
    assert [photo["rectangles"] for photo in await seen(desk, one, "crew-clean")] == [None]


async def test_inside_nothing_is_left_and_outside_nothing_is_lost(desk: Desk) -> None:
    one = await shot(desk)
    done = await redact(desk, one, rectangles=[MIDDLE])
    for size in ("", "?size=thumbnail"):
        files = [(await get(desk, done["photo"][url] + size, "staff")).content for url in ("url", "redactedUrl")]
        assert not has_metadata(files[1])
        before, after = (opened(file).convert("RGB") for file in files)
        assert before.size == after.size
        inside = parts(after, MIDDLE, 0)
        assert grain(after.crop(inside)) < grain(before.crop(inside)) / 10
        # Less is left than a mosaic of four by four cells would show: nothing of it is like what was there.
        assert likeness(before.crop(inside), after.crop(inside)) < 0.2
        core = after.crop(parts(after, MIDDLE, after.width // 10))
        assert max(ImageStat.Stat(core).stddev) < 8
        above = (0, 0, after.width, parts(after, MIDDLE, -2 * BLOCK)[1])
        assert likeness(before.crop(above), after.crop(above)) > 0.95


async def test_two_pictures_that_differ_within_by_detail_alone_become_alike(desk: Desk) -> None:
    """What was inside cannot be told from the copy: another text on the plate gives the same picture."""
    pictures = desk.app.state.pictures
    plate = Image.new("RGB", (WIDTH, HEIGHT), (128, 128, 128))
    other = plate.copy()
    for image, seed in ((plate, 3), (other, 4)):
        chance = random.Random(seed)
        for row in range(HEIGHT * 3 // 8, HEIGHT * 5 // 8, 16):
            for column in range(WIDTH * 3 // 8, WIDTH * 5 // 8, 16):
                dark = chance.random() < 0.5  # a mark or its mirror image: either has the same mean
                for half in (0, 8):
                    image.paste(
                        (90, 90, 90) if dark == (half == 0) else (166, 166, 166),
                        (column + half, row, column + half + 8, row + 16),
                    )
    blurred = [await pictures.blur(encoded(image, quality=95), [(0.3, 0.3, 0.4, 0.4)]) for image in (plate, other)]
    first, second = (opened(picture.large).convert("RGB") for picture in blurred)
    assert max(ImageStat.Stat(ImageChops.difference(plate, other)).mean) > 2
    assert max(ImageChops.difference(first, second).tobytes()) <= 6


async def test_a_picture_as_small_as_its_rectangle_and_one_at_the_edge(desk: Desk) -> None:
    pictures = desk.app.state.pictures
    for rectangles in ([(0.0, 0.0, 1.0, 1.0)], [(0.999, 0.999, 0.001, 0.001), (0.0, 0.0, 1e-9, 1e-9)]):
        blurred = await pictures.blur(encoded(Image.new("RGB", (5, 3), (10, 200, 30))), rectangles)
        assert (blurred.width, blurred.height) == opened(blurred.large).size == (5, 3)


async def test_hidden_again_it_is_there_for_nobody_but_those_who_work_on_it(desk: Desk) -> None:
    one = await shot(desk)
    await publish(desk, one)
    url = (await redact(desk, one, rectangles=[MIDDLE], published=True))["photo"]["redactedUrl"]
    assert (await get(desk, url)).status_code == 200
    hidden = await redact(desk, one, published=False)
    assert (hidden["photo"]["published"], hidden["photo"]["rectangles"]) == (False, [MIDDLE])
    assert await seen(desk, one) == []
    assert (await get(desk, url)).status_code == 404
    assert (await get(desk, url, "team-1")).status_code == 404
    assert (await get(desk, url, "staff")).status_code == 200


async def test_nothing_is_public_before_the_text_is_and_never_of_a_private_kind(desk: Desk) -> None:
    waiting, private = await shot(desk), await shot(desk, "SECURITY")
    # What a private kind's reporter sent is read by its secret alone.
    [photo] = await seen(desk, private, secret=private.secret)
    private.photo = photo["id"]
    await publish(desk, private)
    for one in (waiting, private):
        done = await redact(desk, one, rectangles=[MIDDLE], published=True)
        for address in (done["photo"]["url"], done["photo"]["redactedUrl"]):
            assert (await get(desk, address)).status_code == 404


async def test_other_rectangles_make_another_picture_and_none_give_the_photograph(desk: Desk) -> None:
    one = await shot(desk)
    await publish(desk, one)
    first = (await redact(desk, one, rectangles=[MIDDLE], published=True))["photo"]["redactedUrl"]
    second = (await redact(desk, one, rectangles=[[0, 0, 0.5, 1]]))["photo"]["redactedUrl"]
    assert first != second
    assert [(await get(desk, url)).status_code for url in (first, second)] == [404, 200]
    plain = (await redact(desk, one, rectangles=[]))["photo"]
    assert (plain["redacted"], plain["redactedUrl"], plain["rectangles"]) == (False, None, None)
    assert [photo["url"] for photo in await seen(desk, one)] == [f"/photos/{one.photo}"]
    assert (await get(desk, second)).status_code == 404


@pytest.mark.parametrize(
    ("rectangles", "wrong"),
    [
        ([[0, 0, 1]], [0]),
        ([MIDDLE, []], [1]),
        ([[0, 0, 0, 1], [0.1, 0.1, 0.2, -0.1]], [0, 1]),
        ([[0.6, 0, 0.5, 1]], [0]),
        ([[-0.01, 0, 0.5, 1], MIDDLE, [0, 0.5, 1, 0.6]], [0, 2]),
        ([MIDDLE] * 51, None),
    ],
)
async def test_rectangles_that_are_none_are_named_and_store_nothing(
    desk: Desk, rectangles: list[list[float]], wrong: list[int] | None
) -> None:
    one = await shot(desk)
    before, rows = objects(desk), await desk.dump()
    refused = await redact(desk, one, rectangles=rectangles, published=True)
    assert refused["__typename"] == "InvalidInput"
    at = [["input", "rectangles", *([str(index)])] for index in wrong or []] or [["input", "rectangles"]]
    assert [problem["path"] for problem in refused["problems"]] == at
    assert (objects(desk), await desk.dump()) == (before, rows)


def test_numbers_that_are_none_make_no_rectangle() -> None:
    for odd in (math.nan, math.inf, -math.inf):
        with pytest.raises(InvalidInput):
            redacting.rectangles_of([(0.0, 0.0, odd, 0.5)])
    assert redacting.rectangles_of([(0.7, 0.1, 0.1 + 0.2, 0.9)]) == [Rectangle(0.7, 0.1, 0.1 + 0.2, 0.9)]


@pytest.mark.parametrize("who", [None, "crew-clean", "team-1", "staff-other"])
async def test_who_may_not_stores_nothing(desk: Desk, who: str | None) -> None:
    one = await shot(desk)
    before, rows = objects(desk), await desk.dump()
    refused = await redact(desk, one, who, rectangles=[MIDDLE], published=True)
    assert refused["__typename"] in ("NotAllowed", "NotFound")
    assert (objects(desk), await desk.dump()) == (before, rows)


async def test_a_crash_between_the_store_and_the_commit_leaves_a_stray_and_no_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await shot(desk)
    await publish(desk, one)
    before, rows = objects(desk), await desk.dump()

    async def die(*_: Any, **__: Any) -> UUID:
        raise ConnectionAbortedError

    with monkeypatch.context() as patched:
        patched.setattr(redacting, "keep", die)
        answer = await desk.ask(
            REDACT, "staff", input={"photoId": one.photo, "rectangles": [MIDDLE], "published": True}
        )
    assert answer["errors"]
    assert await desk.dump() == rows
    [stray] = {UUID(name[:36]) for name in objects(desk) - before}
    for id_ in (f"Photo:{ward.CODE}:{stray}", f"Upload:{stray}"):
        for by in (None, "staff"):
            assert (await get(desk, f"/photos/{id_}", by)).status_code == 404
    assert await tidied(desk) == {stray}
    assert objects(desk) == before


async def test_copies_that_are_shown_stay_and_earlier_ones_go(desk: Desk) -> None:
    one = await shot(desk)
    await publish(desk, one)
    first = (await redact(desk, one, rectangles=[MIDDLE], published=True))["photo"]["redactedUrl"]
    second = (await redact(desk, one, rectangles=[[0, 0, 1, 1]]))["photo"]["redactedUrl"]
    assert await tidied(desk) == {UUID(first.rpartition(":")[2])}
    assert (await get(desk, second)).status_code == 200
    assert (await get(desk, f"/photos/{one.photo}", "staff")).status_code == 200


async def tidied(desk: Desk) -> set[UUID]:
    """The pictures that the chore takes for strays by all hours of a day that is two days off at the least."""

    def keys() -> set[UUID]:
        return {UUID(name[:36]) for name in objects(desk)}

    before = keys()
    later = datetime.now(UTC) + timedelta(days=3)
    for hour in range(24):
        tidying = Tidying(desk.app.state.photographs, lambda hour=hour: later.replace(hour=hour))  # type: ignore[misc]
        async with desk.database.write() as connection:
            await tidying.remove_strays(connection)
    return before - keys()


async def test_a_store_that_is_away_is_told_and_changes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one = await shot(desk)
    rows = await desk.dump()

    async def away(*_: Any) -> None:
        raise StoreUnavailable("Away")

    monkeypatch.setattr(desk.app.state.photographs, "put", away)
    refused = await redact(desk, one, rectangles=[MIDDLE], published=True)
    assert refused["__typename"] == "TooManyRequests"
    assert await desk.dump() == rows


async def test_a_photograph_that_went_meanwhile_is_not_found(desk: Desk) -> None:
    one = await shot(desk)
    async with desk.database.write() as connection:
        await connection.execute(sa.delete(photo).where(photo.c.id == one.key))
    assert (await redact(desk, one, rectangles=[MIDDLE]))["__typename"] == "NotFound"
