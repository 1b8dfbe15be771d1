"""The map on which a crew's ground is chosen or drawn, and where it starts from: the shell, with Geoman."""

from __future__ import annotations

from functools import cache

from maps.boundary_map import BoundaryMap
from maps.digital_map import VIETNAM, Shell, render


@cache
def crew_ground_map() -> Shell:
    """A map amid a form: the wheel scrolls the page."""
    shown = BoundaryMap("crew_ground_map", location=VIETNAM, zoom_start=6, zoomSnap=0.25, scrollWheelZoom=False)
    return render(shown)
