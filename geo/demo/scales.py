"""How large a demo is, as data: a city's or the nation's number of wards, neighbourhoods and incidents.

The numbers are published: Đà Nẵng since 1 July 2025 has 94 wards, communes and one special zone with 3,766
neighbourhoods and villages; the country has 3,321 and 93,524. Everything else is made up.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """Where a demo's wards lie: the western and eastern edge (longitudes) by latitude, north to south.

    Between the knots the edges are smoothed, then bent; no map was copied.
    """

    knots: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """A demo of many wards."""

    name: str
    wards: int
    neighbourhoods: int
    incidents: int
    region: Region
    histories: bool
    """Whether incidents have steps, reporters, and every ward its accounts."""
    home_incidents: int | None = None
    """How many incidents the demo ward holds; None: a share like any other's."""
    described: float = 1.0
    """The share of incidents that may have a description and an address."""
    seed: str = "scale"


_CITY = (
    (16.20, 107.80, 108.34), (16.00, 107.60, 108.42), (15.70, 107.45, 108.55), (15.30, 107.45, 108.70),
    (15.00, 107.70, 108.60),
)  # fmt: skip
_NATION = (
    (23.3, 104.4, 106.0), (22.6, 102.6, 106.7), (22.0, 102.2, 107.0), (21.5, 102.8, 107.8), (21.0, 103.0, 107.6),
    (20.4, 104.2, 106.7), (19.8, 104.0, 106.0), (19.0, 104.1, 105.7), (18.3, 105.2, 106.2), (17.6, 105.8, 106.6),
    (17.0, 106.4, 107.2), (16.4, 106.8, 107.9), (15.9, 107.2, 108.4), (15.3, 107.4, 108.8), (14.5, 107.4, 109.0),
    (13.5, 107.4, 109.2), (12.7, 107.5, 109.3), (12.0, 106.6, 109.2), (11.5, 106.0, 109.0), (11.0, 105.9, 108.6),
    (10.6, 104.6, 107.6), (10.2, 104.6, 106.7), (9.6, 104.9, 106.5), (9.1, 104.8, 106.1), (8.6, 104.7, 105.4),
)  # fmt: skip

CITY = Scale(
    name="city",
    wards=94,
    neighbourhoods=3_766,
    incidents=1_000_000,
    region=Region(_CITY),
    histories=True,
    home_incidents=100_000,
)
NATION = Scale(
    name="nation",
    wards=3_321,
    neighbourhoods=93_524,
    incidents=10_000_000,
    region=Region(_NATION),
    histories=False,
    described=0.05,
)
SCALES = {scale.name: scale for scale in (CITY, NATION)}
