"""VN-2000, the national coordinate system, as provinces use it: zones of 3° around a meridian of their own. Pure data.

Thông tư 25/2014/TT-BTNMT gives each province its central meridian; scale 0.9999, false easting 500 km. The codes are
EPSG's. How positions become WGS 84 is `geo/importing/projecting.py`'s; `static/boundaries/projecting.js` does the same.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of 3°: EPSG's code, and its central meridian in minutes of arc east of Greenwich."""

    code: int
    minutes: int

    @property
    def crs(self) -> str:
        return f"EPSG:{self.code}"

    @property
    def shown(self) -> str:
        """As surveyors write it: 107°45′."""
        return f"{self.minutes // 60}°{self.minutes % 60:02}′"


ZONES = tuple(
    Zone(code, degrees * 60 + minutes)
    for code, degrees, minutes in (
        (9205, 103, 0),
        (9206, 104, 0),
        (9207, 104, 30),
        (9208, 104, 45),
        (5897, 105, 0),
        (9209, 105, 30),
        (9210, 105, 45),
        (9211, 106, 0),
        (9212, 106, 15),
        (9213, 106, 30),
        (9214, 107, 0),
        (9215, 107, 15),
        (9216, 107, 30),
        (5899, 107, 45),
        (5898, 108, 0),
        (9217, 108, 15),
        (9218, 108, 30),
    )
)
"""The official meridians that EPSG has, from west to east."""
DA_NANG = next(zone for zone in ZONES if zone.code == 5899)
"""107°45′: Đà Nẵng and the former Quảng Nam."""
