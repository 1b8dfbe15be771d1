"""`phuongso export`, and back: what was exported from here is known again, so importing it changes nothing."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from geo import tables
from geo.database import Database
from server.console import Commands
from server.exporting_commands import export_command
from server.importing_commands import import_group
from tests.geo.geojson import stored

# Without the signals that the whole command minds, which only a main thread may.
COMMANDS = Commands("phuongso", commands=[export_command, import_group])


@pytest.fixture(scope="module")
async def demo_address(copying: object, demo_template: str) -> AsyncIterator[str]:
    """The address of a demo ward that these tests leave as it is."""
    async with copying(demo_template) as url:  # type: ignore[operator]
        yield url


async def run(url: str, *arguments: str) -> Result:
    environment = {"DATABASE_URL": url, "PHUONGSO_SECRET_KEY": "k" * 40}
    return await asyncio.to_thread(CliRunner().invoke, COMMANDS, list(arguments), env=environment)


@pytest.mark.parametrize("subject", ["places", "neighbourhoods"])
@pytest.mark.parametrize(
    ("name", "options"),
    [("a.geojson", []), ("a.kml", []), ("a.gpkg", []), ("vn.gpkg", ["--crs", "EPSG:5899"])],
)
async def test_importing_what_was_exported_changes_nothing(
    demo_address: str, tmp_path: Path, subject: str, name: str, options: list[str]
) -> None:
    database = Database(demo_address)
    kept = [tables.place, tables.neighbourhood, tables.neighbourhood_boundary, tables.team]
    before = [await stored(database, table) for table in kept]
    out = str(tmp_path / name)
    result = await run(demo_address, "export", subject, out, "--as-staff", *options)
    assert (result.exit_code, "Wrote" in result.output) == (0, True), result.output
    command = ["places", out] if subject == "places" else ["boundaries", out, "--level", "neighbourhood"]
    result = await run(demo_address, "import", *command)
    many = len(before[0]) if subject == "places" else len(before[1])
    assert f"0 added, 0 changed, {many} unchanged, 0 left out" in " ".join(result.output.split())
    assert [await stored(database, table) for table in kept] == before
    await database.close()
    assert os.listdir(tmp_path) == [name]


async def test_the_command_exports_as_everybody_sees_unless_told(demo_address: str, tmp_path: Path) -> None:
    out = tmp_path / "i.geojson"
    counts = []
    for options in ([], ["--as-staff"]):
        await run(demo_address, "export", "incidents", str(out), *options)
        found = json.loads(out.read_text())["features"]
        counts.append((len(found), sum(one["properties"]["category"] == "SECURITY" for one in found)))
    log = tables.audit_entry.c
    database = Database(demo_address)
    async with database.read() as connection:
        query = sa.select(log.role, log.subject, log.details).where(log.action == "exportIncidents")
        taken = (await connection.execute(query)).all()
    await database.close()
    # What everybody may see is nobody's data; of the rest the log says how many, and nothing of what is in them.
    assert [tuple(entry) for entry in taken] == [("COMMAND_LINE", None, {"format": "geojson", "reports": counts[1][0]})]
    (public, none), (every, some) = counts
    assert none == 0
    assert some > 0
    assert every == public + some


async def test_the_command_refuses_what_makes_no_sense(demo_address: str, tmp_path: Path) -> None:
    for arguments, told in (
        (["places", str(tmp_path / "a")], "Give --format"),
        (["places", str(tmp_path / "a.csv"), "--crs", "EPSG:5899"], "--crs goes with --format gpkg"),
        (["places", str(tmp_path / "a.gpkg"), "--crs", "EPSG:3857"], "is written in WGS 84"),
        (["places", str(tmp_path / "a.csv"), "--ward", "99999"], "no ward 99999"),
        (["wards", str(tmp_path / "a.csv")], "'wards' is not one of"),
        (["places", str(tmp_path / "no" / "a.csv")], "No such file"),
    ):
        result = await run(demo_address, "export", *arguments)
        assert result.exit_code != 0
        assert told in " ".join(result.output.split()), result.output
    assert os.listdir(tmp_path) == []
