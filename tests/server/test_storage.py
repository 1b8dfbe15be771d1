"""Where photographs lie: a folder and a bucket behave alike, and nothing is kept by halves."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import boto3
import httpx
import pytest
import sqlalchemy as sa
from moto.server import ThreadedMotoServer
from pydantic import ValidationError

from geo import photos
from geo.database import Database
from geo.ids import new_unguessable_id
from server.settings import Settings
from server.storage import SHELVES, Photographs, Size, StoreUnavailable, object_name, photographs_of
from server.work.photographs import Tidying
from server.work.registry import chores_with
from tests.asking import Desk
from tests.pictures import encoded

BOTH = {Size.LARGE: b"large" * 50_000, Size.SMALL: b"small"}
BUCKET = "anh-phan-anh"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a server that speaks S3, for the length of the module."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_environment(s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The usual variables, an empty bucket, and its prefix as a setting."""
    given = {"AWS_ENDPOINT_URL": s3, "AWS_REGION": "ap-southeast-1"}
    given |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with closing(boto3.client("s3", endpoint_url=s3, region_name="ap-southeast-1")) as client:
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"})
        yield f"s3://{BUCKET}/phuong"
        for found in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            client.delete_object(Bucket=BUCKET, Key=found["Key"])
        client.delete_bucket(Bucket=BUCKET)


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Photographs:
    address = request.getfixturevalue("s3_environment") if request.param == "bucket" else None
    return Photographs(tmp_path / "photos", address)


async def read(store: Photographs, key: UUID, size: Size) -> bytes | None:
    stored = await store.open(key, size)
    return None if stored is None else b"".join([piece async for piece in stored.pieces])


async def on_shelves(store: Photographs) -> set[UUID]:
    return {key for number in range(SHELVES) async for keys in store.on_shelf(number) for key in keys}


async def test_what_is_put_is_read_and_deleted_again(store: Photographs) -> None:
    key, other = new_unguessable_id(), new_unguessable_id()
    await store.put(key, BOTH)
    await store.put(other, BOTH)
    for size, content in BOTH.items():
        assert await read(store, key, size) == content
    stored = await store.open(key, Size.LARGE)
    assert stored is not None
    assert stored.size == 250_000
    assert await on_shelves(store) == {key, other}
    await store.delete([key])
    assert [await read(store, key, size) for size in Size] == [None, None]
    assert await read(store, other, Size.SMALL) == b"small"
    await store.delete([key])  # once more does no harm


async def test_a_store_out_of_reach_is_told_as_such(
    tmp_path: Path, s3_environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    store = Photographs(tmp_path, s3_environment)
    key = new_unguessable_id()
    for attempt in (
        partial(store.put, key, BOTH),
        partial(store.open, key, Size.LARGE),
        partial(store.delete, [key]),
        partial(on_shelves, store),
    ):
        with pytest.raises(StoreUnavailable):
            await attempt()


async def test_a_bucket_that_is_not_there_is_told_as_such(tmp_path: Path, s3_environment: str) -> None:
    with pytest.raises(StoreUnavailable):
        await Photographs(tmp_path, "s3://khong-co/x").put(new_unguessable_id(), BOTH)


async def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_kept_by_halves(tmp_path: Path) -> None:
    store = Photographs(tmp_path)
    key = new_unguessable_id()
    # The second size finds a folder in its place.
    (tmp_path / object_name(key, Size.SMALL) / "in the way").mkdir(parents=True)
    with pytest.raises(StoreUnavailable):
        await store.put(key, BOTH)
    assert await read(store, key, Size.LARGE) is None


async def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    store = Photographs(tmp_path / "photos")
    await store.put(new_unguessable_id(), BOTH)
    assert stat.S_IMODE(os.stat(store.folder).st_mode) == 0o700


async def test_what_we_did_not_put_there_is_left_alone(tmp_path: Path) -> None:
    store = Photographs(tmp_path)
    key = new_unguessable_id()
    await store.put(key, BOTH)
    shelf = tmp_path / object_name(key, Size.LARGE).partition("/")[0]
    for name in ("README", f"{uuid4()}.jpg", "x" * 40):
        (shelf / name).write_bytes(b"")
    assert await on_shelves(store) == {key}


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


WRITER = """
import asyncio, sys
from pathlib import Path
from geo.ids import new_unguessable_id
from server.storage import Photographs, Size
async def write():
    store = Photographs(Path(sys.argv[1]))
    while True:
        key = new_unguessable_id()
        await store.put(key, {Size.LARGE: b"l" * 300_000, Size.SMALL: b"s" * 30_000})
        print(key, flush=True)
asyncio.run(write())
"""


async def test_what_was_acknowledged_survives_a_kill_and_nothing_is_there_by_halves_for_long(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220
    assert writer.stdout is not None
    told = [writer.stdout.readline() for _ in range(20)]
    writer.send_signal(signal.SIGKILL)
    told += writer.stdout.readlines()
    writer.stdout.close()
    writer.wait()
    store = Photographs(tmp_path)
    for line in told:
        key = UUID(line.strip())
        assert len(await read(store, key, Size.LARGE) or b"") == 300_000
        assert len(await read(store, key, Size.SMALL) or b"") == 30_000
    # What the writer was at when it was killed: at most a file of each size, under a name that is no photograph's.
    halves = [path for path in files_in(tmp_path) if path.stat().st_size not in (300_000, 30_000) or "#" in path.name]
    assert len(halves) <= 2
    assert not any(path.name.endswith(".jpg") for path in halves)
    assert await cleared(store, datetime.now(UTC) - timedelta(minutes=1)) == 0
    assert await cleared(store, datetime.now(UTC) + timedelta(minutes=1)) == len(halves)
    assert {path.stat().st_size for path in files_in(tmp_path)} == {300_000, 30_000}
    assert all(path.suffix == ".jpg" for path in files_in(tmp_path))


async def cleared(store: Photographs, before: datetime) -> int:
    """How many leftovers are removed that nobody touched since this moment."""
    return sum([await store.remove_leftovers(number, before) for number in range(SHELVES)])


async def test_files_of_killed_writers_are_removed_after_a_day_and_nothing_else_is(
    database: Database, tmp_path: Path
) -> None:
    store = Photographs(tmp_path)
    kept, old, fresh = [await upload(database, store, DAY) for _ in range(3)]
    left = {key: tmp_path / f"{object_name(key, Size.SMALL)}#1" for key in (old, fresh)}
    other = (tmp_path / object_name(old, Size.LARGE)).parent / "notes.txt#1"
    for path in (*left.values(), other):
        path.write_bytes(b"half")
    long_ago = (datetime.now(UTC) - 3 * DAY).timestamp()
    for path in (left[old], other, tmp_path / object_name(kept, Size.LARGE)):
        os.utime(path, (long_ago, long_ago))
    before = set(files_in(tmp_path))
    assert await tidied(database, store) == 1
    assert before - set(files_in(tmp_path)) == {left[old]}
    assert await tidied(database, store) == 0


async def tidied(database: Database, store: Photographs) -> int:
    """How many strays the hours of a day remove, at this time."""
    removed = 0
    for hour in range(24):
        tidying = Tidying(store, lambda hour=hour: datetime.now(UTC).replace(hour=hour))  # type: ignore[misc]
        async with database.write() as connection:
            removed += await tidying.remove_strays(connection)
    return removed


def test_names_tell_nothing_and_cannot_be_guessed() -> None:
    keys = [new_unguessable_id() for _ in range(1_000)]
    assert {key.version for key in keys} == {7}
    assert {key.variant for key in keys} == {UUID(int=0x8 << 60).variant}
    chance = {key.int & (1 << 62) - 1 for key in keys}
    assert len(chance) == 1_000
    assert len({n >> 52 for n in chance}) > 500  # no counter
    assert len({object_name(key, Size.LARGE).partition("/")[0] for key in keys}) > 200
    assert object_name(keys[0], Size.SMALL).endswith(f"/{keys[0]}-small.jpg")


@pytest.mark.parametrize("address", ["s3://", "https://bucket", "s3://Bucket", "bucket", "s3://b"])
def test_a_store_that_cannot_be_is_refused_at_the_start(address: str) -> None:
    with pytest.raises(ValidationError):
        Settings(photo_store=address)


def test_without_a_setting_they_lie_beside_all_else_that_is_kept(tmp_path: Path) -> None:
    store = photographs_of(Settings(var=tmp_path))
    assert (store.folder, store.address) == (tmp_path / "photos", None)


async def test_the_whole_way_through_a_bucket(desk: Desk, s3_environment: str) -> None:
    desk.app.state.photographs = Photographs(Path("/nonexistent"), s3_environment)
    response = await desk.http.post("/photos", files={"photo": ("a.jpg", encoded())})
    assert response.status_code == 201
    shown: httpx.Response = await desk.http.get(response.json()["url"])
    assert (shown.status_code, shown.content[:3]) == (200, b"\xff\xd8\xff")


async def upload(
    database: Database, store: Photographs, age: timedelta, objects: bool = True, row: bool = True
) -> UUID:
    """An upload as it was left so long ago."""
    then = datetime.now(UTC) - age
    moment = int(then.timestamp() * 1000)
    key = UUID(int=moment << 80 | new_unguessable_id().int & (1 << 80) - 1)
    if objects:
        await store.put(key, BOTH)
    if row:
        async with database.write() as connection:
            await photos.record(connection, key, 10, 10, None)
            await connection.execute(
                sa.text("UPDATE photo_upload SET created_at = :then WHERE id = :id"), {"then": then, "id": key}
            )
    return key


async def rows(database: Database) -> set[UUID]:
    async with database.read() as connection:
        return set(await connection.scalars(sa.text("SELECT id FROM photo_upload")))


DAY = timedelta(hours=27)


async def test_what_nobody_claimed_is_removed_after_a_day(database: Database, store: Photographs) -> None:
    tidying = Tidying(store)
    old = [await upload(database, store, DAY) for _ in range(3)]
    lost = await upload(database, store, DAY, objects=False)
    fresh = await upload(database, store, timedelta(hours=25))
    async with database.write() as connection:
        assert await tidying.remove_unclaimed(connection) == 4
    assert await rows(database) == {fresh}
    assert await on_shelves(store) == {fresh}
    async with database.write() as connection:
        assert await tidying.remove_unclaimed(connection) == 0
    assert not {*old, lost} & await rows(database)


async def test_a_store_that_is_away_leaves_the_rows_for_the_next_time(database: Database, tmp_path: Path) -> None:
    store = Photographs(tmp_path)
    key = await upload(database, store, DAY)

    class Away(Photographs):
        async def delete(self, photo_ids: object) -> None:
            raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        async with database.write() as connection:
            await Tidying(Away(tmp_path)).remove_unclaimed(connection)
    assert await rows(database) == {key}


async def test_objects_without_a_row_are_removed_within_a_day_and_no_others(
    database: Database, store: Photographs
) -> None:
    stray = await upload(database, store, 3 * DAY, row=False)
    fresh = await upload(database, store, timedelta(hours=1), row=False)
    known = await upload(database, store, DAY)
    assert await tidied(database, store) == 1
    assert await on_shelves(store) == {fresh, known}
    assert stray not in await rows(database)


def test_a_worker_does_both(tmp_path: Path) -> None:
    names = [chore.name for chore in chores_with(Photographs(tmp_path))]
    assert {"unclaimed photographs", "stray photographs"} <= set(names)
    assert len(names) == len(set(names))
