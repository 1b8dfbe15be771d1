"""A base map of our own, through ASGI: pieces of the file, what browsers keep, and which ground is taken."""

from pathlib import Path

import httpx
import pytest

from geo.database import Database
from maps.ground import LIBRARY, read_archive
from server.app import create_app
from server.settings import Settings, SettingsError, read_settings
from tests.archives import tile, write_archive
from tests.maps.small_ward import build
from tests.server.test_pages import KEY, serving

TILES = {
    (10, 819, n): tile(roads=[{"geometry": f"LINESTRING(0 0, {n} 4096)", "properties": {}}]) for n in range(460, 500)
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_archive(tmp_path / "basemap.pmtiles", TILES)


def settings(database_url: str, **values: object) -> Settings:
    return Settings(database_url=database_url, secret_key=KEY, worker=False, **values)


async def get(client: httpx.AsyncClient, path: Path, method: str = "GET", **headers: str) -> httpx.Response:
    version = read_archive(path).version
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.request(method, f"/basemap/{version}.pmtiles", headers=sent)


async def test_the_file_is_given_whole_and_in_ranges_and_kept_for_ever(database_url, path):
    raw = path.read_bytes()
    async with serving(settings(database_url, basemap=path)) as client:
        whole = await get(client, path)
        part = await get(client, path, Range="bytes=0-126", Accept_Encoding="gzip")
        end = await get(client, path, Range="bytes=-10")
        head = await get(client, path, "HEAD")
    assert (whole.status_code, whole.content) == (200, raw)
    assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["etag"] == f'"{read_archive(path).version}"'
    assert (part.status_code, part.content) == (206, raw[:127])
    assert part.headers["content-range"] == f"bytes 0-126/{len(raw)}"
    assert "content-encoding" not in part.headers
    assert (end.status_code, end.content) == (206, raw[-10:])
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(raw)))


async def test_several_ranges_come_as_parts_and_one_beyond_the_end_is_refused(database_url, path):
    raw = path.read_bytes()
    async with serving(settings(database_url, basemap=path)) as client:
        several = await get(client, path, Range="bytes=0-9,20-29")
        beyond = await get(client, path, Range=f"bytes={len(raw)}-")
    assert several.status_code == 206
    assert several.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert raw[:10] in several.content
    assert raw[20:30] in several.content
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(raw)}")


async def test_a_range_of_another_version_gives_the_whole(database_url, path):
    async with serving(settings(database_url, basemap=path)) as client:
        same = await get(client, path, Range="bytes=0-9", If_Range=f'"{read_archive(path).version}"')
        other = await get(client, path, Range="bytes=0-9", If_Range='"another"')
    assert (same.status_code, len(same.content)) == (206, 10)
    assert (other.status_code, other.content) == (200, path.read_bytes())


async def test_a_replaced_file_has_a_new_address_and_the_old_one_is_gone(database: Database, database_url, path):
    await build(database)
    old = read_archive(path)
    async with serving(settings(database_url, basemap=path)) as client:
        assert old.url in (await client.get("/")).text
        write_archive(path.with_suffix(".new"), {(10, 819, 466): tile(water=[])}).replace(path)
        new = read_archive(path)
        assert new.url in (await client.get("/")).text
        gone = await client.get(old.url)
        assert (gone.status_code, gone.headers["cache-control"]) == (404, "no-store")
        assert (await client.get(new.url)).status_code == 200
        path.write_bytes(b"half a file")
        assert "Chưa có nền bản đồ" in (await client.get("/")).text
        path.unlink()
        assert (await client.get("/")).status_code == 200
        assert (await client.get(new.url)).status_code == 404


async def test_a_file_in_var_is_taken_as_soon_as_it_is_there(database: Database, database_url, tmp_path):
    await build(database)
    async with serving(settings(database_url, var=tmp_path)) as client:
        page = await client.get("/")
        assert "Chưa có nền bản đồ" in page.text
        assert LIBRARY not in page.text
        made = read_archive(write_archive(tmp_path / "basemap.pmtiles", TILES))
        page = await client.get("/")
    assert made.url in page.text
    assert LIBRARY in page.text
    assert "Chưa có nền bản đồ" not in page.text
    assert "connect-src 'self'" in page.headers["content-security-policy"]


async def test_tiles_from_an_address_go_before_a_file_that_merely_lies_there(database: Database, database_url, path):
    await build(database)
    chosen = settings(database_url, var=path.parent, tile_url="https://t.example/{z}/{x}/{y}.png", tile_attribution="©")
    async with serving(chosen) as client:
        page = await client.get("/")
        assert "t.example" in page.text
        assert LIBRARY not in page.text
        assert (await get(client, path)).status_code == 404


def test_two_base_maps_are_refused(monkeypatch):
    monkeypatch.setenv("PHUONGSO_TILE_URL", "https://t.example/{z}/{x}/{y}.png")
    monkeypatch.setenv("PHUONGSO_TILE_ATTRIBUTION", "©")
    monkeypatch.setenv("PHUONGSO_BASEMAP", "x.pmtiles")
    with pytest.raises(SettingsError, match="PHUONGSO_TILE_URL or PHUONGSO_BASEMAP, not both"):
        read_settings()


@pytest.mark.parametrize("content", [None, b"", b"PMTiles\x03" + bytes(50)])
def test_a_server_does_not_start_on_a_base_map_that_it_cannot_show(database_url, tmp_path, content):
    wrong = tmp_path / "wrong.pmtiles"
    if content is not None:
        wrong.write_bytes(content)
    with pytest.raises(SettingsError, match=r"base map cannot be shown.*wrong\.pmtiles"):
        create_app(settings(database_url, basemap=wrong))
