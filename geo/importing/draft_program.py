"""The program that reads a file of boundaries which somebody uploaded: apart from whoever serves, and bounded.

Its input is one line of JSON (`Asked`); its output is one JSON object: `{"drawing": …}`, or `{"problem": …}` where the
file as a whole cannot be read, with what would have to be said about it (`asks`). Texts are in the language asked for.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import orjson
import shapely

from geo.areas import square_metres
from geo.importing.cleaning import Spot
from geo.importing.drafting import Drafted, Drawing, Ward, draft
from geo.importing.features import FeatureFile, FileProblem, OtherEncoding, SeveralLayers, UnknownSystem
from geo.importing.files import read_features
from geo.importing.matching import Stored
from geo.importing.recognising import content, recognise
from geo.language import Language, Text
from geo.positions import DECIMALS
from geo.vn2000 import ZONES

MEMORY = 1536 * 1024**2
"""Bytes of addresses that the program may take, its libraries included."""
SECONDS = 60
"""Of processor time."""
_MOST_SPOTS = 200

_LARGE = Text(
    "Tệp này cần quá nhiều bộ nhớ để đọc. Hãy chia tệp thành nhiều phần nhỏ hơn.",
    "This file takes too much memory to read. Divide it into smaller parts.",
)
_CRS = Text(
    "Tệp không cho biết tọa độ của nó theo hệ nào. Hãy chọn hệ tọa độ rồi đọc lại.",
    "The file does not say what system its coordinates are in. Choose one, and read it again.",
)
_LAYER = Text(
    "Tệp có nhiều lớp. Hãy chọn lớp chứa ranh giới rồi đọc lại.",
    "The file holds several layers. Choose the one with the boundaries, and read it again.",
)
_ENCODING = Text(
    "Chữ trong tệp không đọc được theo bảng mã của tệp. Hãy chọn bảng mã rồi đọc lại.",
    "The text of the file is not in the encoding that it should be. Choose one, and read it again.",
)


def main() -> None:
    """Read what is asked, write what became of it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    asked = json.loads(sys.stdin.buffer.readline())
    sys.stdout.buffer.write(orjson.dumps(answered(asked)))


def answered(asked: dict[str, Any]) -> dict[str, Any]:
    """What the file at `path` comes to.

    `ward` is its name, outline (WKB in hexadecimal digits) and neighbourhoods (id, code, name, WKB); `crs`, `layer`,
    `encoding`, `metres` and `nameField` are given where somebody chose them.
    """
    language = Language(asked["language"])
    path = Path(asked["path"])
    ward = asked["ward"]
    outline = shapely.from_wkb(bytes.fromhex(ward["outline"]))
    try:
        file = read_features(path, layer=asked["layer"], crs=asked["crs"], encoding=asked["encoding"])
        stored = [_stored(one) for one in ward["neighbourhoods"]]
        drawing = draft(
            file, Ward(ward["name"], outline, stored), metres=asked["metres"], name_field=asked["nameField"]
        )
    except FileProblem as problem:
        return {"problem": _asking(problem, path, asked, outline, language)}
    except MemoryError:
        return {"problem": {"message": _LARGE.to(language)}}
    kind = recognise(content(path), path)
    return {"drawing": {"format": kind.value, **_drawing(drawing, file, language)}}


def _stored(one: Sequence[Any]) -> Stored:
    id_, code, name, area = one
    shape: Any = None if area is None else shapely.from_wkb(bytes.fromhex(area))
    return Stored(UUID(id_), code, name, shape, None)


def _asking(problem: FileProblem, path: Path, asked: dict[str, Any], outline: Any, language: Language) -> Any:
    """What is wrong with the file, and the question to answer where one would do."""
    match problem:
        case UnknownSystem():
            return {"asks": "crs", "message": _CRS.to(language), "suggested": _likely(path, asked, outline)}
        case SeveralLayers():
            return {"asks": "layer", "message": _LAYER.to(language), "choices": problem.layers}
        case OtherEncoding():
            return {"asks": "encoding", "message": _ENCODING.to(language)}
    return {"message": problem.message(language)}


def _likely(path: Path, asked: dict[str, Any], outline: Any) -> str | None:
    """The system of VN-2000 by which most of the file's features lie in the ward, if any does."""
    best, most = None, 0
    for zone in ZONES:
        try:
            file = read_features(path, layer=asked["layer"], crs=zone.crs, encoding=asked["encoding"])
        except FileProblem:
            return None
        shapes = [feature.geometry for feature in file.features if feature.geometry is not None]
        inside = int(np.count_nonzero(shapely.intersects(outline, shapely.point_on_surface(shapes)))) if shapes else 0
        if inside > most:
            best, most = zone.crs, inside
    return best


def _drawing(drawing: Drawing, file: FeatureFile, language: Language) -> dict[str, Any]:
    return {
        "fields": list(file.fields),
        "nameField": drawing.name_field,
        "notes": [note.to(language) for note in file.notes()],
        "features": [_feature(one, language) for one in drawing.features],
        "spots": [_spot(spot) for spot in drawing.spots[:_MOST_SPOTS]],
    }


def _feature(one: Drafted, language: Language) -> dict[str, Any]:
    moved = one.moved
    return {
        "number": one.number,
        "label": one.label,
        "state": one.state.value,
        "name": one.name,
        "code": one.code,
        "renews": None if one.renews is None else str(one.renews.id),
        "storedName": None if one.renews is None else one.renews.name,
        "boundary": None if one.area is None else _geojson(one.area),
        "squareMetres": None if one.area is None else round(square_metres(one.area), 1),
        "differsSquareMetres": round(one.differs_m2, 1),
        "moved": None if moved is None else {"vertices": moved.vertices, "metres": round(moved.metres, 2)},
        "troubles": [{"kind": trouble.kind.value, "message": trouble.message(language)} for trouble in one.troubles],
    }


def _spot(spot: Spot) -> dict[str, Any]:
    shape = shapely.transform(spot.shape, lambda points: np.round(points, DECIMALS))
    return {"kind": spot.kind.value, "squareMetres": round(spot.square_metres, 1), "geometry": _geojson(shape)}


def _geojson(shape: Any) -> Any:
    return json.loads(shapely.to_geojson(shape))


if __name__ == "__main__":
    main()
