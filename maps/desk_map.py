"""The map of the staff console: one ward's shell, drawn by Folium. Incidents, crews and outlines come to it as data."""

from __future__ import annotations

from geo.positions import Box
from maps.digital_map import DigitalMap, Shell, render


def desk_map(bounds: Box, *, has_base: bool = False) -> Shell:
    """A map that stands beside a list, looking at the middle of the ward's bounds; the page fits them to its shape."""
    middle = ((bounds.south + bounds.north) / 2, (bounds.west + bounds.east) / 2)
    # Without tiles, which blur between whole levels, the map may fit the ward more closely.
    snap = 1 if has_base else 0.25
    return render(DigitalMap("staff_map", location=middle, zoom_start=13, minZoom=9, zoomSnap=snap))
