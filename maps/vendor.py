"""The browser libraries we serve ourselves: pinned in `package.json`, copied from `node_modules`, hashed, committed.

`python -m maps.vendor` refreshes `maps/static/vendor` after `npm ci`. Only distribution files and licences are taken;
each package lies in a folder that carries its version, so a browser may keep it for ever.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = Path(__file__).parent / "static" / "vendor"
MANIFEST = FOLDER / "manifest.json"

LEAFLET = "leaflet-1.9.4"
FONT = "be-vietnam-pro-5.3.0"
ICONS = "lucide-1.62.0"
PROTOMAPS = "protomaps-leaflet-5.1.0"
GEOMAN = "leaflet-geoman-2.20.2"
PROJ4 = "proj4-2.22.0"

COPIED = {
    f"{LEAFLET}/leaflet.js": "leaflet/dist/leaflet.js",
    f"{LEAFLET}/leaflet.css": "leaflet/dist/leaflet.css",
    f"{LEAFLET}/images/layers.png": "leaflet/dist/images/layers.png",
    f"{LEAFLET}/images/layers-2x.png": "leaflet/dist/images/layers-2x.png",
    f"{LEAFLET}/images/marker-icon.png": "leaflet/dist/images/marker-icon.png",
    f"{LEAFLET}/LICENSE": "leaflet/LICENSE",
    **{
        f"{FONT}/{subset}-{weight}.woff2": (
            f"@fontsource/be-vietnam-pro/files/be-vietnam-pro-{subset}-{weight}-normal.woff2"
        )
        for subset in ("latin", "vietnamese")
        for weight in (400, 600)
    },
    f"{FONT}/LICENSE": "@fontsource/be-vietnam-pro/LICENSE",
    f"{ICONS}/LICENSE": "lucide-static/LICENSE",
    # One script with what it is made of, so its licence comes with theirs.
    f"{PROTOMAPS}/protomaps-leaflet.js": "protomaps-leaflet/dist/protomaps-leaflet.js",
    f"{PROTOMAPS}/LICENSE": "protomaps-leaflet/LICENSE",
    **{
        f"{PROTOMAPS}/licences/{name}": source
        for name, source in {
            "color2k": "color2k/LICENSE",
            "fflate": "fflate/LICENSE",
            "pbf": "pbf/LICENSE",
            "point-geometry": "@mapbox/point-geometry/LICENSE",
            "potpack": "potpack/LICENSE",
            "quickselect": "quickselect/LICENSE",
            "rbush": "rbush/LICENSE",
            "vector-tile": "@mapbox/vector-tile/LICENSE.txt",
        }.items()
    },
    # The editor of boundaries alone loads it. Likewise one script, with the licences of what it is made of.
    f"{GEOMAN}/leaflet-geoman.js": "@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.min.js",
    f"{GEOMAN}/leaflet-geoman.css": "@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.css",
    f"{GEOMAN}/LICENSE": "@geoman-io/leaflet-geoman-free/LICENSE",
    **{
        f"{GEOMAN}/licences/{name}": source
        for name, source in {
            "bignumber": "bignumber.js/LICENCE.md",
            "lodash": "lodash/LICENSE",
            "point-in-polygon-hao": "point-in-polygon-hao/LICENSE",
            "polyclip-ts": "polyclip-ts/LICENSE",
            "quickselect": "quickselect/LICENSE",
            "rbush": "rbush/LICENSE",
            "robust-predicates": "robust-predicates/LICENSE",
            "splaytree-ts": "splaytree-ts/LICENSE",
            "tinyqueue": "tinyqueue/LICENSE",
            "turf": "@turf/helpers/LICENSE",
        }.items()
    },
    # For positions in VN-2000, loaded once they are asked for.
    f"{PROJ4}/proj4.js": "proj4/dist/proj4.js",
    f"{PROJ4}/LICENSE": "proj4/LICENSE.md",
    f"{PROJ4}/licences/mgrs": "mgrs/license.md",
    f"{PROJ4}/licences/wkt-parser": "wkt-parser/LICENSE.md",
}
"""Where each committed file comes from, below `node_modules`."""

ICON_NAMES = (
    # places
    "house-heart", "landmark", "flag", "shield-check", "star", "user-round", "heart-pulse", "school", "store",
    "monitor-smartphone", "map-pin",
    # kinds of incident: the seeded ones, and those a ward is likely to add
    "trash-2", "construction", "traffic-cone", "shield-alert", "utensils", "fence", "circle-ellipsis", "lightbulb",
    "trees", "droplets", "waves", "flame", "zap", "volume-2", "dog", "car", "siren", "leaf", "hard-hat",
    "building-2", "road", "megaphone", "circle-question-mark",
    # steps of an incident
    "inbox", "users", "user-check", "wrench", "circle-check", "ban", "copy", "timer-off",
    # the pages themselves
    "phone", "navigation", "x", "search", "chevron-down", "layers", "plus", "minus", "triangle-alert", "info",
    "languages", "wifi-off", "refresh-cw", "map", "map-pinned", "maximize", "check", "message-circle",
    # the digital map's tools
    "locate-fixed", "sliders-horizontal", "blend", "code-xml", "arrow-up-right", "arrow-right",
    # reporting
    "camera", "send", "pencil",
    # following a report
    "smile", "meh", "frown", "share-2", "printer", "clock", "rotate-ccw", "smartphone",
    # figures and open data
    "download",
)  # fmt: skip
SPRITE = f"{ICONS}/sprite.svg"

DESK_ICON_NAMES = (
    *ICON_NAMES,
    # pages of those who work for a ward, which residents need not load
    "alarm-clock", "arrow-down-up", "arrow-left", "bell", "bell-off", "bell-ring", "calendar-clock", "chevron-right",
    "circle-plus", "circle-x", "clipboard-list", "cog", "combine", "contact", "crop", "donut", "ellipsis",
    "external-link", "eye", "eye-off", "file-up", "filter", "gauge", "hand", "history", "hourglass", "image",
    "image-off", "key-round", "keyboard", "layers-2", "list-checks", "list-ordered", "lock", "log-in", "log-out",
    "magnet", "mail", "merge", "message-square-text", "mouse-pointer", "pencil-ruler", "play", "power", "redo-2",
    "route", "ruler", "save", "scissors", "sparkles", "spline", "split", "square", "square-check", "square-dashed",
    "square-pen", "sticky-note", "table", "tags", "thumbs-up", "trash", "truck", "undo-2", "upload", "user-plus",
    "user-x", "vibrate", "volume-x", "waypoints", "wifi",
)  # fmt: skip
DESK_SPRITE = f"{ICONS}/desk.svg"


def sprite(modules: Path, names: Sequence[str]) -> str:
    """One SVG file with a symbol for each of these icons, to be drawn by `<use href="…#name">`."""
    symbols = [symbol(name, (modules / f"lucide-static/icons/{name}.svg").read_text()) for name in names]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def symbol(name: str, svg: str) -> str:
    """An icon's file as a `<symbol>`: its shapes only, for stroke and colour come from the page's CSS."""
    found = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL)
    if found is None:
        raise ValueError(f"{name}: not an SVG file")
    shapes = " ".join(found[1].split())
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>'


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def manifest() -> dict[str, str]:
    """SHA-256 of every committed file, by its path below the vendor folder."""
    files = sorted(path for path in FOLDER.rglob("*") if path.is_file() and path != MANIFEST)
    return {path.relative_to(FOLDER).as_posix(): sha256(path) for path in files}


def refresh(modules: Path) -> None:
    """Lay the vendor folder anew from the installed packages, and write the manifest."""
    if FOLDER.exists():
        shutil.rmtree(FOLDER)
    for target, source in COPIED.items():
        path = FOLDER / target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / source, path)
    (FOLDER / SPRITE).write_text(sprite(modules, ICON_NAMES))
    (FOLDER / DESK_SPRITE).write_text(sprite(modules, DESK_ICON_NAMES))
    MANIFEST.write_text(json.dumps(manifest(), indent=2) + "\n")


def url(path: str) -> str:
    """Where the server offers a file of the vendor folder."""
    return f"/static/vendor/{path}"


def main() -> None:
    modules = ROOT / "node_modules"
    if not modules.is_dir():
        sys.exit("node_modules is missing: run `npm ci` first")
    refresh(modules)
    print(f"{len(manifest())} files in {FOLDER}")


if __name__ == "__main__":
    main()
