"""Folium's shell: our own Leaflet, no foreign host, and nothing that a person wrote."""

import ast
import inspect
from pathlib import Path

import folium
from folium.elements import JSCSSMixin

import maps
import server
from geo.positions import Box
from maps import digital_map, vendor
from maps.digital_map import DigitalMap, ward_map

BOUNDS = Box(108.2, 15.98, 108.24, 16.02)


def ours() -> list[type[JSCSSMixin]]:
    """Every class of ours that brings scripts or styles through Folium."""
    found: list[type[JSCSSMixin]] = []
    waiting: list[type[JSCSSMixin]] = [JSCSSMixin]
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            if child.__module__.split(".")[0] in ("maps", "server"):
                found.append(child)
    return found


def test_every_link_of_every_map_class_of_ours_is_a_vendored_file():
    classes = ours()
    assert DigitalMap in classes
    for owner in classes:
        for _, address in [*owner.default_js, *owner.default_css]:
            assert address.startswith("/static/vendor/")
            assert (vendor.FOLDER / address.removeprefix("/static/vendor/")).is_file()


def test_the_shell_names_no_host_and_leaves_zooming_alone():
    shell = ward_map(BOUNDS)
    text = " ".join((*shell.styles, *shell.scripts, shell.html, shell.script))
    assert "://" not in text
    assert "viewport" not in text
    assert shell.html == '<div class="folium-map" id="ward_map"></div>'
    assert shell.styles == (vendor.url(f"{vendor.LEAFLET}/leaflet.css"),)
    assert shell.scripts == (vendor.url(f"{vendor.LEAFLET}/leaflet.js"),)


def test_the_shell_is_small_and_the_same_each_time():
    assert len(ward_map(BOUNDS).script) < 1000
    assert ward_map(BOUNDS) == ward_map(BOUNDS)


def test_stock_folium_keeps_its_own_links():
    """Ours are class attributes of a subclass: Folium's shared lists stay untouched."""
    ward_map(BOUNDS)
    assert any("jquery" in address for _, address in folium.Map.default_js)


def test_nothing_of_folium_that_carries_data_is_ever_used():
    """branca renders what it is given as a template: only a map, made of numbers, may pass."""
    allowed = {"Map"}
    used = set()
    for package in (maps, server):
        for path in Path(package.__path__[0]).rglob("*.py"):
            tree = ast.parse(path.read_text())
            for node in ast.walk(tree):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "folium":
                    used.add(node.attr)
                if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "folium":
                    assert {name.name for name in node.names} <= {"Template"}, path
                if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "branca":
                    assert {name.name for name in node.names} <= {"CssLink", "JavascriptLink"}, path
    assert used == allowed


def test_the_map_takes_numbers_only():
    """No parameter through which a ward's or a place's name could come."""
    assert set(inspect.signature(digital_map.ward_map).parameters) == {"bounds", "has_base"}
