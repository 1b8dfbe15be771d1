"""Our ES modules as one classic script, for a page that is a single file: `file://` lets no module import another.

Only the forms of `import` and `export` that our modules use are known; any other is refused, so that a copy never loses
a piece in silence. A module becomes a function that runs once and returns what it exports.
"""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import (?:\* as (?P<all>\w+)|\{(?P<some>[^}]*)\}) from "(?P<path>[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.MULTILINE)
_LEFT = re.compile(r"^\s*(?:import|export)\b.*|\bimport\s*[(.].*", re.MULTILINE)


class CannotBundle(Exception):
    """A module is written in a way that is not known here."""


def bundle(folder: Path, entry: str) -> str:
    """The script that does what the module `entry` of `folder` does. Raises `CannotBundle`."""
    pieces: dict[str, str] = {}
    _add(folder.resolve(), (folder / entry).resolve(), pieces, ())
    return '(() => {\n"use strict";\nconst modules = {};\n' + "".join(pieces.values()) + "})();\n"


def _add(folder: Path, module: Path, pieces: dict[str, str], waiting: tuple[Path, ...]) -> str:
    """Add a module after those it imports; gives its name."""
    name = module.relative_to(folder).as_posix()
    if module in waiting:
        raise CannotBundle(f"{name} imports itself by a circle")
    if name in pieces:
        return name
    text = module.read_text(encoding="utf-8")
    for found in _IMPORT.finditer(text):
        _add(folder, (module.parent / found["path"]).resolve(), pieces, (*waiting, module))

    def bound(found: re.Match[str]) -> str:
        source = (module.parent / found["path"]).resolve().relative_to(folder).as_posix()
        names = found["all"] or "{" + re.sub(r"(\w+) as (\w+)", r"\1: \2", found["some"]) + "}"
        return f'const {names} = modules["{source}"];\n'

    exported = _EXPORT.findall(text)
    body = _EXPORT.sub("", _IMPORT.sub(bound, text))
    if left := _LEFT.search(body):
        raise CannotBundle(f"{name}: {left[0].strip()}")
    pieces[name] = f'modules["{name}"] = (() => {{\n{body}\nreturn {{ {", ".join(exported)} }};\n}})();\n'
    return name
