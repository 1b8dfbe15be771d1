"""The shell of a digital map, drawn by Folium: an element and a few lines of script.

Folium's stock page brings foreign hosts, jQuery and Bootstrap, and forbids zooming: `DigitalMap` takes only Leaflet,
from our own server, and leaves the page to our layout. branca renders the generated script a second time as a Jinja
template, so nothing that a person wrote may pass through here: only numbers and our own constants. Data reaches the
browser as GeoJSON and is shown as text; what lies under it, `static/common/ground.js` adds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import folium
from branca.element import CssLink, JavascriptLink
from folium.template import Template

from geo.positions import Box
from maps import vendor

MAX_ZOOM = 19
VIETNAM = (16.0, 107.8)
"""Latitude and longitude of its middle: where a map looks whose page brings the ward later."""


class DigitalMap(folium.Map):
    """A Leaflet map under a name of our choosing, so that the page's modules find it as `window[name]`."""

    default_js = [("leaflet", vendor.url(f"{vendor.LEAFLET}/leaflet.js"))]  # noqa: RUF012
    default_css = [("leaflet_css", vendor.url(f"{vendor.LEAFLET}/leaflet.css"))]  # noqa: RUF012

    # Without the stock header: it forbids zooming and styles the page.
    _template = Template(
        """
        {% macro html(this, kwargs) %}
            <div class="folium-map" id={{ this.get_name()|tojson }}></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
                center: {{ this.location|tojson }},
                ...{{ this.options|tojavascript }}
            });
        {% endmacro %}
        """
    )

    def __init__(self, name: str, *, location: tuple[float, float], **options: Any) -> None:
        """`location` is latitude, longitude, as Leaflet counts; `options` are Leaflet's own."""
        self.name = name  # before the parents ask for it
        super().__init__(location=location, tiles=None, maxZoom=MAX_ZOOM, zoom_control=False, **options)

    def get_name(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Shell:
    """The parts of a rendered map, for our own layout: addresses of styles and scripts, markup, script."""

    styles: tuple[str, ...]
    scripts: tuple[str, ...]
    html: str
    script: str


def render(shown: folium.Map) -> Shell:
    """What Folium makes of a map, in parts."""
    figure: Any = shown.get_root()  # the Figure that folium.Map makes for itself
    figure.render()
    links = list(figure.header._children.values())
    return Shell(
        styles=tuple(link.url for link in links if isinstance(link, CssLink)),
        scripts=tuple(link.url for link in links if isinstance(link, JavascriptLink)),
        html=figure.html.render().strip(),
        script=figure.script.render().strip(),
    )


def middle_of(bounds: Box) -> tuple[float, float]:
    """Latitude and longitude."""
    return (bounds.south + bounds.north) / 2, (bounds.west + bounds.east) / 2


def ward_map(bounds: Box, *, has_base: bool = False) -> Shell:
    """The map of one ward, looking at the middle of its bounds; the page then fits them to its own shape."""
    return _of_ward("ward_map", bounds, has_base)


def desk_map(bounds: Box, *, has_base: bool = False) -> Shell:
    """The same for the console, which has a name of its own."""
    return _of_ward("staff_map", bounds, has_base)


def _of_ward(name: str, bounds: Box, has_base: bool) -> Shell:
    # Without tiles, which blur between whole levels, the map may fit the ward more closely.
    snap = 1 if has_base else 0.25
    return render(DigitalMap(name, location=middle_of(bounds), zoom_start=13, minZoom=9, zoomSnap=snap))
