"""The libraries we serve are the pinned ones, unchanged, and nothing of them is missing."""

import json
import re

import pytest

from geo.seeds import CATEGORIES
from maps import vendor


def test_every_committed_file_has_the_hash_of_the_manifest():
    assert json.loads(vendor.MANIFEST.read_text()) == vendor.manifest()


def test_every_file_that_should_be_served_is_there():
    assert set(vendor.manifest()) == {*vendor.COPIED, vendor.SPRITE, vendor.DESK_SPRITE}


def test_every_package_brings_its_licence():
    packages = {path.split("/")[0] for path in vendor.manifest()}
    assert {path.split("/")[0] for path in vendor.manifest() if path.endswith("/LICENSE")} == packages


def test_folders_carry_the_versions_that_are_pinned():
    pinned = json.loads((vendor.ROOT / "package.json").read_text())["dependencies"]
    assert f"leaflet-{pinned['leaflet']}" == vendor.LEAFLET
    assert f"be-vietnam-pro-{pinned['@fontsource/be-vietnam-pro']}" == vendor.FONT
    assert f"lucide-{pinned['lucide-static']}" == vendor.ICONS
    assert f"leaflet-geoman-{pinned['@geoman-io/leaflet-geoman-free']}" == vendor.GEOMAN


def test_the_lock_file_carries_hashes_and_no_addresses():
    text = (vendor.ROOT / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert "://" not in text
    assert all(entry["integrity"].startswith("sha512-") for name, entry in packages.items() if name)


def test_the_sprite_holds_every_icon_once_and_no_colour_of_its_own():
    sprite = (vendor.FOLDER / vendor.SPRITE).read_text()
    assert re.findall(r'<symbol id="([^"]+)"', sprite) == list(vendor.ICON_NAMES)
    assert not re.search(r"(stroke|fill)=", sprite)


def test_every_icon_that_a_new_wards_categories_name_is_there():
    assert {seed.icon for seed in CATEGORIES} <= set(vendor.ICON_NAMES)


def test_a_copy_from_the_packages_gives_the_same_files():
    modules = vendor.ROOT / "node_modules"
    if not modules.is_dir():
        pytest.skip("npm ci was not run here")
    for path, names in ((vendor.SPRITE, vendor.ICON_NAMES), (vendor.DESK_SPRITE, vendor.DESK_ICON_NAMES)):
        assert vendor.sprite(modules, names) == (vendor.FOLDER / path).read_text()
    for target, source in vendor.COPIED.items():
        assert vendor.sha256(vendor.FOLDER / target) == vendor.sha256(modules / source), target
