"""`phuongso map export`: the digital map of a ward as one file that opens anywhere."""

from __future__ import annotations

from pathlib import Path

import click

from geo.language import Language
from maps.ground import Archive, NoBaseMap, read_archive
from server.console import in_transaction, tell, with_database
from server.pages.map_export import NoSuchWard, copy_of
from server.settings import Settings, read_settings


@click.group("map")
def map_group() -> None:
    """Take the digital map along."""


@map_group.command("export")
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write, such as ban-do.html.",
)
@click.option("--ward", "ward_code", help="The ward, by code. Without it, the one that is shown by default.")
@click.option(
    "--with-basemap", is_flag=True, help="Put the tiles of the .pmtiles base map into it, as far as they fit."
)
@click.option(
    "--lang", type=click.Choice([one.value for one in Language]), default=Language.VI.value, show_default=True
)
def export_map(output: Path, ward_code: str | None, with_basemap: bool, lang: str) -> None:
    """Write the digital map as one file of HTML, which opens from a USB stick with no network.

    It shows what everybody may see, says of which moment it is, and does not change any more. An existing file is
    replaced, once the new one is whole.
    """
    settings = read_settings()
    base = _base(settings) if with_basemap else None
    with with_database(settings) as found:
        try:
            copy = in_transaction(
                found,
                lambda connection: copy_of(connection, ward_code or settings.default_ward, Language(lang), base),
            )
        except NoSuchWard as error:
            code = ward_code or ""
            raise click.ClickException(f"Ở đây không có phường {code}. / There is no ward {code} here.") from error
    part = output.with_name(f".{output.name}.part")
    try:
        part.write_text(copy.html, encoding="utf-8")
        part.replace(output)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    tell(f"Đã ghi {output} (phường {copy.ward_code}). / Wrote {output} (ward {copy.ward_code}).")
    tell(f"{copy.places:,} places, {copy.incidents:,} incidents, {output.stat().st_size:,} bytes.")
    if copy.left_out:
        tell(f"{copy.left_out:,} incidents are left out, to keep the file small: open ones and the newest go first.")
    if base is not None:
        _tell_of_base(base, copy.tiles, copy.tiles_zoom)


def _base(settings: Settings) -> Archive:
    if settings.basemap_file is None:
        raise click.ClickException("PHUONGSO_TILE_URL is set: tiles from an address cannot be taken along.")
    try:
        return read_archive(settings.basemap_file, settings.tile_attribution)
    except NoBaseMap as error:
        raise click.ClickException(f"{error}. Make one with `phuongso basemap`.") from error


def _tell_of_base(base: Archive, tiles: int, zoom: int | None) -> None:
    if zoom is None:
        tell("The base map has no tiles of this ward, or they are too large: the ground is plain.")
    elif zoom < base.max_zoom:
        tell(f"The base map: {tiles:,} tiles up to zoom {zoom}; nearer ones would be too large.")
    else:
        tell(f"The base map: {tiles:,} tiles.")
