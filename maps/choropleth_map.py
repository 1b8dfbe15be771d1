"""Neighbourhoods coloured by a number: the map's shell, drawn by Folium, and which shade each number gets.

Folium's own choropleth brings scales that load d3 from foreign hosts, and takes names and shapes into its script. Here
it draws the shell alone; the page's module colours the areas by classes of our style sheet, and the page writes the
legend.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from math import ceil

from maps.digital_map import VIETNAM, DigitalMap, Shell, render

SHADES = 5
"""Shades of one hue, from the least to the most: more cannot be told apart."""


@cache
def choropleth_map() -> Shell:
    """The map of a page that is scrolled: no wheel, and finer levels of zoom, for it has no tiles."""
    return render(
        DigitalMap(
            "area_map",
            location=VIETNAM,
            zoom_start=6,
            zoomSnap=0.25,
            scrollWheelZoom=False,
            attributionControl=False,
        )
    )


def bounds(values: Sequence[float]) -> tuple[float, ...]:
    """The upper bound of each class, at most `SHADES`: quantiles, with equal values in the same class."""
    ordered = sorted(values)
    classes = min(SHADES, len(set(ordered)))
    return tuple(sorted({ordered[ceil(len(ordered) * n / classes) - 1] for n in range(1, classes + 1)}))


def shade_of(value: float, upper: Sequence[float]) -> int:
    """The shade, from 1 to `SHADES`, of a value in classes with these upper bounds; few classes lie far apart."""
    place = min(bisect_left(upper, value), len(upper) - 1)
    return SHADES if len(upper) == 1 else 1 + round(place * (SHADES - 1) / (len(upper) - 1))
