"""`phuongso basemap`: a base map of our own, from an extract of OpenStreetMap or files of geodata."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.actor import ANONYMOUS
from geo.positions import Box
from maps import layers
from maps.basemap.kinds import LAYERS
from maps.basemap.shapes import Counts, Shape, SourceProblem
from maps.ground import OPENSTREETMAP, read_archive
from server.console import console, in_transaction, tell, with_database
from server.settings import read_settings

_BEYOND = 1.0
"""How far the digital map may be moved beyond the ward, in its widths and heights: static/map/view.js says so."""


class _Corners(click.ParamType[Box]):
    name = "W,S,E,N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Box:
        if isinstance(value, Box):
            return value
        try:
            west, south, east, north = (float(part) for part in value.split(","))
        except ValueError:
            self.fail("give four numbers: west,south,east,north", param, ctx)
        if not (-180 <= west < east <= 180 and -85 <= south < north <= 85):
            self.fail("west is left of east and south below north, in degrees, longitude first", param, ctx)
        return Box(west, south, east, north)


@click.command("basemap")
@click.argument("sources", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Default: where the server looks, PHUONGSO_BASEMAP or basemap.pmtiles in PHUONGSO_VAR.",
)
@click.option("--ward", "ward_code", help="Only this ward, by code, and as far around it as the digital map goes.")
@click.option("--bbox", type=_Corners(), help="Only this box, in degrees. Without it and --ward: all that is read.")
@click.option("--min-zoom", type=click.IntRange(0, 15), default=9, show_default=True)
@click.option("--max-zoom", type=click.IntRange(0, 15), default=15, show_default=True)
@click.option("--attribution", help="Whom to credit. Default, for OpenStreetMap only: its contributors.")
def basemap_command(
    sources: tuple[str, ...],
    output: Path | None,
    ward_code: str | None,
    bbox: Box | None,
    min_zoom: int,
    max_zoom: int,
    attribution: str | None,
) -> None:
    """Write a base map (.pmtiles) from FILE...: OpenStreetMap (.osm.pbf, .osm) or geodata (GeoPackage, Shapefile…).

    Features of geodata are drawn by their columns (highway, building, natural, waterway, landuse, place, name, or
    Geofabrik's fclass); LAYER=FILE draws all of a file as one layer: landuse, water, buildings, roads or places.
    An existing file is replaced once the new one is whole; a running server shows it at once.
    """
    if ward_code is not None and bbox is not None:
        raise click.UsageError("Give --ward or --bbox, not both.")
    if min_zoom > max_zoom:
        raise click.UsageError("--min-zoom is greater than --max-zoom.")
    settings = read_settings()
    out = output or settings.basemap_file or settings.var / "basemap.pmtiles"
    readers = [_reader(source) for source in sources]
    if attribution is None:
        if any(form is None for _, _, form in readers):
            raise click.UsageError("Give --attribution: whose data these files hold, to be shown on the map.")
        attribution = OPENSTREETMAP
    # Imported here and not above: no process that serves holds GDAL, osmium or what writes tiles.
    tiling = importlib.import_module("maps.basemap.tiling")
    counts = Counts()
    part = out.with_name(f".{out.name}.part")
    with with_database(settings) as found:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            with _bar() as progress:

                async def work(connection: AsyncConnection) -> Any:
                    bounds = bbox if ward_code is None else await _around(connection, ward_code)
                    return await tiling.write(
                        connection,
                        part,
                        _shapes(readers, bounds and tiling.seen_from_afar(bounds), counts),
                        counts,
                        bounds=bounds,
                        zooms=(min_zoom, max_zoom),
                        attribution=attribution,
                        progress=progress,
                    )

                summary = in_transaction(found, work)
            read_archive(part)
            part.replace(out)
        except SourceProblem as problem:
            raise click.ClickException(str(problem)) from problem
        except tiling.NothingToDraw as nothing:
            names = ", ".join(sources)
            raise click.ClickException(
                f"Nothing of {names} can be drawn there. Look at --ward and --bbox."
            ) from nothing
        except tiling.TooManyTiles as many:
            raise click.ClickException(
                f"That would be {many} tiles, at most {tiling.MOST_TILES} are written. Give --ward or --bbox."
            ) from many
        except OSError as error:
            raise click.ClickException(f"{error.filename or out}: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
    _summarise(out, summary)


def _reader(source: str) -> tuple[Path, str | None, str | None]:
    """The file, the layer it is all of, and the kind of extract of OpenStreetMap that it is, if it is one."""
    layer, sign, rest = source.partition("=")
    named = sign == "=" and layer in LAYERS
    path = Path(rest if named else source)
    try:
        form = importlib.import_module("maps.basemap.openstreetmap").format_of(path)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error
    if named and form is not None:
        raise click.UsageError(f"{source}: an extract of OpenStreetMap says itself what is what; leave out {layer}=.")
    if form is None and path.name.endswith((".pbf", ".osm")):
        raise click.ClickException(f"{path}: is no extract of OpenStreetMap; copy or download it again.")
    return path, layer if named else None, form


def _shapes(readers: list[tuple[Path, str | None, str | None]], bounds: Box | None, counts: Counts) -> Iterator[Shape]:
    for path, layer, form in readers:
        tell(f"Đang đọc {path.name}… / Reading {path.name}…")
        if form is None:
            yield from importlib.import_module("maps.basemap.gis_files").read(path, layer, bounds, counts)
        else:
            yield from importlib.import_module("maps.basemap.openstreetmap").read(path, form, bounds, counts)


async def _around(connection: AsyncConnection, ward_code: str) -> Box:
    ward = (await connection.execute(layers.shown_ward(ANONYMOUS, ward_code))).one_or_none()
    if ward is None:
        raise click.ClickException(f"Ở đây không có phường {ward_code}. / There is no ward {ward_code} here.")
    wide, high = _BEYOND * (ward.east - ward.west), _BEYOND * (ward.north - ward.south)
    return Box(ward.west - wide, ward.south - high, ward.east + wide, ward.north + high)


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """What tells the terminal how far the tiles are."""
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        task = bars.add_task("Cắt ô bản đồ", total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _summarise(out: Path, summary: Any) -> None:
    counts, box = summary.counts, summary.bounds
    shown = ", ".join(f"{layer} {number:,}" for layer, number in counts.layers.items() if number)
    tell(f"Đã ghi {out}. / Wrote {out}: {sum(summary.tiles.values()):,} tiles, {summary.size:,} bytes.")
    tell("Tiles by zoom: " + ", ".join(f"{zoom}: {number:,}" for zoom, number in sorted(summary.tiles.items())) + ".")
    tell(f"Drawn: {shown}. Left out, without a whole shape or of no known kind: {counts.left_out:,}.")
    tell(f"From {box.west:.4f},{box.south:.4f} to {box.east:.4f},{box.north:.4f}.")
