"""The digital map as one file of HTML, which opens with no server and no network: `phuongso map export`.

Everything lies in the page: styles, fonts, icons, scripts, data, the base map's tiles. Data is JSON in elements that no
browser runs, written so that no text can end them; a policy allows only the scripts and styles whose hashes it names,
and no address at all.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pmtiles.reader import MmapSource, Reader
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.actor import ANONYMOUS
from geo.clock import VIETNAM
from geo.language import Language
from geo.positions import Box
from maps import copying, layers, vendor
from maps.basemap.tiling import tiles_over
from maps.digital_map import ward_map
from maps.ground import Archive
from server.pages import static
from server.pages.bundling import bundle
from server.pages.languages import translations
from server.pages.map_words import SHARED
from server.pages.render import environment
from server.pages.words import GROUPS, PLACES, script_words

MOST_INCIDENTS = 3_000
MOST_TILES_BYTES = 24_000_000
"""Of the base map's tiles, before base64 makes them a third larger."""

_STYLES = ("design", "map", "map-panel", "map-card", "map-marks", "export")
_FONT = re.compile(r'url\("/static/vendor/([^"]+)"\)')
_PICTURE = re.compile(r"url\((images/[^)]+)\)")


class NoSuchWard(Exception):
    """There is no such ward here."""


@dataclass(frozen=True, slots=True)
class Copy:
    """The document, and what is in it."""

    html: str
    ward_code: str
    places: int
    incidents: int
    left_out: int
    """Public incidents that are not in it."""
    tiles: int
    tiles_zoom: int | None
    """The last zoom of the base map that is in it, None without one."""


async def copy_of(
    connection: AsyncConnection,
    ward_code: str | None,
    language: Language,
    base: Archive | None = None,
    *,
    most: int = MOST_INCIDENTS,
) -> Copy:
    """The map of a ward as everybody may see it, at this moment. Raises `NoSuchWard`."""
    ward = (await connection.execute(layers.shown_ward(ANONYMOUS, ward_code))).one_or_none()
    if ward is None:
        raise NoSuchWard(ward_code)
    held: dict[str, Any] = {}
    for name, layer in layers.LAYERS.items():
        held[name] = orjson.loads((await connection.execute(layer(ANONYMOUS, ward.code))).scalar_one())
    found = (await connection.execute(copying.latest_incidents(ANONYMOUS, ward.code, most))).one()
    held["incidents"] = orjson.loads(found.body)
    kept = len(held["incidents"]["features"])
    contacts: dict[str, list[dict[str, Any]]] = {}
    for row in await connection.execute(copying.contacts(ANONYMOUS, ward.code)):
        contacts.setdefault(str(row.neighbourhood_id), []).append(
            {"name": row.name, "role": row.role, "phone": row.phone}
        )
    bounds = Box(ward.west, ward.south, ward.east, ward.north)
    tiles, zoom = _tiles(base, bounds) if base else ({}, None)
    if tiles:
        held["tiles"] = tiles
    gettext = translations(language).gettext
    held["page-data"] = {
        **script_words(gettext, SHARED),
        "sprite": "",
        "places": {kind: {"word": gettext(sign.word), "icon": sign.icon} for kind, sign in PLACES.items()},
        "groups": {group.key: group.kinds for group in GROUPS},
        "contacts": contacts,
        "ward": ward.code,
        "bounds": [[ward.south, ward.west], [ward.north, ward.east]],
        "language": language,
        "ground": {**base.told(), "maxZoom": zoom, "url": None, "library": None} if base and tiles else None,
    }
    shell = ward_map(bounds, has_base=bool(tiles))
    scripts = [_START, _vendored(f"{vendor.LEAFLET}/leaflet.js"), shell.script]
    if tiles:
        scripts.append(_vendored(f"{vendor.PROTOMAPS}/protomaps-leaflet.js"))
    scripts.append(bundle(static.FOLDER, "export/main.js"))
    scripts = [inline_script(text) for text in scripts]
    style = _style()
    places = [
        {**feature["properties"], "longitude": longitude, "latitude": latitude}
        for feature in held["places"]["features"]
        for longitude, latitude in [feature["geometry"]["coordinates"]]
    ]
    html = (
        environment(language)
        .get_template("map_export.html")
        .render(
            ward=ward,
            made=f"{datetime.now(VIETNAM):%d/%m/%Y %H:%M}",
            kept=kept,
            left_out=found.total - kept,
            groups=[(group, [place for place in places if place["kind"] in group.kinds]) for group in GROUPS],
            neighbourhoods=[feature["properties"] for feature in held["neighbourhoods"]["features"]],
            policy=_policy(scripts, style),
            style=style,
            sprite="",
            sprite_svg=_sprite(),
            shell_html=shell.html,
            has_base=bool(tiles),
            held=[(name, json_text(value)) for name, value in held.items()],
            scripts=scripts,
        )
    )
    return Copy(html, ward.code, len(places), kept, found.total - kept, len(tiles), zoom if tiles else None)


_START = 'document.documentElement.className = "js";'


def json_text(value: Any) -> str:
    """JSON that may stand in an element of HTML: what could end it, or begin a comment, is escaped."""
    text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def inline_script(text: str) -> str:
    """A script that may stand in an element of HTML; its map, which nobody could fetch, is left out."""
    text = re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.MULTILINE)
    return re.sub(r"<(?=/script|!--|script)", r"\\x3c", text, flags=re.IGNORECASE)


def _vendored(path: str) -> str:
    return (vendor.FOLDER / path).read_text(encoding="utf-8")


def _style() -> str:
    """All styles in one, with the fonts in them. Leaflet's pictures belong to controls that are not used."""
    ours = "\n".join((static.FOLDER / f"css/{name}.css").read_text(encoding="utf-8") for name in _STYLES)
    # The fonts are there from the start: no page need do without them.
    ours = ours.replace("font-display: optional", "font-display: block")
    both = _PICTURE.sub("none", _vendored(f"{vendor.LEAFLET}/leaflet.css")) + "\n" + _FONT.sub(_embedded, ours)
    return both.replace("</", "<\\/")


def _embedded(found: re.Match[str]) -> str:
    font = base64.b64encode((vendor.FOLDER / found[1]).read_bytes()).decode()
    return f'url("data:font/woff2;base64,{font}")'


def _sprite() -> str:
    svg = _vendored(vendor.SPRITE)
    return svg.replace("<svg ", '<svg class="icons" aria-hidden="true" ', 1)


def _policy(scripts: Iterable[str], style: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            "script-src " + " ".join(_hash(text) for text in scripts),
            f"style-src {_hash(style)}",
            "img-src data:",
            "font-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _tiles(base: Archive, bounds: Box) -> tuple[dict[str, str], int | None]:
    """The tiles that the ward's map shows, down to the last zoom that fits; and which that is."""
    wide, high = bounds.east - bounds.west, bounds.north - bounds.south
    around = Box(bounds.west - wide, bounds.south - high, bounds.east + wide, bounds.north + high)
    found: dict[str, str] = {}
    size, last = 0, None
    with base.path.open("rb") as file:
        reader = Reader(MmapSource(file))
        for zoom in range(base.min_zoom, base.max_zoom + 1):
            level = {(x, y): reader.get(zoom, x, y) for _, x, y in tiles_over(around, zoom)}
            size += sum(len(body) for body in level.values() if body)
            if size > MOST_TILES_BYTES:
                break
            found |= {f"{zoom}/{x}/{y}": base64.b64encode(body).decode() for (x, y), body in level.items() if body}
            last = zoom
    return found, last
