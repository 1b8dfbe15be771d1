"""From a file's coordinate reference system to WGS 84 and back: one pinned transform for VN-2000.

Only what imports or writes files loads this module, for it loads PROJ. Coordinates are easting (longitude) first, as
GIS files hold them whatever the definition of their system says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pyproj import CRS, Transformer
from pyproj.crs import GeographicCRS
from pyproj.enums import TransformDirection
from pyproj.exceptions import CRSError, ProjError
from pyproj.network import set_network_enabled  # type: ignore[attr-defined]
from pyproj.transformer import TransformerGroup

from geo.importing.features import FileProblem
from geo.language import Text

# A grid from the network would make one file give different coordinates on different days.
set_network_enabled(False)

HELMERT = (
    "+proj=helmert +x=-191.90441429 +y=-39.30318279 +z=-111.45032835 "
    "+rx=-0.00928836 +ry=0.01975479 +rz=-0.00427372 +s=0.252906278 +convention=coordinate_frame"
)
"""VN-2000 to WGS 84 (2), EPSG:6960: the seven parameters of the Department of Surveying and Mapping (2007), in EPSG's
sign convention. Accuracy 1 m. The other one that EPSG has, 5194 of 2001, differs by 0.73 m in Đà Nẵng;
PROJ left to itself may take either, by the area of use and by its version."""

_SHIFT = (
    "+step +proj=push +v_3 +step +proj=cart +ellps=WGS84 +step +inv {helmert} "
    "+step +inv +proj=cart +ellps=WGS84 +step +proj=pop +v_3"
)
_RADIANS = "+step +proj=unitconvert +xy_in=deg +xy_out=rad"
_DEGREES = "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
_SHIFT_OF_VN2000 = (-192.0, -39.0, -111.0)
"""Roughly: how a system without a name of its datum is known, by the shift that it states itself."""
_VN2000 = ("Vietnam 2000", "D_Vietnam_2000", "VN-2000", "D_VN_2000", "VN_2000")

_UNKNOWN = Text("Không hiểu hệ tọa độ “{crs}”.", "The coordinate system “{crs}” is not known.")
_NO_WAY = Text(
    "Không có phép chuyển nào từ hệ tọa độ {crs} sang WGS 84 mà không cần tải thêm lưới.",
    "There is no transformation from {crs} to WGS 84 that needs no grid from elsewhere.",
)
_CONVERTED = Text(
    "Tọa độ được chuyển từ {crs} sang WGS 84 bằng phép “{name}”, độ chính xác {accuracy} m.",
    "Coordinates were converted from {crs} to WGS 84 by “{name}”, accurate to {accuracy} m.",
)


@dataclass(frozen=True, slots=True)
class Frame:
    """A coordinate reference system, and its way to WGS 84; `note` says which way that is."""

    name: str
    note: Text | None
    metric: bool
    vietnamese: bool
    _transformer: Transformer | None

    def to_wgs84(self, points: Any) -> Any:
        """Longitudes and latitudes of an array (n, 2) of positions; infinite where a position has none."""
        return self._transform(points, TransformDirection.INVERSE)

    def from_wgs84(self, points: Any) -> Any:
        """The positions (n, 2) in this system of longitudes and latitudes."""
        return self._transform(points, TransformDirection.FORWARD)

    def _transform(self, points: Any, direction: TransformDirection) -> Any:
        if self._transformer is None or not len(points):
            return points
        x, y = self._transformer.transform(points[:, 0], points[:, 1], direction=direction)
        return np.column_stack([x, y])


def frame(given: str) -> Frame:
    """The system named by an authority's code (`EPSG:5899`) or by WKT. Raises `FileProblem` for an unknown one."""
    crs = _parsed(given)
    known = crs.to_authority(min_confidence=90)
    name = f"{crs.name} ({':'.join(known)})" if known else crs.name
    flat = _flat(crs)
    datum = flat.geodetic_crs.datum.name if flat.geodetic_crs and flat.geodetic_crs.datum else ""
    if not crs.is_bound and flat.is_geographic and datum.startswith("World Geodetic System 1984"):
        return Frame(name, None, False, False, None)
    if datum in _VN2000 or _is_shifted_as_vn2000(crs):
        return Frame(name, _note(name, "VN-2000 to WGS 84 (2), EPSG:6960", 1.0), flat.is_projected, True, _pinned(flat))
    transformer = _chosen(crs, name)
    accuracy = max(transformer.accuracy, 0)
    return Frame(name, _note(name, transformer.description, accuracy), flat.is_projected, False, transformer)


def _parsed(given: str) -> CRS:
    try:
        return CRS.from_user_input(given)
    except CRSError as error:
        raise FileProblem(_UNKNOWN, crs=given[:200]) from error


def _flat(crs: CRS) -> CRS:
    """Without heights, and without what a file says of the way to WGS 84."""
    if crs.is_compound and crs.sub_crs_list:
        return _flat(crs.sub_crs_list[0])
    return crs.source_crs if crs.is_bound and crs.source_crs is not None else crs


def _is_shifted_as_vn2000(crs: CRS) -> bool:
    """Whether a system states a shift to WGS 84 of its own that means VN-2000.

    Many files carry the seven parameters with their signs one way or the other, 0.6 m apart: all are taken for one.
    """
    shift = list(crs.coordinate_operation.towgs84) if crs.is_bound and crs.coordinate_operation else []
    return len(shift) >= 3 and all(abs(a - b) < 2 for a, b in zip(shift[:3], _SHIFT_OF_VN2000, strict=True))


def _pinned(crs: CRS) -> Transformer:
    """The way from WGS 84 to this system of VN-2000, written out: nothing is left for PROJ to choose."""
    steps = f"+proj=pipeline {_RADIANS} {_SHIFT.format(helmert=HELMERT)} "
    if crs.is_geographic:
        return Transformer.from_pipeline(steps + _DEGREES)
    operation = crs.coordinate_operation
    projection = "" if operation is None else operation.to_proj4() or ""
    # From degrees: what stands after the change to radians is the projection itself.
    _, found, after = projection.partition("+xy_out=rad")
    if not found:
        raise FileProblem(_UNKNOWN, crs=crs.name)
    return Transformer.from_pipeline(steps + after.strip())


def _chosen(crs: CRS, name: str) -> Transformer:
    """From WGS 84, the most accurate way that needs no grid and is no mere guess."""
    try:
        group = TransformerGroup(GeographicCRS(), crs, always_xy=True, allow_ballpark=False)
    except (CRSError, ProjError) as error:
        raise FileProblem(_NO_WAY, crs=name) from error
    for transformer in group.transformers:
        if "grids=" not in transformer.definition:
            return transformer
    raise FileProblem(_NO_WAY, crs=name)


def _note(crs: str, name: str, accuracy: float) -> Text:
    values = {"crs": crs, "name": name, "accuracy": f"{accuracy:g}"}
    return Text(_CONVERTED.vi.format(**values), _CONVERTED.en.format(**values))
