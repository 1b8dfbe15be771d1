"""Which Chromium is driven: what CHROMIUM names, or what this machine has."""

from __future__ import annotations

import os
import shutil


def _first(*names: str) -> str:
    """The first of these programs that is installed; the last where none is, for its name to stand in what fails."""
    return next(filter(None, map(shutil.which, names)), names[-1])


WHOLE = os.environ.get("CHROMIUM") or _first("chromium", "chromium-headless-shell")
"""The browser that people have, for what is measured."""

SHELL = os.environ.get("CHROMIUM") or _first("chromium-headless-shell", "chromium")
"""The same engine without the window around the page, for the tests: drawing that window, which nobody sees, was half
of all the processor time that a test took. It has no background sync."""
