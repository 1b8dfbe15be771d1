"""Colours that people choose: whether what is written in them, or on them, can be read."""

from __future__ import annotations

LEAST = 4.5
"""The contrast that WCAG 2.2 asks of text (1.4.3, level AA)."""


def contrast_on_white(colour: str) -> float:
    """How well `#rrggbb` stands out from white: from 1, white itself, to 21, black. By WCAG 2.2's definition."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
