"""`phuongso import`: what it says and how it ends."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from geo.database import Database
from server.importing_commands import import_group
from tests.geo.geojson import (
    EAST,
    WARD,
    WEST,
    feature,
    point,
    write,
)


async def run(database_url: str, *arguments: str) -> Result:
    """`phuongso import …` on this database."""
    environment = {"DATABASE_URL": database_url, "PHUONGSO_SECRET_KEY": "k" * 40}
    return await asyncio.to_thread(CliRunner().invoke, import_group, list(arguments), env=environment)


async def test_the_command_imports_and_counts(database: Database, tmp_path: Path) -> None:
    result = await run(database.url, "boundaries", str(write(tmp_path, [WARD])), "--level", "ward")
    assert (result.exit_code, result.exception) == (0, None)
    assert "1 added, 0 changed, 0 unchanged, 0 left out" in result.output
    result = await run(
        database.url, "boundaries", str(write(tmp_path, [WEST, EAST])), "--level", "neighbourhood", "--ward", "20314"
    )
    assert "2 added" in result.output
    hall = feature(point(108.205, 15.99), id="n1", loai="nha-van-hoa", name="Nhà văn hóa")
    options = ["--kind-field", "loai", "--kind-map", "nha-van-hoa=CULTURAL_HOUSE"]
    result = await run(database.url, "places", str(write(tmp_path, [hall])), *options)
    assert (result.exit_code, "1 added" in result.output) == (0, True)


async def test_the_command_lists_what_is_wrong_and_ends_with_1(database: Database, tmp_path: Path) -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[[108, 16], [108.1, 16.1], [108.1, 16], [108, 16.1], [108, 16]]]}
    broken = feature(bow_tie, code="20001", name="[red]A[/red]")
    file = str(write(tmp_path, [WARD, broken]))
    result = await run(database.url, "boundaries", file, "--level", "ward")
    words = " ".join(result.output.split())
    assert result.exit_code == 1
    assert "đường biên tự cắt" in words
    assert "Self-intersection" in words
    assert "Nothing was imported: 1 of 2 features are wrong" in words
    result = await run(database.url, "boundaries", file, "--level", "ward", "--skip-invalid")
    assert result.exit_code == 0
    assert "1 added, 0 changed, 0 unchanged, 1 left out" in " ".join(result.output.split())


async def test_the_command_refuses_options_that_make_no_sense(database: Database, tmp_path: Path) -> None:
    file = str(write(tmp_path, [WARD]))
    assert (await run(database.url, "boundaries", file, "--level", "ward", "--ward", "20314")).exit_code == 2
    assert (await run(database.url, "places", file, "--kind", "MARKET", "--kind-field", "kind")).exit_code == 2
    result = await run(database.url, "places", file, "--kind-map", "a=CASINO")
    assert result.exit_code == 2
    assert "CULTURAL_HOUSE" in result.output


def test_help_tells_what_openstreetmap_values_become() -> None:
    result = CliRunner().invoke(import_group, ["places", "--help"])
    words = " ".join(result.output.split())
    assert "MARKET: marketplace." in words
    assert "community_centre" in words


def test_only_reading_a_file_loads_gdal() -> None:
    loads = "import sys, server.importing_commands, geo.demo; print('pyogrio' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
