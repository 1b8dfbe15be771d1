"""What a file of geodata gives: features with properties and a geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shapely.geometry.base import BaseGeometry

from geo.errors import Refusal
from geo.language import Text

MAX_FEATURES = 200_000
"""Of a file: many times what a city has."""

CODE_FIELDS = ("code", "ward_code", "ma", "ma_xa", "maxa", "MA_XA")
NAME_FIELDS = ("name", "ten", "ten_xa", "tenxa", "TEN_XA")
"""What the code and the name of an area are usually called."""
NAME_LENGTH = 200

_MANY = Text("Tệp có quá {most} đối tượng.", "The file holds more than {most} features.")
_NO_SUCH_FIELD = Text(
    "Tệp không có trường “{field}”. Các trường có trong tệp: {fields}.",
    "The file has no field “{field}”. Its fields: {fields}.",
)
_FLATTENED = Text(
    "{count} đối tượng có độ cao; độ cao bị bỏ, chỉ giữ kinh độ và vĩ độ.",
    "{count} features have heights; they are dropped, longitude and latitude kept.",
)


class FileProblem(Refusal):
    """The file as a whole cannot be imported."""


class UnknownSystem(FileProblem):
    """Its coordinate system has to be named."""


class SeveralLayers(FileProblem):
    """One of its layers has to be chosen."""

    def __init__(self, text: Text, layers: Sequence[str]) -> None:
        self.layers = tuple(layers)
        super().__init__(text, names=", ".join(layers))


class OtherEncoding(FileProblem):
    """The encoding of its text has to be named."""


def check_count(count: int) -> None:
    """Raises `FileProblem` for more features than are read."""
    if count > MAX_FEATURES:
        raise FileProblem(_MANY, most=MAX_FEATURES)


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of a file. `number` counts from 1."""

    number: int
    properties: dict[str, Any]
    """As read; the feature's own id is `id`, unless a property is called so."""
    geometry: BaseGeometry | None
    """Two-dimensional; None where there is none."""
    unreadable: bool = False
    """There was a geometry, but it could not be read."""
    tall: bool = False
    """There were heights, which are dropped."""
    fault: Text | None = None
    """Why the geometry could not be read, where more can be said of it."""


@dataclass(frozen=True, slots=True)
class FeatureFile:
    """The features of a file in its order; `stem` is the file's name without its ending."""

    stem: str
    fields: tuple[str, ...]
    features: tuple[Feature, ...]
    remarks: tuple[Text, ...] = ()
    """What was assumed or converted in reading."""

    def field(self, wanted: str | None, usual: Sequence[str]) -> str | None:
        """The field that was asked for, else the first usual one there is. Raises `FileProblem` for one not there."""
        if wanted is None:
            return next((name for name in usual if name in self.fields), None)
        if wanted not in self.fields:
            raise FileProblem(_NO_SUCH_FIELD, field=wanted, fields=", ".join(self.fields))
        return wanted

    def notes(self) -> tuple[Text, ...]:
        """What was assumed and dropped in reading: heights mean nothing here, and many programs write them as zero."""
        count = sum(feature.tall for feature in self.features)
        flattened = (Text(_FLATTENED.vi.format(count=count), _FLATTENED.en.format(count=count)),) if count else ()
        return (*self.remarks, *flattened)
