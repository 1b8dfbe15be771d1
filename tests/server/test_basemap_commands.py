"""`phuongso basemap`: one file at the end, whole, or a sentence that names what was wrong and nothing left behind."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from geo.database import Database
from maps.ground import OPENSTREETMAP, read_archive
from server.basemap_commands import basemap_command
from server.console import Commands
from tests.extracts import town
from tests.maps.small_ward import build

COMMANDS = Commands("phuongso", commands=[basemap_command])


async def run(url: str, var: Path, *arguments: object) -> Result:
    environment = {"DATABASE_URL": url, "PHUONGSO_SECRET_KEY": "k" * 40, "PHUONGSO_VAR": str(var)}
    words = ["basemap", *map(str, arguments)]
    return await asyncio.to_thread(CliRunner().invoke, COMMANDS, words, env=environment)


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return town().write(tmp_path / "in/town.osm.pbf")


async def test_a_wards_map_is_written_where_the_server_looks(database: Database, tmp_path, extract):
    await build(database)
    var = tmp_path / "var"
    result = await run(database.url, var, extract, "--ward", "20314", "--max-zoom", 14)
    assert result.exit_code == 0, result.output
    found = read_archive(var / "basemap.pmtiles")
    assert found.attribution == OPENSTREETMAP
    # As far around the ward as its map can be moved.
    assert (found.bounds.west, found.bounds.north) == pytest.approx((108.16, 16.06))
    words = " ".join(result.output.split())
    assert f"{found.size:,} bytes" in words
    assert "Left out, without a whole shape or of no known kind: 1." in words
    assert list(var.iterdir()) == [var / "basemap.pmtiles"]


async def test_what_is_wrong_is_said_by_name_and_nothing_is_left(database: Database, tmp_path, extract):
    await build(database)
    var, cut, junk = tmp_path / "var", tmp_path / "in/cut.osm.pbf", tmp_path / "in/junk.pbf"
    cut.write_bytes(extract.read_bytes()[:-40])
    junk.write_bytes(b"<html>404</html>")
    before = tmp_path / "kept.pmtiles"
    before.write_bytes(b"the map of before")
    box = "--bbox=108.19,15.97,108.25,16.03"
    for arguments, words in (
        ((cut, box), "cut.osm.pbf: cannot be read to its end"),
        ((junk, box), "junk.pbf: is no extract of OpenStreetMap"),
        ((tmp_path / "none.osm.pbf", box), "none.osm.pbf: No such file"),
        ((extract, "--bbox=100,10,100.1,10.1"), "Nothing of"),
        ((extract, "--ward", "99999"), "There is no ward 99999 here"),
        ((extract, "--bbox=100,5,120,20"), "Give --ward or --bbox"),
        ((extract, "--bbox=16,108,15,107"), "longitude first"),
        ((extract, box, "--min-zoom", 12, "--max-zoom", 10), "--min-zoom is greater"),
        ((extract, box, "--ward", "20314"), "not both"),
        ((f"roads={extract}", box), "leave out roads="),
    ):
        result = await run(database.url, var, *arguments, "--output", before)
        assert result.exit_code != 0
        assert words in " ".join(result.output.split()), result.output
    assert before.read_bytes() == b"the map of before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "kept.pmtiles"]


async def test_geodata_needs_to_be_credited(database: Database, tmp_path):
    path = tmp_path / "duong.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"ten":"Đường A"},'
        '"geometry":{"type":"LineString","coordinates":[[108.2,16.0],[108.21,16.0]]}}]}'
    )
    out = tmp_path / "a.pmtiles"
    result = await run(database.url, tmp_path, f"roads={path}", "--output", out)
    assert "Give --attribution" in result.output
    result = await run(database.url, tmp_path, f"roads={path}", "--output", out, "--attribution", "© UBND phường")
    assert result.exit_code == 0, result.output
    assert read_archive(out).attribution == "© UBND phường"


def test_serving_loads_neither_osmium_nor_gdal():
    loads = (
        "import sys, server.app, server.cli; print([m for m in ('osmium', 'pyogrio', 'pyproj') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
