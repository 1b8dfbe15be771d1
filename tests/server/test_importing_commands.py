"""`phuongso import`: what it says and how it ends."""

from __future__ import annotations

import asyncio
import json
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
    polygon,
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


async def test_the_command_tells_what_snapping_moved_and_what_remains(database: Database, tmp_path: Path) -> None:
    await run(database.url, "boundaries", str(write(tmp_path, [WARD])), "--level", "ward")
    late = feature(polygon(108.210004, 15.98, 108.2199, 16.00), code="2", name="Tổ dân phố số 2")
    file, troubles = write(tmp_path, [WEST, late]), tmp_path / "con-lai.geojson"
    options = ["--level", "neighbourhood", "--snap", "0.5", "--troubles", str(troubles)]
    result = await run(database.url, "boundaries", str(file), *options)
    words = " ".join(result.output.split())
    assert (result.exit_code, "2 added" in words) == (0, True), words
    assert "Snapped within 0.5 m." in words
    assert "0.428 m" in words  # how far the western edge went
    assert "Now: 0 đối tượng chưa khớp cạnh, khoảng trống 1 (2.369e+04 m²)" in words
    assert "Gap: 2.369e+04 m²" in words
    (spot,) = json.loads(troubles.read_text(encoding="utf-8"))["features"]
    assert (spot["properties"]["kind"], spot["properties"]["of"]) == ("GAP", ["Tổ dân phố số 2"])
    assert (await run(database.url, "boundaries", str(file), "--level", "neighbourhood", "--snap", "0")).exit_code == 2


async def test_the_command_imports_teams(database: Database, tmp_path: Path) -> None:
    await run(database.url, "boundaries", str(write(tmp_path, [WARD])), "--level", "ward")
    await run(database.url, "boundaries", str(write(tmp_path, [WEST])), "--level", "neighbourhood")
    table = write(tmp_path, "Tổ dân phố;Họ và tên;Vai trò\n1;An;Tổ trưởng\n7;Ba;\n", "to.csv")
    result = await run(database.url, "teams", str(table))
    assert (result.exit_code, "Nothing was imported: 1 of 2" in " ".join(result.output.split())) == (1, True)
    result = await run(database.url, "teams", str(table), "--skip-invalid")
    assert "1 added, 0 changed, 0 unchanged, 1 left out" in " ".join(result.output.split())
