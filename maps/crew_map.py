"""A crew's map: the shell alone, drawn by Folium; where its incidents and the crew are, the page's module adds.

It is the same for every crew of every ward, so that a phone may keep it.
"""

from __future__ import annotations

from functools import cache

from maps.digital_map import VIETNAM, DigitalMap, Shell, render


@cache
def crew_map() -> Shell:
    """The map of a page that is scrolled by thumb: two fingers move it, one moves the page."""
    return render(DigitalMap("crew_map", location=VIETNAM, zoom_start=6, scrollWheelZoom=False))
