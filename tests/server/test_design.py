"""The design system's colours keep their promise: AAA for body text, AA for everything else, in light and in dark."""

import re

import pytest

from server.pages import static

_CSS = (static.FOLDER / "css/design.css").read_text()
_LIGHT, _DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part))
    for part in _CSS.split("@media (prefers-color-scheme: dark)")
)
THEMES = {"light": _LIGHT, "dark": _LIGHT | _DARK}
STATUSES = ("received", "with-crew", "handled", "done", "late")


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = (int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("behind", ["ground", "surface", "raised"])
def test_text_can_be_read(theme, behind):
    assert contrast(theme["ink"], theme[behind]) >= 7
    for name in ("ink-quiet", "accent", *STATUSES):
        assert contrast(theme[name], theme[behind]) >= 4.5, name
    for name in ("line-strong", "focus"):
        assert contrast(theme[name], theme[behind]) >= 3, name


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_what_stands_on_a_colour_can_be_read(theme):
    for name in ("accent", "accent-strong"):
        assert contrast(theme["on-accent"], theme[name]) >= 4.5, name
    assert contrast(theme["accent"], theme["accent-soft"]) >= 4.5
    for name in STATUSES:
        assert contrast(theme["on-status"], theme[name]) >= 4.5, name


def test_the_dark_theme_changes_every_colour():
    assert set(_DARK) == set(_LIGHT)
