"""Reading a layer through GDAL: the only module that loads it. The server never does.

GDAL is given a plain file of one kind, under a name of ours, and must open it with the driver that we expect.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyogrio import read_info
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError
from pyogrio.raw import read

from geo.importing.features import FileProblem, OtherEncoding, SeveralLayers, check_count
from geo.language import Text

UNREADABLE = Text("Không đọc được tệp: {reason}", "The file cannot be read: {reason}")
_OTHER_DRIVER = Text("Tệp không phải là {wanted}.", "The file is no {wanted}.")
_LAYERS = Text(
    "Tệp có nhiều lớp: {names}. Hãy chọn một bằng --layer.",
    "The file has several layers: {names}. Choose one with --layer.",
)
_NO_LAYER = Text("Tệp không có lớp “{layer}”; có: {names}.", "The file has no layer “{layer}”; it has: {names}.")
_NOT_TEXT = Text(
    "Văn bản trong tệp không theo bảng mã {encoding}. Hãy cho biết bằng --encoding, ví dụ windows-1258.",
    "The text in the file is not in {encoding}. Say which encoding it is with --encoding, such as windows-1258.",
)
_ERRORS = (DataSourceError, DataLayerError, FeatureError, GeometryError, ValueError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer as GDAL reads it: geometries (None where there is none, or none that can be read) and columns."""

    names: tuple[str, ...]
    columns: tuple[Any, ...]
    geometries: tuple[Any, ...]
    given: tuple[bool, ...]
    """Whether there was a geometry at all."""
    crs: str | None


def choose(names: Sequence[str], layer: str | None) -> str:
    """The layer to read. Raises `FileProblem` where there are several, or not the one that was asked for."""
    shown = ", ".join(names)
    if layer is not None:
        if layer not in names:
            raise FileProblem(_NO_LAYER, layer=layer, names=shown)
        return layer
    if len(names) != 1:
        raise SeveralLayers(_LAYERS, names)
    return names[0]


def read_layer(source: Path | bytes, driver: str, *, layer: str | None = None, encoding: str | None = None) -> Layer:
    """A layer of a file that is known to be of this kind. Raises `FileProblem`."""
    with warnings.catch_warnings():
        # What GDAL warns of (open rings, unknown types) is reported for each feature.
        warnings.simplefilter("ignore")
        try:
            info = read_info(source, layer=layer, encoding=encoding, force_feature_count=True)
            if info["driver"] != driver:
                raise FileProblem(_OTHER_DRIVER, wanted=driver)
            check_count(info["features"])
            meta, _, wkb, columns = read(source, layer=layer, encoding=encoding, datetime_as_string=True)
        except UnicodeDecodeError as error:
            raise OtherEncoding(_NOT_TEXT, encoding=encoding or "UTF-8") from error
        except _ERRORS as error:
            raise FileProblem(UNREADABLE, reason=str(error)) from error
        except LookupError as error:
            raise OtherEncoding(_NOT_TEXT, encoding=encoding or "UTF-8") from error
        except FileProblem:
            raise
        except Exception as error:  # mistakes of the library's own, met by files that nobody tried
            raise FileProblem(UNREADABLE, reason=f"{type(error).__name__}: {error}") from error
        geometries = [None] * len(columns[0]) if wkb is None and columns else shapely.from_wkb(wkb, on_invalid="ignore")
    given = [False] * len(geometries) if wkb is None else [one is not None for one in wkb]
    names = tuple(str(name) for name in meta["fields"])
    return Layer(names, tuple(columns), tuple(geometries), tuple(given), meta["crs"])


def in_encoding(layer: Layer, encoding: str) -> Layer:
    """A layer that was read as Latin-1, where every byte is a letter, in its own encoding. Raises `FileProblem`.

    GDAL's own conversion loses the last letter of every text in windows-1258, and replaces what it does not know.
    """

    def decoded(text: Any) -> Any:
        return text.encode("latin-1").decode(encoding) if isinstance(text, str) else text

    try:
        names = tuple(decoded(name) for name in layer.names)
        columns = tuple(
            np.array([decoded(value) for value in column], dtype=object) if column.dtype == object else column
            for column in layer.columns
        )
    except UnicodeError as error:
        raise OtherEncoding(_NOT_TEXT, encoding=encoding) from error
    return replace(layer, names=names, columns=columns)


def plain(value: Any) -> Any:
    """A value of a column as Python's own. A column of whole numbers with gaps comes as floats: made whole again."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        return ", ".join(str(plain(one)) for one in value)
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return None if isinstance(value, bytes) else value
