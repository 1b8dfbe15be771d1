"""`phuongso import`: boundaries and places from files of geodata, teams from tables."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.database import Database
from geo.importing.features import FeatureFile
from geo.importing.kinds import KINDS
from geo.importing.neighbourhoods import import_neighbourhoods
from geo.importing.places import PlaceFields, import_places
from geo.importing.troubles import Report
from geo.importing.wards import Progress as Tell
from geo.importing.wards import import_wards
from geo.language import Language
from geo.tables import PlaceKind
from server.console import console, tell, with_database
from server.settings import read_settings

Work = Callable[[AsyncConnection, FeatureFile, Tell], Awaitable[Report]]

_FILE = click.argument("file", type=click.Path(path_type=Path))
_SKIP = click.option("--skip-invalid", is_flag=True, help="Leave out what is wrong and import the rest.")
_LAYER = click.option("--layer", help="Which layer, where FILE has several.")
_CRS = click.option("--crs", metavar="EPSG:n", help="The coordinate system, where FILE does not say it.")
_ENCODING = click.option("--encoding", help="The encoding of a Shapefile's text, where it is not UTF-8 or said.")
_MOST_TROUBLES = 200


@click.group("import")
def import_group() -> None:
    """Import boundaries and places from GeoJSON, GeoPackage, Shapefile or KML, teams from CSV or XLSX.

    What kind of file it is, its content tells. Coordinates are taken in the system that the file names and kept in WGS
    84; VN-2000 goes through one pinned transform. What is wrong with a feature is listed, and nothing is imported then,
    unless --skip-invalid leaves it out. Importing the same file again changes nothing. Heights are dropped.
    """


@import_group.command()
@_FILE
@_LAYER
@_CRS
@_ENCODING
@click.option("--level", type=click.Choice(["ward", "neighbourhood"]), required=True, help="What the shapes are.")
@click.option("--ward", "ward_code", help="The neighbourhoods' ward, by code. Without it, the one each lies in.")
@click.option("--code-field", help="The property with the code. Default: code, ma, ma_xa.")
@click.option("--name-field", help="The property with the name. Default: name, ten, ten_xa.")
@_SKIP
def boundaries(
    file: Path,
    layer: str | None,
    crs: str | None,
    encoding: str | None,
    level: str,
    ward_code: str | None,
    code_field: str | None,
    name_field: str | None,
    skip_invalid: bool,
) -> None:
    """Import the outlines of wards, or the boundaries of neighbourhoods.

    A ward needs a code of five digits. A neighbourhood is known by its code, or by its name where there are no codes.
    A boundary that has changed becomes a new period; the old one stays readable. Neighbourhoods may not overlap at all;
    wards by at most 1 m² a pair, for published outlines differ by rounding.
    """
    if level == "ward" and ward_code is not None:
        raise click.UsageError("--ward goes with --level neighbourhood.")

    async def work(connection: AsyncConnection, features: FeatureFile, progress: Tell) -> Report:
        if level == "ward":
            return await import_wards(
                connection,
                features,
                code_field=code_field,
                name_field=name_field,
                skip_invalid=skip_invalid,
                progress=progress,
            )
        return await import_neighbourhoods(
            connection,
            features,
            ward_code=ward_code,
            code_field=code_field,
            name_field=name_field,
            skip_invalid=skip_invalid,
            progress=progress,
        )

    _run(_features(file, layer, crs, encoding), work)


def _default_kinds() -> str:
    """The kinds that OpenStreetMap's values become, for `--help`."""
    meant: dict[PlaceKind, list[str]] = {}
    for value, kind in KINDS.items():
        if value != kind.value.lower():
            meant.setdefault(kind, []).append(value)
    return " ".join(f"{kind}: {', '.join(values)}." for kind, values in meant.items())


def _kind_map(_context: click.Context, _parameter: click.Parameter, pairs: tuple[str, ...]) -> Mapping[str, PlaceKind]:
    found = {}
    for pair in pairs:
        value, _, kind = pair.rpartition("=")
        if not value or kind not in list(PlaceKind):
            raise click.BadParameter(f"{pair!r} is not VALUE=KIND; the kinds are {', '.join(PlaceKind)}.")
        found[value] = PlaceKind(kind)
    return found


@import_group.command(
    epilog="A kind's own name, in either case, means itself. OpenStreetMap's values mean by default: "
    f"{_default_kinds()} Any other value is reported as wrong."
)
@_FILE
@_LAYER
@_CRS
@_ENCODING
@click.option("--kind-field", help="The property with the kind. Default: kind, category, amenity, office, military.")
@click.option("--kind", type=click.Choice(list(PlaceKind)), help="The kind of every place in the file.")
@click.option(
    "--kind-map",
    multiple=True,
    callback=_kind_map,
    metavar="VALUE=KIND",
    help="What a value of the kind property means; may be repeated.",
)
@click.option("--name-field", help="The property with the name. Default: name, ten.")
@click.option("--address-field", help="The property with the address. Default: address, else house number and street.")
@click.option("--phone-field", help="The property with the phone number. Default: phone, contact:phone.")
@click.option("--hours-field", help="The property with the opening hours. Default: opening_hours, hours.")
@click.option("--key-field", help="The property that tells places apart. Default: id, @id, osm_id, key.")
@click.option(
    "--source", help="Whose keys these are; places of one source never replace another's. Default: FILE's name."
)
@click.option("--ward", "ward_code", help="Refuse places outside the ward with this code.")
@_SKIP
def places(
    file: Path,
    layer: str | None,
    crs: str | None,
    encoding: str | None,
    kind_field: str | None,
    kind: str | None,
    kind_map: Mapping[str, PlaceKind],
    name_field: str | None,
    address_field: str | None,
    phone_field: str | None,
    hours_field: str | None,
    key_field: str | None,
    source: str | None,
    ward_code: str | None,
    skip_invalid: bool,
) -> None:
    """Import places, each into the ward and neighbourhood that hold it.

    A place without a name is called by what it is (Trạm xăng dầu, Chợ). A place imported before is brought to what the
    file says now.
    """
    if kind is not None and kind_field is not None:
        raise click.UsageError("--kind and --kind-field exclude each other.")
    fields = PlaceFields(kind_field, name_field, address_field, phone_field, hours_field, key_field)

    async def work(connection: AsyncConnection, features: FeatureFile, progress: Tell) -> Report:
        return await import_places(
            connection,
            features,
            fields=fields,
            kind=PlaceKind(kind) if kind is not None else None,
            kind_map=kind_map,
            ward_code=ward_code,
            source=source,
            skip_invalid=skip_invalid,
            progress=progress,
        )

    _run(_features(file, layer, crs, encoding), work)


def _features(file: Path, layer: str | None, crs: str | None, encoding: str | None) -> FeatureFile:
    # GDAL is for this command alone: imported above, it would be in every process that serves.
    found: FeatureFile = importlib.import_module("geo.importing.files").read_features(
        file, layer=layer, crs=crs, encoding=encoding
    )
    return found


def _run(features: FeatureFile, work: Work) -> None:
    """Do `work` in one transaction with a progress bar, and say what came of it."""
    with with_database(read_settings()) as settings:
        report = asyncio.run(_import(settings.database, features, work))
    _show(report)
    if report.troubles and not report.stored:
        raise SystemExit(1)


async def _import(url: str, features: FeatureFile, work: Work) -> Report:
    database = Database(url, pool_size=1, statement_timeout_ms=0)
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
    try:
        with Progress(*columns, console=console, transient=True) as bar:
            tasks = {}

            def progress(label: str, done: int, total: int) -> None:
                if label not in tasks:
                    tasks[label] = bar.add_task(label, total=total)
                bar.update(tasks[label], completed=done, total=total)

            async with database.write() as connection:
                return await work(connection, features, progress)
    finally:
        await database.close()


def _show(report: Report) -> None:
    if report.troubles:
        table = Table("#", "Đối tượng / Feature", "Vấn đề / Trouble", box=None, header_style="bold")
        for trouble in report.troubles[:_MOST_TROUBLES]:
            # As Text, for a file's own words are never markup.
            vietnamese, english = trouble.message(Language.VI), trouble.message(Language.EN)
            said = Text.assemble(vietnamese, "\n", (english, "dim"))
            table.add_row(str(trouble.feature), Text(trouble.label), said)
        console.print(table)
        if len(report.troubles) > _MOST_TROUBLES:
            tell(f"… và {len(report.troubles) - _MOST_TROUBLES} vấn đề khác / and more")
    for note in report.notes:
        tell(f"{note.vi} / {note.en}")
    if report.troubles and not report.stored:
        tell(
            f"Không nhập gì cả: {report.skipped} trên {report.features} đối tượng có vấn đề. "
            f"/ Nothing was imported: {report.skipped} of {report.features} features are wrong. "
            "--skip-invalid imports the rest."
        )
        return
    tell(
        f"Thêm {report.added}, đổi {report.changed}, giữ nguyên {report.unchanged}, bỏ qua {report.skipped}. "
        f"/ {report.added} added, {report.changed} changed, {report.unchanged} unchanged, {report.skipped} left out."
    )
