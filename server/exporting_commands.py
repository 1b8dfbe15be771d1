"""`phuongso export`: a ward's places, neighbourhoods and incidents as files."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path
from typing import BinaryIO

import click

from geo import audit, wards
from geo.actor import ANONYMOUS, Actor, Role
from geo.database import Database
from geo.exporting.streaming import Exports
from geo.exporting.subjects import SUBJECTS, Logged, Subject
from geo.exporting.writing import Format, document
from server.console import tell, with_database
from server.settings import Settings, read_settings

_GEOPACKAGE = "gpkg"


@click.command("export")
@click.argument("subject", type=click.Choice(list(SUBJECTS)))
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--format", "form", type=click.Choice([*Format, _GEOPACKAGE]), help="Default: what the name of OUT ends with."
)
@click.option("--ward", "ward_code", help="The ward, by code. Without it, the one that is shown by default.")
@click.option(
    "--crs", default="EPSG:4326", show_default=True, help="With gpkg also EPSG:5899 (VN-2000) and its sisters."
)
@click.option("--as-staff", is_flag=True, help="All that the ward's staff may see. Without it: what everybody may.")
def export_command(subject: str, out: Path, form: str | None, ward_code: str | None, crs: str, as_staff: bool) -> None:
    """Write a ward's places, neighbourhoods or incidents to the file OUT, as GeoJSON, KML, CSV or GeoPackage.

    An existing file is replaced, once the new one is whole. Importing what was exported changes nothing (GeoJSON, KML
    and GeoPackage).
    """
    chosen = form or out.suffix.lower().removeprefix(".")
    if chosen not in (*Format, _GEOPACKAGE):
        raise click.UsageError(f"Give --format: the name {out.name} tells none.")
    if chosen != _GEOPACKAGE and crs.upper() != "EPSG:4326":
        raise click.UsageError("--crs goes with --format gpkg; the other formats are in WGS 84.")
    actor = Actor(Role.ADMIN) if as_staff else ANONYMOUS
    with with_database(read_settings()) as settings:
        part = out.with_name(f".{out.stem}.part.{chosen}")
        part.unlink(missing_ok=True)
        try:
            code = asyncio.run(_export(settings, actor, subject, part, chosen, ward_code, crs))
            part.replace(out)
        except OSError as error:
            raise click.ClickException(f"{error.filename}: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
    tell(f"Đã ghi {out} (phường {code}). / Wrote {out} (ward {code}).")


async def _export(
    settings: Settings, actor: Actor, subject: str, path: Path, form: str, ward_code: str | None, crs: str
) -> str:
    """Write the file; gives the ward's code."""
    ward = await _ward(settings, actor, ward_code)
    made = SUBJECTS[subject](actor, ward.code)
    exports = Exports(settings.database)
    try:
        if form == _GEOPACKAGE:
            # GDAL is for this command alone: imported above, it would be in every process that serves.
            await importlib.import_module("geo.exporting.geopackage").write_geopackage(
                exports, made, path, subject, crs
            )
        else:
            with _opened(path) as file:
                async with exports.text(document(made, Format(form), ward.name)) as pieces:
                    async for piece in pieces:
                        file.write(piece)
        if actor.role is Role.ADMIN and made.logged is not None:
            await _record(settings, ward.code, made, made.logged, form)
    finally:
        await exports.close()
    return ward.code


async def _record(settings: Settings, ward_code: str, made: Subject, logged: Logged, form: str) -> None:
    """Tell the audit log, before the file has its name: a file that nobody was told of is not handed over."""
    database = Database(settings.database, pool_size=1)
    try:
        async with database.write(silent=True) as connection:
            details = {"format": form, logged.counted: await connection.scalar(made.count())}
            await audit.record(connection, audit.operator(), logged.action, None, ward_code, details)
    finally:
        await database.close()


def _opened(path: Path) -> BinaryIO:
    return path.open("wb")


async def _ward(settings: Settings, actor: Actor, ward_code: str | None) -> wards.Ward:
    database = Database(settings.database, pool_size=1)
    code = ward_code or settings.default_ward
    try:
        async with database.read() as connection:
            found = await wards.named(connection, actor, code)
    finally:
        await database.close()
    if found is None:
        raise click.ClickException(f"Ở đây không có phường {code or ''}. / There is no ward {code or ''} here.")
    return found
