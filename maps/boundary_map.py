"""The map on which a ward's neighbourhoods are drawn: the shell of the other maps, and Geoman to draw with."""

from __future__ import annotations

from geo.positions import Box
from maps import vendor
from maps.digital_map import DigitalMap, Shell, middle_of, render


class BoundaryMap(DigitalMap):
    """A map with Geoman's script and style, which no other page loads."""

    default_js = [  # noqa: RUF012
        *DigitalMap.default_js,
        ("leaflet_geoman", vendor.url(f"{vendor.GEOMAN}/leaflet-geoman.js")),
    ]
    default_css = [  # noqa: RUF012
        *DigitalMap.default_css,
        ("leaflet_geoman_css", vendor.url(f"{vendor.GEOMAN}/leaflet-geoman.css")),
    ]


def boundary_map(bounds: Box) -> Shell:
    """A map that looks at the middle of the ward's bounds; the page fits them to its shape."""
    return render(BoundaryMap("boundary_map", location=middle_of(bounds), zoom_start=13, minZoom=9, zoomSnap=0.25))
