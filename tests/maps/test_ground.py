"""What lies under a map: which files can be shown, what they say of themselves, and what a policy must allow."""

import gzip
from pathlib import Path

import pytest
from pmtiles.tile import Compression, TileType

from maps import vendor
from maps.ground import LIBRARY, OPENSTREETMAP, NoBaseMap, Tiles, plain, read_archive
from tests.archives import tile, write_archive

TILES = {(9, 409, 233): tile(water=[]), (10, 819, 466): tile(roads=[])}


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://tiles.example/{z}/{x}/{y}.png", "https://tiles.example"),
        ("https://{s}.tiles.example:8443/{z}/{x}/{y}.png", "https://*.tiles.example:8443"),
        ("/tiles/ground/{z}/{x}/{y}.png", ""),
    ],
)
def test_tiles_say_which_origin_a_policy_must_allow(url, source):
    assert Tiles(url, "").source == source


def test_a_file_says_its_levels_bounds_and_whom_to_credit_as_text(tmp_path):
    found = read_archive(write_archive(tmp_path / "a.pmtiles", TILES))
    assert (found.min_zoom, found.max_zoom) == (9, 10)
    assert (found.bounds.west, found.bounds.north) == (108.1, 16.1)
    assert found.attribution == "© OpenStreetMap & bạn bè"
    assert found.source == ""
    told = found.told()
    assert told["kind"] == "pmtiles"
    assert told["url"] == f"/basemap/{found.version}.pmtiles"
    assert told["bounds"] == [[15.9, 108.1], [16.1, 108.3]]


def test_a_setting_goes_before_the_files_own_credit_and_without_both_openstreetmap_is_credited(tmp_path):
    path = write_archive(tmp_path / "a.pmtiles", TILES, attribution=None)
    assert read_archive(path).attribution == OPENSTREETMAP
    assert read_archive(path, "© Sở Xây dựng").attribution == "© Sở Xây dựng"


def test_the_version_is_of_the_contents_and_of_nothing_else(tmp_path):
    one, same = (write_archive(tmp_path / name, TILES) for name in ("a.pmtiles", "b.pmtiles"))
    other = write_archive(tmp_path / "c.pmtiles", TILES | {(10, 819, 467): tile(roads=[], water=[])})
    assert read_archive(one).version == read_archive(same).version != read_archive(other).version


def test_the_drawing_library_is_a_vendored_file():
    assert (vendor.FOLDER / LIBRARY.removeprefix("/static/vendor/")).is_file()


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("© OpenStreetMap", "© OpenStreetMap"),
        ('<a href="x">© A</a> &amp;\n B', "© A & B"),
        ("<img src=x onerror=alert(1)>Tên", "Tên"),
        ("a < b", "a < b"),
    ],
)
def test_a_credit_is_text(html, text):
    assert plain(html) == text


def broken(folder: Path) -> dict[str, Path]:
    whole = write_archive(folder / "whole.pmtiles", TILES).read_bytes()
    contents = {
        "is no PMTiles file": b"PK\x03\x04" + bytes(200),
        "is cut off": whole[:60],
        "is cut off: copy": whole[:-1],
        "version of PMTiles": whole[:7] + b"\x02" + whole[8:],
        "metadata that cannot be read": _with_metadata(whole, b"no gzip"),
        "No such file": None,
    }
    paths = {}
    for number, (reason, content) in enumerate(contents.items()):
        paths[reason] = folder / f"{number}.pmtiles"
        if content is not None:
            paths[reason].write_bytes(content)
    paths["pictures"] = write_archive(folder / "p.pmtiles", TILES, tile_type=TileType.PNG)
    paths["compressed"] = write_archive(folder / "z.pmtiles", TILES, tile_compression=Compression.ZSTD)
    paths["Is a directory"] = folder
    return paths


def _with_metadata(whole: bytes, metadata: bytes) -> bytes:
    offset = int.from_bytes(whole[24:32], "little")
    return whole[:offset] + metadata.ljust(len(gzip.compress(b"")), b"x") + whole[offset + 20 :] + bytes(20)


def test_what_cannot_be_shown_is_refused_by_name_and_reason(tmp_path):
    for reason, path in broken(tmp_path).items():
        with pytest.raises(NoBaseMap) as refused:
            read_archive(path)
        assert reason in str(refused.value)
        assert str(path) in str(refused.value)
