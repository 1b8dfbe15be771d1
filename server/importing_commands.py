"""`phuongso import`: boundaries and places from files of geodata, teams from tables."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import audit
from geo.database import Database
from geo.importing.cleaning import Imported, spots_as_geojson
from geo.importing.features import FeatureFile
from geo.importing.kinds import KINDS
from geo.importing.neighbourhoods import import_neighbourhoods
from geo.importing.places import PlaceFields, import_places
from geo.importing.team_rows import TeamFields
from geo.importing.teams import import_teams
from geo.importing.troubles import Report
from geo.importing.wards import Progress as Tell
from geo.importing.wards import import_wards
from geo.tables import PlaceKind
from server.console import console, with_database
from server.import_reports import show, show_cleaning
from server.settings import read_settings

Work = Callable[[AsyncConnection, FeatureFile, Tell], Awaitable[Report]]

_FILE = click.argument("file", type=click.Path(path_type=Path))
_SKIP = click.option("--skip-invalid", is_flag=True, help="Leave out what is wrong and import the rest.")
_LAYER = click.option("--layer", help="Which layer, where FILE has several.")
_CRS = click.option("--crs", metavar="EPSG:n", help="The coordinate system, where FILE does not say it.")
_ENCODING = click.option("--encoding", help="The encoding of FILE's text, where it is not UTF-8 nor said there.")


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
@click.option(
    "--snap",
    type=click.FloatRange(0, 20, min_open=True),
    metavar="METRES",
    help="First bring edges together that are no further apart: vertices to neighbours' vertices, edges to neighbours' "
    "vertices and to the ward's outline, then close gaps and overlaps no wider. What moved is listed.",
)
@click.option(
    "--troubles",
    "troubles_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the gaps, overlaps and ground outside that remain to this GeoJSON file.",
)
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
    snap: float | None,
    troubles_file: Path | None,
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
                snap=snap,
                survey=troubles_file is not None,
                progress=progress,
            )
        return await import_neighbourhoods(
            connection,
            features,
            ward_code=ward_code,
            code_field=code_field,
            name_field=name_field,
            skip_invalid=skip_invalid,
            snap=snap,
            survey=troubles_file is not None,
            progress=progress,
        )

    _run(_features(file, layer, crs, encoding), work, "importBoundaries", ward_code, troubles_file)


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

    _run(_features(file, layer, crs, encoding), work, "importPlaces", ward_code)


def _features(file: Path, layer: str | None, crs: str | None, encoding: str | None) -> FeatureFile:
    # GDAL is for this command alone: imported above, it would be in every process that serves.
    found: FeatureFile = importlib.import_module("geo.importing.files").read_features(
        file, layer=layer, crs=crs, encoding=encoding
    )
    return found


@import_group.command()
@_FILE
@click.option("--layer", help="Which sheet, where FILE has several.")
@_ENCODING
@click.option("--ward", "ward_code", help="The ward of every row, by code. Without it, a column says it.")
@click.option("--ward-field", help="The column with the ward's code. Default: ward, Mã phường.")
@click.option(
    "--neighbourhood-field", help="The column with its code or name. Default: neighbourhood, Tổ dân phố, Thôn."
)
@click.option("--team-field", help="The column with the team's name. Default: team, Tổ công nghệ số, Tên tổ.")
@click.option("--member-field", help="The column with a member's name. Default: member, name, Họ và tên.")
@click.option("--role-field", help="The column with the member's role. Default: role, Vai trò, Chức vụ.")
@click.option("--organisation-field", help="The column with where they come from. Default: organisation, Đơn vị.")
@click.option("--phone-field", help="The column with the member's mobile number. Default: phone, contact, Điện thoại.")
@click.option(
    "--consent-field", help="The column that says yes to being published. Default: consent, Đồng ý công khai."
)
@_SKIP
def teams(
    file: Path,
    layer: str | None,
    encoding: str | None,
    ward_code: str | None,
    ward_field: str | None,
    neighbourhood_field: str | None,
    team_field: str | None,
    member_field: str | None,
    role_field: str | None,
    organisation_field: str | None,
    phone_field: str | None,
    consent_field: str | None,
    skip_invalid: bool,
) -> None:
    """Import community digital teams and their members from a table: CSV or XLSX, one row for each member.

    A team is that of its neighbourhood, which must be there already. Headings may be Vietnamese or English, with or
    without diacritics. Who a member is, is published only where the table says yes (Có, x). Nobody is removed.
    """
    fields = TeamFields(
        ward_field,
        neighbourhood_field,
        team_field,
        member_field,
        role_field,
        organisation_field,
        phone_field,
        consent_field,
    )
    # openpyxl is for this command alone, like GDAL.
    rows, cells = importlib.import_module("geo.importing.sheets").read_rows(file, layer=layer, encoding=encoding)

    async def work(connection: AsyncConnection, features: FeatureFile, progress: Tell) -> Report:
        return await import_teams(
            connection,
            features,
            cells,
            fields=fields,
            ward_code=ward_code,
            skip_invalid=skip_invalid,
            progress=progress,
        )

    _run(rows, work, "importTeams", ward_code)


def _run(
    features: FeatureFile, work: Work, action: str, ward_code: str | None, troubles_file: Path | None = None
) -> None:
    """Do `work` in one transaction with a progress bar and its entry in the audit log, and say what came of it."""
    with with_database(read_settings()) as settings:
        report = asyncio.run(_import(settings.database, features, work, action, ward_code))
    if isinstance(report, Imported) and report.cleaning is not None:
        show_cleaning(report.cleaning)
        if troubles_file is not None:
            try:
                troubles_file.write_text(spots_as_geojson(report.cleaning.after.spots), encoding="utf-8")
            except OSError as error:
                raise click.ClickException(f"{troubles_file}: {error.strerror}") from error
    show(report)
    if report.troubles and not report.stored:
        raise SystemExit(1)


async def _import(url: str, features: FeatureFile, work: Work, action: str, ward_code: str | None) -> Report:
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
                report = await work(connection, features, progress)
                if report.stored and report.added + report.changed:
                    counts = {"added": report.added, "changed": report.changed}
                    await audit.record(connection, audit.operator(), action, None, ward_code, counts)
                return report
    finally:
        await database.close()
