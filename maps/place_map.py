"""The small map on which a place is put: the shell of the other maps.

The page's module fits it to the ward, which comes as data, and keeps the pin in its middle.
"""

from __future__ import annotations

from functools import cache

from maps.digital_map import VIETNAM, DigitalMap, Shell, render


@cache
def place_map() -> Shell:
    """A map that zooms about its middle, where the place is; else as `static/report/place_map.js` makes its own."""
    return render(
        DigitalMap(
            "place_map",
            location=VIETNAM,
            zoom_start=6,
            minZoom=6,
            zoomSnap=0.5,
            keyboardPanDelta=40,
            trackResize=False,
            touchZoom="center",
            scrollWheelZoom="center",
            doubleClickZoom="center",
            boxZoom=False,
        )
    )
